import ImageGraph
import TestSupport
import Testing

@Suite struct SizingTests {
  private func place(
    _ width: Int, _ height: Int, in raster: Raster, _ fit: Sizing.Fit, aspect: (Int64, Int64) = (1, 1)
  ) -> Sizing.Placement {
    Sizing(raster: raster, fit: fit).placement(
      of: Raster(width: width, height: height), sampleAspect: (numerator: aspect.0, denominator: aspect.1))
  }

  /// x, y, width and height.
  private func numbers(_ rectangle: Sizing.Rectangle) -> [Int] {
    [rectangle.x, rectangle.y, rectangle.width, rectangle.height]
  }

  /// Crop, then target.
  private func numbers(_ placement: Sizing.Placement) -> [[Int]] {
    [numbers(placement.crop), numbers(placement.target)]
  }

  @Test(arguments: Sizing.Fit.allCases) func `a picture of the raster's size is not touched`(fit: Sizing.Fit)
  {
    let placement = place(1280, 720, in: frameSize, fit)
    #expect(numbers(placement) == [[0, 0, 1280, 720], [0, 0, 1280, 720]])
    #expect(placement.isUnscaled)
  }

  @Test(arguments: [Sizing.Fit.letterbox, .fill]) func `a picture of the raster's shape is only scaled`(
    fit: Sizing.Fit
  ) {
    let placement = place(640, 360, in: frameSize, fit)
    #expect(numbers(placement) == [[0, 0, 640, 360], [0, 0, 1280, 720]])
    #expect(!placement.isUnscaled)
  }

  @Test func `a wide picture gets bars above and below, a narrow one at the sides`() {
    let wide = place(640, 272, in: frameSize, .letterbox)
    #expect(numbers(wide) == [[0, 0, 640, 272], [0, 88, 1280, 544]])
    let narrow = place(640, 480, in: frameSize, .letterbox)
    #expect(numbers(narrow) == [[0, 0, 640, 480], [160, 0, 960, 720]])
  }

  @Test func `filling crops the sides of a wide picture and the height of a narrow one`() {
    let wide = place(640, 272, in: frameSize, .fill)
    #expect(numbers(wide) == [[78, 0, 484, 272], [0, 0, 1280, 720]])
    let narrow = place(640, 480, in: frameSize, .fill)
    #expect(numbers(narrow) == [[0, 60, 640, 360], [0, 0, 1280, 720]])
  }

  @Test func `pixels that are not square count by the shape they show`() {
    // PAL widescreen, 64:45 pixels: exactly 1024:576, the shape of the raster. Source: ITU-R BT.601, EBU R95.
    let wide = place(720, 576, in: frameSize, .letterbox, aspect: (64, 45))
    #expect(numbers(wide.target) == [0, 0, 1280, 720])
    // Anamorphic 2:1 in a square-pixel raster.
    let scope = place(960, 720, in: frameSize, .letterbox, aspect: (2, 1))
    #expect(numbers(scope.target) == [0, 120, 1280, 480])
    let filled = place(960, 720, in: frameSize, .fill, aspect: (2, 1))
    #expect(numbers(filled) == [[160, 0, 640, 720], [0, 0, 1280, 720]])
  }

  @Test func `aspects in other terms place alike`() {
    #expect(
      place(720, 576, in: frameSize, .fill, aspect: (16, 15))
        == place(720, 576, in: frameSize, .fill, aspect: (32, 30)))
  }

  @Test(arguments: UInt64(1)...200) func `placements lie inside, on even pixels, in shape and in the middle`(
    seed: UInt64
  ) {
    var random = SplitMix64(seed: seed)
    func even(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) * 2 }
    let raster = Raster(width: even(8...4096), height: even(8...4096))
    let source = Raster(width: even(8...4096), height: even(8...4096))
    let aspects: [(Int64, Int64)] = [(1, 1), (1, 1), (64, 45), (8, 9), (4, 3), (2, 1), (1281, 1280)]
    let aspect = aspects.randomElement(using: &random) ?? (1, 1)
    for fit in Sizing.Fit.allCases {
      let placement = place(source.width, source.height, in: raster, fit, aspect: aspect)
      check(placement.crop, inside: source)
      check(placement.target, inside: raster)
      switch fit {
      case .letterbox:
        #expect(numbers(placement.crop) == [0, 0, source.width, source.height])
        #expect(placement.target.width == raster.width || placement.target.height == raster.height)
      case .fill:
        #expect(numbers(placement.target) == [0, 0, raster.width, raster.height])
        #expect(placement.crop.width == source.width || placement.crop.height == source.height)
      case .native:
        // Square pixels stay as they are.
        #expect(aspect != (1, 1) || placement.isUnscaled)
      }
      // Native pixels that are not square are cut on even pixels on both axes.
      if fit != .native || aspect == (1, 1) { checkShape(placement, aspect: aspect) }
    }
  }

  private func check(_ rectangle: Sizing.Rectangle, inside raster: Raster) {
    #expect(rectangle.x >= 0 && rectangle.y >= 0 && rectangle.width >= 2 && rectangle.height >= 2)
    #expect(rectangle.x + rectangle.width <= raster.width)
    #expect(rectangle.y + rectangle.height <= raster.height)
    for number in [rectangle.x, rectangle.y, rectangle.width, rectangle.height] { #expect(number % 2 == 0) }
    // The far side may be one pixel pair larger, so that the near one is even.
    #expect((0...2).contains(raster.width - rectangle.width - 2 * rectangle.x))
    #expect((0...2).contains(raster.height - rectangle.height - 2 * rectangle.y))
  }

  /// The shape shown is that of the part used: one side is within a pixel of the exact value, so that even
  /// rounding (half a pair) is all the difference.
  private func checkShape(_ placement: Sizing.Placement, aspect: (Int64, Int64)) {
    let crop = (
      Double(placement.crop.width) * Double(aspect.0), Double(placement.crop.height) * Double(aspect.1)
    )
    let target = (Double(placement.target.width), Double(placement.target.height))
    // A side of two pixels is as thin as it gets, whatever the shape.
    guard target.0 > 2, target.1 > 2, placement.crop.width > 2, placement.crop.height > 2 else { return }
    let differences = [
      abs(target.1 - target.0 * crop.1 / crop.0), abs(target.0 - target.1 * crop.0 / crop.1),
      abs(Double(placement.crop.width) - crop.1 * target.0 / target.1 / Double(aspect.0)),
      abs(Double(placement.crop.height) - crop.0 * target.1 / target.0 / Double(aspect.1)),
    ]
    #expect((differences.min() ?? .infinity) <= 1.000_001, "\(placement) aspect \(aspect)")
  }

  @Test func `a source of odd size is still cropped on even pixels`() {
    let placement = place(641, 361, in: Raster(width: 1000, height: 1000), .fill)
    #expect(placement.crop.width % 2 == 0 && placement.crop.height % 2 == 0)
  }
}
