import Diagnostics
package import Engine
import Glibc
import TaskGraph

/// What reaches the queue: wishes of the run, answers of Slurm, news of attempts, and the time.
package enum SlurmEvent: Sendable {
  /// A life of the run wants an attempt to be made.
  case order(SlurmOrder, life: Int)
  /// A life of the run waits for an attempt that an earlier coordinator gave out.
  case join(attempt: String, life: Int)
  case stop(life: Int, isUrgent: Bool)
  /// Attempts that nobody wants any more.
  case abandon(Set<String>)
  /// Submissions of earlier coordinators that are still in work, and their attempts by element.
  case former(SlurmSubmission)
  case submitted(SubmissionID, SubmitAnswer)
  /// What `squeue` said; nil when it said nothing. `asked` is when it was asked.
  case listed([SlurmRow]?, asked: Duration)
  /// What a second source says of one element: nil when it does not answer.
  case confirmed(ElementID, SlurmState?)
  case ended(ExitRecord)
  /// There is no record of how the attempt ended; `hasBegun` says whether a worker ever held it.
  case unrecorded(attempt: String, hasBegun: Bool)
  /// The run asks for nothing more.
  case closing
  case tick
}

package enum SlurmEffect: Sendable {
  case submit(SlurmSubmission)
  /// More for a pilot that runs.
  case feed(SubmissionID, [SlurmOrder])
  /// The pilot gets nothing more.
  case release(SubmissionID)
  /// Makes sure that jobs of a submission that was given up find nothing to do, should there be any.
  case withdraw(SubmissionID)
  /// Asks `squeue` about these runs.
  case list(runs: [String])
  case confirm(ElementID, SlurmJobID)
  case cancel([SlurmJobID])
  /// Look for the records of these attempts.
  case look([String])
  case report(life: Int, WorkerReport)
}

