import CPictureKernels

/// A drawn picture to lie over float R'G'B': B G R A of 8 bits, colours premultiplied by alpha.
package struct Overlay: Sendable {
  package let width: Int
  package let height: Int
  private let pixels: [UInt8]
  /// R, G, B of each pixel, not multiplied by alpha, where what lies below is not sRGB.
  private var colours: [Float]?

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
    if let colours {
      blend(
        colours, columns: left..<right, rows: top..<bottom, atX: left - part.x + x, y: top - part.y + y,
        weights: weights, over: planes)
      return
    }
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

  /// The same over a picture of another space: its colours, seen as opaque sRGB, are what `convert` makes of them.
  ///
  /// - Parameter convert: gets R, G, B side by side of every colour that occurs, 0…1.
  package func converted(_ convert: (inout [Float]) throws -> Void) rethrows -> Overlay {
    var places: [UInt32: Int] = [:]
    var values: [Float] = []
    var place = [Int](repeating: -1, count: width * height)
    for index in place.indices {
      let alpha = UInt32(pixels[4 * index + 3])
      guard alpha > 0 else { continue }
      let (blue, green, red) = (pixels[4 * index], pixels[4 * index + 1], pixels[4 * index + 2])
      let key = alpha << 24 | UInt32(red) << 16 | UInt32(green) << 8 | UInt32(blue)
      if let known = places[key] {
        place[index] = known
        continue
      }
      for value in [red, green, blue] { values.append(min(1, Float(value) / Float(alpha))) }
      places[key] = values.count / 3 - 1
      place[index] = values.count / 3 - 1
    }
    try convert(&values)
    var copy = self
    var colours = [Float](repeating: 0, count: 3 * place.count)
    for (index, place) in place.enumerated() where place >= 0 {
      for channel in 0..<3 { colours[3 * index + channel] = values[3 * place + channel] }
    }
    copy.colours = colours
    return copy
  }

  /// Multiply, then add, in the order written: the same on every CPU.
  private func blend(
    _ colours: [Float], columns: Range<Int>, rows: Range<Int>, atX x: Int, y: Int, weights: Weights,
    over planes: [DestinationPlane]
  ) {
    for (offset, row) in rows.enumerated() {
      for (channel, plane) in zip([1, 2, 0], planes) {
        let start = (y + offset) * plane.stride
        let byteCount = unsafe plane.bytes.count
        precondition(
          start + (x + columns.count) * MemoryLayout<Float>.size <= byteCount,
          "a plane is smaller than its picture")
        guard let base = unsafe plane.bytes.baseAddress else { return }
        let samples = unsafe (base + start).assumingMemoryBound(to: Float.self)
        for (step, column) in columns.enumerated() {
          let index = row * width + column
          let alpha = pixels[4 * index + 3]
          guard alpha > 0 else { continue }
          let share = weights.values[Int(alpha)]
          unsafe samples[x + step] =
            unsafe samples[x + step] * (1 - share) + colours[3 * index + channel] * share
        }
      }
    }
  }
}
