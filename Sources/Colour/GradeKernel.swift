import CPictureKernels

/// What is done to R'G'B' between source and destination: an ASC CDL, then a look; either may be absent.
package struct GradeKernel: Hashable, Sendable {
  /// ASC CDL v1.2 in ASC clamp style, on display-coded R'G'B'.
  ///
  /// `clamp(x·slope + offset)` to the power, then saturation around Rec.709 luma, then clamp; NaN becomes 0.
  package struct Decision: Hashable, Sendable {
    /// Red, green, blue; ≥ 0.
    package let slope: SIMD3<Double>
    package let offset: SIMD3<Double>
    /// Red, green, blue; > 0. Exactly 1 leaves the channel as it is.
    package let power: SIMD3<Double>
    /// ≥ 0; 1 leaves the colour as it is.
    package let saturation: Double

    /// - Throws: `.invalidDecision` for values outside the ranges of ASC CDL v1.2.
    package init(
      slope: SIMD3<Double>, offset: SIMD3<Double>, power: SIMD3<Double>, saturation: Double
    ) throws(ColourError) {
      self.slope = slope
      self.offset = offset
      self.power = power
      self.saturation = saturation
      for channel in 0..<3 {
        try Self.check("slope", slope[channel], slope[channel] >= 0, "≥ 0")
        try Self.check("offset", offset[channel], true, "a number")
        try Self.check("power", power[channel], power[channel] > 0, "> 0")
      }
      try Self.check("saturation", saturation, saturation >= 0, "≥ 0")
    }

    private static func check(
      _ name: String, _ value: Double, _ isInRange: Bool, _ range: String
    ) throws(ColourError) {
      // Float is what the kernel uses: a value that overflows it is as useless as infinity.
      guard isInRange, Float(value).isFinite else {
        throw ColourError(
          code: .invalidDecision, message: "CDL \(name) \(value) is not \(range)",
          remedy: "Correct the value in the CDL; ASC CDL v1.2 states the ranges.")
      }
    }
  }

  package let decision: Decision?
  package let look: LookTable?

  package init(decision: Decision?, look: LookTable?) {
    self.decision = decision
    self.look = look
  }
}

extension GradeKernel.Decision {
  var forKernels: pk_decision {
    pk_decision(
      slope: (slope.x, slope.y, slope.z), offset: (offset.x, offset.y, offset.z),
      power: (power.x, power.y, power.z), saturation: saturation)
  }
}

extension LookTable {
  /// Lends the tables to the kernels, which copy them.
  func withKernelLook<Result>(_ body: (UnsafePointer<pk_look>) -> Result) -> Result {
    let shaperValues = shaper?.values ?? []
    let cubeValues = cube?.values ?? []
    return unsafe shaperValues.withUnsafeBufferPointer { shaperBuffer in
      unsafe cubeValues.withUnsafeBufferPointer { cubeBuffer in
        var look = unsafe pk_look()
        if let shaper {
          unsafe look.shaper_size = Int32(shaper.size)
          unsafe look.shaper = shaperBuffer.baseAddress
          unsafe look.shaper_minimum = shaper.domain.minimum.tuple
          unsafe look.shaper_maximum = shaper.domain.maximum.tuple
        }
        if let cube {
          unsafe look.cube_size = Int32(cube.size)
          unsafe look.cube = cubeBuffer.baseAddress
          unsafe look.cube_minimum = cube.domain.minimum.tuple
          unsafe look.cube_maximum = cube.domain.maximum.tuple
        }
        return unsafe withUnsafePointer(to: &look) { unsafe body($0) }
      }
    }
  }
}

extension SIMD3<Double> {
  fileprivate var tuple: (Double, Double, Double) { (x, y, z) }
}
