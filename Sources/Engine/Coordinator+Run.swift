package import Diagnostics
import Ledger
import ObjectStore
package import TaskGraph

/// What a run works with: handles only, shared by the engine.
struct RunSurroundings {
  /// ULID of the run.
  let run = ULID.next().description
  var production: Production
  var configuration: EngineConfiguration
  var store: ObjectStore
  var ledger: Ledger
  var observer: any RunObserver
  var clock: EngineClock
  var control: RunControl
  var signals: WorkerSignals
  var options = RunOptions()

  var capacity: ResourceCapacity {
    ResourceCapacity(
      cores: configuration.workers, memoryBytes: configuration.memoryBytes, tokens: options.tokens)
  }

  var folder: String { folderOfRun.path }
  var folderOfRun: RunFolder { RunFolder(run, in: production) }

  func workerLogPath(_ slot: Int) -> String { folderOfRun.workerLogPath(slot + 1) }

  /// Where to read what a worker wrote, for people.
  func logRemedy(_ slot: Int) -> String { "See \(production.fileSystem.relative(workerLogPath(slot)))." }
}

extension Coordinator {
  /// Runs what the plan asks for and returns when nothing of it runs any more.
  ///
  /// A failed task stops only what waits for it, unless `options` ask for more. Cancelling the calling task is one
  /// `cancel()`. An empty plan leaves no trace.
  /// - Parameter coordinatorTask: does a node whose place is `.coordinator` and commits its result.
  /// - Throws: before anything starts `resources.neverFits` for tasks that ask for more than there is; what stops the
  ///   run as a whole, after every worker is gone: `EngineError`, errors of ledger and store.
  package func run(
    _ plan: Plan, options: RunOptions = RunOptions(),
    coordinatorTask: @escaping @Sendable (TaskNode) async throws -> Void
  ) async throws -> RunOutcome {
    guard !plan.isEmpty else { return RunOutcome() }
    // A cancelled task cannot wait, and a run has to wait for its workers' last words. So the run is a task of its
    // own that is awaited right here, and cancellation reaches it as a request.
    let running = Task { try await drive(plan, options, coordinatorTask) }
    return try await withTaskCancellationHandler {
      try await running.value
    } onCancel: {
      cancel()
    }
  }

  /// Whether every task of a plan can run here some day; one that cannot would wait for ever.
  ///
  /// - Throws: `resources.neverFits` for each need that there is not enough for.
  package nonisolated func refuseMisfits(of plan: Plan, tokens: [String: Int]) throws(DiagnosticList) {
    let capacity = ResourceCapacity(
      cores: configuration.workers, memoryBytes: configuration.memoryBytes, tokens: tokens)
    let misfits = capacity.misfits(in: plan.nodes)
    guard misfits.isEmpty else { throw DiagnosticList(misfits) }
  }

  private func drive(
    _ plan: Plan, _ options: RunOptions,
    _ coordinatorTask: @escaping @Sendable (TaskNode) async throws -> Void
  ) async throws -> RunOutcome {
    precondition(session == nil, "an engine does one run at a time")
    let surroundings = RunSurroundings(
      production: production, configuration: configuration, store: store, ledger: ledger, observer: observer,
      clock: clock, control: control, signals: WorkerSignals(), options: options)
    try refuseMisfits(of: plan, tokens: options.tokens)
    claim?.note(run: surroundings.run)
    session = try RunSession(plan, in: surroundings)
    defer { session = nil }
    let (inputs, inbox) = AsyncStream<RunInput>.makeStream()
    control.onRequest { inbox.yield(.cancel) }
    defer { control.onRequest(nil) }
    let begun = try begin()
    await withTaskGroup(of: Void.self) { group in
      let tick = configuration.tick
      group.addTask {
        while (try? await Task.sleep(for: tick)) != nil { inbox.yield(.tick) }
      }
      for command in begun { start(command, surroundings, plan, coordinatorTask, inbox, &group) }
      for await input in inputs {
        let step = receive(input)
        for command in step.commands { start(command, surroundings, plan, coordinatorTask, inbox, &group) }
        if step.isOver { break }
      }
      group.cancelAll()
    }
    if let error = session?.fatalError {
      // What was made is known from the store all the same.
      try? session?.record()
      throw error
    }
    return try session?.finish() ?? RunOutcome()
  }

  private func begin() throws -> [RunCommand] {
    do {
      return try session?.begin() ?? []
    } catch {
      session?.abort(error)
      return []
    }
  }

  private func receive(_ input: RunInput) -> (commands: [RunCommand], isOver: Bool) {
    do {
      if let lost = claim?.loss { throw lost }
      let commands = try session?.receive(input) ?? []
      return (commands, session?.isOver ?? true)
    } catch {
      session?.abort(error)
      return ([], session?.isOver ?? true)
    }
  }

  private nonisolated func start(
    _ command: RunCommand, _ surroundings: RunSurroundings, _ plan: Plan,
    _ coordinatorTask: @escaping @Sendable (TaskNode) async throws -> Void,
    _ inbox: AsyncStream<RunInput>.Continuation, _ group: inout TaskGroup<Void>
  ) {
    switch command {
    case .startWorker(let slot, let life, let lines):
      group.addTask {
        await runWorker(
          surroundings.program(forLife: life, of: plan), life: life, lines: lines,
          workingDirectory: surroundings.production.root, logPath: surroundings.workerLogPath(slot),
          limits: surroundings.configuration.containment, signals: surroundings.signals
        ) { inbox.yield(.worker(slot: slot, life: life, $0)) }
      }
    case .startCoordinatorTask(let task):
      let node = plan.nodes[task]
      group.addTask {
        inbox.yield(.coordinatorTaskEnded(task, await CoordinatorTaskEnd(of: node, coordinatorTask)))
      }
    }
  }
}

extension CoordinatorTaskEnd {
  /// Does the task and sorts what it throws.
  @concurrent
  fileprivate init(of node: TaskNode, _ body: @Sendable (TaskNode) async throws -> Void) async {
    do {
      try await body(node)
      self = .finished
    } catch is CancellationError {
      self = .cancelled
    } catch let list as DiagnosticList {
      self = .failed(list.diagnostics.failureClass, list.diagnostics, exit: list.exitCode)
    } catch let diagnostic as Diagnostic {
      self = .failed([diagnostic].failureClass, [diagnostic], exit: diagnostic.family.rawValue)
    } catch {
      let diagnostic = Diagnostic(family: .failed, code: "task.broken", message: "\(error)")
      self = .failed(.infrastructure, [diagnostic], exit: diagnostic.family.rawValue)
    }
  }
}

extension [Diagnostic] {
  /// Faults of disks and of the database may go away; everything else is about the user's material.
  fileprivate var failureClass: WorkerEvent.FailureClass {
    contains { $0.code.hasPrefix("storage.") || $0.code.hasPrefix("ledger.") } ? .infrastructure : .user
  }
}
