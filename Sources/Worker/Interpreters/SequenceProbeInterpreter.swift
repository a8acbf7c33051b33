import Digests
import Editorial
import Media
import MediaTime
import ObjectStore
import TaskGraph
import TaskKinds

/// Finds out what a run of numbered stills is.
enum SequenceProbeInterpreter: TaskInterpreter {
  typealias Kind = SequenceProbeTask

  static func run(_ input: SequenceProbeTask.Input, in context: TaskContext) throws -> (
    SequenceProbeTask.Output, [ObjectReference]
  ) {
    let sequence = input.sequence
    guard !sequence.members.isEmpty else {
      throw WorkerFailure(verification: "a sequence has at least one member")
    }
    var encoder = CanonicalEncoder(domain: "interlock.sequence-identity", version: 1)
    encoder.append(sequence.members.count)
    var byteCount: Int64 = 0
    for frame in sequence.members.indices {
      try StopRequest.check()
      let location = sequence.location(ofFrame: frame)
      try MediaGuard.check(location)
      encoder.append(try Digest.sha256(ofFileAt: location.path))
      byteCount += location.byteCount
      context.reporter.progress(frames: frame + 1, of: sequence.members.count)
    }
    let first = sequence.location(ofFrame: 0)
    let still = try StillDecoder().facts(of: first.path)
    let name = sequence.prefix.split(separator: "/").last.map(String.init) ?? ""
    let facts = MediaFacts(
      identity: encoder.digest().hex,
      fileName: name + String(repeating: "#", count: sequence.digits) + sequence.suffix,
      container: "sequence", byteCount: byteCount,
      video: VideoFacts(
        stream: 0, codec: still.codec, width: still.format.width, height: still.format.height,
        pixelFormat: still.format.pixelFormat, bitDepth: still.bitDepth,
        // Stills are counted, not timed.
        rate: FrameRate(24), frameCount: Int64(sequence.members.count), isIntraOnly: true,
        range: still.range, matrix: still.matrix, fieldOrder: "progressive"))
    return (SequenceProbeTask.Output(facts: facts), [])
  }
}
