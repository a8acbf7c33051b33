import Colour
import Foundation
import TestSupport
import Testing

@Suite struct PicturePipeTests {
  @Test(arguments: KernelPath.available)
  func `the YCbCr codes of the specification are met`(path: KernelPath) throws {
    struct Vectors: Decodable {
      struct Case: Decodable {
        var matrix: String
        var rgb: [Double]
        var legal8: [Int]
        var legal10: [Int]
        var legal12: [Int]
        var full8: [Int]
        var full10: [Int]
        var full12: [Int]
      }
      var ycbcr: [Case]
    }
    guard let data = try Shared.data("specs/color-vectors.json") else { return }
    for vector in try JSONDecoder().decode(Vectors.self, from: data).ycbcr {
      let matrix = try #require(ColourEncoding.Matrix(rawValue: vector.matrix))
      let source = try TestPicture("gbrpf32le", width: 1, height: 1)
      source.setRGB(0, 0, vector.rgb)
      let legal = [
        ("yuv444p", vector.legal8), ("yuv444p10le", vector.legal10), ("yuv444p12le", vector.legal12),
      ]
      let full = [("yuv444p", vector.full8), ("yuv444p10le", vector.full10), ("yuv444p12le", vector.full12)]
      for (isFullRange, layouts) in [(false, legal), (true, full)] {
        for (layout, codes) in layouts {
          let format = try makeFormat(layout, matrix, isFullRange: isFullRange, width: 1, height: 1)
          let result = try converted(source, to: format, path: path)
          #expect((0..<3).map { result[$0, 0, 0] } == codes, "\(vector.matrix) \(layout) \(vector.rgb)")
        }
      }
    }
  }

  private static let sources = [
    "yuv420p", "yuv422p", "yuv444p", "yuv420p10le", "yuv422p10le", "yuv422p12le", "yuv444p10le",
    "yuv444p12le",
    "yuv444p16le", "yuvj420p", "gbrp", "gbrp10le", "gbrp12le", "gbrp16le", "gbrpf32le", "rgb24", "rgb48le",
    "rgb48be",
    "rgba", "rgba64be", "yuva444p12le",
  ]
  private static let destinations = [
    "yuv420p", "yuv422p", "yuv444p", "yuv420p10le", "yuv422p10le", "yuv422p12le", "yuv444p10le",
    "yuv444p12le",
    "gbrp10le", "gbrp16le", "rgb24", "rgb48le", "rgb48be",
  ]

  /// Every code is the double result, rounded; the pictures are odd in size and sit in a larger raster.
  @Test(arguments: sources, destinations)
  func `each layout converts to each other as the double reference says`(from: String, to: String) throws {
    var random = SplitMix64(seed: UInt64(from.count * 100 + to.count))
    let source = try TestPicture(
      from, .bt601, isFullRange: from.hasPrefix("yuvj") ? true : nil, width: 37, height: 23)
    source.fillWithNoise(&random)
    // Of another matrix than the source, so that no codes are moved.
    let format = try makeFormat(to, .bt709, width: 51, height: 31)
    let rectangle = PictureRectangle(x: 14, y: 8, width: 37, height: 23)
    let result = try converted(source, to: format, rectangle: rectangle, padding: 10)
    let colours = (0..<23).map { y in (0..<37).map { x in Reference.colour(source, x, y) } }
    let limits = Reference.limits(format)
    for (plane, rows) in Reference.encoded(colours, format).enumerated() {
      let step = plane > 0 && format.layout.family == .yCbCr ? format.layout.chromaStep : (1, 1)
      let left = 14 / step.0 * (format.layout.family == .packedRGB ? 3 : 1)
      for (y, row) in rows.enumerated() {
        for (x, exact) in row.enumerated() {
          let code = Double(result[plane, left + x, 8 / step.1 + y])
          let wanted = min(max(exact, limits.lowerBound), limits.upperBound)
          // Half a code is rounding; the rest is float32, a few millionths of the range.
          let tolerance = 0.5 + 4e-6 * (limits.upperBound + 1)
          if abs(code - wanted) > tolerance {
            Issue.record("plane \(plane) \(x),\(y): \(code), exact \(wanted)")
          }
        }
      }
    }
  }

