package import Delivery
import Digests
package import ImageGraph
package import MediaTime
import TaskGraph

/// What a deliverable shows, frame by frame.
package struct DeliveredPicture: Sendable {
  package var stage: String
  package var picture: PictureSequence
  package var encoding: Encoding
  /// Programme frame of its first frame.
  package var start: Int64
}

/// Two deliverables of which one shows the other's pictures without text: where they differ, and the proof that they do
/// nowhere else. Frames are the same when their signatures are.
package struct TextlessPair: Codable, Sendable {
  package var texted: String
  package var textless: String
  /// Programme frame of the first frame of both.
  package var start: Int64
  /// Frames with equal signatures.
  package var sameFrames: Int64
  /// Where text lies over what the textless deliverable shows; frames of both.
  package var textRanges: [FrameRange]
  /// Where they differ otherwise: where this is not empty the textless is not that of the other.
  package var otherRanges: [FrameRange]

  package var isProven: Bool { otherRanges.isEmpty }

  /// Frames in which text is seen.
  package var textFrames: Int64 { textRanges.reduce(0) { $0 + $1.count } }

  /// Every pair among deliverables of one length and raster of which the first has titles and the second has none.
  static func all(among delivered: [DeliveredPicture]) -> [TextlessPair] {
    // Burn-ins differ from copy to copy.
    let plain = delivered.filter { !$0.picture.has(.burnIn) }
    return plain.filter { $0.picture.has(.titles) }.flatMap { texted in
      plain.filter { other in
        other.stage != texted.stage && !other.picture.has(.titles) && other.start == texted.start
          && other.picture.frameCount == texted.picture.frameCount
          && other.picture.raster == texted.picture.raster && other.picture.rate == texted.picture.rate
      }.map { TextlessPair(texted, $0) }
        // What shares nothing, such as a graded and an ungraded one, is no pair.
        .filter { $0.sameFrames > 0 }
    }
  }

  private init(_ texted: DeliveredPicture, _ textless: DeliveredPicture) {
    self.texted = texted.stage
    self.textless = textless.stage
    start = texted.start
    sameFrames = 0
    var text = FrameSet()
    var other = FrameSet()
    var chains = ChainNames()
    for (range, one, two) in Self.stretches(texted.picture, textless.picture) {
      if chains.areSame(one, two) {
        sameFrames += range.count
      } else if chains.areSame(one.withoutGraphics(.titles), two) {
        text.insert(range)
      } else {
        other.insert(range)
      }
    }
    textRanges = text.ranges
    otherRanges = other.ranges
  }

  /// Both sequences in stretches in which neither goes to another span.
  private static func stretches(
    _ a: PictureSequence, _ b: PictureSequence
  ) -> [(range: FrameRange, a: PictureSpan, b: PictureSpan)] {
    var stretches: [(range: FrameRange, a: PictureSpan, b: PictureSpan)] = []
    let (one, two) = (a.placedSpans, b.placedSpans)
    var (i, j) = (0, 0)
    while i < one.count, j < two.count {
      let first = FrameRange(start: one[i].start, count: one[i].span.count)
      let second = FrameRange(start: two[j].start, count: two[j].span.count)
      if let range = first.intersection(second), range.count > 0 {
        stretches.append(
          (
            range, one[i].span.part(from: range.start - first.start, count: range.count),
            two[j].span.part(from: range.start - second.start, count: range.count)
          ))
      }
      if first.end <= second.end { i += 1 }
      if second.end <= first.end { j += 1 }
    }
    return stretches
  }

  /// Digests of chains, each made once.
  private struct ChainNames {
    private var digests: [ImageNode: Digest] = [:]

    /// Whether every frame of two spans has one signature: the same chain, and the same frame of it.
    mutating func areSame(_ a: PictureSpan, _ b: PictureSpan) -> Bool {
      guard chain(a.node) == chain(b.node) else { return false }
      return (0..<a.count).allSatisfy { a.map.position(at: $0) == b.map.position(at: $0) }
    }

    private mutating func chain(_ node: ImageNode) -> Digest {
      if let known = digests[node] { return known }
      let digest = node.chain
      digests[node] = digest
      return digest
    }
  }
}

extension PictureSequence {
  fileprivate func has(_ purpose: Graphics.Purpose) -> Bool { spans.contains { $0.node.has(purpose) } }
}

extension ImageNode {
  fileprivate func has(_ purpose: Graphics.Purpose) -> Bool {
    switch self {
    case .graphics(let graphics, let below): graphics.purpose == purpose || below.has(purpose)
    case .matte(_, let below): below.has(purpose)
    case .source, .black, .composite, .sizing, .grade, .transition, .layers, .look, .colour: false
    }
  }
}

extension TextlessPair {
  /// In words, ranges by timecode, the end not included.
  package func lines(timecode: (Int64) -> String) -> [String] {
    func list(_ ranges: [FrameRange]) -> String {
      let shown = ranges.prefix(8).map { "\(timecode($0.start))-\(timecode($0.end))" }
      return shown.joined(separator: ", ") + (ranges.count > 8 ? " and \(ranges.count - 8) more" : "")
    }
    var lines = [
      "\(textless)  is \(texted) without text: \(sameFrames) frames are the same pictures, \(textFrames) have text: "
        + list(textRanges)
    ]
    if !isProven {
      let frames = otherRanges.reduce(0) { $0 + $1.count }
      lines[0] =
        "\(textless)  is not \(texted) without text: \(frames) frames differ otherwise: \(list(otherRanges))"
    }
    return lines
  }
}
