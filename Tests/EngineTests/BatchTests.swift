import Diagnostics
import Digests
import Engine
import Foundation
import Glibc
import Ledger
import ObjectStore
import TaskGraph
import Testing

/// Small tasks that share attempts: everything holds for each of them that holds for a task of its own.
@Suite(.timeLimit(.minutes(30))) struct BatchTests {
  /// A production whose ledger knows that tasks take next to no time.
  private func harness() throws -> EngineHarness {
    let harness = try EngineHarness()
    let ledger = try Ledger.open(harness.production)
    try ledger.recordTiming(kind: "render", frames: 0, seconds: 0.001)
    try ledger.close()
    return harness
  }

  private func tasks(_ count: Int, _ name: String = "task") -> [TaskNode] {
    (0..<count).map { fake("\(name) \($0)") }
  }

  /// How the attempts at each task ended, by its label.
  private func endings(_ recorder: Recorder) -> [String: [AttemptEnding?]] {
    Dictionary(grouping: recorder.events.filter { $0.event == .attemptEnded }) { $0.label ?? "" }
      .mapValues { $0.map(\.outcome) }
  }

  private func checkClosed(_ harness: EngineHarness) throws {
    #expect(try Ledger.open(harness.production).openAttempts().isEmpty)
    #expect(harness.unfinished.isEmpty)
  }

  @Test func `small tasks share attempts, and each has its own record`() async throws {
    let harness = try harness()
    defer { harness.remove() }
    let nodes = tasks(60)
    let recorder = Recorder()
    let outcome = try await harness.run(nodes, observer: recorder)
    #expect(outcome.exitCode == 0)
    #expect(Set(outcome.done) == Set(nodes.map(\.key)))
    #expect(outcome.attempts < 20)
    #expect(harness.attempts.count == outcome.attempts)
    #expect(harness.made.sorted() == nodes.map(\.key.hex).sorted())
    for kind in [RunEvent.Kind.attemptStarted, .committed, .attemptEnded, .taskDone] {
      #expect(Set(recorder.events.filter { $0.event == kind }.compactMap(\.task)) == Set(nodes.map(\.key)))
      #expect(recorder.count(kind) == 60)
    }
    for event in recorder.events where event.event == .attemptEnded {
      #expect(
        event.attempt != nil && event.worker != nil && event.outcome == .done && event.cpuSeconds == 0.001)
    }
    #expect(try Ledger.open(harness.production).knownResults() == Set(nodes.map(\.key)))
    try checkClosed(harness)
  }

  @Test func `chains of small tasks keep their order`() async throws {
    let harness = try harness()
    defer { harness.remove() }
    var nodes = tasks(20)
    for step in 1...3 {
      nodes += (0..<20).map { number in
        fake(
          "step \(step) of \(number)",
          after: [step == 1 ? "task \(number)" : "step \(step - 1) of \(number)"])
      }
    }
    #expect(try await harness.run(nodes).exitCode == 0)
    let place = Dictionary(uniqueKeysWithValues: harness.made.enumerated().map { ($1, $0) })
    #expect(place.count == 80)
    for node in nodes {
      for dependency in node.dependencies {
        let (before, after) = (place[dependency.hex] ?? .max, place[node.key.hex] ?? .min)
        #expect(before < after)
      }
    }
  }

  @Test func `bad input in the middle concerns its task and what waits for it`() async throws {
    let harness = try harness()
    defer { harness.remove() }
    var nodes = tasks(30)
    nodes.insert(fake("bad", "fails", failure: "media", exit: 3), at: 10)
    nodes.append(fake("behind", after: ["bad"]))
    let recorder = Recorder()
    let outcome = try await harness.run(nodes, observer: recorder)
    #expect(outcome.done.count == 30)
    #expect(outcome.failures.map(\.label) == ["bad"])
    #expect(outcome.failures.first?.diagnostics.first?.message == "the file ends early")
    #expect(outcome.blocked == ["behind"])
    #expect(outcome.exitCode == 3)
    #expect(outcome.attempts < 15)
    let endings = endings(recorder)
    #expect(endings["bad"] == [.failed])
    #expect(endings.values.count { $0 == [.done] } == 30)
    try checkClosed(harness)
  }

  @Test func `a task that fails by itself is tried again alone, as often as any other`() async throws {
    let harness = try harness()
    defer { harness.remove() }
    let nodes = tasks(20) + [fake("moody", "fails", times: 2, failure: "application", exit: 1)]
    let recorder = Recorder()
    let outcome = try await harness.run(nodes, observer: recorder)
    #expect(outcome.exitCode == 0)
    #expect(endings(recorder)["moody"] == [.failed, .failed, .done])
    let attempts = recorder.events.filter { $0.event == .attemptStarted && $0.label == "moody" }
    for attempt in attempts.dropFirst() {
      #expect(recorder.events.count { $0.event == .attemptStarted && $0.attempt == attempt.attempt } == 1)
    }
  }

  @Test func `a fault of the disk ends the attempt and is held against nobody`() async throws {
    let harness = try harness()
    defer { harness.remove() }
    var nodes = tasks(30)
    nodes.insert(fake("unlucky", "fails", times: 1, failure: "infrastructure", exit: 75), at: 5)
    let recorder = Recorder()
    let outcome = try await harness.run(nodes, observer: recorder)
    #expect(outcome.exitCode == 0 && outcome.done.count == 31)
    #expect(recorder.count(.retrying) == 1)
    #expect(endings(recorder)["unlucky"] == [.failed, .done])
    #expect(harness.made.sorted() == nodes.map(\.key.hex).sorted())
  }

  @Test func `a task that brings its worker down is poison alone, and the others are not blamed`()
    async throws
  {
    let harness = try harness()
    defer { harness.remove() }
    var nodes = tasks(40)
    nodes.insert(fake("poison", "exits"), at: 13)
    let recorder = Recorder()
    let outcome = try await harness.run(nodes, observer: recorder)
    #expect(outcome.failures.map(\.label) == ["poison"])
    #expect(outcome.done.count == 40)
    #expect(outcome.lostAttempts == 3)
    let lost = recorder.events.filter { $0.event == .workerLost }
    #expect(lost.map(\.label) == ["poison", "poison", "poison"])
    #expect(recorder.count(.retrying) == 1, "only the culprit waits")
    #expect(harness.made.sorted() == nodes.filter { $0.label != "poison" }.map(\.key.hex).sorted())
    // The next run tries it once, by itself, though the record says that it is small.
    let again = Recorder()
    let second = try await harness.run([fake("poison", "exits")] + tasks(5, "more"), observer: again)
    #expect(second.failures.map(\.label) == ["poison"] && second.lostAttempts == 1)
    try checkClosed(harness)
  }

  @Test func `a worker killed in the middle loses what it has not published and nothing else`() async throws {
    let harness = try harness()
    defer { harness.remove() }
    var nodes = tasks(40)
    nodes.insert(fake("killed", "killed", times: 1), at: 11)
    let recorder = Recorder()
    let outcome = try await harness.run(nodes, observer: recorder)
    #expect(outcome.exitCode == 0 && outcome.done.count == 41)
    #expect(outcome.lostAttempts == 1)
    #expect(recorder.count(.retrying) == 0)
    #expect(harness.made.sorted() == nodes.map(\.key.hex).sorted())
    for (label, endings) in endings(recorder) { #expect(endings.last == .done, "\(label)") }
    try checkClosed(harness)
  }

  @Test(arguments: ["lies", "forgets"])
  func `a task without a result is not done because the others are`(misbehaviour: String) async throws {
    let harness = try harness()
    defer { harness.remove() }
    var nodes = tasks(10)
    nodes.insert(fake("liar", misbehaviour, times: 1), at: 3)
    let outcome = try await harness.run(nodes)
    #expect(outcome.exitCode == 0 && outcome.done.count == 11)
    #expect(outcome.lostAttempts == 1)
    #expect(harness.made.sorted() == nodes.map(\.key.hex).sorted())
  }

  @Test func `what a worker hands back because it took long is done by another attempt`() async throws {
    let harness = try harness()
    defer { harness.remove() }
    let nodes = [fake("slow", "slow", times: 9)] + tasks(30)
    let recorder = Recorder()
    let outcome = try await harness.run(
      nodes, configuration: harness.configured(workers: 1), observer: recorder)
    #expect(outcome.exitCode == 0 && outcome.done.count == 31)
    #expect(outcome.lostAttempts == 0 && recorder.count(.retrying) == 0)
    #expect(endings(recorder).values.allSatisfy { $0 == [.done] })
    try checkClosed(harness)
  }

  @Test func `a leak is blamed on the task at work`() async throws {
    let harness = try harness()
    defer { harness.remove() }
    var nodes = tasks(12)
    nodes.insert(fake("hungry", "leaks"), at: 6)
    let outcome = try await harness.run(
      nodes,
      configuration: harness.configured {
        $0.containment.memoryBytes = 200_000_000
        $0.containment.look = .milliseconds(100)
      })
    #expect(outcome.done.count == 12)
    #expect(outcome.failures.map(\.label) == ["hungry"] && outcome.exitCode == 33)
  }

  @Test func `a cancellation keeps what was done and hands the rest back`() async throws {
    let harness = try harness()
    defer { harness.remove() }
    let hold = try harness.holdFile()
    let nodes = tasks(5) + [fake("held", hold: hold)] + tasks(5, "later")
    Thread.detachNewThread {
      while !harness.lines(of: "made.txt").contains("holds") { usleep(10_000) }
      try? RunFolder.all(in: harness.production).first?.cancel(isNow: false)
    }
    let recorder = Recorder()
    let outcome = try await harness.run(
      nodes, configuration: harness.configured(workers: 1), observer: recorder)
    #expect(outcome.isCancelled && outcome.exitCode == 130)
    #expect(Set(outcome.done) == Set(tasks(5).map(\.key)))
    #expect(outcome.undone.sorted() == (["held"] + tasks(5, "later").map(\.label)).sorted())
    #expect(endings(recorder)["held"] == [.cancelled])
    #expect(endings(recorder)["later 0"] == nil)
    try checkClosed(harness)
  }

  @Test func `a coordinator and its worker killed in the middle lose only what was not published`()
    async throws
  {
    let harness = try harness()
    defer { harness.remove() }
    let folder = harness.folder
    let nodes = { (hold: String?) in
      (0..<20).map { fake("task \($0)") } + [fake("held", hold: hold)] + (20..<30).map { fake("task \($0)") }
    }
    await #expect(processExitsWith: .signal(SIGKILL)) { [folder = folder as String] in
      let harness = try EngineHarness(existing: folder)
      let hold = try harness.holdFile()
      let engine = try await Coordinator.open(
        production: harness.production, configuration: harness.configured(workers: 1))
      let tasks =
        (0..<20).map { fake("task \($0)") } + [fake("held", hold: hold)]
        + (20..<30).map { fake("task \($0)") }
      async let _ = engine.run(try Plan(tasks)) { _ in }
      while !harness.lines(of: "made.txt").contains("holds") { try await Task.sleep(for: .milliseconds(10)) }
      var workers: [Int32] = []
      while workers.isEmpty {
        workers = try RunFolder.all(in: harness.production).flatMap { try harness.workers(of: $0.id) }
        try await Task.sleep(for: .milliseconds(10))
      }
      for worker in workers { _ = kill(worker, SIGKILL) }
      _ = kill(getpid(), SIGKILL)
    }
    let early = harness.made.filter { $0 != "holds" }
    #expect(early.count == 16, "two groups of eight were published")
    let engine = try await Coordinator.open(
      production: harness.production, configuration: harness.configuration)
    // What was made is on record, though nobody had reported it.
    #expect(Set(try engine.ledger.knownResults().map(\.hex)) == Set(early))
    #expect(try engine.ledger.openAttempts().isEmpty)
    let missing = nodes(nil).filter { !engine.store.hasResult($0.key) }
    #expect(missing.count == 15)
    #expect(try await engine.run(try Plan(missing)) { _ in }.exitCode == 0)
    await engine.close()
    #expect(harness.made.filter { $0 != "holds" }.sorted() == nodes(nil).map(\.key.hex).sorted())
    try checkClosed(harness)
  }

  // MARK: Decisions

  private func scheduler(_ nodes: [TaskNode], workers: Int, seconds: Double? = 0.001) throws -> Scheduler {
    let timing = seconds.map { TimingEstimate(secondsPerTask: $0, secondsPerFrame: nil, sampleCount: 1) }
    var scheduler = Scheduler(
      try Plan(nodes), capacity: ResourceCapacity(cores: workers),
      timings: timing.map { ["render": $0] } ?? [:])
    for _ in 0..<workers { #expect(scheduler.apply(.opened(.worker)).isEmpty) }
    return scheduler
  }

  private func joined(_ effects: [SchedulerEffect]) -> [Int] {
    effects.compactMap { if case .join(let task, _) = $0 { task } else { nil } }
  }

  @Test func `a batch lasts half a second, and what takes long stays alone`() throws {
    let nodes = (0..<40).map { node("\($0)") }
    var small = try scheduler(nodes, workers: 1, seconds: 1.0 / 64)
    #expect(small.apply(.begin).count == 32, "32 times a 64th of a second")
    var large = try scheduler(nodes, workers: 1, seconds: 0.06)
    #expect(large.apply(.begin) == [.start(0, try: 1)])
    var tiny = try scheduler((0..<500).map { node("\($0)") }, workers: 1, seconds: 0)
    #expect(tiny.apply(.begin).count == 384)
  }

  @Test func `workers that begin together do not wait together for their next batches`() throws {
    var scheduler = try scheduler((0..<4000).map { node("\($0)") }, workers: 2, seconds: 0)
    let effects = scheduler.apply(.begin)
    var companies: [Int] = []
    for effect in effects {
      switch effect {
      case .start: companies.append(1)
      case .join: companies[companies.count - 1] += 1
      default: break
      }
    }
    #expect(companies == [384, 289], "of the second a hundred less")
  }

  @Test func `of tasks that nobody has timed the first shows how long they take`() throws {
    var scheduler = try scheduler((0..<40).map { node("\($0)") }, workers: 1, seconds: nil)
    #expect(scheduler.apply(.begin) == [.start(0, try: 1)])
    #expect(scheduler.apply([.took(0, seconds: 0.05), .finished(0, try: 1)]) == [.settled(0, .done)])
    #expect(joined(scheduler.apply(.opened(.worker))).count == 9)
  }

  @Test func `every place gets its share, and what they occupy is free with the last of them`() throws {
    var scheduler = try scheduler((0..<12).map { node("\($0)") }, workers: 3)
    let effects = scheduler.apply(.begin)
    #expect(effects.count { if case .start = $0 { true } else { false } } == 3)
    #expect(effects.count == 4 + 3 + 2, "a third of what is left each time")
    #expect(scheduler.freeCapacity.cores == 0)
    _ = scheduler.apply([1, 2, 3].map { .finished($0, try: 1) })
    #expect(scheduler.freeCapacity.cores == 0)
    _ = scheduler.apply(.finished(0, try: 1))
    #expect(scheduler.freeCapacity.cores == 1)
  }

  @Test func `what has a limit of its own, a licence or steps stays alone`() throws {
    var limited = node("limited")
    limited.needs.timeout = 5
    for other in [limited, node("steps", segments: 1), node("other", kind: "mix")] {
      var scheduler = try scheduler([node("first"), other, node("last")], workers: 1)
      #expect(!joined(scheduler.apply(.begin)).contains(1))
    }
    var scheduler = try scheduler(
      [node("first"), node("urgent", kind: "mix", weight: 1), node("last")], workers: 1)
    #expect(scheduler.apply(.begin) == [.start(1, try: 1)])
  }
}