  /// Pictures of odd size with sharp chroma: where it is taken to lie shows in every pixel.
  @Test(arguments: ColourEncoding.Siting.allCases, KernelPath.available)
  func `chroma lies where the encoding says, in what is read and in what is written`(
    siting: ColourEncoding.Siting, path: KernelPath
  ) throws {
    var random = SplitMix64(seed: 23)
    let float = try makeFormat("gbrpf32le", width: 37, height: 23)
    for name in ["yuv420p10le", "yuv420p", "yuv422p10le"] {
      var format = try makeFormat(name, width: 37, height: 23)
      format.encoding.siting = siting
      let source = TestPicture(format)
      source.fillWithNoise(&random)
      let read = try converted(source, to: float, path: path)
      let colours = (0..<23).map { y in (0..<37).map { x in Reference.colour(source, x, y) } }
      for (y, row) in colours.enumerated() {
        for (x, exact) in row.enumerated() {
          for (found, exact) in zip(read.rgb(x, y), exact) where abs(found - exact) > 1e-5 {
            Issue.record("\(name) \(x),\(y): \(found), exact \(exact)")
          }
        }
      }
      let written = try converted(read, to: format, path: path)
      let limits = Reference.limits(format)
      for (plane, rows) in Reference.encoded(colours, format).enumerated() {
        for (y, row) in rows.enumerated() {
          for (x, exact) in row.enumerated() {
            let wanted = min(max(exact, limits.lowerBound), limits.upperBound)
            if abs(Double(written[plane, x, y]) - wanted) > 0.51 {
              Issue.record("\(name) plane \(plane) \(x),\(y): \(written[plane, x, y]), exact \(wanted)")
            }
          }
        }
      }
    }
  }

  @Test func `codes are moved as they are only where chroma lies alike`() throws {
    var random = SplitMix64(seed: 29)
    let source = try TestPicture("yuv420p10le", width: 32, height: 16)
    source.fillWithNoise(&random, codes: 200...800)
    var other = source.format
    other.encoding.siting = .topLeft
    #expect(try converted(source, to: source.format).bytes == source.bytes)
    let moved = try converted(source, to: other)
    #expect(moved.bytes[0] == source.bytes[0] && moved.bytes[1] != source.bytes[1])
  }

  @Test(arguments: KernelPath.available)
  func `dither keeps what is a code, and the mean of what is not`(path: KernelPath) throws {
    let source = try TestPicture("gbrpf32le", width: 64, height: 64)
    var format = try makeFormat("yuv420p", width: 64, height: 64)
    format.isDithered = true
    for (grey, codes) in [(100.0, 100...100), (100.25, 100...101), (100.5, 100...101), (254, 235...254)]
      as [(Double, ClosedRange<Int>)]
    {
      for y in 0..<64 {
        for x in 0..<64 { source.setRGB(x, y, [Double](repeating: (grey - 16) / 219, count: 3)) }
      }
      let result = try converted(source, to: format, path: path)
      let found = (0..<64).flatMap { y in (0..<64).map { x in result[0, x, y] } }
      #expect(Set(found).isSubset(of: Set(codes)), "\(grey): \(Set(found).sorted())")
      let mean = Double(found.reduce(0, +)) / Double(found.count)
      // 64 thresholds lie half a step off.
      #expect(abs(mean - grey) <= 1.0 / 64, "\(grey): \(mean)")
      #expect((0..<32).allSatisfy { y in (0..<32).allSatisfy { result[1, $0, y] == 128 } })
    }
    // Codes of ten bits that are moved: 4n + k is n + k/4 in the mean.
    var ten = try makeFormat("yuv420p10le", width: 64, height: 64)
    ten.isDithered = true
    let deep = TestPicture(ten)
    for plane in 1...2 { deep.fill(plane, with: 512) }
    for step in 0..<4 {
      deep.fill(0, with: 400 + step)
      let result = try converted(deep, to: format, path: path)
      let found = (0..<64).flatMap { y in (0..<64).map { x in result[0, x, y] } }
      #expect(found.reduce(0, +) * 4 == (400 + step) * found.count, "\(step)")
    }
  }

