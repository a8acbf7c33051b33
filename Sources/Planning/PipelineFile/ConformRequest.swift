import Delivery
package import Diagnostics
package import Editorial
import ImageGraph

/// A conform asked for on the command line: the pipeline file that a user would otherwise have written.
package struct ConformRequest: Sendable {
  package var cuts: [String]
  package var media: [String]
  package var rate: String?
  package var start: String?
  package var handles: Int
  /// Rules as typed: `REEL=realtime`, `clip:NAME=every-frame`, `file:NAME=…`, `rate:25=…`.
  package var rates: [String]
  /// Relink rules in order of trust; empty takes all.
  package var relink: [String] = []
  /// `metadata`, `file-name`, `file-name:PATTERN`, `folder:NUMBER`, `log`.
  package var reels: [String] = []
  /// `FROM=TO`.
  package var paths: [String] = []
  package var ambiguity: AmbiguityPolicy = .stop
  /// A lock file that exists.
  package var lock: String?
  package var partial: String?
  package var missing: String?
  /// ALE or CSV logs.
  package var logs: [String] = []
  package var raster: String
  package var fit: String
  /// Delivery profile of the output; nil for a report only.
  package var profile: String?
  /// Which of several timelines in the cut's file.
  package var sequence: String?
  /// Whether what cannot be conformed is told and the rest goes on.
  package var isLenient = false
  /// The editor's offline movie, the timecode of its first frame, and parts of it that are left out.
  package var reference: String?
  package var referenceStart: String?
  package var masks: [String] = []

  package init(
    cuts: [String], media: [String], rate: String?, start: String?, handles: Int, raster: String, fit: String,
    profile: String?, rates: [String] = []
  ) {
    self.cuts = cuts
    self.media = media
    self.rate = rate
    self.start = start
    self.handles = handles
    self.raster = raster
    self.fit = fit
    self.profile = profile
    self.rates = rates
  }

  /// The pipeline: editing, and delivery when a profile is given.
  package func pipeline() throws(DiagnosticList) -> Pipeline {
    let folder = FilePaths.current
    func value(_ content: PipelineValue.Content, _ option: String) -> PipelineValue {
      PipelineValue(content: content, location: SourceLocation(file: option), excerpt: nil, folder: folder)
    }
    func scalar(_ text: String, _ option: String) -> PipelineValue { value(.scalar(text), option) }
    func map(_ pairs: [(String, PipelineValue)], _ option: String = "command line") -> PipelineValue {
      value(
        .map(
          pairs.map {
            PipelineValue.Entry(key: $0.0, keyLocation: $0.1.location, keyExcerpt: nil, value: $0.1)
          }), option)
    }
    var timeline: [(String, PipelineValue)] = [
      ("cut", value(.list(cuts.map { scalar($0, "CUT") }), "CUT")),
      ("media", value(.list(media.map { scalar($0, "--media") }), "--media")),
      ("handles", scalar("\(handles)", "--handles")),
    ]
    if !rates.isEmpty {
      let rules = rates.map { rule in
        map(
          RateRules.option(rule).map { ($0.key, scalar($0.value, "--rates \(rule)")) }, "--rates \(rule)")
      }
      timeline.append(("rates", value(.list(rules), "--rates")))
    }
    if !logs.isEmpty { timeline.append(("logs", value(.list(logs.map { scalar($0, "--log") }), "--log"))) }
    timeline += relinkKeys(value, scalar, map)
    if let rate { timeline.append(("rate", scalar(rate, "--rate"))) }
    if let start { timeline.append(("start", scalar(start, "--start"))) }
    if let sequence { timeline.append(("sequence", scalar(sequence, "--sequence"))) }
    if let reference {
      var keys = [("file", scalar(reference, "--reference"))]
      if let referenceStart { keys.append(("start", scalar(referenceStart, "--reference-start"))) }
      if !masks.isEmpty { keys.append(("masks", value(.list(masks.map { scalar($0, "--mask") }), "--mask"))) }
      timeline.append(("reference", map(keys, "--reference")))
    }
    var stages: [(String, PipelineValue)] = [
      ("edit", map([("kind", scalar("editing", "command line")), ("fit", scalar(fit, "--fit"))]))
    ]
    if let profile {
      var delivery = [
        ("kind", scalar("delivery", "command line")), ("picture", scalar("edit", "command line")),
        ("profile", scalar(profile, "--profile")),
      ]
      // A cut without sound gets silence, so that the file is what the profile says.
      let context = LoadingContext(pipelineFolder: folder)
      let sounds =
        DeliveryProfiles.load(
          profile, value: scalar(profile, "--profile"), context: context, findings: Findings())?.sounds ?? []
      if !sounds.isEmpty {
        var layouts: [String] = []
        for sound in sounds where !layouts.contains(sound.layout) { layouts.append(sound.layout) }
        stages.append(
          (
            "mix",
            map([
              ("kind", scalar("sound-mix", "command line")), ("sound", scalar("edit", "command line")),
              ("layouts", value(.list(layouts.map { scalar($0, "--profile") }), "--profile")),
            ])
          ))
        delivery.append(("sound", scalar("mix", "command line")))
      }
      stages.append(("output", map(delivery)))
    }
    let root = map([
      ("interlock", scalar("1", "command line")), ("programme", scalar("conform", "command line")),
      ("timeline", map(timeline)), ("raster", scalar(raster, "--raster")), ("stages", map(stages)),
    ])
    var pipeline = try PipelineLoader.check(root, path: cuts.first ?? "CUT", folder: folder)
    pipeline.timeline.isLenient = isLenient && profile == nil
    return pipeline
  }

  /// What is asked for besides the defaults, as a pipeline file writes it.
  private func relinkKeys(
    _ value: (PipelineValue.Content, String) -> PipelineValue, _ scalar: (String, String) -> PipelineValue,
    _ map: ([(String, PipelineValue)], String) -> PipelineValue
  ) -> [(String, PipelineValue)] {
    var keys: [(String, PipelineValue)] = []
    func list(_ key: String, _ values: [PipelineValue], _ option: String) {
      if !values.isEmpty { keys.append((key, value(.list(values), option))) }
    }
    list("relink", relink.map { scalar($0, "--relink") }, "--relink")
    list(
      "reels",
      reels.map { text in
        let option = "--reels \(text)"
        guard let mark = text.firstIndex(of: ":") else { return scalar(text, option) }
        return map(
          [(String(text[..<mark]), scalar(String(text[text.index(after: mark)...]), option))], option)
      }, "--reels")
    list(
      "paths",
      paths.map { text in
        let option = "--paths \(text)"
        guard let mark = text.firstIndex(of: "=") else {
          return map([("from", scalar(text, option))], option)
        }
        return map(
          [
            ("from", scalar(String(text[..<mark]), option)),
            ("to", scalar(String(text[text.index(after: mark)...]), option)),
          ], option)
      }, "--paths")
    if ambiguity != .stop { keys.append(("ambiguity", scalar(ambiguity.rawValue, "--strict"))) }
    for (key, text) in [("lock", lock), ("partial", partial), ("missing", missing)] {
      if let text { keys.append((key, scalar(text, "--\(key)"))) }
    }
    return keys
  }
}
