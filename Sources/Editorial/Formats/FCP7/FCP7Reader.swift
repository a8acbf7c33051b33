import Diagnostics
import MediaTime

/// Builds timelines from the sequences of a Final Cut Pro XML file.
struct FCP7Reader {
  let path: String
  let index: FCP7Index
  var places: FCP7Places
  var faults = FaultList()
  /// Clip items and transitions met so far, for events without an id of their own.
  var ordinal = 0
  /// Nested sequences by id: read once, however often they are used.
  var nests: [String: NestedSequence] = [:]
  /// Ids of the sequences that are being read, so that none ends up in itself.
  var openSequences: [String] = []
  /// Clips so far in each sequence that is being read, those of its nests included.
  var clipTotals = [0]
  /// How many of the sequences in the project's bins are nested in the chosen one.
  var nestedFromBins = 0
  private var groups: [Group] = []
  private var groupPlaces: [GroupKey: Int] = [:]

  struct NestedSequence {
    var timeline: Timeline
    var raster: FCP7Raster?
    /// Clips in it, those in its own nests included.
    var clipCount: Int
  }

  init(path: String, index: FCP7Index) {
    self.path = path
    self.index = index
    places = FCP7Places(path: path)
  }

  // MARK: Reporting

  private struct GroupKey: Hashable {
    var kind: Finding.Kind
    var what: String
    var isFault: Bool
  }

  private struct Group {
    var key: GroupKey
    var location: SourceLocation
    var events: [String]
  }

  /// What was not carried as written: one for each cause, with the events that it concerns.
  var findings: [Finding] {
    groups.map { group in
      let events = group.events.isEmpty ? "" : " (\(Finding.listing(group.events)))"
      return Finding(
        kind: group.key.kind, what: group.key.what + events, location: group.location,
        event: group.events.count == 1 ? group.events[0] : nil, isFault: group.key.isFault)
    }
  }

  mutating func note(
    _ kind: Finding.Kind, _ what: String, _ element: XMLElement, event: String? = nil, isFault: Bool = false
  ) {
    let key = GroupKey(kind: kind, what: what, isFault: isFault)
    if let place = groupPlaces[key] {
      if let event, groups[place].events.last != event { groups[place].events.append(event) }
      return
    }
    groupPlaces[key] = groups.count
    groups.append(
      Group(key: key, location: places.location(element), events: event.map { [$0] } ?? []))
  }

  mutating func fault(_ code: String, _ element: XMLElement, _ message: String, _ remedy: String? = nil) {
    guard !faults.isFull else { return }
    let excerpt = element.line.bytes.count > XMLReader.longestExcerpt ? nil : element.line.text
    faults.add(
      Diagnostic(
        family: .usage, code: code, location: places.location(element), message: message, remedy: remedy,
        excerpt: excerpt))
  }

  // MARK: Numbers

  /// Larger numbers are damage, and arithmetic with them would overflow.
  static let largest: Int64 = 1 << 40

  /// Positions in media beyond this name none.
  static let farthest = Rational(1 << 46)

  /// A whole number of frames; some programs write `1055.0`.
  ///
  /// - Returns: `nil` when the child is missing, with a fault when it is no number.
  mutating func frames(_ name: String, of element: XMLElement) -> Int64? {
    guard let part = element.part(name), let text = element.word(name) else { return nil }
    guard let number = Self.decimal(text) else {
      fault("cut.badNumber", part, "`\(name)` is not a number of frames: `\(text.prefix(40))`")
      return nil
    }
    if !number.isInteger {
      note(.approximated, "`\(name)` is not a whole number of frames and is rounded", part)
    }
    return number.rounded
  }

  /// A decimal number with at most nine places; `nil` for anything else and beyond 2⁴⁰.
  static func decimal(_ text: String) -> Rational? {
    if let whole = Int64(text) { return whole.magnitude <= UInt64(largest) ? Rational(whole) : nil }
    guard text.utf8.count <= 40, text.utf8.allSatisfy({ (0x2B...0x39).contains($0) || $0 | 0x20 == 0x65 }),
      let number = Double(text), number.magnitude <= Double(largest)
    else { return nil }
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    if parts.count == 2, parts[1].utf8.count <= 9, !parts[1].isEmpty,
      parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let digits = Int64(parts[0] + parts[1])
    {
      return Rational(checked: digits, Self.powersOfTen[parts[1].utf8.count])
    }
    guard number.magnitude < 4e9 else { return Rational(Int64(number.rounded())) }
    return Rational(checked: Int64((number * 1e9).rounded()), 1_000_000_000)
  }

