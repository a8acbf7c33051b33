package import Diagnostics
package import MediaTime

/// A cut as it was read, for people and for programs: what is on every track, and what did not come through.
package struct CutListing: Sendable, Hashable, Codable {
  package struct Track: Sendable, Hashable, Codable {
    package var name: String
    package var kind: Editorial.Track.Kind
    package var isEnabled: Bool
    package var items: [Item]
  }

  package enum ItemKind: String, Sendable, Hashable, Codable {
    case clip, black, generator, gap, nest, transition
  }

  package struct Item: Sendable, Hashable, Codable {
    package var kind: ItemKind
    package var event: String
    package var name: String
    package var isEnabled: Bool
    /// Of a transition: the frames it covers.
    package var recordRange: FrameRange
    package var recordIn: String
    package var recordOut: String
    package var sourceReel: String?
    package var sourceFile: String?
    package var sourceURL: String?
    package var sourceIdentity: String?
    package var sourceIn: String?
    /// Source frames for each record frame, `n/d`; `nil` where a curve says it.
    package var speed: Rational?
    package var curve: RetimeCurve?
    /// `dissolve`, `wipe 001`, …
    package var transition: String?
    /// Placements in the frame in words, the innermost first.
    package var adjustments: [String]
    package var grade: ColorDecision?
    package var role: String?
    package var markers: [Marker]
    package var notes: [String]
    /// Tracks of a nested timeline.
    package var tracks: [Track]
    package var location: SourceLocation?
  }

  package var schema = 1
  package var name: String
  package var rate: FrameRate
  package var isDropFrame: Bool
  package var start: String
  package var end: String
  package var frames: Int64
  package var tracks: [Track]
  package var markers: [Marker]
  package var findings: [Finding]
  package var faults: [Diagnostic]

  package init(_ timeline: Timeline) {
    name = timeline.name
    rate = timeline.rate
    isDropFrame = timeline.isDropFrame
    start = timeline.timecode(at: 0).description
    end = timeline.timecode(at: timeline.frameCount).description
    frames = timeline.frameCount
    tracks = Self.tracks(timeline)
    markers = timeline.markers
    findings = timeline.findings + [timeline.concludedSpeeds].compactMap { $0 }
    faults = timeline.faults
  }

  /// Clips that show or play something, those of nested timelines too.
  package var clipCount: Int { Self.clips(tracks) }

  private static func clips(_ tracks: [Track]) -> Int {
    tracks.reduce(0) { sum, track in
      sum + track.items.reduce(0) { $0 + ($1.kind == .clip ? 1 : clips($1.tracks)) }
    }
  }

  private static func tracks(_ timeline: Timeline) -> [Track] {
    timeline.tracks.map { track in
      Track(
        name: track.name, kind: track.kind, isEnabled: track.isEnabled,
        items: track.items.indices.compactMap { item(at: $0, of: track, timeline) })
    }
  }

  private static func item(at index: Int, of track: Editorial.Track, _ timeline: Timeline) -> Item? {
    func item(_ kind: ItemKind, _ range: FrameRange) -> Item {
      Item(
        kind: kind, event: "", name: "", isEnabled: true, recordRange: range,
        recordIn: timeline.timecode(at: range.start).description,
        recordOut: timeline.timecode(at: range.end).description, adjustments: [], markers: [], notes: [],
        tracks: [])
    }
    switch track.items[index] {
    case .gap(let gap): return gap.recordRange.isEmpty ? nil : item(.gap, gap.recordRange)
    case .clip(let clip):
      var listed = item(kind(of: clip), clip.recordRange)
      describe(clip, in: &listed)
      return listed
    case .nest(let nest):
      var listed = item(.nest, nest.recordRange)
      listed.event = nest.event
      listed.name = nest.name
      listed.isEnabled = nest.isEnabled
      listed.sourceIn = nest.timeline.timecode(at: nest.sourceIn).description
      listed.speed = nest.curve == nil ? nest.timeScale : nil
      listed.curve = nest.curve
      listed.adjustments = [nest.adjustment].compactMap(\.words)
      listed.markers = nest.markers
      listed.tracks = tracks(nest.timeline)
      listed.location = nest.location
      return listed
    case .transition(let transition):
      let cut =
        track.items[(index + 1)...].lazy.compactMap(\.recordRange).first?.start
        ?? track.items[..<index].reversed().lazy.compactMap(\.recordRange).first?.end ?? 0
      var listed = item(
        .transition, FrameRange(start: max(0, cut - transition.inOffset), count: max(0, transition.count)))
      listed.event = transition.event
      listed.name = transition.name ?? ""
      listed.transition = transition.kind.words
      listed.location = transition.location
      return listed
    }
  }

  private static func kind(of clip: Clip) -> ItemKind {
    switch clip.content {
    case .media: .clip
    case .black: .black
    case .generator: .generator
    }
  }

  private static func describe(_ clip: Clip, in item: inout Item) {
    item.event = clip.event
    item.name = clip.name
    if case .generator(let name) = clip.content, clip.name.isEmpty { item.name = name }
    item.isEnabled = clip.isEnabled
    item.location = clip.location
    item.notes = clip.notes
    guard !clip.isBlack else { return }
    item.sourceReel = clip.sourceReel
    item.sourceFile = clip.sourceFile
    item.sourceURL = clip.targetURL
    item.sourceIdentity = clip.sourceIdentity
    item.sourceIn = clip.sourceIn.description
    item.speed = clip.curve == nil ? clip.timeScale : nil
    item.curve = clip.curve
    item.adjustments = clip.adjustments.compactMap(\.words)
    item.grade = clip.grade
    item.role = clip.role
    item.markers = clip.markers
  }
}

