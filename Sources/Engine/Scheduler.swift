import Digests
package import TaskGraph

/// What happened to a task, told to the scheduler.
package enum SchedulerEvent: Sendable, Hashable {
  /// The run begins; sent once, before anything else.
  case begin
  /// A place to run one task became free.
  case opened(TaskPlace)
  /// The task's result is in the store.
  case finished(Int)
  /// The attempt said why it made no result; `commits` of the task's results are in the store by now.
  case failed(Int, WorkerEvent.FailureClass, commits: Int)
  /// The attempt ended without a word; `commits` of the task's results are in the store by now.
  case lost(Int, LossCause, commits: Int)
  /// The pause that `SchedulerEffect.pause` asked for is over.
  case due(Int)
  /// Nothing new starts from here on.
  case cancel
}

/// Why an attempt ended without a word.
package enum LossCause: String, Codable, Sendable {
  /// The worker crashed, hung, broke the protocol or never started: the task itself may be the reason.
  case crash
  /// Somebody stopped the worker (SIGKILL, SIGTERM): a full machine or a person, rarely the task.
  case killed
}

/// What the engine has to do next.
package enum SchedulerEffect: Sendable, Hashable {
  /// Start the task in a free place of its kind; `try` counts its attempts from 1.
  case start(Int, try: Int)
  /// Send `.due` for the task after the pause.
  case pause(Int, Duration)
  /// The task will not run again in this run.
  case settled(Int, TaskOutcome)
  /// Nothing runs and nothing will.
  case over
}

/// The final state of a task in one run.
package enum TaskOutcome: Sendable, Hashable {
  case done
  /// It failed by its own account.
  case failed(WorkerEvent.FailureClass)
  /// Its attempts kept ending without a word and without new results; `attempts` of them in a row.
  case poisoned(LossCause, attempts: Int)
  /// The dependency with this index failed or is blocked itself.
  case blocked(by: Int)
}

/// How often what is nobody's decision is tried again.
package struct RetryPolicy: Sendable {
  /// Attempts in a row that end in a crash without publishing anything new, after which a task is poison.
  package var crashes = 3
  /// The same for workers that somebody else killed.
  package var kills = 25
  /// Infrastructure failures in a row without anything new.
  package var infrastructureFailures = 5
  /// Attempts in a row that a program ended with failure.
  package var applicationFailures = 3
  /// The pause before the first repetition; it doubles with each further one.
  package var firstPause: Duration = .milliseconds(500)
  package var longestPause: Duration = .seconds(10)

  package init() {}

  func pause(afterFailures count: Int) -> Duration {
    var pause = firstPause
    for _ in 1..<max(count, 1) where pause < longestPause { pause *= 2 }
    return min(pause, longestPause)
  }
}

