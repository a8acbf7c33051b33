import Drawing
import ImageGraph
import TaskKinds
import Titling

/// Draws what review copies carry: plates with names and room for numbers, the glyphs of the numbers, watermarks.
struct BurnInTypesetter {
  let page: Page

  private static let ink = DrawingColour(0.95, 0.95, 0.95)
  private static let paleInk = DrawingColour(0.68, 0.68, 0.68)
  private static let plate = DrawingColour(0, 0, 0, alpha: 0.55)

  /// Readable in the smallest raster.
  private var size: Double { max(9, (2.5 * page.unit).rounded()) }
  private var style: TextStyle { TextStyle(size: size, colour: Self.ink) }

  /// Width and height of a counter's cells: the widest glyph decides, so that numbers stand still.
  private func cell(_ alphabet: String) throws -> (width: Int, height: Int) {
    let widths = try alphabet.map { try TypesetText(String($0), style).width }
    return (Int((widths.max() ?? size).rounded(.up)), Int((try TypesetText("0", style).height).rounded(.up)))
  }

  func glyphs(_ alphabet: String) throws -> TypesetTask.Typeset {
    let cell = try cell(alphabet)
    let canvas = try Canvas(width: cell.width * alphabet.count, height: cell.height)
    for (index, glyph) in alphabet.enumerated() {
      let text = try TypesetText(String(glyph), style)
      let x = Double(index * cell.width) + (Double(cell.width) - text.width) / 2
      canvas.draw(text, x: x, y: 0)
    }
    return TypesetTask.Typeset(
      pictures: [TypesetTask.Picture(image: try page.image(canvas), x: 0, y: 0)], height: cell.height)
  }

  func strip(_ strip: BurnInStrip) throws -> TypesetTask.Typeset {
    let cell = try cell(BurnInStrip.alphabet)
    let padding = (size * 0.55).rounded()
    let gap = (size * 0.9).rounded()
    let height = Double(cell.height) + 2 * (size * 0.15).rounded()
    let top = (height - Double(cell.height)) / 2
    // What the rest of the plate leaves to its longest text.
    let fixed = try strip.items.reduce(2 * padding) { sum, item in
      switch item {
      case .text: sum + gap
      case .caption(let text): sum + (try caption(text).width + size * 0.45).rounded(.up)
      case .counter(let digits): sum + Double(digits * cell.width) + gap
      }
    }
    var texts: [(TypesetText, x: Double, y: Double)] = []
    var counters: [TypesetTask.Point] = []
    var x = padding
    let baseline = top + (try TypesetText("0", style).baseline)
    for item in strip.items {
      switch item {
      case .text(let text):
        let set = try fitted(text, width: page.width * 0.96 - fixed)
        texts.append((set, x, baseline - set.baseline))
        x += (set.width + gap).rounded(.up)
      case .caption(let text):
        let set = try caption(text)
        texts.append((set, x, baseline - set.baseline))
        x += (set.width + size * 0.45).rounded(.up)
      case .counter(let digits):
        counters.append(TypesetTask.Point(x: Int(x), y: Int(top)))
        x += Double(digits * cell.width) + gap
      }
    }
    let canvas = try Canvas(
      width: Int(max(1, x - gap + padding)), height: Int(height), background: Self.plate)
    for (text, x, y) in texts { canvas.draw(text, x: x, y: y) }
    let image = try page.image(canvas)
    return TypesetTask.Typeset(
      pictures: [TypesetTask.Picture(image: image, x: 0, y: 0)], height: image.raster.height,
      counters: counters)
  }

  private func caption(_ text: String) throws -> TypesetText {
    var small = style
    small.size = (size * 0.72).rounded()
    small.colour = Self.paleInk
    return try TypesetText(text, small)
  }

  /// The text, or as much of it as the plate has room for.
  private func fitted(_ text: String, width: Double) throws -> TypesetText {
    var set = try TypesetText(text, style)
    var letters = text.count
    while set.width > width, letters > 1 {
      letters -= 1
      set = try TypesetText(text.prefix(letters) + "…", style)
    }
    return set
  }

  /// The name large across the middle, and small lines all over: no crop keeps the picture and loses the name.
  func watermark(_ name: String, line: String) throws -> TypesetTask.Typeset {
    var large = TextStyle(size: 16 * page.unit, weight: .bold, colour: .white)
    let measured = try page.text(
      name, LineStyle(size: 16, isBold: true), language: nil, width: .infinity, location: nil)
    large.size *= min(1, page.width * 0.8 / max(1, measured.ink.width))
    let canvas = try Canvas(width: page.raster.width, height: page.raster.height)
    let edge = DrawingColour(0, 0, 0, alpha: 0.6)
    let text = try TypesetText(name, large)
    let whole = DrawingRectangle(x: 0, y: 0, width: page.width, height: page.height)
    let x = TextStyle.Alignment.centre.left(of: text.ink, in: whole)
    let y = ((page.height - text.ink.height) / 2 - text.ink.y).rounded()
    canvas.stroke(text, x: x, y: y, colour: edge, width: max(1, 0.35 * page.unit))
    canvas.draw(text, x: x, y: y)
    let small = try TypesetText(line, TextStyle(size: max(7, 1.9 * page.unit), colour: .white))
    let step = small.width + 9 * page.unit
    // Every other row is shifted by half, so that a narrow upright crop meets one as well.
    for (row, share) in [0.13, 0.27, 0.73, 0.87].enumerated() {
      var x = -Double(row % 2) * step / 2 + 3 * page.unit
      while x < page.width {
        canvas.stroke(small, x: x, y: page.height * share, colour: edge, width: 1)
        canvas.draw(small, x: x, y: page.height * share)
        x += step
      }
    }
    return TypesetTask.Typeset(
      pictures: [TypesetTask.Picture(image: try page.image(canvas), x: 0, y: 0)], height: page.raster.height)
  }
}
