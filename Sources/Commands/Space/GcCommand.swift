import ArgumentParser
import Diagnostics
import Digests
import Engine
import Foundation
import Ledger
import ObjectStore
import Planning
import TaskGraph

struct GcCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gc", abstract: "Free space: set aside what no version, pin or run needs; delete it later.",
    discussion: """
      Kept are all published versions with everything they were made from (with --keep-versions N only the newest N of \
      each asset, and pinned ones; of older versions the files stay, with the frames that lie in them), what running \
      attempts use, and whatever is younger than --older-than. The rest goes to quarantine. What is asked for again \
      comes back from there by itself; after the grace period the next gc deletes it. Logs of attempts and runs older \
      than --older-than are deleted, the newest 20 runs excepted. Published files are never touched.

        interlock gc --dry-run --production Output
        interlock gc --keep-versions 2 --older-than 7d
        interlock gc --explain Output/Deliverables/short-film/master/v001/short-film_master_v001.mov
      """)

  @OptionGroup var production: ProductionOptions

  @OptionGroup var waiting: WaitOptions

  @Flag(
    name: .customLong("dry-run"), help: "Say what would go and why the biggest things stay; change nothing.")
  var isDryRun = false

  @Option(name: .customLong("older-than"), help: "What is younger stays: a number with d, h, m or s.")
  var olderThan = Age.days(30)

  @Option(
    name: .customLong("keep-versions"),
    help: "Of each asset and deliverable, keep the material of the newest N versions. Default: of all.")
  var keepVersions: Int?

  @Option(help: "How long files stay in quarantine before a gc deletes them.")
  var grace = Age.days(7)

  @Flag(help: "Delete at once what is unneeded, and all that is in quarantine.")
  var purge = false

  @Option(
    help: ArgumentHelp(
      "Say what keeps a published file, an object or a result.", valueName: "file|digest"))
  var explain: String?

  @Option(help: ArgumentHelp("Take back what a gc has set aside.", valueName: "quarantine"))
  var restore: String?

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    if let keepVersions, keepVersions < 1 { throw ValidationError("--keep-versions takes a number from 1") }
    if isDryRun, restore != nil { throw ValidationError("--restore changes things; leave out --dry-run") }
    if explain != nil, restore != nil { throw ValidationError("choose one of --explain, --restore") }
  }

  func run() async throws {
    let folder = try production.required()
    let store = ObjectStore(folder)
    let claim = try await waiting.claim(folder)
    defer { withExtendedLifetime(claim) {} }
    let ledger = try Ledger.open(folder, isOwner: true)
    if let restore { return try takeBack(restore, store, ledger) }
    let limit = WallClock(milliseconds: WallClock.now().milliseconds - olderThan.milliseconds)
    let survey = try SpaceSurvey(
      store, dispatched: try ledger.attemptIDs(), limits: .init(cutoff: limit, keepVersions: keepVersions))
    if let explain { return try ExplainedSpace(survey, json: json).print(explain) }
    guard isDryRun || survey.obstacles.isEmpty else {
      Outcome.printError("Nothing was collected: what these versions need cannot be known.")
      throw DiagnosticList(survey.obstacles)
    }
    var report = GcReport(survey, isDryRun: isDryRun)
    let collection = Collection(store: store, ledger: ledger, isDryRun: isDryRun)
    try collection.setAside(survey, report: &report)
    try collection.deleteRecords(survey, report: &report)
    try collection.deleteExpired(
      before: purge ? nil : WallClock(milliseconds: WallClock.now().milliseconds - grace.milliseconds),
      report: &report)
    if purge { report.quarantine = nil }
    if json {
      Outcome.printResult(String(decoding: try JSONBytes.encode(report, isPretty: true), as: UTF8.self))
    } else {
      Outcome.printDiagnostics(survey.obstacles + survey.findings)
      Outcome.printResult(report.text)
    }
  }

  private func takeBack(_ id: String, _ store: ObjectStore, _ ledger: Ledger) throws {
    let batches = try store.quarantineBatches()
    guard let batch = batches.first(where: { $0.id == id }) else {
      throw DiagnosticList([
        Diagnostic(
          family: .usage, code: "gc.noQuarantine", message: "there is no quarantine `\(id)`",
          remedy: batches.isEmpty
            ? "Nothing is in quarantine." : "There are \(batches.map(\.id).joined(separator: ", ")).")
      ])
    }
    let restored = try batch.restore()
    try ledger.recordResults(of: restored, in: store)
    if json {
      let answer = ["quarantine": id, "results": "\(restored.count)"]
      Outcome.printResult(String(decoding: try JSONBytes.encode(answer, isPretty: true), as: UTF8.self))
    } else {
      Outcome.printResult("\(restored.count) results are back in the store")
    }
  }
}

