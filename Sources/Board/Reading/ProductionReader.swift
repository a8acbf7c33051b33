import Diagnostics
import Digests
package import Engine
import FoundationEssentials
import MediaTime
package import Monitoring
package import ObjectStore
import Planning

/// What the pages are made from: versions, decisions, the run that goes on, and what the pipelines ask for. It reads
/// files, takes no lock, and writes nothing but decisions.
///
/// Reading waits for the disk, so it has a thread of its own.
package actor ProductionReader {
  /// What the pipelines asked for, and when that was found out.
  package struct Surveyed: Sendable {
    package var survey: BoardSurvey
    package var made: WallClock
  }

  private let executor = BlockingExecutor(label: "interlock.board.reader")
  package nonisolated let production: Production
  private let store: ObjectStore
  /// The production as the user named it.
  private let typed: String
  private var shelf: VersionShelf
  private var watch: RunWatch
  private var metrics: RunMetrics
  private var surveyed: Surveyed?
  /// Why the last survey could not be made.
  private var surveyFault: String?
  private var isSurveying: Bool
  /// Whether there are pipelines to plan.
  private let plans: Bool
  private var looks = 0
  private var eventCount = 0
  private var starts: [String] = []
  /// The numbers of conform reports, by the digest of the report; nil for one without.
  private var totals: [Digest: ConformTotals?] = [:]
  private var reports: QualityReports
  /// Keys of the stills of shots.
  private var stills: Set<String> = []
  /// What is known of versions, as long as nothing about them changes.
  private var facts: [VersionLine: KnownFacts] = [:]

  private struct KnownFacts {
    var version: Int
    /// Of the line, and of the assets of its programme.
    var changes: [Int]
    var day: String
    var facts: VersionFacts
  }

  /// - Parameters:
  ///   - typed: the production as the user named it.
  ///   - version: of the program.
  ///   - plans: whether there are pipelines to plan.
  package init(_ production: Production, typed: String, version: String, plans: Bool) {
    self.production = production
    self.plans = plans
    isSurveying = plans
    self.typed = typed
    store = ObjectStore(production)
    shelf = VersionShelf(store)
    reports = QualityReports(production)
    watch = RunWatch(production)
    metrics = RunMetrics(programme: FileSystem.lastName(of: production.root), version: version)
  }

  package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

  // MARK: Following

  /// What differs when anything on a page may.
  package struct Mark: Hashable, Sendable {
    /// Grows with every event of a run.
    package var events: Int
    package var run: String?
    package var isRunOver: Bool
    /// Grows with every version and decision.
    package var versions: Int
    package var survey: WallClock?
    package var isSurveying: Bool
    /// What was started from a page last, and how far each is.
    package var starts: [String]
    /// Whether more of the run is there than was read: somebody else may ask first.
    package var isBehind: Bool
  }

  /// Reads what is new, some of it at a time.
  package func look() throws -> Mark {
    var count = 0
    try watch.look(atMost: 1) { event in
      metrics.observe(event)
      count += 1
    }
    eventCount += count
    if !watch.hasMore {
      if looks % 2 == 0 { _ = try shelf.rows() }
      looks += 1
      starts = try StartFolder.all(in: production).prefix(4).map { "\($0.id) \($0.state)" }
    }
    return Mark(
      events: eventCount, run: watch.folder?.id, isRunOver: !isRunGoingOn, versions: shelf.changes,
      survey: surveyed?.made, isSurveying: isSurveying, starts: starts, isBehind: watch.hasMore)
  }

  package func surveyBegins() { isSurveying = true }

  /// What is known of planning the pipelines.
  package var planning: PlanningState {
    let survey = surveyed?.survey
    return PlanningState(
      hasPipelines: plans, surveyed: surveyed?.made, isSurveying: isSurveying,
      unplanned: survey?.unplanned.map { unplanned in
        PlanningState.Unplanned(
          pipeline: unplanned.pipeline, faults: unplanned.faults,
          isShownAsBefore: survey?.programmes.contains { $0.pipeline == unplanned.pipeline } ?? false)
      } ?? [], fault: surveyFault)
  }

  package func note(_ survey: BoardSurvey, made: WallClock) {
    isSurveying = false
    surveyFault = nil
    defer {
      stills = Set((surveyed?.survey.programmes ?? []).flatMap(\.shots).flatMap(\.pictures).map(\.still))
    }
    guard !survey.unplanned.isEmpty, let old = surveyed else {
      surveyed = Surveyed(survey: survey, made: made)
      return
    }
    // What could not be planned keeps what was last known of it, and the age of that where nothing is newer.
    var whole = survey
    let known = Set(survey.programmes.map(\.programme))
    whole.programmes += old.survey.programmes.filter { !known.contains($0.programme) }
    surveyed = Surveyed(survey: whole, made: survey.programmes.isEmpty ? old.made : made)
  }

  package func noteSurveyFault(_ text: String) {
    isSurveying = false
    surveyFault = text
  }

  private var isRunGoingOn: Bool {
    guard watch.folder != nil else { return false }
    switch watch.state {
    case .running, .silent: return true
    case .finished, .lost: return false
    }
  }

  // MARK: Asking

  /// Every deliverable: those that the pipelines ask for, then others that are there.
  package func overview() throws -> BoardOverview {
    let shelves = try shelf.rows()
    let lines = Dictionary(shelves.map { ($0.line, $0) }, uniquingKeysWith: { first, _ in first })
    let work = WorkUnderWay(watch)
    var rows: [DeliverableRow] = []
    var known: Set<VersionLine> = []
    for row in surveyed?.survey.programmes.flatMap(\.rows) ?? [] {
      let line = VersionLine(.deliverable, programme: row.programme, name: row.stage)
      known.insert(line)
      guard let shelf = lines[line],
        let shown = shelf.versions.first(where: { VersionLine.folderName(version: $0.version) == row.version }
        )
      else {
        rows.append(row.showing(work))
        continue
      }
      let known = try facts(of: shown, shelf, among: shelves)
      rows.append(row.decided(shelf.words[shown.version]).knowing(known).showing(work))
    }
    for shelf in shelves where shelf.line.shelf == .deliverable && !known.contains(shelf.line) {
      guard let newest = shelf.versions.first else { continue }
      rows.append(published(newest, shelf).knowing(try facts(of: newest, shelf, among: shelves)))
    }
    if let made = surveyed?.made.iso8601 {
      rows = rows.map { row in
        row.heard(since: made) { name in
          lines[VersionLine(.deliverable, programme: row.programme, name: name)]?.words.values
            .max { $0.made < $1.made }
        }
      }
    }
    rows += notOrdered(beside: rows)
    return BoardOverview(
      rows: rows, run: watch.folder == nil ? nil : RunGlance(watch), planning: planning)
  }

  /// What other programmes have made and a planned one does not ask for.
  private func notOrdered(beside rows: [DeliverableRow]) -> [DeliverableRow] {
    let planned = surveyed?.survey.programmes.map(\.programme) ?? []
    guard planned.count > 1 else { return [] }
    var stages: [String] = []
    var known: Set<[String]> = []
    for row in rows {
      known.insert([row.programme, row.stage])
      if planned.contains(row.programme), !stages.contains(row.stage) { stages.append(row.stage) }
    }
    return planned.flatMap { programme in
      stages.filter { !known.contains([programme, $0]) }.map { DeliverableRow(notOrdered: $0, of: programme) }
    }
  }

  private func facts(
    of version: VersionHead, _ shelf: VersionShelf.Row, among shelves: [VersionShelf.Row]
  ) throws -> VersionFacts {
    let assets = shelves.filter { $0.line.shelf == .asset && $0.line.programme == shelf.line.programme }
    let changes = [shelf.change, assets.map(\.change).max() ?? 0, assets.count]
    let day = WallClock.now().day
    if let known = facts[shelf.line], known.version == version.version, known.changes == changes,
      known.day == day
    {
      return known.facts
    }
    let found = try VersionFacts(of: version, in: shelf, among: assets, reports: &reports, store: store)
    facts[shelf.line] = KnownFacts(version: version.version, changes: changes, day: day, facts: found)
    return found
  }

  private func published(_ version: VersionHead, _ shelf: VersionShelf.Row) -> DeliverableRow {
    var row = DeliverableRow(
      version, decision: nil,
      path: DeliverablePath.display(version, production: production, typed: typed))
    row.decision = shelf.words[version.version]
    return row.decided(row.decision)
  }

  /// What a page says above all else.
  package func glance() -> RunGlance? { watch.folder == nil ? nil : RunGlance(watch) }

  /// One version, the newest where none is named; nil where there is none.
  package func deliverable(_ line: VersionLine, version: Int?) throws -> DeliverableFacts? {
    guard let shelf = try shelf.row(line), let newest = shelf.versions.first,
      let record = try VersionPublisher(store).version(version ?? newest.version, of: line)
    else { return nil }
    let row = try overview().rows.first { $0.programme == line.programme && $0.stage == line.name }
    let gates = surveyed?.survey.programmes.first { $0.programme == line.programme }?.gates ?? []
    let quality = try reports.evidence(
      of: record, in: shelf, among: self.shelf.rows(), store: store)?.state
    var facts = try DeliverableFacts(
      record, shelf: shelf, row: row, gates: gates, quality: quality, in: store)
    facts.copy = try movie(beside: record, among: self.shelf.rows())
    facts.surveyed = surveyed?.made.iso8601
    return facts
  }

  /// The path of a file of a version, found by its digest: no name that somebody sends becomes a path.
  package func file(
    _ digest: String, of line: VersionLine, version: Int
  ) throws -> (path: String, name: String, byteCount: Int64)? {
    guard let shelf = try shelf.row(line),
      let version = shelf.versions.first(where: { $0.version == version }),
      let file = version.files.first(where: { $0.digest.hex == digest }), PortableName.isValid(file.name)
    else { return nil }
    let path = version.path(of: file, in: production)
    // A version holds plain files; a link that somebody put there leads elsewhere.
    guard let facts = try production.fileSystem.facts(path), facts.isRegularFile,
      facts.byteCount == file.byteCount
    else { return nil }
    return (path, file.name, file.byteCount)
  }

  /// Conformed cuts that are published with a page about them: the assets of editing stages.
  package func conforms() throws -> [VersionShelf.Row] {
    try shelf.rows().filter { row in
      guard row.line.shelf == .asset, let newest = row.versions.first else { return false }
      return newest.files.contains { $0.name.hasSuffix(".otio") } && newest.conformPage != nil
    }
  }

  /// The numbers of a conform; nil where there is no report that can be read.
  package func totals(of version: VersionHead) -> ConformTotals? {
    guard let file = version.files.first(where: { $0.name.hasSuffix(".json") }) else { return nil }
    if let known = totals[file.digest] { return known }
    if totals.count >= Self.mostTotals { totals = [:] }
    let found = ConformTotals(of: file, in: version, production)
    totals[file.digest] = .some(found)
    return found
  }

  private static let mostTotals = 200

  /// The pipelines as they were planned last.
  package func pipelines() -> [BoardSurvey.Programme] { surveyed?.survey.programmes ?? [] }

  /// The stages of the run on show, for the programme it is about.
  package func stageWork() -> StageWork? {
    guard let folder = watch.folder else { return nil }
    return StageWork(
      run: folder.id, programme: watch.heading?.programme, isGoingOn: isRunGoingOn,
      stages: watch.board.progress.stages)
  }

  /// What the farm does.
  package func farm() throws -> FarmFacts {
    var runs: [FarmFacts.Run] = []
    for folder in try RunFolder.all(in: production).prefix(FarmFacts.runsListed) {
      let heading = try? folder.heading()
      let ending = folder.ending
      runs.append(
        FarmFacts.Run(
          id: folder.id, programme: heading?.programme, began: ULID(folder.id)?.time.iso8601 ?? "",
          seconds: ending?.seconds, exit: ending?.exit, isUnderWay: folder.isUnderWay))
    }
    return FarmFacts(watch, runs: runs)
  }

  package func snapshot() -> BoardSnapshot { BoardSnapshot(watch) }

  package func metricsText() -> String { metrics.text() }

  /// The name of the run on show.
  package func runOnShow() -> String? { watch.folder?.id }

  // MARK: Quality

  /// The newest version of every deliverable that was measured, with what was found.
  package func quality() throws -> [QualityRow] {
    let shelves = try shelf.rows()
    return try shelves.filter { $0.line.shelf == .deliverable }.compactMap { shelf in
      guard let newest = shelf.versions.first else { return nil }
      let measured = try facts(of: newest, shelf, among: shelves).quality
      return QualityRow(
        line: shelf.line, version: VersionLine.folderName(version: newest.version), made: newest.made,
        state: measured)
    }
  }

  /// One version and what was found in it; nil where it is not there.
  package func quality(of line: VersionLine, version: Int?) throws -> QualityFacts? {
    let shelves = try shelf.rows()
    guard let own = shelves.first(where: { $0.line == line }), let newest = own.versions.first,
      let record = try VersionPublisher(store).version(version ?? newest.version, of: line)
    else { return nil }
    let evidence = try reports.evidence(of: record, in: own, among: shelves, store: store)
    return QualityFacts(
      version: record, evidence: evidence, versions: own.versions.map(\.version),
      movie: try movie(beside: record, among: shelves))
  }

  /// The file that a browser plays: of the version itself, else of a deliverable of the same programme and length.
  private func movie(beside version: VersionRecord, among shelves: [VersionShelf.Row]) throws -> QualityFacts
    .Movie?
  {
    func playable(_ version: some PublishedVersion) -> VersionRecord.File? {
      version.files.first {
        ["mp4", "webm"].contains($0.name.split(separator: ".").last.map(String.init) ?? "")
      }
    }
    if let file = playable(version) {
      return QualityFacts.Movie(line: version.line, version: version.version, file: file)
    }
    guard let recipe = try? version.facts.decoded(as: Recipe.self) else { return nil }
    for shelf in shelves
    where shelf.line.shelf == .deliverable && shelf.line.programme == version.line.programme {
      guard let newest = shelf.versions.first, let file = playable(newest),
        let other = try VersionPublisher(store).version(newest.version, of: shelf.line).flatMap({
          try? $0.facts.decoded(as: Recipe.self)
        }), other.startFrame == recipe.startFrame, other.frameCount == recipe.frameCount,
        other.cut == recipe.cut
      else { continue }
      return QualityFacts.Movie(line: shelf.line, version: newest.version, file: file)
    }
    return nil
  }

  /// What made one frame of a version.
  package func frame(_ number: Int64, of line: VersionLine, version: Int) throws -> FrameFacts? {
    guard let record = try VersionPublisher(store).version(version, of: line),
      let recipe = try? record.facts.decoded(as: Recipe.self),
      let trace = FrameTrace(recipe, frame: number)
    else { return nil }
    let facts = try quality(of: line, version: version)
    return FrameFacts(version: record, recipe: recipe, trace: trace, movie: facts?.movie)
  }

  // MARK: Shots

  /// One shot with what became of it in every version.
  package func shot(_ key: String, of programme: String) throws -> ShotFacts? {
    guard let survey = surveyed?.survey.programmes.first(where: { $0.programme == programme }),
      let index = survey.shots.firstIndex(where: { $0.key == key })
    else { return nil }
    let row = survey.shots[index]
    var facts = ShotFacts(
      programme: programme, row: row, before: index > 0 ? survey.shots[index - 1] : nil,
      after: index + 1 < survey.shots.count ? survey.shots[index + 1] : nil)
    for shelf in try shelf.rows() where shelf.line.programme == programme {
      switch shelf.line.shelf {
      case .deliverable:
        for version in shelf.versions.prefix(ShotFacts.versionsRead) {
          if let known = try appearance(of: row, in: version, shelf) { facts.appearances.append(known) }
        }
      case .asset:
        guard let picture = row.pictures.first(where: { $0.stage == shelf.line.name }),
          let suffix = picture.scopes, let newest = shelf.versions.first,
          let file = newest.files.first(where: { $0.name.hasSuffix(".\(suffix).png") })
        else { continue }
        facts.scopes.append(ShotFacts.Scopes(stage: shelf.line.name, version: newest, file: file))
      }
    }
    return facts
  }

  private func appearance(
    of row: ShotRow, in version: VersionHead, _ shelf: VersionShelf.Row
  ) throws -> ShotFacts.Appearance? {
    guard let record = try VersionPublisher(store).version(version.version, of: shelf.line),
      let recipe = try? record.facts.decoded(as: Recipe.self)
    else { return nil }
    let parts = recipe.parts.filter { part in
      (part.shot == row.shot && part.event == row.event)
        || (part.stack ?? []).contains { $0.shot == row.shot && $0.event == row.event }
    }
    guard let first = parts.first else { return nil }
    return ShotFacts.Appearance(
      line: shelf.line, version: version.version, made: version.made, word: shelf.words[version.version],
      firstFrame: first.firstFrame, frames: parts.reduce(0) { $0 + $1.count },
      timecode: recipe.timecode(at: first.firstFrame).description, cut: recipe.cut, part: first)
  }

  /// A still that a worker made, as a picture that browsers show; nil where there is none.
  ///
  /// - Parameter isAfter: whether it is the one after the stage.
  package func still(_ key: String, isAfter: Bool) throws -> [UInt8]? {
    // Only what the plan names: a key of somebody's choosing reads nothing.
    guard stills.contains(key), let key = Digest(hex: key),
      let made = try store.result(key, as: StillPicture.Made.self)?.output,
      let (bytes, _) = try production.fileSystem.read(store.path(of: made.stills)),
      Digest.sha256(bytes) == made.stills
    else { return nil }
    return StillPicture(made, bytes)?.bitmap(isAfter: isAfter)
  }

  // MARK: Deciding

  /// Waives a finding as `interlock waive` does.
  package func waive(
    _ verdict: Waiver.Verdict, _ finding: String, of line: VersionLine, version: Int, reason: String,
    until: String, by person: String, role: String?
  ) throws -> Waiver {
    guard let facts = try quality(of: line, version: version), let evidence = facts.evidence else {
      throw DiagnosticList([
        Diagnostic(
          family: .inputMissing, code: "waive.notMeasured", message: "this version was not measured",
          remedy: "Give the pipeline a `qc` stage and run it.")
      ])
    }
    return try FindingWaiver.record(
      verdict, finding, in: evidence, of: facts.version, reason: reason, until: until, by: person,
      role: role, store: store)
  }

  /// - Throws: `usage`, code `asset.unknown`.
  private func published(_ version: Int, of line: VersionLine) throws -> VersionRecord {
    guard let record = try VersionPublisher(store).version(version, of: line) else {
      throw DiagnosticList([
        Diagnostic(
          family: .usage, code: "asset.unknown",
          message:
            "there is no version \(VersionLine.folderName(version: version)) of \(line.programme)/\(line.name)",
          remedy: "`interlock assets list` lists what is published.")
      ])
    }
    return record
  }

  /// Records what became of a version at its recipient, as `interlock sent`, `received` and `refused` do.
  package func handover(
    _ verdict: Handover.Verdict, of line: VersionLine, version: Int, recipient: String?, note: String,
    by person: String
  ) throws -> Handover {
    let record = try published(version, of: line)
    return try HandoverRecord.record(
      verdict, of: record, recipient: recipient, note: note, by: person, in: store)
  }

  /// Records a decision as `interlock approve` and `interlock reject` do.
  package func decide(
    _ verdict: Decision.Verdict, on line: VersionLine, version: Int, by person: String, role: String?,
    note: String
  ) throws -> Decision {
    let record = try published(version, of: line)
    return try VersionDecision.record(
      verdict, of: record, by: person, role: role, note: note, in: store, typed: typed
    ).decision
  }
}

