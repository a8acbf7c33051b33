package import Digests
package import MediaTime

/// Several pictures merged into one, in scene-linear float and in the pixels of the plate.
///
/// Frames are numbered by the plate's source frames. Layers lie in the order of painting, the lowest first.
package struct Composite: Hashable, Codable, Sendable, CanonicallyEncodable {
  static let version = 1

  /// How a layer A meets what lies below it, B; a and b are their alphas. Colours are premultiplied.
  package enum Merge: String, Codable, Sendable, CaseIterable {
    /// A + B·(1 − a)
    case over
    /// A + B
    case plus
    /// A·B where both are, A·(1 − b) + B·(1 − a) + A·B
    case multiply
    /// A + B − A·B
    case screen
    /// A·b
    case inside = "in"
    /// A·(1 − b)
    case outside = "out"
    /// A alone: a finished comp from elsewhere.
    case replace
  }

  /// What a layer shows where the plate runs before its first frame or past its last.
  package enum Beyond: String, Codable, Sendable, CaseIterable {
    /// Nothing is there to be shown: such a frame is refused when it is planned.
    case error
    /// The nearest frame.
    case hold
    /// Nothing.
    case black
    /// Again from the other end.
    case loop
    /// Back and forth; the frames at the ends are shown once a turn.
    case bounce
  }

  /// How the colours of a layer relate to its alpha.
  package enum Alpha: String, Codable, Sendable, CaseIterable {
    case opaque, straight, premultiplied
  }

  package struct Layer: Hashable, Codable, Sendable, CanonicallyEncodable {
    package var merge: Merge
    /// The layer's own frame at each frame of the plate.
    package var map: FrameMap
    /// Frames the layer has.
    package var count: Int64
    package var beyond: Beyond
    package var alpha: Alpha
    /// Whether its numbers are light already rather than display-coded.
    package var isLinear: Bool
    /// Nil where its pixels are the plate's.
    package var placement: Placement?
    /// 0…1, of light and cover alike.
    package var opacity: Double
    package var key: Key?
    /// From its own numbers to the scene-linear light of the composite; nil where they are that light already, and
    /// where colour is not managed.
    package var colour: ColourProcess?

    package init(
      merge: Merge, map: FrameMap, count: Int64, beyond: Beyond = .error, alpha: Alpha = .opaque,
      isLinear: Bool = false, placement: Placement? = nil, opacity: Double = 1, key: Key? = nil,
      colour: ColourProcess? = nil
    ) {
      self.merge = merge
      self.map = map
      self.count = count
      self.beyond = beyond
      self.alpha = alpha
      self.isLinear = isLinear
      self.placement = placement
      self.opacity = opacity
      self.key = key
      self.colour = colour
    }

    package func encode(into encoder: inout CanonicalEncoder) {
      encoder.append(merge.rawValue)
      encoder.append(map)
      encoder.append(count)
      encoder.append(beyond.rawValue)
      encoder.append(alpha.rawValue)
      encoder.append(isLinear)
      encoder.append(placement)
      encoder.append(opacity)
      encoder.append(key)
      // Nothing at all without them: what was composited before there were any keeps its name.
      if let colour {
        encoder.append("colour")
        encoder.append(colour)
      }
    }

    /// The layer's own frame at a frame of the plate; nil where it shows nothing.
    package func frame(at plate: Int64) -> Int64? {
      let frame = map.position(at: plate)
      guard count > 0 else { return nil }
      if (0..<count).contains(frame) { return frame }
      switch beyond {
      case .error, .black: return nil
      case .hold: return frame < 0 ? 0 : count - 1
      case .loop: return Self.modulo(frame, count)
      case .bounce:
        guard count > 1 else { return 0 }
        let turn = Self.modulo(frame, 2 * count - 2)
        return min(turn, 2 * count - 2 - turn)
      }
    }

    private static func modulo(_ value: Int64, _ divisor: Int64) -> Int64 {
      let rest = value % divisor
      return rest < 0 ? rest + divisor : rest
    }
  }

  /// Size of the plate.
  package var raster: Raster
  /// Width over height of one of its pixels.
  package var sampleAspect: Rational
  package var layers: [Layer]
  /// The config's space of scene-linear light in which layers meet and which the result is in, without bounds; nil where
  /// colour is not managed: then it is the light of a Rec.709 display, and the result is display-coded.
  package var light: String?

  package init(raster: Raster, sampleAspect: Rational = .one, layers: [Layer], light: String? = nil) {
    self.raster = raster
    self.sampleAspect = sampleAspect
    self.layers = layers
    self.light = light
  }

  package func encode(into encoder: inout CanonicalEncoder) {
    encoder.append(Self.version)
    encoder.append(raster)
    encoder.append(sampleAspect.numerator)
    encoder.append(sampleAspect.denominator)
    encoder.append(layers)
    // As with the colours of layers.
    if let light {
      encoder.append("light")
      encoder.append(light)
    }
  }

  var summary: OperationSummary {
    OperationSummary(
      operation: "composite", version: Self.version,
      parameters: layers.map(\.words).joined(separator: "; ") + "; in \(raster), "
        + (light.map { "scene-linear light of \($0)" } ?? "linear light"))
  }
}

