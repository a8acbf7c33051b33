package import FoundationEssentials

/// What is about one task in the log of an attempt at several.
///
/// A task's part starts with its line `TIME start KEY …` and goes to the next of these. No program can write such a
/// line: what it prints stands after a bar.
package struct LogSection: Sendable {
  package var range: Range<Data.Index>
  /// Whether nothing follows it, so that more of it may come.
  package var isLast: Bool

  /// The latest part about a task, nil when there is none.
  package init?(of key: String, in log: Data) {
    var start: Data.Index?
    var end: Data.Index?
    var line = log.startIndex
    while line < log.endIndex {
      let next = log[line...].firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? log.endIndex
      let words = log[line..<min(next, line + 256)].split(separator: UInt8(ascii: " "), maxSplits: 3)
      if words.count > 2, words[1].elementsEqual("start".utf8) {
        if start != nil, end == nil { end = line }
        if words[2].elementsEqual(key.utf8) { (start, end) = (line, nil) }
      }
      line = next
    }
    guard let start else { return nil }
    range = start..<(end ?? log.endIndex)
    isLast = end == nil
  }
}
