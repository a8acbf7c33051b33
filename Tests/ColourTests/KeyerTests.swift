import Colour
import Foundation
import TestSupport
import Testing

@Suite struct KeyerTests {
  private func keyer(
    _ screen: SIMD3<Double>, tolerance: Double = 0.1, softness: Double = 0.8, despill: Double = 1,
    everywhere: Bool = false, erode: Int = 0, blur: Int = 0
  ) throws -> Keyer {
    try Keyer(
      screen: screen, tolerance: tolerance, softness: softness, despill: despill,
      spillsEverywhere: everywhere,
      erode: erode, blur: blur)
  }

  private func load(_ coded: TestPicture) throws -> LightPicture {
    let light = try LightPicture(width: coded.format.width, height: coded.format.height)
    try light.load(
      coded.sourcePlanes, through: PicturePipe(source: coded.format, grade: nil, destination: light.format),
      alpha: .opaque, isLinear: false)
    return light
  }

  /// One frame of the sample as display-coded R'G'B', 16 bits.
  private func sample(at second: Int) throws -> TestPicture? {
    guard let shared = Repository.shared else {
      print("skipped: no folder `shared` beside the checkout")
      return nil
    }
    let decoded = try Programs.run(
      "ffmpeg",
      [
        "-v", "error", "-ss", "\(second)", "-i", "\(shared)/samples/media/video/man-on-green-screen.mp4",
        "-frames:v", "1", "-vf", "scale=in_color_matrix=bt601:in_range=tv", "-f", "rawvideo", "-pix_fmt",
        "rgb48le", "-",
      ]
    ).output
    let picture = try TestPicture("rgb48le", width: 1280, height: 720)
    try #require(decoded.count == 1280 * 720 * 6)
    let bytes = [UInt8](decoded)
    for y in 0..<720 {
      for x in 0..<3840 {
        let at = (y * 3840 + x) * 2
        picture[0, x, y] = Int(bytes[at]) | Int(bytes[at + 1]) << 8
      }
    }
    return picture
  }

  /// Coverage as the samples' README measured it by colour: dark and green in percent.
  @Test(arguments: [(12, 14.0, 85.6), (2, 34.2, 65.3)])
  func `the man on green is separated as measured, without spill and without change`(
    second: Int, dark: Double, green: Double
  ) throws {
    guard let coded = try sample(at: second) else { return }
    let screen = try #require(
      try LightPicture.screenColour(
        coded.sourcePlanes, of: coded.format, in: PictureRectangle(x: 0, y: 0, width: 1280, height: 720)))
    #expect(abs(screen.x * 255 - 33) < 2 && abs(screen.y * 255 - 254) < 2 && abs(screen.z * 255 - 4) < 2)
    let before = try load(coded)
    let light = try load(coded)
    try light.key(keyer(screen), drop: nil, keep: nil)
    let planes = (0..<4).map { light.values(ofPlane: $0) }
    let original = (0..<3).map { before.values(ofPlane: $0) }
    let count = Double(planes[3].count)
    #expect(abs(Double(planes[3].count { $0 > 0.9 }) / count * 100 - dark) < 1)
    #expect(abs(Double(planes[3].count { $0 < 0.1 }) / count * 100 - green) < 1)

    let edge = planes[3].indices.filter { (0.1...0.9).contains(planes[3][$0]) }
    #expect(edge.count > 1000)
    let spill = edge.map { Double(max(0, planes[1][$0] - max(planes[0][$0], planes[2][$0]))) }.reduce(0, +)
    #expect(spill / Double(edge.count) < 0.02)

