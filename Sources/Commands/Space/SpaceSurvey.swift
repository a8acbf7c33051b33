import Board
import Delivery
import Diagnostics
import Digests
import ObjectStore
import Planning
import TaskGraph

/// What a production holds, what of it something needs, and what would go.
struct SpaceSurvey {
  struct Limits {
    /// What is younger stays.
    var cutoff: WallClock
    /// Versions of each line whose material is kept; nil keeps that of all.
    var keepVersions: Int?
  }

  let store: ObjectStore
  let inventory: StoreInventory
  let retention: Retention
  let footprints: [PlanFootprint]
  let attempts: AttemptSurvey
  let versions: [VersionRecord]
  /// What cannot be read among what decides: nothing is collected before it is put right.
  let obstacles: [Diagnostic]
  /// What cannot be read and only makes more be kept.
  let findings: [Diagnostic]
  private let cutoff: WallClock

  /// Runs that stay whatever their age: the latest are what people ask about.
  private static let runsKept = 20

  /// - Parameter dispatched: attempts on the ledger.
  init(_ store: ObjectStore, dispatched: Set<String>, limits: Limits) throws {
    self.store = store
    cutoff = limits.cutoff
    // Attempts before the store: what one commits between the two is young.
    attempts = try AttemptSurvey(store.production, dispatched: dispatched)
    let published = try Self.published(store, keepVersions: limits.keepVersions)
    versions = published.versions
    obstacles = published.obstacles
    let (footprints, unreadable) = try store.footprints()
    self.footprints = footprints
    findings = published.findings + unreadable
    inventory = try StoreInventory(store)
    // Objects are written before the result that names them. With nobody at work there is nothing to wait for.
    let hour = WallClock(milliseconds: WallClock.now().milliseconds - 3_600_000)
    var roots = Retention.Roots(
      cutoff: cutoff, lease: attempts.live.isEmpty ? max(cutoff, hour) : hour)
    roots.versions = published.keeping
    roots.footprints = footprints
    roots.attempts = attempts.live
    retention = Retention(inventory, roots: roots)
  }

  private struct Published {
    var versions: [VersionRecord] = []
    var keeping: [KeepingVersion] = []
    var obstacles: [Diagnostic] = []
    var findings: [Diagnostic] = []
  }

  private static func published(_ store: ObjectStore, keepVersions: Int?) throws -> Published {
    let publisher = VersionPublisher(store)
    var published = Published()
    for line in try publisher.lines() {
      let (versions, unreadable) = try publisher.versions(of: line)
      published.obstacles += unreadable
      published.versions += versions
      for (age, version) in versions.reversed().enumerated() {
        let (pin, findings) = try publisher.pin(on: version)
        published.findings += findings
        let recipe = try? version.facts.decoded(as: Recipe.self)
        published.keeping.append(
          KeepingVersion(
            name: version.reference, files: version.files.map(\.digest), makers: version.madeFrom,
            keepsMaterial: pin != nil || age < keepVersions ?? .max, encoding: recipe?.encoding.digest))
      }
    }
    return published
  }

  // MARK: What goes

  /// Results that nothing needs, in order of their keys.
  var unneededResults: [TaskKey] { inventory.results.keys.filter { !retention.keeps(result: $0) }.sorted() }

  /// Objects that nothing needs, in order of their digests.
  var unneededObjects: [Digest] { inventory.objects.keys.filter { !retention.keeps(object: $0) }.sorted() }

  /// Records of plans that no version and no recent run rests on.
  var unneededFootprints: [PlanFootprint] { footprints.filter { !retention.footprints.contains($0.id) } }

  /// Folders of attempts that have ended and of runs, older than the limit.
  func oldRecords() throws -> (attempts: [AttemptFolder], runs: [String]) {
    let old = attempts.ended.filter { (ULID($0.id)?.time ?? .now()) < cutoff }
    let runs = try store.fileSystem.names(in: store.production.runsFolder).filter { ULID($0) != nil }
    return (old, runs.dropLast(Self.runsKept).filter { (ULID($0)?.time ?? .now()) < cutoff })
  }

  /// `.part` files that killed writers of decisions, pins and records left, an hour old or more.
  func strayParts() throws -> [String] {
    let files = store.fileSystem
    let publisher = VersionPublisher(store)
    let folders =
      versions.flatMap { version in ["decisions", "pins"].map { "\(publisher.folder(of: version))/\($0)" } }
      + [store.production.footprintsFolder]
    let limit = WallClock(milliseconds: WallClock.now().milliseconds - 3_600_000)
    var parts: [String] = []
    for folder in folders {
      for name in try files.names(in: folder) where name.hasSuffix(".part") {
        let path = "\(folder)/\(name)"
        if let facts = try files.facts(path), facts.modified < limit { parts.append(path) }
      }
    }
    return parts
  }

  // MARK: Words

  /// The name by which its maker called each object, and the kind of that task.
  func makers() -> [Digest: (kind: String, name: String)] {
    var makers: [Digest: (kind: String, name: String)] = [:]
    // Frames may lie in what was assembled of them: that is what it is called.
    func isAssembled(_ result: StoreInventory.Result) -> Bool { result.kind != segmentKind }
    let results = inventory.results.sorted(by: { $0.key < $1.key }).map(\.value)
    for result in results.filter(isAssembled) + results.filter({ !isAssembled($0) }) {
      for object in result.objects where makers[object.digest] == nil {
        makers[object.digest] = (result.kind, object.name)
      }
    }
    for version in versions {
      for file in version.files { makers[file.digest] = (makers[file.digest]?.kind ?? "document", file.name) }
    }
    return makers
  }

  /// What keeps an object or a result, from near to far.
  func reasons(for digest: Digest) -> [String] {
    retention.chain(from: digest).map { holder in
      switch holder {
      case .root(let words): words
      case .result(let key):
        "result \(key.hex.prefix(12)), \(inventory.results[key]?.kind ?? "unknown")"
      }
    }
  }
}
