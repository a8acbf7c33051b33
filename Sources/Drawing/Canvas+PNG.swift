import CDrawing

extension Canvas {
  /// The longest side of a picture that is read, in pixels: a small file can claim any size.
  private static let longestSide = 16_384

  /// Reads a PNG file.
  ///
  /// - Throws: when it is damaged, no PNG, or larger than 16,384 pixels on a side.
  package convenience init(png bytes: [UInt8]) throws(DrawingError) {
    guard let size = Self.size(ofPNG: bytes) else { throw DrawingError(what: "not a PNG file") }
    guard (1...Self.longestSide).contains(size.width), (1...Self.longestSide).contains(size.height) else {
      throw DrawingError(what: "a picture of \(size.width)x\(size.height) pixels is too large")
    }
    let source = Source(bytes)
    guard
      let surface = unsafe cairo_image_surface_create_from_png_stream(
        { closure, data, length in
          guard let closure = unsafe closure, let data = unsafe data else { return CAIRO_STATUS_READ_ERROR }
          let source = unsafe Unmanaged<Source>.fromOpaque(closure).takeUnretainedValue()
          return unsafe source.copy(to: data, count: Int(length))
            ? CAIRO_STATUS_SUCCESS : CAIRO_STATUS_READ_ERROR
        }, Unmanaged.passUnretained(source).toOpaque())
    else { throw DrawingError(what: "no memory for a picture") }
    defer { unsafe cairo_surface_destroy(surface) }
    guard unsafe cairo_surface_status(surface) == CAIRO_STATUS_SUCCESS else {
      throw DrawingError(what: "the PNG file is damaged")
    }
    try self.init(width: size.width, height: size.height)
    unsafe cairo_set_operator(context, CAIRO_OPERATOR_SOURCE)
    unsafe cairo_set_source_surface(context, surface, 0, 0)
    unsafe cairo_paint(context)
    unsafe cairo_set_operator(context, CAIRO_OPERATOR_OVER)
  }

  /// Size by the header, nil when it is none. Source: PNG specification, §5.2 and §11.2.2.
  package static func size(ofPNG bytes: [UInt8]) -> (width: Int, height: Int)? {
    let head: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52]
    guard bytes.count >= 24, Array(bytes.prefix(16)) == head else { return nil }
    func word(_ at: Int) -> Int { bytes[at..<at + 4].reduce(0) { $0 << 8 | Int($1) } }
    return (word(16), word(20))
  }

  private final class Source {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    func copy(to data: UnsafeMutablePointer<UInt8>, count: Int) -> Bool {
      guard count <= bytes.count - position else { return false }
      for index in 0..<count { unsafe data[index] = bytes[position + index] }
      position += count
      return true
    }
  }

  /// The picture as B G R A bytes, premultiplied, rows without padding: what lies over a picture is mixed from these.
  package func premultiplied() -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(width * height * 4)
    unsafe withPixels { pixels, stride in
      for row in 0..<height {
        unsafe bytes.append(
          contentsOf: UnsafeMutableBufferPointer(rebasing: pixels[row * stride..<row * stride + width * 4]))
      }
    }
    return bytes
  }
}
