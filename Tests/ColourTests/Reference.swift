import Colour
import Glibc

/// The same operations in double precision, written from the formulas of specs/color.md and not from the kernels.
enum Reference {
  static func clamp(_ x: Double) -> Double { x.isNaN ? 0 : min(max(x, 0), 1) }

  /// ASC CDL v1.2, ASC clamp style.
  static func decision(_ cdl: GradeKernel.Decision, _ colour: [Double]) -> [Double] {
    let powered = (0..<3).map { pow(clamp(colour[$0] * cdl.slope[$0] + cdl.offset[$0]), cdl.power[$0]) }
    let luma = 0.2126 * powered[0] + 0.7152 * powered[1] + 0.0722 * powered[2]
    return powered.map { clamp(luma + cdl.saturation * ($0 - luma)) }
  }

  static func position(_ x: Double, _ low: Double, _ high: Double, size: Int) -> (cell: Int, fraction: Double)
  {
    let p = clamp((x - low) / (high - low)) * Double(size - 1)
    let cell = min(Int(p), size - 2)
    return (cell, p - Double(cell))
  }

  static func shape(_ shaper: LookTable.Shaper, _ colour: [Double]) -> [Double] {
    (0..<3).map { channel in
      let (cell, fraction) = position(
        colour[channel], shaper.domain.minimum[channel], shaper.domain.maximum[channel], size: shaper.size)
      let low = Double(shaper.values[3 * cell + channel])
      let high = Double(shaper.values[3 * (cell + 1) + channel])
      return low + (high - low) * fraction
    }
  }

  /// Tetrahedral: from the near corner along the axes in order of falling fraction.
  static func lookUp(_ cube: LookTable.Cube, _ colour: [Double]) -> [Double] {
    let places = (0..<3).map {
      position(colour[$0], cube.domain.minimum[$0], cube.domain.maximum[$0], size: cube.size)
    }
    let order = [0, 1, 2].sorted { places[$0].fraction > places[$1].fraction }
    var corner = places.map(\.cell)
    func node() -> [Double] {
      let row = corner[0] + cube.size * (corner[1] + cube.size * corner[2])
      return (0..<3).map { Double(cube.values[3 * row + $0]) }
    }
    var result = node()
    var previous = result
    for axis in order {
      corner[axis] += 1
      let next = node()
      for channel in 0..<3 { result[channel] += places[axis].fraction * (next[channel] - previous[channel]) }
      previous = next
    }
    return result
  }

  static func grade(_ grade: GradeKernel, _ colour: [Double]) -> [Double] {
    var colour = colour.map { $0.isNaN ? 0 : $0 }
    if let cdl = grade.decision { colour = decision(cdl, colour) }
    if let shaper = grade.look?.shaper { colour = shape(shaper, colour) }
    if let cube = grade.look?.cube { colour = lookUp(cube, colour) }
    return colour
  }
}

extension Reference {
  /// Offset, codes per unit, for luma (or R'G'B') and chroma.
  static func codes(_ format: PictureFormat) -> (luma: (Double, Double), chroma: (Double, Double)) {
    let step = pow(2, Double(format.layout.bitDepth - 8))
    let top = pow(2, Double(format.layout.bitDepth)) - 1
    return format.encoding.isFullRange
      ? ((0, top), (128 * step, top)) : ((16 * step, 219 * step), (128 * step, 224 * step))
  }

  /// R'G'B' of a pixel; chroma between samples is linear, edges repeat.
  static func colour(_ picture: TestPicture, _ x: Int, _ y: Int) -> [Double] {
    let format = picture.format
    let (luma, chroma) = codes(format)
    switch format.layout.family {
    case .planarRGB where format.layout.bitDepth == 32: return picture.rgb(x, y)
    case .planarRGB: return [2, 0, 1].map { (Double(picture[$0, x, y]) - luma.0) / luma.1 }
    case .packedRGB:
      let components = format.layout.hasAlpha ? 4 : 3
      return (0..<3).map { (Double(picture[0, components * x + $0, y]) - luma.0) / luma.1 }
    case .yCbCr:
      let signal = (Double(picture[0, x, y]) - luma.0) / luma.1
      let cb = (chromaCode(picture, 1, x, y) - chroma.0) / chroma.1
      let cr = (chromaCode(picture, 2, x, y) - chroma.0) / chroma.1
      let (kr, kb) = format.encoding.matrix.weights
      let red = signal + 2 * (1 - kr) * cr
      let blue = signal + 2 * (1 - kb) * cb
      return [red, (signal - kr * red - kb * blue) / (1 - kr - kb), blue]
    }
  }

