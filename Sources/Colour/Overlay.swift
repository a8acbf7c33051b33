import CPictureKernels

/// A drawn picture to lie over float R'G'B': B G R A of 8 bits, colours premultiplied by alpha.
package struct Overlay: Sendable {
  package let width: Int
  package let height: Int
  private let pixels: [UInt8]

  /// - Parameter pixels: rows without padding, `width * height * 4` bytes; nil for any other number.
  package init?(premultiplied pixels: [UInt8], width: Int, height: Int) {
    guard width > 0, height > 0, pixels.count == width * height * 4 else { return nil }
    self.pixels = pixels
    self.width = width
    self.height = height
  }

  /// The share of white that each 8-bit code stands for at an opacity; every one rounded once.
  package struct Weights: Sendable {
    fileprivate let values: [Float]

    /// - Parameters: the opacity as a fraction, 0…1. At 1, code 255 weighs exactly 1.
    package init(numerator: Int64, denominator: Int64) {
      values = (0..<256).map { Float(Int64($0) * numerator) / Float(255 * denominator) }
    }
  }

  /// Mixes a part of the overlay into a picture; what lies outside of the picture is left out.
  ///
  /// - Parameters:
  ///   - part: of the overlay, in its pixels; clipped to it.
  ///   - x, y: where the top left corner of the part lands, may be negative.
  ///   - planes: G', B', R' of the picture in `gbrpf32le`, of at least the raster's size.
  package func blend(
    _ part: PictureRectangle, atX x: Int, y: Int, weights: Weights, over planes: [DestinationPlane],
    width rasterWidth: Int, height rasterHeight: Int
  ) {
    let left = max(0, part.x, part.x - x)
    let top = max(0, part.y, part.y - y)
    let right = min(width, part.x + part.width, part.x - x + rasterWidth)
    let bottom = min(height, part.y + part.height, part.y - y + rasterHeight)
    guard left < right, top < bottom, planes.count >= 3 else { return }
    let (column, row) = (left - part.x + x, top - part.y + y)
    var bases: [UnsafeMutableRawPointer?] = unsafe []
    var strides: [Int] = []
    for plane in planes.prefix(3) {
      let offset = row * plane.stride + column * MemoryLayout<Float>.size
      let last = (row + bottom - top - 1) * plane.stride + (column + right - left) * MemoryLayout<Float>.size
      let byteCount = unsafe plane.bytes.count
      precondition(plane.stride > 0 && last <= byteCount, "a plane is smaller than its picture")
      unsafe bases.append(plane.bytes.baseAddress?.advanced(by: offset))
      strides.append(plane.stride)
    }
    unsafe pixels.withUnsafeBufferPointer { from in
      unsafe weights.values.withUnsafeBufferPointer { shares in
        guard let from = from.baseAddress, let shares = shares.baseAddress else { return }
        unsafe pk_overlay(
          from + (top * width + left) * 4, width * 4, Int32(right - left), Int32(bottom - top), shares,
          &bases,
          &strides)
      }
    }
  }
}
