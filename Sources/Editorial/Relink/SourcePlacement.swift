import Diagnostics
import MediaTime

/// Where a clip's source lies in a media file.
enum SourcePlacement {
  struct Source {
    /// All that is shown; of a partly covered clip also what the file lacks.
    var range: FrameRange
    /// The media frame of the source in.
    var origin: Int64
    /// The clip's motion in frames of the media.
    var motion: SourceMotion
    /// Positions from the source in that the file has.
    var available: FrameRange
    /// Media frames for each record frame.
    var speed: Rational
    var reading: RateReading?
    var framesPerLabel = Rational.one
    /// The clip's speed against its media played normally; `nil` where the cut's own stays.
    var clipSpeed: Rational?
    var sample: Int64?
    var sampleCount: Int64?
    var before: Int64
    var after: Int64
    /// The timecode of the file from start to end, for people.
    var coverage: () -> String
    /// The label up at a media frame, for parts of the clip.
    var label: (Int64) -> SourcePosition
    var findings: [Finding]
  }

  struct Gap {
    /// Source frames that are missing.
    var frames: Int64
    /// Record frames that are there, those of transitions included; ascending.
    var covered: [FrameRange] = []
    /// The clip in this file as far as it goes; `nil` when nothing of it is there.
    var source: Source?
    var text: () -> String

    var coveredCount: Int64 { covered.reduce(0) { $0 + $1.count } }
  }

  struct Refusal: Sendable {
    var code: String
    var message: String
    var remedy: String
  }

  case covered(Source)
  case notCovered(Gap)
  /// The file cannot be used for this timeline, whatever its timecode.
  case refused(Refusal)
}

/// One clip that looks for media.
struct ClipRequest {
  let timeline: Timeline
  let trackIndex: Int
  let itemIndex: Int
  let clip: Clip
  /// Frames wanted on either side.
  let handles: Int64
  /// How media of another rate is read; the first that matches counts.
  let rates: [RateRule]
  let key: RelinkLock.Event

  init(
    timeline: Timeline, trackIndex: Int, itemIndex: Int, clip: Clip, handles: Int64, rates: [RateRule]
  ) {
    self.timeline = timeline
    self.trackIndex = trackIndex
    self.itemIndex = itemIndex
    self.clip = clip
    self.handles = handles
    self.rates = rates
    key = RelinkLock.Event(clip, kind: timeline.tracks[trackIndex].kind, timeline: timeline)
  }

  var isSound: Bool { timeline.tracks[trackIndex].kind == .sound }

  /// Event and track, for messages.
  var name: String { "\(clip.event) on \(timeline.tracks[trackIndex].name)" }

  /// Reel and source timecode, for messages.
  var sourceText: String {
    let who = clip.sourceReel ?? clip.sourceFile ?? (clip.name.isEmpty ? "its source" : clip.name)
    return "\(who) \(clip.sourceIn) + \(clip.neededSource.count) frames"
  }

  func accepts(_ facts: MediaFacts) -> Bool { isSound ? facts.sound != nil : facts.video != nil }

  func event(rule: String, explanation: String) -> ConformedEvent {
    ConformedEvent(
      trackIndex: trackIndex, itemIndex: itemIndex, clip: clip, rule: rule, explanation: explanation,
      sourceRange: FrameRange(start: 0, count: 0))
  }

  /// Record frames around the clip that its transitions show.
  var transitionFrames: (before: Int64, after: Int64) {
    let items = timeline.tracks[trackIndex].items
    var frames: (before: Int64, after: Int64) = (0, 0)
    if itemIndex > 0, case .transition(let transition) = items[itemIndex - 1] {
      frames.before = transition.inOffset
    }
    if itemIndex + 1 < items.count, case .transition(let transition) = items[itemIndex + 1] {
      frames.after = transition.outOffset
    }
    return frames
  }

  /// Record frames of the clip, those of transitions included.
  var record: FrameRange {
    let around = transitionFrames
    return FrameRange(start: -around.before, end: clip.recordRange.count + around.after)
  }

  /// Counts beyond this come from damaged headers, and arithmetic with them would overflow.
  private static let most = SourceMotion.most

  private static let unbelievable = SourcePlacement.Refusal(
    code: "conform.badMedia", message: "its header gives lengths that cannot be", remedy: "Check the file.")

  func place(_ facts: MediaFacts, clock: SourceClock.Reading) -> SourcePlacement {
    if case .frames(let count, _) = clip.sourceIn, count.magnitude > UInt64(Self.most) {
      return .refused(
        SourcePlacement.Refusal(
          code: "conform.badEvent", message: "the event's source in, \(clip.sourceIn), cannot be",
          remedy: "Correct the event."))
    }
    if isSound, let sound = facts.sound { return placeSound(sound, clock) }
    guard let video = facts.video else {
      preconditionFailure("a picture clip is only placed in files with picture")
    }
    return placePicture(facts, video, clock)
  }