  static let powersOfTen: [Int64] = (0...9).map { power in (0..<power).reduce(1) { ten, _ in ten * 10 } }

  /// A finite decimal number.
  static func number(_ text: String?) -> Double? {
    guard let text, let number = Double(text), number.isFinite else { return nil }
    return number
  }

  // MARK: Timecode

  struct Clock {
    /// Frames since midnight of the first frame.
    var frame: Int64
    var rate: FrameRate
    /// `nil` when the file does not say.
    var isDropFrame: Bool?
    /// Drop-frame labels at a whole rate, as Premiere writes for media of 30000/1001 in a sequence of 30:
    /// only the count means the same in both.
    var isCountOnly = false
    var reel: String?
  }

  /// The `timecode` of a sequence or file.
  ///
  /// `frame` counts frames since midnight, `string` is its label. `displayformat` says how labels count:
  /// the separator need not (Apple, “Notes on the XML Interchange Format”).
  mutating func clock(_ owner: XMLElement, rate: FrameRate) -> Clock? {
    guard let element = owner.part("timecode") else { return nil }
    let own = FCP7Rate(element)
    if own.isGiven, own.rate == nil {
      fault(
        "cut.badRate", element.part("rate") ?? element, "the timecode's rate is not one this program knows")
    }
    let rate = own.rate ?? rate
    let reel = element.part("reel")?.word("name")
    let label = element.word("string").flatMap { TimecodeLabel(parsing: Self.separated($0)) }
    var isDropFrame: Bool?
    switch element.word("displayformat")?.uppercased() {
    case "DF": isDropFrame = true
    case "NDF": isDropFrame = false
    default: if label?.isDropFrame == true { isDropFrame = true }
    }
    let isCountOnly = isDropFrame == true && !rate.allowsDropFrame && rate.counting.allowsDropFrame
    if isDropFrame == true, !rate.allowsDropFrame {
      note(
        .inferred,
        "drop-frame timecode is written at \(rate.displayName) fps, which has none; its frames are counted",
        element)
      isDropFrame = false
    }
    let printed = label.flatMap {
      try? $0.frame(
        rate: isCountOnly ? rate.counting : rate, isDropFrame: isCountOnly || isDropFrame ?? false)
    }
    let counted = frames("frame", of: element)
    if let counted, let printed, counted != printed {
      note(
        .inferred, "a timecode's `frame` and `string` name different frames; `frame` is taken", element)
    }
    guard let frame = counted ?? printed else {
      fault(
        "cut.badTimecode", element,
        "the timecode has no `frame` and no `string` that is a timecode at \(rate.displayName) fps")
      return nil
    }
    return Clock(
      frame: frame, rate: rate, isDropFrame: isDropFrame, isCountOnly: isCountOnly, reel: reel)
  }

  /// `00;00;00;00`, as some programs print drop frame.
  private static func separated(_ text: String) -> String {
    guard let last = text.lastIndex(of: ";") else { return text }
    return String(text[..<last].map { $0 == ";" ? ":" : $0 }) + String(text[last...])
  }

  // MARK: Sequences

  /// - Parameter depth: how many sequences this one is nested in.
  mutating func timeline(_ sequence: XMLElement, rate: FrameRate, depth: Int) -> Timeline {
    var timeline = Timeline(name: sequence.part("name")?.text ?? "", rate: rate)
    if let clock = clock(sequence, rate: rate) {
      timeline.isDropFrame = clock.isDropFrame == true && rate.allowsDropFrame
      timeline.startFrame = clock.frame
      if clock.rate.nominalBase != rate.nominalBase {
        timeline.startFrame = rate.frame(nearest: clock.frame, of: clock.rate)
        note(.inferred, "the timecode of `\(timeline.name)` counts at another rate than its frames", sequence)
      }
    }
    timeline.markers = markers(of: sequence)
    let media = sequence.part("media").map(index.resolved)
    let scope = Scope(rate: rate, raster: FCP7Raster(media?.part("video")?.part("format")), depth: depth)
    for (name, kind) in [("video", Track.Kind.picture), ("audio", .sound)] {
      for part in media?.children(name) ?? [] {
        for element in part.children("track") {
          let number = timeline.tracks.count { $0.kind == kind } + 1
          timeline.tracks.append(track(element, kind, number: number, scope))
        }
      }
    }
    timeline.metadata = FCP7Metadata.metadata(kept(sequence, media))
    return timeline
  }

