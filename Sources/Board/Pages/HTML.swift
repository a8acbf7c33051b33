import Diagnostics

/// Markup that is safe by how it is made: the text of a literal stands as it is written, and every value put into one
/// is escaped, unless it is markup itself.
package struct HTML: Sendable, ExpressibleByStringInterpolation {
  package private(set) var text: String

  package init(stringLiteral text: String) { self.text = text }

  package init(stringInterpolation: StringInterpolation) { text = stringInterpolation.text }

  package struct StringInterpolation: StringInterpolationProtocol {
    fileprivate var text: String

    package init(literalCapacity: Int, interpolationCount: Int) {
      text = ""
      text.reserveCapacity(literalCapacity + interpolationCount * 32)
    }

    package mutating func appendLiteral(_ literal: String) { text += literal }

    /// Text of others: shown, never obeyed.
    package mutating func appendInterpolation(_ value: String) { text += HTMLText.escape(value) }

    package mutating func appendInterpolation(_ value: String, longest: Int) {
      text += HTMLText.escape(value, longest: longest)
    }

    package mutating func appendInterpolation(_ number: some BinaryInteger) { text += String(number) }

    package mutating func appendInterpolation(_ markup: HTML) { text += markup.text }

    package mutating func appendInterpolation(_ parts: [HTML]) {
      for part in parts { text += part.text }
    }

    /// Nothing where there is none.
    package mutating func appendInterpolation(_ markup: HTML?) { text += markup?.text ?? "" }

    /// An attribute such as ` selected`, or nothing.
    package mutating func appendInterpolation(_ attribute: StaticString, if isSet: Bool) {
      if isSet { text += " \(attribute)" }
    }
  }

  /// Text with its line ends kept.
  package static func lines(_ text: String) -> HTML {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map {
      HTML("\(String($0))").text
    }
    return HTML(markup: lines.joined(separator: "<br>"))
  }

  package func joined(_ parts: [HTML]) -> HTML {
    HTML(markup: parts.map(\.text).joined(separator: text))
  }

  /// Begins what a table lies in that may be wider than the page: it scrolls by keyboard, too.
  static let wide: HTML =
    "<div class=\"wide\" tabindex=\"0\" role=\"group\" aria-label=\"Table that may scroll sideways\">"

  private init(markup: String) { text = markup }
}

/// Addresses of pages: names are escaped, whatever they are.
package enum Address {
  package static func path(_ components: String...) -> String {
    "/" + components.map(escape).joined(separator: "/")
  }

  package static func query(_ pairs: [(name: String, value: String)]) -> String {
    let shown = pairs.filter { !$0.value.isEmpty }
    return shown.isEmpty
      ? "" : "?" + shown.map { "\(escape($0.name))=\(escape($0.value))" }.joined(separator: "&")
  }

  /// RFC 3986: everything but unreserved characters.
  static func escape(_ text: String) -> String {
    var escaped = ""
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "~"):
        escaped.unicodeScalars.append(Unicode.Scalar(byte))
      default:
        let digits = String(byte, radix: 16, uppercase: true)
        escaped += digits.count == 1 ? "%0\(digits)" : "%\(digits)"
      }
    }
    return escaped
  }
}
