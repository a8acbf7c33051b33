import Glibc

/// Curves of cameras that OpenColorIO 2.1 has no operation for, as files it reads.
///
/// Sources: ITU-R BT.709-6; Apple, Apple Log Profile White Paper (2023); Canon, Canon Log (2012), as reflection.
package enum CameraCurve: String, CaseIterable, Sendable {
  case rec709 = "rec709_camera"
  case appleLog = "apple_log"
  case canonLog = "canon_log"

  /// Points over code values 0…1; between them lines differ from the curve by less than 1e-6 of the value.
  private static let size = 8192

  /// The name under which the shipped config looks for it.
  package var fileName: String { rawValue + ".spi1d" }

  /// From a code value to scene-linear light.
  package func decode(_ code: Double) -> Double {
    switch self {
    case .rec709:
      return code < 0.081 ? code / 4.5 : pow((code + 0.099) / 1.099, 1 / 0.45)
    case .appleLog:
      let toe = 47.287_112_36
      if code < 0 { return -0.056_410_88 }
      let line = toe * (0.01 + 0.056_410_88) * (0.01 + 0.056_410_88)
      return code < line
        ? sqrt(code / toe) - 0.056_410_88
        : exp2((code - 0.693_369_45) / 0.085_504_79) - 0.009_640_52
    case .canonLog:
      func above(_ code: Double) -> Double { (pow(10, (code - 0.073_059_7) / 0.529_136) - 1) / 10.1596 }
      return 0.9 * (code < 0.073_059_7 ? -above(2 * 0.073_059_7 - code) : above(code))
    }
  }

  /// From scene-linear light to a code value.
  package func encode(_ light: Double) -> Double {
    switch self {
    case .rec709:
      return light < 0.018 ? 4.5 * light : 1.099 * pow(light, 0.45) - 0.099
    case .appleLog:
      if light < -0.056_410_88 { return 0 }
      return light < 0.01
        ? 47.287_112_36 * (light + 0.056_410_88) * (light + 0.056_410_88)
        : 0.085_504_79 * log2(light + 0.009_640_52) + 0.693_369_45
    case .canonLog:
      let x = light / 0.9
      return x < 0
        ? -0.529_136 * log10(-10.1596 * x + 1) + 0.073_059_7
        : 0.529_136 * log10(10.1596 * x + 1) + 0.073_059_7
    }
  }

  /// The curve in Sony's 1D format.
  package var file: [UInt8] {
    var text = "Version 1\nFrom 0.0 1.0\nLength \(Self.size)\nComponents 1\n{\n"
    for index in 0..<Self.size {
      // Rounded to binary32, which is all that is kept of it.
      text += "\(Float(decode(Double(index) / Double(Self.size - 1))))\n"
    }
    return Array((text + "}\n").utf8)
  }
}