    // Inside: everything within twelve pixels covers too. Sums from the top left count what does not.
    var sums = [Int](repeating: 0, count: 1281 * 721)
    for y in 0..<720 {
      var row = 0
      for x in 0..<1280 {
        row += planes[3][y * 1280 + x] < 1 ? 1 : 0
        sums[(y + 1) * 1281 + x + 1] = sums[y * 1281 + x + 1] + row
      }
    }
    var changed = 0.0
    var inside = 0
    for y in 12..<707 {
      for x in 12..<1267 {
        let (top, bottom) = ((y - 12) * 1281, (y + 13) * 1281)
        guard sums[bottom + x + 13] - sums[bottom + x - 12] == sums[top + x + 13] - sums[top + x - 12] else {
          continue
        }
        inside += 1
        for channel in 0..<3 {
          let (from, to) = (original[channel][y * 1280 + x], planes[channel][y * 1280 + x])
          guard from != to else { continue }
          changed = max(changed, abs(pow(Double(max(from, 0)), 1 / 2.4) - pow(Double(max(to, 0)), 1 / 2.4)))
        }
      }
    }
    #expect(inside > 40_000)
    #expect(changed <= 1.0 / 1023)
  }

  @Test func `of a mix in light the key finds the share, and the foreground alone is left`() throws {
    let screen = [0.15, 0.95, 0.2]
    var random = SplitMix64(seed: 31)
    let coded = try TestPicture("gbrpf32le", width: 400, height: 1)
    var truth: [(alpha: Double, foreground: [Double])] = []
    for x in 0..<400 {
      let alpha = Double(x) / 399
      // Greens that a neutral foreground does not have.
      let grey = Double.random(in: 0.02...0.9, using: &random)
      let light = screen.map { alpha * grey + (1 - alpha) * pow($0, 2.4) }
      coded.setRGB(x, 0, light.map { pow($0, 1 / 2.4) })
      truth.append((alpha, [grey, grey, grey]))
    }
    let light = try load(coded)
    try light.key(
      keyer(SIMD3(screen), tolerance: 0, softness: 1, despill: 0), drop: nil, keep: nil)
    for (x, expected) in truth.enumerated() {
      #expect(abs(Double(light.values(ofPlane: 3)[x]) - expected.alpha) < 1e-4, "\(x)")
      for channel in 0..<3 {
        let value = expected.foreground[channel] * expected.alpha
        #expect(abs(Double(light.values(ofPlane: channel)[x]) - value) < 2e-4, "\(x), \(channel)")
      }
    }
  }

  @Test func `in scene light what is brighter than white is no screen, and keeps its light`() throws {
    // Warm light, a greenish highlight, light outside of the primaries, the screen, and half of it with grey.
    let screen = SIMD3<Float>(0.05, 0.45, 0.06)
    let lights: [[Float]] = [
      [40, 31, 20], [10, 12, 3], [0.4, 0.2, -0.02], [0.05, 0.45, 0.06], [0.125, 0.325, 0.13],
    ]
    func keyed(_ path: KernelPath) throws -> [[Float]] {
      let light = try LightPicture(width: lights.count, height: 1, path: path)
      for channel in 0..<3 { light.setValues(lights.map { $0[channel] }, ofPlane: channel) }
      light.setValues([Float](repeating: 1, count: lights.count), ofPlane: 3)
      try light.key(
        Keyer(
          sceneLight: screen, tolerance: 0, softness: 1, despill: 0, spillsEverywhere: false, erode: 0,
          blur: 0),
        drop: nil, keep: nil)
      return (0..<4).map { light.values(ofPlane: $0) }
    }
    let found = try keyed(.baseline)
    for path in KernelPath.available { #expect(try keyed(path) == found, "\(path)") }
    for x in 0..<3 {
      #expect(found[3][x] == 1)
      for channel in 0..<3 { #expect(found[channel][x] == lights[x][channel], "\(x), \(channel)") }
    }
    #expect((0..<4).allSatisfy { abs(found[$0][3]) < 1e-6 })
    #expect(abs(found[3][4] - 0.5) < 1e-5)
    for channel in 0..<3 { #expect(abs(found[channel][4] - 0.1) < 1e-5, "\(channel)") }
    #expect(throws: ColourError.self) {
      try Keyer(
        sceneLight: SIMD3(0.3, 0.304, 0.3), tolerance: 0, softness: 1, despill: 0, spillsEverywhere: false,
        erode: 0, blur: 0)
    }
  }

  @Test func `a blue screen is keyed as a green one`() throws {
    let coded = try TestPicture("gbrpf32le", width: 2, height: 1)
    coded.setRGB(0, 0, [0.1, 0.2, 0.9])
    coded.setRGB(1, 0, [0.6, 0.5, 0.4])
    let light = try load(coded)
    try light.key(keyer(SIMD3(0.1, 0.2, 0.9)), drop: nil, keep: nil)
    #expect(light.values(ofPlane: 3) == [0, 1])
    #expect((0..<3).allSatisfy { light.values(ofPlane: $0)[0] == 0 })
  }

  @Test func `garbage is thrown away and a core covers, to the share of each pixel`() throws {
    let coded = try TestPicture("gbrpf32le", width: 8, height: 4)
    for y in 0..<4 { for x in 0..<8 { coded.setRGB(x, y, x < 4 ? [0.5, 0.4, 0.3] : [0.1, 0.9, 0.1]) } }
    let light = try load(coded)
    // Half of column 1, and all of columns 6 and 7 above row 2.
    let garbage = try Cover(
      width: 8, height: 4, polygons: [[SIMD2(0, 0), SIMD2(1.5, 0), SIMD2(1.5, 4), SIMD2(0, 4)]])
    let core = try Cover(
      width: 8, height: 4, polygons: [[SIMD2(6, 0), SIMD2(8, 0), SIMD2(8, 2), SIMD2(6, 2)]])
    try light.key(keyer(SIMD3(0.1, 0.9, 0.1)), drop: garbage, keep: core)
    let alpha = light.values(ofPlane: 3)
    #expect(Array(alpha[0..<8]) == [0, 0.5, 1, 1, 0, 0, 1, 1])
    #expect(Array(alpha[24..<32]) == [0, 0.5, 1, 1, 0, 0, 0, 0])
  }

  @Test func `what covers shrinks and grows by whole pixels, and its edge softens evenly`() throws {
    let coded = try TestPicture("gbrpf32le", width: 20, height: 20)
    for y in 0..<20 {
      for x in 0..<20 { coded.setRGB(x, y, (5..<15).contains(x) ? [0.5, 0.5, 0.5] : [0.1, 0.9, 0.1]) }
    }
    func row(_ erode: Int, _ blur: Int) throws -> [Float] {
      let light = try load(coded)
      try light.key(keyer(SIMD3(0.1, 0.9, 0.1), erode: erode, blur: blur), drop: nil, keep: nil)
      return Array(light.values(ofPlane: 3)[200..<220])
    }
    #expect(try row(2, 0).map { $0 == 1 } == (0..<20).map { (7..<13).contains($0) })
    #expect(try row(-1, 0).map { $0 == 1 } == (0..<20).map { (4..<16).contains($0) })
    let soft = try row(0, 2)
    // Triangle of 1 2 3 2 1 in ninths.
    for (x, ninths) in zip(2...8, [0, 1, 3, 6, 8, 9, 9] as [Float]) {
      #expect(abs(soft[x] - ninths / 9) < 1e-6)
    }
  }

  @Test(arguments: [SIMD3(0.5, 0.5, 0.5), SIMD3(0, 0, 0), SIMD3(.nan, 1, 0)])
  func `a screen that no channel tells apart is refused`(screen: SIMD3<Double>) {
    #expect(throws: ColourError.self) { try keyer(screen) }
  }

  /// Not a check: prints what a keyed picture costs. Run it alone with `INTERLOCK_TIMINGS=1`.
  @Test(.enabled(if: ProcessInfo.processInfo.environment["INTERLOCK_TIMINGS"] != nil))
  func `time of a key at 1080p`() throws {
    let coded = try TestPicture("yuv420p", width: 1920, height: 1080)
    for plane in 0..<3 { coded.fill(plane, with: [90, 80, 70][plane]) }
    let light = try LightPicture(width: 1920, height: 1080)
    let below = try LightPicture(width: 1920, height: 1080)
    let result = try TestPicture("yuv444p16le", width: 1920, height: 1080)
    let into = try PicturePipe(source: coded.format, grade: nil, destination: light.format)
    let back = try PicturePipe(source: light.format, grade: nil, destination: result.format)
    let key = try keyer(SIMD3(0.1, 0.9, 0.1))
    func time(_ name: String, _ body: () throws -> Void) rethrows {
      var best = Duration.seconds(60)
      for _ in 0..<4 { best = min(best, try ContinuousClock().measure { try body() }) }
      print("\(name): \(Double(best.components.attoseconds) / 1e15) ms")
    }
    try time("load") { try light.load(coded.sourcePlanes, through: into, alpha: .opaque, isLinear: false) }
    try time("key") { try light.key(key, drop: nil, keep: nil) }
    time("merge") { below.merge(light, by: .over) }
    try time("finish") { try below.finish(through: back, into: result.destinationPlanes) }
  }
}
