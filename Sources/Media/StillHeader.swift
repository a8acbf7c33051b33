package import MediaTime

/// What the header of a still says beyond its picture: rate, timecode and reel, and what its numbers mean.
///
/// Source: OpenEXR, "Standard Attributes" and "The OpenEXR File Layout"; SMPTE ST 268-1, image element and television
/// headers; SMPTE ST 12-1 for the packing of timecode.
package struct StillHeader: Hashable, Sendable {
  package enum Kind: String, Sendable { case png, tiff, dpx, exr }

  package var kind: Kind
  package var rate: FrameRate?
  /// `;` before the frames for drop frame.
  package var timecode: String?
  package var reel: String?
  /// FFmpeg's name, or `ap0` and `ap1` of ACES, which it has none for; nil where nothing says so.
  package var primaries: String?
  /// `linear` of OpenEXR; of DPX the code of its transfer characteristic in ST 268-1, table 5A, as `dpx-3`.
  package var transfer: String?

  /// Bytes that are looked at: a header that is longer tells no more.
  private static let mostBytes = 1 << 20

  /// - Returns: nil of a file that is no PNG, TIFF, DPX or OpenEXR.
  /// - Throws: `MediaError` with `notFound` or `unreadable`.
  package static func read(_ path: String) throws(MediaError) -> StillHeader? {
    let file = try ByteFile(path)
    let magic = try file.read(at: 0, count: 8)
    guard let kind = kind(of: magic) else { return nil }
    guard kind == .dpx || kind == .exr else { return StillHeader(kind: kind) }
    return StillHeader(try file.read(at: 0, count: kind == .dpx ? 2048 : mostBytes))
  }

  private init(kind: Kind) { self.kind = kind }

  /// Damaged or cut off, it says what can be read up to there.
  package init?(_ bytes: [UInt8]) {
    guard let kind = Self.kind(of: bytes) else { return nil }
    self.init(kind: kind)
    switch kind {
    case .dpx: readDPX(bytes)
    case .exr: readEXR(bytes)
    case .png, .tiff: break
    }
  }

  private static func kind(of bytes: [UInt8]) -> Kind? {
    let kinds: [([UInt8], Kind)] = [
      ([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], .png), ([0x76, 0x2F, 0x31, 0x01], .exr),
      ([0x49, 0x49, 0x2A, 0x00], .tiff), ([0x4D, 0x4D, 0x00, 0x2A], .tiff),
      (Array("SDPX".utf8), .dpx), (Array("XPDS".utf8), .dpx),
    ]
    return kinds.first { bytes.starts(with: $0.0) }?.1
  }

  /// A timecode as ST 12-1 packs it, four bits a digit: hours in the highest byte.
  private static func label(_ word: UInt32, isDropFrame: Bool) -> String? {
    func digits(_ shift: UInt32, most: UInt32) -> String? {
      let (tens, units) = (word >> (shift + 4) & 0xF, word >> shift & 0xF)
      guard units <= 9, tens * 10 + units <= most else { return nil }
      return "\(tens)\(units)"
    }
    guard let hours = digits(24, most: 23), let minutes = digits(16, most: 59),
      let seconds = digits(8, most: 59), let frames = digits(0, most: 59)
    else { return nil }
    return "\(hours):\(minutes):\(seconds)\(isDropFrame ? ";" : ":")\(frames)"
  }

  // MARK: DPX

  private mutating func readDPX(_ bytes: [UInt8]) {
    let isBig = bytes[0] == UInt8(ascii: "S")
    func word(_ offset: Int) -> UInt32? {
      guard offset + 4 <= bytes.count else { return nil }
      let value = UInt32(bytes.number(at: offset, width: 4))
      // All ones is "undefined".
      let word = isBig ? value.byteSwapped : value
      return word == .max ? nil : word
    }
    if bytes.count > 801, bytes[801] != 0xFF { transfer = "dpx-\(bytes[801])" }
    // The film header lies behind 768 + 640 + 256 bytes, the television header 256 behind it: some programs have
    // pictures there already, and some leave zeros.
    let pictures = word(4) ?? 0
    guard pictures >= 1920 else { return }
    rate = word(1724).flatMap { Self.rate(Float(bitPattern: $0)) }
    guard pictures >= 2048 else { return }
    timecode = word(1920).flatMap { $0 == 0 ? nil : Self.label($0, isDropFrame: false) }
    rate = word(1940).flatMap { Self.rate(Float(bitPattern: $0)) } ?? rate
  }

  /// Binary32 has 24 bits: the known rate that it rounds, if there is one.
  private static func rate(_ value: Float) -> FrameRate? {
    guard value.isFinite, value >= 1, value <= 240 else { return nil }
    let whole = [24, 25, 30, 48, 50, 60, 96, 100, 120].map { FrameRate($0) }
    let fractions = [24, 30, 48, 60, 96, 120].map { FrameRate($0 * 1000, 1001) }
    return (whole + fractions).first { rate in
      abs(Float(rate.numerator) / Float(rate.denominator) - value) < 0.005
    }
  }

  // MARK: OpenEXR

  private mutating func readEXR(_ bytes: [UInt8]) {
    transfer = "linear"
    /// Text up to a NUL, of 255 bytes at the most.
    func name(_ offset: inout Int) -> String? {
      let field = bytes[min(offset, bytes.count)...].prefix(256)
      guard let end = field.firstIndex(of: 0) else { return nil }
      defer { offset = end + 1 }
      return String(decoding: bytes[offset..<end], as: UTF8.self)
    }
    var offset = 8
    while let attribute = name(&offset), !attribute.isEmpty, let type = name(&offset) {
      guard offset + 4 <= bytes.count else { return }
      let size = Int(bytes.number(at: offset, width: 4))
      offset += 4
      guard size <= bytes.count - offset else { return }
      let start = offset
      offset += size
      func word(_ index: Int) -> UInt32 { UInt32(bytes.number(at: start + 4 * index, width: 4)) }
      switch (attribute, type, size) {
      case ("timeCode", "timecode", 8):
        // The flags lie between the digits; bit 6 is drop frame.
        timecode = Self.label(word(0) & 0x3F7F_7F3F, isDropFrame: word(0) & 0x40 != 0)
      case ("framesPerSecond", "rational", 8):
        // A rate of nothing known would only be guessed at.
        let (numerator, denominator) = (Int(Int32(bitPattern: word(0))), Int(word(1)))
        guard numerator > 0, denominator > 0, numerator / denominator <= 1000 else { continue }
        rate = FrameRate(checked: numerator, denominator)
      case ("chromaticities", "chromaticities", 32):
        primaries = Self.primaries((0..<8).map { Float(bitPattern: word($0)) })
      case ("reelName", "string", 1...255):
        let text = bytes.text(at: start, width: size)
        reel = text.isEmpty ? nil : text
      default: continue
      }
    }
  }

  /// Red, green, blue and white, x and y each, of spaces that have a name.
  ///
  /// Source: ITU-T H.273, table 2; SMPTE ST 2065-1; Academy S-2014-004.
  private static func primaries(_ values: [Float]) -> String? {
    let known: [(String, [Float])] = [
      ("bt709", [0.64, 0.33, 0.30, 0.60, 0.15, 0.06, 0.3127, 0.3290]),
      ("bt2020", [0.708, 0.292, 0.170, 0.797, 0.131, 0.046, 0.3127, 0.3290]),
      ("smpte432", [0.680, 0.320, 0.265, 0.690, 0.150, 0.060, 0.3127, 0.3290]),
      ("ap0", [0.7347, 0.2653, 0, 1, 0.0001, -0.0770, 0.32168, 0.33767]),
      ("ap1", [0.713, 0.293, 0.165, 0.830, 0.128, 0.044, 0.32168, 0.33767]),
    ]
    return known.first { zip($0.1, values).allSatisfy { abs($0 - $1) < 0.0005 } }?.0
  }
}
