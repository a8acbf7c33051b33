import Board
import Digests
import Editorial
import ImageGraph
import MediaTime
import ObjectStore
import Planning
import TaskGraph

/// The shots of a programme as it is planned, with how far each stage is with them.
struct ShotRows {
  private let planned: PlannedProgramme
  private let work: PlannedProgramme.Work
  private let publisher: VersionPublisher
  /// File names by the identity of media.
  private let names: [Digest: String]
  /// Spans of every stage's pictures, and of every deliverable's, by the events that they show.
  private var spans: [String: [PictureSpan.Shot.Place: [PictureSpan]]] = [:]
  private var shown: [String: (version: String, frames: ShownFrames)] = [:]
  /// Stages whose programs have still to run.
  private let pending: Set<String>

  /// Nil for a plan that was remembered: nothing was planned.
  init?(_ planned: PlannedProgramme, _ store: ObjectStore) throws {
    guard let work = planned.work else { return nil }
    (self.planned, self.work) = (planned, work)
    publisher = VersionPublisher(store)
    pending = Set(work.plan.plan.nodes.filter { $0.kind == "external" }.map(\.stage))
    names = Dictionary(
      work.plan.media.compactMap { item in
        Digest(hex: item.facts.identity).map { ($0, FilePaths.name(of: item.path)) }
      }, uniquingKeysWith: { first, _ in first })
    for (stage, sequence) in work.plan.pictures { spans[stage] = Self.byPlace(sequence) }
    for delivered in work.plan.delivered {
      spans[delivered.stage] = Self.byPlace(delivered.picture)
      let line = VersionLine(.deliverable, programme: planned.programme, name: delivered.stage)
      guard let newest = try publisher.newest(of: line),
        let recipe = try publisher.version(newest.version, of: line).flatMap({
          try? $0.facts.decoded(as: Recipe.self)
        })
      else { continue }
      shown[delivered.stage] = (VersionLine.folderName(version: newest.version), ShownFrames([recipe]))
    }
  }

  private static func byPlace(_ sequence: PictureSequence) -> [PictureSpan.Shot.Place: [PictureSpan]] {
    var found: [PictureSpan.Shot.Place: [PictureSpan]] = [:]
    for span in sequence.spans {
      let shots = [span.shot, span.outgoingShot] + span.layers.flatMap { [$0.shot, $0.outgoingShot] }
      for place in Set(shots.compactMap { $0?.place }) { found[place, default: []].append(span) }
    }
    return found
  }

  func rows() -> [ShotRow] {
    let conform = work.plan.conform
    let report = ConformReport(
      conform, programme: planned.programme, media: work.plan.media,
      handles: work.pipeline.timeline.handles)
    let stages = work.pipeline.stages.map { (name: $0.declaration.name, kind: type(of: $0).kind) }
    return zip(conform.events, report.events).compactMap { event, words -> ShotRow? in
      let track = conform.timeline.tracks[event.trackIndex]
      guard track.kind == .picture, event.rule != "black" else { return nil }
      let range = event.clip.recordRange
      var row = ShotRow(
        key: "\(event.trackIndex)-\(range.start)", event: event.clip.event, shot: event.clip.shot,
        track: track.name, first: range.start, count: range.count, record: words.recordTimecode)
      (row.source, row.file, row.reel) = (words.sourceTimecode, words.sourceFile, event.clip.sourceReel)
      (row.handlesBefore, row.handlesAfter) = (event.handlesBefore, event.handlesAfter)
      row.handlesWanted = Int64(work.pipeline.timeline.handles)
      if event.speed != .one { row.speed = "\(event.speed)" }
      if event.media == nil { row.problem = event.explanation }
      row.comp = comp(of: event, stages)
      row.stages = stages.compactMap { state(of: event, $0.name, $0.kind) }
      for (stage, stills) in work.plan.stills.sorted(by: { $0.key < $1.key }) {
        guard let still = stills[event.place] else { continue }
        row.pictures.append(ShotRow.Picture(stage: stage, still: still.key.hex, scopes: still.scopes))
      }
      return row
    }.sorted { ($0.first, $0.track) < ($1.first, $1.track) }
  }

