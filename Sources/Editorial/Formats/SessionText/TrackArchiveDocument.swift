import Diagnostics
import MediaTime

/// The markers of a Cubase or Nuendo track archive as a cut without tracks.
///
/// Positions on a musical track count ticks, 480 to a quarter note, through the tempo track; those on a linear one
/// seconds. Both count from the start of the project, whose timecode is in its set-up.
/// Source: exported archives; there is no published grammar.
struct TrackArchiveDocument: CutDocument {
  let path: String
  let root: XMLElement
  let declaredRate: FrameRate?
  let isDropFrame: Bool

  var sequences: [String] { [""] }

  /// Frame rates by the number in the set-up; 6 and 7 count drop frame.
  private static let rates: [Int: FrameRate] = [
    2: FrameRate(24), 3: FrameRate(25), 4: FrameRate(30_000, 1001), 5: FrameRate(30),
    6: FrameRate(30_000, 1001),
    7: FrameRate(30), 12: FrameRate(24_000, 1001), 13: FrameRate(25_000, 1001), 14: FrameRate(50),
    15: FrameRate(60_000, 1001), 16: FrameRate(60),
  ]

  static func isTrackArchive(_ text: String) -> Bool { text.contains("<tracklist") }

  static func read(path: String, bytes: [UInt8]) throws(DiagnosticList) -> TrackArchiveDocument {
    let root = try XMLReader.read(path: path, bytes: bytes)
    guard root.name.hasPrefix("tracklist") else {
      throw DiagnosticList([
        Diagnostic(
          family: .usage, code: "cut.notTrackArchive",
          location: root.line.location(in: path, at: root.offset),
          message: "`\(root.name)` is not a track archive", remedy: "Export the tracks again.",
          excerpt: root.line.text)
      ])
    }
    let type = root.object(named: "Setup")?.value("FrameType").flatMap { Int($0) } ?? -1
    return TrackArchiveDocument(
      path: path, root: root, declaredRate: rates[type], isDropFrame: type == 6)
  }

  func timeline(sequence: String?, rate: FrameRate?, start: Timecode?) throws(DiagnosticList) -> Timeline {
    guard let rate = rate ?? declaredRate else {
      throw DiagnosticList([
        Diagnostic(
          family: .usage, code: "cut.noRate", location: root.line.location(in: path, at: root.offset),
          message: "the archive does not name a frame rate that is known",
          remedy: "Give the rate with `--rate`.",
          excerpt: root.line.text)
      ])
    }
    var builder = TrackArchiveBuilder(
      path: path, root: root, rate: rate, isDropFrame: isDropFrame && rate.allowsDropFrame)
    return builder.timeline(start: start)
  }
}

/// Makes a timeline of the markers of a track archive.
private struct TrackArchiveBuilder {
  let path: String
  let root: XMLElement
  let rate: FrameRate
  let isDropFrame: Bool
  private var tempos: [String: TempoMap] = [:]
  private var faults = FaultList()
  private var findings: [Finding] = []

  init(path: String, root: XMLElement, rate: FrameRate, isDropFrame: Bool) {
    self.path = path
    self.root = root
    self.rate = rate
    self.isDropFrame = isDropFrame
  }

  mutating func timeline(start: Timecode?) -> Timeline {
    let setup = root.object(named: "Setup")
    let projectStart = setup?.member(named: "Start")?.value("Time").flatMap(Rational.init(decimal:)) ?? .zero
    let origin = projectStart.checkedMultiply(rate.rational) ?? .zero
    let day = rate.framesPerDay(isDropFrame: isDropFrame)
    var timeline = Timeline(
      name: FileNames.lastComponent(path), rate: rate, isDropFrame: isDropFrame,
      startFrame: start?.frame ?? min(max(0, origin.rounded), day))
    for list in root.children where list.attributes["name"] == "track" {
      for track in list.children {
        if track.attributes["class"] == "MMarkerTrackEvent" {
          timeline.markers += markers(track, origin: origin, startFrame: timeline.startFrame)
        } else {
          drop("the track of kind `\(track.attributes["class"] ?? track.name)` is not carried", track)
        }
      }
    }
    timeline.markers.sort { $0.frame < $1.frame }
    timeline.findings = findings
    timeline.faults = faults.diagnostics
    return timeline
  }

