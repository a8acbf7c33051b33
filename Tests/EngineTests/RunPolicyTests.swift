import Diagnostics
import Digests
import Engine
import Foundation
import ObjectStore
import TaskGraph
import Testing

/// What a run allows its tasks and what it makes of their failures, with real processes.
@Suite(.timeLimit(.minutes(30))) struct RunPolicyTests {
  private func run(
    _ harness: EngineHarness, _ nodes: [TaskNode], workers: Int = 2,
    observer: any RunObserver = SilentObserver(),
    configure: (inout EngineConfiguration) -> Void = { _ in }, options: (inout RunOptions) -> Void = { _ in }
  ) async throws -> RunOutcome {
    let engine = try await Coordinator.open(
      production: harness.production, configuration: harness.configured(workers: workers, configure),
      observer: observer)
    var asked = RunOptions()
    options(&asked)
    return try await engine.run(try Plan(nodes), options: asked) { _ in }
  }

  private func quarantined(in harness: EngineHarness) -> [String] {
    let folder = "\(harness.production.interlockFolder)/poisoned"
    return ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
  }

  // MARK: Quarantine

  @Test func `a poison task is quarantined, later runs say so and try it once, and success lifts it`()
    async throws
  {
    let harness = try EngineHarness()
    defer { harness.remove() }
    let poison = fake("poison", "exits")
    let first = try await run(harness, [poison])
    #expect(first.attempts == 3)
    #expect(quarantined(in: harness) == ["\(poison.key.hex).json"])
    #expect(
      first.failures.first?.diagnostics.last?.message
        == "poison is quarantined: the next run tries it once, and lifts this if it succeeds")

    let recorder = Recorder()
    let second = try await run(harness, [poison, fake("good")], observer: recorder)
    #expect(second.attempts == 2)
    #expect(second.done.count == 1)
    let told = recorder.events.filter { $0.event == .quarantined }
    #expect(told.map(\.label) == ["poison"])
    #expect(
      told.first?.message?.hasSuffix(
        "3 attempts ended without a result, the last: the worker exited with code 11; it is tried once")
        == true)
    #expect(
      second.failures.first?.diagnostics.first?.message
        == "it is quarantined and did not survive its one attempt: the worker exited with code 11")

    // Of the same key, with a program that was mended.
    let mended = try await run(harness, [fake("poison")])
    #expect(mended.exitCode == 0)
    #expect(quarantined(in: harness).isEmpty)
  }

  @Test func `a record of a quarantine that is damaged holds nothing against a task`() async throws {
    let harness = try EngineHarness()
    defer { harness.remove() }
    let folder = "\(harness.production.interlockFolder)/poisoned"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let task = fake("task", "exits", times: 2)
    try harness.write("{\"schema\":1,", ".interlock/poisoned/\(task.key.hex).json")
    let outcome = try await run(harness, [task])
    #expect(outcome.exitCode == 0)
    #expect(outcome.attempts == 3)
    #expect(quarantined(in: harness).isEmpty)
  }

  // MARK: Failures

  @Test func `a run that stops at the first failure stops what runs and keeps finished segments`()
    async throws
  {
    let harness = try EngineHarness()
    defer { harness.remove() }
    let hold = try harness.holdFile()
    let long = fake("long", segments: 1000, frames: 1000, hold: hold)
    var bad = fake("bad", after: ["trigger"], "fails", failure: "media", exit: 3)
    bad.weight = 1
    let outcome = try await run(
      harness, [long, fake("trigger"), bad, fake("never", after: ["long"])],
      options: { $0.stopsAtFirstFailure = true })
    #expect(outcome.failures.map(\.label) == ["bad"])
    #expect(outcome.exitCode == 3)
    #expect(outcome.earlyEnd == .firstFailure)
    #expect(!outcome.isCancelled)
    #expect(outcome.undone.sorted() == ["long", "never"])
    #expect(harness.made.count < 1000)
    #expect(harness.unfinished.isEmpty)
  }

  @Test(arguments: ["infrastructure", "licence"])
  func `a fault that stays ends the run with 75 when patience is at its end`(failure: String) async throws {
    let harness = try EngineHarness()
    defer { harness.remove() }
    let outcome = try await run(
      harness, [fake("fault", "fails", failure: failure, exit: 1), fake("after", after: ["fault"])],
      configure: {
        $0.retries.infrastructurePatience = .milliseconds(40)
        $0.retries.licencePatience = .milliseconds(40)
      })
    #expect(outcome.exitCode == 75)
    #expect(outcome.attempts >= 3)
    #expect(outcome.blocked == ["after"])
    let message = try #require(outcome.failures.first?.diagnostics.first?.message)
    #expect(message.hasPrefix("nothing was achieved for "))
    #expect(message.hasSuffix("attempts; the last: the file ends early"))
    #expect(quarantined(in: harness).isEmpty)
  }

  @Test func `an application's failures are counted`() async throws {
    let harness = try EngineHarness()
    defer { harness.remove() }
    let outcome = try await run(
      harness,
      [
        fake("twice", "fails", times: 2, failure: "application", exit: 1),
        fake("always", "fails", failure: "application", exit: 1),
      ])
    #expect(outcome.done.count == 1)
    #expect(outcome.attempts == 6)
    #expect(outcome.failures.map(\.label) == ["always"])
  }

  // MARK: Resources

  @Test func `tasks that share a licence run one after the other, beside those that need none`() async throws
  {
    let harness = try EngineHarness()
    defer { harness.remove() }
    let comps = (1...4).map { number in
      var comp = fake("comp \(number)", seconds: 0.05)
      comp.needs.tokens = ["nuke": 1]
      return comp
    }
    let recorder = Recorder()
    let outcome = try await run(
      harness, comps + (1...4).map { fake("plain \($0)", seconds: 0.05) }, workers: 3, observer: recorder,
      options: { $0.tokens = ["nuke": 1] })
    #expect(outcome.done.count == 8)
    var holders: Set<String> = []
    for event in recorder.events {
      guard let label = event.label, label.hasPrefix("comp") else { continue }
      if event.event == .attemptStarted { holders.insert(label) }
      if event.event == .taskDone { holders.remove(label) }
      #expect(holders.count <= 1)
    }
  }

  @Test func `the task file says what was set aside for the attempt`() async throws {
    let harness = try EngineHarness()
    defer { harness.remove() }
    var task = fake("task")
    task.needs = TaskNeeds(cores: 2, memoryBytes: 64 << 20, timeout: 60)
    _ = try await run(harness, [task])
    let attempt = try #require(harness.attempts.first)
    let bytes = try Data(
      contentsOf: URL(fileURLWithPath: "\(harness.production.attemptsFolder)/\(attempt)/task.json"))
    #expect(try JSONDecoder().decode(TaskFileHead.self, from: bytes).needs == task.needs)
  }

  @Test func `a task that can never fit is refused before anything is written`() async throws {
    let harness = try EngineHarness()
    defer { harness.remove() }
    var wide = fake("wide")
    wide.needs.cores = 3
    await #expect(throws: DiagnosticList.self) { try await run(harness, [wide, fake("good")]) }
    #expect(harness.made.isEmpty)
    #expect(try FileManager.default.contentsOfDirectory(atPath: harness.production.runsFolder).isEmpty)
  }
}
