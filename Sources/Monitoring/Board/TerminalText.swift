/// Text of files made fit for the lines of a terminal.
package enum TerminalText {
  /// Control characters, and marks that turn the direction of writing, shown as what they are: a clip's name must
  /// not drive the user's terminal.
  package static func printable(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: isControl) else { return text }
    var shown = ""
    for scalar in text.unicodeScalars {
      if isControl(scalar) {
        shown += "\\u{\(String(scalar.value, radix: 16))}"
      } else {
        shown.unicodeScalars.append(scalar)
      }
    }
    return shown
  }

  /// Columns that the text takes; wide characters take two.
  package static func width(_ text: String) -> Int { text.reduce(0) { $0 + width($1) } }

  /// The text in exactly so many columns: cut with an ellipsis, or filled with spaces.
  package static func fit(_ text: String, _ columns: Int) -> String {
    let text = cut(text, columns)
    return text + String(repeating: " ", count: max(0, columns - width(text)))
  }

  /// The text in at most so many columns.
  package static func cut(_ text: String, _ columns: Int) -> String {
    guard width(text) > columns else { return text }
    guard columns > 0 else { return "" }
    var shown = ""
    var used = 0
    for character in text {
      let width = width(character)
      if used + width > columns - 1 { break }
      shown.append(character)
      used += width
    }
    return shown + "…"
  }

  /// A line with tones in at most so many columns; tones take none, and end with the line.
  static func clip(_ text: String, _ columns: Int, _ style: TerminalStyle) -> String {
    guard case .coloured = style else { return cut(text, columns) }
    var shown = ""
    var used = 0
    var isInTone = false
    for character in text {
      if character == "\u{1B}" { isInTone = true }
      if isInTone {
        shown.append(character)
        if character == "m" { isInTone = false }
        continue
      }
      let width = width(character)
      if used + width > columns { return shown + "\u{1B}[0m" }
      shown.append(character)
      used += width
    }
    return shown
  }

  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7F..<0xA0, 0x2028...0x202E, 0x2066...0x2069: true
    default: false
    }
  }

  /// Source: Unicode Standard Annex 11, the ranges of wide and full-width characters, emoji included.
  private static func width(_ character: Character) -> Int {
    guard let scalar = character.unicodeScalars.first else { return 0 }
    return switch scalar.value {
    case 0x300...0x36F, 0x200B...0x200F: 0
    case 0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
      0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1FAFF, 0x20000...0x3FFFD:
      2
    default: 1
    }
  }
}

/// How words are set off on a terminal, or not at all.
package enum TerminalStyle: Sendable {
  case plain
  case coloured

  enum Tone: String {
    case strong = "1"
    case soft = "2"
    case good = "32"
    case bad = "31"
    case warning = "33"
    case busy = "36"
  }

  func text(_ text: String, _ tone: Tone) -> String {
    switch self {
    case .plain: text
    case .coloured: "\u{1B}[\(tone.rawValue)m\(text)\u{1B}[0m"
    }
  }
}

/// Lengths of time for people.
package enum DisplayTime {
  /// `42 s`, `3:09 min` or `2:15 h`.
  package static func text(_ seconds: Double) -> String {
    guard seconds.isFinite else { return "–" }
    let whole = Int(max(0, min(seconds, 1e9)).rounded())
    if whole < 60 { return "\(whole) s" }
    if whole < 3600 { return "\(whole / 60):\(twoDigits(whole % 60)) min" }
    return "\(whole / 3600):\(twoDigits(whole / 60 % 60)) h"
  }

  /// The same with hundredths below ten seconds.
  package static func exact(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds < 9.995 else { return text(seconds) }
    let hundredths = Int((max(0, seconds) * 100).rounded())
    return "\(hundredths / 100).\(twoDigits(hundredths % 100)) s"
  }

  static func twoDigits(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}

/// A number with so many decimals, for people.
func decimal(_ number: Double, _ places: Int) -> String {
  guard number.isFinite else { return "–" }
  var scale = 1.0
  for _ in 0..<places { scale *= 10 }
  let scaled = (abs(number) * scale).rounded()
  guard scaled < 9e15 else { return "\(number)" }
  let (whole, part) = Int64(scaled).quotientAndRemainder(dividingBy: Int64(scale))
  let sign = number < 0 && scaled > 0 ? "−" : ""
  guard places > 0 else { return "\(sign)\(whole)" }
  let digits = String(part)
  return "\(sign)\(whole).\(String(repeating: "0", count: places - digits.count))\(digits)"
}
