import Colour
import Drawing
import ImageGraph
import MediaTime
import ObjectStore

/// Drawn pictures over what lies below: mixed in float, display-coded, then laid out once for the whole stack.
final class GraphicsSource: FrameSource {
  /// Innermost first.
  private let stack: [Graphics]
  private let below: any FrameSource
  private let images: [Drawing: Overlay]

  /// A picture, and what brings its sRGB to what lies below.
  private struct Drawing: Hashable {
    var image: Graphics.Image
    var colour: ColourProcess?
  }

  private let mixed: PictureBuffer
  private let finish: FinishedPicture

  init(_ node: ImageNode, destination: Colour.PictureFormat, builder: FrameSourceBuilder) throws {
    let between = try PictureBuffer.float(width: destination.width, height: destination.height)
    var stack: [Graphics] = []
    var base = node
    while case .graphics(let graphics, let under) = base {
      stack.insert(graphics, at: 0)
      base = under
    }
    self.stack = stack
    below = try builder.source(base, destination: between)
    var images: [Drawing: Overlay] = [:]
    for graphics in stack {
      for image in graphics.images {
        let drawing = Drawing(image: image, colour: graphics.colour)
        if images[drawing] == nil { images[drawing] = try Self.overlay(drawing, builder) }
      }
    }
    self.images = images
    mixed = try PictureBuffer(floatOfWidth: destination.width, height: destination.height)
    finish = try FinishedPicture(from: between, look: nil, destination: destination)
  }

  private static func overlay(_ drawing: Drawing, _ builder: FrameSourceBuilder) throws -> Overlay {
    let image = drawing.image
    let canvas = try Canvas(png: try builder.store.bytes(of: image.object))
    guard canvas.width == image.raster.width, canvas.height == image.raster.height,
      var overlay = Overlay(
        premultiplied: canvas.premultiplied(), width: canvas.width, height: canvas.height)
    else {
      throw WorkerFailure(
        verification: "a drawn picture is \(canvas.width)x\(canvas.height), not \(image.raster)")
    }
    if let colour = drawing.colour { overlay = try overlay.converted(by: colour, builder.colour) }
    return overlay
  }

  func withFrame<R>(_ number: Int64, _ body: (PictureBuffer) throws -> R) throws -> R {
    // The frame of each graphics of the stack, and of what lies below all of them.
    var numbers: [Int64] = []
    var frame = number
    for graphics in stack.reversed() {
      numbers.insert(frame, at: 0)
      frame = graphics.below?.position(at: frame) ?? frame
    }
    try below.withFrame(frame) { picture in
      unsafe mixed.withFloats(picture, picture) { from, _, out in
        _ = unsafe out.update(from: from)
      }
    }
    mixed.withDestination { planes in
      for (graphics, frame) in zip(stack, numbers) {
        for layer in graphics.layers { draw(layer, graphics.colour, at: frame, over: planes) }
      }
    }
    return try body(try finish.picture(of: mixed))
  }

  private func draw(
    _ layer: Graphics.Layer, _ colour: ColourProcess?, at frame: Int64, over planes: [DestinationPlane]
  ) {
    let fade = layer.fade?.opacity(at: frame) ?? .one
    guard fade > .zero, layer.opacity > 0 else { return }
    let weights = Overlay.Weights(
      numerator: fade.numerator * Int64(layer.opacity), denominator: fade.denominator * 255)
    func lay(_ image: Graphics.Image, column: Int = 0, columns: Int? = nil, x: Int, y: Int) {
      let part = PictureRectangle(
        x: column, y: 0, width: columns ?? image.raster.width, height: image.raster.height)
      images[Drawing(image: image, colour: colour)]?.blend(
        part, atX: x, y: y, weights: weights, over: planes, width: mixed.width, height: mixed.height)
    }
    switch layer.content {
    case .still(let image):
      lay(image, x: layer.x, y: layer.y)
    case .roll(let tiles, let step):
      var y = layer.y - Int(frame) * step
      for image in tiles {
        lay(image, x: layer.x, y: y)
        y += image.raster.height
      }
    case .counter(let counter):
      let cell = counter.cellWidth
      for (place, glyph) in counter.glyphs(at: frame).enumerated() {
        guard let glyph else { continue }
        lay(counter.glyphs, column: glyph * cell, columns: cell, x: layer.x + place * cell, y: layer.y)
      }
    }
  }
}

extension Overlay {
  /// Its sRGB brought to what lies below.
  fileprivate func converted(by process: ColourProcess, _ library: ColourLibrary?) throws -> Overlay {
    guard let library else { throw WorkerFailure(verification: "pictures without colour have colour steps") }
    let loaded = try library.program(process)
    return try converted { try loaded.apply(&$0) }
  }
}
