import CDrawing

/// A colour with straight alpha, each part 0…1.
package struct DrawingColour: Hashable, Sendable {
  package var red: Double
  package var green: Double
  package var blue: Double
  package var alpha: Double

  package init(_ red: Double, _ green: Double, _ blue: Double, alpha: Double = 1) {
    self.red = red
    self.green = green
    self.blue = blue
    self.alpha = alpha
  }

  /// From 0xRRGGBB.
  package init(_ hex: UInt32, alpha: Double = 1) {
    self.init(
      Double(hex >> 16 & 0xff) / 255, Double(hex >> 8 & 0xff) / 255, Double(hex & 0xff) / 255, alpha: alpha)
  }

  package static let white = DrawingColour(1, 1, 1)
  package static let black = DrawingColour(0, 0, 0)
}

/// A rectangle in pixels from the top left corner.
package struct DrawingRectangle: Hashable, Sendable {
  package var x: Double
  package var y: Double
  package var width: Double
  package var height: Double

  package init(x: Double, y: Double, width: Double, height: Double) {
    self.x = x
    self.y = y
    self.width = width
    self.height = height
  }
}

/// Something that could not be drawn.
package struct DrawingError: Error, Hashable, Sendable, CustomStringConvertible {
  package let what: String

  package var description: String { what }
}

