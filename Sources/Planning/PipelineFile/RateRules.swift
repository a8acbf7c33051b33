import Editorial
import MediaTime

/// Reads `timeline: rates:`.
enum RateRules {
  static let keys: [KeySpec] = [
    KeySpec(
      "as", .choice(RateReading.allCases.map(\.rawValue)), isRequired: true,
      "realtime: the motion keeps its speed; every-frame: each frame of the media is one of the timeline"),
    KeySpec("reel", .text, "the rule is for this source reel; * stands for any characters"),
    KeySpec("clip", .text, "the rule is for clips or shots of this name; * stands for any characters"),
    KeySpec("file", .text, "the rule is for files of this name; * stands for any characters"),
    KeySpec("rate", .rate, "the rule is for media of this frame rate"),
  ]

  private static let conditions = ["reel", "clip", "file", "rate"]

  static func read(_ value: PipelineValue, findings: Findings) -> [RateRule] {
    guard case .list(let values) = value.content else {
      findings.add(
        value.error(
          "pipeline.notAList", "`rates` must be a list of rules",
          remedy: "For instance: rates: [{reel: F001*, as: realtime}]"))
      return []
    }
    return values.compactMap { value in
      let reader = KeyReader(value, keys: keys, owner: "a rule of `rates`", findings: findings)
      if value.entries != nil, !conditions.contains(where: { reader[$0] != nil }) {
        findings.add(
          value.error(
            "pipeline.unboundRule", "the rule does not say which media it is for",
            remedy: "Give it \(conditions.joined(separator: ", ")) or several of them; `reel: \"*\"` is all.")
        )
      }
      guard let reading = reader.choice("as", of: RateReading.self) else { return nil }
      return RateRule(
        reel: reader.text("reel"), clip: reader.text("clip"), file: reader.text("file"),
        rate: reader.rate("rate"), as: reading, location: value.location)
    }
  }

  /// The keys of a rule as `--rates` writes it: `REEL=realtime`, `rate:25=every-frame`.
  static func option(_ text: String) -> [(key: String, value: String)] {
    let mark = text.lastIndex(of: "=")
    var name = String(text[..<(mark ?? text.endIndex)])
    var condition = "reel"
    for key in conditions where name.hasPrefix(key + ":") {
      condition = key
      name = String(name.dropFirst(key.count + 1))
      break
    }
    return [(condition, name)] + (mark.map { [("as", String(text[text.index(after: $0)...]))] } ?? [])
  }
}
