import Diagnostics
import Digests
import Editorial
import ImageGraph
import MediaTime
import TaskGraph
import TaskKinds

/// Proves a conform against the offline: asks for what has not been compared, and says what was found.
///
/// Asks in rounds, each planned from the answers before: what the movie is; how pictures lie in it and what is burnt
/// in; each event; and for pictures that are others, where in the media they are.
struct OfflineProving {
  private let reference: OfflineReference
  private let stage: any Stage
  private let video: VideoFacts
  private let alignment: OfflineAlignment
  private let view: OfflineView
  private let events: [Event]
  private let nodes: [Digest: ImageNode]

  /// An event and the frames of it that are compared.
  private struct Event {
    var index: Int
    var isHeld: Bool
    var samples: [CompareOfflineTask.Sample]
    var absence: String?
  }

  /// Longer side of the pictures that are compared, in pixels.
  private static let side = 192
  private static let samplesPerEvent = 9
  private static let eventsPerTask = 8
  private static let mostPairs = 40
  /// Media files that are searched for a picture at the most.
  private static let mostSearched = 48

  /// - Returns: nil when there is no reference, or the answers are not there yet.
  static func proof(of stage: any Stage, in workspace: inout PlanningWorkspace) throws(DiagnosticList)
    -> OfflineProof?
  {
    guard let reference = workspace.pipeline.timeline.reference else { return nil }
    do {
      let node = try reference.file.probe()
      guard let answer = try workspace.answer(to: node, as: ProbeTask.Output.self) else { return nil }
      let proving = try OfflineProving(reference, answer.facts, stage: stage, in: &workspace)
      return try proving.proof(in: &workspace)
    } catch let error as DiagnosticList {
      throw error
    } catch {
      throw DiagnosticList(infrastructure: "planning of the comparison with \(reference.typed)", error)
    }
  }

  private init(
    _ reference: OfflineReference, _ facts: MediaFacts, stage: any Stage,
    in workspace: inout PlanningWorkspace
  ) throws {
    guard let video = facts.video, let identity = Digest(hex: facts.identity) else {
      throw DiagnosticList([
        Diagnostic(
          severity: .error, family: .usage, code: "offline.noPicture", location: reference.location,
          message: "\(reference.typed) has no picture", remedy: "Name the editor's movie of the cut.")
      ])
    }
    self.reference = reference
    self.stage = stage
    self.video = video
    alignment = try OfflineAlignment(facts, video, reference: reference, timeline: workspace.timeline)
    workspace.diagnostics += alignment.warnings
    let raster = Self.raster(workspace.pipeline.raster)
    let picture = try Self.picture(of: stage, raster: raster, in: workspace)
    let source = PictureSource(media: identity, stream: video.stream, interpretation: Interpretation(video))
    let sizing = Sizing(raster: raster, fit: .letterbox)
    let placement = sizing.placement(
      of: Raster(width: video.width, height: video.height),
      sampleAspect: (video.sampleAspect.numerator, video.sampleAspect.denominator))
    (events, nodes) = Self.events(picture, alignment, in: workspace)
    var media = workspace.media(of: Array(nodes.values))
    media[identity.hex] = RenderTask.Media(
      location: reference.file.location, sampleAspect: video.sampleAspect)
    view = OfflineView(
      offline: .sizing(sizing, of: .source(source)), raster: raster,
      masks: reference.masks.map { Self.mask($0, placement) }, media: media,
      builtBy: "\(workspace.tools.builtBy("png"))")
  }

  /// The raster of the comparison: small, of the programme's shape.
  private static func raster(_ programme: Raster) -> Raster {
    let longest = max(programme.width, programme.height)
    func scaled(_ length: Int) -> Int { max(32, (length * side / longest + 1) / 2 * 2) * OfflineView.step }
    return Raster(width: scaled(programme.width), height: scaled(programme.height))
  }

  /// The pictures of the edit at that raster: what it does to each is the same.
  private static func picture(
    of stage: any Stage, raster: Raster, in workspace: PlanningWorkspace
  ) throws -> PictureSequence {
    var pipeline = workspace.pipeline
    pipeline.raster = raster
    pipeline.timeline.reference = nil
    // Codes are compared as they are.
    pipeline.colour = nil
    var small = PlanningWorkspace(
      pipeline: pipeline, timeline: workspace.timeline, conform: workspace.conform, files: workspace.files,
      tools: workspace.tools, library: workspace.library, publishesConform: false)
    try stage.plan(in: &small)
    return small.pictures[stage.declaration.name]
      ?? PictureSequence(raster: raster, rate: workspace.timeline.rate, spans: [])
  }

