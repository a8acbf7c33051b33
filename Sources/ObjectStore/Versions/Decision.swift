package import Diagnostics
package import Digests
import FoundationEssentials
import Glibc

/// What a person said about one version: approved or rejected, in which function, and why.
///
/// It binds to what was shown: the digests of the version's files. A decision is a file of its own beside the
/// version, never changed; of several the newest counts.
package struct Decision: Codable, Hashable, Sendable {
  package enum Verdict: String, Codable, Sendable {
    case approved, rejected
  }

  package var schema: Int
  package var verdict: Verdict
  package var version: Int
  /// Digests of the files that were shown, sorted.
  package var shown: [Digest]
  package var by: String
  /// In which function, e.g. `colorist`.
  package var role: String?
  package var note: String
  /// ISO 8601, UTC.
  package var made: String

  package init(
    _ verdict: Verdict, of version: VersionRecord, by: String, role: String?, note: String
  ) {
    schema = 1
    self.verdict = verdict
    self.version = version.version
    shown = version.files.map(\.digest).sorted()
    self.by = by
    self.role = role
    self.note = note
    made = WallClock.now().iso8601
  }
}

extension VersionPublisher {
  /// Writes a decision beside its version.
  package func record(_ decision: Decision, on version: VersionRecord) throws(Diagnostic) {
    let folder = decisionsFolder(of: version)
    try fileSystem.createFolder(folder)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(decision) else { preconditionFailure("a decision is plain values") }
    let path = "\(folder)/\(ULID.next()).json"
    guard try fileSystem.publish(Array(data) + [UInt8(ascii: "\n")], at: path, scratch: folder) else {
      throw fileSystem.fault("publish", path, EEXIST)
    }
  }

  /// The decisions on a version, oldest first; those about other files than it has now are left out and told.
  package func decisions(
    on version: VersionRecord
  ) throws(Diagnostic) -> (decisions: [Decision], findings: [Diagnostic]) {
    let folder = decisionsFolder(of: version)
    let shown = version.files.map(\.digest).sorted()
    var decisions: [Decision] = []
    var findings: [Diagnostic] = []
    for name in try fileSystem.names(in: folder).sorted() where name.hasSuffix(".json") {
      let path = "\(folder)/\(name)"
      guard let (bytes, _) = try fileSystem.read(path) else { continue }
      guard let decision = try? JSONDecoder().decode(Decision.self, from: Data(bytes)), decision.schema == 1,
        decision.version == version.version, decision.shown == shown
      else {
        findings.append(
          Diagnostic(
            family: .verification, code: "decision.unreadable",
            location: SourceLocation(file: fileSystem.relative(path)),
            message: "this is not a decision about the files of this version, and does not count",
            remedy: "Decide again with `interlock approve` or `interlock reject`."))
        continue
      }
      decisions.append(decision)
    }
    return (decisions, findings)
  }

  private func decisionsFolder(of version: VersionRecord) -> String {
    "\(version.line.folder(in: production))/\(VersionLine.folderName(version: version.version))/decisions"
  }
}
