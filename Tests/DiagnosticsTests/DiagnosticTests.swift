import Diagnostics
import Testing

@Suite struct DiagnosticTests {
  @Test func `a diagnostic prints place, message, excerpt with caret and remedy`() {
    let diagnostic = Diagnostic(
      family: .usage, code: "cut.badTimecode",
      location: SourceLocation(file: "reel.edl", line: 12, column: 7),
      message: "`x` is not a timecode", remedy: "Write HH:MM:SS:FF.", excerpt: "001   x")
    #expect(
      diagnostic.description == """
        reel.edl:12:7: error: `x` is not a timecode
          001   x
                ^
          Write HH:MM:SS:FF.
        """)
  }

  @Test func `tabs before the column stay tabs so that the caret stands under its character`() {
    let diagnostic = Diagnostic(
      family: .usage, code: "c", location: SourceLocation(file: "f", line: 1, column: 3), message: "m",
      excerpt: "a\tb")
    #expect(diagnostic.description == "f:1:3: error: m\n  a\tb\n   \t^")
  }

  @Test func `a long line is cut around its column`() {
    let line = String(repeating: "a", count: 5000) + "X" + String(repeating: "b", count: 5000)
    let diagnostic = Diagnostic(
      family: .usage, code: "c", location: SourceLocation(file: "f", line: 1, column: 5001), message: "m",
      excerpt: line)
    let lines = diagnostic.description.split(separator: "\n")
    #expect(lines[1].count < 200)
    let caret = lines[2].firstIndex(of: "^").map { lines[2].distance(from: lines[2].startIndex, to: $0) }
    let mark = lines[1].firstIndex(of: "X").map { lines[1].distance(from: lines[1].startIndex, to: $0) }
    #expect(caret == mark)
  }

  @Test func `control characters of a file do not reach the terminal`() {
    let diagnostic = Diagnostic(family: .usage, code: "c", message: "name \u{1B}[31m")
    #expect(diagnostic.description == "error: name \\u{1b}[31m")
  }

  @Test func `of several errors the first of 2, 3, 5, 4, 1 is the exit code`() {
    func list(_ families: Diagnostic.Family...) -> DiagnosticList {
      DiagnosticList(families.map { Diagnostic(family: $0, code: "c", message: "m") })
    }
    #expect(list(.failed, .verification, .ambiguous, .inputMissing, .usage).exitCode == 2)
    #expect(list(.failed, .verification, .ambiguous, .inputMissing).exitCode == 3)
    #expect(list(.failed, .verification, .ambiguous).exitCode == 5)
    #expect(list(.failed, .verification).exitCode == 4)
    #expect(list(.failed).exitCode == 1)
    #expect(list().exitCode == 1)
    let warning = Diagnostic(severity: .warning, family: .usage, code: "c", message: "m")
    #expect(
      DiagnosticList([warning, Diagnostic(family: .verification, code: "c", message: "m")]).exitCode == 4)
  }

  @Test func `a mistyped word finds its neighbour and a strange one finds none`() {
    #expect(nearest("handels", among: ["media", "handles", "rate"]) == "handles")
    #expect(nearest("Rate", among: ["rate"]) == "rate")
    #expect(nearest("rat", among: ["rate", "cut"]) == "rate")
    #expect(nearest("colour", among: ["rate", "cut"]) == nil)
    #expect(nearest("", among: ["a"]) == nil)
  }
}
