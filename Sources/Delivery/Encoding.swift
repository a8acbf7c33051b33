package import Digests
package import MediaTime

/// Colour tags as FFmpeg names them, written to stream, frames and container alike.
package struct ColourTags: Hashable, Codable, Sendable, CanonicallyEncodable {
  package var primaries: String
  package var transfer: String
  package var matrix: String
  /// `tv` (legal) or `pc` (full).
  package var range: String

  package init(primaries: String, transfer: String, matrix: String, range: String) {
    self.primaries = primaries
    self.transfer = transfer
    self.matrix = matrix
    self.range = range
  }

  package func encode(into encoder: inout CanonicalEncoder) {
    encoder.append(primaries)
    encoder.append(transfer)
    encoder.append(matrix)
    encoder.append(range)
  }
}

/// Everything that decides the bytes of an encoded frame besides its picture.
package struct Encoding: Hashable, Codable, Sendable, CanonicallyEncodable {
  /// FFmpeg's name of the encoder, e.g. `prores_ks`.
  package var codec: String
  /// The encoder's profile number; nil where it has none.
  package var profile: Int?
  package var pixelFormat: String
  package var width: Int
  package var height: Int
  package var rate: FrameRate
  /// Fixed quantiser of every frame; nil leaves it to the encoder's own rate control.
  package var quantiser: Int?
  /// Version of the rule by which each part of a frame gets the quantiser that fills the size its profile allows;
  /// nil where there is no such rule.
  package var budgetRule: Int?
  /// The rule of this build; another rule makes other bytes.
  package static let budgetRuleVersion = 1
  /// Whether frames are decoded and compared with their pictures when they are made; nil is yes.
  package var isVerified: Bool?
  /// Private options of the encoder, by name.
  package var options: [String: String]
  package var tags: ColourTags
  /// Encoder library and build, and our own kernels: another build is another encoding.
  package var builtBy: String
  /// A decoded frame whose luma lies further than this from what went in is a failed verification, in dB.
  package var lowestPSNR: Double
  /// Where subsampled chroma lies: `left` or `topleft`; nil for left, without saying so.
  package var chroma: String?
  /// Whether values between two codes of 8 bits become a pattern of both; nil is no.
  package var isDithered: Bool?

  package init(
    codec: String, profile: Int?, pixelFormat: String, width: Int, height: Int, rate: FrameRate,
    quantiser: Int?, budgetRule: Int? = nil, isVerified: Bool? = nil,
    options: [String: String], tags: ColourTags, builtBy: String, lowestPSNR: Double
  ) {
    self.codec = codec
    self.profile = profile
    self.pixelFormat = pixelFormat
    self.width = width
    self.height = height
    self.rate = rate
    self.quantiser = quantiser
    self.budgetRule = budgetRule
    self.isVerified = isVerified
    self.options = options
    self.tags = tags
    self.builtBy = builtBy
    self.lowestPSNR = lowestPSNR
  }

  /// The verification threshold is left out: it decides no byte.
  package func encode(into encoder: inout CanonicalEncoder) {
    encoder.append(codec)
    encoder.append(profile ?? -1)
    encoder.append(pixelFormat)
    encoder.append(width)
    encoder.append(height)
    encoder.append(rate.description)
    encoder.append(quantiser ?? -1)
    encoder.append(options.count)
    for (name, value) in options.sorted(by: { $0.key < $1.key }) {
      encoder.append(name)
      encoder.append(value)
    }
    encoder.append(tags)
    encoder.append(builtBy)
    // Nothing at all without them: frames made before there were any keep their names.
    if let budgetRule {
      encoder.append("budget")
      encoder.append(budgetRule)
    }
    // The same bytes, but never taken for frames that were looked at.
    if isVerified == false { encoder.append("unverified") }
    if let chroma { encoder.append("chroma \(chroma)") }
    if isDithered == true { encoder.append("dithered") }
  }

  /// What is made, kept and reused as a whole.
  package enum Unit: Sendable {
    /// Every frame can be decoded alone.
    case frame
    /// Frames lean on those before them, back to the first of their group.
    case group
  }

  package var unit: Unit { ["libx264", "libx265"].contains(codec) ? .group : .frame }

  package var digest: Digest {
    var encoder = CanonicalEncoder(domain: "interlock.encoding", version: 1)
    encoder.append(self)
    return encoder.digest()
  }
}
