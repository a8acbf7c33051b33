import Diagnostics
import Digests
import Foundation
import Ledger
import ObjectStore
import Planning
import TaskGraph

/// Reads everything of a production again and compares it with what was written.
///
/// Damaged results and objects go to quarantine and results without their objects are withdrawn, so that the next
/// run makes them again. Everything else is reported only.
struct Verification {
  let store: ObjectStore
  let ledger: Ledger
  let isQuiet: Bool
  var report = VerifyReport()

  private var inventory: StoreInventory
  private let versions: [VersionRecord]
  /// Files found good, by device and inode: a hard link of one is not read twice.
  private var goodFiles: Set<FileID> = []
  private var withdrawn: Set<TaskKey> = []

  private struct FileID: Hashable {
    var device: UInt64
    var inode: UInt64

    init(_ facts: FileSystem.Facts) {
      device = facts.device
      inode = facts.inode
    }
  }

  init(_ store: ObjectStore, _ ledger: Ledger, isQuiet: Bool) throws {
    self.store = store
    self.ledger = ledger
    self.isQuiet = isQuiet
    inventory = try StoreInventory(store)
    let publisher = VersionPublisher(store)
    var versions: [VersionRecord] = []
    for line in try publisher.lines() {
      let read = try publisher.versions(of: line)
      versions += read.versions
      for finding in read.findings {
        report.add(.unreadableVersion, finding.location.map { "\($0)" } ?? "", finding.description)
      }
    }
    self.versions = versions
  }

  mutating func run() async throws {
    report.results = inventory.results.count
    report.versions = versions.count
    for key in inventory.damagedResults {
      report.add(.damagedResult, key.hex, "damaged, in quarantine: result \(key.hex.prefix(12))")
    }
    for path in inventory.strangers { report.add(.strayFile, path, "does not belong there: \(path)") }
    let copies = versions.joinedFiles.filter { $0.placement != .hardLink }
    let progress = VerifyProgress(
      total: inventory.objects.values.reduce(0) { $0 + $1.byteCount }
        + copies.reduce(0) { $0 + $1.byteCount },
      isQuiet: isQuiet)
    defer { progress.finish() }
    try await readObjects(progress)
    try await readVersions(progress)
    try readRecords()
    try compareLedger()
  }

  // MARK: Store

  private struct ObjectCheck: Sendable {
    var digest: Digest
    var segments: [TaskKey]
    var byteCount: Int64
  }

  private struct ObjectAnswer: Sendable {
    var digest: Digest
    var facts: FileSystem.Facts?
    /// Segments whose packets are not where their results say.
    var wrong: [TaskKey]
  }

  private mutating func readObjects(_ progress: VerifyProgress) async throws {
    var segments: [Digest: [TaskKey]] = [:]
    for (key, result) in inventory.results where result.kind == segmentKind {
      report.segments += 1
      // Of several files the first: all of them are read with it.
      for object in result.objects.prefix(1) { segments[object.digest, default: []].append(key) }
    }
    let checks = inventory.objects.map { digest, space in
      ObjectCheck(digest: digest, segments: segments[digest] ?? [], byteCount: space.byteCount)
    }.sorted { $0.digest < $1.digest }
    let store = store
    let answers = try await ParallelWork.map(checks) { check in
      defer { progress.add(check.byteCount) }
      guard try store.verifyObject(check.digest) else {
        return ObjectAnswer(digest: check.digest, facts: nil, wrong: [])
      }
      // At a second look, too: a worker of a farm may move one into its master just now.
      let wrong = try check.segments.filter {
        try !SegmentCheck.isRight($0, in: store) && !SegmentCheck.isRight($0, in: store)
      }
      return ObjectAnswer(
        digest: check.digest, facts: try store.fileSystem.facts(store.path(of: check.digest)), wrong: wrong)
    }
    report.objects = answers.count
    report.byteCount = checks.reduce(0) { $0 + $1.byteCount }
    var good: Set<Digest> = []
    var wrong: Set<TaskKey> = []
    for answer in answers {
      wrong.formUnion(answer.wrong)
      if let facts = answer.facts {
        good.insert(answer.digest)
        goodFiles.insert(FileID(facts))
      }
    }
    try withdraw(good: good, wrong: wrong)
    let named = Set(inventory.results.values.flatMap { $0.objects.map(\.digest) })
      .union(versions.joinedFiles.map(\.digest))
    for answer in answers where !named.contains(answer.digest) {
      if answer.facts != nil {
        report.unreferencedObjects += 1
      } else {
        report.add(
          .damagedObject, answer.digest.hex,
          "damaged, in quarantine: object \(answer.digest.hex.prefix(12)), which no result names")
      }
    }
  }

