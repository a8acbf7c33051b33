import Diagnostics
import Digests
import TestSupport
import Testing
import Titling

@Suite struct CreditsReaderTests {
  private func read(_ text: String) throws(DiagnosticList) -> Credits {
    try CreditsReader.read(file: "c.csv", bytes: Array(text.utf8)) { request in
      request.path == "logo.png"
        ? .success(Digest.sha256([1]))
        : .failure(
          Diagnostic(
            severity: .error, family: .inputMissing, code: "credits.logo", location: request.location,
            message: "there is no logo `\(request.path)`"))
    }
  }

  private func faults(_ text: String) -> [String] {
    do throws(DiagnosticList) {
      _ = try read(text)
      return []
    } catch {
      return error.diagnostics.map { "\($0.location.map { "\($0)" } ?? "-") \($0.code)" }
    }
  }

  @Test func `rows become blocks of one layout under one heading`() throws {
    let credits = try read(
      """
      # a comment
      department,role,name,layout,language,logo
      Camera,Director of Photography,山田 太郎,,ja,

      ,Focus,"O""Brien, Pat"
      Thanks,,Ana,columns-3
      ,,Bo
      ,,"Two
      lines",text
      ,,5,logo,,logo.png

      """)
    #expect(credits.blocks.map(\.heading) == ["Camera", "Thanks", "", ""])
    #expect(credits.blocks.map(\.layout) == [.pair, .threeColumns, .text, .logo])
    #expect(
      credits.blocks.map { $0.entries.map(\.name) } == [
        ["山田 太郎", "O\"Brien, Pat"], ["Ana", "Bo"], ["Two\nlines"], ["5"],
      ])
    #expect(credits.blocks[0].entries[0].language == "ja")
    #expect(credits.blocks[0].entries[1].location == SourceLocation(file: "c.csv", line: 5, column: 8))
    #expect(credits.blocks[3].entries[0].logo == Digest.sha256([1]))
  }

  @Test func `line ends and a byte order mark make no difference`() throws {
    let text = "department,role,name\nCast,The Man,Ada\n,,Bo\n"
    let other = "\u{FEFF}" + text.split(separator: "\n").joined(separator: "\r\n")
    #expect(try read(text) == read(other))
  }

  @Test func `every fault is told at once, with its line and column`() {
    #expect(
      faults(
        """
        department,roll,name,layout,language,logo,name
        Cast,,Ada,colums-3
        ,,,pair
        ,x,"Bo" x,pair
        ,,Cy "q",pair
        ,,Di,pair,klingonese!
        ,,Ed,pair,,x.png
        ,,,logo
        ,,999,space
        ,,Fay,pair,,,,extra
        ,,G\u{202E}us,pair
        ,,,logo,,gone.png
        """) == [
          "c.csv:4:8 credits.csv", "c.csv:5:6 credits.csv", "c.csv:1:12 credits.unknownColumn",
          "c.csv:1:43 credits.columnTwice", "c.csv:2:11 credits.unknownLayout",
          "c.csv:3:3 credits.missingName",
          "c.csv:6:11 credits.badLanguage", "c.csv:7:12 credits.logoNotShown",
          "c.csv:8:3 credits.missingLogo",
          "c.csv:9:3 credits.badSpace", "c.csv:10:15 credits.tooManyFields",
          "c.csv:11:3 credits.controlCharacter", "c.csv:12:10 credits.logo",
        ])
  }

  @Test func `a mistyped column or layout gets a suggestion`() {
    do throws(DiagnosticList) {
      _ = try read("department,rolle,name,layout\nCast,,Ada,tex\n")
      Issue.record("no fault")
    } catch {
      #expect(error.description.contains("there is no column `rolle`\n"))
      #expect(error.description.contains("Did you mean `role`?"))
      #expect(error.description.contains("Did you mean `text`?"))
    }
  }

  @Test func `a role that the layout would not show is refused`() {
    #expect(
      faults("department,role,name,layout\nThanks,Gaffer,Ada,columns-2\n") == [
        "c.csv:2:8 credits.roleNotShown"
      ])
  }

  @Test func `an open quote, another encoding and an empty file are faults`() {
    #expect(faults("department,role,name\nCast,,\"Ada\n") == ["c.csv:2:7 credits.csv"])
    #expect(faults("") == ["c.csv credits.empty"])
    do throws(DiagnosticList) {
      _ = try CreditsReader.read(file: "c.csv", bytes: Array("name\nJos".utf8) + [0xE9, 0x0A]) { _ in
        .success(Digest.sha256([]))
      }
      Issue.record("no fault")
    } catch {
      #expect(error.diagnostics.map(\.code) == ["credits.notUTF8"])
      #expect(error.diagnostics[0].location?.line == 2)
    }
  }
}
