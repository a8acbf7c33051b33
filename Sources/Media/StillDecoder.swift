import CFFmpeg

/// Decodes single image files, such as the members of a numbered sequence: PNG, TIFF, DPX, OpenEXR and JPEG.
///
/// The kind is told by the first bytes, and the bytes go straight to the decoder: no demuxer looks for other files.
/// OpenEXR comes as it is stored, its display window filled around the data.
@safe package final class StillDecoder {
  /// Largest file that is read.
  private static let greatestSize: Int64 = 1 << 30

  /// FFmpeg's name of the kind of file that was decoded last; empty before.
  package private(set) var codec = ""

  private var decoders: [UInt32: StreamDecoder] = [:]
  private let frame: Frame

  package init() throws {
    MediaEnvironment.start()
    frame = try Frame()
  }

  /// Lends the picture in a file to `body`; its memory is only valid there.
  ///
  /// - Throws: `MediaError` with `notFound`, `unreadable`, `notMedia`, `unsupported`, `damaged`; what `body` throws.
  package func decode<R>(_ path: String, _ body: (borrowing PictureView) throws -> R) throws -> R {
    LastLogLine.clear()
    let file = try ByteFile(path)
    guard file.byteCount <= Self.greatestSize else {
      throw MediaError(
        code: .notMedia, fault: .media, operation: "read the picture", path: path,
        reason: "the file is larger than 1 GiB")
    }
    let bytes = try file.read(at: 0, count: Int(file.byteCount))
    guard let codec = Self.codec(of: bytes) else {
      throw MediaError(
        code: .notMedia, fault: .media, operation: "read the picture", path: path,
        reason: "the file is no PNG, TIFF, DPX, OpenEXR or JPEG")
    }
    self.codec = unsafe String(cString: avcodec_get_name(codec))
    let decoder = try decoders[codec.rawValue] ?? makeDecoder(codec, path)
    decoders[codec.rawValue] = decoder
    decoder.flush()
    frame.clear()
    try decoder.send(Packet.copying(bytes))
    var step = try decoder.receive(into: frame)
    if step == .needsPacket {
      try decoder.sendEnd()
      step = try decoder.receive(into: frame)
    }
    guard step == .frame, !frame.isCorrupt else {
      throw MediaError(
        code: .damaged, fault: .media, operation: "decode the picture", path: path,
        reason: step == .frame ? "the decoder had to conceal errors" : "the file holds no picture",
        log: LastLogLine.current, remedy: "Copy the file again from its source, or have it made again.")
    }
    guard unsafe frame.raw.pointee.linesize.0 > 0 else {
      throw MediaError(
        code: .unsupported, fault: .media, operation: "decode the picture", path: path,
        reason: "its rows are stored bottom first", remedy: "Save it with rows from the top down.")
    }
    return try body(unsafe PictureView(frame.raw))
  }

  private func makeDecoder(_ codec: AVCodecID, _ path: String) throws(MediaError) -> StreamDecoder {
    var allocated = unsafe avcodec_parameters_alloc()
    defer { unsafe avcodec_parameters_free(&allocated) }
    guard let parameters = unsafe allocated else { throw .outOfMemory("open the decoder", path) }
    unsafe parameters.pointee.codec_type = AVMEDIA_TYPE_VIDEO
    unsafe parameters.pointee.codec_id = codec
    return try unsafe StreamDecoder(
      parameters, timeBase: AVRational(num: 1, den: 25), threads: 1, path: path)
  }

  private static func codec(of bytes: [UInt8]) -> AVCodecID? {
    let kinds: [([UInt8], AVCodecID)] = [
      ([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], AV_CODEC_ID_PNG),
      ([0x76, 0x2F, 0x31, 0x01], AV_CODEC_ID_EXR),
      ([0x49, 0x49, 0x2A, 0x00], AV_CODEC_ID_TIFF), ([0x4D, 0x4D, 0x00, 0x2A], AV_CODEC_ID_TIFF),
      (Array("SDPX".utf8), AV_CODEC_ID_DPX), (Array("XPDS".utf8), AV_CODEC_ID_DPX),
      ([0xFF, 0xD8, 0xFF], AV_CODEC_ID_MJPEG),
    ]
    return kinds.first { bytes.starts(with: $0.0) }?.1
  }
}

/// What one still says about itself, in FFmpeg's names.
package struct StillFacts: Hashable, Sendable {
  package var codec: String
  package var format: PictureFormat
  package var bitDepth: Int
  package var range: String
  package var matrix: String
}

extension StillDecoder {
  package func facts(of path: String) throws -> StillFacts {
    try decode(path) { picture in
      let descriptor = unsafe av_pix_fmt_desc_get(AVPixelFormat(picture.frame.pointee.format))
      return StillFacts(
        codec: codec, format: picture.format,
        bitDepth: unsafe descriptor.map { unsafe Int($0.pointee.comp.0.depth) } ?? 0, range: picture.range,
        matrix: picture.matrix)
    }
  }
}