  private mutating func withdraw(good: Set<Digest>, wrong: Set<TaskKey>) throws {
    for (key, result) in inventory.results.sorted(by: { $0.key < $1.key }) {
      let reason: String
      if wrong.contains(key) {
        reason = "its packets are not where it says"
      } else if result.objects.contains(where: { !good.contains($0.digest) && !store.contains($0.digest) }),
        try store.storedResult(key).map({ try store.isIncomplete($0) }) ?? false
      {
        reason = "its object is missing or damaged"
      } else {
        continue
      }
      try store.withdrawResult(key)
      withdrawn.insert(key)
      report.add(
        .withdrawnResult, key.hex, "taken back, \(reason): result \(key.hex.prefix(12)), \(result.kind)")
    }
  }

  // MARK: Published

  private struct FileAnswer: Sendable {
    var path: String
    var isRight: Bool
    /// Its permissions, when others than its owner's may be wrong.
    var mode: UInt32
  }

  /// Published files are read through their own names: a copy or reflink may differ from its object.
  private mutating func readVersions(_ progress: VerifyProgress) async throws {
    let store = store
    let publisher = VersionPublisher(store)
    let files = versions.flatMap { version in
      version.files.map { (path: version.path(of: $0, in: store.production), file: $0) }
    }
    let good = goodFiles
    let answers = try await ParallelWork.map(files) { path, file in
      let facts = try store.fileSystem.facts(path)
      guard let facts, facts.isRegularFile, facts.byteCount == file.byteCount else {
        return FileAnswer(path: path, isRight: false, mode: facts?.mode ?? 0)
      }
      if good.contains(FileID(facts)) { return FileAnswer(path: path, isRight: true, mode: facts.mode) }
      defer { progress.add(facts.byteCount) }
      let digest = try? Digest.sha256(ofFileAt: path)
      return FileAnswer(path: path, isRight: digest == file.digest, mode: facts.mode)
    }
    for answer in answers { add(answer) }
    for version in versions {
      let path = publisher.folder(of: version) + "/version.json"
      if let facts = try store.fileSystem.facts(path) {
        add(FileAnswer(path: path, isRight: true, mode: facts.mode))
      }
    }
  }

  private mutating func add(_ answer: FileAnswer) {
    let path = store.fileSystem.relative(answer.path)
    if !answer.isRight {
      report.add(.damagedFile, path, "not what was published: \(path)")
    } else if answer.mode & 0o222 != 0 {
      let mode = String(answer.mode & 0o777, radix: 8)
      report.add(.writableFile, path, "can be written, mode \(mode): \(path); `chmod a-w` protects it again")
    }
  }

  // MARK: Records

  private mutating func readRecords() throws {
    let publisher = VersionPublisher(store)
    for version in versions {
      let (decisions, unreadable) = try publisher.decisions(on: version)
      report.decisions += decisions.count
      add(unreadable, as: .unreadableDecision)
      let waivers = try publisher.statements(Waiver.self, on: version)
      let handovers = try publisher.statements(Handover.self, on: version)
      report.decisions += waivers.statements.count + handovers.statements.count
      add(waivers.findings + handovers.findings, as: .unreadableDecision)
      let (pin, findings) = try publisher.pin(on: version)
      if pin != nil { report.pins += 1 }
      add(findings, as: .unreadablePin)
    }
    add(try store.footprints().findings, as: .unreadableFootprint)
    for batch in try store.quarantineBatches() {
      report.quarantines += 1
      do { _ = try batch.manifest() } catch { add([error], as: .unreadableQuarantine) }
    }
    let files = store.fileSystem
    for run in try files.names(in: store.production.runsFolder) where ULID(run) != nil {
      report.runs += 1
      let path = "\(store.production.runsFolder)/\(run)/plan.json"
      // A run that was killed at its very start has none.
      guard let (bytes, _) = try files.read(path) else { continue }
      struct Head: Decodable { var run: String }
      if (try? JSONDecoder().decode(Head.self, from: Data(bytes)))?.run != run {
        report.add(
          .unreadableRun, files.relative(path), "not the plan of this run: \(files.relative(path))")
      }
    }
  }

