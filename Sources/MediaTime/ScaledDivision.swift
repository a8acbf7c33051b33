extension Int64 {
  /// The quotient rounded towards minus infinity.
  ///
  /// - Precondition: `divisor` is positive.
  func flooredQuotient(by divisor: Int64) -> Int64 {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? quotient - 1 : quotient
  }

  /// The remainder of the floored division, 0..<divisor.
  func flooredRemainder(by divisor: Int64) -> Int64 {
    let remainder = self % divisor
    return remainder < 0 ? remainder + divisor : remainder
  }
}

/// `floor(value × numerator ÷ denominator + 1/2)` without intermediate overflow.
///
/// - Precondition: `denominator` is positive and the result fits.
func scaledRounding(_ value: Int64, by numerator: Int64, over denominator: Int64) -> Int64 {
  // floor(v·n/d + 1/2) = floor((2·v·n + d) / 2d), in 128 bits.
  let product = Int128(value) * Int128(numerator)
  let dividend = 2 * product + Int128(denominator)
  let divisor = 2 * Int128(denominator)
  let (quotient, remainder) = dividend.quotientAndRemainder(dividingBy: divisor)
  return Int64(remainder < 0 ? quotient - 1 : quotient)
}
