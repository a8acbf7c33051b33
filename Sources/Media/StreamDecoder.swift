import CFFmpeg

/// An open decoder of one stream, picture or sound.
@safe final class StreamDecoder {
  enum Step { case frame, needsPacket, end }

  private let raw: UnsafeMutablePointer<AVCodecContext>
  private let path: String

  /// - Parameters:
  ///   - threads: codec threads; the decoded samples do not depend on it.
  ///   - path: names the source in errors.
  init(
    _ parameters: UnsafePointer<AVCodecParameters>, timeBase: AVRational, threads: Int, path: String
  ) throws(MediaError) {
    LastLogLine.clear()
    self.path = path
    let name = unsafe String(cString: avcodec_get_name(parameters.pointee.codec_id))
    guard let codec = unsafe avcodec_find_decoder(parameters.pointee.codec_id) else {
      throw MediaError(
        code: .unsupported, fault: .media, operation: "decode", path: path, reason: "no decoder for \(name)")
    }
    guard let context = unsafe avcodec_alloc_context3(codec) else { throw .outOfMemory("decode", path) }
    unsafe raw = context
    try unsafe check(avcodec_parameters_to_context(context, parameters), "open the \(name) decoder", path)
    unsafe context.pointee.pkt_timebase = timeBase
    unsafe context.pointee.thread_count = Int32(max(1, threads))
    unsafe context.pointee.max_pixels = 1 << 28
    // The same transforms on every CPU, where a codec leaves them open.
    unsafe context.pointee.flags |= AV_CODEC_FLAG_BITEXACT
    try unsafe check(avcodec_open2(context, codec, nil), "open the \(name) decoder", path)
  }

  deinit {
    var context: UnsafeMutablePointer<AVCodecContext>? = unsafe raw
    unsafe avcodec_free_context(&context)
  }

  /// Hands in a packet; receive until `needsPacket` before the next one.
  func send(_ packet: borrowing Packet) throws(MediaError) {
    try unsafe check(avcodec_send_packet(raw, packet.raw), "decode", path)
  }

  /// Says that no more packets come, so that held frames are given out.
  func sendEnd() throws(MediaError) {
    let status = unsafe avcodec_send_packet(raw, nil)
    if status != ffs_error_end_of_file() { try check(status, "decode", path) }
  }

  func receive(into frame: borrowing Frame) throws(MediaError) -> Step {
    let status = unsafe avcodec_receive_frame(raw, frame.raw)
    if status == ffs_error_again() { return .needsPacket }
    if status == ffs_error_end_of_file() { return .end }
    try check(status, "decode", path)
    return .frame
  }

  /// Forgets everything; required after a seek or an end.
  func flush() { unsafe avcodec_flush_buffers(raw) }
}
