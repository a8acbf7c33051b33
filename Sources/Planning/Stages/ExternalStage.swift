import Delivery
package import Diagnostics
import Digests
import Editorial
import ImageGraph
import MediaTime
import TaskGraph
import TaskKinds

/// Somebody else's program in the place of a stage: it gets frames and files, and makes pictures, files, or both.
package struct ExternalStage: ReadableStage {
  package static let kind = "external"
  package static let summary =
    "any program, such as Blender, Nuke or a script: frames and files in, pictures and files out"
  package static let outputs: [PortType] = [.picture]
  package static let keys: [KeySpec] = ExternalKeys.keys

  package let declaration: StageDeclaration
  let settings: ExternalKeys

  init?(_ declaration: StageDeclaration, keys: KeyReader, context: LoadingContext) {
    self.declaration = declaration
    guard let settings = ExternalKeys(keys, context: context) else { return nil }
    self.settings = settings
  }

  /// Pictures only where it makes some.
  package var ports: [PortType] { settings.pictures == nil ? [] : [.picture] }

  package func plan(in workspace: inout PlanningWorkspace) throws(DiagnosticList) {
    do {
      for file in settings.files where !file.bytes.isEmpty { workspace.objects[file.object] = file.bytes }
      var units = declaration.wires["picture"].flatMap { workspace.pictures[$0] }.map { picture in
        settings.unit == .programme ? ExternalUnits(whole: picture) : ExternalUnits(shotsOf: picture)
      }
      if let profile = settings.profile, let finish = finish(for: profile, in: workspace) {
        for index in (units?.units ?? []).indices {
          guard let frames = units?.units[index].frames else { continue }
          units?.units[index].frames = try finish.finished(frames, in: &workspace)
        }
      }
      let names = units.map { unitNames($0.units) } ?? [""]
      let runs = try names.indices.map { index in
        try external(units?.units[index], name: names[index], in: workspace)
      }
      for run in runs { workspace.externals[run.key] = run }
      if let pictures = settings.pictures {
        let made = zip(runs, names).map { add($0, pictures, name: $1, in: &workspace) }
        workspace.pictures[declaration.name] =
          units?.replaced(by: made)
          ?? PictureSequence(
            raster: workspace.pipeline.raster, rate: workspace.timeline.rate,
            spans: [
              PictureSpan(node: made[0], map: FrameMap(first: 0), count: pictures.count ?? 0, shot: nil)
            ])
        if let units { tellMerged(units, in: &workspace) }
      }
      try publish(runs, in: &workspace)
    } catch {
      throw DiagnosticList(infrastructure: "planning of `\(declaration.name)`", error)
    }
  }

  /// Brings the frames to the space in which the program takes them; nil where colour is not managed.
  private func finish(for profile: DeliveryProfile, in workspace: PlanningWorkspace) -> ColourFinish? {
    guard let space = settings.space, let wire = declaration.wires["picture"] else { return nil }
    return ColourFinish(
      stage: declaration, value: space.value, output: ColourOutput(kind: .space(space.name)),
      target: profile.colourTarget, space: workspace.colourSpace(of: wire))
  }

  /// Files are published; pictures are made when a stage that others do not take from has nothing else to show.
  private func publish(_ runs: [PlannedExternal], in workspace: inout PlanningWorkspace) throws {
    if !settings.outputs.isEmpty {
      var seen: Set<TaskKey> = []
      let input = PublishTask.Input(
        shelf: .assets, programme: workspace.pipeline.programme, name: declaration.name,
        stage: declaration.name, assembly: nil, results: runs.map(\.key).filter { seen.insert($0).inserted },
        fileExtension: "", documents: [], recipe: nil, profile: nil)
      _ = try workspace.publish(input, reason: "no version of it has exactly these files")
    } else if !workspace.consumed.contains(declaration.name) {
      for run in runs { try run.demand(in: &workspace) }
    }
  }

  // MARK: Runs of the program

  /// What each unit is called, in labels and in published files: the shot, told apart where it comes several times.
  private func unitNames(_ units: [ExternalUnits.Unit]) -> [String] {
    guard settings.unit == .shot else { return units.map(\.name) }
    let counts = Dictionary(units.map { ($0.name, 1) }, uniquingKeysWith: +)
    var taken: Set<String> = []
    return units.map { unit in
      let base = unit.name.isEmpty ? "shot" : unit.name
      let name = (counts[unit.name] ?? 0) > 1 ? "\(base) from frame \(unit.start)" : base
      var unique = name
      var number = 2
      while !taken.insert(unique).inserted {
        unique = "\(name), \(number)"
        number += 1
      }
      return unique
    }
  }

  private func external(_ unit: ExternalUnits.Unit?, name: String, in workspace: PlanningWorkspace) throws
    -> PlannedExternal
  {
    let rate = workspace.timeline.rate
    let count = unit?.frames.frameCount ?? settings.pictures?.count
    let made = settings.pictures.map { pictures in
      ExternalTask.MadePictures(
        path: pictures.path, raster: pictures.raster ?? workspace.pipeline.raster, count: count ?? 0,
        rate: pictures.isMovie ? rate.description : nil, depth: pictures.depth,
        interpretation: Interpretation(video(pictures, count: count ?? 0, in: workspace)))
    }
    let suffix = name.isEmpty ? "" : "." + Self.portable(name)
    var input = ExternalTask.Input(
      stage: declaration.name, program: settings.program,
      files: settings.files.map {
        ExternalTask.File(name: $0.name, path: $0.place, object: $0.object, isExecutable: $0.isExecutable)
      }, environment: settings.environment, programVersion: settings.programVersion,
      pictures: try unit.flatMap { try given($0, in: workspace) }, firstNumber: settings.first, made: made,
      outputs: settings.outputs.map { output in
        ExternalTask.MadeFileName(name: output.name, path: output.path, suffix: output.name + suffix)
      }, values: ["cores": "\(settings.cores)", "rate": rate.description], limits: settings.limits,
      space: settings.space?.name)
    let raster = made?.raster ?? workspace.pipeline.raster
    input.values["width"] = "\(raster.width)"
    input.values["height"] = "\(raster.height)"
    if let count {
      input.values["first"] = "\(settings.first)"
      input.values["last"] = "\(settings.first + count - 1)"
      input.values["frames"] = "\(count)"
    }
    return PlannedExternal(
      key: ExternalTask.key(input), input: input, given: unit?.frames,
      label: name.isEmpty ? declaration.name : "\(declaration.name) \(name)", needs: needs,
      ingredients: ingredients(of: input), absence: settings.absence)
  }

  private var needs: TaskNeeds {
    // The worker holds the program to its time and names it; this is for a worker that cannot.
    TaskNeeds(
      cores: settings.cores, memoryBytes: settings.limits.memoryBytes, tokens: declaration.tokens,
      timeout: settings.limits.timeout.map { 2 * $0 + 3600 })
  }

  private func given(_ unit: ExternalUnits.Unit, in workspace: PlanningWorkspace) throws
    -> ExternalTask.GivenPictures?
  {
    guard let profile = settings.profile else { return nil }
    let frames = unit.frames
    let encoding = profile.encoding(
      width: frames.raster.width, height: frames.raster.height, rate: frames.rate,
      builtBy: workspace.tools.builtBy(profile.picture.codec))
    // The place of a shot in the programme is none of its business: it would have to be made again when it moves.
    let timeline = workspace.timeline
    let start = Timecode(
      frame: settings.unit == .programme ? timeline.startFrame : 0, rate: timeline.rate,
      isDropFrame: timeline.isDropFrame)
    var pictures = ExternalTask.GivenPictures(
      profile: profile, encoding: encoding, runs: frames.runs().runs, pieces: [],
      startTimecode: start.description)
    if encoding.unit == .group {
      let digest = encoding.digest
      pictures.pieces = GroupSegmentation.groups(of: frames).map { runs in
        let segment = RenderTask.Segment(encoding: digest, runs: runs)
        return AssembleTask.Piece(segment: segment.key, offset: 0, count: Int(segment.count), step: 1)
      }
    }
    return pictures
  }

  private func ingredients(of input: ExternalTask.Input) -> [Ingredient] {
    var list = [
      Ingredient("code version of external", "\(ExternalTask.version)"),
      Ingredient("program", input.program.map(\.written).joined(separator: " ")),
    ]
    if let version = input.programVersion { list.append(Ingredient("version", version)) }
    let typed = Dictionary(
      settings.files.map { ($0.name, $0.typed) }, uniquingKeysWith: { first, _ in first })
    for file in input.files {
      list.append(Ingredient("file \(file.path)", file.object.hex, origin: typed[file.name]))
    }
    for (name, value) in input.environment.sorted(by: { $0.key < $1.key }) {
      list.append(Ingredient("environment \(name)", value.written))
    }
    if let pictures = input.pictures {
      var encoder = CanonicalEncoder(domain: "interlock.external-ingredient", version: 1)
      encoder.append(pictures.runs)
      list.append(Ingredient("pictures", encoder.digest().hex, origin: declaration.wires["picture"]))
      list.append(
        Ingredient("profile", "\(pictures.profile.name) \(pictures.encoding.digest.hex.prefix(12))"))
    }
    if let made = input.made {
      let depth = made.depth.map { ", \($0) bits" } ?? ""
      list.append(
        Ingredient("output picture", "\(made.path), \(made.count) of \(made.raster)\(depth)"))
    }
    if let space = input.space { list.append(Ingredient("space", space)) }
    for output in input.outputs { list.append(Ingredient("output \(output.name)", output.path)) }
    let shown = Set((input.program + input.environment.values).flatMap(\.names))
    for (name, value) in input.values.sorted(by: { $0.key < $1.key }) where shown.contains(name) {
      list.append(Ingredient(name, value))
    }
    return list
  }

  // MARK: Pictures

  /// What the pictures are declared to be.
  private func video(_ pictures: ExternalKeys.Pictures, count: Int64, in workspace: PlanningWorkspace)
    -> VideoFacts
  {
    let raster = pictures.raster ?? workspace.pipeline.raster
    let isJPEG = ["jpg", "jpeg"].contains(pictures.kind)
    return VideoFacts(
      stream: 0, codec: pictures.kind, width: raster.width, height: raster.height,
      pixelFormat: pictures.isMovie
        ? "yuv" : isJPEG ? "yuvj444p" : pictures.isFloat ? "gbrpf32le" : "rgb48",
      bitDepth: pictures.depth ?? 0,
      rate: workspace.timeline.rate, frameCount: count, isIntraOnly: !pictures.isMovie,
      range: pictures.isMovie ? "tv" : "pc",
      // A movie comes back as it was given, whatever its size: in the matrix of the programme.
      matrix: isJPEG ? "smpte170m" : pictures.isMovie ? "bt709" : "unknown",
      fieldOrder: "progressive")
  }

  /// Registers the pictures of a run as a source.
  private func add(
    _ run: PlannedExternal, _ pictures: ExternalKeys.Pictures, name: String,
    in workspace: inout PlanningWorkspace
  ) -> ImageNode {
    let identity = ExternalTask.madePictures(of: run.key)
    let video = video(pictures, count: run.input.made?.count ?? 0, in: workspace)
    if workspace.externalOfIdentity.updateValue(run.key, forKey: identity) == nil {
      let facts = MediaFacts(
        identity: identity.hex, fileName: run.label, container: pictures.isMovie ? pictures.kind : "sequence",
        byteCount: 0, video: video)
      workspace.files.append(
        ProbedFile(
          location: MediaLocation(path: run.label, root: "", byteCount: 0, modified: 0), facts: facts,
          identity: identity, maker: run.key))
    }
    var sizing = Sizing(raster: workspace.pipeline.raster, fit: pictures.fit)
    // The scaler has codes only: light of another size is scaled in float.
    if pictures.isFloat, Raster(width: video.width, height: video.height) != sizing.raster {
      sizing.adjustment = Sizing.Adjustment()
    }
    let sized = ImageNode.sizing(
      sizing,
      of: .source(PictureSource(media: identity, stream: 0, interpretation: Interpretation(video))))
    // They go back to where the frames were that it got.
    guard let space = settings.space, let home = workspace.colourSpace(of: declaration.name) else {
      return sized
    }
    return .colour(
      ColourProcess(
        context: workspace.colourContext(), steps: [.convert(from: space.name, to: home)]), of: sized)
  }

  /// Shots that the program gets as one picture cannot be graded apart any more.
  private func tellMerged(_ units: ExternalUnits, in workspace: inout PlanningWorkspace) {
    let merged = units.mergedSpans
    guard let first = merged.first, let grade = gradesBehind(in: workspace).first else { return }
    let event = first.shot.map { ", the first at event \($0.event)" } ?? ""
    workspace.diagnostics.append(
      Diagnostic(
        severity: .warning, family: .usage, code: "external.gradedTogether", location: declaration.location,
        message:
          "`\(grade)` grades what `\(declaration.name)` makes, and in \(merged.count) places\(event) several "
          + "shots are one picture there: they take the grade of one",
        remedy: settings.unit == .programme
          ? "Say `unit: shot`, which takes dissolves apart, or wire the grade before it."
          : "Wire the grade before it."))
  }

  /// Grading stages that take its pictures, directly or through others.
  private func gradesBehind(in workspace: PlanningWorkspace) -> [String] {
    var reached: Set<String> = [declaration.name]
    var grades: [String] = []
    for stage in workspace.pipeline.stages {
      guard let source = stage.declaration.wires["picture"], reached.contains(source) else { continue }
      reached.insert(stage.declaration.name)
      if stage is ColorGradeStage { grades.append(stage.declaration.name) }
    }
    return grades
  }

  private static func portable(_ name: String) -> String {
    let allowed = name.unicodeScalars.prefix(60).map { scalar -> Character in
      let isPlain =
        ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || ("0"..."9").contains(scalar)
        || scalar == "-"
      return isPlain ? Character(scalar) : "_"
    }
    return String(allowed)
  }
}

extension ExternalTask.Template {
  /// As the user wrote it: files by their paths.
  var written: String {
    parts.map { part in
      switch part {
      case .text(let text): text
      case .value(let name) where name.hasPrefix("file:"): String(name.dropFirst(5))
      case .value(let name): "{\(name)}"
      }
    }.joined()
  }
}