/// How `sbatch` ended.
package enum SubmitAnswer: Sendable, Hashable {
  case accepted(job: Int)
  /// It was not reached or has no room now: the same may work later.
  case notNow(String)
  /// It may or may not have taken the job.
  case unknown(String)
  /// It will never take a job of this shape.
  case refused(String)
  /// It will never take any job of ours, e.g. because there is no such partition.
  case refusedAll(String)
}

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
  private var stoppedEarly: Set<Int> = []
  var waiting: [String] = []
  var waitingSince: Duration = .zero
  var submissions: [SubmissionID: Submission] = [:]
  var pilot: SubmissionID?
  private var submissionOfJob: [Int: SubmissionID] = [:]
  /// Elements that the clock has to look at: they have ended, or wait for Slurm's word.
  var watched: Set<ElementID> = []
  /// Attempts that nobody wants any more and whose jobs have to go.
  var stopped: Set<String> = []
  var prepared: [SlurmSubmission] = []
  private var submissionCount = 0
  /// How often a task of this key was killed for memory, and for time.
  var memoryRaises: [TaskKey: Int] = [:]
  var timeDoublings: [TaskKey: Int] = [:]
  /// What tasks of each kind have taken in this run.
  var paces: [String: Pace] = [:]
  var isSubmitting = false
  var isListing = false
  var isClosing = false
  var lastSubmission: Duration?
  private var submitFailures = 0
  private var nextSubmission: Duration = .zero
  private var listFailures = 0
  var nextList: Duration = .zero
  var pollPause: Duration
  /// Since when Slurm has not answered; nil while it does.
  package private(set) var silentSince: Duration?
  /// Why nothing is submitted at the moment, in Slurm's words.
  package private(set) var obstacle: String?
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
      notePace(record)
      if record.isHandedBack { nextList = now }
      if let element = items[record.attempt]?.element {
        watched.insert(element)
        settle(element, now, &effects)
      }
    case .unrecorded(let attempt, let hasBegun):
      items[attempt]?.hasBegun = hasBegun
    case .closing: isClosing = true
    case .tick: break
    }
    for element in watched.sorted() { settle(element, now, &effects) }
    cancelUnwanted(now, &effects)
    submitDue(now, &effects)
    listDue(now, &effects)
    return effects
  }

  private mutating func add(_ order: SlurmOrder, _ life: Int, _ now: Duration) {
    items[order.attempt] = Item(order: order, lives: [life])
    attemptOfLife[life] = order.attempt
    if waiting.isEmpty { waitingSince = now }
    waiting.append(order.attempt)
  }

  private mutating func join(_ attempt: String, _ life: Int, _ effects: inout [SlurmEffect]) {
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

  private mutating func stop(_ life: Int, _ isUrgent: Bool, _ now: Duration, _ effects: inout [SlurmEffect]) {
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

  private mutating func addFormer(_ submission: SlurmSubmission, _ now: Duration) {
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

  private mutating func forget(_ id: SubmissionID) {
    guard let submission = submissions.removeValue(forKey: id) else { return }
    if case .accepted(let job, _) = submission.state { submissionOfJob[job] = nil }
    for index in submission.elements.indices { watched.remove(ElementID(submission: id, index: index)) }
    if pilot == id { pilot = nil }
  }

  // MARK: Submitting

  private mutating func submitDue(_ now: Duration, _ effects: inout [SlurmEffect]) {
    if let silentSince, now - silentSince > patience.silence { giveUpWaiting(now, &effects) }
    releasePilot(&effects)
    guard !isSubmitting, now >= nextSubmission else { return }
    if prepared.isEmpty, !waiting.isEmpty {
      let isDue =
        now - waitingSince >= patience.collecting
        && lastSubmission.map { now - $0 >= patience.submitting } ?? true
      if isDue || feedsPilot { prepare(now, &effects) }
    }
    while !isSubmitting, !prepared.isEmpty {
      var next = prepared.removeFirst()
      next.elements = next.elements.map { $0.filter { items[$0.attempt] != nil } }.filter { !$0.isEmpty }
      guard !next.elements.isEmpty else { continue }
      isSubmitting = true
      submissions[next.id] = Submission(next, .submitting)
      for (index, orders) in next.elements.enumerated() {
        for order in orders { items[order.attempt]?.element = ElementID(submission: next.id, index: index) }
      }
      if next.isPilot { pilot = next.id }
      calls.submissions += 1
      calls.elements += next.elements.count
      effects.append(.submit(next))
    }
  }

  mutating func nextSubmissionID() -> SubmissionID {
    submissionCount += 1
    return SubmissionID(run: run, number: submissionCount)
  }

  private mutating func submitted(
    _ id: SubmissionID, _ answer: SubmitAnswer, _ now: Duration, _ effects: inout [SlurmEffect]
  ) {
    isSubmitting = false
    lastSubmission = now
    guard submissions[id]?.state == .submitting else { return }
    pollPause = patience.shortestPoll
    switch answer {
    case .accepted(let job):
      heard()
      submitFailures = 0
      obstacle = nil
      accept(id, job, now, &effects)
    case .unknown(let reason):
      obstacle = reason
      submissions[id]?.state = .unknown(since: now, sightings: 0)
      nextList = now
      backOff(now)
    case .notNow(let reason):
      obstacle = reason
      if silentSince == nil { silentSince = now }
      takeBack(id, now, &effects)
      backOff(now)
    case .refused(let reason):
      heard()
      refuse(id, reason, &effects)
    case .refusedAll(let reason):
      let life = submissions[id]?.order.elements.joined().compactMap { items[$0.attempt]?.lives.first }.first
      if let life { effects.append(.report(life: life, .refused(Self.refusal(reason)))) }
      refuse(id, reason, &effects)
    }
  }

  private mutating func accept(
    _ id: SubmissionID, _ job: Int, _ now: Duration, _ effects: inout [SlurmEffect]
  ) {
    submissions[id]?.state = .accepted(job: job, at: now)
    submissionOfJob[job] = id
    for order in (submissions[id]?.order.elements ?? []).joined() {
      for life in items[order.attempt]?.lives ?? [] {
        effects.append(.report(life: life, .said(WorkerEvent(.ready))))
      }
    }
  }

  private mutating func backOff(_ now: Duration) {
    submitFailures += 1
    nextSubmission = now + min(.seconds(60), .seconds(1 << min(submitFailures - 1, 6)))
  }

  /// Lets the attempts of a submission wait again, as if it had never been made.
  private mutating func takeBack(_ id: SubmissionID, _ now: Duration, _ effects: inout [SlurmEffect]) {
    guard let submission = submissions[id] else { return }
    effects.append(.withdraw(id))
    // In the order in which they were asked for.
    for order in submission.order.elements.joined() where items[order.attempt]?.element?.submission == id {
      wait(order.attempt, now, &effects)
    }
    forget(id)
  }

  /// Puts an attempt back to those that wait, or ends it when nobody wants it or it is another coordinator's.
  mutating func wait(_ attempt: String, _ now: Duration, _ effects: inout [SlurmEffect]) {
    detach(attempt)
    guard let item = items[attempt] else { return }
    if item.isFormer {
      let claim = WorkerEvent(.finished, attempt: attempt, exit: 0)
      return end(attempt, [.said(claim), .ended(.exited(0), WorkerRemains())], &effects)
    }
    if item.stoppedAt != nil || item.lives.isEmpty {
      return end(attempt, [.ended(.signalled(SIGTERM), WorkerRemains())], &effects)
    }
    if waiting.isEmpty { waitingSince = now }
    waiting.append(attempt)
  }

  private mutating func refuse(_ id: SubmissionID, _ reason: String, _ effects: inout [SlurmEffect]) {
    guard let submission = submissions[id] else { return }
    effects.append(.withdraw(id))
    for order in submission.order.elements.joined() {
      var event = WorkerEvent(
        .failed, attempt: order.attempt, key: order.key, exit: 2, failure: .user,
        diagnostics: [Self.refusal(reason)])
      event.usage = WorkerEvent.Usage(seconds: 0)
      end(
        order.attempt, [.said(WorkerEvent(.ready)), .said(event), .ended(.exited(0), WorkerRemains())],
        &effects)
    }
    forget(id)
  }

  private static func refusal(_ reason: String) -> Diagnostic {
    // The commands are not there, or know no cluster.
    if ["configuration source", "not found or cannot be executed"].contains(where: reason.contains) {
      return Diagnostic(
        family: .usage, code: "slurm.absent", message: "Slurm cannot be used here: \(reason)",
        remedy: "Run this where `sinfo` shows the cluster: on a login node, or with SLURM_CONF set.")
    }
    return Diagnostic(
      family: .usage, code: "slurm.refused", message: "Slurm does not take the job: \(reason)",
      remedy:
        "Correct the partition, account, QOS, licences or needs under `farm:`, or ask who runs the cluster.")
  }

  private mutating func giveUpWaiting(_ now: Duration, _ effects: inout [SlurmEffect]) {
    silentSince = now
    let reason = obstacle ?? "it does not answer"
    for (attempt, item) in items.sorted(by: { $0.key < $1.key }) where item.element == nil {
      let order = item.order
      var event = WorkerEvent(
        .failed, attempt: attempt, key: order.key, exit: 75, failure: .infrastructure,
        diagnostics: [
          Diagnostic(
            family: .transient, code: "slurm.silent", message: "Slurm takes no jobs: \(reason)",
            remedy: "See `scontrol ping`; run the command again when it answers.")
        ])
      event.usage = WorkerEvent.Usage(seconds: 0)
      end(attempt, [.said(WorkerEvent(.ready)), .said(event), .ended(.exited(0), WorkerRemains())], &effects)
    }
    waiting = []
    prepared = []
  }

  private mutating func heard() { silentSince = nil }

  // MARK: Listing

  private mutating func listDue(_ now: Duration, _ effects: inout [SlurmEffect]) {
    guard !isListing, now >= nextList else { return }
    let known = submissions.values.filter { $0.state != .submitting && $0.openCount > 0 }
    guard !known.isEmpty else { return }
    isListing = true
    calls.lists += 1
    effects.append(.list(runs: Set(known.map(\.order.id.run)).sorted()))
  }

  private mutating func listed(
    _ rows: [SlurmRow]?, _ asked: Duration, _ now: Duration, _ effects: inout [SlurmEffect]
  ) {
    isListing = false
    guard let rows else {
      listFailures += 1
      if silentSince == nil { silentSince = now }
      nextList = now + min(.seconds(60), .seconds(1 << min(listFailures, 6)))
      return
    }
    listFailures = 0
    heard()
    var seen: [ElementID: SlurmRow] = [:]
    var rests: [SubmissionID: SlurmRow] = [:]
    for row in rows {
      guard let id = submissionOfJob[row.id.job] ?? SubmissionID(comment: row.comment),
        let submission = submissions[id]
      else { continue }
      guard row.id.element != nil || !submission.order.isArray else {
        rests[id] = row
        continue
      }
      let element = ElementID(submission: id, index: row.id.element ?? 0)
      guard submission.elements.indices.contains(element.index) else { continue }
      // Of two rows for one job the one counts in which it lives.
      if let other = seen[element], row.state.isOver || !other.state.isOver { continue }
      seen[element] = row
    }
    // What had not begun when its array was cancelled is one job without an index.
    for (id, row) in rests {
      for (index, known) in (submissions[id]?.elements ?? []).enumerated() {
        let element = ElementID(submission: id, index: index)
        if seen[element] == nil, known.end == nil, known.state?.isQueued ?? true { seen[element] = row }
      }
    }
    var isNews = false
    for (element, row) in seen.sorted(by: { $0.key < $1.key }) {
      isNews = note(row, of: element, now, &effects) || isNews
    }
    for id in submissions.keys.sorted() { missing(id, seen, asked, now, &effects) }
    pollPause =
      isNews ? max(patience.shortestPoll, pollPause / 2) : min(patience.longestPoll, pollPause * 3 / 2)
    // A cluster that takes its time to answer is asked less often.
    nextList = now + max(pollPause, (now - asked) * 10)
  }

  private mutating func note(
    _ row: SlurmRow, of element: ElementID, _ now: Duration, _ effects: inout [SlurmEffect]
  ) -> Bool {
    let id = element.submission
    switch submissions[id]?.state {
    case .submitting, nil: return false
    case .unknown, .withdrawn: accept(id, row.id.job, now, &effects)
    case .accepted: break
    }
    guard let known = submissions[id]?.elements[element.index] else { return false }
    let wasRunning = known.state == .running
    submissions[id]?.elements[element.index].state = row.state
    submissions[id]?.elements[element.index].node = row.node
    submissions[id]?.elements[element.index].absences = 0
    submissions[id]?.elements[element.index].absentSince = nil
    if case .over(let end) = row.state {
      watched.insert(element)
      if known.end == nil { submissions[id]?.elements[element.index].endedAt = now }
      submissions[id]?.elements[element.index].end = end
    } else {
      // Somebody may have put it back into the queue.
      submissions[id]?.elements[element.index].end = nil
    }
    if row.state == .running, !wasRunning {
      let place = "job \(row.id)" + (row.node.map { " on \($0)" } ?? "")
      for attempt in known.open.sorted() {
        for life in items[attempt]?.lives ?? [] { effects.append(.report(life: life, .placed(place))) }
      }
    }
    settle(element, now, &effects)
    return known.state != row.state
  }

  /// What an answer that does not name them says of jobs.
  private mutating func missing(
    _ id: SubmissionID, _ seen: [ElementID: SlurmRow], _ asked: Duration, _ now: Duration,
    _ effects: inout [SlurmEffect]
  ) {
    guard let submission = submissions[id] else { return }
    switch submission.state {
    case .submitting: return
    case .unknown(let since, let sightings):
      guard asked >= since else { return }
      if sightings + 1 >= patience.sightings, now - since >= patience.submission {
        effects.append(.withdraw(id))
        submissions[id]?.state = .withdrawn(since: now, isLooked: false)
      } else {
        submissions[id]?.state = .unknown(since: since, sightings: sightings + 1)
      }
    case .withdrawn(let since, let isLooked):
      // A job looks whether it is withdrawn before it begins anything; one look after that is the truth.
      guard now - since >= .seconds(1) else { return }
      let open = submission.elements.flatMap { $0.open.sorted() }
      guard isLooked else {
        submissions[id]?.state = .withdrawn(since: since, isLooked: true)
        return effects.append(.look(open))
      }
      for order in submission.order.elements.joined() where items[order.attempt]?.element?.submission == id {
        if items[order.attempt]?.hasBegun == false { wait(order.attempt, now, &effects) }
      }
      guard now - since >= patience.absence * 15 else { return }
      for index in submission.elements.indices where submissions[id]?.elements[index].open.isEmpty == false {
        submissions[id]?.elements[index].end = .vanished
        submissions[id]?.elements[index].endedAt = now
        watched.insert(ElementID(submission: id, index: index))
      }
    case .accepted(let job, let at):
      guard asked >= at else { return }
      for index in submission.elements.indices {
        let element = ElementID(submission: id, index: index)
        guard seen[element] == nil, !submission.elements[index].open.isEmpty,
          submission.elements[index].end == nil
        else { continue }
        let since = submission.elements[index].absentSince ?? now
        submissions[id]?.elements[index].absentSince = since
        submissions[id]?.elements[index].absences += 1
        // Most have ended and say so themselves.
        if submission.elements[index].absences == 0 {
          effects.append(.look(submission.elements[index].open.sorted()))
        }
        guard submission.elements[index].absences + 1 >= patience.sightings, now - since >= patience.absence,
          !submission.elements[index].isBeingConfirmed
        else { continue }
        submissions[id]?.elements[index].isBeingConfirmed = true
        calls.confirmations += 1
        effects.append(.confirm(element, SlurmJobID(job, element: submission.order.isArray ? index : nil)))
      }
    }
  }

  private mutating func confirmed(
    _ element: ElementID, _ state: SlurmState?, _ now: Duration, _ effects: inout [SlurmEffect]
  ) {
    guard submissions[element.submission]?.elements.indices.contains(element.index) == true else { return }
    submissions[element.submission]?.elements[element.index].isBeingConfirmed = false
    guard let state else { return }
    submissions[element.submission]?.elements[element.index].state = state
    if case .over(let end) = state {
      watched.insert(element)
      submissions[element.submission]?.elements[element.index].end = end
      submissions[element.submission]?.elements[element.index].endedAt = now
    } else {
      submissions[element.submission]?.elements[element.index].absences = 0
      submissions[element.submission]?.elements[element.index].absentSince = nil
    }
    settle(element, now, &effects)
  }
}
