import Diagnostics
import Drawing
import ImageGraph
import TaskKinds
import Titling

/// Sets end credits from top to bottom, and draws them in tiles of few rows.
///
/// A tile never spans two blocks, so that a changed name leaves all tiles but its own as they were.
struct CreditsTypesetter {
  /// Rows that are drawn together, if their tile does not become too high.
  private struct Row {
    var placed: [Placed] = []
    var block: Int
  }

  private let page: Page
  private let unit: Double
  private var rows: [Row] = []
  private var boxes: [TypesetTask.Box] = []
  /// Height so far, in whole pixels; shadows have room above and below.
  private var y: Double

  init(page: Page) {
    self.page = page
    unit = page.unit
    y = page.shadowMargin
  }

  private static let heading = LineStyle(
    size: 1.9, isBold: true, tracking: 0.3, colour: 0x9C9C9C, isUppercase: true)
  private static let role = LineStyle(size: 2.3, colour: 0xA8A8A8)
  private static let name = LineStyle(size: 2.45, colour: 0xF2F2F2)
  private static let cardRole = LineStyle(size: 1.8, tracking: 0.24, colour: 0xA8A8A8, isUppercase: true)
  private static let cardName = LineStyle(
    family: "Noto Serif Display", size: 4.2, tracking: 0.03, colour: 0xF5F2EA)
  private static let paragraph = LineStyle(size: 1.85, colour: 0xA8A8A8)

  /// Distance of base lines of names.
  private var pitch: Double { (3.2 * unit).rounded() }
  private var gutter: Double { (3 * unit).rounded() }

  mutating func typeset(_ credits: Credits) throws -> TypesetTask.Typeset {
    for (index, block) in credits.blocks.enumerated() {
      try StopRequest.check()
      try add(block, index, of: credits)
    }
    var typeset = TypesetTask.Typeset(pictures: [], boxes: boxes, height: 0)
    for tile in tiles() {
      try StopRequest.check()
      if let picture = try page.picture(tile) { typeset.pictures.append(picture) }
    }
    // The roll ends with what is drawn last, unless blank rows were asked for.
    let drawn = typeset.pictures.map { $0.y + $0.image.raster.height }.max() ?? 0
    typeset.height = credits.blocks.last?.layout == .space ? max(drawn, Int(y)) : drawn
    return typeset
  }

  /// Rows of one block together, up to a third of the picture's height.
  private func tiles() -> [[Placed]] {
    var tiles: [[Placed]] = []
    var block = -1
    for row in rows {
      let joined = (tiles.last ?? []) + row.placed
      let inks = joined.map(\.ink)
      let height = (inks.map { $0.y + $0.height }.max() ?? 0) - (inks.map(\.y).min() ?? 0)
      if row.block == block, height <= page.height / 3 {
        tiles[tiles.count - 1] = joined
      } else {
        tiles.append(row.placed)
      }
      block = row.block
    }
    return tiles
  }

  private mutating func add(_ block: Credits.Block, _ index: Int, of credits: Credits) throws {
    if !block.heading.isEmpty {
      if !rows.isEmpty { y += (3.4 * unit).rounded() }
      let place = page.safe
      let text = try page.text(
        block.heading, Self.heading, language: nil, alignment: .centre, width: place.width,
        location: block.headingLocation)
      placeLine(text, .centre, in: place, .heading, block.heading, block.headingLocation, index)
      y += (1.1 * unit).rounded()
    } else if index > 0, block.layout != .space, credits.blocks[index - 1].layout != .space {
      y += (1.6 * unit).rounded()
    }
    switch block.layout {
    case .pair: for entry in block.entries { try addPair(entry, index) }
    case .card:
      for entry in block.entries { try addCard(entry, index, isFirst: entry == block.entries.first) }
    case .column, .twoColumns, .threeColumns: try addColumns(block, index)
    case .text: for entry in block.entries { try addParagraph(entry, index) }
    case .logo: for entry in block.entries { try addLogo(entry, index) }
    case .space: for entry in block.entries { y += Double(Int(entry.name) ?? 1) * pitch }
    }
  }

  /// Places one text as a row of its own, its ink from `y` down.
  private mutating func placeLine(
    _ text: TypesetText, _ alignment: TextStyle.Alignment, in place: DrawingRectangle,
    _ role: TypesetTask.Box.Role, _ shown: String, _ location: SourceLocation, _ block: Int
  ) {
    let placed = Placed.text(text, x: alignment.left(of: text.ink, in: place), y: (y - text.ink.y).rounded())
    boxes.append(TypesetTask.Box(role, shown, location: location, placed))
    rows.append(Row(placed: [placed], block: block))
    y += text.ink.height.rounded(.up)
  }

  /// Texts on one base line; a text of several lines goes on below.
  private mutating func placeRow(
    _ cells: [(text: TypesetText, alignment: TextStyle.Alignment, place: DrawingRectangle)]
  ) -> [Placed] {
    let ascent = cells.map { $0.text.baseline - $0.text.ink.y }.max() ?? 0
    let descent = cells.map { $0.text.ink.y + $0.text.ink.height - $0.text.baseline }.max() ?? 0
    let baseline = y + max((pitch * 0.72).rounded(), ascent.rounded(.up))
    let placed = cells.map { cell in
      Placed.text(
        cell.text, x: cell.alignment.left(of: cell.text.ink, in: cell.place), y: baseline - cell.text.baseline
      )
    }
    y = max(y + pitch, baseline + (descent + 0.3 * unit).rounded(.up))
    return placed
  }

