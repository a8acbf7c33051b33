import CFFmpeg
import Glibc
import MediaTime

/// An open media file for reading: container only, no decoder.
///
/// Files are opened through the `file` protocol alone and by demuxers of self-contained media, so that nothing
/// a file says makes another file or host be read.
@safe final class InputContainer {
  let path: String
  let byteCount: Int64
  private let raw: UnsafeMutablePointer<AVFormatContext>

  /// Demuxers that read one self-contained file; playlists, concatenations and devices are left out.
  private static let formats = [
    "mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm", "mxf", "wav", "w64", "aiff", "flac", "mpegts", "mpeg", "avi",
    "dpx_pipe", "exr_pipe", "png_pipe", "tiff_pipe", "jpeg_pipe", "j2k_pipe",
  ].joined(separator: ",")

  /// - Throws: `notFound`, `unreadable`, `notMedia`.
  init(_ path: String) throws(MediaError) {
    MediaEnvironment.start()
    LastLogLine.clear()
    self.path = path
    byteCount = try Self.regularFileSize(path)
    var options: OpaquePointer? = nil
    defer { unsafe av_dict_free(&options) }
    unsafe av_dict_set(&options, "protocol_whitelist", "file", 0)
    unsafe av_dict_set(&options, "format_whitelist", Self.formats, 0)
    var context: UnsafeMutablePointer<AVFormatContext>? = nil
    try unsafe check(
      avformat_open_input(&context, "file:" + path, nil, &options), "open", path, code: .notMedia)
    guard let context = unsafe context else { throw .outOfMemory("open", path) }
    unsafe raw = context
    try unsafe check(avformat_find_stream_info(context, nil), "read the streams", path, code: .notMedia)
    try checkSizes()
  }

  /// Refuses an index with sizes that nothing has: FFmpeg keeps them with the sign of less than nothing, and to read such
  /// a packet would look like a lack of memory.
  private func checkSizes() throws(MediaError) {
    for number in 0..<streamCount {
      guard table(of: number).contains(where: { $0.size < 0 }) else { continue }
      throw MediaError(
        code: .damaged, fault: .media, operation: "open", path: path,
        reason: "its index has a packet in stream \(number) of a size that no packet has",
        remedy: "Copy or make the file again.")
    }
  }

  deinit {
    var context: UnsafeMutablePointer<AVFormatContext>? = unsafe raw
    unsafe avformat_close_input(&context)
  }

  /// Refuses folders, pipes and devices, whose opening could block.
  private static func regularFileSize(_ path: String) throws(MediaError) -> Int64 {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { throw .system(errno, "open", path) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw MediaError(
        code: .unreadable, fault: .user, operation: "open", path: path, reason: "not a regular file")
    }
    guard status.st_size > 0 else {
      throw MediaError(
        code: .notMedia, fault: .media, operation: "open", path: path, reason: "the file is empty",
        remedy: "Copy or make the file again.")
    }
    return Int64(status.st_size)
  }

  var formatName: String { unsafe String(cString: raw.pointee.iformat.pointee.name) }

  var isMOV: Bool { formatName.hasPrefix("mov,") }

  var streamCount: Int { unsafe Int(raw.pointee.nb_streams) }

  func stream(_ index: Int) -> UnsafeMutablePointer<AVStream> {
    precondition((0..<streamCount).contains(index), "stream numbers are checked when a reader is opened")
    return unsafe raw.pointee.streams[index].unsafelyUnwrapped
  }

  func parameters(_ index: Int) -> UnsafeMutablePointer<AVCodecParameters> {
    unsafe stream(index).pointee.codecpar
  }

  func timeBase(_ index: Int) -> AVRational { unsafe stream(index).pointee.time_base }

  func mediaType(_ index: Int) -> AVMediaType { unsafe parameters(index).pointee.codec_type }

  /// Footage, that is not a cover picture.
  func isPicture(_ index: Int) -> Bool {
    let disposition = unsafe stream(index).pointee.disposition
    return mediaType(index) == AVMEDIA_TYPE_VIDEO && disposition & AV_DISPOSITION_ATTACHED_PIC == 0
  }

