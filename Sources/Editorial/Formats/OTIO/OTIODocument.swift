import Diagnostics
import MediaTime

/// An OpenTimelineIO file: its timelines, not yet at a rate.
///
/// Source: OpenTimelineIO, schema documentation of release 0.18.
struct OTIODocument: CutDocument {
  let path: String
  /// Their names as they are chosen by; two of one name are told apart by a number.
  let sequences: [String]
  /// `Timeline` objects, and stacks and tracks that stand for one.
  private let timelines: [JSONValue]
  private let bytes: [UInt8]
  private let roundedNumbers: [SourceLocation]

  /// - Throws: faults of the JSON and of the outermost object.
  static func read(path: String, bytes: [UInt8]) throws(DiagnosticList) -> OTIODocument {
    let (value, rounded) = try JSONReader.readNotingRounding(path: path, bytes: bytes)
    let timelines = timelines(in: value, depth: 0)
    guard !timelines.isEmpty else {
      let schema = value["OTIO_SCHEMA"]?.string
      throw DiagnosticList([
        Diagnostic(
          family: .usage, code: "cut.noTimeline", location: value.location(in: path),
          message: "the file holds no timeline, but "
            + (schema.map { "a `\($0)`" } ?? "an object without `OTIO_SCHEMA`"),
          remedy: "Export one timeline.",
          excerpt: SourceExcerpts(bytes).line(Int(value.line)))
      ])
    }
    return OTIODocument(
      path: path, sequences: names(of: timelines), timelines: timelines, bytes: bytes, roundedNumbers: rounded
    )
  }

  private static func timelines(in value: JSONValue, depth: Int) -> [JSONValue] {
    switch value.schema {
    case "Timeline": [value]
    case "Stack", "Track", "Sequence": depth == 0 ? [value] : []
    case "SerializableCollection", "SerializeableCollection":
      depth < 8 ? (value["children"]?.array ?? []).flatMap { timelines(in: $0, depth: depth + 1) } : []
    default: []
    }
  }

  private static func names(of timelines: [JSONValue]) -> [String] {
    var uses: [String: Int] = [:]
    return timelines.map { timeline in
      let name = timeline["name"]?.string ?? ""
      guard timelines.count > 1 else { return name }
      let shown = name.isEmpty ? "timeline" : name
      uses[shown, default: 0] += 1
      let use = uses[shown] ?? 1
      return use == 1 && !name.isEmpty ? name : "\(shown) \(use)"
    }
  }

  /// Of the only timeline, or of all of them where they agree.
  var declaredRate: FrameRate? {
    let rates = timelines.map(Self.rate(of:))
    return rates.dropFirst().allSatisfy { $0 == rates[0] } ? rates[0] : nil
  }

  /// The rate that this program wrote, else that of the global start, else of the first range found on a picture
  /// track, else on any.
  private static func rate(of timeline: JSONValue) -> FrameRate? {
    if let text = timeline["metadata"]?["interlock"]?["rate"]?.string,
      let rate = try? FrameRate(parsing: text)
    {
      return rate
    }
    func rate(_ time: JSONValue?) -> FrameRate? {
      // A start of nothing at one frame a second is how the library writes "none".
      guard let time, let decimal = time["rate"]?.double, decimal > 1 || time["value"]?.double != 0 else {
        return nil
      }
      return FrameRate(decimal: decimal)
    }
    if let rate = rate(timeline["global_start_time"]) { return rate }
    let tracks = timeline["tracks"]?["children"]?.array ?? timeline["children"]?.array ?? []
    let picture = tracks.filter { $0["kind"]?.string != "Audio" }
    for track in picture + tracks {
      for item in [track] + (track["children"]?.array ?? []) {
        let range = item["source_range"] ?? item.mediaReference?["available_range"]
        if let rate = rate(range?["duration"]) { return rate }
      }
    }
    return nil
  }

