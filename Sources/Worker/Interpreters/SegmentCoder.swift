import Delivery
import Media

/// An encoded frame that was decoded again and compared with its picture.
struct CodedFrame {
  var packet: [UInt8]
  /// In dB; nil when every sample came back.
  var psnr: Double?
}

/// Encodes the pictures of one segment and proves each: its packet is decoded and compared with what went in.
protocol SegmentCoder: AnyObject {
  /// - Parameter name: what the picture is called in errors.
  /// - Returns: frames that are ready, oldest first.
  func encode(_ picture: PictureBuffer, name: String) throws -> [CodedFrame]

  /// The frames still held back.
  func finish() throws -> [CodedFrame]
}

/// For encodings whose frames stand alone.
final class FrameCoder: SegmentCoder {
  private let encoding: Encoding
  private let encoder: PictureEncoder
  /// Nil where frames are not verified.
  private let decoder: PictureDecoder?

  private let clock: WorkClock

  init(_ encoding: Encoding, clock: WorkClock) throws {
    self.encoding = encoding
    self.clock = clock
    let settings = EncoderSettings(encoding)
    encoder = try PictureEncoder(settings)
    decoder = encoding.isVerified == false ? nil : try PictureDecoder(settings)
  }

  func encode(_ picture: PictureBuffer, name: String) throws -> [CodedFrame] {
    let packet = try clock.spend(.encode) { try picture.withLentPlanes { try encoder.encode(lent: $0) } }
    let psnr = try clock.spend(.verify) {
      try decoder?.decode(packet) { try encoding.compare($0, with: picture, name: name) }
    }
    return [CodedFrame(packet: packet, psnr: psnr ?? nil)]
  }

  func finish() -> [CodedFrame] { [] }
}

/// For one group of pictures that lean on each other.
///
/// Pictures wait for their packets, as many as the encoder looks ahead.
final class GroupCoder: SegmentCoder {
  private let encoding: Encoding
  private let encoder: SequenceEncoder
  /// Nil where frames are not verified.
  private let decoder: SequenceDecoder?
  private var waiting: [(picture: PictureBuffer, name: String)] = []
  private var decoded = 0

  private let clock: WorkClock

  init(_ encoding: Encoding, clock: WorkClock) throws {
    self.encoding = encoding
    self.clock = clock
    encoder = try SequenceEncoder(EncoderSettings(encoding))
    decoder = encoding.isVerified == false ? nil : try SequenceDecoder(of: encoder)
  }

  func encode(_ picture: PictureBuffer, name: String) throws -> [CodedFrame] {
    let packets = try clock.spend(.encode) {
      waiting.append((PictureBuffer(copying: picture), name))
      return try encoder.encode { view in picture.copy(to: view) }
    }
    return try packets.map(prove)
  }

  func finish() throws -> [CodedFrame] { try clock.spend(.encode) { try encoder.finish() }.map(prove) }

  private func prove(_ packet: [UInt8]) throws -> CodedFrame {
    guard !waiting.isEmpty else { throw WorkerFailure(verification: "more packets than pictures") }
    let (picture, name) = waiting.removeFirst()
    let psnr = try clock.spend(.verify) {
      try decoder?.decode(packet, isFirst: decoded == 0) {
        try encoding.compare($0, with: picture, name: name)
      }
    }
    decoded += 1
    return CodedFrame(packet: packet, psnr: psnr ?? nil)
  }
}

extension Encoding {
  /// - Returns: PSNR in dB; nil when every sample came back.
  fileprivate func compare(_ decoded: borrowing PictureView, with picture: PictureBuffer, name: String) throws
    -> Double?
  {
    guard decoded.width == width, decoded.height == height else {
      throw WorkerFailure(verification: "\(name) decodes as \(decoded.width)x\(decoded.height)")
    }
    let psnr = try picture.psnr(of: decoded)
    if let psnr, psnr < lowestPSNR {
      throw WorkerFailure(
        verification: "\(name) came back from \(codec) with a PSNR of \(Double(Int(psnr * 10)) / 10) dB; "
          + "the profile wants \(lowestPSNR) dB")
    }
    return psnr
  }
}
