import Editorial
import MediaTime
import TestSupport
import Testing

/// The generator is itself held to what it promises.
/// Cuts made up from a seed, for round trips: the same seed and features give the same cut.
///
/// Every cut is well formed: tracks without holes or overlaps, transitions no longer than the clips beside them and
/// never two of them in the same frames. A format's tests switch off what the format cannot say.
struct GeneratedCut {
  /// What the cuts may hold; all of it is what a list of events carries unless it is said otherwise.
  struct Features: Sendable {
    var pictureTracks = 1...1
    var soundTracks = 0...3
    var items = 1...14
    /// Sound that lies under a picture clip and comes from the same source.
    var hasSyncSound = true
    var hasTransitions = true
    /// Transitions that begin before their cut.
    var hasCentredTransitions = false
    /// Transitions that come from or go to nothing: fades.
    var hasFades = true
    /// Black as a clip of its own rather than a gap.
    var hasBlackClips = true
    var hasWipes = true
    var hasSpeeds = true
    /// Speeds such as 1/3, which a decimal number does not give exactly.
    var hasOddSpeeds = true
    var hasFreezes = true
    var hasMarkers = true
    var hasMarkerRanges = false
    var hasGrades = true
    var hasNotes = true
    var hasFiles = true
    var hasIdentities = true
    /// Source reels of more than eight characters.
    var hasLongReels = true
    /// Source positions as labels, as lists of events print them; else as counts where the rate has two ways.
    var usesLabels = true
    /// Names that are not plain ASCII.
    var hasForeignNames = true
    var hasNests = false
    var hasAdjustments = false
    /// Numbers of adjustments that change over the clip.
    var hasAnimation = false
    var hasCurves = false
    var hasDisabledItems = false
    var hasClipMarkers = false
    var hasSourceChannels = false
    var hasAvailableRanges = false

    init() {}

    /// Everything that the model holds.
    static var everything: Features {
      var features = Features()
      features.pictureTracks = 1...3
      features.hasCentredTransitions = true
      features.hasMarkerRanges = true
      features.hasNests = true
      features.hasAdjustments = true
      features.hasAnimation = true
      features.hasCurves = true
      features.hasDisabledItems = true
      features.hasClipMarkers = true
      features.hasSourceChannels = true
      features.hasAvailableRanges = true
      return features
    }
  }

  /// A rate and a way of counting.
  struct Clock: Sendable, Hashable, CustomStringConvertible {
    var rate: FrameRate
    var isDropFrame: Bool

    var description: String { rate.displayName + (isDropFrame ? " drop frame" : "") }

    /// Every standard rate, those with drop frame both ways.
    static let all = FrameRate.allStandard.flatMap { rate in
      [Clock(rate: rate, isDropFrame: false)]
        + (rate.allowsDropFrame ? [Clock(rate: rate, isDropFrame: true)] : [])
    }
  }

  private var random: SplitMix64
  private let features: Features
  private let clock: Clock
  private var event = 0
  private var depth = 0

  /// - Parameters:
  ///   - clock: rate and counting; both come from the seed when `nil`.
  static func timeline(seed: UInt64, clock: Clock? = nil, features: Features = Features()) -> Timeline {
    var random = SplitMix64(seed: seed)
    let clock = clock ?? Clock.all.randomElement(using: &random) ?? Clock.all[0]
    var cut = GeneratedCut(random: random, features: features, clock: clock)
    return cut.timeline(named: "CUT \(seed)")
  }

  private init(random: SplitMix64, features: Features, clock: Clock) {
    self.random = random
    self.features = features
    self.clock = clock
  }

  // MARK: Tracks

  private mutating func timeline(named name: String) -> Timeline {
    let rate = clock.rate
    let hour = Int64(rate.nominalBase) * 3600
    var timeline = Timeline(
      name: name, rate: rate, isDropFrame: clock.isDropFrame,
      startFrame: number(0...9) * hour / 2 + (chance(0.2) ? number(0...1000) : 0))
    let pictures = Int(
      number(Int64(features.pictureTracks.lowerBound)...Int64(features.pictureTracks.upperBound)))
    for index in 1...max(1, pictures) { timeline.tracks.append(track(.picture, "V\(index)")) }
    var sounds = Int(number(Int64(features.soundTracks.lowerBound)...Int64(features.soundTracks.upperBound)))
    if features.hasSyncSound, sounds > 0, chance(0.5), let sync = syncSound(of: timeline.tracks[0]) {
      timeline.tracks.append(sync)
      sounds -= 1
    }
    let first = timeline.tracks.count { $0.kind == .sound }
    for index in 0..<max(0, sounds) { timeline.tracks.append(track(.sound, "A\(first + index + 1)")) }
    if features.hasMarkers, timeline.frameCount > 0 {
      let frames = (0..<number(0...4)).map { _ in number(0...(timeline.frameCount - 1)) }
      timeline.markers = Set(frames).sorted().map { marker(at: $0) }
    }
    return timeline
  }

