import Diagnostics
import Engine
import Ledger
import ObjectStore
import Planning
import TaskGraph

/// Plans for looking at, of several programmes of one production: as they would be run one after the other, so that
/// what one makes the next finds.
struct PlannedProgrammes {
  /// In the order in which they were named.
  let programmes: [PlannedProgramme]
  let place: PlanningPlace

  /// - Parameters:
  ///   - paths: of the pipeline files, as typed.
  ///   - remembers: whether a plan in which nothing was to be done is taken as it was, while everything it follows from
  ///     is the same: without its pipeline.
  ///   - more: overrides of one pipeline, by its path.
  ///   - works: whether media that is new is probed, which needs the production to itself; else it is a fault.
  /// - Throws: what is wrong with any of the programmes, all at once.
  init(
    _ paths: [String], overrides: [String], until: String?, production options: ProductionOptions,
    remembers: Bool, works: Bool = true, more: [String: [String]] = [:]
  ) async throws {
    // The worker starts while files are read.
    async let identity = WorkerExecutable.identity()
    let place = try PlanningPlace(options)
    let store = ObjectStore(place.production)
    let survey = try ResultSurvey(store, ledger: place.ledger)
    let finished = FinishedPlans(store, survey: survey)
    @Sendable func subject(_ path: String) -> FinishedPlans.Subject {
      FinishedPlans.Subject(path: path, overrides: overrides + (more[path] ?? []), until: until)
    }
    var starts = try await ParallelWork.map(paths) { path -> Start in
      if remembers, !place.isTemporary,
        let plan = try await place.withLedger({ try finished.plan(subject(path), $0, place: place) })
      {
        return .remembered(plan.planned, plan.tools)
      }
      return try await Start.reading(path, overrides: overrides + (more[path] ?? []))
    }
    var faults = try Start.faults(of: starts, paths)
    guard faults.isEmpty else { throw DiagnosticList(faults) }
    let tools = try await identity
    for (index, path) in paths.enumerated() {
      if case .remembered(_, let known) = starts[index], known != tools {
        starts[index] = try await Start.reading(path, overrides: overrides + (more[path] ?? []))
      }
    }
    @Sendable func session(_ pipeline: Pipeline, _ store: ObjectStore, _ ledger: Ledger) -> ProgrammeSession {
      ProgrammeSession(
        pipeline: pipeline, production: place.production, store: store, ledger: ledger, tools: tools)
    }
    // Most plans need no probe, and then a run may go on beside them.
    var ends = try await ParallelWork.map(starts) { start -> End in
      switch start {
      case .remembered(let planned, _): return .planned(planned)
      case .faults(let faults): return .faults(faults)
      case .read(let pipeline, let read, let began):
        return try await End.of {
          try await place.withLedger { ledger in
            var session = session(pipeline, store, ledger)
            session.survey = survey
            let media = FinishedPlans.media(in: pipeline.timeline.mediaRoots)
            let plan = try await session.plan(until: until, probing: nil)
            if !place.isTemporary {
              try finished.note(
                subject(pipeline.path), plan, of: pipeline, tools: tools, paths: read, media: media,
                asOf: began, ledger)
            }
            return PlannedProgramme(
              PlannedProgramme.Work(
                pipeline: pipeline, plan: plan.toBeShown, purpose: session.purpose(.main, of: plan)),
              place: place)
          }
        }
      }
    }
    finished.keep(in: place.ledger)
    if !works {
      for (index, path) in paths.enumerated() where ends[index].needsWork {
        ends[index] = .faults([ProbesMissing.diagnostic(path)])
      }
    }
    if ends.contains(where: \.needsWork) {
      let engine = try await EngineAccess.open(place.production, workers: nil, isQuiet: true)
      for (index, start) in starts.enumerated() where ends[index].needsWork {
        guard case .read(let pipeline, _, _) = start else { continue }
        ends[index] = try await End.of {
          let session = session(pipeline, engine.store, engine.ledger)
          let plan = try await session.plan(until: until, probing: engine)
          return PlannedProgramme(
            PlannedProgramme.Work(
              pipeline: pipeline, plan: plan.toBeShown, purpose: session.purpose(.main, of: plan)),
            place: place)
        }
      }
      await engine.close()
    }
    faults = ends.flatMap(\.faults)
    guard faults.isEmpty else { throw DiagnosticList(faults) }
    self.place = place
    programmes = try await Self.following(ends.compactMap(\.planned)) { work, promised in
      let session = session(work.pipeline, store, place.ledger)
      return try await session.plan(until: until, probing: nil, promised: promised).toBeShown
    }
  }

  /// The plan of one pipeline, with its work.
  static func one(
    _ path: String, overrides: [String], production: ProductionOptions
  ) async throws -> (planned: PlannedProgramme, work: PlannedProgramme.Work) {
    let planned = try await PlannedProgrammes(
      [path], overrides: overrides, until: nil, production: production, remembers: false
    ).programmes[0]
    guard let work = planned.work else { preconditionFailure("a plan that is not remembered has its work") }
    return (planned, work)
  }

