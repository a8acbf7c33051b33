import Engine
import Ledger
import TaskGraph
import TestSupport

/// Everything that a seed decides: a plan, what there is of each resource, how attempts end, when the coordinator
/// is killed; and what outlives it.
struct SimulatedWorld {
  /// How attempts of one task tend to end.
  struct Temper {
    var crash = 0.0
    var kill = 0.0
    var infrastructure = 0.0
    var licence = 0.0
    var application = 0.0
    var badInput = 0.0
  }

  var random: SplitMix64
  let nodes: [TaskNode]
  let capacity: ResourceCapacity
  let tempers: [TaskKey: Temper]
  let timings: [String: TimingEstimate]
  let stopsAtFirstFailure: Bool
  /// While this lasts, whatever starts meets a broken disk.
  let outage: ClosedRange<Double>?
  /// How often the coordinator is killed and started again.
  var restarts: Int

  /// Results in the store, and how many each task has published on the way.
  var done: Set<TaskKey> = []
  var commits: [TaskKey: Int] = [:]
  var poisoned: [TaskKey: LossCause] = [:]

  private(set) var violations: [String] = []
  private(set) var events: Set<String> = []

  private static let step: Int64 = 64 << 20

  init(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let cores = Int.random(in: 1...6, using: &random)
    let memory = Int.random(in: 4...64, using: &random)
    let tokens = [
      "nuke": Int.random(in: 1...3, using: &random), "raid": Int.random(in: 1...4, using: &random),
    ]
    capacity = ResourceCapacity(cores: cores, memoryBytes: Int64(memory) * Self.step, tokens: tokens)
    let isConstrained = random.chance(0.6)
    let count = Int.random(in: 0...30, using: &random)
    let density = Double.random(in: 0...0.3, using: &random)
    var nodes: [TaskNode] = []
    for index in 0..<count {
      let dependencies = (0..<index).filter { _ in random.chance(density) }.map(String.init)
      var needs = TaskNeeds(memoryBytes: 0)
      if isConstrained {
        needs.cores = random.chance(0.2) ? Int.random(in: 1...cores, using: &random) : 1
        let isLarge = random.chance(0.2)
        needs.memoryBytes =
          Int64(Int.random(in: 0...(isLarge ? memory : memory / 4), using: &random)) * Self.step
        for (name, most) in tokens.sorted(by: { $0.key < $1.key }) where random.chance(0.2) {
          needs.tokens[name] = Int.random(in: 1...most, using: &random)
        }
      }
      nodes.append(
        node(
          "\(index)", after: dependencies,
          frames: random.chance(0.6) ? Int.random(in: 1...500, using: &random) : 0,
          segments: Int.random(in: 0...4, using: &random), kind: random.chance(0.7) ? "render" : "mix",
          place: random.chance(0.15) ? .coordinator : .worker, needs: needs,
          weight: random.chance(0.3) ? Int.random(in: -5...5, using: &random) : 0))
    }
    // Small ones, many of which are ready at once.
    for index in count..<count + (random.chance(0.5) ? Int.random(in: 1...40, using: &random) : 0) {
      let dependencies = (0..<count).filter { _ in random.chance(density / 4) }.map(String.init)
      nodes.append(
        node(
          "\(index)", after: dependencies, kind: random.chance(0.8) ? "probe" : "still",
          needs: TaskNeeds(memoryBytes: isConstrained && random.chance(0.3) ? Self.step : 0),
          weight: random.chance(0.1) ? Int.random(in: -5...5, using: &random) : 0))
    }
    self.nodes = nodes.shuffled(using: &random)
    var timings: [String: TimingEstimate] = [:]
    if random.chance(0.5) {
      timings["render"] = TimingEstimate(secondsPerTask: 10, secondsPerFrame: 0.2, sampleCount: 9)
    }
    if random.chance(0.7) {
      timings["probe"] = TimingEstimate(secondsPerTask: 0.01, secondsPerFrame: nil, sampleCount: 9)
    }
    self.timings = timings
    let isRough = random.chance(0.5)
    var tempers: [TaskKey: Temper] = [:]
    for node in nodes {
      let isBad = random.chance(isRough ? 0.3 : 0.05)
      var temper = Temper(kill: isRough ? Double.random(in: 0...0.6, using: &random) : 0)
      temper.infrastructure = isBad ? Double.random(in: 0...0.8, using: &random) : 0.02
      if isBad {
        temper.crash = Double.random(in: 0...1, using: &random)
        temper.application = Double.random(in: 0...0.7, using: &random)
        temper.badInput = Double.random(in: 0...0.3, using: &random)
      }
      if !node.needs.tokens.isEmpty {
        temper.licence = random.chance(0.1) ? 1 : Double.random(in: 0...0.5, using: &random)
      }
      tempers[node.key] = temper
    }
    self.tempers = tempers
    stopsAtFirstFailure = random.chance(0.2)
    let begin = Double.random(in: 0...200, using: &random)
    outage = random.chance(0.15) ? begin...(begin + (random.chance(0.5) ? 1e9 : 300)) : nil
    restarts = random.chance(0.3) ? Int.random(in: 1...4, using: &random) : 0
    self.random = random
  }

