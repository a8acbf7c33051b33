package import Diagnostics
import Digests
import Editorial
import ImageGraph
import MediaTime
import TaskGraph
import TaskKinds
import Titling

/// Draws main title, cards and end credits over the pictures of another stage.
package struct TitlesStage: ReadableStage {
  package static let kind = "titles"
  package static let summary = "main title and cards, and end credits that roll by whole pixels"
  package static let outputs: [PortType] = [.picture]
  package static let keys: [KeySpec] = [
    KeySpec("picture", .stage(.picture), isRequired: true, "the stage whose frames lie below"),
    KeySpec("cards", .path, "title file (YAML): cards, styles, the roll's settings"),
    KeySpec("credits", .path, "end credits (CSV): department, role, name, layout, language, logo"),
    KeySpec("roll", .mapping(RollSettings.keys), "settings of the roll; those of the title file without it"),
  ]

  package let declaration: StageDeclaration
  let titles: TitlesFile
  let credits: Credits?
  let roll: RollSettings
  /// Pictures that the credits show, by digest.
  let logos: [Digest: [UInt8]]

  init?(_ declaration: StageDeclaration, keys: KeyReader, context: LoadingContext) {
    self.declaration = declaration
    let findings = keys.findings
    let cards = PipelineLoader.inputFiles(keys.paths("cards"), what: "the title file", findings: findings)
      .first
    let list = PipelineLoader.inputFiles(keys.paths("credits"), what: "the credits", findings: findings).first
    titles = cards.map { TitlesFile($0, findings: findings) } ?? TitlesFile()
    let settings = keys["roll"].map { RollSettings($0, findings: findings) } ?? titles.roll
    roll = settings ?? RollSettings()
    var logos: [Digest: [UInt8]] = [:]
    var credits: Credits?
    if let list {
      do {
        credits = try CreditsReader.read(file: list.typed, bytes: list.bytes) { request in
          LogoFile.read(request, beside: list.path).map { bytes in
            let digest = Digest.sha256(bytes)
            logos[digest] = bytes
            return digest
          }
        }
      } catch {
        for diagnostic in error.diagnostics { findings.add(diagnostic) }
      }
    }
    self.credits = credits
    self.logos = logos
    if keys["cards"] == nil, keys["credits"] == nil {
      findings.add(
        Diagnostic(
          severity: .error, family: .usage, code: "titles.nothing", location: declaration.location,
          message: "stage `\(declaration.name)` has neither `cards:` nor `credits:`",
          remedy: "Give a title file, a list of credits, or both."))
    }
    if let settings, list == nil {
      findings.add(
        Diagnostic(
          severity: .error, family: .usage, code: "titles.rollWithoutCredits", location: settings.location,
          message: "a roll is described, but there is no `credits:` to roll",
          remedy: "Give the stage `credits:`, or remove `roll`.", excerpt: settings.excerpt))
    }
  }

  package func plan(in workspace: inout PlanningWorkspace) throws(DiagnosticList) {
    guard let wire = declaration.wires["picture"], let picture = workspace.pictures[wire] else {
      preconditionFailure("a loaded titles stage is wired to a picture")
    }
    let programme = TitlesProgramme(workspace.timeline, frameCount: picture.frameCount)
    var faults: [Diagnostic] = []
    let cards = titles.cards.compactMap { programme.place($0, faults: &faults) }
    let start = credits == nil ? nil : programme.rollStart(roll, stage: declaration, faults: &faults)
    guard faults.isEmpty else { throw DiagnosticList(faults) }
    do {
      guard let (key, typeset) = try typeset(in: &workspace, raster: picture.raster) else {
        workspace.pictures[declaration.name] = picture
        return
      }
      var result = picture
      for (card, drawn) in zip(cards, typeset) { result = card.lay(drawn, over: result) }
      var placement: (start: Int64, roll: RollPlacement)?
      if let start, let drawn = typeset.last {
        let solved = try programme.roll(
          roll, from: start, typeset: drawn, raster: picture.raster, stage: declaration)
        workspace.diagnostics += solved.notes
        for stretch in solved.roll.stretches {
          result = result.laying(
            stretch.graphics, over: stretch.range.offset(by: start.frame), clock: stretch.clock)
        }
        placement = (start.frame, solved.roll)
      }
      workspace.pictures[declaration.name] = result
      try publish(key, cards: zip(cards, typeset).map { ($0, $1) }, roll: placement, in: &workspace)
    } catch let list as DiagnosticList {
      throw list
    } catch {
      throw DiagnosticList(infrastructure: "planning of `\(declaration.name)`", error)
    }
  }

  /// Cards in their order, then the credits; nil until the task has run.
  private func typeset(
    in workspace: inout PlanningWorkspace, raster: Raster
  ) throws -> (key: TaskKey, typeset: [TypesetTask.Typeset])? {
    for bytes in logos.values { _ = workspace.object(bytes) }
    var requests = titles.cards.map { TypesetTask.Request.card($0.card) }
    if let credits { requests.append(.credits(credits)) }
    let input = TypesetTask.Input(
      raster: raster, requests: requests, isPublished: true, builtBy: workspace.tools.drawing)
    let names = credits?.blocks.reduce(0) { $0 + $1.entries.count } ?? 0
    let key = TypesetTask.key(input)
    let answer = try workspace.answer(of: key, as: TypesetTask.Output.self) {
      TaskNode(
        key: key, kind: TypesetTask.identifier, version: TypesetTask.version, stage: declaration.name,
        label: "typeset \(titles.cards.count) cards and \(names) credits",
        payload: try JSONBytes.encode(input),
        reason: "text is drawn and measured before planning", subject: declaration.name,
        ingredients: TypesetTask.ingredients(input))
    }
    guard let output = answer, output.typeset.count == requests.count else { return nil }
    workspace.names.note(output.typeset, of: requests)
    return (key, output.typeset)
  }

  /// The drawn titles, and where every name is, are an asset of their own.
  private func publish(
    _ key: TaskKey, cards: [(PlacedCard, TypesetTask.Typeset)], roll: (start: Int64, roll: RollPlacement)?,
    in workspace: inout PlanningWorkspace
  ) throws {
    let report = TitlesReport(
      cards: cards, roll: roll, timeline: workspace.timeline, programme: workspace.pipeline.programme)
    let bytes = try JSONBytes.encode(report, isPretty: true)
    let input = PublishTask.Input(
      shelf: .assets, programme: workspace.pipeline.programme, name: declaration.name,
      stage: declaration.name,
      assembly: nil, results: [key], fileExtension: "json",
      documents: [
        MadeFile(
          object: workspace.object(bytes), byteCount: Int64(bytes.count), suffix: "", fileExtension: "json")
      ], recipe: nil, profile: nil)
    _ = try workspace.publish(input, reason: "no version of it is exactly these titles")
  }
}

