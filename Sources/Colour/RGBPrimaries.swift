/// The colours of three primaries and of white by their chromaticities, and the matrices that follow.
///
/// Only adds, multiplies and divides in binary64, so the numbers are the same on every CPU.
/// Source: SMPTE RP 177 for the matrix; Lam (Bradford) and CIECAM02 for the adaptation of white.
package struct RGBPrimaries: Hashable, Sendable {
  /// Chromaticity x, y.
  package typealias Point = SIMD2<Double>

  package var red: Point
  package var green: Point
  package var blue: Point
  package var white: Point

  package init(red: Point, green: Point, blue: Point, white: Point) {
    self.red = red
    self.green = green
    self.blue = blue
    self.white = white
  }

  /// How one white becomes another.
  package enum Adaptation: Sendable {
    case bradford, cat02

    fileprivate var cones: Matrix3 {
      switch self {
      case .bradford:
        Matrix3([0.8951, 0.2664, -0.1614, -0.7502, 1.7135, 0.0367, 0.0389, -0.0685, 1.0296])
      case .cat02:
        Matrix3([0.7328, 0.4296, -0.1624, -0.7036, 1.6975, 0.0061, 0.0030, 0.0136, 0.9834])
      }
    }
  }

  private static let d65 = Point(0.3127, 0.3290)
  private static let aces = Point(0.32168, 0.33767)

  package static let rec709 = RGBPrimaries(
    red: Point(0.64, 0.33), green: Point(0.30, 0.60), blue: Point(0.15, 0.06), white: d65)
  package static let rec2020 = RGBPrimaries(
    red: Point(0.708, 0.292), green: Point(0.170, 0.797), blue: Point(0.131, 0.046), white: d65)
  package static let p3D65 = RGBPrimaries(
    red: Point(0.680, 0.320), green: Point(0.265, 0.690), blue: Point(0.150, 0.060), white: d65)
  /// ACES2065-1. Source: SMPTE ST 2065-1.
  package static let ap0 = RGBPrimaries(
    red: Point(0.7347, 0.2653), green: Point(0, 1), blue: Point(0.0001, -0.0770), white: aces)
  /// ACEScg, ACEScct. Source: Academy S-2014-004.
  package static let ap1 = RGBPrimaries(
    red: Point(0.713, 0.293), green: Point(0.165, 0.830), blue: Point(0.128, 0.044), white: aces)

  /// Row-major, from linear R, G, B to X, Y, Z with white at Y 1.
  package var toXYZ: [Double] { matrix.rows }

  /// Row-major, from linear R, G, B of these primaries to those of others.
  ///
  /// - Parameter adaptation: used where the whites differ.
  package func matrix(to other: RGBPrimaries, adaptation: Adaptation = .bradford) -> [Double] {
    guard white != other.white else { return (other.matrix.inverse * matrix).rows }
    let cones = adaptation.cones
    let (from, to) = (cones * Self.xyz(white), cones * Self.xyz(other.white))
    let scale = Matrix3(diagonal: [to[0] / from[0], to[1] / from[1], to[2] / from[2]])
    return (other.matrix.inverse * (cones.inverse * (scale * (cones * matrix)))).rows
  }

  private var matrix: Matrix3 {
    let columns = [red, green, blue].map(Self.xyz)
    let unscaled = Matrix3((0..<9).map { columns[$0 % 3][$0 / 3] })
    return unscaled * Matrix3(diagonal: unscaled.inverse * Self.xyz(white))
  }

  private static func xyz(_ point: Point) -> [Double] {
    [point.x / point.y, 1, (1 - point.x - point.y) / point.y]
  }
}

/// Three rows of three.
private struct Matrix3 {
  var rows: [Double]

  init(_ rows: [Double]) { self.rows = rows }

  init(diagonal: [Double]) { rows = [diagonal[0], 0, 0, 0, diagonal[1], 0, 0, 0, diagonal[2]] }

  static func * (a: Matrix3, b: Matrix3) -> Matrix3 {
    Matrix3(
      (0..<9).map { index in
        let (row, column) = (index / 3 * 3, index % 3)
        return a.rows[row] * b.rows[column] + a.rows[row + 1] * b.rows[3 + column] + a.rows[row + 2]
          * b.rows[6 + column]
      })
  }

  static func * (a: Matrix3, b: [Double]) -> [Double] {
    (0..<3).map { a.rows[3 * $0] * b[0] + a.rows[3 * $0 + 1] * b[1] + a.rows[3 * $0 + 2] * b[2] }
  }

  var inverse: Matrix3 {
    let m = rows
    let cofactors = [
      m[4] * m[8] - m[5] * m[7], m[2] * m[7] - m[1] * m[8], m[1] * m[5] - m[2] * m[4],
      m[5] * m[6] - m[3] * m[8], m[0] * m[8] - m[2] * m[6], m[2] * m[3] - m[0] * m[5],
      m[3] * m[7] - m[4] * m[6], m[1] * m[6] - m[0] * m[7], m[0] * m[4] - m[1] * m[3],
    ]
    let determinant = m[0] * cofactors[0] + m[1] * cofactors[3] + m[2] * cofactors[6]
    return Matrix3(cofactors.map { $0 / determinant })
  }
}