  /// What is laid over the plate of an event.
  private func comp(of event: ConformedEvent, _ stages: [(name: String, kind: String)]) -> ShotRow.Comp? {
    for stage in stages where stage.kind == "vfx-compositing" {
      guard let source = work.pipeline.stage(named: stage.name)?.declaration.wires["picture"] else {
        continue
      }
      let own = media(event, source)
      let layers = media(event, stage.name).filter { !own.contains($0) }
      guard !layers.isEmpty else { continue }
      let files = layers.compactMap { names[$0] }.sorted()
      return ShotRow.Comp(
        stage: stage.name, layers: files, version: files.compactMap(ShotRow.version(in:)).max())
    }
    return nil
  }

  private func media(_ event: ConformedEvent, _ stage: String) -> [Digest] {
    var seen: Set<Digest> = []
    return (spans[stage]?[event.place] ?? []).flatMap { $0.node.sources.map(\.media) }
      .filter { seen.insert($0).inserted }
  }

  private func chains(_ event: ConformedEvent, _ stage: String) -> [Digest] {
    (spans[stage]?[event.place] ?? []).map(\.node.chain)
  }

  // MARK: Stages

  private func state(of event: ConformedEvent, _ name: String, _ kind: String) -> ShotRow.Stage? {
    switch kind {
    case "editing":
      return event.media == nil
        ? ShotRow.Stage(name, kind: kind, .missing, "no media")
        : ShotRow.Stage(name, kind: kind, .done, "conformed")
    case "approval":
      return gate(name, of: event)
    case "delivery":
      return delivered(name, of: event)
    default:
      guard let source = work.pipeline.stage(named: name)?.declaration.wires["picture"],
        spans[name] != nil
      else { return nil }
      return picture(name, kind, from: source, of: event)
    }
  }

  private func picture(
    _ name: String, _ kind: String, from source: String, of event: ConformedEvent
  ) -> ShotRow.Stage {
    guard chains(event, name) != chains(event, source) else {
      let word = kind == "color-grade" ? "as shot" : kind == "vfx-compositing" ? "no comp" : "unchanged"
      return ShotRow.Stage(name, kind: kind, .untouched, word)
    }
    if pending.contains(name) { return ShotRow.Stage(name, kind: kind, .waiting, "to be made") }
    let word =
      switch kind {
      case "color-grade": "graded"
      case "vfx-compositing": "composited"
      case "titles": "titled"
      default: "made"
      }
    return ShotRow.Stage(name, kind: kind, .done, word)
  }

  private func gate(_ name: String, of event: ConformedEvent) -> ShotRow.Stage? {
    guard let gate = planned.gates.first(where: { $0.gate == name }) else { return nil }
    let who = gate.waitsFor.map { $0.role ?? "anybody" }.joined(separator: ", ")
    if gate.isOpen { return ShotRow.Stage(name, kind: "approval", .done, "approved") }
    if gate.status == .rejected {
      return ShotRow.Stage(name, kind: "approval", .missing, "rejected" + (gate.by.map { " by \($0)" } ?? ""))
    }
    guard !gate.unseen.isEmpty else {
      return ShotRow.Stage(name, kind: "approval", .waiting, "waits for \(who)")
    }
    let unseen = gate.unseen.filter { $0.shot == event.clip.shot }.reduce(0) { $0 + $1.count }
    return unseen == 0
      ? ShotRow.Stage(name, kind: "approval", .done, "approved")
      : ShotRow.Stage(
        name, kind: "approval", .waiting, "\(unseen == 1 ? "1 frame" : "\(unseen) frames") unseen")
  }

  private func delivered(_ name: String, of event: ConformedEvent) -> ShotRow.Stage? {
    guard let spans = spans[name]?[event.place] else {
      return ShotRow.Stage(name, kind: "delivery", .untouched, "not in it")
    }
    // As recipes count: by the frames of the shot's own media.
    let runs = spans.flatMap { span in
      FrameRun.runs(chain: span.node.chain, map: span.shot?.source ?? span.map, count: span.count)
    }
    let total = runs.reduce(0) { $0 + $1.count }
    guard let known = shown[name] else {
      return ShotRow.Stage(name, kind: "delivery", .missing, "\(total) frames to make")
    }
    let missing = known.frames.missing(of: runs)
    return missing == 0
      ? ShotRow.Stage(name, kind: "delivery", .done, "in \(known.version)")
      : ShotRow.Stage(
        name, kind: "delivery", .missing, "\(missing) of \(total) frames not in \(known.version)")
  }
}
