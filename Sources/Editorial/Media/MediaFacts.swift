package import MediaTime

/// What a probe found out about one media file.
package struct MediaFacts: Sendable, Hashable, Codable {
  /// Hex text of the digest that stands for the content: equal identity, same media.
  package var identity: String
  package var fileName: String
  /// The demuxer's name, e.g. `mov,mp4,m4a,3gp,3g2,mj2`.
  package var container: String
  package var byteCount: Int64
  package var video: VideoFacts?
  package var sound: SoundFacts?
  /// Timecode of the first frame as written in the file, `;` before the frames for drop frame.
  package var timecodeStart: String?
  /// Rate at which that timecode counts; `nil` when it is the picture's.
  package var timecodeRate: FrameRate?
  /// Source reel or tape name in the file.
  package var reel: String?
  package var tags: [String: String]

  package init(
    identity: String, fileName: String, container: String, byteCount: Int64, video: VideoFacts? = nil,
    sound: SoundFacts? = nil, timecodeStart: String? = nil, timecodeRate: FrameRate? = nil,
    reel: String? = nil,
    tags: [String: String] = [:]
  ) {
    self.identity = identity
    self.fileName = fileName
    self.container = container
    self.byteCount = byteCount
    self.video = video
    self.sound = sound
    self.timecodeStart = timecodeStart
    self.timecodeRate = timecodeRate
    self.reel = reel
    self.tags = tags
  }
}

extension MediaFacts {
  /// The container of one still.
  package static let still = "still"
  /// The container of a run of numbered stills.
  package static let run = "run"
  /// Extensions, in lower case, of files of numbered stills that make up runs.
  package static let stillExtensions: Set<String> = ["exr", "dpx", "tif", "tiff", "png"]
  /// The tag of a still whose header says a rate.
  package static let stillRate = "still.rate"
}

/// The picture stream that a conform uses.
package struct VideoFacts: Sendable, Hashable, Codable {
  /// Index of the stream in the container.
  package var stream: Int
  package var codec: String
  package var profile: String?
  package var width: Int
  package var height: Int
  /// FFmpeg's name, e.g. `yuv422p10le`.
  package var pixelFormat: String
  package var bitDepth: Int
  package var sampleAspect: Rational
  package var rate: FrameRate
  /// Frames that are presented, edit lists applied.
  package var frameCount: Int64
  package var isVariableRate: Bool
  package var isIntraOnly: Bool
  /// `tv`, `pc` or `unknown`.
  package var range: String
  package var primaries: String
  package var transfer: String
  package var matrix: String
  /// `progressive`, `tt`, `bb`, `tb`, `bt` or `unknown`.
  package var fieldOrder: String
  /// Where subsampled chroma lies, by FFmpeg's name: `left`, `center`, `topleft`; nil where nothing says so.
  package var chromaLocation: String?

  package init(
    stream: Int, codec: String, profile: String? = nil, width: Int, height: Int, pixelFormat: String,
    bitDepth: Int,
    sampleAspect: Rational = .one, rate: FrameRate, frameCount: Int64, isVariableRate: Bool = false,
    isIntraOnly: Bool = false, range: String = "unknown", primaries: String = "unknown",
    transfer: String = "unknown",
    matrix: String = "unknown", fieldOrder: String = "unknown", chromaLocation: String? = nil
  ) {
    self.stream = stream
    self.codec = codec
    self.profile = profile
    self.width = width
    self.height = height
    self.pixelFormat = pixelFormat
    self.bitDepth = bitDepth
    self.sampleAspect = sampleAspect
    self.rate = rate
    self.frameCount = frameCount
    self.isVariableRate = isVariableRate
    self.isIntraOnly = isIntraOnly
    self.range = range
    self.primaries = primaries
    self.transfer = transfer
    self.matrix = matrix
    self.fieldOrder = fieldOrder
    self.chromaLocation = chromaLocation
  }
}

/// The sound stream that a conform uses.
package struct SoundFacts: Sendable, Hashable, Codable {
  /// Index of the stream in the container.
  package var stream: Int
  package var codec: String
  package var sampleRate: Int
  package var channels: Int
  /// Samples per channel.
  package var sampleCount: Int64
  package var bitDepth: Int
  /// Samples since midnight at the first sample, from `bext`, at `sampleRate`.
  package var timeReference: Int64?
  /// Sound roll: iXML `TAPE`, else the originator reference of `bext`.
  package var tape: String?
  package var scene: String?
  package var take: String?

  package init(
    stream: Int, codec: String, sampleRate: Int, channels: Int, sampleCount: Int64, bitDepth: Int,
    timeReference: Int64? = nil, tape: String? = nil, scene: String? = nil, take: String? = nil
  ) {
    self.stream = stream
    self.codec = codec
    self.sampleRate = sampleRate
    self.channels = channels
    self.sampleCount = sampleCount
    self.bitDepth = bitDepth
    self.timeReference = timeReference
    self.tape = tape
    self.scene = scene
    self.take = take
  }
}

/// A media file that clips may be matched with.
package struct MediaItem: Sendable, Hashable, Codable {
  package var path: String
  package var facts: MediaFacts

  package init(path: String, facts: MediaFacts) {
    self.path = path
    self.facts = facts
  }
}
