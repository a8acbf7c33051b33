import Digests
import Engine
import TaskGraph
import TestSupport
import Testing

/// Whole runs in virtual time, with random plans, durations, losses, failures and cancellations.
@Suite struct SchedulerSimulationTests {
  @Test(arguments: 0..<20)
  func `every run keeps the promises of the scheduler, whatever happens to it`(century: Int) throws {
    for seed in UInt64(century * 100)..<UInt64(century * 100 + 100) {
      var world = try SimulatedRun(seed: seed)
      try world.run()
      let violations = world.judge.violations
      #expect(violations.isEmpty, "seed \(seed): \(violations.joined(separator: "; "))")
    }
  }

  @Test func `the simulation sees every kind of end`() throws {
    var seen: Set<String> = []
    for seed in UInt64(0)..<300 {
      var world = try SimulatedRun(seed: seed)
      try world.run()
      for outcome in world.judge.outcomes.values { seen.insert(outcome.name) }
      if world.judge.isCancelled { seen.insert("cancelled") }
      if world.judge.hadRetry { seen.insert("retried") }
    }
    #expect(seen == ["done", "failed", "poisoned", "blocked", "cancelled", "retried"])
  }
}

extension TaskOutcome {
  fileprivate var name: String {
    switch self {
    case .done: "done"
    case .failed: "failed"
    case .poisoned: "poisoned"
    case .blocked: "blocked"
    }
  }
}

/// The promises, all in one place, checked against what goes in and out of the scheduler.
private struct Judge {
  let plan: Plan
  let workers: Int
  private(set) var violations: [String] = []
  private(set) var outcomes: [Int: TaskOutcome] = [:]
  private(set) var isCancelled = false
  private(set) var hadRetry = false
  private var running: Set<Int> = []
  private var occupied: [TaskPlace: Int] = [:]
  private var succeeded: Set<Int> = []
  private(set) var isOver = false

  init(_ plan: Plan, workers: Int) {
    self.plan = plan
    self.workers = workers
  }

  private mutating func require(_ condition: Bool, _ promise: String) {
    if !condition { violations.append(promise) }
  }

  mutating func sees(_ event: SchedulerEvent) {
    switch event {
    case .finished(let task):
      if running.remove(task) != nil { succeeded.insert(task) }
    case .failed(let task, _, _), .lost(let task, _, _): running.remove(task)
    case .opened(let place): occupied[place, default: place == .worker ? workers : 1] -= 1
    case .cancel: isCancelled = true
    case .begin, .due: break
    }
  }

  mutating func sees(_ effect: SchedulerEffect) {
    require(!isOver, "\(effect) after the end")
    switch effect {
    case .start(let task, let attempt):
      require(!isCancelled, "task \(task) started after the cancellation")
      require(running.insert(task).inserted, "task \(task) runs twice at once")
      require(!succeeded.contains(task), "task \(task) runs after its success")
      require(outcomes[task] == nil, "task \(task) runs after it was settled")
      for dependency in dependencies(of: task) {
        require(outcomes[dependency] == .done, "task \(task) started before its dependency \(dependency)")
      }
      let place = plan.nodes[task].place
      occupied[place, default: 0] += 1
      require(occupied[place, default: 0] <= (place == .worker ? workers : 1), "more tasks than places")
      if attempt > 1 { hadRetry = true }
    case .pause(let task, _):
      require(!running.contains(task) && outcomes[task] == nil, "task \(task) paused in the wrong state")
    case .settled(let task, let outcome):
      require(outcomes.updateValue(outcome, forKey: task) == nil, "task \(task) settled twice")
      require(!running.contains(task), "task \(task) settled while it runs")
      require((outcome == .done) == succeeded.contains(task), "task \(task) is \(outcome)")
      if case .blocked(let cause) = outcome {
        require(dependencies(of: task).contains(cause), "task \(task) blames a stranger, \(cause)")
      }
    case .over:
      isOver = true
      require(running.isEmpty, "over while tasks run")
      require(isCancelled || outcomes.count == plan.nodes.count, "over with unsettled tasks")
    }
  }

  mutating func judgeTheEnd() {
    require(isOver, "the run did not terminate")
    for task in plan.nodes.indices {
      let hasBadDependency = dependencies(of: task).contains { dependency in
        switch outcomes[dependency] {
        case .failed, .poisoned, .blocked: true
        case .done, nil: false
        }
      }
      let isBlocked = if case .blocked = outcomes[task] { true } else { false }
      require(isBlocked == hasBadDependency, "task \(task) is \(String(describing: outcomes[task]))")
    }
  }

  private func dependencies(of task: Int) -> [Int] {
    plan.dependants.indices.filter { plan.dependants[$0].contains(task) }
  }
}