/// Every deliverable, and what is said above them.
package struct BoardOverview: Sendable {
  package var rows: [DeliverableRow]
  package var run: RunGlance?
  package var planning: PlanningState

  package init(rows: [DeliverableRow], run: RunGlance?, planning: PlanningState) {
    (self.rows, self.run, self.planning) = (rows, run, planning)
  }
}

/// The run on show in a few words.
package struct RunGlance: Sendable {
  package var run: String
  package var programme: String?
  package var state: RunState
  package var isCancelling: Bool
  package var seconds: Double
  package var secondsRemaining: Double?
  package var framesDone: Int
  package var framesTotal: Int
  package var tasksDone: Int
  package var tasksTotal: Int
  package var framesPerSecond: Double?

  init(_ watch: RunWatch) {
    run = watch.folder?.id ?? ""
    programme = watch.heading?.programme
    state = watch.state
    let progress = watch.board.progress
    isCancelling = progress.isCancelling
    seconds = watch.seconds
    let isOver = watch.board.isFinished
    secondsRemaining = isOver ? nil : progress.secondsRemaining(at: watch.seconds)
    framesPerSecond = isOver ? nil : progress.framesPerSecond(at: watch.seconds)
    (framesDone, framesTotal) = (progress.framesDone, progress.framesTotal)
    (tasksDone, tasksTotal) = (progress.tasksDone, progress.tasksTotal)
  }

  /// Whether frames say how far it is: as long as any are to be made.
  package var isInFrames: Bool { framesTotal > 0 && framesDone < framesTotal }

  /// What is done, and of how much.
  package var part: (done: Int, total: Int) {
    isInFrames ? (framesDone, framesTotal) : (tasksDone, tasksTotal)
  }

  package var isGoingOn: Bool {
    switch state {
    case .running, .silent: true
    case .finished, .lost: false
    }
  }
}

