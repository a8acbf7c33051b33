import ColorGrading
import Digests
import Editorial
import ImageGraph
import MediaTime
import TaskGraph
import TaskKinds

/// Plans what shows a grade: a still of each shot before and after it, scopes of each shot and grade, and the
/// contact sheet; published as an asset of the stage.
struct GradeStills {
  let stage: String
  /// The pictures before and after the stage, span by span.
  let before: PictureSequence
  let after: PictureSequence
  /// How each of them is shown to people.
  let views: (before: ColourFinish, after: ColourFinish)
  let bindings: [PictureSpan.Shot.Place: GradeBinding]
  /// File names of the collection and of the look.
  let collection: String?
  let look: String?
  /// Without scopes nothing is said about grades either: it is a sheet of the shots.
  var hasScopes = true

  /// The frame that stands for a shot.
  private struct View {
    var before: ImageNode
    var after: ImageNode
    var frame: Int64
    /// The frame of the shot's own media.
    var sourceFrame: Int64
    /// Frames of the span it was taken from; 0 for a side of a transition.
    var count: Int64
  }

  /// A shot of the cut with its view.
  private struct Shot {
    var event: ConformedEvent
    /// The same event in words.
    var words: ConformReport.Event
    var view: View
    var transition: ImageGraph.Transition?

    /// Equal for events of one shot under one grade: their scopes are made once.
    var grading: Grading { Grading(name: event.clip.shot, before: view.before, after: view.after) }

    struct Grading: Hashable {
      var name: String
      var before: ImageNode
      var after: ImageNode
    }
  }

  func plan(in workspace: inout PlanningWorkspace) throws {
    var shots = shots(in: workspace)
    guard !shots.isEmpty else { return }
    for index in shots.indices {
      let subject = "shot \(shots[index].event.clip.shot) of `\(stage)`"
      let view = shots[index].view
      shots[index].view.before = try views.before.finished(view.before, subject: subject, in: &workspace)
      shots[index].view.after = try views.after.finished(view.after, subject: subject, in: &workspace)
    }
    workspace.names.note(after)
    let suffixes = hasScopes ? scopeSuffixes(shots) : [:]
    var scoped: Set<Shot.Grading> = []
    var withScopes: [TaskKey] = []
    var listed: [ContactSheetTask.Shot] = []
    for shot in shots {
      let isFirst = scoped.insert(shot.grading).inserted
      let suffix = isFirst ? suffixes[shot.grading] : nil
      let page = suffix.map { scopes(of: shot, suffix: $0, in: workspace) }
      let key = try planStill(of: shot, scopes: page, in: &workspace)
      if suffix != nil { withScopes.append(key) }
      workspace.stills[stage, default: [:]][shot.event.place] = PlannedStill(
        key: key, scopes: suffixes[shot.grading])
      listed.append(entry(shot, still: key))
    }
    let sheet = try planSheet(listed, in: &workspace)
    let publish = PublishTask.Input(
      shelf: .assets, programme: workspace.pipeline.programme, name: stage, stage: stage, assembly: nil,
      results: [sheet] + withScopes, fileExtension: "png", documents: [], recipe: nil, profile: nil)
    _ = try workspace.publish(publish, reason: "no version of it shows exactly these shots and grades")
  }

  // MARK: Choosing frames

