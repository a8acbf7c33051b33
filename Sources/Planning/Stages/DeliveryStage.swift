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
  package static let outputs: [PortType] = []
  package static let keys: [KeySpec] =
    [
      KeySpec("picture", .stage(.picture), isRequired: true, "the stage whose frames it shows"),
      KeySpec("sound", .stage(.mix), "the mix it carries; needed when the profile has sound"),
      KeySpec(
        "profile", .text, isRequired: true, "delivery profile, from profiles/ beside the pipeline or shipped"),
      KeySpec("frames", .frames, "timecodes IN-OUT of the part to deliver, OUT not included; all without it"),
    ] + BurnIn.keys

  package let declaration: StageDeclaration
  let profile: DeliveryProfile
  let frames: FramesKey?
  let burnIn: BurnIn

  /// The part of the programme a deliverable covers, as typed.
  struct FramesKey: Sendable {
    var first: TimecodeLabel
    var end: TimecodeLabel
    var location: SourceLocation
    var excerpt: String?
  }

  init?(_ declaration: StageDeclaration, keys: KeyReader, context: LoadingContext) {
    self.declaration = declaration
    frames = Self.frames(keys)
    guard let name = keys.text("profile"), let value = keys["profile"],
      let profile = DeliveryProfiles.load(name, value: value, context: context, findings: keys.findings)
    else { return nil }
    self.profile = profile
    burnIn = BurnIn(keys, profile: profile)
    if profile.hasSound, keys["sound"] == nil {
      keys.findings.add(
        value.error(
          "pipeline.missingSound", "profile `\(name)` carries sound, but the stage has no `sound:`",
          remedy: "Wire `sound:` to a sound-mix stage."))
    }
    if !profile.hasSound, let sound = keys["sound"] {
      keys.findings.add(
        sound.error(
          "pipeline.unusedSound", "profile `\(name)` carries no sound", remedy: "Remove `sound:`."))
    }
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
    guard let wire = declaration.wires["picture"], let whole = workspace.pictures[wire] else {
      preconditionFailure("a loaded delivery stage is wired to a picture")
    }
    let range = try range(of: whole, in: workspace)
    do {
      let sequence = try burnIn.laid(
        over: whole.trimmed(to: range), from: range.start, stage: declaration.name, in: &workspace)
      try plan(sequence, from: range.start, in: &workspace)
    } catch let list as DiagnosticList {
      throw list
    } catch {
      throw DiagnosticList(infrastructure: "planning of `\(declaration.name)`", error)
    }
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
    let encoding = profile.encoding(
      width: sequence.raster.width, height: sequence.raster.height, rate: sequence.rate,
      builtBy: workspace.tools.builtBy)
    let (nodes, runs) = sequence.runs()
    let count = try planFrames(runs, nodes: nodes, encoding: encoding, in: &workspace)
    burnIn.tellCost(newFrames: count.new, of: sequence.frameCount, stage: declaration, in: &workspace)
    let index = workspace.frames[encoding.digest] ?? [:]
    let pieces = runs.flatMap { run in index[run.chain].map { $0.pieces(of: run) } ?? [] }
    let mix = declaration.wires["sound"].flatMap { workspace.mixes[$0]?.key }
    let timeline = workspace.timeline
    let label = Timecode(
      frame: timeline.startFrame + start, rate: timeline.rate, isDropFrame: timeline.isDropFrame)
    let assembly = AssembleTask.Input(
      profile: profile, encoding: encoding, runs: runs, pieces: pieces, mix: mix,
      startTimecode: label.description, startFrame: label.frame,
      name: "\(workspace.pipeline.programme)_\(declaration.name)")
    let key = AssembleTask.key(assembly)
    let renders = workspace.nodes.filter { node in node.kind == RenderTask.identifier }
    let used = Set(pieces.map(\.segment))
    let waits = renders.filter { !used.isDisjoint(with: $0.commits) }.map(\.key) + [mix].compactMap { $0 }
    try workspace.add(
      TaskNode(
        key: key, kind: AssembleTask.identifier, version: AssembleTask.version, stage: declaration.name,
        label: "assemble \(declaration.name)", dependencies: workspace.plannedDependencies(waits),
        payload: try JSONBytes.encode(assembly),
        reason: "no file is made of exactly these frames and this mix"))
    try planPublish(key, count: count, sequence: sequence, start: start, encoding: encoding, in: &workspace)
  }

  /// Plans the frames that no segment holds yet.
  private func planFrames(
    _ runs: [FrameRun], nodes: [Digest: ImageNode], encoding: Encoding, in workspace: inout PlanningWorkspace
  ) throws -> (distinct: Int64, new: Int64) {
    let digest = encoding.digest
    var needed: [Digest: FrameSet] = [:]
    var order: [Digest] = []
    for run in runs {
      if needed[run.chain] == nil { order.append(run.chain) }
      for range in run.positions { needed[run.chain, default: FrameSet()].insert(range) }
    }
    var index = workspace.frames[digest] ?? [:]
    let unseen = order.filter { index[$0] == nil }
    let known = try workspace.library.knownFrames(encoding: digest, chains: unseen)
    for chain in unseen {
      var frames = FrameIndex()
      for item in known[chain] ?? [] { frames.add(item) }
      index[chain] = frames
    }
    var distinct: Int64 = 0
    var new: Int64 = 0
    for chain in order {
      guard let node = nodes[chain], let set = needed[chain], var frames = index[chain] else { continue }
      distinct += set.count
      let missing = set.ranges.flatMap { frames.missing(in: $0) }
      new += missing.reduce(0) { $0 + $1.count }
      let segments = missing.flatMap(Segmentation.split).map {
        RenderTask.Segment(encoding: digest, chain: chain, first: $0.start, count: $0.count)
      }
      for segment in segments {
        frames.add(KnownFrames(first: segment.first, count: segment.count, segment: segment.key, offset: 0))
      }
      index[chain] = frames
      try planRenders(segments, node: node, chain: chain, encoding: encoding, in: &workspace)
    }
    workspace.frames[digest] = index
    return (distinct, new)
  }

  private func planRenders(
    _ segments: [RenderTask.Segment], node: ImageNode, chain: Digest, encoding: Encoding,
    in workspace: inout PlanningWorkspace
  ) throws {
    let files = node.sources.compactMap { source in workspace.files.first { $0.identity == source.media } }
    let media = Dictionary(
      files.map { file in
        (
          file.identity.hex,
          RenderTask.Media(location: file.location, sampleAspect: file.facts.video?.sampleAspect ?? .one)
        )
      }, uniquingKeysWith: { first, _ in first })
    let names = files.map { FilePaths.name(of: $0.location.path) }
    let name = names.isEmpty ? "black" : names.joined(separator: " to ")
    for start in stride(from: 0, to: segments.count, by: Segmentation.segmentsPerTask) {
      let part = Array(segments[start..<min(start + Segmentation.segmentsPerTask, segments.count)])
      let input = RenderTask.Input(
        encoding: encoding, node: node, chain: chain, media: media, segments: part)
      let count = part.reduce(0) { $0 + Int($1.count) }
      try workspace.add(
        TaskNode(
          key: RenderTask.key(input), kind: RenderTask.identifier, version: RenderTask.version,
          stage: declaration.name,
          label:
            "\(name) frames \(part[0].first)–\(part[part.count - 1].first + part[part.count - 1].count - 1)",
          payload: try JSONBytes.encode(input), frames: count, commits: part.map(\.key),
          reason: "\(count) frames never made before with this source, grade and encoding"))
    }
  }

  private func planPublish(
    _ assembly: TaskKey, count: (distinct: Int64, new: Int64), sequence: PictureSequence, start: Int64,
    encoding: Encoding, in workspace: inout PlanningWorkspace
  ) throws {
    let recipe = Recipe(
      stage: declaration.name, profile: profile.name, encoding: encoding, sequence: sequence, start: start,
      workspace: workspace)
    let input = PublishTask.Input(
      shelf: .deliverables, programme: workspace.pipeline.programme, name: declaration.name,
      stage: declaration.name, assembly: assembly, fileExtension: profile.fileExtension, documents: [],
      recipe: workspace.object(try JSONBytes.encode(recipe)), profile: profile.name)
    let version = try workspace.publish(input, reason: "no version of it is exactly this")
    workspace.deliverables.append(
      DeliverablePlan(
        stage: declaration.name, profile: profile.name, frames: sequence.frameCount,
        distinctFrames: count.distinct,
        reusedFrames: count.distinct - count.new, newFrames: count.new, version: version,
        publishKey: PublishTask.key(input)))
  }
}

extension DiagnosticList {
  /// A failure of the machine rather than of the user's files.
  init(infrastructure operation: String, _ error: any Error) {
    self.init([
      Diagnostic(
        severity: .error, family: .failed, code: "infrastructure", location: nil,
        message: "\(operation): \(error)")
    ])
  }
}