  /// Without a column far into a line: files without line ends would be counted through for every marker.
  private func location(_ element: XMLElement) -> SourceLocation {
    let isNear = element.offset - element.line.bytes.startIndex < 4096
    return element.line.location(in: path, at: isNear ? element.offset : nil)
  }

  private mutating func drop(_ what: String, _ element: XMLElement) {
    guard findings.count < 200 else { return }
    findings.append(Finding(kind: .dropped, what: what, location: location(element)))
  }

  private mutating func fault(_ message: String, _ element: XMLElement) {
    guard !faults.isFull else { return }
    faults.add(
      Diagnostic(
        family: .usage, code: "cut.badMarker", location: location(element), message: message,
        remedy: "Export the tracks again.", excerpt: element.line.text))
  }

  private mutating func markers(_ track: XMLElement, origin: Rational, startFrame: Int64) -> [Marker] {
    guard let node = track.object(named: "Node") else {
      fault("the marker track has no list of events", track)
      return []
    }
    let name = node.value("Name") ?? ""
    let domain = node.member(named: "Domain")
    let isMusical = domain?.value("Type") != "1"
    var tempo: TempoMap?
    if isMusical, let reference = domain?.object(named: "Tempo Track") {
      tempo = tempoMap(reference)
      if tempo == nil {
        fault("the tempo track of `\(name)` is not in the file, so its markers have no time", reference)
        return []
      }
    }
    var result: [Marker] = []
    for event in node.children.first(where: { $0.attributes["name"] == "Events" })?.children ?? [] {
      guard ["MMarkerEvent", "MRangeMarkerEvent"].contains(event.attributes["class"] ?? "") else {
        drop("the event of kind `\(event.attributes["class"] ?? event.name)` is not carried", event)
        continue
      }
      guard let from = event.value("Start").flatMap(Rational.init(decimal:)),
        let length = Rational(decimal: event.value("Length") ?? "0"), let to = from.checkedAdd(length),
        let first = seconds(from, tempo), let last = seconds(to, tempo),
        let at = first.checkedMultiply(rate.rational)?.checkedAdd(origin),
        let end = last.checkedMultiply(rate.rational)?.checkedAdd(origin),
        at.magnitude < Rational(1 << 40), end.magnitude < Rational(1 << 40)
      else {
        fault("the marker has no place that can be read", event)
        continue
      }
      result.append(
        Marker(
          name: event.value("Name") ?? "", comment: name, color: "", frame: at.rounded - startFrame,
          count: max(0, end.rounded - at.rounded), location: location(event)))
    }
    if !result.isEmpty {
      findings.append(
        Finding(
          kind: .approximated,
          what:
            "markers of `\(name)` are moved to the nearest frame and carry the track's name as their comment",
          location: location(track)))
    }
    return result
  }

  private func seconds(_ position: Rational, _ tempo: TempoMap?) -> Rational? {
    tempo.map { $0.seconds(atTick: position) } ?? position
  }

  /// Tempo tracks are written once; later tracks refer to them.
  private mutating func tempoMap(_ element: XMLElement) -> TempoMap? {
    let id = element.attributes["ID"] ?? ""
    if let known = tempos[id] { return known }
    guard let list = element.children.first(where: { $0.attributes["name"] == "TempoEvent" }) else {
      return nil
    }
    var points: [TempoMap.Point] = []
    for event in list.children {
      guard let tick = event.value("PPQ").flatMap(Rational.init(decimal:)),
        let beats = event.value("BPM").flatMap(Rational.init(decimal:)), beats > .zero
      else {
        fault("the tempo has no place or no beats per minute", event)
        continue
      }
      if event.value("Func").map({ $0 != "0" }) == true {
        findings.append(
          Finding(
            kind: .approximated, what: "a tempo that glides is read as one that jumps",
            location: location(event)))
      }
      points.append(TempoMap.Point(tick: tick, beatsPerMinute: beats))
    }
    let map = TempoMap(points)
    tempos[id] = map
    return map
  }
}

