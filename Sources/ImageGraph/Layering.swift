package import Digests
package import MediaTime

/// Pictures laid over each other, the lowest first, in display-coded R'G'B' after each was graded; black where nothing
/// covers.
///
/// Frames have numbers of their own, from which each layer tells its own. Without layers it is nothing at all: what an
/// upper track shows in a gap.
package struct Layering: Hashable, Codable, Sendable, CanonicallyEncodable {
  static let version = 1

  /// How a picture meets what lies below it. Source: W3C, Compositing and Blending Level 1.
  package enum Blend: String, Codable, Sendable, CaseIterable {
    case normal, add, subtract, difference, multiply, screen, overlay, darken, lighten
    case hardLight = "hard-light"
    case softLight = "soft-light"
  }

  package struct Layer: Hashable, Codable, Sendable, CanonicallyEncodable {
    package var blend: Blend
    /// The layer's own frame at each frame of the stack.
    package var map: FrameMap

    package init(blend: Blend = .normal, map: FrameMap) {
      self.blend = blend
      self.map = map
    }

    package func encode(into encoder: inout CanonicalEncoder) {
      encoder.append(blend.rawValue)
      encoder.append(map)
    }
  }

  package var layers: [Layer]

  package init(layers: [Layer]) { self.layers = layers }

  package func encode(into encoder: inout CanonicalEncoder) {
    encoder.append(Self.version)
    encoder.append(layers)
  }

  var summary: OperationSummary {
    OperationSummary(
      operation: "layers", version: Self.version,
      parameters: layers.isEmpty ? "nothing" : layers.map(\.blend.rawValue).joined(separator: ", "))
  }
}

extension ImageNode {
  /// What an upper track shows where it has no picture.
  package static let nothing = ImageNode.layers(Layering(layers: []), of: [])
}
