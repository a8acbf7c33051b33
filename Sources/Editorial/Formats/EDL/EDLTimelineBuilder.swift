import Diagnostics
import MediaTime

extension EDLDocument: CutDocument {
  var declaredRate: FrameRate? { nil }
  var sequences: [String] { [title] }

  /// Gives the labels a rate and places the events on tracks.
  ///
  /// - Throws: every fault at once: labels that the rate does not have, events before `start`, overlaps.
  func timeline(sequence: String?, rate: FrameRate?, start: Timecode?) throws(DiagnosticList) -> Timeline {
    guard let rate else {
      throw DiagnosticList([
        Diagnostic(
          family: .usage, code: "cut.noRate", location: SourceLocation(file: path),
          message: "an EDL does not say its frame rate", remedy: "Give the rate, for instance 24000/1001.")
      ])
    }
    var builder = EDLTimelineBuilder(document: self, rate: rate, start: start)
    let timeline = builder.build()
    try builder.faults.throwIfAny()
    return timeline
  }
}

/// Builds a timeline from a list.
struct EDLTimelineBuilder {
  let document: EDLDocument
  let rate: FrameRate
  let start: Timecode?

  var faults = FaultList()
  var isDropFrame = false
  var startFrame: Int64 = 0
  var crossesMidnight = false
  var placed: [TrackKey: [PlacedClip]] = [:]
  var markers: [Marker] = []
  var findings: [Finding]
  var groups: [GroupedFinding: [String]] = [:]

  init(document: EDLDocument, rate: FrameRate, start: Timecode?) {
    self.document = document
    self.rate = rate
    self.start = start
    findings = document.findings
  }

  struct TrackKey: Hashable, Comparable {
    var kind: Track.Kind
    var number: Int
    /// A keyed foreground lies over the track of its background.
    var isKey: Bool

    static func < (left: TrackKey, right: TrackKey) -> Bool {
      (left.kind == .sound ? 1 : 0, left.number, left.isKey ? 1 : 0)
        < (right.kind == .sound ? 1 : 0, right.number, right.isKey ? 1 : 0)
    }

    var name: String { (kind == .picture ? "V" : "A") + String(number) + (isKey ? " key" : "") }
  }

  struct PlacedClip {
    var clip: Clip
    var transition: Transition?
    /// The outgoing side of the transition as its own line has it.
    var outgoing: Clip?
    var line: TextLine
  }

  /// Causes that concern many events of a list are reported once, with the events.
  enum GroupedFinding: Int, Hashable, CaseIterable {
    case soundLength, emptySource, speedAgainstLength, roundedSpeed, patch

    var kind: Finding.Kind {
      switch self {
      case .emptySource, .roundedSpeed: .inferred
      case .soundLength, .speedAgainstLength, .patch: .approximated
      }
    }

    var text: String {
      switch self {
      case .soundLength: "source and record lengths of sound differ by a frame; the record length is used"
      case .emptySource: "the source range is empty; the clip is read at normal speed for its record length"
      case .roundedSpeed:
        "M2 rounds the speed to a tenth of a frame a second; the more exact percentage that is written with "
          + "the clip is used"
      case .patch: "PATCH lines are carried as notes; the source channels they name are not picked"
      case .speedAgainstLength:
        "the source out does not agree with the M2 speed; source in and speed are used"
      }
    }
  }

  /// An event line with its record times as frame counts since midnight.
  struct Resolved {
    var line: EDLLine
    var recordIn: Int64
    var count: Int64
    var source: Source
  }

  struct Source {
    var first: SourcePosition
    var end: SourcePosition?
    /// Frames between them; `nil` where the timeline's base does not count the labels.
    var count: Int64?
  }

  var day: Int64 { rate.framesPerDay(isDropFrame: isDropFrame) }

  mutating func build() -> Timeline {
    chooseCounting()
    guard faults.isEmpty else { return Timeline(name: document.title, rate: rate) }
    let resolved = document.events.map { event in event.lines.map { resolve($0, event) } }
    chooseStart(resolved)
    for (event, lines) in zip(document.events, resolved) {
      let lines = lines.compactMap { $0 }
      if lines.count == event.lines.count { place(event, lines) }
    }
    var tracks: [Track] = []
    for key in placed.keys.sorted() { tracks.append(track(key)) }
    for group in GroupedFinding.allCases {
      guard let events = groups[group] else { continue }
      findings.append(
        Finding(
          kind: group.kind, what: "\(group.text) (\(Finding.listing(events)))",
          location: SourceLocation(file: document.path),
          event: events.count == 1 ? events[0] : nil))
    }
    return Timeline(
      name: document.title, rate: rate, isDropFrame: isDropFrame, startFrame: startFrame, tracks: tracks,
      markers: markers, findings: findings)
  }

  mutating func fault(
    _ code: String, _ line: TextLine, _ message: String, _ remedy: String? = nil, at index: Int? = nil
  ) {
    faults.add(
      Diagnostic(
        family: .usage, code: code, location: line.location(in: document.path, at: index), message: message,
        remedy: remedy, excerpt: line.text))
  }

  mutating func found(_ kind: Finding.Kind, _ what: String, _ line: TextLine, _ event: EDLEvent) {
    findings.append(
      Finding(kind: kind, what: what, location: line.location(in: document.path), event: event.number))
  }
}
