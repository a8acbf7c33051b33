import Diagnostics
import Engine
import Foundation
import Glibc
import ObjectStore
import TaskGraph

/// The batch program of a job: has its attempts done by workers, watches them, leaves a record of every end, and sees to it that
/// nothing of them is left.
///
/// A job is given a list of attempts, a pilot more while it runs. The worker is the one of the local pool, and as there it
/// finishes its current segment when this process dies.
package struct JobAttendant {
  /// What reaches it.
  private enum Input: Sendable {
    case worker(place: Int, life: Int, WorkerReport)
    case signal(Int32)
    case tick
  }

  private struct Work {
    var order: SlurmOrder
    var began: ContinuousClock.Instant
    var progressed: ContinuousClock.Instant?
    var frames: Int?
  }

  private struct Place {
    var life = 0
    var lines: AsyncStream<String>.Continuation?
    /// Whether this process was ever ready.
    var saidReady = false
    /// Whether it waits for a task.
    var isReady = false
    var work: Work?
    var heard = ContinuousClock.now
    var fault: WorkerFault?
  }

  private let folder: SlurmFolder
  private let task: SlurmFolder.Work
  private let element: Int
  private let limits: ContainmentLimits
  private let signals = WorkerSignals()
  private var places: [Place]
  private var todo: [SlurmOrder]
  private var freeCores: Int
  private var fedBytes = 0
  private var isFedUp: Bool
  private var idleSince = ContinuousClock.now
  private var lives = 0
  private var living = 0
  private var failedStarts = 0
  private var stopAt: ContinuousClock.Instant?
  private var wasWarned = false
  private var killAt: ContinuousClock.Instant?
  private var letter: JobLetter
  private var stillAlive: [String] = []

  /// Signals that end the work early: Slurm's warning, and its order.
  package static let warning = SIGUSR1
  /// Slurm sends SIGTERM to every process of the job; a worker that hears it twice stops less cleanly.
  private static let politeness: Duration = .seconds(2)
  /// Slurm kills 30 seconds after SIGTERM.
  private static let mostStopping: Duration = .seconds(22)

  /// - Returns: nil when the submission was withdrawn: there is nothing to do.
  package init?(folder path: String, element: Int) throws {
    let number = FileSystem.lastName(of: path)
    let slurm = FileSystem.parent(of: path)
    let runPath = FileSystem.parent(of: slurm)
    let runs = FileSystem.parent(of: runPath)
    guard let number = Int(number), FileSystem.lastName(of: runs) == "runs",
      let production = Production.nearest(from: FileSystem.parent(of: FileSystem.parent(of: runs))),
      production.runsFolder == runs
    else {
      throw Diagnostic(
        family: .usage, code: "job.folder", message: "\(path) is not the folder of a submission",
        remedy: "Jobs of `interlock run --executor slurm` start this command by themselves.")
    }
    folder = SlurmFolder(RunFolder(FileSystem.lastName(of: runPath), in: production))
    guard let task = folder.work(of: number), task.elements.indices.contains(element) else { return nil }
    self.task = task
    self.element = element
    var limits = ContainmentLimits()
    if let most = task.memoryLimit { limits.memoryBytes = most }
    self.limits = limits
    todo = task.elements[element]
    isFedUp = !task.isPilot
    places = Array(repeating: Place(), count: max(1, task.width))
    freeCores = max(1, task.width)
    letter = JobLetter(submission: number, element: element)
  }

  // MARK: Life

  /// - Parameter stops: signals that this process receives.
  /// - Returns: the exit code of the job: 0 unless it was told to stop; an end in time for the limit is none that failed.
  package mutating func run(stops: AsyncStream<Int32>) async -> Int32 {
    let (inputs, inbox) = AsyncStream<Input>.makeStream()
    let pause: Duration = task.isPilot ? .milliseconds(4) : .milliseconds(250)
    await withDiscardingTaskGroup { group in
      group.addTask {
        for await signal in stops { inbox.yield(.signal(signal)) }
      }
      group.addTask {
        while (try? await Task.sleep(for: pause)) != nil { inbox.yield(.tick) }
      }
      advance(inbox, &group)
      for await input in inputs {
        receive(input)
        advance(inbox, &group)
        if isOver { break }
      }
      group.cancelAll()
    }
    post()
    // Standard output is the job's log.
    for process in stillAlive { print("a process was killed and does not end: \(process)") }
    return stopAt == nil || wasWarned ? 0 : 143
  }

  private var isOver: Bool {
    let isDone = todo.isEmpty && isFedUp && places.allSatisfy { $0.work == nil }
    return (isDone || stopAt != nil) && living == 0
  }

  private mutating func receive(_ input: Input) {
    switch input {
    case .worker(let place, let life, let report):
      guard places[place].life == life else { break }
      receive(report, place)
    case .signal(let number): stop(number)
    case .tick: look()
    }
  }

  private mutating func receive(_ report: WorkerReport, _ place: Int) {
    switch report {
    case .said(let event):
      places[place].heard = .now
      said(event, place)
    case .ended(let end, let remains): ended(end, remains, place)
    case .accompanied, .placed, .refused: break
    case .started, .babbled, .noisy: places[place].heard = .now
    }
  }

  private mutating func said(_ event: WorkerEvent, _ place: Int) {
    switch event.event {
    case .ready:
      places[place].isReady = true
      places[place].saidReady = true
      failedStarts = 0
    case .alive: break
    case .progress:
      guard event.frames != places[place].work?.frames else { break }
      places[place].work?.frames = event.frames
      places[place].work?.progressed = .now
    case .began, .committed: places[place].work?.progressed = .now
    case .finished, .failed:
      guard let work = places[place].work, event.attempt == work.order.attempt else { break }
      places[place].isReady = false
      record(ExitRecord(event, attempt: work.order.attempt, seconds: seconds(since: work.began)), place)
    }
  }

  private func seconds(since began: ContinuousClock.Instant) -> Double {
    (ContinuousClock.now - began).seconds
  }

  private mutating func record(_ record: ExitRecord, _ place: Int) {
    guard let work = places[place].work else { return }
    var record = record
    record.key = record.key ?? work.order.key
    record.leave(in: folder.run.production)
    letter.ended.append(record)
    freeCores += cores(of: work.order)
    places[place].work = nil
    idleSince = .now
  }

  /// Its worker is gone: reaped, with all that came of it.
  private mutating func ended(_ end: WorkerEnd, _ remains: WorkerRemains, _ place: Int) {
    living -= 1
    stillAlive += remains.alive.map { "\($0)" }
    let fault =
      remains.memory.map { WorkerFault.memory(used: $0.used, limit: $0.limit) } ?? places[place].fault
    if !places[place].saidReady, stopAt == nil, fault == nil { failedStarts += 1 }
    places[place].lines?.finish()
    places[place].lines = nil
    places[place].isReady = false
    places[place].fault = nil
    guard let work = places[place].work else { return }
    var exit = ExitRecord(attempt: work.order.attempt, exit: 1)
    exit.seconds = seconds(since: work.began)
    if let fault, fault.isOfTheTask {
      exit.exit = fault.exit
      exit.failure = .application
      exit.diagnostics = [
        Diagnostic(
          family: .failed, code: fault.code, message: "the worker was killed because \(fault.message)",
          remedy: fault.remedy)
      ]
    } else if stopAt != nil {
      exit.exit = 143
      exit.failure = .cancelled
    } else {
      switch end {
      case .exited(let code): exit.loss = ExitRecord.Loss(code: code)
      case .signalled(let signal): exit.loss = ExitRecord.Loss(signal: fault == nil ? signal : SIGABRT)
      case .notStarted(let reason): exit.loss = ExitRecord.Loss(reason: reason)
      }
    }
    record(exit, place)
  }

  // MARK: Giving out

  private mutating func advance(_ inbox: AsyncStream<Input>.Continuation, _ group: inout DiscardingTaskGroup)
  {
    if stopAt == nil {
      fetch()
      giveOut(inbox, &group)
      if task.isPilot, todo.isEmpty, places.allSatisfy({ $0.work == nil }),
        ContinuousClock.now - idleSince > .seconds(task.idle)
      {
        isFedUp = true
      }
    }
    if todo.isEmpty, isFedUp || stopAt != nil {
      for place in places.indices where places[place].work == nil { places[place].lines?.finish() }
    }
    post()
  }

  private mutating func fetch() {
    guard !isFedUp else { return }
    let more = folder.fed(task.number, after: fedBytes)
    fedBytes = more.offset
    todo += more.orders
    if more.isOver { isFedUp = true }
    if !more.orders.isEmpty { idleSince = .now }
  }

  private func cores(of order: SlurmOrder) -> Int { min(max(1, order.needs.cores), max(1, task.width)) }

  private mutating func giveOut(_ inbox: AsyncStream<Input>.Continuation, _ group: inout DiscardingTaskGroup)
  {
    while let next = todo.first, freeCores >= cores(of: next) || task.width == 1,
      let place = places.firstIndex(where: { $0.work == nil && $0.isReady })
        ?? places.firstIndex(where: { $0.work == nil && $0.lines == nil })
    {
      guard !folder.isWithdrawn(task.number) else {
        (todo, isFedUp) = ([], true)
        return
      }
      todo.removeFirst()
      // An element that was put back into the queue, or submitted twice, does nothing again.
      if let record = ExitRecord.left(by: next.attempt, in: folder.run.production), record.exit == 0 {
        letter.ended.append(record)
        continue
      }
      guard let attempt = AttemptFolder.open(id: next.attempt, in: folder.run.production) else { continue }
      guard failedStarts < 3 else {
        var record = ExitRecord(attempt: next.attempt, key: next.key, exit: 1)
        record.loss = ExitRecord.Loss(
          reason: "the worker program ended before it was ready, three times in a row")
        record.leave(in: folder.run.production)
        letter.ended.append(record)
        continue
      }
      freeCores -= cores(of: next)
      if places[place].lines == nil { start(place, inbox, &group) }
      places[place].isReady = false
      places[place].work = Work(order: next, began: .now)
      places[place].heard = .now
      let limit = task.memoryLimit ?? limits.memoryLimit(of: next.needs)
      signals.setMemoryLimit(limit, ofLife: places[place].life)
      places[place].lines?.yield(attempt.taskFilePath)
    }
  }

  private mutating func start(
    _ place: Int, _ inbox: AsyncStream<Input>.Continuation, _ group: inout DiscardingTaskGroup
  ) {
    lives += 1
    living += 1
    let life = lives
    let (lines, continuation) = AsyncStream<String>.makeStream()
    places[place].life = life
    places[place].lines = continuation
    places[place].saidReady = false
    // Not the mark of a local worker: a coordinator on this machine must not take it for a stray of a dead run.
    let mark = "slurm.\(task.run).\(task.number).\(element).\(life)"
    let program = WorkerProgram(executable: task.worker, extraEnvironment: environment)
      .marked(
        mark, addressSpace: limits.addressSpace(for: [places[place].work?.order.needs].compactMap(\.self)))
    let root = folder.run.production.root
    let log = "\(folder.folder(of: task.number))/worker-\(element)-\(place).log"
    group.addTask { [limits, signals] in
      await runWorker(
        program, life: life, lines: lines, workingDirectory: root, logPath: log, limits: limits,
        signals: signals
      ) { inbox.yield(.worker(place: place, life: life, $0)) }
    }
  }

  /// Variables of the workers: what the submission says, and where a module or an image has put the libraries. That these
  /// are the right ones the tasks themselves say.
  private var environment: [String: String] {
    let ours = ProcessInfo.processInfo.environment.filter { $0.key == "LD_LIBRARY_PATH" }
    return ours.merging(task.environment) { $1 }
  }

  /// Tells the coordinator what has ended. It finds the records, should this get lost.
  private mutating func post() {
    guard !letter.ended.isEmpty else { return }
    try? folder.send(letter)
    letter = JobLetter(submission: task.number, element: element)
  }

  // MARK: Limits

  private mutating func stop(_ signal: Int32) {
    let now = ContinuousClock.now
    guard stopAt == nil else {
      if signal != Self.warning { killAt = now }
      return
    }
    wasWarned = signal == Self.warning
    stopAt = wasWarned ? now : now + Self.politeness
    killAt = now + Self.mostStopping
    todo = []
  }

  private mutating func look() {
    let now = ContinuousClock.now
    if let stopAt, now >= stopAt {
      // Asked once: the time then lies far away.
      for place in places where place.lines != nil { signals.send(SIGTERM, toLife: place.life) }
      self.stopAt = now + .seconds(3600)
    }
    if let killAt, now >= killAt {
      for place in places where place.lines != nil { signals.send(SIGKILL, toLife: place.life) }
    }
    for place in places.indices where places[place].fault == nil {
      guard let work = places[place].work, let fault = fault(of: work, heard: places[place].heard, now) else {
        continue
      }
      places[place].fault = fault
      signals.send(SIGKILL, toLife: places[place].life)
    }
  }

  private func fault(
    of work: Work, heard: ContinuousClock.Instant, _ now: ContinuousClock.Instant
  ) -> WorkerFault? {
    let silence = now - heard
    if silence > .seconds(task.silence) { return .silent(silence) }
    if let seconds = work.order.needs.timeout {
      return now - work.began > .seconds(seconds) ? .overdue(seconds: seconds) : nil
    }
    let stall = now - (work.progressed ?? work.began)
    let most = Duration.seconds(task.stall) * (work.progressed == nil ? 4 : 1)
    return stall > most ? .stalled(stall, heard: silence) : nil
  }
}
