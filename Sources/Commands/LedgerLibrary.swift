import Digests
import Ledger
import ObjectStore
import Planning
import TaskGraph
import TaskKinds

/// What planning asks about the past, answered by ledger and store.
struct LedgerLibrary: PlanningLibrary {
  /// What is taken for a result that can be used.
  enum Trust {
    /// A file of its name. Enough where nothing is to be made: then nobody reads it.
    case names
    /// A file that is what was written, and every object it names, there and unchanged by its stat.
    case contents
  }

  let ledger: Ledger
  let store: ObjectStore
  let seals: VersionSeals
  let survey: ResultSurvey
  var trust = Trust.contents

  func knownFrames(encoding: Digest, chains: [Digest]) throws -> [Digest: [KnownFrames]] {
    let recorded = try ledger.frameIntervals(encoding: encoding, chains: chains)
    // The ledger is an index: what it names and the store has lost is made again.
    let segments = Set(recorded.values.joined().map(\.segment))
    let lost = segments.subtracting(try survey.results(among: Array(segments)))
    if !lost.isEmpty { try ledger.forget(Array(lost)) }
    return recorded.mapValues { intervals in
      intervals.filter { $0.step == 1 && !lost.contains($0.segment) }.map {
        KnownFrames(first: $0.first, count: $0.count, segment: $0.segment, offset: $0.offset)
      }
    }
  }

  func hasResult(_ key: TaskKey) throws -> Bool {
    if trust == .names, try survey.contains(key) { return true }
    return try usableResult(key) != nil
  }

  func results(among keys: [TaskKey]) throws -> Set<TaskKey> {
    switch trust {
    case .names: try survey.results(among: keys)
    case .contents: Set(try keys.filter { try usableResult($0) != nil })
    }
  }

  /// A result whose objects are gone or damaged is taken back: its task has to run again.
  private func usableResult(_ key: TaskKey) throws -> StoredResult? {
    guard let result = try store.storedResult(key) else { return nil }
    if try !store.isIncomplete(result) { return result }
    try store.withdrawResult(key)
    try ledger.forget([key])
    return nil
  }

  func output<Output: Codable & Sendable>(of key: TaskKey, as type: Output.Type) throws -> Output? {
    switch trust {
    case .names: try store.result(key, as: type)?.output
    case .contents: try usableResult(key)?.decoded(as: type).output
    }
  }

  func reviews(of deliverable: String, programme: String) throws -> [ReviewedVersion] {
    let publisher = VersionPublisher(store)
    let line = VersionLine(.deliverable, programme: programme, name: deliverable)
    return try publisher.versions(of: line).versions.compactMap { version in
      guard let recipe = try? version.facts.decoded(as: Recipe.self) else { return nil }
      return ReviewedVersion(
        version: VersionLine.folderName(version: version.version),
        pictures: recipe.pictures.sorted { $0.key < $1.key }.flatMap(\.value),
        verdicts: try publisher.decisions(on: version).decisions.map {
          ReviewedVersion.Verdict(
            isApproved: $0.verdict == .approved, by: $0.by, role: $0.role, note: $0.note, made: $0.made)
        })
    }
  }

  func publishedVersion(_ publish: PublishTask.Input) throws -> String? {
    try seals.version(of: publish).map { VersionLine.folderName(version: $0) }
  }
}
