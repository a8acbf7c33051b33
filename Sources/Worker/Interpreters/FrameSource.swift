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

/// Makes the pictures of a chain, laid out as `destination` says; what they do not cover is black.
protocol FrameSource: AnyObject {
  /// Lends the finished picture of frame `number`: a source frame, or a frame of a transition.
  func withFrame<R>(_ number: Int64, _ body: (PictureBuffer) throws -> R) throws -> R
}

/// Builds what evaluates a chain.
struct FrameSourceBuilder {
  let media: [String: RenderTask.Media]
  let store: ObjectStore
  var kept: KeptSupplies?
  /// Nil where pictures have no colour steps.
  var colour: ColourLibrary?

  /// - Parameter destination: layout and size of the pictures.
  func source(_ node: ImageNode, destination: Colour.PictureFormat) throws -> any FrameSource {
    if case .graphics = node { return try GraphicsSource(node, destination: destination, builder: self) }
    if case .colour(let process, let below) = node {
      return try source(below, through: process, destination: destination)
    }
    if let (transition, outgoing, incoming) = node.transition {
      return try TransitionSource(
        transition, outgoing: outgoing, incoming: incoming, look: look(node), destination: destination,
        builder: self)
    }
    if let (layering, pictures) = node.layers {
      return try LayersSource(
        layering, pictures: pictures, look: look(node), destination: destination, builder: self)
    }
    if let sizing = node.sizing, let adjustment = sizing.adjustment {
      return try AdjustedSource(
        node, sizing: sizing, adjustment: adjustment, destination: destination, builder: self)
    }
    return try ClipSource(node, destination: destination, builder: self)
  }

  /// Pictures through colour steps: by the kernels on their way where those can, else in float.
  private func source(
    _ below: ImageNode, through process: ColourProcess, destination: Colour.PictureFormat
  ) throws -> any FrameSource {
    guard let colour else { throw WorkerFailure(verification: "pictures without colour have colour steps") }
    let loaded = try colour.program(process)
    if case .identity = loaded { return try source(below, destination: destination) }
    if below.isClip {
      if let sizing = below.sizing, let adjustment = sizing.adjustment {
        return try AdjustedSource(
          below, sizing: sizing, adjustment: adjustment, colour: loaded, destination: destination,
          builder: self)
      }
      if case .kernel(let kernel) = loaded {
        return try ClipSource(below, colour: kernel, destination: destination, builder: self)
      }
    }
    let between = try PictureBuffer.float(width: destination.width, height: destination.height)
    return try ColourSource(source(below, destination: between), colour: loaded, destination: destination)
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
      let bytes = try store.bytes(of: look.table)
      return try LookTable(CubeFile.read(path: "look \(look.table.hex.prefix(12))", bytes: bytes))
    }
  }
}

/// One source or composite: sizes, grades and lays out its pictures.
final class ClipSource: FrameSource {
  private let node: ImageNode
  private let buffer: PictureBuffer
  /// Nil for black.
  private let pictures: (any PictureSupply)?
  private let grade: GradeKernel?
  private let destination: Colour.PictureFormat
  /// Made for the format of the first picture, and again if a later one differs.
  private var stage: Stage?

  /// What pictures of one format go through.
  private struct Stage {
    var format: Media.PictureFormat
    var scaler: Scaler?
    var pipe: PicturePipe
  }

  /// - Parameter colour: what the kernels apply; nil for the grade and the look of the node.
  init(
    _ node: ImageNode, colour: GradeKernel? = nil, destination: Colour.PictureFormat,
    builder: FrameSourceBuilder
  ) throws {
    self.node = node
    self.destination = destination
    buffer = PictureBuffer(layout: destination.layout, width: destination.width, height: destination.height)
    let decision = try builder.decision(node)
    let look = try builder.look(node)
    grade =
      colour ?? (decision == nil && look == nil ? nil : GradeKernel(decision: decision, look: look))
    guard node.sized != nil || !node.hasPicture else {
      throw WorkerFailure(verification: "the chain has a source without a size")
    }
    pictures = try node.sized.map { try builder.supply($0) }
    if pictures == nil { buffer.fillBlack(isFullRange: destination.encoding.isFullRange) }
  }

  func withFrame<R>(_ number: Int64, _ body: (PictureBuffer) throws -> R) throws -> R {
    if let pictures { try pictures.withPicture(number) { try fill(from: $0, of: pictures) } }
    return try body(buffer)
  }

  private func fill(from picture: borrowing PictureView, of pictures: any PictureSupply) throws {
    let format = picture.format
    let stage =
      try self.stage.flatMap { $0.format == format ? $0 : nil } ?? makeStage(for: format, of: pictures)
    self.stage = stage
    if let scaler = stage.scaler {
      try scaler.scale(picture) { scaled in try run(stage.pipe, scaled) }
    } else {
      try run(stage.pipe, picture)
    }
  }

  private func run(_ pipe: PicturePipe, _ picture: borrowing PictureView) throws {
    let planes = picture.sourcePlanes
    try buffer.withDestination { try pipe.run(source: planes, destination: $0) }
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
      matrix: pictures.interpretation.matrix.rawValue,
      isFullRange: pictures.interpretation.isFullRange)
    let pipe = try PicturePipe(
      source: Colour.PictureFormat(
        layout: between, encoding: encoding, width: target.width, height: target.height),
      grade: grade, destination: destination, rectangle: target)
    return Stage(format: format, scaler: scaler, pipe: pipe)
  }
}

extension ImageNode {
  /// Whether it is one sized source or composite, graded or not.
  fileprivate var isClip: Bool { transition == nil && layers == nil && sized != nil && colour.steps.isEmpty }
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
          remedy: "Run again: what is missing or damaged is made again.")
      ])
  }
}
