import Diagnostics

/// Text and numbers for pages.
enum PageText {
  /// Safe text, at most so many characters.
  static func escape(_ text: String, longest: Int = 160) -> String {
    HTMLText.escape(text, longest: longest)
  }

  /// `3.4 GB`, by powers of 1000.
  static func bytes(_ count: Int64) -> String {
    var value = Double(max(0, count))
    for unit in ["B", "kB", "MB", "GB"] {
      if value < 999.5 { return "\(decimal(value, unit == "B" || value >= 99.5 ? 0 : 1)) \(unit)" }
      value /= 1000
    }
    return "\(decimal(value, 1)) TB"
  }

  /// `0.42 h`, below that in seconds of work.
  static func hours(_ seconds: Double) -> String {
    seconds >= 3600 ? "\(decimal(seconds / 3600, 1)) h" : DisplayTime.text(seconds)
  }

  static func money(_ amount: Double, _ currency: String) -> String {
    "\(decimal(amount, amount != 0 && amount < 0.095 ? 4 : 2)) \(escape(currency))"
  }

  static func percent(_ part: Double, of whole: Double) -> String {
    guard whole > 0, part.isFinite else { return "–" }
    return "\(decimal(part / whole * 100, 0)) %"
  }

  /// Digits in groups of three.
  static func count(_ number: some BinaryInteger) -> String {
    var digits = String(number.magnitude)
    var groups: [String] = []
    while digits.count > 3 {
      groups.insert(String(digits.suffix(3)), at: 0)
      digits.removeLast(3)
    }
    groups.insert(digits, at: 0)
    return (number < 0 ? "−" : "") + groups.joined(separator: " ")
  }
}
