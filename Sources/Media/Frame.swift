import CFFmpeg

/// One owned picture or block of sound samples; freed once, in `deinit`.
@safe struct Frame: ~Copyable {
  let raw: UnsafeMutablePointer<AVFrame>

  init() throws(MediaError) {
    guard let frame = unsafe av_frame_alloc() else { throw .outOfMemory("make a frame", "FFmpeg") }
    unsafe raw = frame
  }

  /// A picture with buffers of its own, rows aligned for FFmpeg's kernels.
  static func picture(_ format: PictureFormat) throws(MediaError) -> Frame {
    let pixelFormat = try format.rawPixelFormat()
    let frame = try Frame()
    unsafe frame.raw.pointee.format = pixelFormat.rawValue
    unsafe frame.raw.pointee.width = Int32(format.width)
    unsafe frame.raw.pointee.height = Int32(format.height)
    try unsafe check(
      av_frame_get_buffer(frame.raw, 64), "make a picture buffer", format.description, code: .outOfMemory,
      fault: .infrastructure)
    return frame
  }

  /// Points the planes at memory that is not its own and outlives it and its references.
  func lend(_ planes: [LentPlane]) throws(MediaError) {
    guard let first = planes.first, planes.count <= 3 else { return }
    // FFmpeg copies a picture without a buffer; this one is never freed and never written.
    let base = unsafe UnsafeMutableRawPointer(mutating: first.base).assumingMemoryBound(to: UInt8.self)
    guard let buffer = unsafe av_buffer_create(base, 1, { _, _ in }, nil, AV_BUFFER_FLAG_READONLY) else {
      throw .outOfMemory("lend a picture", "FFmpeg")
    }
    unsafe raw.pointee.buf.0 = buffer
    let pointers = unsafe planes.map {
      unsafe UnsafeMutableRawPointer(mutating: $0.base).assumingMemoryBound(to: UInt8.self)
    }
    unsafe raw.pointee.data.0 = pointers[0]
    unsafe raw.pointee.linesize.0 = Int32(planes[0].stride)
    guard planes.count == 3 else { return }
    unsafe raw.pointee.data.1 = pointers[1]
    unsafe raw.pointee.linesize.1 = Int32(planes[1].stride)
    unsafe raw.pointee.data.2 = pointers[2]
    unsafe raw.pointee.linesize.2 = Int32(planes[2].stride)
  }

  deinit {
    var frame: UnsafeMutablePointer<AVFrame>? = unsafe raw
    unsafe av_frame_free(&frame)
  }

  func clear() { unsafe av_frame_unref(raw) }

  /// The frame's own timestamp, else FFmpeg's best guess; in units of the stream's time base.
  var presentationTime: Int64? {
    let own = unsafe raw.pointee.pts
    if own != ffs_no_timestamp() { return own }
    let guess = unsafe raw.pointee.best_effort_timestamp
    return guess == ffs_no_timestamp() ? nil : guess
  }

  /// True when the decoder concealed or missed something.
  var isCorrupt: Bool {
    unsafe raw.pointee.flags & AV_FRAME_FLAG_CORRUPT != 0 || raw.pointee.decode_error_flags != 0
  }

  var sampleCount: Int { unsafe Int(raw.pointee.nb_samples) }
}
