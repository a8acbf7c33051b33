/// Ranges of frames as ingredients write them: `A001C003.mov 120–143`.
enum FrameWords {
  /// The frames by file, as ascending ranges that neither touch nor overlap.
  static func ranges(_ texts: some Sequence<String>) -> [String: [ClosedRange<Int64>]] {
    var found: [String: [ClosedRange<Int64>]] = [:]
    for text in texts {
      guard let space = text.lastIndex(of: " "), let range = range(text[text.index(after: space)...]) else {
        continue
      }
      found[String(text[..<space]), default: []].append(range)
    }
    return found.mapValues(merged)
  }

  static func merged(_ ranges: [ClosedRange<Int64>]) -> [ClosedRange<Int64>] {
    var merged: [ClosedRange<Int64>] = []
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if let last = merged.last, range.lowerBound <= last.upperBound + 1 {
        merged[merged.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
      } else {
        merged.append(range)
      }
    }
    return merged
  }

  static func text(_ range: ClosedRange<Int64>) -> String {
    range.count == 1 ? "\(range.lowerBound)" : "\(range.lowerBound)–\(range.upperBound)"
  }

  /// `120–143`, `143–120` or `120`; nil for anything else.
  static func range(_ text: some StringProtocol) -> ClosedRange<Int64>? {
    let ends = text.split(separator: "–").map { Int64($0) }
    guard let first = ends.first ?? nil, let last = ends.last ?? nil, ends.count <= 2 else { return nil }
    return min(first, last)...max(first, last)
  }
}
