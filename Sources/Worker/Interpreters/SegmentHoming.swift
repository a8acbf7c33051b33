import ObjectStore
import TaskGraph
import TaskKinds

/// Lets segments lie in the files that were assembled of them.
struct SegmentHoming {
  let context: TaskContext
  let assembly: TaskKey
  let pieces: [AssembleTask.Piece]
  /// Of every frame of the assembly.
  let places: [FramePlace]

  func move() {
    var homes: [TaskKey: [Int: FramePlace]] = [:]
    var frame = 0
    for piece in pieces {
      for step in 0..<piece.count {
        homes[piece.segment, default: [:]][piece.offset + step * piece.step] = places[frame]
        frame += 1
      }
    }
    do {
      for (key, home) in homes.sorted(by: { $0.key < $1.key }) {
        try context.store.moveSegment(key, to: home, of: assembly, scratch: context.attempt.path)
      }
    } catch {
      // What was assembled is whole without it, and takes more space.
      context.log.write("segments keep objects of their own: \(error)")
    }
  }
}