  /// A mask in pixels of the movie as one in pixels of the comparison, grown to whole ones.
  private static func mask(_ mask: [Int], _ placement: Sizing.Placement) -> [Int] {
    func along(
      _ start: Int, _ length: Int, _ crop: Int, _ cropLength: Int, _ target: Int, _ targetLength: Int
    )
      -> (Int, Int)
    {
      let first = target + (start - crop) * targetLength / max(1, cropLength)
      let end =
        target + ((start + length - crop) * targetLength + cropLength - 1) / max(1, cropLength)
      return (max(0, first), max(0, end - max(0, first)))
    }
    let (x, width) = along(
      mask[0], mask[2], placement.crop.x, placement.crop.width, placement.target.x, placement.target.width)
    let (y, height) = along(
      mask[1], mask[3], placement.crop.y, placement.crop.height, placement.target.y, placement.target.height)
    // Every pixel that holds some of it.
    let step = OfflineView.step
    let (left, top) = (x / step, y / step)
    return [left, top, (x + width + step - 1) / step - left, (y + height + step - 1) / step - top]
  }

  // MARK: Samples

  private static func events(
    _ picture: PictureSequence, _ alignment: OfflineAlignment, in workspace: PlanningWorkspace
  ) -> ([Event], [Digest: ImageNode]) {
    var spans: [PictureSpan.Shot.Place: [(start: Int64, span: PictureSpan)]] = [:]
    for (start, span) in picture.placedSpans where span.node.transition == nil {
      guard let shot = span.shot else { continue }
      spans[shot.place, default: []].append((start, span))
    }
    let frames = Dictionary(
      workspace.files.map { ($0.identity, $0.facts.video?.frameCount ?? 0) }, uniquingKeysWith: max)
    var nodes: [Digest: ImageNode] = [:]
    var chains: [ImageNode: Digest] = [:]
    var events: [Event] = []
    for (index, event) in workspace.conform.events.enumerated() {
      guard workspace.timeline.tracks[event.trackIndex].kind == .picture, event.media != nil,
        !event.clip.recordRange.isEmpty
      else { continue }
      let record = event.clip.recordRange
      let mine = spans[event.place] ?? []
      var samples: [CompareOfflineTask.Sample] = []
      var absence = mine.isEmpty ? "it is seen within transitions only, or covered" : nil
      let total = mine.reduce(0) { $0 + $1.span.count }
      for place in places(total) {
        var rest = place
        guard
          let (start, span) = mine.first(where: { part in
            if rest < part.span.count { return true }
            rest -= part.span.count
            return false
          })
        else { continue }
        guard let offline = alignment.frame(at: start + rest) else { continue }
        let chain = chains[span.node] ?? span.node.chain
        chains[span.node] = chain
        nodes[chain] = span.node
        let sources = span.node.sources
        samples.append(
          CompareOfflineTask.Sample(
            offline: offline, frame: start + rest - record.start, chain: chain.hex,
            map: span.map.advanced(by: rest), limit: sources.count == 1 ? frames[sources[0].media] : nil))
      }
      if samples.isEmpty, absence == nil { absence = "it lies outside the offline" }
      let isHeld = mine.contains { part in
        part.span.count > 1
          && part.span.map.position(at: 0) == part.span.map.position(at: part.span.count - 1)
      }
      events.append(Event(index: index, isHeld: isHeld, samples: samples, absence: absence))
    }
    return (events, nodes)
  }

  /// Frames of an event that are compared: the first, the last, and as far apart as can be between.
  private static func places(_ count: Int64) -> [Int64] {
    let wanted = min(count, Int64(samplesPerEvent))
    guard wanted > 1 else { return count > 0 ? [0] : [] }
    return (0..<wanted).map { $0 * (count - 1) / (wanted - 1) }
  }

  // MARK: Rounds

