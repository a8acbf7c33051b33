package import Digests

extension Sizing {
  /// A picture moved, scaled, turned, cut off or weakened from where the fit puts it: around what is left of it,
  /// what lies below is seen.
  package struct Adjustment: Hashable, Codable, Sendable, CanonicallyEncodable {
    static let version = 1

    /// What is cut off each side, in parts of the picture's width or height.
    package struct Edges: Hashable, Codable, Sendable {
      package var left: Double
      package var right: Double
      package var top: Double
      package var bottom: Double

      package init(left: Double = 0, right: Double = 0, top: Double = 0, bottom: Double = 0) {
        self.left = left
        self.right = right
        self.top = top
        self.bottom = bottom
      }
    }

    package var crop: Edges
    /// From the fitted picture to the raster, both in pixels of the raster from its centre, rightward and downward.
    package var transform: Affine
    /// Convex areas of the raster outside of which nothing is seen, in the same pixels: frames of nested timelines.
    package var windows: [[Point]]
    /// 0…1.
    package var opacity: Double
    package var alpha: Composite.Alpha

    package init(
      crop: Edges = Edges(), transform: Affine = .identity, windows: [[Point]] = [], opacity: Double = 1,
      alpha: Composite.Alpha = .opaque
    ) {
      self.crop = crop
      self.transform = transform
      self.windows = windows
      self.opacity = opacity
      self.alpha = alpha
    }

    /// Whether the picture stays as the fit leaves it.
    package var isNone: Bool { self == Adjustment() }

    package func encode(into encoder: inout CanonicalEncoder) {
      encoder.append(Self.version)
      for value in [crop.left, crop.right, crop.top, crop.bottom] { encoder.append(value) }
      encoder.append(transform)
      encoder.append(windows.count)
      for window in windows {
        encoder.append(window.count)
        for point in window {
          encoder.append(point.x)
          encoder.append(point.y)
        }
      }
      encoder.append(opacity)
      encoder.append(alpha.rawValue)
    }

    /// The adjustment in words, for `trace`.
    var words: String {
      // Four decimals are enough to read; the exact values are in the plan.
      func short(_ value: Double) -> String {
        guard value.magnitude < 1e9 else { return "\(value)" }
        let rounded = (value * 10_000).rounded() / 10_000
        return rounded == 0 ? "0" : "\(rounded)"
      }
      var parts: [String] = []
      if crop != Edges() {
        parts.append(
          "cropped \(short(crop.left)) \(short(crop.right)) \(short(crop.top)) \(short(crop.bottom))")
      }
      if transform != .identity {
        let values = [transform.xx, transform.xy, transform.yx, transform.yy].map(short)
        parts.append("transformed by \(values.joined(separator: " "))")
        if transform.x != 0 || transform.y != 0 {
          parts.append("moved by \(short(transform.x)), \(short(transform.y))")
        }
      }
      if !windows.isEmpty { parts.append("within \(windows.count) frames") }
      if opacity != 1 { parts.append("opacity \(short(opacity))") }
      if alpha != .opaque { parts.append("\(alpha.rawValue) alpha") }
      return parts.isEmpty ? "over what is below" : parts.joined(separator: " ")
    }
  }

  /// Where an adjusted picture lies.
  package struct Geometry: Hashable, Sendable {
    /// From places of the raster to places of the picture, both in their own pixels from the top left corner.
    package var toPicture: Affine
    /// The convex area of the raster in which it is seen: corners clockwise, in pixels from the top left corner.
    package var area: [Point]

    /// Whether nothing else is seen in the raster.
    package func covers(_ raster: Raster) -> Bool {
      ConvexArea.rectangle(x: 0, y: 0, width: Double(raster.width), height: Double(raster.height))
        .allSatisfy { ConvexArea.contains($0, in: area) }
    }
  }

  /// Where a picture lies with its adjustment; nil where nothing of it is seen.
  package func geometry(of source: Raster, sampleAspect: (numerator: Int64, denominator: Int64)) -> Geometry?
  {
    let adjustment = adjustment ?? Adjustment()
    let fitted = fittedSize(of: source, sampleAspect: sampleAspect)
    let (width, height) = (Double(raster.width), Double(raster.height))
    guard adjustment.opacity > 0, let back = adjustment.transform.inverse else { return nil }
    let crop = adjustment.crop
    let (left, right) = ((crop.left - 0.5) * fitted.width, (0.5 - crop.right) * fitted.width)
    let (top, bottom) = ((crop.top - 0.5) * fitted.height, (0.5 - crop.bottom) * fitted.height)
    guard left < right, top < bottom else { return nil }
    var area = ConvexArea.clockwise(
      ConvexArea.rectangle(x: left, y: top, width: right - left, height: bottom - top)
        .map(adjustment.transform.applied))
    let frame = ConvexArea.rectangle(x: -width / 2, y: -height / 2, width: width, height: height)
    for window in adjustment.windows + [frame] {
      area = ConvexArea.intersection(area, ConvexArea.clockwise(window))
    }
    guard area.count >= 3 else { return nil }
    let toPicture = Affine.move(x: -width / 2, y: -height / 2).followed(by: back)
      .followed(
        by: Affine(
          xx: Double(source.width) / fitted.width, xy: 0, yx: 0, yy: Double(source.height) / fitted.height,
          x: Double(source.width) / 2, y: Double(source.height) / 2))
    return Geometry(
      toPicture: toPicture,
      area: area.map { Point(x: $0.x + width / 2, y: $0.y + height / 2) })
  }

  /// The size a picture has in the raster before its adjustment.
  private func fittedSize(of source: Raster, sampleAspect: (numerator: Int64, denominator: Int64))
    -> (width: Double, height: Double)
  {
    let shape = Self.shape(of: source, sampleAspect: sampleAspect)
    let (wide, high) = (Double(shape.width), Double(shape.height))
    let (width, height) = (Double(raster.width), Double(raster.height))
    let isWider = wide * height > width * high
    switch fit {
    case .native: return (wide / Double(shape.unit), high / Double(shape.unit))
    case .letterbox where isWider, .fill where !isWider: return (width, high * width / wide)
    case .letterbox, .fill: return (wide * height / high, height)
    }
  }
}
