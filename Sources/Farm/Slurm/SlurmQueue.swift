package import Engine
import Glibc
import TaskGraph

/// What Slurm does for a run, as far as we know: which attempt is in which job, and what became of it.
///
/// A pure value, events in and effects out, so that a simulation can put it through every fault. The rules:
/// - An attempt ends when its own record says so. Slurm's word counts where there is no record, after some time.
/// - No answer, an empty answer and a missing row are no news. A job is gone when it was missing several times for some
///   time and a second source does not know it either.
/// - A submission without an answer is looked for by its comment before anything is submitted again.
/// - One call at a time of each kind.
package struct SlurmQueue: Sendable {
  /// Limits, for tests to shorten.
  package struct Patience: Sendable {
    /// From the end of a job until its attempts without a record are lost: files take time on shared storage.
    package var record: Duration = .seconds(5)
    /// From the first missing row until a second source is asked.
    package var absence: Duration = .seconds(20)
    /// From the unanswered `sbatch` until it is taken for not accepted.
    package var submission: Duration = .seconds(30)
    /// How many answers in a row have to miss a job.
    package var sightings = 3
    /// From the request to stop until a job is given up that does not end: Slurm itself takes `KillWait`, 30 s.
    package var ending: Duration = .seconds(180)
    /// How long Slurm may be silent before what waits for it fails.
    package var silence: Duration = .seconds(600)
    package var shortestPoll: Duration = .seconds(1)
    package var longestPoll: Duration = .seconds(15)
    /// How long orders are collected for one submission.
    package var collecting: Duration = .milliseconds(150)
    /// The least time between two submissions.
    package var submitting: Duration = .seconds(1)

    package init() {}
  }

  struct Item: Sendable {
    var order: SlurmOrder
    var lives: [Int] = []
    var element: ElementID?
    var record: ExitRecord?
    var recordedAt: Duration = .zero
    /// Set once nobody wants it any more.
    var stoppedAt: Duration?
    var isUrgent = false
    /// How often a pilot left without having begun it.
    var returns = 0
    /// Whether a worker ever held it, as far as was looked.
    var hasBegun = true
    /// Of one that no worker held, the last line of its job's log.
    var words: String?
    /// An earlier coordinator gave it out.
    var isFormer = false
  }

  struct Element: Sendable {
    var open: Set<String>
    var state: SlurmState?
    var node: String?
    var absences = 0
    var absentSince: Duration?
    var isBeingConfirmed = false
    var end: SlurmEnd?
    var endedAt: Duration = .zero
    var lookedAt: Duration?
    var cancelledAt: Duration?
    var cancels = 0
  }

  enum SubmissionState: Sendable, Hashable {
    case submitting
    case unknown(since: Duration, sightings: Int)
    /// Nobody has seen it: what has not begun by now never will, and what has is waited for.
    case withdrawn(since: Duration, isLooked: Bool)
    case accepted(job: Int, at: Duration)
  }

  struct Submission: Sendable {
    var order: SlurmSubmission
    var state: SubmissionState
    var elements: [Element]
    /// Attempts of all elements that have not ended.
    var openCount: Int
    var isReleased = false

    init(_ order: SlurmSubmission, _ state: SubmissionState) {
      self.order = order
      self.state = state
      elements = order.elements.map { Element(open: Set($0.map(\.attempt))) }
      openCount = order.elements.reduce(0) { $0 + $1.count }
    }
  }

  let run: String
  let profile: SlurmProfile
  let patience: Patience
  /// Cores of the one allocation that takes short tasks; nil without one.
  let pilotCores: Int?
  /// How many elements an array may have.
  package var longestArray = 1000
  /// Licences that Slurm counts, by its names.
  package var knownLicences: Set<String> = []

  var items: [String: Item] = [:]
  var attemptOfLife: [Int: String] = [:]
  /// Lives that were told to stop before we heard of them.
  var stoppedEarly: Set<Int> = []
  var waiting: [String] = []
  var waitingSince: Duration = .zero
  var submissions: [SubmissionID: Submission] = [:]
  var pilot: SubmissionID?
  var submissionOfJob: [Int: SubmissionID] = [:]
  /// Elements that the clock has to look at: they have ended, or wait for Slurm's word.
  var watched: Set<ElementID> = []
  /// Attempts that nobody wants any more and whose jobs have to go.
  var stopped: Set<String> = []
  var prepared: [SlurmSubmission] = []
  var submissionCount = 0
  /// How often a task of this key was killed for memory, and for time.
  var memoryRaises: [TaskKey: Int] = [:]
  var timeDoublings: [TaskKey: Int] = [:]
  /// What tasks of each kind have taken in this run.
  var paces: [String: Pace] = [:]
  var isSubmitting = false
  var isListing = false
  var isClosing = false
  var lastSubmission: Duration?
  var submitFailures = 0
  var nextSubmission: Duration = .zero
  var listFailures = 0
  var nextList: Duration = .zero
  var pollPause: Duration
  /// Since when Slurm has not answered; nil while it does.
  package internal(set) var silentSince: Duration?
  /// Why nothing is submitted at the moment, in Slurm's words.
  package internal(set) var obstacle: String?
  /// Whether any job has come so far as to begin an attempt: then the way in which jobs are started is right.
  var hasSeenWork = false
  /// Calls of each kind so far.
  package internal(set) var calls = Calls()

  package struct Calls: Sendable, Hashable {
    package var submissions = 0
    package var elements = 0
    package var lists = 0
    package var cancels = 0
    package var confirmations = 0
  }

  package init(run: String, profile: SlurmProfile, patience: Patience = Patience(), pilotCores: Int? = nil) {
    self.run = run
    self.profile = profile
    self.patience = patience
    self.pilotCores = pilotCores
    pollPause = patience.shortestPoll
  }

  /// Whether a life waits for anything, or a job has to be seen to its end.
  package var isBusy: Bool { !attemptOfLife.isEmpty || !stopped.isEmpty }

  package var openCount: Int { items.count }

  /// Runs whose submissions are in work.
  package var runs: Set<String> { Set(submissions.keys.map(\.run)) }

  func element(ofLife life: Int) -> ElementID? { attemptOfLife[life].flatMap { items[$0]?.element } }

  /// What attempts in Slurm's queue wait for, in its own words.
  package var waits: [WaitingCount] {
    var counts: [String: Int] = [:]
    for submission in submissions.values {
      for element in submission.elements where !element.open.isEmpty {
        if case .queued(let reason) = element.state {
          let words = reason.isEmpty || reason == "None" ? "to be scheduled" : reason
          counts["Slurm: \(words)", default: 0] += element.open.count
        }
      }
    }
    let unsubmitted = items.values.lazy.filter { $0.element == nil }.count
    if let obstacle, unsubmitted > 0 { counts["Slurm to take jobs: \(obstacle)"] = unsubmitted }
    return counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
      .map { WaitingCount(reason: $0.key, tasks: $0.value) }
  }

  /// For the next run of the same coordinator: what is in work stays known.
  package func next(run: String, patience: Patience) -> SlurmQueue {
    var next = SlurmQueue(run: run, profile: profile, patience: patience, pilotCores: pilotCores)
    next.longestArray = longestArray
    next.knownLicences = knownLicences
    next.items = items.filter { $0.value.element != nil }
    next.submissions = submissions.filter { $0.value.openCount > 0 }
    next.watched = watched
    for (id, submission) in next.submissions {
      if case .accepted(let job, _) = submission.state { next.submissionOfJob[job] = id }
    }
    next.memoryRaises = memoryRaises
    next.timeDoublings = timeDoublings
    next.hasSeenWork = hasSeenWork
    return next
  }

  // MARK: Events

  package mutating func apply(_ event: SlurmEvent, at now: Duration) -> [SlurmEffect] {
    var effects: [SlurmEffect] = []
    switch event {
    case .order(let order, let life):
      add(order, life, now)
      if stoppedEarly.remove(life) != nil { stop(life, false, now, &effects) }
    case .join(let attempt, let life):
      join(attempt, life, &effects)
      if stoppedEarly.remove(life) != nil { stop(life, false, now, &effects) }
    case .stop(let life, let isUrgent): stop(life, isUrgent, now, &effects)
    case .abandon(let attempts):
      for attempt in attempts where items[attempt] != nil {
        items[attempt]?.stoppedAt = now
        stopped.insert(attempt)
      }
    case .former(let submission): addFormer(submission, now)
    case .submitted(let id, let answer): submitted(id, answer, now, &effects)
    case .listed(let rows, let asked): listed(rows, asked, now, &effects)
    case .confirmed(let element, let state): confirmed(element, state, now, &effects)
    case .ended(let record):
      guard items[record.attempt] != nil, items[record.attempt]?.record == nil else { break }
      items[record.attempt]?.record = record
      items[record.attempt]?.recordedAt = now
      hasSeenWork = true
      notePace(record)
      if record.isHandedBack { nextList = now }
      if let element = items[record.attempt]?.element {
        watched.insert(element)
        settle(element, now, &effects)
      }
    case .unrecorded(let attempt, let hasBegun, let words):
      items[attempt]?.hasBegun = hasBegun
      items[attempt]?.words = words
      if hasBegun { hasSeenWork = true }
    case .closing: isClosing = true
    case .tick: break
    }
    for element in watched.sorted() { settle(element, now, &effects) }
    cancelUnwanted(now, &effects)
    submitDue(now, &effects)
    listDue(now, &effects)
    return effects
  }

  mutating func add(_ order: SlurmOrder, _ life: Int, _ now: Duration) {
    items[order.attempt] = Item(order: order, lives: [life])
    attemptOfLife[life] = order.attempt
    if waiting.isEmpty { waitingSince = now }
    waiting.append(order.attempt)
  }

  mutating func join(_ attempt: String, _ life: Int, _ effects: inout [SlurmEffect]) {
    guard items[attempt] != nil else {
      // It ended before anybody asked; what it made is in the store.
      effects.append(.report(life: life, .said(WorkerEvent(.ready))))
      effects.append(.report(life: life, .said(WorkerEvent(.finished, attempt: attempt, exit: 0))))
      effects.append(.report(life: life, .ended(.exited(0), WorkerRemains())))
      return
    }
    items[attempt]?.lives.append(life)
    items[attempt]?.stoppedAt = nil
    stopped.remove(attempt)
    attemptOfLife[life] = attempt
    effects.append(.report(life: life, .said(WorkerEvent(.ready))))
  }

  mutating func stop(_ life: Int, _ isUrgent: Bool, _ now: Duration, _ effects: inout [SlurmEffect]) {
    guard let attempt = attemptOfLife[life], let item = items[attempt] else {
      stoppedEarly.insert(life)
      return
    }
    guard item.element != nil else {
      // What is prepared and not submitted looks again.
      waiting.removeAll { $0 == attempt }
      end(attempt, [.ended(.signalled(SIGTERM), WorkerRemains())], &effects)
      return
    }
    if item.stoppedAt == nil { items[attempt]?.stoppedAt = now }
    stopped.insert(attempt)
    if isUrgent { items[attempt]?.isUrgent = true }
  }

  mutating func addFormer(_ submission: SlurmSubmission, _ now: Duration) {
    let id = submission.id
    submissions[id] = Submission(submission, .unknown(since: now, sightings: 0))
    submissions[id]?.isReleased = true
    for (index, orders) in submission.elements.enumerated() {
      for order in orders {
        items[order.attempt] = Item(
          order: order, element: ElementID(submission: id, index: index), isFormer: true)
      }
    }
  }

  /// The end of an attempt for everybody who waits for it: the one place where one leaves.
  mutating func end(_ attempt: String, _ reports: [WorkerReport], _ effects: inout [SlurmEffect]) {
    detach(attempt)
    stopped.remove(attempt)
    guard let item = items.removeValue(forKey: attempt) else { return }
    for life in item.lives {
      attemptOfLife[life] = nil
      for report in reports { effects.append(.report(life: life, report)) }
    }
  }

  /// Takes an attempt out of its job; of a submission without attempts nothing need be known any more.
  mutating func detach(_ attempt: String) {
    guard let element = items[attempt]?.element else { return }
    items[attempt]?.element = nil
    let id = element.submission
    guard submissions[id]?.elements[element.index].open.remove(attempt) != nil else { return }
    submissions[id]?.openCount -= 1
    guard let submission = submissions[id], submission.openCount == 0, id != pilot else { return }
    forget(id)
  }

  mutating func forget(_ id: SubmissionID) {
    guard let submission = submissions.removeValue(forKey: id) else { return }
    if case .accepted(let job, _) = submission.state { submissionOfJob[job] = nil }
    for index in submission.elements.indices { watched.remove(ElementID(submission: id, index: index)) }
    if pilot == id { pilot = nil }
  }
}