  /// Runs until nothing is left to do or the run has ended by itself.
  mutating func run() throws {
    repeat {
      let missing = nodes.filter { !done.contains($0.key) }.map { node in
        var node = node
        node.dependencies.removeAll(where: done.contains)
        return node
      }
      var run = SimulatedRun(self, plan: try Plan(missing))
      run.run()
      violations += run.violations
      events.formUnion(run.events)
      random = run.random
      done.formUnion(run.done)
      commits = run.commits
      poisoned.merge(run.poisoned) { $1 }
      guard run.wasKilled else { return }
      events.insert("restarted")
      restarts -= 1
    } while true
  }
}

/// One life of a coordinator: a scheduler, workers that behave as the seed says, and a clock that jumps from event to
/// event.
struct SimulatedRun {
  private let plan: Plan
  private let world: SimulatedWorld
  private var scheduler: Scheduler
  private var judge: Judge
  private var agenda: [(time: Double, order: Int, events: [SchedulerEvent])] = []
  private var now = 0.0
  private var order = 0
  private let killTime: Double?

  fileprivate private(set) var random: SplitMix64
  fileprivate private(set) var done: Set<TaskKey> = []
  fileprivate private(set) var commits: [TaskKey: Int]
  fileprivate private(set) var poisoned: [TaskKey: LossCause] = [:]
  fileprivate private(set) var wasKilled = false

  fileprivate var events: Set<String> { judge.events }
  fileprivate var violations: [String] {
    judge.violations.map { "\($0.promise.rawValue): \($0.detail)" }
  }

  fileprivate init(_ world: SimulatedWorld, plan: Plan) {
    self.world = world
    self.plan = plan
    var suspects: [Int: LossCause] = [:]
    for (index, node) in plan.nodes.enumerated() { suspects[index] = world.poisoned[node.key] }
    // As many pauses as for the disk; four hours of them only make the simulation slow.
    var policy = RetryPolicy()
    policy.licencePatience = .seconds(900)
    scheduler = Scheduler(
      plan, capacity: world.capacity, policy: policy, timings: world.timings, suspects: suspects,
      stopsAtFirstFailure: world.stopsAtFirstFailure)
    judge = Judge(
      plan, capacity: world.capacity, policy: policy, suspects: suspects,
      stopsAtFirstFailure: world.stopsAtFirstFailure)
    random = world.random
    commits = world.commits
    killTime = world.restarts > 0 ? Double.random(in: 0...600, using: &random) : nil
    for _ in 0..<world.capacity.cores { later(0, .opened(.worker)) }
    later(0, .opened(.coordinator))
    later(Double.random(in: 0...1, using: &random), .begin)
    if random.chance(0.2) { later(Double.random(in: 0...3000, using: &random), .cancel) }
  }

  fileprivate mutating func run() {
    var steps = 0
    while let next = agenda.indices.min(by: {
      (agenda[$0].time, agenda[$0].order) < (agenda[$1].time, agenda[$1].order)
    }) {
      let (time, _, events) = agenda.remove(at: next)
      now = time
      if let killTime, now >= killTime, !judge.isOver { return kill() }
      steps += 1
      guard steps < 50_000 else { break }
      if judge.isOver, case .cancel = events[0] { continue }
      let effects = scheduler.apply(events)
      judge.sees(events, effects, freeAfter: scheduler.freeCapacity)
      perform(effects)
      if random.chance(0.02) { babble() }
    }
    judge.judgeTheEnd()
  }

  private mutating func later(_ delay: Double, _ events: SchedulerEvent...) { later(delay, events) }

  private mutating func later(_ delay: Double, _ events: [SchedulerEvent]) {
    agenda.append((now + delay, order, events))
    order += 1
  }

  /// The coordinator dies. What its workers were about to publish may still come into being.
  private mutating func kill() {
    wasKilled = true
    for event in agenda.flatMap(\.events) {
      guard case .finished(let task, try: let number) = event, scheduler.attempt(of: task) == number,
        random.chance(0.5)
      else { continue }
      done.insert(plan.nodes[task].key)
    }
  }

