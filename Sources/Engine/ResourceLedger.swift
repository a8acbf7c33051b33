package import Diagnostics
package import TaskGraph

/// What the tasks of a run may occupy together.
package struct ResourceCapacity: Hashable, Sendable {
  package var cores: Int
  package var memoryBytes: Int64
  /// Licences and places in named pools.
  package var tokens: [String: Int]

  package init(cores: Int, memoryBytes: Int64 = .max, tokens: [String: Int] = [:]) {
    self.cores = max(1, cores)
    self.memoryBytes = memoryBytes
    self.tokens = tokens
  }

  package static let unlimited = ResourceCapacity(cores: .max)

  /// The tasks that this can never hold, one finding for each need: they would wait for ever, so no run starts.
  package func misfits(in nodes: [TaskNode]) -> [Diagnostic] {
    var lines: [(message: String, remedy: String, label: String, count: Int)] = []
    var known: [String: Int] = [:]
    for node in nodes where node.place == .worker {
      for (message, remedy) in lacks(node.needs) {
        if let index = known[message] {
          lines[index].count += 1
        } else {
          known[message] = lines.count
          lines.append((message, remedy, node.label, 1))
        }
      }
    }
    return lines.map { line in
      let others = line.count > 1 ? " and \(line.count - 1) more tasks" : ""
      let verb = line.count > 1 ? "need" : "needs"
      return Diagnostic(
        family: .usage, code: "resources.neverFits",
        message: "\(line.label)\(others) \(verb) \(line.message)", remedy: line.remedy)
    }
  }

  private func lacks(_ needs: TaskNeeds) -> [(message: String, remedy: String)] {
    var lacking: [(String, String)] = []
    if needs.cores > cores {
      lacking.append(
        (
          "\(needs.cores) cores, but the run has \(cores)",
          "Give the run more with --workers, or ask for fewer cores in the pipeline file."
        ))
    }
    if let bytes = needs.memoryBytes, bytes > memoryBytes {
      lacking.append(
        (
          "\(bytes.asMemory) of memory, but the run has \(memoryBytes.asMemory)",
          "Run on a machine with more memory, or let the run use more with --memory."
        ))
    }
    for (name, count) in needs.tokens.sorted(by: { $0.key < $1.key }) where count > tokens[name] ?? 0 {
      if let capacity = tokens[name] {
        lacking.append(
          ("\(count) of `\(name)`, but there are \(capacity)", "Raise `\(name)` in the pipeline file."))
      } else {
        let suggestion = nearest(name, among: tokens.keys.sorted()).map { "Did you mean `\($0)`?" }
        lacking.append(
          (
            "\(count) of `\(name)`, but the pipeline file has no such licence or pool",
            suggestion ?? "Declare it, for instance licences: {\(name): \(count)}."
          ))
      }
    }
    return lacking
  }
}

extension Int64 {
  /// For people: `3.5 GiB`.
  package var asMemory: String {
    guard self >= 1 << 30 else { return "\((self + (1 << 20) - 1) >> 20) MiB" }
    let tenths = (self &+ (1 << 30) / 20) / ((1 << 30) / 10)
    return tenths % 10 == 0 ? "\(tenths / 10) GiB" : "\(tenths / 10).\(tenths % 10) GiB"
  }
}

/// What one attempt occupies, as an amount for each kind of resource: cores, bytes, then the tokens by name.
struct ResourceClaim: Hashable, Sendable {
  var amounts: [Int64]

  static let cores = 0
  static let memory = 1
  static let firstToken = 2
}

/// What is free of each resource. Every attempt takes its claim when it starts and gives it back once, with its end.
struct ResourceLedger: Sendable {
  private let capacity: [Int64]
  private let names: [String]
  private(set) var free: [Int64]

  /// Estimates are rounded up to this, so that tasks of almost equal size share a queue.
  private static let memoryStep: Int64 = 64 << 20
  /// What a task is taken to need when nobody has estimated it: more than any of ours without pictures.
  private static let unknownMemory: Int64 = 512 << 20

