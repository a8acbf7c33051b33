package import Diagnostics

/// Names we give to files and folders come only from `[A-Za-z0-9._-]`.
package enum PortableName {
  /// Whether a text can be one component of a path in a production.
  ///
  /// One to 200 characters, beginning with a letter or digit: so never `.`, `..`, hidden, or taken for an
  /// option by a program.
  package static func isValid(_ name: String) -> Bool {
    let bytes = Array(name.utf8)
    guard let first = bytes.first, bytes.count <= 200, isAlphanumeric(first) else { return false }
    return bytes.allSatisfy { isAlphanumeric($0) || [".", "_", "-"].contains(Character(UnicodeScalar($0))) }
  }

  /// - Parameter what: what the name is for, e.g. `the programme`.
  /// - Throws: a `usage` diagnostic, code `name.notPortable`.
  package static func check(_ name: String, as what: String) throws(Diagnostic) {
    if isValid(name) { return }
    throw Diagnostic(
      family: .usage, code: "name.notPortable",
      message: "\(what) is named '\(name)', which cannot be the name of a file",
      remedy: "Use letters, digits, '.', '_' and '-', beginning with a letter or digit, at most 200.")
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "a")...UInt8(ascii: "z"):
      true
    default: false
    }
  }
}