  // MARK: Picture

  private func placePicture(
    _ facts: MediaFacts, _ video: VideoFacts, _ read: SourceClock.Reading
  ) -> SourcePlacement {
    guard (0..<Self.most).contains(video.frameCount) else { return .refused(Self.unbelievable) }
    var clock: SourceClock
    switch read {
    case .success(let value): clock = value
    case .failure(let refusal): return .refused(refusal)
    }
    var declared: RateReading?
    var notes: [Finding] = []
    if video.rate != timeline.rate || clock.rate.nominalBase != video.rate.nominalBase || video.isVariableRate
    {
      let rule = rates.first { $0.matches(clip, in: facts) }
      if video.isVariableRate {
        guard rule?.reading == .everyFrame else { return .refused(variable(facts, rule)) }
        notes.append(counted(facts))
      }
      guard let rule else { return .refused(undeclared(facts, video, clock)) }
      declared = rule.reading
      clock.framesPerLabel = rule.reading.framesPerLabel(media: video.rate, labels: clock.rate) ?? .one
    }
    guard let speed = speed(declared, video, clock), let motion = motion(declared, video, speed.total) else {
      return .refused(Self.unbelievable)
    }
    let media = FrameRange(start: 0, count: video.frameCount)
    let needed = motion.reach(record)
    if let text = clock.lacking(clip) {
      return .notCovered(SourcePlacement.Gap(frames: needed.count, text: { text }))
    }
    var nearest: SourcePlacement.Gap?
    for reading in clock.readings(of: clip, mediaFrames: video.frameCount) {
      let wanted = needed.offset(by: reading.position)
      let shown = clip.neededSource(as: motion).offset(by: reading.position)
      let clock = clock
      func source() -> SourcePlacement.Source {
        SourcePlacement.Source(
          range: shown, origin: reading.position, motion: motion,
          available: media.offset(by: -reading.position),
          speed: speed.total, reading: declared, framesPerLabel: clock.framesPerLabel,
          clipSpeed: speed.clip, before: max(0, shown.start), after: max(0, video.frameCount - shown.end),
          coverage: { clock.coverage(video.frameCount) }, label: { .label(clock.label(at: $0).label) },
          findings: clock.findings(clip) + reading.findings + notes)
      }
      if media.contains(wanted) { return .covered(source()) }
      let covered = motion.covered(record, origin: reading.position, media: media)
      if let best = nearest, best.coveredCount >= covered.reduce(0, { $0 + $1.count }) { continue }
      nearest = gap(wanted, media, clock)
      nearest?.covered = covered
      if !covered.isEmpty { nearest?.source = source() }
    }
    return .notCovered(nearest ?? SourcePlacement.Gap(frames: needed.count, text: { "no frame of it" }))
  }

  /// The clip's motion in frames of the media.
  private func motion(_ declared: RateReading?, _ video: VideoFacts, _ total: Rational) -> SourceMotion? {
    guard let curve = clip.curve else { return SourceMotion(speed: total) }
    let motion = SourceMotion(speed: clip.timeScale, curve: curve)
    guard let declared else { return motion }
    return declared.ratio(media: video.rate, timeline: timeline.rate).flatMap { motion.scaled(by: $0) }
  }

  /// A timecode names no frame of a file whose frames do not come at its pace.
  private func variable(_ facts: MediaFacts, _ rule: RateRule?) -> SourcePlacement.Refusal {
    let example = RateRule(file: facts.fileName, as: .everyFrame)
    return SourcePlacement.Refusal(
      code: "conform.variableRate",
      message: "its frame rate varies, so a timecode does not name one of its frames",
      remedy:
        "Convert the file to a constant frame rate (`ffmpeg -i IN -fps_mode cfr -r \(timeline.rate) OUT`), "
        + (rule == nil
          ? "or declare `\(example)` under `timeline: rates:` (or with `--rates`) where each of its frames is one of the timeline."
          : "or read it `as: every-frame` where each of its frames is one of the timeline."))
  }

  private func counted(_ facts: MediaFacts) -> Finding {
    Finding(
      kind: .inferred,
      what:
        "the frame rate of \(facts.fileName) varies; event \(clip.event) counts its frames one by one in the "
        + "order they are shown", location: clip.location, event: clip.event)
  }