  @Test(arguments: sources, destinations)
  func `every CPU path gives the same bytes for each pair of layouts`(from: String, to: String) throws {
    var random = SplitMix64(seed: 11)
    let source = try TestPicture(
      from, .bt2020, isFullRange: from.hasPrefix("yuvj") ? true : nil, width: 133, height: 7)
    source.fillWithNoise(&random)
    let cdl = try GradeKernel.Decision(
      slope: SIMD3(1.1, 0.95, 1.3), offset: SIMD3(-0.02, 0.01, -0.05), power: SIMD3(0.9, 1.1, 1),
      saturation: 0.8)
    let format = try makeFormat(to, .bt709, width: 133, height: 7)
    for grade in [nil, GradeKernel(decision: cdl, look: nil)] {
      let expected = try converted(source, to: format, grade: grade, path: .baseline).bytes
      for path in KernelPath.available {
        #expect(try converted(source, to: format, grade: grade, path: path).bytes == expected)
      }
    }
  }

  @Test(arguments: [
    ("yuv422p10le", ColourEncoding.Matrix.bt709), ("yuv422p10le", .bt601), ("yuv420p", .bt709),
    ("yuv422p12le", .bt2020),
  ])
  func `flat patches of legal codes survive R'G'B' exactly`(layout: String, matrix: ColourEncoding.Matrix)
    throws
  {
    let step = (try #require(PixelLayout(named: layout)).bitDepth - 8)
    let luma = (16 << step)...(235 << step)
    let chroma = (16 << step)...(240 << step)
    let format = try makeFormat(layout, matrix, width: luma.count, height: 2)
    let float = try makeFormat("gbrpf32le", width: luma.count, height: 2)
    let (there, back) = (
      try PicturePipe(source: format, grade: nil, destination: float),
      try PicturePipe(source: float, grade: nil, destination: format)
    )
    let source = TestPicture(format)
    let between = TestPicture(float)
    let result = TestPicture(format)
    for y in 0..<2 {
      for x in 0..<luma.count { source[0, x, y] = luma.lowerBound + x }
    }
    // Every luma with every Cb and every Cr, the other chroma walking through its range.
    for first in chroma {
      let second = chroma.lowerBound + (first * 619) % chroma.count
      for (cb, cr) in [(first, second), (second, first)] {
        source.fill(1, with: cb)
        source.fill(2, with: cr)
        try there.run(source: source.sourcePlanes, destination: between.destinationPlanes)
        try back.run(source: between.sourcePlanes, destination: result.destinationPlanes)
        guard result.bytes == source.bytes else {
          Issue.record("Cb \(cb) Cr \(cr)")
          return
        }
      }
    }
  }

  @Test func `a picture without a grade keeps its codes and avoids only reserved ones`() throws {
    var random = SplitMix64(seed: 3)
    let source = try TestPicture("yuv422p10le", width: 66, height: 9)
    source.fillWithNoise(&random, codes: 4...1019)
    #expect(try converted(source, to: source.format).bytes == source.bytes)
    source[0, 0, 0] = 0
    source[0, 1, 0] = 1023
    let result = try converted(source, to: source.format)
    #expect(result[0, 0, 0] == 4 && result[0, 1, 0] == 1019)
  }

  @Test func `codes moved to another depth are shifted and rounded half up`() throws {
    let eight = try TestPicture("yuv420p", width: 4, height: 2)
    for x in 0..<4 {
      eight[0, x, 0] = [1, 16, 235, 254][x]
      eight[0, x, 1] = 100
    }
    for (plane, x) in [(1, 0), (1, 1), (2, 0), (2, 1)] { eight[plane, x, 0] = 77 + x }
    let ten = try converted(eight, to: makeFormat("yuv420p10le", width: 4, height: 2))
    #expect((0..<4).map { ten[0, $0, 0] } == [4, 64, 940, 1016])
    #expect(ten[1, 1, 0] == 312)
    for x in 0..<4 { ten[0, x, 0] = [65, 66, 67, 1019][x] }
    let back = try converted(ten, to: eight.format)
    #expect((0..<4).map { back[0, $0, 0] } == [16, 17, 17, 254])
  }

  @Test func `legal limits keep reserved codes free`() throws {
    let source = try TestPicture("gbrpf32le", width: 2, height: 1)
    source.setRGB(0, 0, [9, 9, 9])
    source.setRGB(1, 0, [-9, -9, -9])
    for (layout, codes) in [
      ("yuv444p", [254, 1]), ("yuv444p10le", [1019, 4]), ("yuv444p12le", [4079, 16]),
    ] {
      let result = try converted(source, to: makeFormat(layout, width: 2, height: 1))
      #expect([result[0, 0, 0], result[0, 1, 0]] == codes)
    }
    let rgb = try converted(source, to: makeFormat("rgb48be", width: 2, height: 1))
    #expect((0..<6).map { rgb[0, $0, 0] } == [65535, 65535, 65535, 0, 0, 0])
  }

  @Test(arguments: ["yuv420p10le", "yuv422p10le", "yuv444p", "rgb48be", "gbrp16le", "rgba"])
  func `the raster around a picture is black and padding is left alone`(layout: String) throws {
    let source = try TestPicture("rgb24", width: 8, height: 4)
    for y in 0..<4 {
      for x in 0..<24 { source[0, x, y] = 255 }
    }
    let format = try makeFormat(layout, width: 16, height: 12)
    let rectangle = PictureRectangle(x: 4, y: 6, width: 8, height: 4)
    let result = try converted(source, to: format, rectangle: rectangle, padding: 6)
    for plane in 0..<format.layout.planeCount {
      let isChroma = format.layout.family == .yCbCr && plane > 0
      let step = isChroma ? format.layout.chromaStep : (1, 1)
      let components = result.rowSamples(plane) / (16 / step.0)
      let (luma, chroma) = Reference.codes(format)
      let black = Int(isChroma ? chroma.0 : luma.0)
      let white = Int(isChroma ? chroma.0 : luma.0 + luma.1)
      for y in 0..<result.rows(plane) {
        for x in 0..<result.rowSamples(plane) {
          let isInside =
            (4 / step.0..<12 / step.0).contains(x / components) && (6 / step.1..<10 / step.1).contains(y)
          let isAlpha = components == 4 && x % 4 == 3
          #expect(
            result[plane, x, y] == (isAlpha ? 255 : isInside ? white : black), "plane \(plane) \(x),\(y)")
        }
        let end = (y + 1) * result.strides[plane]
        #expect(result.bytes[plane][end - 6..<end].allSatisfy { $0 == 0xA5 })
      }
    }
  }