  /// A sound track with the picture's own sound under each of its clips at normal speed.
  private mutating func syncSound(of picture: Track) -> Track? {
    var track = Track(kind: .sound, name: "A1")
    var end: Int64 = 0
    var isCut = true
    for item in picture.items {
      if case .transition = item { isCut = false }
      guard case .clip(let clip) = item else { continue }
      defer { isCut = true }
      guard clip.content == .media, clip.timeScale == .one, clip.curve == nil else { continue }
      if clip.recordRange.start > end {
        track.items.append(.gap(Gap(recordRange: FrameRange(start: end, end: clip.recordRange.start))))
      }
      var sound = clip
      sound.adjustments = []
      // Under a transition of the picture the sound is an event of its own.
      if !isCut {
        event += 1
        sound.event = label(event)
      }
      track.items.append(.clip(sound))
      end = clip.recordRange.end
    }
    return track.clips.isEmpty ? nil : track
  }

  private mutating func track(_ kind: Track.Kind, _ name: String) -> Track {
    var track = Track(kind: kind, name: name)
    if features.hasDisabledItems { track.isEnabled = !chance(0.1) }
    var end: Int64 = 0
    /// Frames after `end` that the last transition still covers.
    var covered: Int64 = 0
    /// Frames before `end` that no transition covers.
    var free: Int64 = 0
    let count =
      depth > 0 ? number(1...4) : number(Int64(features.items.lowerBound)...Int64(features.items.upperBound))
    for index in 0..<count {
      let isFirst = index == 0
      let length = number(2...120)
      let range = FrameRange(start: end, count: length)
      if chance(0.15), !isLastGap(track), index < count - 1, covered == 0 {
        track.items.append(.gap(Gap(recordRange: range)))
        free = length
        end = range.end
        continue
      }
      let isFade = track.items.isEmpty || isLastGap(track)
      let item = item(kind, range)
      var used: Int64 = 0
      if features.hasTransitions, chance(0.35), !isFade || features.hasFades, isJoinable(track.items.last),
        isJoinable(item)
      {
        let out = number(1...max(1, length / 2))
        let before = features.hasCentredTransitions && !isFirst && !isFade ? number(0...max(0, free / 2)) : 0
        track.items.append(.transition(transition(kind, before, out)))
        used = out
      }
      track.items.append(item)
      covered = 0
      free = length - used
      end = range.end
    }
    return track
  }

  private func isLastGap(_ track: Track) -> Bool {
    if case .gap? = track.items.last { true } else { false }
  }

  /// Freezes and curves have no source beyond their ends that formats agree on.
  private func isJoinable(_ item: TrackItem?) -> Bool {
    guard case .clip(let clip)? = item else { return true }
    return clip.curve == nil
  }

  private mutating func transition(_ kind: Track.Kind, _ before: Int64, _ out: Int64) -> Transition {
    let isWipe = kind == .picture && features.hasWipes && chance(0.3)
    let pattern = Int(number(1...130))
    return Transition(
      kind: isWipe ? .wipe(pattern) : .dissolve, name: chance(0.5) ? nil : isWipe ? "WIPE" : "CROSS DISSOLVE",
      event: label(event), inOffset: before, outOffset: out)
  }

  private mutating func item(_ kind: Track.Kind, _ range: FrameRange) -> TrackItem {
    event += 1
    if features.hasNests, depth < 2, chance(0.12) { return .nest(nest(kind, range)) }
    return .clip(clip(kind, range))
  }

  private func label(_ event: Int) -> String {
    let digits = String(event)
    return String(repeating: "0", count: max(0, 3 - digits.count)) + digits
  }

  // MARK: Clips

