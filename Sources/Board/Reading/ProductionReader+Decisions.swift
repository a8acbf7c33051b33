import Diagnostics
package import ObjectStore

extension ProductionReader {
  /// Waives a finding as `interlock waive` does.
  package func waive(
    _ verdict: Waiver.Verdict, _ finding: String, of line: VersionLine, version: Int, reason: String,
    until: String, by person: String, role: String?
  ) throws -> Waiver {
    guard let facts = try quality(of: line, version: version), let evidence = facts.evidence else {
      throw DiagnosticList([
        Diagnostic(
          family: .inputMissing, code: "waive.notMeasured", message: "this version was not measured",
          remedy: "Give the pipeline a `qc` stage and run it.")
      ])
    }
    return try FindingWaiver.record(
      verdict, finding, in: evidence, of: facts.version, reason: reason, until: until, by: person,
      role: role, store: store)
  }

  /// - Throws: `usage`, code `asset.unknown`.
  private func published(_ version: Int, of line: VersionLine) throws -> VersionRecord {
    guard let record = try VersionPublisher(store).version(version, of: line) else {
      throw DiagnosticList([
        Diagnostic(
          family: .usage, code: "asset.unknown",
          message:
            "there is no version \(VersionLine.folderName(version: version)) of \(line.programme)/\(line.name)",
          remedy: "`interlock assets list` lists what is published.")
      ])
    }
    return record
  }

  /// Records what became of a version at its recipient, as `interlock sent`, `received` and `refused` do.
  package func handover(
    _ verdict: Handover.Verdict, of line: VersionLine, version: Int, recipient: String?, note: String,
    by person: String
  ) throws -> Handover {
    let record = try published(version, of: line)
    return try HandoverRecord.record(
      verdict, of: record, recipient: recipient, note: note, by: person, in: store)
  }

  /// Records a decision as `interlock approve` and `interlock reject` do.
  package func decide(
    _ verdict: Decision.Verdict, on line: VersionLine, version: Int, by person: String, role: String?,
    note: String
  ) throws -> Decision {
    let record = try published(version, of: line)
    return try VersionDecision.record(
      verdict, of: record, by: person, role: role, note: note, in: store, typed: typed
    ).decision
  }
}
