/// Text for pages: names come from cut files, and a page must show them, not obey them.
enum PageText {
  /// The text as content or as a quoted attribute: markup escaped; control characters and marks that turn the
  /// direction of writing shown as what they are; at most so many characters.
  static func escape(_ text: String, longest: Int = 160) -> String {
    var escaped = ""
    for character in text.prefix(longest) {
      // A character of a hundred combining marks would climb over the lines above it.
      for scalar in character.unicodeScalars.prefix(8) {
        switch scalar {
        case "&": escaped += "&amp;"
        case "<": escaped += "&lt;"
        case ">": escaped += "&gt;"
        case "\"": escaped += "&quot;"
        case "'": escaped += "&#39;"
        default:
          if isShownAsNumber(scalar) {
            escaped += "\\u{\(String(scalar.value, radix: 16))}"
          } else {
            escaped.unicodeScalars.append(scalar)
          }
        }
      }
    }
    return text.dropFirst(longest).isEmpty ? escaped : escaped + "…"
  }

  private static func isShownAsNumber(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7F..<0xA0, 0x2028...0x202E, 0x2066...0x2069, 0xFFFE...0xFFFF: true
    default: false
    }
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
