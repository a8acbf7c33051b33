package import MediaTime

/// Everything that decides the bytes of an encoded picture besides its samples.
package struct EncoderSettings: Hashable, Sendable, Codable {
  /// FFmpeg's name of an encoder, e.g. `prores_ks`, `png`, `libx264`.
  package var codec: String
  /// The encoder's profile number; nil where it has none.
  package var profile: Int?
  package var pixelFormat: String
  package var width: Int
  package var height: Int
  package var rate: FrameRate
  /// Fixed quantiser of every picture; nil leaves it to the encoder's rate control.
  package var quantiser: Int?
  /// Whether the quantiser is chosen for each part of a picture so that it fills the size its profile allows.
  package var fillsBudget: Bool
  /// Further options of the encoder by name, e.g. `vendor`: `apl0`.
  package var options: [String: String]
  /// Encoder threads; part of the encoding, because some encoders' bytes depend on it.
  package var threads: Int
  /// Colour as FFmpeg names it, written to stream, pictures and container alike.
  package var primaries: String
  package var transfer: String
  package var matrix: String
  /// `tv` (legal) or `pc` (full).
  package var range: String
  /// Where subsampled chroma lies, by FFmpeg's name; nil where it is not said.
  package var chroma: String?
  /// Static HDR metadata that containers hold, see `ffs_set_mastering_display`; nil for none.
  package var mastering: [Int32]?

  package init(
    codec: String, profile: Int? = nil, pixelFormat: String, width: Int, height: Int, rate: FrameRate,
    quantiser: Int? = nil, fillsBudget: Bool = false, options: [String: String] = [:], threads: Int = 1,
    primaries: String = "bt709",
    transfer: String = "bt709", matrix: String = "bt709", range: String = "tv"
  ) {
    self.codec = codec
    self.profile = profile
    self.pixelFormat = pixelFormat
    self.width = width
    self.height = height
    self.rate = rate
    self.quantiser = quantiser
    self.fillsBudget = fillsBudget
    self.options = options
    self.threads = threads
    self.primaries = primaries
    self.transfer = transfer
    self.matrix = matrix
    self.range = range
  }

  package var format: PictureFormat { PictureFormat(pixelFormat: pixelFormat, width: width, height: height) }

  /// Whether pictures lean on those before them, so that `SequenceEncoder` makes them and not `PictureEncoder`.
  package var makesGroups: Bool { SequenceEncoder.codecs.contains(codec) }
}
