import Delivery
import Digests
import Foundation
import ImageGraph
import Media
import MediaTime
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
    case .mov: try MovieAssembly(input, context: context).run()
    case .sequence: try SequenceAssembly(input, context: context).run()
    }
  }
}

/// One QuickTime file.
private struct MovieAssembly {
  let input: AssembleTask.Input
  let context: TaskContext

  init(_ input: AssembleTask.Input, context: TaskContext) {
    self.input = input
    self.context = context
  }

  func run() throws -> (AssembleTask.Output, [ObjectReference]) {
    let part = context.part("movie")
    let mix = try mixRecord()
    let written = try write(to: part, mix: mix)
    let evidence = try verify(part, written: written, mix: mix)
    let object = try context.store.commitObject(partFile: part, name: "movie.\(input.profile.fileExtension)")
    let file = AssembleTask.File(object: object.digest, byteCount: object.byteCount, suffix: "")
    return (
      AssembleTask.Output(files: [file], frameCount: Int64(written.digests.count), evidence: evidence),
      [object]
    )
  }

  /// The stereo mix, with the rate and length it has.
  private struct Mix {
    var sound: Digest
    var channels: Int
    var sampleRate: Int
    var sampleCount: Int64
  }

  private func mixRecord() throws -> Mix? {
    guard let key = input.mix else { return nil }
    guard let result = try context.store.result(key, as: MixTask.Output.self) else {
      throw WorkerFailure(missingObject: key)
    }
    guard let stereo = result.output.mixes.first(where: { $0.layout == "stereo" }) else {
      throw WorkerFailure(verification: "the mix was not made in stereo")
    }
    guard context.store.contains(stereo.sound) else { throw WorkerFailure(missingObject: stereo.sound) }
    return Mix(
      sound: stereo.sound, channels: stereo.channels, sampleRate: result.output.sampleRate,
      sampleCount: result.output.sampleCount)
  }

  /// What went into the file, to be found again in it.
  private struct Written {
    var digests: [String] = []
    var sound = Digest.sha256([])
    var sampleCount: Int64 = 0
  }

  private func write(to part: String, mix: Mix?) throws -> Written {
    let writer = try MovieWriter(
      path: part, video: EncoderSettings(input.encoding),
      sound: mix.map { MovieWriter.Sound(sampleRate: $0.sampleRate, channels: $0.channels, bitDepth: 24) },
      startTimecode: input.startTimecode)
    let sound = try mix.map { try MixBytes(path: context.store.path(of: $0.sound), channels: $0.channels) }
    var soundDigest = StreamingDigest()
    var written = Written()
    var total = 0
    for piece in input.pieces { total += piece.count }
    var reported = ContinuousClock.now
    try SegmentReader(store: context.store).forEachFrame(input.pieces) { frame, packet, entry in
      try StopRequest.check()
      try writer.writeVideo(packet, at: frame)
      written.digests.append(entry.digest)
      if sound != nil {
        let samples = writer.samples(ofFrame: frame)
        let bytes = try sound?.read(samples.count) ?? []
        try writer.writeSound(bytes, at: samples.lowerBound)
        soundDigest.update(bytes)
        written.sampleCount = samples.upperBound
      }
      if ContinuousClock.now - reported > .milliseconds(400) {
        reported = .now
        context.reporter.progress(frames: Int(frame), of: total)
      }
    }
    written.sound = soundDigest.finalize()
    try writer.finish()
    return written
  }

  /// Closes the loop: the finished file is opened again and compared with what was asked for.
  private func verify(_ path: String, written: Written, mix: Mix?) throws -> AssembleTask.Evidence {
    let inspector = try MovieInspector(path: path)
    var checks = structure(of: inspector, written: written, mix: mix)
    var matching = 0
    var order = 0
    var sound = StreamingDigest()
    try unsafe inspector.forEachPacket(
      video: { index, bytes in
        let digest = unsafe Digest.sha256([UInt8](bytes)).hex
        if written.digests.indices.contains(Int(index)), digest.hasPrefix(written.digests[Int(index)]) {
          matching += 1
        }
        order += 1
      }, sound: { bytes in unsafe sound.update([UInt8](bytes)) })
    checks.append(check("picture packets equal to their segments'", written.digests.count, matching))
    checks.append(check("picture packets", written.digests.count, order))
    if mix != nil { checks.append(check("sound samples, SHA-256", written.sound.hex, sound.finalize().hex)) }
    let frames = joins()
    for frame in frames {
      try inspector.withFrame(at: frame) { picture in
        checks.append(
          check(
            "frame \(frame) decodes", "\(input.encoding.width)x\(input.encoding.height)",
            "\(picture.width)x\(picture.height)"))
      }
    }
    if let failed = checks.first(where: { !$0.isMet }) {
      throw WorkerFailure(
        verification:
          "the assembled file is not what it should be: \(failed.name): expected \(failed.expected), found \(failed.found)"
      )
    }
    return AssembleTask.Evidence(
      proof: "structure, packet digests and decoded joins; every frame was decoded when it was made",
      checks: checks,
      framesDecoded: frames)
  }

