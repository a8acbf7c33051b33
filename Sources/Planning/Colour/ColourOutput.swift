import Diagnostics
import ImageGraph

/// What a deliverable's values are: those of a display through a view, or of a colour space.
struct ColourOutput: Sendable, Hashable {
  static let keys: [KeySpec] = [
    KeySpec("display", .text, "a display of the config"),
    KeySpec("view", .text, "a view of that display; its first one without it"),
    KeySpec("space", .text, "a colour space of the config, instead of display and view"),
    KeySpec(
      "graphic-white", .integer(1...10_000),
      "cd/m² of white titles and burn-ins; 203 without it where the display is HDR, else 100"),
  ]

  enum Kind: Hashable, Sendable {
    /// `space` is the one of the display.
    case view(display: String, view: String, space: String?)
    case space(String)
  }

  var kind: Kind
  var graphicWhite: Int?

  /// The space of the values; nil where a view does not tell.
  var space: String? {
    switch kind {
    case .view(_, _, let space): space
    case .space(let name): name
    }
  }

  /// Reports names that the config does not have.
  static func read(_ value: PipelineValue, outline: ConfigOutline, owner: String, findings: Findings)
    -> ColourOutput?
  {
    let reader = KeyReader(value, keys: keys, owner: owner, findings: findings)
    let white = reader.integer("graphic-white", in: 1...10_000)
    if let space = reader["space"] {
      for key in ["display", "view"] where reader[key] != nil {
        findings.add(
          space.error(
            "colour.twoOutputs", "\(owner) has `space` and `\(key)`",
            remedy: "Give a space, or display and view."))
      }
      return outline.space(of: space, named: "space", findings: findings)
        .map { ColourOutput(kind: .space($0), graphicWhite: white) }
    }
    guard let text = reader.text("display"), let display = reader["display"] else {
      findings.add(
        value.error(
          "colour.noOutput", "\(owner) has neither `display` nor `space`",
          remedy: "The displays are \(outline.displays.map(\.name).joined(separator: ", "))."))
      return nil
    }
    guard let views = outline.displays.first(where: { $0.name == text })?.views, let first = views.first
    else {
      let names = outline.displays.map(\.name)
      let suggestion = nearest(text, among: names).map { "Did you mean `\($0)`?" }
      findings.add(
        display.error(
          "colour.unknownDisplay", "the config has no display `\(text)`",
          remedy: suggestion ?? "It has \(names.joined(separator: ", "))."))
      return nil
    }
    var view = first
    if let name = reader.text("view"), let value = reader["view"] {
      guard let named = views.first(where: { $0.name == name }) else {
        let suggestion = nearest(name, among: views.map(\.name)).map { "Did you mean `\($0)`?" }
        findings.add(
          value.error(
            "colour.unknownView", "display `\(text)` has no view `\(name)`",
            remedy: suggestion ?? "It has \(views.map(\.name).joined(separator: ", "))."))
        return nil
      }
      view = named
    }
    let space = view.space.map { outline.space($0)?.name ?? $0 }
    return ColourOutput(
      kind: .view(display: text, view: view.name, space: space), graphicWhite: white)
  }

  /// The steps from a space of the programme to the values; none where they are there already.
  func steps(from space: String) -> [ColourStep] {
    switch kind {
    case .view(let display, let view, let own):
      own == space ? [] : [.view(from: space, display: display, view: view)]
    case .space(let name): name == space ? [] : [.convert(from: space, to: name)]
    }
  }

  var words: String {
    switch kind {
    case .view(let display, let view, _): "\(display), \(view)"
    case .space(let name): name
    }
  }
}
