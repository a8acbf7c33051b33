/// A place in a file that somebody wrote.
///
/// `file` is the path as the user typed it, never made absolute. Lines and columns count from 1; columns count
/// characters (grapheme clusters) of the line.
package struct SourceLocation: Hashable, Sendable, Codable, CustomStringConvertible {
  package var file: String
  package var line: Int?
  package var column: Int?

  package init(file: String, line: Int? = nil, column: Int? = nil) {
    self.file = file
    self.line = line
    self.column = column
  }

  /// `file`, `file:line` or `file:line:column`; a column without a line is not printed.
  package var description: String {
    guard let line else { return file }
    guard let column else { return "\(file):\(line)" }
    return "\(file):\(line):\(column)"
  }
}

extension SourceLocation: Comparable {
  package static func < (left: SourceLocation, right: SourceLocation) -> Bool {
    (left.file, left.line ?? 0, left.column ?? 0) < (right.file, right.line ?? 0, right.column ?? 0)
  }
}
