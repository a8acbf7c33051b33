import Digests
import TaskGraph

/// `build.ninja`: tasks with their own edges; the result files are what Ninja looks at.
///
/// Everything is an order-only input: what a task made stays right whatever the times of files say. Finished segments of a
/// task are not named: Ninja removes what a command that it stops has made until then. A publication has no result file;
/// it looks again each time, which costs little.
/// Source: the Ninja manual, "Ninja file reference".
package struct NinjaFile: JobFormat {
  package static let name = "ninja"

  package init() {}

  package func files(of job: FarmJob) -> [JobFile] {
    var lines = [
      "# \(FarmText.line(job.name)): \(job.plan.nodes.count) tasks in \(job.steps.count) steps. Run it here with `ninja`.",
      "ninja_required_version = 1.5",
      "interlock = \(Self.escaped(FarmText.shellQuoted(job.places.program)))",
      "production = \(Self.escaped(FarmText.shellQuoted(job.places.production)))",
      "results = \(Self.escapedPath(job.places.production + "/.interlock/results"))", "",
      "rule task", "  command = $interlock worker run $task --production $production",
      "  description = $what",
      "",
    ]
    let pools = pools(of: job)
    var predecessors = job.plan.nodes.map { _ in [Int]() }
    for (index, followers) in job.plan.dependants.enumerated() {
      for follower in followers { predecessors[follower].append(index) }
    }
    for (name, places) in pools.sorted(by: { $0.key < $1.key }) {
      lines += ["pool \(Self.poolName(name))", "  depth = \(places)", ""]
    }
    for (index, node) in job.plan.nodes.enumerated() {
      let waits = predecessors[index].sorted().map { output(of: job.plan.nodes[$0], at: $0) }
      lines.append(
        "build \(output(of: node, at: index)): task"
          + (waits.isEmpty ? "" : " || " + waits.joined(separator: " ")))
      lines.append("  task = \(job.taskPath(index))")
      // Most labels begin with what is done.
      let work = node.label.hasPrefix(node.kind) ? node.label : "\(node.kind) \(node.label)"
      lines.append("  what = \(Self.escaped(FarmText.line("\(node.stage): \(work)")))")
      // Ninja takes one pool for each edge: the scarcest.
      let scarcest = node.needs.tokens.keys.compactMap { name in pools[name].map { (name, $0) } }
        .min { ($0.1, $0.0) < ($1.1, $1.0) }
      if let scarcest { lines.append("  pool = \(Self.poolName(scarcest.0))") }
    }
    return [JobFile(path: "build.ninja", text: lines.joined(separator: "\n") + "\n")]
  }

  package func start(_ job: FarmJob, folder: String) -> [String] {
    ["ninja -C \(FarmText.shellQuoted(folder))"]
  }

  /// What a task commits; of a publication a name that never is a file.
  private func output(of node: TaskNode, at index: Int) -> String {
    node.place == .worker
      ? "$results/\(node.key.hex.prefix(2))/\(node.key.hex).json" : "publish-\(index + 1)"
  }

  /// How many tasks may hold each licence or pool at once.
  private func pools(of job: FarmJob) -> [String: Int] {
    var most: [String: Int] = [:]
    for node in job.plan.nodes {
      for (name, count) in node.needs.tokens where count > 0 { most[name] = max(most[name] ?? 1, count) }
    }
    return Dictionary(
      uniqueKeysWithValues: most.map { name, each in (name, max(1, (job.tokens[name] ?? each) / each)) })
  }

  private static func poolName(_ name: String) -> String { FarmText.portable(name, atMost: 60) }

  private static func escaped(_ text: String) -> String { text.replacing("$", with: "$$") }

  private static func escapedPath(_ text: String) -> String {
    escaped(text).replacing(" ", with: "$ ").replacing(":", with: "$:")
  }
}
