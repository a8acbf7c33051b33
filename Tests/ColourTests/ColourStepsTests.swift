import Colour
import Foundation
import TestSupport
import Testing

/// Chains by our own kernels, against OpenColorIO.
@Suite struct `Colour steps` {
  private static let output = "ACES-OUTPUT - ACES2065-1_to_CIE-XYZ-D65 - "

  private static let chains: [(name: String, transforms: [ColourTransform])] = {
    let decision = try? GradeKernel.Decision(
      slope: SIMD3(1.1, 0.95, 1.02), offset: SIMD3(-0.02, 0.01, 0), power: SIMD3(0.9, 1.1, 1.05),
      saturation: 0.85)
    guard let decision else { return [] }
    let toGrade: [ColourTransform] = [
      .builtIn("ARRI_ALEXA-LOGC-EI800-AWG_to_ACES2065-1"), .builtIn("ACEScct_to_ACES2065-1", isInverse: true),
    ]
    let toLight = ColourTransform.builtIn("ACEScct_to_ACES2065-1")
    return [
      (
        "SDR",
        toGrade + [
          .decision(decision, .asc), toLight, .builtIn(output + "SDR-VIDEO_1.0"),
          .builtIn("DISPLAY - CIE-XYZ-D65_to_REC.1886-REC.709"),
        ]
      ),
      (
        "PQ",
        toGrade + [
          .decision(decision, .noClamp), toLight, .builtIn(output + "HDR-VIDEO-1000nit-15nit-P3lim_1.1"),
          .builtIn("DISPLAY - CIE-XYZ-D65_to_ST2084-P3-D65"),
        ]
      ),
      ("grade only", toGrade + [.decision(decision, .asc)]),
    ]
  }()

  private func samples() -> [Float] {
    var random = SplitMix64(seed: 12)
    let greys = (0..<1024).flatMap { code in [Float](repeating: Float(code) / 1023, count: 3) }
    return greys + (0..<30_000).map { _ in Float.random(in: -0.05...1.05, using: &random) }
  }

  @Test(arguments: chains.indices)
  func `a chain lies within half a code at 10 bits, on every path alike, and survives its bytes`(_ index: Int)
    throws
  {
    let (name, transforms) = Self.chains[index]
    let processor = try ColourProcessor(transforms, config: ColourConfig())
    let steps = try #require(try ColourSteps(processor), "\(name): \(processor.operations)")
    var expected = samples()
    try processor.apply(&expected)
    var found = samples()
    steps.apply(&found, path: .baseline)
    let worst = zip(found, expected).map { abs($0 - $1) }.max() ?? .infinity
    print("colour steps, \(name): largest difference \(worst * 876) codes at 10 bits")
    #expect(worst * 876 <= 0.5, "\(name)")
    for path in KernelPath.allCases where path.isAvailable {
      var again = samples()
      steps.apply(&again, path: path)
      #expect(again == found, "\(name) on \(path)")
    }
    let read = try #require(ColourSteps(canonical: steps.canonical))
    var reread = samples()
    read.apply(&reread)
    #expect(reread == found)
    #expect(ColourSteps(canonical: Array(steps.canonical.dropLast(4))) == nil)
  }

  @Test func `a cube is left to others`() throws {
    let cube = try LookTable(cube: .init(size: 2, values: (0..<24).map { Float($0) / 24 }))
    #expect(try ColourSteps(ColourProcessor([.table(cube)], config: ColourConfig())) == nil)
  }

  @Test func `tables of a chain are what it is between their points`() throws {
    let gamma = try ColourProcessor([.power(2.4)], config: ColourConfig())
    #expect(!gamma.mixesChannels)
    let curve = GradeKernel(decision: nil, look: try ColourBake.curve(of: gamma, size: 4096))
    var found: [Float] = [0.1, 0.5, 0.9, 1, 0, 0.25]
    var expected = found
    try curve.apply(&found)
    try gamma.apply(&expected)
    for (a, b) in zip(found, expected) { #expect(abs(a - b) <= 2e-5) }
    let mixing = try ColourProcessor(
      [.matrix([0.9, 0.1, 0, 0, 1, 0, 0.2, 0, 0.8])], config: ColourConfig())
    #expect(mixing.mixesChannels)
    let cube = GradeKernel(decision: nil, look: try ColourBake.cube(of: mixing, size: 9))
    found = [0.3, 0.6, 0.1, 1, 0, 1]
    expected = found
    try cube.apply(&found)
    try mixing.apply(&expected)
    for (a, b) in zip(found, expected) { #expect(abs(a - b) <= 1e-6) }
  }
}
