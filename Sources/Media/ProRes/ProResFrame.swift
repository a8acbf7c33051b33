/// One encoded ProRes picture: header, table of slice sizes, slices; and how bands of a picture become one.
///
/// Slices stand alone and each says its quantiser, so slices that were encoded apart, from bands of one picture, make
/// the same picture when they lie one after the other.
/// Source: SMPTE RDD 36, 5 (bitstream syntax).
struct ProResFrame {
  /// Everything before the table: frame size, `icpf`, frame header, picture header.
  private let head: ArraySlice<UInt8>
  let sliceCount: Int
  private let bytes: [UInt8]

  /// Bytes of frame size and identifier before the frame header, and of the picture header after it.
  private static let prefix = 8
  private static let pictureHeader = 8

  /// - Returns: nil when it is not a progressive ProRes picture.
  init?(_ bytes: [UInt8]) {
    guard bytes.count > 20, Array(bytes[4..<8]) == Array("icpf".utf8) else { return nil }
    let picture = Self.prefix + Self.number(bytes, at: 8, count: 2)
    guard bytes.count > picture + Self.pictureHeader, bytes[picture] >> 3 == Self.pictureHeader else {
      return nil
    }
    sliceCount = Self.number(bytes, at: picture + 5, count: 2)
    head = bytes[..<(picture + Self.pictureHeader)]
    guard bytes.count >= head.count + 2 * sliceCount else { return nil }
    self.bytes = bytes
  }

  private var table: ArraySlice<UInt8> { bytes[head.count..<head.count + 2 * sliceCount] }
  private var slices: ArraySlice<UInt8> { bytes[(head.count + 2 * sliceCount)...] }

  /// Bytes of its slices, their headers and their sizes: what is left of a picture without what every picture has once.
  var sliceByteCount: Int { bytes.count - head.count }

  /// The picture that bands make, from the uppermost down.
  ///
  /// - Parameter height: of the picture, in rows.
  static func joined(_ bands: [ProResFrame], height: Int) -> [UInt8] {
    guard let first = bands.first else { return [] }
    var frame = [UInt8](first.head)
    frame.reserveCapacity(first.head.count + bands.reduce(0) { $0 + $1.sliceByteCount })
    for band in bands { frame += band.table }
    for band in bands { frame += band.slices }
    let picture = first.head.count - pictureHeader
    write(frame.count, to: &frame, at: 0, count: 4)
    write(height, to: &frame, at: prefix + 10, count: 2)
    write(frame.count - picture, to: &frame, at: picture + 1, count: 4)
    write(bands.reduce(0) { $0 + $1.sliceCount }, to: &frame, at: picture + 5, count: 2)
    return frame
  }

  private static func number(_ bytes: [UInt8], at offset: Int, count: Int) -> Int {
    bytes[offset..<offset + count].reduce(0) { $0 << 8 | Int($1) }
  }

  private static func write(_ number: Int, to bytes: inout [UInt8], at offset: Int, count: Int) {
    for index in 0..<count {
      bytes[offset + index] = UInt8(truncatingIfNeeded: number >> (8 * (count - 1 - index)))
    }
  }
}
