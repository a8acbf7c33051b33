import Board
import HTTPTypes
import ObjectStore

/// A decision that somebody asks to have recorded.
struct DecisionWish: Sendable {
  var verdict: Decision.Verdict?
  var role: String
  var note: String

  private static let longestNote = 4000
  private static let longestRole = 60

  init(verdict: Decision.Verdict?, role: String?, note: String?) {
    self.verdict = verdict
    self.role = FormText.word(role)
    self.note = FormText.lines(note)
  }

  /// Records it as `interlock approve` and `interlock reject` do.
  ///
  /// - Throws: `Refused` for what cannot be decided so.
  func record(on line: VersionLine, version: Int, _ desk: PageDesk) async throws -> Decision {
    guard let verdict else { throw Self.refused("choose to approve or to reject") }
    guard verdict == .approved || !note.isEmpty else {
      throw Self.refused("say what is wrong with it: a rejection needs a note")
    }
    guard note.count <= Self.longestNote, role.count <= Self.longestRole else {
      throw Self.refused(
        "the note has at most \(Self.longestNote) characters, the function at most \(Self.longestRole)")
    }
    let decision = try await desk.reader.decide(
      verdict, on: line, version: version, by: desk.identity.person, role: role.isEmpty ? nil : role,
      note: note)
    desk.feed.noteDecision()
    return decision
  }

  private static func refused(_ message: String) -> Refused {
    Refused(status: .unprocessableContent, code: "decision.incomplete", message: message)
  }
}
