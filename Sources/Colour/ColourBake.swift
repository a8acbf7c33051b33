/// Tables of colour chains.
package enum ColourBake {
  /// What tables cover: what codes of pictures reach beyond 0…1 without leaving the colours that can be seen.
  private static let domain = LookTable.Domain(
    minimum: SIMD3(repeating: -0.125), maximum: SIMD3(repeating: 1.125))

  /// One curve a channel, of a chain that does not mix channels.
  package static func curve(of processor: ColourProcessor, size: Int) throws -> LookTable {
    var rows: [Float] = []
    rows.reserveCapacity(3 * size)
    for index in 0..<size {
      let value = coordinate(index, of: size)
      rows += [value, value, value]
    }
    try processor.apply(&rows)
    return try LookTable(shaper: .init(size: size, values: rows, domain: domain), cube: nil)
  }

  /// So many points along each axis.
  package static func cube(of processor: ColourProcessor, size: Int) throws -> LookTable {
    var rows: [Float] = []
    rows.reserveCapacity(3 * size * size * size)
    for blue in 0..<size {
      for green in 0..<size {
        for red in 0..<size {
          rows += [coordinate(red, of: size), coordinate(green, of: size), coordinate(blue, of: size)]
        }
      }
    }
    try processor.apply(&rows)
    return try LookTable(cube: .init(size: size, values: rows, domain: domain))
  }

  private static func coordinate(_ index: Int, of size: Int) -> Float {
    let (low, high) = (domain.minimum.x, domain.maximum.x)
    return Float(low + (high - low) * Double(index) / Double(size - 1))
  }
}

extension GradeKernel {
  /// Applies it to pixels of red, green and blue side by side, as a pipe does to a row.
  package func apply(_ pixels: inout [Float]) throws {
    precondition(pixels.count % 3 == 0, "a pixel has three values")
    guard let layout = PixelLayout(named: "gbrpf32le") else {
      preconditionFailure("the kernels know planes of binary32")
    }
    let count = pixels.count / 3
    let width = min(count, 32_768)
    guard width > 0 else { return }
    let height = (count + width - 1) / width
    let format = PictureFormat(
      layout: layout, encoding: ColourEncoding(matrix: .bt709, isFullRange: true), width: width,
      height: height)
    // Green, blue, red, one plane after the other.
    let length = width * height
    var from = [Float](repeating: 0, count: 3 * length)
    for index in 0..<count {
      for plane in 0..<3 { from[plane * length + index] = pixels[3 * index + (plane + 1) % 3] }
    }
    var to = from
    let pipe = try PicturePipe(source: format, grade: self, destination: format)
    let stride = width * MemoryLayout<Float>.size
    let byteCount = length * MemoryLayout<Float>.size
    try unsafe from.withUnsafeBytes { source in
      try unsafe to.withUnsafeMutableBytes { target in
        var sources: [SourcePlane] = []
        var destinations: [DestinationPlane] = []
        for plane in 0..<3 {
          let part = plane * byteCount..<(plane + 1) * byteCount
          sources.append(
            unsafe SourcePlane(bytes: UnsafeRawBufferPointer(rebasing: source[part]), stride: stride))
          destinations.append(
            unsafe DestinationPlane(
              bytes: UnsafeMutableRawBufferPointer(rebasing: target[part]), stride: stride))
        }
        try pipe.run(source: sources, destination: destinations)
      }
    }
    for index in 0..<count {
      for plane in 0..<3 { pixels[3 * index + (plane + 1) % 3] = to[plane * length + index] }
    }
  }
}
