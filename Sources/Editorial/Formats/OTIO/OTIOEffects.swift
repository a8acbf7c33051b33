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
  /// The fraction with the smallest denominator that is written as this number; `nil` beyond 10,000 and for no number.
  init?(simplest number: Double) {
    guard number.isFinite, number.magnitude < 10_000 else { return nil }
    let target = number.magnitude
    var (top, bottom): (Int64, Int64) = (1, 0)
    var (previousTop, previousBottom): (Int64, Int64) = (0, 1)
    var rest = target
    while true {
      let whole = rest.rounded(.down)
      guard whole < 1e12, let step = Int64(exactly: whole) else { return nil }
      let (nextTop, nextBottom) = (
        step.multipliedReportingOverflow(by: top), step.multipliedReportingOverflow(by: bottom)
      )
      let newTop = nextTop.partialValue.addingReportingOverflow(previousTop)
      let newBottom = nextBottom.partialValue.addingReportingOverflow(previousBottom)
      guard !nextTop.overflow, !nextBottom.overflow, !newTop.overflow, !newBottom.overflow else { return nil }
      (previousTop, previousBottom) = (top, bottom)
      (top, bottom) = (newTop.partialValue, newBottom.partialValue)
      if Double(top) / Double(bottom) == target { break }
      let fraction = rest - whole
      guard fraction > 0 else { return nil }
      rest = 1 / fraction
    }
    guard bottom < 1 << 40, let value = Rational(checked: number < 0 ? -top : top, bottom) else { return nil }
    self = value
  }
}
