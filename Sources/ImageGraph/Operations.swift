package import Digests
package import MediaTime

/// How the numbers of a source are to be read: decided once, from its tags or its codec, and part of the key.
package struct Interpretation: Hashable, Codable, Sendable, CanonicallyEncodable {
  package enum Matrix: String, Codable, Sendable {
    case bt601, bt709, bt2020
  }

  /// Where subsampled chroma lies, by FFmpeg's names, where it is not on the left.
  package enum Siting: String, Codable, Sendable {
    case center, topleft
  }

  package var matrix: Matrix
  package var isFullRange: Bool
  /// Nil for left.
  package var siting: Siting?

  package init(matrix: Matrix, isFullRange: Bool, siting: Siting? = nil) {
    self.matrix = matrix
    self.isFullRange = isFullRange
    self.siting = siting
  }

  package func encode(into encoder: inout CanonicalEncoder) {
    encoder.append(matrix.rawValue)
    encoder.append(isFullRange)
    // Nothing at all on the left, where all were taken to be before there was a choice.
    if let siting { encoder.append(siting.rawValue) }
  }
}

/// The pictures of one video stream of one media file, numbered in presentation order from 0.
package struct PictureSource: Hashable, Codable, Sendable, CanonicallyEncodable {
  static let version = 1
  /// The identity of the media file (size, container index, sampled blocks), never its path.
  package var media: Digest
  package var stream: Int
  package var interpretation: Interpretation

  package init(media: Digest, stream: Int, interpretation: Interpretation) {
    self.media = media
    self.stream = stream
    self.interpretation = interpretation
  }

  package func encode(into encoder: inout CanonicalEncoder) {
    encoder.append(Self.version)
    encoder.append(media)
    encoder.append(stream)
    encoder.append(interpretation)
  }

  var summary: OperationSummary {
    OperationSummary(
      operation: "source", version: Self.version,
      parameters: "media \(media.hex.prefix(12)) stream \(stream), read as \(interpretation.matrix.rawValue) "
        + (interpretation.isFullRange ? "full range" : "legal range")
        + (interpretation.siting.map { ", chroma \($0.rawValue)" } ?? ""))
  }
}

/// Black, at display black (R'G'B' 0); the only frame is frame 0.
package struct Black: Hashable, Codable, Sendable, CanonicallyEncodable {
  static let version = 1

  package init() {}

  package func encode(into encoder: inout CanonicalEncoder) { encoder.append(Self.version) }

  var summary: OperationSummary {
    OperationSummary(operation: "black", version: Self.version, parameters: "")
  }
}

/// An ASC CDL in ASC clamp style, on display-coded R'G'B' 0…1. Source: ASC CDL v1.2.
package struct Grade: Hashable, Codable, Sendable, CanonicallyEncodable {
  static let version = 1
  package var slope: [Double]
  package var offset: [Double]
  package var power: [Double]
  package var saturation: Double

  /// - Parameters: three values each for red, green and blue.
  package init(slope: [Double], offset: [Double], power: [Double], saturation: Double) {
    self.slope = slope
    self.offset = offset
    self.power = power
    self.saturation = saturation
  }

  package func encode(into encoder: inout CanonicalEncoder) {
    encoder.append(Self.version)
    for value in slope + offset + power { encoder.append(value) }
    encoder.append(saturation)
  }

  var summary: OperationSummary {
    func triple(_ values: [Double]) -> String { values.map { "\($0)" }.joined(separator: " ") }
    return OperationSummary(
      operation: "grade", version: Self.version,
      parameters: "ASC CDL slope \(triple(slope)) offset \(triple(offset)) power \(triple(power)) "
        + "saturation \(saturation), ASC clamp")
  }
}

/// A sampled transform applied with tetrahedral interpolation; the table is an object named by its content.
package struct Look: Hashable, Codable, Sendable, CanonicallyEncodable {
  static let version = 1
  /// Digest of the .cube file's bytes, which are an object of the store.
  package var table: Digest

  package init(table: Digest) { self.table = table }

  package func encode(into encoder: inout CanonicalEncoder) {
    encoder.append(Self.version)
    encoder.append(table)
  }

  var summary: OperationSummary {
    OperationSummary(
      operation: "look", version: Self.version, parameters: "LUT \(table.hex.prefix(12)), tetrahedral")
  }
}

/// One picture giving way to another over some frames, in display-coded R'G'B' after each side was graded.
package struct Transition: Hashable, Codable, Sendable, CanonicallyEncodable {
  static let version = 1

  package enum Kind: String, Codable, Sendable {
    /// Frame k of n mixes (k+1)/(n+1) of the incoming picture with the rest of the outgoing.
    case dissolve
    /// The incoming picture from the left edge to (k+1)/(n+1) of the width, hard edge; pattern 001.
    case wipeLeftToRight
    /// The incoming picture from the top edge to (k+1)/(n+1) of the height, hard edge; pattern 002.
    case wipeTopToBottom
  }

  package var kind: Kind
  /// Frames of the transition.
  package var count: Int64
  /// Source frames of the sides, by frame of the transition.
  package var outgoing: FrameMap
  package var incoming: FrameMap

  package init(kind: Kind, count: Int64, outgoing: FrameMap, incoming: FrameMap) {
    self.kind = kind
    self.count = count
    self.outgoing = outgoing
    self.incoming = incoming
  }

  /// The source frames themselves are hashed: how a map is written decides no pixel.
  package func encode(into encoder: inout CanonicalEncoder) {
    encoder.append(Self.version)
    encoder.append(kind.rawValue)
    encoder.append(count)
    for frame in 0..<count {
      encoder.append(outgoing.position(at: frame))
      encoder.append(incoming.position(at: frame))
    }
  }

  var summary: OperationSummary {
    OperationSummary(
      operation: kind.rawValue, version: Self.version,
      parameters: "\(count) frames, outgoing from frame \(outgoing.position(at: 0)), incoming from frame "
        + "\(incoming.position(at: 0))")
  }
}
