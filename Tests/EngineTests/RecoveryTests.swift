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

/// What is left after a coordinator was killed, and how the next one takes it up.
@Suite(.timeLimit(.minutes(30))) struct RecoveryTests {
  private static func plan() throws -> Plan {
    var nodes = (0..<9).map { fake("render \($0)", segments: 10, frames: 100, seconds: 0.15) }
    nodes.append(fake("assemble", after: nodes.map(\.label)))
    return try Plan(nodes)
  }

  @Test func `a second coordinator is told who holds the production`() async throws {
    let harness = try EngineHarness()
    defer { harness.remove() }
    let engine = try await Coordinator.open(
      production: harness.production, configuration: harness.configuration)
    let error = await #expect(throws: EngineError.self) {
      try await Coordinator.open(production: harness.production, configuration: harness.configuration)
    }
    #expect(error?.code == .locked)
    #expect(error?.exitCode == 75)
    #expect(error?.message.contains("\(getpid())") == true)
    await engine.close()
    let next = try await Coordinator.open(
      production: harness.production, configuration: harness.configuration)
    await next.close()
  }

  @Test func `a half-written record of a plan is swept, and a whole one stays`() async throws {
    let harness = try EngineHarness()
    defer { harness.remove() }
    let store = ObjectStore(harness.production)
    try store.recordFootprint(
      of: [Digest.sha256(Array("frame".utf8))], programme: "test", pipeline: "p.yaml")
    let folder = harness.production.footprintsFolder
    let whole = try FileManager.default.contentsOfDirectory(atPath: folder)
    try Data("{".utf8).write(to: URL(fileURLWithPath: "\(folder)/\(ULID.next()).part"))
    let engine = try await Coordinator.open(
      production: harness.production, configuration: harness.configuration)
    await engine.close()
    #expect(whole.count == 1)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == whole)
  }

  @Test func `a coordinator killed at random instants is taken up until the work is done`() async throws {
    let harness = try EngineHarness()
    defer { harness.remove() }
    let folder = harness.folder
    var random = SplitMix64(seed: 11)
    for _ in 0..<9 {
      // By progress, so that it is somewhere on the way however slow the machine is; at most 45 and what was on the
      // way then, of 91.
      let results = Int.random(in: 0...5, using: &random)
      let milliseconds = Int.random(in: 0...50, using: &random)
      await #expect(processExitsWith: .signal(SIGKILL)) {
        [folder = folder as String, results = results as Int, milliseconds = milliseconds as Int] in
        let harness = try EngineHarness(existing: folder)
        let engine = try await Coordinator.open(
          production: harness.production, configuration: harness.configured(workers: 3))
        async let _ = engine.run(try RecoveryTests.plan()) { _ in }
        let goal = harness.made.count + results
        while harness.made.count < goal { try await Task.sleep(for: .milliseconds(5)) }
        try await Task.sleep(for: .milliseconds(milliseconds))
        _ = kill(getpid(), SIGKILL)
      }
    }
    // The killed coordinators got something done, and not everything.
    let early = harness.made.count
    #expect(early > 5 && early < 91)
    let engine = try await Coordinator.open(
      production: harness.production, configuration: harness.configured(workers: 3))
    #expect(try engine.ledger.openAttempts().isEmpty)
    // What the killed runs made is indexed already.
    let plan = try Self.plan()
    let keys = plan.nodes.flatMap { $0.commits + [$0.key] }
    #expect(try engine.ledger.knownResults(among: keys) == Set(keys.filter { engine.store.hasResult($0) }))
    let missing = try Plan(
      plan.nodes.filter { !engine.store.hasResult($0.key) }.map { node in
        var node = node
        node.dependencies.removeAll { engine.store.hasResult($0) }
        return node
      })
    #expect(try await engine.run(missing) { _ in }.exitCode == 0)
    // Each result was made once, although nine coordinators and many workers died.
    #expect(harness.made.sorted() == keys.map(\.description).sorted())
    #expect(try engine.ledger.knownResults(among: keys) == Set(keys))
    #expect(try engine.ledger.openAttempts().isEmpty)
    for attempt in harness.attempts {
      let files = try FileManager.default.contentsOfDirectory(
        atPath: "\(harness.production.attemptsFolder)/\(attempt)")
      #expect(!files.contains { $0.hasSuffix(".part") })
    }
    // Nobody outlived its coordinator.
    struct Facts: Decodable { var process: Int32 }
    for line in harness.lines(of: "facts.jsonl") {
      let worker = try JSONDecoder().decode(Facts.self, from: Data(line.utf8))
      #expect(!isAlive(worker.process))
    }
  }

  @Test func `opening waits for a worker that still finishes its segment and keeps the segment`() async throws
  {
    let harness = try EngineHarness()
    defer { harness.remove() }
    let folder = harness.folder
    let inside = try harness.holdFile()
    await #expect(processExitsWith: .signal(SIGKILL)) {
      [folder = folder as String, inside = inside as String] in
      let harness = try EngineHarness(existing: folder)
      let engine = try await Coordinator.open(
        production: harness.production, configuration: harness.configured(workers: 1))
      async let _ = engine.run(try Plan([fake("slow", segments: 3, frames: 3, inside: inside)])) { _ in }
      // The first segment is made and the second is under way.
      while true {
        let attempt = harness.attempts.first ?? ""
        let part = "\(harness.production.attemptsFolder)/\(attempt)/unfinished.part"
        if harness.made.count == 1, FileManager.default.fileExists(atPath: part) { break }
        try await Task.sleep(for: .milliseconds(10))
      }
      _ = kill(getpid(), SIGKILL)
    }
    let recorder = Recorder { event in
      if event.event == .waitingForAttempt { try? FileManager.default.removeItem(atPath: inside) }
    }
    let engine = try await Coordinator.open(
      production: harness.production, configuration: harness.configuration, observer: recorder)
    #expect(recorder.count(.waitingForAttempt) == 1)
    #expect(recorder.count(.attemptRecovered) == 1)
    // The second segment was under way; it was finished, indexed and is not made again.
    let segments = node("slow", segments: 3).commits
    #expect(try engine.ledger.knownResults(among: segments) == Set(segments[..<2]))
    #expect(harness.unfinished.isEmpty)
  }

  @Test func `a worker of an earlier run that does not end is reported in time`() async throws {
    let harness = try EngineHarness()
    defer { harness.remove() }
    let folder = try AttemptFolder.create(in: harness.production)
    let lock = try folder.tryLock()
    let configuration = harness.configured { $0.recoveryLimit = .milliseconds(300) }
    let error = await #expect(throws: EngineError.self) {
      try await Coordinator.open(production: harness.production, configuration: configuration)
    }
    withExtendedLifetime(lock) {}
    #expect(error?.code == .attemptStillRuns)
    #expect(error?.exitCode == 75)
    #expect(error?.message.contains(folder.id) == true)
  }

  @Test func `unfinished files of a dead attempt are swept even if the ledger is gone`() async throws {
    let harness = try EngineHarness()
    defer { harness.remove() }
    let folder = try AttemptFolder.create(in: harness.production)
    try "half".write(toFile: folder.path + "/movie.part", atomically: false, encoding: .utf8)
    let engine = try await Coordinator.open(
      production: harness.production, configuration: harness.configuration)
    #expect(!FileManager.default.fileExists(atPath: folder.path + "/movie.part"))
    await engine.close()
  }
}
