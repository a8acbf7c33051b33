import CDrawing
import Synchronization

/// How text looks.
package struct TextStyle: Hashable, Sendable {
  package enum Alignment: String, Sendable {
    case left, centre, right
  }

  package enum Weight: Int, Sendable {
    case light = 300
    case regular = 400
    case medium = 500
    case semibold = 600
    case bold = 700
  }

  /// Families in order of preference, separated by commas; scripts they lack come from other Noto fonts.
  package var family: String
  /// Height of the em in pixels.
  package var size: Double
  package var weight: Weight
  package var isItalic: Bool
  /// Added between letters, in pixels.
  package var tracking: Double
  package var colour: DrawingColour
  package var alignment: Alignment
  /// Lines are broken at this width in pixels; nil never breaks.
  package var width: Double?
  /// Distance of base lines as a multiple of the font's own; 1 leaves it.
  package var leading: Double
  /// BCP 47, e.g. `ja` or `zh-Hant`: chooses between forms of Han characters. Nil lets the script decide.
  package var language: String?

  package init(
    family: String = "Noto Sans", size: Double, weight: Weight = .regular, isItalic: Bool = false,
    tracking: Double = 0, colour: DrawingColour = .white, alignment: Alignment = .left, width: Double? = nil,
    leading: Double = 1, language: String? = nil
  ) {
    self.family = family
    self.size = size
    self.weight = weight
    self.isItalic = isItalic
    self.tracking = tracking
    self.colour = colour
    self.alignment = alignment
    self.width = width
    self.leading = leading
    self.language = language
  }
}

/// Text set in a style: its measures, and which characters no font has.
@safe package final class TypesetText {
  package let text: String
  package let style: TextStyle
  /// The box of lines and advances, from the point at which it is drawn.
  package let width: Double
  package let height: Double
  /// From the top of the box to the first base line.
  package let baseline: Double
  /// What is inked, relative to the top left corner of the box; empty for blanks.
  package let ink: DrawingRectangle
  /// Characters that are drawn as boxes because no font has them.
  package let missingCharacters: Int
  /// Files of the fonts in use, sorted.
  package let fontFiles: [String]
  fileprivate let layout: OpaquePointer

  package init(_ text: String, _ style: TextStyle) throws(DrawingError) {
    self.text = text
    self.style = style
    let made = try Fonts.withLock { (fonts) throws(DrawingError) in
      try Typesetting(text, style, fonts)
    }
    unsafe layout = made.layout
    width = made.logical.width
    height = made.logical.height
    baseline = made.baseline
    ink = made.ink
    missingCharacters = made.missingCharacters
    fontFiles = made.fontFiles
  }

  deinit { Fonts.locked { unsafe g_object_unref(UnsafeMutableRawPointer(layout)) } }
}

/// A layout and what was measured on it; made under the lock of the fonts.
@safe private struct Typesetting {
  var layout: OpaquePointer
  var logical: DrawingRectangle
  var ink: DrawingRectangle
  var baseline: Double
  var missingCharacters: Int
  var fontFiles: [String]

  init(_ text: String, _ style: TextStyle, _ fonts: Fonts) throws(DrawingError) {
    guard let layout = unsafe fonts.layout() else { throw DrawingError(what: "no memory for text") }
    unsafe self.layout = layout
    guard let description = unsafe pango_font_description_new(), let attributes = unsafe pango_attr_list_new()
    else { throw DrawingError(what: "no memory for text") }
    defer {
      unsafe pango_font_description_free(description)
      unsafe pango_attr_list_unref(attributes)
    }
    let scale = Double(PANGO_SCALE)
    unsafe pango_font_description_set_family(description, style.family)
    unsafe pango_font_description_set_absolute_size(description, style.size * scale)
    unsafe pango_font_description_set_weight(description, PangoWeight(UInt32(style.weight.rawValue)))
    unsafe pango_font_description_set_style(
      description, style.isItalic ? PANGO_STYLE_ITALIC : PANGO_STYLE_NORMAL)
    unsafe pango_layout_set_font_description(layout, description)
    if style.tracking != 0 {
      unsafe pango_attr_list_insert(
        attributes, pango_attr_letter_spacing_new(Int32((style.tracking * scale).rounded())))
    }
    if let language = style.language {
      unsafe pango_attr_list_insert(attributes, pango_attr_language_new(pango_language_from_string(language)))
    }
    unsafe pango_layout_set_attributes(layout, attributes)
    unsafe pango_layout_set_line_spacing(layout, Float(style.leading == 1 ? 0 : style.leading))
    unsafe pango_layout_set_auto_dir(layout, 1)
    let alignment: PangoAlignment =
      switch style.alignment {
      case .left: PANGO_ALIGN_LEFT
      case .centre: PANGO_ALIGN_CENTER
      case .right: PANGO_ALIGN_RIGHT
      }
    unsafe pango_layout_set_alignment(layout, alignment)
    if let width = style.width {
      unsafe pango_layout_set_width(layout, Int32((width * scale).rounded()))
      unsafe pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR)
    }
    unsafe pango_layout_set_text(layout, text, Int32(text.utf8.count))
    var inkBox = PangoRectangle()
    var logicalBox = PangoRectangle()
    unsafe pango_layout_get_extents(layout, &inkBox, &logicalBox)
    func pixels(_ box: PangoRectangle) -> DrawingRectangle {
      DrawingRectangle(
        x: Double(box.x) / scale, y: Double(box.y) / scale, width: Double(box.width) / scale,
        height: Double(box.height) / scale)
    }
    logical = pixels(logicalBox)
    ink = pixels(inkBox)
    baseline = Double(unsafe pango_layout_get_baseline(layout)) / scale
    missingCharacters = Int(unsafe pango_layout_get_unknown_glyphs_count(layout))
    var files: Set<String> = []
    if let iterator = unsafe pango_layout_get_iter(layout) {
      repeat {
        guard let run = unsafe pango_layout_iter_get_run_readonly(iterator),
          let font = unsafe run.pointee.item.pointee.analysis.font, let file = unsafe drw_font_file(font)
        else { continue }
        files.insert(unsafe String(cString: file))
      } while unsafe pango_layout_iter_next_run(iterator) != 0
      unsafe pango_layout_iter_free(iterator)
    }
    fontFiles = files.sorted()
  }
}

