/// How often red, green and blue have each code of 10 bits.
struct Histogram {
  static let columns = 235

  /// Red, green and blue, column by column.
  private var hits = [[Int]](repeating: [Int](repeating: 0, count: columns), count: 3)

  /// The column in which a code from 0 to 1023 is counted.
  static func column(_ code: Int) -> Int { (2 * code * (columns - 1) + 1023) / 2046 }

  mutating func hit(channel: Int, code: Int) { hits[channel][Self.column(code)] += 1 }

  /// R G B A pixels with straight alpha: each channel adds its light up to its height, which is the square root of its
  /// share of the most frequent column, so that rare values stay visible beside frequent ones.
  func pixels(height: Int) -> [UInt8] {
    let most = max(1, hits.joined().max() ?? 1)
    // In rows, at least one where there is anything.
    let heights = hits.map { channel in
      channel.map { count in
        count == 0 ? 0 : max(1, Int((Double(count) / Double(most)).squareRoot() * Double(height)))
      }
    }
    var bytes = [UInt8](repeating: 0, count: Self.columns * height * 4)
    for column in 0..<Self.columns {
      for row in 0..<height {
        let index = (row * Self.columns + column) * 4
        for channel in 0..<3 where height - row <= heights[channel][column] {
          // A floor in the others, so that pure blue can be seen on black.
          for other in 0..<3 { bytes[index + other] = max(bytes[index + other], 0x48) }
          bytes[index + 3] = 0xff
        }
        for channel in 0..<3 where height - row <= heights[channel][column] { bytes[index + channel] = 0xd6 }
      }
    }
    return bytes
  }
}
