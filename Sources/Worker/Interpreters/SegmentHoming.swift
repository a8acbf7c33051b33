import Diagnostics
import Digests
import ObjectStore
import TaskGraph
import TaskKinds

/// Lets segments lie in the files that were assembled of them, so that every frame is stored once.
///
/// A segment all of whose frames are there gets a result that says where, and its own object goes.
struct SegmentHoming {
  /// Where a frame of the assembled files is.
  struct Place {
    var object: ObjectReference
    var offset: Int64
  }

  let context: TaskContext
  let pieces: [AssembleTask.Piece]
  /// Of every frame of the assembly.
  let places: [Place]

  func move() {
    var homes: [TaskKey: [Int: Place]] = [:]
    var frame = 0
    for piece in pieces {
      for step in 0..<piece.count {
        homes[piece.segment, default: [:]][piece.offset + step * piece.step] = places[frame]
        frame += 1
      }
    }
    do {
      for (key, home) in homes.sorted(by: { $0.key < $1.key }) { try move(key, to: home) }
    } catch {
      // What was assembled is whole without it, and takes more space.
      context.log.write("segments keep objects of their own: \(error)")
    }
  }

  private func move(_ key: TaskKey, to home: [Int: Place]) throws {
    // One that lies in an assembled file stays there: this one may be gone sooner.
    guard var result = try context.store.result(key, as: SegmentRecord.self),
      result.objects.map(\.name) == ["segment"], home.count == result.output.packets.count
    else { return }
    var objects: [ObjectReference] = []
    for index in result.output.packets.indices {
      guard let place = home[index], place.offset >= 0,
        place.offset + Int64(result.output.packets[index].size) <= place.object.byteCount
      else { return }
      result.output.packets[index].offset = place.offset
      objects.append(place.object)
    }
    guard let first = objects.first else { return }
    let old = result.output.object
    let isOne = objects.allSatisfy { $0.digest == first.digest }
    result.output.object = first.digest
    result.output.files = isOne ? nil : objects.map(\.digest)
    result.objects = isOne ? [first] : objects
    try context.store.replaceResult(result, scratch: context.attempt.path)
    // A segment of one frame may be the very file.
    guard !objects.contains(where: { $0.digest == old }) else { return }
    try context.store.fileSystem.remove(context.store.path(of: old))
  }
}
