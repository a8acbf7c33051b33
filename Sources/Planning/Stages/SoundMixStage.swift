package import Diagnostics
import Digests
import Editorial
import MediaTime
import SoundMixing
import TaskGraph
import TaskKinds

/// Mixes the sound of the cut, placed to the sample: buses, stems, layouts and a loudness target.
///
/// Without `tracks` and `loudness` it is a temporary mix at unity, which only deliverables carry.
package struct SoundMixStage: ReadableStage {
  package static let kind = "sound-mix"
  package static let summary =
    "the sound of the cut, placed to the sample, mixed, stemmed and brought to a loudness"
  package static let outputs: [PortType] = [.mix]
  package static let keys: [KeySpec] = [
    KeySpec("sound", .stage(.soundEdit), isRequired: true, "the stage whose sound edit is mixed"),
    KeySpec("mode", .choice(Mode.allCases.map(\.rawValue)), "mix: the sound is mixed from the cut"),
    KeySpec(
      "tracks", .named(choices: SoundMixKeys.buses, or: SoundMixKeys.track),
      "the bus of every track of the cut; with it stems are made"),
    KeySpec(
      "loudness", .table(SoundMixKeys.loudness), "what the mix is brought to; it stays as it is without it"),
    KeySpec(
      "layouts", .choices(MixLayout.allCases.map(\.rawValue)), "stereo, 5.1 or both; stereo without it"),
    KeySpec("crossfade", .text, "equal-power crossfade at cuts, in frames or as 10 ms; none without it"),
  ]

  /// What the stage does to its sound.
  enum Mode: String, CaseIterable {
    case mix
  }

  package let declaration: StageDeclaration
  let tracks: [TrackSetting]?
  let target: LoudnessTarget?
  let layouts: [MixLayout]
  let crossfade: CrossfadeLength?

  init?(_ declaration: StageDeclaration, keys: KeyReader, context: LoadingContext) {
    self.declaration = declaration
    _ = keys.choice("mode", of: Mode.self)
    tracks = SoundMixKeys.tracks(keys)
    target = SoundMixKeys.target(keys)
    let layouts = keys.choices("layouts", of: MixLayout.self)
    self.layouts = layouts.isEmpty ? [.stereo] : layouts
    crossfade = SoundMixKeys.crossfade(keys)
  }

  package func plan(in workspace: inout PlanningWorkspace) throws(DiagnosticList) {
    guard let wire = declaration.wires["sound"], let edit = workspace.soundEdits[wire] else {
      preconditionFailure("a loaded mix stage is wired to a sound edit")
    }
    let faults = trackFindings(edit, in: workspace)
    if faults.contains(where: { $0.severity == .error }) { throw DiagnosticList(faults) }
    workspace.diagnostics += faults
    do {
      try plan(edit, in: &workspace)
    } catch {
      throw DiagnosticList(infrastructure: "planning of `\(declaration.name)`", error)
    }
  }

  /// Tracks that sound and have no bus would be lost: an error. Settings of tracks that this cut lacks are told.
  private func trackFindings(_ edit: SoundEdit, in workspace: PlanningWorkspace) -> [Diagnostic] {
    guard let tracks else { return [] }
    let names = workspace.timeline.tracks.filter { $0.kind == .sound }.map(\.name)
    var findings: [Diagnostic] = []
    for setting in tracks where !names.contains(setting.name) {
      let suggestion = nearest(setting.name, among: names).map { "Did you mean `\($0)`?" }
      findings.append(
        Diagnostic(
          severity: .warning, family: .usage, code: "mix.unknownTrack", location: setting.location,
          message: "the cut has no sound track `\(setting.name)`",
          remedy: suggestion
            ?? (names.isEmpty ? nil : "Its sound tracks are \(names.joined(separator: ", "))."),
          excerpt: setting.excerpt))
    }
    let settings = Set(tracks.map(\.name))
    var seen: Set<String> = []
    for event in edit.events where event.media != nil {
      let name = workspace.timeline.tracks[event.trackIndex].name
      guard !settings.contains(name), seen.insert(name).inserted else { continue }
      findings.append(
        Diagnostic(
          severity: .error, family: .usage, code: "mix.trackWithoutBus", location: event.clip.location,
          message: "sound track \(name) of the cut goes to no bus of `\(declaration.name)`",
          remedy: "Add it under `tracks:`, as `\(name): effects`."))
    }
    return findings
  }

  private func plan(_ edit: SoundEdit, in workspace: inout PlanningWorkspace) throws {
    let timeline = workspace.timeline
    func edge(_ frame: Int64) -> Int64 {
      timeline.rate.sampleEdge(ofFrame: frame, sampleRate: MixDescription.sampleRate)
    }
    let layout = SoundLayout(
      edit, settings: tracks, crossfade: crossfade, stage: declaration.name, workspace: workspace)
    workspace.diagnostics += layout.diagnostics
    let isPublished = tracks != nil || target != nil
    let mix = MixDescription(
      events: layout.events, sampleCount: edge(edit.frameCount), timeReference: edge(timeline.startFrame),
      layouts: layouts, hasStems: tracks != nil, target: target,
      heading: isPublished
        ? ReportHeading(
          programme: workspace.pipeline.programme, rate: timeline.rate, startFrame: timeline.startFrame,
          isDropFrame: timeline.isDropFrame) : nil)
    let input = MixTask.Input(mix: mix, media: layout.media, builtBy: workspace.tools.libraries)
    let key = MixTask.key(input)
    workspace.mixes[declaration.name] = PlannedMix(key: key, layouts: layouts.map(\.rawValue))
    try workspace.add(unlessMade: key) { _ in
      TaskNode(
        key: key, kind: MixTask.identifier, version: MixTask.version, stage: declaration.name,
        label: "mix of \(mix.events.count) events", payload: try JSONBytes.encode(input),
        reason: "no mix is made of exactly these events",
        needs: TaskNeeds(memoryBytes: MemoryEstimate.mix(events: mix.events.count)),
        subject: declaration.name, ingredients: MixTask.ingredients(input))
    }
    guard isPublished else { return }
    _ = try workspace.publish(
      PublishTask.Input(
        shelf: .assets, programme: workspace.pipeline.programme, name: declaration.name,
        stage: declaration.name, assembly: nil, results: [key], fileExtension: "wav", documents: [],
        recipe: nil, profile: nil), reason: "no version of it is exactly this mix")
  }
}
