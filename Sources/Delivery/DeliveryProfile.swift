package import MediaTime

/// A delivery specification: data that comes from a profile file, not code.
package struct DeliveryProfile: Hashable, Codable, Sendable {
  /// How the frames of a deliverable are wrapped.
  package enum Container: String, Codable, Sendable, CaseIterable {
    /// One QuickTime file with picture, sound and a timecode track.
    case mov
    /// One file per frame, numbered by the frame count of its timecode.
    case sequence
  }

  package struct Picture: Hashable, Codable, Sendable {
    package var codec: String
    package var profile: Int?
    package var pixelFormat: String
    package var quantiser: Int?
    package var options: [String: String]
    /// The four-character code the container must show; nil where the container has none.
    package var codecTag: String?
    package var lowestPSNR: Double

    package init(
      codec: String, profile: Int?, pixelFormat: String, quantiser: Int?, options: [String: String],
      codecTag: String?, lowestPSNR: Double
    ) {
      self.codec = codec
      self.profile = profile
      self.pixelFormat = pixelFormat
      self.quantiser = quantiser
      self.options = options
      self.codecTag = codecTag
      self.lowestPSNR = lowestPSNR
    }
  }

  package var name: String
  package var summary: String
  package var container: Container
  package var fileExtension: String
  package var picture: Picture
  package var tags: ColourTags
  /// True when the deliverable carries the mix (48 kHz 24-bit stereo PCM).
  package var hasSound: Bool
  /// What copies carry unless their stage says otherwise.
  package var burnIn = BurnInContent.none

  package init(
    name: String, summary: String, container: Container, fileExtension: String, picture: Picture,
    tags: ColourTags,
    hasSound: Bool
  ) {
    self.name = name
    self.summary = summary
    self.container = container
    self.fileExtension = fileExtension
    self.picture = picture
    self.tags = tags
    self.hasSound = hasSound
  }

  /// The encoding of this profile for one raster and rate.
  ///
  /// - Parameter builtBy: identity of the encoder library and the kernels, as the worker states it.
  package func encoding(width: Int, height: Int, rate: FrameRate, builtBy: String) -> Encoding {
    Encoding(
      codec: picture.codec, profile: picture.profile, pixelFormat: picture.pixelFormat, width: width,
      height: height, rate: rate, quantiser: picture.quantiser, options: picture.options, tags: tags,
      builtBy: builtBy, lowestPSNR: picture.lowestPSNR)
  }

  /// The encoders and pixel formats that frames can be delivered in: intra-frame, so each frame stands alone.
  package static let supportedPixelFormats: [String: [String]] = [
    "prores_ks": ["yuv422p10le", "yuv444p10le"],
    "png": ["rgb48be"],
    "ffv1": ["yuv422p10le", "yuv444p10le", "gbrp10le", "gbrp12le"],
  ]
}
