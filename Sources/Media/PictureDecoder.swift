import CFFmpeg

/// Decodes single packets of an intra-frame encoding, to verify what was encoded.
@safe package final class PictureDecoder {
  package let settings: EncoderSettings
  private let decoder: StreamDecoder
  private let frame: Frame

  /// - Parameter settings: those of the encoder that made the packets.
  package init(_ settings: EncoderSettings, threads: Int = 1) throws {
    self.settings = settings
    let encoder = try PictureEncoder(settings)
    var allocated = unsafe avcodec_parameters_alloc()
    defer { unsafe avcodec_parameters_free(&allocated) }
    guard let parameters = unsafe allocated else {
      throw MediaError.outOfMemory("open the decoder", settings.codec)
    }
    try unsafe encoder.copyParameters(to: parameters)
    decoder = try unsafe StreamDecoder(
      parameters, timeBase: settings.rate.frameDuration, threads: threads, path: settings.codec)
    frame = try Frame()
  }

  /// Lends the decoded picture to `body`; its memory is only valid there.
  ///
  /// - Throws: `MediaError.damaged`; what `body` throws.
  package func decode<R>(_ bytes: [UInt8], _ body: (borrowing PictureView) throws -> R) throws -> R {
    LastLogLine.clear()
    decoder.flush()
    try decoder.send(Packet.copying(bytes))
    var step = try decoder.receive(into: frame)
    if step == .needsPacket {
      try decoder.sendEnd()
      step = try decoder.receive(into: frame)
    }
    guard step == .frame, !frame.isCorrupt else {
      throw MediaError(
        code: .damaged, fault: .infrastructure, operation: "decode an encoded picture", path: settings.codec,
        reason: step == .frame ? "the decoder had to conceal errors" : "the packet holds no picture",
        log: LastLogLine.current)
    }
    return try body(unsafe PictureView(frame.raw))
  }
}