  private mutating func add(_ findings: [Diagnostic], as kind: VerifyReport.Fault.Kind) {
    for finding in findings {
      report.add(kind, finding.location.map { "\($0)" } ?? "", finding.description)
    }
  }

  // MARK: Ledger

  /// What the ledger says of results and frames against the files; what was taken back leaves it.
  private mutating func compareLedger() throws {
    try ledger.forget(Array(withdrawn) + inventory.damagedResults)
    let present = Set(inventory.results.keys).subtracting(withdrawn)
    // A collection that was killed has taken keys off the ledger and not moved all of their files.
    let unfinished = try store.quarantineBatches().compactMap { try? $0.manifest() }.flatMap(\.results)
    try ledger.recordResults(of: unfinished.map(\.key).filter(present.contains), in: store)
    let recorded = try ledger.knownResults()
    // What an attempt made whose coordinator was killed is recorded when the next run takes it up.
    let awaited = Set(try ledger.openAttempts().flatMap(\.keys))
    for key in present.subtracting(recorded).subtracting(awaited).sorted() {
      report.add(.ledger, key.hex, "not on the ledger: result \(key.hex.prefix(12))")
    }
    for key in recorded.subtracting(present).sorted() {
      report.add(.ledger, key.hex, "on the ledger without a file: result \(key.hex.prefix(12))")
    }
    let frames = try ledger.recordedFrames()
    for key in present.intersection(recorded).sorted() where inventory.results[key]?.kind == segmentKind {
      guard let segment = try store.result(key, as: SegmentRecord.self)?.output,
        !SegmentCheck.agrees(segment, frames[key])
      else { continue }
      report.add(.ledger, key.hex, "other frames on the ledger than in result \(key.hex.prefix(12))")
    }
    for key in frames.keys.filter({ !recorded.contains($0) }).sorted() {
      report.add(.ledger, key.hex, "frames on the ledger of no result: \(key.hex.prefix(12))")
    }
  }
}

extension [VersionRecord] {
  fileprivate var joinedFiles: [VersionRecord.File] { flatMap(\.files) }
}

/// A segment against its object and against the ledger.
enum SegmentCheck {
  /// Whether every packet lies where the result says, with its digest; in an object of its own one after the other, and
  /// nothing else beside them but the key.
  static func isRight(_ key: TaskKey, in store: ObjectStore) throws -> Bool {
    guard let result = try store.result(key, as: SegmentRecord.self),
      Int64(result.output.packets.count) == result.output.count,
      result.output.files == nil || result.output.files?.count == result.output.packets.count
    else { return false }
    let isAlone = result.objects.map(\.name) == ["segment"]
    var open: (object: Digest, file: FileHandle)?
    defer { try? open?.file.close() }
    var end: Int64 = 0
    for (index, packet) in result.output.packets.enumerated() {
      let object = result.output.object(ofFrame: index)
      if open?.object != object {
        try open?.file.close()
        open = FileHandle(forReadingAtPath: store.path(of: object)).map { (object, $0) }
      }
      guard let file = open?.file, packet.size >= 0, packet.offset >= 0, !isAlone || packet.offset == end,
        packet.digest.utf8.count == 32
      else { return false }
      try file.seek(toOffset: UInt64(packet.offset))
      let bytes = [UInt8](try file.read(upToCount: packet.size) ?? Data())
      guard bytes.count == packet.size, Digest.sha256(bytes).hex.hasPrefix(packet.digest) else {
        return false
      }
      end = packet.offset + Int64(packet.size)
    }
    guard isAlone, let file = open?.file else { return !isAlone || result.output.packets.isEmpty }
    let rest = [UInt8](try file.read(upToCount: 64) ?? Data())
    return rest.isEmpty || rest == key.bytes
  }

  static func agrees(
    _ segment: SegmentRecord, _ recorded: (encoding: Digest, chain: Digest, frames: FrameInterval)?
  ) -> Bool {
    guard let chain = segment.chain, let first = segment.first, let step = segment.step, segment.count > 0
    else { return recorded == nil }
    guard let recorded else { return false }
    return recorded.encoding == segment.encoding && recorded.chain == chain && recorded.frames.first == first
      && recorded.frames.step == step && recorded.frames.count == segment.count
  }
}
