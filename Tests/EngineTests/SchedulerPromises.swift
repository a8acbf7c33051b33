import Engine
import TaskGraph

/// What the scheduler promises, whatever happens to a run: all of it, in one place.
enum SchedulerPromise: String, CaseIterable, Sendable {
  case dependenciesFirst = "no task starts before what it depends on is done"
  case onceAtATime = "no task runs twice at once"
  case doneIsDone = "no task runs again after it was done"
  case settledIsFinal = "a task is settled once, as what happened to it, and never starts after that"
  case placesKept = "no more tasks run than there are places"
  case resourcesKept = "no resource is over-committed"
  case releasedOnce = "what an attempt takes is free again with its end, once"
  case fenced = "a report that is late, repeated or about an attempt that never was changes nothing"
  case ends = "every run ends"
  case nothingLost = "a run that was not stopped has settled every task"
  case keepsGoing = "a failure blocks all that depends on it and nothing else"
  case stopsAtFirst =
    "a run that stops at the first failure starts nothing after it, and no other run is halted"
  case cancelled = "after a cancellation nothing starts"
  case badInputOnce = "bad input is never tried again"
  case counted = "crashes and application failures are tried as often as the policy says, no less and no more"
  case notHeldAgainst = "disk, network and licence fail a task only when patience is at its end"
  case patient = "patience comes to its end"
  case weightFirst = "of tasks that fit, none starts before one of greater weight"
  case busy = "no place stays free while a task could start in it"
  case smallTogether =
    "only small tasks of one kind that need the same, publish nothing on the way and were never in trouble share an attempt"
  case shareLeft = "tasks that share an attempt are one place's share of those that are ready, and no more"
  case noStarving =
    "the first in order is overtaken a limited number of times by tasks that take what it lacks"
}

/// Watches what goes into a scheduler and what comes out, keeps its own books, and says which promises were broken.
struct Judge {
  private let plan: Plan
  private let capacity: ResourceCapacity
  private let policy: RetryPolicy
  private let stopsAtFirstFailure: Bool
  private let suspects: [Int: LossCause]
  private let dependencies: [[Int]]
  /// The weights that tasks have by what waits for them.
  private let weights: [Int]
  private let places: [TaskPlace: Int]

  private let found = Violations()
  private(set) var outcomes: [Int: TaskOutcome] = [:]
  private(set) var isCancelled = false
  private(set) var isHalted = false
  private(set) var isOver = false
  private(set) var events: Set<String> = []

  /// Shared by copies, so that a check is no change of the judge and writes its text only when it fails.
  private final class Violations {
    var list: [(promise: SchedulerPromise, detail: String)] = []
  }

  var violations: [(promise: SchedulerPromise, detail: String)] { found.list }

  private var hasBegun = false
  private var running: [Int: Int] = [:]
  private var paused: Set<Int> = []
  private var occupied: [TaskPlace: Int] = [:]
  private var free: ResourceCapacity
  /// Tokens, and with a broken machine all, that waiting tasks keep.
  private var kept: [Int: TaskNeeds] = [:]
  private var succeeded: Set<Int> = []
  private var progress = 0
  private var faultsInARow = 0
  private var isStalled = false
  private var records: [Int: Record] = [:]
  private var lastFailure: [Int: SchedulerEvent] = [:]
  private var overtaken: [Int: Int] = [:]
  private var starts = 0
  /// Of attempts at several tasks, those that have not ended; each points to the task it was started for.
  private var leaders: [Int: Int] = [:]
  private var latest: (leader: Int, ready: Int, company: Int)?
  /// Tasks whose end left others of their attempt at work.
  private var outlived: Set<Int> = []

  private struct Record {
    var commits = 0
    var crashes = 0
    var kills = 0
    var applications = 0
    var faults = 0
    var waited: Duration = .zero
    var progress = 0
  }

  init(
    _ plan: Plan, capacity: ResourceCapacity, policy: RetryPolicy, suspects: [Int: LossCause],
    stopsAtFirstFailure: Bool
  ) {
    self.plan = plan
    self.capacity = capacity
    self.policy = policy
    self.suspects = suspects
    self.stopsAtFirstFailure = stopsAtFirstFailure
    var dependencies = plan.nodes.map { _ in [Int]() }
    for (index, followers) in plan.dependants.enumerated() {
      for follower in followers { dependencies[follower].append(index) }
    }
    self.dependencies = dependencies
    var weights = plan.nodes.map(\.weight)
    for index in plan.nodes.indices.reversed() {
      weights[index] = ([weights[index]] + plan.dependants[index].map { weights[$0] }).max() ?? 0
    }
    self.weights = weights
    places = [.worker: capacity.cores, .coordinator: 1]
    free = capacity
  }

