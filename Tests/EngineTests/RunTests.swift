import Diagnostics
import Digests
import Engine
import Foundation
import Glibc
import Ledger
import ObjectStore
import Synchronization
import TaskGraph
import TestSupport
import Testing

/// Real processes: workers that work, crash, hang, lie and are killed.
@Suite(.timeLimit(.minutes(30))) struct RunTests {
  @Test func `an empty plan leaves no trace`() async throws {
    let harness = try EngineHarness()
    defer { harness.remove() }
    let outcome = try await harness.run([])
    #expect(outcome.runID == nil)
    #expect(outcome.exitCode == 0)
    #expect(try FileManager.default.contentsOfDirectory(atPath: harness.production.runsFolder).isEmpty)
  }

  @Test func `tasks run in order and leave results, an index and a record`() async throws {
    let harness = try EngineHarness()
    defer { harness.remove() }
    let plan = [
      fake("render 1", segments: 3, frames: 30), fake("render 2", segments: 2, frames: 20),
      fake("mix"), fake("assemble", after: ["render 1", "render 2", "mix"]),
    ]
    let engine = try await Coordinator.open(
      production: harness.production, configuration: harness.configuration)
    let outcome = try await engine.run(try Plan(plan)) { _ in }
    #expect(outcome.exitCode == 0)
    #expect(Set(outcome.done) == Set(plan.map(\.key)))
    #expect(outcome.done.last == key("assemble"))
    #expect(outcome.framesMade == 50)
    #expect(outcome.attempts == 4)
    #expect(Set(harness.made).count == harness.made.count)
    let keys = plan.flatMap { $0.commits + [$0.key] }
    #expect(try engine.ledger.knownResults(among: keys) == Set(keys))
    #expect(try engine.ledger.openAttempts().isEmpty)
    // The folders stay, for their logs; nothing unfinished is in them.
    #expect(harness.unfinished.isEmpty)

    let events = try harness.events(of: outcome.runID)
    #expect(events.first?.event == .runStarted)
    #expect(events.last?.event == .runFinished)
    #expect(events.count { $0.event == .taskDone } == 4)
    #expect(events.count { $0.event == .committed } == 9)
    var progress = RunProgress()
    for event in events { progress.apply(event) }
    #expect(progress.isFinished)
    #expect(progress.framesDone == 50)
    #expect(progress.tasksDone == 4)
    #expect(progress.stages.allSatisfy { $0.tasksRunning == 0 })
  }

  @Test func `a worker does many tasks`() async throws {
    let harness = try EngineHarness()
    defer { harness.remove() }
    let recorder = Recorder()
    let outcome = try await harness.run(
      (1...20).map { fake("task \($0)") }, configuration: harness.configured(workers: 1), observer: recorder)
    #expect(outcome.done.count == 20)
    #expect(recorder.count(.workerStarted) == 1)
  }

  @Test func `a worker gets its three streams, a group and a plain environment, and nothing else`()
    async throws
  {
    let harness = try EngineHarness()
    defer { harness.remove() }
    // A descriptor that may leak: open across exec by mistake of whoever opened it.
    let leak = unsafe open("/dev/null", O_RDONLY)
    defer { close(leak) }
    let tasks = (1...3).map { fake("task \($0)", seconds: 0.3) }
    let outcome = try await harness.run(tasks, configuration: harness.configured(workers: 3))
    #expect(outcome.done.count == 3)
    struct Facts: Decodable {
      var descriptors: [Int32]
      var group: Int32
      var process: Int32
      var environment: [String: String]
    }
    let facts = try harness.lines(of: "facts.jsonl").map {
      try JSONDecoder().decode(Facts.self, from: Data($0.utf8))
    }
    #expect(facts.count == 3)
    for worker in facts {
      // All three were alive at once, so a leaked lifeline would show here.
      #expect(worker.descriptors == [0, 1, 2])
      #expect(worker.group == worker.process)
      #expect(worker.environment["LANG"] == "C")
      #expect(worker.environment["TZ"] == "UTC")
      #expect(
        Set(worker.environment.keys).isSubset(of: [
          "PATH", "HOME", "TMPDIR", "INTERLOCK_CPU", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "GLIBC_TUNABLES",
          "INTERLOCK_TEST_FACTS", "INTERLOCK_WORKER", "INTERLOCK_MEMORY_LIMIT",
        ]))
    }
    let log = harness.lines(of: ".interlock/runs/\(outcome.runID ?? "")/worker-1.log")
    #expect(log == ["worker starts"])
  }

  @Test func `coordinator tasks run here and their failures are findings`() async throws {
    let harness = try EngineHarness()
    defer { harness.remove() }
    var publish = node("publish", after: ["assemble"], place: .coordinator)
    publish.stage = "master"
    let seen = Mutex<[String]>([])
    let plan = [
      fake("assemble"), publish, node("bad", place: .coordinator), node("after bad", after: ["bad"]),
    ]
    let outcome = try await harness.run(plan) { node in
      seen.withLock { $0.append(node.label) }
      if node.label == "bad" {
        throw Diagnostic(family: .verification, code: "publish.bad", message: "the file is not what was made")
      }
    }
    #expect(Set(seen.withLock { $0 }) == ["publish", "bad"])
    #expect(outcome.done.contains(key("publish")))
    #expect(outcome.failures.map(\.label) == ["bad"])
    #expect(outcome.blocked == ["after bad"])
    #expect(outcome.exitCode == 4)
  }

  @Test func `a failed task blocks what waits for it and the rest goes on`() async throws {
    let harness = try EngineHarness()
    defer { harness.remove() }
    let outcome = try await harness.run([
      fake("damaged", "fails", failure: "media", exit: 3), fake("waits", after: ["damaged"]), fake("good"),
    ])
    #expect(outcome.done == [key("good")])
    #expect(outcome.blocked == ["waits"])
    #expect(outcome.attempts == 2)
    #expect(outcome.failures.first?.diagnostics.first?.message == "the file ends early")
    #expect(outcome.exitCode == 3)
  }

  @Test func `infrastructure failures are tried again`() async throws {
    let harness = try EngineHarness()
    defer { harness.remove() }
    let recorder = Recorder()
    let outcome = try await harness.run(
      [fake("disk full", "fails", times: 2, failure: "infrastructure", exit: 75)], observer: recorder)
    #expect(outcome.done.count == 1)
    #expect(outcome.attempts == 3)
    #expect(recorder.count(.retrying) == 2)
    #expect(outcome.exitCode == 0)
  }

  @Test(arguments: ["killed", "exits"])
  func `a worker that dies is replaced and finished segments are kept`(misbehaviour: String) async throws {
    let harness = try EngineHarness()
    defer { harness.remove() }
    let engine = try await Coordinator.open(
      production: harness.production, configuration: harness.configuration)
    let task = fake("render", segments: 5, frames: 50, misbehaviour, times: 4)
    let outcome = try await engine.run(try Plan([task])) { _ in }
    #expect(outcome.done == [task.key])
    #expect(outcome.lostAttempts == 4)
    #expect(harness.made.sorted() == (task.commits + [task.key]).map(\.description).sorted())
    #expect(try engine.ledger.knownResults(among: task.commits).count == 5)
    #expect(try engine.ledger.openAttempts().isEmpty)
  }

  @Test func `a task whose worker always crashes fails after three attempts and blames the worker`()
    async throws
  {
    let harness = try EngineHarness()
    defer { harness.remove() }
    let outcome = try await harness.run([fake("poison", "exits"), fake("good")])
    #expect(outcome.done == [key("good")])
    #expect(outcome.lostAttempts == 3)
    let diagnostic = try #require(outcome.failures.first?.diagnostics.first)
    #expect(
      diagnostic.message
        == "3 attempts in a row ended without a new result; the last: the worker exited with code 11")
    #expect(diagnostic.remedy?.hasPrefix("See .interlock/runs/") == true)
    #expect(outcome.exitCode == 1)
  }

  @Test func `a worker that hangs is killed`() async throws {
    let harness = try EngineHarness()
    defer { harness.remove() }
    let outcome = try await harness.run(
      [fake("hangs", "hangs", times: 1)],
      configuration: harness.configured {
        $0.silenceLimit = .seconds(2)
        // On a busy machine the next worker may not even start within the limit.
        $0.retries.crashes = 20
      })
    #expect(outcome.done.count == 1)
    #expect(outcome.lostAttempts >= 1)
    let lost = try #require(try harness.events(of: outcome.runID).first { $0.event == .workerLost })
    #expect(lost.message?.hasPrefix("the worker was killed because it said nothing for ") == true)
  }

  @Test func `success without a result is not believed`() async throws {
    let harness = try EngineHarness()
    defer { harness.remove() }
    let outcome = try await harness.run([fake("liar", "lies", times: 1)])
    #expect(outcome.done.count == 1)
    #expect(outcome.lostAttempts == 1)
    #expect(harness.made == [key("liar").description])
  }

  @Test(arguments: ["stale", "babbles"])
  func `reports that do not belong to the attempt are counted and ignored`(misbehaviour: String) async throws
  {
    let harness = try EngineHarness()
    defer { harness.remove() }
    let outcome = try await harness.run([fake("task", segments: 1, misbehaviour)])
    #expect(outcome.done.count == 1)
    #expect(outcome.ignoredReports == 1)
    #expect(outcome.lostAttempts == 0)
  }

  @Test func `what a worker leaves running ends with it`() async throws {
    let harness = try EngineHarness()
    defer { harness.remove() }
    let outcome = try await harness.run([fake("parent", "orphans")])
    #expect(outcome.done.count == 1)
    let orphan = try #require(harness.lines(of: "orphan.txt").first.flatMap { Int32($0) })
    #expect(!isAlive(orphan))
  }

  @Test func `a worker program that does not start stops the run with the reason`() async throws {
    let harness = try EngineHarness()
    defer { harness.remove() }
    let configuration = harness.configured { $0.worker = WorkerProgram(executable: "/nonexistent/worker") }
    let error = await #expect(throws: EngineError.self) {
      try await harness.run((1...5).map { fake("task \($0)") }, configuration: configuration)
    }
    #expect(error?.code == .workerDoesNotStart)
    #expect(error?.message.contains("before it was ready, three times in a row") == true)
  }

  // MARK: Cancellation

  @Test func `cancelling hands tasks back, cleans up and leaves no process`() async throws {
    let harness = try EngineHarness()
    defer { harness.remove() }
    let engine = try await Coordinator.open(
      production: harness.production, configuration: harness.configuration)
    // No task can end before it is cancelled, however late that comes.
    let hold = try harness.holdFile()
    let plan = try Plan((1...4).map { fake("render \($0)", segments: 50, frames: 50, hold: hold) })
    // From a thread of its own: other tests may hold the shared pool for long.
    Thread.detachNewThread {
      while harness.made.isEmpty { usleep(10_000) }
      engine.cancel()
    }
    let outcome = try await engine.run(plan) { _ in }
    #expect(outcome.isCancelled)
    #expect(outcome.exitCode == 130)
    #expect(outcome.undone.count == 4)
    #expect(outcome.failures.isEmpty)
    #expect(try engine.ledger.openAttempts().isEmpty)
    for worker in try harness.workers(of: outcome.runID) { #expect(!isAlive(worker)) }
    // What was finished stays, and the next run goes on from there.
    let before = harness.made.count
    await engine.close()
    try FileManager.default.removeItem(atPath: hold)
    let next = try await Coordinator.open(
      production: harness.production, configuration: harness.configuration)
    let again = try await next.run(plan) { _ in }
    #expect(again.done.count == 4)
    #expect(harness.made.count == 204)
    #expect(before < 204)
  }

  @Test func `cancelling the calling task stops the run in the same way`() async throws {
    let harness = try EngineHarness()
    defer { harness.remove() }
    let engine = try await Coordinator.open(
      production: harness.production, configuration: harness.configuration)
    let plan = try Plan([fake("render", segments: 100, frames: 100, hold: try harness.holdFile())])
    let running = Task { try await engine.run(plan) { _ in } }
    while harness.made.isEmpty { try await Task.sleep(for: .milliseconds(10)) }
    running.cancel()
    let outcome = try await running.value
    #expect(outcome.isCancelled)
    #expect(try harness.events(of: outcome.runID).contains { $0.event == .cancelling })
  }

  @Test func `a second request kills workers that do not listen`() async throws {
    let harness = try EngineHarness()
    defer { harness.remove() }
    // Only the second request can end this worker.
    let engine = try await Coordinator.open(
      production: harness.production, configuration: harness.configured { $0.stopLimit = .seconds(3600) })
    let hold = try harness.holdFile()
    let plan = try Plan([fake("render", segments: 1000, frames: 1000, "stubborn", hold: hold)])
    async let running = engine.run(plan) { _ in }
    while harness.made.isEmpty { try await Task.sleep(for: .milliseconds(10)) }
    engine.cancel()
    try await Task.sleep(for: .milliseconds(200))
    engine.cancel()
    let outcome = try await running
    #expect(outcome.isCancelled)
    #expect(harness.made.count == 1)
  }

  @Test func `workers that do not listen are killed at the limit`() async throws {
    let harness = try EngineHarness()
    defer { harness.remove() }
    let engine = try await Coordinator.open(
      production: harness.production, configuration: harness.configured { $0.stopLimit = .milliseconds(500) })
    let hold = try harness.holdFile()
    let plan = try Plan([fake("render", segments: 1000, frames: 1000, "stubborn", hold: hold)])
    async let running = engine.run(plan) { _ in }
    while harness.made.isEmpty { try await Task.sleep(for: .milliseconds(10)) }
    engine.cancel()
    #expect(try await running.isCancelled)
  }

  // MARK: Violence

  @Test func `workers killed at random cost time and nothing else`() async throws {
    let harness = try EngineHarness()
    defer { harness.remove() }
    var nodes = (0..<12).map { fake("render \($0)", segments: 6, frames: 60, seconds: 0.01) }
    nodes.append(fake("assemble", after: nodes.map(\.label)))
    let recorder = Recorder()
    let engine = try await Coordinator.open(
      production: harness.production, configuration: harness.configured(workers: 3), observer: recorder)
    let plan = try Plan(nodes)
    let outcome = try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        var random = SplitMix64(seed: 7)
        var killed: Set<Int32> = []
        while true {
          try await Task.sleep(for: .milliseconds(Int.random(in: 20...200, using: &random)))
          let victim = Int.random(in: 1...3, using: &random)
          let process = recorder.events.last { $0.event == .workerStarted && $0.worker == victim }?.processID
          if let process, killed.insert(process).inserted { _ = kill(process, SIGKILL) }
        }
      }
      let outcome = try await engine.run(plan) { _ in }
      group.cancelAll()
      return outcome
    }
    #expect(outcome.done.count == 13)
    #expect(outcome.lostAttempts > 3)
    // Made once each; the fake worker may die between publishing a result and noting it.
    #expect(Set(harness.made).count == harness.made.count)
    let keys = nodes.flatMap { $0.commits + [$0.key] }
    #expect(try engine.ledger.knownResults(among: keys) == Set(keys))
    #expect(try engine.ledger.openAttempts().isEmpty)
  }
}
