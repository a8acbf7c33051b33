package import Diagnostics
import Digests
import Editorial
import MediaTime
import SoundMixing
import TaskGraph
import TaskKinds

/// Places the production sound of the cut to the sample in a stereo temporary mix.
package struct SoundMixStage: ReadableStage {
  package static let kind = "sound-mix"
  package static let summary =
    "the production sound of the cut, placed to the sample, as a stereo temporary mix"
  package static let outputs: [PortType] = [.mix]
  package static let keys: [KeySpec] = [
    KeySpec("sound", .stage(.soundEdit), isRequired: true, "the stage whose sound edit is mixed")
  ]

  package let declaration: StageDeclaration

  init?(_ declaration: StageDeclaration, keys: KeyReader, context: LoadingContext) {
    self.declaration = declaration
  }

  package func plan(in workspace: inout PlanningWorkspace) throws(DiagnosticList) {
    guard let wire = declaration.wires["sound"], let edit = workspace.soundEdits[wire] else {
      preconditionFailure("a loaded mix stage is wired to a sound edit")
    }
    do {
      try plan(edit, in: &workspace)
    } catch {
      throw DiagnosticList(infrastructure: "planning of `\(declaration.name)`", error)
    }
  }

  /// A position of the file as a position at the rate of the mix, to the nearest sample.
  private static func rescaled(_ sample: Int64, from rate: Int) -> Int64 {
    guard rate != MixDescription.sampleRate, rate > 0 else { return sample }
    let position = Rational(sample, 1) * Rational(Int64(MixDescription.sampleRate), Int64(rate))
    return (position + Rational(1, 2)).floor
  }

  private func plan(_ edit: SoundEdit, in workspace: inout PlanningWorkspace) throws {
    let timeline = workspace.timeline
    func edge(_ frame: Int64) -> Int64 {
      timeline.rate.sampleEdge(ofFrame: frame, sampleRate: MixDescription.sampleRate)
    }
    var media: [String: MediaLocation] = [:]
    var notes: [Diagnostic] = []
    let events = edit.events.compactMap { event -> MixEvent? in
      guard let index = event.media, let sound = workspace.files[index].facts.sound else { return nil }
      let file = workspace.files[index]
      if sound.channels > 2, media[file.identity.hex] == nil {
        notes.append(
          Diagnostic(
            severity: .warning, family: .usage, code: "mix.foldedToMono", location: event.clip.location,
            message:
              "the \(sound.channels) channels of \(file.facts.fileName) are folded to mono in the temporary mix",
            remedy: nil))
      }
      media[file.identity.hex] = file.location
      let record = event.clip.recordRange
      return MixEvent(
        media: file.identity, stream: sound.stream,
        sourceSample: Self.rescaled(event.sourceSample ?? 0, from: sound.sampleRate),
        mixSample: edge(record.start), sampleCount: edge(record.end) - edge(record.start),
        track: timeline.tracks[event.trackIndex].name, event: event.clip.event)
    }
    workspace.diagnostics += notes
    let mix = MixDescription(
      events: events, sampleCount: edge(edit.frameCount), timeReference: edge(timeline.startFrame))
    let input = MixTask.Input(mix: mix, media: media, builtBy: workspace.tools.libraries)
    let key = MixTask.key(input)
    workspace.mixes[declaration.name] = PlannedMix(key: key, layouts: ["stereo"])
    try workspace.add(
      TaskNode(
        key: key, kind: MixTask.identifier, version: MixTask.version, stage: declaration.name,
        label: "mix of \(events.count) events", payload: try JSONBytes.encode(input),
        reason: "no mix is made of exactly these events"))
  }
}
