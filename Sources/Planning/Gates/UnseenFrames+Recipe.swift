import ImageGraph
package import MediaTime

extension UnseenFrames {
  /// The frames of a version that none of the other versions shows.
  package static func list(_ recipe: Recipe, notIn others: [Recipe]) -> [UnseenFrames] {
    var known = FrameSets()
    for part in others.flatMap(\.parts) {
      known.insert(FrameSets(FrameRun.runs(chain: part.chain, map: part.map, count: part.count)))
    }
    return recipe.parts.flatMap { part in
      list(
        from: part.firstFrame, count: part.count, shot: part.shot,
        label: { recipe.timecode(at: $0).description }, chain: part.chain, position: part.map.position(at:),
        isUnseen: { !known.contains($1, of: $0) })
    }
  }
}

extension Recipe {
  /// Frames of the deliverable.
  package var frameCount: Int64 { parts.reduce(0) { $0 + $1.count } }

  /// The record timecode of one of them.
  package func timecode(at frame: Int64) -> Timecode {
    Timecode(frame: startFrame + frame, rate: rate, isDropFrame: isDropFrame)
  }
}
