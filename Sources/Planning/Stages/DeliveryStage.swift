import Delivery
package import Diagnostics
import Digests
import Editorial
import ImageGraph
import MediaTime
import TaskGraph
import TaskKinds

/// Makes one deliverable: asks for the frames it lacks, wraps them with the mix, verifies, publishes.
package struct DeliveryStage: ReadableStage {
  package static let kind = "delivery"
  package static let summary = "one deliverable of the programme, by a delivery profile"
  package static let outputs: [PortType] = [.deliverable]
  package static let keys: [KeySpec] =
    [
      KeySpec("picture", .stage(.picture), "the stage whose frames it shows"),
      KeySpec(
        "frames-of", .stage(.deliverable),
        "instead of `picture`: the deliverable whose stored frames it shows, with what their encoding lost"),
      KeySpec("sound", .stage(.mix), "the mix it carries; needed when the profile has sound"),
      KeySpec(
        "profile", .text, isRequired: true, "delivery profile, from profiles/ beside the pipeline or shipped"),
      KeySpec("frames", .frames, "timecodes IN-OUT of the part to deliver, OUT not included; all without it"),
      KeySpec("chapters", .text, "colour of the locators that are its chapters; every locator without it"),
      KeySpec(
        "layers", .mapping(DeliveryLayers.keys),
        "parts of the picture that are left out: {titles: no} is a textless, {grade: no} an ungraded deliverable"
      ),
      KeySpec("after", .stages(.gate), "gates that must be open before it is made"),
      KeySpec("due", .text, "the last day for it, as 2026-12-24: shown by the board and by status"),
      KeySpec(
        "output", .mapping(ColourOutput.keys),
        "what its values are, where colour is managed: a display and view, or a colour space"),
    ] + BurnIn.keys

  package let declaration: StageDeclaration
  let profile: DeliveryProfile
  let frames: FramesKey?
  let burnIn: BurnIn
  let layers: LayerSelection
  /// Upper-case colour word; nil for all locators.
  let chapterColour: String?
  /// The wire to the mix, as written.
  let sound: PipelineValue?
  /// The last day for it.
  let due: String?
  /// What its values are, where colour is managed.
  let output: ColourOutput?
  let outputValue: PipelineValue?

  /// The part of the programme a deliverable covers, as typed.
  struct FramesKey: Sendable {
    var first: TimecodeLabel
    var end: TimecodeLabel
    var location: SourceLocation
    var excerpt: String?
  }

  init?(_ declaration: StageDeclaration, keys: KeyReader, context: LoadingContext) {
    self.declaration = declaration
    chapterColour = keys.text("chapters")?.uppercased()
    Self.checkSource(declaration, keys)
    frames = Self.frames(keys)
    layers = keys["layers"].map { DeliveryLayers.read($0, findings: keys.findings) } ?? LayerSelection()
    sound = keys["sound"]
    due = Self.day(keys)
    outputValue = keys["output"]
    output = Self.output(keys, context: context, stage: declaration)
    guard let name = keys.text("profile"), let value = keys["profile"],
      let profile = DeliveryProfiles.load(name, value: value, context: context, findings: keys.findings)
    else { return nil }
    self.profile = profile
    burnIn = layers.burnIn ? BurnIn(keys, profile: profile) : .nothing
    if !context.isManaged, profile.tags.transfer != "bt709" || profile.tags.primaries != "bt709" {
      keys.findings.add(
        value.error(
          "colour.unmanaged",
          "profile `\(name)` is \(profile.tags.primaries) \(profile.tags.transfer), and without `colour:` every "
            + "picture is display-coded Rec.709",
          remedy:
            "Give the pipeline `colour: {config: aces}` or a config of yours, and the stage an `output:`."))
    }
    if profile.hasSound, keys["sound"] == nil {
      keys.findings.add(
        value.error(
          "pipeline.missingSound", "profile `\(name)` carries sound, but the stage has no `sound:`",
          remedy: "Wire `sound:` to a sound-mix stage."))
    }
    if profile.hasSound, let part = keys["frames"] {
      // The mix is of the whole programme, and its codec is primed once.
      keys.findings.add(
        part.error(
          "delivery.partWithSound",
          "a part of the programme is delivered without sound, and `\(name)` carries it",
          remedy: "Remove `frames:`, or take a profile without sound."))
    }
    if !profile.hasSound, let sound = keys["sound"] {
      keys.findings.add(
        sound.error(
          "pipeline.unusedSound", "profile `\(name)` carries no sound", remedy: "Remove `sound:`."))
    }
  }

  /// One source, and with stored frames nothing that they cannot be without.
  private static func checkSource(_ declaration: StageDeclaration, _ keys: KeyReader) {
    let stored = keys["frames-of"]
    if keys["picture"] == nil, stored == nil {
      keys.findings.add(
        Diagnostic(
          severity: .error, family: .usage, code: "pipeline.missingKey", location: declaration.location,
          message: "stage `\(declaration.name)` needs the key `picture`: the stage whose frames it shows",
          remedy: "Or `frames-of`, the deliverable whose stored frames it shows."))
    }
    guard stored != nil else { return }
    for name in ["picture", "layers", "frames", "output"] {
      guard let value = keys[name] else { continue }
      keys.findings.add(
        value.error(
          "delivery.storedFrames", "`\(name)` is not taken beside `frames-of`: stored frames are as they are",
          remedy: "Remove one of the two."))
    }
  }

  /// All of a picture, silent, with nothing drawn over it.
  init(_ declaration: StageDeclaration, profile: DeliveryProfile) {
    self.declaration = declaration
    self.profile = profile
    frames = nil
    burnIn = BurnIn.nothing
    layers = LayerSelection()
    chapterColour = nil
    sound = nil
    due = nil
    output = nil
    outputValue = nil
  }

  private static func day(_ keys: KeyReader) -> String? {
    guard let text = keys.text("due"), let value = keys["due"] else { return nil }
    if CalendarDay.isValid(text) { return text }
    keys.findings.add(
      value.error("pipeline.badDay", "`\(text)` is not a day", remedy: "Write it as 2026-12-24."))
    return nil
  }

  private static func output(_ keys: KeyReader, context: LoadingContext, stage: StageDeclaration)
    -> ColourOutput?
  {
    guard let value = keys["output"] else {
      guard keys["frames-of"] == nil, let colour = context.colour else { return nil }
      let displays = colour.outline.displays.map(\.name).joined(separator: ", ")
      keys.findings.add(
        Diagnostic(
          family: .usage, code: "colour.noOutput", location: stage.location,
          message: "`\(stage.name)` does not say what its values are, and colour is managed here",
          remedy:
            "Give it `output: {display: …, view: …}` or `output: {space: …}`; the displays are \(displays)."
        ))
      return nil
    }
    guard let colour = context.colour else {
      if !context.isManaged {
        keys.findings.add(
          value.error(
            "colour.unmanaged",
            "`output` needs to know what the pictures are, and the pipeline has no `colour:`",
            remedy: "Give the pipeline `colour: {config: aces}` or a config of yours."))
      }
      return nil
    }
    return ColourOutput.read(value, outline: colour.outline, owner: "`output`", findings: keys.findings)
  }

  private static func frames(_ keys: KeyReader) -> FramesKey? {
    guard let text = keys.text("frames"), let value = keys["frames"] else { return nil }
    let parts = text.split(separator: "-").map { TimecodeLabel(parsing: String($0)) }
    guard parts.count == 2, let first = parts[0], let end = parts[1] else {
      keys.findings.add(
        value.error(
          "pipeline.badFrames", "`\(text)` is not a range of timecodes",
          remedy: "Write it as \"01:00:02:00-01:00:03:00\"; the second is the first frame not included."))
      return nil
    }
    return FramesKey(first: first, end: end, location: value.location, excerpt: value.excerpt)
  }

  package func plan(in workspace: inout PlanningWorkspace) throws(DiagnosticList) {
    if let wire = declaration.wires["frames-of"] {
      try planStored(wire, in: &workspace)
      return
    }
    guard let wire = declaration.wires["picture"], let whole = workspace.pictures[wire] else {
      preconditionFailure("a loaded delivery stage is wired to a picture")
    }
    let range = try range(of: whole, in: workspace)
    do {
      var shown = whole.trimmed(to: range).showing(layers)
      if layers.matte, let matte = workspace.pipeline.matte, !matte.isEmpty {
        shown = shown.mapNodes { .matte(matte, of: $0.node) }
      }
      let laid = try burnIn.laid(
        over: shown, from: range.start, stage: declaration.name, in: &workspace)
      // Only grades leave the working space.
      let space =
        layers.grade ? workspace.colourSpace(of: wire) : workspace.pipeline.colour?.working
      let sequence = try ColourFinish(
        stage: declaration, value: outputValue, output: output ?? workspace.viewing(of: wire),
        target: profile.colourTarget, space: space
      ).finished(laid, in: &workspace)
      try plan(sequence, from: range.start, in: &workspace)
    } catch let list as DiagnosticList {
      throw list
    } catch {
      throw DiagnosticList(infrastructure: "planning of `\(declaration.name)`", error)
    }
  }

  /// Shows the frames of another deliverable.
  private func planStored(_ wire: String, in workspace: inout PlanningWorkspace) throws(DiagnosticList) {
    guard let other = workspace.delivered.first(where: { $0.stage == wire }) else {
      preconditionFailure("a deliverable is planned after those whose frames it shows")
    }
    guard other.encoding.unit == .frame else {
      throw DiagnosticList([
        Diagnostic(
          severity: .error, family: .usage, code: "delivery.storedGroups", location: declaration.location,
          message:
            "`\(declaration.name)` shows the frames of `\(wire)`, whose \(other.encoding.codec) frames do not "
            + "stand alone",
          remedy: "Wire `picture:` to the stage that `\(wire)` shows.")
      ])
    }
    let (own, kept) = (profile.tags, other.encoding.tags)
    guard own.primaries == kept.primaries, own.transfer == kept.transfer else {
      throw DiagnosticList([
        Diagnostic(
          severity: .error, family: .usage, code: "delivery.storedColours", location: declaration.location,
          message:
            "`\(declaration.name)` shows the frames of `\(wire)`, which are \(kept.primaries) \(kept.transfer), "
            + "and profile `\(profile.name)` is \(own.primaries) \(own.transfer)",
          remedy: "Wire `picture:` to the stage that `\(wire)` shows, and give it an `output:`.")
      ])
    }
    do {
      let laid = try burnIn.laid(
        over: try workspace.storedFrames(of: other), from: other.start, stage: declaration.name,
        in: &workspace)
      // The values are there; drawings are brought to them.
      let sequence = try ColourFinish(
        stage: declaration, value: nil, output: Self.output(behind: wire, in: workspace),
        target: profile.colourTarget, space: nil
      ).finished(laid, in: &workspace)
      try plan(sequence, from: other.start, in: &workspace)
    } catch let list as DiagnosticList {
      throw list
    } catch {
      throw DiagnosticList(infrastructure: "planning of `\(declaration.name)`", error)
    }
  }

  /// What the values of a deliverable are, or of the one whose frames it shows.
  private static func output(behind name: String, in workspace: PlanningWorkspace) -> ColourOutput? {
    guard let stage = workspace.pipeline.stage(named: name) as? DeliveryStage else { return nil }
    return stage.output ?? stage.declaration.wires["frames-of"].flatMap { output(behind: $0, in: workspace) }
  }

  private func range(of sequence: PictureSequence, in workspace: PlanningWorkspace) throws(DiagnosticList)
    -> FrameRange
  {
    let all = FrameRange(start: 0, count: sequence.frameCount)
    guard let frames else { return all }
    let timeline = workspace.timeline
    let wanted: FrameRange? = {
      guard let first = try? frames.first.frame(rate: timeline.rate, isDropFrame: timeline.isDropFrame),
        let end = try? frames.end.frame(rate: timeline.rate, isDropFrame: timeline.isDropFrame), end > first
      else { return nil }
      let range = FrameRange(start: first - timeline.startFrame, count: end - first)
      return range.start >= 0 && range.end <= all.count ? range : nil
    }()
    guard let wanted else {
      let first = Timecode(frame: timeline.startFrame, rate: timeline.rate, isDropFrame: timeline.isDropFrame)
      let end = Timecode(
        frame: timeline.startFrame + all.count, rate: timeline.rate, isDropFrame: timeline.isDropFrame)
      throw DiagnosticList([
        Diagnostic(
          severity: .error, family: .usage, code: "delivery.framesOutside", location: frames.location,
          message: "the range does not lie in the programme, \(first)-\(end)",
          remedy: "Give a range inside it.", excerpt: frames.excerpt)
      ])
    }
    return wanted
  }

  private func plan(_ sequence: PictureSequence, from start: Int64, in workspace: inout PlanningWorkspace)
    throws
  {
    let mix = try mix(in: workspace)
    let encoding = profile.encoding(
      width: sequence.raster.width, height: sequence.raster.height, rate: sequence.rate,
      builtBy: workspace.tools.builtBy(profile.picture.codec))
    workspace.delivered.append(
      DeliveredPicture(stage: declaration.name, picture: sequence, encoding: encoding, start: start))
    let frames = try FramePlanner(stage: declaration.name, encoding: encoding)
      .plan(sequence, in: &workspace)
    burnIn.tellCost(newFrames: frames.new, of: sequence.frameCount, stage: declaration, in: &workspace)
    let chapters = chapters(of: FrameRange(start: start, count: sequence.frameCount), in: &workspace)
    let timeline = workspace.timeline
    let label = Timecode(
      frame: timeline.startFrame + start, rate: timeline.rate, isDropFrame: timeline.isDropFrame)
    let assembly = AssembleTask.Input(
      profile: profile, encoding: encoding, runs: frames.runs, pieces: frames.pieces, mix: mix,
      chapters: profile.container == .mp4 ? chapters : nil, startTimecode: label.description,
      startFrame: label.frame, name: "\(workspace.pipeline.programme)_\(declaration.name)")
    let key = AssembleTask.key(assembly)
    try workspace.add(unlessMade: key) { workspace in
      let used = Set(frames.pieces.map(\.segment))
      let waits =
        workspace.nodes.filter { $0.kind == RenderTask.identifier && !used.isDisjoint(with: $0.commits) }
        .map(\.key) + [mix].compactMap { $0 }
      return TaskNode(
        key: key, kind: AssembleTask.identifier, version: AssembleTask.version, stage: declaration.name,
        label: "assemble \(declaration.name)", dependencies: workspace.plannedDependencies(waits),
        payload: try JSONBytes.encode(assembly),
        reason: "no file is made of exactly these frames and this mix",
        needs: TaskNeeds(
          memoryBytes: MemoryEstimate.assembly(encoding, frameCount: sequence.frameCount)),
        subject: declaration.name, ingredients: AssembleTask.ingredients(assembly))
    }
    let publish = PublishTask.Input(
      shelf: .deliverables, programme: workspace.pipeline.programme, name: declaration.name,
      stage: declaration.name, assembly: key, fileExtension: profile.fileExtension,
      documents: chapters.map { [document(of: $0, rate: sequence.rate, in: &workspace)] } ?? [],
      recipe: nil, profile: profile.name)
    let grades = workspace.grades(behind: declaration)
    let version = try workspace.publish(publish, reason: "no version of it is exactly this") { workspace in
      try JSONBytes.encode(
        Recipe(
          stage: declaration, profile: profile.name, encoding: encoding, sequence: sequence, start: start,
          workspace: workspace))
    }
    workspace.deliverables.append(
      DeliverablePlan(
        stage: declaration.name, profile: profile.name, frames: sequence.frameCount,
        distinctFrames: frames.distinct, reusedFrames: frames.distinct - frames.new, newFrames: frames.new,
        version: version, publishKey: PublishTask.key(publish), due: due,
        grades: grades.isEmpty ? nil : grades))
  }

  /// The task that makes the mix, which must have every layout of the profile.
  private func mix(in workspace: PlanningWorkspace) throws(DiagnosticList) -> TaskKey? {
    guard let wire = declaration.wires["sound"], let mix = workspace.mixes[wire] else { return nil }
    let lacking = profile.sounds.map(\.layout).filter { !mix.layouts.contains($0) }
    if let layout = lacking.first, let sound {
      var layouts = mix.layouts
      for layout in lacking where !layouts.contains(layout) { layouts.append(layout) }
      // A bare 5.1 is a number to YAML.
      let list = layouts.map { $0.contains(".") ? "\"\($0)\"" : $0 }.joined(separator: ", ")
      throw DiagnosticList([
        sound.error(
          "delivery.noSuchLayout",
          "profile `\(profile.name)` carries \(layout) sound, but the mix of `\(wire)` is made in "
            + mix.layouts.joined(separator: " and "),
          remedy: "Give `\(wire)` the key `layouts: [\(list)]`, or take a profile without it.")
      ])
    }
    return mix.key
  }

  /// The locators of the cut as chapters of a range; nil when the profile wants none.
  private func chapters(of range: FrameRange, in workspace: inout PlanningWorkspace) -> ChapterList? {
    guard profile.chapters != nil else { return nil }
    let markers = workspace.timeline.markers.filter { chapterColour == nil || $0.color == chapterColour }
    let list = ChapterList(
      markers: markers.map { ($0.frame, $0.comment.isEmpty ? $0.name : $0.comment) }, range: range)
    if list.chapters.isEmpty {
      workspace.diagnostics.append(
        Diagnostic(
          severity: .note, family: .usage, code: "delivery.noChapters", location: declaration.location,
          message: "the cut has no \(chapterColour.map { "\($0) " } ?? "")locators here, so the chapters of "
            + "`\(declaration.name)` are an empty list",
          remedy: nil))
    }
    return list
  }

  private func document(of chapters: ChapterList, rate: FrameRate, in workspace: inout PlanningWorkspace)
    -> MadeFile
  {
    let bytes = Array(chapters.webVTT(rate: rate).utf8)
    return MadeFile(
      object: workspace.object(bytes), byteCount: Int64(bytes.count), suffix: "chapters",
      fileExtension: "vtt")
  }
}

extension DeliveryProfile {
  /// What its values become when they are encoded.
  var colourTarget: CompileColourTask.Target {
    let format = picture.pixelFormat
    if format.contains("f32") || format.contains("f16") { return .light }
    return .codes(
      bitDepth: DeliveryProfile.Picture.bitDepth(of: format), matrix: tags.matrix,
      isFullRange: tags.range == "pc")
  }
}

extension DiagnosticList {
  /// A failure of the machine rather than of the user's files.
  init(infrastructure operation: String, _ error: any Error) {
    if let list = error as? DiagnosticList {
      self = list
      return
    }
    self.init([
      Diagnostic(
        severity: .error, family: .failed, code: "infrastructure", location: nil,
        message: "\(operation): \(error)")
    ])
  }
}
