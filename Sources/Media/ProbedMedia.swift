package import MediaTime

/// What a media file is: streams, timecode, reel and the inputs of its identity.
package struct ProbedMedia: Hashable, Sendable, Codable {
  package struct Video: Hashable, Sendable, Codable {
    package var stream: Int
    /// FFmpeg's name, e.g. `prores`, `h264`.
    package var codec: String
    /// FFmpeg's name, e.g. `HQ`, `High 4:2:2`.
    package var profile: String?
    package var width: Int
    package var height: Int
    package var pixelFormat: String
    package var bitDepth: Int
    /// Width over height of one pixel.
    package var sampleAspect: Rational
    /// The exact rate when all pictures keep to one; else the nearest description of the average.
    package var rate: FrameRate
    /// Pictures shown, edit lists honoured.
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
    /// `left`, `center`, `topleft`… or `unspecified`.
    package var chromaLocation: String
    /// The container's four-character code, e.g. `apch`; empty where it has none.
    package var codecTag: String
  }

  package struct Sound: Hashable, Sendable, Codable {
    package var stream: Int
    package var codec: String
    package var sampleRate: Int
    package var channels: Int
    /// Samples from sample 0 of `SoundReader` to the end; exact for PCM, within a packet for other codecs.
    package var sampleCount: Int64
    /// 0 for codecs that have none.
    package var bitDepth: Int
    /// `bext`: samples since midnight at the file's rate.
    package var timeReference: Int64?
    /// iXML `TAPE`, else the originator reference of `bext`.
    package var tape: String?
    package var scene: String?
    package var take: String?
    /// iXML `TIMECODE_RATE`, as written.
    package var timecodeRate: String?
    package var codecTag: String
  }

  package var fileName: String
  /// FFmpeg's name of the demuxer, e.g. `mov,mp4,m4a,3gp,3g2,mj2`.
  package var container: String
  package var byteCount: Int64
  package var video: Video?
  package var sound: Sound?
  /// Label of the first picture, `;` before the frames for drop-frame.
  package var timecodeStart: String?
  /// Rate the labels count in, which need not be the picture's.
  package var timecodeRate: FrameRate?
  package var reel: String?
  /// Text metadata of the file, and of the picture where the file has none of that name.
  package var tags: [String: String]
  /// Canonical bytes of the container's index: sizes, offsets and times of packets. Hash them, with sampled
  /// blocks of the file, to name its content.
  package var indexBytes: [UInt8]
}
