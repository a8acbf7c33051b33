import Colour
import Foundation
import TestSupport
import Testing

@Suite struct LightPictureTests {
  /// Premultiplied random light: covers of 0, of 1 and between, colours up to twice white.
  static func random(_ width: Int, _ height: Int, seed: UInt64, path: KernelPath = .chosen) throws
    -> LightPicture
  {
    var random = SplitMix64(seed: seed)
    let picture = try LightPicture(width: width, height: height, path: path)
    let alpha = (0..<width * height).map { _ -> Float in
      random.chance(0.2) ? 0 : random.chance(0.25) ? 1 : .random(in: 0...1, using: &random)
    }
    for plane in 0..<3 {
      picture.setValues(alpha.map { $0 * .random(in: 0...2, using: &random) }, ofPlane: plane)
    }
    picture.setValues(alpha, ofPlane: 3)
    return picture
  }

  /// The operations as compositing software defines them, in double.
  private static func reference(
    _ merge: LightPicture.Merge, _ above: Double, _ below: Double, _ a: Double, _ b: Double
  ) -> (colour: Double, alpha: Double) {
    let isBeyond = max(above, below) > 1 || min(above, below) < 0
    switch merge {
    case .over: return (above + below * (1 - a), a + b * (1 - a))
    case .plus: return (above + below, min(a + b, 1))
    case .multiply: return (above * below + above * (1 - b) + below * (1 - a), a + b - a * b)
    case .screen: return (isBeyond ? max(above, below) : above + below - above * below, a + b - a * b)
    case .inside: return (above * b, a * b)
    case .outside: return (above * (1 - b), a * (1 - b))
    }
  }

  @Test(arguments: LightPicture.Merge.allCases, [1, 2, 3] as [UInt64])
  func `merges agree with their definitions in double precision`(merge: LightPicture.Merge, seed: UInt64)
    throws
  {
    let above = try Self.random(61, 7, seed: seed)
    let below = try Self.random(61, 7, seed: seed + 100)
    let before = (0..<4).map { below.values(ofPlane: $0) }
    below.merge(above, by: merge)
    for plane in 0..<4 {
      let (result, top) = (below.values(ofPlane: plane), above.values(ofPlane: plane))
      for index in result.indices {
        let (a, b) = (Double(above.values(ofPlane: 3)[index]), Double(before[3][index]))
        let expected = Self.reference(merge, Double(top[index]), Double(before[plane][index]), a, b)
        let value = plane == 3 ? expected.alpha : expected.colour
        #expect(abs(Double(result[index]) - value) < 1e-6, "plane \(plane) at \(index)")
      }
    }
  }