/// Carries a collection out, or counts what it would do.
private struct Collection {
  let store: ObjectStore
  let ledger: Ledger
  let isDryRun: Bool

  func setAside(_ survey: SpaceSurvey, report: inout GcReport) throws {
    let results = survey.unneededResults
    let objects = survey.unneededObjects
    guard !isDryRun, !results.isEmpty || !objects.isEmpty else { return }
    let manifest = QuarantineBatch.Manifest(
      results: results.map { .init(key: $0, kind: survey.inventory.results[$0]?.kind ?? "") },
      objects: objects.map { .init(digest: $0, byteCount: survey.inventory.objects[$0]?.byteCount ?? 0) })
    report.quarantine = try QuarantineBatch.setAside(manifest, from: store, forget: ledger.forget).id
  }

  func deleteRecords(_ survey: SpaceSurvey, report: inout GcReport) throws {
    let files = store.fileSystem
    let old = try survey.oldRecords()
    let parts = try survey.strayParts()
    func delete(_ what: String, _ paths: [String]) throws {
      guard !paths.isEmpty else { return }
      var freed: Int64 = 0
      for path in paths {
        freed += try files.space(under: path)
        if !isDryRun { try files.removeTree(path) }
      }
      report.deleted.append(
        .init(what: what, results: nil, files: paths.count, byteCount: freed, freedBytes: freed))
    }
    try delete("logs of attempts", old.attempts.map(\.path))
    try delete("records of runs", old.runs.map { "\(store.production.runsFolder)/\($0)" })
    try delete("unfinished files", parts)
    let footprints = survey.unneededFootprints.map { "\(store.production.footprintsFolder)/\($0.id).txt" }
    try delete("records of plans", footprints)
    if !isDryRun { _ = try VersionPublisher(store).sweepUnfinished() }
  }

  /// - Parameter limit: of the time it was set aside; nil deletes all.
  func deleteExpired(before limit: WallClock?, report: inout GcReport) throws {
    func isExpired(_ time: WallClock) -> Bool { limit.map { time < $0 } ?? true }
    for batch in try store.quarantineBatches() {
      // What this collection has just set aside is told already.
      if batch.id == report.quarantine, limit != nil { continue }
      let (results, objects) = try batch.contents()
      let portion = GcReport.Portion(
        what: "quarantine \(batch.id)", results: results.count, files: objects.count,
        byteCount: objects.reduce(0) { $0 + $1.1.byteCount },
        freedBytes: objects.reduce(0) { $0 + $1.1.freedBytes })
      guard isExpired(batch.time) else {
        report.waiting.append(portion)
        continue
      }
      if !isDryRun { try batch.delete() }
      report.deleted.append(portion)
    }
    var damaged = GcReport.Portion(
      what: "damaged files", results: nil, files: 0, byteCount: 0, freedBytes: 0)
    for (path, space) in try store.damagedFiles() where isExpired(Self.time(of: path)) {
      damaged.files += 1
      damaged.byteCount += space.byteCount
      damaged.freedBytes += space.freedBytes
      if !isDryRun { try store.fileSystem.remove(path) }
    }
    if damaged.files > 0 { report.deleted.append(damaged) }
  }

  /// Damaged files are named `<ulid>-<name>` when they are set aside.
  private static func time(of path: String) -> WallClock {
    ULID(FileSystem.lastName(of: path).prefix(26))?.time ?? WallClock(milliseconds: 0)
  }
}
