package import Digests
package import TaskGraph

/// A published version as far as it keeps things.
package struct KeepingVersion: Sendable {
  /// `short-film/master@v002`.
  package var name: String
  package var files: [Digest]
  /// The tasks whose results it shows; those without a result, such as its publishing, do not matter.
  package var makers: [TaskKey]
  /// Whether what it was made from is kept too: its frames, mixes, stills.
  package var keepsMaterial: Bool
  /// In which encoding its frames are; nil when it shows none.
  package var encoding: Digest?

  package init(
    name: String, files: [Digest], makers: [TaskKey], keepsMaterial: Bool, encoding: Digest?
  ) {
    self.name = name
    self.files = files
    self.makers = makers
    self.keepsMaterial = keepsMaterial
    self.encoding = encoding
  }
}

/// An attempt that runs, or was handed to a farm and may start at any time.
package struct KeepingAttempt: Sendable {
  package var id: String
  /// Every digest its task names: inputs and what it may commit.
  package var mentions: [Digest]

  package init(id: String, mentions: [Digest]) {
    self.id = id
    self.mentions = mentions
  }
}

/// Which results and objects of a store are kept, and what keeps each.
///
/// Marking is by what the files say and errs on the side of keeping: any result or object that a kept result names
/// is kept, whatever its kind.
package struct Retention: Sendable {
  /// What keeps an object or a result: the first reason found, from published versions down to age.
  package enum Holder: Hashable, Sendable {
    /// In words, e.g. `published in short-film/master@v002`.
    case root(String)
    /// A kept result made it or names it.
    case result(TaskKey)
  }

  package struct Roots: Sendable {
    package var versions: [KeepingVersion] = []
    package var footprints: [PlanFootprint] = []
    package var attempts: [KeepingAttempt] = []
    /// What is younger stays, used or not.
    package var cutoff: WallClock
    /// Objects that no result names yet stay when they are younger than this: their attempt may be under way.
    package var lease: WallClock

    package init(cutoff: WallClock, lease: WallClock) {
      self.cutoff = cutoff
      self.lease = lease
    }
  }

  package private(set) var objects: [Digest: Holder] = [:]
  package private(set) var results: [TaskKey: Holder] = [:]
  /// Footprints that a kept version needs, or that are young.
  package private(set) var footprints: Set<String> = []

  private let inventory: StoreInventory
  private var waiting: [TaskKey] = []

  package init(_ inventory: StoreInventory, roots: Roots) {
    self.inventory = inventory
    for version in roots.versions {
      for file in version.files { mark(object: file, .root("published in \(version.name)")) }
    }
    keepMaterial(of: roots.versions, roots.footprints)
    for attempt in roots.attempts {
      for digest in attempt.mentions { mark(any: digest, .root("attempt \(attempt.id), which may run")) }
    }
    spread()
    keepYoung(roots)
    spread()
    keepMakers(of: roots.versions)
    keepFrames()
  }

  package func keeps(result key: TaskKey) -> Bool { results[key] != nil }
  package func keeps(object digest: Digest) -> Bool { objects[digest] != nil }

  /// What keeps an object, from it to the root.
  package func chain(from digest: Digest) -> [Holder] {
    var chain: [Holder] = []
    var holder = objects[digest] ?? results[digest]
    while let current = holder, chain.count < 64 {
      chain.append(current)
      guard case .result(let key) = current else { break }
      holder = results[key]
    }
    return chain
  }

  // MARK: Roots

  /// Of each version the newest plan that holds everything it was made of; where no plan is on record, every segment
  /// in its encoding.
  private mutating func keepMaterial(of versions: [KeepingVersion], _ footprints: [PlanFootprint]) {
    var holders: [String: String] = [:]
    for version in versions where version.keepsMaterial {
      let makers = version.makers.filter { inventory.results[$0] != nil }
      let root = Holder.root("needed by \(version.name)")
      for key in makers { mark(result: key, root) }
      guard !makers.isEmpty else { continue }
      if let plan = footprints.last(where: { plan in makers.allSatisfy(plan.contains) }) {
        if holders[plan.id] == nil { holders[plan.id] = version.name }
      } else if let encoding = version.encoding {
        for (key, result) in inventory.results
        where result.kind == segmentKind && result.mentions.contains(encoding) {
          mark(result: key, root)
        }
      }
    }
    for plan in footprints {
      guard let version = holders[plan.id] else { continue }
      self.footprints.insert(plan.id)
      let root = Holder.root("the plan of \(plan.head.pipeline) at \(plan.head.made), which made \(version)")
      for key in plan.keys { mark(result: key, root) }
    }
  }

  private mutating func keepYoung(_ roots: Roots) {
    for plan in roots.footprints where plan.time >= roots.cutoff {
      footprints.insert(plan.id)
      let root = Holder.root("the plan of \(plan.head.pipeline) at \(plan.head.made)")
      for key in plan.keys { mark(result: key, root) }
    }
    for (key, result) in inventory.results where result.space.modified >= roots.cutoff {
      mark(result: key, .root("made at \(result.space.modified.iso8601), after the limit of age"))
    }
    for (digest, space) in inventory.objects where space.modified >= roots.lease {
      mark(object: digest, .root("written at \(space.modified.iso8601): its result may be under way"))
    }
  }

  /// What older versions were made of goes, but a result that costs nothing beyond what is published stays.
  private mutating func keepMakers(of versions: [KeepingVersion]) {
    for version in versions where !version.keepsMaterial {
      for key in version.makers where results[key] == nil {
        guard let result = inventory.results[key], !result.objects.isEmpty,
          result.objects.allSatisfy({ objects[$0.digest] != nil })
        else { continue }
        results[key] = .root("published in \(version.name)")
      }
    }
  }

  /// Frames that lie in files which are kept anyway, such as published masters, cost nothing and are not made again.
  private mutating func keepFrames() {
    for (key, result) in inventory.results where results[key] == nil && result.kind == segmentKind {
      guard let holder = result.objects.first.flatMap({ objects[$0.digest] }),
        result.objects.allSatisfy({ objects[$0.digest] != nil })
      else { continue }
      results[key] = holder
    }
  }

  // MARK: Spreading

  private mutating func mark(any digest: Digest, _ holder: Holder) {
    mark(result: digest, holder)
    mark(object: digest, holder)
  }

  private mutating func mark(object digest: Digest, _ holder: Holder) {
    guard inventory.objects[digest] != nil, objects[digest] == nil else { return }
    objects[digest] = holder
  }

  private mutating func mark(result key: TaskKey, _ holder: Holder) {
    guard inventory.results[key] != nil, results[key] == nil else { return }
    results[key] = holder
    waiting.append(key)
  }

  private mutating func spread() {
    while let key = waiting.popLast() {
      guard let result = inventory.results[key] else { continue }
      for object in result.objects { mark(object: object.digest, .result(key)) }
      for digest in result.mentions where digest != key { mark(any: digest, .result(key)) }
    }
  }
}
