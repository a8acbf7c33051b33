/// A picture as R'G'B' samples: 0 is black, 1 is white, values beyond both are kept. Rows from the top, no padding.
package struct SamplePicture: Sendable {
  package let width: Int
  package let height: Int
  package let red: [Float]
  package let green: [Float]
  package let blue: [Float]

  /// - Precondition: every plane holds `width * height` samples, and there is at least one.
  package init(width: Int, height: Int, red: [Float], green: [Float], blue: [Float]) {
    let count = width * height
    precondition(
      count > 0 && red.count == count && green.count == count && blue.count == count,
      "a picture of \(width)x\(height) has \(count) samples in each plane")
    self.width = width
    self.height = height
    self.red = red
    self.green = green
    self.blue = blue
  }

  /// The picture at another size: every pixel is the average of the area it covers, rounded to 8 bits.
  ///
  /// Sums run in a fixed order in float32, so the bytes are the same on every CPU. Right for smaller sizes; larger
  /// ones repeat pixels.
  package func still(width: Int, height: Int) -> Still {
    let planes = [red, green, blue].map { plane in
      scaled(
        plane, columns: Coverage.list(from: self.width, to: width),
        rows: Coverage.list(from: self.height, to: height))
    }
    var rgb = [UInt8](repeating: 0, count: width * height * 3)
    for (channel, plane) in planes.enumerated() {
      for index in 0..<width * height { rgb[index * 3 + channel] = Self.code(plane[index]) }
    }
    return Still(width: width, height: height, rgb: rgb)
  }

  private func scaled(_ plane: [Float], columns: [Coverage], rows: [Coverage]) -> [Float] {
    var result = [Float](repeating: 0, count: columns.count * rows.count)
    var line = [Float](repeating: 0, count: width)
    for (row, cover) in rows.enumerated() {
      for column in 0..<width { line[column] = 0 }
      for (offset, weight) in cover.weights.enumerated() {
        let start = (cover.first + offset) * width
        for column in 0..<width { line[column] += plane[start + column] * weight }
      }
      for (column, cover) in columns.enumerated() {
        var sum: Float = 0
        for (offset, weight) in cover.weights.enumerated() { sum += line[cover.first + offset] * weight }
        result[row * columns.count + column] = sum
      }
    }
    return result
  }

  /// What is no number is black.
  private static func code(_ value: Float) -> UInt8 {
    guard value > 0 else { return 0 }
    return value < 1 ? UInt8(value * 255 + 0.5) : 255
  }
}

/// The samples that one pixel of a scaled picture covers, and how much of it each fills; the weights sum to 1.
private struct Coverage {
  var first: Int
  var weights: [Float]

  static func list(from length: Int, to count: Int) -> [Coverage] {
    (0..<count).map { index in
      // In units in which a sample is `count` long and a pixel of the result `length`.
      let (start, end) = (index * length, (index + 1) * length)
      let first = start / count
      let last = (end - 1) / count
      let weights = (first...last).map { sample in
        Float(min(end, (sample + 1) * count) - max(start, sample * count)) / Float(length)
      }
      return Coverage(first: first, weights: weights)
    }
  }
}

/// A small picture to look at: R'G'B' of 8 bits, packed, rows without padding.
package struct Still: Hashable, Sendable {
  package let width: Int
  package let height: Int
  package let rgb: [UInt8]

  /// - Precondition: `rgb` holds three bytes for each pixel.
  package init(width: Int, height: Int, rgb: [UInt8]) {
    precondition(
      rgb.count == width * height * 3, "a still of \(width)x\(height) has three bytes for each pixel")
    self.width = width
    self.height = height
    self.rgb = rgb
  }

  /// The largest size of that shape inside a box, at least one pixel each way.
  package static func size(of width: Int, _ height: Int, inside box: (width: Int, height: Int)) -> (
    width: Int, height: Int
  ) {
    let isWider = width * box.height >= height * box.width
    return isWider
      ? (box.width, max(1, (2 * box.width * height + width) / (2 * width)))
      : (max(1, (2 * box.height * width + height) / (2 * height)), box.height)
  }

  /// The colours most seen in it with the share of each, the largest first; at most `count`.
  ///
  /// Colours are counted in 4 × 4 × 4 boxes of R'G'B', and a box shows the average of what fell into it.
  package func palette(_ count: Int) -> [(colour: DrawingColour, share: Double)] {
    var boxes = [(count: Int, red: Int, green: Int, blue: Int)](repeating: (0, 0, 0, 0), count: 64)
    for index in stride(from: 0, to: rgb.count, by: 3) {
      let (red, green, blue) = (Int(rgb[index]), Int(rgb[index + 1]), Int(rgb[index + 2]))
      let box = (red / 64) * 16 + (green / 64) * 4 + blue / 64
      boxes[box].count += 1
      boxes[box].red += red
      boxes[box].green += green
      boxes[box].blue += blue
    }
    let largest = boxes.enumerated().filter { $0.element.count > 0 }
      .sorted { ($1.element.count, $0.offset) < ($0.element.count, $1.offset) }.prefix(count)
    let total = largest.reduce(0) { $0 + $1.element.count }
    return largest.map { _, box in
      let scale = 255 * Double(box.count)
      return (
        DrawingColour(Double(box.red) / scale, Double(box.green) / scale, Double(box.blue) / scale),
        Double(box.count) / Double(total)
      )
    }
  }
}

extension Canvas {
  /// Draws a still with its top left corner at a pixel, without scaling it.
  package func draw(_ still: Still, x: Int, y: Int) throws(DrawingError) {
    var rgba = [UInt8](repeating: 255, count: still.width * still.height * 4)
    for index in 0..<still.width * still.height {
      for channel in 0..<3 { rgba[index * 4 + channel] = still.rgb[index * 3 + channel] }
    }
    try draw(
      rgba: rgba, width: still.width, height: still.height,
      in: DrawingRectangle(
        x: Double(x), y: Double(y), width: Double(still.width), height: Double(still.height)))
  }
}
