import FoundationEssentials

/// Where values stand in JSON: what nobody asks for is passed over, which takes a small part of decoding it.
///
/// Of what it passes over it sees brackets and strings only; whoever decodes a value finds out the rest.
struct JSONPlaces {
  let bytes: [UInt8]

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// The value that the bytes are; nil where it is cut short.
  var whole: Range<Int>? {
    let start = behindBlanks(0)
    return end(ofValueAt: start).map { start..<$0 }
  }

  /// Calls `note` with the name, as it is written between its quotes, and the value of each member.
  ///
  /// - Returns: false for what is no object, or is cut short.
  func members(
    of object: Range<Int>, _ note: (_ name: ArraySlice<UInt8>, _ value: Range<Int>) -> Void
  ) -> Bool {
    items(of: object, from: UInt8(ascii: "{"), to: UInt8(ascii: "}")) { start in
      guard let nameEnd = end(ofValueAt: start), bytes[start] == UInt8(ascii: "\"") else { return nil }
      let colon = behindBlanks(nameEnd)
      guard colon < bytes.count, bytes[colon] == UInt8(ascii: ":") else { return nil }
      let value = behindBlanks(colon + 1)
      guard let end = end(ofValueAt: value) else { return nil }
      note(bytes[start + 1..<nameEnd - 1], value..<end)
      return end
    }
  }

  /// Calls `note` with each element.
  ///
  /// - Returns: false for what is no array, or is cut short.
  func elements(of array: Range<Int>, _ note: (Range<Int>) -> Void) -> Bool {
    items(of: array, from: UInt8(ascii: "["), to: UInt8(ascii: "]")) { start in
      guard let end = end(ofValueAt: start) else { return nil }
      note(start..<end)
      return end
    }
  }

  /// The member of an object; nil where it has none of that name.
  func member(_ name: StaticString, of object: Range<Int>) -> Range<Int>? {
    let wanted = Array("\(name)".utf8)
    var found: Range<Int>?
    let isWhole = members(of: object) { if found == nil, $0.elementsEqual(wanted) { found = $1 } }
    return isWhole ? found : nil
  }

  /// A string; nil for anything else.
  func string(_ value: Range<Int>) -> String? {
    guard value.count >= 2, bytes[value.lowerBound] == UInt8(ascii: "\"") else { return nil }
    let text = bytes[value.lowerBound + 1..<value.upperBound - 1]
    guard text.contains(UInt8(ascii: "\\")) else { return String(decoding: text, as: UTF8.self) }
    return try? JSONDecoder().decode(String.self, from: Data(bytes[value]))
  }

  /// A whole number; nil for anything else.
  func integer(_ value: Range<Int>) -> Int64? { Int64(String(decoding: bytes[value], as: UTF8.self)) }

  // MARK: Passing over

  private func items(
    of list: Range<Int>, from first: UInt8, to last: UInt8, _ item: (Int) -> Int?
  ) -> Bool {
    guard list.lowerBound < list.upperBound, bytes[list.lowerBound] == first else { return false }
    var place = behindBlanks(list.lowerBound + 1)
    if place < list.upperBound, bytes[place] == last { return true }
    // In what is no JSON a quote may stand within a number, and where a list ends depends on where one looks from.
    while let end = item(place) {
      place = behindBlanks(end)
      guard place < list.upperBound else { return false }
      if bytes[place] == last { return true }
      guard bytes[place] == UInt8(ascii: ",") else { return false }
      place = behindBlanks(place + 1)
    }
    return false
  }

  private func behindBlanks(_ place: Int) -> Int {
    var place = place
    while place < bytes.count, Self.isBlank(bytes[place]) { place += 1 }
    return place
  }

  private static func isBlank(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r")
      || byte == UInt8(ascii: "\t")
  }

  /// Behind the last byte of a value; nil where it has none, or no end.
  private func end(ofValueAt start: Int) -> Int? {
    guard start < bytes.count else { return nil }
    switch bytes[start] {
    case UInt8(ascii: "\""): return end(ofStringAt: start)
    case UInt8(ascii: "{"), UInt8(ascii: "["): return end(ofBracketAt: start)
    default:
      var place = start
      while place < bytes.count {
        let byte = bytes[place]
        if Self.isBlank(byte) || byte == UInt8(ascii: ",") || byte == UInt8(ascii: "}")
          || byte == UInt8(ascii: "]")
        {
          break
        }
        place += 1
      }
      return place > start ? place : nil
    }
  }

  private func end(ofStringAt start: Int) -> Int? {
    var place = start + 1
    while place < bytes.count {
      if bytes[place] == UInt8(ascii: "\"") { return place + 1 }
      place += bytes[place] == UInt8(ascii: "\\") ? 2 : 1
    }
    return nil
  }

  private func end(ofBracketAt start: Int) -> Int? {
    var (place, depth) = (start, 0)
    while place < bytes.count {
      switch bytes[place] {
      case UInt8(ascii: "\""):
        guard let end = end(ofStringAt: place) else { return nil }
        place = end
        continue
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        depth -= 1
        if depth == 0 { return place + 1 }
      default: break
      }
      place += 1
    }
    return nil
  }
}
