package import Digests
package import ImageGraph
import MediaTime

/// Consecutive frames of one shot that a person has not seen.
package struct UnseenFrames: Codable, Hashable, Sendable {
  /// Record timecodes of the first frame and of the last.
  package var first: String
  package var last: String
  package var count: Int64
  package var shot: String?

  /// E.g. `01:00:04:03–01:00:04:14  12 frames  shot 12`.
  package var text: String {
    let range = count == 1 ? first : "\(first)–\(last)"
    return "\(range)  \(count == 1 ? "1 frame" : "\(count) frames")" + (shot.map { "  \($0)" } ?? "")
  }

  /// - Parameters:
  ///   - label: the timecode of a frame of the sequence.
  ///   - isUnseen: whether a source frame of a chain is.
  package static func list(
    _ sequence: PictureSequence, label: (Int64) -> String, isUnseen: (Digest, Int64) -> Bool
  ) -> [UnseenFrames] {
    var found: [UnseenFrames] = []
    for (start, span) in sequence.placedSpans {
      found += list(
        from: start, count: span.count, shot: span.shot?.name, label: label, chain: span.node.chain,
        position: span.map.position(at:), isUnseen: isUnseen)
    }
    return found
  }

  /// Of one stretch of frames.
  package static func list(
    from start: Int64, count: Int64, shot: String?, label: (Int64) -> String, chain: Digest,
    position: (Int64) -> Int64, isUnseen: (Digest, Int64) -> Bool
  ) -> [UnseenFrames] {
    var found: [UnseenFrames] = []
    var begun: Int64?
    for offset in 0...count {
      let isWanted = offset < count && isUnseen(chain, position(offset))
      if isWanted, begun == nil {
        begun = offset
      } else if !isWanted, let first = begun {
        found.append(
          UnseenFrames(
            first: label(start + first), last: label(start + offset - 1), count: offset - first, shot: shot))
        begun = nil
      }
    }
    return found
  }

  /// Lines for people: the first few, and how many more there are.
  package static func lines(_ list: [UnseenFrames], most: Int = 6) -> [String] {
    guard list.count > most else { return list.map(\.text) }
    let rest = list[(most - 1)...]
    return list.prefix(most - 1).map(\.text)
      + ["and \(rest.reduce(0) { $0 + $1.count }) frames in \(rest.count) more places"]
  }
}
