import CFFmpeg
import Glibc
import MediaTime

/// Writes a QuickTime movie from encoded pictures, PCM sound and a start timecode; the same input gives the
/// same bytes.
///
/// Pictures and sound are stored in the order in which they are handed in: write each picture and then the
/// sound of its frame, and players find them side by side. A writer that is dropped before `finish()` deletes
/// its file.
package struct MovieWriter: ~Copyable {
  /// Interleaved signed little-endian PCM.
  package struct Sound: Hashable, Sendable, Codable {
    package var sampleRate: Int
    package var channels: Int
    /// 16 or 24.
    package var bitDepth: Int

    package init(sampleRate: Int = 48_000, channels: Int = 2, bitDepth: Int = 24) {
      self.sampleRate = sampleRate
      self.channels = channels
      self.bitDepth = bitDepth
    }

    /// Bytes of one sample of all channels.
    package var blockSize: Int { channels * bitDepth / 8 }
  }

  private let muxer: MovieMuxer

  /// Starts a movie at `path`, replacing a file there.
  ///
  /// - Parameters:
  ///   - path: the unfinished file; sync and publish it after `finish()`.
  ///   - video: settings the pictures were encoded with.
  ///   - sound: nil for a silent movie.
  ///   - startTimecode: label of the first picture, `;` before the frames for drop-frame; nil for none.
  ///   - metadata: QuickTime user data by FFmpeg's names, e.g. `title`; `reel_name` goes to the timecode track.
  /// - Throws: `MediaError` with `settings`, `writing`.
  package init(
    path: String, video: EncoderSettings, sound: Sound? = nil, startTimecode: String? = nil,
    metadata: [String: String] = [:]
  ) throws {
    muxer = try MovieMuxer(
      path: path, video: video, sound: sound, startTimecode: startTimecode, metadata: metadata)
  }

  package var frameCount: Int64 { muxer.frameCount }
  package var sampleCount: Int64 { muxer.sampleCount }

  /// The samples that belong to frame `index`: from its edge to the next, so that they never drift.
  package func samples(ofFrame index: Int64) -> Range<Int64> {
    let rate = muxer.video.rate
    let sampleRate = muxer.sound?.sampleRate ?? 48_000
    return rate.sampleEdge(
      ofFrame: index, sampleRate: sampleRate)..<rate.sampleEdge(ofFrame: index + 1, sampleRate: sampleRate)
  }

  /// Adds the encoded picture of frame `index`, which must be the next.
  ///
  /// - Throws: `MediaError` with `settings` out of order, `writing`.
  package func writeVideo(_ packet: [UInt8], at index: Int64) throws {
    try muxer.writeVideo(packet, at: index)
  }

  /// Adds interleaved PCM bytes, whose first sample `sample` must be the next.
  ///
  /// - Throws: `MediaError` with `settings` out of order or not whole samples, `writing`.
  package func writeSound(_ bytes: [UInt8], at sample: Int64) throws {
    try muxer.writeSound(bytes, at: sample)
  }

  /// Writes the index and closes the file. The file is not synced.
  ///
  /// - Throws: `MediaError.writing`; the file is then deleted.
  package consuming func finish() throws {
    try muxer.finish()
  }
}

/// The muxer behind `MovieWriter`; a class so that an unfinished file is deleted whoever drops it.
@safe private final class MovieMuxer {
  let path: String
  let video: EncoderSettings
  let sound: MovieWriter.Sound?
  private(set) var frameCount: Int64 = 0
  private(set) var sampleCount: Int64 = 0
  private let raw: UnsafeMutablePointer<AVFormatContext>
  private var isFinished = false

  init(
    path: String, video: EncoderSettings, sound: MovieWriter.Sound?, startTimecode: String?,
    metadata: [String: String]
  ) throws(MediaError) {
    MediaEnvironment.start()
    LastLogLine.clear()
    self.path = path
    self.video = video
    self.sound = sound
    var context: UnsafeMutablePointer<AVFormatContext>? = nil
    try unsafe check(
      avformat_alloc_output_context2(&context, nil, "mov", nil), "make a movie", path, code: .writing,
      fault: .infrastructure)
    guard let context = unsafe context else { throw .outOfMemory("make a movie", path) }
    unsafe raw = context
    // No library version and no dates in the file.
    unsafe context.pointee.flags |= AVFMT_FLAG_BITEXACT
    try addPicture(startTimecode: startTimecode, reel: metadata["reel_name"])
    if let sound { try add(sound) }
    for (name, value) in metadata.sorted(by: { $0.key < $1.key }) where name != "reel_name" {
      unsafe av_dict_set(&context.pointee.metadata, name, value, 0)
    }
    try open()
  }