  /// Every event with a picture, in record order.
  private func shots(in workspace: PlanningWorkspace) -> [Shot] {
    var views: [PictureSpan.Shot.Place: View] = [:]
    var transitions: [PictureSpan.Shot.Place: ImageGraph.Transition] = [:]
    func offer(_ view: View, for place: PictureSpan.Shot.Place) {
      if (views[place]?.count ?? -1) < view.count { views[place] = view }
    }
    // Each picture of a mix is shown by itself, through what the mix goes through.
    func offer(
      _ span: PictureSpan, _ graded: PictureSpan, look: Look?,
      through outer: (before: [ColourProcess], after: [ColourProcess]) = ([], [])
    ) {
      func coloured(_ node: ImageNode, _ processes: [ColourProcess]) -> ImageNode {
        processes.reduce(node) { .colour($1, of: $0) }
      }
      func looked(_ node: ImageNode) -> ImageNode { look.map { .look($0, of: node) } ?? node }
      let mix = (
        before: span.node.colour.steps + outer.before, after: graded.node.colour.steps + outer.after
      )
      if !span.layers.isEmpty {
        for (layer, gradedLayer) in zip(span.layers, graded.layers) {
          offer(layer, gradedLayer, look: look, through: mix)
        }
      } else if let sides = span.node.transition, let gradedSides = graded.node.transition {
        let last = span.count - 1
        if let shot = span.shot, sides.incoming.hasPicture {
          transitions[shot.place] = sides.transition
          offer(
            View(
              before: coloured(sides.incoming, mix.before),
              after: coloured(looked(gradedSides.incoming), mix.after),
              frame: sides.transition.incoming.position(at: span.map.position(at: last)),
              sourceFrame: shot.source.position(at: last),
              count: 0), for: shot.place)
        }
        if let shot = span.outgoingShot, sides.outgoing.hasPicture {
          offer(
            View(
              before: coloured(sides.outgoing, mix.before),
              after: coloured(looked(gradedSides.outgoing), mix.after),
              frame: sides.transition.outgoing.position(at: span.map.position(at: 0)),
              sourceFrame: shot.source.position(at: 0),
              count: 0), for: shot.place)
        }
      } else if let shot = span.shot, span.node.hasPicture {
        let middle = span.count / 2
        offer(
          View(
            before: coloured(span.node, outer.before),
            after: coloured(graded.node.look == nil ? looked(graded.node) : graded.node, outer.after),
            frame: span.map.position(at: middle),
            sourceFrame: shot.source.position(at: middle), count: span.count), for: shot.place)
      }
    }
    for (span, graded) in zip(before.spans, after.spans) { offer(span, graded, look: graded.node.look) }
    let words = ConformReport(
      workspace.conform, programme: workspace.pipeline.programme,
      media: workspace.files.map { MediaItem(path: $0.location.path, facts: $0.facts) })
    return zip(workspace.conform.events, words.events).compactMap { event, words in
      guard workspace.timeline.tracks[event.trackIndex].kind == .picture, event.media != nil,
        let view = views[event.place]
      else { return nil }
      return Shot(event: event, words: words, view: view, transition: transitions[event.place])
    }.sorted {
      ($0.event.clip.recordRange.start, $0.event.trackIndex)
        < ($1.event.clip.recordRange.start, $1.event.trackIndex)
    }
  }

  /// A name for the scopes of each shot and grade: the shot's, with the event where a shot has several grades.
  private func scopeSuffixes(_ shots: [Shot]) -> [Shot.Grading: String] {
    var gradings: [String: Set<Shot.Grading>] = [:]
    for shot in shots { gradings[Self.portable(shot.event.clip.shot), default: []].insert(shot.grading) }
    var suffixes: [Shot.Grading: String] = [:]
    var taken: Set<String> = []
    for shot in shots where suffixes[shot.grading] == nil {
      let name = Self.portable(shot.event.clip.shot)
      var candidate = name
      if (gradings[name]?.count ?? 0) > 1 { candidate += "_event_" + Self.portable(shot.event.clip.event) }
      var unique = candidate
      var number = 2
      // Event numbers repeat where a cut is made of several lists, and portable names may fall together.
      while !taken.insert(unique.lowercased()).inserted {
        unique = "\(candidate)_\(number)"
        number += 1
      }
      suffixes[shot.grading] = "scopes." + unique
    }
    return suffixes
  }

  /// Letters, digits, `_` and `-` of a name; anything else becomes `_`.
  private static func portable(_ name: String) -> String {
    let allowed = name.unicodeScalars.prefix(60).map { scalar -> Character in
      let isPlain =
        ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || ("0"..."9").contains(scalar)
        || scalar == "-"
      return isPlain ? Character(scalar) : "_"
    }
    return allowed.isEmpty ? "shot" : String(allowed)
  }

  // MARK: Tasks

  private func planStill(
    of shot: Shot, scopes: StillTask.Scopes?, in workspace: inout PlanningWorkspace
  ) throws -> TaskKey {
    let view = shot.view
    var input = StillTask.Input(
      raster: after.raster, before: view.before, after: view.after, frame: view.frame, media: [:],
      scopes: scopes, builtBy: "\(workspace.tools.builtBy("png")); \(workspace.tools.drawing)")
    let key = StillTask.key(input)
    try workspace.add(unlessMade: key) { workspace in
      // Where its media is decides nothing.
      input.media = workspace.media(of: [view.before, view.after])
      let (input, names) = (input, workspace.names)
      return TaskNode(
        key: key, kind: StillTask.identifier, version: StillTask.version, stage: stage,
        label: "still of \(shot.event.clip.shot)" + (scopes == nil ? "" : " with scopes"),
        dependencies: workspace.externals(behind: [view.before, view.after]),
        payload: try JSONBytes.encode(input), reason: "no still shows this frame before and after this grade",
        needs: TaskNeeds(
          memoryBytes: MemoryEstimate(videos: workspace.videosByIdentity())
            .still([view.before, view.after], raster: after.raster)),
        subject: "shot \(shot.event.clip.shot)", ingredients: StillTask.ingredients(input, names: names))
    }
    return key
  }

