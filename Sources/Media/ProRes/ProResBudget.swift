/// The size that a ProRes profile grants a picture.
struct ProResBudget {
  /// Macroblock rows of a picture; each is 16 rows of pixels.
  let rowCount: Int
  /// Bytes that slices of one macroblock row may have, their headers left out.
  let bytesPerRow: Double
  /// Bytes of all slices with their headers: what no picture exceeds.
  let limit: Int
  /// The finest quantiser of the profile.
  let finest: Int

  /// Bits for a macroblock, by profile number, for rasters up to 1,620, 2,700, 6,075 and more macroblocks; and the
  /// finest quantiser. They are those of FFmpeg's encoder, so that sizes are what its own control would give.
  private static let profiles: [(bits: [Int], finest: Int)] = [
    ([300, 242, 220, 194], 4), ([720, 560, 490, 440], 1), ([1050, 808, 710, 632], 1),
    ([1566, 1216, 1070, 950], 1), ([2350, 1828, 1600, 1425], 1), ([3525, 2742, 2400, 2137], 1),
  ]
  private static let rasters = [1620, 2700, 6075]
  /// Macroblocks of a slice, and bytes of its header and of its place in the table of sizes.
  private static let sliceWidth = 8
  private static let sliceHeader = 6 + 2

  /// - Returns: nil when there is no such profile.
  init?(profile: Int, width: Int, height: Int) {
    guard Self.profiles.indices.contains(profile) else { return nil }
    let columns = (width + 15) / 16
    rowCount = (height + 15) / 16
    let blocks = columns * rowCount
    let bits = Self.profiles[profile].bits[Self.rasters.firstIndex { blocks <= $0 } ?? Self.rasters.count]
    finest = Self.profiles[profile].finest
    bytesPerRow = Double(bits * columns) / 8
    // The last macroblocks of a row are slices of 4, 2 and 1.
    let slices = columns / Self.sliceWidth + (columns % Self.sliceWidth).nonzeroBitCount
    limit = bits * blocks / 8 + slices * rowCount * Self.sliceHeader
  }
}
