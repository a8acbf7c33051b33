import Digests
import ObjectStore
import Planning
import TaskGraph
import TaskKinds

/// What the plans of some programmes make: there for the programmes after them, as after a run.
struct PromisedResults: Sendable {
  /// By encoding and chain.
  private(set) var frames: [Digest: [Digest: [KnownFrames]]] = [:]
  private(set) var keys: Set<TaskKey> = []

  /// Whether a plan makes anything that is promised already, or other frames of a picture that is.
  func overlap(_ plan: ProgrammePlan) -> Bool {
    guard !keys.isEmpty else { return false }
    return plan.plan.nodes.contains { keys.contains($0.key) || !keys.isDisjoint(with: $0.commits) }
      || plan.plannedFrames.contains { encoding, chains in
        chains.keys.contains { frames[encoding]?[$0] != nil }
      }
  }

  mutating func add(_ plan: ProgrammePlan) {
    for node in plan.plan.nodes {
      keys.insert(node.key)
      keys.formUnion(node.commits)
    }
    for (encoding, chains) in plan.plannedFrames {
      for (chain, known) in chains { frames[encoding, default: [:]][chain, default: []] += known }
    }
  }
}

/// What exists, and what will by then.
struct PromisingLibrary: PlanningLibrary {
  let library: LedgerLibrary
  let promised: PromisedResults

  func knownFrames(encoding: Digest, chains: [Digest]) throws -> [Digest: [KnownFrames]] {
    var known = try library.knownFrames(encoding: encoding, chains: chains)
    for chain in chains {
      guard let more = promised.frames[encoding]?[chain] else { continue }
      known[chain, default: []] += more
    }
    return known
  }

  func hasResult(_ key: TaskKey) throws -> Bool {
    if promised.keys.contains(key) { return true }
    return try library.hasResult(key)
  }

  func results(among keys: [TaskKey]) throws -> Set<TaskKey> {
    let made = promised.keys.intersection(keys)
    return made.union(try library.results(among: keys.filter { !made.contains($0) }))
  }

  func output<Output: Codable & Sendable>(of key: TaskKey, as type: Output.Type) throws -> Output? {
    try library.output(of: key, as: type)
  }

  func reviews(of deliverable: String, programme: String) throws -> [ReviewedVersion] {
    try library.reviews(of: deliverable, programme: programme)
  }

  func publishedVersion(_ publish: PublishTask.Input) throws -> String? {
    try library.publishedVersion(publish)
  }
}
