package import MediaTime

/// A delivery specification: data that comes from a profile file, not code.
package struct DeliveryProfile: Hashable, Codable, Sendable {
  /// How the frames of a deliverable are wrapped.
  package enum Container: String, Codable, Sendable, CaseIterable {
    /// One QuickTime file with picture, sound and a timecode track.
    case mov
    /// One MP4 file with picture, sound and a timecode track, its index in front.
    case mp4
    /// One file per frame, numbered by the frame count of its timecode.
    case sequence
  }

  package struct Picture: Hashable, Codable, Sendable {
    package var codec: String
    package var profile: Int?
    package var pixelFormat: String
    package var quantiser: Int?
    /// Version of the rule that fills the size the encoder's profile allows; nil where there is none.
    package var budgetRule: Int?
    /// Whether every frame is decoded and compared when it is made; nil is yes.
    package var isVerified: Bool?
    package var options: [String: String]
    /// The four-character code the container must show; nil where the container has none.
    package var codecTag: String?
    package var lowestPSNR: Double
    /// Where subsampled chroma lies, and is said to: `left` or `topleft`; nil for left, and nothing is said.
    package var chroma: String?
    /// Whether values between two codes of 8 bits become a pattern of both; nil is no.
    package var isDithered: Bool?

    package init(
      codec: String, profile: Int?, pixelFormat: String, quantiser: Int?, budgetRule: Int? = nil,
      isVerified: Bool? = nil, options: [String: String], codecTag: String?, lowestPSNR: Double
    ) {
      self.codec = codec
      self.profile = profile
      self.pixelFormat = pixelFormat
      self.quantiser = quantiser
      self.budgetRule = budgetRule
      self.isVerified = isVerified
      self.options = options
      self.codecTag = codecTag
      self.lowestPSNR = lowestPSNR
    }
  }

  /// One sound track.
  package struct Sound: Hashable, Codable, Sendable {
    package enum Codec: String, Codable, Sendable, CaseIterable {
      /// 24-bit PCM.
      case pcm = "pcm_s24le"
      /// AAC-LC.
      case aac
    }

    package var codec: Codec
    /// The layout of the mix it carries: `stereo`, `5.1`.
    package var layout: String
    /// What players call it.
    package var title: String
    /// Thousands of bits per second; nil for PCM.
    package var bitRate: Int?

    package init(codec: Codec, layout: String, title: String, bitRate: Int? = nil) {
      self.codec = codec
      self.layout = layout
      self.title = title
      self.bitRate = bitRate
    }
  }

  /// What is published beside the file, and into it where its kind of file can, to find places of the programme.
  package enum Chapters: String, Codable, Sendable, CaseIterable {
    case webvtt
  }

  package var name: String
  package var summary: String
  package var container: Container
  package var fileExtension: String
  package var picture: Picture
  package var tags: ColourTags
  /// The sound tracks, the one that players take first.
  package var sounds: [Sound]
  package var chapters: Chapters?
  /// What copies carry unless their stage says otherwise.
  package var burnIn = BurnInContent.none
  /// What containers say of HDR pictures; nil for SDR and scene-linear ones.
  package var mastering: MasteringDisplay?

  package init(
    name: String, summary: String, container: Container, fileExtension: String, picture: Picture,
    tags: ColourTags, sounds: [Sound] = [], chapters: Chapters? = nil
  ) {
    self.name = name
    self.summary = summary
    self.container = container
    self.fileExtension = fileExtension
    self.picture = picture
    self.tags = tags
    self.sounds = sounds
    self.chapters = chapters
  }

  package var hasSound: Bool { !sounds.isEmpty }

  /// The encoding of this profile for one raster and rate.
  ///
  /// - Parameter builtBy: identity of the encoder library and the kernels, as the worker states it.
  package func encoding(width: Int, height: Int, rate: FrameRate, builtBy: String) -> Encoding {
    var encoding = Encoding(
      codec: picture.codec, profile: picture.profile, pixelFormat: picture.pixelFormat, width: width,
      height: height, rate: rate, quantiser: picture.quantiser, budgetRule: picture.budgetRule,
      isVerified: picture.isVerified, options: picture.options, tags: tags, builtBy: builtBy,
      lowestPSNR: picture.lowestPSNR)
    encoding.chroma = picture.chroma
    encoding.isDithered = picture.isDithered
    return encoding
  }

  /// The encoders and pixel formats that frames can be delivered in.
  package static let supportedPixelFormats: [String: [String]] = [
    "prores_ks": ["yuv422p10le", "yuv444p10le"],
    "exr": ["gbrpf32le"],
    "png": ["rgb48be"],
    "ffv1": ["yuv422p10le", "yuv444p10le", "gbrp10le", "gbrp12le"],
    "libx264": ["yuv420p"],
    "libx265": ["yuv420p10le"],
  ]

  /// The wrappings that frames of an encoder may have.
  package static func containers(of codec: String) -> [Container] {
    switch codec {
    case "libx264", "libx265": [.mov, .mp4]
    case "prores_ks": [.mov]
    case "exr": [.sequence]
    default: [.mov, .sequence]
    }
  }

  /// The codecs that sound may have in a wrapping.
  package static func soundCodecs(in container: Container) -> [Sound.Codec] {
    switch container {
    case .mov: [.pcm, .aac]
    case .mp4: [.aac]
    case .sequence: []
    }
  }
}

extension DeliveryProfile.Picture {
  /// Bits of a sample in a pixel format by FFmpeg's name.
  package static func bitDepth(of format: String) -> Int {
    [("16", 16), ("12", 12), ("10", 10), ("48", 16), ("f32", 32)].first { format.contains($0.0) }?.1 ?? 8
  }
}