/// Seconds of musical positions: a tempo holds until the next.
struct TempoMap: Sendable {
  struct Point: Sendable {
    var tick: Rational
    var beatsPerMinute: Rational
  }

  /// Ticks of a quarter note, in every archive.
  static let ticksPerBeat = Rational(480)

  /// By ascending tick, with the seconds at which each begins.
  private let points: [(point: Point, second: Rational)]

  /// `nil` without points, or with numbers beyond 64 bits.
  init?(_ points: [Point]) {
    var result: [(point: Point, second: Rational)] = []
    for point in points.sorted(by: { $0.tick < $1.tick }) {
      guard let last = result.last else {
        result.append((point, .zero))
        continue
      }
      guard let gone = Self.duration(from: last.point.tick, to: point.tick, last.point.beatsPerMinute),
        let second = last.second.checkedAdd(gone)?.inMicroseconds
      else { return nil }
      result.append((point, second))
    }
    guard !result.isEmpty else { return nil }
    self.points = result
  }

  /// To a microsecond.
  func seconds(atTick tick: Rational) -> Rational? {
    var low = 0
    var high = points.count - 1
    while low < high {
      let middle = (low + high + 1) / 2
      if points[middle].point.tick <= tick { low = middle } else { high = middle - 1 }
    }
    let at = points[low]
    return Self.duration(from: at.point.tick, to: tick, at.point.beatsPerMinute)?
      .checkedAdd(at.second)?.inMicroseconds
  }

  private static func duration(from: Rational, to: Rational, _ beatsPerMinute: Rational) -> Rational? {
    to.checkedSubtract(from)?.checkedDivide(ticksPerBeat)?.checkedMultiply(Rational(60))?
      .checkedDivide(beatsPerMinute)
  }
}

extension Rational {
  /// A decimal number as files print it, to nine places; more are printing noise of binary fractions.
  fileprivate init?(decimal text: String) {
    let isNegative = text.hasPrefix("-")
    let parts = text.drop { $0 == "-" }.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count <= 2, let whole = Int64(parts[0]), whole < 1 << 33 else { return nil }
    var fraction: Int64 = 0
    if parts.count == 2 {
      let digits = parts[1].prefix(9)
      guard parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
      fraction = Int64(digits + String(repeating: "0", count: 9 - digits.count)) ?? 0
    }
    // The tenth digit rounds, so that 0.5739130377… keeps its value.
    if parts.count == 2, let next = parts[1].dropFirst(9).first, next >= "5" { fraction += 1 }
    let value = whole * 1_000_000_000 + fraction
    self.init(isNegative ? -value : value, 1_000_000_000)
  }

  /// Rounded, so that sums of odd tempos stay within 64 bits.
  fileprivate var inMicroseconds: Rational? {
    checkedMultiply(Rational(1_000_000)).map { Rational($0.rounded, 1_000_000) }
  }
}

extension XMLElement {
  /// The value of `<int name="…" value="…"/>` and its like directly inside.
  fileprivate func value(_ name: String) -> String? {
    children.first { $0.attributes["name"] == name && $0.attributes["value"] != nil }?.attributes["value"]
  }

  fileprivate func object(named name: String) -> XMLElement? {
    children.first { $0.name == "obj" && $0.attributes["name"] == name }
  }

  fileprivate func member(named name: String) -> XMLElement? {
    children.first { $0.name == "member" && $0.attributes["name"] == name }
  }
}
