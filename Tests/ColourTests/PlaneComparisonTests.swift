import Colour
import TestSupport
import Testing

@Suite struct PlaneComparisonTests {
  private let width = 96
  private let height = 54

  /// Soft blobs: detail of many sizes, different for each seed.
  private func picture(seed: UInt64, moved: Double = 0) -> LumaPlane {
    var random = SplitMix64(seed: seed)
    let blobs = (0..<40).map { _ in
      (
        x: Double.random(in: 0..<Double(width), using: &random),
        y: Double.random(in: 0..<Double(height), using: &random),
        size: Double.random(in: 2...12, using: &random), level: Double.random(in: -60...60, using: &random)
      )
    }
    var values: [Float] = []
    for y in 0..<height {
      for x in 0..<width {
        var value = 128.0
        for blob in blobs {
          let (dx, dy) = (Double(x) - blob.x - moved, Double(y) - blob.y)
          value += blob.level / (1 + (dx * dx + dy * dy) / (blob.size * blob.size))
        }
        values.append(Float(min(255, max(0, value))))
      }
    }
    return LumaPlane(width: width, height: height, values: values)
  }

  private func mismatch(_ a: LumaPlane, _ b: LumaPlane, use: [UInt8]? = nil) -> Double {
    var rest: [Float] = []
    let found = PlaneComparer(width: a.width, height: a.height)
      .compare(a, with: b, use: use ?? [UInt8](repeating: 1, count: a.values.count), rest: &rest)
    return found.residual / found.variance
  }

  @Test(arguments: UInt64(0)..<4) func `a grade explains itself and another picture does not`(seed: UInt64) {
    let plain = picture(seed: seed)
    // A film curve, a lift, and a vignette.
    var graded = plain
    for index in graded.values.indices {
      let code = graded.values[index] / 255
      let (x, y) = (index % width, index / width)
      let (dx, dy) = (Float(x - width / 2) / Float(width), Float(y - height / 2) / Float(height))
      graded.values[index] =
        (code * code * (3 - 2 * code) * 0.8 + 0.1) * 255 * (1 - 0.3 * (dx * dx + dy * dy))
    }
    #expect(mismatch(graded, plain) < 0.03)
    #expect(mismatch(graded, picture(seed: seed + 100)) > 0.7)
    #expect(mismatch(graded, plain.mirrored) > 0.7)
  }

  @Test func `what is left out does not count`() {
    let plain = picture(seed: 1)
    var burnt = plain
    var use = [UInt8](repeating: 1, count: plain.values.count)
    for y in 40..<50 {
      for x in 20..<70 {
        burnt.values[y * width + x] = (x / 3) % 2 == 0 ? 235 : 16
        use[y * width + x] = 0
      }
    }
    #expect(mismatch(burnt, plain) > 0.3)
    // Tone curves are found over bins of codes, so that even a picture is not explained by itself to the last bit.
    #expect(mismatch(burnt, plain, use: use) == mismatch(plain, plain, use: use))
    #expect(mismatch(burnt, plain, use: use) < 0.01)
  }

  @Test func `a picture laid by a fit is the one that was magnified and moved`() {
    let plain = picture(seed: 2)
    let moved = PlaneComparer.laid(plain, PlaneFit(moveX: 5))
    var use = [UInt8](repeating: 1, count: plain.values.count)
    for row in 0..<height { for column in 0..<8 { use[row * width + column] = 0 } }
    #expect(mismatch(picture(seed: 2, moved: 5), moved, use: use) < 0.01)
    #expect(mismatch(picture(seed: 2, moved: 5), plain, use: use) > 0.2)
    #expect(PlaneComparer.laid(plain, .identity) == plain)
  }

  @Test func `squares of pixels become their mean luma`() {
    let red = [Float](repeating: 1, count: 16)
    let none = [Float](repeating: 0, count: 16)
    let plane = LumaPlane(reducing: 4, width: 4, height: 4, red: red, green: none, blue: none)
    #expect(plane.values.count == 1)
    // Luma weight of red. Source: ITU-R BT.709, item 3.2.
    #expect((plane.values[0] - 0.2126 * 255).magnitude < 1e-3)
  }
}
