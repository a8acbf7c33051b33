import CFFmpeg
package import MediaTime

/// Reopens a written movie to check it: facts, packets as they lie in the file, single pictures.
package final class MovieInspector {
  package let path: String
  /// Streams, timecode and tags, as a reader of the file sees them.
  package let facts: ProbedMedia
  private var reader: PictureReader?
  /// For what its head says: to open a file decodes a picture of it.
  private let head: InputContainer

  /// - Throws: `MediaError`, as `probe(path:)`.
  package init(path: String) throws {
    self.path = path
    facts = try probe(path: path)
    head = try InputContainer(path)
  }

  /// Where the pictures of a movie begin in its file, in decode order, as its own index says.
  package static func picturePositions(_ path: String) throws -> [Int64] {
    let container = try InputContainer(path)
    return container.firstPictureStream.map { container.table(of: $0).map(\.position) } ?? []
  }

  /// Length of the picture track in seconds; nil when there is none.
  package func pictureDuration() -> Rational? { duration(of: facts.video?.stream) }

  /// Length of the sound track in seconds; nil when there is none.
  package func soundDuration() -> Rational? { duration(of: facts.sound?.stream) }

  private func duration(of stream: Int?) -> Rational? {
    guard let stream else { return nil }
    let ticks = unsafe head.stream(stream).pointee.duration
    let base = head.timeBase(stream)
    guard ticks != ffs_no_timestamp() else { return nil }
    return Rational(ticks) * Rational(Int64(base.num), Int64(base.den))
  }

  /// Static HDR metadata of the picture as a reader of the file sees it; nil without any.
  package func mastering() -> [Int32]? {
    guard let stream = facts.video?.stream else { return nil }
    var values = [Int32](repeating: 0, count: 12)
    let isThere = unsafe ffs_mastering_display(head.stream(stream), &values)
    return isThere == 0 ? nil : values
  }

  /// A sound track as a reader of the file sees it.
  package struct SoundTrack: Hashable, Sendable {
    /// Number of the stream in the file.
    package var stream: Int
    /// FFmpeg's name, e.g. `pcm_s24le`, `aac`.
    package var codec: String
    package var sampleRate: Int
    package var channels: Int
    /// FFmpeg's name, e.g. `stereo`, `5.1`.
    package var layout: String
    package var title: String?
    /// Samples that the container says are heard, its edit list honoured.
    package var sampleCount: Int64
  }

  /// The sound tracks in file order.
  package func soundTracks() -> [SoundTrack] {
    head.soundStreams.map { stream in
      let parameters = unsafe head.parameters(stream)
      let rate = unsafe parameters.pointee.sample_rate
      var name = [CChar](repeating: 0, count: 64)
      _ = unsafe name.withUnsafeMutableBufferPointer { buffer in
        unsafe av_channel_layout_describe(&parameters.pointee.ch_layout, buffer.baseAddress, buffer.count)
      }
      let metadata = head.metadata(ofStream: stream)
      let ticks = unsafe head.stream(stream).pointee.duration
      return unsafe SoundTrack(
        stream: stream,
        codec: String(cString: avcodec_get_name(parameters.pointee.codec_id)), sampleRate: Int(rate),
        channels: Int(parameters.pointee.ch_layout.nb_channels),
        layout: String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self),
        title: metadata["title"] ?? metadata["handler_name"],
        sampleCount: av_rescale_q(ticks, head.timeBase(stream), AVRational(num: 1, den: rate)))
    }
  }

  /// Decodes a sound track from its start and counts what comes out, the priming not included.
  package func decodedSampleCount(track: Int) throws -> Int64 {
    let container = try InputContainer(path)
    let stream = container.soundStreams[track]
    container.select([stream])
    let decoder = try unsafe StreamDecoder(
      container.parameters(stream), timeBase: container.timeBase(stream), threads: 1, path: path)
    let packet = try Packet()
    let frame = try Frame()
    var count: Int64 = 0
    while try decodeNext(container, decoder, packet, frame) { count += Int64(frame.sampleCount) }
    return count
  }

  /// Titles of the chapters, each with its first frame at the rate of the pictures.
  package func chapters() -> [(start: Int64, title: String)] {
    guard let video = facts.video else { return [] }
    return head.chapters(rate: video.rate)
  }

  /// Whether the index lies in front of the media, so that the file plays while it is loaded.
  package func isIndexInFront() throws -> Bool {
    let file = try ByteFile(path)
    var offset: Int64 = 0
    while offset + 8 <= file.byteCount {
      let head = try file.read(at: offset, count: 16)
      guard head.count >= 8 else { break }
      switch String(decoding: head[4..<8], as: UTF8.self) {
      case "moov": return true
      case "mdat": return false
      default: break
      }
      let short = head[0..<4].reduce(Int64(0)) { $0 << 8 | Int64($1) }
      let size = short == 1 ? head[8...].reduce(Int64(0)) { $0 << 8 | Int64($1) } : short
      guard size >= 8, size <= file.byteCount - offset else { break }
      offset += size
    }
    return false
  }

  /// Lends every packet of the first picture stream that the container lists when it is opened, as a MOV or MP4 without
  /// fragments does, and then those of all sound streams, in file order; memory is only valid in the calls.
  ///
  /// - Parameters:
  ///   - video: gets the number of the packet among the pictures, whether players may start there, where it begins in
  ///     the file, and its bytes.
  ///   - sound: gets the number of the track and the packet's bytes; for PCM these are the samples, one after the
  ///     other.
  package func forEachPacket(
    video: (Int64, Bool, Int64, UnsafeRawBufferPointer) throws -> Void,
    sound: (Int, UnsafeRawBufferPointer) throws -> Void = { _, _ in }
  ) throws {
    try unsafe forEachPicture(video)
    let tracks = head.soundStreams
    guard !tracks.isEmpty else { return }
    let container = try InputContainer(path)
    container.select(Set(tracks))
    let packet = try Packet()
    var count = 0
    while try container.readPacket(into: packet) {
      if packet.isCorrupt {
        throw MediaError(
          code: .truncated, fault: .media, operation: "read the sound", path: path,
          reason: "the file ends after \(count) packets of it", log: LastLogLine.current)
      }
      if let track = tracks.firstIndex(of: packet.stream) { try unsafe sound(track, packet.buffer) }
      count += 1
    }
  }

  /// From where the container lists them: a reader of packets would allocate and copy each.
  private func forEachPicture(
    _ body: (Int64, Bool, Int64, UnsafeRawBufferPointer) throws -> Void
  ) throws {
    guard let stream = facts.video?.stream else { return }
    let entries = head.table(of: stream)
    let file = try ByteFile(path)
    let buffer = UnsafeMutableRawBufferPointer.allocate(
      byteCount: Int(entries.map(\.size).max() ?? 0), alignment: 64)
    defer { unsafe buffer.deallocate() }
    for (number, entry) in entries.enumerated() {
      let packet = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[..<Int(entry.size)])
      guard try unsafe file.read(at: entry.position, into: packet) == packet.count else {
        throw MediaError.truncated(head, after: number, of: entries.count)
      }
      try unsafe body(Int64(number), entry.isKey, entry.position, UnsafeRawBufferPointer(packet))
    }
  }

  /// A copy of the packet of frame `index`, as encoded.
  ///
  /// - Throws: `MediaError.outOfRange`, `damaged`.
  package func packet(at index: Int64) throws -> [UInt8] { try pictures().packetBytes(of: index) }

  /// Decodes frame `index` and lends it to `body`.
  package func withFrame<R>(
    at index: Int64, _ body: (borrowing PictureView) throws -> R
  ) throws -> R {
    try pictures().withFrame(at: index, body)
  }

  /// The packets of a sound track one after the other; for PCM, its samples as interleaved bytes.
  package func soundBytes(track: Int = 0) throws -> [UInt8] {
    var bytes: [UInt8] = []
    try unsafe forEachPacket(
      video: { _, _, _, _ in },
      sound: { number, packet in
        if number == track { unsafe bytes.append(contentsOf: packet) }
      })
    return bytes
  }

  private func pictures() throws -> PictureReader {
    if let reader { return reader }
    let opened = try PictureReader(container: head, stream: facts.video?.stream, threads: 1)
    reader = opened
    return opened
  }
}