  init(_ capacity: ResourceCapacity) {
    names = capacity.tokens.keys.sorted()
    self.capacity =
      [Int64(clamping: capacity.cores), capacity.memoryBytes] + names.map { Int64(capacity.tokens[$0] ?? 0) }
    free = self.capacity
  }

  /// What an attempt at the task takes. Tasks of the coordinator take nothing but their place.
  func claim(of node: TaskNode) -> ResourceClaim {
    guard node.place == .worker else {
      return ResourceClaim(amounts: capacity.map { _ in 0 })
    }
    let needs = node.needs
    // Unknown tasks on every core never ask for more than there is.
    let share = capacity[ResourceClaim.memory] / max(1, capacity[ResourceClaim.cores]) * Int64(needs.cores)
    let estimate = max(0, needs.memoryBytes ?? min(Self.unknownMemory, share))
    precondition(
      estimate <= capacity[ResourceClaim.memory], "tasks that never fit are refused before the run")
    let rounded = (estimate / Self.memoryStep + (estimate % Self.memoryStep > 0 ? 1 : 0)) * Self.memoryStep
    var amounts = [
      Int64(max(1, needs.cores)), min(rounded, capacity[ResourceClaim.memory]),
    ]
    amounts += names.map { Int64(needs.tokens[$0] ?? 0) }
    precondition(
      zip(amounts, capacity).allSatisfy { $0 <= $1 } && needs.tokens.keys.allSatisfy(names.contains),
      "tasks that never fit are refused before the run")
    return ResourceClaim(amounts: amounts)
  }

  func fits(_ claim: ResourceClaim) -> Bool {
    for index in free.indices where claim.amounts[index] > free[index] { return false }
    return true
  }

  /// What the claim lacks, for people; of several things the one that is hardest to come by.
  func shortage(of claim: ResourceClaim) -> String? {
    for index in free.indices.dropFirst(ResourceClaim.firstToken) where claim.amounts[index] > free[index] {
      return "a free \(names[index - ResourceClaim.firstToken])"
    }
    if claim.amounts[ResourceClaim.memory] > free[ResourceClaim.memory] { return "memory" }
    return claim.amounts[ResourceClaim.cores] > free[ResourceClaim.cores] ? "free cores" : nil
  }

  /// Whether the claim takes nothing that the reserved one waits for.
  ///
  /// What is scarce is collected for it: memory and tokens are kept even while it lacks another of them, so that
  /// they come together some day. Cores are kept only when nothing else is lacking: every task gives one back soon,
  /// and a core that waits for a licence earns nothing.
  func fits(_ claim: ResourceClaim, keeping reserved: ResourceClaim) -> Bool {
    var lacksOnlyCores = true
    for index in free.indices.dropFirst() {
      if reserved.amounts[index] > free[index] { lacksOnlyCores = false }
      if claim.amounts[index] > 0, free[index] - claim.amounts[index] < reserved.amounts[index] {
        return false
      }
    }
    guard lacksOnlyCores else { return true }
    return free[ResourceClaim.cores] - claim.amounts[ResourceClaim.cores]
      >= reserved.amounts[ResourceClaim.cores]
  }

  mutating func take(_ claim: ResourceClaim) {
    for index in free.indices { free[index] -= claim.amounts[index] }
    assert(free.allSatisfy { $0 >= 0 }, "a resource is over-committed")
  }

  mutating func release(_ claim: ResourceClaim) {
    for index in free.indices {
      free[index] += claim.amounts[index]
      precondition(free[index] <= capacity[index], "a resource is released twice")
    }
  }

  /// What is free now, in the words of a capacity.
  var freeCapacity: ResourceCapacity {
    var now = ResourceCapacity(cores: 1)
    now.cores = Int(clamping: free[ResourceClaim.cores])
    now.memoryBytes = free[ResourceClaim.memory]
    for (index, name) in names.enumerated() { now.tokens[name] = Int(free[ResourceClaim.firstToken + index]) }
    return now
  }
}