extension Transition.Kind {
  /// `dissolve`, `wipe 001`, `key`, or another program's word for it.
  var words: String {
    switch self {
    case .dissolve: "dissolve"
    case .wipe(let number):
      "wipe " + String(repeating: "0", count: max(0, 3 - "\(number)".count)) + "\(number)"
    case .key: "key"
    case .custom(let name): name
    }
  }
}

extension PictureAdjustment {
  /// What it changes, in words; `nil` where it changes nothing.
  package var words: String? {
    var parts: [String] = []
    func percent(_ value: Animated) -> String {
      value.constant.map { "\(Self.short($0 * 100)) %" } ?? "animated"
    }
    if let fit { parts.append(fit.rawValue) }
    if scaleX == scaleY {
      if scaleX != 1 { parts.append("scale \(percent(scaleX))") }
    } else {
      parts.append("scale \(percent(scaleX)) × \(percent(scaleY))")
    }
    if positionX != 0 || positionY != 0 {
      parts.append("position \(percent(positionX)), \(percent(positionY))")
    }
    if anchorX != 0 || anchorY != 0 { parts.append("anchor \(percent(anchorX)), \(percent(anchorY))") }
    if rotation != 0 {
      parts.append("rotation \(rotation.constant.map { "\(Self.short($0))°" } ?? "animated")")
    }
    if crop != Edges() {
      parts.append(
        "crop " + [crop.left, crop.right, crop.top, crop.bottom].map(percent).joined(separator: " "))
    }
    if isFlopped { parts.append("flop") }
    if isFlipped { parts.append("flip") }
    if opacity != 1 { parts.append("opacity \(percent(opacity))") }
    if blend != .normal { parts.append(blend.rawValue) }
    return parts.isEmpty ? nil : parts.joined(separator: ", ")
  }

  /// Two decimals at most.
  private static func short(_ value: Double) -> String {
    guard value.isFinite, value.magnitude < 1e12 else { return "\(value)" }
    let rounded = (value * 100).rounded() / 100
    return rounded == rounded.rounded() ? "\(Int64(rounded))" : "\(rounded)"
  }
}
