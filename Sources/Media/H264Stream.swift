/// The units of an H.264 byte stream, and the form in which MP4 and QuickTime hold them.
///
/// Source: ITU-T H.264, 7.3.1 and Annex B; ISO/IEC 14496-15, 5.3.3.1.
enum H264Stream {
  private enum Kind {
    static let supplementalInformation: UInt8 = 6
    static let sequenceParameters: UInt8 = 7
    static let pictureParameters: UInt8 = 8
  }

  /// The units between start codes; each starts with its header byte.
  static func units(_ bytes: [UInt8]) -> [ArraySlice<UInt8>] {
    var units: [ArraySlice<UInt8>] = []
    var start: Int?
    var index = 0
    while index + 2 < bytes.count {
      guard bytes[index] == 0, bytes[index + 1] == 0, bytes[index + 2] == 1 else {
        index += 1
        continue
      }
      if let start { units.append(trimmed(bytes[start..<index])) }
      start = index + 3
      index += 3
    }
    if let start { units.append(trimmed(bytes[start...])) }
    return units.filter { !$0.isEmpty }
  }

  /// Without zeros at the end: a unit never ends in one, so they belong to the next start code.
  private static func trimmed(_ unit: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var unit = unit
    while unit.last == 0 { unit.removeLast() }
    return unit
  }

  private static func kind(_ unit: ArraySlice<UInt8>) -> UInt8 { unit[unit.startIndex] & 0x1f }

  /// Text that an encoder leaves about itself: a note of user data, which no decoder needs.
  private static func isNote(_ unit: ArraySlice<UInt8>) -> Bool {
    kind(unit) == Kind.supplementalInformation && unit.count > 1 && unit[unit.startIndex + 1] == 5
  }

  /// The packet with the length of each unit in front of it, in four bytes, and without the encoder's notes.
  static func lengthPrefixed(_ packet: [UInt8]) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(packet.count + 8)
    for unit in units(packet) where !isNote(unit) {
      for shift in [24, 16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: unit.count >> shift)) }
      bytes += unit
    }
    return bytes
  }

  /// The `avcC` record of a stream's parameter sets; nil when one is missing.
  ///
  /// - Parameter header: units with start codes, 8-bit 4:2:0.
  static func configuration(_ header: [UInt8]) -> [UInt8]? {
    let units = units(header)
    let sequence = units.filter { kind($0) == Kind.sequenceParameters }
    let picture = units.filter { kind($0) == Kind.pictureParameters }
    guard sequence.count == 1, picture.count == 1, sequence[0].count > 3 else { return nil }
    let parameters = [UInt8](sequence[0])
    var bytes: [UInt8] = [1, parameters[1], parameters[2], parameters[3], 0xff, 0xe1]
    func append(_ unit: [UInt8]) {
      bytes += [UInt8(unit.count >> 8 & 0xff), UInt8(unit.count & 0xff)] + unit
    }
    append(parameters)
    bytes.append(1)
    append([UInt8](picture[0]))
    // Profiles above Main say sampling and depth once more: 4:2:0, 8 bits, no extensions.
    if ![66, 77, 88].contains(parameters[1]) { bytes += [0xfd, 0xf8, 0xf8, 0] }
    return bytes
  }

  /// What the encoder calls itself in its note, up to the name of the standard.
  static func encoderName(_ packet: [UInt8]) -> String? {
    for unit in units(packet) where isNote(unit) {
      // Header, type and size, then a 16-byte identifier before the text.
      let text = unit.dropFirst(2).drop { $0 == 0xff }.dropFirst(17).prefix { $0 != 0 }
      let words = String(decoding: text, as: UTF8.self)
      guard let end = words.firstRange(of: " - H.264") else { continue }
      return String(words[..<end.lowerBound])
    }
    return nil
  }
}