/// A plan, workers that behave as the seed says, and a clock that jumps from event to event.
private struct SimulatedRun {
  /// How attempts of one task tend to end.
  private struct Temper {
    var crash: Double
    var kill: Double
    var infrastructure: Double
    var failure: Double
  }

  private let plan: Plan
  private var random: SplitMix64
  private var scheduler: Scheduler
  var judge: Judge
  private let workers: Int
  private let tempers: [Temper]
  private var commits: [Int]
  private var agenda: [(time: Double, order: Int, event: SchedulerEvent)] = []
  private var now = 0.0
  private var order = 0
  private var isCancelled = false

  init(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let count = Int.random(in: 0...30, using: &random)
    let density = Double.random(in: 0...0.3, using: &random)
    var nodes: [TaskNode] = []
    for index in 0..<count {
      let dependencies = (0..<index).filter { _ in random.chance(density) }.map(String.init)
      nodes.append(
        node(
          "\(index)", after: dependencies,
          frames: random.chance(0.6) ? Int.random(in: 1...500, using: &random) : 0,
          segments: Int.random(in: 0...4, using: &random),
          place: random.chance(0.15) ? .coordinator : .worker))
    }
    plan = try Plan(nodes.shuffled(using: &random))
    let isRough = random.chance(0.5)
    tempers = plan.nodes.map { _ in
      let isBad = random.chance(isRough ? 0.3 : 0.05)
      return Temper(
        crash: isBad ? Double.random(in: 0...1, using: &random) : 0,
        kill: isRough ? Double.random(in: 0...0.6, using: &random) : 0,
        infrastructure: isBad ? Double.random(in: 0...0.8, using: &random) : 0.02,
        failure: isBad ? Double.random(in: 0...0.5, using: &random) : 0)
    }
    commits = plan.nodes.map { _ in 0 }
    workers = Int.random(in: 1...5, using: &random)
    scheduler = Scheduler(plan)
    judge = Judge(plan, workers: workers)
    self.random = random
    for _ in 0..<workers { later(0, .opened(.worker)) }
    later(0, .opened(.coordinator))
    later(Double.random(in: 0...1, using: &self.random), .begin)
    if self.random.chance(0.2) { later(Double.random(in: 0...3000, using: &self.random), .cancel) }
  }

  mutating func run() throws {
    var steps = 0
    while let next = agenda.indices.min(by: {
      (agenda[$0].time, agenda[$0].order) < (agenda[$1].time, agenda[$1].order)
    }
    ) {
      let (time, _, event) = agenda.remove(at: next)
      now = time
      steps += 1
      guard steps < 100_000 else { break }
      if case .cancel = event { isCancelled = true }
      if judge.isOver, case .cancel = event { continue }
      judge.sees(event)
      for effect in scheduler.apply(event) {
        judge.sees(effect)
        perform(effect)
      }
    }
    judge.judgeTheEnd()
  }

  private mutating func later(_ delay: Double, _ event: SchedulerEvent) {
    agenda.append((now + delay, order, event))
    order += 1
  }

  private mutating func perform(_ effect: SchedulerEffect) {
    switch effect {
    case .start(let task, _): start(task)
    case .pause(let task, let pause):
      later(Double(pause.components.seconds) + Double(pause.components.attoseconds) * 1e-18, .due(task))
    case .settled(let task, _):
      // A report of an attempt that was given up long ago.
      if random.chance(0.1) {
        later(Double.random(in: 0...20, using: &random), .lost(task, .crash, commits: 9))
      }
      if random.chance(0.1) { later(Double.random(in: 0...20, using: &random), .due(task)) }
    case .over: break
    }
  }

  private mutating func start(_ task: Int) {
    let temper = tempers[task]
    let duration = Double.random(in: 0.01...100, using: &random)
    if random.chance(0.4) { commits[task] = min(commits[task] + 1, plan.nodes[task].commits.count) }
    let ending: SchedulerEvent =
      if random.chance(temper.crash) {
        .lost(task, .crash, commits: commits[task])
      } else if random.chance(temper.kill) {
        .lost(task, .killed, commits: commits[task])
      } else if random.chance(temper.infrastructure) {
        .failed(task, .infrastructure, commits: commits[task])
      } else if random.chance(temper.failure) {
        .failed(task, random.chance(0.5) ? .user : .media, commits: commits[task])
      } else if random.chance(0.02) {
        .failed(task, .cancelled, commits: commits[task])
      } else {
        .finished(task)
      }
    later(duration, ending)
    // A worker is free a moment after its report, or after it was started again.
    later(duration + Double.random(in: 0...3, using: &random), .opened(plan.nodes[task].place))
  }
}