extension Composite {
  /// Where a layer lies in the plate: its pixel u at u·scale + offset, pixels counted from corners.
  package struct Placement: Hashable, Codable, Sendable, CanonicallyEncodable {
    package var scaleX: Double
    package var scaleY: Double
    package var offsetX: Double
    package var offsetY: Double

    package init(scaleX: Double, scaleY: Double, offsetX: Double, offsetY: Double) {
      self.scaleX = scaleX
      self.scaleY = scaleY
      self.offsetX = offsetX
      self.offsetY = offsetY
    }

    package func encode(into encoder: inout CanonicalEncoder) {
      encoder.append(scaleX)
      encoder.append(scaleY)
      encoder.append(offsetX)
      encoder.append(offsetY)
    }
  }

  /// A colour-difference key on a green or blue screen, in linear light.
  package struct Key: Hashable, Codable, Sendable, CanonicallyEncodable {
    /// R', G', B' as the layer's own numbers are coded, 0…1.
    package var screen: [Double]
    /// From 0, the screen, to 1, none of it: up to here nothing covers.
    package var tolerance: Double
    /// So much farther it covers wholly.
    package var softness: Double
    /// How much of the screen's main channel above both others is taken out.
    package var despill: Double
    /// From all pixels rather than only from edges.
    package var spillsEverywhere: Bool
    /// Pixels by which what covers shrinks, or grows below 0.
    package var erode: Int
    /// Pixels over which the edge is softened on each side.
    package var blur: Int
    /// Polygons in plate pixels, x and y in turn: what lies inside is thrown away.
    package var garbage: [[Double]]
    /// What lies inside covers.
    package var core: [[Double]]

    package init(
      screen: [Double], tolerance: Double, softness: Double, despill: Double, spillsEverywhere: Bool,
      erode: Int, blur: Int, garbage: [[Double]], core: [[Double]]
    ) {
      self.screen = screen
      self.tolerance = tolerance
      self.softness = softness
      self.despill = despill
      self.spillsEverywhere = spillsEverywhere
      self.erode = erode
      self.blur = blur
      self.garbage = garbage
      self.core = core
    }

    package func encode(into encoder: inout CanonicalEncoder) {
      for value in screen { encoder.append(value) }
      encoder.append(tolerance)
      encoder.append(softness)
      encoder.append(despill)
      encoder.append(spillsEverywhere)
      encoder.append(erode)
      encoder.append(blur)
      for polygons in [garbage, core] {
        encoder.append(polygons.count)
        for polygon in polygons {
          encoder.append(polygon.count)
          for value in polygon { encoder.append(value) }
        }
      }
    }
  }
}

extension Composite.Layer {
  /// The layer in words, for `trace`.
  fileprivate var words: String {
    var parts = [merge.rawValue]
    if alpha != .opaque { parts.append("\(alpha.rawValue) alpha") }
    if isLinear { parts.append("linear") }
    if let placement {
      parts.append(
        "scaled \(placement.scaleX), \(placement.scaleY) at \(placement.offsetX), \(placement.offsetY)")
    }
    if opacity != 1 { parts.append("opacity \(opacity)") }
    if let key {
      // Four decimals tell a colour; the exact values are in the plan.
      let screen = key.screen.map { "\(Double(Int($0 * 10_000 + 0.5)) / 10_000)" }.joined(separator: " ")
      parts.append("keyed on \(screen), tolerance \(key.tolerance), softness \(key.softness)")
      parts.append("despill \(key.despill)" + (key.spillsEverywhere ? " everywhere" : ""))
      if key.erode != 0 { parts.append("erode \(key.erode)") }
      if key.blur != 0 { parts.append("blur \(key.blur)") }
      if !key.garbage.isEmpty { parts.append("\(key.garbage.count) garbage mattes") }
      if !key.core.isEmpty { parts.append("\(key.core.count) core mattes") }
    }
    return parts.joined(separator: " ")
  }
}
