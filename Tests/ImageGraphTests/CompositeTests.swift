import Digests
import ImageGraph
import MediaTime
import Testing

@Suite struct CompositeTests {
  private func layer(_ beyond: Composite.Beyond, count: Int64 = 5) -> Composite.Layer {
    Composite.Layer(merge: .over, map: FrameMap(first: 0), count: count, beyond: beyond)
  }

  @Test(arguments: [
    (Composite.Beyond.error, [nil, nil, 0, 4, nil, nil] as [Int64?]), (.black, [nil, nil, 0, 4, nil, nil]),
    (.hold, [0, 0, 0, 4, 4, 4]), (.loop, [3, 4, 0, 4, 0, 2]), (.bounce, [2, 1, 0, 4, 3, 1]),
  ])
  func `beyond its frames a layer shows what was said`(beyond: Composite.Beyond, frames: [Int64?]) {
    let layer = layer(beyond)
    #expect([-2, -1, 0, 4, 5, 7].map { layer.frame(at: $0) } == frames)
  }

  @Test func `a still bounces and loops on itself`() {
    for beyond in [Composite.Beyond.hold, .loop, .bounce] {
      #expect([-3, 0, 9].map { layer(beyond, count: 1).frame(at: $0) } == [0, 0, 0])
    }
  }

  @Test func `a shift and a speed count from the plate's frame`() {
    var map = FrameMap(first: 10, speed: Rational(1, 2))
    map.origin = -4
    let layer = Composite.Layer(merge: .over, map: map, count: 100)
    #expect([0, 3, 4, 5, 6, 9].map { layer.frame(at: $0) } == [8, 9, 10, 10, 11, 12])
  }

  @Test func `everything that decides a pixel is in the chain, and how a map is written is not`() {
    let source = ImageNode.source(
      PictureSource(
        media: Digest.sha256([1]), stream: 0,
        interpretation: Interpretation(matrix: .bt709, isFullRange: false)))
    func chain(_ change: (inout Composite) -> Void) -> Digest {
      var composite = Composite(
        raster: Raster(width: 64, height: 36), layers: [layer(.hold), layer(.error)])
      change(&composite)
      return ImageNode.composite(composite, of: [source, source]).chain
    }
    let key = Composite.Key(
      screen: [0.1, 0.9, 0.1], tolerance: 0.1, softness: 0.8, despill: 1, spillsEverywhere: false, erode: 0,
      blur: 0,
      garbage: [], core: [])
    let changes: [(inout Composite) -> Void] = [
      { _ in }, { $0.raster.width = 66 }, { $0.sampleAspect = Rational(16, 11) },
      { $0.layers[1].merge = .plus },
      { $0.layers[1].count = 6 }, { $0.layers[1].beyond = .hold }, { $0.layers[1].alpha = .straight },
      { $0.layers[1].isLinear = true }, { $0.layers[1].opacity = 0.5 }, { $0.layers[1].map.first = 1 },
      { $0.layers[1].placement = Composite.Placement(scaleX: 1, scaleY: 1, offsetX: 1, offsetY: 0) },
      { $0.layers[1].key = key },
      {
        $0.layers[1].key = key
        $0.layers[1].key?.garbage = [[0, 0, 1, 0, 1, 1]]
      },
      {
        $0.layers[1].key = key
        $0.layers[1].key?.core = [[0, 0, 1, 0, 1, 1]]
      },
    ]
    #expect(Set(changes.map(chain)).count == changes.count)
    let same = chain { composite in
      composite.layers[1].map.first = 3
      composite.layers[1].map.origin = -3
    }
    #expect(same == chain { _ in })
  }

  /// A layer as it was encoded before there were colours.
  private struct Unmanaged: CanonicallyEncodable {
    var layer: Composite.Layer

    func encode(into encoder: inout CanonicalEncoder) {
      encoder.append(layer.merge.rawValue)
      encoder.append(layer.map)
      encoder.append(layer.count)
      encoder.append(layer.beyond.rawValue)
      encoder.append(layer.alpha.rawValue)
      encoder.append(layer.isLinear)
      encoder.append(layer.placement)
      encoder.append(layer.opacity)
      encoder.append(layer.key)
    }
  }

  private struct UnmanagedComposite: CanonicallyEncodable {
    var composite: Composite

    func encode(into encoder: inout CanonicalEncoder) {
      encoder.append(1)
      encoder.append(composite.raster)
      encoder.append(composite.sampleAspect.numerator)
      encoder.append(composite.sampleAspect.denominator)
      encoder.append(composite.layers.map(Unmanaged.init))
    }
  }

  @Test func `colours of layers are in the chain, and without any it is what it was`() {
    func digest(_ composite: some CanonicallyEncodable) -> Digest {
      var encoder = CanonicalEncoder(domain: "test", version: 1)
      encoder.append(composite)
      return encoder.digest()
    }
    let plain = Composite(raster: Raster(width: 64, height: 36), layers: [layer(.hold), layer(.error)])
    #expect(digest(plain) == digest(UnmanagedComposite(composite: plain)))
    func process(_ from: String) -> ColourProcess {
      ColourProcess(context: ColourContext(config: nil), steps: [.convert(from: from, to: "ACEScg")])
    }
    let changes: [(inout Composite) -> Void] = [
      { _ in }, { $0.light = "ACEScg" }, { $0.light = "Linear Rec.709" },
      { $0.layers[0].colour = process("ACEScct") }, { $0.layers[0].colour = process("ARRI LogC4") },
      { $0.layers[1].colour = process("ACEScct") },
      {
        $0.layers[0].colour = process("ACEScct")
        $0.layers[0].colour?.compiled = ColourProcess.Compiled(
          form: .steps, program: Digest.sha256([2]), error: 0)
      },
    ]
    let digests = changes.map { change in
      var composite = plain
      change(&composite)
      return digest(composite)
    }
    #expect(Set(digests).count == changes.count)
  }

  @Test func `trace names every layer`() {
    let source = ImageNode.source(
      PictureSource(
        media: Digest.sha256([1]), stream: 0,
        interpretation: Interpretation(matrix: .bt709, isFullRange: false)))
    let node = ImageNode.composite(
      Composite(raster: Raster(width: 64, height: 36), layers: [layer(.hold), layer(.error)]),
      of: [source, source])
    #expect(node.operations.map(\.operation) == ["source", "source", "composite"])
    #expect(node.operations.map { String($0.parameters.prefix(8)) } == ["layer 1:", "layer 2:", "over; ov"])
  }
}
