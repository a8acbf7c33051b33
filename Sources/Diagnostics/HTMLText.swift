/// Text made safe to stand in a page: names come from files of others, and a page must show them, not obey them.
package enum HTMLText {
  /// The text as content or as a quoted attribute: markup escaped, and control characters and marks that turn the
  /// direction of writing shown as what they are.
  ///
  /// - Parameter longest: characters that are kept; an ellipsis stands for the rest.
  package static func escape(_ text: String, longest: Int = .max) -> String {
    var escaped = ""
    for character in text.prefix(longest) {
      // A character of a hundred combining marks would climb over the lines above it.
      for scalar in character.unicodeScalars.prefix(marksKept) {
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

  private static let marksKept = 8

  private static func isShownAsNumber(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7F..<0xA0, 0x2028...0x202E, 0x2066...0x2069, 0xFFFE...0xFFFF: true
    default: false
    }
  }
}
