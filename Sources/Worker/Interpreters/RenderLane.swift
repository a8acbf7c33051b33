import Colour
import Delivery
import Digests
import ImageGraph
import ObjectStore
import TaskKinds

/// Makes the segments of one encoding, a frame at a time, and keeps the packets.
final class RenderLane {
  /// The places in the sources that its frames show, in order.
  let places: [LaneOrder.Place?]
  private let lane: RenderTask.Lane
  private let number: Int
  private let input: RenderTask.Input
  private let open: OpenSources
  private let colour: ColourLibrary
  private let context: TaskContext
  private let destination: Colour.PictureFormat
  /// Frames of all segments that are missing, in order.
  private var frames: ArraySlice<Frame>
  /// The chain that is evaluated: the next frames are mostly of the same.
  private var current: (chain: Digest, source: any FrameSource)?
  /// Kept from segment to segment where frames stand alone.
  private let frameCoder: FrameCoder?
  private var segment: Open?

  private struct Frame {
    var segment: RenderTask.Segment
    var chain: Digest
    var number: Int64
    var isFirst: Bool
    var isLast: Bool
  }

  /// The segment under way.
  private struct Open {
    var coder: any SegmentCoder
    var file: SegmentFile
  }

  init(
    _ lane: RenderTask.Lane, missing: [RenderTask.Segment], number: Int, of input: RenderTask.Input,
    open: OpenSources, colour: ColourLibrary, context: TaskContext
  ) throws {
    self.lane = lane
    self.number = number
    self.input = input
    self.open = open
    self.colour = colour
    self.context = context
    destination = try Self.destination(lane.encoding)
    let frames = missing.flatMap { segment -> [Frame] in
      let frames = segment.runs.flatMap { run in
        (0..<run.count).map { (chain: run.chain, number: run.position(at: $0)) }
      }
      return frames.enumerated().map { index, frame in
        Frame(
          segment: segment, chain: frame.chain, number: frame.number, isFirst: index == 0,
          isLast: index == frames.count - 1)
      }
    }
    self.frames = frames[...]
    places = frames.map { frame in
      input.nodes[frame.chain.hex]?.firstSource(at: frame.number).map {
        LaneOrder.Place(source: $0.source, frame: $0.frame)
      }
    }
    frameCoder = lane.encoding.unit == .frame ? try FrameCoder(lane.encoding, clock: context.clock) : nil
  }

  private static func destination(_ encoding: Encoding) throws -> Colour.PictureFormat {
    guard let layout = PixelLayout(named: encoding.pixelFormat) else {
      throw WorkerFailure(verification: "the kernels do not write \(encoding.pixelFormat)")
    }
    return Colour.PictureFormat(
      layout: layout,
      encoding: ColourEncoding(
        matrix: encoding.tags.matrix == "bt2020nc" ? .bt2020 : .bt709,
        isFullRange: encoding.tags.range == "pc", siting: encoding.chroma == "topleft" ? .topLeft : .left),
      width: encoding.width,
      height: encoding.height, isDithered: encoding.isDithered == true)
  }

  var isBetweenSegments: Bool { segment == nil }

  /// Makes one frame, and commits its segment after the last one.
  func makeNextFrame() throws {
    guard let frame = frames.popFirst() else { return }
    let working = try segment ?? begin(frame.segment)
    segment = working
    let source = try source(of: frame.chain)
    let name = "frame \(frame.number)"
    let coded = try context.clock.spend(.composite) {
      try source.withFrame(frame.number) { picture in try working.coder.encode(picture, name: name) }
    }
    try write(coded, of: frame.segment, to: working.file)
    guard frame.isLast else { return }
    try write(try working.coder.finish(), of: frame.segment, to: working.file)
    try finish(frame.segment, working.file)
    segment = nil
  }

  private func begin(_ segment: RenderTask.Segment) throws -> Open {
    context.log.write("begin \(segment.key.hex) frames \(segment.runs.first?.first ?? 0)+\(segment.count)")
    return Open(
      coder: try frameCoder ?? GroupCoder(lane.encoding, clock: context.clock),
      file: try SegmentFile(
        of: segment.key, path: context.part(segment.key.hex), in: context.store.fileSystem))
  }

  private func source(of chain: Digest) throws -> any FrameSource {
    if let current, current.chain == chain { return current.source }
    guard let node = input.nodes[chain.hex] else {
      throw WorkerFailure(verification: "the task does not say what chain \(chain.hex.prefix(12)) is")
    }
    // One at a time: each holds decoders and pictures.
    current = nil
    open.turn(lane: number, to: node)
    let builder = FrameSourceBuilder(
      media: input.media, store: context.store, colour: colour, clock: context.clock, open: open)
    let source = try builder.source(node, destination: destination)
    current = (chain, source)
    return source
  }

  private func write(_ frames: [CodedFrame], of segment: RenderTask.Segment, to file: SegmentFile) throws {
    try context.clock.spend(.mux) {
      for frame in frames { try file.append(frame, of: segment.count - Int64(file.packets.count)) }
    }
  }

  private func finish(_ segment: RenderTask.Segment, _ file: SegmentFile) throws {
    guard file.packets.count == segment.count else {
      throw WorkerFailure(
        verification: "\(file.packets.count) frames were encoded, \(segment.count) were asked for")
    }
    let isFirst = try context.clock.spend(.mux) {
      let object = try file.commit(to: context.store)
      return try context.commit(
        segment.key, kind: segmentKind, version: RenderTask.version,
        output: record(of: segment, object: object.digest, file: file), objects: [object])
    }
    context.log.write("commit \(segment.key.hex) \(isFirst ? "first" : "late")")
    context.reporter.committed(segment.key, frames: Int(segment.count), isFirst: isFirst)
  }

  private func record(of segment: RenderTask.Segment, object: Digest, file: SegmentFile) -> SegmentRecord {
    let evidence = SegmentEvidence(
      decodedFrames: lane.encoding.isVerified == false ? 0 : file.packets.count, lowestPSNR: file.lowestPSNR,
      largestPacket: file.packets.map(\.size).max() ?? 0)
    guard lane.encoding.unit == .frame, let run = segment.runs.first else {
      return SegmentRecord(
        encoding: lane.encodingDigest, count: segment.count, object: object, packets: file.packets,
        evidence: evidence)
    }
    return SegmentRecord(
      encoding: lane.encodingDigest, chain: run.chain, first: run.first, step: run.step,
      count: segment.count, object: object, packets: file.packets, evidence: evidence)
  }
}