  deinit {
    if unsafe raw.pointee.pb != nil { unsafe avio_closep(&raw.pointee.pb) }
    unsafe avformat_free_context(raw)
    if !isFinished { unsafe unlink(path) }
  }

  private func newStream() throws(MediaError) -> UnsafeMutablePointer<AVStream> {
    guard let stream = unsafe avformat_new_stream(raw, nil) else { throw .outOfMemory("make a movie", path) }
    return unsafe stream
  }

  private func addPicture(startTimecode: String?, reel: String?) throws(MediaError) {
    let encoder: PictureEncoder
    do { encoder = try PictureEncoder(video) } catch {
      throw error as? MediaError ?? .outOfMemory("make a movie", path)
    }
    let stream = try unsafe newStream()
    try unsafe encoder.copyParameters(to: stream.pointee.codecpar)
    unsafe stream.pointee.time_base = video.rate.frameDuration
    unsafe stream.pointee.avg_frame_rate = video.rate.framesPerSecond
    unsafe stream.pointee.r_frame_rate = video.rate.framesPerSecond
    unsafe stream.pointee.sample_aspect_ratio = AVRational(num: 1, den: 1)
    if let startTimecode {
      // FFmpeg accepts labels that do not exist, such as frame 99 of 25.
      do { _ = try Timecode(parsing: startTimecode, rate: video.rate) } catch {
        throw refused("the start timecode \(startTimecode) is no label at \(video.rate): \(error)")
      }
      unsafe av_dict_set(&stream.pointee.metadata, "timecode", startTimecode, 0)
    }
    if let reel { unsafe av_dict_set(&stream.pointee.metadata, "reel_name", reel, 0) }
  }

  private func add(_ sound: MovieWriter.Sound) throws(MediaError) {
    guard sound.bitDepth == 16 || sound.bitDepth == 24, (1...64).contains(sound.channels),
      (8000...384_000).contains(sound.sampleRate)
    else { throw refused("\(sound.channels) channels of \(sound.bitDepth) bits at \(sound.sampleRate) Hz") }
    let stream = try unsafe newStream()
    guard let parameters = unsafe stream.pointee.codecpar else { throw .outOfMemory("make a movie", path) }
    unsafe parameters.pointee.codec_type = AVMEDIA_TYPE_AUDIO
    unsafe parameters.pointee.codec_id = sound.bitDepth == 24 ? AV_CODEC_ID_PCM_S24LE : AV_CODEC_ID_PCM_S16LE
    unsafe parameters.pointee.format = (sound.bitDepth == 24 ? AV_SAMPLE_FMT_S32 : AV_SAMPLE_FMT_S16).rawValue
    unsafe parameters.pointee.sample_rate = Int32(sound.sampleRate)
    unsafe parameters.pointee.bits_per_coded_sample = Int32(sound.bitDepth)
    unsafe parameters.pointee.bits_per_raw_sample = Int32(sound.bitDepth)
    unsafe parameters.pointee.block_align = Int32(sound.blockSize)
    unsafe parameters.pointee.bit_rate = Int64(sound.sampleRate * sound.blockSize * 8)
    unsafe av_channel_layout_default(&parameters.pointee.ch_layout, Int32(sound.channels))
    unsafe stream.pointee.time_base = AVRational(num: 1, den: Int32(sound.sampleRate))
  }

