package import Digests

/// Size of a picture in pixels.
package struct Raster: Hashable, Codable, Sendable, CanonicallyEncodable, CustomStringConvertible {
  package var width: Int
  package var height: Int

  package init(width: Int, height: Int) {
    self.width = width
    self.height = height
  }

  package var description: String { "\(width)x\(height)" }

  package func encode(into encoder: inout CanonicalEncoder) {
    encoder.append(width)
    encoder.append(height)
  }
}

/// Places a picture of any size in the raster of the programme.
package struct Sizing: Hashable, Codable, Sendable, CanonicallyEncodable {
  static let version = 1

  /// What to do with a picture of another shape.
  package enum Fit: String, Codable, Sendable, CaseIterable {
    /// All of the picture, black beside or above it.
    case letterbox
    /// All of the raster, the picture's edges cropped.
    case fill
    /// One pixel of the picture on one of the raster, whatever remains or is lacking around it.
    case native
  }

  /// How pixels are resampled that are not scaled as they are coded.
  package enum Scaling: Hashable, Codable, Sendable, CanonicallyEncodable {
    /// In the light of a display: R'G'B' to the power 2.4. Source: ITU-R BT.1886.
    case displayLight
    /// In scene light: there and back by the curve of the picture's own space.
    case sceneLight(to: ColourProcess, from: ColourProcess)

    package func encode(into encoder: inout CanonicalEncoder) {
      switch self {
      case .displayLight: encoder.append("display light")
      case .sceneLight(let to, let from):
        encoder.append("scene light")
        encoder.append(to)
        encoder.append(from)
      }
    }
  }

  package var raster: Raster
  package var fit: Fit
  /// Nil scales the values as they are coded.
  package var scaling: Scaling?
  /// Nil leaves the picture where the fit puts it, over black.
  package var adjustment: Adjustment?

  package init(raster: Raster, fit: Fit, scaling: Scaling? = nil, adjustment: Adjustment? = nil) {
    self.raster = raster
    self.fit = fit
    self.scaling = scaling
    self.adjustment = adjustment
  }

  package func encode(into encoder: inout CanonicalEncoder) {
    encoder.append(Self.version)
    encoder.append(raster)
    encoder.append(fit.rawValue)
    // Nothing at all without one: frames made before there were any keep their names.
    if let adjustment {
      encoder.append("adjusted")
      encoder.append(adjustment)
    }
    if let scaling { encoder.append(scaling) }
  }

  var summary: OperationSummary {
    OperationSummary(
      operation: "sizing", version: Self.version,
      parameters: "\(fit.rawValue) in \(raster)" + (adjustment.map { ", \($0.words)" } ?? "")
        + (scaling == nil ? "" : ", scaled in linear light"))
  }

  /// Where a picture lands: the crop of the source that is used, and the rectangle of the raster it fills.
  package struct Placement: Hashable, Sendable {
    /// In source pixels, even positions and sizes so that chroma stays aligned.
    package var crop: Rectangle
    /// In pixels of the raster, even positions and sizes for the same reason.
    package var target: Rectangle

    /// True when no pixel is resampled.
    package var isUnscaled: Bool { crop.width == target.width && crop.height == target.height }
  }

  package struct Rectangle: Hashable, Sendable {
    package var x: Int
    package var y: Int
    package var width: Int
    package var height: Int

    package init(x: Int, y: Int, width: Int, height: Int) {
      self.x = x
      self.y = y
      self.width = width
      self.height = height
    }

    /// All of a raster.
    package init(_ raster: Raster) { self.init(x: 0, y: 0, width: raster.width, height: raster.height) }
  }

  /// Centred placement of a source by its display shape.
  ///
  /// - Parameter sampleAspect: width over height of one source pixel, as numerator and denominator; a shape beyond
  ///   1:16 or 16:1 is damage and read as square.
  package func placement(of source: Raster, sampleAspect: (numerator: Int64, denominator: Int64)) -> Placement
  {
    // Shapes are compared as integers: display width over height of the source against that of the raster.
    let shape = Self.shape(of: source, sampleAspect: sampleAspect)
    let (displayWidth, displayHeight) = (shape.width, shape.height)
    let sourceSide = displayWidth * Int64(raster.height)
    let rasterSide = displayHeight * Int64(raster.width)
    var crop = Rectangle(x: 0, y: 0, width: max(source.width & ~1, 1), height: max(source.height & ~1, 1))
    var target = Rectangle(x: 0, y: 0, width: raster.width, height: raster.height)
    if fit == .native {
      let width = even(displayWidth, over: shape.unit, atMost: .max)
      let height = even(displayHeight, over: shape.unit, atMost: .max)
      target.width = min(width, raster.width)
      target.height = min(height, raster.height)
      target.x = centred(target.width, in: raster.width)
      target.y = centred(target.height, in: raster.height)
      crop.width = even(Int64(crop.width) * Int64(target.width), over: Int64(width), atMost: crop.width)
      crop.height = even(Int64(crop.height) * Int64(target.height), over: Int64(height), atMost: crop.height)
      crop.x = centred(crop.width, in: source.width)
      crop.y = centred(crop.height, in: source.height)
    } else if sourceSide != rasterSide {
      let isWider = sourceSide > rasterSide
      switch (fit, isWider) {
      case (.letterbox, true):
        target.height = even(Int64(raster.width) * displayHeight, over: displayWidth, atMost: raster.height)
        target.y = centred(target.height, in: raster.height)
      case (.letterbox, false):
        target.width = even(Int64(raster.height) * displayWidth, over: displayHeight, atMost: raster.width)
        target.x = centred(target.width, in: raster.width)
      case (.fill, true):
        crop.width = even(Int64(source.width) * rasterSide, over: sourceSide, atMost: source.width)
        crop.x = centred(crop.width, in: source.width)
      case (.fill, false):
        crop.height = even(Int64(source.height) * sourceSide, over: rasterSide, atMost: source.height)
        crop.y = centred(crop.height, in: source.height)
      case (.native, _): break
      }
    }
    return Placement(crop: crop, target: target)
  }

  /// Display width and height of a picture, in parts of its height's pixel: `unit` of them are one.
  static func shape(of source: Raster, sampleAspect: (numerator: Int64, denominator: Int64)) -> (
    width: Int64, height: Int64, unit: Int64
  ) {
    let (wide, high) = (sampleAspect.numerator, sampleAspect.denominator)
    let isSane =
      (1...65_536).contains(wide) && (1...65_536).contains(high) && wide <= 16 * high && high <= 16 * wide
    let aspect = isSane ? (wide: wide, high: high) : (wide: 1, high: 1)
    return (Int64(source.width) * aspect.wide, Int64(source.height) * aspect.high, aspect.high)
  }

  /// `numerator / denominator` to the nearest even number, at least 2.
  private func even(_ numerator: Int64, over denominator: Int64, atMost limit: Int) -> Int {
    let half = (numerator + denominator) / (2 * denominator)
    return min(max(Int(half) * 2, 2), max(limit & ~1, 1))
  }

  private func centred(_ length: Int, in whole: Int) -> Int { (whole - length) / 4 * 2 }
}
