package import Digests

/// Black around the part of the picture that is to be seen; over titles, below burn-ins.
package struct Matte: Hashable, Codable, Sendable, CanonicallyEncodable {
  static let version = 1
  package var raster: Raster
  /// Rows of black above and below, and columns left and right; even, so that no chroma sample is shared.
  package var rows: Int
  package var columns: Int
  /// What no light becomes in the values of the picture; nil where black is 0.
  package var colour: ColourProcess?

  /// The matte that leaves a shape of the raster.
  ///
  /// - Parameter aspect: width over height of what is seen, pixels being square, as a fraction.
  package init(raster: Raster, aspect: (numerator: Int64, denominator: Int64)) {
    self.raster = raster
    /// Half of what is left of a length, to the nearest even number.
    func bar(_ length: Int, _ seen: Int64) -> Int { Int(max(0, Int64(length) - seen) + 2) / 4 * 2 }
    let height = (Int64(raster.width) * aspect.denominator * 2 + aspect.numerator) / (2 * aspect.numerator)
    let width = (Int64(raster.height) * aspect.numerator * 2 + aspect.denominator) / (2 * aspect.denominator)
    rows = bar(raster.height, height)
    columns = bar(raster.width, width)
  }

  package var isEmpty: Bool { rows == 0 && columns == 0 }

  package func encode(into encoder: inout CanonicalEncoder) {
    encoder.append(Self.version)
    encoder.append(raster)
    encoder.append(rows)
    encoder.append(columns)
    if let colour { encoder.append(colour) }
  }

  var summary: OperationSummary {
    OperationSummary(
      operation: "matte", version: Self.version,
      parameters: "\(raster.width - 2 * columns)x\(raster.height - 2 * rows) of \(raster) is seen")
  }
}
