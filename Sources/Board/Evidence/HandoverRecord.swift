import Diagnostics
package import ObjectStore
import Planning

/// What became of a version at its recipient, as the command line and the board record it with the same words.
package enum HandoverRecord {
  package static let longestNote = 4000
  package static let longestName = 120
  /// The code of what is refused because nobody has seen all of it.
  package static let notMeasured = "handover.notMeasured"

  /// - Throws: `usage` for an empty recipient, a refusal without a reason, or an order of words that makes no sense;
  ///   `verification`, `decision.damaged`, and `handover.notMeasured` for what was not decoded in full before it is sent.
  package static func record(
    _ verdict: Handover.Verdict, of version: VersionRecord, recipient: String?, note: String, by: String,
    in store: ObjectStore
  ) throws -> Handover {
    let publisher = VersionPublisher(store)
    let before = try publisher.statements(Handover.self, on: version).statements
    let name = (recipient ?? before.last?.recipient ?? "").split(whereSeparator: \.isWhitespace)
      .joined(separator: " ")
    var faults: [Diagnostic] = []
    func fault(_ code: String, _ message: String, _ remedy: String) {
      faults.append(Diagnostic(family: .usage, code: code, message: message, remedy: remedy))
    }
    if version.line.shelf != .deliverable {
      fault("handover.asset", "\(version.reference) is no deliverable", "Name a deliverable.")
    }
    if name.isEmpty {
      fault("handover.noRecipient", "it is not known to whom it was sent", "Name the recipient with --to.")
    }
    if name.unicodeScalars.count > longestName || note.unicodeScalars.count > longestNote {
      fault(
        "handover.long", "a recipient has at most \(longestName) characters, a note \(longestNote)",
        "Say it shorter.")
    }
    if verdict == .refused, !note.contains(where: { !$0.isWhitespace }) {
      fault("handover.noReason", "a rejection needs a reason", "Say what the recipient found: --note \"…\".")
    }
    let isSent = before.contains { $0.verdict == .sent && $0.recipient.lowercased() == name.lowercased() }
    if verdict != .sent, !name.isEmpty, !isSent {
      fault(
        "handover.notSent", "\(version.reference) was not sent to \(name)",
        "Record first that it was: `interlock sent`.")
    }
    guard faults.isEmpty else { throw DiagnosticList(faults) }
    guard try verdict != .sent || isDecoded(version, in: store) else {
      throw DiagnosticList([
        Diagnostic(
          family: .verification, code: notMeasured,
          message: "\(version.reference) was not decoded in full, so it does not count as sent",
          remedy:
            "Give the pipeline a stage `{kind: qc, of: \(version.line.name)}` and run it; then record it again."
        )
      ])
    }
    let handover = Handover(
      verdict, version, record: try VersionDecision.intactRecord(of: version, in: store), recipient: name,
      note: note, by: by)
    try publisher.record(handover, on: version)
    return handover
  }

  /// Whether every frame was decoded: by quality control, or when its files were made.
  private static func isDecoded(_ version: VersionRecord, in store: ObjectStore) throws -> Bool {
    if let evidence = CheckedEvidence(version.verification),
      let recipe = try? version.facts.decoded(as: Recipe.self),
      Int64(evidence.framesDecoded.count) >= recipe.frameCount
    {
      return true
    }
    var shelf = VersionShelf(store)
    var reports = QualityReports(store.production)
    return try reports.report(on: version, among: shelf.rows()) != nil
  }
}
