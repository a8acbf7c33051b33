import CFFmpeg

/// Every packet of one picture stream: which of them are shown, in which order, and from where they decode.
///
/// Built once when a file is opened, without decoding. Packets that an edit list cuts away are marked and not
/// counted, so index 0 is the first picture a player shows.
struct PacketIndex {
  struct Entry: Hashable {
    /// Presentation time in units of the stream's time base.
    var time: Int64
    var decodeTime: Int64
    /// Byte offset in the file, −1 when the container does not tell.
    var position: Int64
    var size: Int32
    var isKey: Bool
    var isDiscarded: Bool
  }

  /// In decode order.
  let entries: [Entry]
  /// Decode-order numbers of all packets by presentation time.
  private let byTime: [Int32]
  /// Decode-order numbers of the shown packets by presentation time.
  private(set) var shown: [Int32]
  /// Every packet is a key frame.
  let isIntraOnly: Bool
  /// False when packets lack times or share them: then frames can only be counted while decoding.
  let hasReliableTimes: Bool

  var frameCount: Int64 { Int64(shown.count) }

  /// The key frame before another in decode order.
  func previousKey(before order: Int) -> Int? { entries[..<order].lastIndex(where: \.isKey) }

  /// Presentation time of frame `index`.
  func time(of index: Int64) -> Int64 { entries[Int(shown[Int(index)])].time }

  /// Decode-order number of frame `index`.
  func order(of index: Int64) -> Int { Int(shown[Int(index)]) }

  /// Decode-order number of the packet shown at `time`.
  func order(at time: Int64) -> Int? {
    var low = 0
    var high = byTime.count
    while low < high {
      let middle = (low + high) / 2
      if entries[Int(byTime[middle])].time < time { low = middle + 1 } else { high = middle }
    }
    guard low < byTime.count, entries[Int(byTime[low])].time == time else { return nil }
    return Int(byTime[low])
  }

  /// The last key frame from which the packet `order` decodes: before it in decode and in presentation order.
  ///
  /// Leading pictures of an open group of pictures refer to the group before, so the key frame before them in
  /// decode order does not serve.
  func keyOrder(for order: Int) -> Int? {
    var candidate = order
    while candidate >= 0 {
      if entries[candidate].isKey, entries[candidate].time <= entries[order].time { return candidate }
      candidate -= 1
    }
    return nil
  }

  /// True when shown packets precede the first key frame, which a decoder may be unable to give.
  var hasLeadingPictures: Bool {
    guard let key = entries.first(where: \.isKey), let first = shown.first else { return false }
    return entries[Int(first)].time < key.time
  }

  /// Leaves out shown packets before `time`, because no decoder can give them.
  mutating func dropShown(before time: Int64) {
    shown.removeAll { entries[Int($0)].time < time }
  }

  init(entries: [Entry], hasAllTimes: Bool) {
    self.entries = entries
    let numbers = entries.indices.map(Int32.init)
    let isAscending = zip(entries, entries.dropFirst()).allSatisfy { $0.time < $1.time }
    let byTime =
      isAscending
      ? numbers
      : numbers.sorted { (entries[Int($0)].time, $0) < (entries[Int($1)].time, $1) }
    self.byTime = byTime
    shown = byTime.filter { !entries[Int($0)].isDiscarded }
    isIntraOnly = entries.allSatisfy(\.isKey)
    hasReliableTimes =
      hasAllTimes
      && zip(byTime, byTime.dropFirst()).allSatisfy { entries[Int($0)].time < entries[Int($1)].time }
  }
}

extension PacketIndex {
  /// Indexes a picture stream of an open container, whose reading position is lost.
  ///
  /// A MOV of intra-frame pictures has all of it in its own index; other files are read through once.
  ///
  /// - Throws: `truncated`, `damaged`, `unreadable`.
  init(_ container: InputContainer, stream: Int) throws(MediaError) {
    container.select([stream])
    if let fast = try Self.fromContainerIndex(container, stream: stream) {
      self = fast
      return
    }
    let packet = try Packet()
    var entries: [Entry] = []
    var hasAllTimes = true
    while try container.readPacket(into: packet) {
      if packet.isCorrupt { throw .truncated(container, after: entries.count) }
      if packet.presentationTime == nil { hasAllTimes = false }
      entries.append(Entry(packet))
    }
    let expected = unsafe Int(avformat_index_get_entries_count(container.stream(stream)))
    if container.isMOV, entries.count < expected {
      throw .truncated(container, after: entries.count, of: expected)
    }
    guard !entries.isEmpty else {
      throw MediaError(
        code: .noStream, fault: .media, operation: "index the picture", path: container.path,
        reason: "stream \(stream) has no packets")
    }
    self.init(entries: entries, hasAllTimes: hasAllTimes)
  }

