import ColorGrading
package import Diagnostics
import Digests
import Editorial
import ImageGraph
import MediaTime
import Synchronization
import TaskKinds

/// Grades every shot by its CDL, then applies the look.
package struct ColorGradeStage: ReadableStage {
  package static let kind = "color-grade"
  package static let summary = "a CDL per shot, then one look for all"
  package static let outputs: [PortType] = [.picture]
  package static let keys: [KeySpec] = [
    KeySpec("picture", .stage(.picture), isRequired: true, "the stage whose frames are graded"),
    KeySpec(
      "cdl", .path,
      "ASC CDL collection (.ccc, .cdl, .cc); an entry binds by id = shot name, then by event number, and beats the "
        + "cut's own ASC comments, which beat the CDL of `timeline: logs:`"),
    KeySpec("look", .path, "3D LUT (.cube) after the CDL, display-referred Rec.709 in and out"),
    KeySpec(
      "stills", .choice(Stills.allCases.map(\.rawValue)),
      "whether to make a contact sheet of every shot before and after its grade, and scopes; yes without it"),
  ]

  package let declaration: StageDeclaration
  let collection: ColorDecisionCollection?
  /// File name of the collection.
  let collectionName: String?
  let look: InputFile?
  let stills: Stills

  enum Stills: String, CaseIterable, Sendable {
    case yes, no
  }

  init?(_ declaration: StageDeclaration, keys: KeyReader, context: LoadingContext) {
    self.declaration = declaration
    stills = keys.choice("stills", of: Stills.self) ?? .yes
    let decisions = PipelineLoader.inputFiles(
      keys.paths("cdl"), what: "the CDL collection", findings: keys.findings)
    collectionName = decisions.first.map { FilePaths.name(of: $0.path) }
    do {
      collection = try decisions.first.map { file throws(DiagnosticList) in
        try ColorDecisionCollection.read(path: file.typed, bytes: file.bytes)
      }
    } catch {
      for diagnostic in error.diagnostics { keys.findings.add(diagnostic) }
      return nil
    }
    look = PipelineLoader.inputFiles(keys.paths("look"), what: "the look", findings: keys.findings).first
    if let look {
      do {
        try CheckedLooks.check(look)
      } catch {
        for diagnostic in error.diagnostics { keys.findings.add(diagnostic) }
        return nil
      }
    }
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
    let (bindings, diagnostics) = GradeResolver(entries: collection?.entries ?? [])
      .resolve(
        clips.map { event in
          let item = logs.isEmpty ? nil : event.media.map { MediaItem(workspace.files[$0]) }
          return GradeShot(
            event.clip, loggedGrades: logs.grades(for: event.clip, in: item, rate: workspace.timeline.rate))
        })
    workspace.diagnostics += diagnostics
    // An event number may stand in several lists of one cut: its place tells them apart.
    var bindingOfEvent: [PictureSpan.Shot.Place: GradeBinding] = [:]
    for (clip, binding) in zip(clips, bindings) { bindingOfEvent[clip.place] = binding }
    let decisions = bindingOfEvent.compactMapValues(\.decision)
    let table = look.map { workspace.object($0.bytes) }
    if let table, let look { workspace.names.note(look: table, file: FilePaths.name(of: look.path)) }
    for binding in bindingOfEvent.values {
      guard let decision = binding.decision, let origin = origin(of: binding) else { continue }
      workspace.names.note(grade: Grade(decision), origin: origin)
    }
    var graded = picture
    // Black between shots stays black: it belongs to no shot, and a look may lift it.
    for index in graded.spans.indices where graded.spans[index].node.hasPicture {
      graded.spans[index] = Self.grade(graded.spans[index], decisions: decisions)
      if let table { graded.spans[index].node = .look(Look(table: table), of: graded.spans[index].node) }
    }
    workspace.pictures[declaration.name] = graded
    guard stills == .yes else { return }
    do {
      try GradeStills(
        stage: declaration.name, before: picture, after: graded, bindings: bindingOfEvent,
        collection: collectionName, look: look.map { FilePaths.name(of: $0.path) }
      ).plan(in: &workspace)
    } catch {
      throw DiagnosticList(infrastructure: "planning of `\(declaration.name)`", error)
    }
  }

  /// Where a decision was read, for explanations.
  private func origin(of binding: GradeBinding) -> String? {
    switch binding.origin {
    case .shotName, .eventNumber: collectionName
    case .list: "the cut"
    case .log(let place): "\(place)"
    case .none: nil
    }
  }

  /// Each side of a transition and each layer is graded as its own shot, before they mix.
  private static func grade(
    _ span: PictureSpan, decisions: [PictureSpan.Shot.Place: ColorDecision]
  ) -> PictureSpan {
    span.mapShots { node, shot in
      guard node.hasPicture, let shot, let decision = decisions[shot.place] else { return node }
      return .grade(Grade(decision), of: node)
    }
  }
}

/// Looks that were found good: programmes share them, and a lattice of 33 points has 36,000 lines to read.
private enum CheckedLooks {
  private static let good = Mutex<Set<Digest>>([])

  static func check(_ look: InputFile) throws(DiagnosticList) {
    let digest = Digest.sha256(look.bytes)
    if good.withLock({ $0.contains(digest) }) { return }
    _ = try CubeFile.read(path: look.typed, bytes: look.bytes)
    good.withLock { _ = $0.insert(digest) }
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
