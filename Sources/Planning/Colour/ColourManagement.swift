import Diagnostics
import Digests
import Editorial
import ImageGraph
import TaskKinds

/// What the numbers of a programme mean: `colour:` of a pipeline file.
package struct ColourManagement: Sendable {
  static let keys: [KeySpec] = [
    KeySpec(
      "config", .text, isRequired: true, "aces, which comes with the program, or an OpenColorIO config"),
    KeySpec(
      "working", .text,
      "the colour space in which shots are graded, mixed and titled; the config's role color_timing without it"
    ),
    KeySpec(
      "inputs", .list(InputRule.keys),
      "of which space media is, the first rule that fits; what none fits goes by its tags"),
    KeySpec(
      "context", .names([]),
      "variables of the config, where {shot}, {event} and {reel} stand for those of each shot"),
    KeySpec(
      "viewing", .mapping(ColourOutput.keys),
      "how contact sheets and scopes show pictures; the config's first display and view without it"),
  ]

  let outline: ConfigOutline
  let files: ConfigFiles
  /// As the pipeline names it.
  let name: String
  let working: String
  let inputs: [InputRule]
  let context: [String: String]
  let viewing: ColourOutput?

  init?(_ value: PipelineValue, findings: Findings) {
    let reader = KeyReader(value, keys: Self.keys, owner: "`colour`", findings: findings)
    guard let text = reader.text("config"), let config = reader["config"] else { return nil }
    name = text
    do {
      if text == "aces" {
        files = .shipped
        outline = try ConfigOutline(
          String(decoding: PackageResources.aces_ocio, as: UTF8.self), file: "the shipped config aces")
      } else {
        if FilePaths.fileExtension(of: text) == "ocioz" {
          findings.add(
            config.error(
              "colour.archive", "OpenColorIO 2.1 does not read archives such as `\(text)`",
              remedy: "Unpack it (it is a ZIP file) and name its config.ocio."))
          return nil
        }
        guard
          let file = PipelineLoader.inputFiles(reader.paths("config"), what: "the config", findings: findings)
            .first
        else { return nil }
        outline = try ConfigOutline(String(decoding: file.bytes, as: UTF8.self), file: text)
        guard let read = ConfigFiles(file, outline: outline, value: config, findings: findings) else {
          return nil
        }
        files = read
      }
    } catch {
      for diagnostic in error.diagnostics { findings.add(diagnostic) }
      return nil
    }
    let known = outline
    inputs = reader["inputs"].map { InputRule.read($0, outline: known, findings: findings) } ?? []
    var context: [String: String] = [:]
    for entry in reader.entries("context") { context[entry.key] = entry.value.scalar ?? "" }
    self.context = context
    viewing =
      reader["viewing"].flatMap {
        ColourOutput.read($0, outline: known, owner: "`viewing`", findings: findings)
      }
      ?? known.displays.first.flatMap { display in
        display.views.first.map {
          ColourOutput(
            kind: .view(
              display: display.name, view: $0.name, space: $0.space.flatMap { known.space($0)?.name }))
        }
      }
    if let value = reader["working"] {
      guard let space = outline.space(of: value, named: "working", findings: findings) else { return nil }
      working = space
    } else if let space = outline.space("color_timing") {
      working = space.name
    } else {
      findings.add(
        value.error(
          "colour.noWorkingSpace", "the config has no role color_timing, and `working` is not given",
          remedy: "Say in which colour space shots are graded, for instance a camera's log space."))
      return nil
    }
  }

  /// The space of a file's pictures; nil where neither a rule nor its tags tell.
  func space(of facts: MediaFacts, reels: [String]) -> String? {
    if let rule = inputs.first(where: { $0.fits(facts, reels: reels) }) { return rule.space }
    return InputRule.ofTags.lazy.filter { $0.fits(facts, reels: reels) }
      .compactMap { self.outline.space($0.space)?.name }.first
  }

  /// The context of a shot.
  func variables(shot: String, event: String, reel: String) -> [String: String] {
    context.mapValues { text in
      var text = text
      for (place, value) in [("{shot}", shot), ("{event}", event), ("{reel}", reel)] {
        var parts = ""
        var rest = text[...]
        while let found = rest.firstRange(of: place) {
          parts += rest[..<found.lowerBound] + value
          rest = rest[found.upperBound...]
        }
        text = parts + rest
      }
      return text
    }
  }

  /// The space of scene-linear light for pictures of a space; nil where they are light, or nothing says what light is.
  func light(of name: String) -> String? {
    guard let light = outline.space("scene_linear"), let space = outline.space(name),
      light.name != space.name,
      space.encoding != "scene-linear"
    else { return nil }
    return light.name
  }

  /// The space in which comps are made: scene-linear light, in the config's role or as the working space; nil where
  /// neither is light.
  var compositing: String? {
    if let light = outline.space("scene_linear") { return light.name }
    return isLight(working) ? working : nil
  }

  func isLight(_ name: String) -> Bool { outline.space(name)?.encoding == "scene-linear" }

  /// The steps from no light to a space; none where it is light itself, or nothing says what light is.
  func black(in name: String) -> [ColourStep] {
    guard let light = outline.space("scene_linear"), let space = outline.space(name),
      light.name != space.name,
      space.encoding != "scene-linear", !space.isData
    else { return [] }
    return [.convert(from: light.name, to: space.name)]
  }
}
