import Engine
import Foundation
import Glibc
import Ledger
import ObjectStore
import TaskGraph
import Testing

/// Runs that are asked to stop by somebody else.
@Suite(.timeLimit(.minutes(30))) struct CancellationTests {
  /// Waits on a thread of its own, as other tests may hold the shared pool for long, until something was made; then acts on
  /// the newest run.
  private func whenWorkIsUnderWay(
    _ harness: EngineHarness, _ act: @escaping @Sendable (RunFolder) throws -> Void
  ) {
    Thread.detachNewThread {
      while harness.made.isEmpty { usleep(10_000) }
      do {
        if let run = try RunFolder.all(in: harness.production).first { try act(run) }
      } catch {
        Issue.record(error)
      }
    }
  }

  @Test func `a run says who does it, and afterwards how it ended`() async throws {
    let harness = try EngineHarness()
    defer { harness.remove() }
    let outcome = try await harness.run([fake("one"), fake("two", "fails", failure: "media", exit: 3)])
    let run = try #require(try RunFolder.all(in: harness.production).first)
    #expect(run.id == outcome.runID)
    let presence = try #require(run.presence)
    #expect(presence.process == getpid() && presence.host == Machine.hostName && presence.isAlive == true)
    let ending = try #require(run.ending)
    #expect(ending.exit == 3 && !ending.isCancelled && ending.stillAlive.isEmpty)
    #expect(ending.done == 1 && ending.failed == 1 && ending.undone == 0)
    #expect(!run.isUnderWay)
    // A later process with the same id is another.
    var other = presence
    other.started -= 1
    #expect(other.isAlive == false)
    other = presence
    other.boot = "another"
    #expect(other.isAlive == false)
    other.host = "another"
    #expect(other.isAlive == nil)
  }

  @Test func `a request in the folder of a run stops it as Ctrl-C does`() async throws {
    let harness = try EngineHarness()
    defer { harness.remove() }
    let hold = try harness.holdFile()
    whenWorkIsUnderWay(harness) { run in
      #expect(run.isUnderWay)
      try run.cancel(isNow: false)
      // Asking again for the same is no second request.
      try run.cancel(isNow: false)
    }
    let engine = try await Coordinator.open(
      production: harness.production, configuration: harness.configuration)
    let plan = try Plan((1...3).map { fake("render \($0)", segments: 9, frames: 9, hold: hold) })
    let outcome = try await engine.run(plan) { _ in }
    #expect(outcome.isCancelled && outcome.exitCode == 130 && outcome.undone.count == 3)
    let ending = try #require(try RunFolder.all(in: harness.production).first?.ending)
    #expect(ending.isCancelled && ending.exit == 130 && ending.undone == 3)
    #expect(try engine.ledger.openAttempts().isEmpty)
    #expect(harness.unfinished.isEmpty)
    for worker in try harness.workers(of: outcome.runID) { #expect(!isAlive(worker)) }
  }

  @Test func `a request to stop at once kills workers that do not listen`() async throws {
    let harness = try EngineHarness()
    defer { harness.remove() }
    let hold = try harness.holdFile()
    whenWorkIsUnderWay(harness) { try $0.cancel(isNow: true) }
    let outcome = try await harness.run(
      [fake("render", segments: 9, frames: 9, "stubborn", hold: hold)],
      configuration: harness.configured { $0.stopLimit = .seconds(3600) })
    #expect(outcome.isCancelled && outcome.stillAlive.isEmpty)
  }

  @Test func `a request that comes between two runs of a command stops the second`() async throws {
    let harness = try EngineHarness()
    defer { harness.remove() }
    let engine = try await Coordinator.open(
      production: harness.production, configuration: harness.configuration)
    let first = try await engine.run(try Plan([fake("probe")])) { _ in }
    #expect(!first.isCancelled)
    try RunFolder.all(in: harness.production).first?.cancel(isNow: false)
    let second = try await engine.run(try Plan([fake("render")])) { _ in }
    #expect(second.isCancelled && second.done.isEmpty && second.undone == ["render"])
  }

  @Test func `a daemon does not survive the cancellation of its task`() async throws {
    let harness = try EngineHarness()
    defer { harness.remove() }
    let hold = try harness.holdFile()
    whenWorkIsUnderWay(harness) { try $0.cancel(isNow: false) }
    let outcome = try await harness.run([fake("render", segments: 9, frames: 9, "daemon", hold: hold)])
    #expect(outcome.isCancelled && outcome.stillAlive.isEmpty)
    let daemon = try #require(harness.lines(of: "daemon.txt").first.flatMap { Int32($0) })
    #expect(!isAlive(daemon))
  }

  @Test func `what a killed coordinator and its killed workers left running is ended by the next`()
    async throws
  {
    let harness = try EngineHarness()
    defer { harness.remove() }
    let folder = harness.folder
    await #expect(processExitsWith: .signal(SIGKILL)) { [folder = folder as String] in
      let harness = try EngineHarness(existing: folder)
      let engine = try await Coordinator.open(
        production: harness.production, configuration: harness.configuration)
      let hold = try harness.holdFile()
      async let _ = engine.run(try Plan([fake("haunted", segments: 2, "daemon", hold: hold)])) { _ in }
      while harness.made.isEmpty { try await Task.sleep(for: .milliseconds(10)) }
      // The record is written a little later than the work.
      var workers: [Int32] = []
      while workers.isEmpty {
        workers = try RunFolder.all(in: harness.production).flatMap { try harness.workers(of: $0.id) }
        try await Task.sleep(for: .milliseconds(10))
      }
      for worker in workers { _ = kill(worker, SIGKILL) }
      _ = kill(getpid(), SIGKILL)
    }
    let daemon = try #require(harness.lines(of: "daemon.txt").first.flatMap { Int32($0) })
    #expect(isAlive(daemon), "nobody was left to end it")
    let recorder = Recorder()
    let engine = try await Coordinator.open(
      production: harness.production, configuration: harness.configuration, observer: recorder)
    #expect(!isAlive(daemon))
    #expect(
      recorder.events.first { $0.event == .contained }?.message
        == "an earlier run left a process behind: sleep (pid \(daemon)), ended by us")
    await engine.close()
  }
}
