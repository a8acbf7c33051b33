import Delivery
package import ImageGraph
import MediaTime

/// What made one frame of a deliverable: what `interlock trace` prints, and the board shows.
package struct FrameTrace: Encodable, Sendable {
  package var frame: Int64
  package var recordTimecode: String
  package var part: Recipe.Part
  package var sourceFrame: Int64
  package var sourceTimecode: String?
  package var encoding: String
  /// Versions of the grades that the file shows, in words; whoever has the store knows them.
  package var grades: [String]?
  /// Of labels where a source does not say.
  private var rate: FrameRate

  private enum CodingKeys: String, CodingKey {
    case frame, recordTimecode, part, sourceFrame, sourceTimecode, encoding, grades
  }

  /// Nil outside the deliverable.
  package init?(_ recipe: Recipe, frame: Int64) {
    guard frame >= 0, frame < recipe.frameCount,
      let part = recipe.parts.last(where: { $0.firstFrame <= frame })
    else { return nil }
    self.frame = frame
    self.part = part
    recordTimecode = recipe.timecode(at: frame).description
    sourceFrame = part.map.position(at: frame - part.firstFrame)
    rate = recipe.rate
    sourceTimecode = part.sourceTimecode(ofFrame: sourceFrame, rate: rate)?.description
    encoding =
      "\(recipe.profile): \(recipe.encoding.codec) \(recipe.encoding.pixelFormat), \(recipe.encoding.builtBy)"
  }

  /// A name and what it is, in the order in which the frame was made.
  package var facts: [(name: String, value: String)] {
    let inside = frame - part.firstFrame
    var facts: [(name: String, value: String)] = []
    if let shot = part.shot { facts.append(("shot", "\(shot), event \(part.event ?? "–")")) }
    if let sides = part.sides {
      for (name, side) in zip(["outgoing", "incoming"], sides) { facts.append((name, words(side))) }
    } else if part.source != nil {
      facts.append(("source", words(part)))
    }
    for (index, layer) in (part.layers ?? []).enumerated() {
      let shown = layer.frame(at: inside).map { "frame \($0)" } ?? "nothing"
      facts.append(
        (
          "layer \(index + 1)",
          "\(layer.source), \(shown), \(layer.layer.merge.rawValue)" + (layer.side.map { ", \($0)" } ?? "")
        ))
    }
    for (index, picture) in (part.stack ?? []).enumerated() {
      facts.append(
        (
          "layer \(index + 1)",
          (picture.sides ?? [picture]).map(words).joined(separator: " to ")
            + (picture.event.map { ", event \($0)" } ?? "")
        ))
    }
    return facts
  }

  /// The programs that made it, with what each was given, indented.
  package var programs: [String] { part.externalLines(at: frame - part.firstFrame) }

  /// A source and its frame, by number and timecode.
  private func words(_ part: Recipe.Part) -> String {
    let number = part.map.position(at: frame - self.part.firstFrame)
    let label = part.sourceTimecode(ofFrame: number, rate: rate).map { ", \($0)" } ?? ""
    return "\(part.source ?? "black"), frame \(number)\(label)" + (part.reel.map { ", reel \($0)" } ?? "")
  }
}

/// Frames that versions show, by what they are: for asking whether others are among them.
package struct ShownFrames: Sendable {
  private var sets = FrameSets()

  package init(_ recipes: [Recipe]) {
    for part in recipes.flatMap(\.parts) {
      sets.insert(FrameSets(FrameRun.runs(chain: part.chain, map: part.map, count: part.count)))
    }
  }

  /// How many frames of these runs are in none of the versions.
  package func missing(of runs: [FrameRun]) -> Int64 {
    runs.reduce(0) { sum, run in
      sum + (0..<run.count).reduce(0) { $0 + (sets.contains(run.position(at: $1), of: run.chain) ? 0 : 1) }
    }
  }
}
