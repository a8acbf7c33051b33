package import Engine
import Glibc
package import ObjectStore
import Synchronization
import TaskGraph

/// How attempts are given to Slurm.
package struct SlurmConfiguration: Sendable {
  package var profile = SlurmProfile()
  package var tools: any SlurmTools
  /// This program, as jobs start it, and the one that opens media.
  package var program: String
  package var worker: String
  /// Variables that workers get.
  package var environment: [String: String] = [:]
  /// Cores of one allocation that takes short tasks; nil gives each its job.
  package var pilotCores: Int?
  package var patience = SlurmQueue.Patience()
  package var silenceLimit: Duration = .seconds(120)
  package var containment = ContainmentLimits()
  /// How long an idle pilot stays.
  package var idle: Duration = .seconds(60)

  package init(tools: any SlurmTools, program: String, worker: String) {
    self.tools = tools
    self.program = program
    self.worker = worker
  }
}

/// Gives attempts to Slurm as jobs.
package final class SlurmExecutor: Executor {
  package let places: Int
  /// Jobs of several attempts are made from what is with Slurm, by their recorded times.
  package let takesBatches = false
  package let isWatchedByRun = false
  /// Slurm asks, waits `KillWait` and kills; then it has to say so.
  package let stopLimit: Duration = .seconds(60)
  private let desk: SlurmDesk
  private let inbox = SlurmInbox()

  package init(_ configuration: SlurmConfiguration) {
    // A pilot is given enough ahead to be busy until it is given more.
    places = max(configuration.profile.jobs, (configuration.pilotCores ?? 0) * 64)
    desk = SlurmDesk(configuration, inbox)
  }

  /// Slurm counts cores, memory and licences of its own; what the pipeline file limits is counted here.
  package func capacity(tokens: [String: Int]) -> ResourceCapacity {
    var capacity = ResourceCapacity.unlimited
    capacity.tokens = tokens
    return capacity
  }

  package func work(on starts: AsyncStream<WorkerStart>, for run: ExecutorRun) async {
    await desk.work(on: starts, for: run)
  }

  package func send(_ signal: Int32, toLife life: Int) {
    inbox.send(.stop(life: life, isUrgent: signal == SIGKILL))
  }

  package func setMemoryLimit(_ bytes: Int64, ofLife life: Int) {}

  package var waits: [WaitingCount] { inbox.waits }

  package func logPath(ofLife life: Int) -> String? { inbox.logPath(ofLife: life) }

  package func survivors(
    of attempts: [FormerAttempt], in production: Production, within limit: Duration
  ) async throws -> Set<String> {
    try await desk.survivors(of: attempts, in: production, within: limit)
  }

  package func abandon(_ attempts: Set<String>) {
    if !attempts.isEmpty { inbox.send(.abandon(attempts)) }
  }

  /// What was asked of Slurm in the latest run.
  package func calls() async -> SlurmQueue.Calls { await desk.calls }
}

/// What threads of the run leave for the desk, and what they read of it.
final class SlurmInbox: Sendable {
  private struct State {
    var early: [SlurmEvent] = []
    var open: AsyncStream<SlurmEvent>.Continuation?
    var waits: [WaitingCount] = []
    var logs: [Int: String] = [:]
  }

  private let state = Mutex(State())

  func send(_ event: SlurmEvent) {
    state.withLock { state in
      if let open = state.open { open.yield(event) } else { state.early.append(event) }
    }
  }

  /// Events go there from here on; those of before come first.
  func open(_ continuation: AsyncStream<SlurmEvent>.Continuation) {
    state.withLock { state in
      for event in state.early { continuation.yield(event) }
      (state.early, state.open, state.logs) = ([], continuation, [:])
    }
  }

  func close() {
    state.withLock { state in
      (state.open, state.early) = (nil, [])
      state.waits = []
    }
  }

  var waits: [WaitingCount] {
    get { state.withLock { $0.waits } }
    set { state.withLock { $0.waits = newValue } }
  }

  func logPath(ofLife life: Int) -> String? { state.withLock { $0.logs[life] } }
  func note(log: String, ofLife life: Int) { state.withLock { $0.logs[life] = log } }
}
