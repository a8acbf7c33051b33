/// An exact fraction: `Int64` over positive `Int64`, in lowest terms.
///
/// Arithmetic operators trap on overflow, as integers do; use the `checked` forms for numbers that came from a file.
package struct Rational: Hashable, Sendable {
  package let numerator: Int64
  package let denominator: Int64

  /// The fraction reduced to lowest terms, the sign in the numerator.
  ///
  /// - Precondition: `denominator` is not 0 and both fit after reduction.
  package init(_ numerator: Int64, _ denominator: Int64 = 1) {
    guard let value = Rational(checked: numerator, denominator) else {
      preconditionFailure("\(numerator)/\(denominator) is not a fraction of 64-bit integers")
    }
    self = value
  }

  /// `nil` when `denominator` is 0 or the reduced fraction does not fit.
  package init?(checked numerator: Int64, _ denominator: Int64) {
    guard denominator != 0 else { return nil }
    let divisor = Self.greatestCommonDivisor(numerator.magnitude, denominator.magnitude)
    let isNegative = (numerator < 0) != (denominator < 0)
    let top = numerator.magnitude / divisor
    let bottom = denominator.magnitude / divisor
    guard bottom <= UInt64(Int64.max), top <= UInt64(Int64.max) else { return nil }
    self.numerator = isNegative ? -Int64(top) : Int64(top)
    self.denominator = Int64(bottom)
  }

  private static func greatestCommonDivisor(_ left: UInt64, _ right: UInt64) -> UInt64 {
    var (left, right) = (left, right)
    while right != 0 { (left, right) = (right, left % right) }
    return max(left, 1)
  }

  package static let zero = Rational(0)
  package static let one = Rational(1)

  package var isInteger: Bool { denominator == 1 }

  /// The largest integer that is not greater.
  package var floor: Int64 { numerator.flooredQuotient(by: denominator) }

  /// The nearest integer, halves upward: `floor(x + 1/2)`.
  package var rounded: Int64 { scaledRounding(1, by: numerator, over: denominator) }

  package var magnitude: Rational { numerator < 0 ? Rational(-numerator, denominator) : self }

  /// For display only; never calculate with it.
  package var displayValue: Double { Double(numerator) / Double(denominator) }
}

extension Rational: Comparable {
  package static func < (left: Rational, right: Rational) -> Bool {
    let first = left.numerator.multipliedFullWidth(by: right.denominator)
    let second = right.numerator.multipliedFullWidth(by: left.denominator)
    return (first.high, first.low) < (second.high, second.low)
  }
}

extension Rational {
  /// `nil` on overflow.
  package func checkedMultiply(_ other: Rational) -> Rational? {
    // Cross-reduce first, so only results that really do not fit fail.
    guard let first = Rational(checked: numerator, other.denominator),
      let second = Rational(checked: other.numerator, denominator)
    else { return nil }
    let top = first.numerator.multipliedReportingOverflow(by: second.numerator)
    let bottom = first.denominator.multipliedReportingOverflow(by: second.denominator)
    return top.overflow || bottom.overflow ? nil : Rational(checked: top.partialValue, bottom.partialValue)
  }

  /// `nil` on overflow or when `other` is 0.
  package func checkedDivide(_ other: Rational) -> Rational? {
    Rational(checked: other.denominator, other.numerator).flatMap(checkedMultiply)
  }

  /// `nil` on overflow.
  package func checkedAdd(_ other: Rational) -> Rational? {
    guard let common = Rational(checked: denominator, other.denominator) else { return nil }
    let left = numerator.multipliedReportingOverflow(by: common.denominator)
    let right = other.numerator.multipliedReportingOverflow(by: common.numerator)
    let sum = left.partialValue.addingReportingOverflow(right.partialValue)
    let bottom = denominator.multipliedReportingOverflow(by: common.denominator)
    guard !left.overflow, !right.overflow, !sum.overflow, !bottom.overflow else { return nil }
    return Rational(checked: sum.partialValue, bottom.partialValue)
  }

  /// `nil` on overflow.
  package func checkedSubtract(_ other: Rational) -> Rational? {
    Rational(checked: -other.numerator, other.denominator).flatMap(checkedAdd)
  }

  package static func * (left: Rational, right: Rational) -> Rational {
    guard let product = left.checkedMultiply(right) else {
      preconditionFailure("\(left) × \(right) overflows")
    }
    return product
  }

  package static func / (left: Rational, right: Rational) -> Rational {
    guard let quotient = left.checkedDivide(right) else {
      preconditionFailure("\(left) ÷ \(right) overflows")
    }
    return quotient
  }

  package static func + (left: Rational, right: Rational) -> Rational {
    guard let sum = left.checkedAdd(right) else { preconditionFailure("\(left) + \(right) overflows") }
    return sum
  }

  package static func - (left: Rational, right: Rational) -> Rational { left + -right }

  package static prefix func - (value: Rational) -> Rational { Rational(-value.numerator, value.denominator) }
}

extension Rational: CustomStringConvertible {
  /// `n/d`, always with the denominator.
  package var description: String { "\(numerator)/\(denominator)" }

  /// Reads `n/d` or `n`.
  ///
  /// - Throws: `.malformed`.
  package init(parsing text: String) throws(MediaTimeError) {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    let numbers = parts.map { Int64($0) }
    guard let numerator = numbers[0], let denominator = numbers.count > 1 ? numbers[1] : 1,
      let value = Rational(checked: numerator, denominator)
    else { throw MediaTimeError(code: .malformed, message: "`\(text)` is not a fraction such as 24000/1001") }
    self = value
  }
}

extension Rational: Codable {
  package init(from decoder: any Decoder) throws {
    try self.init(parsing: try decoder.singleValueContainer().decode(String.self))
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