/// A picture beside the credits: read when the pipeline is loaded, never outside the folder of the file.
private enum LogoFile {
  static func read(_ request: LogoRequest, beside file: String) -> Result<[UInt8], Diagnostic> {
    func refused(_ family: Diagnostic.Family, _ message: String, _ remedy: String) -> Result<
      [UInt8], Diagnostic
    > {
      .failure(
        Diagnostic(
          severity: .error, family: family, code: "credits.logo", location: request.location,
          message: message,
          remedy: remedy, excerpt: request.excerpt))
    }
    let folder = FilePaths.folder(of: file)
    let path = FilePaths.resolve(request.path, from: folder)
    guard FilePaths.lies(path, below: folder) else {
      return refused(
        .usage, "the logo `\(request.path)` lies outside the folder of the credits", "Put it beside them.")
    }
    guard let real = FilePaths.real(path) else {
      return refused(
        .inputMissing, "there is no logo `\(request.path)`",
        "Paths are relative to the folder of the credits.")
    }
    guard let home = FilePaths.real(folder), FilePaths.lies(real, below: home) else {
      return refused(
        .usage, "the logo `\(request.path)` is a link that leaves the folder of the credits",
        "Put the file itself beside them.")
    }
    do throws(FileReadError) {
      return .success(try FilePaths.read(real, limit: 64 << 20))
    } catch {
      return refused(
        .inputMissing, "cannot read the logo `\(request.path)`: \(error.reason)", "Check its permissions.")
    }
  }
}
