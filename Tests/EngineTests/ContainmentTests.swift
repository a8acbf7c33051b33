import Diagnostics
import Digests
import Engine
import Foundation
import Glibc
import ObjectStore
import TaskGraph
import TestSupport
import Testing

/// Workers that eat memory, talk without end, hang or leave processes behind: stopped, and named in the verdict.
@Suite(.timeLimit(.minutes(30))) struct ContainmentTests {
  private func message(_ outcome: RunOutcome, _ code: String) throws -> String {
    try #require(outcome.warnings.first { $0.code == code }, "\(outcome.warnings)").message
  }

  @Test(arguments: ["leaks", "leaks in a child"])
  func `a worker that leaks memory is killed and the verdict says how much it used`(misbehaviour: String)
    async throws
  {
    let harness = try EngineHarness()
    defer { harness.remove() }
    let outcome = try await harness.run(
      [fake("hungry", misbehaviour), fake("good")],
      configuration: harness.configured {
        $0.containment.memoryBytes = 200_000_000
        $0.containment.look = .milliseconds(100)
      })
    #expect(outcome.done == [key("good")])
    let failure = try #require(outcome.failures.first)
    #expect(failure.exit == 33 && outcome.exitCode == 33)
    let diagnostic = try #require(failure.diagnostics.first)
    #expect(diagnostic.code == "worker.outOfMemory")
    #expect(diagnostic.message.contains("the worker was killed because it used "))
    #expect(diagnostic.message.contains(" of memory, more than the 200 MB that the task may use"))
    #expect(outcome.stillAlive.isEmpty)
  }

  @Test func `what a task needs by estimate is its limit, with room to spare`() async throws {
    let harness = try EngineHarness()
    defer { harness.remove() }
    var hungry = fake("hungry", "leaks")
    hungry.needs = TaskNeeds(memoryBytes: 50_000_000)
    let outcome = try await harness.run(
      [hungry],
      configuration: harness.configured {
        $0.containment.memoryFactor = 3
        $0.containment.leastMemoryBytes = 100_000_000
      })
    #expect(outcome.failures.first?.diagnostics.first?.message.contains("more than the 150 MB") == true)
  }

  @Test func `a task that takes longer than it may is an application failure`() async throws {
    let harness = try EngineHarness()
    defer { harness.remove() }
    var slow = fake("slow", "hangs")
    slow.needs = TaskNeeds(timeout: 1)
    let outcome = try await harness.run([slow, fake("good")])
    #expect(outcome.done == [key("good")])
    let diagnostic = try #require(outcome.failures.first?.diagnostics.first)
    #expect(diagnostic.code == "worker.overdue")
    #expect(diagnostic.message.hasSuffix("it did not end within the 1 seconds that the task may take"))
    let events = try harness.events(of: outcome.runID)
    #expect(events.first { $0.event == .taskFailed }?.failure == .application)
    // A worker that a busy machine starves is lost besides, which does not count.
    let again = events.filter { $0.event == .retrying && $0.message == diagnostic.message }
    #expect(again.count == 2, "three tries of the slow one")
  }

  @Test func `a worker that lives and makes no progress is told from a silent one`() async throws {
    let harness = try EngineHarness()
    defer { harness.remove() }
    let outcome = try await harness.run(
      [fake("stuck", "stalls")],
      configuration: harness.configured { $0.containment.stall = .milliseconds(500) })
    let diagnostic = try #require(outcome.failures.first?.diagnostics.first)
    #expect(diagnostic.code == "worker.stalled")
    #expect(diagnostic.message.contains("it made no progress for "))
    #expect(diagnostic.message.contains(", though it lives: its last sign of life came "))
  }

  @Test func `a log without end is cut to its first and last part and the verdict names the worker`()
    async throws
  {
    let harness = try EngineHarness()
    defer { harness.remove() }
    let limits = CappedLog.Limits(first: 100_000, last: 50_000)
    let outcome = try await harness.run(
      [fake("talkative", "floods")],
      configuration: harness.configured(workers: 1) { $0.containment.log = limits })
    #expect(outcome.done.count == 1)
    #expect(try message(outcome, "worker.talkative") == "worker 1, last at talkative, wrote 74 MB of log")
    let path = "\(harness.production.runsFolder)/\(outcome.runID ?? "")/worker-1.log"
    let log = try String(contentsOfFile: path, encoding: .utf8)
    #expect(log.utf8.count <= 100_000 + 2 * 50_000 + 100)
    #expect(log.hasPrefix("worker starts\na warning of a library\n"))
    #expect(log.contains(" bytes of log are left out here …\n"))
    #expect(log.hasSuffix("a warning of a library\n"))
  }

  @Test func `lines on standard output that are no events are told of a few times, then counted`()
    async throws
  {
    let harness = try EngineHarness()
    defer { harness.remove() }
    let outcome = try await harness.run(
      [fake("chatty", "chatters")],
      configuration: harness.configured(workers: 1) { $0.containment.log = .init(first: 1000, last: 1000) })
    #expect(outcome.done.count == 1)
    #expect(outcome.ignoredReports == 400_000)
    let told = try harness.events(of: outcome.runID).count { $0.event == .ignored }
    #expect(told == 21)
    #expect(try message(outcome, "worker.talkative") == "worker 1, last at chatty, wrote 8 MB of log")
  }

  @Test func `a line without end is dropped`() async throws {
    let harness = try EngineHarness()
    defer { harness.remove() }
    let outcome = try await harness.run(
      [fake("endless", "endless")], configuration: harness.configured(workers: 1))
    #expect(outcome.done.count == 1)
    #expect(outcome.ignoredReports == 1)
    #expect(try message(outcome, "worker.talkative") == "worker 1, last at endless, wrote 17 MB of log")
  }

  @Test func `a daemon that a task leaves behind is found, ended and named`() async throws {
    let harness = try EngineHarness()
    defer { harness.remove() }
    let outcome = try await harness.run(
      [fake("haunted", "daemon")], configuration: harness.configured(workers: 1))
    #expect(outcome.done == [key("haunted")])
    let daemon = try #require(harness.lines(of: "daemon.txt").first.flatMap { Int32($0) })
    #expect(!isAlive(daemon))
    #expect(
      try message(outcome, "worker.leftProcess")
        == "worker 1 left a process behind after haunted: sleep (pid \(daemon)), ended by us")
    #expect(outcome.warnings.count == 1 && outcome.stillAlive.isEmpty)
    #expect(try harness.events(of: outcome.runID).contains { $0.event == .contained })
  }

  @Test func `a daemon is ended while its worker goes on with other tasks`() async throws {
    let harness = try EngineHarness()
    defer { harness.remove() }
    let hold = try harness.holdFile()
    // The next task ends when the daemon of the one before is gone.
    Thread.detachNewThread {
      while harness.lines(of: "daemon.txt").isEmpty { usleep(10_000) }
      let daemon = harness.lines(of: "daemon.txt").first.flatMap { Int32($0) } ?? 0
      while isAlive(daemon) { usleep(10_000) }
      _ = unsafe unlink(hold)
    }
    let outcome = try await harness.run(
      [fake("haunted", "daemon below"), fake("next", after: ["haunted"], segments: 1, hold: hold)],
      configuration: harness.configured(workers: 1) { $0.containment.look = .milliseconds(50) })
    #expect(outcome.done.count == 2 && outcome.attempts == 2)
    #expect(
      try message(outcome, "worker.leftProcess").contains(" left a process behind after haunted: sleep (pid ")
    )
  }

  @Test func `a daemon of a worker that dies ends with it`() async throws {
    let harness = try EngineHarness()
    defer { harness.remove() }
    let outcome = try await harness.run(
      [fake("haunted", "daemon and dies", times: 1)], configuration: harness.configured(workers: 1))
    #expect(outcome.done == [key("haunted")] && outcome.lostAttempts == 1)
    let daemon = try #require(harness.lines(of: "daemon.txt").first.flatMap { Int32($0) })
    #expect(!isAlive(daemon))
    #expect(try message(outcome, "worker.leftProcess").hasSuffix("sleep (pid \(daemon)), ended by us"))
  }
}
