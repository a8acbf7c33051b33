import Digests
import Titling

extension TypesetTask.Request {
  /// What is drawn, e.g. `card main “THE FILM”`: the name of the drawing in explanations.
  package var words: String {
    switch self {
    case .card(let card): "card \(card.name) \(Self.quoted(card))"
    case .credits(let credits): "credits, \(credits.blocks.reduce(0) { $0 + $1.entries.count }) names"
    case .glyphs: "numbers"
    case .strip(let strip): "label \(Self.quoted(strip))"
    case .watermark(let name, _): "watermark “\(name)”"
    }
  }

  /// Its group among the ingredients of a task, and what is in it.
  func words(at index: Int) -> (group: String, facts: [(String, String)]) {
    switch self {
    case .card(let card):
      let lines = card.lines.enumerated().map { line in
        ("line \(line.offset + 1)", "“\(line.element.text)”")
      }
      return ("card \(card.name)", [("anchor", card.anchor.rawValue)] + lines)
    case .credits(let credits):
      return (
        "credits",
        credits.blocks.enumerated().map { number, block in
          let names = block.entries.map { $0.role.isEmpty ? $0.name : "\($0.role): \($0.name)" }
          let heading = block.heading.isEmpty ? "" : " \(block.heading)"
          return ("block \(number + 1)\(heading)", names.joined(separator: "; "))
        }
      )
    case .glyphs(let alphabet): return ("numbers", [("alphabet", alphabet)])
    case .strip(let strip): return ("text \(index + 1)", [("label", Self.quoted(strip))])
    case .watermark(let name, let line): return ("watermark", [("name", name), ("line", line)])
    }
  }

  private static func quoted(_ card: TitleCard) -> String {
    "“\(card.lines.map(\.text).joined(separator: " / "))”"
  }

  private static func quoted(_ strip: BurnInStrip) -> String {
    let texts = strip.items.compactMap { item in if case .text(let text) = item { text } else { nil } }
    return "“\(texts.joined(separator: " "))”"
  }
}
