import Diagnostics
import Digests
import Engine
import Farm
import TaskGraph
import TestSupport

/// A run on a simulated cluster: scheduler and queue are the real ones, everything around them is virtual.
///
/// It does what `RunSession` and the desk do with files and processes: keeps the record of open attempts, carries letters and
/// records, and looks into the store before it believes anything.
struct SimulatedFarm {
  private enum Due {
    case scheduler(SchedulerEvent)
    case queue(SlurmEvent, generation: Int)
    case submit(SlurmSubmission)
  }

  let nodes: [TaskNode]
  let durations: [TaskKey: Double]
  var cluster: SimulatedCluster
  var random: SplitMix64
  let profile: SlurmProfile
  let places: Int
  /// Virtual seconds between two steps.
  let step: Double

  private(set) var now = 0.0
  /// Results in the store.
  private(set) var done: Set<TaskKey> = []
  /// Records of ended attempts, and when they can be seen.
  private var records: [String: (record: ExitRecord, visibleAt: Double)] = [:]
  private var begun: Set<String> = []
  private var living: [TaskKey: Int] = [:]
  private var due: [(at: Double, what: Due)] = []

  private var plan: Plan
  private var scheduler: Scheduler
  private var queue: SlurmQueue
  private var generation = 0
  private var attempts: [String: (task: Int, number: Int, lives: Set<Int>)] = [:]
  private var lifeAttempts:
    [Int: (attempt: String, task: Int, number: Int, isFormer: Bool, isDraining: Bool)] = [:]
  /// Attempts on record as open, with the keys they may publish.
  private var ledger: [String: TaskKey] = [:]
  private var former: [TaskKey: String] = [:]
  private var lives = 0
  private var freePlaces = 0
  private var serial = 0
  private var isOver = false
  private var isCancelled = false

  private(set) var violations: [String] = []
  private(set) var failed: [String] = []
  private(set) var figures = Figures()

  struct Figures {
    var attempts = 0
    var repeats = 0
    var schedulerSeconds = 0.0
    var queueSeconds = 0.0
    var submissions = 0
    var elements = 0
    var lists = 0
    var cancels = 0
    /// Transactions of the ledger: attempts opened together, and each end with what it published.
    var ledgerWrites = 0
    var restarts = 0
  }

  init(
    nodes: [TaskNode], durations: [TaskKey: Double], cluster: SimulatedCluster, random: SplitMix64,
    profile: SlurmProfile = SlurmProfile(), places: Int, step: Double = 0.5
  ) throws {
    self.nodes = nodes
    self.durations = durations
    self.cluster = cluster
    self.random = random
    self.profile = profile
    self.places = places
    self.step = step
    plan = try Plan(nodes)
    scheduler = Scheduler(plan, makesBatches: false)
    queue = SlurmQueue(run: "R0", profile: profile)
  }

  // MARK: A run

  /// - Parameters:
  ///   - kills: when the coordinator is killed.
  ///   - cancelAt: when somebody cancels the run.
  mutating func run(kills: [Double] = [], cancelAt: Double? = nil, limit: Double = 100_000) throws {
    var kills = kills.sorted()
    begin()
    while now < limit {
      now += step
      if let next = kills.first, next <= now {
        kills.removeFirst()
        try restart()
      }
      if let cancelAt, cancelAt <= now, !isCancelled { cancel() }
      for happening in cluster.step(to: now, durations: { durations[$0.key] ?? 1 }) { note(happening) }
      deliver()
      tell(.tick)
      if isOver, lifeAttempts.isEmpty, !queue.isBusy { break }
    }
    if now >= limit { violations.append("the run does not end: \(scheduler.unsettledCount) tasks open") }
    takeFigures()
    // What was cancelled or given up must be gone; what nobody waits for any more may only be without work.
    if cluster.livingOrders.contains(where: { !done.contains($0.key) }) {
      violations.append("a job works for nobody")
    }
  }

  private mutating func begin() {
    freePlaces = places
    for _ in 0..<places { decide(.opened(.worker)) }
    decide(.begin)
  }

  private mutating func cancel() {
    isCancelled = true
    for life in lifeAttempts.keys.sorted() { tell(.stop(life: life, isUrgent: random.chance(0.3))) }
    decide(.cancel)
  }

  private mutating func takeFigures() {
    figures.submissions += queue.calls.submissions
    figures.elements += queue.calls.elements
    figures.lists += queue.calls.lists
    figures.cancels += queue.calls.cancels
  }

