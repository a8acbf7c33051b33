package import TaskGraph

/// A plan as farms understand it: steps of tasks of one shape, each of which waits for whole steps before it.
///
/// Pure: what is written of it, and for whom, is up to a `JobFormat`.
package struct FarmJob: Sendable {
  /// Tasks of one kind, stage and size that do not wait for each other.
  package struct Step: Sendable {
    /// Unique in the job: `render-textless`, `render-textless-2`; of portable characters.
    package var name: String
    package var kind: String
    package var stage: String
    package var needs: Needs
    /// Indices of nodes of the plan, in plan order.
    package var tasks: [Int]
    /// Indices of earlier steps.
    package var dependencies: [Int]
    package var frames: Int
  }

  /// What a farm has to set aside for a task, rounded so that tasks of about one size are of one shape.
  package struct Needs: Hashable, Sendable {
    package var cores: Int
    /// MiB, a multiple of 512.
    package var memory: Int
    package var tokens: [String: Int]
    /// Seconds.
    package var timeout: Int?

    /// Where nobody has estimated it; small tasks such as publishing.
    private static let usualMemory: Int64 = 2048 << 20
    private static let leastMemory: Int64 = 1024 << 20
    private static let step: Int64 = 512 << 20

    /// An estimate is about pictures, and there is more to a process: it counts twice, as in a run of our own.
    package init(_ needs: TaskNeeds) {
      cores = max(1, needs.cores)
      let bytes = needs.memoryBytes.map { max(Self.leastMemory, 2 * $0) } ?? Self.usualMemory
      memory = Int((bytes + Self.step - 1) / Self.step * (Self.step >> 20))
      tokens = needs.tokens.filter { $0.value > 0 }
      timeout = needs.timeout
    }
  }

  /// Where things are on the machine that exports.
  package struct Places: Sendable {
    /// Absolute path of `interlock`.
    package var program: String
    /// Absolute path of the production.
    package var production: String
    /// Folders that the pipeline declares for media.
    package var media: [String]
    /// Absolute path of the folder that the job is written to.
    package var folder: String

    package init(program: String, production: String, media: [String], folder: String) {
      self.program = program
      self.folder = folder
      self.production = production
      self.media = media
    }
  }

  package var name: String
  package var places: Places
  package let plan: Plan
  package let steps: [Step]
  /// Folders that media is read from: those declared, and others that tasks name, such as that of comps.
  package let media: [String]
  /// What there is of each licence and pool, as the pipeline says it.
  package var tokens: [String: Int]
  package var tools: ToolInventory

  package init(
    _ plan: Plan, name: String, places: Places, tokens: [String: Int] = [:],
    tools: ToolInventory = ToolInventory()
  ) {
    self.plan = plan
    self.name = name
    self.places = places
    self.tokens = tokens
    self.tools = tools
    steps = Self.steps(of: plan)
    media =
      places.media
      + MediaFolders.read(by: plan.nodes).filter { folder in
        !places.media.contains { MediaFolders.lies(folder, in: $0) }
      }
  }

  /// The libraries that a machine has to have for every task.
  package var neededTools: [String: String] {
    plan.nodes.reduce(into: [:]) { needed, node in needed.merge(tools.needed(by: node)) { first, _ in first }
    }
  }

  /// What a step is made of: all that is alike in its tasks. The depth sees to it that none of them waits for another.
  private struct Shape: Hashable {
    var depth: Int
    var stage: String
    var kind: String
    var needs: Needs
  }

  private static func steps(of plan: Plan) -> [Step] {
    var depths = plan.nodes.map { _ in 0 }
    // Nodes are in plan order: what a node waits for has its depth already.
    for (index, followers) in plan.dependants.enumerated() {
      for follower in followers { depths[follower] = max(depths[follower], depths[index] + 1) }
    }
    var order: [Shape] = []
    var members: [Shape: [Int]] = [:]
    for (index, node) in plan.nodes.enumerated() {
      let shape = Shape(
        depth: depths[index], stage: node.stage, kind: node.kind, needs: Needs(node.needs))
      if members[shape] == nil { order.append(shape) }
      members[shape, default: []].append(index)
    }
    order.sort { ($0.depth, members[$0]?.first ?? 0) < ($1.depth, members[$1]?.first ?? 0) }
    var stepOfNode = plan.nodes.map { _ in 0 }
    for (step, shape) in order.enumerated() {
      for index in members[shape] ?? [] { stepOfNode[index] = step }
    }
    var waits = order.map { _ in Set<Int>() }
    for (index, followers) in plan.dependants.enumerated() {
      for follower in followers { waits[stepOfNode[follower]].insert(stepOfNode[index]) }
    }
    var names: Set<String> = []
    return order.enumerated().map { step, shape in
      let tasks = members[shape] ?? []
      return Step(
        name: unique("\(shape.kind)-\(shape.stage)", &names), kind: shape.kind, stage: shape.stage,
        needs: shape.needs, tasks: tasks, dependencies: waits[step].sorted(),
        frames: tasks.reduce(0) { $0 + plan.nodes[$1].frames })
    }
  }

  /// Farms take letters, digits, `-`, `_` and `.`, and some no more than 64 of them.
  private static func unique(_ name: String, _ taken: inout Set<String>) -> String {
    let portable = FarmText.portable(name, atMost: 56)
    var candidate = portable
    var number = 2
    while !taken.insert(candidate).inserted {
      candidate = "\(portable)-\(number)"
      number += 1
    }
    return candidate
  }

  // MARK: Files

  /// The list of a step's tasks, relative to the folder of the job.
  package func listPath(_ step: Int) -> String { "tasks/\(steps[step].name).json" }

  /// The file of one task, relative to the folder of the job.
  package func taskPath(_ node: Int) -> String {
    let number = String(node + 1)
    return "tasks/\(String(repeating: "0", count: max(0, 5 - number.count)))\(number).json"
  }

  /// The words that do tasks of a step, without the program.
  ///
  /// - Parameters:
  ///   - list: as the farm finds it.
  ///   - tasks: what the farm puts in for the numbers; nil where the environment tells them, or all are meant.
  package func arguments(list: String, production: String, tasks: String? = nil) -> [String] {
    ["worker", "run", list, "--production", production] + (tasks.map { ["--tasks", $0] } ?? [])
  }
}

/// Words that are safe in the files of farms.
package enum FarmText {
  static func portable(_ text: String, atMost limit: Int) -> String {
    let safe = text.map { character in
      character.isASCII && (character.isLetter || character.isNumber || "-_.".contains(character))
        ? character : "-"
    }
    return String(safe.prefix(limit))
  }

  /// One line without control characters, for people.
  static func line(_ text: String, atMost limit: Int = 200) -> String {
    let clean = text.unicodeScalars.map { scalar in
      scalar.properties.generalCategory == .control ? " " : String(scalar)
    }
    return String(clean.joined().prefix(limit))
  }

  /// What a user types to start a script of a job, with the folder as typed.
  static func call(_ script: String, in folder: String) -> String {
    shellQuoted(folder.hasPrefix("/") ? "\(folder)/\(script)" : "./\(folder)/\(script)")
  }

  /// A word as a POSIX shell reads it back, whatever is in it.
  package static func shellQuoted(_ word: String) -> String {
    let isPlain =
      !word.isEmpty
      && word.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_./:=,+@".contains($0)) }
    let parts = word.split(separator: "'", omittingEmptySubsequences: false)
    return isPlain ? word : "'" + parts.joined(separator: "'\\''") + "'"
  }
}
