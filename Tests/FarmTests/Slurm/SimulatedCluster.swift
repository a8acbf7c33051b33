import Engine
import Farm
import TaskGraph
import TestSupport

/// A cluster that exists only in virtual time: jobs wait, run, end badly, are purged; its answers come late, twice, in part or
/// not at all.
struct SimulatedCluster {
  /// How often things go wrong, each from 0 to 1.
  struct Faults {
    var silence = 0.0
    var emptyAnswer = 0.0
    var missingRow = 0.0
    var duplicateRow = 0.0
    var unansweredSubmission = 0.0
    var refusedForNow = 0.0
    var lostCancel = 0.0
    var lostLetter = 0.0
    /// By job.
    var nodeFailure = 0.0
    var outOfMemory = 0.0
    var preemption = 0.0
    var timeout = 0.0
    var crash = 0.0
    var externalCancel = 0.0
    /// Seconds that a job stays listed after its end.
    var minJobAge = 300.0
    /// Seconds until a record can be seen.
    var visibility = 0.0

    static let none = Faults()

    static func drawn(from random: inout SplitMix64) -> Faults {
      func some(_ most: Double) -> Double {
        random.chance(0.5) ? Double.random(in: 0...most, using: &random) : 0
      }
      var faults = Faults()
      faults.silence = some(0.4)
      faults.emptyAnswer = some(0.3)
      faults.missingRow = some(0.2)
      faults.duplicateRow = some(0.3)
      faults.unansweredSubmission = some(0.4)
      faults.refusedForNow = some(0.4)
      faults.lostCancel = some(0.4)
      faults.lostLetter = some(0.6)
      faults.nodeFailure = some(0.2)
      faults.outOfMemory = some(0.15)
      faults.preemption = some(0.25)
      faults.timeout = some(0.15)
      faults.crash = some(0.15)
      faults.externalCancel = some(0.15)
      faults.minJobAge = random.chance(0.3) ? Double.random(in: 0...20, using: &random) : 300
      faults.visibility = some(3)
      return faults
    }
  }

  /// What went wrong, so that a test can say that it did.
  enum Trouble: String, CaseIterable {
    case silence, emptyAnswer, missingRow, duplicateRow, purgedJob
    case unansweredSubmission, lostSubmission, refusedForNow, lostCancel, lostLetter
    case nodeFailure, outOfMemory, preemption, timeout, crash, externalCancel
  }

  struct Job {
    enum Phase: Equatable {
      case pending, running
      case completing(until: Double)
      case over(at: Double)
    }

    var id: SlurmJobID
    var comment: String
    var submission: SubmissionID
    var orders: [SlurmOrder]
    var phase = Phase.pending
    var state: SlurmState = .queued(reason: "Priority")
    var end: SlurmEnd = .completed
    var work: (order: SlurmOrder, until: Double)?
    var next = 0
    /// When and how fate strikes.
    var doom: (at: Double, SlurmEnd)?
    var isCancelled = false
    /// It waited when its array was cancelled: Slurm shows one job for all of these, without an index.
    var isOfRest = false
  }

  /// What happened in a step, for the world around.
  enum Happening {
    case began(SlurmOrder)
    case ended(ExitRecord, visibleAt: Double, hasLetter: Bool)
    /// A worker is gone without a word.
    case died(SlurmOrder)
  }

  let width: Int
  var faults: Faults
  var random: SplitMix64
  private(set) var jobs: [Job] = []
  /// Jobs that may still change; others are only listed.
  private var active: [Int] = []
  private var running = 0
  private var nextID = 1
  private(set) var withdrawn: Set<SubmissionID> = []
  private(set) var met: [Trouble: Int] = [:]
  /// Troubles that a task may still meet, so that every run can end.
  private var troubles: [TaskKey: Int] = [:]

  init(width: Int, faults: Faults, random: SplitMix64) {
    self.width = width
    self.faults = faults
    self.random = random
  }

