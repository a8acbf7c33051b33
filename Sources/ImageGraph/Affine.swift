package import Digests

/// A place in a picture, rightward and downward.
package struct Point: Hashable, Codable, Sendable {
  package var x: Double
  package var y: Double

  package init(x: Double, y: Double) {
    self.x = x
    self.y = y
  }
}

/// x' = xx·x + xy·y + x₀, y' = yx·x + yy·y + y₀.
package struct Affine: Hashable, Codable, Sendable, CanonicallyEncodable {
  package var xx: Double
  package var xy: Double
  package var yx: Double
  package var yy: Double
  package var x: Double
  package var y: Double

  package init(xx: Double, xy: Double, yx: Double, yy: Double, x: Double = 0, y: Double = 0) {
    self.xx = xx
    self.xy = xy
    self.yx = yx
    self.yy = yy
    self.x = x
    self.y = y
  }

  package static let identity = Affine(xx: 1, xy: 0, yx: 0, yy: 1)

  package static func move(x: Double, y: Double) -> Affine {
    Affine(xx: 1, xy: 0, yx: 0, yy: 1, x: x, y: y)
  }

  package static func scale(x: Double, y: Double) -> Affine { Affine(xx: x, xy: 0, yx: 0, yy: y) }

  /// Clockwise as seen; exact for quarter turns.
  package static func rotation(degrees: Double) -> Affine {
    let (sine, cosine) = Turn.sineAndCosine(degrees)
    return Affine(xx: cosine, xy: -sine, yx: sine, yy: cosine)
  }

  package func applied(to point: Point) -> Point {
    Point(x: xx * point.x + xy * point.y + x, y: yx * point.x + yy * point.y + y)
  }

  package func followed(by next: Affine) -> Affine {
    let moved = next.applied(to: Point(x: x, y: y))
    return Affine(
      xx: next.xx * xx + next.xy * yx, xy: next.xx * xy + next.xy * yy,
      yx: next.yx * xx + next.yy * yx, yy: next.yx * xy + next.yy * yy, x: moved.x, y: moved.y)
  }

  /// Nil where it brings everything onto a line.
  package var inverse: Affine? {
    let determinant = xx * yy - xy * yx
    guard determinant != 0, determinant.isFinite else { return nil }
    let back = Affine(
      xx: yy / determinant, xy: -xy / determinant, yx: -yx / determinant, yy: xx / determinant)
    let moved = back.applied(to: Point(x: x, y: y))
    let whole = Affine(
      xx: back.xx, xy: back.xy, yx: back.yx, yy: back.yy, x: -moved.x, y: -moved.y)
    return whole.values.allSatisfy(\.isFinite) ? whole : nil
  }

  /// The same with one name for zero: keys hash bit patterns.
  package var withoutMinusZero: Affine {
    Affine(xx: xx + 0, xy: xy + 0, yx: yx + 0, yy: yy + 0, x: x + 0, y: y + 0)
  }

  /// xx, xy, x₀, yx, yy, y₀.
  package var values: [Double] { [xx, xy, x, yx, yy, y] }

  package func encode(into encoder: inout CanonicalEncoder) {
    for value in values { encoder.append(value) }
  }
}

/// Sines without the C library, whose last bits differ from CPU to CPU.
private enum Turn {
  /// Within 1e-15; exact for multiples of 90°.
  static func sineAndCosine(_ degrees: Double) -> (sine: Double, cosine: Double) {
    // Exact: what is left of whole turns, then of quarters, −45…45.
    let rest = degrees.truncatingRemainder(dividingBy: 360)
    let quarters = (rest / 90).rounded()
    let radians = (rest - quarters * 90) * (Double.pi / 180)
    let square = radians * radians
    // The series around 0; the first term left out is below 2e-17.
    var (sine, cosine) = (1.0, 1.0)
    for step in stride(from: 18.0, to: 0, by: -2) {
      sine = 1 - square / (step * (step + 1)) * sine
      cosine = 1 - square / (step * (step - 1)) * cosine
    }
    sine *= radians
    switch (Int(quarters) % 4 + 4) % 4 {
    case 0: return (sine, cosine)
    case 1: return (cosine, -sine)
    case 2: return (-sine, -cosine)
    default: return (-cosine, sine)
    }
  }
}

/// Convex polygons, corners clockwise as seen.
enum ConvexArea {
  static func rectangle(x: Double, y: Double, width: Double, height: Double) -> [Point] {
    [
      Point(x: x, y: y), Point(x: x + width, y: y), Point(x: x + width, y: y + height),
      Point(x: x, y: y + height),
    ]
  }

  /// The same corners the other way round where a mirror has turned them.
  static func clockwise(_ area: [Point]) -> [Point] {
    let twice = area.indices.reduce(0.0) { sum, index in
      let (a, b) = (area[index], area[(index + 1) % area.count])
      return sum + (a.x * b.y - b.x * a.y)
    }
    return twice < 0 ? area.reversed() : area
  }

  /// How far a point lies inside the edge from `a` to `b`, times the edge's length.
  private static func side(_ point: Point, _ a: Point, _ b: Point) -> Double {
    (b.x - a.x) * (point.y - a.y) - (b.y - a.y) * (point.x - a.x)
  }

  /// What two areas share. Source: Sutherland and Hodgman, "Reentrant polygon clipping", 1974.
  static func intersection(_ area: [Point], _ window: [Point]) -> [Point] {
    var rest = area
    for index in window.indices where !rest.isEmpty {
      let (from, to) = (window[index], window[(index + 1) % window.count])
      var kept: [Point] = []
      for corner in rest.indices {
        let (a, b) = (rest[corner], rest[(corner + 1) % rest.count])
        let (sideA, sideB) = (side(a, from, to), side(b, from, to))
        if sideA >= 0 { kept.append(a) }
        if (sideA >= 0) != (sideB >= 0) {
          let along = sideA / (sideA - sideB)
          kept.append(Point(x: a.x + (b.x - a.x) * along, y: a.y + (b.y - a.y) * along))
        }
      }
      rest = kept
    }
    return rest
  }

  /// Within a ten-thousandth of a pixel.
  static func contains(_ point: Point, in area: [Point]) -> Bool {
    area.count >= 3
      && area.indices.allSatisfy { index in
        let (a, b) = (area[index], area[(index + 1) % area.count])
        let length = (b.x - a.x).magnitude + (b.y - a.y).magnitude
        return side(point, a, b) >= -1e-4 * length
      }
  }
}