  private func structure(of inspector: MovieInspector, written: Written, mix: Mix?)
    -> [AssembleTask.Evidence.Check]
  {
    let video = inspector.facts.video
    let tags = input.encoding.tags
    var checks = [
      check("frames", written.digests.count, Int(video?.frameCount ?? -1)),
      check(
        "raster", "\(input.encoding.width)x\(input.encoding.height)",
        "\(video?.width ?? 0)x\(video?.height ?? 0)"),
      check("rate", input.encoding.rate.description, video?.rate.description ?? "none"),
      check("timecode", input.startTimecode, inspector.facts.timecodeStart ?? "none"),
      check("primaries", tags.primaries, video?.primaries ?? "none"),
      check("transfer", tags.transfer, video?.transfer ?? "none"),
      check("matrix", tags.matrix, video?.matrix ?? "none"),
      check("range", tags.range, video?.range ?? "none"),
    ]
    if let tag = input.profile.picture.codecTag {
      checks.append(check("codec tag", tag, video?.codecTag ?? "none"))
    }
    if let mix {
      let sound = inspector.facts.sound
      checks.append(check("sound channels", mix.channels, sound?.channels ?? 0))
      checks.append(check("sound rate", mix.sampleRate, sound?.sampleRate ?? 0))
      checks.append(check("sound samples", Int(written.sampleCount), Int(sound?.sampleCount ?? -1)))
      checks.append(check("samples of the mix", Int(mix.sampleCount), Int(written.sampleCount)))
    }
    return checks
  }

  private func check(
    _ name: String, _ expected: some CustomStringConvertible, _ found: some CustomStringConvertible
  )
    -> AssembleTask.Evidence.Check
  {
    AssembleTask.Evidence.Check(name: name, expected: expected.description, found: found.description)
  }

  /// The first frame, the last, and the first after each join.
  private func joins() -> [Int64] {
    var frames: [Int64] = []
    var next: Int64 = 0
    for piece in input.pieces {
      frames.append(next)
      next += Int64(piece.count)
    }
    if next > 0, frames.last != next - 1 { frames.append(next - 1) }
    return frames
  }
}

/// The samples of a mix, as the bytes that go into the movie.
private struct MixBytes {
  private let file: FileHandle
  private let blockSize: Int

  init(path: String, channels: Int) throws {
    guard let wave = try BroadcastWave(path: path), wave.blockSize == channels * 3 else {
      throw WorkerFailure(verification: "the mix is not a 24-bit wave file of \(channels) channels")
    }
    file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
    try file.seek(toOffset: UInt64(wave.dataOffset))
    blockSize = wave.blockSize
  }

  /// The next samples; silence beyond the end never happens, as mix and picture have one length.
  func read(_ count: Int) throws -> [UInt8] {
    let bytes = [UInt8](try file.read(upToCount: count * blockSize) ?? Data())
    guard bytes.count == count * blockSize else {
      throw WorkerFailure(verification: "the mix is shorter than the picture")
    }
    return bytes
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
    try SegmentReader(store: context.store).forEachFrame(input.pieces) { frame, packet, _ in
      try StopRequest.check()
      let object = try context.store.commitObject(bytes: packet, name: "frame", scratch: context.attempt.path)
      // Numbered by the frame count of the timecode, seven digits and more when needed.
      let number = String(input.startFrame + frame)
      let suffix = String(repeating: "0", count: max(0, 7 - number.count)) + number
      files.append(AssembleTask.File(object: object.digest, byteCount: object.byteCount, suffix: suffix))
      objects.append(object)
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
