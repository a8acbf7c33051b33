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
    let total = input.segments.reduce(0) { $0 + Int($1.count) }
    var done = 0
    var renderer: SegmentRenderer?
    for segment in input.segments {
      try StopRequest.checkBetweenSegments()
      if try context.store.storedResult(segment.key) != nil {
        done += Int(segment.count)
        context.reporter.committed(segment.key, frames: Int(segment.count), isFirst: false)
        continue
      }
      let working = try renderer ?? SegmentRenderer(input, context: context)
      renderer = working
      context.log.write(
        "begin \(segment.key.hex) frames \(segment.runs.first?.first ?? 0)+\(segment.count)")
      let (record, object) = try working.render(segment) { frames in
        context.reporter.progress(frames: done + frames, of: total)
      }
      let isFirst = try context.commit(
        segment.key, kind: segmentKind, version: RenderTask.version, output: record, objects: [object])
      context.log.write("commit \(segment.key.hex) \(isFirst ? "first" : "late")")
      done += Int(segment.count)
      context.reporter.committed(segment.key, frames: Int(segment.count), isFirst: isFirst)
    }
    return (RenderTask.Output(segments: input.segments.map(\.key)), [])
  }
}

/// Makes the pictures of segments, has them encoded and keeps the packets.
private final class SegmentRenderer {
  private let input: RenderTask.Input
  private let context: TaskContext
  private let destination: Colour.PictureFormat
  /// The chain that is evaluated: the next frames are mostly of the same.
  private var current: (chain: Digest, source: any FrameSource)?
  private let kept = KeptSupplies()
  private let colour: ColourLibrary
  /// Kept from segment to segment where frames stand alone.
  private let frameCoder: FrameCoder?

  init(_ input: RenderTask.Input, context: TaskContext) throws {
    self.input = input
    self.context = context
    destination = try Self.destination(input.encoding)
    colour = ColourLibrary(context)
    frameCoder = input.encoding.unit == .frame ? try FrameCoder(input.encoding) : nil
  }

  private static func destination(_ encoding: Encoding) throws -> Colour.PictureFormat {
    guard let layout = PixelLayout(named: encoding.pixelFormat) else {
      throw WorkerFailure(verification: "the kernels do not write \(encoding.pixelFormat)")
    }
    return Colour.PictureFormat(
      layout: layout,
      encoding: ColourEncoding(
        matrix: encoding.tags.matrix == "bt2020nc" ? .bt2020 : .bt709,
        isFullRange: encoding.tags.range == "pc"),
      width: encoding.width,
      height: encoding.height)
  }

  private func source(of chain: Digest) throws -> any FrameSource {
    if let current, current.chain == chain { return current.source }
    guard let node = input.nodes[chain.hex] else {
      throw WorkerFailure(verification: "the task does not say what chain \(chain.hex.prefix(12)) is")
    }
    // One at a time: each holds decoders and pictures.
    current = nil
    let builder = FrameSourceBuilder(
      media: input.media, store: context.store, kept: kept, colour: colour)
    let source = try kept.turn(to: node.sources) { try builder.source(node, destination: destination) }
    current = (chain, source)
    return source
  }

  func render(_ segment: RenderTask.Segment, progress: (Int) -> Void) throws -> (
    SegmentRecord, ObjectReference
  ) {
    let coder: any SegmentCoder = try frameCoder ?? GroupCoder(input.encoding)
    let file = try SegmentFile(path: context.part(segment.key.hex), in: context.store.fileSystem)
    var reported = ContinuousClock.now
    for run in segment.runs {
      let source = try source(of: run.chain)
      for offset in 0..<run.count {
        try StopRequest.check()
        let number = run.position(at: offset)
        let frames = try source.withFrame(number) { try coder.encode($0, name: "frame \(number)") }
        let rest = segment.count - Int64(file.packets.count)
        for frame in frames { try file.append(frame, of: rest) }
        if ContinuousClock.now - reported > .milliseconds(400) {
          reported = .now
          progress(file.packets.count)
        }
      }
    }
    for frame in try coder.finish() { try file.append(frame, of: segment.count - Int64(file.packets.count)) }
    guard file.packets.count == segment.count else {
      throw WorkerFailure(
        verification: "\(file.packets.count) frames were encoded, \(segment.count) were asked for")
    }
    let object = try file.commit(to: context.store)
    return (record(of: segment, object: object.digest, file: file), object)
  }

  private func record(of segment: RenderTask.Segment, object: Digest, file: SegmentFile) -> SegmentRecord {
    let evidence = SegmentEvidence(
      decodedFrames: file.packets.count, lowestPSNR: file.lowestPSNR,
      largestPacket: file.packets.map(\.size).max() ?? 0)
    guard input.encoding.unit == .frame, let run = segment.runs.first else {
      return SegmentRecord(
        encoding: input.encodingDigest, count: segment.count, object: object, packets: file.packets,
        evidence: evidence)
    }
    return SegmentRecord(
      encoding: input.encodingDigest, chain: run.chain, first: run.first, step: run.step,
      count: segment.count, object: object, packets: file.packets, evidence: evidence)
  }
}

/// The packets of a segment on their way to the store.
private final class SegmentFile {
  private(set) var packets: [PacketEntry] = []
  /// Nil while every frame came back as it was.
  private(set) var lowestPSNR: Double?
  private let path: String
  private var file: OpenFile?
  private var offset: Int64 = 0
  private var digest = StreamingDigest()

  init(path: String, in fileSystem: FileSystem) throws {
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
    file = nil
    return try store.commitObject(partFile: path, name: "segment", digest: digest.finalize())
  }
}

extension EncoderSettings {
  init(_ encoding: Encoding) {
    self.init(
      codec: encoding.codec, profile: encoding.profile, pixelFormat: encoding.pixelFormat,
      width: encoding.width,
      height: encoding.height, rate: encoding.rate, quantiser: encoding.quantiser, options: encoding.options,
      threads: 1, primaries: encoding.tags.primaries, transfer: encoding.tags.transfer,
      matrix: encoding.tags.matrix, range: encoding.tags.range)
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
