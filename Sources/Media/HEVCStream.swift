/// The units of an HEVC byte stream in the form in which MP4 and QuickTime hold them.
///
/// Source: ITU-T H.265, 7.3.1.2, 7.3.2.2, 7.3.3 and Annex B; ISO/IEC 14496-15, 8.3.3.1.
enum HEVCStream {
  private enum Kind {
    static let videoParameters: UInt8 = 32
    static let sequenceParameters: UInt8 = 33
    static let pictureParameters: UInt8 = 34
    static let supplementalInformation: UInt8 = 39
  }

  private static func kind(_ unit: ArraySlice<UInt8>) -> UInt8 { unit[unit.startIndex] >> 1 & 0x3f }

  /// Text that an encoder leaves about itself: a note of user data, which no decoder needs.
  private static func isNote(_ unit: ArraySlice<UInt8>) -> Bool {
    kind(unit) == Kind.supplementalInformation && unit.count > 2 && unit[unit.startIndex + 2] == 5
  }

  /// The packet with the length of each unit in front of it, in four bytes, and without the encoder's notes.
  static func lengthPrefixed(_ packet: [UInt8]) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(packet.count + 8)
    for unit in H264Stream.units(packet) where !isNote(unit) {
      for shift in [24, 16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: unit.count >> shift)) }
      bytes += unit
    }
    return bytes
  }

  /// The `hvcC` record of a stream's parameter sets, with what its header says of the mastering display; nil when a set
  /// is missing.
  ///
  /// - Parameters:
  ///   - header: units with start codes, 4:2:0, progressive.
  ///   - bitDepth: of luma and chroma, 8…15.
  static func configuration(_ header: [UInt8], bitDepth: Int) -> [UInt8]? {
    let units = H264Stream.units(header).filter { $0.count > 2 && !isNote($0) }
    let sets = [Kind.videoParameters, Kind.sequenceParameters, Kind.pictureParameters].map { wanted in
      units.filter { kind($0) == wanted }
    }
    guard sets.allSatisfy({ $0.count == 1 }) else { return nil }
    // After two bytes of header one with the sub-layers, then twelve of profile, tier and level.
    let sequence = unescaped(sets[1][0].prefix(32))
    guard sequence.count >= 15 else { return nil }
    let layers = sequence[2] >> 1 & 7
    let isNested = sequence[2] & 1
    let depth = UInt8(bitDepth - 8) & 7
    var bytes: [UInt8] = [1] + sequence[3..<15]
    bytes += [0xf0, 0, 0xfc, 0xfc | 1, 0xf8 | depth, 0xf8 | depth, 0, 0]
    bytes.append((layers + 1) << 3 | isNested << 2 | 3)
    let information = units.filter { kind($0) == Kind.supplementalInformation }
    let arrays = sets + (information.isEmpty ? [] : [information])
    bytes.append(UInt8(arrays.count))
    for array in arrays {
      // All parameter sets are here, and none in the pictures.
      let isComplete: UInt8 = kind(array[0]) == Kind.supplementalInformation ? 0 : 0x80
      bytes += [isComplete | kind(array[0]), 0, UInt8(array.count)]
      for unit in array { bytes += [UInt8(unit.count >> 8 & 0xff), UInt8(unit.count & 0xff)] + unit }
    }
    return bytes
  }

  /// Without the bytes that keep start codes out of a unit.
  private static func unescaped(_ unit: ArraySlice<UInt8>) -> [UInt8] {
    var bytes: [UInt8] = []
    var zeros = 0
    for byte in unit {
      if zeros >= 2, byte == 3 {
        zeros = 0
        continue
      }
      zeros = byte == 0 ? zeros + 1 : 0
      bytes.append(byte)
    }
    return bytes
  }

  /// What the encoder calls itself in its note, up to the name of the standard.
  static func encoderName(_ units: [UInt8]) -> String? {
    for unit in H264Stream.units(units) where isNote(unit) {
      // Header, type and size, then a 16-byte identifier before the text.
      let text = unit.dropFirst(3).drop { $0 == 0xff }.dropFirst(17).prefix { $0 != 0 }
      let words = String(decoding: text, as: UTF8.self)
      guard let end = words.firstRange(of: " - H.265") else { continue }
      return String(words[..<end.lowerBound])
    }
    return nil
  }
}
