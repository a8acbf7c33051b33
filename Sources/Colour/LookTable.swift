/// A sampled transform of R'G'B': a shaper (one curve per channel), a cube, or the shaper and then the cube.
///
/// The shaper interpolates linearly, the cube tetrahedrally; inputs outside a domain clamp to its edge.
/// Source: Adobe Cube LUT Specification 1.0; tetrahedral interpolation as in OpenColorIO 2.
package struct LookTable: Hashable, Sendable {
  /// Inputs that meet the first and the last sample, for red, green and blue.
  package struct Domain: Hashable, Sendable {
    package var minimum: SIMD3<Double>
    package var maximum: SIMD3<Double>

    package init(minimum: SIMD3<Double>, maximum: SIMD3<Double>) {
      self.minimum = minimum
      self.maximum = maximum
    }

    /// 0…1 in each channel.
    package static let unit = Domain(minimum: SIMD3(repeating: 0), maximum: SIMD3(repeating: 1))
  }

  /// One curve per channel, 2…65,536 samples each.
  package struct Shaper: Hashable, Sendable {
    package var size: Int
    /// `size` rows of red, green, blue.
    package var values: [Float]
    package var domain: Domain

    package init(size: Int, values: [Float], domain: Domain = .unit) {
      self.size = size
      self.values = values
      self.domain = domain
    }
  }

  /// 2…256 samples along each axis.
  package struct Cube: Hashable, Sendable {
    package var size: Int
    /// `size³` rows of red, green, blue; the red index runs fastest.
    package var values: [Float]
    package var domain: Domain

    package init(size: Int, values: [Float], domain: Domain = .unit) {
      self.size = size
      self.values = values
      self.domain = domain
    }
  }

  package let shaper: Shaper?
  package let cube: Cube?

  /// - Throws: `.invalidLook` for a size out of range, a wrong count of values, a value that is not finite, or an
  ///   empty domain.
  package init(shaper: Shaper? = nil, cube: Cube?) throws(ColourError) {
    if let shaper {
      try Self.check(
        "shaper", size: shaper.size, sizes: 2...65_536, rows: shaper.size, shaper.values, shaper.domain)
    }
    if let cube {
      try Self.check(
        "cube", size: cube.size, sizes: 2...256, rows: cube.size * cube.size * cube.size, cube.values,
        cube.domain)
    }
    self.shaper = shaper
    self.cube = cube
  }

  private static func check(
    _ part: String, size: Int, sizes: ClosedRange<Int>, rows: @autoclosure () -> Int, _ values: [Float],
    _ domain: Domain
  ) throws(ColourError) {
    func invalid(_ what: String) -> ColourError {
      ColourError(code: .invalidLook, message: "\(part) of a look: \(what)", remedy: "Check the LUT file.")
    }
    guard sizes.contains(size) else {
      throw invalid("size \(size) is outside \(sizes.lowerBound)…\(sizes.upperBound)")
    }
    guard values.count == 3 * rows() else {
      throw invalid("size \(size) wants \(3 * rows()) values, there are \(values.count)")
    }
    guard values.allSatisfy(\.isFinite) else { throw invalid("a value is not a finite number") }
    for channel in 0..<3 {
      let low = domain.minimum[channel]
      let high = domain.maximum[channel]
      guard low.isFinite, high.isFinite, Float(high) > Float(low) else {
        throw invalid("domain \(low)…\(high) is empty")
      }
    }
  }
}
