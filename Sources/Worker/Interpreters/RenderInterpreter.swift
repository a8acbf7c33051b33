import Colour
import Delivery
import Diagnostics
import Digests
import Foundation
import Glibc
import ImageGraph
import Media
import ObjectStore
import TaskGraph
import TaskKinds

/// Makes the frames of a render task, segment by segment; finished segments survive whatever happens next.
enum RenderInterpreter: TaskInterpreter {
  typealias Kind = RenderTask

  static var isAnsweredByResult: Bool { false }

  static func run(_ input: RenderTask.Input, in context: TaskContext) throws -> (
    RenderTask.Output, [ObjectReference]
  ) {
    let segments = input.lanes.flatMap(\.segments)
    let asked = try asked(segments, in: context)
    let total = segments.filter { asked.contains($0.key) }.reduce(0) { $0 + Int($1.count) }
    let open = OpenSources()
    let colour = ColourLibrary(context)
    var lanes: [RenderLane] = []
    var done = 0
    for lane in input.lanes {
      let missing = try lane.segments.filter { segment in
        guard asked.contains(segment.key) else { return false }
        guard try context.store.storedResult(segment.key) != nil else { return true }
        done += Int(segment.count)
        context.reporter.committed(segment.key, frames: Int(segment.count), isFirst: false)
        return false
      }
      if missing.isEmpty { continue }
      lanes.append(
        try RenderLane(
          lane, missing: missing, number: lanes.count, of: input, open: open, colour: colour, context: context
        ))
    }
    var progress = FrameProgress(of: total, to: context.reporter)
    for index in LaneOrder.frames(of: lanes.map(\.places)) {
      if lanes.allSatisfy(\.isBetweenSegments) { try StopRequest.checkBetweenSegments() }
      try StopRequest.check()
      try lanes[index].makeNextFrame()
      done += 1
      progress.reached(done)
    }
    return (RenderTask.Output(segments: segments.map(\.key)), [])
  }

  /// The segments to make: those whose first frame is asked for, so that chunks of any size that cover the task make
  /// each segment once.
  private static func asked(_ segments: [RenderTask.Segment], in context: TaskContext) throws -> Set<TaskKey>
  {
    guard let frames = context.frames else { return Set(segments.map(\.key)) }
    var next = 1
    var asked: Set<TaskKey> = []
    for segment in segments {
      if frames.contains(next) { asked.insert(segment.key) }
      next += Int(segment.count)
    }
    guard frames.runs.contains(where: { $0.first < next && $0.last >= 1 }) else {
      throw Diagnostic(
        family: .usage, code: "task.noSuchFrames",
        message: "the task has frames 1-\(next - 1), and none of \(frames) is one of them",
        remedy: "Frames are counted from 1 in the order of the task.")
    }
    return asked
  }

  /// Whoever makes the last segment of a task finds all of them, whatever others were at.
  static func isComplete(_ input: RenderTask.Input, in context: TaskContext) throws -> Bool {
    guard context.frames != nil else { return true }
    return try input.lanes.flatMap(\.segments).allSatisfy {
      try context.store.storedResult($0.key) != nil
    }
  }
}

/// The packets of a segment on their way to the store.
final class SegmentFile {
  private(set) var packets: [PacketEntry] = []
  /// Nil while every frame came back as it was.
  private(set) var lowestPSNR: Double?
  private let key: TaskKey
  private let path: String
  private var file: OpenFile?
  private var offset: Int64 = 0
  private var digest = StreamingDigest()

  init(of key: TaskKey, path: String, in fileSystem: FileSystem) throws {
    self.key = key
    self.path = path
    file = try OpenFile(path, O_WRONLY | O_CREAT | O_TRUNC, in: fileSystem)
  }

  /// - Parameter rest: frames still to come, this one included; they will be about as large.
  func append(_ frame: CodedFrame, of rest: Int64) throws {
    if let psnr = frame.psnr { lowestPSNR = min(lowestPSNR ?? psnr, psnr) }
    try file?.write(frame.packet, following: max(0, rest - 1) * Int64(frame.packet.count))
    digest.update(frame.packet)
    packets.append(
      PacketEntry(
        offset: offset, size: frame.packet.count,
        digest: String(Digest.sha256(frame.packet).hex.prefix(32))))
    offset += Int64(frame.packet.count)
  }

  func commit(to store: ObjectStore) throws -> ObjectReference {
    try file?.write(key.bytes)
    digest.update(key.bytes)
    file = nil
    return try store.commitObject(partFile: path, name: "segment", digest: digest.finalize())
  }
}

extension EncoderSettings {
  init(_ encoding: Encoding) {
    self.init(
      codec: encoding.codec, profile: encoding.profile, pixelFormat: encoding.pixelFormat,
      width: encoding.width,
      height: encoding.height, rate: encoding.rate, quantiser: encoding.quantiser,
      fillsBudget: encoding.budgetRule != nil,
      options: encoding.options,
      threads: 1, primaries: encoding.tags.primaries, transfer: encoding.tags.transfer,
      matrix: encoding.tags.matrix, range: encoding.tags.range)
    chroma = encoding.chroma
  }
}

extension WorkerFailure {
  init(verification message: String) {
    self.init(
      exit: 4, failure: .media,
      diagnostics: [
        .init(
          severity: .error, family: .verification, code: "verification.failed", location: nil,
          message: message)
      ])
  }
}