extension Canvas {
  /// Draws text with the top left corner of its box at a point; aligned text uses the style's width.
  @discardableResult
  package func draw(
    _ text: String, _ style: TextStyle, x: Double, y: Double
  ) throws(DrawingError) -> TypesetText {
    let typeset = try TypesetText(text, style)
    draw(typeset, x: x, y: y)
    return typeset
  }

  /// Draws the outlines of the glyphs: unlike glyph images they stand between pixels where the spacing asks for it.
  package func draw(_ typeset: TypesetText, x: Double, y: Double) {
    let colour = typeset.style.colour
    unsafe cairo_set_source_rgba(context, colour.red, colour.green, colour.blue, colour.alpha)
    outline(typeset, x: x, y: y)
    unsafe cairo_fill(context)
  }

  /// Draws a line of that width along the edges of the glyphs, its joins round: what makes text stand off a picture.
  package func stroke(_ typeset: TypesetText, x: Double, y: Double, colour: DrawingColour, width: Double) {
    unsafe cairo_set_source_rgba(context, colour.red, colour.green, colour.blue, colour.alpha)
    unsafe cairo_set_line_width(context, width)
    unsafe cairo_set_line_join(context, CAIRO_LINE_JOIN_ROUND)
    outline(typeset, x: x, y: y)
    unsafe cairo_stroke(context)
  }

  private func outline(_ typeset: TypesetText, x: Double, y: Double) {
    unsafe cairo_new_path(context)
    unsafe cairo_move_to(context, x, y)
    Fonts.locked { unsafe pango_cairo_layout_path(context, typeset.layout) }
  }
}

/// The one font map of the process, over a private list of folders; Pango wants one thread at a time.
@safe private final class Fonts {
  private let context: OpaquePointer

  // Only touched under the lock, as are all layouts made from it.
  nonisolated(unsafe) private static var shared: Fonts?
  private static let lock = Mutex<Void>(())

  static func withLock<R>(_ body: (Fonts) throws(DrawingError) -> R) throws(DrawingError) -> R {
    let result = lock.withLock { _ -> Result<Kept<R>, DrawingError> in
      do throws(DrawingError) {
        let fonts: Fonts
        if let made = unsafe shared { fonts = made } else { fonts = try Fonts() }
        unsafe shared = fonts
        return .success(Kept(value: try body(fonts)))
      } catch {
        return .failure(error)
      }
    }
    return try result.get().value
  }

  static func locked(_ body: () -> Void) { lock.withLock { _ in body() } }

  /// Carries a value out of the lock; what was made under it is used under it again.
  private struct Kept<Value>: @unchecked Sendable {
    var value: Value
  }

  private init() throws(DrawingError) {
    DrawingEnvironment.start()
    var text = "<?xml version=\"1.0\"?><!DOCTYPE fontconfig SYSTEM \"fonts.dtd\"><fontconfig>"
    for folder in DrawingEnvironment.fontFolders { text += "<dir>\(folder)</dir>" }
    text += "<cachedir>/var/cache/fontconfig</cachedir></fontconfig>"
    guard let configuration = unsafe FcConfigCreate() else { throw DrawingError(what: "no memory for fonts") }
    defer { unsafe FcConfigDestroy(configuration) }
    guard unsafe FcConfigParseAndLoadFromMemory(configuration, text, 1) != 0,
      unsafe FcConfigBuildFonts(configuration) != 0,
      let map = unsafe pango_cairo_font_map_new_for_font_type(CAIRO_FONT_TYPE_FT)
    else { throw DrawingError(what: "the fonts in \(DrawingEnvironment.fontFolders) cannot be listed") }
    unsafe drw_use_configuration(map, configuration)
    guard let context = unsafe pango_font_map_create_context(map),
      let options = unsafe cairo_font_options_create()
    else { throw DrawingError(what: "no memory for fonts") }
    defer { unsafe cairo_font_options_destroy(options) }
    unsafe cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY)
    unsafe cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE)
    unsafe cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF)
    unsafe pango_cairo_context_set_font_options(context, options)
    unsafe pango_cairo_context_set_resolution(context, 72)
    unsafe pango_context_set_round_glyph_positions(context, 0)
    unsafe self.context = context
    unsafe g_object_unref(UnsafeMutableRawPointer(map))
  }

  func layout() -> OpaquePointer? { unsafe pango_layout_new(context) }
}
