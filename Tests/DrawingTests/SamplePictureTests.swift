import Drawing
import TestSupport
import Testing

@Suite struct SamplePictureTests {
  private func picture(_ width: Int, _ height: Int, _ value: (Int, Int) -> Float) -> SamplePicture {
    let samples = (0..<width * height).map { value($0 % width, $0 / width) }
    return SamplePicture(
      width: width, height: height, red: samples, green: samples.map { 1 - $0 }, blue: samples.map { $0 / 2 })
  }

  @Test(arguments: [UInt64(1), 2, 3])
  func `every pixel of a still is the average of the area it covers`(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let (width, height) = (Int.random(in: 20...60, using: &random), Int.random(in: 20...60, using: &random))
    let samples = (0..<width * height).map { _ in Float.random(in: 0...1, using: &random) }
    let source = picture(width, height) { samples[$1 * width + $0] }
    let (columns, rows) = (Int.random(in: 3...19, using: &random), Int.random(in: 3...19, using: &random))
    let still = source.still(width: columns, height: rows)
    for row in 0..<rows {
      for column in 0..<columns {
        // Overlaps of the pixel with each sample, in double precision.
        var sum = 0.0
        for y in 0..<height {
          for x in 0..<width {
            let wide = overlap(x, of: width, column, of: columns)
            let high = overlap(y, of: height, row, of: rows)
            sum += Double(samples[y * width + x]) * wide * high
          }
        }
        let expected = sum * Double(columns) * Double(rows) * 255
        let found = Double(still.rgb[(row * columns + column) * 3])
        #expect(abs(found - expected) <= 0.51, "\(column), \(row) of \(columns)x\(rows)")
      }
    }
  }

  /// The part of the whole that a sample and a pixel share.
  private func overlap(_ sample: Int, of samples: Int, _ pixel: Int, of pixels: Int) -> Double {
    let start = max(Double(sample) / Double(samples), Double(pixel) / Double(pixels))
    let end = min(Double(sample + 1) / Double(samples), Double(pixel + 1) / Double(pixels))
    return max(0, end - start)
  }

  @Test func `values beyond black and white and what is no number stay inside 8 bits`() {
    let values: [Float] = [-3, 7, .nan, .infinity, -.infinity, 0.5]
    let still = picture(6, 1) { column, _ in values[column] }.still(width: 6, height: 1)
    #expect((0..<6).map { still.rgb[$0 * 3] } == [0, 255, 0, 255, 0, 128])
  }

  @Test func `a larger still repeats pixels`() {
    let still = picture(2, 1) { column, _ in Float(column) }.still(width: 6, height: 2)
    #expect((0..<6).map { still.rgb[$0 * 3] } == [0, 0, 0, 255, 255, 255])
  }

  @Test func `stills keep the shape of the raster inside their box`() {
    func size(_ width: Int, _ height: Int) -> [Int] {
      let size = Still.size(of: width, height, inside: (288, 216))
      return [size.width, size.height]
    }
    #expect(size(1280, 720) == [288, 162])
    #expect(size(2048, 858) == [288, 121])
    #expect(size(1080, 1920) == [122, 216])
    #expect(size(400, 300) == [288, 216])
    #expect(size(10_000, 1) == [288, 1])
  }

  @Test func `the palette counts colours, the most seen first`() {
    let still = picture(10, 1) { column, _ in column < 7 ? 1 : 0 }.still(width: 10, height: 1)
    let palette = still.palette(6)
    #expect(palette.map(\.share) == [0.7, 0.3])
    #expect(palette[0].colour == DrawingColour(1, 0, 128.0 / 255))
    #expect(still.palette(1).map(\.share) == [1])
  }
}