  private func proof(in workspace: inout PlanningWorkspace) throws -> OfflineProof? {
    guard let fit = try fit(in: &workspace) else { return nil }
    guard let findings = try compare(fit, in: &workspace) else { return nil }
    var results: [OfflineProof.Result] = []
    var others: [Int] = []
    for event in events {
      guard let finding = findings[event.index], !event.samples.isEmpty else {
        results.append(
          OfflineProof.Result(event: event.index, match: OfflineMatch(kind: .absent), absence: event.absence))
        continue
      }
      var result = OfflineProof.Result(event: event.index, match: finding.match, isHeld: event.isHeld)
      let sample = event.samples[min(finding.sample, event.samples.count - 1)]
      result.shown = workspace.conform.events[event.index].clip.recordRange.start + sample.frame
      result.still = finding.still
      if sample.limit != nil {
        result.source = sample.map.position(at: 0)
        result.matched =
          event.isHeld
          ? sample.map.position(at: 0) + finding.match.shift : sample.map.position(at: finding.match.shift)
      }
      if finding.match.kind == .other { others.append(results.count) }
      results.append(result)
    }
    if !others.isEmpty {
      guard try find(others, fit, &results, in: &workspace) else { return nil }
    }
    let blocks =
      (view.compared.width + fit.block - 1) / fit.block * ((view.compared.height + fit.block - 1) / fit.block)
    let masked = fit.burnIns.count * 100 / max(1, blocks)
    return OfflineProof(
      workspace.conform, media: workspace.files.map { MediaItem(path: $0.location.path, facts: $0.facts) },
      offline: FilePaths.name(of: reference.file.location.path), alignment: alignment.words,
      fit: words(of: fit, masked: masked), maskedPercent: masked, results: results)
  }

  private func words(of fit: OfflineFit, masked: Int) -> String {
    func percent(_ share: Double) -> String { "\(Int((share * 100).rounded())) %" }
    let isPlain = [fit.scaleX - 1, fit.scaleY - 1, fit.moveX, fit.moveY].allSatisfy { $0.magnitude < 0.005 }
    let place =
      isPlain
      ? "shows the whole picture"
      : "shows the picture at \(percent(fit.scaleX)) of its width and \(percent(fit.scaleY)) of its height"
    let burnIns =
      fit.burnIns.isEmpty ? "no burn-ins found" : "burn-ins on \(max(1, masked)) % of it are left out"
    return "\(place), \(burnIns)"
  }

  private func nodes(of chains: [String]) -> [String: ImageNode] {
    let wanted = Set(chains)
    return Dictionary(
      nodes.compactMap { wanted.contains($0.key.hex) ? ($0.key.hex, $0.value) : nil },
      uniquingKeysWith: { first, _ in first })
  }

  /// The view with only the media that these nodes need, so that a task is short.
  private func view(for nodes: [ImageNode]) -> OfflineView {
    var copy = view
    let needed = Set((nodes + [view.offline]).flatMap(\.sources).map(\.media.hex))
    copy.media = view.media.filter { needed.contains($0.key) }
    return copy
  }

  private func fit(in workspace: inout PlanningWorkspace) throws -> OfflineFit? {
    let comparable = events.filter { !$0.samples.isEmpty }
    guard !comparable.isEmpty else {
      return OfflineFit(
        scaleX: 1, scaleY: 1, moveX: 0, moveY: 0, block: 1, burnIns: [], floor: 0, agreeing: 0, looked: 0)
    }
    // Few events are looked at in several places each, many in one.
    let perEvent = max(1, min(3, 12 / comparable.count + 1))
    let all = comparable.flatMap { event in
      (0..<perEvent).map { event.samples[(2 * $0 + 1) * event.samples.count / (2 * perEvent)] }
    }
    let count = min(all.count, Self.mostPairs)
    let pairs = (0..<count).map { index -> FitOfflineTask.Pair in
      let sample = all[(2 * index + 1) * all.count / (2 * count)]
      return FitOfflineTask.Pair(
        offline: sample.offline, chain: sample.chain, frame: sample.map.position(at: 0))
    }
    let nodes = nodes(of: pairs.map(\.chain))
    let input = FitOfflineTask.Input(view: view(for: Array(nodes.values)), nodes: nodes, pairs: pairs)
    let node = TaskNode(
      key: FitOfflineTask.key(input), kind: FitOfflineTask.identifier, version: FitOfflineTask.version,
      stage: stage.declaration.name, label: "fit and burn-ins of \(reference.typed)",
      payload: try JSONBytes.encode(input), frames: pairs.count,
      reason: "these pictures were never laid over this offline", subject: reference.typed,
      ingredients: FitOfflineTask.ingredients(input))
    return try workspace.answer(to: node, as: FitOfflineTask.Output.self)?.fit
  }

