import Colour
import ImageGraph
import Media

/// Reads stored pictures into planes of binary32 with their alpha.
final class PictureLoader {
  private let interpretation: Interpretation
  private let alpha: LightPicture.Alpha
  /// Made for the format of the first picture, and again if a later one differs.
  private var stage: Stage?

  /// What pictures of one format go through.
  private struct Stage {
    var format: Media.PictureFormat
    var scaler: Scaler?
    var pipe: PicturePipe
  }

  init(interpretation: Interpretation, alpha: LightPicture.Alpha) {
    self.interpretation = interpretation
    self.alpha = alpha
  }

  /// - Parameters:
  ///   - target: of the picture's size.
  ///   - isLinear: the numbers are taken as they are, rather than brought to light.
  func load(_ picture: borrowing PictureView, into target: LightPicture, isLinear: Bool) throws {
    let format = picture.format
    let stage =
      try self.stage.flatMap { $0.format == format ? $0 : nil } ?? makeStage(for: format, target: target)
    self.stage = stage
    func load(_ planes: [SourcePlane]) throws {
      try target.load(planes, through: stage.pipe, alpha: alpha, isLinear: isLinear)
    }
    if let scaler = stage.scaler {
      try scaler.scale(picture) { try load($0.sourcePlanes) }
    } else {
      try load(picture.sourcePlanes)
    }
  }

  private func makeStage(for format: Media.PictureFormat, target: LightPicture) throws -> Stage {
    let encoding = ColourEncoding(interpretation)
    func pipe(_ layout: PixelLayout) throws -> PicturePipe {
      let source = Colour.PictureFormat(
        layout: layout, encoding: encoding, width: format.width, height: format.height)
      return try PicturePipe(source: source, grade: nil, destination: target.format)
    }
    if let layout = PixelLayout(named: format.pixelFormat) {
      return Stage(format: format, scaler: nil, pipe: try pipe(layout))
    }
    // Grey, palettes and packed Y'CbCr become what the kernels read; floats would be cut off at white.
    let name = encoding.isFullRange ? "rgba64le" : "yuv444p16le"
    guard let layout = PixelLayout(named: name), !format.pixelFormat.contains("f32"),
      alpha == .opaque || layout.hasAlpha
    else {
      throw WorkerFailure(verification: "layers in \(format.pixelFormat) are not composited")
    }
    let between = Media.PictureFormat(pixelFormat: name, width: format.width, height: format.height)
    let scaler = try Scaler(
      from: format, to: between, matrix: interpretation.matrix.rawValue, isFullRange: encoding.isFullRange,
      chromaLocation: interpretation.siting?.rawValue ?? "left")
    return Stage(format: format, scaler: scaler, pipe: try pipe(layout))
  }
}
