import ColorGrading
package import Diagnostics
import Digests
import Editorial
import ImageGraph
import MediaTime
import TaskKinds

/// Grades every shot by its CDL, then applies the look.
package struct ColorGradeStage: ReadableStage {
  package static let kind = "color-grade"
  package static let summary = "a CDL per shot, then one look for all"
  package static let outputs: [PortType] = [.picture]
  package static let keys: [KeySpec] = [
    KeySpec("picture", .stage(.picture), isRequired: true, "the stage whose frames are graded"),
    KeySpec(
      "cdl", .paths,
      "ASC CDL collections (.ccc, .cdl, .cc), whose entries bind by id = shot name, then by event number, and graded cuts "
        + "(.edl, .otio, .xml), whose events bind by source reel and timecode, in any re-cut; they beat the cut's own "
        + "ASC comments, which beat the CDL of `timeline: logs:`"),
    KeySpec(
      "cdl-style", .choice(DecisionStyle.allCases.map(\.rawValue)),
      "asc (clamps to 0…1, as ASC CDL v1.2 says; without the key) or no-clamp"),
    KeySpec(
      "look", .shorthand(LookKey.keys),
      "LUT after the CDL, with the spaces it takes and makes; display-referred Rec.709 in and out where colour is not "
        + "managed"),
    KeySpec(
      "stills", .choice(Stills.allCases.map(\.rawValue)),
      "whether to make a contact sheet of every shot before and after its grade, and scopes; yes without it"),
  ]

  package let declaration: StageDeclaration
  /// Of every collection.
  let entries: [ColorDecisionCollection.Entry]
  /// File names of collections and graded cuts.
  let collectionName: String?
  let gradedCuts: [InputFile]
  let look: LookKey?
  let style: DecisionStyle
  let stills: Stills

  /// How corrections treat what lies outside 0…1.
  enum DecisionStyle: String, CaseIterable, Sendable {
    case asc
    case noClamp = "no-clamp"
  }

  enum Stills: String, CaseIterable, Sendable {
    case yes, no
  }

  init?(_ declaration: StageDeclaration, keys: KeyReader, context: LoadingContext) {
    self.declaration = declaration
    stills = keys.choice("stills", of: Stills.self) ?? .yes
    let decisions = PipelineLoader.inputFiles(
      keys.paths("cdl"), what: "the CDL collection", findings: keys.findings)
    let names = decisions.map { FilePaths.name(of: $0.path) }
    collectionName = names.isEmpty ? nil : names.joined(separator: ", ")
    gradedCuts = decisions.filter { Self.isCut($0) }
    var entries: [ColorDecisionCollection.Entry] = []
    for file in decisions where !Self.isCut(file) {
      do {
        entries += try ColorDecisionCollection.read(path: file.typed, bytes: file.bytes).entries
      } catch {
        for diagnostic in error.diagnostics { keys.findings.add(diagnostic) }
      }
    }
    self.entries = entries
    style = keys.choice("cdl-style", of: DecisionStyle.self) ?? .asc
    look = LookKey(keys, context: context)
  }

  private static func isCut(_ file: InputFile) -> Bool {
    ["edl", "otio", "xml", "fcpxml"].contains(FilePaths.fileExtension(of: file.path))
  }

  /// The grades of the graded cuts, which count as the programme's own cut does.
  private func sourceGrades(_ rate: FrameRate) throws(DiagnosticList) -> [SourceGrade] {
    var grades: [SourceGrade] = []
    for file in gradedCuts {
      let timeline = try Cut.read(path: file.typed, bytes: file.bytes).timeline(rate: rate)
      if !timeline.faults.isEmpty { throw DiagnosticList(timeline.faults) }
      grades += SourceGrade.grades(in: timeline)
    }
    return grades
  }

  package func plan(in workspace: inout PlanningWorkspace) throws(DiagnosticList) {
    guard let wire = declaration.wires["picture"], let picture = workspace.pictures[wire] else {
      preconditionFailure("a loaded grade stage is wired to a picture")
    }
    guard !picture.spans.contains(where: { if case .graphics = $0.node { true } else { false } }) else {
      throw DiagnosticList([
        Diagnostic(
          severity: .error, family: .usage, code: "grade.afterTitles", location: declaration.location,
          message: "`\(declaration.name)` grades `\(wire)`, which has titles already: titles are not graded",
          remedy: "Wire the titles to the grade, not the grade to the titles.")
      ])
    }
    let clips = workspace.conform.events.filter { workspace.timeline.tracks[$0.trackIndex].kind == .picture }
    let logs = SourceLogs(workspace.pipeline.timeline.logs)
    let timeline = workspace.timeline
    let (bindings, diagnostics) = GradeResolver(entries: entries, sources: try sourceGrades(timeline.rate))
      .resolve(
        clips.map { event in
          let item = logs.isEmpty ? nil : event.media.map { MediaItem(workspace.files[$0]) }
          return GradeShot(
            event.clip, in: timeline,
            loggedGrades: logs.grades(for: event.clip, in: item, rate: workspace.timeline.rate))
        })
    workspace.diagnostics += diagnostics
    // An event number may stand in several lists of one cut: its place tells them apart.
    var bindingOfEvent: [PictureSpan.Shot.Place: GradeBinding] = [:]
    for (clip, binding) in zip(clips, bindings) { bindingOfEvent[clip.place] = binding }
    let decisions = bindingOfEvent.compactMapValues(\.decision)
    if let file = look?.file {
      workspace.names.note(look: workspace.object(file.bytes), file: FilePaths.name(of: file.path))
    }
    for binding in bindingOfEvent.values {
      guard let decision = binding.decision, let origin = origin(of: binding) else { continue }
      workspace.names.note(grade: Grade(decision), origin: origin)
    }
    let graded = graded(picture, decisions: decisions, in: &workspace)
    workspace.pictures[declaration.name] = graded
    do {
      try publish(GradeSheet(bindings: bindings, entries: entries), in: &workspace)
      guard stills == .yes else { return }
      try GradeStills(
        stage: declaration.name, before: picture, after: graded,
        views: (
          workspace.view(of: wire, for: declaration), workspace.view(of: declaration.name, for: declaration)
        ), bindings: bindingOfEvent,
        collection: collectionName, look: look?.words
      ).plan(in: &workspace)
    } catch {
      throw DiagnosticList(infrastructure: "planning of `\(declaration.name)`", error)
    }
  }

  /// The grade as a version of its own: every correction, and the look.
  private func publish(_ sheet: GradeSheet, in workspace: inout PlanningWorkspace) throws {
    guard !sheet.isEmpty || look?.file != nil else { return }
    func document(_ bytes: [UInt8], suffix: String, _ fileExtension: String) -> MadeFile {
      MadeFile(
        object: workspace.object(bytes), byteCount: Int64(bytes.count), suffix: suffix,
        fileExtension: fileExtension)
    }
    var documents = [document(sheet.bytes, suffix: "", "ccc")]
    if let file = look?.file {
      documents.append(document(file.bytes, suffix: "look", FilePaths.fileExtension(of: file.path)))
    }
    let input = PublishTask.Input(
      shelf: .assets, programme: workspace.pipeline.programme, name: PlannedGrade.name(of: declaration.name),
      stage: declaration.name, assembly: nil, fileExtension: "ccc", documents: documents, recipe: nil,
      profile: nil)
    let version = try workspace.publish(
      input, reason: "no version has exactly these corrections and this look")
    workspace.grades[declaration.name] = PlannedGrade(
      stage: declaration.name, asset: input.name, files: documents.map(\.object), version: version,
      corrections: sheet.corrections.count, look: look?.words)
  }

  /// Where a decision was read, for explanations.
  private func origin(of binding: GradeBinding) -> String? {
    switch binding.origin {
    case .shotName, .eventNumber: collectionName
    case .source(let place): place.map { "\($0)" } ?? collectionName
    case .list: "the cut"
    case .log(let place): "\(place)"
    case .none: nil
    }
  }

  /// Each side of a transition and each layer is graded as its own shot, before they mix; then the look.
  private func graded(
    _ picture: PictureSequence, decisions: [PictureSpan.Shot.Place: ColorDecision],
    in workspace: inout PlanningWorkspace
  ) -> PictureSequence {
    let working = workspace.pipeline.colour?.working
    // What the kernels do by themselves stays with them.
    let isPlain = working == nil && style == .asc && (look == nil || look?.isCube == true)
    let context = workspace.colourContext()
    let steps =
      look?.steps(working: working) { file in
        ColourStep.ColourTable(
          object: workspace.object(file.bytes), name: file.typed, clamps: style == .asc)
      } ?? []
    var graded = picture
    // Black between shots stays black: it belongs to no shot, and a look may lift it.
    for index in graded.spans.indices where graded.spans[index].node.hasPicture {
      var span = graded.spans[index].mapShots { node, shot in
        guard node.hasPicture, let shot, let decision = decisions[shot.place] else { return node }
        guard !isPlain else { return .grade(Grade(decision), of: node) }
        let step = ColourStep.decision(Grade(decision), clamps: style == .asc)
        return .colour(ColourProcess(context: context, steps: [step], isGrade: true), of: node)
      }
      if isPlain, let file = look?.file {
        span.node = .look(Look(table: workspace.object(file.bytes)), of: span.node)
      } else if !steps.isEmpty {
        span.node = .colour(ColourProcess(context: context, steps: steps, isGrade: true), of: span.node)
      }
      graded.spans[index] = span
    }
    if let look, look.isDisplayReferred { workspace.colourSpaces[declaration.name] = look.to }
    return graded
  }
}

extension Grade {
  fileprivate init(_ decision: ColorDecision) {
    self.init(
      slope: decision.slope, offset: decision.offset, power: decision.power, saturation: decision.saturation)
  }
}

extension MediaItem {
  fileprivate init(_ file: ProbedFile) { self.init(path: file.location.path, facts: file.facts) }
}