  @Test(
    arguments: [
      // Of Y'CbCr by BT.709 and the legal scales, of R'G'B' the value times the largest code; to the nearest code.
      ("yuv422p10le", [[322], [430], [629]]), ("yuv444p", [[80], [108], [157]]),
      ("gbrp12le", [[1024], [512], [2048]]), ("rgb48be", [[32768, 16384, 8192]]), ("rgb24", [[128, 64, 32]]),
    ] as [(String, [[Int]])])
  func `the raster around a picture has the colour that is asked for`(layout: String, codes: [[Int]]) throws {
    let source = try TestPicture("rgb24", width: 8, height: 4)
    for y in 0..<4 {
      for x in 0..<24 { source[0, x, y] = 255 }
    }
    let format = try makeFormat(layout, width: 16, height: 12)
    let pipe = try PicturePipe(
      source: source.format, grade: nil, destination: format,
      rectangle: PictureRectangle(x: 4, y: 4, width: 8, height: 4), black: SIMD3(0.5, 0.25, 0.125))
    let result = TestPicture(format)
    try pipe.run(source: source.sourcePlanes, destination: result.destinationPlanes)
    for (plane, wanted) in codes.enumerated() {
      let last = (x: result.rowSamples(plane) - wanted.count, y: result.rows(plane) - 1)
      for (x, y) in [(0, 0), (last.x, last.y / 2), (last.x, last.y)] {
        #expect(wanted.indices.map { result[plane, x + $0, y] } == wanted, "plane \(plane) \(x),\(y)")
      }
    }
  }

