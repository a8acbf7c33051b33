import CFFmpeg

/// Decodes the packets of one group in order, to verify what a `SequenceEncoder` made.
@safe package final class SequenceDecoder {
  private let settings: EncoderSettings
  private let decoder: StreamDecoder
  private let frame: Frame

  /// - Parameter encoder: the one that makes the packets.
  package init(of encoder: SequenceEncoder) throws {
    settings = encoder.settings
    var allocated = unsafe avcodec_parameters_alloc()
    defer { unsafe avcodec_parameters_free(&allocated) }
    guard let parameters = unsafe allocated else {
      throw MediaError.outOfMemory("open the decoder", settings.codec)
    }
    try unsafe encoder.copyParameters(to: parameters)
    decoder = try unsafe StreamDecoder(
      parameters, timeBase: settings.rate.frameDuration, threads: 1, path: settings.codec)
    frame = try Frame()
  }

  /// Lends the picture of the next packet to `body`; its memory is only valid there.
  ///
  /// - Parameter isFirst: whether the packet starts the group.
  /// - Throws: `MediaError.damaged`; what `body` throws.
  package func decode<R>(
    _ bytes: [UInt8], isFirst: Bool, _ body: (borrowing PictureView) throws -> R
  ) throws -> R {
    LastLogLine.clear()
    try decoder.send(Packet.copying(bytes, isKey: isFirst))
    let step = try decoder.receive(into: frame)
    guard step == .frame, !frame.isCorrupt else {
      throw MediaError(
        code: .damaged, fault: .infrastructure, operation: "decode an encoded picture", path: settings.codec,
        reason: step == .frame ? "the decoder had to conceal errors" : "the packet gives no picture",
        log: LastLogLine.current)
    }
    return try body(unsafe PictureView(frame.raw))
  }
}
