import Compositing
import Diagnostics
import ImageGraph
import MediaTime
import Testing

@Suite struct LayerPlacementTests {
  private func layer(_ fit: CompLayer.Fit, scale: Double = 1, move: SIMD2<Double> = SIMD2(0, 0)) -> CompLayer
  {
    CompLayer(
      kind: .element, picture: .media("a"), merge: .over, fit: fit, scale: scale, move: move,
      location: SourceLocation(file: "comps.yaml"))
  }

  private func place(
    _ layer: CompLayer, _ size: (Int, Int), aspect: Rational = .one, in plate: (Int, Int)
  ) -> Composite.Placement? {
    layer.placement(
      of: Raster(width: size.0, height: size.1), aspect: aspect, in: Raster(width: plate.0, height: plate.1),
      plateAspect: .one)
  }

  @Test(arguments: CompLayer.Fit.allCases)
  func `a picture of the plate's size is not resampled, however it fits`(fit: CompLayer.Fit) {
    #expect(place(layer(fit), (1920, 1080), in: (1920, 1080)) == nil)
  }

  @Test func `all of a picture is seen when it fits, all of the plate is covered when it fills`() {
    // 4:3 in 16:9.
    let fit = place(layer(.fit), (640, 480), in: (1920, 1080))
    #expect(fit == Composite.Placement(scaleX: 2.25, scaleY: 2.25, offsetX: 240, offsetY: 0))
    let fill = place(layer(.fill), (640, 480), in: (1920, 1080))
    #expect(fill == Composite.Placement(scaleX: 3, scaleY: 3, offsetX: 0, offsetY: -180))
  }

  @Test func `pixel for pixel stays on the grid, also where half a pixel would centre it`() {
    let placed = place(layer(.none), (99, 51), in: (200, 100))
    #expect(placed == Composite.Placement(scaleX: 1, scaleY: 1, offsetX: 50, offsetY: 24))
  }

  @Test func `scale is around the centre, then the layer moves`() {
    let placed = place(layer(.none, scale: 0.5, move: SIMD2(10, -4)), (100, 100), in: (100, 100))
    #expect(placed == Composite.Placement(scaleX: 0.5, scaleY: 0.5, offsetX: 35, offsetY: 21))
  }

  @Test func `pixels that are not square are seen in their shape`() {
    let placed = place(layer(.fill), (720, 576), aspect: Rational(64, 45), in: (1024, 576))
    #expect(placed?.scaleY == 1)
    #expect(abs((placed?.scaleX ?? 0) - 64.0 / 45) < 1e-12)
  }
}
