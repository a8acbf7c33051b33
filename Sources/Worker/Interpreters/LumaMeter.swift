import Delivery
import Foundation
import Media

/// Measures the luma of decoded pictures one after the other, and how much of them leaves the legal range.
final class LumaMeter {
  private let tags: ColourTags
  private var present: [UInt16] = []
  /// The picture that those since then repeat.
  private var reference: [UInt16] = []
  private var histogram: [Int] = []
  /// Why pictures are not measured; nil while they are.
  private(set) var unknown: String?

  init(_ tags: ColourTags) { self.tags = tags }

  /// A planar Y'CbCr format by FFmpeg's name.
  private struct Layout {
    var depth: Int
    /// Luma samples for each chroma sample, as powers of two.
    var shift: (x: Int, y: Int)

    init?(_ name: String) {
      guard name.hasPrefix("yuv4") || name.hasPrefix("yuva4") else { return nil }
      if name.contains("420p") {
        shift = (1, 1)
      } else if name.contains("422p") {
        shift = (1, 0)
      } else if name.contains("444p") {
        shift = (0, 0)
      } else {
        return nil
      }
      switch name.split(separator: "p").last.map(String.init) ?? "" {
      case "10le": depth = 10
      case "12le": depth = 12
      case let rest where rest.hasPrefix("yuv"): depth = 8
      default: return nil
      }
    }
  }

  /// Codes of black and of white.
  private func ends(_ depth: Int) -> (black: Int, white: Int) {
    tags.range == "pc" ? (0, (1 << depth) - 1) : (16 << (depth - 8), 235 << (depth - 8))
  }

  /// - Returns: nil for a format that is not measured.
  func measure(_ picture: borrowing PictureView) -> PictureJudge.Sample? {
    guard let layout = Layout(picture.pixelFormat) else {
      unknown = "pictures in \(picture.pixelFormat) are not measured"
      return nil
    }
    let count = picture.width * picture.height
    let (black, white) = ends(layout.depth)
    if present.count != count { present = [UInt16](repeating: 0, count: count) }
    read(picture, layout)
    var (sum, blacks) = (0, 0)
    var (lowest, highest) = (histogram.count - 1, 0)
    let limit = black + (white - black) / 10
    for (code, number) in histogram.enumerated() where number > 0 {
      lowest = min(lowest, code)
      highest = max(highest, code)
      sum += code * number
      if code <= limit { blacks += number }
    }
    func thousandths(_ code: Int) -> Int { (code - black) * 1000 / (white - black) }
    let difference = difference(codes: histogram.count)
    let outside = outside(picture, layout)
    if difference.map({ $0 >= PictureJudge.frozen }) ?? true { swap(&present, &reference) }
    return PictureJudge.Sample(
      lowest: thousandths(lowest), mean: thousandths(sum / count), highest: thousandths(highest),
      isBlack: blacks * 100 >= count * 98, difference: difference, outside: outside)
  }

  /// Luma into `present`, and how often each code is there.
  private func read(_ picture: borrowing PictureView, _ layout: Layout) {
    histogram = [Int](repeating: 0, count: 1 << layout.depth)
    let (width, stride) = (picture.width, picture.stride(ofPlane: 0))
    let top = UInt16(histogram.count - 1)
    let plane = unsafe picture.plane(0)
    for row in 0..<picture.height {
      let start = row * width
      for column in 0..<width {
        let code =
          layout.depth > 8
          ? unsafe plane.load(fromByteOffset: row * stride + column * 2, as: UInt16.self)
          : UInt16(unsafe plane.load(fromByteOffset: row * stride + column, as: UInt8.self))
        // What a damaged picture holds beyond its depth stays inside the table.
        let value = min(code, top)
        present[start + column] = value
        histogram[Int(value)] += 1
      }
    }
  }

  /// Mean difference to the picture that may be repeated, millionths of all codes, as FFmpeg's `freezedetect` counts.
  private func difference(codes: Int) -> Int? {
    guard reference.count == present.count, !present.isEmpty else { return nil }
    var sum = 0
    for index in present.indices {
      let (one, other) = (present[index], reference[index])
      sum += Int(one > other ? one - other : other - one)
    }
    return sum * 1_000_000 / (present.count * codes)
  }

  /// Samples of which Y', R', G' or B' lies outside the preferred range, in millionths, at every place with chroma.
  ///
  /// Source: EBU R 103 v3, codes 5…246 of 8 bits and 20…984 of 10, with the matrix of ITU-R BT.709-6; without its
  /// low-pass, so that it tells rather too much.
  private func outside(_ picture: borrowing PictureView, _ layout: Layout) -> Int? {
    guard tags.range == "tv", tags.transfer == "bt709", tags.matrix == "bt709", picture.planeCount >= 3
    else { return nil }
    let (black, white) = ends(layout.depth)
    let luma = 1 / Float(white - black)
    let chroma = 1 / Float(224 << (layout.depth - 8))
    let middle = Float(128 << (layout.depth - 8))
    // Eleven codes of 8 bits; what rounds to the last of them is inside.
    let reach = (Float(11 << (layout.depth - 8)) + 0.5) * luma
    let (columns, rows) = (picture.width >> layout.shift.x, picture.height >> layout.shift.y)
    let (blue, red) = unsafe (picture.plane(1), picture.plane(2))
    let strides = (blue: picture.stride(ofPlane: 1), red: picture.stride(ofPlane: 2))
    let isWide = layout.depth > 8
    var count = 0
    for row in 0..<rows {
      for column in 0..<columns {
        let y =
          Float(Int(present[(row << layout.shift.y) * picture.width + column << layout.shift.x]) - black)
          * luma
        let (cb, cr): (Float, Float)
        if isWide {
          cb = Float(unsafe blue.load(fromByteOffset: row * strides.blue + column * 2, as: UInt16.self))
          cr = Float(unsafe red.load(fromByteOffset: row * strides.red + column * 2, as: UInt16.self))
        } else {
          cb = Float(unsafe blue.load(fromByteOffset: row * strides.blue + column, as: UInt8.self))
          cr = Float(unsafe red.load(fromByteOffset: row * strides.red + column, as: UInt8.self))
        }
        let (b, r) = ((cb - middle) * chroma, (cr - middle) * chroma)
        let values = (y + 1.5748 * r, y - 0.1873 * b - 0.4681 * r, y + 1.8556 * b)
        let low = min(min(y, values.0), min(values.1, values.2))
        let high = max(max(y, values.0), max(values.1, values.2))
        if low < -reach || high > 1 + reach { count += 1 }
      }
    }
    return count * 1_000_000 / max(1, columns * rows)
  }
}
