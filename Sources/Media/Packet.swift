import CFFmpeg

/// One owned packet of compressed media; freed once, in `deinit`.
@safe struct Packet: ~Copyable {
  let raw: UnsafeMutablePointer<AVPacket>

  init() throws(MediaError) {
    guard let packet = unsafe av_packet_alloc() else { throw .outOfMemory("make a packet", "FFmpeg") }
    unsafe raw = packet
  }

  /// A packet that holds a copy of `bytes`, padded as decoders require.
  ///
  /// The key flag matters: FFmpeg's PNG decoder adds a packet without it to the picture before.
  static func copying(_ bytes: [UInt8], isKey: Bool = true) throws(MediaError) -> Packet {
    let packet = try Packet()
    guard bytes.count < Int(Int32.max), unsafe av_new_packet(packet.raw, Int32(bytes.count)) >= 0 else {
      throw .outOfMemory("make a packet", "FFmpeg")
    }
    unsafe packet.raw.pointee.flags = isKey ? AV_PKT_FLAG_KEY : 0
    unsafe bytes.withUnsafeBytes { source in
      guard let base = source.baseAddress, source.count > 0 else { return }
      unsafe UnsafeMutableRawPointer(packet.raw.pointee.data).copyMemory(from: base, byteCount: source.count)
    }
    return packet
  }

  deinit {
    var packet: UnsafeMutablePointer<AVPacket>? = unsafe raw
    unsafe av_packet_free(&packet)
  }

  func clear() { unsafe av_packet_unref(raw) }

  var stream: Int { unsafe Int(raw.pointee.stream_index) }
  var byteCount: Int { unsafe Int(raw.pointee.size) }
  /// Where it begins in its file; −1 when the container does not say.
  var position: Int64 { unsafe raw.pointee.pos }
  var isKey: Bool { unsafe raw.pointee.flags & AV_PKT_FLAG_KEY != 0 }
  var isDiscarded: Bool { unsafe raw.pointee.flags & AV_PKT_FLAG_DISCARD != 0 }
  /// The container says that bytes are missing.
  var isCorrupt: Bool { unsafe raw.pointee.flags & AV_PKT_FLAG_CORRUPT != 0 }

  /// In units of the stream's time base; nil when the container does not say.
  var presentationTime: Int64? {
    unsafe raw.pointee.pts == ffs_no_timestamp() ? nil : raw.pointee.pts
  }

  var decodeTime: Int64? {
    unsafe raw.pointee.dts == ffs_no_timestamp() ? nil : raw.pointee.dts
  }

  /// The bytes, valid until the packet is cleared.
  var buffer: UnsafeRawBufferPointer {
    unsafe UnsafeRawBufferPointer(start: raw.pointee.data, count: Int(raw.pointee.size))
  }

  var bytes: [UInt8] { unsafe [UInt8](buffer) }
}
