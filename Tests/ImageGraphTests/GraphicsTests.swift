import Digests
import ImageGraph
import MediaTime
import TestSupport
import Testing

@Suite struct GraphicsTests {
  private func image(_ name: UInt8, width: Int = 24) -> Graphics.Image {
    Graphics.Image(object: Digest.sha256([name]), raster: Raster(width: width, height: 8))
  }

  private func source(_ number: UInt8) -> ImageNode {
    .source(
      PictureSource(
        media: Digest.sha256([number]), stream: 0,
        interpretation: Interpretation(matrix: .bt709, isFullRange: false)))
  }

  /// What is seen at a frame of a sequence: each drawing with its own number from the outside in, and the source frame.
  private func seen(_ sequence: PictureSequence, at frame: Int64) -> (
    drawings: [String], base: ImageNode, number: Int64
  ) {
    guard let (start, span) = sequence.placedSpans.last(where: { $0.start <= frame }) else {
      return ([], .black(Black()), 0)
    }
    var number = span.map.position(at: frame - start)
    var node = span.node
    var drawings: [String] = []
    while case .graphics(let graphics, let below) = node {
      drawings.append("\(graphics.layers[0].x) at \(graphics.below == nil ? "-" : "\(number)")")
      number = graphics.below?.position(at: number) ?? number
      node = below
    }
    return (drawings, node, number)
  }

  @Test(arguments: [UInt64(1), 2, 3, 4])
  func `drawings over any stretch leave every frame below what it was`(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    for _ in 0..<60 {
      let speeds = [Rational(1), Rational(-1), Rational(0), Rational(1, 2), Rational(-3, 2), Rational(2)]
      let spans = (0..<Int.random(in: 1...6, using: &random)).map { index -> PictureSpan in
        let map = FrameMap(
          first: Int64.random(in: 0...500, using: &random),
          speed: speeds.randomElement(using: &random) ?? .one)
        let shot = PictureSpan.Shot(
          event: "1", name: "S", place: PictureSpan.Shot.Place(track: 0, start: 0), media: nil, source: map)
        return PictureSpan(
          node: source(UInt8(index)), map: map, count: Int64.random(in: 1...30, using: &random), shot: shot)
      }
      let plain = PictureSequence(raster: Raster(width: 64, height: 32), rate: FrameRate(25), spans: spans)
      var drawn = plain
      var expected = [[String]](repeating: [], count: Int(plain.frameCount))
      for index in 0..<Int.random(in: 1...4, using: &random) {
        let start = Int64.random(in: 0..<plain.frameCount, using: &random)
        let count = Int64.random(in: 0...plain.frameCount - start, using: &random)
        let clock: Int64? = Bool.random(using: &random) ? Int64.random(in: -20...20, using: &random) : nil
        let graphics = Graphics(purpose: .titles, layers: [Graphics.Layer(.still(image(1)), x: index, y: 0)])
        drawn = drawn.laying(graphics, over: FrameRange(start: start, count: count), clock: clock)
        for frame in start..<start + count {
          expected[Int(frame)].insert("\(index) at \(clock.map { "\($0 + frame - start)" } ?? "-")", at: 0)
        }
      }
      #expect(drawn.frameCount == plain.frameCount)
      for frame in 0..<plain.frameCount {
        let (before, after) = (seen(plain, at: frame), seen(drawn, at: frame))
        #expect(after.drawings == expected[Int(frame)])
        #expect(after.base == before.base && after.number == before.number)
        let shots = [plain, drawn].map { sequence -> Int64? in
          guard let (start, span) = sequence.placedSpans.last(where: { $0.start <= frame }) else {
            return nil
          }
          return span.shot?.source.position(at: frame - start)
        }
        #expect(shots[0] == shots[1])
      }
    }
  }

  @Test func `what only lies there names a frame the same wherever the cut puts it`() throws {
    let spans = [PictureSpan(node: source(1), map: FrameMap(first: 100), count: 40, shot: nil)]
    let sequence = PictureSequence(raster: Raster(width: 64, height: 32), rate: FrameRate(25), spans: spans)
    let graphics = Graphics(purpose: .titles, layers: [Graphics.Layer(.still(image(1)), x: 0, y: 0)])
    let early = sequence.laying(graphics, over: FrameRange(start: 5, count: 10)).runs().runs
    let late = sequence.laying(graphics, over: FrameRange(start: 10, count: 10)).runs().runs
    #expect(early[1].signature(at: 5) == late[1].signature(at: 0))
    let clocked = sequence.laying(graphics, over: FrameRange(start: 5, count: 10), clock: 0).runs().runs
    #expect(clocked[1].signature(at: 5) != late[1].signature(at: 0))
  }

  @Test func `a fade of n frames shows (k+1)/(n+1)`() {
    let fade = Graphics.Fade(first: 10, fadeIn: 4, end: 30, fadeOut: 3)
    #expect(
      (9...15).map { fade.opacity(at: $0).description } == ["0/1", "1/5", "2/5", "3/5", "4/5", "1/1", "1/1"])
    #expect((26...30).map { fade.opacity(at: $0).description } == ["1/1", "3/4", "1/2", "1/4", "0/1"])
  }

  @Test func `counters write labels and numbers of the frame they read`() {
    let alphabet = "0123456789:;-"
    func counter(_ style: Graphics.Counter.Style, _ map: FrameMap) -> Graphics.Counter {
      Graphics.Counter(glyphs: image(2, width: 13 * 7), alphabet: alphabet, style: style, map: map)
    }
    let drop = counter(
      .timecode(start: 1_798, rate: FrameRate(30_000, 1001), isDropFrame: true), FrameMap(first: 0))
    // 00:01:00;00 and ;01 are left out. Source: SMPTE ST 12-1.
    #expect(
      (0...3).map { drop.text(at: $0) } == ["00:00:59;28", "00:00:59;29", "00:01:00;02", "00:01:00;03"])
    let reversed = counter(.number(offset: 1, digits: 5), FrameMap(first: 40, speed: Rational(-1)))
    #expect((0...2).map { reversed.text(at: $0) } == ["00041", "00040", "00039"])
    #expect(counter(.number(offset: 0, digits: 3), FrameMap(first: -7)).text(at: 0) == "-007")
    #expect(reversed.cellWidth == 7)
    #expect(reversed.glyphs(at: 0) == [0, 0, 0, 4, 1])
  }
}