  /// What the items of a sequence have to know about it.
  struct Scope {
    var rate: FrameRate
    var raster: FCP7Raster?
    var depth: Int
    /// Which channel of its sources the track carries, where each has a track of its own.
    var channel: Int?
  }

  /// All but what the timeline says itself; of the media only what is no track.
  private func kept(_ sequence: XMLElement, _ media: XMLElement?) -> [Metadata.Entry] {
    var entries = FCP7Metadata.entries(
      of: sequence, without: ["name", "duration", "rate", "timecode", "media", "marker"])
    if let id = sequence.attributes["id"], Self.isNumbered(id, "sequence-") {
      entries.removeAll { $0.key == "@id" }
    }
    var parts: [Metadata.Entry] = []
    for part in media?.children ?? [] where !parts.contains(where: { $0.key == part.name }) {
      let hasFormat = part.part("format").map { !$0.children.isEmpty } ?? false
      let value = FCP7Metadata.value(of: part, without: hasFormat ? ["track"] : ["track", "format"])
      if value != .null { parts.append(Metadata.Entry(key: part.name, value: value)) }
    }
    if !parts.isEmpty { entries.append(Metadata.Entry(key: "media", value: .object(parts))) }
    return entries
  }

  /// Puts frame 0 at another record timecode; the items keep theirs.
  mutating func move(_ timeline: inout Timeline, to start: Timecode, _ sequence: XMLElement) {
    let ahead = timeline.startFrame - start.frame
    timeline.startFrame = start.frame
    timeline.isDropFrame = start.isDropFrame && timeline.rate.allowsDropFrame
    guard ahead != 0 else { return }
    if ahead < 0 {
      let first = timeline.tracks.compactMap(\.firstFrame).min() ?? -ahead
      guard first >= -ahead else {
        fault(
          "cut.beforeStart", sequence, "the cut begins before the start timecode that was given",
          "Give the start timecode of the programme.")
        return
      }
    }
    for place in timeline.tracks.indices { timeline.tracks[place].shift(by: ahead) }
    for place in timeline.markers.indices { timeline.markers[place].frame += ahead }
  }
}

extension Track {
  /// Where the first item that is no gap begins.
  fileprivate var firstFrame: Int64? {
    for item in items {
      if case .gap = item { continue }
      if let range = item.recordRange { return range.start }
    }
    return nil
  }

  /// Later by `frames`, or earlier by as much as the gap at the start allows.
  fileprivate mutating func shift(by frames: Int64) {
    if frames > 0 { self = items.isEmpty ? self : offset(by: frames) }
    guard frames < 0, case .gap(let gap)? = items.first else { return }
    items = items.map { $0.offset(by: frames) }
    let end = gap.recordRange.end + frames
    if end > 0 {
      items[0] = .gap(Gap(recordRange: FrameRange(start: 0, end: end)))
    } else {
      items.removeFirst()
    }
  }
}

/// Width and height of a picture in pixels.
struct FCP7Raster: Hashable {
  var width: Double
  var height: Double

  /// Of `samplecharacteristics` in the element, or of the element itself; `nil` when it does not say them.
  init?(_ element: XMLElement?) {
    guard let element else { return nil }
    let holder = element.part("samplecharacteristics") ?? element
    guard let width = FCP7Reader.number(holder.word("width")),
      let height = FCP7Reader.number(holder.word("height")),
      (1...100_000).contains(width), (1...100_000).contains(height)
    else { return nil }
    self.width = width
    self.height = height
  }
}