  @Test func `a crop reads only its part, with chroma repeated at its edges`() throws {
    var random = SplitMix64(seed: 5)
    let source = try TestPicture("yuv420p", width: 32, height: 16)
    source.fillWithNoise(&random)
    let part = try TestPicture("yuv420p", width: 12, height: 8)
    for y in 0..<8 {
      for x in 0..<12 { part[0, x, y] = source[0, 6 + x, 4 + y] }
    }
    for plane in 1...2 {
      for y in 0..<4 {
        for x in 0..<6 { part[plane, x, y] = source[plane, 3 + x, 2 + y] }
      }
    }
    let format = try makeFormat("rgb48le", width: 12, height: 8)
    let crop = PictureRectangle(x: 6, y: 4, width: 12, height: 8)
    #expect(try converted(source, to: format, crop: crop).bytes == converted(part, to: format).bytes)
  }

  @Test func `layouts have FFmpeg's names`() throws {
    #expect(PixelLayout(named: "yuv411p") == nil && PixelLayout(named: "pal8") == nil)
    let layout = try #require(PixelLayout(named: "yuv422p10le"))
    #expect(layout.planeSize(1, width: 1921, height: 1080) == (1922, 1080))
    #expect(layout.bitDepth == 10 && layout.planeCount == 3 && layout.canBeWritten)
    #expect(try #require(PixelLayout(named: "yuvj420p")).impliesFullRange)
    #expect(try !#require(PixelLayout(named: "yuva444p12le")).canBeWritten)
  }

