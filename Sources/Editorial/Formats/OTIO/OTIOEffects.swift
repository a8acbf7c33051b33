import MediaTime

/// The effects of an item: time warps are its speed, the rest is kept.
enum OTIOEffects {
  /// The speed that the time warps make together, and the effects that are none.
  ///
  /// - Returns: `nil` for the speed where a warp says none.
  static func read(_ effects: [JSONValue]) -> (speed: Rational?, others: [JSONValue]) {
    var speed: Rational? = .one
    var others: [JSONValue] = []
    for effect in effects {
      guard effect["enabled"]?.bool != false else { continue }
      switch effect.schema {
      case "FreezeFrame": speed = speed.map { _ in .zero }
      case "LinearTimeWarp":
        let factor = effect["time_scalar"]?.double.flatMap(Rational.init(simplest:))
        speed = factor.flatMap { speed?.checkedMultiply($0) }
      default: others.append(effect)
      }
    }
    return (speed, others)
  }

  /// What people call an effect.
  static func name(_ effect: JSONValue) -> String {
    for text in [effect["effect_name"]?.string, effect["name"]?.string] {
      if let text, !text.isEmpty { return text }
    }
    return effect.schema.isEmpty ? "without name" : effect.schema
  }

  /// Whether an effect may move, scale or fade the picture: any may whose name does not speak of something else.
  static func mayPlace(_ name: String) -> Bool {
    let name = name.lowercased()
    return !harmless.contains { name.contains($0) }
  }

  private static let harmless = [
    "color", "colour", "grade", "lut", "cdl", "saturation", "gamma", "curves", "exposure", "tint", "blur",
    "sharpen",
    "grain", "noise", "glow", "submaster", "timecode", "burn-in", "burnin", "audio", "volume", "gain", "pan",
    "equali", "reverb",
  ]
}

extension Rational {
  /// The fraction with a small denominator that is written as this number; `nil` beyond 10,000, below a millionth of
  /// a millionth and for no number.
  ///
  /// The first convergent of its continued fraction that rounds to it.
  init?(simplest number: Double) {
    if number == 0 {
      self = .zero
      return
    }
    guard number.isFinite, number.magnitude < 10_000, number.magnitude > 1e-12 else { return nil }
    let target = number.magnitude
    var rest = (
      top: UInt128(target.significandBitPattern | 1 << 52),
      bottom: UInt128(1) << UInt128(52 - target.exponent)
    )
    var last: (top: Int64, bottom: Int64) = (0, 1)
    var convergent: (top: Int64, bottom: Int64) = (1, 0)
    while rest.bottom != 0 {
      let (whole, left) = rest.top.quotientAndRemainder(dividingBy: rest.bottom)
      rest = (rest.bottom, left)
      guard let step = Int64(exactly: whole), let top = Self.next(step, convergent.top, last.top),
        let bottom = Self.next(step, convergent.bottom, last.bottom)
      else { return nil }
      last = convergent
      convergent = (top, bottom)
      if Double(top) / Double(bottom) == target { break }
    }
    guard let value = Rational(checked: number < 0 ? -convergent.top : convergent.top, convergent.bottom)
    else {
      return nil
    }
    self = value
  }

  private static func next(_ step: Int64, _ current: Int64, _ last: Int64) -> Int64? {
    let product = step.multipliedReportingOverflow(by: current)
    let sum = product.partialValue.addingReportingOverflow(last)
    return product.overflow || sum.overflow ? nil : sum.partialValue
  }
}
