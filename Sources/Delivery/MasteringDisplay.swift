/// Static HDR metadata: the display pictures were mastered on, and the light of the content.
///
/// Source: SMPTE ST 2086 and CTA-861.3.
package struct MasteringDisplay: Hashable, Codable, Sendable {
  package enum Primaries: String, Codable, Sendable, CaseIterable {
    case p3D65 = "p3-d65"
    case rec2020 = "rec2020"
    case rec709 = "rec709"

    /// Red, green, blue and white, x and y in 1/50,000.
    package var points: [Int] {
      switch self {
      case .p3D65: [34_000, 16_000, 13_250, 34_500, 7_500, 3_000, 15_635, 16_450]
      case .rec2020: [35_400, 14_600, 8_500, 39_850, 6_550, 2_300, 15_635, 16_450]
      case .rec709: [32_000, 16_500, 15_000, 30_000, 7_500, 3_000, 15_635, 16_450]
      }
    }
  }

  package var primaries: Primaries
  /// cd/m².
  package var maximum: Int
  /// 1/10,000 cd/m².
  package var minimum: Int
  /// MaxCLL and MaxFALL, cd/m²; 0 where nobody measured them.
  package var contentMaximum: Int
  package var contentAverage: Int

  package init(
    primaries: Primaries, maximum: Int, minimum: Int, contentMaximum: Int = 0, contentAverage: Int = 0
  ) {
    self.primaries = primaries
    self.maximum = maximum
    self.minimum = minimum
    self.contentMaximum = contentMaximum
    self.contentAverage = contentAverage
  }

  /// Numbers in the order in which they are stored, for keys and checks.
  package var words: String {
    (primaries.points + [maximum, minimum, contentMaximum, contentAverage]).map { "\($0)" }
      .joined(separator: " ")
  }
}
