import Digests
import Farm
import TaskGraph
import TestSupport
import Testing

/// Scheduler and queue on a cluster that does everything to them that clusters do.
@Suite struct `Simulated cluster` {
  private static func node(
    _ name: String, after dependencies: [TaskKey] = [], frames: Int = 0, cores: Int = 1
  )
    -> TaskNode
  {
    TaskNode(
      key: Digest.sha256(Array(name.utf8)), kind: "render", version: 1, stage: "s", label: name,
      dependencies: dependencies, payload: [], frames: frames, reason: "", needs: TaskNeeds(cores: cores))
  }

  private static func farm(seed: UInt64) throws -> (SimulatedFarm, SplitMix64) {
    var random = SplitMix64(seed: seed)
    var nodes: [TaskNode] = []
    var durations: [TaskKey: Double] = [:]
    for index in 0..<Int.random(in: 1...40, using: &random) {
      let dependencies = nodes.filter { _ in random.chance(0.08) }.map(\.key)
      let node = node(
        "task \(index)", after: dependencies, frames: random.chance(0.5) ? 24 : 0,
        cores: random.chance(0.2) ? 2 : 1)
      nodes.append(node)
      durations[node.key] = Double.random(in: 0.5...(random.chance(0.2) ? 60 : 8), using: &random)
    }
    var profile = SlurmProfile()
    profile.target = random.chance(0.5) ? 20 : 1
    let cluster = SimulatedCluster(
      width: Int.random(in: 1...12, using: &random), faults: .drawn(from: &random), random: random)
    let farm = try SimulatedFarm(
      nodes: nodes, durations: durations, cluster: cluster, random: random, profile: profile,
      places: Int.random(in: 1...50, using: &random))
    return (farm, random)
  }

  /// 500 seeds: 20 groups of 25, so that cores share them.
  @Test(arguments: UInt64(0)..<20)
  func `every task is done once, whatever the cluster does, with coordinators killed`(group: UInt64) throws {
    var met: Set<SimulatedCluster.Trouble> = []
    var restarts = 0
    for seed in group * 25..<(group + 1) * 25 {
      var (farm, random) = try Self.farm(seed: seed)
      let kills = (0..<(random.chance(0.4) ? 2 : 0)).map { _ in Double.random(in: 1...200, using: &random) }
      try farm.run(kills: kills)
      #expect(farm.violations.isEmpty, "seed \(seed): \(farm.violations.prefix(5))")
      #expect(farm.failed.isEmpty, "seed \(seed): \(farm.failed.prefix(5))")
      let undone = farm.nodes.filter { !farm.done.contains($0.key) }.map(\.label)
      #expect(undone.isEmpty, "seed \(seed): \(undone.prefix(5))")
      met.formUnion(farm.cluster.met.keys)
      restarts += farm.figures.restarts
    }
    // Not that they passed because all went well. Nothing is cancelled here.
    #expect(Set(SimulatedCluster.Trouble.allCases).subtracting(met).isSubset(of: [.lostCancel]))
    #expect(restarts > 0)
  }

  @Test(arguments: UInt64(0)..<4)
  func `after a cancellation no job of the run is left`(group: UInt64) throws {
    var lostCancels = 0
    for seed in group * 25..<(group + 1) * 25 {
      var (farm, random) = try Self.farm(seed: 10_000 + seed)
      try farm.run(cancelAt: Double.random(in: 0...60, using: &random))
      #expect(farm.violations.isEmpty, "seed \(seed): \(farm.violations.prefix(5))")
      lostCancels += farm.cluster.met[.lostCancel] ?? 0
    }
    #expect(lostCancels > 0)
  }

  /// A feature of two hours in 4K on 2,000 nodes of 8 cores: 172,800 frames in 2,000 shots, each cut into tasks of at most 12
  /// frames of 25 s, with stills of every shot, an assembly for each of five reels, and one mix.
  @Test func `a feature on 2,000 nodes stays within limits`() throws {
    var random = SplitMix64(seed: 1)
    var nodes: [TaskNode] = []
    var durations: [TaskKey: Double] = [:]
    var frames = 0
    var reels: [[TaskKey]] = Array(repeating: [], count: 5)
    for shot in 0..<2000 {
      let length = shot < 800 ? 87 : 86  // 172,800 in all
      frames += length
      var start = 0
      while start < length {
        let count = min(12, length - start)
        let node = Self.node("shot \(shot) from \(start)", frames: count)
        durations[node.key] = Double(count) * Double.random(in: 15...35, using: &random)
        reels[shot / 400].append(node.key)
        nodes.append(node)
        start += count
      }
      let still = Self.node("still of shot \(shot)", after: [nodes[nodes.count - 1].key])
      durations[still.key] = 2
      nodes.append(still)
    }
    #expect(frames == 172_800)
    for (number, keys) in reels.enumerated() {
      let node = Self.node("reel \(number)", after: keys)
      durations[node.key] = 300
      nodes.append(node)
    }
    let mix = Self.node("mix")
    durations[mix.key] = 900
    nodes.append(mix)
    let cluster = SimulatedCluster(width: 16_000, faults: .none, random: random)
    var profile = SlurmProfile()
    profile.jobs = 16_000
    var farm = try SimulatedFarm(
      nodes: nodes, durations: durations, cluster: cluster, random: random, profile: profile, places: 16_000)
    let began = ContinuousClock.now
    try farm.run()
    let took = ContinuousClock.now - began
    let figures = farm.figures
    #expect(farm.violations.isEmpty && farm.failed.isEmpty)
    #expect(figures.attempts == nodes.count, "nothing is tried twice on a cluster without faults")
    // Of each attempt: its folder with task, lock, log and record; of each job its log and its worker's; of each submission
    // its folder and its work; script and mail once.
    let files = figures.attempts * 5 + figures.elements * 2 + figures.submissions * 2 + 3
    print(
      """
      simulated feature: \(nodes.count) tasks, \(Int(farm.now)) s on the cluster; scheduler \
      \(Int(figures.schedulerSeconds * 1000)) ms, queue \(Int(figures.queueSeconds * 1000)) ms, whole simulation \(took); \
      \(figures.submissions) submissions of \(figures.elements) jobs, \(figures.lists) lists, \
      \(figures.ledgerWrites) ledger transactions, \(files) files beside results
      """)
    #expect(figures.submissions <= 400)
    #expect(figures.elements <= nodes.count)
    #expect(Double(figures.lists) <= farm.now)
    #expect(figures.ledgerWrites <= 4 * nodes.count)
    #expect(files <= 8 * nodes.count)
    // A run of half an hour: the coordinator has a thousandth of it for each decision of either.
    #expect(figures.schedulerSeconds + figures.queueSeconds < farm.now / 10)
  }
}
