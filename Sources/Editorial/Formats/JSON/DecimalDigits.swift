/// The digits of integers that no 64-bit number holds.
enum DecimalDigits {
  /// All digits of a number without a fraction; at most 309 of them.
  ///
  /// - Precondition: `value` is finite and at least 2⁵³ in magnitude, so that it has no fraction.
  static func text(of value: Double) -> String {
    // Least significant first; the significand doubled until its exponent is used up.
    var digits = String(UInt64(value.significandBitPattern | 1 << 52)).utf8.reversed().map { $0 - 0x30 }
    for _ in 0..<(Int(value.exponent) - 52) {
      var carry: UInt8 = 0
      for index in digits.indices {
        let doubled = digits[index] * 2 + carry
        digits[index] = doubled % 10
        carry = doubled / 10
      }
      if carry > 0 { digits.append(carry) }
    }
    let text = digits.reversed().map { String($0) }.joined()
    return value < 0 ? "-" + text : text
  }
}
