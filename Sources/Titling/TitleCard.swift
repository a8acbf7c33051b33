package import Diagnostics
package import Digests

/// How a line of text looks, in measures that grow with the raster.
package struct LineStyle: Hashable, Codable, Sendable, CanonicallyEncodable {
  package var family: String
  /// Height of the em in percent of the picture's height.
  package var size: Double
  package var isBold: Bool
  package var isItalic: Bool
  /// Added between letters, in ems.
  package var tracking: Double
  /// 0xRRGGBB.
  package var colour: Int
  package var isUppercase: Bool

  package init(
    family: String = "Noto Sans", size: Double, isBold: Bool = false, isItalic: Bool = false,
    tracking: Double = 0, colour: Int = 0xFFFFFF, isUppercase: Bool = false
  ) {
    self.family = family
    self.size = size
    self.isBold = isBold
    self.isItalic = isItalic
    self.tracking = tracking
    self.colour = colour
    self.isUppercase = isUppercase
  }

  package func encode(into encoder: inout CanonicalEncoder) {
    encoder.append(family)
    encoder.append(size)
    encoder.append(isBold)
    encoder.append(isItalic)
    encoder.append(tracking)
    encoder.append(colour)
    encoder.append(isUppercase)
  }

  /// Styles that a title file can use without describing them.
  package static let standard: [String: LineStyle] = [
    "title": LineStyle(family: "Noto Serif Display", size: 13, tracking: 0.16, colour: 0xFAF7F0),
    "subtitle": LineStyle(
      family: "Noto Serif Display", size: 4.2, isItalic: true, tracking: 0.02, colour: 0xF0EBE0),
    "heading": LineStyle(size: 2.6, tracking: 0.3, colour: 0xF5F5F5, isUppercase: true),
    "body": LineStyle(size: 3.6, colour: 0xF5F5F5),
    "caption": LineStyle(size: 2.8, colour: 0xF5F5F5),
  ]
}

/// A main title or a card: lines of text at one place.
package struct TitleCard: Hashable, Codable, Sendable, CanonicallyEncodable {
  /// Where the block of lines stands inside the graphics safe area, and how its lines are aligned.
  package enum Anchor: String, Codable, Sendable, CaseIterable {
    case centre, top, bottom, left, right
    case topLeft = "top-left"
    case topRight = "top-right"
    case bottomLeft = "bottom-left"
    case bottomRight = "bottom-right"
    /// Left, in the middle of the lowest third.
    case lowerThird = "lower-third"
  }

  package struct Line: Hashable, Codable, Sendable, CanonicallyEncodable {
    package var text: String
    package var style: LineStyle
    package var language: String?
    /// Where it was written; decides no pixel.
    package var location: SourceLocation

    package init(text: String, style: LineStyle, language: String?, location: SourceLocation) {
      self.text = text
      self.style = style
      self.language = language
      self.location = location
    }

    package func encode(into encoder: inout CanonicalEncoder) {
      encoder.append(text)
      encoder.append(style)
      encoder.append(language)
    }
  }

  package var name: String
  package var anchor: Anchor
  package var lines: [Line]

  package init(name: String, anchor: Anchor, lines: [Line]) {
    self.name = name
    self.anchor = anchor
    self.lines = lines
  }

  package func encode(into encoder: inout CanonicalEncoder) {
    encoder.append(name)
    encoder.append(anchor.rawValue)
    encoder.append(lines)
  }
}
