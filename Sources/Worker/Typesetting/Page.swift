import Diagnostics
import Digests
import Drawing
import ImageGraph
import ObjectStore
import TaskKinds
import Titling

/// What typesetting works on: the measures of the raster, the store for what is drawn, and what went wrong.
final class Page {
  let raster: Raster
  private let context: TaskContext
  private(set) var objects: [ObjectReference] = []
  private(set) var diagnostics: [Diagnostic] = []

  init(raster: Raster, context: TaskContext) {
    self.raster = raster
    self.context = context
  }

  var width: Double { Double(raster.width) }
  var height: Double { Double(raster.height) }
  /// One percent of the picture's height: what sizes of type are measured in.
  var unit: Double { height / 100 }

  /// Where text may stand: 5 % in from each edge. Source: EBU R 95, graphics safe area of 16:9.
  var safe: DrawingRectangle {
    DrawingRectangle(x: width * 0.05, y: height * 0.05, width: width * 0.9, height: height * 0.9)
  }

  /// Edges that make text stand off a bright picture: passes over each other, so that they soften outwards.
  var shadow: [(width: Double, colour: DrawingColour)] {
    [2, 1.5, 1, 0.6, 0.3].map { (max(1, $0 * unit), DrawingColour(0, 0, 0, alpha: 0.08)) }
  }

  /// How far shadows reach beyond the ink, in whole pixels.
  var shadowMargin: Double { ((shadow.first?.width ?? 0) / 2).rounded(.up) + 1 }

  func fault(_ code: String, _ location: SourceLocation?, _ message: String, _ remedy: String) {
    diagnostics.append(
      Diagnostic(
        severity: .error, family: .usage, code: code, location: location, message: message, remedy: remedy))
  }

  /// Sets a text in a style; breaks it where it is wider than `width`, and reports what cannot be shown.
  func text(
    _ text: String, _ style: LineStyle, language: String?, alignment: TextStyle.Alignment = .left,
    width: Double,
    location: SourceLocation?
  ) throws -> TypesetText {
    let shown = style.isUppercase ? text.uppercased() : text
    let size = max(6, style.size * unit)
    var drawn = TextStyle(
      family: style.family, size: size, weight: style.isBold ? .bold : .regular, isItalic: style.isItalic,
      tracking: shown.unicodeScalars.allSatisfy(\.mayStandApart) ? style.tracking * size : 0,
      colour: DrawingColour(UInt32(style.colour)), alignment: alignment, language: language)
    let line = try TypesetText(shown, drawn)
    if line.missingCharacters > 0 { try reportMissing(in: text, drawn, location) }
    guard line.ink.width > width || shown.contains("\n") else { return line }
    for word in shown.split(whereSeparator: \.isWhitespace)
    where word.unicodeScalars.allSatisfy({ $0.value < 0x0E00 }) {
      let wide = try TypesetText(String(word), drawn).ink.width
      guard wide > width else { continue }
      fault(
        "titles.tooWide", location,
        "`\(word)` is \(Int(wide.rounded(.up))) pixels wide, and its place has \(Int(width))",
        "Shorten it, or break it into words.")
    }
    drawn.width = width
    return try TypesetText(shown, drawn)
  }

  private func reportMissing(in text: String, _ style: TextStyle, _ location: SourceLocation?) throws {
    var missing: [String] = []
    for character in text where !missing.contains(where: { $0.hasPrefix("`\(character)`") }) {
      guard try TypesetText(String(character), style).missingCharacters > 0 else { continue }
      let codes = character.unicodeScalars.map { "U+" + String($0.value, radix: 16, uppercase: true) }
      missing.append("`\(character)` (\(codes.joined(separator: " ")))")
    }
    fault(
      "titles.missingGlyph", location, "no font has \(missing.joined(separator: ", ")) of `\(text)`",
      "Spell it in other characters, or install a Noto font that has them.")
  }

  func commit(_ canvas: Canvas) throws -> ObjectReference {
    let object = try context.store.commitObject(
      bytes: try canvas.png(), name: "drawn.png", scratch: context.attempt.path)
    if !objects.contains(where: { $0.digest == object.digest }) { objects.append(object) }
    return object
  }

  func image(_ canvas: Canvas) throws -> Graphics.Image {
    Graphics.Image(
      object: try commit(canvas).digest, raster: Raster(width: canvas.width, height: canvas.height))
  }

  /// A picture of the store.
  func canvas(_ object: Digest) throws -> Canvas {
    try Canvas(png: try context.store.bytes(of: object))
  }
}

/// Something that stands at a place: set text, or a picture.
enum Placed {
  case text(TypesetText, x: Double, y: Double)
  case picture(Canvas, DrawingRectangle)

  /// What is inked, in the coordinates of the place.
  var ink: DrawingRectangle {
    switch self {
    case .text(let text, let x, let y):
      DrawingRectangle(x: x + text.ink.x, y: y + text.ink.y, width: text.ink.width, height: text.ink.height)
    case .picture(_, let rectangle): rectangle
    }
  }
}

extension Page {
  /// Draws what is placed into one picture, no larger than its ink and the shadow around it.
  func picture(_ placed: [Placed]) throws -> TypesetTask.Picture? {
    let inks = placed.map(\.ink).filter { $0.width > 0 && $0.height > 0 }
    guard let left = inks.map(\.x).min(), let top = inks.map(\.y).min(),
      let right = inks.map({ $0.x + $0.width }).max(), let bottom = inks.map({ $0.y + $0.height }).max()
    else { return nil }
    let margin = shadowMargin
    let (x, y) = (left.rounded(.down) - margin, top.rounded(.down) - margin)
    let canvas = try Canvas(
      width: Int(right.rounded(.up) + margin - x), height: Int(bottom.rounded(.up) + margin - y))
    for item in placed {
      guard case .text(let text, let itemX, let itemY) = item else { continue }
      for pass in shadow {
        canvas.stroke(text, x: itemX - x, y: itemY - y, colour: pass.colour, width: pass.width)
      }
    }
    for item in placed {
      switch item {
      case .text(let text, let itemX, let itemY): canvas.draw(text, x: itemX - x, y: itemY - y)
      case .picture(let picture, var rectangle):
        rectangle.x -= x
        rectangle.y -= y
        canvas.draw(picture, in: rectangle)
      }
    }
    return TypesetTask.Picture(image: try image(canvas), x: Int(x), y: Int(y))
  }
}

extension TypesetTask.Box {
  /// The pixels that the ink of a placed text touches.
  init(_ role: Role, _ text: String, location: SourceLocation?, _ placed: Placed) {
    let ink = placed.ink
    let (x, y) = (ink.x.rounded(.down), ink.y.rounded(.down))
    self.init(
      role: role, text: text, line: location?.line, x: Int(x), y: Int(y),
      width: Int((ink.x + ink.width).rounded(.up) - x), height: Int((ink.y + ink.height).rounded(.up) - y))
  }
}

extension Unicode.Scalar {
  /// Whether letters of its script stand apart: those of Arabic or Devanagari are joined, and spacing tears them.
  fileprivate var mayStandApart: Bool {
    value < 0x0590 || (0x1E00...0x20CF).contains(value) || value >= 0x3000 && value < 0xFB50
  }
}
