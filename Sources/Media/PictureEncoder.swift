import CFFmpeg

/// Encodes pictures one by one with an intra-frame codec: one packet per picture.
///
/// The bytes of a packet depend on the settings and that picture alone, not on what was encoded before.
@safe package final class PictureEncoder {
  package let settings: EncoderSettings
  private let raw: UnsafeMutablePointer<AVCodecContext>
  private let frame: Frame
  private let packet: Packet
  private let colours: ColourValues

  /// - Throws: `MediaError` with `settings` or `unsupported`, naming what the encoder refuses.
  package init(_ settings: EncoderSettings) throws {
    MediaEnvironment.start()
    LastLogLine.clear()
    let operation = "open the encoder"
    func refused(_ reason: String) -> MediaError {
      MediaError(
        code: .settings, fault: .user, operation: operation, path: settings.codec, reason: reason,
        log: LastLogLine.current)
    }
    guard let codec = unsafe avcodec_find_encoder_by_name(settings.codec) else {
      throw MediaError(
        code: .unsupported, fault: .user, operation: operation, path: settings.codec,
        reason: "this FFmpeg has no such encoder")
    }
    guard unsafe codec.pointee.type == AVMEDIA_TYPE_VIDEO else {
      throw refused("it does not encode pictures")
    }
    guard unsafe Self.isIntraFrame(codec) else { throw refused("its pictures do not stand alone") }
    let pixelFormat = try settings.format.rawPixelFormat()
    guard unsafe Self.accepts(codec, pixelFormat) else {
      throw refused("it does not take \(settings.pixelFormat)")
    }
    colours = try ColourValues(settings)
    self.settings = settings
    frame = try Frame.picture(settings.format)
    packet = try Packet()
    guard let context = unsafe avcodec_alloc_context3(codec) else {
      throw MediaError.outOfMemory(operation, settings.codec)
    }
    unsafe raw = context
    unsafe context.pointee.width = Int32(settings.width)
    unsafe context.pointee.height = Int32(settings.height)
    unsafe context.pointee.pix_fmt = pixelFormat
    unsafe context.pointee.time_base = settings.rate.frameDuration
    unsafe context.pointee.framerate = settings.rate.framesPerSecond
    unsafe context.pointee.sample_aspect_ratio = AVRational(num: 1, den: 1)
    unsafe context.pointee.field_order = AV_FIELD_PROGRESSIVE
    unsafe context.pointee.gop_size = 1
    unsafe context.pointee.thread_count = Int32(max(1, settings.threads))
    unsafe context.pointee.flags |= AV_CODEC_FLAG_BITEXACT
    if let quantiser = settings.quantiser {
      unsafe context.pointee.flags |= AV_CODEC_FLAG_QSCALE
      unsafe context.pointee.global_quality = Int32(quantiser) * ffs_quantiser_to_lambda()
    }
    unsafe context.pointee.color_primaries = colours.primaries
    unsafe context.pointee.color_trc = colours.transfer
    unsafe context.pointee.colorspace = colours.matrix
    unsafe context.pointee.color_range = colours.range
    var options: OpaquePointer? = nil
    defer { unsafe av_dict_free(&options) }
    if let profile = settings.profile { unsafe av_dict_set(&options, "profile", String(profile), 0) }
    for (name, value) in settings.options.sorted(by: { $0.key < $1.key }) {
      unsafe av_dict_set(&options, name, value, 0)
    }
    let status = unsafe avcodec_open2(context, codec, &options)
    guard status >= 0 else {
      throw MediaError(status: status, operation, settings.codec, code: .settings, fault: .user)
    }
    if let left = unsafe av_dict_get(options, "", nil, AV_DICT_IGNORE_SUFFIX) {
      throw refused("it has no option '\(unsafe String(cString: left.pointee.key))'")
    }
  }

  deinit {
    var context: UnsafeMutablePointer<AVCodecContext>? = unsafe raw
    unsafe avcodec_free_context(&context)
  }

  /// Whether pictures stand alone at a group length of 1. FFmpeg does not mark PNG and FFV1 so, because both have
  /// forms that refer to other pictures (APNG, long groups), which are not used here.
  private static func isIntraFrame(_ codec: UnsafePointer<AVCodec>) -> Bool {
    if unsafe codec.pointee.id == AV_CODEC_ID_PNG || codec.pointee.id == AV_CODEC_ID_FFV1 { return true }
    guard let descriptor = unsafe avcodec_descriptor_get(codec.pointee.id) else { return false }
    return unsafe descriptor.pointee.props & AV_CODEC_PROP_INTRA_ONLY != 0
  }

  private static func accepts(_ codec: UnsafePointer<AVCodec>, _ format: AVPixelFormat) -> Bool {
    guard var candidate = unsafe codec.pointee.pix_fmts else { return true }
    while unsafe candidate.pointee != AV_PIX_FMT_NONE {
      if unsafe candidate.pointee == format { return true }
      unsafe candidate += 1
    }
    return false
  }

  /// Names the library and the encoder, to be part of an encoding's key.
  package static func identity(of codec: String) -> String {
    let release = unsafe av_version_info().map { unsafe String(cString: $0) } ?? "unknown"
    return "FFmpeg \(release), libavcodec \(MediaEnvironment.version(avcodec_version())), \(codec)"
  }

  /// Encodes the picture that `fill` writes into the planes it is lent.
  ///
  /// - Returns: the packet's bytes, as they go into a container or, for `png` and the like, into a file.
  /// - Throws: `MediaError.encoding`; what `fill` throws.
  package func encode(_ fill: (borrowing MutablePictureView) throws -> Void) throws -> [UInt8] {
    // Encoders may keep a reference to a picture they were given.
    try unsafe check(
      av_frame_make_writable(frame.raw), "encode", settings.codec, code: .outOfMemory, fault: .infrastructure)
    try fill(unsafe MutablePictureView(frame.raw, format: settings.format))
    return try encodeFrame()
  }

  /// Encodes a picture of the encoder's own format.
  package func encode(copying picture: borrowing PictureView) throws -> [UInt8] {
    guard picture.format == settings.format else {
      throw MediaError(
        code: .settings, fault: .user, operation: "encode \(settings.format)", path: settings.codec,
        reason: "the picture is \(picture.format)")
    }
    try unsafe check(
      av_frame_make_writable(frame.raw), "encode", settings.codec, code: .outOfMemory, fault: .infrastructure)
    unsafe MutablePictureView(frame.raw, format: settings.format).copy(picture)
    return try encodeFrame()
  }

  private func encodeFrame() throws(MediaError) -> [UInt8] {
    LastLogLine.clear()
    // prores_ks writes the colours of the picture, not of the context, into each frame header.
    unsafe frame.raw.pointee.color_primaries = colours.primaries
    unsafe frame.raw.pointee.color_trc = colours.transfer
    unsafe frame.raw.pointee.colorspace = colours.matrix
    unsafe frame.raw.pointee.color_range = colours.range
    unsafe frame.raw.pointee.sample_aspect_ratio = AVRational(num: 1, den: 1)
    unsafe frame.raw.pointee.pict_type = AV_PICTURE_TYPE_I
    unsafe frame.raw.pointee.quality = raw.pointee.global_quality
    unsafe frame.raw.pointee.pts = 0
    try unsafe check(
      avcodec_send_frame(raw, frame.raw), "encode", settings.codec, code: .encoding, fault: .infrastructure)
    packet.clear()
    let status = unsafe avcodec_receive_packet(raw, packet.raw)
    guard status != ffs_error_again() else {
      throw MediaError(
        code: .settings, fault: .user, operation: "encode", path: settings.codec,
        reason: "the encoder holds pictures back, so they do not stand alone")
    }
    try check(status, "encode", settings.codec, code: .encoding, fault: .infrastructure)
    guard packet.isKey else {
      throw MediaError(
        code: .encoding, fault: .infrastructure, operation: "encode", path: settings.codec,
        reason: "the picture does not stand alone")
    }
    return packet.bytes
  }

  /// Copies the stream parameters a container or decoder needs.
  func copyParameters(to parameters: UnsafeMutablePointer<AVCodecParameters>) throws(MediaError) {
    try unsafe check(
      avcodec_parameters_from_context(parameters, raw), "describe the stream", settings.codec,
      code: .settings,
      fault: .user)
    if let profile = settings.profile { unsafe parameters.pointee.profile = Int32(profile) }
    unsafe parameters.pointee.field_order = AV_FIELD_PROGRESSIVE
  }
}
