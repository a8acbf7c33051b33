package import ImageGraph
package import MediaTime

extension CompLayer {
  /// Where a layer lies in the plate; nil where its pixels are the plate's.
  ///
  /// Both are compared by display shape; the layer is centred, scaled and then moved.
  package func placement(
    of layer: Raster, aspect: Rational, in plate: Raster, plateAspect: Rational
  ) -> Composite.Placement? {
    let shape = Self.value(aspect) / Self.value(plateAspect)
    let across = Double(plate.width) / (Double(layer.width) * shape)
    let down = Double(plate.height) / Double(layer.height)
    let size =
      switch fit {
      case .fit: min(across, down)
      case .fill: max(across, down)
      case .none: 1.0
      }
    let placement = Composite.Placement(
      scaleX: size * shape * scale, scaleY: size * scale,
      offsetX: Self.centred(layer.width, by: size * shape * scale, in: plate.width) + move.x,
      offsetY: Self.centred(layer.height, by: size * scale, in: plate.height) + move.y)
    let isWhole = layer == plate && placement.scaleX == 1 && placement.scaleY == 1
    return isWhole && placement.offsetX == 0 && placement.offsetY == 0 ? nil : placement
  }

  private static func centred(_ length: Int, by scale: Double, in whole: Int) -> Double {
    let left = (Double(whole) - Double(length) * scale) / 2
    // Unscaled pixels stay on the grid.
    return scale == 1 ? left.rounded(.down) : left
  }

  /// A shape beyond 1:16 or 16:1 is damage and read as square.
  private static func value(_ aspect: Rational) -> Double {
    let value = Double(aspect.numerator) / Double(aspect.denominator)
    return (1.0 / 16...16).contains(value) ? value : 1
  }
}
