import Compositing
import Diagnostics
import Digests
import Editorial
import ImageGraph
import MediaTime
import TaskGraph
import TaskKinds

/// Turns the comps of shots into nodes: finds the media of layers, asks for what has to be measured first, and checks
/// that every frame a shot shows is there.
struct CompositeBuilder {
  private struct PlateComp: Hashable {
    var comp: Int
    var plate: PictureSource
    var input: ColourProcess?
  }

  private let stage: String
  private let comps: [Comp]
  private let files: [String: CompFile]
  /// Nil where pictures are display-coded Rec.709.
  private let colour: ColourManagement?
  /// Nil where something is not known yet, or wrong.
  private var made: [PlateComp: ImageNode?] = [:]
  private(set) var faults: [Diagnostic] = []

  init(stage: String, comps: [Comp], files: [String: CompFile], colour: ColourManagement?) {
    self.stage = stage
    self.colour = colour
    self.comps = comps
    self.files = files
  }

  /// The comp of a shot on its plate; nil until every answer is there.
  ///
  /// - Parameters:
  ///   - input: the plate's way out of its own space; nil where colour is not managed.
  ///   - count: frames of the span that the shot shows.
  mutating func composite(
    _ index: Int, plate: PictureSource, input: ColourProcess?, shot: PictureSpan.Shot, count: Int64,
    in workspace: inout PlanningWorkspace
  ) throws -> ImageNode? {
    let key = PlateComp(comp: index, plate: plate, input: input)
    let node = try made[key] ?? make(comps[index], plate: plate, input: input, in: &workspace)
    made[key] = node
    if let node, case .composite(let composite, _) = node {
      checkFrames(composite, of: comps[index], shot: shot, count: count)
    }
    return node
  }

  private mutating func fault(
    _ code: String, _ message: String, _ layer: CompLayer, family: Diagnostic.Family = .usage,
    remedy: String? = nil
  ) {
    let diagnostic = Diagnostic(
      family: family, code: code, location: layer.location, message: message, remedy: remedy,
      excerpt: layer.excerpt)
    if !faults.contains(diagnostic) { faults.append(diagnostic) }
  }

  private mutating func make(
    _ comp: Comp, plate: PictureSource, input: ColourProcess?, in workspace: inout PlanningWorkspace
  ) throws -> ImageNode? {
    guard (input == nil) == (colour == nil),
      let file = workspace.files.first(where: { $0.identity == plate.media }),
      let video = file.facts.video
    else { return nil }
    let plateMedia = LayerMedia(file: file, video: video)
    var layers: [(layer: Composite.Layer, node: ImageNode)] = []
    // Everything that is wrong or unknown is met at once.
    for layer in comp.layers {
      if let made = try self.layer(layer, plate: plateMedia, input: input, in: &workspace) {
        layers.append(made)
      }
    }
    guard layers.count == comp.layers.count else { return nil }
    return .composite(
      Composite(
        raster: plateMedia.raster, sampleAspect: video.sampleAspect, layers: layers.map(\.layer),
        light: colour?.compositing),
      of: layers.map(\.node))
  }

  private mutating func layer(
    _ layer: CompLayer, plate: LayerMedia, input: ColourProcess?, in workspace: inout PlanningWorkspace
  ) throws -> (layer: Composite.Layer, node: ImageNode)? {
    guard layer.kind != .plate else {
      let key = try layer.key.map { try self.key($0, layer, plate: plate, in: &workspace) }
      if case .some(.none) = key { return nil }
      let light = input.flatMap { input in input.source.map { self.light(from: $0, input.context) } }
      return (
        Composite.Layer(
          merge: layer.merge, map: FrameMap(first: 0), count: plate.video.frameCount,
          isLinear: light?.isLinear ?? false, key: key ?? nil, colour: light?.colour),
        .source(plate.source)
      )
    }
    guard let media = try media(of: layer, in: &workspace) else { return nil }
    let alpha = layer.alpha ?? (!media.hasAlpha ? .opaque : media.isFloat ? .premultiplied : .straight)
    if alpha != .opaque, !media.hasAlpha {
      fault(
        "comp.noAlpha", "`\(media.file.facts.fileName)` has no alpha (\(media.video.pixelFormat))", layer,
        remedy: "Remove `alpha:`, or have it made with alpha.")
      return nil
    }
    guard let map = map(of: layer, media, plate: plate) else { return nil }
    var light: (colour: ColourProcess?, isLinear: Bool)?
    if let input {
      guard let space = space(of: layer, media) else { return nil }
      light = self.light(from: space, input.context)
    }
    let placement = layer.placement(
      of: media.raster, aspect: media.video.sampleAspect, in: plate.raster,
      plateAspect: plate.video.sampleAspect)
    if let placement,
      ![placement.scaleX, placement.scaleY].allSatisfy((1.0 / 64...64).contains)
    {
      fault(
        "comp.badScale", "`\(media.file.facts.fileName)` would be scaled beyond 1/64 or 64", layer,
        remedy: "Scale the media itself, or give another `fit`.")
      return nil
    }
    return (
      Composite.Layer(
        merge: layer.merge, map: map, count: media.video.frameCount,
        beyond: layer.beyond ?? (media.isStill ? .hold : .error), alpha: alpha,
        isLinear: light?.isLinear ?? layer.isLinear ?? media.isFloat, placement: placement,
        opacity: layer.opacity,
        colour: light?.colour),
      .source(media.source)
    )
  }