  /// What a rate nobody declared is refused with: the two readings of it are equally possible.
  private func undeclared(_ facts: MediaFacts, _ video: VideoFacts, _ clock: SourceClock)
    -> SourcePlacement.Refusal
  {
    let example = RateRule(
      reel: clip.sourceReel ?? facts.reel, file: clip.sourceReel ?? facts.reel == nil ? facts.fileName : nil,
      as: .realtime)
    let remedy =
      "Declare it under `timeline: rates:` (or with `--rates`), e.g. `\(example)` where the motion keeps its speed, or "
      + "`as: every-frame` where each of its frames is one of the timeline."
    guard video.rate == timeline.rate else {
      return SourcePlacement.Refusal(
        code: "conform.rateMismatch",
        message:
          "it runs at \(video.rate) fps and the timeline at \(timeline.rate) fps, and nothing says how it "
          + "is to be read", remedy: remedy)
    }
    return SourcePlacement.Refusal(
      code: "conform.timecodeBase",
      message: "its timecode counts \(clock.rate.nominalBase) frames a second and its picture "
        + "\(video.rate.nominalBase), and nothing says how it is to be read", remedy: remedy)
  }

  /// The clip's speed against its media played normally, and the media frames for each record frame.
  ///
  /// Where the cut does not say the speed, the lengths do: those of media of another rate differ at normal speed, too.
  private func speed(_ reading: RateReading?, _ video: VideoFacts, _ clock: SourceClock)
    -> (clip: Rational, total: Rational)?
  {
    guard let reading else { return (clip.timeScale, clip.timeScale) }
    guard let ratio = reading.ratio(media: video.rate, timeline: timeline.rate) else { return nil }
    let record = clip.recordRange.count
    if !clip.isSpeedGiven, record > 1, let source = clock.sourceCount(of: clip), source > 1, source != record,
      let reach = Rational(record - 1).checkedMultiply(ratio)?.floor,
      let length = Rational(record).checkedMultiply(ratio)?.floor, !(reach...length + 2).contains(source)
    {
      // Lists end a clip after the last frame shown or where the next would begin, and are a frame off at times.
      let total = Rational(source - 1, record - 1)
      return total.checkedDivide(ratio).map { ($0, total) }
    }
    let clipSpeed = clip.isSpeedGiven ? clip.timeScale : .one
    return clipSpeed.checkedMultiply(ratio).map { (clipSpeed, $0) }
  }

  private func gap(_ wanted: FrameRange, _ media: FrameRange, _ clock: SourceClock) -> SourcePlacement.Gap {
    let covered = wanted.intersection(media)?.count ?? 0
    let missing = wanted.count - covered
    return SourcePlacement.Gap(frames: missing) {
      let coverage = clock.coverage(media.count)
      if covered == 0 { return "only \(coverage), none of the \(missing) frames" }
      var parts: [String] = []
      if wanted.start < media.start {
        parts.append("\(media.start - wanted.start) frames are missing before its first")
      }
      if wanted.end > media.end {
        parts.append("\(wanted.end - media.end) frames are missing after its last")
      }
      return "only \(coverage): \(parts.joined(separator: " and "))"
    }
  }

  // MARK: Sound

