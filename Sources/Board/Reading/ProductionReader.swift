import Diagnostics
import Digests
import Engine
import FoundationEssentials
package import Monitoring
package import ObjectStore

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
  let store: ObjectStore
  /// The production as the user named it.
  let typed: String
  var shelf: VersionShelf
  var watch: RunWatch
  private var metrics: RunMetrics
  var surveyed: Surveyed?
  /// Why the last survey could not be made.
  private var surveyFault: String?
  private var isSurveying: Bool
  /// Whether there are pipelines to plan.
  let plans: Bool
  private var looks = 0
  private var eventCount = 0
  private var starts: [String] = []
  /// The numbers of conform reports, by the digest of the report; nil for one without.
  var totals: [Digest: ConformTotals?] = [:]
  var reports: QualityReports
  var outlines: RecipeOutlines
  /// Keys of the stills of shots.
  var stills: Set<String> = []
  /// What is known of versions, as long as nothing about them changes.
  var facts: [VersionLine: KnownFacts] = [:]

  struct KnownFacts {
    var version: Int
    /// Of the line, and of the assets of its programme.
    var changes: [Int]
    var day: String
    var facts: VersionFacts
  }

  /// Of versions that were looked at lately, the last at the end.
  var pictures: [KnownPictures] = []

  struct KnownPictures {
    var line: VersionLine
    var version: Int
    /// Of the line.
    var change: Int
    var pictures: DeliverableFacts.Pictures
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
    outlines = RecipeOutlines(store)
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

  /// Reads the next of what somebody may ask for, which takes some hundredths of a second.
  ///
  /// - Returns: whether there is more.
  package func readAhead() -> Bool { outlines.readAhead(of: shelf.known, change: shelf.changes) }

  package func surveyBegins() { isSurveying = true }

  /// What is known of planning the pipelines.
  package var planning: PlanningState {
    let survey = surveyed?.survey
    return PlanningState(
      hasPipelines: plans, surveyed: surveyed?.made, isSurveying: isSurveying,
      knowsProgrammes: survey?.programmes.isEmpty == false,
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

  var isRunGoingOn: Bool {
    guard watch.folder != nil else { return false }
    switch watch.state {
    case .running, .silent: return true
    case .finished, .lost: return false
    }
  }

  // MARK: Runs

  /// What a page says above all else.
  package func glance() -> RunGlance? { watch.folder == nil ? nil : RunGlance(watch) }

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
}
