import Delivery
import Digests
import Foundation
import Media
import MediaTime
import ObjectStore
import SoundMixing
import TaskGraph
import TaskKinds

/// Measures a finished deliverable: every picture and every sample is decoded.
enum QualityInterpreter: TaskInterpreter {
  typealias Kind = QualityTask

  private static let sampleRate = MixDescription.sampleRate

  static func run(_ input: QualityTask.Input, in context: TaskContext) throws -> (
    QualityTask.Output, [ObjectReference]
  ) {
    guard
      let file = try context.store.result(input.assembly, as: AssembleTask.Output.self)?.output.files.first
    else { throw WorkerFailure(missingObject: input.assembly) }
    let path = try context.store.verifiedPath(of: file.object)
    var report = QualityReport(
      programme: input.programme, deliverable: input.deliverable, file: file.object, rate: input.rate,
      isDropFrame: input.isDropFrame, startFrame: input.startFrame, frameCount: input.frameCount,
      target: input.target.map {
        QualityReport.Target(integrated: $0.integrated.thousandths, truePeak: $0.truePeak.thousandths)
      }, tool: input.builtBy)
    try look(input, path, context, &report)
    for (index, track) in try MovieInspector(path: path).soundTracks().enumerated() {
      try listen(input, path, track, number: index + 1, &report)
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let object = try context.keep(bytes: Array(try encoder.encode(report)), name: "qc.json")
    let made = MadeFile(
      object: object.digest, byteCount: object.byteCount, suffix: "qc", fileExtension: "json")
    return (QualityTask.Output(files: [made]), [object])
  }

  private static func look(
    _ input: QualityTask.Input, _ path: String, _ context: TaskContext, _ report: inout QualityReport
  ) throws {
    let reader = try PictureReader(path: path)
    let meter = LumaMeter(input.tags)
    var judge = PictureJudge(rate: input.rate, frameCount: input.frameCount)
    let total = Int(input.frameCount)
    for frame in 0..<input.frameCount {
      try StopRequest.check()
      switch try look(at: frame, reader, meter) {
      case .measured(let sample): judge.add(sample)
      case .unmeasured: judge.addUnmeasured()
      case .damaged: judge.add(nil)
      }
      if frame % 24 == 23 { context.reporter.progress(frames: Int(frame) + 1, of: total) }
    }
    judge.finish(unknown: meter.unknown, into: &report)
  }

  private enum Picture {
    case measured(PictureJudge.Sample)
    /// It decodes; its format is not one that is measured.
    case unmeasured
    /// It cannot be decoded, which is what is looked for.
    case damaged
  }

  private static func look(
    at frame: Int64, _ reader: PictureReader, _ meter: LumaMeter
  ) throws -> Picture {
    do {
      return try reader.withFrame(at: frame) { meter.measure($0) }.map(Picture.measured) ?? .unmeasured
    } catch let error as MediaError where [.damaged, .outOfRange].contains(error.code) {
      return .damaged
    }
  }

  private static func listen(
    _ input: QualityTask.Input, _ path: String, _ track: MovieInspector.SoundTrack, number: Int,
    _ report: inout QualityReport
  ) throws {
    let reader = try SoundReader(path: path, stream: track.stream, sampleRate: sampleRate)
    var judge = SoundJudge(
      QualityReport.Track(
        title: track.title ?? "Track \(number)", layout: track.layout, channels: reader.channels),
      number: number, rate: input.rate, frameCount: input.frameCount, sampleRate: sampleRate)
    let meter =
      [1, 2, 6].contains(reader.channels)
      ? try LoudnessMeter(sampleRate: sampleRate, channels: reader.channels) : nil
    let end = input.rate.sampleEdge(ofFrame: input.frameCount, sampleRate: sampleRate)
    let whole = try digest(0..<end, reader) { planes in
      judge.add(planes)
      try meter?.add(planar: planes)
    }
    let known = report.findings.count
    judge.finish(
      meter.map(SoundJudge.Loudness.init),
      target: input.target.map {
        QualityReport.Target(integrated: $0.integrated.thousandths, truePeak: $0.truePeak.thousandths)
      }, into: &report)
    for index in report.findings.indices.dropFirst(known) {
      let frames = report.findings[index].frames
      // One silence is like another: what stands on both sides of it tells them apart.
      let first = max(0, frames.start - 1)
      let last = min(input.frameCount, frames.end + 1)
      let range =
        input.rate.sampleEdge(
          ofFrame: first, sampleRate: sampleRate)..<input.rate.sampleEdge(
          ofFrame: last, sampleRate: sampleRate)
      report.findings[index].sound = range == 0..<end ? whole : try digest(range, reader) { _ in }
    }
  }

  /// The SHA-256 of samples as interleaved 24-bit PCM, a second at a time.
  private static func digest(
    _ range: Range<Int64>, _ reader: SoundReader, _ body: ([[Double]]) throws -> Void
  ) throws -> Digest {
    var digest = StreamingDigest()
    var position = range.lowerBound
    while position < range.upperBound {
      try StopRequest.check()
      let count = Int(min(Int64(sampleRate), range.upperBound - position))
      let planes = try reader.read(from: position, count: count)
      try body(planes)
      digest.update(pcm(planes, count: count))
      position += Int64(count)
    }
    return digest.finalize()
  }

  private static func pcm(_ planes: [[Double]], count: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count * planes.count * 3)
    for index in 0..<count {
      for plane in planes {
        let value = plane[index].isFinite ? max(-1, min(1, plane[index])) : 0
        let code = UInt32(bitPattern: Int32(max(-8_388_608, min(8_388_607, (value * 8_388_608).rounded()))))
        bytes.append(UInt8(truncatingIfNeeded: code))
        bytes.append(UInt8(truncatingIfNeeded: code >> 8))
        bytes.append(UInt8(truncatingIfNeeded: code >> 16))
      }
    }
    return bytes
  }
}

extension SoundJudge.Loudness {
  /// To hundredths, so that processors agree.
  ///
  /// Momentary and short-term loudness are of 400 ms and 3 s: before these have passed there is none. Source: EBU Tech
  /// 3341, 2.2.
  init(_ meter: LoudnessMeter) {
    func hundredths(_ value: Double) -> Int? {
      value.isFinite && abs(value) < 1000 ? Int((value * 100).rounded()) : nil
    }
    func peak(_ linear: Double) -> Int? { hundredths(20 * log10(linear)) }
    self.init(
      integrated: hundredths(meter.integrated), range: hundredths(meter.range),
      truePeak: peak(meter.truePeak),
      momentary: meter.moments.enumerated().map { $0.offset < 3 ? nil : hundredths($0.element.momentary) },
      shortTerm: meter.moments.enumerated().map { $0.offset < 29 ? nil : hundredths($0.element.shortTerm) },
      peaks: meter.moments.map { peak($0.truePeak) })
  }
}
