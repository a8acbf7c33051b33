import Diagnostics
import Editorial

/// Says of which colour space the numbers of some media are.
struct InputRule: Sendable {
  static let keys: [KeySpec] = [
    KeySpec("space", .text, isRequired: true, "the colour space of what fits all of the other keys"),
    KeySpec("reel", .text, "source reel; * stands for any characters"),
    KeySpec("file", .text, "file name; * stands for any characters"),
    KeySpec("codec", .text, "codec by FFmpeg's name, such as prores"),
    KeySpec("transfer", .text, "transfer characteristic of the file's tags by FFmpeg's name, such as bt709"),
    KeySpec("primaries", .text, "primaries of the file's tags by FFmpeg's name, such as bt2020"),
    KeySpec("tags", .names([]), "metadata of the file by name; * in a value stands for any characters"),
  ]

  var space: String
  var reel: String?
  var file: String?
  var codec: String?
  var transfer: String?
  var primaries: String?
  var tags: [String: String] = [:]

  func fits(_ facts: MediaFacts, reels: [String]) -> Bool {
    guard let video = facts.video else { return false }
    func fits(_ pattern: String?, _ names: [String]) -> Bool {
      pattern.map { pattern in names.contains { Self.isName($0, of: pattern) } } ?? true
    }
    return fits(reel, reels) && fits(file, [facts.fileName]) && fits(codec, [video.codec])
      && fits(transfer, [video.transfer]) && fits(primaries, [video.primaries])
      && tags.allSatisfy { name, pattern in facts.tags[name].map { fits(pattern, [$0]) } ?? false }
  }

  /// `*` stands for any characters; upper and lower case are one.
  private static func isName(_ name: String, of pattern: String) -> Bool {
    let parts = pattern.lowercased().split(separator: "*", omittingEmptySubsequences: false)
    guard parts.count > 1 else { return name.lowercased() == pattern.lowercased() }
    var rest = name.lowercased()[...]
    for (index, part) in parts.enumerated() where !part.isEmpty {
      switch index {
      case 0:
        guard rest.hasPrefix(part) else { return false }
        rest = rest.dropFirst(part.count)
      case parts.count - 1: return rest.hasSuffix(part)
      default:
        guard let found = rest.firstRange(of: part) else { return false }
        rest = rest[found.upperBound...]
      }
    }
    return true
  }

  /// What tags mean where no rule of the pipeline fits; names that a config lacks are passed over.
  ///
  /// Video is taken as scene light by the curve of its standard. Source: ITU-T H.273, tables 2 and 3.
  static let ofTags: [InputRule] =
    [
      InputRule(space: "Rec.2100-PQ - Video", transfer: "smpte2084", primaries: "bt2020"),
      InputRule(space: "ST2084-P3-D65 - Video", transfer: "smpte2084", primaries: "smpte432"),
      InputRule(space: "Rec.2100-HLG - Video", transfer: "arib-std-b67", primaries: "bt2020"),
      InputRule(space: "sRGB - Texture", transfer: "iec61966-2-1", primaries: "bt709"),
      InputRule(space: "Linear Rec.709", transfer: "linear", primaries: "bt709"),
      InputRule(space: "Linear Rec.2020", transfer: "linear", primaries: "bt2020"),
      InputRule(space: "ACES2065-1", transfer: "linear", primaries: "ap0"),
      InputRule(space: "ACEScg", transfer: "linear", primaries: "ap1"),
      InputRule(space: "Apple Log", tags: ["com.apple.quicktime.camera.log": "*"]),
      InputRule(space: "V-Log V-Gamut", tags: ["com.apple.proapps.customgamma": "*vlog*"]),
      InputRule(space: "CanonLog3 CinemaGamut", tags: ["com.apple.proapps.customgamma": "*canon.log3*"]),
      InputRule(space: "CanonLog2 CinemaGamut", tags: ["com.apple.proapps.customgamma": "*canon.log2*"]),
      InputRule(space: "S-Log3 S-Gamut3.Cine", tags: ["com.apple.proapps.customgamma": "*slog3*cine*"]),
      InputRule(space: "S-Log3 S-Gamut3", tags: ["com.apple.proapps.customgamma": "*slog3*"]),
      InputRule(space: "ARRI LogC4", tags: ["com.apple.proapps.customgamma": "*arri*logc4*"]),
      InputRule(space: "ARRI LogC3 (EI800)", tags: ["com.apple.proapps.customgamma": "*arri*logc*"]),
      InputRule(space: "Camera Rec.709", transfer: "bt709", primaries: "bt709"),
      InputRule(space: "Camera Rec.709", transfer: "smpte170m", primaries: "bt709"),
    ].sorted { $0.tags.count > $1.tags.count }

  static func read(_ value: PipelineValue, outline: ConfigOutline?, findings: Findings) -> [InputRule] {
    guard case .list(let values) = value.content else {
      findings.add(
        value.error(
          "pipeline.notAList", "`inputs` must be a list of rules",
          remedy: "For instance: inputs: [{reel: A*, space: ARRI LogC3 (EI800)}]"))
      return []
    }
    return values.compactMap { value in
      let reader = KeyReader(value, keys: keys, owner: "a rule of `inputs`", findings: findings)
      var rule = InputRule(
        space: "", reel: reader.text("reel"), file: reader.text("file"), codec: reader.text("codec"),
        transfer: reader.text("transfer"), primaries: reader.text("primaries"))
      for entry in reader.entries("tags") { rule.tags[entry.key] = entry.value.scalar ?? "" }
      guard
        let space = reader["space"].flatMap({ outline?.space(of: $0, named: "space", findings: findings) })
      else { return nil }
      rule.space = space
      return rule
    }
  }
}

extension ConfigOutline {
  /// The space that a value names, as the config spells it; reports names the config does not have.
  func space(of value: PipelineValue, named key: String, findings: Findings) -> String? {
    guard let text = value.scalar else {
      findings.add(value.error("pipeline.notAText", "`\(key)` must be the name of a colour space"))
      return nil
    }
    if let space = space(text) { return space.name }
    let suggestion = nearest(text, among: spaceNames).map { "Did you mean `\($0)`?" }
    findings.add(
      value.error(
        "colour.unknownSpace", "the config has no colour space `\(text)`",
        remedy: suggestion ?? "It has \(spaces.prefix(12).map(\.name).joined(separator: ", "))."))
    return nil
  }
}