  /// A report about an attempt that never was.
  private mutating func babble() {
    guard let task = plan.nodes.indices.randomElement(using: &random) else { return }
    let number = scheduler.attempt(of: task) + Int.random(in: 1...3, using: &random)
    later(Double.random(in: 0...20, using: &random), .failed(task, try: number + 100, .media, commits: 9))
  }

  private mutating func perform(_ effects: [SchedulerEffect]) {
    var attempts: [[(task: Int, number: Int)]] = []
    for effect in effects {
      switch effect {
      case .start(let task, let number): attempts.append([(task, number)])
      case .join(let task, let number): attempts[attempts.count - 1].append((task, number))
      default: perform(effect)
      }
    }
    for attempt in attempts {
      if attempt.count > 1 { start(attempt) } else { start(attempt[0].task, attempt[0].number) }
    }
  }

  private mutating func perform(_ effect: SchedulerEffect) {
    switch effect {
    case .start, .join: break
    case .pause(let task, let pause):
      later(Double(pause.components.seconds) + Double(pause.components.attoseconds) * 1e-18, .due(task))
    case .settled(let task, let outcome):
      if outcome == .done { done.insert(plan.nodes[task].key) }
      if case .poisoned(let cause, _) = outcome { poisoned[plan.nodes[task].key] = cause }
      if random.chance(0.1) { later(Double.random(in: 0...20, using: &random), .due(task)) }
    case .halt, .over: break
    }
  }

  /// Tasks that share an attempt: done one after the other, published now and then, until the attempt ends early or all
  /// of them have ended.
  private mutating func start(_ parts: [(task: Int, number: Int)]) {
    var time = 0.0
    var unpublished: [(task: Int, number: Int)] = []
    for (place, part) in parts.enumerated() {
      let rest = parts[(place + 1)...]
      time += Double.random(in: 0.001...0.1, using: &random)
      let ending = ending(of: part.task, part.number)
      switch ending {
      case .finished:
        unpublished.append(part)
        guard rest.isEmpty || random.chance(0.3) else { continue }
        later(
          time, unpublished.flatMap { [.took($0.task, seconds: 0.01), .finished($0.task, try: $0.number)] })
        unpublished = []
        // It took longer than expected.
        guard !rest.isEmpty, random.chance(0.1) else { continue }
        later(time, rest.map { .untouched($0.task, try: $0.number) })
      case .failed(_, _, let failure, _) where failure.concernsOneTask || random.chance(0.3):
        later(time, ending)
        continue
      default:
        let others = unpublished + rest
        later(time, others.map { .untouched($0.task, try: $0.number) } + [ending])
        unpublished = []
      }
      break
    }
    if !unpublished.isEmpty {
      later(time, unpublished.map { .finished($0.task, try: $0.number) })
    }
    if random.chance(0.15), let part = parts.randomElement(using: &random) {
      later(time + 1, .untouched(part.task, try: part.number))
    }
    later(time + Double.random(in: 0...3, using: &random), .opened(.worker))
  }

  private mutating func start(_ task: Int, _ number: Int) {
    let node = plan.nodes[task]
    let duration = Double.random(in: 0.01...100, using: &random)
    if random.chance(0.4) {
      commits[node.key] = min(commits[node.key, default: 0] + 1, node.commits.count)
    }
    let ending = ending(of: task, number)
    later(duration, ending)
    // Repeated by a lost acknowledgement, or from a worker that was given up.
    if random.chance(0.15) { later(duration + Double.random(in: 0...50, using: &random), ending) }
    if random.chance(0.05) {
      later(duration + Double.random(in: 0...50, using: &random), .finished(task, try: number))
    }
    // A worker is free a moment after its report, or after it was started again.
    later(duration + Double.random(in: 0...3, using: &random), .opened(node.place))
  }

  private mutating func ending(of task: Int, _ number: Int) -> SchedulerEvent {
    let temper = world.tempers[plan.nodes[task].key] ?? SimulatedWorld.Temper()
    let commits = commits[plan.nodes[task].key, default: 0]
    func failed(_ failure: WorkerEvent.FailureClass) -> SchedulerEvent {
      .failed(task, try: number, failure, commits: commits)
    }
    if world.outage?.contains(now) == true { return failed(.infrastructure) }
    if random.chance(temper.crash) { return .lost(task, try: number, .crash, commits: commits) }
    if random.chance(temper.kill) { return .lost(task, try: number, .killed, commits: commits) }
    if random.chance(temper.infrastructure) { return failed(.infrastructure) }
    if random.chance(temper.licence) { return failed(.licence) }
    if random.chance(temper.application) { return failed(.application) }
    if random.chance(temper.badInput) { return failed(random.chance(0.5) ? .user : .media) }
    if random.chance(0.02) { return failed(.cancelled) }
    return .finished(task, try: number)
  }
}
