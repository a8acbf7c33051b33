/// The private options of an encoder that a profile may set.
///
/// Encoders with frames of their own take what their own documentation says. For those that make groups only
/// these are let through: others change how packets follow each other, use several threads, or name files.
package enum EncoderOptions {
  package enum Shape: Sendable {
    case choice([String])
    /// A decimal number in a range.
    case number(ClosedRange<Double>)

    /// Whether a value is one of this shape.
    package func allows(_ value: String) -> Bool {
      switch self {
      case .choice(let choices): choices.contains(value)
      case .number(let range): Double(value).map { range.contains($0) } ?? false
      }
    }

    /// What is allowed, for people.
    package var summary: String {
      switch self {
      case .choice(let choices): "one of " + choices.joined(separator: ", ")
      case .number(let range): "a number from \(range.lowerBound) to \(range.upperBound)"
      }
    }
  }

  /// The allowed options of an encoder by name; nil when it takes any.
  package static func allowed(for codec: String) -> [String: Shape]? {
    switch codec {
    case "libx264": x264
    case "libx265": x265
    default: nil
    }
  }

  /// Options without which an encoder has no constant quality.
  package static func required(for codec: String) -> [String] {
    allowed(for: codec) == nil ? [] : ["crf"]
  }

  private static let presets = Shape.choice([
    "ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow",
  ])

  private static let x265: [String: Shape] = [
    "crf": .number(0...51),
    "preset": presets,
    "tune": .choice(["animation", "grain"]),
    "profile": .choice(["main10"]),
  ]

  private static let x264: [String: Shape] = [
    "crf": .number(0...51),
    "preset": presets,
    "tune": .choice(["film", "animation", "grain", "stillimage"]),
    "profile": .choice(["baseline", "main", "high"]),
    "level": .choice([
      "3.0", "3.1", "3.2", "4.0", "4.1", "4.2", "5.0", "5.1", "5.2",
    ]),
  ]
}
