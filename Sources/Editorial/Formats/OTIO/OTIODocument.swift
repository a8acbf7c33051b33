import Diagnostics
import MediaTime

/// An OpenTimelineIO file: the timeline object, not yet at a rate.
///
/// Source: OpenTimelineIO, schema documentation of release 0.18.
struct OTIODocument: CutDocument {
  let path: String
  let root: JSONValue
  let declaredRate: FrameRate?

  /// - Throws: faults of the JSON and of the outermost object.
  static func read(path: String, bytes: [UInt8]) throws(DiagnosticList) -> OTIODocument {
    let value = try JSONReader.read(path: path, bytes: bytes)
    let timelines = timelines(in: value, depth: 0)
    guard let root = timelines.first, timelines.count == 1 else {
      let schema = value["OTIO_SCHEMA"]?.string
      let message =
        timelines.count > 1
        ? "the file holds \(timelines.count) timelines"
        : "the file holds no timeline, but \(schema.map { "a `\($0)`" } ?? "an object without `OTIO_SCHEMA`")"
      throw DiagnosticList([
        Diagnostic(
          family: .usage, code: "cut.noTimeline", location: value.location(in: path), message: message,
          remedy: "Export one timeline.")
      ])
    }
    return OTIODocument(path: path, root: root, declaredRate: rate(of: root))
  }

  private static func timelines(in value: JSONValue, depth: Int) -> [JSONValue] {
    switch value.schema {
    case "Timeline": [value]
    case "SerializableCollection" where depth < 8:
      (value["children"]?.array ?? []).flatMap { timelines(in: $0, depth: depth + 1) }
    default: []
    }
  }

  /// The rate of the global start, else of the first range found on a picture track, else on any.
  private static func rate(of timeline: JSONValue) -> FrameRate? {
    if let rate = timeline["global_start_time"]?["rate"]?.double.flatMap(FrameRate.init(decimal:)) {
      return rate
    }
    let tracks = timeline["tracks"]?["children"]?.array ?? []
    let picture = tracks.filter { $0["kind"]?.string != "Audio" }
    for track in picture + tracks {
      for item in track["children"]?.array ?? [] {
        let range = item["source_range"] ?? item.mediaReference?["available_range"]
        if let rate = range?["duration"]?["rate"]?.double.flatMap(FrameRate.init(decimal:)) { return rate }
      }
    }
    return nil
  }

  var sequences: [String] { [root["name"]?.string ?? ""] }

  /// - Throws: every fault at once.
  func timeline(sequence: String?, rate: FrameRate?, start: Timecode?) throws(DiagnosticList) -> Timeline {
    guard let rate = rate ?? declaredRate else {
      throw DiagnosticList([
        Diagnostic(
          family: .usage, code: "cut.noRate", location: root.location(in: path),
          message: "the timeline does not say a frame rate that this program knows",
          remedy: "Give the rate, for instance 24000/1001.")
      ])
    }
    var builder = OTIOTimelineBuilder(path: path, rate: rate, start: start)
    let timeline = builder.build(root, declaredRate: declaredRate)
    try builder.faults.throwIfAny()
    return timeline
  }
}

extension JSONValue {
  /// Name of the schema without its version, e.g. `Clip`.
  var schema: String {
    guard let text = self["OTIO_SCHEMA"]?.string else { return "" }
    return String(text[..<(text.firstIndex(of: ".") ?? text.endIndex)])
  }

  /// The active media reference of a clip, of the current and the older schema.
  var mediaReference: JSONValue? {
    if let references = self["media_references"] {
      return references[self["active_media_reference_key"]?.string ?? "DEFAULT_MEDIA"]
    }
    return self["media_reference"]
  }
}
