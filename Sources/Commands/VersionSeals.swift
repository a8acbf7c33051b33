import Diagnostics
import Digests
import Ledger
import ObjectStore
import Planning
import Publishing
import Synchronization
import TaskGraph
import TaskKinds

/// Which published version is what a task would publish, and that every version of a line can be read: found out by
/// reading, and kept in the ledger under the seal of what was read, so that files are read once as long as nobody
/// touches them.
final class VersionSeals: Sendable {
  private let store: ObjectStore
  private let ledger: Ledger
  private let publisher: Publisher
  /// Found since they were kept last.
  private let found = Mutex<[SealedFinding]>([])

  init(store: ObjectStore, ledger: Ledger) {
    self.store = store
    self.ledger = ledger
    publisher = Publisher(store: store)
  }

  /// The number of the newest version with exactly the files a task would publish.
  func version(of input: PublishTask.Input) throws -> Int? {
    let line = publisher.line(of: input)
    let makers = [input.assembly].compactMap { $0 } + input.results
    let subject = PublishTask.key(input)
    if let kept = try ledger.sealedValue(of: subject),
      let seal = try store.seal(of: Int(kept.value), of: line, makers: makers),
      SealedFinding(subject: subject, seal: seal, value: kept.value).check == kept.check
    {
      return Int(kept.value)
    }
    let began = WallClock.now()
    guard let version = try publisher.existing(input)?.version else { return nil }
    note(subject, Int64(version), try store.seal(of: version, of: line, makers: makers, asOf: began))
    return version
  }

  /// What is wrong with the versions of the line that a task publishes in.
  func findings(of input: PublishTask.Input) throws -> [Diagnostic] {
    let line = publisher.line(of: input)
    var encoder = CanonicalEncoder(domain: "interlock.readable-line", version: 1)
    encoder.append(line.shelf.rawValue)
    encoder.append(line.programme)
    encoder.append(line.name)
    let subject = encoder.digest()
    let seal = try store.seal(of: line)
    if let seal, let kept = try ledger.sealedValue(of: subject),
      SealedFinding(subject: subject, seal: seal, value: 0).check == kept.check
    {
      return []
    }
    let findings = try VersionPublisher(store).findings(of: line)
    if findings.isEmpty { note(subject, 0, seal) }
    return findings
  }

  /// As `version(of:)`, with all that is said of it.
  func record(of input: PublishTask.Input) throws -> VersionRecord? {
    try version(of: input).flatMap { try VersionPublisher(store).version($0, of: publisher.line(of: input)) }
  }

  private func note(_ subject: Digest, _ value: Int64, _ seal: Digest?) {
    guard let seal else { return }
    found.withLock { $0.append(SealedFinding(subject: subject, seal: seal, value: value)) }
  }

  /// Puts what was found on record. What cannot be kept, as on a disk that is full, is found out again next time.
  func keep() {
    let found = found.withLock { found in
      defer { found = [] }
      return found
    }
    try? ledger.keep(found)
  }
}