  private func open() throws(MediaError) {
    var protocols: OpaquePointer? = nil
    defer { unsafe av_dict_free(&protocols) }
    unsafe av_dict_set(&protocols, "protocol_whitelist", "file", 0)
    try unsafe check(
      avio_open2(&raw.pointee.pb, "file:" + path, AVIO_FLAG_WRITE, nil, &protocols), "create the movie", path,
      code: .writing, fault: .infrastructure)
    var options: OpaquePointer? = nil
    defer { unsafe av_dict_free(&options) }
    unsafe av_dict_set(&options, "video_track_timescale", String(videoTimescale), 0)
    unsafe av_dict_set(&options, "movie_timescale", String(movieTimescale), 0)
    unsafe av_dict_set(&options, "write_tmcd", "1", 0)
    unsafe av_dict_set(&options, "movflags", "+write_colr", 0)
    let status = unsafe avformat_write_header(raw, &options)
    try checkOutput()
    guard status >= 0 else {
      throw MediaError(status: status, "start the movie", path, code: .settings, fault: .user)
    }
  }

  /// Ticks per second in which a frame is a whole number; small ones upset some players.
  private var videoTimescale: Int {
    video.rate.numerator >= 10_000 ? video.rate.numerator : video.rate.numerator * 1000
  }

  /// Ticks per second in which frames and samples are whole numbers, so that edit lists are exact; the video's
  /// own where there is no such number of reasonable size.
  private var movieTimescale: Int {
    guard let sound else { return videoTimescale }
    var (a, b) = (videoTimescale, sound.sampleRate)
    while b != 0 { (a, b) = (b, a % b) }
    let common = videoTimescale / a * sound.sampleRate
    return common <= 10_000_000 ? common : videoTimescale
  }

  private func refused(_ reason: String) -> MediaError {
    MediaError(
      code: .settings, fault: .user, operation: "write the movie", path: path, reason: reason, log: nil)
  }

  func writeVideo(_ bytes: [UInt8], at index: Int64) throws(MediaError) {
    guard index == frameCount else { throw refused("frame \(index) follows frame \(frameCount - 1)") }
    try write(bytes, stream: 0, time: index, duration: 1, base: video.rate.frameDuration)
    frameCount += 1
  }

  func writeSound(_ bytes: [UInt8], at sample: Int64) throws(MediaError) {
    guard let sound else { throw refused("the movie has no sound track") }
    guard sample == sampleCount else { throw refused("sample \(sample) follows sample \(sampleCount - 1)") }
    guard bytes.count % sound.blockSize == 0 else {
      throw refused("\(bytes.count) bytes are not whole samples of \(sound.blockSize) bytes")
    }
    guard !bytes.isEmpty else { return }
    let count = Int64(bytes.count / sound.blockSize)
    try write(
      bytes, stream: 1, time: sample, duration: count, base: AVRational(num: 1, den: Int32(sound.sampleRate)))
    sampleCount += count
  }

  private func write(
    _ bytes: [UInt8], stream number: Int, time: Int64, duration: Int64, base: AVRational
  ) throws(MediaError) {
    LastLogLine.clear()
    let packet = try Packet.copying(bytes)
    unsafe packet.raw.pointee.pts = time
    unsafe packet.raw.pointee.dts = time
    unsafe packet.raw.pointee.duration = duration
    unsafe packet.raw.pointee.stream_index = Int32(number)
    guard let stream = unsafe raw.pointee.streams[number] else {
      throw refused("the movie has no such track")
    }
    unsafe av_packet_rescale_ts(packet.raw, base, stream.pointee.time_base)
    try unsafe check(
      av_write_frame(raw, packet.raw), "write the movie", path, code: .writing, fault: .infrastructure)
    try checkOutput()
  }

  /// Writes are buffered; the I/O layer remembers a failure.
  private func checkOutput() throws(MediaError) {
    guard let output = unsafe raw.pointee.pb else { return }
    try unsafe check(output.pointee.error, "write the movie", path, code: .writing, fault: .infrastructure)
  }

  func finish() throws(MediaError) {
    LastLogLine.clear()
    guard frameCount > 0 else { throw refused("no picture was written") }
    try unsafe check(av_write_trailer(raw), "finish the movie", path, code: .writing, fault: .infrastructure)
    unsafe avio_flush(raw.pointee.pb)
    try checkOutput()
    try unsafe check(
      avio_closep(&raw.pointee.pb), "close the movie", path, code: .writing, fault: .infrastructure)
    isFinished = true
  }
}