  private func placeSound(_ sound: SoundFacts, _ read: SourceClock.Reading) -> SourcePlacement {
    guard (1...10_000_000).contains(sound.sampleRate), (0..<Self.most).contains(sound.sampleCount),
      (0..<Self.most).contains(sound.timeReference ?? 0)
    else { return .refused(Self.unbelievable) }
    let clock: SourceClock
    switch read {
    case .success(let value): clock = value
    case .failure(let refusal): return .refused(refusal)
    }
    func edge(_ frame: Int64) -> Int64 { clock.rate.sampleEdge(ofFrame: frame, sampleRate: sound.sampleRate) }
    let fileStart = sound.timeReference ?? edge(clock.start)
    let day = edge(clock.rate.framesPerDay(isDropFrame: clock.isDropFrame))
    let frame = edge(1)
    let motion = SourceMotion(clip)
    let needed = motion.reach(record)
    let shown = clip.neededSource
    guard needed.start > -Self.most >> 12, needed.end < Self.most >> 12 else {
      return .refused(Self.unbelievable)
    }
    var nearest: SourcePlacement.Gap?
    // The label frames of a file that begins inside a frame: by timecode from its time reference.
    let frames = max(1, Self.frames(sound.sampleCount, sound, clock.rate))
    // Sound plays in real time: where its labels count at another rate, lengths are the timeline's.
    let isLocked = clock.rate.rational == timeline.rate.rational
    for reading in clock.readings(of: clip, mediaFrames: frames) {
      let label = reading.position + clock.start
      let isRelative = !reading.isTimecode
      func sample(_ offset: Int64) -> Int64 {
        let whole = isLocked ? offset : 0
        let rest =
          isLocked ? 0 : timeline.rate.sampleEdge(ofFrame: offset, sampleRate: sound.sampleRate)
        let position =
          rest + (isRelative ? edge(reading.position + whole) : edge(label + whole) - fileStart)
        return position < -day / 2 ? position + day : position
      }
      let first = sample(needed.start)
      let end = sample(needed.end)
      let missingBefore = max(0, -first)
      let missingAfter = max(0, end - sound.sampleCount)
      func source(_ shown: FrameRange, _ available: FrameRange) -> SourcePlacement.Source {
        let shownFirst = sample(shown.start)
        let shownEnd = sample(shown.end)
        let range =
          isLocked
          ? shown.offset(by: reading.position)
          : FrameRange(
            start: reading.position,
            count: max(1, Self.frames(shownEnd - shownFirst, sound, clock.rate)))
        return SourcePlacement.Source(
          range: range, origin: reading.position, motion: motion, available: available,
          speed: clip.timeScale, sample: shownFirst, sampleCount: shownEnd - shownFirst,
          before: max(0, Self.frames(shownFirst, sound, clock.rate)),
          after: max(0, Self.frames(sound.sampleCount - shownEnd, sound, clock.rate)),
          coverage: {
            clock.coverage(samples: sound.sampleCount, from: fileStart, sampleRate: sound.sampleRate)
          }, label: { .label(clock.label(at: $0).label) },
          findings: (sound.timeReference == nil ? clock.findings(clip) : []) + reading.findings)
      }
      // A list counts frames; a recording begins and ends between them.
      if missingBefore < frame, missingAfter < frame, first < sound.sampleCount, end > 0 {
        let available = FrameRange(
          start: needed.start - max(0, Self.frames(first, sound, timeline.rate)),
          end: needed.end + max(0, Self.frames(sound.sampleCount - end, sound, timeline.rate)))
        var covered = source(shown, available)
        covered.findings += edges(missingBefore, missingAfter)
        return .covered(covered)
      }
      // Positions whose frame lies in the recording.
      let start = Self.first(in: needed) { sample($0) > -frame && sample($0 + 1) > 0 }
      let stop = Self.first(in: needed) { sample($0 + 1) >= sound.sampleCount + frame }
      let available = FrameRange(start: start, end: stop)
      let covered = available.isEmpty ? [] : motion.covered(record, origin: 0, media: available)
      if let best = nearest, best.coveredCount >= covered.reduce(0, { $0 + $1.count }) { continue }
      nearest = soundGap(first: first, end: end, sound, clock, fileStart: fileStart)
      nearest?.covered = covered
      if let part = covered.first {
        let reach = motion.reach(part)
        nearest?.source = source(reach, available)
      }
    }
    return .notCovered(nearest ?? SourcePlacement.Gap(frames: needed.count, text: { "no sample of it" }))
  }

  /// The first position of a range from which on something holds; its end when it holds for none.
  private static func first(in range: FrameRange, where holds: (Int64) -> Bool) -> Int64 {
    var (low, high) = (range.start, range.end)
    while low < high {
      let middle = low + (high - low) / 2
      if holds(middle) { high = middle } else { low = middle + 1 }
    }
    return low
  }

  /// Whole frames in that many samples, to the nearest.
  private static func frames(_ samples: Int64, _ sound: SoundFacts, _ rate: FrameRate) -> Int64 {
    (Rational(samples).checkedMultiply(rate.rational / Rational(Int64(sound.sampleRate))) ?? .zero).rounded
  }

  private func edges(_ before: Int64, _ after: Int64) -> [Finding] {
    var findings: [Finding] = []
    if before > 0 {
      findings.append(
        Finding(
          kind: .approximated,
          what: "the first \(before) samples of event \(name) lie before the file and are silent",
          location: clip.location, event: clip.event))
    }
    if after > 0 {
      findings.append(
        Finding(
          kind: .approximated,
          what: "the last \(after) samples of event \(name) lie after the file and are silent",
          location: clip.location, event: clip.event))
    }
    return findings
  }

  private func soundGap(
    first: Int64, end: Int64, _ sound: SoundFacts, _ clock: SourceClock, fileStart: Int64
  ) -> SourcePlacement.Gap {
    let covered = max(0, min(end, sound.sampleCount) - max(first, 0))
    let missing = end - first - covered
    let frames = max(1, Self.frames(missing, sound, clock.rate))
    return SourcePlacement.Gap(frames: frames) {
      let coverage = clock.coverage(
        samples: sound.sampleCount, from: fileStart, sampleRate: sound.sampleRate)
      return covered == 0
        ? "only \(coverage), none of the \(frames) frames" : "only \(coverage): \(frames) frames are missing"
    }
  }
}
