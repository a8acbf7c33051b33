import Colour
import ImageGraph
import Media

/// One source or composite that is moved, scaled, turned, cut off or weakened, or scaled as light: graded, and with what
/// it covers.
final class AdjustedSource: FrameSource {
  private let sizing: Sizing
  private let adjustment: Sizing.Adjustment
  private let pictures: any PictureSupply
  private let loader: PictureLoader
  private let light: Light
  /// In the raster, colours as if nothing were behind.
  private let placed: LightPicture
  private let grade: PicturePipe
  /// Colour steps that the kernels do not apply.
  private let colour: LoadedColour
  private let graded: PictureBuffer
  private let finish: FinishedPicture
  /// Made for the size of the first picture, and again if a later one differs.
  private var stage: Stage?

  /// In what values pictures are scaled and moved.
  private enum Light {
    /// As they are coded.
    case none
    case display
    case scene(to: LoadedColour, from: LoadedColour)
  }

  /// What pictures of one size go through.
  private struct Stage {
    var own: LightPicture
    var place: [Double]
    var cover: Cover
  }

  init(
    _ node: ImageNode, sizing: Sizing, colour: LoadedColour = LoadedColour(),
    destination: Colour.PictureFormat, builder: FrameSourceBuilder
  ) throws {
    guard let sized = node.sized else {
      throw WorkerFailure(verification: "the chain has a source without a size")
    }
    self.sizing = sizing
    adjustment = sizing.adjustment ?? Sizing.Adjustment()
    light = try Self.light(sizing, builder)
    pictures = try builder.supply(sized)
    loader = PictureLoader(
      interpretation: pictures.interpretation, alpha: LightPicture.Alpha(adjustment.alpha))
    placed = try LightPicture(width: destination.width, height: destination.height)
    let decision = try builder.decision(node)
    let look = try builder.look(node)
    let between = placed.format
    var kernel = decision == nil && look == nil ? nil : GradeKernel(decision: decision, look: look)
    if let given = colour.kernel { kernel = given }
    grade = try PicturePipe(source: between, grade: kernel, destination: between)
    self.colour = colour
    graded = PictureBuffer(layout: between.layout, width: between.width, height: between.height)
    finish = try FinishedPicture(from: between, look: nil, destination: destination)
  }

  private static func light(_ sizing: Sizing, _ builder: FrameSourceBuilder) throws -> Light {
    switch sizing.scaling {
    case nil: return .none
    case .displayLight: return .display
    case .sceneLight(let to, let from):
      return .scene(to: try builder.steps(to), from: try builder.steps(from))
    }
  }

  func withFrame<R>(_ number: Int64, _ body: (PictureBuffer) throws -> R) throws -> R {
    try pictures.withPicture(number) { picture in
      let stage = try stage(for: picture.format)
      let isOpaque = adjustment.alpha == .opaque
      // Unless light is asked for, display-coded values are moved as they are, like those of any other sizing.
      if case .display = light {
        try loader.load(picture, into: stage.own, isLinear: false)
      } else {
        try loader.load(picture, into: stage.own, isLinear: true)
      }
      if case .scene(let to, _) = light { try stage.own.recolour(isOpaque: isOpaque, to.apply) }
      try placed.transform(stage.own, place: stage.place, cover: stage.cover, isOpaque: isOpaque)
      switch light {
      case .none: break
      case .display: placed.code()
      // Its colours are as if nothing were behind.
      case .scene(_, let from): try placed.recolour(isOpaque: true, from.apply)
      }
    }
    try graded.withDestination { try placed.write(through: grade, into: $0) }
    try colour.apply(to: graded)
    let cover = placed.values(ofPlane: 3)
    graded.multiply(by: cover)
    graded.cover = cover
    if colour.isUnder { graded.lie(over: colour.black ?? .zero) }
    return try body(try finish.picture(of: graded))
  }

  private func stage(for format: Media.PictureFormat) throws -> Stage {
    if let stage, stage.own.width == format.width, stage.own.height == format.height { return stage }
    let geometry = sizing.geometry(
      of: Raster(width: format.width, height: format.height), sampleAspect: pictures.sampleAspect)
    let made = Stage(
      own: try LightPicture(width: format.width, height: format.height),
      place: geometry?.toPicture.values ?? Affine.identity.values,
      cover: Cover(
        width: placed.width, height: placed.height,
        convex: (geometry?.area ?? []).map { SIMD2($0.x, $0.y) }, opacity: Float(adjustment.opacity)))
    stage = made
    return made
  }
}

extension PictureBuffer {
  /// Multiplies the colours of a float picture.
  fileprivate func multiply(by cover: [Float]) {
    withDestination { planes in
      for plane in planes { plane.multiply(by: cover) }
    }
  }
}

extension LightPicture.Alpha {
  init(_ alpha: Composite.Alpha) {
    self =
      switch alpha {
      case .opaque: .opaque
      case .straight: .straight
      case .premultiplied: .premultiplied
      }
  }
}