  /// Plans programmes again that count on making what one before them makes.
  private static func following(
    _ programmes: [PlannedProgramme],
    _ replan: (PlannedProgramme.Work, PromisedResults) async throws -> ProgrammePlan
  ) async throws -> [PlannedProgramme] {
    var promised = PromisedResults()
    var following: [PlannedProgramme] = []
    for planned in programmes {
      guard var work = planned.work else {
        following.append(planned)
        continue
      }
      if promised.overlap(work.plan) {
        let prepared = work.plan.prepared
        work.plan = try await replan(work, promised)
        work.plan.prepared = prepared
      }
      promised.add(work.plan)
      following.append(PlannedProgramme(work, place: planned.place))
    }
    return following
  }

  /// How planning one of them begins.
  private enum Start: Sendable {
    /// Nothing was to be done; with the worker that was asked then.
    case remembered(PlannedProgramme, ToolIdentity)
    /// With the paths that were asked about while it was read, and when that began.
    case read(Pipeline, [String], WallClock)
    case faults([Diagnostic])

    static func reading(_ path: String, overrides: [String]) async throws -> Start {
      let began = WallClock.now()
      let witness = FileWitness()
      do {
        let pipeline = try await FileWitness.$current.withValue(witness) {
          try await PipelineOptions.load(path, overrides: overrides)
        }
        return .read(pipeline, witness.paths, began)
      } catch let list as DiagnosticList {
        return .faults(list.diagnostics)
      }
    }

    /// What is wrong with any of the files; so is a programme that two of them are about.
    static func faults(of starts: [Start], _ paths: [String]) throws -> [Diagnostic] {
      var faults: [Diagnostic] = []
      var owners: [String: String] = [:]
      for (start, path) in zip(starts, paths) {
        let programme: String
        switch start {
        case .faults(let found):
          faults += found
          continue
        case .remembered(let planned, _): programme = planned.programme
        case .read(let pipeline, _, _): programme = pipeline.programme
        }
        if let owner = owners.updateValue(path, forKey: programme) {
          faults.append(
            Diagnostic(
              severity: .error, family: .usage, code: "pipeline.sameProgramme",
              location: SourceLocation(file: path),
              message: "this is `programme: \(programme)`, and so is \(owner)",
              remedy: "Name only one of them: both continue one line of versions, one after the other."))
        }
      }
      return faults
    }
  }

  /// How planning one of them ended.
  private enum End: Sendable {
    case planned(PlannedProgramme)
    /// Something has to be probed or drawn first.
    case needsWork
    case faults([Diagnostic])

    static func of(_ plan: () async throws -> PlannedProgramme) async throws -> End {
      do {
        return .planned(try await plan())
      } catch is ProbesMissing {
        return .needsWork
      } catch let list as DiagnosticList {
        return .faults(list.diagnostics)
      }
    }

    var planned: PlannedProgramme? { if case .planned(let planned) = self { planned } else { nil } }
    var needsWork: Bool { if case .needsWork = self { true } else { false } }
    var faults: [Diagnostic] { if case .faults(let faults) = self { faults } else { [] } }
  }
}

extension ProgrammePlan {
  /// Without what only a run needs: documents, and every result it rests on.
  fileprivate var toBeShown: ProgrammePlan {
    var plan = self
    plan.objects = [:]
    plan.footprint = []
    return plan
  }
}

extension PlannedProgrammes {
  /// What `plan` prints of several with `--json`; fields are added, never renamed.
  struct Report: Encodable {
    struct Total: Encodable {
      var programmes: Int
      var deliverables: Int
      /// Of all deliverables.
      var frames: Int64
      var distinctFrames: Int64
      var reusedFrames: Int64
      var newFrames: Int64
      /// What would run.
      var tasks: Int
      /// Behind closed gates.
      var heldTasks: Int
      /// Wall time expected from recorded timings; nil when none are recorded yet.
      var estimatedSeconds: Double?
    }

    /// Each as `plan` prints it alone, in the order in which they were named.
    var programmes: [RunReport]
    var total: Total
  }

  func report() throws -> Report {
    Report(programmes: try programmes.map { try $0.report() }, total: try total())
  }

  private func total() throws -> Report.Total {
    let deliverables = programmes.flatMap(\.deliverables)
    func sum(_ count: (DeliverablePlan) -> Int64) -> Int64 { deliverables.reduce(0) { $0 + count($1) } }
    return Report.Total(
      programmes: programmes.count, deliverables: deliverables.count, frames: sum(\.frames),
      distinctFrames: sum(\.distinctFrames), reusedFrames: sum(\.reusedFrames), newFrames: sum(\.newFrames),
      tasks: programmes.reduce(0) { $0 + $1.nodes.count },
      heldTasks: programmes.reduce(0) { $0 + $1.heldTasks },
      estimatedSeconds: try PlanEstimate(programmes.flatMap(\.nodes), ledger: place.ledger).seconds)
  }

  /// Each programme under its name, then all together.
  func text() throws -> String {
    var lines: [String] = []
    for planned in programmes {
      lines.append("\(planned.programme)  (\(planned.path))")
      lines += try planned.lines().map { $0.isEmpty ? "" : "  \($0)" }
      lines.append("")
    }
    let total = try total()
    lines.append(
      "\(total.programmes) programmes, \(total.deliverables) deliverables, \(total.frames) frames: "
        + "\(total.newFrames) to make, \(total.reusedFrames) reused")
    if total.tasks > 0 {
      let estimate = try PlanEstimate(programmes.flatMap(\.nodes), ledger: place.ledger).text
      lines.append("\(total.tasks) tasks." + (estimate.map { " \($0)" } ?? ""))
    } else {
      lines.append("Nothing to do.")
    }
    return lines.joined(separator: "\n")
  }
}
