import Colour
import Delivery
import Diagnostics
import Digests
import Foundation
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
      context.log.write("begin \(segment.key.hex) frames \(segment.first)+\(segment.count)")
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

/// Renders, encodes, decodes again and compares the frames of segments of one chain.
private final class SegmentRenderer {
  private let input: RenderTask.Input
  private let context: TaskContext
  private let source: any FrameSource
  private let encoder: PictureEncoder
  private let decoder: PictureDecoder

  init(_ input: RenderTask.Input, context: TaskContext) throws {
    self.input = input
    self.context = context
    source = try FrameSourceBuilder(media: input.media, store: context.store)
      .source(input.node, destination: Self.destination(input.encoding))
    let settings = EncoderSettings(input.encoding)
    encoder = try PictureEncoder(settings)
    decoder = try PictureDecoder(settings)
  }

  private static func destination(_ encoding: Encoding) throws -> Colour.PictureFormat {
    guard let layout = PixelLayout(named: encoding.pixelFormat) else {
      throw WorkerFailure(verification: "the kernels do not write \(encoding.pixelFormat)")
    }
    return Colour.PictureFormat(
      layout: layout,
      encoding: ColourEncoding(matrix: .bt709, isFullRange: encoding.tags.range == "pc"),
      width: encoding.width,
      height: encoding.height)
  }

  func render(_ segment: RenderTask.Segment, progress: (Int) -> Void) throws -> (
    SegmentRecord, ObjectReference
  ) {
    let part = context.part(segment.key.hex)
    guard FileManager.default.createFile(atPath: part, contents: nil),
      let file = FileHandle(forWritingAtPath: part)
    else {
      throw CocoaError(.fileWriteUnknown, userInfo: [NSFilePathErrorKey: part])
    }
    defer { try? file.close() }
    var packets: [PacketEntry] = []
    var offset: Int64 = 0
    var lowest: Double?
    var digest = StreamingDigest()
    var reported = ContinuousClock.now
    for number in segment.first..<segment.first + segment.count {
      try StopRequest.check()
      let (packet, psnr) = try frame(number)
      if let psnr { lowest = min(lowest ?? psnr, psnr) }
      try file.write(contentsOf: packet)
      digest.update(packet)
      packets.append(
        PacketEntry(offset: offset, size: packet.count, digest: String(Digest.sha256(packet).hex.prefix(32))))
      offset += Int64(packet.count)
      if ContinuousClock.now - reported > .milliseconds(400) {
        reported = .now
        progress(packets.count)
      }
    }
    try file.close()
    let object = try context.store.commitObject(partFile: part, name: "segment", digest: digest.finalize())
    let record = SegmentRecord(
      encoding: input.encodingDigest, chain: input.chain, first: segment.first, step: 1, count: segment.count,
      object: object.digest, packets: packets,
      evidence: SegmentEvidence(
        decodedFrames: packets.count, lowestPSNR: lowest, largestPacket: packets.map(\.size).max() ?? 0))
    return (record, object)
  }

  /// Encodes one frame and proves it: the packet is decoded and compared with what went in.
  ///
  /// - Returns: the packet, and the PSNR in dB; nil when every sample came back.
  private func frame(_ number: Int64) throws -> (packet: [UInt8], psnr: Double?) {
    try source.withFrame(number) { picture in
      let packet = try encoder.encode { view in picture.copy(to: view) }
      let psnr = try decoder.decode(packet) { decoded in
        guard decoded.width == input.encoding.width, decoded.height == input.encoding.height else {
          throw WorkerFailure(verification: "frame \(number) decodes as \(decoded.width)x\(decoded.height)")
        }
        return try picture.psnr(of: decoded)
      }
      if let psnr, psnr < input.encoding.lowestPSNR {
        throw WorkerFailure(
          verification: "frame \(number) came back from \(input.encoding.codec) with a PSNR of "
            + "\(Double(Int(psnr * 10)) / 10) dB; the profile wants \(input.encoding.lowestPSNR) dB")
      }
      return (packet, psnr)
    }
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