  private mutating func clip(_ kind: Track.Kind, _ range: FrameRange) -> Clip {
    if features.hasBlackClips, kind == .picture, chance(0.08) {
      return Clip(
        content: .black, name: "", event: label(event), sourceReel: "BL", sourceIn: position(0),
        sourceCount: range.count, recordRange: range, sourceOut: position(range.count), isSpeedGiven: true)
    }
    let speed = speed(kind)
    let first = number(0...20) * Int64(clock.rate.nominalBase) * 3600 + number(10_000...40_000)
    let reel = reel()
    let name = name()
    let steps = (Rational(range.count) * speed.magnitude).rounded
    let count = speed == .zero ? 1 : max(1, steps)
    var clip = Clip(
      name: name, event: label(event), sourceReel: reel,
      sourceFile: features.hasFiles && chance(0.4) ? "\(reel).mov" : nil,
      targetURL: features.hasFiles && chance(0.2) ? "/media/rushes/\(reel).mov" : nil,
      sourceIn: position(first), sourceCount: count, recordRange: range, timeScale: speed,
      sourceOut: position(first + count))
    if features.hasGrades, kind == .picture, chance(0.3) { clip.grade = grade() }
    if features.hasNotes, chance(0.3) {
      clip.notes = (0..<number(1...2)).map { _ in
        ["VFX: clean up", "check focus", "scène 12"].randomElement(using: &random) ?? ""
      }
    }
    if features.hasIdentities, chance(0.2) {
      clip.sourceIdentity = "060A2B34" + (0..<24).map { _ in String(number(0...9)) }.joined()
    }
    if features.hasAvailableRanges, chance(0.4) {
      clip.availableRange = FrameRange(start: first - 2000, count: 2 * (2000 + count + 120))
    }
    if features.hasDisabledItems { clip.isEnabled = !chance(0.08) }
    if kind == .picture, features.hasAdjustments, chance(0.3) { clip.adjustments = [adjustment(range.count)] }
    if features.hasCurves, kind == .picture, range.count > 8, chance(0.12) { clip.curve = curve(range.count) }
    if features.hasSourceChannels, kind == .sound, chance(0.4) { clip.sourceChannel = Int(number(1...4)) }
    if features.hasClipMarkers, chance(0.1) { clip.markers = [marker(at: number(0...(range.count - 1)))] }
    return clip
  }

  private func position(_ count: Int64) -> SourcePosition {
    guard features.usesLabels else { return SourcePosition(count: count, rate: clock.rate) }
    return .label(Timecode(frame: count, rate: clock.rate, isDropFrame: clock.isDropFrame).label)
  }

  private mutating func speed(_ kind: Track.Kind) -> Rational {
    guard kind == .picture else { return .one }
    if features.hasFreezes, chance(0.06) { return .zero }
    guard features.hasSpeeds, chance(0.25) else { return .one }
    let base = Int64(clock.rate.nominalBase)
    // Tenths of a frame a second are what a motion line prints.
    var speed = Rational(number(1...(40 * base)), 10 * base)
    if features.hasOddSpeeds, chance(0.4) { speed = Rational(number(1...7), number(1...9)) }
    return chance(0.3) ? -speed : speed
  }

  private mutating func reel() -> String {
    let short = "\(["A", "B", "C"].randomElement(using: &random) ?? "A")00\(number(1...9))C00\(number(1...9))"
    guard features.hasLongReels, chance(0.4) else { return short }
    return short + "_26110\(number(1...9))_R1" + (chance(0.2) ? "_A_ROLL_THAT_WAS_NAMED_BY_HAND" : "")
  }

  private mutating func name() -> String {
    let names =
      features.hasForeignNames
      ? ["12A-1", "INTÉRIEUR NUIT", "Shot (v2)", "100% 'REAL'", "猫", "", "a,b;c"]
      : ["12A-1", "INT NIGHT", "Shot (v2)", ""]
    let name = names.randomElement(using: &random) ?? ""
    return name.isEmpty ? name : name + (chance(0.5) ? " \(number(1...99))" : "x")
  }

  private mutating func grade() -> ColorDecision {
    func three(_ range: ClosedRange<Int64>, _ cut: inout GeneratedCut) -> [Double] {
      (0..<3).map { _ in Double(cut.number(range)) / 10_000 }
    }
    return ColorDecision(
      slope: three(0...20_000, &self), offset: three(-3000...3000, &self), power: three(1...20_000, &self),
      saturation: Double(number(0...20_000)) / 10_000)
  }