  mutating func meet(_ trouble: Trouble) { met[trouble, default: 0] += 1 }

  /// Whether it comes to this trouble now.
  private mutating func meets(_ trouble: Trouble, _ chance: Double) -> Bool {
    guard random.chance(chance) else { return false }
    meet(trouble)
    return true
  }

  var hasWork: Bool { !active.isEmpty }
  var livingOrders: [SlurmOrder] { active.compactMap { jobs[$0].work?.order } }

  mutating func submit(_ submission: SlurmSubmission) {
    let id = nextID
    nextID += 1
    for (index, orders) in submission.elements.enumerated() {
      active.append(jobs.count)
      jobs.append(
        Job(
          id: SlurmJobID(id, element: submission.isArray ? index : nil), comment: submission.id.comment,
          submission: submission.id, orders: orders))
    }
  }

  mutating func withdraw(_ id: SubmissionID) { withdrawn.insert(id) }

  mutating func cancel(_ ids: [SlurmJobID], at now: Double) {
    var ended: [Int] = []
    for index in active
    where ids.contains(jobs[index].id) || ids.contains(SlurmJobID(jobs[index].id.job)) {
      guard !jobs[index].isCancelled else { continue }
      jobs[index].isCancelled = true
      if jobs[index].phase == .pending {
        jobs[index].phase = .over(at: now)
        jobs[index].state = .over(.cancelled)
        ended.append(index)
      } else {
        jobs[index].doom = (now + Double.random(in: 0...30, using: &random), .cancelled)
      }
    }
    let waiting = Set(active.filter { jobs[$0].phase == .pending }.map { jobs[$0].id.job })
    for index in ended where jobs[index].id.element != nil && !waiting.contains(jobs[index].id.job) {
      jobs[index].isOfRest = true
    }
  }

  // MARK: Time

  mutating func step(to now: Double, durations: (SlurmOrder) -> Double) -> [Happening] {
    var happenings: [Happening] = []
    for index in active {
      if jobs[index].phase == .pending, running < width { start(index, now) }
      if jobs[index].phase == .running { advance(index, now, durations, &happenings) }
      if case .completing(let until) = jobs[index].phase, until <= now { finish(index, now) }
    }
    active.removeAll { if case .over = jobs[$0].phase { true } else { false } }
    return happenings
  }

  private mutating func start(_ index: Int, _ now: Double) {
    running += 1
    jobs[index].phase = .running
    jobs[index].state = .running
    if withdrawn.contains(jobs[index].submission) { jobs[index].orders = [] }
    guard let first = jobs[index].orders.first, troubles[first.key, default: 0] < 2 else { return }
    let fates: [(Trouble, Double, SlurmEnd)] = [
      (.nodeFailure, faults.nodeFailure, .infrastructure("its node failed")),
      (.outOfMemory, faults.outOfMemory, .outOfMemory),
      (.preemption, faults.preemption, .infrastructure("it was preempted")),
      (.timeout, faults.timeout, .timeout), (.crash, faults.crash, .failed(waitStatus: 11)),
      (.externalCancel, faults.externalCancel, .cancelled),
    ]
    for (trouble, chance, end) in fates where jobs[index].doom == nil && meets(trouble, chance) {
      for order in jobs[index].orders { troubles[order.key, default: 0] += 1 }
      jobs[index].doom = (now + Double.random(in: 0...20, using: &random), end)
    }
  }

