import Drawing
import ImageGraph
import TaskKinds
import Titling

/// Sets the lines of a card one below the other and places the block in the safe area.
struct CardTypesetter {
  let page: Page

  func typeset(_ card: TitleCard) throws -> TypesetTask.Typeset {
    let safe = page.safe
    let alignment = card.anchor.alignment
    var lines: [(line: TitleCard.Line, text: TypesetText, top: Double)] = []
    var bottom = 0.0
    for line in card.lines {
      let text = try page.text(
        line.text, line.style, language: line.language, alignment: alignment, width: safe.width,
        location: line.location)
      // Lines follow by their ink, with a gap of their own size: the blank that fonts carry differs too much.
      let gap = lines.isEmpty ? 0 : max(2 * page.unit, 0.9 * line.style.size * page.unit)
      lines.append((line, text, bottom + gap))
      bottom += gap + text.ink.height
    }
    guard bottom <= safe.height else {
      page.fault(
        "titles.tooHigh", card.lines.first?.location,
        "card `\(card.name)` is \(Int(bottom.rounded(.up))) pixels high, and the safe area has "
          + "\(Int(safe.height))", "Use fewer lines or smaller type.")
      return TypesetTask.Typeset(pictures: [], height: 0)
    }
    let top = card.anchor.top(of: bottom, in: safe)
    let placed = lines.map { line in
      Placed.text(
        line.text, x: alignment.left(of: line.text.ink, in: safe),
        y: (top + line.top - line.text.ink.y).rounded())
    }
    let boxes = zip(card.lines, placed).map {
      TypesetTask.Box(.text, $0.text, location: $0.location, $1)
    }
    guard let picture = try page.picture(placed) else {
      return TypesetTask.Typeset(pictures: [], boxes: boxes, height: 0)
    }
    return TypesetTask.Typeset(pictures: [picture], boxes: boxes, height: picture.image.raster.height)
  }
}

extension TextStyle.Alignment {
  /// Where a text has to stand for its ink to lie at that side of a place.
  func left(of ink: DrawingRectangle, in place: DrawingRectangle) -> Double {
    switch self {
    case .left: place.x - ink.x
    case .centre: place.x + (place.width - ink.width) / 2 - ink.x
    case .right: place.x + place.width - ink.width - ink.x
    }
  }
}

extension TitleCard.Anchor {
  fileprivate var alignment: TextStyle.Alignment {
    switch self {
    case .centre, .top, .bottom: .centre
    case .left, .topLeft, .bottomLeft, .lowerThird: .left
    case .right, .topRight, .bottomRight: .right
    }
  }

  fileprivate func top(of height: Double, in safe: DrawingRectangle) -> Double {
    let lowest = safe.y + safe.height - height
    switch self {
    case .top, .topLeft, .topRight: return safe.y
    case .bottom, .bottomLeft, .bottomRight: return lowest
    case .centre, .left, .right: return safe.y + (safe.height - height) / 2
    case .lowerThird:
      // The safe area lies in the middle of the picture.
      let middle = (2 * safe.y + safe.height) * 5 / 6
      return min(lowest, middle - height / 2)
    }
  }
}
