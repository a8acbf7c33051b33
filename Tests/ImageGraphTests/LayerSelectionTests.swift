import Digests
import ImageGraph
import MediaTime
import TestSupport
import Testing

@Suite struct LayerSelectionTests {
  private static let plain = ImageNode.sizing(letterbox, of: .source(clip))

  private static func card(_ name: String, below: FrameMap? = nil) -> Graphics {
    Graphics(
      purpose: .titles,
      layers: [
        Graphics.Layer(
          .still(Graphics.Image(object: digest(name), raster: Raster(width: 8, height: 8))), x: 1, y: 2)
      ], below: below)
  }

  private static let sequence = PictureSequence(
    raster: frameSize, rate: FrameRate(24),
    spans: [PictureSpan(node: graded, map: FrameMap(first: 40), count: 100, shot: nil)])

  @Test(arguments: [UInt64(1), 2, 3, 4, 5])
  func `a sequence without its titles is what it was before they were laid`(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    for _ in 0..<20 {
      var titled = Self.sequence
      for number in 0..<Int.random(in: 1...4, using: &random) {
        let start = Int64.random(in: 0..<100, using: &random)
        let range = FrameRange(start: start, count: Int64.random(in: 1...100 - start, using: &random))
        titled = titled.laying(
          Self.card("card \(number)"), over: range,
          clock: Bool.random(using: &random) ? Int64.random(in: -5...5, using: &random) : nil)
      }
      let textless = titled.showing(LayerSelection(titles: false))
      #expect(textless.runs().runs == Self.sequence.runs().runs)
      #expect(titled.showing(LayerSelection()) == titled)
    }
  }

  @Test func `without the grade every side and layer is as it was before`() throws {
    let transition = Transition(
      kind: .dissolve, count: 4, outgoing: FrameMap(first: 0), incoming: FrameMap(first: 9))
    let graded = ImageNode.grade(warm, of: Self.plain)
    func span(_ node: ImageNode) -> PictureSpan {
      PictureSpan(node: node, map: FrameMap(first: 0), count: 4, shot: nil)
    }
    let ungraded = LayerSelection(grade: false)
    let mixed = span(.look(show, of: .transition(transition, outgoing: graded, incoming: graded)))
    #expect(
      mixed.showing(ungraded).node == .transition(transition, outgoing: Self.plain, incoming: Self.plain))
    let titled = span(.graphics(Self.card("x"), of: .look(show, of: graded)))
    #expect(titled.showing(ungraded).node == .graphics(Self.card("x"), of: Self.plain))
    #expect(titled.showing(LayerSelection(grade: false, titles: false)).node == Self.plain)
  }

  @Test func `titles below a matte go, and the matte stays`() {
    let matte = Matte(raster: frameSize, aspect: (239, 100))
    let node = ImageNode.matte(matte, of: .graphics(Self.card("x", below: FrameMap(first: 70)), of: graded))
    let span = PictureSpan(node: node, map: FrameMap(first: 3), count: 5, shot: nil)
    let textless = span.withoutGraphics(.titles)
    #expect(textless.node == .matte(matte, of: graded))
    #expect(textless.map.position(at: 0) == 73)
  }

  @Test(arguments: [
    (1920, 1080, 239, 100, 138, 0), (1920, 1080, 4, 3, 0, 240), (1920, 1080, 16, 9, 0, 0),
    (1280, 720, 185, 100, 14, 0), (2048, 1080, 239, 100, 112, 0), (320, 48, 4, 1, 0, 64),
  ])
  func `a matte leaves the shape that was asked for, on even rows and columns`(
    width: Int, height: Int, numerator: Int64, denominator: Int64, rows: Int, columns: Int
  ) {
    let matte = Matte(raster: Raster(width: width, height: height), aspect: (numerator, denominator))
    #expect(matte.rows == rows && matte.columns == columns)
    #expect(matte.isEmpty == (rows == 0 && columns == 0))
  }

  @Test func `the first source of a frame is found through every operation`() throws {
    let other = PictureSource(media: digest("B"), stream: 0, interpretation: rec709)
    let transition = Transition(
      kind: .dissolve, count: 4, outgoing: FrameMap(first: 20), incoming: FrameMap(first: 9))
    let mixed = ImageNode.transition(
      transition, outgoing: graded, incoming: .sizing(letterbox, of: .source(other)))
    let node = ImageNode.graphics(Self.card("x", below: FrameMap(first: -2)), of: mixed)
    let found = try #require(node.firstSource(at: 5))
    #expect(found.source == clip && found.frame == 23)
    #expect(ImageNode.black(Black()).firstSource(at: 0) == nil)
  }
}
