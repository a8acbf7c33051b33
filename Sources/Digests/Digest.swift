/// A SHA-256 value: the name of a content or the key of a task.
///
/// Printed, encoded and compared as 64 lower-case hexadecimal digits.
package struct Digest: Hashable, Comparable, Sendable {
  // Four words, most significant byte first, so that comparing words compares the printed text.
  private let a: UInt64
  private let b: UInt64
  private let c: UInt64
  private let d: UInt64

  /// - Parameter bytes: exactly 32, else `nil`.
  package init?(bytes: some Sequence<UInt8>) {
    var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
    var count = 0
    for byte in bytes {
      switch count / 8 {
      case 0: words.0 = words.0 << 8 | UInt64(byte)
      case 1: words.1 = words.1 << 8 | UInt64(byte)
      case 2: words.2 = words.2 << 8 | UInt64(byte)
      case 3: words.3 = words.3 << 8 | UInt64(byte)
      default: return nil
      }
      count += 1
    }
    guard count == 32 else { return nil }
    (a, b, c, d) = words
  }

  /// As `init(bytes:)`, without copying; for bulk reading.
  ///
  /// - Parameter buffer: exactly 32 bytes, else `nil`; read during the call only.
  package init?(buffer: UnsafeRawBufferPointer) {
    guard buffer.count == 32 else { return nil }
    a = unsafe UInt64(bigEndian: buffer.loadUnaligned(fromByteOffset: 0, as: UInt64.self))
    b = unsafe UInt64(bigEndian: buffer.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
    c = unsafe UInt64(bigEndian: buffer.loadUnaligned(fromByteOffset: 16, as: UInt64.self))
    d = unsafe UInt64(bigEndian: buffer.loadUnaligned(fromByteOffset: 24, as: UInt64.self))
  }

  /// - Parameter hex: exactly 64 lower-case hexadecimal digits, else `nil`: one digest has one spelling.
  package init?(hex: some StringProtocol) {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(32)
    var high: UInt8?
    for character in hex.utf8 {
      let value: UInt8
      switch character {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): value = character - UInt8(ascii: "0")
      case UInt8(ascii: "a")...UInt8(ascii: "f"): value = character - UInt8(ascii: "a") + 10
      default: return nil
      }
      if let first = high {
        bytes.append(first << 4 | value)
        high = nil
      } else {
        high = value
      }
    }
    guard high == nil else { return nil }
    self.init(bytes: bytes)
  }

  /// As `init(hex:)`, without making a text first; for names of files by the hundred thousand.
  ///
  /// - Parameter digits: exactly 64 lower-case hexadecimal digits, else `nil`; read during the call only.
  package init?(hexDigits digits: UnsafeRawBufferPointer) {
    guard digits.count == 64 else { return nil }
    func word(at start: Int) -> UInt64? {
      var word: UInt64 = 0
      for index in start..<start + 16 {
        let digit = unsafe digits[index]
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): word = word << 4 | UInt64(digit &- UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"):
          word = word << 4 | UInt64(digit &- UInt8(ascii: "a") &+ 10)
        default: return nil
        }
      }
      return word
    }
    guard let first = word(at: 0), let second = word(at: 16), let third = word(at: 32),
      let fourth = word(at: 48)
    else { return nil }
    (a, b, c, d) = (first, second, third, fourth)
  }

  /// The 32 bytes as four words, most significant first.
  package var words: (UInt64, UInt64, UInt64, UInt64) { (a, b, c, d) }

  /// The 32 bytes, most significant first.
  package var bytes: [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(32)
    for word in [a, b, c, d] {
      for shift in stride(from: 56, through: 0, by: -8) {
        result.append(UInt8(truncatingIfNeeded: word >> UInt64(shift)))
      }
    }
    return result
  }

  /// 64 lower-case hexadecimal digits.
  package var hex: String { hexText(bytes) }

  package static func < (left: Digest, right: Digest) -> Bool {
    (left.a, left.b, left.c, left.d) < (right.a, right.b, right.c, right.d)
  }

  package func hash(into hasher: inout Hasher) {
    // The value is uniform already; one word of it decides the bucket as well as four.
    hasher.combine(a)
  }
}

extension Digest: CustomStringConvertible {
  package var description: String { hex }
}

extension Digest: Codable {
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let digest = Digest(hex: text) else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "expected 64 lower-case hexadecimal digits, found '\(text)'")
    }
    self = digest
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(hex)
  }
}

/// Lower-case hexadecimal text of bytes, two digits each.
package func hexText(_ bytes: some Collection<UInt8>) -> String {
  let digits = Array("0123456789abcdef".utf8)
  var text: [UInt8] = []
  text.reserveCapacity(bytes.count * 2)
  for byte in bytes {
    text.append(digits[Int(byte >> 4)])
    text.append(digits[Int(byte & 15)])
  }
  return String(decoding: text, as: UTF8.self)
}
