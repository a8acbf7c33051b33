/// Turns typed fields into one sequence of bytes, such that different fields never give the same bytes.
///
/// Every field starts with the tag of its type. Fixed-size values follow in big-endian order; strings and
/// bytes are preceded by their length; lists and records are enclosed by their own tags. The encoding can
/// therefore be parsed back in one way only, which is what makes it safe to hash. Doubles enter by bit
/// pattern: -0.0 and 0.0 differ, and so do NaNs of different payload.
package struct CanonicalEncoder: Sendable {
  enum Tag: UInt8 {
    case domain = 0x01
    case integer = 0x10
    case boolean = 0x11
    case double = 0x12
    case float = 0x13
    case string = 0x20
    case bytes = 0x21
    case digest = 0x22
    case listBegin = 0x30
    case listEnd = 0x31
    case recordBegin = 0x32
    case recordEnd = 0x33
    case absent = 0x40
    case present = 0x41
  }

  /// What has been encoded so far; the digest is taken over exactly these bytes.
  package private(set) var bytes: [UInt8] = []
  private var openLists = 0

  /// - Parameters:
  ///   - domain: what the key is for, so that equal fields of different purposes differ, e.g. `segment`.
  ///   - version: the version of this domain's field list.
  package init(domain: String, version: Int) {
    bytes.reserveCapacity(256)
    appendText(domain, tag: .domain)
    appendWord(UInt64(bitPattern: Int64(version)))
  }

  package mutating func append(_ value: Int64) {
    appendTag(.integer)
    appendWord(UInt64(bitPattern: value))
  }

  /// Encoded as `Int64`: the two spell the same number.
  package mutating func append(_ value: Int) {
    append(Int64(value))
  }

  package mutating func append(_ value: Bool) {
    appendTag(.boolean)
    bytes.append(value ? 1 : 0)
  }

  package mutating func append(_ value: Double) {
    appendTag(.double)
    appendWord(value.bitPattern)
  }

  package mutating func append(_ value: Float) {
    appendTag(.float)
    for shift in stride(from: 24, through: 0, by: -8) {
      bytes.append(UInt8(truncatingIfNeeded: value.bitPattern >> UInt32(shift)))
    }
  }

  /// Encoded as UTF-8 without normalization: canonically equivalent spellings differ.
  package mutating func append(_ value: String) {
    appendText(value, tag: .string)
  }

  package mutating func append(_ value: [UInt8]) {
    appendTag(.bytes)
    appendWord(UInt64(value.count))
    bytes.append(contentsOf: value)
  }

  package mutating func append(_ value: Digest) {
    appendTag(.digest)
    let words = value.words
    appendWord(words.0)
    appendWord(words.1)
    appendWord(words.2)
    appendWord(words.3)
  }

  /// Encodes a value as a record of its own: its fields never run into those of its neighbours.
  package mutating func append<T: CanonicallyEncodable>(_ value: T) {
    appendTag(.recordBegin)
    value.encode(into: &self)
    appendTag(.recordEnd)
  }

  package mutating func append<T: CanonicallyEncodable>(_ values: [T]) {
    beginList(count: values.count)
    for value in values { append(value) }
    endList()
  }

  package mutating func append(_ values: [Digest]) {
    beginList(count: values.count)
    bytes.reserveCapacity(bytes.count + values.count * 33 + 1)
    for value in values { append(value) }
    endList()
  }

  package mutating func append<T: CanonicallyEncodable>(_ value: T?) {
    appendPresence(value != nil)
    if let value { append(value) }
  }

  /// Says whether the optional field that follows is there; append its value only after `true`.
  package mutating func appendPresence(_ isPresent: Bool) {
    appendTag(isPresent ? .present : .absent)
  }

  /// Starts a list; append its elements, then call `endList()`.
  ///
  /// An element made of several fields must be a `CanonicallyEncodable` value (or a list of its own).
  package mutating func beginList(count: Int) {
    appendTag(.listBegin)
    appendWord(UInt64(count))
    openLists += 1
  }

  package mutating func endList() {
    precondition(openLists > 0, "a list is ended that was not begun")
    openLists -= 1
    appendTag(.listEnd)
  }

  /// The SHA-256 of the encoding; every list must be ended.
  package func digest() -> Digest {
    precondition(openLists == 0, "a list was begun and not ended")
    return Digest.sha256(bytes)
  }

  private mutating func appendTag(_ tag: Tag) {
    bytes.append(tag.rawValue)
  }

  private mutating func appendWord(_ word: UInt64) {
    // Keys are made by the hundred thousand; eight single appends cost three times as much.
    unsafe withUnsafeBytes(of: word.bigEndian) { unsafe bytes.append(contentsOf: $0) }
  }

  private mutating func appendText(_ text: String, tag: Tag) {
    appendTag(tag)
    appendWord(UInt64(text.utf8.count))
    bytes.append(contentsOf: text.utf8)
  }
}

/// A value with one canonical encoding, so that it can be part of a key.
package protocol CanonicallyEncodable {
  /// Appends every field that distinguishes this value, always in the same order and number; a field that
  /// may be missing is appended as an optional.
  func encode(into encoder: inout CanonicalEncoder)
}

extension Int64: CanonicallyEncodable {
  package func encode(into encoder: inout CanonicalEncoder) { encoder.append(self) }
}

extension Int: CanonicallyEncodable {
  package func encode(into encoder: inout CanonicalEncoder) { encoder.append(self) }
}

extension Bool: CanonicallyEncodable {
  package func encode(into encoder: inout CanonicalEncoder) { encoder.append(self) }
}

extension Double: CanonicallyEncodable {
  package func encode(into encoder: inout CanonicalEncoder) { encoder.append(self) }
}

extension Float: CanonicallyEncodable {
  package func encode(into encoder: inout CanonicalEncoder) { encoder.append(self) }
}

extension String: CanonicallyEncodable {
  package func encode(into encoder: inout CanonicalEncoder) { encoder.append(self) }
}

extension Digest: CanonicallyEncodable {
  package func encode(into encoder: inout CanonicalEncoder) { encoder.append(self) }
}