  private mutating func marker(at frame: Int64) -> Marker {
    Marker(
      name: "", comment: ["FIX SKY", "1st note", "add flare, soft"].randomElement(using: &random) ?? "",
      color: ["RED", "GREEN", "BLUE", "CYAN", "MAGENTA", "YELLOW"].randomElement(using: &random) ?? "RED",
      frame: frame, count: features.hasMarkerRanges && chance(0.4) ? number(1...40) : 0)
  }

  // MARK: Beyond lists of events

  private mutating func nest(_ kind: Track.Kind, _ range: FrameRange) -> Nest {
    depth += 1
    let outer = event
    var inner = timeline(named: "NEST \(outer)")
    depth -= 1
    event = max(outer, event)
    inner.markers = []
    let room = max(0, inner.frameCount - 1)
    return Nest(
      name: inner.name, event: label(outer), timeline: inner, sourceIn: number(0...room), recordRange: range,
      isEnabled: !features.hasDisabledItems || !chance(0.08),
      adjustment: kind == .picture && features.hasAdjustments && chance(0.3) ? adjustment(range.count) : .none
    )
  }

  private mutating func adjustment(_ count: Int64) -> PictureAdjustment {
    var adjustment = PictureAdjustment()
    let scale = animated(50...200, count)
    adjustment.scaleX = scale
    adjustment.scaleY = scale
    if chance(0.5) { adjustment.positionX = animated(-50...50, count) }
    if chance(0.5) { adjustment.positionY = animated(-50...50, count) }
    if chance(0.3) { adjustment.rotation = animated(-9000...9000, count) }
    if chance(0.3) { adjustment.crop.left = animated(0...40, count) }
    if chance(0.3) { adjustment.opacity = animated(0...100, count) }
    if chance(0.2) { adjustment.isFlopped = true }
    if chance(0.2) {
      adjustment.blend = PictureAdjustment.Blend.allCases.randomElement(using: &random) ?? .normal
    }
    return adjustment
  }

  /// Hundredths.
  private mutating func animated(_ range: ClosedRange<Int64>, _ count: Int64) -> Animated {
    let first = Double(number(range)) / 100
    guard features.hasAnimation, count > 2, chance(0.3) else { return Animated(first) }
    let keys = [
      Animated.Key(frame: .zero, value: first),
      Animated.Key(frame: Rational(count / 2), value: Double(number(range)) / 100),
    ]
    return Animated(keys: keys) ?? Animated(first)
  }

  private mutating func curve(_ count: Int64) -> RetimeCurve? {
    let middle = number(1...(count - 2))
    let turn = number(0...(2 * middle))
    return RetimeCurve([
      RetimeCurve.Knot(record: .zero, source: .zero),
      RetimeCurve.Knot(record: Rational(middle), source: Rational(turn)),
      RetimeCurve.Knot(record: Rational(count), source: Rational(turn + number(0...(3 * (count - middle))))),
    ])
  }

  // MARK: Dice

  private mutating func number(_ range: ClosedRange<Int64>) -> Int64 { .random(in: range, using: &random) }

  private mutating func chance(_ probability: Double) -> Bool { random.chance(probability) }
}

@Suite struct GeneratedCutTests {
  @Test(arguments: GeneratedCut.Clock.all)
  func `generated cuts tile their tracks and repeat with their seed`(clock: GeneratedCut.Clock) {
    for seed in UInt64(0)..<20 {
      let timeline = GeneratedCut.timeline(seed: seed, clock: clock, features: .everything)
      #expect(timeline == GeneratedCut.timeline(seed: seed, clock: clock, features: .everything))
      for track in timeline.tracks {
        var end: Int64 = 0
        var free: Int64 = 0
        for (index, item) in track.items.enumerated() {
          if case .transition(let transition) = item {
            #expect(index + 1 < track.items.count && transition.count > 0)
            #expect(transition.inOffset <= free)
            guard let next = track.items[index + 1].recordRange else { continue }
            #expect(transition.outOffset <= next.count)
            free = -transition.outOffset
          } else if let range = item.recordRange {
            #expect(range.start == end && range.count > 0)
            end = range.end
            free = min(free, 0) + range.count
          }
        }
      }
    }
  }
}
