import Colour
import Foundation
import TestSupport
import Testing

@Suite struct KernelPathTests {
  @Test func `the environment can force the baseline`() {
    if ProcessInfo.processInfo.environment["INTERLOCK_CPU"] == "baseline" {
      #expect(KernelPath.chosen == .baseline)
    } else {
      #expect(KernelPath.chosen == KernelPath.available.last)
    }
    #expect(KernelPath.baseline.isAvailable)
  }

  /// Not a check: prints what a 1280x720 picture costs. Run it alone: `INTERLOCK_TIMINGS=1 swift test --filter KernelPath`.
  @Test(.enabled(if: ProcessInfo.processInfo.environment["INTERLOCK_TIMINGS"] != nil))
  func `time of CDL and LUT at 720p`() throws {
    var random = SplitMix64(seed: 1)
    let source = try TestPicture("yuv422p10le", width: 1280, height: 720)
    source.fillWithNoise(&random, codes: 64...940)
    var values: [Float] = []
    for node in 0..<33 * 33 * 33 {
      values += [node % 33, node / 33 % 33, node / 1089].map { Float($0) / 32 }
    }
    let cdl = try GradeKernel.Decision(
      slope: SIMD3(1.1, 0.95, 1.3), offset: SIMD3(-0.02, 0.01, -0.05), power: SIMD3(0.9, 1.1, 1.2),
      saturation: 0.8)
    let grade = GradeKernel(
      decision: cdl, look: try LookTable(cube: LookTable.Cube(size: 33, values: values)))
    let result = TestPicture(source.format)
    for path in KernelPath.available {
      let pipe = try PicturePipe(source: source.format, grade: grade, destination: result.format, path: path)
      var best = Duration.seconds(60)
      for _ in 0..<5 {
        let time = try ContinuousClock().measure {
          try pipe.run(source: source.sourcePlanes, destination: result.destinationPlanes)
        }
        best = min(best, time)
      }
      let nanoseconds = Double(best.components.attoseconds) / 1e9
      print("yuv422p10le, CDL and 33-point LUT, \(path): \(nanoseconds / (1280 * 720)) ns per pixel")
    }
  }
}
