import CFFmpeg

/// Resizes pictures and changes chroma sampling and bit depth; no colour conversion.
///
/// Matrix and range are the same on both sides. Uses swscale with exact rounding, whose result is the same on
/// every CPU. One instance serves one pair of formats.
@safe package final class Scaler {
  /// A rectangle in pixels.
  package struct Region: Hashable, Sendable {
    package var x: Int
    package var y: Int
    package var width: Int
    package var height: Int

    package init(x: Int, y: Int, width: Int, height: Int) {
      self.x = x
      self.y = y
      self.width = width
      self.height = height
    }
  }

  package enum Filter: String, Hashable, Sendable {
    case bicubic, lanczos
  }

  package let source: PictureFormat
  /// The part of the source that is used.
  package let crop: Region
  package let target: PictureFormat
  private let raw: OpaquePointer
  private let output: Frame

  /// - Parameters:
  ///   - crop: part of the source to use; position and size on whole chroma samples. nil uses all of it.
  ///   - target: size is that of the scaled crop.
  ///   - matrix: FFmpeg's name, e.g. `bt709`, `smpte170m`, `bt2020nc`; matters between RGB and Y'CbCr only.
  ///   - isFullRange: range of source and target alike.
  ///   - chromaLocation: `left`, `center` or `topleft`; anything else is read as `left`.
  /// - Throws: `MediaError.settings` when a format, the crop or the matrix is unusable.
  package init(
    from source: PictureFormat, crop: Region? = nil, to target: PictureFormat, matrix: String,
    isFullRange: Bool, chromaLocation: String = "left", filter: Filter = .bicubic
  ) throws {
    MediaEnvironment.start()
    let crop = crop ?? Region(x: 0, y: 0, width: source.width, height: source.height)
    let operation = "scale \(source) to \(target)"
    func refused(_ reason: String) -> MediaError {
      MediaError(code: .settings, fault: .user, operation: operation, path: "swscale", reason: reason)
    }
    self.source = source
    self.crop = crop
    self.target = target
    let sourceFormat = try source.rawPixelFormat()
    let targetFormat = try target.rawPixelFormat()
    guard sws_isSupportedInput(sourceFormat) > 0, sws_isSupportedOutput(targetFormat) > 0 else {
      throw refused("the pixel format cannot be scaled")
    }
    try Self.check(crop, in: source, sourceFormat, refused)
    guard let coefficients = unsafe sws_getCoefficients(try Self.colourSpace(matrix, refused)) else {
      throw refused("unknown matrix '\(matrix)'")
    }
    guard let context = unsafe sws_alloc_context() else { throw MediaError.outOfMemory(operation, "swscale") }
    unsafe raw = context
    output = try Frame.picture(target)
    let flags =
      (filter == .bicubic ? SWS_BICUBIC : SWS_LANCZOS) | SWS_ACCURATE_RND | SWS_BITEXACT
      | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP
    var options: [(String, Int64)] = [
      ("srcw", Int64(crop.width)), ("srch", Int64(crop.height)), ("src_format", Int64(sourceFormat.rawValue)),
      ("dstw", Int64(target.width)), ("dsth", Int64(target.height)),
      ("dst_format", Int64(targetFormat.rawValue)), ("src_range", isFullRange ? 1 : 0),
      ("dst_range", isFullRange ? 1 : 0), ("sws_flags", Int64(flags)), ("threads", 1),
    ]
    options += Self.chromaPositions("src", sourceFormat, chromaLocation)
    options += Self.chromaPositions("dst", targetFormat, chromaLocation)
    for (name, value) in options {
      try unsafe Media.check(
        av_opt_set_int(UnsafeMutableRawPointer(context), name, value, 0), operation, "swscale",
        code: .settings)
    }
    try unsafe Media.check(sws_init_context(context, nil, nil), operation, "swscale", code: .settings)
    let range: Int32 = isFullRange ? 1 : 0
    // Refused where neither side is Y'CbCr, which needs no coefficients.
    unsafe sws_setColorspaceDetails(context, coefficients, range, coefficients, range, 0, 1 << 16, 1 << 16)
  }

  deinit { unsafe sws_freeContext(raw) }

  private static func check(
    _ crop: Region, in source: PictureFormat, _ format: AVPixelFormat, _ refused: (String) -> MediaError
  ) throws {
    guard crop.x >= 0, crop.y >= 0, crop.width > 0, crop.height > 0, crop.x + crop.width <= source.width,
      crop.y + crop.height <= source.height
    else { throw refused("the crop \(crop) leaves the picture") }
    guard let descriptor = unsafe av_pix_fmt_desc_get(format) else { throw refused("unknown pixel format") }
    let columns = unsafe 1 << Int(descriptor.pointee.log2_chroma_w)
    let rows = unsafe 1 << Int(descriptor.pointee.log2_chroma_h)
    guard crop.x % columns == 0, crop.y % rows == 0 else {
      throw refused("the crop starts between chroma samples")
    }
    let isPacked = unsafe descriptor.pointee.flags & UInt64(AV_PIX_FMT_FLAG_BITSTREAM) != 0
    guard crop.x == 0 || !isPacked else {
      throw refused("a bit-packed format cannot be cropped")
    }
  }

  /// swscale numbers its matrices like CICP, with one number for both BT.601 entries.
  private static func colourSpace(_ name: String, _ refused: (String) -> MediaError) throws -> Int32 {
    switch name {
    case "bt709": return SWS_CS_ITU709
    case "bt470bg", "smpte170m", "bt601": return SWS_CS_ITU601
    case "bt2020nc", "bt2020c", "bt2020": return SWS_CS_BT2020
    case "smpte240m": return SWS_CS_SMPTE240M
    case "fcc": return SWS_CS_FCC
    default: throw refused("unknown matrix '\(name)'")
    }
  }

  /// Chroma sample positions in 1/256 of a luma sample, only for axes with fewer chroma samples: swscale's own
  /// default would centre them.
  private static func chromaPositions(
    _ side: String, _ format: AVPixelFormat, _ location: String
  ) -> [(String, Int64)] {
    guard let descriptor = unsafe av_pix_fmt_desc_get(format) else { return [] }
    var positions: [(String, Int64)] = []
    if unsafe descriptor.pointee.log2_chroma_w > 0 {
      positions.append(("\(side)_h_chr_pos", location == "center" ? 128 : 0))
    }
    if unsafe descriptor.pointee.log2_chroma_h > 0 {
      positions.append(("\(side)_v_chr_pos", location == "topleft" ? 0 : 128))
    }
    return positions
  }

  /// Lends the scaled crop of `picture` to `body`; its memory is only valid there.
  ///
  /// - Throws: `MediaError.settings` for a picture of another format; what `body` throws.
  package func scale<R>(
    _ picture: borrowing PictureView, _ body: (borrowing PictureView) throws -> R
  ) throws -> R {
    guard picture.format == source else {
      throw MediaError(
        code: .settings, fault: .user, operation: "scale \(source) to \(target)", path: "swscale",
        reason: "the picture is \(picture.format)")
    }
    var pointers = unsafe [UnsafePointer<UInt8>?](repeating: nil, count: 4)
    var strides = [Int32](repeating: 0, count: 4)
    let descriptor = unsafe av_pix_fmt_desc_get(AVPixelFormat(picture.frame.pointee.format))
    for index in 0..<picture.planeCount {
      let isChroma = index == 1 || index == 2
      let rows = unsafe isChroma ? crop.y >> Int(descriptor.unsafelyUnwrapped.pointee.log2_chroma_h) : crop.y
      // Bytes before the crop: FFmpeg's own arithmetic for a row of that many pixels.
      let left = unsafe av_image_get_linesize(
        AVPixelFormat(picture.frame.pointee.format), Int32(crop.x), Int32(index))
      let offset = rows * picture.stride(ofPlane: index) + Int(max(0, left))
      unsafe pointers[index] = picture.plane(index).baseAddress.unsafelyUnwrapped
        .advanced(by: offset).assumingMemoryBound(to: UInt8.self)
      strides[index] = Int32(picture.stride(ofPlane: index))
    }
    // A palette is no plane of samples, but the scaler reads it from the second pointer.
    if unsafe descriptor.unsafelyUnwrapped.pointee.flags & UInt64(AV_PIX_FMT_FLAG_PAL) != 0 {
      unsafe pointers[1] = UnsafePointer(picture.frame.pointee.data.1)
    }
    var targets = unsafe [UnsafeMutablePointer<UInt8>?]()
    unsafe withUnsafeBytes(of: output.raw.pointee.data) {
      unsafe targets = Array($0.bindMemory(to: UnsafeMutablePointer<UInt8>?.self).prefix(4))
    }
    var targetStrides = [Int32]()
    unsafe withUnsafeBytes(of: output.raw.pointee.linesize) {
      unsafe targetStrides = Array($0.bindMemory(to: Int32.self).prefix(4))
    }
    let rows = unsafe sws_scale(
      raw, &pointers, &strides, 0, Int32(crop.height), &targets, &targetStrides)
    guard rows == Int32(target.height) else {
      throw MediaError(
        code: .damaged, fault: .infrastructure, operation: "scale \(source) to \(target)", path: "swscale",
        reason: "the scaler made \(rows) rows")
    }
    unsafe output.raw.pointee.color_primaries = picture.frame.pointee.color_primaries
    unsafe output.raw.pointee.color_trc = picture.frame.pointee.color_trc
    unsafe output.raw.pointee.colorspace = picture.frame.pointee.colorspace
    unsafe output.raw.pointee.color_range = picture.frame.pointee.color_range
    return try body(unsafe PictureView(output.raw))
  }
}