  func timeline(sequence: String?, rate: FrameRate?, start: Timecode?) throws(DiagnosticList) -> Timeline {
    let root = try chosen(sequence)
    let declared = Self.rate(of: root)
    guard let rate = rate ?? declared else {
      throw fault(
        "cut.noRate", root, "the timeline does not say a frame rate that this program knows",
        "Give the rate, for instance 24000/1001.")
    }
    guard root.schema != "Timeline" || root["tracks"] != nil else {
      throw fault("cut.noEvents", root, "the timeline has no tracks", "Export the timeline again.")
    }
    var reader = OTIOReader(path: path, rate: rate)
    var timeline = reader.timeline(root, start: start)
    reader.notes.noteRates(read: rate, declared: declared, root.location(in: path))
    for location in roundedNumbers { reader.notes.note(.roundedNumber, location) }
    timeline.findings = reader.notes.findings
    timeline.faults = SourceExcerpts(bytes).added(to: reader.faults.diagnostics)
    return timeline
  }

  private func chosen(_ sequence: String?) throws(DiagnosticList) -> JSONValue {
    let list = sequences.prefix(20).map { "`\($0)`" }.joined(separator: ", ")
    let all = list + (sequences.count > 20 ? " and \(sequences.count - 20) more" : "")
    guard let sequence else {
      guard timelines.count == 1 else {
        throw fault(
          "cut.severalTimelines", timelines[1], "the file holds \(timelines.count) timelines: \(all)",
          "Name the one that is meant with --sequence.")
      }
      return timelines[0]
    }
    guard let index = sequences.firstIndex(of: sequence) else {
      let similar = nearest(sequence, among: sequences).map { " Did you mean `\($0)`?" } ?? ""
      throw fault(
        "cut.noSequence", timelines[0], "the file has no timeline `\(sequence)`; it holds \(all)",
        "Name one of them with --sequence." + similar)
    }
    return timelines[index]
  }

  private func fault(_ code: String, _ value: JSONValue, _ message: String, _ remedy: String)
    -> DiagnosticList
  {
    DiagnosticList([
      Diagnostic(
        family: .usage, code: code, location: value.location(in: path), message: message, remedy: remedy,
        excerpt: SourceExcerpts(bytes).line(Int(value.line)))
    ])
  }
}

extension JSONValue {
  /// Name of the schema without its version, e.g. `Clip`.
  var schema: String {
    guard let text = self["OTIO_SCHEMA"]?.string else { return "" }
    return String(text[..<(text.firstIndex(of: ".") ?? text.endIndex)])
  }

  /// The key of the active media reference of a clip.
  var mediaKey: String { self["active_media_reference_key"]?.string ?? "DEFAULT_MEDIA" }

  /// The active media reference of a clip, of the current and the older schema.
  var mediaReference: JSONValue? {
    if let references = self["media_references"] { return references[mediaKey] }
    return self["media_reference"]
  }

  /// The object's name, for messages.
  var title: String {
    if let name = self["name"]?.string, !name.isEmpty { return name }
    return schema
  }
}

/// The lines of a file that its faults lie in.
struct SourceExcerpts {
  private let bytes: [UInt8]

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// Longer lines are no help to a reader.
  private static let longest = 4096

  func line(_ number: Int) -> String? { lines([number])[number] }

  /// The same faults with the lines that they name.
  func added(to faults: [Diagnostic]) -> [Diagnostic] {
    let lines = lines(Set(faults.compactMap { $0.location?.line }))
    return faults.map { fault in
      var fault = fault
      if fault.excerpt == nil { fault.excerpt = fault.location?.line.flatMap { lines[$0] } }
      return fault
    }
  }

  private func lines(_ wanted: Set<Int>) -> [Int: String] {
    guard let last = wanted.max() else { return [:] }
    var found: [Int: String] = [:]
    var number = 1
    var start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    while number <= last, start <= bytes.count {
      let end = bytes[start...].firstIndex(of: 0x0A) ?? bytes.count
      if wanted.contains(number), end - start <= Self.longest {
        let isPair = end > start && bytes[end - 1] == 0x0D
        found[number] = TextLine.decode(bytes[start..<(isPair ? end - 1 : end)])
      }
      number += 1
      start = end + 1
    }
    return found
  }
}