  // MARK: Colour

  /// The space of a layer's pictures, by the same rules as of clips; nil, and told, where nobody says it.
  private mutating func space(of layer: CompLayer, _ media: LayerMedia) -> String? {
    let facts = media.file.facts
    if let space = layer.space ?? colour?.space(of: facts, reels: [facts.reel].compactMap({ $0 })) {
      return space
    }
    let fault = Diagnostic.unknownSpace(
      of: facts, at: layer.location, excerpt: layer.excerpt,
      remedy: "Give the layer a `space:`, or add a rule under `colour: inputs:`.")
    if !faults.contains(fault) { faults.append(fault) }
    return nil
  }

  /// The way from a space to the light that layers meet in: nil where the space is that light.
  private func light(from space: String, _ context: ColourContext) -> (colour: ColourProcess?, isLinear: Bool)
  {
    guard let light = colour?.compositing, light != space else { return (nil, true) }
    return (
      ColourProcess(context: context, steps: [.convert(from: space, to: light)]),
      colour?.isLight(space) == true
    )
  }

  // MARK: Frames

  private mutating func map(of layer: CompLayer, _ media: LayerMedia, plate: LayerMedia) -> FrameMap? {
    guard let first = frame(layer.first, of: media, layer), let at = frame(layer.at, of: plate, layer) else {
      return nil
    }
    var map = FrameMap(first: first, speed: layer.speed)
    map.origin = -at
    return map
  }

  /// A position as a frame of the media from 0.
  private mutating func frame(_ position: CompLayer.Position?, of media: LayerMedia, _ layer: CompLayer)
    -> Int64?
  {
    switch position {
    case nil: return 0
    case .frame(let frame): return frame - media.firstNumber
    case .timecode(let label):
      let facts = media.file.facts
      let rate = facts.timecodeRate ?? media.video.rate
      guard let text = facts.timecodeStart, let start = try? Timecode(parsing: text, rate: rate),
        let frame = try? label.frame(rate: rate, isDropFrame: start.isDropFrame)
      else {
        fault(
          "comp.noTimecode", "`\(facts.fileName)` has no timecode in which this is a frame", layer,
          remedy: "Write the frame's number, from 0.")
        return nil
      }
      return frame - start.frame
    }
  }

  /// Frames that a shot shows and a layer has not.
  private mutating func checkFrames(
    _ composite: Composite, of comp: Comp, shot: PictureSpan.Shot, count: Int64
  ) {
    for (layer, written) in zip(composite.layers, comp.layers) where layer.beyond == .error {
      let plates = (0..<count).map { shot.source.position(at: $0) }
      let missing = plates.filter { layer.frame(at: $0) == nil }.sorted()
      guard let first = missing.first, let last = missing.last, written.kind != .plate else { continue }
      let wanted = missing.map { layer.map.position(at: $0) }
      fault(
        "comp.tooShort",
        "this layer of `\(comp.name)` has \(layer.count) frames, and event \(shot.event) needs its frames "
          + "\(wanted.min() ?? 0)–\(wanted.max() ?? 0) (counted from 0) at plate frames \(first)–\(last)",
        written,
        remedy:
          "Say what is shown there with `beyond: hold`, `black`, `loop` or `bounce`, or shift it with `first:`."
      )
    }
  }

  // MARK: Media

  private mutating func media(
    of layer: CompLayer, in workspace: inout PlanningWorkspace
  ) throws -> LayerMedia? {
    switch layer.picture {
    case .plate: return nil
    case .media(let name): return clip(named: name, layer, in: workspace)
    case .file(let path):
      guard let file = files[path] else { return nil }
      let node = try file.probe(stage: stage)
      switch file {
      case .movie(let scanned):
        guard let answer = try workspace.answer(to: node, as: ProbeTask.Output.self) else { return nil }
        return take(answer.facts, location: scanned.location, sequence: nil, layer, in: &workspace)
      case .stills(let sequence, _):
        guard let answer = try workspace.answer(to: node, as: SequenceProbeTask.Output.self) else {
          return nil
        }
        return take(
          answer.facts, location: sequence.location(ofFrame: 0), sequence: sequence, layer, in: &workspace)
      }
    }
  }

