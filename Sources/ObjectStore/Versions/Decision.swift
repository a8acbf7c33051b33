package import Diagnostics
package import Digests
import FoundationEssentials
import Glibc

/// What a person said about one version: approved or rejected, in which function, and why.
///
/// It binds to what was shown: the digests of the version's files, and of `version.json`, which says what every frame
/// of them is. A decision is a file of its own beside the version, never changed, with a digest of itself; of several
/// by one person the newest counts.
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
  /// SHA-256 of the version's `version.json`; nil in decisions of schema 1, which did not have it.
  package var record: Digest?
  /// SHA-256 of the decision without this.
  package private(set) var seal: Digest?

  /// - Parameter record: SHA-256 of the version's `version.json`.
  package init(
    _ verdict: Verdict, of version: VersionRecord, record: Digest, by: String, role: String?, note: String
  ) {
    schema = 2
    self.verdict = verdict
    self.version = version.version
    shown = version.files.map(\.digest).sorted()
    self.by = by
    self.role = role
    self.note = note
    made = WallClock.now().iso8601
    self.record = record
    seal = contents
  }

  /// The digest of everything but the seal.
  private var contents: Digest {
    var open = self
    open.seal = nil
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(open) else { preconditionFailure("a decision is plain values") }
    return Digest.sha256(Array(data))
  }

  /// Why it does not count for a version with these facts; nil when it does.
  fileprivate func fault(for version: some PublishedVersion, record: Digest?) -> String? {
    guard schema == 1 || (schema == 2 && seal == contents) else {
      return "this decision was changed after it was made, and does not count"
    }
    guard self.version == version.version, shown == version.files.map(\.digest).sorted() else {
      return "this is not a decision about the files of this version, and does not count"
    }
    guard schema == 1 || self.record == record else {
      return "version.json was changed after this decision, which therefore does not count"
    }
    return nil
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
    on version: some PublishedVersion
  ) throws(Diagnostic) -> (decisions: [Decision], findings: [Diagnostic]) {
    let folder = decisionsFolder(of: version)
    let names = try fileSystem.names(in: folder).filter { $0.hasSuffix(".json") }
    let record = names.isEmpty ? nil : try recordDigest(of: version)
    var decisions: [Decision] = []
    var findings: [Diagnostic] = []
    for name in names {
      let path = "\(folder)/\(name)"
      guard let (bytes, _) = try fileSystem.read(path), !StatementKind.isStatement(bytes) else { continue }
      let decision = try? JSONDecoder().decode(Decision.self, from: Data(bytes))
      let fault = decision.map { $0.fault(for: version, record: record) } ?? "this is not a decision"
      guard let decision, fault == nil else {
        findings.append(
          Diagnostic(
            family: .verification, code: "decision.unreadable",
            location: SourceLocation(file: fileSystem.relative(path)),
            message: fault ?? "this is not a decision",
            remedy: "Decide again with `interlock approve` or `interlock reject`."))
        continue
      }
      decisions.append(decision)
    }
    return (decisions, findings)
  }

  /// The SHA-256 of a version's `version.json`; nil when it is gone.
  package func recordDigest(of version: some PublishedVersion) throws(Diagnostic) -> Digest? {
    try fileSystem.read("\(folder(of: version))/version.json").map { Digest.sha256($0.bytes) }
  }

  private func decisionsFolder(of version: some PublishedVersion) -> String {
    "\(folder(of: version))/decisions"
  }
}