  private func planSheet(
    _ shots: [ContactSheetTask.Shot], in workspace: inout PlanningWorkspace
  ) throws -> TaskKey {
    let timeline = workspace.timeline
    let cuts = workspace.pipeline.timeline.cuts.map { FilePaths.name(of: $0.path) }
    let input = ContactSheetTask.Input(
      programme: workspace.pipeline.programme,
      facts: [
        cuts.joined(separator: ", "),
        "\(timeline.timecode(at: 0))–\(timeline.timecode(at: timeline.frameCount)), "
          + "\(timeline.frameCount) frames at \(timeline.rate) fps",
        (["\(shots.count) shots", "\(after.raster)"] + (look.map { ["look \($0)"] } ?? []))
          .joined(separator: ", "),
      ],
      raster: after.raster, handles: Int64(workspace.pipeline.timeline.handles), shots: shots,
      builtBy: workspace.tools.drawing)
    let key = ContactSheetTask.key(input)
    try workspace.add(unlessMade: key) { workspace in
      TaskNode(
        key: key, kind: ContactSheetTask.identifier, version: ContactSheetTask.version, stage: stage,
        label: "contact sheet of \(shots.count) shots",
        dependencies: workspace.plannedDependencies(shots.map(\.still)),
        payload: try JSONBytes.encode(input), reason: "no sheet shows exactly these shots", subject: stage,
        ingredients: ContactSheetTask.ingredients(input))
    }
    return key
  }

  // MARK: Words

  private func entry(_ shot: Shot, still: TaskKey) -> ContactSheetTask.Shot {
    let clip = shot.event.clip
    let reel = clip.sourceReel.map { "\($0)  " } ?? ""
    var notes: [String] = []
    if hasScopes {
      switch bindings[shot.event.place]?.origin {
      case .shotName(let id), .eventNumber(let id): notes.append("grade \(id)")
      case .source: notes.append("grade of the source")
      case .list: notes.append("grade of the list")
      case .log: notes.append("grade of the log")
      case .some(.none), nil: notes.append("no grade")
      }
    }
    if clip.timeScale == .zero {
      notes.append("freeze")
    } else if clip.timeScale != .one {
      notes.append("speed \(clip.timeScale)")
    }
    if let transition = shot.transition {
      notes.append("\(transition.kind == .dissolve ? "dissolve" : "wipe") of \(transition.count)")
    }
    let frames = clip.recordRange.count
    return ContactSheetTask.Shot(
      event: clip.event, name: clip.shot, record: shot.words.recordTimecode,
      source: reel + (shot.words.sourceTimecode ?? shot.words.sourceFile ?? "no timecode"),
      length: frames == 1 ? "1 frame" : "\(frames) frames", handlesBefore: shot.event.handlesBefore,
      handlesAfter: shot.event.handlesAfter, notes: notes, still: still)
  }

  private func scopes(of shot: Shot, suffix: String, in workspace: PlanningWorkspace) -> StillTask.Scopes {
    func fact(_ heading: String, _ name: String, _ value: String) -> StillTask.Scopes.Fact {
      StillTask.Scopes.Fact(heading: heading, name: name, value: value)
    }
    let clip = shot.event.clip
    let binding = bindings[shot.event.place]
    var facts: [StillTask.Scopes.Fact] = []
    if let decision = binding?.decision {
      func values(_ numbers: [Double]) -> String { numbers.map { "\($0)" }.joined(separator: "  ") }
      facts += [
        fact("Grade", "slope", values(decision.slope)), fact("Grade", "offset", values(decision.offset)),
        fact("Grade", "power", values(decision.power)), fact("Grade", "saturation", "\(decision.saturation)"),
      ]
    }
    switch binding?.origin {
    case .shotName(let id), .eventNumber(let id):
      facts += [fact("Grade", "correction", id), fact("Grade", "from", collection ?? "a collection")]
    case .source(let place):
      facts.append(fact("Grade", "from", place.map { "the source, \($0)" } ?? "the source"))
    case .list: facts.append(fact("Grade", "from", "the cut's list"))
    case .log(let place): facts.append(fact("Grade", "from", "the log, \(place)"))
    case .some(.none), nil: facts.append(fact("Grade", "from", "nobody: as shot"))
    }
    facts.append(fact("Grade", "look", look ?? "none"))
    let reel = clip.sourceReel.map { "\($0), " } ?? ""
    let file = shot.words.sourceFile.map { ", \($0)" } ?? ""
    let label = timecode(of: shot, in: workspace).map { "\($0), " } ?? ""
    return StillTask.Scopes(
      suffix: suffix, title: clip.shot,
      subtitle: "\(workspace.pipeline.programme): \(reel)\(label)frame \(shot.view.sourceFrame)\(file)",
      facts: facts)
  }

  /// Source timecode of the frame shown.
  private func timecode(of shot: Shot, in workspace: PlanningWorkspace) -> Timecode? {
    guard let index = shot.event.media, let text = workspace.files[index].facts.timecodeStart,
      let rate = workspace.files[index].facts.timecodeRate ?? workspace.files[index].facts.video?.rate,
      let start = try? Timecode(parsing: text, rate: rate)
    else { return nil }
    return Timecode(frame: start.frame + shot.view.sourceFrame, rate: rate, isDropFrame: start.isDropFrame)
  }
}
