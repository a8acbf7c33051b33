import Diagnostics
import Digests
import Editorial
import MediaTime
import SoundMixing
import TaskKinds

/// The sound tracks of a conformed cut as events of a mix: placed to the sample, with their fades.
struct SoundLayout {
  private(set) var events: [MixEvent] = []
  /// By media identity.
  private(set) var media: [String: MediaLocation] = [:]
  private(set) var diagnostics: [Diagnostic] = []

  /// Fade of an edge that has no crossfade where crossfades are asked for: 2 ms.
  private static let shortFade: Int64 = 96

  /// One clip of a track with media.
  private struct Part {
    var event: MixEvent
    /// Samples of the media before and after what is heard, at the rate of the mix.
    var before: Int64
    var after: Int64
  }

  private let workspace: PlanningWorkspace
  private let settings: [String: TrackSetting]
  /// Samples of the crossfade at cuts.
  private let crossfade: Int64
  /// Cuts at which the media is too short for the crossfade.
  private var shortCuts: [String] = []

  /// - Parameter settings: nil puts every track on one bus at unity.
  init(
    _ edit: SoundEdit, settings: [TrackSetting]?, crossfade: CrossfadeLength?, stage: String,
    workspace: PlanningWorkspace
  ) {
    self.workspace = workspace
    self.settings = Dictionary(
      (settings ?? []).map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    switch crossfade {
    case .frames(let count): self.crossfade = Self.edge(count, workspace.timeline.rate)
    case .milliseconds(let count): self.crossfade = count * Int64(MixDescription.sampleRate) / 1000
    case nil: self.crossfade = 0
    }
    for (index, track) in workspace.timeline.tracks.enumerated() where track.kind == .sound && track.isEnabled
    {
      lay(track, events: edit.events.filter { $0.trackIndex == index })
    }
    guard !shortCuts.isEmpty else { return }
    let shown = shortCuts.prefix(8).joined(separator: ", ")
    let more = shortCuts.count > 8 ? " and \(shortCuts.count - 8) more" : ""
    diagnostics.append(
      Diagnostic(
        severity: .note, family: .usage, code: "mix.shortFade", location: nil,
        message:
          "`\(stage)`: the media has no room for the crossfade at \(shown)\(more); both sides are faded "
          + "over 2 ms there", remedy: nil))
  }

  private static func edge(_ frame: Int64, _ rate: FrameRate) -> Int64 {
    rate.sampleEdge(ofFrame: frame, sampleRate: MixDescription.sampleRate)
  }

  private func edge(_ frame: Int64) -> Int64 { Self.edge(frame, workspace.timeline.rate) }

  /// A position of the file as a position at the rate of the mix, to the nearest sample.
  private static func rescaled(_ sample: Int64, from rate: Int) -> Int64 {
    guard rate != MixDescription.sampleRate, rate > 0 else { return sample }
    let position = Rational(sample, 1) * Rational(Int64(MixDescription.sampleRate), Int64(rate))
    return (position + Rational(1, 2)).floor
  }

  private mutating func lay(_ track: Track, events conformed: [ConformedEvent]) {
    var parts: [Int: Part] = [:]
    for event in conformed where event.clip.isEnabled {
      parts[event.itemIndex] = part(event, track: track)
    }
    for (index, item) in track.items.enumerated() {
      switch item {
      case .transition(let transition):
        note(transition, on: track)
        fade(transition, outgoing: index - 1, incoming: index + 1, track.items, &parts)
      case .clip where crossfade > 0:
        let isAfterTransition = index > 0 && track.items[index - 1].recordRange == nil
        if !isAfterTransition { join(index - 1, index, track, &parts) }
        let isLast = index + 1 == track.items.count || parts[index + 1] == nil
        let isBeforeTransition = index + 1 < track.items.count && track.items[index + 1].recordRange == nil
        if isLast, !isBeforeTransition { fadeShort(index, isOut: true, &parts) }
      case .clip, .gap, .nest: break
      }
    }
    events += parts.sorted { $0.key < $1.key }.map(\.value.event)
  }

  private mutating func part(_ event: ConformedEvent, track: Track) -> Part? {
    guard let index = event.media, let sound = workspace.files[index].facts.sound else { return nil }
    let file = workspace.files[index]
    if sound.channels > 2, media[file.identity.hex] == nil {
      diagnostics.append(
        Diagnostic(
          severity: .warning, family: .usage, code: "mix.foldedToMono", location: event.clip.location,
          message: "the \(sound.channels) channels of \(file.facts.fileName) are folded to mono in the mix",
          remedy: nil))
    }
    media[file.identity.hex] = file.location
    let first = event.sourceSample ?? 0
    let end = first + (event.sampleCount ?? 0)
    let record = event.clip.recordRange
    let setting = settings[track.name]
    return Part(
      event: MixEvent(
        media: file.identity, stream: sound.stream,
        sourceSample: Self.rescaled(first, from: sound.sampleRate), mixSample: edge(record.start),
        sampleCount: edge(record.end) - edge(record.start), bus: setting?.bus ?? .dialogue,
        gain: setting?.gain ?? .zero, pan: setting?.pan ?? .centre, track: track.name,
        event: event.clip.event),
      before: Self.rescaled(first, from: sound.sampleRate),
      after: Self.rescaled(sound.sampleCount - end, from: sound.sampleRate))
  }

  // MARK: Transitions of the cut

  /// Every transition of sound is mixed as one kind; what the cut calls otherwise is told.
  private mutating func note(_ transition: Transition, on track: Track) {
    if case .dissolve = transition.kind { return }
    diagnostics.append(
      Diagnostic(
        severity: .warning, family: .usage, code: "mix.approximatedTransition",
        location: transition.location,
        message:
          "event \(transition.event) on \(track.name): \(transition.name ?? "the transition") is mixed as an "
          + "equal-power crossfade of \(transition.count) frames", remedy: nil))
  }

  /// Both sides sound over the whole transition, which the relink has made sure the media covers; silence is a side
  /// too.
  private func fade(
    _ transition: Transition, outgoing: Int, incoming: Int, _ items: [TrackItem], _ parts: inout [Int: Part]
  ) {
    let before = items.indices.contains(outgoing) ? items[outgoing].recordRange?.end : nil
    let after = items.indices.contains(incoming) ? items[incoming].recordRange?.start : nil
    guard let cut = after ?? before, transition.count > 0 else { return }
    let start = edge(cut - transition.inOffset)
    let end = edge(cut + transition.outOffset)
    if var part = parts[outgoing] {
      part.event.sampleCount += end - part.event.mixEnd
      part.event.fadeOut = end - start
      parts[outgoing] = part
    }
    if var part = parts[incoming] {
      part.event.advanceStart(to: start)
      part.event.fadeIn = end - start
      parts[incoming] = part
    }
  }

  // MARK: Crossfades at cuts

  /// A cut between two clips, or between silence and a clip.
  private mutating func join(_ first: Int, _ second: Int, _ track: Track, _ parts: inout [Int: Part]) {
    guard var incoming = parts[second] else { return }
    guard var outgoing = parts[first] else {
      fadeShort(second, isOut: false, &parts)
      return
    }
    if isThrough(outgoing.event, incoming.event) { return }
    let before = crossfade / 2
    let after = crossfade - before
    let cut = incoming.event.mixSample
    // A clip must keep a middle of its own between its crossfades.
    let isLongEnough = outgoing.event.sampleCount >= crossfade && incoming.event.sampleCount >= crossfade
    guard incoming.before >= before, outgoing.after >= after, isLongEnough else {
      let frame = (Rational(cut, Int64(MixDescription.sampleRate)) * workspace.timeline.rate.rational).rounded
      shortCuts.append("\(workspace.timeline.timecode(at: frame)) on \(track.name)")
      fadeShort(first, isOut: true, &parts)
      fadeShort(second, isOut: false, &parts)
      return
    }
    outgoing.event.sampleCount += after
    outgoing.event.fadeOut = crossfade
    incoming.event.advanceStart(to: cut - before)
    incoming.event.fadeIn = crossfade
    parts[first] = outgoing
    parts[second] = incoming
  }

  /// Whether a cut is none: the same recording goes on. A crossfade of a sound with itself would be 3 dB too loud.
  private func isThrough(_ outgoing: MixEvent, _ incoming: MixEvent) -> Bool {
    outgoing.media == incoming.media && outgoing.stream == incoming.stream
      && abs(incoming.sourceSample - incoming.mixSample - outgoing.sourceSample + outgoing.mixSample) <= 1
  }

  private func fadeShort(_ index: Int, isOut: Bool, _ parts: inout [Int: Part]) {
    guard let count = parts[index].map({ min(Self.shortFade, $0.event.sampleCount / 2) }) else { return }
    if isOut { parts[index]?.event.fadeOut = count } else { parts[index]?.event.fadeIn = count }
  }
}

extension MixEvent {
  /// Begins earlier, with what the source has before.
  fileprivate mutating func advanceStart(to sample: Int64) {
    let lead = mixSample - sample
    mixSample -= lead
    sourceSample -= lead
    sampleCount += lead
  }
}
