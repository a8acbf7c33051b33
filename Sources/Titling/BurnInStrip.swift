package import Digests

/// A plate with text and places for numbers of the frame.
package struct BurnInStrip: Hashable, Codable, Sendable, CanonicallyEncodable {
  package enum Item: Hashable, Codable, Sendable, CanonicallyEncodable {
    case text(String)
    /// A label in small grey letters before a number.
    case caption(String)
    /// Room for a number of so many glyphs.
    case counter(digits: Int)

    package func encode(into encoder: inout CanonicalEncoder) {
      switch self {
      case .text(let text):
        encoder.append("text")
        encoder.append(text)
      case .caption(let text):
        encoder.append("caption")
        encoder.append(text)
      case .counter(let digits):
        encoder.append("counter")
        encoder.append(digits)
      }
    }
  }

  package var items: [Item]

  package init(items: [Item]) { self.items = items }

  package func encode(into encoder: inout CanonicalEncoder) { encoder.append(items) }

  /// What counters are written with.
  package static let alphabet = "0123456789:;-"
}
