/// A level or a difference of levels in thousandths of a decibel, exactly as written in decimal.
///
/// The same number serves dB, dBTP, LKFS and LU; which it is, the name of the value says.
package struct Level: Hashable, Sendable, Comparable {
  package var thousandths: Int

  package init(thousandths: Int) { self.thousandths = thousandths }

  /// A measured value to the nearest thousandth, halves away from zero.
  ///
  /// Meters use the mathematics library, whose last digits differ between processors: rounded here, before a value
  /// enters a gain. `nil` for what is no number or below −1000.
  package init?(measured value: Double) {
    guard value.isFinite, abs(value) < 1000 else { return nil }
    thousandths = Int((value * 1000).rounded())
  }

  package static let zero = Level(thousandths: 0)

  package static func < (left: Level, right: Level) -> Bool { left.thousandths < right.thousandths }

  package static func + (left: Level, right: Level) -> Level {
    Level(thousandths: left.thousandths + right.thousandths)
  }

  package static func - (left: Level, right: Level) -> Level {
    Level(thousandths: left.thousandths - right.thousandths)
  }

  package var magnitude: Level { Level(thousandths: abs(thousandths)) }

  /// Reads `-24 LKFS`, `-6dB`, `+1.5`: at most three decimals and one of `units`, or none.
  package init?(parsing text: String, units: [String]) {
    var rest = text.replacingMinus.trimmingBlanks
    if let unit = units.first(where: { rest.lowercased().hasSuffix($0.lowercased()) }) {
      rest = String(rest.dropLast(unit.count)).trimmingBlanks
    }
    var sign = 1
    if let first = rest.first, first == "-" || first == "+" {
      sign = first == "-" ? -1 : 1
      rest.removeFirst()
    }
    let parts = rest.split(separator: ".", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count), let whole = Self.digits(parts[0], atMost: 4) else { return nil }
    var fraction = 0
    if parts.count == 2 {
      guard let value = Self.digits(parts[1], atMost: 3) else { return nil }
      fraction = value * [1, 100, 10, 1][parts[1].count]
    }
    thousandths = sign * (whole * 1000 + fraction)
  }

  private static func digits(_ text: Substring, atMost count: Int) -> Int? {
    guard (1...count).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
      return nil
    }
    return Int(text)
  }

  /// The factor of amplitude, `10^(dB/20)`, by additions and multiplications only: the same on every processor.
  ///
  /// `2^y` is `2^n · e^(f·ln 2)` with `n` whole and `|f| ≤ 1/2`, the exponential a Taylor series to the 18th power,
  /// which is exact to the last digits of a double.
  package var ratio: Double {
    // log2(10) / 20, per thousandth.
    let exponent = Double(thousandths) / 1000 * 0.166_096_404_744_368_1
    let whole = exponent.rounded()
    let argument = (exponent - whole) * 0.693_147_180_559_945_3
    var sum = 1.0
    for power in stride(from: 18.0, through: 1.0, by: -1) { sum = 1 + argument / power * sum }
    return Double(sign: .plus, exponent: Int(whole), significand: sum)
  }
}

extension Level: CustomStringConvertible {
  /// In decimal without trailing zeros, with a true minus: `−24`, `1.5`.
  package var description: String {
    let size = abs(thousandths)
    var fraction = String(size % 1000 + 1000).dropFirst()
    while fraction.last == "0" { fraction.removeLast() }
    let number = fraction.isEmpty ? "\(size / 1000)" : "\(size / 1000).\(fraction)"
    return (thousandths < 0 ? "−" : "") + number
  }

  /// With one decimal, as meters show it.
  package var tenths: String {
    let rounded = (abs(thousandths) + 50) / 100
    return (thousandths < 0 && rounded > 0 ? "−" : "") + "\(rounded / 10).\(rounded % 10)"
  }
}

extension Level: Codable {
  package init(from decoder: any Decoder) throws {
    let value = try decoder.singleValueContainer().decode(Double.self)
    guard let level = Level(measured: value) else {
      throw DecodingError.dataCorrupted(
        DecodingError.Context(codingPath: decoder.codingPath, debugDescription: "\(value) is no level"))
    }
    self = level
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(Double(thousandths) / 1000)
  }
}

extension String {
  /// With the typographic minus as a hyphen.
  fileprivate var replacingMinus: String { String(map { $0 == "−" ? "-" : $0 }) }

  fileprivate var trimmingBlanks: String {
    var text = self[...]
    while text.first?.isWhitespace == true { text.removeFirst() }
    while text.last?.isWhitespace == true { text.removeLast() }
    return String(text)
  }
}
