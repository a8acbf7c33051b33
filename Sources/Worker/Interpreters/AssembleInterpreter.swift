import Delivery
import Digests
import Foundation
import ImageGraph
import Media
import ObjectStore
import TaskGraph
import TaskKinds

/// Wraps frames and mix into the files of a deliverable and proves what was written.
enum AssembleInterpreter: TaskInterpreter {
  typealias Kind = AssembleTask

  static func run(_ input: AssembleTask.Input, in context: TaskContext) throws -> (
    AssembleTask.Output, [ObjectReference]
  ) {
    switch input.profile.container {
    case .mov: try MovieAssembly(input, container: .mov, context: context).run()
    case .mp4: try MovieAssembly(input, container: .mp4, context: context).run()
    case .sequence: try SequenceAssembly(input, context: context).run()
    }
  }
}

/// One file for each frame.
private struct SequenceAssembly {
  let input: AssembleTask.Input
  let context: TaskContext

  init(_ input: AssembleTask.Input, context: TaskContext) {
    self.input = input
    self.context = context
  }

  func run() throws -> (AssembleTask.Output, [ObjectReference]) {
    var files: [AssembleTask.File] = []
    var objects: [ObjectReference] = []
    let decoder = try PictureDecoder(EncoderSettings(input.encoding))
    var decoded: [Int64] = []
    var places: [FramePlace] = []
    try SegmentReader(store: context.store).forEachFrame(input.pieces) { frame, packet, entry, _ in
      try StopRequest.check()
      let object = try context.store.commitObject(bytes: packet, name: "frame", scratch: context.attempt.path)
      // Numbered by the frame count of the timecode, seven digits and more when needed.
      let number = String(input.startFrame + frame)
      let suffix = String(repeating: "0", count: max(0, 7 - number.count)) + number
      files.append(AssembleTask.File(object: object.digest, byteCount: object.byteCount, suffix: suffix))
      objects.append(object)
      places.append(FramePlace(object: object, offset: 0, digest: entry.digest))
      try decoder.decode(packet) { picture in
        guard picture.width == input.encoding.width, picture.height == input.encoding.height else {
          throw WorkerFailure(verification: "file \(suffix) decodes as \(picture.width)x\(picture.height)")
        }
      }
      decoded.append(frame)
    }
    let expected = input.runs.reduce(0) { $0 + $1.count }
    guard Int64(files.count) == expected else {
      throw WorkerFailure(verification: "\(files.count) files were made, \(expected) were asked for")
    }
    SegmentHoming(
      context: context, assembly: AssembleTask.key(input), pieces: input.pieces, places: places
    ).move()
    let checks = [
      AssembleTask.Evidence.Check(name: "files", expected: "\(expected)", found: "\(files.count)")
    ]
    return (
      AssembleTask.Output(
        files: files, frameCount: expected,
        evidence: AssembleTask.Evidence(
          proof: "every file decoded", checks: checks, framesDecoded: decoded)), objects
    )
  }
}