/// A picture to draw on: 8 bits a channel, premultiplied alpha, transparent at first.
///
/// Cairo and Pango do the work. With `INTERLOCK_CPU=baseline` their pixel loops use no CPU extensions. Text is
/// drawn without hinting and with grey antialiasing, so a glyph looks the same wherever it stands.
@safe package final class Canvas {
  package let width: Int
  package let height: Int
  private let surface: OpaquePointer
  let context: OpaquePointer

  /// - Throws: for sizes outside 1…32,767 and when memory is short.
  package init(width: Int, height: Int, background: DrawingColour? = nil) throws(DrawingError) {
    DrawingEnvironment.start()
    guard (1...32_767).contains(width), (1...32_767).contains(height) else {
      throw DrawingError(what: "a picture of \(width)x\(height) pixels cannot be drawn")
    }
    self.width = width
    self.height = height
    guard let surface = unsafe cairo_image_surface_create(CAIRO_FORMAT_ARGB32, Int32(width), Int32(height)),
      let context = unsafe cairo_create(surface)
    else { throw DrawingError(what: "no memory for a picture of \(width)x\(height) pixels") }
    unsafe self.surface = surface
    unsafe self.context = context
    guard unsafe cairo_status(context) == CAIRO_STATUS_SUCCESS else {
      throw DrawingError(what: "no memory for a picture of \(width)x\(height) pixels")
    }
    if let background {
      fill(DrawingRectangle(x: 0, y: 0, width: Double(width), height: Double(height)), background)
    }
  }

  deinit {
    unsafe cairo_destroy(context)
    unsafe cairo_surface_destroy(surface)
  }

  private func use(_ colour: DrawingColour) {
    unsafe cairo_set_source_rgba(context, colour.red, colour.green, colour.blue, colour.alpha)
  }

  /// Fills a rectangle, its corners rounded by `radius` pixels.
  package func fill(_ rectangle: DrawingRectangle, _ colour: DrawingColour, radius: Double = 0) {
    use(colour)
    outline(rectangle, radius: radius)
    unsafe cairo_fill(context)
  }

  /// Draws the edge of a rectangle, inside it.
  package func stroke(
    _ rectangle: DrawingRectangle, _ colour: DrawingColour, width: Double = 1, radius: Double = 0
  ) {
    use(colour)
    unsafe cairo_set_line_width(context, width)
    let inside = DrawingRectangle(
      x: rectangle.x + width / 2, y: rectangle.y + width / 2, width: rectangle.width - width,
      height: rectangle.height - width)
    outline(inside, radius: radius)
    unsafe cairo_stroke(context)
  }

  private func outline(_ r: DrawingRectangle, radius: Double) {
    guard radius > 0 else {
      unsafe cairo_rectangle(context, r.x, r.y, r.width, r.height)
      return
    }
    let quarter = Double.pi / 2
    unsafe cairo_new_sub_path(context)
    unsafe cairo_arc(context, r.x + r.width - radius, r.y + radius, radius, -quarter, 0)
    unsafe cairo_arc(context, r.x + r.width - radius, r.y + r.height - radius, radius, 0, quarter)
    unsafe cairo_arc(context, r.x + radius, r.y + r.height - radius, radius, quarter, 2 * quarter)
    unsafe cairo_arc(context, r.x + radius, r.y + radius, radius, 2 * quarter, 3 * quarter)
    unsafe cairo_close_path(context)
  }

  /// Draws straight lines from point to point.
  package func line(_ points: [(x: Double, y: Double)], _ colour: DrawingColour, width: Double = 1) {
    guard let first = points.first else { return }
    use(colour)
    unsafe cairo_set_line_width(context, width)
    unsafe cairo_set_line_join(context, CAIRO_LINE_JOIN_ROUND)
    unsafe cairo_move_to(context, first.x, first.y)
    for point in points.dropFirst() { unsafe cairo_line_to(context, point.x, point.y) }
    unsafe cairo_stroke(context)
  }

  /// Draws a picture of R G B A bytes with straight alpha, `width * height * 4` of them, scaled into a rectangle.
  package func draw(
    rgba bytes: [UInt8], width: Int, height: Int, in rectangle: DrawingRectangle
  ) throws(DrawingError) {
    guard bytes.count == width * height * 4 else {
      throw DrawingError(what: "\(bytes.count) bytes are not a picture of \(width)x\(height) pixels")
    }
    let image = try Canvas(width: width, height: height)
    unsafe image.withPixels { pixels, stride in
      for row in 0..<height {
        for column in 0..<width {
          let from = (row * width + column) * 4
          let alpha = UInt16(bytes[from + 3])
          func premultiplied(_ value: UInt8) -> UInt8 { UInt8((UInt16(value) * alpha + 127) / 255) }
          let to = row * stride + column * 4
          unsafe pixels[to] = premultiplied(bytes[from + 2])
          unsafe pixels[to + 1] = premultiplied(bytes[from + 1])
          unsafe pixels[to + 2] = premultiplied(bytes[from])
          unsafe pixels[to + 3] = bytes[from + 3]
        }
      }
    }
    draw(image, in: rectangle)
  }

  /// Draws another canvas, scaled into a rectangle.
  package func draw(_ other: Canvas, in rectangle: DrawingRectangle) {
    unsafe cairo_save(context)
    unsafe cairo_translate(context, rectangle.x, rectangle.y)
    unsafe cairo_scale(
      context, rectangle.width / Double(other.width), rectangle.height / Double(other.height))
    unsafe cairo_set_source_surface(context, other.surface, 0, 0)
    unsafe cairo_pattern_set_filter(cairo_get_source(context), CAIRO_FILTER_GOOD)
    unsafe cairo_paint(context)
    unsafe cairo_restore(context)
  }

  /// Lends the pixels: B G R A, premultiplied, rows `stride` bytes apart.
  func withPixels(_ body: (UnsafeMutableBufferPointer<UInt8>, _ stride: Int) -> Void) {
    unsafe cairo_surface_flush(surface)
    let stride = Int(unsafe cairo_image_surface_get_stride(surface))
    guard let data = unsafe cairo_image_surface_get_data(surface) else { return }
    unsafe body(UnsafeMutableBufferPointer(start: data, count: stride * height), stride)
    unsafe cairo_surface_mark_dirty(surface)
  }

  /// The picture as R G B A bytes with straight alpha, rows without padding.
  package func rgba() -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: width * height * 4)
    unsafe withPixels { pixels, stride in
      for row in 0..<height {
        for column in 0..<width {
          let from = row * stride + column * 4
          let to = (row * width + column) * 4
          let alpha = UInt16(unsafe pixels[from + 3])
          guard alpha > 0 else { continue }
          func straight(_ value: UInt8) -> UInt8 {
            UInt8(min(255, (UInt16(value) * 255 + alpha / 2) / alpha))
          }
          bytes[to] = straight(unsafe pixels[from + 2])
          bytes[to + 1] = straight(unsafe pixels[from + 1])
          bytes[to + 2] = straight(unsafe pixels[from])
          bytes[to + 3] = UInt8(alpha)
        }
      }
    }
    return bytes
  }

  /// The picture as a PNG file with straight alpha.
  package func png() throws(DrawingError) -> [UInt8] {
    let sink = Sink()
    let status = unsafe cairo_surface_write_to_png_stream(
      surface,
      { closure, data, length in
        guard let closure = unsafe closure, let data = unsafe data else { return CAIRO_STATUS_WRITE_ERROR }
        let sink = unsafe Unmanaged<Sink>.fromOpaque(closure).takeUnretainedValue()
        unsafe sink.bytes.append(contentsOf: UnsafeBufferPointer(start: data, count: Int(length)))
        return CAIRO_STATUS_SUCCESS
      }, Unmanaged.passUnretained(sink).toOpaque())
    guard status == CAIRO_STATUS_SUCCESS else {
      throw DrawingError(what: "the picture cannot be written as PNG")
    }
    return sink.bytes
  }

  private final class Sink {
    var bytes: [UInt8] = []
  }
}
