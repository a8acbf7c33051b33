import FoundationEssentials
package import TaskGraph

/// `runs/<ulid>/plan.json`: what a run set out to do and what the keys of its tasks are made from, without the inputs
/// of the tasks.
package struct PlanRecord: Codable, Sendable {
  package struct Entry: Codable, Sendable {
    package var key: TaskKey
    package var kind: String
    package var version: Int
    package var stage: String
    package var label: String
    package var reason: String
    package var place: TaskPlace
    package var frames: Int?
    /// Positions in `tasks` of what it waits for.
    package var after: [Int]?
    package var commits: [TaskKey]?
    /// What it is about, the same from run to run; nil for the only one of its kind and stage.
    package var subject: String?
    /// Positions in `groups` of what its key is made from.
    package var madeFrom: [Int]?
  }

  /// Ingredients that belong together. Most tasks share most of theirs, so each group is kept once.
  package struct Group: Codable, Hashable, Sendable {
    package var group: String?
    package var about: String?
    package var origin: String?
    /// Names and values in turn.
    package var facts: [String]
  }

  /// 2; files of schema 1 have no ingredients.
  package var schema: Int
  package var run: String
  package var began: String
  package var purpose: RunPurpose?
  package var tasks: [Entry]
  package var groups: [Group]?

  package init(_ plan: Plan, run: String, began: String, purpose: RunPurpose) {
    schema = Self.currentSchema
    self.run = run
    self.began = began
    self.purpose = purpose
    var after = plan.nodes.map { _ in [Int]() }
    for (index, followers) in plan.dependants.enumerated() {
      for follower in followers { after[follower].append(index) }
    }
    var pool = GroupPool()
    tasks = zip(plan.nodes, after).map { node, after in
      let madeFrom = pool.places(of: node.ingredients)
      return Entry(
        key: node.key, kind: node.kind, version: node.version, stage: node.stage, label: node.label,
        reason: node.reason, place: node.place, frames: node.frames > 0 ? node.frames : nil,
        after: after.isEmpty ? nil : after, commits: node.commits.isEmpty ? nil : node.commits,
        subject: node.subject.isEmpty ? nil : node.subject, madeFrom: madeFrom.isEmpty ? nil : madeFrom)
    }
    groups = pool.groups.isEmpty ? nil : pool.groups
  }

  package static let currentSchema = 2

  /// The groups of ingredients of a task, in the order in which they enter its key.
  package func groups(of entry: Entry) -> [Group] {
    guard let groups else { return [] }
    return (entry.madeFrom ?? []).compactMap { groups.indices.contains($0) ? groups[$0] : nil }
  }

  package func json() throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return Array(try encoder.encode(self)) + [UInt8(ascii: "\n")]
  }
}

extension PlanRecord.Group {
  package var pairs: [(name: String, value: String)] {
    stride(from: 0, to: facts.count - 1, by: 2).map { (facts[$0], facts[$0 + 1]) }
  }
}

/// Groups of ingredients, each once.
private struct GroupPool {
  var groups: [PlanRecord.Group] = []
  private var places: [PlanRecord.Group: Int] = [:]

  /// Neighbours of one group, about one thing and of one origin go together, up to their digest.
  mutating func places(of ingredients: [Ingredient]) -> [Int] {
    var found: [Int] = []
    var open: PlanRecord.Group?
    var isComplete = false
    for ingredient in ingredients {
      if open?.group != ingredient.group || open?.about != ingredient.about
        || open?.origin != ingredient.origin || ingredient.group == nil || isComplete
      {
        if let open { found.append(place(of: open)) }
        open = PlanRecord.Group(
          group: ingredient.group, about: ingredient.about, origin: ingredient.origin, facts: [])
      }
      open?.facts += [ingredient.name, ingredient.value]
      // The digest of a group is its last ingredient.
      isComplete = ingredient.name == Ingredient.digest
    }
    if let open { found.append(place(of: open)) }
    return found
  }

  private mutating func place(of group: PlanRecord.Group) -> Int {
    if let place = places[group] { return place }
    places[group] = groups.count
    groups.append(group)
    return groups.count - 1
  }
}