  private mutating func take(
    _ facts: MediaFacts, location: MediaLocation, sequence: StillSequence?, _ layer: CompLayer,
    in workspace: inout PlanningWorkspace
  ) -> LayerMedia? {
    guard let identity = Digest(hex: facts.identity), let video = facts.video else {
      fault("comp.noPicture", "`\(facts.fileName)` has no picture", layer, family: .inputMissing)
      return nil
    }
    let file = ProbedFile(location: location, facts: facts, identity: identity, sequence: sequence)
    if !workspace.files.contains(where: { $0.identity == identity }) { workspace.files.append(file) }
    return LayerMedia(
      file: file, video: video, firstNumber: sequence?.members.first?.number ?? 0,
      isStill: sequence?.members.count == 1)
  }

  private mutating func clip(
    named name: String, _ layer: CompLayer, in workspace: PlanningWorkspace
  ) -> LayerMedia? {
    let (clips, found) = LayerMedia.clips(named: name, among: workspace.files)
    guard let file = found.first, let video = file.facts.video else {
      let names = clips.flatMap { [$0.facts.fileName, $0.facts.reel].compactMap { $0 } }
      fault(
        "comp.noMedia", "no clip of the media folders is called `\(name)`", layer, family: .inputMissing,
        remedy: nearest(name, among: names).map { "Did you mean `\($0)`?" }
          ?? "Give the file's name or its reel; files beside the comps file are named with `file:`.")
      return nil
    }
    guard Set(found.map(\.identity)).count == 1 else {
      fault(
        "comp.ambiguousMedia",
        "`\(name)` names \(found.count) clips: \(found.map(\.facts.fileName).joined(separator: ", "))", layer,
        family: .ambiguous, remedy: "Give the file's whole name.")
      return nil
    }
    return LayerMedia(file: file, video: video)
  }

  // MARK: Key

  /// Nil while the screen is not measured yet, or cannot be.
  private mutating func key(
    _ key: CompKey, _ layer: CompLayer, plate: LayerMedia, in workspace: inout PlanningWorkspace
  ) throws -> Composite.Key? {
    switch key.screen {
    case .colour(let colour): return key.key(on: colour)
    case .sample(let frame, let part):
      guard (0..<plate.video.frameCount).contains(frame),
        part.map({
          $0[2] > 0 && $0[3] > 0 && $0[0] + $0[2] <= plate.video.width && $0[1] + $0[3] <= plate.video.height
        })
          ?? true
      else {
        fault(
          "comp.badSample",
          "the screen is sampled outside of `\(plate.file.facts.fileName)`, which has "
            + "\(plate.video.frameCount) frames of \(plate.raster)", layer)
        return nil
      }
      guard plate.file.maker == nil else {
        fault(
          "comp.sampleOfMade",
          "the screen of `\(plate.file.facts.fileName)` cannot be measured before a program has made it",
          layer,
          remedy: "Give the screen's colour, or composite before that program runs.")
        return nil
      }
      let input = ScreenTask.Input(
        source: plate.source,
        media: RenderTask.Media(
          location: plate.file.location, sequence: plate.file.sequence, sampleAspect: plate.video.sampleAspect
        ),
        frame: frame, part: part)
      let node = TaskNode(
        key: ScreenTask.key(input), kind: ScreenTask.identifier, version: ScreenTask.version, stage: stage,
        label: "screen of \(plate.file.facts.fileName)", payload: try JSONBytes.encode(input),
        reason: "the colour of this screen was never measured", subject: plate.file.facts.fileName,
        ingredients: ScreenTask.ingredients(input))
      guard let answer = try workspace.answer(to: node, as: ScreenTask.Output.self) else { return nil }
      guard let screen = answer.screen, CompKey.separates(screen, isManaged: colour != nil) else {
        fault(
          "comp.noScreen",
          "frame \(frame) of `\(plate.file.facts.fileName)` shows no green or blue screen there",
          layer, remedy: "Give `frame:` and `at: [x, y, width, height]`, or the screen's colour.")
        return nil
      }
      return key.key(on: screen)
    }
  }
}

extension ColourProcess {
  /// The space that its first step takes.
  fileprivate var source: String? {
    if case .convert(let from, _)? = steps.first { from } else { nil }
  }
}
