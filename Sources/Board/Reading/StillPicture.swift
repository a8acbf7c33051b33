package import Digests

/// The pixels that a worker made of a shot before and after a stage, put behind the header of a bitmap: nothing is
/// decoded here, and nothing is packed.
package struct StillPicture: Sendable {
  /// The part of a still's result that says what its object holds.
  package struct Made: Codable, Sendable {
    /// R'G'B' of 8 bits: the still before, then the one after.
    package var stills: Digest
    package var width: Int
    package var height: Int

    package init(stills: Digest, width: Int, height: Int) {
      (self.stills, self.width, self.height) = (stills, width, height)
    }
  }

  private let width: Int
  private let height: Int
  private let bytes: [UInt8]

  /// Nil where the bytes are not two pictures of that size.
  package init?(_ made: Made, _ bytes: [UInt8]) {
    guard (1...8192).contains(made.width), (1...8192).contains(made.height),
      bytes.count == 2 * 3 * made.width * made.height
    else { return nil }
    (width, height, self.bytes) = (made.width, made.height, bytes)
  }

  /// 24 bits of blue, green and red, the top row first. Source: BITMAPINFOHEADER, with a negative height.
  package func bitmap(isAfter: Bool) -> [UInt8] {
    let rowBytes = (width * 3 + 3) / 4 * 4
    let size = rowBytes * height
    var file: [UInt8] = [UInt8(ascii: "B"), UInt8(ascii: "M")]
    file.reserveCapacity(54 + size)
    func append(_ value: Int32) {
      for shift in [0, 8, 16, 24] { file.append(UInt8(truncatingIfNeeded: value >> Int32(shift))) }
    }
    // One plane of 24 bits.
    let header: [Int32] = [
      Int32(54 + size), 0, 54, 40, Int32(width), Int32(-height), 1 | (24 << 16), 0, Int32(size),
    ]
    for value in header { append(value) }
    // 72 dots an inch; no palette.
    for value: Int32 in [2835, 2835, 0, 0] { append(value) }
    let start = isAfter ? 3 * width * height : 0
    for row in 0..<height {
      var index = start + row * width * 3
      for _ in 0..<width {
        file.append(bytes[index + 2])
        file.append(bytes[index + 1])
        file.append(bytes[index])
        index += 3
      }
      for _ in width * 3..<rowBytes { file.append(0) }
    }
    return file
  }
}
