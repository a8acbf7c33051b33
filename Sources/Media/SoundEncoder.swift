import CFFmpeg

/// Encodes the sound of a whole programme to AAC; the same samples give the same packets.
///
/// The codec adds samples in front (priming), so the first packet lies before sample 0; a container skips them
/// by its edit list.
@safe package final class SoundEncoder {
  /// One packet, at its place in the sound.
  package struct Packet: Hashable, Sendable {
    package var bytes: [UInt8]
    /// Its first sample; negative in the priming.
    package var time: Int64
    /// Samples, at the end only those of the programme.
    package var duration: Int64
  }

  package let format: SoundFormat
  private let raw: UnsafeMutablePointer<AVCodecContext>
  private let frame: Frame
  private let packet: Media.Packet
  /// Samples of a packet.
  private let frameSize: Int
  /// Interleaved samples that do not fill a frame yet.
  private var waiting: [UInt8] = []
  private var sent: Int64 = 0

  /// - Throws: `MediaError` with `settings`, `unsupported`.
  package init(_ format: SoundFormat) throws {
    MediaEnvironment.start()
    LastLogLine.clear()
    self.format = format
    guard case .aac(let bitRate) = format.codec, let codec = unsafe avcodec_find_encoder_by_name("aac") else {
      throw MediaError(
        code: .unsupported, fault: .user, operation: "open the sound encoder", path: "aac",
        reason: "this FFmpeg has no such encoder")
    }
    frame = try Frame()
    packet = try Media.Packet()
    guard let context = unsafe avcodec_alloc_context3(codec) else {
      throw MediaError.outOfMemory("open the sound encoder", "aac")
    }
    unsafe raw = context
    unsafe context.pointee.sample_fmt = AV_SAMPLE_FMT_FLTP
    unsafe context.pointee.sample_rate = Int32(format.sampleRate)
    unsafe context.pointee.bit_rate = Int64(bitRate)
    unsafe context.pointee.time_base = AVRational(num: 1, den: Int32(format.sampleRate))
    unsafe context.pointee.thread_count = 1
    // The header goes into the container once; bitexact leaves the library's name out of the packets.
    unsafe context.pointee.flags |= AV_CODEC_FLAG_GLOBAL_HEADER | AV_CODEC_FLAG_BITEXACT
    // Noise in place of high frequencies would not be the mix any more.
    var options: OpaquePointer? = nil
    defer { unsafe av_dict_free(&options) }
    unsafe av_dict_set(&options, "aac_pns", "0", 0)
    frameSize = 1024
    try unsafe format.write(to: &context.pointee.ch_layout, path: "aac")
    let status = unsafe avcodec_open2(context, codec, &options)
    guard status >= 0, unsafe context.pointee.frame_size == 1024 else {
      throw MediaError(status: status, "open the sound encoder", "aac", code: .settings, fault: .user)
    }
  }

  deinit {
    var context: UnsafeMutablePointer<AVCodecContext>? = unsafe raw
    unsafe avcodec_free_context(&context)
  }

  /// Takes interleaved little-endian 24-bit samples.
  ///
  /// - Returns: packets that are ready.
  package func encode(_ bytes: [UInt8]) throws -> [Packet] {
    guard bytes.count % format.blockSize == 0 else {
      throw MediaError(
        code: .settings, fault: .user, operation: "encode the sound", path: "aac",
        reason: "\(bytes.count) bytes are not whole samples of \(format.blockSize) bytes")
    }
    waiting += bytes
    var packets: [Packet] = []
    let whole = frameSize * format.blockSize
    var start = 0
    while waiting.count - start >= whole {
      packets += try encodeFrame(waiting[start..<start + whole])
      start += whole
    }
    waiting.removeFirst(start)
    return packets
  }

  /// Encodes what is left; the packets end with the last sample.
  package func finish() throws -> [Packet] {
    var packets = waiting.isEmpty ? [] : try encodeFrame(waiting[...])
    waiting = []
    try unsafe check(
      avcodec_send_frame(raw, nil), "encode the sound", "aac", code: .encoding, fault: .infrastructure)
    packets += try receive()
    return packets
  }

  private func encodeFrame(_ bytes: ArraySlice<UInt8>) throws -> [Packet] {
    let channels = format.channels
    let count = bytes.count / format.blockSize
    frame.clear()
    unsafe frame.raw.pointee.format = AV_SAMPLE_FMT_FLTP.rawValue
    unsafe frame.raw.pointee.sample_rate = Int32(format.sampleRate)
    unsafe frame.raw.pointee.nb_samples = Int32(count)
    try unsafe format.write(to: &frame.raw.pointee.ch_layout, path: "aac")
    try unsafe check(
      av_frame_get_buffer(frame.raw, 0), "encode the sound", "aac", code: .outOfMemory, fault: .infrastructure
    )
    var index = bytes.startIndex
    for sample in 0..<count {
      for channel in 0..<channels {
        let code = Int32(bytes[index]) | Int32(bytes[index + 1]) << 8 | Int32(bytes[index + 2]) << 16
        guard let plane = unsafe frame.raw.pointee.extended_data[channel] else { continue }
        // Exact: 24 bits fit a float.
        unsafe UnsafeMutableRawPointer(plane).storeBytes(
          of: Float((code << 8) >> 8) / 8_388_608, toByteOffset: sample * 4, as: Float.self)
        index += 3
      }
    }
    unsafe frame.raw.pointee.pts = sent
    sent += Int64(count)
    try unsafe check(
      avcodec_send_frame(raw, frame.raw), "encode the sound", "aac", code: .encoding, fault: .infrastructure)
    return try receive()
  }

  private func receive() throws -> [Packet] {
    var packets: [Packet] = []
    while true {
      packet.clear()
      let status = unsafe avcodec_receive_packet(raw, packet.raw)
      if status == ffs_error_again() || status == ffs_error_end_of_file() { return packets }
      try check(status, "encode the sound", "aac", code: .encoding, fault: .infrastructure)
      guard let time = packet.presentationTime else {
        throw MediaError(
          code: .encoding, fault: .infrastructure, operation: "encode the sound", path: "aac",
          reason: "a packet has no time")
      }
      packets.append(
        Packet(bytes: packet.bytes, time: time, duration: unsafe packet.raw.pointee.duration))
    }
  }

  /// Copies the stream parameters a container needs.
  func copyParameters(to parameters: UnsafeMutablePointer<AVCodecParameters>) throws(MediaError) {
    try unsafe check(
      avcodec_parameters_from_context(parameters, raw), "describe the sound", "aac", code: .settings,
      fault: .user)
  }
}
