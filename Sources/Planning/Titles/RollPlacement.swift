import ImageGraph
import MediaTime
import TaskKinds
import Titling

/// A credit roll over some frames: which tiles are seen when.
struct RollPlacement {
  var typeset: TypesetTask.Typeset
  var raster: Raster
  var speed: RollSolver.Speed
  var fadeIn: Int64
  var fadeOut: Int64

  /// Frames of the roll with the same tiles in sight, as one drawing each.
  struct Stretch {
    /// Frames of the roll, from 0.
    var range: FrameRange
    var graphics: Graphics
    /// The number that the drawing gives to the first of them.
    var clock: Int64
  }

  /// Frames of the roll in which something between two heights of the roll is in sight.
  func frames(from top: Int, to bottom: Int) -> FrameRange {
    let step = Int64(speed.step)
    // At frame f the content's top lies at raster.height − f · step.
    let first = Rational(Int64(top), step).floor + 1
    let end = (Int64(raster.height) + Int64(bottom) + step - 1) / step
    return FrameRange(start: max(0, first), end: min(speed.count, end))
  }

  /// Each drawing holds only the tiles in sight, and counts from where its first tile stands below the picture: so a
  /// changed name elsewhere, or a longer roll before it, leaves the frame what it was.
  var stretches: [Stretch] {
    let seen = typeset.pictures.map { frames(from: $0.y, to: $0.y + $0.image.raster.height) }
    var edges: Set<Int64> = [0, speed.count, fadeIn, speed.count - fadeOut]
    for range in seen { edges.formUnion([range.start, range.end]) }
    let sorted = edges.filter { (0...speed.count).contains($0) }.sorted()
    return zip(sorted, sorted.dropFirst()).compactMap { start, end in
      let range = FrameRange(start: start, end: end)
      let tiles = zip(typeset.pictures, seen).filter { $1.contains(range) && !$1.isEmpty }.map { $0.0 }
      guard let reference = tiles.min(by: { $0.y < $1.y }) else { return nil }
      let turns = Rational(Int64(reference.y), Int64(speed.step)).floor
      let fade: Graphics.Fade? =
        if start < fadeIn {
          Graphics.Fade(first: -turns, fadeIn: fadeIn, end: fadeIn - turns, fadeOut: 0)
        } else if end > speed.count - fadeOut {
          Graphics.Fade(
            first: speed.count - fadeOut - turns, fadeIn: 0, end: speed.count - turns, fadeOut: fadeOut)
        } else {
          nil
        }
      let layers = tiles.map { tile in
        Graphics.Layer(
          .roll(images: [tile.image], step: speed.step), x: tile.x,
          y: raster.height + tile.y - Int(turns) * speed.step, fade: fade)
      }
      return Stretch(
        range: range, graphics: Graphics(purpose: .titles, layers: layers), clock: start - turns)
    }
  }
}
