import CFFmpeg

/// Random and sequential access to the pictures of one stream by presentation index.
///
/// Frame `n` is the n-th picture a player shows, edit lists honoured. It is found by its time in the packet
/// index, never by counting from a seek, so the order of access does not matter. Going forward decodes each
/// picture once; a jump decodes from the key frame before. Files whose packets carry no usable times are
/// counted while decoding from the start, which is exact and slow.
@safe package final class PictureReader {
  package let path: String
  /// Number of the stream in the file.
  package let stream: Int
  /// Pictures shown.
  package let frameCount: Int64
  /// Size and format as the container declares them; each picture says its own.
  package let format: PictureFormat

  let index: PacketIndex
  private var container: InputContainer
  private let decoder: StreamDecoder
  private let packet: Packet
  /// The frame given out last, kept so that it can be lent again.
  private let frame: Frame
  private let spare: Frame
  private var current: Int64?

  /// Decode order of the next packet; nil when the decoder has to start anew.
  private var nextOrder: Int?
  /// Decode order of the packet the decoder was started with.
  private var startOrder = 0
  /// Time of the picture the decoder gave last.
  private var lastTime = Int64.min
  /// Packets that failed since the start.
  private var failures: [(order: Int, error: MediaError)] = []
  /// Number of the picture that comes next, in files that are counted.
  private var counted: Int64 = 0

  /// Opens a file and indexes its pictures.
  ///
  /// - Parameters:
  ///   - stream: number of a picture stream; nil takes the first.
  ///   - threads: decoder threads; pictures do not depend on it.
  /// - Throws: `MediaError` with `notFound`, `unreadable`, `notMedia`, `noStream`, `unsupported`, `truncated`,
  ///   `damaged`.
  package convenience init(path: String, stream: Int? = nil, threads: Int = 1) throws {
    try self.init(container: InputContainer(path), stream: stream, threads: threads)
  }

  init(container: InputContainer, stream wanted: Int?, threads: Int) throws(MediaError) {
    let stream = try container.pictureStream(wanted)
    var index = try PacketIndex(container, stream: stream)
    let parameters = unsafe container.parameters(stream)
    decoder = try unsafe StreamDecoder(
      parameters, timeBase: container.timeBase(stream), threads: threads, path: container.path)
    if !index.hasReliableTimes {
      frameCount = try Self.decodeAll(container.path, stream: stream, threads: threads).count
    } else if index.hasLeadingPictures {
      let first = try Self.decodeAll(container.path, stream: stream, threads: threads, atMost: 1).firstTime
      index.dropShown(before: first)
      frameCount = index.frameCount
    } else {
      frameCount = index.frameCount
    }
    path = container.path
    self.stream = stream
    self.container = container
    self.index = index
    format = unsafe PictureFormat(
      pixelFormat: PictureFormat.name(AVPixelFormat(parameters.pointee.format)),
      width: Int(parameters.pointee.width), height: Int(parameters.pointee.height))
    packet = try Packet()
    frame = try Frame()
    spare = try Frame()
  }

  /// Lends frame `number` to `body`; its memory is only valid there.
  ///
  /// - Parameter number: presentation index from 0.
  /// - Throws: `MediaError.outOfRange` outside 0..<`frameCount`; `damaged` when the picture cannot be decoded
  ///   without loss; what `body` throws.
  package func withFrame<R>(
    at number: Int64, _ body: (borrowing PictureView) throws -> R
  ) throws -> R {
    guard number >= 0, number < frameCount else {
      throw MediaError(
        code: .outOfRange, fault: .user, operation: "read frame \(number)", path: path,
        reason: "the file has frames 0 to \(frameCount - 1)")
    }
    if current != number { try load(number) }
    return try body(unsafe PictureView(frame.raw))
  }

  /// The bytes of the packet of frame `number` as they lie in the file.
  func packetBytes(of number: Int64) throws(MediaError) -> [UInt8] {
    guard index.hasReliableTimes, number >= 0, number < frameCount else {
      throw MediaError(
        code: .outOfRange, fault: .user, operation: "read packet \(number)", path: path,
        reason: "the file has frames 0 to \(frameCount - 1)")
    }
    let order = index.order(of: number)
    current = nil
    guard try startAt(order), startOrder == order else { throw damaged(number, "its packet is not found") }
    nextOrder = nil
    return packet.bytes
  }

  private func load(_ number: Int64) throws(MediaError) {
    LastLogLine.clear()
    current = nil
    if index.hasReliableTimes { try loadByTime(number) } else { try loadByCount(number) }
    try straighten()
    current = number
  }

  private func damaged(_ number: Int64, _ reason: String, log: String? = nil) -> MediaError {
    MediaError(
      code: .damaged, fault: .media, operation: "decode frame \(number)", path: path, reason: reason,
      log: log ?? LastLogLine.current, remedy: "Copy the file again from its source, or have it made again.")
  }

  // MARK: By time

  private func loadByTime(_ number: Int64) throws(MediaError) {
    let order = index.order(of: number)
    guard let key = index.keyOrder(for: order) else { throw damaged(number, "no key frame precedes it") }
    // Going on is right when the picture is still to come and no key frame lies between.
    if let nextOrder, nextOrder >= key, startOrder <= key, lastTime < index.entries[order].time {
      if try decodeForward(to: order), isWhole(order, from: key) { return }
    }
    // A packet marked as key frame may still need pictures before it (open groups, intra refresh).
    var starts = [key]
    if let previous = index.previousKey(before: key) { starts.append(previous) }
    if starts.last != 0 { starts.append(0) }
    var comesOut = false
    for start in starts where try startAt(start) {
      guard try decodeForward(to: order) else { continue }
      if isWhole(order, from: key) { return }
      comesOut = true
    }
    if let failure = failures.last(where: { $0.order <= order }) {
      throw damaged(number, failure.error.reason, log: failure.error.log)
    }
    throw damaged(number, comesOut ? "the decoder had to conceal errors" : "the decoder does not give it")
  }

  /// Packets that a decoder may hold before it gives a picture, with room for its threads.
  private static let reorderBound = 64

  /// Restarts the decoder at packet `order` or before it; false when the container cannot go there.
  private func startAt(_ order: Int) throws(MediaError) -> Bool {
    decoder.flush()
    nextOrder = nil
    lastTime = .min
    failures = []
    let entry = index.entries[order]
    // Containers index one or the other kind of time; the first packet read tells whether it is early enough.
    for time in [entry.decodeTime, entry.time] where container.seek(stream: stream, to: time) {
      if try readFirst(notAfter: order) { return true }
    }
    guard order == 0 else { return false }
    container = try InputContainer(path)
    container.select([stream])
    return try readFirst(notAfter: 0)
  }

  private func readFirst(notAfter order: Int) throws(MediaError) -> Bool {
    guard try container.readPacket(into: packet), let time = packet.presentationTime,
      let found = index.order(at: time), found <= order
    else { return false }
    startOrder = found
    nextOrder = found + 1
    try send(found)
    return true
  }

  private func send(_ order: Int) throws(MediaError) {
    do { try decoder.send(packet) } catch {
      if error.fault == .infrastructure { throw error }
      failures.append((order, error))
    }
  }

  /// Decodes until the picture of packet `order` comes out; false when it does not.
  private func decodeForward(to order: Int) throws(MediaError) -> Bool {
    let time = index.entries[order].time
    while let next = nextOrder {
      let step: StreamDecoder.Step
      do { step = try decoder.receive(into: frame) } catch {
        failures.append((next - 1, error))
        if error.fault == .infrastructure || failures.count > index.entries.count { throw error }
        continue
      }
      switch step {
      case .frame:
        guard let shownAt = frame.presentationTime else { continue }
        lastTime = shownAt
        if shownAt == time { return true }
      case .needsPacket:
        guard next <= order + Self.reorderBound else {
          nextOrder = nil
          return false
        }
        if try container.readPacket(into: packet) {
          nextOrder = next + 1
          try send(next)
        } else {
          try decoder.sendEnd()
        }
      case .end:
        nextOrder = nil
      }
    }
    return false
  }

  /// A failure on the way spoils a picture, unless each stands alone or it was a leading picture of the group.
  private func isWhole(_ order: Int, from key: Int) -> Bool {
    if frame.isCorrupt { return false }
    return !failures.contains { failure in
      guard failure.order >= key, failure.order <= order else { return false }
      if index.isIntraOnly { return failure.order == order }
      return index.entries[failure.order].time >= index.entries[key].time
    }
  }

  // MARK: By counting

  private func loadByCount(_ number: Int64) throws(MediaError) {
    if nextOrder == nil || number < counted {
      decoder.flush()
      container = try InputContainer(path)
      container.select([stream])
      counted = 0
      nextOrder = 0
    }
    while try decodeNext(container, decoder, packet, frame) {
      counted += 1
      if counted == number + 1 {
        if frame.isCorrupt { throw damaged(number, "the decoder had to conceal errors") }
        return
      }
    }
    nextOrder = nil
    throw damaged(number, "the file gives only \(counted) pictures")
  }

  /// Number of pictures that come out of a decoder fed with the whole stream, and the time of the first.
  private static func decodeAll(
    _ path: String, stream: Int, threads: Int, atMost limit: Int64 = .max
  ) throws(MediaError) -> (count: Int64, firstTime: Int64) {
    let container = try InputContainer(path)
    container.select([stream])
    let decoder = try unsafe StreamDecoder(
      container.parameters(stream), timeBase: container.timeBase(stream), threads: threads, path: path)
    let packet = try Packet()
    let frame = try Frame()
    var count: Int64 = 0
    var firstTime = Int64.min
    while count < limit, try decodeNext(container, decoder, packet, frame) {
      if count == 0 { firstTime = frame.presentationTime ?? .min }
      count += 1
    }
    return (count, firstTime)
  }

  /// Turns a picture stored bottom row first the right way round in memory.
  private func straighten() throws(MediaError) {
    guard unsafe frame.raw.pointee.linesize.0 < 0 else { return }
    spare.clear()
    unsafe spare.raw.pointee.format = frame.raw.pointee.format
    unsafe spare.raw.pointee.width = frame.raw.pointee.width
    unsafe spare.raw.pointee.height = frame.raw.pointee.height
    try unsafe check(
      av_frame_get_buffer(spare.raw, 64), "copy a picture", path, code: .outOfMemory, fault: .infrastructure)
    try unsafe check(av_frame_copy(spare.raw, frame.raw), "copy a picture", path)
    try unsafe check(av_frame_copy_props(spare.raw, frame.raw), "copy a picture", path)
    frame.clear()
    unsafe av_frame_move_ref(frame.raw, spare.raw)
  }
}

/// Gives the next frame of the one selected stream of a container; false at its end.
func decodeNext(
  _ container: InputContainer, _ decoder: StreamDecoder, _ packet: borrowing Packet, _ frame: borrowing Frame
) throws(MediaError) -> Bool {
  while true {
    switch try decoder.receive(into: frame) {
    case .frame: return true
    case .end: return false
    case .needsPacket:
      if try container.readPacket(into: packet) { try decoder.send(packet) } else { try decoder.sendEnd() }
    }
  }
}
