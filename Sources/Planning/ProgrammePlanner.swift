package import Diagnostics
package import Editorial
import MediaTime
import TaskGraph
import TaskKinds

/// Turns a pipeline and what the probes found into tasks. Pure: reads nothing, writes nothing.
package enum ProgrammePlanner {
  /// - Parameters:
  ///   - until: name of the last stage wanted; nil plans all.
  ///   - publishesConform: whether the conformed cut and its report become an asset; they cost time with long cuts.
  /// - Throws: every fault of cut, relink and stages at once, as far as it can see.
  package static func plan(
    _ pipeline: Pipeline, files: [ProbedFile], tools: ToolIdentity, library: any PlanningLibrary,
    until: String? = nil, publishesConform: Bool = true
  ) throws(DiagnosticList) -> ProgrammePlan {
    try plan(
      pipeline, conform: try conform(pipeline, files: files), files: files, tools: tools, library: library,
      until: until, publishesConform: publishesConform)
  }

  /// The same of a cut that is conformed already.
  package static func plan(
    _ pipeline: Pipeline, conform: Conform, files: [ProbedFile], tools: ToolIdentity,
    library: any PlanningLibrary, until: String? = nil, publishesConform: Bool = true
  ) throws(DiagnosticList) -> ProgrammePlan {
    let stages = try wanted(pipeline, until: until)
    var workspace = PlanningWorkspace(
      pipeline: pipeline, timeline: conform.timeline, conform: conform, files: files, tools: tools,
      library: library, publishesConform: publishesConform)
    workspace.consumed = Set(stages.flatMap { $0.declaration.sources })
    workspace.diagnostics = pipeline.warnings + conform.diagnostics
    // Stages behind closed gates come last, so that nothing that may run counts on what they hold back.
    var late: [any Stage] = []
    var lateNames: Set<String> = []
    for stage in stages {
      let declaration = stage.declaration
      let isClosed = declaration.gates.contains { workspace.gates[$0]?.isOpen != true }
      if isClosed || !lateNames.isDisjoint(with: declaration.sources) {
        late.append(stage)
        lateNames.insert(declaration.name)
      } else {
        try workspace.plan(stage)
      }
    }
    for stage in late { try workspace.plan(stage) }
    do {
      // While there are questions the plan is provisional.
      if workspace.questions.isEmpty { try workspace.fuseRenders() }
      return ProgrammePlan(
        questions: workspace.questions, plan: try Plan(workspace.nodes), held: workspace.held,
        gates: stages.compactMap { workspace.gates[$0.declaration.name] }, objects: workspace.objects,
        footprint: workspace.footprint, plannedFrames: workspace.plannedFrames,
        deliverables: workspace.deliverables,
        textlessPairs: TextlessPair.all(among: workspace.delivered),
        publishes: workspace.publishes, conform: conform, conformPage: workspace.conformPage,
        offline: workspace.offline,
        media: files.map { MediaItem(path: $0.location.path, facts: $0.facts) },
        diagnostics: workspace.diagnostics,
        colours: stages.compactMap { workspace.colourPlans[$0.declaration.name] },
        pictures: workspace.pictures, delivered: workspace.delivered, stills: workspace.stills)
    } catch {
      throw DiagnosticList(infrastructure: "planning", error)
    }
  }

  /// The cut read and every event matched to media.
  package static func conform(_ pipeline: Pipeline, files: [ProbedFile]) throws(DiagnosticList) -> Conform {
    let logs = SourceLogs(pipeline.timeline.logs)
    let media = files.map { MediaItem(path: $0.location.path, facts: $0.facts) }
    var settings = pipeline.timeline
    settings.relink.loggedReels = logs.reels(of: media)
    let timeline = try timeline(pipeline, settings, media: media)
    var conform = Relinker(media: media, settings: settings.relink).relink(
      timeline, handles: settings.handles)
    conform.diagnostics = timeline.faults + conform.diagnostics
    if !pipeline.timeline.isLenient, conform.diagnostics.contains(where: { $0.severity == .error }) {
      throw DiagnosticList(NumberedStills.notes(on: conform.events, of: files) + conform.diagnostics)
    }
    conform.diagnostics += logs.reelConflicts(in: media)
    return logs.annotating(conform, media: media)
  }

  private static func timeline(
    _ pipeline: Pipeline, _ settings: Pipeline.TimelineSettings, media: [MediaItem]
  ) throws(DiagnosticList) -> Timeline {
    var faults: [Diagnostic] = []
    var cuts: [Cut] = []
    for file in pipeline.timeline.cuts {
      do {
        cuts.append(try Cut.read(path: file.typed, bytes: file.bytes, isConverted: file.isConverted))
      } catch {
        faults += error.diagnostics
      }
    }
    guard faults.isEmpty else { throw DiagnosticList(faults) }
    let rate =
      pipeline.timeline.rate ?? cuts.lazy.compactMap(\.declaredRate).first
      ?? unanimousRate(of: cuts, media: media, settings)
    guard let rate else {
      throw DiagnosticList([
        Diagnostic(
          severity: .error, family: .usage, code: "timeline.noRate",
          location: SourceLocation(file: pipeline.path),
          message: "the cut does not say its frame rate, and the media is of several rates or none",
          remedy: "Give `timeline: rate:`, for instance 24000/1001.")
      ])
    }
    let start = try startTimecode(pipeline, rate: rate)
    var timelines: [Timeline] = []
    for (cut, file) in zip(cuts, pipeline.timeline.cuts) {
      do {
        var timeline = try cut.timeline(
          sequence: pipeline.timeline.sequence, rate: rate, start: start)
        timeline.findings += file.findings
        timelines.append(timeline)
      } catch {
        faults += error.diagnostics
      }
    }
    guard faults.isEmpty else { throw DiagnosticList(faults) }
    guard let timeline = Timeline.merged(timelines) else {
      throw DiagnosticList([
        Diagnostic(
          severity: .error, family: .usage, code: "timeline.mixedLists",
          location: pipeline.timeline.cuts.first.map { SourceLocation(file: $0.typed) },
          message: "the lists of the cut do not count alike: their rates or drop-frame modes differ",
          remedy: "Export all of them from one timeline.")
      ])
    }
    return timeline
  }

  private static func startTimecode(_ pipeline: Pipeline, rate: FrameRate) throws(DiagnosticList) -> Timecode?
  {
    guard let text = pipeline.timeline.start else { return nil }
    do {
      return try Timecode(parsing: text, rate: rate)
    } catch {
      throw DiagnosticList([
        Diagnostic(
          severity: .error, family: .usage, code: "timeline.badStart",
          location: SourceLocation(file: pipeline.path),
          message: "`timeline: start: \(text)` is not a timecode at \(rate): \(error)")
      ])
    }
  }

  /// The rate of every picture file that the cut uses, when it is the same one; other files of the folders do not
  /// count. With files of several rates it is the only rate at which every event finds its media.
  private static func unanimousRate(
    of cuts: [Cut], media: [MediaItem], _ settings: Pipeline.TimelineSettings
  ) -> FrameRate? {
    let sequence = settings.sequence
    let rates = Set(media.compactMap { $0.facts.video?.rate })
    guard rates.count > 1 else { return rates.first }
    let relinker = Relinker(media: media, settings: settings.relink)
    // A fault that comes with every rate says nothing about the rate.
    var faults: [FrameRate: Int] = [:]
    for rate in rates {
      let timelines = cuts.compactMap { try? $0.timeline(sequence: sequence, rate: rate) }
      guard timelines.count == cuts.count else { continue }
      let isConformed = timelines.allSatisfy { timeline in
        !relinker.relink(timeline).diagnostics.contains { $0.severity == .error }
      }
      if isConformed { faults[rate] = timelines.reduce(0) { $0 + $1.faults.count } }
    }
    let fitting = faults.filter { $0.value == faults.values.min() }
    return fitting.count == 1 ? fitting.first?.key : nil
  }

  private static func wanted(_ pipeline: Pipeline, until: String?) throws(DiagnosticList) -> [any Stage] {
    guard let until else { return pipeline.stages }
    guard let last = pipeline.stage(named: until) else {
      let names = pipeline.stages.map { $0.declaration.name }
      let suggestion = nearest(until, among: names).map { "Did you mean `\($0)`?" }
      throw DiagnosticList([
        Diagnostic(
          severity: .error, family: .usage, code: "pipeline.unknownStage",
          location: SourceLocation(file: pipeline.path),
          message: "there is no stage `\(until)`",
          remedy: suggestion ?? "The stages are \(names.joined(separator: ", ")).")
      ])
    }
    var names: Set<String> = [last.declaration.name]
    for stage in pipeline.stages.reversed() where names.contains(stage.declaration.name) {
      names.formUnion(stage.declaration.sources)
    }
    return pipeline.stages.filter { names.contains($0.declaration.name) }
  }
}
