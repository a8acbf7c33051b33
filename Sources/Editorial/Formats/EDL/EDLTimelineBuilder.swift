import Diagnostics
import MediaTime

extension EDLDocument: CutDocument {
  var declaredRate: FrameRate? { nil }
  var sequences: [String] { [title] }

  /// Gives the labels a rate and places the events on tracks.
  ///
  /// - Returns: what can be placed; labels that the rate does not have, events before `start` and the like are faults.
  /// - Throws: every fault at once when nothing can be placed.
  func timeline(sequence: String?, rate: FrameRate?, start: Timecode?) throws(DiagnosticList) -> Timeline {
    guard let rate else {
      throw DiagnosticList([
        Diagnostic(
          family: .usage, code: "cut.noRate", location: SourceLocation(file: path),
          message: "an EDL does not say its frame rate", remedy: "Give the rate, for instance 24000/1001.")
      ])
    }
    var builder = EDLTimelineBuilder(document: self, rate: rate, start: start)
    return try builder.build()
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
  var findings: EDLFindings

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

  mutating func build() throws(DiagnosticList) -> Timeline {
    chooseCounting()
    guard faults.isEmpty else { throw allFaults }
    let resolved = document.events.map { event in event.lines.map { resolve($0, event) } }
    chooseStart(resolved)
    let splits = splits()
    for (index, (event, lines)) in zip(document.events, resolved).enumerated() {
      let lines = lines.compactMap { $0 }
      if lines.count == event.lines.count { place(event, lines, splits[index]) }
    }
    var tracks: [Track] = []
    for key in placed.keys.sorted() { tracks.append(track(key)) }
    let all = allFaults
    if tracks.isEmpty, markers.isEmpty, !all.diagnostics.isEmpty { throw all }
    var timeline = Timeline(
      name: document.title, rate: rate, isDropFrame: isDropFrame, startFrame: startFrame, tracks: tracks,
      markers: markers, findings: findings.all)
    timeline.faults = all.diagnostics
    if !document.header.isEmpty {
      timeline.metadata[EDLMetadata.namespace] = EDLMetadata.lines(document.header)
    }
    return timeline
  }

  /// Those of the text and those of the times, by line.
  private var allFaults: DiagnosticList {
    let both = document.faults.diagnostics + faults.diagnostics
    let order = both.indices.sorted { left, right in
      (both[left].location?.line ?? 0, left) < (both[right].location?.line ?? 0, right)
    }
    return DiagnosticList(order.map { both[$0] })
  }

  mutating func fault(
    _ code: String, _ line: TextLine, _ message: String, _ remedy: String? = nil, at index: Int? = nil
  ) {
    guard !faults.isFull else { return }
    faults.add(
      Diagnostic(
        family: .usage, code: code, location: line.location(in: document.path, at: index), message: message,
        remedy: remedy, excerpt: line.text))
  }

  mutating func found(
    _ kind: Finding.Kind, _ what: String, example: String? = nil, _ line: TextLine, _ event: String,
    isFault: Bool = false
  ) {
    findings.add(
      kind, what, example: example, event: event, at: line.location(in: document.path), isFault: isFault)
  }
}

/// What a list says and the model does not interpret, as it goes through a timeline to another list.
enum EDLMetadata {
  static let namespace = "cmx_3600"
  private static let linesKey = "lines"

  static func lines(_ lines: [String]) -> Metadata.Value {
    .object([Metadata.Entry(key: linesKey, value: .array(lines.map { .string($0) }))])
  }

  /// The lines in metadata that may come from any file.
  static func lines(in metadata: Metadata) -> [String] {
    guard case .object(let entries)? = metadata[namespace],
      case .array(let values)? = entries.first(where: { $0.key == linesKey })?.value
    else { return [] }
    return values.compactMap { value in
      if case .string(let text) = value { text } else { nil }
    }
  }
}
