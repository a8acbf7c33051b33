import CPictureKernels

/// How codes are to be read as R'G'B': the luma matrix, and whether all codes are used.
///
/// Source: ITU-R BT.601, BT.709, BT.2020 non-constant luminance. The matrix says nothing about primaries or
/// transfer; R'G'B' values are the same display-coded signal on both sides of a pipe.
package struct ColourEncoding: Hashable, Sendable {
  package enum Matrix: String, Hashable, Sendable, CaseIterable {
    case bt601, bt709, bt2020

    /// Luma weights of red and blue.
    package var weights: (red: Double, blue: Double) {
      switch self {
      case .bt601: (0.299, 0.114)
      case .bt709: (0.2126, 0.0722)
      case .bt2020: (0.2627, 0.0593)
      }
    }
  }

  /// Where a subsampled chroma sample lies among its luma samples. Source: ITU-T H.273, ChromaLocType.
  package enum Siting: Hashable, Sendable, CaseIterable {
    /// On the left column, between the rows: MPEG-2, H.264 and HEVC where they do not say.
    case left
    /// Between columns and rows: JPEG.
    case centre
    /// On the left column and the upper row: ITU-R BT.2020, BT.2100.
    case topLeft
  }

  /// Ignored for RGB layouts.
  package var matrix: Matrix
  /// False for legal codes: 16…235 and 16…240 at 8 bits and their multiples at other depths.
  package var isFullRange: Bool
  /// Of Y'CbCr whose chroma is subsampled.
  package var siting: Siting

  package init(matrix: Matrix, isFullRange: Bool, siting: Siting = .left) {
    self.matrix = matrix
    self.isFullRange = isFullRange
    self.siting = siting
  }

  var forKernels: pk_encoding {
    let siting =
      switch siting {
      case .left: PK_SITING_LEFT
      case .centre: PK_SITING_CENTRE
      case .topLeft: PK_SITING_TOP_LEFT
      }
    return pk_encoding(
      kr: matrix.weights.red, kb: matrix.weights.blue, is_full_range: isFullRange ? 1 : 0,
      siting: Int32(siting))
  }
}
