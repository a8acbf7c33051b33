import Diagnostics
import Engine
import Glibc
import ObjectStore
import Synchronization
import TaskGraph

/// Carries out what the queue decides: calls Slurm, writes and reads files, tells the run.
actor SlurmDesk {
  private let executor = BlockingExecutor(label: "interlock.slurm")
  private let configuration: SlurmConfiguration
  private let client: SlurmClient
  private let inbox: SlurmInbox
  private let origin = ContinuousClock.now
  private var queue: SlurmQueue
  private var reports: [Int: @Sendable (WorkerReport) -> Void] = [:]
  private var production: Production?
  /// Of this run and of earlier ones whose jobs are still in work.
  private var folders: [String: SlurmFolder] = [:]
  private var run: ExecutorRun?
  /// What a container has to see besides the production.
  private var mediaFolders: [String] = []
  private var prefersText = false
  private var isShared = false
  private var knowsLongestArray = false
  private var nextMail: Duration = .zero
  /// Records of success whose results cannot be seen from here yet, and since when.
  private var unseen: [(record: ExitRecord, since: Duration)] = []
  private var nextWaits: Duration = .zero

  init(_ configuration: SlurmConfiguration, _ inbox: SlurmInbox) {
    self.configuration = configuration
    self.inbox = inbox
    client = SlurmClient(configuration.tools)
    queue = SlurmQueue(
      run: "", profile: configuration.profile, patience: configuration.patience,
      pilotCores: configuration.pilotCores)
  }

  // The executor lives as long as the actor, which holds it.
  nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

  var calls: SlurmQueue.Calls { queue.calls }

  private var now: Duration { ContinuousClock.now - origin }

  // MARK: A run

  func work(on starts: AsyncStream<WorkerStart>, for run: ExecutorRun) async {
    let (events, continuation) = AsyncStream<SlurmEvent>.makeStream()
    open(run)
    if !knowsLongestArray, let longest = await client.longestArray() {
      queue.longestArray = min(longest, 10_000)
      queue.knownLicences = await client.licences()
      knowsLongestArray = true
    }
    inbox.open(continuation)
    let pace = Pace()
    await withDiscardingTaskGroup { group in
      group.addTask {
        for await start in starts { continuation.yield(await self.event(for: start)) }
        continuation.yield(.closing)
      }
      group.addTask {
        while (try? await Task.sleep(for: pace.pause)) != nil { continuation.yield(.tick) }
      }
      for await event in events {
        if case .tick = event { takeMail(continuation) }
        for effect in queue.apply(event, at: now) { perform(effect, continuation, &group) }
        pace.isFast = queue.pilot != nil && queue.openCount > 0
        noteWaits()
        if queue.isClosing, !queue.isBusy { break }
      }
      group.cancelAll()
    }
    inbox.close()
    reports = [:]
  }

  private func open(_ run: ExecutorRun) {
    self.run = run
    let production = run.folder.production
    self.production = production
    isShared = production.fileSystem.storage(at: production.interlockFolder).isShared
    var patience = configuration.patience
    if isShared { patience.record = max(patience.record, .seconds(60)) }
    queue = queue.next(run: run.folder.id, patience: patience)
    folders = folders.filter { queue.runs.contains($0.key) }
    folders[run.folder.id] = SlurmFolder(run.folder)
    mediaFolders = configuration.profile.container == nil ? [] : MediaFolders.read(by: run.plan.nodes)
  }

  private func event(for start: WorkerStart) -> SlurmEvent {
    reports[start.life] = start.report
    if start.isFormer { return .join(attempt: start.attempt.id, life: start.life) }
    guard let run else { preconditionFailure("a start belongs to a run") }
    let node = run.plan.nodes[start.task]
    return .order(
      SlurmOrder(
        attempt: start.attempt.id, key: node.key, label: node.label, kind: node.kind, frames: node.frames,
        needs: node.needs,
        estimate: run.estimate(node)),
      life: start.life)
  }

  // MARK: Effects

  private func perform(
    _ effect: SlurmEffect, _ inbox: AsyncStream<SlurmEvent>.Continuation, _ group: inout DiscardingTaskGroup
  ) {
    let client = client
    switch effect {
    case .submit(let submission):
      do {
        let arguments = try prepare(submission)
        group.addTask { inbox.yield(.submitted(submission.id, await client.submit(arguments))) }
      } catch {
        inbox.yield(.submitted(submission.id, .notNow("\(error)")))
      }
    case .feed(let id, let orders): try? folders[id.run]?.feed(orders, to: id.number)
    case .release(let id): try? folders[id.run]?.release(id.number)
    case .withdraw(let id): try? folders[id.run]?.withdraw(id.number)
    case .list(let runs):
      let asked = now
      let prefersText = prefersText
      group.addTask {
        var isText = prefersText
        let rows = await client.list(runs: runs, prefersText: &isText)
        await self.prefer(text: isText)
        inbox.yield(.listed(rows, asked: asked))
      }
    case .confirm(let element, let id):
      group.addTask { inbox.yield(.confirmed(element, await client.state(of: id))) }
    case .cancel(let ids):
      group.addTask { await client.cancel(ids) }
    case .look(let attempts):
      for attempt in attempts { look(attempt, inbox) }
    case .report(let life, let report):
      note(report, life)
      reports[life]?(report)
      if case .ended = report { reports[life] = nil }
    }
  }

  private func prefer(text: Bool) { prefersText = text }

  private func prepare(_ submission: SlurmSubmission) throws -> [String] {
    guard let folder = folders[submission.id.run] else { preconditionFailure("a run has a folder") }
    try folder.create()
    let profile = configuration.profile
    try folder.write(
      SlurmFolder.Work(
        run: submission.id.run, number: submission.id.number, worker: configuration.worker,
        elements: submission.elements, width: submission.isPilot ? submission.shape.cores : 1,
        memoryLimit: submission.shape.memory.map { Int64($0) << 20 }, isPilot: submission.isPilot,
        environment: configuration.environment, silence: configuration.silenceLimit.seconds,
        stall: configuration.containment.stall.seconds, idle: configuration.idle.seconds))
    let path = folder.folder(of: submission.id.number)
    let root = folder.run.production.root
    return profile.arguments(for: submission, folder: path, root: root)
      + [folder.scriptPath, "\(profile.modules.count)", configuration.program, path] + profile.modules
      + profile.launcher(seeing: [root] + mediaFolders)
  }

  private func note(_ report: WorkerReport, _ life: Int) {
    guard case .placed = report, let element = queue.element(ofLife: life) else { return }
    let folder = folders[element.submission.run]?.folder(of: element.submission.number)
    if let folder { inbox.note(log: "\(folder)/\(element.index).log", ofLife: life) }
  }

  private func look(_ attempt: String, _ inbox: AsyncStream<SlurmEvent>.Continuation) {
    guard let production else { return }
    if let record = ExitRecord.left(by: attempt, in: production) { return believe(record, inbox) }
    let folder = AttemptFolder.open(id: attempt, in: production)
    let hasBegun = folder.map { production.fileSystem.exists($0.lockPath) } ?? false
    inbox.yield(
      .unrecorded(attempt: attempt, hasBegun: hasBegun, words: hasBegun ? nil : lastWords(ofJobOf: attempt)))
  }

  /// The last line of the log of an attempt's job.
  private func lastWords(ofJobOf attempt: String) -> String? {
    guard let production, let element = queue.items[attempt]?.element,
      let folder = folders[element.submission.run]?.folder(of: element.submission.number),
      let log = try? production.fileSystem.read("\(folder)/\(element.index).log")
    else { return nil }
    let lines = String(decoding: log.bytes.suffix(4096), as: UTF8.self).split(whereSeparator: \.isNewline)
    return lines.last.map { String($0.prefix(300)) }
  }

  // MARK: Mail

  private func takeMail(_ inbox: AsyncStream<SlurmEvent>.Continuation) {
    guard now >= nextMail, queue.openCount > 0 else { return }
    nextMail = now + (isShared ? .seconds(1) : .milliseconds(queue.pilot == nil ? 80 : 2))
    for folder in folders.values {
      for letter in (try? folder.takeLetters(isShared: isShared)) ?? [] {
        for record in letter.ended { believe(record, inbox) }
      }
    }
    let waiting = unseen
    unseen = []
    for (record, since) in waiting { believe(record, since: since, inbox) }
  }

  /// Success is a result that can be seen: on shared storage it may take a while until it can.
  private func believe(
    _ record: ExitRecord, since: Duration? = nil, _ inbox: AsyncStream<SlurmEvent>.Continuation
  ) {
    if isShared, record.exit == 0, let key = record.key, let production,
      !ObjectStore(production).hasResult(key)
    {
      let since = since ?? now
      if now - since < .seconds(60) {
        if !unseen.contains(where: { $0.record.attempt == record.attempt }) { unseen.append((record, since)) }
        return
      }
    }
    inbox.yield(.ended(record))
  }

  private func noteWaits() {
    guard now >= nextWaits else { return }
    nextWaits = now + .seconds(1)
    inbox.waits = queue.waits
  }

  // MARK: What earlier coordinators left

  func survivors(
    of attempts: [FormerAttempt], in production: Production, within limit: Duration
  ) async throws -> Set<String> {
    self.production = production
    let open = Set(attempts.map(\.id))
    var candidates: [SlurmSubmission] = []
    for run in Set(attempts.map(\.run)).sorted() {
      let folder = SlurmFolder(RunFolder(run, in: production))
      for number in (try? folder.submissions()) ?? [] {
        guard let work = folder.work(of: number) else { continue }
        let fed = work.isPilot ? folder.fed(number, after: 0).orders : []
        let elements = (work.isPilot ? [work.elements.flatMap(\.self) + fed] : work.elements).map { orders in
          orders.filter {
            open.contains($0.attempt) && ExitRecord.left(by: $0.attempt, in: production) == nil
          }
        }
        guard elements.contains(where: { !$0.isEmpty }) else { continue }
        folders[run] = folder
        candidates.append(
          SlurmSubmission(
            id: SubmissionID(run: run, number: number), shape: JobShape(cores: 1), elements: elements,
            isPilot: work.isPilot))
      }
    }
    guard !candidates.isEmpty else { return [] }
    let alive = try await living(candidates, within: limit)
    var survivors: Set<String> = []
    for var submission in candidates {
      let indices = alive[submission.id] ?? []
      for index in submission.elements.indices where !indices.contains(index) {
        submission.elements[index] = []
      }
      guard submission.elements.contains(where: { !$0.isEmpty }) else {
        // A call that was under way when its coordinator died comes to nothing.
        try? folders[submission.id.run]?.withdraw(submission.id.number)
        continue
      }
      _ = queue.apply(.former(submission), at: now)
      survivors.formUnion(submission.elements.joined().map(\.attempt))
    }
    return survivors
  }

  /// The elements that Slurm has in its queue; asked again when some are missing, as `sbatch` may have outlived its caller.
  private func living(
    _ candidates: [SlurmSubmission], within limit: Duration
  ) async throws -> [SubmissionID: Set<Int>] {
    let deadline = now + limit
    var alive: [SubmissionID: Set<Int>] = [:]
    var looks = 0
    while looks < 2 {
      var isText = prefersText
      let rows = await client.list(runs: Set(candidates.map(\.id.run)).sorted(), prefersText: &isText)
      prefersText = isText
      guard let rows else {
        guard now < deadline else {
          throw EngineError(
            code: .attemptStillRuns,
            message:
              "Slurm does not answer, and may still be at \(candidates.count) submissions of an earlier run",
            remedy: "See `scontrol ping`; run the command again when it answers.", exitCode: 75)
        }
        try await Task.sleep(for: .seconds(1))
        continue
      }
      looks += 1
      for row in rows {
        guard !row.state.isOver, let id = SubmissionID(comment: row.comment) else { continue }
        alive[id, default: []].insert(row.id.element ?? 0)
      }
      if candidates.allSatisfy({ alive[$0.id] != nil }) { break }
      if looks < 2 { try await Task.sleep(for: .seconds(1)) }
    }
    return alive
  }
}

/// How often the clock of the desk ticks.
private final class Pace: Sendable {
  private let fast = Atomic<Bool>(false)

  var isFast: Bool {
    get { fast.load(ordering: .relaxed) }
    set { fast.store(newValue, ordering: .relaxed) }
  }

  var pause: Duration { isFast ? .milliseconds(2) : .milliseconds(50) }
}

extension Duration {
  var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