  static func chromaCode(_ picture: TestPicture, _ plane: Int, _ x: Int, _ y: Int) -> Double {
    let step = picture.format.layout.chromaStep
    let siting = picture.format.encoding.siting
    let column =
      step.columns == 2 ? (Double(x) - (siting == .centre ? 0.5 : 0)) / 2 : Double(x)
    let row = step.rows == 2 ? (Double(y) - (siting == .topLeft ? 0 : 0.5)) / 2 : Double(y)
    func sample(_ column: Int, _ row: Int) -> Double {
      let inX = min(max(column, 0), picture.rowSamples(plane) - 1)
      let inY = min(max(row, 0), picture.rows(plane) - 1)
      return Double(picture[plane, inX, inY])
    }
    let (left, top) = (Int(column.rounded(.down)), Int(row.rounded(.down)))
    let (fx, fy) = (column - Double(left), row - Double(top))
    return (1 - fy) * ((1 - fx) * sample(left, top) + fx * sample(left + 1, top))
      + fy * ((1 - fx) * sample(left, top + 1) + fx * sample(left + 1, top + 1))
  }

  /// The unrounded, unlimited codes of a whole picture, plane by plane, row by row.
  static func encoded(_ colours: [[[Double]]], _ format: PictureFormat) -> [[[Double]]] {
    let (luma, chroma) = codes(format)
    switch format.layout.family {
    case .planarRGB: return [1, 2, 0].map { c in colours.map { $0.map { $0[c] * luma.1 + luma.0 } } }
    case .packedRGB: return [colours.map { $0.flatMap { $0.map { $0 * luma.1 + luma.0 } } }]
    case .yCbCr: break
    }
    let (kr, kb) = format.encoding.matrix.weights
    let y = colours.map { $0.map { kr * $0[0] + (1 - kr - kb) * $0[1] + kb * $0[2] } }
    func plane(_ channel: Int, _ weight: Double) -> [[Double]] {
      let full = zip(colours, y).map { row, lumas in
        zip(row, lumas).map { ($0[channel] - $1) / (2 * (1 - weight)) }
      }
      return narrowed(full, format.layout.chromaStep, format.encoding.siting).map {
        $0.map { $0 * chroma.1 + chroma.0 }
      }
    }
    return [y.map { $0.map { $0 * luma.1 + luma.0 } }, plane(2, kb), plane(0, kr)]
  }

  private static func narrowed(
    _ full: [[Double]], _ step: (columns: Int, rows: Int), _ siting: ColourEncoding.Siting
  ) -> [[Double]] {
    guard step.columns == 2 else { return full }
    let narrow = full.map { row in siting == .centre ? paired(row) : halved(row) }
    guard step.rows == 2 else { return narrow }
    let columns = narrow[0].indices.map { column in narrow.map { $0[column] } }
    let short = columns.map { column in siting == .topLeft ? halved(column) : paired(column) }
    return short[0].indices.map { row in short.map { $0[row] } }
  }

  /// Means of two and two, the last one repeated.
  private static func paired(_ row: [Double]) -> [Double] {
    stride(from: 0, to: row.count, by: 2).map { (row[$0] + row[min($0 + 1, row.count - 1)]) / 2 }
  }

  private static func halved(_ row: [Double]) -> [Double] {
    var narrow: [Double] = []
    for x in stride(from: 0, to: row.count, by: 2) {
      let (before, after) = (row[max(x - 1, 0)], row[min(x + 1, row.count - 1)])
      narrow.append((before + 2 * row[x] + after) / 4)
    }
    return narrow
  }

  /// Codes that may be written.
  static func limits(_ format: PictureFormat) -> ClosedRange<Double> {
    let top = pow(2, Double(format.layout.bitDepth)) - 1
    if format.encoding.isFullRange { return 0...top }
    let step = pow(2, Double(format.layout.bitDepth - 8))
    return step...(255 * step - 1)
  }
}
