import Foundation
import Glibc
import TestSupport

/// What a task costs on Slurm: beside a bare `sbatch` of a program that lasts as long, and in a pilot.
///
/// On a Slurm of one node of its own, as the tests start it.
struct SlurmBenchmark {
  let folder: String
  private static let tasks = 8
  private static let seconds = 10

  func measure() throws -> [Figure] {
    if let obstacle = RealSlurm.obstacle {
      Progress.say("Slurm cannot be measured: \(obstacle).")
      return []
    }
    let slurm = try RealSlurm()
    for (name, value) in slurm.environment { unsafe setenv(name, value, 1) }
    Progress.say("Slurm: \(Self.tasks) jobs of \(Self.seconds) s by sbatch …")
    let bare = try submitted(to: slurm)
    Progress.say("  the same as tasks of a run …")
    let ours = try run("tasks", chains: Self.tasks, ["--seconds", "\(Self.seconds)"])
    Progress.say("  200 and 2,000 tasks in a pilot …")
    let few = try run("few", chains: 200, ["--pilot", "2"])
    let many = try run("many", chains: 2_000, ["--pilot", "2"])
    return [
      Figure(
        "tasks of \(Self.seconds) s on Slurm, overhead", (ours - bare) / bare * 100, "% of sbatch", .atMost,
        5,
        note: String(format: "%d tasks, two at once: %.1f and %.1f s", Self.tasks, ours, bare)),
      Figure(
        "tasks in a pilot", (many - few) / 1_800 * 1_000, "ms/task", .atMost, 5,
        note: String(format: "200 tasks in %.1f s, 2,000 in %.1f s", few, many)),
    ]
  }

  /// Seconds from the first `sbatch` until nothing of it is queued or runs.
  private func submitted(to slurm: RealSlurm) throws -> Double {
    let began = ContinuousClock.now
    for _ in 0..<Self.tasks {
      try slurm.call(
        "sbatch", ["--output=/dev/null", "--mem=300", "--export=ALL", "--wrap=exec sleep \(Self.seconds)"])
    }
    try slurm.wait("the bare jobs") { slurm.jobs("pending,running,completing").isEmpty }
    return (ContinuousClock.now - began) / .seconds(1)
  }

  private func run(_ name: String, chains: Int, _ options: [String]) throws -> Double {
    let child = try ChildProcess.run(
      Programs.own,
      ["scale-slurm", "\(folder)/\(name)", "--chains", "\(chains)", "--chain-length", "1"] + options,
      logFolder: folder)
    guard let seconds = Double(child.output.trimmingCharacters(in: .whitespacesAndNewlines)) else {
      throw BenchError("scale-slurm said \(child.output)")
    }
    return seconds
  }
}
