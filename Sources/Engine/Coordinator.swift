import Glibc
package import Ledger
package import ObjectStore
package import TaskGraph

/// Runs plans on this machine: starts workers, believes only what is in the store, and takes up what an earlier
/// coordinator left behind.
///
/// One engine holds a production at a time. Everything that lasts is in result files; killing the
/// process at any instant loses nothing but unfinished frames.
package actor Coordinator {
  let executor: BlockingExecutor
  let production: Production
  let configuration: EngineConfiguration
  let observer: any RunObserver
  package nonisolated let store: ObjectStore
  package nonisolated let ledger: Ledger
  private(set) var claim: ProductionClaim?
  /// Who makes the attempts.
  nonisolated let workforce: any Executor
  /// Attempts of earlier coordinators that are still in work, as long as no run has seen their end.
  var former: [FormerAttempt] = []
  package var formerCount: Int { former.count }
  /// The run under way.
  var session: RunSession?
  let clock = EngineClock()
  nonisolated let control = RunControl()

  // The executor lives as long as the actor, which holds it.
  package nonisolated var unownedExecutor: UnownedSerialExecutor {
    unsafe executor.asUnownedSerialExecutor()
  }

  /// Takes the production's lock, opens its ledger and recovers attempts of earlier coordinators.
  ///
  /// An attempt whose worker lives is waited for (the worker stops after its current segment): what it makes
  /// is not made twice.
  /// - Throws: `EngineError.locked` when another coordinator works here, `.attemptStillRuns` when a worker of an earlier
  ///   one does not end in time, errors of the store and the ledger.
  @concurrent
  package static func open(
    production: Production, configuration: EngineConfiguration, observer: any RunObserver = SilentObserver()
  ) async throws -> Coordinator {
    // A worker that ended leaves a broken pipe, which is an error of one write and not our death.
    _ = signal(SIGPIPE, SIG_IGN)
    let claim = try await ProductionClaim.take(of: production, waiting: configuration.lockWait) { message in
      var event = RunEvent(.waitingForProduction, at: WallClock.now().iso8601)
      event.message = message
      observer.observe(event)
    }
    let engine = try await EngineOpening().open(production, configuration, observer, claim)
    try await engine.reconcile()
    return engine
  }

  fileprivate init(
    _ production: Production, _ configuration: EngineConfiguration, _ observer: any RunObserver,
    _ executor: BlockingExecutor, _ claim: ProductionClaim
  ) throws {
    self.executor = executor
    self.production = production
    self.configuration = configuration
    self.observer = observer
    self.claim = claim
    workforce = configuration.executor ?? WorkerPool(configuration)
    store = ObjectStore(production)
    ledger = try Ledger.open(production, isOwner: true)
  }

  /// Stops the run: once to let workers discard the unfinished frame and hand their tasks back (at most
  /// `stopLimit`), twice to kill them.
  package nonisolated func cancel() { control.cancel() }

  /// Lets another coordinator take over when the work is done or has failed.
  ///
  /// A process ends without waiting for its last references to go: then a lease stays behind on shared storage.
  package nonisolated func closing(_ work: () async throws -> Void) async throws {
    do {
      try await work()
    } catch {
      await close()
      throw error
    }
    await close()
  }

  /// Lets another coordinator take over; without it, that happens when the last reference goes.
  package func close() {
    precondition(session == nil, "an engine is closed between runs")
    claim = nil
  }
}

/// Makes engines on their own thread: a ledger that is built anew reads every result, and an actor's
/// initialiser runs where it is called.
private actor EngineOpening {
  private let executor = BlockingExecutor(label: "interlock.engine")

  nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

  func open(
    _ production: Production, _ configuration: EngineConfiguration, _ observer: any RunObserver,
    _ claim: ProductionClaim
  ) throws -> Coordinator {
    try Coordinator(production, configuration, observer, executor, claim)
  }
}

/// How an engine works; the defaults are for real runs, tests shorten the limits.
package struct EngineConfiguration: Sendable {
  package var worker: WorkerProgram
  /// Who makes the attempts; nil for `workers` processes of this machine.
  package var executor: (any Executor)?
  /// The libraries here, where an executor's workers are on other machines and may have others; nil otherwise.
  package var tools: ToolInventory?
  /// How many worker processes run at once, at least 1.
  package var workers: Int
  /// What the workers may use together; tasks wait until their estimate fits.
  package var memoryBytes = MachineResources.here().memoryBytes
  /// How many coordinator tasks, such as publishing, run at once.
  package var coordinatorTasks = 2
  package var retries = RetryPolicy()
  /// A worker that says nothing for so long hangs and is killed; workers report every ten seconds of work.
  package var silenceLimit: Duration = .seconds(120)
  package var containment = ContainmentLimits()
  /// From the request to stop until workers are killed.
  package var stopLimit: Duration = .seconds(25)
  /// How long opening waits for workers of an earlier coordinator.
  package var recoveryLimit: Duration = .seconds(60)
  /// How long opening waits while another coordinator works in the production.
  package var lockWait: Duration = .zero
  /// How often limits are checked, and events and results written out together.
  package var tick: Duration = .milliseconds(250)

  package init(worker: WorkerProgram, workers: Int) {
    self.worker = worker
    self.workers = max(1, workers)
  }
}

/// What stops an engine as a whole; failures of single tasks are in `RunOutcome`.
package struct EngineError: Error, Sendable, CustomStringConvertible {
  package enum Code: String, Sendable {
    case locked, leaseLost, attemptStillRuns, workerDoesNotStart
  }

  package var code: Code
  package var message: String
  package var remedy: String?
  /// 75 when trying again later can help, else 1.
  package var exitCode: Int

  package init(code: Code, message: String, remedy: String?, exitCode: Int) {
    self.code = code
    self.message = message
    self.remedy = remedy
    self.exitCode = exitCode
  }

  package var description: String { remedy.map { "\(message)\n  \($0)" } ?? message }
}

/// Time as a run sees it: a clock that only goes forward, and the time of day for people.
package struct EngineClock: Sendable {
  private let origin = ContinuousClock.now

  package init() {}

  /// Since the engine was made.
  var now: Duration { ContinuousClock.now - origin }

  var timeOfDay: String { WallClock.now().iso8601 }
}

extension Duration {
  var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