  private func require(
    _ promise: SchedulerPromise, _ condition: Bool, _ detail: @autoclosure () -> String
  ) {
    if !condition { found.list.append((promise, detail())) }
  }

  // MARK: Events

  /// Events that came together and what the scheduler made of them.
  mutating func sees(_ events: [SchedulerEvent], _ effects: [SchedulerEffect], freeAfter: ResourceCapacity) {
    var isStale = true
    for event in events {
      if let (task, number) = attempt(of: event), running[task] != number {
        self.events.insert("stale")
      } else {
        if case .took = event {} else { isStale = false }
        note(event)
      }
    }
    if isStale { require(.fenced, effects.isEmpty, "\(events) made \(effects)") }
    latest = nil
    for effect in effects { sees(effect) }
    checkIdleness()
    require(
      .releasedOnce, free == freeAfter, "after \(events) \(freeAfter) is free, not \(free)")
  }

  private func attempt(of event: SchedulerEvent) -> (Int, Int)? {
    switch event {
    case .finished(let task, let number): (task, number)
    case .failed(let task, let number, _, _): (task, number)
    case .lost(let task, let number, _, _): (task, number)
    case .untouched(let task, let number): (task, number)
    case .begin, .opened, .took, .due, .cancel: nil
    }
  }

  private mutating func note(_ event: SchedulerEvent) {
    switch event {
    case .begin: hasBegun = true
    case .opened(let place): occupied[place, default: places[place] ?? 0] -= 1
    case .cancel: isCancelled = true
    case .took: break
    case .untouched(let task, _):
      end(task)
      events.insert("untouched")
    case .due(let task):
      guard paused.remove(task) != nil else { return }
      if let needs = kept.removeValue(forKey: task) { give(needs) }
    case .finished(let task, _):
      end(task)
      succeeded.insert(task)
      noteProgress()
    case .failed(let task, _, let failure, let commits):
      end(task)
      notePublished(task, commits)
      lastFailure[task] = event
      switch failure {
      case .application: records[task, default: Record()].applications += 1
      case .infrastructure:
        records[task, default: Record()].faults += 1
        faultsInARow += 1
      case .licence: records[task, default: Record()].faults += 1
      case .cancelled: records[task, default: Record()].kills += 1
      case .user, .media: break
      }
    case .lost(let task, _, let cause, let commits):
      end(task)
      notePublished(task, commits)
      lastFailure[task] = event
      if cause == .crash {
        records[task, default: Record()].crashes += 1
      } else {
        records[task, default: Record()].kills += 1
      }
    }
  }

  private mutating func end(_ task: Int) {
    running[task] = nil
    outlived.remove(task)
    if let leader = leaders.removeValue(forKey: task), leaders.values.contains(leader) {
      outlived.insert(task)
    } else if plan.nodes[task].place == .worker {
      give(plan.nodes[task].needs)
    }
  }

  private mutating func noteProgress() {
    progress += 1
    faultsInARow = 0
    isStalled = false
  }

  private mutating func notePublished(_ task: Int, _ commits: Int) {
    guard commits > records[task]?.commits ?? 0 else { return }
    noteProgress()
    records[task] = Record(commits: commits, progress: progress)
  }

  // MARK: Effects

  private mutating func sees(_ effect: SchedulerEffect) {
    require(.ends, !isOver, "\(effect) after the end")
    switch effect {
    case .start(let task, let number): started(task, number)
    case .join(let task, let number): joined(task, number)
    case .pause(let task, let pause): pausing(task, pause)
    case .settled(let task, let outcome): settled(task, outcome)
    case .halt:
      isHalted = true
      require(
        .stopsAtFirst, stopsAtFirstFailure && !isCancelled, "halted without a reason")
      events.insert("halted")
    case .over:
      isOver = true
      require(.ends, running.isEmpty, "over while tasks run")
      require(
        .nothingLost, isCancelled || isHalted || isStalled || outcomes.count == plan.nodes.count,
        "over with unsettled tasks")
      if isStalled { events.insert("stalled") }
    }
  }

