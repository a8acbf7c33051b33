package import Digests
package import MediaTime

/// Drawn pictures over a picture of the raster: titles, burn-ins, a watermark; in display-coded R'G'B'.
///
/// What is drawn was typeset before planning: images are objects of the store, PNG with straight alpha, so a
/// renderer needs no fonts.
package struct Graphics: Hashable, Codable, Sendable, CanonicallyEncodable {
  static let version = 1

  /// Where in the order of operations it belongs.
  package enum Purpose: String, Codable, Sendable {
    case titles
    /// Burn-in and watermark, outermost.
    case burnIn = "burn-in"
  }

  /// A typeset picture.
  package struct Image: Hashable, Codable, Sendable, CanonicallyEncodable {
    /// Digest of a PNG with straight alpha, an object of the store.
    package var object: Digest
    package var raster: Raster

    package init(object: Digest, raster: Raster) {
      self.object = object
      self.raster = raster
    }

    package func encode(into encoder: inout CanonicalEncoder) {
      encoder.append(object)
      encoder.append(raster)
    }
  }

  package enum Content: Hashable, Codable, Sendable {
    case still(Image)
    /// Images one below the other that move up by whole pixels: at frame f they lie `f * step` higher.
    case roll(images: [Image], step: Int)
    case counter(Counter)
  }

  /// A number of the frame, written with glyphs of one width.
  package struct Counter: Hashable, Codable, Sendable {
    package enum Style: Hashable, Codable, Sendable {
      /// A label: frame `map(f)` from `start` at a rate.
      case timecode(start: Int64, rate: FrameRate, isDropFrame: Bool)
      /// `map(f) + offset`, with at least so many digits.
      case number(offset: Int64, digits: Int)
    }

    /// The glyphs side by side in one image, in the order of `alphabet`, each `image.width / alphabet.count` wide.
    package var glyphs: Image
    package var alphabet: String
    package var style: Style
    /// The frame that is counted, at each frame of the graphics.
    package var map: FrameMap

    package init(glyphs: Image, alphabet: String, style: Style, map: FrameMap) {
      self.glyphs = glyphs
      self.alphabet = alphabet
      self.style = style
      self.map = map
    }
  }

  /// Opacity by frame, a straight line up and down: frame k of a fade of n shows (k+1)/(n+1).
  package struct Fade: Hashable, Codable, Sendable, CanonicallyEncodable {
    /// First frame of the fade in, and how long it takes.
    package var first: Int64
    package var fadeIn: Int64
    /// The frame after the last one seen, and how long the fade before it takes.
    package var end: Int64
    package var fadeOut: Int64

    package init(first: Int64, fadeIn: Int64, end: Int64, fadeOut: Int64) {
      self.first = first
      self.fadeIn = fadeIn
      self.end = end
      self.fadeOut = fadeOut
    }

    package func encode(into encoder: inout CanonicalEncoder) {
      encoder.append(first)
      encoder.append(fadeIn)
      encoder.append(end)
      encoder.append(fadeOut)
    }

    /// Opacity at a frame as a fraction.
    package func opacity(at frame: Int64) -> Rational {
      guard frame >= first, frame < end else { return .zero }
      let up = frame - first < fadeIn ? Rational(frame - first + 1, fadeIn + 1) : .one
      let down = end - frame <= fadeOut ? Rational(end - frame, fadeOut + 1) : .one
      return min(up, down)
    }
  }

  package struct Layer: Hashable, Codable, Sendable, CanonicallyEncodable {
    package var content: Content
    /// Top left corner in the raster, at frame 0 for a roll.
    package var x: Int
    package var y: Int
    /// 1…255 of 255.
    package var opacity: Int
    package var fade: Fade?

    package init(_ content: Content, x: Int, y: Int, opacity: Int = 255, fade: Fade? = nil) {
      self.content = content
      self.x = x
      self.y = y
      self.opacity = opacity
      self.fade = fade
    }

    package func encode(into encoder: inout CanonicalEncoder) {
      encoder.append(content)
      encoder.append(x)
      encoder.append(y)
      encoder.append(opacity)
      encoder.append(fade)
    }
  }

  package var purpose: Purpose
  package var layers: [Layer]
  /// With it the frames of the graphics have numbers of their own, and this is the frame below that each shows;
  /// without it the numbers are those of the frames below.
  package var below: FrameMap?
  /// Brings the drawings' sRGB to what lies below, where that is not display-coded as Rec.709.
  package var colour: ColourProcess?

  package init(purpose: Purpose, layers: [Layer], below: FrameMap? = nil) {
    self.purpose = purpose
    self.layers = layers
    self.below = below
  }

  package func encode(into encoder: inout CanonicalEncoder) {
    encoder.append(Self.version)
    encoder.append(purpose.rawValue)
    encoder.append(layers)
    encoder.append(below)
    if let colour { encoder.append(colour) }
  }

  var summary: OperationSummary {
    OperationSummary(
      operation: purpose.rawValue, version: Self.version,
      parameters: layers.map { layer in
        switch layer.content {
        case .still: "a still at \(layer.x),\(layer.y)"
        case .roll(let images, let step):
          "a roll of \(images.reduce(0) { $0 + $1.raster.height }) lines, \(step) a frame"
        case .counter: "a counter at \(layer.x),\(layer.y)"
        }
      }.joined(separator: "; "))
  }
}

extension Graphics.Content: CanonicallyEncodable {
  package func encode(into encoder: inout CanonicalEncoder) {
    switch self {
    case .still(let image):
      encoder.append("still")
      encoder.append(image)
    case .roll(let images, let step):
      encoder.append("roll")
      encoder.append(images)
      encoder.append(step)
    case .counter(let counter):
      encoder.append("counter")
      encoder.append(counter.glyphs)
      encoder.append(counter.alphabet)
      switch counter.style {
      case .timecode(let start, let rate, let isDropFrame):
        encoder.append("timecode")
        encoder.append(start)
        encoder.append(rate.description)
        encoder.append(isDropFrame)
      case .number(let offset, let digits):
        encoder.append("number")
        encoder.append(offset)
        encoder.append(digits)
      }
      encoder.append(counter.map)
    }
  }
}

extension FrameMap: CanonicallyEncodable {
  /// What the map shows, not how it is written: maps of a whole speed that show the same are the same.
  package func encode(into encoder: inout CanonicalEncoder) {
    let isWhole = speed.isInteger
    encoder.append(isWhole ? position(at: 0) : first)
    encoder.append(isWhole ? 0 : origin)
    encoder.append(speed.numerator)
    encoder.append(speed.denominator)
  }
}
