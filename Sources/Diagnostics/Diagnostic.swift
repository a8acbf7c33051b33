/// One finding about what the user gave us: where, what is wrong, and what to do.
package struct Diagnostic: Error, Hashable, Sendable, Codable {
  package enum Severity: String, Hashable, Sendable, Codable {
    case error, warning, note
  }

  /// What kind of fault it is; the raw value is the exit code of a command that ends with it.
  package enum Family: Int, Hashable, Sendable, Codable {
    case failed = 1
    case usage = 2
    case inputMissing = 3
    case verification = 4
    case ambiguous = 5
    /// Of a disk, a file server or another process: later the same may succeed.
    case transient = 75
  }

  package var severity: Severity
  package var family: Family
  /// A stable name for programs, e.g. `cut.badTimecode`.
  package var code: String
  package var location: SourceLocation?
  /// What is wrong, with the values; one sentence without a full stop.
  package var message: String
  /// What to do about it.
  package var remedy: String?
  /// The line of the file that `location` names, without its line end.
  package var excerpt: String?

  package init(
    severity: Severity = .error, family: Family, code: String, location: SourceLocation? = nil,
    message: String,
    remedy: String? = nil, excerpt: String? = nil
  ) {
    self.severity = severity
    self.family = family
    self.code = code
    self.location = location
    self.message = message
    self.remedy = remedy
    self.excerpt = excerpt
  }
}

extension Diagnostic: CustomStringConvertible {
  /// `file:12:7: error: message`, then the excerpt with a caret under the column, then the remedy.
  package var description: String {
    var lines = [(location.map { "\($0): " } ?? "") + "\(severity.rawValue): \(message.printable)"]
    if let excerpt {
      lines += Self.quote(excerpt.printable, column: location?.column)
    }
    if let remedy { lines.append("  " + remedy.printable) }
    return lines.joined(separator: "\n")
  }

  /// Longest part of a source line that is quoted; a longer line is cut around the column.
  private static let widestExcerpt = 160

  private static func quote(_ line: String, column: Int?) -> [String] {
    let characters = Array(line)
    let position = min(max(0, (column ?? 1) - 1), characters.count)
    var first = 0
    if characters.count > widestExcerpt {
      first = max(0, min(position - 60, characters.count - widestExcerpt))
    }
    let last = min(characters.count, first + widestExcerpt)
    let head = first > 0 ? "…" : ""
    let tail = last < characters.count ? "…" : ""
    var quoted = ["  " + head + String(characters[first..<last]) + tail]
    if column != nil {
      // Tabs are kept so that the caret stays under its character whatever the width of a tab.
      let indent = characters[first..<position].map { $0 == "\t" ? "\t" : " " as Character }
      quoted.append("  " + (first > 0 ? " " : "") + String(indent) + "^")
    }
    return quoted
  }
}

extension String {
  /// The text with control characters other than tab shown as `\u{…}`: files must not drive the user's terminal.
  fileprivate var printable: String {
    func isControl(_ scalar: Unicode.Scalar) -> Bool {
      (scalar.value < 0x20 && scalar != "\t") || (0x7F...0x9F).contains(scalar.value)
    }
    guard unicodeScalars.contains(where: isControl) else { return self }
    var text = ""
    for scalar in unicodeScalars {
      text += isControl(scalar) ? "\\u{\(String(scalar.value, radix: 16))}" : String(scalar)
    }
    return text
  }
}
