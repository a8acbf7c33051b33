import CPictureKernels

/// A small picture of luma: display-coded, 0 black, 255 white, rows from the top without padding.
package struct LumaPlane: Hashable, Sendable {
  package let width: Int
  package let height: Int
  package var values: [Float]

  /// - Precondition: there is a value for every pixel, and no side is longer than 1,024.
  package init(width: Int, height: Int, values: [Float]) {
    precondition(
      width > 0 && height > 0 && width <= PK_COMPARE_SIDE && height <= PK_COMPARE_SIDE
        && values.count == width * height, "a plane of \(width)x\(height) has as many values")
    self.width = width
    self.height = height
    self.values = values
  }

  /// Luma of Rec.709 of a picture in display-coded R'G'B' 0…1, each `step` × `step` square as one pixel.
  package init(reducing step: Int, width: Int, height: Int, red: [Float], green: [Float], blue: [Float]) {
    precondition(
      [red.count, green.count, blue.count].allSatisfy { $0 == width * height },
      "every pixel has three values")
    var luma = [Float](repeating: 0, count: (width / step) * (height / step))
    unsafe red.withUnsafeBufferPointer { red in
      unsafe green.withUnsafeBufferPointer { green in
        unsafe blue.withUnsafeBufferPointer { blue in
          unsafe luma.withUnsafeMutableBufferPointer { luma in
            unsafe pk_reduced_luma(
              red.baseAddress, green.baseAddress, blue.baseAddress, Int32(width), Int32(height), Int32(step),
              luma.baseAddress)
          }
        }
      }
    }
    self.init(width: width / step, height: height / step, values: luma)
  }

  /// The left and the right exchanged.
  package var mirrored: LumaPlane {
    var copy = self
    for row in 0..<height { copy.values[row * width..<(row + 1) * width].reverse() }
    return copy
  }

  /// Each `step` × `step` square as one pixel, its average; what is left at the right and the bottom is dropped.
  package func reduced(by step: Int) -> LumaPlane {
    let (columns, rows) = (max(1, width / step), max(1, height / step))
    var result = [Float](repeating: 0, count: columns * rows)
    for row in 0..<rows {
      for column in 0..<columns {
        var sum: Float = 0
        for y in row * step..<min((row + 1) * step, height) {
          for x in column * step..<min((column + 1) * step, width) { sum += values[y * width + x] }
        }
        result[row * columns + column] = sum / Float(step * step)
      }
    }
    return LumaPlane(width: columns, height: rows, values: result)
  }
}

/// How a picture lies over another: magnified about the middle, then moved.
package struct PlaneFit: Hashable, Sendable {
  package var scaleX: Double
  package var scaleY: Double
  /// To the right, in pixels of the plane.
  package var moveX: Double
  /// Down.
  package var moveY: Double

  package init(scaleX: Double = 1, scaleY: Double = 1, moveX: Double = 0, moveY: Double = 0) {
    self.scaleX = scaleX
    self.scaleY = scaleY
    self.moveX = moveX
    self.moveY = moveY
  }

  package static let identity = PlaneFit()
}

/// Compares planes of one size, whatever grade lies between them.
///
/// One picture is explained by the other through the best rising tone curve, and only detail counts, so that
/// vignettes and windows do not. Numbers are the same on every CPU.
package final class PlaneComparer {
  /// Mean squares in codes of 0…255 over the pixels used.
  package struct Comparison: Hashable, Sendable {
    /// Of what the other picture does not explain.
    package var residual: Double
    /// Of the picture itself.
    package var variance: Double
    /// Of the picture that explains.
    package var other: Double
    /// Pixels used.
    package var count: Int
  }

  package let width: Int
  package let height: Int
  private let radius: Int32
  private var scratch: [Float]

  package init(width: Int, height: Int) {
    self.width = width
    self.height = height
    radius = Int32(max(2, width / 16))
    scratch = [Float](repeating: 0, count: 6 * width * height)
  }

  /// - Parameters:
  ///   - use: 0 leaves a pixel out.
  ///   - rest: receives what is not explained, pixel by pixel.
  package func compare(
    _ picture: LumaPlane, with other: LumaPlane, use: [UInt8], rest: inout [Float]
  ) -> Comparison {
    precondition(
      [picture.values.count, other.values.count, use.count].allSatisfy { $0 == width * height },
      "planes of one size are compared")
    if rest.count != width * height { rest = [Float](repeating: 0, count: width * height) }
    let found = unsafe picture.values.withUnsafeBufferPointer { picture in
      unsafe other.values.withUnsafeBufferPointer { other in
        unsafe use.withUnsafeBufferPointer { use in
          unsafe rest.withUnsafeMutableBufferPointer { rest in
            unsafe scratch.withUnsafeMutableBufferPointer { scratch in
              unsafe pk_compare(
                picture.baseAddress, other.baseAddress, use.baseAddress, Int32(width), Int32(height), radius,
                rest.baseAddress, scratch.baseAddress)
            }
          }
        }
      }
    }
    return Comparison(
      residual: found.residual, variance: found.variance, other: found.other, count: Int(found.count))
  }

  /// Mean square of the difference of two planes over the pixels used.
  package static func meanSquare(_ a: [Float], _ b: [Float], use: [UInt8]) -> Double {
    precondition(a.count == b.count && a.count == use.count, "planes of one size are compared")
    return unsafe a.withUnsafeBufferPointer { a in
      unsafe b.withUnsafeBufferPointer { b in
        unsafe use.withUnsafeBufferPointer { use in
          unsafe pk_mean_square(a.baseAddress, b.baseAddress, use.baseAddress, Int32(use.count))
        }
      }
    }
  }

  /// The plane as the fit lays it; black where it has nothing to show.
  package static func laid(_ plane: LumaPlane, _ fit: PlaneFit) -> LumaPlane {
    guard fit != .identity else { return plane }
    var values = [Float](repeating: 0, count: plane.values.count)
    unsafe plane.values.withUnsafeBufferPointer { source in
      unsafe values.withUnsafeMutableBufferPointer { values in
        unsafe pk_magnify(
          source.baseAddress, Int32(plane.width), Int32(plane.height), fit.scaleX, fit.scaleY, fit.moveX,
          fit.moveY, values.baseAddress)
      }
    }
    return LumaPlane(width: plane.width, height: plane.height, values: values)
  }
}
