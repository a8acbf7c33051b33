import Diagnostics
import Digests
import Foundation
import Glibc
import Ledger
import ObjectStore
import TaskGraph
import TestSupport
import Testing

/// A production in a folder that goes with the value.
final class TemporaryProduction: Sendable {
  let production: Production
  let store: ObjectStore
  let attempt: AttemptFolder

  init() throws {
    let folder = FileManager.default.temporaryDirectory.path + "/ledger-\(UUID().uuidString)"
    production = try Production.create(at: folder)
    store = ObjectStore(production)
    attempt = try AttemptFolder.create(in: production)
  }

  deinit {
    try? FileManager.default.removeItem(atPath: production.root)
  }

  func key(_ text: String) -> TaskKey { Digest.sha256(Array(text.utf8)) }

  @discardableResult
  func commit(_ name: String) throws -> TaskKey {
    let record = ResultRecord(
      key: key(name), kind: "probe", version: 1, output: [name], attempt: attempt.id, tool: "test/1")
    _ = try store.commitResult(record, scratch: attempt.path)
    return record.key
  }

  /// Publishes a segment result; its object is not needed by the ledger.
  @discardableResult
  func commitSegment(
    encoding: String = "prores", chain: String, first: Int64, step: Int64 = 1, count: Int64
  ) throws -> TaskKey {
    let segment = SegmentRecord(
      encoding: key(encoding), chain: key(chain), first: first, step: step, count: count,
      object: key("object"),
      packets: [PacketEntry(offset: 0, size: 10, digest: String(repeating: "0", count: 32))],
      evidence: SegmentEvidence(decodedFrames: Int(count), lowestPSNR: 44, largestPacket: 10))
    let record = ResultRecord(
      key: key("\(encoding) \(chain) \(first) \(step) \(count)"), kind: segmentKind, version: 1,
      output: segment,
      attempt: attempt.id, tool: "test/1")
    _ = try store.commitResult(record, scratch: attempt.path)
    return record.key
  }
}

@Suite struct LedgerTests {
  private let temporary: TemporaryProduction
  private var production: Production { temporary.production }

  init() throws {
    temporary = try TemporaryProduction()
  }

  @Test func `groups of pictures are on record as results, never as frames`() throws {
    let group = SegmentRecord(
      encoding: temporary.key("h264"), count: 96, object: temporary.key("object"),
      packets: [PacketEntry(offset: 0, size: 10, digest: String(repeating: "0", count: 32))],
      evidence: SegmentEvidence(decodedFrames: 96, lowestPSNR: 41, largestPacket: 10))
    let record = ResultRecord(
      key: temporary.key("group"), kind: segmentKind, version: 1, output: group,
      attempt: temporary.attempt.id, tool: "test/1")
    _ = try temporary.store.commitResult(record, scratch: temporary.attempt.path)
    let frames = try temporary.commitSegment(encoding: "h264", chain: "shot", first: 0, count: 24)
    let ledger = try Ledger.open(production)
    func check() throws {
      #expect(try ledger.knownResults() == [record.key, frames])
      let known = try ledger.frameIntervals(
        encoding: temporary.key("h264"), chains: [temporary.key("shot"), temporary.key("group")])
      #expect(known.values.joined().map(\.segment) == [frames])
    }
    try check()
    try ledger.forget([record.key])
    #expect(try ledger.recordResults(of: [record.key], in: temporary.store) == [record.key])
    try check()
    #expect(try ledger.rebuild(from: temporary.store).walk.resultCount == 2)
    try check()
  }

  @Test func `commits are durable and readers do not wait`() throws {
    let ledger = try Ledger.open(production)
    #expect(try ledger.synchronousLevel() == 2)
    #expect(try ledger.journalMode() == "wal")
    // Also when the file exists: GRDB resets the level on every opening.
    try ledger.close()
    #expect(try Ledger.open(production).synchronousLevel() == 2)
  }

  @Test func `two connections see each other's records`() throws {
    let writer = try Ledger.open(production)
    let reader = try Ledger.open(production)
    let key = try temporary.commit("a")
    try writer.recordResults(of: [key], in: temporary.store)
    #expect(try reader.knownResults() == [key])
  }

  // MARK: Results

