import CPictureKernels

/// How the samples of a picture lie in memory, named as FFmpeg names pixel formats.
///
/// Alpha is not graded: layouts with alpha can be read (it is ignored), and packed ones written (opaque).
package struct PixelLayout: Hashable, Sendable, CustomStringConvertible {
  package enum Family: Hashable, Sendable {
    /// Planes Y', Cb, Cr; where subsampled chroma lies says the encoding.
    case yCbCr
    /// Planes G', B', R', in that order.
    case planarRGB
    /// One plane of interleaved R' G' B'.
    case packedRGB
  }

  /// FFmpeg's name, such as `yuv422p10le`.
  package let name: String
  package let family: Family
  /// 8…16, or 32 for binary32.
  package let bitDepth: Int
  package let isBigEndian: Bool
  package let hasAlpha: Bool
  /// True for the `yuvj` names, which say that all codes are used; the encoding must then be full range.
  package let impliesFullRange: Bool
  /// Luma columns, and rows, for one chroma sample: 1 or 2.
  package let chromaStep: (columns: Int, rows: Int)

  /// Nil when the name is unknown or is not a layout the kernels read.
  package init?(named name: String) {
    guard let layout = Self.all[name] else { return nil }
    self = layout
  }

  package var description: String { name }

  /// Planes that hold colour; a plane of alpha may follow and is ignored.
  package var planeCount: Int { family == .packedRGB ? 1 : 3 }

  package var bytesPerSample: Int { bitDepth == 32 ? 4 : bitDepth > 8 ? 2 : 1 }

  /// False for layouts with a plane of alpha, which are only read.
  package var canBeWritten: Bool { !hasAlpha || family == .packedRGB }

  /// Bytes in one row and number of rows of a colour plane of a picture.
  package func planeSize(_ plane: Int, width: Int, height: Int) -> (rowBytes: Int, rows: Int) {
    let isChroma = family == .yCbCr && plane > 0
    let columns = isChroma ? (width + chromaStep.columns - 1) / chromaStep.columns : width
    let rows = isChroma ? (height + chromaStep.rows - 1) / chromaStep.rows : height
    return (columns * components * bytesPerSample, rows)
  }

  package static func == (a: PixelLayout, b: PixelLayout) -> Bool { a.name == b.name }
  package func hash(into hasher: inout Hasher) { hasher.combine(name) }

  private var components: Int { family != .packedRGB ? 1 : hasAlpha ? 4 : 3 }

  private init(
    _ name: String, _ family: Family, depth: Int, isBigEndian: Bool = false, hasAlpha: Bool = false,
    impliesFullRange: Bool = false, chromaStep: (columns: Int, rows: Int) = (1, 1)
  ) {
    self.name = name
    self.family = family
    self.bitDepth = depth
    self.isBigEndian = isBigEndian
    self.hasAlpha = hasAlpha
    self.impliesFullRange = impliesFullRange
    self.chromaStep = chromaStep
  }

  var forKernels: pk_layout {
    let family =
      switch family {
      case .yCbCr: PK_FAMILY_YCBCR
      case .planarRGB: PK_FAMILY_PLANAR_RGB
      case .packedRGB: PK_FAMILY_PACKED_RGB
      }
    return pk_layout(
      family: Int32(family), bit_depth: Int32(bitDepth), is_big_endian: isBigEndian ? 1 : 0,
      chroma_shift_x: chromaStep.columns == 2 ? 1 : 0, chroma_shift_y: chromaStep.rows == 2 ? 1 : 0,
      components: Int32(components))
  }
}

extension PixelLayout {
  /// Every layout by name.
  private static let all: [String: PixelLayout] = {
    let layouts = yCbCrLayouts + rgbLayouts
    return Dictionary(uniqueKeysWithValues: layouts.map { ($0.name, $0) })
  }()

  private static let depths: [(suffix: String, depth: Int)] = [
    ("", 8), ("9le", 9), ("10le", 10), ("12le", 12), ("14le", 14), ("16le", 16),
  ]

  private static let yCbCrLayouts: [PixelLayout] = {
    let subsamplings: [(digits: String, step: (columns: Int, rows: Int))] = [
      ("420", (2, 2)), ("422", (2, 1)), ("444", (1, 1)),
    ]
    var layouts: [PixelLayout] = []
    for (digits, step) in subsamplings {
      layouts.append(
        PixelLayout("yuvj\(digits)p", .yCbCr, depth: 8, impliesFullRange: true, chromaStep: step))
      for (suffix, depth) in depths {
        layouts.append(PixelLayout("yuv\(digits)p\(suffix)", .yCbCr, depth: depth, chromaStep: step))
        layouts.append(
          PixelLayout("yuva\(digits)p\(suffix)", .yCbCr, depth: depth, hasAlpha: true, chromaStep: step))
      }
    }
    return layouts
  }()

  private static let rgbLayouts: [PixelLayout] = {
    var layouts = depths.flatMap { suffix, depth in
      [
        PixelLayout("gbrp\(suffix)", .planarRGB, depth: depth),
        PixelLayout("gbrap\(suffix)", .planarRGB, depth: depth, hasAlpha: true),
      ]
    }
    layouts += [
      PixelLayout("gbrpf32le", .planarRGB, depth: 32),
      PixelLayout("gbrapf32le", .planarRGB, depth: 32, hasAlpha: true),
      PixelLayout("rgb24", .packedRGB, depth: 8),
      PixelLayout("rgba", .packedRGB, depth: 8, hasAlpha: true),
      PixelLayout("rgb48le", .packedRGB, depth: 16),
      PixelLayout("rgb48be", .packedRGB, depth: 16, isBigEndian: true),
      PixelLayout("rgba64le", .packedRGB, depth: 16, hasAlpha: true),
      PixelLayout("rgba64be", .packedRGB, depth: 16, isBigEndian: true, hasAlpha: true),
    ]
    return layouts
  }()
}
