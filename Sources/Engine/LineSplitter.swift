/// Cuts a stream of bytes into lines at line feeds.
///
/// Only the line feed counts: JSON may hold other line separators of Unicode inside a string.
struct LineSplitter: Sendable {
  private var partial: [UInt8] = []
  private var isSkipping = false
  private var dropped = 0
  /// Lines longer than this are dropped, so that a worker that lost its mind does not fill our memory.
  private let longestLine: Int

  init(longestLine: Int = 1 << 20) { self.longestLine = longestLine }

  /// The lines completed by these bytes, without their line feeds; an unfinished last line is kept for later.
  mutating func lines(adding bytes: some Collection<UInt8>) -> [[UInt8]] {
    var lines: [[UInt8]] = []
    var rest = bytes[...]
    while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
      append(rest[..<end])
      if isSkipping { isSkipping = false } else { lines.append(partial) }
      partial.removeAll(keepingCapacity: true)
      rest = rest[rest.index(after: end)...]
    }
    append(rest)
    return lines
  }

  /// How many lines were dropped for their length since this was last asked.
  mutating func takeDropped() -> Int {
    defer { dropped = 0 }
    return dropped
  }

  private mutating func append(_ bytes: some Collection<UInt8>) {
    guard !isSkipping else { return }
    partial += bytes
    if partial.count > longestLine {
      partial.removeAll()
      isSkipping = true
      dropped += 1
    }
  }
}
