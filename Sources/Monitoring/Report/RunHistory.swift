package import Diagnostics
package import Engine
import FoundationEssentials
import ObjectStore
package import TaskGraph

/// What happened in one run, put together from its folder: the plan, the heading and the events.
///
/// It can be read while the run goes on, and of a run that was killed: what has no end ends with the last word.
package struct RunHistory: Sendable {
  package struct Task: Sendable {
    package var key: TaskKey
    package var kind: String
    package var stage: String
    package var label: String
    /// Why it was planned, in a few words.
    package var reason: String
    package var frames: Int
    /// Indices of what it waited for.
    package var after: [Int]
    /// The shots that it shows; none where it is about no shot.
    package var shots: [ShotShare] = []
    /// Seconds since the run began; `nil` for a task that never ran.
    package var began: Double?
    package var ended: Double?
    package var isDone = false
    package var hasFailed = false
    package var attempts = 0
    package var cpuSeconds = 0.0
    package var peakMemoryBytes: Int64 = 0
  }

  /// One attempt on a worker.
  package struct Span: Sendable {
    package var task: Int
    /// From 1; 0 stands for the coordinator.
    package var worker: Int
    package var began: Double
    package var ended: Double
    /// `nil` where the record ends before the attempt does.
    package var outcome: AttemptEnding?
    /// Between the moment it could have started and its start.
    package var waited: Double
    package var cpuSeconds: Double
    package var peakMemoryBytes: Int64
    package var writtenBytes: Int64
    package var attempt: String?
  }

  package struct Failure: Sendable {
    package var task: Int
    package var diagnostics: [Diagnostic]
    package var attempt: String?
  }

  package private(set) var run: String
  package private(set) var heading: RunHeading?
  package private(set) var tasks: [Task] = []
  package private(set) var spans: [Span] = []
  package private(set) var failures: [Failure] = []
  /// Indices of tasks that could not run, in plan order.
  package private(set) var blocked: [Int] = []
  package private(set) var retries = 0
  /// Time of day, ISO 8601; `nil` while there is no event.
  package private(set) var began: String?
  package private(set) var host: String?
  package private(set) var workers = 0
  /// Length of the record.
  package private(set) var seconds = 0.0
  /// `nil` for a run without an end on record.
  package private(set) var exit: Int?

  private static let decoder = JSONDecoder()
  private var indices: [TaskKey: Int] = [:]
  /// Groups of the plan that were read, and the frames of shots among them, until the plan is read.
  private var groups = 0
  private var shares: [Int: ShotShare] = [:]
  /// Words that many tasks share, each once.
  private var words: [String: String] = [:]
  /// Spans of tasks that run.
  private var open: [Int: Int] = [:]
  /// The latest span of each task; −1 for a task without one.
  private var latest: [Int32] = []

  /// - Throws: `failed`, `run.unreadable`, when the plan of the run cannot be read.
  package init(_ folder: RunFolder) throws {
    var follower = RunFollower(folder)
    while try follower.read() {}
    self = follower.history
    finish()
  }

  /// Of which nothing was read yet.
  init(run: String) { self.run = run }

  /// From events that are at hand, for tests and for a run without work.
  package init(run: String, heading: RunHeading?, plan: [UInt8]?, events: [RunEvent]) throws {
    self.run = run
    self.heading = heading
    if let plan {
      var reading = PlanTasks()
      try reading.take(plan) { try add($1, of: $0) }
      endPlan()
      guard reading.isWhole else { throw PlanTasks.Fault(description: "it is cut short") }
    }
    for event in events { apply(event) }
    finish()
  }

  /// Of a command that found nothing to do and left no record.
  package init(withoutWork heading: RunHeading) {
    run = "without a record"
    self.heading = heading
    exit = 0
  }

  // MARK: Plan

  /// What we need of a task in `plan.json`; other fields are for others.
  private struct Entry: Decodable {
    var key: TaskKey
    var kind: String
    var stage: String
    var label: String
    var reason: String?
    var frames: Int?
    var after: [Int]?
    var subject: String?
    var madeFrom: [Int]?
  }

  /// What we need of a group of ingredients.
  private struct Group: Decodable {
    var about: String?
    var facts: [String]
  }

  mutating func add(heading: RunHeading?) { self.heading = heading }

  /// Takes in the next member of a list of the plan.
  mutating func add(_ bytes: [UInt8], of list: PlanTasks.List) throws {
    switch list {
    case .groups: try add(group: bytes)
    case .tasks: try add(task: bytes)
    }
  }

  /// The end of a group that names frames, as `PlanRecord` writes it: of many groups few are read.
  private static let framesEnd = Array("\"group\":\"frames\"}".utf8)

  private mutating func add(group bytes: [UInt8]) throws {
    defer { groups += 1 }
    guard bytes.suffix(Self.framesEnd.count).elementsEqual(Self.framesEnd) else { return }
    let group = try Self.decoder.decode(Group.self, from: Data(bytes))
    guard let shot = ShotShare.shot(of: group.about) else { return }
    shares[groups] = ShotShare(shot: shared(shot), facts: group.facts)
  }

  /// The plan is read.
  mutating func endPlan() {
    shares = [:]
    // One for each task, but for those that are tried again.
    spans.reserveCapacity(tasks.count)
  }

  private mutating func add(task bytes: [UInt8]) throws {
    let entry = try Self.decoder.decode(Entry.self, from: Data(bytes))
    indices[entry.key] = tasks.count
    latest.append(-1)
    tasks.append(
      Task(
        key: entry.key, kind: shared(entry.kind), stage: shared(entry.stage), label: entry.label,
        reason: shared(entry.reason ?? ""), frames: entry.frames ?? 0,
        // A plan names what comes before; a damaged file may name anything.
        after: (entry.after ?? []).filter { $0 >= 0 && $0 < tasks.count }, shots: shots(of: entry)))
  }

  private mutating func shots(of entry: Entry) -> [ShotShare] {
    if let shot = ShotShare.shot(of: entry.subject) { return [ShotShare(shot: shared(shot), frames: 1)] }
    var shots: [ShotShare] = []
    for share in (entry.madeFrom ?? []).compactMap({ shares[$0] }) {
      if let known = shots.firstIndex(where: { $0.shot == share.shot }) {
        shots[known].frames += share.frames
      } else {
        shots.append(share)
      }
    }
    return shots
  }

  private mutating func shared(_ word: String) -> String {
    if let known = words[word] { return known }
    words[word] = word
    return word
  }

  /// The place of a task in `tasks`.
  package func index(of key: TaskKey) -> Int? { indices[key] }

  // MARK: Events

  mutating func apply(_ event: RunEvent) {
    seconds = max(seconds, event.seconds)
    switch event.event {
    case .runStarted:
      (began, host, workers) = (event.at, event.host, event.workers ?? 0)
      return
    case .runFinished:
      exit = event.exit
      return
    default: break
    }
    guard let task = event.task.flatMap({ indices[$0] }) else { return }
    switch event.event {
    case .attemptStarted:
      close(task, at: event.seconds, .lost)
      tasks[task].attempts += 1
      tasks[task].began = tasks[task].began ?? event.seconds
      tasks[task].ended = nil
      open[task] = spans.count
      latest[task] = Int32(spans.count)
      workers = max(workers, event.worker ?? 0)
      spans.append(
        Span(
          task: task, worker: event.worker ?? 0, began: event.seconds, ended: event.seconds, outcome: nil,
          waited: event.waited ?? 0, cpuSeconds: 0, peakMemoryBytes: 0, writtenBytes: 0,
          attempt: event.attempt))
    case .attemptEnded:
      if let span = open[task] {
        spans[span].cpuSeconds = event.cpuSeconds ?? 0
        spans[span].peakMemoryBytes = event.peakMemoryBytes ?? 0
        spans[span].writtenBytes = event.writtenBytes ?? 0
      }
      tasks[task].cpuSeconds += event.cpuSeconds ?? 0
      tasks[task].peakMemoryBytes = max(tasks[task].peakMemoryBytes, event.peakMemoryBytes ?? 0)
      // Results that are published together are told later than their tasks ended.
      let ended = open[task].flatMap { span in event.duration.map { spans[span].began + $0 } }
      close(task, at: ended ?? event.seconds, event.outcome ?? .lost)
    case .workerLost: close(task, at: event.seconds, .lost)
    case .retrying:
      retries += 1
      close(task, at: event.seconds, .failed)
    case .taskDone:
      close(task, at: event.seconds, .done)
      (tasks[task].isDone, tasks[task].hasFailed) = (true, false)
    case .taskFailed:
      close(task, at: event.seconds, .failed)
      tasks[task].hasFailed = true
      failures.append(
        Failure(
          task: task, diagnostics: event.diagnostics ?? [],
          attempt: latest[task] < 0 ? nil : spans[Int(latest[task])].attempt))
    case .taskBlocked: blocked.append(task)
    default: break
    }
  }

  private mutating func close(_ task: Int, at time: Double, _ outcome: AttemptEnding?) {
    guard let span = open.removeValue(forKey: task) else { return }
    spans[span].ended = max(time, spans[span].began)
    spans[span].outcome = outcome
    tasks[task].ended = spans[span].ended
  }

  private mutating func finish() {
    for task in open.keys.sorted() { close(task, at: seconds, nil) }
    (indices, latest, words) = ([:], [], [:])
  }

  /// When an attempt ended; of one that goes on, the last word of the run.
  package func end(of span: Span) -> Double {
    span.outcome == nil ? max(seconds, span.began) : span.ended
  }
}
