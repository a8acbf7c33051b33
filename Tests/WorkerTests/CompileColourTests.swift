import Digests
import Foundation
import ImageGraph
import ObjectStore
import TaskGraph
import TaskKinds
import TestSupport
import Testing

/// The fastest proven form of colour steps, found by the real worker, and files that it refuses.
@Suite struct `Compiled colours` {
  /// - Parameter file: name and text of a LUT, which the steps name; nil for steps without one.
  private func compile(
    _ steps: [ColourStep] = [], file: (name: String, text: String)? = nil,
    source: CompileColourTask.Source = .codes,
    target: CompileColourTask.Target = .codes(bitDepth: 10, matrix: "bt709", isFullRange: false)
  ) throws -> (ending: Ending, output: CompileColourTask.Output?) {
    let attempt = try Attempt()
    let store = ObjectStore(try Production.create(at: attempt.folder.path + "/out"))
    var steps = steps
    if let file {
      let object = try store.commitObject(bytes: Array(file.text.utf8), name: "look", scratch: attempt.path)
      steps.append(.table(.init(object: object.digest, name: "luts/\(file.name)")))
    }
    let input = CompileColourTask.Input(
      process: ColourProcess(context: ColourContext(config: nil), steps: steps), source: source,
      target: target,
      location: nil, excerpt: nil, subject: "a test", builtBy: "tests")
    let key = CompileColourTask.key(input)
    try attempt.write(CompileColourTask.identifier, version: CompileColourTask.version, key: key, input)
    let ending = try attempt.run().ending
    return (ending, try store.result(key, as: CompileColourTask.Output.self)?.output)
  }

  private static let grade = Grade(
    slope: [1.1, 0.95, 1.02], offset: [-0.02, 0.01, 0], power: [0.9, 1.1, 1.05], saturation: 0.85)

  @Test func `a form is taken only where it is proven, the fastest first`() throws {
    let nothing = Grade(slope: [1, 1, 1], offset: [0, 0, 0], power: [1, 1, 1], saturation: 1)
    let same = try compile([.decision(nothing, clamps: false)])
    #expect(same.output?.compiled.form == .identity)

    let direct = try #require(try compile([.decision(Self.grade, clamps: true)]).output)
    #expect(direct.compiled.form == .table && direct.compiled.error == 0)
    #expect(direct.reason == "the kernels apply it as it is")

    // A smooth curve is a table of itself.
    let points = (0..<1024).map { index in "\(Double(index * index) / (1023 * 1023))" }
    let curve = try #require(
      try compile(
        file: (
          "curve.spi1d",
          "Version 1\nFrom 0.0 1.0\nLength 1024\nComponents 1\n{\n\(points.joined(separator: "\n"))\n}\n"
        )
      ).output)
    #expect(curve.compiled.form == .table)
    #expect(curve.compiled.error > 0 && curve.compiled.error <= 0.5)
    #expect(curve.reason.hasPrefix("a table of 4096 points a channel is within 0."), "\(curve.reason)")

    // A power near black bends more than a lattice can follow, and our own steps do.
    let steps = try #require(
      try compile(
        [.decision(Self.grade, clamps: false)],
        target: .codes(bitDepth: 12, matrix: "bt709", isFullRange: false)
      ).output)
    #expect(steps.compiled.form == .steps, "\(steps)")
    #expect(steps.compiled.error <= 0.5 && steps.compiled.library == nil)
    #expect(steps.reason.hasPrefix("the best table differs by "), "\(steps.reason)")

    // Noise is no table but its own, and a cube is no step of ours: OpenColorIO itself does it.
    var random = SplitMix64(seed: 6)
    let rows = (0..<125).map { index in
      let values = (0..<3).map { _ in Double.random(in: 0...1, using: &random) }
      return "\(index / 25) \(index / 5 % 5) \(index % 5) \(values[0]) \(values[1]) \(values[2])"
    }
    let noise = try #require(
      try compile(file: ("noise.spi3d", "SPILUT 1.0\n3 3\n5 5 5\n\(rows.joined(separator: "\n"))\n")).output)
    #expect(noise.compiled.form == .exact, "\(noise)")
    #expect(noise.compiled.error == 0)
    #expect(noise.compiled.library?.hasPrefix("OpenColorIO 2.") == true)
    #expect(noise.reason.hasPrefix("the best table differs by "), "\(noise.reason)")
  }

  private static let correction =
    "<ColorCorrection id=\"a\"><SOPNode><Slope>1 1</Slope><Offset>0 0 0</Offset><Power>1 1 1</Power></SOPNode></ColorCorrection>"

  static let broken: [(name: String, text: String)] = [
    ("a.csp", "CSPLUTV100\n3D\n\n2\n0 1\n0 1\n"), ("empty.csp", ""), ("a.3dl", "0 512 1023\n0 0 0\n"),
    ("a.spi1d", "Version 1\nFrom 0 1\nLength 3\nComponents 1\n{\n0\nx\n1\n}\n"),
    ("a.spi3d", "SPILUT 1.0\n3 3\n2 2 2\n0 0 0 0 0 0\n"), ("a.spimtx", "1 0 0 0 1 0\n"),
    ("a.cc", correction),
    ("a.ccc", "<ColorCorrectionCollection>\n\(correction)\n</ColorCorrectionCollection>"),
    ("a.cdl", "<ColorDecisionList><ColorDecision>\n\(correction)\n</ColorDecision></ColorDecisionList>"),
    ("a.clf", "<?xml version=\"1.0\"?>\n<ProcessList compCLFversion=\"3\" id=\"x\">\n"),
  ]

  @Test(arguments: broken.indices) func `a broken file is refused with its name and the reason`(_ index: Int)
    throws
  {
    let file = Self.broken[index]
    let (ending, output) = try compile(file: file)
    #expect(ending.exit == 2 && output == nil, "\(file.name): \(ending)")
    let finding = try #require(ending.diagnostics.first)
    #expect(finding.code == "colour.badFile", "\(file.name): \(finding)")
    #expect(finding.message.hasPrefix("the file cannot be used: "), "\(finding)")
    // Nobody knows the names that files have at the worker's.
    #expect(
      finding.message.range(of: "[0-9a-f]{16}\\.", options: .regularExpression) == nil
        && !finding.message.contains("colour.part"),
      "\(finding)")
  }
}
