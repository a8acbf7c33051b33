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
  let clock: WorkClock
  /// Nil where pictures have no colour steps.
  let colour: ColourLibrary?
  /// What the chain shares with others.
  let uses: SourceUses

  init(
    media: [String: RenderTask.Media], store: ObjectStore, colour: ColourLibrary? = nil,
    clock: WorkClock = WorkClock(), open: OpenSources = OpenSources()
  ) {
    self.media = media
    self.store = store
    self.colour = colour
    self.clock = clock
    uses = SourceUses(open)
  }

  /// - Parameter destination: layout and size of the pictures.
  func source(_ node: ImageNode, destination: Colour.PictureFormat) throws -> any FrameSource {
    if case .graphics = node { return try GraphicsSource(node, destination: destination, builder: self) }
    if case .matte(let matte, let below) = node {
      return try MatteSource(matte, of: below, destination: destination, builder: self)
    }
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
    if let sizing = node.sizing, node.isSizedInFloat {
      return try AdjustedSource(node, sizing: sizing, destination: destination, builder: self)
    }
    return try ClipSource(node, destination: destination, builder: self)
  }

  /// Pictures through colour steps: by the kernels on their way where those can, else in float.
  private func source(
    _ below: ImageNode, through process: ColourProcess, destination: Colour.PictureFormat
  ) throws -> any FrameSource {
    guard let colour else { throw WorkerFailure(verification: "pictures without colour have colour steps") }
    let loaded = try colour.program(process)
    if case .identity = loaded.form, loaded.black == nil {
      return try source(below, destination: destination)
    }
    if below.isClip {
      if let sizing = below.sizing, below.isSizedInFloat {
        return try AdjustedSource(
          below, sizing: sizing, colour: loaded, destination: destination, builder: self)
      }
      switch loaded.form {
      case .kernel, .identity:
        return try ClipSource(
          below, through: (process, loaded), destination: destination, builder: self)
      case .steps, .processor: break
      }
    }
    let between = try PictureBuffer.float(width: destination.width, height: destination.height)
    return try ColourSource(source(below, destination: between), colour: loaded, destination: destination)
  }

  /// Colour steps between pictures in float, such as the way into light.
  func steps(_ process: ColourProcess) throws -> LoadedColour {
    guard let colour else { throw WorkerFailure(verification: "pictures without colour have colour steps") }
    let loaded = try colour.program(process)
    guard loaded.kernel == nil else { throw WorkerFailure(verification: "the way into light is a table") }
    return loaded
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

extension ImageNode {
  /// Whether it is sized in float, at any place and in any light; scene light has no codes that the scaler reads.
  fileprivate var isSizedInFloat: Bool {
    if let sizing, sizing.adjustment != nil || sizing.scaling != nil { return true }
    if case .composite(let composite, _)? = sized { return composite.light != nil }
    return false
  }

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
    let siting: Siting =
      switch interpretation.siting {
      case .center: .centre
      case .topleft: .topLeft
      case nil: .left
      }
    self.init(matrix: matrix, isFullRange: interpretation.isFullRange, siting: siting)
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