  @Test(arguments: UInt64(0)..<6)
  func `known results are the intersection with what was asked`(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let ledger = try Ledger.open(production)
    var recorded: Set<TaskKey> = []
    for index in 0..<Int.random(in: 0...40, using: &random) {
      recorded.insert(try temporary.commit("task \(index)"))
    }
    #expect(try ledger.recordResults(of: Array(recorded), in: temporary.store) == recorded)
    let asked = (0..<Int.random(in: 0...1_300, using: &random)).map { temporary.key("task \($0)") }
    #expect(try ledger.knownResults(among: asked) == recorded.intersection(asked))
    #expect(try ledger.knownResults() == recorded)
  }

  @Test(arguments: [1, 100, 101, 150, 600, 601])
  func `the answer does not depend on how many keys are asked for`(count: Int) throws {
    let ledger = try Ledger.open(production)
    var keys: [TaskKey] = []
    for index in 0..<600 { keys.append(try temporary.commit("task \(index)")) }
    try ledger.recordResults(of: keys, in: temporary.store)
    let asked = [temporary.key("missing")] + keys.prefix(count - 1)
    #expect(try ledger.knownResults(among: asked) == Set(keys.prefix(count - 1)))
  }

  @Test func `recording twice changes nothing and keys without results are not recorded`() throws {
    let ledger = try Ledger.open(production)
    let key = try temporary.commitSegment(chain: "a", first: 0, count: 10)
    for _ in 0..<2 {
      #expect(try ledger.recordResults(of: [key, temporary.key("missing")], in: temporary.store) == [key])
    }
    #expect(try ledger.knownResults() == [key])
    #expect(
      try ledger.frameIntervals(encoding: temporary.key("prores"), chains: [temporary.key("a")]).count == 1)
  }

  @Test func `a forgotten result takes its frames with it`() throws {
    let ledger = try Ledger.open(production)
    let key = try temporary.commitSegment(chain: "a", first: 0, count: 10)
    let other = try temporary.commitSegment(chain: "a", first: 10, count: 10)
    try ledger.recordResults(of: [key, other], in: temporary.store)
    try ledger.forget([key])
    #expect(try ledger.knownResults() == [other])
    let chain = temporary.key("a")
    #expect(
      try ledger.frameIntervals(encoding: temporary.key("prores"), chains: [chain])[chain]?.map(\.first) == [
        10
      ])
  }

  // MARK: Frames

  @Test func `frame intervals come in bulk, by chain, in order`() throws {
    let ledger = try Ledger.open(production)
    var keys: [TaskKey] = []
    for chain in 0..<1_200 where chain.isMultiple(of: 3) {
      keys.append(try temporary.commitSegment(chain: "chain \(chain)", first: 48, count: 24))
      if chain.isMultiple(of: 2) {
        keys.append(try temporary.commitSegment(chain: "chain \(chain)", first: 0, step: 2, count: 12))
      }
      if chain.isMultiple(of: 5) {
        keys.append(
          try temporary.commitSegment(encoding: "h264", chain: "chain \(chain)", first: 7, count: 1))
      }
    }
    try ledger.recordResults(of: keys, in: temporary.store)
    let chains = (0..<1_200).map { temporary.key("chain \($0)") }
    let prores = try ledger.frameIntervals(encoding: temporary.key("prores"), chains: chains + chains)
    #expect(prores.count == 400)
    let sixth = [
      FrameInterval(first: 0, step: 2, count: 12, segment: temporary.key("prores chain 6 0 2 12"), offset: 0),
      FrameInterval(
        first: 48, step: 1, count: 24, segment: temporary.key("prores chain 6 48 1 24"), offset: 0),
    ]
    #expect(prores[temporary.key("chain 6")] == sixth)
    #expect(prores[temporary.key("chain 7")] == nil)
    #expect(try ledger.frameIntervals(encoding: temporary.key("h264"), chains: chains).count == 80)
    #expect(try ledger.frameIntervals(encoding: temporary.key("dnxhd"), chains: chains).isEmpty)
    #expect(try ledger.frameIntervals(encoding: temporary.key("prores"), chains: []).isEmpty)
  }

  @Test func `a source frame has its place in an interval or none`() {
    let key = temporary.key("s")
    let forward = FrameInterval(first: 100, step: 1, count: 10, segment: key, offset: 5)
    #expect((98...111).map { forward.position(of: $0) } == [nil, nil] + (5..<15).map { $0 } + [nil, nil])
    let double = FrameInterval(first: 100, step: 2, count: 3, segment: key, offset: 0)
    #expect((99...107).map { double.position(of: $0) } == [nil, 0, nil, 1, nil, 2, nil, nil, nil])
    let reverse = FrameInterval(first: 100, step: -1, count: 3, segment: key, offset: 0)
    #expect((97...101).map { reverse.position(of: $0) } == [nil, 2, 1, 0, nil])
    let held = FrameInterval(first: 100, step: 0, count: 3, segment: key, offset: 4)
    #expect((99...101).map { held.position(of: $0) } == [nil, 4, nil])
  }

  // MARK: Rebuilding

  /// Everything the ledger says about results and frames.
  private struct Contents: Equatable {
    var results: Set<TaskKey>
    var frames: [[Digest: [FrameInterval]]]
  }

  private func contents(_ ledger: Ledger) throws -> Contents {
    let chains = (0..<20).map { temporary.key("chain \($0)") }
    return Contents(
      results: try ledger.knownResults(),
      frames: try ["prores", "h264"].map {
        try ledger.frameIntervals(encoding: temporary.key($0), chains: chains)
      })
  }

  @Test(arguments: UInt64(0)..<8)
  func `a rebuild equals the index made on the way`(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let ledger = try Ledger.open(production)
    for index in 0..<60 {
      let key: TaskKey
      if Bool.random(using: &random) {
        key = try temporary.commit("task \(index)")
      } else {
        key = try temporary.commitSegment(
          encoding: Bool.random(using: &random) ? "prores" : "h264",
          chain: "chain \(Int.random(in: 0..<20, using: &random))",
          first: Int64.random(in: 0..<500, using: &random),
          step: Int64.random(in: -1...2, using: &random), count: Int64.random(in: 1...48, using: &random))
      }
      try ledger.recordResults(of: [key], in: temporary.store)
      if index.isMultiple(of: 11) {
        try temporary.store.withdrawResult(key)
        try ledger.forget([key])
      }
    }
    let incremental = try contents(ledger)
    let rebuild = try ledger.rebuild(from: temporary.store)
    #expect(try contents(ledger) == incremental)
    #expect(rebuild.added == 0)
    #expect(rebuild.removed == 0)
    try ledger.close()

    // Losing the ledger loses nothing.
    for suffix in ["", "-wal", "-shm"] {
      try temporary.store.fileSystem.remove(production.ledgerPath + suffix)
    }
    #expect(try contents(try Ledger.open(production)) == incremental)
  }

  @Test func `a rebuild adds what is missing and removes what is gone`() throws {
    let ledger = try Ledger.open(production)
    let kept = try temporary.commit("kept")
    let gone = try temporary.commitSegment(chain: "chain 1", first: 0, count: 5)
    try ledger.recordResults(of: [kept, gone], in: temporary.store)
    try temporary.store.withdrawResult(gone)
    let added = try temporary.commitSegment(chain: "chain 2", first: 0, count: 5)
    let damaged = try temporary.commit("damaged")
    try temporary.store.fileSystem.remove(temporary.store.resultPath(of: damaged))
    try temporary.store.fileSystem.writeNew([1], at: temporary.store.resultPath(of: damaged))
    let rebuild = try ledger.rebuild(from: temporary.store)
    #expect(rebuild.added == 1)
    #expect(rebuild.removed == 1)
    #expect(rebuild.walk.damaged == [damaged])
    let after = try contents(ledger)
    #expect(after.results == [kept, added])
    #expect(after.frames[0].keys.sorted() == [temporary.key("chain 2")])
  }

  @Test func `a damaged ledger is set aside and made again`() throws {
    let key = try temporary.commit("a")
    try Data(repeating: 0x5A, count: 8_192).write(to: URL(fileURLWithPath: production.ledgerPath))
    let ledger = try Ledger.open(production)
    #expect(try ledger.knownResults() == [key])
    #expect(try temporary.store.fileSystem.names(in: production.quarantineFolder).count == 1)
  }

  @Test func `a ledger killed before its first index was complete is indexed at the next opening`() throws {
    let key = try temporary.commit("a")
    let ledger = try Ledger.open(production)
    try ledger.forget([key])
    try ledger.close()
    try sqlite("UPDATE ledgerState SET isComplete = 0")
    #expect(try Ledger.open(production).knownResults() == [key])
  }

  // MARK: Migrations

  @Test func `a sealed finding holds while the seal is the same`() throws {
    let ledger = try Ledger.open(production)
    let subject = temporary.key("subject")
    #expect(try ledger.sealedValue(of: subject) == nil)
    let first = SealedFinding(subject: subject, seal: temporary.key("seal"), value: 3)
    try ledger.keep([first, SealedFinding(subject: temporary.key("other"), seal: first.seal, value: 4)])
    var kept = try #require(try ledger.sealedValue(of: subject))
    #expect(kept.value == 3 && kept.check == first.check)
    let broken = SealedFinding(subject: subject, seal: temporary.key("another seal"), value: 3)
    #expect(kept.check != broken.check)
    // A flipped number on record is none that was found.
    #expect(kept.check != SealedFinding(subject: subject, seal: first.seal, value: 2).check)
    try ledger.keep([broken])
    kept = try #require(try Ledger.open(production).sealedValue(of: subject))
    #expect(kept.check == broken.check)
  }

  @Test func `a finished plan comes back as it was kept, and old ones are forgotten`() throws {
    let ledger = try Ledger.open(production)
    func record(_ number: Int) -> FinishedPlanRecord {
      FinishedPlanRecord(
        subject: temporary.key("plan \(number)"), seal: temporary.key("seal \(number)"),
        outline: Array("{\(number)}".utf8), footprint: (0..<number % 5).map { temporary.key("result \($0)") })
    }
    try ledger.keep((0..<230).map(record))
    let last = record(229)
    let kept = try #require(try ledger.finishedPlan(last.subject))
    #expect(kept.outline == last.outline && kept.footprint == last.footprint && kept.check == last.check)
    #expect(try ledger.finishedPlan(record(0).subject) == nil)
    // What is kept again is new.
    try ledger.keep([record(31)])
    try ledger.keep((300..<450).map(record))
    #expect(try ledger.finishedPlan(record(31).subject) != nil)
    #expect(try ledger.finishedPlan(record(32).subject) == nil)
    // A result that was taken back may come back by hand: its frames are not on record then.
    try ledger.forget([temporary.key("result 0")])
    #expect(try ledger.finishedPlan(record(449).subject) == nil)
  }

  @Test func `an empty database file is migrated`() throws {
    try Data().write(to: URL(fileURLWithPath: production.ledgerPath))
    let key = try temporary.commit("a")
    #expect(try Ledger.open(production).knownResults() == [key])
  }

  @Test func `a ledger of a newer program is refused and left alone`() throws {
    try Ledger.open(production).close()
    try sqlite("INSERT INTO grdb_migrations VALUES ('2 from the future')")
    do {
      _ = try Ledger.open(production)
      Issue.record("opened")
    } catch let error as Diagnostic {
      #expect(error.code == "ledger.newerSchema")
      #expect(error.location?.file == ".interlock/ledger.sqlite")
    }
    #expect(try temporary.store.fileSystem.names(in: production.quarantineFolder).isEmpty)
  }

  @Test func `results of an older ledger stay on record, and are counted`() throws {
    let keys = try Set((0..<20).map { try temporary.commit("task \($0)") })
    try Ledger.open(production).close()
    let rows = keys.map { "(x'\($0.hex)', 'mix', 1, 'attempt', 'then')" }.joined(separator: ",")
    try sqlite(
      """
      DELETE FROM grdb_migrations WHERE identifier LIKE '5 %';
      DROP TABLE results;
      CREATE TABLE results (
        key BLOB NOT NULL PRIMARY KEY CHECK (length(key) = 32),
        kind TEXT NOT NULL, version INTEGER NOT NULL, attempt TEXT NOT NULL, made TEXT NOT NULL
      ) WITHOUT ROWID, STRICT;
      INSERT INTO results VALUES \(rows);
      CREATE TRIGGER resultAdded AFTER INSERT ON results
        BEGIN UPDATE ledgerState SET resultCount = resultCount + 1; END;
      CREATE TRIGGER resultRemoved AFTER DELETE ON results
        BEGIN UPDATE ledgerState SET resultCount = resultCount - 1; END;
      """)
    let ledger = try Ledger.open(production)
    #expect(try ledger.knownResults() == keys)
    #expect(try ledger.resultCount() == 20)
    try ledger.forget(Array(keys.prefix(3)))
    #expect(try ledger.resultCount() == 17)
    #expect(try ledger.recordResults(of: Array(keys), in: temporary.store) == keys)
    #expect(try ledger.resultCount() == 20)
  }

  /// Runs SQL through Python's module, as somebody else's process would.
  private func sqlite(_ sql: String) throws {
    let python = Process()
    python.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    python.arguments = [
      "python3", "-c",
      "import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); c.executescript(sys.argv[2]); c.commit()",
      production.ledgerPath, sql,
    ]
    try python.run()
    python.waitUntilExit()
    try #require(python.terminationStatus == 0)
  }

  // MARK: Attempts

  @Test func `open attempts survive a crash with their keys, in order`() throws {
    let first = AttemptRecord(
      id: ULID.next().description, run: "run", keys: ["c", "a", "b"].map(temporary.key))
    let second = AttemptRecord(id: ULID.next().description, run: "run", keys: [])
    let third = AttemptRecord(id: ULID.next().description, run: "run", keys: [temporary.key("d")])
    do {
      let ledger = try Ledger.open(production)
      try ledger.open([first, second])
      try ledger.open(third)
      try ledger.close(attempt: second.id, outcome: .done)
      try ledger.close(attempt: second.id, outcome: .lost)
    }
    // The connection was dropped without closing, as by a kill.
    let ledger = try Ledger.open(production)
    #expect(try ledger.openAttempts() == [first, third])
    #expect(try ledger.attemptIDs() == [first.id, second.id, third.id])
    #expect(throws: Diagnostic.self) { try ledger.open(first) }
  }

  @Test func `a rebuild keeps the attempts`() throws {
    let ledger = try Ledger.open(production)
    let attempt = AttemptRecord(id: ULID.next().description, run: "run", keys: [temporary.key("a")])
    try ledger.open(attempt)
    _ = try ledger.rebuild(from: temporary.store)
    #expect(try ledger.openAttempts() == [attempt])
  }

  // MARK: Timings

  @Test func `estimates rest on the latest tasks of a kind`() throws {
    let ledger = try Ledger.open(production)
    #expect(try ledger.timingEstimate(kind: "render") == nil)
    for _ in 0..<50 { try ledger.recordTiming(kind: "render", frames: 10, seconds: 100) }
    for _ in 0..<200 { try ledger.recordTiming(kind: "render", frames: 48, seconds: 12) }
    try ledger.recordTiming(kind: "probe", frames: 0, seconds: 0.5)
    try ledger.recordTiming(kind: "probe", frames: 0, seconds: .nan)
    #expect(
      try ledger.timingEstimate(kind: "render")
        == TimingEstimate(secondsPerTask: 12, secondsPerFrame: 0.25, sampleCount: 200))
    #expect(
      try ledger.timingEstimate(kind: "probe")
        == TimingEstimate(secondsPerTask: 0.5, secondsPerFrame: nil, sampleCount: 1))
  }

  @Test(arguments: UInt64(0)..<4)
  func `what is missing is what is not known, however many are asked`(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let ledger = try Ledger.open(production)
    let recorded = try (0..<60).map { try temporary.commit("result \(seed) \($0)") }
    _ = try ledger.recordResults(of: recorded, in: temporary.store)
    // Few keys are looked up one by one, many are walked beside the record.
    for count in [0, 1, 40, 400] {
      let asked = (0..<count).map { _ in
        Bool.random(using: &random)
          ? recorded[Int.random(in: 0..<60, using: &random)]
          : temporary.key("other \(Int.random(in: 0..<300, using: &random))")
      }
      let expected = Set(asked).subtracting(try ledger.knownResults(among: asked)).sorted()
      #expect(try ledger.missingResults(among: asked) == expected)
    }
  }

  @Test func `a row of frames that is not what was written is damage, repaired by the owner alone`() throws {
    let frames = try temporary.commitSegment(chain: "shot", first: 100, count: 24)
    let ledger = try Ledger.open(production, isOwner: true)
    func intervals(_ ledger: Ledger) throws -> [FrameInterval] {
      try ledger.frameIntervals(encoding: temporary.key("prores"), chains: [temporary.key("shot")])
        .values.joined().map(\.self)
    }
    #expect(try intervals(ledger).map(\.first) == [100])
    // It was opened for the first time, and a result was there already.
    #expect(ledger.losses.take().map(\.code) == ["ledger.repaired"])
    let harm = """
      import sqlite3, sys
      ledger = sqlite3.connect(sys.argv[1])
      ledger.execute("UPDATE frames SET first = 101")
      ledger.commit()
      """
    #expect(try Programs.run("python3", ["-c", harm, production.ledgerPath]).status == 0)
    let reader = try Ledger.open(production)
    let error = #expect(throws: Diagnostic.self) { try intervals(reader) }
    #expect(error?.code == "ledger.damaged")
    try reader.close()
    let repaired = try intervals(ledger)
    #expect(repaired.map(\.first) == [100])
    #expect(repaired.map(\.segment) == [frames])
    #expect(ledger.losses.take().map(\.code) == ["ledger.repaired"])
    let again = try Ledger.open(production)
    #expect(try intervals(again).map(\.first) == [100])
  }
}