  private mutating func joined(_ task: Int, _ number: Int) {
    guard var latest else { return require(.smallTogether, false, "task \(task) joins nobody") }
    mayStart(task)
    let (node, leader) = (plan.nodes[task], plan.nodes[latest.leader])
    require(
      .smallTogether,
      node.place == .worker && node.kind == leader.kind && node.needs == leader.needs && node.commits.isEmpty
        && node.needs.tokens.isEmpty && node.needs.timeout == nil && suspects[task] == nil
        && suspects[latest.leader] == nil && records[task] == nil && records[latest.leader] == nil,
      "task \(task) joins \(latest.leader)")
    for other in ready where weights[other] > weights[task] && plan.nodes[other].needs != node.needs {
      require(.weightFirst, false, "task \(task) joined before \(other) could start")
    }
    latest.company += 1
    let places = places[.worker] ?? 1
    require(
      .shareLeft, latest.company <= (latest.ready + places - 1) / places,
      "\(latest.company) of \(latest.ready) share an attempt")
    leaders[latest.leader] = latest.leader
    leaders[task] = latest.leader
    running[task] = number
    self.latest = latest
    events.insert("shared")
  }

  private func mayStart(_ task: Int) {
    require(.cancelled, !isCancelled, "task \(task) started after the cancellation")
    require(.stopsAtFirst, !isHalted, "task \(task) started after the first failure")
    require(.onceAtATime, running[task] == nil && !paused.contains(task), "task \(task) is not ready")
    require(.doneIsDone, !succeeded.contains(task), "task \(task) started after its success")
    require(.settledIsFinal, outcomes[task] == nil, "task \(task) started after it was settled")
    for dependency in dependencies[task] {
      require(.dependenciesFirst, outcomes[dependency] == .done, "task \(task) before \(dependency)")
    }
  }

  private mutating func started(_ task: Int, _ number: Int) {
    let node = plan.nodes[task]
    mayStart(task)
    latest = (task, ready.count { plan.nodes[$0].needs == node.needs }, 1)
    if node.place == .worker { checkOrder(of: task) }
    running[task] = number
    starts += 1
    occupied[node.place, default: 0] += 1
    require(.placesKept, occupied[node.place, default: 0] <= places[node.place] ?? 0, "\(node.place)")
    if node.place == .worker {
      take(node.needs)
      require(
        .resourcesKept, free.cores >= 0 && free.memoryBytes >= 0 && free.tokens.values.allSatisfy { $0 >= 0 },
        "with task \(task) there is \(free)")
    }
    if number > 1 { events.insert("retried") }
  }

  /// The tasks for workers that could start, as far as places and resources go or not.
  private var ready: [Int] {
    plan.nodes.indices.filter { task in
      plan.nodes[task].place == .worker && running[task] == nil && !paused.contains(task)
        && outcomes[task] == nil && dependencies[task].allSatisfy { outcomes[$0] == .done }
    }
  }

  private mutating func checkOrder(of task: Int) {
    let others = ready.filter { $0 != task && weights[$0] > weights[task] }
    for other in others where fits(plan.nodes[other].needs) {
      // What is reserved for one that does not fit may be denied to others.
      let isReserved = others.contains { weights[$0] >= weights[other] && !fits(plan.nodes[$0].needs) }
      require(.weightFirst, isReserved, "task \(task) started before \(other)")
    }
    let best = others.map { weights[$0] }.max() ?? 0
    let first = others.filter { weights[$0] == best }
    if first.count == 1, !fits(plan.nodes[first[0]].needs), takes(task, whatLacks: first[0]) {
      overtaken[first[0], default: 0] += 1
      require(
        .noStarving, overtaken[first[0], default: 0] <= 4 * max(2, capacity.cores),
        "task \(first[0]) was overtaken by \(task) and others before")
      events.insert("overtaken")
    }
    for other in overtaken.keys where plan.nodes[other].needs == plan.nodes[task].needs {
      overtaken[other] = 0
    }
  }

  /// Nothing is reserved before so many tasks have started; from then on a task that does not fit may hold others up.
  private func checkIdleness() {
    guard hasBegun, !isCancelled, !isHalted, !isStalled, !isOver,
      occupied[.worker, default: places[.worker] ?? 0] < places[.worker] ?? 0
    else { return }
    let waiting = ready
    let mayReserve = starts >= 4 * max(2, capacity.cores) && waiting.contains { !fits(plan.nodes[$0].needs) }
    guard !mayReserve, let idle = waiting.first(where: { fits(plan.nodes[$0].needs) }) else { return }
    require(.busy, false, "task \(idle) could start")
  }

  private func takes(_ task: Int, whatLacks other: Int) -> Bool {
    let (mine, needs) = (plan.nodes[task].needs, plan.nodes[other].needs)
    let lacksMemory = needs.memoryBytes ?? 0 > free.memoryBytes
    let lackingTokens = needs.tokens.filter { $0.value > free.tokens[$0.key] ?? 0 }.keys
    if !lacksMemory, lackingTokens.isEmpty { return true }
    return lacksMemory && mine.memoryBytes ?? 0 > 0
      || lackingTokens.contains { mine.tokens[$0] ?? 0 > 0 }
  }