  private mutating func addPair(_ entry: Credits.Entry, _ block: Int) throws {
    let safe = page.safe
    let middle = page.width / 2
    let left = DrawingRectangle(x: safe.x, y: 0, width: middle - gutter / 2 - safe.x, height: 0)
    let right = DrawingRectangle(
      x: middle + gutter / 2, y: 0, width: safe.x + safe.width - middle - gutter / 2, height: 0)
    let name = try page.text(
      entry.name, Self.name, language: entry.language, width: right.width, location: entry.location)
    guard !entry.role.isEmpty else {
      let placed = placeRow([(name, .left, right)])
      finish(placed, entry, block)
      return
    }
    let role = try page.text(
      entry.role, Self.role, language: nil, alignment: .right, width: left.width, location: entry.location)
    let placed = placeRow([(role, .right, left), (name, .left, right)])
    boxes.append(TypesetTask.Box(.role, entry.role, location: entry.location, placed[0]))
    boxes.append(TypesetTask.Box(.name, entry.name, location: entry.location, placed[1]))
    rows.append(Row(placed: placed, block: block))
  }

  private mutating func finish(_ placed: [Placed], _ entry: Credits.Entry, _ block: Int) {
    boxes += placed.map { TypesetTask.Box(.name, entry.name, location: entry.location, $0) }
    rows.append(Row(placed: placed, block: block))
  }

  private mutating func addCard(_ entry: Credits.Entry, _ block: Int, isFirst: Bool) throws {
    if !isFirst { y += (2.4 * unit).rounded() }
    let safe = page.safe
    if !entry.role.isEmpty {
      let role = try page.text(
        entry.role, Self.cardRole, language: nil, alignment: .centre, width: safe.width,
        location: entry.location)
      placeLine(role, .centre, in: safe, .role, entry.role, entry.location, block)
      y += (1.7 * unit).rounded()
    }
    let name = try page.text(
      entry.name, Self.cardName, language: entry.language, alignment: .centre, width: safe.width,
      location: entry.location)
    placeLine(name, .centre, in: safe, .name, entry.name, entry.location, block)
  }

  /// Names row by row, each centred in its column; those of a last row that is not full in the middle.
  private mutating func addColumns(_ block: Credits.Block, _ index: Int) throws {
    let columns = block.layout.columns
    let width = page.width * (columns == 2 ? 0.62 : 0.84) / Double(columns)
    for start in stride(from: 0, to: block.entries.count, by: columns) {
      let entries = block.entries[start..<min(start + columns, block.entries.count)]
      let left = (page.width - width * Double(entries.count)) / 2
      let cells = try entries.enumerated().map { column, entry in
        let place = DrawingRectangle(
          x: columns == 1 ? page.safe.x : left + Double(column) * width + unit / 2, y: 0,
          width: columns == 1 ? page.safe.width : width - unit, height: 0)
        let text = try page.text(
          entry.name, Self.name, language: entry.language, alignment: .centre, width: place.width,
          location: entry.location)
        return (text: text, alignment: TextStyle.Alignment.centre, place: place)
      }
      let placed = placeRow(cells)
      for (entry, item) in zip(entries, placed) {
        boxes.append(TypesetTask.Box(.name, entry.name, location: entry.location, item))
      }
      rows.append(Row(placed: placed, block: index))
    }
  }

  private mutating func addParagraph(_ entry: Credits.Entry, _ block: Int) throws {
    let width = (page.width * 0.7).rounded()
    let place = DrawingRectangle(x: (page.width - width) / 2, y: 0, width: width, height: 0)
    let text = try page.text(
      entry.name, Self.paragraph, language: entry.language, alignment: .centre, width: width,
      location: entry.location)
    placeLine(text, .centre, in: place, .text, entry.name, entry.location, block)
    y += (0.9 * unit).rounded()
  }

  private mutating func addLogo(_ entry: Credits.Entry, _ block: Int) throws {
    guard let object = entry.logo else { return }
    let picture: Canvas
    do {
      picture = try page.canvas(object)
    } catch let error as DrawingError {
      page.fault(
        "titles.badLogo", entry.location, "the logo cannot be read: \(error.what)",
        "Use a PNG file of at most 16,384 pixels on a side.")
      return
    }
    var height = (page.height * Double(Int(entry.name) ?? 9) / 100).rounded()
    var width = (height * Double(picture.width) / Double(picture.height)).rounded()
    if width > page.safe.width {
      height = max(1, (height * page.safe.width / width).rounded())
      width = page.safe.width.rounded(.down)
    }
    let place = DrawingRectangle(
      x: ((page.width - width) / 2).rounded(), y: y, width: max(1, width), height: max(1, height))
    rows.append(Row(placed: [.picture(picture, place)], block: block))
    y += place.height + unit.rounded()
  }
}
