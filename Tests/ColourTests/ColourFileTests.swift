import Colour
import Foundation
import TestSupport
import Testing

/// Every LUT, process list and correction of `shared/samples/color`, against the facts stated with them.
@Suite struct `Colour files` {
  /// P0…P5 of the facts.
  private static let inputs: [Float] = [
    0, 0, 0, 0.18, 0.18, 0.18, 0.5, 0.5, 0.5, 1, 1, 1, 0.2, 0.5, 0.8, 0.9, 0.4, 0.1,
  ]

  struct Sample: Sendable {
    var file: String
    /// By interpolation; empty where the file must be refused.
    var results: [ColourTransform.Interpolation: [Double]] = [:]
  }

  private struct Index: Decodable {
    struct File: Decodable {
      var file: String
      var facts: String
    }
    var files: [File]
  }

  static let samples: [Sample] = {
    guard let data = try? Shared.data("samples/samples.json"),
      let index = try? JSONDecoder().decode(Index.self, from: data)
    else { return [] }
    return index.files.compactMap { entry in
      guard entry.file.hasPrefix("color/"), !entry.file.contains("ocio_context"),
        !entry.file.hasSuffix(".amf"),
        // Read by our own reader of cubes: OpenColorIO refuses comments before its sizes.
        !entry.file.hasSuffix("LogC_Video.cube")
      else { return nil }
      var sample = Sample(file: entry.file)
      for fact in entry.facts.components(separatedBy: " ; ") {
        guard let marker = fact.range(of: " P0..P5 = ") else { continue }
        let numbers = fact[marker.upperBound...].split { " /".contains($0) }.compactMap { Double($0) }
        if fact.hasPrefix("OCIO linear") { sample.results[.linear] = numbers }
        if fact.contains("tetrahedral") { sample.results[.tetrahedral] = numbers }
      }
      return sample
    }
  }()

  private func path(_ sample: Sample) -> String { (Shared.folder?.path ?? "") + "/samples/" + sample.file }

  @Test func `files give what their facts say, and broken ones are refused with the reason`() throws {
    let samples = Self.samples
    guard !samples.isEmpty else { return }
    #expect(samples.count >= 38, "\(samples.count) files")
    for sample in samples {
      guard !sample.results.isEmpty else {
        #expect(
          throws: ColourManagementError.self, "\(sample.file) was read"
        ) { try ColourProcessor([.file(path(sample))], config: ColourConfig()) }
        continue
      }
      for (interpolation, expected) in sample.results {
        var pixels = Self.inputs
        // Facts of corrections are those of the style that never clamps.
        try ColourProcessor(
          [.file(path(sample), style: .noClamp, interpolation: interpolation)], config: ColourConfig()
        ).apply(&pixels)
        #expect(expected.count == 18, "\(sample.file): \(expected.count) facts")
        for (found, fact) in zip(pixels, expected) {
          #expect(
            abs(Double(found) - fact) <= 5e-4 * max(1, abs(fact)),
            "\(sample.file) \(interpolation): \(found), not \(fact)")
        }
      }
    }
  }

  @Test func `a correction of a collection is taken by its id or its place`() throws {
    guard let folder = Shared.folder?.path else { return }
    let file = folder + "/samples/color/cdl/cdl_test1.ccc"
    func pixel(_ correction: String?) throws -> [Float] {
      var pixel: [Float] = [0.2, 0.5, 0.8]
      try ColourProcessor([.file(file, correction: correction)], config: ColourConfig()).apply(&pixel)
      return pixel
    }
    #expect(try pixel(nil) == pixel("cc0001"))
    #expect(try pixel("1") == pixel("cc0002"))
    #expect(try pixel("cc0002") != pixel("cc0001"))
    #expect(throws: ColourManagementError.self) { try pixel("cc9999") }
  }

  @Test func `a config finds its files by context variables`() throws {
    guard let folder = Shared.folder?.path else { return }
    let path = folder + "/samples/color/ocio_context_test1/config.ocio"
    func white(_ shot: String?) throws -> Float {
      let config = try ColourConfig(reading: path)
      if let shot { try config.set("SHOT", to: shot) }
      var pixel: [Float] = [1, 1, 1]
      try ColourProcessor([.space(from: "plain_lut1_cs", to: "reference")], config: config).apply(&pixel)
      return pixel[0]
    }
    #expect(try white(nil) == 40)
    #expect(try white("shot1") == 10)
    #expect(try white("shot2") == 20)
    #expect(try white("shot3") == 30)
  }

  private static let script = """
    import json, sys
    import PyOpenColorIO as OCIO
    points = json.loads(sys.argv[1])
    results = {}
    for path in sys.argv[2:]:
        for name, how in (("linear", OCIO.INTERP_LINEAR), ("tetrahedral", OCIO.INTERP_TETRAHEDRAL)):
            first = "0" if path.endswith((".ccc", ".cdl")) else ""
            for style, cdl in (("asc", OCIO.CDL_ASC), ("no-clamp", OCIO.CDL_NO_CLAMP)):
                transform = OCIO.FileTransform(src=path, interpolation=how, cccId=first)
                transform.setCDLStyle(cdl)
                cpu = OCIO.Config.CreateRaw().getProcessor(transform).getOptimizedCPUProcessor(
                    OCIO.OPTIMIZATION_LOSSLESS)
                results[f"{path} {name} {style}"] = [
                    value for i in range(0, len(points), 3) for value in cpu.applyRGB(points[i:i + 3])]
    json.dump(results, sys.stdout)
    """

  @Test(.enabled(if: PyOpenColorIO.isThere, PyOpenColorIO.absence))
  func `PyOpenColorIO gives the same of every file`() throws {
    let samples = Self.samples.filter { !$0.results.isEmpty }
    guard !samples.isEmpty else { return }
    var random = SplitMix64(seed: 6)
    let points = Self.inputs + (0..<300).map { _ in Float.random(in: -0.1...1.2, using: &random) }
    let text = String(decoding: try JSONEncoder().encode(points), as: UTF8.self)
    let finished = try Programs.run(
      PyOpenColorIO.python, ["-c", Self.script, text] + samples.map { path($0) })
    #expect(finished.status == 0, "\(finished.errors)")
    let results = try JSONDecoder().decode([String: [Double]].self, from: finished.output)
    #expect(results.count == 4 * samples.count)
    for sample in samples {
      for (interpolation, name) in [
        (ColourTransform.Interpolation.linear, "linear"), (.tetrahedral, "tetrahedral"),
      ] {
        for (style, styleName) in [(ColourTransform.DecisionStyle.asc, "asc"), (.noClamp, "no-clamp")] {
          var pixels = points
          try ColourProcessor(
            [.file(path(sample), style: style, interpolation: interpolation)], config: ColourConfig()
          ).apply(&pixels)
          let expected = try #require(results["\(path(sample)) \(name) \(styleName)"])
          let worst = zip(pixels, expected).map { abs(Double($0) - $1) / max(1, abs($1)) }.max() ?? .infinity
          #expect(worst <= 1e-4, "\(sample.file) \(name) \(styleName): \(worst)")
        }
      }
    }
  }
}