  private mutating func advance(
    _ index: Int, _ now: Double, _ durations: (SlurmOrder) -> Double, _ happenings: inout [Happening]
  ) {
    if let doom = jobs[index].doom, doom.at <= now { return strike(index, now, doom.1, &happenings) }
    if let work = jobs[index].work {
      guard work.until <= now else { return }
      jobs[index].work = nil
      var record = ExitRecord(attempt: work.order.attempt, key: work.order.key, exit: 0)
      record.seconds = durations(work.order)
      happenings.append(ended(record, now))
    }
    if withdrawn.contains(jobs[index].submission) {
      jobs[index].orders = Array(jobs[index].orders.prefix(jobs[index].next))
    }
    guard jobs[index].next < jobs[index].orders.count else {
      jobs[index].end = .completed
      jobs[index].phase = .completing(until: now + Double.random(in: 0...1, using: &random))
      return
    }
    let order = jobs[index].orders[jobs[index].next]
    jobs[index].next += 1
    jobs[index].work = (order, now + durations(order))
    happenings.append(.began(order))
  }

  private mutating func strike(_ index: Int, _ now: Double, _ end: SlurmEnd, _ happenings: inout [Happening])
  {
    if let work = jobs[index].work {
      jobs[index].work = nil
      happenings.append(.died(work.order))
      // Whoever is asked to stop has a word left, unless its node is gone.
      let hasWord =
        [.cancelled, .timeout, .infrastructure("it was preempted")].contains(end) && random.chance(0.6)
      if hasWord || end == .failed(waitStatus: 11) || (end == .outOfMemory && random.chance(0.5)) {
        var record = ExitRecord(attempt: work.order.attempt, key: work.order.key, exit: 1)
        if hasWord { (record.exit, record.failure) = (143, .cancelled) }
        if end == .failed(waitStatus: 11) { record.loss = ExitRecord.Loss(signal: 11) }
        if end == .outOfMemory { (record.exit, record.failure) = (33, .application) }
        happenings.append(ended(record, now))
      }
    }
    jobs[index].end = end
    jobs[index].phase = .completing(until: now + Double.random(in: 0...5, using: &random))
  }

  private mutating func ended(_ record: ExitRecord, _ now: Double) -> Happening {
    let delay = faults.visibility > 0 ? Double.random(in: 0...faults.visibility, using: &random) : 0
    return .ended(record, visibleAt: now + delay, hasLetter: !meets(.lostLetter, faults.lostLetter))
  }

  private mutating func finish(_ index: Int, _ now: Double) {
    running -= 1
    jobs[index].phase = .over(at: now)
    jobs[index].state = .over(jobs[index].isCancelled ? .cancelled : jobs[index].end)
  }

  // MARK: Answers

  private func isListed(_ job: Job, _ now: Double) -> Bool {
    guard case .over(let end) = job.phase else { return true }
    return now - end <= faults.minJobAge
  }

  /// What `squeue` says; nil when it does not answer.
  mutating func list(at now: Double) -> [SlurmRow]? {
    if meets(.silence, faults.silence) { return nil }
    if meets(.emptyAnswer, faults.emptyAnswer) { return [] }
    var rows: [SlurmRow] = []
    var rests: Set<Int> = []
    if !jobs.allSatisfy({ isListed($0, now) }) { meet(.purgedJob) }
    for job in jobs where isListed(job, now) && !meets(.missingRow, faults.missingRow) {
      if job.isOfRest, !rests.insert(job.id.job).inserted { continue }
      let id = job.isOfRest ? SlurmJobID(job.id.job) : job.id
      let row = SlurmRow(id: id, state: job.state, node: "n1", comment: job.comment)
      rows.append(row)
      if meets(.duplicateRow, faults.duplicateRow) { rows.append(row) }
    }
    return rows
  }

  /// What really is, for those who look twice.
  func truth() -> Set<SlurmJobID> { Set(active.map { jobs[$0].id }) }

  func livingElements() -> Set<ElementID> {
    Set(active.map { ElementID(submission: jobs[$0].submission, index: jobs[$0].id.element ?? 0) })
  }

  mutating func state(of id: SlurmJobID, at now: Double) -> SlurmState? {
    if random.chance(faults.silence) { return nil }
    return jobs.first { $0.id == id && !$0.isOfRest && isListed($0, now) }?.state ?? .over(.vanished)
  }
}
