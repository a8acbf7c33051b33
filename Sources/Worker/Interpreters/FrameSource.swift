import ColorGrading
import Colour
import Delivery
import Diagnostics
import Digests
import ImageGraph
import Media
import MediaTime
import ObjectStore
import TaskGraph
import TaskKinds

/// Makes the pictures of a chain, laid out as `destination` says.
protocol FrameSource: AnyObject {
  /// Lends the finished picture of frame `number`: a source frame, or a frame of a transition.
  func withFrame<R>(_ number: Int64, _ body: (PictureBuffer) throws -> R) throws -> R
}

/// Builds what evaluates a chain.
struct FrameSourceBuilder {
  let media: [String: RenderTask.Media]
  let store: ObjectStore

  /// - Parameter destination: layout and size of the pictures.
  func source(_ node: ImageNode, destination: Colour.PictureFormat) throws -> any FrameSource {
    if case .graphics = node { return try GraphicsSource(node, destination: destination, builder: self) }
    if let (transition, outgoing, incoming) = node.transition {
      return try TransitionSource(
        transition, outgoing: outgoing, incoming: incoming, look: look(node), destination: destination,
        builder: self)
    }
    return try ClipSource(node, destination: destination, builder: self)
  }

  func decision(_ node: ImageNode) throws -> GradeKernel.Decision? {
    try node.grade.map { grade in
      try GradeKernel.Decision(
        slope: SIMD3(grade.slope), offset: SIMD3(grade.offset), power: SIMD3(grade.power),
        saturation: grade.saturation)
    }
  }

  func look(_ node: ImageNode) throws -> LookTable? {
    try node.look.map { look in
      guard let file = try store.fileSystem.read(store.path(of: look.table)) else {
        throw WorkerFailure(missingObject: look.table)
      }
      return try LookTable(CubeFile.read(path: "look \(look.table.hex.prefix(12))", bytes: file.bytes))
    }
  }
}

/// One source: decodes, sizes, grades and lays out.
final class ClipSource: FrameSource {
  private let node: ImageNode
  private let buffer: PictureBuffer
  private let reader: PictureReader?
  private let grade: GradeKernel?
  private let destination: Colour.PictureFormat
  private let sampleAspect: (numerator: Int64, denominator: Int64)
  /// Made for the format of the first picture, and again if a later one differs.
  private var stage: Stage?

  /// What pictures of one format go through.
  private struct Stage {
    var format: Media.PictureFormat
    var scaler: Scaler?
    var pipe: PicturePipe
  }

  init(_ node: ImageNode, destination: Colour.PictureFormat, builder: FrameSourceBuilder) throws {
    self.node = node
    self.destination = destination
    buffer = PictureBuffer(layout: destination.layout, width: destination.width, height: destination.height)
    let decision = try builder.decision(node)
    let look = try builder.look(node)
    grade = decision == nil && look == nil ? nil : GradeKernel(decision: decision, look: look)
    guard let source = node.sources.first else {
      reader = nil
      sampleAspect = (1, 1)
      buffer.fillBlack(isFullRange: destination.encoding.isFullRange)
      return
    }
    guard let media = builder.media[source.media.hex] else {
      throw WorkerFailure(verification: "the task does not say where its source is")
    }
    try MediaGuard.check(media.location)
    reader = try PictureReader(path: media.location.path, stream: source.stream)
    sampleAspect = (media.sampleAspect.numerator, media.sampleAspect.denominator)
  }

  func withFrame<R>(_ number: Int64, _ body: (PictureBuffer) throws -> R) throws -> R {
    if let reader { try reader.withFrame(at: number) { try fill(from: $0) } }
    return try body(buffer)
  }

  private func fill(from picture: borrowing PictureView) throws {
    let format = picture.format
    let stage = try self.stage.flatMap { $0.format == format ? $0 : nil } ?? makeStage(for: format)
    self.stage = stage
    if let scaler = stage.scaler {
      try scaler.scale(picture) { scaled in try run(stage.pipe, scaled) }
    } else {
      try run(stage.pipe, picture)
    }
  }

  private func run(_ pipe: PicturePipe, _ picture: borrowing PictureView) throws {
    var planes: [SourcePlane] = []
    for index in 0..<pipe.source.layout.planeCount {
      planes.append(unsafe SourcePlane(bytes: picture.plane(index), stride: picture.stride(ofPlane: index)))
    }
    try buffer.withDestination { try pipe.run(source: planes, destination: $0) }
  }

  private func makeStage(for format: Media.PictureFormat) throws -> Stage {
    guard let source = node.sources.first, let sizing = node.sizing else {
      throw WorkerFailure(verification: "the chain has a source without a size")
    }
    let placement = sizing.placement(
      of: Raster(width: format.width, height: format.height), sampleAspect: sampleAspect)
    let encoding = ColourEncoding(source.interpretation)
    let target = PictureRectangle(
      x: placement.target.x, y: placement.target.y, width: placement.target.width,
      height: placement.target.height)
    if placement.isUnscaled, let layout = PixelLayout(named: format.pixelFormat) {
      let pipe = try PicturePipe(
        source: Colour.PictureFormat(
          layout: layout, encoding: encoding, width: format.width, height: format.height),
        crop: PictureRectangle(
          x: placement.crop.x, y: placement.crop.y, width: placement.crop.width, height: placement.crop.height
        ),
        grade: grade, destination: destination, rectangle: target)
      return Stage(format: format, scaler: nil, pipe: pipe)
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
      matrix: source.interpretation.matrix.rawValue, isFullRange: source.interpretation.isFullRange)
    let pipe = try PicturePipe(
      source: Colour.PictureFormat(
        layout: between, encoding: encoding, width: target.width, height: target.height),
      grade: grade, destination: destination, rectangle: target)
    return Stage(format: format, scaler: scaler, pipe: pipe)
  }
}

extension ColourEncoding {
  init(_ interpretation: Interpretation) {
    let matrix: Matrix =
      switch interpretation.matrix {
      case .bt601: .bt601
      case .bt709: .bt709
      case .bt2020: .bt2020
      }
    self.init(matrix: matrix, isFullRange: interpretation.isFullRange)
  }
}

extension LookTable {
  init(_ file: CubeFile) throws {
    func domain(_ table: CubeFile.Table) -> Domain {
      Domain(minimum: SIMD3(table.minimum), maximum: SIMD3(table.maximum))
    }
    try self.init(
      shaper: file.shaper.map { Shaper(size: $0.size, values: $0.values, domain: domain($0)) },
      cube: file.cube.map { Cube(size: $0.size, values: $0.values, domain: domain($0)) })
  }
}

extension WorkerFailure {
  /// Something the plan counted on is not in the store: the producer has to run again.
  init(missingObject digest: Digest) {
    self.init(
      exit: 3, failure: .media,
      diagnostics: [
        .init(
          severity: .error, family: .inputMissing, code: "object.missing", location: nil,
          message: "object \(digest.hex.prefix(12)) is not in the store",
          remedy: "Run `interlock verify`, then run again: what is missing is made again.")
      ])
  }
}