  /// SIGKILL and a new start: only the cluster, the store, the records and the ledger are left.
  private mutating func restart() throws {
    takeFigures()
    figures.restarts += 1
    generation += 1
    lifeAttempts = [:]
    former = [:]
    due.removeAll { if case .submit = $0.what { false } else { true } }
    let alive = cluster.livingElements()
    let old = submissions
    queue = SlurmQueue(run: "R\(generation)", profile: profile)
    for (id, submission) in old.sorted(by: { $0.key < $1.key }) {
      var left = submission
      for index in left.elements.indices {
        let isAlive = alive.contains(ElementID(submission: id, index: index))
        left.elements[index] = isAlive ? left.elements[index].filter { isOpen($0.attempt) } : []
      }
      guard left.elements.contains(where: { !$0.isEmpty }) else {
        cluster.withdraw(id)
        submissions[id] = nil
        continue
      }
      submissions[id] = left
      tell(.former(left))
      for order in left.elements.joined() { former[order.key] = order.attempt }
    }
    ledger = ledger.filter { former[$0.value] == $0.key }
    let missing = nodes.filter { !done.contains($0.key) }.map { node in
      var node = node
      node.dependencies.removeAll(where: done.contains)
      return node
    }
    plan = try Plan(missing)
    scheduler = Scheduler(plan, makesBatches: false)
    isOver = plan.isEmpty
    begin()
  }

  private var submissions: [SubmissionID: SlurmSubmission] = [:]

  private func isOpen(_ attempt: String) -> Bool {
    ledger[attempt] != nil && records[attempt].map { $0.visibleAt > now } ?? true
  }

  // MARK: The cluster

  private mutating func note(_ happening: SimulatedCluster.Happening) {
    switch happening {
    case .began(let order):
      begun.insert(order.attempt)
      living[order.key, default: 0] += 1
      if done.contains(order.key) { figures.repeats += 1 }
      if living[order.key, default: 0] > 1, !done.contains(order.key) {
        violations.append("\(order.label) is made by two workers at once at \(now)")
      }
    case .died(let order): living[order.key, default: 1] -= 1
    case .ended(let record, let visibleAt, let hasLetter):
      records[record.attempt] = (record, visibleAt)
      if record.exit == 0, let key = record.key {
        living[key, default: 1] -= 1
        done.insert(key)
      }
      if hasLetter { due.append((visibleAt, .queue(.ended(record), generation: generation))) }
    }
  }

  private mutating func deliver() {
    let ready = due.filter { $0.at <= now }.sorted { $0.at < $1.at }
    guard !ready.isEmpty else { return }
    due.removeAll { $0.at <= now }
    for (_, what) in ready {
      switch what {
      case .scheduler(let event): decide(event)
      case .queue(let event, let generation): if generation == self.generation { tell(event) }
      case .submit(let submission): cluster.submit(submission)
      }
    }
  }

  // MARK: The queue

  private mutating func tell(_ event: SlurmEvent) {
    let began = ContinuousClock.now
    let effects = queue.apply(event, at: .seconds(now))
    figures.queueSeconds += seconds(since: began)
    for effect in effects { perform(effect) }
  }

  private mutating func later(_ event: SlurmEvent, _ delay: ClosedRange<Double>) {
    due.append((now + Double.random(in: delay, using: &random), .queue(event, generation: generation)))
  }

  private mutating func perform(_ effect: SlurmEffect) {
    switch effect {
    case .submit(let submission):
      submissions[submission.id] = submission
      submit(submission)
    case .feed, .release: violations.append("there is no pilot here")
    case .withdraw(let id):
      cluster.withdraw(id)
      submissions[id] = nil
    case .list: later(.listed(cluster.list(at: now), asked: .seconds(now)), 0.05...2)
    case .confirm(let element, let id): later(.confirmed(element, cluster.state(of: id, at: now)), 0.05...2)
    case .cancel(let ids):
      if random.chance(cluster.faults.lostCancel) {
        cluster.meet(.lostCancel)
      } else {
        cluster.cancel(ids, at: now)
      }
    case .look(let attempts):
      for attempt in attempts {
        if let found = records[attempt], found.visibleAt <= now {
          later(.ended(found.record), 0.0...0.1)
        } else {
          later(.unrecorded(attempt: attempt, hasBegun: begun.contains(attempt)), 0.0...0.1)
        }
      }
    case .report(let life, let report): hear(report, life)
    }
  }

