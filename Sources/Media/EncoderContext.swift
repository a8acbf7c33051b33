import CFFmpeg

/// An open picture encoder with size, rate and colours of its settings, and the picture it is fed with.
@safe final class EncoderContext {
  let settings: EncoderSettings
  let raw: UnsafeMutablePointer<AVCodecContext>
  /// The picture that `fill` lends; made when it is first asked for.
  private var filled: Frame?
  private let packet: Packet
  private let colours: ColourValues

  /// - Parameters:
  ///   - groupLength: pictures from one that stands alone to the next.
  ///   - flags: further flags of the encoder.
  ///   - options: private options of the encoder.
  ///   - refusal: says why an encoder is not of the kind wanted here, nil when it is.
  /// - Throws: `MediaError` with `settings` or `unsupported`, naming what the encoder refuses.
  init(
    _ settings: EncoderSettings, groupLength: Int, flags: Int32 = 0, options: [String: String],
    refusal: (UnsafePointer<AVCodec>) -> String?
  ) throws {
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
    if let reason = unsafe refusal(codec) { throw refused(reason) }
    let pixelFormat = try settings.format.rawPixelFormat()
    guard unsafe Self.accepts(codec, pixelFormat) else {
      throw refused("it does not take \(settings.pixelFormat)")
    }
    colours = try ColourValues(settings)
    self.settings = settings
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
    unsafe context.pointee.gop_size = Int32(groupLength)
    unsafe context.pointee.thread_count = Int32(max(1, settings.threads))
    unsafe context.pointee.flags |= AV_CODEC_FLAG_BITEXACT | flags
    if let quantiser = settings.quantiser {
      unsafe context.pointee.flags |= AV_CODEC_FLAG_QSCALE
      unsafe context.pointee.global_quality = Int32(quantiser) * ffs_quantiser_to_lambda()
    }
    unsafe context.pointee.color_primaries = colours.primaries
    unsafe context.pointee.color_trc = colours.transfer
    unsafe context.pointee.colorspace = colours.matrix
    unsafe context.pointee.color_range = colours.range
    unsafe context.pointee.chroma_sample_location = colours.chroma
    var dictionary: OpaquePointer? = nil
    defer { unsafe av_dict_free(&dictionary) }
    if let profile = settings.profile { unsafe av_dict_set(&dictionary, "profile", String(profile), 0) }
    for (name, value) in options.sorted(by: { $0.key < $1.key }) {
      unsafe av_dict_set(&dictionary, name, value, 0)
    }
    let status = unsafe avcodec_open2(context, codec, &dictionary)
    guard status >= 0 else {
      throw MediaError(status: status, operation, settings.codec, code: .settings, fault: .user)
    }
    if let left = unsafe av_dict_get(dictionary, "", nil, AV_DICT_IGNORE_SUFFIX) {
      throw refused("it has no option '\(unsafe String(cString: left.pointee.key))'")
    }
  }

  deinit {
    var context: UnsafeMutablePointer<AVCodecContext>? = unsafe raw
    unsafe avcodec_free_context(&context)
  }

  private static func accepts(_ codec: UnsafePointer<AVCodec>, _ format: AVPixelFormat) -> Bool {
    guard var candidate = unsafe codec.pointee.pix_fmts else { return true }
    while unsafe candidate.pointee != AV_PIX_FMT_NONE {
      if unsafe candidate.pointee == format { return true }
      unsafe candidate += 1
    }
    return false
  }

  /// Lends the planes of the picture that is sent next.
  func fill(_ body: (borrowing MutablePictureView) throws -> Void) throws {
    if filled == nil { filled = try Frame.picture(settings.format) }
    guard let frame = unsafe filled?.raw else { return }
    // Encoders may keep a reference to a picture they were given.
    try unsafe check(
      av_frame_make_writable(frame), "encode", settings.codec, code: .outOfMemory, fault: .infrastructure)
    try body(unsafe MutablePictureView(frame, format: settings.format))
  }

  /// Hands the filled picture to the encoder.
  ///
  /// - Parameter standsAlone: asks for a picture that refers to no other.
  func send(time: Int64, standsAlone: Bool) throws(MediaError) {
    guard let frame = unsafe filled?.raw else { throw broken("no picture was filled") }
    try unsafe send(frame, time: time, standsAlone: standsAlone)
  }

  /// Hands a picture in the caller's memory to an encoder that gives its packet at once: it keeps no picture.
  func send(lent planes: [LentPlane], time: Int64, standsAlone: Bool) throws(MediaError) {
    let frame = try Frame()
    unsafe frame.raw.pointee.format = raw.pointee.pix_fmt.rawValue
    unsafe frame.raw.pointee.width = Int32(settings.width)
    unsafe frame.raw.pointee.height = Int32(settings.height)
    try frame.lend(planes)
    try unsafe send(frame.raw, time: time, standsAlone: standsAlone)
  }

  private func send(
    _ frame: UnsafeMutablePointer<AVFrame>, time: Int64, standsAlone: Bool
  ) throws(MediaError) {
    LastLogLine.clear()
    // prores_ks writes the colours of the picture, not of the context, into each frame header.
    unsafe frame.pointee.color_primaries = colours.primaries
    unsafe frame.pointee.color_trc = colours.transfer
    unsafe frame.pointee.colorspace = colours.matrix
    unsafe frame.pointee.color_range = colours.range
    unsafe frame.pointee.chroma_location = colours.chroma
    unsafe frame.pointee.sample_aspect_ratio = AVRational(num: 1, den: 1)
    unsafe frame.pointee.pict_type = standsAlone ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE
    unsafe frame.pointee.quality = raw.pointee.global_quality
    unsafe frame.pointee.pts = time
    try unsafe check(
      avcodec_send_frame(raw, frame), "encode", settings.codec, code: .encoding, fault: .infrastructure)
  }

  /// Says that no more pictures come.
  func sendEnd() throws(MediaError) {
    LastLogLine.clear()
    try unsafe check(
      avcodec_send_frame(raw, nil), "encode", settings.codec, code: .encoding, fault: .infrastructure)
  }

  /// Lends the next packet that is ready; nil when there is none, or none any more.
  func receive<R>(_ body: (borrowing Packet) throws -> R) throws -> R? {
    packet.clear()
    let status = unsafe avcodec_receive_packet(raw, packet.raw)
    if status == ffs_error_again() || status == ffs_error_end_of_file() { return nil }
    try check(status, "encode", settings.codec, code: .encoding, fault: .infrastructure)
    return try body(packet)
  }

  /// What the encoder says of the whole stream: units with start codes.
  var header: [UInt8] {
    guard let bytes = unsafe raw.pointee.extradata else { return [] }
    return unsafe [UInt8](UnsafeBufferPointer(start: bytes, count: Int(raw.pointee.extradata_size)))
  }

  /// A fault of the encoder, not of what it was given.
  func broken(_ reason: String) -> MediaError {
    MediaError(
      code: .encoding, fault: .infrastructure, operation: "encode", path: settings.codec, reason: reason)
  }

  /// Copies the stream parameters a container or decoder needs.
  func copyParameters(to parameters: UnsafeMutablePointer<AVCodecParameters>) throws(MediaError) {
    try unsafe check(
      avcodec_parameters_from_context(parameters, raw), "describe the stream", settings.codec,
      code: .settings, fault: .user)
    if let profile = settings.profile { unsafe parameters.pointee.profile = Int32(profile) }
    unsafe parameters.pointee.field_order = AV_FIELD_PROGRESSIVE
  }
}