  /// Takes the sample table of a MOV whose pictures are all key frames in presentation order.
  ///
  /// The first and last packets are read to prove that table and file agree and that the file is whole.
  private static func fromContainerIndex(
    _ container: InputContainer, stream: Int
  ) throws(MediaError) -> PacketIndex? {
    let parameters = unsafe container.parameters(stream)
    guard container.isMOV, let codec = unsafe avcodec_descriptor_get(parameters.pointee.codec_id),
      unsafe codec.pointee.props & AV_CODEC_PROP_INTRA_ONLY != 0
    else { return nil }
    let entries = container.table(of: stream)
    guard let first = entries.first, let last = entries.last, entries.allSatisfy(\.isKey) else { return nil }
    // Fragments list themselves only as they are read, so the table must be known to be complete.
    guard try matches(container, stream: stream, first: first, last: last) else { return nil }
    return PacketIndex(entries: entries, hasAllTimes: true)
  }

  private static func matches(
    _ container: InputContainer, stream: Int, first: Entry, last: Entry
  ) throws(MediaError) -> Bool {
    let packet = try Packet()
    guard try container.readPacket(into: packet) else { throw .truncated(container, after: 0) }
    if packet.isCorrupt { throw .truncated(container, after: 0) }
    let startsAlike = Entry(packet) == first
    var endsAlike = false
    if startsAlike, container.seek(stream: stream, to: last.time) {
      let isThere = try container.readPacket(into: packet)
      if !isThere || packet.isCorrupt {
        throw .truncated(container, after: nil)
      }
      let isLast = Entry(packet) == last
      let goesOn = try container.readPacket(into: packet)
      endsAlike = isLast && !goesOn
    }
    if !startsAlike || !endsAlike, !container.seek(stream: stream, to: first.time) {
      throw MediaError(
        code: .damaged, fault: .media, operation: "index the picture", path: container.path,
        reason: "the container's index does not lead to its packets")
    }
    return startsAlike && endsAlike
  }
}

extension InputContainer {
  /// What the container itself lists of a stream, in decode order; times are those of decoding.
  func table(of stream: Int) -> [PacketIndex.Entry] {
    let track = unsafe self.stream(stream)
    return unsafe (0..<avformat_index_get_entries_count(track)).compactMap { number in
      guard let entry = unsafe avformat_index_get_entry(track, number) else { return nil }
      let flags = unsafe ffs_index_entry_flags(entry)
      return unsafe PacketIndex.Entry(
        time: entry.pointee.timestamp, decodeTime: entry.pointee.timestamp, position: entry.pointee.pos,
        size: ffs_index_entry_size(entry), isKey: flags & AVINDEX_KEYFRAME != 0,
        isDiscarded: flags & AVINDEX_DISCARD_FRAME != 0)
    }
  }
}

extension PacketIndex.Entry {
  init(_ packet: borrowing Packet) {
    let time = packet.presentationTime ?? packet.decodeTime ?? Int64.min
    self.init(
      time: time, decodeTime: packet.decodeTime ?? time, position: unsafe packet.raw.pointee.pos,
      size: Int32(packet.byteCount), isKey: packet.isKey, isDiscarded: packet.isDiscarded)
  }
}

extension MediaError {
  static func truncated(
    _ container: InputContainer, after count: Int?, of expected: Int? = nil
  ) -> MediaError {
    let place =
      count.map { "after \($0)" + (expected.map { " of \($0)" } ?? "") + " pictures" }
      ?? "before its last picture"
    return MediaError(
      code: .truncated, fault: .media, operation: "index the picture", path: container.path,
      reason: "the file ends \(place)", log: LastLogLine.current,
      remedy: "The file is not complete: copy it again from its source.")
  }
}