  /// The first stream with footage.
  var firstPictureStream: Int? { (0..<streamCount).first { isPicture($0) } }

  var soundStreams: [Int] { (0..<streamCount).filter { mediaType($0) == AVMEDIA_TYPE_AUDIO } }

  var firstSoundStream: Int? { soundStreams.first }

  /// Picks the stream asked for, or the first of its kind.
  func pictureStream(_ wanted: Int?) throws(MediaError) -> Int {
    try pick(wanted, first: firstPictureStream, what: "picture") { isPicture($0) }
  }

  func soundStream(_ wanted: Int?) throws(MediaError) -> Int {
    try pick(wanted, first: firstSoundStream, what: "sound") { mediaType($0) == AVMEDIA_TYPE_AUDIO }
  }

  private func pick(
    _ wanted: Int?, first: Int?, what: String, where isRight: (Int) -> Bool
  ) throws(MediaError) -> Int {
    if let wanted {
      if (0..<streamCount).contains(wanted), isRight(wanted) { return wanted }
      throw MediaError(
        code: .noStream, fault: .user, operation: "read stream \(wanted)", path: path,
        reason: "the file has no \(what) stream \(wanted) among its \(streamCount)")
    }
    guard let first else {
      throw MediaError(
        code: .noStream, fault: .user, operation: "read \(what)", path: path,
        reason: "the file has no \(what)")
    }
    return first
  }

  /// Lets only these streams through `readPacket`.
  func select(_ streams: Set<Int>) {
    for index in 0..<streamCount {
      unsafe stream(index).pointee.discard = streams.contains(index) ? AVDISCARD_DEFAULT : AVDISCARD_ALL
    }
  }

  /// Reads the next packet of the selected streams; false at the end of the file.
  func readPacket(into packet: borrowing Packet) throws(MediaError) -> Bool {
    while true {
      packet.clear()
      let status = unsafe av_read_frame(raw, packet.raw)
      if status == ffs_error_end_of_file() {
        try checkInput()
        return false
      }
      if status == ffs_error_again() { continue }
      try check(status, "read packets", path)
      if unsafe stream(packet.stream).pointee.discard != AVDISCARD_ALL { return true }
    }
  }

  /// Demuxers turn read errors into an early end of file; the I/O layer remembers them.
  private func checkInput() throws(MediaError) {
    guard let input = unsafe raw.pointee.pb else { return }
    let status = unsafe input.pointee.error
    if status < 0, status != ffs_error_end_of_file() { try check(status, "read packets", path) }
  }

  /// Moves to a packet at or before `time`; false when the container cannot.
  func seek(stream index: Int, to time: Int64) -> Bool {
    unsafe av_seek_frame(raw, Int32(index), time, AVSEEK_FLAG_BACKWARD) >= 0
  }

  /// Text metadata of the whole file.
  var metadata: [String: String] { unsafe entries(raw.pointee.metadata) }

  func metadata(ofStream index: Int) -> [String: String] { unsafe entries(stream(index).pointee.metadata) }

  /// Titles of the chapters, each with the frame nearest to its start.
  func chapters(rate: FrameRate) -> [(start: Int64, title: String)] {
    (0..<Int(unsafe raw.pointee.nb_chapters)).compactMap { index in
      guard let chapter = unsafe raw.pointee.chapters[index] else { return nil }
      let start = unsafe av_rescale_q_rnd(
        chapter.pointee.start, chapter.pointee.time_base, rate.frameDuration, AV_ROUND_NEAR_INF)
      return (start, unsafe entries(chapter.pointee.metadata)["title"] ?? "")
    }
  }

  private func entries(_ dictionary: OpaquePointer?) -> [String: String] {
    var result: [String: String] = [:]
    var entry: UnsafeMutablePointer<AVDictionaryEntry>? = nil
    while let next = unsafe av_dict_get(dictionary, "", entry, AV_DICT_IGNORE_SUFFIX) {
      // The first of several values with one name counts.
      let key = unsafe String(cString: next.pointee.key)
      if result[key] == nil { result[key] = unsafe String(cString: next.pointee.value) }
      unsafe entry = next
    }
    return result
  }
}