  private func fits(_ needs: TaskNeeds) -> Bool {
    needs.cores <= free.cores && needs.memoryBytes ?? 0 <= free.memoryBytes
      && needs.tokens.allSatisfy { $0.value <= free.tokens[$0.key] ?? 0 }
  }

  private mutating func take(_ needs: TaskNeeds) {
    free.cores -= needs.cores
    free.memoryBytes -= needs.memoryBytes ?? 0
    for (name, count) in needs.tokens { free.tokens[name, default: 0] -= count }
  }

  private mutating func give(_ needs: TaskNeeds) {
    free.cores += needs.cores
    free.memoryBytes += needs.memoryBytes ?? 0
    for (name, count) in needs.tokens { free.tokens[name, default: 0] += count }
  }

  private mutating func pausing(_ task: Int, _ pause: Duration) {
    require(.onceAtATime, running[task] == nil && outcomes[task] == nil, "task \(task) paused as it is")
    require(.cancelled, !isCancelled && !isHalted, "task \(task) waits for nothing")
    require(.patient, pause > .zero && pause <= policy.longestPause, "\(pause)")
    paused.insert(task)
    guard case .failed(_, _, let failure, _) = lastFailure[task] else { return }
    require(.badInputOnce, failure != .user && failure != .media, "task \(task) is tried again")
    guard failure == .infrastructure || failure == .licence else { return }
    var record = records[task] ?? Record()
    if record.progress != progress {
      record.progress = progress
      record.waited = .zero
    }
    record.waited += pause
    records[task] = record
    require(
      .patient, record.waited <= patience(failure) + policy.longestPause,
      "task \(task) has waited for \(record.waited)")
    var needs = plan.nodes[task].needs
    if failure == .licence {
      needs.cores = 0
      needs.memoryBytes = nil
    } else if faultsInARow < policy.faultsOfTheMachine {
      return
    }
    guard plan.nodes[task].place == .worker, !outlived.contains(task) else { return }
    take(needs)
    kept[task] = needs
    events.insert("kept")
  }

  private func patience(_ failure: WorkerEvent.FailureClass) -> Duration {
    failure == .licence ? policy.licencePatience : policy.infrastructurePatience
  }

  private mutating func settled(_ task: Int, _ outcome: TaskOutcome) {
    require(
      .settledIsFinal, outcomes.updateValue(outcome, forKey: task) == nil, "task \(task) settled twice")
    require(.settledIsFinal, running[task] == nil, "task \(task) settled while it runs")
    require(.settledIsFinal, (outcome == .done) == succeeded.contains(task), "task \(task) is \(outcome)")
    let record = records[task] ?? Record()
    switch outcome {
    case .done: events.insert("done")
    case .failed(.user), .failed(.media): events.insert("bad input")
    case .failed(.application):
      require(.counted, record.applications == policy.applicationFailures, "task \(task): \(record)")
      events.insert("application")
    case .failed(let failure):
      let waited = record.progress == progress ? record.waited : .zero
      require(
        .notHeldAgainst,
        failure != .cancelled && (waited >= patience(failure) || isStalled),
        "task \(task) failed after \(waited)")
      isStalled = true
      events.insert("\(failure)")
    case .poisoned(let cause, let attempts):
      let budget = suspects[task] == cause ? 1 : cause == .crash ? policy.crashes : policy.kills
      let seen = cause == .crash ? record.crashes : record.kills
      require(.counted, attempts == budget && seen == budget, "task \(task): \(outcome)")
      events.insert("poisoned")
    case .blocked(let cause):
      require(.keepsGoing, dependencies[task].contains(cause), "task \(task) blames a stranger, \(cause)")
      events.insert("blocked")
    }
  }

  // MARK: The end

  mutating func judgeTheEnd() {
    require(.ends, isOver, "the run did not end")
    if isCancelled { events.insert("cancelled") }
    for task in plan.nodes.indices {
      let hasBadDependency = dependencies[task].contains { dependency in
        switch outcomes[dependency] {
        case .failed, .poisoned, .blocked: true
        case .done, nil: false
        }
      }
      let isBlocked = if case .blocked = outcomes[task] { true } else { false }
      require(
        .keepsGoing, isBlocked == hasBadDependency, "task \(task) is \(String(describing: outcomes[task]))")
      if let failure = outcomes[task], case .failed = failure, stopsAtFirstFailure, !isCancelled {
        require(.stopsAtFirst, isHalted, "task \(task) failed and the run went on")
      }
    }
  }
}