  @Test func `every path makes the same bytes of every operation`() throws {
    func bytes(_ path: KernelPath) throws -> [[UInt32]] {
      var all: [[Float]] = []
      func keep(_ picture: LightPicture) { all += (0..<4).map { picture.values(ofPlane: $0) } }
      for merge in LightPicture.Merge.allCases {
        let below = try Self.random(131, 17, seed: 5, path: path)
        below.merge(try Self.random(131, 17, seed: 6, path: path), by: merge)
        keep(below)
      }
      var random = SplitMix64(seed: 7)
      let coded = try TestPicture("gbrpf32le", width: 131, height: 17)
      coded.fillWithNoise(&random)
      let light = try LightPicture(width: 131, height: 17, path: path)
      let pipe = try PicturePipe(source: coded.format, grade: nil, destination: light.format, path: path)
      try light.load(coded.sourcePlanes, through: pipe, alpha: .opaque, isLinear: false)
      keep(light)
      let placed = try LightPicture(width: 90, height: 40, path: path)
      try placed.place(light, scale: SIMD2(0.61, 2.3), offset: SIMD2(3.2, -1.7))
      keep(placed)
      try light.key(
        Keyer(
          screen: SIMD3(0.1, 0.9, 0.2), tolerance: 0.1, softness: 0.7, despill: 0.9, spillsEverywhere: false,
          erode: 1, blur: 2), drop: nil, keep: nil)
      keep(light)
      let result = TestPicture(coded.format)
      let back = try PicturePipe(source: light.format, grade: nil, destination: coded.format, path: path)
      try light.finish(through: back, into: result.destinationPlanes)
      keep(light)
      return all.map { $0.map(\.bitPattern) }
    }
    let baseline = try bytes(.baseline)
    for path in KernelPath.available { #expect(try bytes(path) == baseline, "\(path)") }
  }

  @Test func `light is the display-coded value to the power of 2.4, and comes back within a code of 10 bits`()
    throws
  {
    let values = (0...400).map { Double($0 - 80) / 200 } + [1e-4, -1e-4, 3.5, 0.999_999]
    let coded = try TestPicture("gbrpf32le", width: values.count, height: 1)
    for (x, value) in values.enumerated() { coded.setRGB(x, 0, [value, value, value]) }
    let light = try LightPicture(width: values.count, height: 1)
    try light.load(
      coded.sourcePlanes, through: PicturePipe(source: coded.format, grade: nil, destination: light.format),
      alpha: .opaque, isLinear: false)
    for (value, result) in zip(values, light.values(ofPlane: 1)) {
      let expected = pow(abs(value), 2.4) * (value < 0 ? -1 : 1)
      #expect(abs(Double(result) - expected) <= 3e-6 * max(abs(expected), 1e-6), "\(value)")
    }
    let result = TestPicture(coded.format)
    try light.finish(
      through: PicturePipe(source: light.format, grade: nil, destination: coded.format),
      into: result.destinationPlanes)
    for (x, value) in values.enumerated() {
      // A thousandth of a code, two orders under what is promised.
      #expect(abs(result.rgb(x, 0)[0] - value) <= 1e-6 * max(1, abs(value)), "\(value)")
    }
  }

  @Test(arguments: [LightPicture.Alpha.opaque, .straight, .premultiplied], [false, true])
  func `colours become light premultiplied by alpha, whatever they were`(
    alpha: LightPicture.Alpha, isLinear: Bool
  ) throws {
    var random = SplitMix64(seed: 11)
    let coded = try TestPicture("rgba64be", width: 33, height: 5)
    coded.fillWithNoise(&random)
    for x in 0..<33 { coded[0, 4 * x + 3, 2] = x == 0 ? 0 : 65_535 }
    let light = try LightPicture(width: 33, height: 5)
    try light.load(
      coded.sourcePlanes, through: PicturePipe(source: coded.format, grade: nil, destination: light.format),
      alpha: alpha, isLinear: isLinear)
    for y in 0..<5 {
      for x in 0..<33 {
        let a = alpha == .opaque ? 1 : Double(coded[0, 4 * x + 3, y]) / 65_535
        for channel in 0..<3 {
          var value = Double(coded[0, 4 * x + channel, y]) / 65_535
          if !isLinear {
            if alpha == .premultiplied { value = a > 0 ? value / a : 0 }
            value = pow(value, 2.4)
            if alpha == .premultiplied { value *= a }
          }
          if alpha == .straight { value *= a }
          let result = Double(light.values(ofPlane: channel)[y * 33 + x])
          #expect(abs(result - value) <= 1e-5 * max(1, value), "\(x), \(y), \(channel)")
        }
        #expect(abs(Double(light.values(ofPlane: 3)[y * 33 + x]) - a) < 1e-6)
      }
    }
  }

  @Test func `whole moves are exact, and nothing lies outside`() throws {
    let picture = try Self.random(20, 12, seed: 21)
    let moved = try LightPicture(width: 24, height: 10)
    try moved.place(picture, scale: SIMD2(1, 1), offset: SIMD2(3, -4))
    for plane in 0..<4 {
      let (from, to) = (picture.values(ofPlane: plane), moved.values(ofPlane: plane))
      for y in 0..<10 {
        for x in 0..<24 {
          let isInside = (3..<23).contains(x) && y + 4 < 12
          #expect(to[y * 24 + x] == (isInside ? from[(y + 4) * 20 + x - 3] : 0))
        }
      }
    }
  }

  @Test(arguments: [0.25, 0.5, 1.7, 3.0])
  func `scaling keeps what is even even and a ramp a ramp`(scale: Double) throws {
    let picture = try LightPicture(width: 64, height: 48)
    for plane in 0..<4 {
      picture.setValues(
        (0..<64 * 48).map { plane == 0 ? Float($0 % 64) / 64 + 1 / 128 : 0.75 }, ofPlane: plane)
    }
    let (width, height) = (Int(64 * scale), Int(48 * scale))
    let scaled = try LightPicture(width: width, height: height)
    try scaled.place(picture, scale: SIMD2(scale, scale), offset: SIMD2(0, 0))
    #expect(scaled.values(ofPlane: 1).allSatisfy { abs($0 - 0.75) < 1e-5 })
    for x in width / 4..<width * 3 / 4 {
      let expected = (Double(x) + 0.5) / (64 * scale)
      #expect(abs(Double(scaled.values(ofPlane: 0)[width * (height / 2) + x]) - expected) < 1e-3)
    }
  }

  /// Judged by another program's result: Gaffer's test images.
  @Test func `a sample element over a checkerboard equals the reference within 0.0005`() throws {
    guard let shared = Repository.shared else {
      print("skipped: no folder `shared` beside the checkout")
      return
    }
    func light(_ name: String) throws -> LightPicture {
      let decoded = try Programs.run(
        "ffmpeg",
        [
          "-v", "error", "-i", "\(shared)/samples/media/comp/\(name).100x100.exr", "-f", "rawvideo",
          "-pix_fmt",
          "gbrapf32le", "-",
        ]
      ).output
      let floats = unsafe decoded.withUnsafeBytes { bytes in unsafe Array(bytes.bindMemory(to: Float.self)) }
      try #require(floats.count == 40_000)
      let picture = try LightPicture(width: 100, height: 100)
      for (plane, index) in zip([1, 2, 0, 3], 0..<4) {
        picture.setValues(Array(floats[index * 10_000..<(index + 1) * 10_000]), ofPlane: plane)
      }
      return picture
    }
    let below = try light("checkerboard")
    below.merge(try light("rgb"), by: .over)
    let reference = try light("rgbOverChecker")
    for plane in 0..<3 {
      let most = zip(below.values(ofPlane: plane), reference.values(ofPlane: plane)).map { abs($0 - $1) }
        .max()
      #expect(try #require(most) <= 0.0005)
    }
    #expect(abs(below.values(ofPlane: 0)[50 * 100 + 50] - 0.25) <= 0.0005)
  }
}