  /// What was found for each event, by its index; nil when it has to be found first.
  private func compare(
    _ fit: OfflineFit, in workspace: inout PlanningWorkspace
  ) throws -> [Int: CompareOfflineTask.Finding]? {
    let comparable = events.filter { !$0.samples.isEmpty }
    var findings: [Int: CompareOfflineTask.Finding] = [:]
    var isComplete = true
    for start in stride(from: 0, to: comparable.count, by: Self.eventsPerTask) {
      let group = comparable[start..<min(start + Self.eventsPerTask, comparable.count)]
      let nodes = nodes(of: group.flatMap { $0.samples.map(\.chain) })
      let input = CompareOfflineTask.Input(
        view: view(for: Array(nodes.values)), fit: fit, nodes: nodes,
        events: group.map { event in
          CompareOfflineTask.Event(
            frameCount: workspace.conform.events[event.index].clip.recordRange.count, isHeld: event.isHeld,
            samples: event.samples)
        })
      let names = group.map { workspace.conform.events[$0.index].clip.event }
      let node = TaskNode(
        key: CompareOfflineTask.key(input), kind: CompareOfflineTask.identifier,
        version: CompareOfflineTask.version, stage: stage.declaration.name,
        label: "events \(names.first ?? "") to \(names.last ?? "") against the offline",
        payload: try JSONBytes.encode(input), frames: group.reduce(0) { $0 + $1.samples.count },
        reason: "these events were never compared with this offline", subject: "event \(names.first ?? "")",
        ingredients: CompareOfflineTask.ingredients(input))
      guard let answer = try workspace.answer(to: node, as: CompareOfflineTask.Output.self) else {
        isComplete = false
        continue
      }
      for (event, finding) in zip(group, answer.findings) { findings[event.index] = finding }
    }
    return isComplete ? findings : nil
  }

  // MARK: Other pictures

  /// Looks for the pictures of events that are others; false while answers are missing.
  private func find(
    _ others: [Int], _ fit: OfflineFit, _ results: inout [OfflineProof.Result],
    in workspace: inout PlanningWorkspace
  ) throws -> Bool {
    let byIndex = Dictionary(events.map { ($0.index, $0) }, uniquingKeysWith: { first, _ in first })
    let queries = others.map { other -> FindOfflineTask.Query in
      let samples = byIndex[results[other].event]?.samples ?? []
      let chosen = Set([0, samples.count / 2, samples.count - 1]).sorted().map { samples[$0] }
      let first = chosen[0].map.position(at: 0)
      return FindOfflineTask.Query(
        offline: chosen.map(\.offline), steps: chosen.map { $0.map.position(at: 0) - first })
    }
    let judge = OfflineJudge(floor: fit.floor)
    var isComplete = true
    let candidates = candidates(in: workspace)
    var best: [Int: FindOfflineTask.Place] = [:]
    for index in candidates {
      let file = workspace.files[index]
      guard let video = file.facts.video else { continue }
      let source = PictureSource(
        media: file.identity, stream: video.stream, interpretation: Interpretation(video))
      let node = ImageNode.sizing(Sizing(raster: view.raster, fit: .letterbox), of: .source(source))
      var view = view(for: [node])
      view.media.merge(workspace.media(of: [node])) { first, _ in first }
      let input = FindOfflineTask.Input(
        view: view, fit: fit, node: node, frameCount: video.frameCount, queries: queries)
      let task = TaskNode(
        key: FindOfflineTask.key(input), kind: FindOfflineTask.identifier, version: FindOfflineTask.version,
        stage: stage.declaration.name, label: "the offline's pictures in \(file.facts.fileName)",
        payload: try JSONBytes.encode(input), frames: Int(video.frameCount),
        reason: "this file was never searched for these pictures", subject: file.facts.fileName,
        ingredients: FindOfflineTask.ingredients(input))
      guard let answer = try workspace.answer(to: task, as: FindOfflineTask.Output.self) else {
        isComplete = false
        continue
      }
      for (other, place) in zip(others, answer.places) {
        guard let place, place.mismatch <= judge.alike,
          place.mismatch <= 0.6 * results[other].match.asConformed,
          place.mismatch < best[other]?.mismatch ?? .infinity
        else { continue }
        best[other] = place
        let samples = byIndex[results[other].event]?.samples ?? []
        results[other].found = (index, place.frame)
        results[other].match.mismatch = place.mismatch
        // The place is that of the first sample.
        if let first = samples.first {
          results[other].source = first.map.position(at: 0)
          results[other].match.confidence = max(
            results[other].match.confidence, Int((1 - place.mismatch) * 99))
        }
      }
    }
    for other in others { results[other].searched = candidates.count }
    return isComplete
  }

  /// Media of the cut first, then the other files of the folders.
  private func candidates(in workspace: PlanningWorkspace) -> [Int] {
    let used = Set(workspace.conform.events.compactMap(\.media))
    let withPicture = workspace.files.indices.filter {
      (workspace.files[$0].facts.video?.frameCount ?? 0) > 0
    }
    return Array(
      (withPicture.filter(used.contains) + withPicture.filter { !used.contains($0) }).prefix(
        Self.mostSearched))
  }
}