/// How far the stages of a run are.
package struct StageWork: Sendable {
  package var run: String
  package var programme: String?
  package var isGoingOn: Bool
  package var stages: [RunProgress.Stage]
}

/// Workers and runs.
package struct FarmFacts: Sendable {
  package struct Run: Sendable {
    package var id: String
    package var programme: String?
    /// ISO 8601, UTC.
    package var began: String
    package var seconds: Double?
    package var exit: Int?
    package var isUnderWay: Bool
  }

  package static let runsListed = 20

  package var glance: RunGlance?
  package var host: String?
  package var workers: Int
  package var running: [RunBoard.Work]
  /// Seconds since the run on show began.
  package var seconds: Double
  package var ready: Int
  package var waits: [WaitingCount]
  package var troubles: [RunBoard.Trouble]
  package var retries: Int
  package var workersLost: Int
  package var runs: [Run]

  init(_ watch: RunWatch, runs: [Run]) {
    glance = watch.folder == nil ? nil : RunGlance(watch)
    let board = watch.board
    (host, workers, running) = (board.host, board.workers, board.running)
    (ready, waits, troubles) = (board.ready, board.waits, board.troubles)
    (retries, workersLost) = (board.tasksRetried, board.progress.workersLost)
    seconds = watch.seconds
    self.runs = runs
  }
}