  private mutating func submit(_ submission: SlurmSubmission) {
    func answer(_ answer: ProgramAnswer, _ delay: ClosedRange<Double>) {
      later(.submitted(submission.id, SlurmClient.submitAnswer(answer)), delay)
    }
    if random.chance(cluster.faults.refusedForNow) {
      cluster.meet(.refusedForNow)
      let reasons = ["Unable to contact slurm controller (connect failure)", "QOSMaxSubmitJobPerUserLimit"]
      answer(
        ProgramAnswer(status: 1, errors: "sbatch: error: \(reasons.randomElement(using: &random) ?? "")"),
        0.05...5)
    } else if random.chance(cluster.faults.unansweredSubmission) {
      if random.chance(0.6) {
        // It takes the job, some time later.
        due.append((now + Double.random(in: 0...8, using: &random), .submit(submission)))
        cluster.meet(.unansweredSubmission)
      } else {
        cluster.meet(.lostSubmission)
      }
      answer(
        ProgramAnswer(status: 1, errors: "sbatch: error: Socket timed out on send/recv operation"), 5...20)
    } else {
      cluster.submit(submission)
      let id = cluster.jobs.last?.id.job ?? 0
      answer(ProgramAnswer(status: 0, output: "\(id)\n"), 0.05...1)
    }
  }

  // MARK: The scheduler

  private func seconds(since began: ContinuousClock.Instant) -> Double {
    let parts = (ContinuousClock.now - began).components
    return Double(parts.seconds) + Double(parts.attoseconds) * 1e-18
  }

  private mutating func decide(_ event: SchedulerEvent) {
    let began = ContinuousClock.now
    let effects = scheduler.apply(event)
    figures.schedulerSeconds += seconds(since: began)
    var opened = false
    for effect in effects {
      switch effect {
      case .start(let task, let number):
        opened = true
        start(task, number)
      case .join: violations.append("a job is given several tasks by the run")
      case .pause(let task, let pause):
        let parts = pause.components
        due.append((now + Double(parts.seconds) + Double(parts.attoseconds) * 1e-18, .scheduler(.due(task))))
      case .settled(let task, let outcome):
        if outcome != .done { failed.append("\(plan.nodes[task].label): \(outcome)") }
      case .halt: break
      case .over: isOver = true
      }
    }
    if opened { figures.ledgerWrites += 1 }
  }

  private mutating func start(_ task: Int, _ number: Int) {
    lives += 1
    figures.attempts += 1
    let node = plan.nodes[task]
    if let attempt = former[node.key] {
      lifeAttempts[lives] = (attempt, task, number, true, false)
      return tell(.join(attempt: attempt, life: lives))
    }
    serial += 1
    let attempt = "A\(serial)"
    ledger[attempt] = node.key
    lifeAttempts[lives] = (attempt, task, number, false, false)
    tell(
      .order(
        SlurmOrder(
          attempt: attempt, key: node.key, label: node.label, kind: node.kind, frames: node.frames,
          needs: node.needs,
          estimate: random.chance(0.8) ? durations[node.key] : nil), life: lives))
  }

  /// As a run hears it: the store decides.
  private mutating func hear(_ report: WorkerReport, _ life: Int) {
    guard let known = lifeAttempts[life] else { return }
    let key = plan.nodes[known.task].key
    let commits = done.contains(key) ? 1 : 0
    switch report {
    case .said(let event) where event.event == .finished:
      close(life)
      if commits == 0, !known.isFormer { violations.append("success of \(known.attempt) without a result") }
      decide(
        commits > 0
          ? .finished(known.task, try: known.number)
          : .lost(known.task, try: known.number, .killed, commits: 0))
    case .said(let event) where event.event == .failed:
      close(life)
      decide(.failed(known.task, try: known.number, event.failure ?? .infrastructure, commits: commits))
    case .ended(let end, _):
      lifeAttempts[life] = nil
      if !known.isDraining {
        close(life)
        let isKill = end == .signalled(15) || end == .signalled(9)
        decide(
          commits > 0
            ? .finished(known.task, try: known.number)
            : .lost(known.task, try: known.number, isKill ? .killed : .crash, commits: 0))
      }
      lifeAttempts[life] = nil
      decide(.opened(.worker))
    default: break
    }
  }

  private mutating func close(_ life: Int) {
    guard let known = lifeAttempts[life] else { return }
    lifeAttempts[life]?.isDraining = true
    ledger[known.attempt] = nil
    if former[plan.nodes[known.task].key] == known.attempt { former[plan.nodes[known.task].key] = nil }
    // The end, the results and the time.
    figures.ledgerWrites += 3
  }
}