  @Test func `wrong formats, places and planes are refused with the reason`() throws {
    let source = try makeFormat("yuv420p", width: 64, height: 32)
    let destination = try makeFormat("yuv422p10le", width: 128, height: 64)
    func error(_ body: () throws -> Void) -> ColourError? {
      do { try body() } catch { return error as? ColourError }
      return nil
    }
    let scaled = error { _ = try PicturePipe(source: source, grade: nil, destination: destination) }
    #expect(scaled?.code == .misplacedPicture)
    #expect(scaled?.message == "a picture of 64x32 cannot fill 128x64")
    let odd = PictureRectangle(x: 3, y: 0, width: 64, height: 32)
    let misplaced = error {
      _ = try PicturePipe(source: source, grade: nil, destination: destination, rectangle: odd)
    }
    #expect(
      misplaced?.message
        == "place of the picture: 64x32 at 3, 0 is not inside 128x64 on the chroma grid of yuv422p10le")
    let jpeg = try makeFormat("yuvj420p", isFullRange: false, width: 64, height: 32)
    #expect(
      error { _ = try PicturePipe(source: jpeg, grade: nil, destination: source) }?.code == .unsupportedFormat
    )
    let alpha = try makeFormat("yuva444p10le", width: 64, height: 32)
    #expect(
      error { _ = try PicturePipe(source: source, grade: nil, destination: alpha) }?.code
        == .unsupportedFormat)
    let pipe = try PicturePipe(source: source, grade: nil, destination: source)
    let small = try TestPicture("yuv420p", width: 62, height: 32)
    let picture = TestPicture(source)
    let planes = error { try pipe.run(source: small.sourcePlanes, destination: picture.destinationPlanes) }
    #expect(planes?.message == "source picture in yuv420p: plane 0 has 1984 bytes with rows of 62")
    #expect(
      error { try pipe.run(source: [picture.sourcePlanes[0]], destination: picture.destinationPlanes) }?.code
        == .badPlanes)
  }

  /// Fails when bytes change: then `PK_VERSION` must be raised, and these digests with it.
  @Test func `the bytes of this kernel version are the recorded ones`() throws {
    var random = SplitMix64(seed: 2024)
    let source = try TestPicture("yuv420p", .bt601, width: 322, height: 50)
    source.fillWithNoise(&random)
    let cdl = try GradeKernel.Decision(
      slope: SIMD3(1.1, 0.95, 1.3), offset: SIMD3(-0.02, 0.01, -0.05), power: SIMD3(0.9, 1.1, 1.2),
      saturation: 0.8)
    let cube = LookTable.Cube(size: 5, values: (0..<375).map { _ in Float.random(in: 0...1, using: &random) })
    let grade = GradeKernel(decision: cdl, look: try LookTable(cube: cube))
    var digests: [String] = []
    for layout in ["yuv422p10le", "yuv420p", "rgb48be", "gbrpf32le"] {
      let result = try converted(source, to: makeFormat(layout, width: 322, height: 50), grade: grade)
      // FNV-1a, 64 bits: enough to notice a change.
      let digest = result.bytes.joined().reduce(UInt64(0xcbf2_9ce4_8422_2325)) {
        ($0 ^ UInt64($1)) &* 0x100_0000_01b3
      }
      digests.append(String(digest, radix: 16))
    }
    #expect(PicturePipe.kernelIdentity == "picture-kernels 2")
    #expect(digests == ["f3492648d10e0b54", "3f14606194c7640c", "d7ad1460e7501d2f", "36acbe99cb4883e7"])
  }

  @Test(arguments: KernelPath.available)
  func `pipes that run together write what each writes alone`(path: KernelPath) throws {
    var random = SplitMix64(seed: 17)
    let source = try TestPicture("yuv422p10le", width: 50, height: 22)
    source.fillWithNoise(&random)
    let decision = try GradeKernel.Decision(
      slope: SIMD3(1.1, 0.9, 1), offset: SIMD3(0.02, 0, -0.03), power: SIMD3(0.9, 1.2, 1), saturation: 1.3)
    let crop = PictureRectangle(x: 2, y: 2, width: 40, height: 16)
    for grade in [nil, GradeKernel(decision: decision, look: nil)] {
      let formats = try ["yuv422p10le", "yuv420p", "gbrpf32le", "yuv444p12le", "rgb48be", "yuv422p10le"].map {
        try makeFormat($0, width: 48, height: 20)
      }
      let place = PictureRectangle(x: 4, y: 2, width: 40, height: 16)
      let pipes = try formats.map {
        try PicturePipe(
          source: source.format, crop: crop, grade: grade, destination: $0, rectangle: place, path: path)
      }
      let together = formats.map { TestPicture($0, padding: 12) }
      try PicturePipe.run(
        pipes, source: source.sourcePlanes, destinations: together.map(\.destinationPlanes))
      for (format, picture) in zip(formats, together) {
        let alone = try converted(
          source, to: format, crop: crop, grade: grade, rectangle: place, padding: 12, path: path)
        #expect(picture.bytes == alone.bytes, "\(format.layout)")
      }
    }
  }

  @Test(arguments: [
    ("yuv420p", "yuv420p"), ("yuv422p10le", "yuv422p10le"), ("yuv444p10le", "yuv444p12le"),
    ("rgb48be", "rgb48be"), ("gbrp16le", "gbrp16le"),
  ])
  func `differences of codes are summed exactly`(layout: String, other: String) throws {
    var random = SplitMix64(seed: 23)
    let (one, two) = (
      try TestPicture(layout, width: 301, height: 1), try TestPicture(other, width: 301, height: 1)
    )
    for _ in 0..<4 {
      one.fillWithNoise(&random)
      two.fillWithNoise(&random)
      let shift = two.format.layout.bitDepth - one.format.layout.bitDepth
      let expected = (0..<one.rowSamples(0)).reduce(UInt64(0)) { sum, x in
        let difference = (one[0, x, 0] << shift) - two[0, x, 0]
        return sum + UInt64(difference * difference)
      }
      let (a, b) = (one.bytes[0], two.bytes[0])
      let found = unsafe a.withUnsafeBytes { a in
        unsafe b.withUnsafeBytes { b in
          unsafe SampleDifference.squares(a, one.format.layout, b, two.format.layout)
        }
      }
      #expect(found == expected)
    }
  }
}
