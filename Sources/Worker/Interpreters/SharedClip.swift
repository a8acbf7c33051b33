import Colour
import ImageGraph
import Media

/// One source or composite: sizes, grades and lays out its pictures.
final class ClipSource: FrameSource {
  private let clip: SharedClip
  private let destination: Colour.PictureFormat

  /// - Parameter colour: steps that the kernels apply; nil for the grade and the look of the node.
  init(
    _ node: ImageNode, through colour: (process: ColourProcess, loaded: LoadedColour)? = nil,
    destination: Colour.PictureFormat, builder: FrameSourceBuilder
  ) throws {
    self.destination = destination
    let whole = colour.map { ImageNode.colour($0.process, of: node) } ?? node
    clip = try builder.uses.clip(whole) { try SharedClip(node, colour: colour?.loaded, builder: builder) }
    clip.add(destination)
  }

  deinit { clip.remove(destination) }

  func withFrame<R>(_ number: Int64, _ body: (PictureBuffer) throws -> R) throws -> R {
    try body(try clip.picture(number, in: destination))
  }
}

/// The pictures of one source or composite in every layout that somebody wants: each is decoded, sized and graded once.
final class SharedClip {
  private let node: ImageNode
  /// Nil for black.
  private let pictures: (any PictureSupply)?
  private let grade: GradeKernel?
  /// What is around the picture, in the values it gets.
  private let black: SIMD3<Float>
  private let clock: WorkClock
  private var outputs: [Output] = []
  /// The frame that all buffers hold.
  private var shown: Int64?
  /// Made for the format of the first picture and the layouts wanted then, and again when either changes.
  private var stage: Stage?

  private struct Output {
    var format: Colour.PictureFormat
    var buffer: PictureBuffer
    var users: Int
  }

  /// What pictures of one format go through.
  private struct Stage {
    var format: Media.PictureFormat
    var scaler: Scaler?
    /// One for each output.
    var pipes: [PicturePipe]
  }

  init(_ node: ImageNode, colour: LoadedColour?, builder: FrameSourceBuilder) throws {
    self.node = node
    clock = builder.clock
    let decision = try builder.decision(node)
    let look = try builder.look(node)
    grade =
      colour?.kernel ?? (decision == nil && look == nil ? nil : GradeKernel(decision: decision, look: look))
    black = colour?.black ?? .zero
    guard node.sized != nil || !node.hasPicture else {
      throw WorkerFailure(verification: "the chain has a source without a size")
    }
    pictures = try node.sized.map { try builder.supply($0) }
  }

  func add(_ format: Colour.PictureFormat) {
    if let index = outputs.firstIndex(where: { $0.format == format }) {
      outputs[index].users += 1
      return
    }
    let buffer = PictureBuffer(layout: format.layout, width: format.width, height: format.height)
    if pictures == nil { buffer.fillBlack(isFullRange: format.encoding.isFullRange) }
    outputs.append(Output(format: format, buffer: buffer, users: 1))
    (shown, stage) = (nil, nil)
  }

  func remove(_ format: Colour.PictureFormat) {
    guard let index = outputs.firstIndex(where: { $0.format == format }) else { return }
    outputs[index].users -= 1
    guard outputs[index].users == 0 else { return }
    outputs.remove(at: index)
    stage = nil
  }

  /// The picture in one of the layouts; stays until another frame is asked for.
  func picture(_ number: Int64, in format: Colour.PictureFormat) throws -> PictureBuffer {
    guard let output = outputs.first(where: { $0.format == format }) else {
      preconditionFailure("a layout is added before it is asked for")
    }
    guard let pictures, shown != number else { return output.buffer }
    shown = nil
    try pictures.withPicture(number) { try fill(from: $0, of: pictures) }
    shown = number
    return output.buffer
  }

  private func fill(from picture: borrowing PictureView, of pictures: any PictureSupply) throws {
    let before = clock.turn(to: .colour)
    defer { clock.turn(to: before) }
    let format = picture.format
    let stage =
      try self.stage.flatMap { $0.format == format ? $0 : nil } ?? makeStage(for: format, of: pictures)
    self.stage = stage
    if let scaler = stage.scaler {
      try scaler.scale(picture) { scaled in try run(stage.pipes, scaled) }
    } else {
      try run(stage.pipes, picture)
    }
  }

  private func run(_ pipes: [PicturePipe], _ picture: borrowing PictureView) throws {
    let planes = picture.sourcePlanes
    try withDestinations(outputs[...], []) { destinations in
      try PicturePipe.run(pipes, source: planes, destinations: destinations)
    }
  }

  private func withDestinations(
    _ rest: ArraySlice<Output>, _ lent: [[DestinationPlane]], _ body: ([[DestinationPlane]]) throws -> Void
  ) rethrows {
    guard let next = rest.first else { return try body(lent) }
    try next.buffer.withDestination { try withDestinations(rest.dropFirst(), lent + [$0], body) }
  }
  private func makeStage(
    for format: Media.PictureFormat, of pictures: any PictureSupply
  ) throws -> Stage {
    guard let sizing = node.sizing else {
      throw WorkerFailure(verification: "the chain has a source without a size")
    }
    let placement = sizing.placement(
      of: Raster(width: format.width, height: format.height), sampleAspect: pictures.sampleAspect)
    let encoding = ColourEncoding(pictures.interpretation)
    let isWhole = placement.target == Sizing.Rectangle(sizing.raster)
    for output in outputs { output.buffer.area = isWhole ? nil : placement.target }
    let target = PictureRectangle(
      x: placement.target.x, y: placement.target.y, width: placement.target.width,
      height: placement.target.height)
    if placement.isUnscaled, let layout = PixelLayout(named: format.pixelFormat) {
      let pipes = try outputs.map { output in
        try PicturePipe(
          source: Colour.PictureFormat(
            layout: layout, encoding: encoding, width: format.width, height: format.height),
          crop: PictureRectangle(
            x: placement.crop.x, y: placement.crop.y, width: placement.crop.width,
            height: placement.crop.height),
          grade: grade, destination: output.format, rectangle: target, black: black)
      }
      return Stage(format: format, scaler: nil, pipes: pipes)
    }
    // Scaling goes through 16 bits and full chroma, so that nothing is lost on the way to the kernels.
    guard let between = PixelLayout(named: "yuv444p16le") else {
      throw WorkerFailure(verification: "the kernels do not read yuv444p16le")
    }
    let scaler = try Scaler(
      from: format,
      crop: Scaler.Region(
        x: placement.crop.x, y: placement.crop.y, width: placement.crop.width, height: placement.crop.height),
      to: Media.PictureFormat(pixelFormat: between.name, width: target.width, height: target.height),
      matrix: pictures.interpretation.matrix.rawValue,
      isFullRange: pictures.interpretation.isFullRange,
      chromaLocation: pictures.interpretation.siting?.rawValue ?? "left")
    let pipes = try outputs.map { output in
      try PicturePipe(
        source: Colour.PictureFormat(
          layout: between, encoding: encoding, width: target.width, height: target.height),
        grade: grade, destination: output.format, rectangle: target, black: black)
    }
    return Stage(format: format, scaler: scaler, pipes: pipes)
  }
}
