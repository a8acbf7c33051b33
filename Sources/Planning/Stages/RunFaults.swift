import Diagnostics
import Editorial
import ImageGraph
import MediaTime

/// What a cut asks of numbered stills that they do not have.
enum RunFaults {
  static func faults(in workspace: PlanningWorkspace) -> [Diagnostic] {
    var faults: [Diagnostic] = []
    for event in workspace.conform.events where workspace.timeline.tracks[event.trackIndex].kind == .picture {
      guard let index = event.media, let run = workspace.files[index].run else { continue }
      let facts = workspace.files[index].facts
      faults += [light(facts, event, workspace), missing(run, facts, event)].compactMap { $0 }
    }
    return faults
  }

  private static func fault(_ code: String, _ event: ConformedEvent, _ message: String, _ remedy: String)
    -> Diagnostic
  {
    Diagnostic(
      severity: .error, family: .inputMissing, code: code, location: event.clip.location,
      message: "event \(event.clip.event) \(message)", remedy: remedy)
  }

  /// Light has no place among the codes of a display.
  private static func light(_ facts: MediaFacts, _ event: ConformedEvent, _ workspace: PlanningWorkspace)
    -> Diagnostic?
  {
    guard let format = facts.video?.pixelFormat, format.contains("f32") || format.contains("f16") else {
      return nil
    }
    if workspace.pipeline.colour == nil {
      return fault(
        "editing.lightWithoutColour", event,
        "shows \(facts.fileName), whose numbers are light, and the pipeline does not manage colour",
        "Give `colour:` with a config, for instance {config: aces}, and a rule under its `inputs:`.")
    }
    guard format != "gbrpf32le", format != "gbrapf32le" else { return nil }
    return fault(
      "editing.unreadFloat", event, "shows \(facts.fileName), which is \(format): only R, G and B are read",
      "Have it written with the channels R, G and B.")
  }

  private static func missing(_ run: StillRun, _ facts: MediaFacts, _ event: ConformedEvent) -> Diagnostic? {
    guard run.frames.contains(where: { $0 == nil }) else { return nil }
    var numbers: Set<Int64> = []
    for record in 0..<event.clip.recordRange.count {
      guard let frame = Int(exactly: event.mediaFrame(at: record)), run.frames.indices.contains(frame),
        run.frames[frame] == nil
      else { continue }
      numbers.insert(run.first + Int64(frame))
    }
    guard !numbers.isEmpty else { return nil }
    let gaps = run.gaps.flatMap { gap in
      (gap.start..<gap.end).filter(numbers.contains).map { FrameRange(start: $0, count: 1) }
    }
    return fault(
      "editing.missingFrames", event,
      "needs \(StillRun.words(gaps)) of \(facts.fileName), which are not there",
      "Copy them again from their source, or cut around them.")
  }
}

extension PlanningWorkspace {
  /// A sequence in which every frame of numbered stills is a span of its own, over the identity of that frame.
  ///
  /// Here and not before: stages work with shots, tasks with frames.
  ///
  /// - Complexity: O(spans), and O(frames) of those that show stills.
  mutating func frameByFrame(_ sequence: PictureSequence) throws -> PictureSequence {
    guard files.contains(where: { $0.run != nil }) else { return sequence }
    indexFiles()
    func run(_ source: PictureSource) -> StillRun? {
      // The frames of a run lead to it, too, and are themselves.
      stillsOfIdentity[source.media] == nil ? filesOfIdentity[source.media].flatMap { files[$0].run } : nil
    }
    var copy = sequence
    copy.spans = []
    for span in sequence.spans {
      guard span.node.sources.contains(where: { run($0) != nil }) else {
        copy.spans.append(span)
        continue
      }
      for frame in 0..<span.count {
        var part = span.part(from: frame, count: 1)
        part.node = try span.node.replacingSources(at: part.map.position(at: 0)) { source, number in
          guard let run = run(source) else { return source }
          // Of what lies beyond, the worker shows the first or the last.
          let index = Int(min(max(number, 0), Int64(run.frames.count - 1)))
          guard let still = run.frames[index] else {
            throw DiagnosticList([
              Diagnostic(
                severity: .error, family: .inputMissing, code: "editing.missingFrames",
                location: conform.events.first { $0.place == span.shot?.place }?.clip.location,
                message: "frame \(run.first + Int64(index)) of "
                  + "\(filesOfIdentity[source.media].map { files[$0].facts.fileName } ?? "stills") is needed, and is not "
                  + "there",
                remedy: "Copy it again from its source, or cut around it.")
            ])
          }
          return PictureSource(
            media: still.identity, stream: source.stream, interpretation: source.interpretation)
        }
        copy.spans.append(part)
      }
    }
    return copy
  }

  /// Whether two chains read the same files, or stills of the same runs.
  func isReadAlike(_ a: ImageNode, _ b: ImageNode) -> Bool {
    a.sources == b.sources
      || a.sources.map { filesOfIdentity[$0.media] } == b.sources.map { filesOfIdentity[$0.media] }
  }
}
