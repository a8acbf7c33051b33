import Colour
import ImageGraph
import MediaTime

/// Graded pictures laid over each other in float, then the look.
final class LayersSource: FrameSource {
  private let layering: Layering
  private let pictures: [any FrameSource]
  private let mixed: PictureBuffer
  private let finish: FinishedPicture

  init(
    _ layering: Layering, pictures: [ImageNode], look: LookTable?, destination: Colour.PictureFormat,
    builder: FrameSourceBuilder
  ) throws {
    guard layering.layers.count == pictures.count else {
      throw WorkerFailure(verification: "the stack has \(pictures.count) pictures for its layers")
    }
    self.layering = layering
    let between = try PictureBuffer.float(width: destination.width, height: destination.height)
    self.pictures = try pictures.map { try builder.source($0, destination: between) }
    mixed = try PictureBuffer(floatOfWidth: destination.width, height: destination.height)
    finish = try FinishedPicture(from: between, look: look, destination: destination)
  }

  func withFrame<R>(_ number: Int64, _ body: (PictureBuffer) throws -> R) throws -> R {
    mixed.clear()
    for (layer, source) in zip(layering.layers, pictures) {
      try source.withFrame(layer.map.position(at: number)) { mixed.lay($0, by: Colour.Blend(layer.blend)) }
    }
    return try body(try finish.picture(of: mixed))
  }
}

extension PictureBuffer {
  /// Makes a float picture one of nothing.
  fileprivate func clear() {
    fillBlack(isFullRange: true)
    cover = [Float](repeating: 0, count: width * height)
  }

  /// Lays a float picture of this size over this one, which says what it covers.
  fileprivate func lay(_ picture: PictureBuffer, by blend: Colour.Blend) {
    guard var below = cover else { preconditionFailure("a stack says what it covers") }
    cover = nil
    picture.withSource { above in
      withDestination { blend.lay(above, cover: picture.cover, over: $0, cover: &below) }
    }
    cover = below
  }
}

extension Colour.Blend {
  init(_ blend: Layering.Blend) {
    self =
      switch blend {
      case .normal: .normal
      case .add: .add
      case .subtract: .subtract
      case .difference: .difference
      case .multiply: .multiply
      case .screen: .screen
      case .overlay: .overlay
      case .darken: .darken
      case .lighten: .lighten
      case .hardLight: .hardLight
      case .softLight: .softLight
      }
  }
}
