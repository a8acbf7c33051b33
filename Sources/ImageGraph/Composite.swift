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

  package struct Layer: Hashable, Codable, Sendable, CanonicallyEncodable {
    package var merge: Merge
    /// The layer's own frame at each frame of the plate.
    package var map: FrameMap

    package init(merge: Merge, map: FrameMap) {
      self.merge = merge
      self.map = map
    }

    package func encode(into encoder: inout CanonicalEncoder) {
      encoder.append(merge.rawValue)
      encoder.append(map)
    }
  }

  /// Size of the plate.
  package var raster: Raster
  package var layers: [Layer]

  package init(raster: Raster, layers: [Layer]) {
    self.raster = raster
    self.layers = layers
  }

  package func encode(into encoder: inout CanonicalEncoder) {
    encoder.append(Self.version)
    encoder.append(raster)
    encoder.append(layers)
  }

  var summary: OperationSummary {
    OperationSummary(
      operation: "composite", version: Self.version,
      parameters: layers.map(\.merge.rawValue).joined(separator: ", ") + " in \(raster), linear light")
  }
}
