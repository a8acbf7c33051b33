package import Diagnostics
package import Digests
import FoundationEssentials
import Glibc

/// Something a person says about one version besides approving or rejecting it: a file of its own among the version's
/// decisions, never changed, with a digest of itself.
///
/// Like a decision it binds to what was there: the digests of the version's files, and of `version.json`.
package protocol SealedStatement: Codable, Hashable, Sendable {
  associatedtype Verdict: RawRepresentable & CaseIterable & Codable & Hashable & Sendable
  where Verdict.RawValue == String

  var schema: Int { get }
  var verdict: Verdict { get }
  var version: Int { get }
  /// Digests of the files of the version, sorted.
  var shown: [Digest] { get }
  /// SHA-256 of the version's `version.json`.
  var record: Digest { get }
  var by: String { get }
  /// ISO 8601, UTC.
  var made: String { get }
  /// SHA-256 of the statement without this.
  var seal: Digest? { get set }
}

extension SealedStatement {
  /// The digest of everything but the seal.
  var contents: Digest {
    var open = self
    open.seal = nil
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(open) else { preconditionFailure("a statement is plain values") }
    return Digest.sha256(Array(data))
  }

  /// Why it does not count for a version with these facts; nil when it does.
  fileprivate func fault(for version: some PublishedVersion, record: Digest?) -> String? {
    guard schema == 1, seal == contents else {
      return "this statement was changed after it was made, and does not count"
    }
    guard self.version == version.version, shown == version.files.map(\.digest).sorted(),
      self.record == record
    else { return "this is not a statement about this version as it is now, and does not count" }
    return nil
  }
}

/// What is said in a file of a version's decisions.
enum StatementKind {
  private struct Head: Decodable {
    var verdict: String
  }

  /// Whether it is one of the others, which whoever reads decisions leaves alone.
  static func isStatement(_ bytes: [UInt8]) -> Bool {
    guard let verdict = verdict(of: bytes) else { return false }
    return Waiver.Verdict(rawValue: verdict) != nil || Handover.Verdict(rawValue: verdict) != nil
  }

  static func verdict(of bytes: [UInt8]) -> String? {
    try? JSONDecoder().decode(Head.self, from: Data(bytes)).verdict
  }
}

extension VersionPublisher {
  /// Writes a statement beside its version.
  package func record(
    _ statement: some SealedStatement, on version: some PublishedVersion
  ) throws(Diagnostic) {
    let folder = "\(folder(of: version))/decisions"
    try fileSystem.createFolder(folder)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(statement) else {
      preconditionFailure("a statement is plain values")
    }
    let path = "\(folder)/\(ULID.next()).json"
    guard try fileSystem.publish(Array(data) + [UInt8(ascii: "\n")], at: path, scratch: folder) else {
      throw fileSystem.fault("publish", path, EEXIST)
    }
  }

  /// The statements of one kind on a version, oldest first; those that do not count are left out and told.
  package func statements<Statement: SealedStatement>(
    _ kind: Statement.Type, on version: some PublishedVersion
  ) throws(Diagnostic) -> (statements: [Statement], findings: [Diagnostic]) {
    let folder = "\(folder(of: version))/decisions"
    let names = try fileSystem.names(in: folder).filter { $0.hasSuffix(".json") }
    let record = names.isEmpty ? nil : try recordDigest(of: version)
    var statements: [Statement] = []
    var findings: [Diagnostic] = []
    for name in names {
      let path = "\(folder)/\(name)"
      guard let (bytes, _) = try fileSystem.read(path), let verdict = StatementKind.verdict(of: bytes),
        Statement.Verdict(rawValue: verdict) != nil
      else { continue }
      let statement = try? JSONDecoder().decode(Statement.self, from: Data(bytes))
      let fault =
        statement.map { $0.fault(for: version, record: record) } ?? "this statement cannot be read"
      guard let statement, fault == nil else {
        findings.append(
          Diagnostic(
            family: .verification, code: "statement.unreadable",
            location: SourceLocation(file: fileSystem.relative(path)),
            message: fault ?? "this statement cannot be read", remedy: "Say it again."))
        continue
      }
      statements.append(statement)
    }
    return (statements, findings)
  }
}
