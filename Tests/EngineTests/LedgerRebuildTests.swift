import Digests
import Engine
import Foundation
import Ledger
import ObjectStore
import TaskGraph
import Testing

/// Losing the ledger loses nothing: results, frames, attempts and timings come back from files.
@Suite(.timeLimit(.minutes(30))) struct LedgerRebuildTests {
  private func loseLedger(_ harness: EngineHarness) {
    for suffix in ["", "-wal", "-shm", "-journal"] {
      try? FileManager.default.removeItem(atPath: harness.production.ledgerPath + suffix)
    }
  }

  private struct Answers: Equatable {
    var results: Set<TaskKey>
    var attempts: Set<String>
    var open: [AttemptRecord]
  }

  private func answers(_ ledger: Ledger) throws -> Answers {
    // When an attempt was opened is noted twice, a moment apart.
    let open = try ledger.openAttempts().map {
      AttemptRecord(id: $0.id, run: $0.run, keys: $0.keys, opened: "")
    }
    return Answers(results: try ledger.knownResults(), attempts: try ledger.attemptIDs(), open: open)
  }

  @Test func `a ledger made from files alone gives the same answers`() async throws {
    let harness = try EngineHarness()
    defer { harness.remove() }
    let nodes = [
      fake("render 1", segments: 3, frames: 30, seconds: 0.05), fake("render 2", segments: 2, frames: 20),
      fake("fails", "fails", failure: "user"), fake("crashes", "killed", times: 1),
      fake("assemble", after: ["render 1", "render 2"]),
    ]
    var engine: Coordinator? = try await Coordinator.open(
      production: harness.production, configuration: harness.configuration)
    _ = try await engine?.run(try Plan(nodes)) { _ in }
    await engine?.close()
    engine = nil

    let before = try Ledger.open(harness.production)
    // An attempt under way: its coordinator was killed after it had told of the attempt.
    let run = try #require(try harness.production.fileSystem.names(in: harness.production.runsFolder).last)
    let folder = try AttemptFolder.create(in: harness.production)
    let open = AttemptRecord(id: folder.id, run: run, keys: nodes[0].commits + [nodes[0].key])
    try before.open(open)
    let line =
      #"{"at":"2026-01-01T00:00:00.000Z","attempt":"\#(folder.id)","event":"attemptStarted","kind":"render","#
      + #""run":"\#(run)","seconds":9,"task":"\#(nodes[0].key.hex)"}"# + "\n"
    let events = "\(harness.production.runsFolder)/\(run)/events.jsonl"
    let handle = try #require(FileHandle(forWritingAtPath: events))
    try handle.seekToEnd()
    try handle.write(contentsOf: Data(line.utf8))
    try handle.write(contentsOf: Data(#"{"at":"2026-01-01T00:00:00.000Z","event":"attem"#.utf8))
    try handle.close()

    let expected = try answers(before)
    let timing = try #require(try before.timingEstimate(kind: "render"))
    try before.close()
    #expect(expected.attempts.count >= 6)
    #expect(expected.open.map(\.id) == [folder.id])
    loseLedger(harness)

    let after = try Ledger.open(harness.production)
    #expect(try answers(after) == expected)
    let restored = try #require(try after.timingEstimate(kind: "render"))
    #expect(restored.sampleCount == timing.sampleCount)
    #expect(abs(restored.secondsPerTask - timing.secondsPerTask) < 0.05)
    let perFrame = try #require(timing.secondsPerFrame)
    #expect(abs(try #require(restored.secondsPerFrame) - perFrame) < 0.05)
  }

  @Test func `rebuilding a ledger that has everything changes nothing`() async throws {
    let harness = try EngineHarness()
    defer { harness.remove() }
    _ = try await harness.run([fake("render 1", segments: 3, frames: 30), fake("render 2", frames: 20)])
    let ledger = try Ledger.open(harness.production)
    let expected = try answers(ledger)
    let timing = try ledger.timingEstimate(kind: "render")
    let rebuilt = try ledger.rebuild(from: ObjectStore(harness.production))
    #expect(rebuilt.added == 0 && rebuilt.removed == 0)
    #expect(try answers(ledger) == expected)
    #expect(try ledger.timingEstimate(kind: "render") == timing)
  }
}
