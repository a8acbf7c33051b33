package import ObjectStore
package import TaskGraph

/// Where the attempts of a run are made: worker processes of this machine, or jobs of a farm.
///
/// The run decides what is tried and when, and believes nothing but the store. An executor brings workers to life, tells what
/// becomes of them in the words of `WorkerReport`, and ends those that it is told to end.
package protocol Executor: Sendable {
  /// How many attempts it has in hand at most.
  var places: Int { get }
  /// Whether an attempt may be several small tasks; a farm that starts a process for each attempt joins them itself.
  var takesBatches: Bool { get }
  /// Whether the run has to judge workers by what it hears of them; a farm looks after its own.
  var isWatchedByRun: Bool { get }
  /// How long after a request to stop whoever is left is killed.
  var stopLimit: Duration { get }

  /// What the attempts of a run may occupy together, as far as we do the counting.
  func capacity(tokens: [String: Int]) -> ResourceCapacity

  /// Does what `starts` asks for, and returns when that has ended and every life is over.
  func work(on starts: AsyncStream<WorkerStart>, for run: ExecutorRun) async

  /// SIGTERM asks a living worker to stop, SIGKILL ends it. Nothing happens when it does not live.
  func send(_ signal: Int32, toLife life: Int)

  /// What a worker and its children may use together from now on, in bytes.
  func setMemoryLimit(_ bytes: Int64, ofLife life: Int)

  /// What attempts in its hands wait for, besides what the run itself waits for.
  var waits: [WaitingCount] { get }

  /// Where a person reads what the worker of a life wrote; nil for the log file that the run keeps of the place.
  func logPath(ofLife life: Int) -> String?

  /// Of the attempts of earlier coordinators those that may still be in work, here or elsewhere.
  ///
  /// - Throws: `EngineError` when that cannot be found out.
  func survivors(
    of attempts: [FormerAttempt], in production: Production, within limit: Duration
  ) async throws -> Set<String>

  /// Ends surviving attempts that no task of a plan has to do with.
  func abandon(_ attempts: Set<String>)
}

extension Executor {
  package var waits: [WaitingCount] { [] }
  package func logPath(ofLife life: Int) -> String? { nil }
  package func abandon(_ attempts: Set<String>) {}
}

/// An attempt that an earlier coordinator has opened and not closed.
package struct FormerAttempt: Hashable, Sendable {
  package var id: String
  package var run: String
  /// Keys of the results it may publish.
  package var keys: [TaskKey]

  package init(id: String, run: String, keys: [TaskKey]) {
    self.id = id
    self.run = run
    self.keys = keys
  }
}

/// The run that an executor works for.
package struct ExecutorRun: Sendable {
  package var folder: RunFolder
  package var plan: Plan
  package var workerLogPath: @Sendable (_ slot: Int) -> String
  /// How long a task takes by the record, in seconds; nil when nothing is on record.
  package var estimate: @Sendable (TaskNode) -> Double?
}

/// Asks for a worker in one of the places of a run.
package struct WorkerStart: Sendable {
  package var slot: Int
  /// A number never used before in this run.
  package var life: Int
  /// What it does first; its task file is the first of `lines`.
  package var attempt: AttemptFolder
  /// Index of the attempt's task in the plan.
  package var task: Int
  /// Whether an earlier coordinator gave the attempt out, and it is only waited for.
  package var isFormer: Bool
  /// Task files, one at a time; their end lets the worker go.
  package var lines: AsyncStream<String>
  /// Called in order, from any thread.
  package var report: @Sendable (WorkerReport) -> Void
}