/// Decides what runs when: counters of open dependencies and a queue of ready tasks, never a scan of the plan.
///
/// A pure value: events in, effects out. It knows no clock, no process and no file, so a simulation can put it
/// through every order of events. Tasks are named by their index in the plan.
///
/// - Complexity: O(nodes + edges) events per run, O(log ready) each.
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
  private(set) var states: [State]
  private var openDependencies: [Int]
  private var history: [History]
  private var queues: [TaskPlace: ReadyQueue]
  private var free: [TaskPlace: Int] = [:]
  private var unsettled: Int
  private var running = 0
  private var isOver = false
  package private(set) var isCancelled = false

  /// What earlier attempts of one task came to.
  private struct History {
    var attempts = 0
    var commits = 0
    var crashesInARow = 0
    var killsInARow = 0
    var infrastructureFailuresInARow = 0
    var applicationFailuresInARow = 0
    var licenceFailuresInARow = 0
  }

  package init(_ plan: Plan, policy: RetryPolicy = RetryPolicy()) {
    self.plan = plan
    self.policy = policy
    states = plan.nodes.map { _ in .waiting }
    openDependencies = plan.dependencyCounts
    history = plan.nodes.map { _ in History() }
    let ranks = Scheduler.ranks(of: plan)
    queues = [.worker: ReadyQueue(ranks), .coordinator: ReadyQueue(ranks)]
    unsettled = plan.nodes.count
  }

  /// Applies one event and says what to do about it, in order.
  ///
  /// An event about a task that is not in the matching state (a late report of an attempt that was given up)
  /// changes nothing.
  package mutating func apply(_ event: SchedulerEvent) -> [SchedulerEffect] {
    var effects: [SchedulerEffect] = []
    switch event {
    case .begin:
      for index in plan.nodes.indices where openDependencies[index] == 0 { makeReady(index) }
    case .opened(let place):
      free[place, default: 0] += 1
    case .finished(let index):
      guard leaveRunning(index) else { break }
      settle(index, .done, &effects)
    case .failed(let index, let failure, let commits):
      guard leaveRunning(index) else { break }
      noteProgress(index, commits)
      failed(index, failure, &effects)
    case .lost(let index, let cause, let commits):
      guard leaveRunning(index) else { break }
      noteProgress(index, commits)
      lost(index, cause, &effects)
    case .due(let index):
      if states[index] == .paused { makeReady(index) }
    case .cancel:
      isCancelled = true
    }
    startReady(&effects)
    finishIfOver(&effects)
    return effects
  }

  package var runningCount: Int { running }

  /// Tasks that could start, were there a place.
  package var readyCount: Int { queues.values.reduce(0) { $0 + $1.count } }

  /// Tasks that neither succeeded nor failed nor are blocked.
  package var unsettledCount: Int { unsettled }

  /// Indices of tasks that neither succeeded nor failed nor are blocked: what a cancelled run left undone.
  package var undone: [Int] {
    states.indices.filter { if case .settled = states[$0] { false } else { true } }
  }

  // MARK: Transitions

  private mutating func leaveRunning(_ index: Int) -> Bool {
    guard states[index] == .running else { return false }
    running -= 1
    return true
  }

  private mutating func makeReady(_ index: Int) {
    states[index] = .ready
    queues[plan.nodes[index].place]?.insert(index)
  }

  private mutating func failed(
    _ index: Int, _ failure: WorkerEvent.FailureClass, _ effects: inout [SchedulerEffect]
  ) {
    switch failure {
    case .user, .media:
      settle(index, .failed(failure), &effects)
    case .infrastructure:
      history[index].infrastructureFailuresInARow += 1
      let count = history[index].infrastructureFailuresInARow
      guard count < policy.infrastructureFailures else {
        settle(index, .failed(.infrastructure), &effects)
        return
      }
      retry(index, after: policy.pause(afterFailures: count), &effects)
    case .application:
      history[index].applicationFailuresInARow += 1
      let count = history[index].applicationFailuresInARow
      guard count < policy.applicationFailures else {
        settle(index, .failed(.application), &effects)
        return
      }
      retry(index, after: policy.pause(afterFailures: count), &effects)
    case .licence:
      history[index].licenceFailuresInARow += 1
      retry(index, after: policy.pause(afterFailures: history[index].licenceFailuresInARow), &effects)
    case .cancelled:
      // The worker handed its task back. Unless we asked for it somebody stopped the worker.
      if isCancelled {
        makeReady(index)
      } else {
        lost(index, .killed, &effects)
      }
    }
  }

  /// Forgives what went wrong before an attempt that published something new; there is only so much to
  /// publish, so this cannot go on for ever.
  private mutating func noteProgress(_ index: Int, _ commits: Int) {
    guard commits > history[index].commits else { return }
    history[index].commits = commits
    history[index].crashesInARow = 0
    history[index].killsInARow = 0
    history[index].infrastructureFailuresInARow = 0
    history[index].applicationFailuresInARow = 0
    history[index].licenceFailuresInARow = 0
  }

  private mutating func lost(_ index: Int, _ cause: LossCause, _ effects: inout [SchedulerEffect]) {
    guard !isCancelled else {
      makeReady(index)
      return
    }
    let count: Int
    let budget: Int
    switch cause {
    case .crash:
      history[index].crashesInARow += 1
      (count, budget) = (history[index].crashesInARow, policy.crashes)
    case .killed:
      history[index].killsInARow += 1
      (count, budget) = (history[index].killsInARow, policy.kills)
    }
    guard count < budget else {
      settle(index, .poisoned(cause, attempts: count), &effects)
      return
    }
    // The first repetition is immediate; a task that does it again makes room for others.
    if count == 1 {
      makeReady(index)
    } else {
      retry(index, after: policy.pause(afterFailures: count - 1), &effects)
    }
  }

  private mutating func retry(_ index: Int, after pause: Duration, _ effects: inout [SchedulerEffect]) {
    states[index] = .paused
    effects.append(.pause(index, pause))
  }

  /// Settles a task and, when it did not succeed, everything that waits for it, in plan order.
  private mutating func settle(_ index: Int, _ outcome: TaskOutcome, _ effects: inout [SchedulerEffect]) {
    states[index] = .settled(outcome)
    unsettled -= 1
    effects.append(.settled(index, outcome))
    guard outcome == .done else {
      var blocked = [index]
      while let cause = blocked.popLast() {
        for follower in plan.dependants[cause] where states[follower] == .waiting {
          states[follower] = .settled(.blocked(by: cause))
          unsettled -= 1
          effects.append(.settled(follower, .blocked(by: cause)))
          blocked.append(follower)
        }
      }
      return
    }
    for follower in plan.dependants[index] {
      openDependencies[follower] -= 1
      if openDependencies[follower] == 0, states[follower] == .waiting { makeReady(follower) }
    }
  }

  private mutating func startReady(_ effects: inout [SchedulerEffect]) {
    guard !isCancelled else { return }
    for place in [TaskPlace.coordinator, .worker] {
      while free[place, default: 0] > 0, let index = queues[place]?.popFirst() {
        free[place, default: 0] -= 1
        states[index] = .running
        running += 1
        history[index].attempts += 1
        effects.append(.start(index, try: history[index].attempts))
      }
    }
  }

  private mutating func finishIfOver(_ effects: inout [SchedulerEffect]) {
    guard !isOver, running == 0, isCancelled || unsettled == 0 else { return }
    isOver = true
    effects.append(.over)
  }

  // MARK: Order

  /// The order in which ready tasks start, as a rank per task; 0 first.
  ///
  /// Tasks that make no frames come first: a mix or a measurement takes unknown time on one core and so has to
  /// run beside the renders, never after them. Then the task with the most frames behind it on its
  /// way to the end of the plan, then plan order.
  static func ranks(of plan: Plan) -> [Int] {
    var path = plan.nodes.map(\.frames)
    for index in plan.nodes.indices.reversed() {
      let longest = plan.dependants[index].lazy.map { path[$0] }.max() ?? 0
      path[index] = plan.nodes[index].frames + longest
    }
    let order = plan.nodes.indices.sorted { one, other in
      let (isMeasured, isOtherMeasured) = (plan.nodes[one].frames > 0, plan.nodes[other].frames > 0)
      if isMeasured != isOtherMeasured { return !isMeasured }
      return path[one] == path[other] ? one < other : path[one] > path[other]
    }
    var ranks = [Int](repeating: 0, count: order.count)
    for (rank, index) in order.enumerated() { ranks[index] = rank }
    return ranks
  }
}

/// A binary heap of task indices, least rank first.
private struct ReadyQueue: Sendable {
  private let ranks: [Int]
  private var heap: [Int] = []

  init(_ ranks: [Int]) { self.ranks = ranks }

  var count: Int { heap.count }

  mutating func insert(_ index: Int) {
    heap.append(index)
    var child = heap.count - 1
    while child > 0, ranks[heap[child]] < ranks[heap[(child - 1) / 2]] {
      heap.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  mutating func popFirst() -> Int? {
    guard let first = heap.first else { return nil }
    heap.swapAt(0, heap.count - 1)
    heap.removeLast()
    var parent = 0
    while true {
      let children = (2 * parent + 1..<2 * parent + 3).filter { $0 < heap.count }
      guard let least = children.min(by: { ranks[heap[$0]] < ranks[heap[$1]] }),
        ranks[heap[least]] < ranks[heap[parent]]
      else { return first }
      heap.swapAt(parent, least)
      parent = least
    }
  }
}
