import Digests
package import Ledger
package import TaskGraph

/// Decides what runs when: counters of open dependencies, queues of ready tasks and what is free of each resource,
/// never a scan of the plan.
///
/// A pure value: events in, effects out. It knows no clock, no process and no file, so a simulation can put it
/// through every order of events. Tasks are named by their index in the plan.
///
/// - Complexity: O(nodes + edges) events per run, O(log ready + different claims) each.
package struct Scheduler: Sendable {
  enum State: Hashable {
    case waiting
    case ready
    case running
    case paused
    case settled(TaskOutcome)
  }

  private let plan: Plan
  private let policy: RetryPolicy
  private let order: TaskOrder
  /// For each task the index of its claim.
  private let claimOfTask: [Int]
  private let claims: [ResourceClaim]
  private let makesBatches: Bool
  private let stopsAtFirstFailure: Bool
  /// Tasks that were poison in an earlier run: they get one chance.
  private let suspects: [Int: LossCause]
  private var sizes: BatchSizes
  /// How many batches were begun.
  private var batches = 0

  private(set) var states: [State]
  private var openDependencies: [Int]
  private var attempts: [Int]
  private var troubles: [Int: Trouble] = [:]
  private var queues: [TaskPlace: ReadyQueues]
  private var free: [TaskPlace: Int] = [:]
  /// How many workers there are, as far as they were ever free together.
  private var workers = 1
  /// Of attempts at several tasks: the task it was started for, by those that have not ended; and how many these are.
  private var leaders: [Int: Int] = [:]
  private var companies: [Int: Int] = [:]
  private var ledger: ResourceLedger
  /// What paused tasks keep for themselves until their pause is over.
  private var kept: [Int: ResourceClaim] = [:]
  private var unsettled: Int
  private var running = 0
  /// How often anything was achieved: a task done, a result published.
  private var progress = 0
  /// Infrastructure failures since then, of any tasks.
  private var faultsInARow = 0
  private var isOver = false
  package private(set) var isCancelled = false
  /// The failure that ended a run which stops at the first.
  package private(set) var firstFailure: Int?
  /// Whether patience with machine or licences is at its end; progress of what still runs ends this.
  package private(set) var isStalled = false

  /// What earlier attempts of one task came to, since they last published something new.
  private struct Trouble {
    var commits = 0
    var crashes = 0
    var kills = 0
    var applicationFailures = 0
    var faults = 0
    /// Waited for machine or licences while the run achieved nothing.
    var waited: Duration = .zero
    /// `progress` of the run when that began.
    var progress = 0
  }

  /// - Parameters:
  ///   - capacity: holds every task of the plan, see `ResourceCapacity.misfits(in:)`.
  ///   - timings: recorded durations, by kind.
  ///   - suspects: tasks that were poison in an earlier run, and how they ended.
  ///   - makesBatches: whether small tasks of one kind may share an attempt.
  ///   - stopsAtFirstFailure: whether a failure ends the run, or only what depends on the task.
  package init(
    _ plan: Plan, capacity: ResourceCapacity = .unlimited, policy: RetryPolicy = RetryPolicy(),
    timings: [String: TimingEstimate] = [:], suspects: [Int: LossCause] = [:],
    makesBatches: Bool = true, stopsAtFirstFailure: Bool = false
  ) {
    self.plan = plan
    self.policy = policy
    self.makesBatches = makesBatches
    self.stopsAtFirstFailure = stopsAtFirstFailure
    self.suspects = suspects
    order = TaskOrder(plan, timings: timings)
    sizes = BatchSizes(timings)
    ledger = ResourceLedger(capacity)
    (claims, claimOfTask) = Self.claims(of: plan, ledger)
    // Each core may turn to something else a few times before it waits.
    let queues = ReadyQueues(claims, overtakingLimit: 4 * min(max(2, capacity.cores), 250))
    self.queues = [.worker: queues, .coordinator: queues]
    states = plan.nodes.map { _ in .waiting }
    openDependencies = plan.dependencyCounts
    attempts = plan.nodes.map { _ in 0 }
    unsettled = plan.nodes.count
  }

  /// Applies one event and says what to do about it, in order.
  ///
  /// A report that is not of the task's current attempt changes nothing.
  package mutating func apply(_ event: SchedulerEvent) -> [SchedulerEffect] { apply([event]) }

  /// Applies events that came together, and only then starts what can start.
  package mutating func apply(_ events: [SchedulerEvent]) -> [SchedulerEffect] {
    var effects: [SchedulerEffect] = []
    for event in events { note(event, &effects) }
    startReady(&effects)
    finishIfOver(&effects)
    return effects
  }

  private mutating func note(_ event: SchedulerEvent, _ effects: inout [SchedulerEffect]) {
    switch event {
    case .begin:
      for index in plan.nodes.indices where openDependencies[index] == 0 { makeReady(index) }
    case .opened(let place):
      free[place, default: 0] += 1
      if place == .worker { workers = max(workers, free[.worker, default: 0]) }
    case .finished(let index, let number):
      guard end(index, number) != nil else { break }
      noteProgress()
      settle(index, .done, &effects)
    case .failed(let index, let number, let failure, let commits):
      guard let end = end(index, number) else { break }
      notePublished(index, commits)
      failed(index, failure, end, &effects)
    case .lost(let index, let number, let cause, let commits):
      guard end(index, number) != nil else { break }
      notePublished(index, commits)
      lost(index, cause, &effects)
    case .untouched(let index, let number):
      if end(index, number) != nil { makeReady(index) }
    case .took(let index, let seconds):
      sizes.note(plan.nodes[index], seconds: seconds)
    case .due(let index):
      if states[index] == .paused { resume(index) }
    case .cancel:
      isCancelled = true
    }
  }

  package var runningCount: Int { running }

  /// How many tasks could start were it not for one thing, by the name of that.
  package var shortages: [String: Int] {
    var counts: [String: Int] = [:]
    for queues in queues.values {
      for (claim, count) in queues.counts {
        counts[ledger.shortage(of: claim) ?? "a free worker", default: 0] += count
      }
    }
    return counts
  }

  /// Tasks that neither succeeded nor failed nor are blocked.
  package var unsettledCount: Int { unsettled }

  /// Number of the task's latest attempt; 0 before the first.
  package func attempt(of index: Int) -> Int { attempts[index] }

  /// What no attempt occupies and no pause keeps.
  package var freeCapacity: ResourceCapacity { ledger.freeCapacity }

  /// Indices of tasks that neither succeeded nor failed nor are blocked: what a run left undone that ended early.
  package var undone: [Int] {
    states.indices.filter { if case .settled = states[$0] { false } else { true } }
  }

  /// Whether nothing starts any more, whatever happens.
  private var isHalted: Bool { isCancelled || firstFailure != nil }

  // MARK: Attempts

  /// Starts what fits, best first, until a place or everything else is short.
  private mutating func startReady(_ effects: inout [SchedulerEffect]) {
    guard !isHalted, !isStalled else { return }
    for place in [TaskPlace.coordinator, .worker] {
      while free[place, default: 0] > 0, let rank = queues[place]?.popNext(ledger) {
        let index = order.tasks[rank]
        free[place, default: 0] -= 1
        ledger.take(claims[claimOfTask[index]])
        states[index] = .running
        running += 1
        attempts[index] += 1
        effects.append(.start(index, try: attempts[index]))
        if place == .worker, makesBatches { join(index, &effects) }
      }
    }
  }

  /// Lets an attempt that has just started for a small task do more of them: the next in order of those that need the
  /// same and are of the same kind.
  ///
  /// As many as make up a batch, and no more than one place's share of those that are ready: a batch must not take work
  /// from a place that has none. None of them goes before a task of greater weight that needs something else.
  private mutating func join(_ leader: Int, _ effects: inout [SchedulerEffect]) {
    let claim = claimOfTask[leader]
    guard var seconds = smallness(of: leader), let ready = queues[.worker]?.count(ofClaim: claim), ready > 0
    else { return }
    let share = (ready + workers) / workers
    let others =
      queues[.worker]?.firsts(butOfClaim: claim).map { order.weights[order.tasks[$0]] }.max() ?? .min
    let part = BatchSizes.share(ofBatch: batches)
    batches += 1
    let most = min(share, Int(part * Double(BatchSizes.mostTasks)))
    var company = 1
    while company < most, let rank = queues[.worker]?.first(ofClaim: claim) {
      let index = order.tasks[rank]
      guard plan.nodes[index].kind == plan.nodes[leader].kind, order.weights[index] >= others,
        let more = smallness(of: index), seconds + more <= part * BatchSizes.mostSeconds
      else { break }
      _ = queues[.worker]?.takeFirst(ofClaim: claim)
      states[index] = .running
      running += 1
      attempts[index] += 1
      leaders[index] = leader
      seconds += more
      company += 1
      effects.append(.join(index, try: attempts[index]))
    }
    guard company > 1 else { return }
    leaders[leader] = leader
    companies[leader] = company
  }

  /// How long a small task takes; nil for one that is not, or that was in trouble before: it has to show that it alone
  /// is to blame.
  private func smallness(of index: Int) -> Double? {
    troubles[index] == nil && suspects[index] == nil ? sizes.seconds(of: plan.nodes[index]) : nil
  }

  /// What the end of a task means for its attempt.
  private enum End {
    /// It is over, and what it occupied is free.
    case ofAttempt
    case ofTaskOnly
  }

  /// Ends the current attempt of a task; with the last of its tasks what the attempt occupies is given back, here and
  /// nowhere else.
  ///
  /// - Returns: nil when it is not the current attempt.
  private mutating func end(_ index: Int, _ number: Int) -> End? {
    guard states[index] == .running, attempts[index] == number else { return nil }
    running -= 1
    if let leader = leaders.removeValue(forKey: index) {
      let left = (companies[leader] ?? 1) - 1
      companies[leader] = left > 0 ? left : nil
      if left > 0 { return .ofTaskOnly }
    }
    ledger.release(claims[claimOfTask[index]])
    return .ofAttempt
  }

  private mutating func makeReady(_ index: Int) {
    states[index] = .ready
    queues[plan.nodes[index].place]?.insert(rank: order.ranks[index], claim: claimOfTask[index])
  }

  private mutating func noteProgress() {
    progress += 1
    faultsInARow = 0
    isStalled = false
  }

  /// Forgives what went wrong before an attempt that published something new; there is only so much to publish, so
  /// this cannot go on for ever.
  private mutating func notePublished(_ index: Int, _ commits: Int) {
    guard commits > troubles[index]?.commits ?? 0 else { return }
    troubles[index] = Trouble(commits: commits, progress: progress)
    noteProgress()
  }

  // MARK: Failures

  private mutating func failed(
    _ index: Int, _ failure: WorkerEvent.FailureClass, _ end: End, _ effects: inout [SchedulerEffect]
  ) {
    switch failure {
    case .user, .media:
      settle(index, .failed(failure), &effects)
    case .infrastructure, .licence:
      waitForRepair(index, failure, end, &effects)
    case .application:
      let count = count(\.applicationFailures, of: index)
      guard count < policy.applicationFailures else {
        settle(index, .failed(.application), &effects)
        return
      }
      retry(index, afterFailures: count, &effects)
    case .cancelled:
      // The worker handed its task back. Unless we asked for it somebody stopped the worker.
      lost(index, .killed, &effects)
    }
  }

  private mutating func lost(_ index: Int, _ cause: LossCause, _ effects: inout [SchedulerEffect]) {
    guard !isHalted else {
      makeReady(index)
      return
    }
    let count = count(cause == .crash ? \.crashes : \.kills, of: index)
    let budget = suspects[index] == cause ? 1 : cause == .crash ? policy.crashes : policy.kills
    guard count < budget else {
      settle(index, .poisoned(cause, attempts: count), &effects)
      return
    }
    // The first repetition is immediate; a task that does it again makes room for others.
    if count == 1 {
      makeReady(index)
    } else {
      retry(index, afterFailures: count - 1, &effects)
    }
  }

  /// Lets a task wait for disk, network or licence, until nothing else gets anywhere either.
  private mutating func waitForRepair(
    _ index: Int, _ failure: WorkerEvent.FailureClass, _ end: End, _ effects: inout [SchedulerEffect]
  ) {
    let count = count(\.faults, of: index)
    let patience = failure == .licence ? policy.licencePatience : policy.infrastructurePatience
    if failure == .infrastructure { faultsInARow += 1 }
    var trouble = troubles[index] ?? Trouble()
    if trouble.progress != progress {
      trouble.progress = progress
      trouble.waited = .zero
    }
    guard trouble.waited < patience, !isStalled else {
      isStalled = true
      settle(index, .failed(failure), &effects)
      return
    }
    let pause = policy.pause(afterFailures: count, of: plan.nodes[index].key)
    trouble.waited += pause
    troubles[index] = trouble
    // What others of its attempt still occupy is not its to keep.
    let kept = end == .ofAttempt ? keptWhileWaiting(index, failure) : nil
    retry(index, after: pause, keeping: kept, &effects)
  }

  /// What a waiting task keeps from others, which would only run into the same wall.
  ///
  /// Of a licence that the server refused, its tokens: so many tasks ask for it at once as we have tokens, however
  /// many are ready. When one failure after the other says that the machine itself is broken, its cores.
  private func keptWhileWaiting(_ index: Int, _ failure: WorkerEvent.FailureClass) -> ResourceClaim? {
    var claim = claims[claimOfTask[index]]
    if failure == .licence {
      claim.amounts[ResourceClaim.cores] = 0
      claim.amounts[ResourceClaim.memory] = 0
    } else if faultsInARow < policy.faultsOfTheMachine {
      return nil
    }
    return claim.amounts.allSatisfy { $0 == 0 } ? nil : claim
  }

  private mutating func count(_ failures: WritableKeyPath<Trouble, Int>, of index: Int) -> Int {
    troubles[index, default: Trouble()][keyPath: failures] += 1
    return troubles[index]?[keyPath: failures] ?? 1
  }

  private mutating func retry(_ index: Int, afterFailures count: Int, _ effects: inout [SchedulerEffect]) {
    retry(
      index, after: policy.pause(afterFailures: count, of: plan.nodes[index].key), keeping: nil, &effects)
  }

  private mutating func retry(
    _ index: Int, after pause: Duration, keeping claim: ResourceClaim?, _ effects: inout [SchedulerEffect]
  ) {
    guard !isHalted else {
      makeReady(index)
      return
    }
    if let claim {
      ledger.take(claim)
      kept[index] = claim
    }
    states[index] = .paused
    effects.append(.pause(index, pause))
  }

  private mutating func resume(_ index: Int) {
    if let claim = kept.removeValue(forKey: index) { ledger.release(claim) }
    makeReady(index)
  }

  // MARK: Ends

  /// Settles a task and, when it did not succeed, everything that waits for it, in plan order.
  private mutating func settle(_ index: Int, _ outcome: TaskOutcome, _ effects: inout [SchedulerEffect]) {
    states[index] = .settled(outcome)
    troubles[index] = nil
    unsettled -= 1
    effects.append(.settled(index, outcome))
    guard outcome != .done else {
      for follower in plan.dependants[index] {
        openDependencies[follower] -= 1
        if openDependencies[follower] == 0, states[follower] == .waiting { makeReady(follower) }
      }
      return
    }
    var blocked = [index]
    while let cause = blocked.popLast() {
      for follower in plan.dependants[cause] where states[follower] == .waiting {
        states[follower] = .settled(.blocked(by: cause))
        unsettled -= 1
        effects.append(.settled(follower, .blocked(by: cause)))
        blocked.append(follower)
      }
    }
    if stopsAtFirstFailure, !isHalted {
      firstFailure = index
      effects.append(.halt)
    }
  }

  private mutating func finishIfOver(_ effects: inout [SchedulerEffect]) {
    guard !isOver, running == 0, isHalted || isStalled || unsettled == 0 else { return }
    isOver = true
    effects.append(.over)
  }

  /// The different claims of the plan's tasks, and which is whose.
  private static func claims(of plan: Plan, _ ledger: ResourceLedger) -> ([ResourceClaim], [Int]) {
    var claims: [ResourceClaim] = []
    var known: [ResourceClaim: Int] = [:]
    var latest: (needs: TaskNeeds, place: TaskPlace, claim: Int)?
    let claimOfTask = plan.nodes.map { node in
      // Neighbours mostly need the same.
      if let latest, latest.place == node.place, latest.needs == node.needs { return latest.claim }
      let claim = ledger.claim(of: node)
      let index = known[claim] ?? claims.count
      if index == claims.count {
        known[claim] = index
        claims.append(claim)
      }
      latest = (node.needs, node.place, index)
      return index
    }
    return (claims, claimOfTask)
  }
}
