import Colour
import TaskKinds

/// Colours on which forms of a chain are compared; the same on every machine.
enum ColourSamples {
  /// Pixels of red, green and blue side by side.
  ///
  /// Of codes: every grey of 12 bits, and colours drawn evenly from R'G'B' and from around greys, with a margin of what
  /// legal codes reach beyond 0…1. Of light: greys and colours over 24 stops, and below black.
  static func pixels(of source: CompileColourTask.Source) -> [Float] {
    var random = Generator(state: 0x9E37_79B9_7F4A_7C15)
    var pixels: [Float] = []
    func add(_ red: Float, _ green: Float, _ blue: Float) { pixels += [red, green, blue] }
    for code in 0..<4096 {
      let grey = Float(code) / 4095
      add(grey, grey, grey)
    }
    for index in 0..<16_384 {
      if index % 2 == 0 {
        add(random.unit * 1.1 - 0.05, random.unit * 1.1 - 0.05, random.unit * 1.1 - 0.05)
      } else {
        let grey = random.unit
        add(
          grey + (random.unit - 0.5) * 0.2, grey + (random.unit - 0.5) * 0.2, grey + (random.unit - 0.5) * 0.2
        )
      }
    }
    guard source == .light else { return pixels }
    for _ in 0..<8192 {
      // 2^-12 … 2^12 without a power: an exponent and a fraction.
      let light = Float(sign: .plus, exponent: Int(random.next() % 24) - 12, significand: 1 + random.unit)
      add(light * (0.5 + random.unit), light * (0.5 + random.unit), light * (0.5 + random.unit))
    }
    for _ in 0..<256 { add(-random.unit * 0.1, random.unit * 0.1, -random.unit * 0.01) }
    return pixels
  }

  /// SplitMix64. Source: Steele, Lea, Flood, Fast splittable pseudorandom number generators (2014).
  private struct Generator {
    var state: UInt64

    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var word = state
      word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
      word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
      return word ^ (word >> 31)
    }

    var unit: Float { mutating get { Float(next() >> 40) / 16_777_216 } }
  }
}

/// How far two renderings of the same colours lie apart in what a deliverable keeps of them.
struct ColourMeasure {
  private let target: CompileColourTask.Target

  init(_ target: CompileColourTask.Target) { self.target = target }

  /// The largest difference in codes; of floating point in units of half's last place.
  func largest(_ found: [Float], _ expected: [Float]) -> Double {
    var largest = 0.0
    for index in stride(from: 0, to: min(found.count, expected.count) - 2, by: 3) {
      let a = (0..<3).map { Double(found[index + $0]) }
      let b = (0..<3).map { Double(expected[index + $0]) }
      let difference = difference(a, b)
      guard difference.isFinite else { return .infinity }
      largest = max(largest, difference)
    }
    return largest
  }

  private func difference(_ a: [Double], _ b: [Double]) -> Double {
    switch target {
    case .light:
      // A half has 11 bits, and 2^-24 at the least; a channel that is next to nothing beside the others is measured
      // by them.
      let unit = max((b.map(abs).max() ?? 0) / 2048, 1 / 16_777_216)
      return zip(a, b).map { abs($0 - $1) / unit }.max() ?? 0
    case .codes(let bitDepth, let matrix, let isFullRange):
      let top = Double((1 << bitDepth) - 1)
      let step = Double(1 << max(0, bitDepth - 8))
      let luma = isFullRange ? top : 219 * step
      // What is beyond the codes is cut off alike.
      func kept(_ value: Double) -> Double { min(max(value, -0.1), 1.1) }
      let d = zip(a, b).map { kept($0) - kept($1) }
      let weights: (red: Double, blue: Double)
      switch matrix {
      case "bt2020nc": weights = (0.2627, 0.0593)
      case "gbr": return d.map { abs($0) * luma }.max() ?? 0
      default: weights = (0.2126, 0.0722)
      }
      let chroma = isFullRange ? top : 224 * step
      let y = weights.red * d[0] + (1 - weights.red - weights.blue) * d[1] + weights.blue * d[2]
      return max(
        abs(y) * luma, abs((d[2] - y) / (2 * (1 - weights.blue))) * chroma,
        abs((d[0] - y) / (2 * (1 - weights.red))) * chroma)
    }
  }
}
