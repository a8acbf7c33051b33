import CFFmpeg
import Glibc
import MediaTime

/// Writes a QuickTime or MP4 movie from encoded pictures, sound and a start timecode; the same input gives the
/// same bytes.
///
/// Pictures and sound are stored in the order in which they are handed in: write each picture and then the
/// sound of its frame, and players find them side by side. A writer that is dropped before `finish()` deletes
/// its file.
package struct MovieWriter: ~Copyable {
  /// The kind of file.
  package enum Container: String, Sendable, Codable {
    case mov
    /// With its index in front, so that it plays while it is loaded.
    case mp4
  }

  /// A place in the programme that players offer to go to.
  package struct Chapter: Hashable, Sendable, Codable {
    /// Frames from the first picture.
    package var start: Int64
    package var end: Int64
    package var title: String

    package init(start: Int64, end: Int64, title: String) {
      self.start = start
      self.end = end
      self.title = title
    }
  }

  private let muxer: MovieMuxer

  /// Starts a movie at `path`, replacing a file there.
  ///
  /// - Parameters:
  ///   - path: the unfinished file; sync and publish it after `finish()`.
  ///   - video: settings the pictures were encoded with.
  ///   - sounds: the sound tracks in their order; players take the first. All of one sample rate.
  ///   - startTimecode: label of the first picture, `;` before the frames for drop-frame; nil for none.
  ///   - chapters: in order, without overlap.
  ///   - metadata: QuickTime user data by FFmpeg's names, e.g. `title`; `reel_name` goes to the timecode track.
  /// - Throws: `MediaError` with `settings`, `writing`.
  package init(
    path: String, container: Container = .mov, video: EncoderSettings, sounds: [SoundFormat] = [],
    startTimecode: String? = nil, chapters: [Chapter] = [], metadata: [String: String] = [:]
  ) throws {
    muxer = try MovieMuxer(
      path: path, container: container, video: video, sounds: sounds, startTimecode: startTimecode,
      chapters: chapters, metadata: metadata)
  }

  package var frameCount: Int64 { muxer.frameCount }

  /// The samples that belong to frame `index`: from its edge to the next, so that they never drift.
  package func samples(ofFrame index: Int64) -> Range<Int64> {
    let rate = muxer.video.rate
    let sampleRate = muxer.sampleRate
    return rate.sampleEdge(
      ofFrame: index, sampleRate: sampleRate)..<rate.sampleEdge(ofFrame: index + 1, sampleRate: sampleRate)
  }

  /// Adds the encoded picture of frame `index`, which must be the next.
  ///
  /// - Parameter isKey: whether it refers to no other picture.
  /// - Throws: `MediaError` with `settings` out of order, `writing`.
  package func writeVideo(_ packet: [UInt8], at index: Int64, isKey: Bool = true) throws {
    try muxer.writeVideo(packet, at: index, isKey: isKey)
  }

  /// Adds the sound that follows in a track: interleaved bytes, PCM as it is stored, 24 bits where it is encoded.
  ///
  /// - Returns: what came into the file now, which for PCM is what was handed in.
  /// - Throws: `MediaError` with `settings` for bytes that are not whole samples, `encoding`, `writing`.
  package func writeSound(_ bytes: [UInt8], track: Int = 0) throws -> [[UInt8]] {
    try muxer.writeSound(bytes, track: track)
  }

  /// Completes the sound of a track.
  ///
  /// - Returns: what came into the file with this.
  package func endSound(track: Int) throws -> [[UInt8]] { try muxer.endSound(track: track) }

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
  private let container: MovieWriter.Container
  private var sounds: [SoundTrack] = []
  private(set) var frameCount: Int64 = 0
  private let raw: UnsafeMutablePointer<AVFormatContext>
  private var isFinished = false

  private struct SoundTrack {
    var format: SoundFormat
    /// Nil for PCM.
    var encoder: SoundEncoder?
    var stream: Int
    var sampleCount: Int64 = 0
  }

  init(
    path: String, container: MovieWriter.Container, video: EncoderSettings, sounds: [SoundFormat],
    startTimecode: String?, chapters: [MovieWriter.Chapter], metadata: [String: String]
  ) throws {
    MediaEnvironment.start()
    LastLogLine.clear()
    self.path = path
    self.video = video
    self.container = container
    var context: UnsafeMutablePointer<AVFormatContext>? = nil
    try unsafe check(
      avformat_alloc_output_context2(&context, nil, container.rawValue, "file:" + path), "make a movie", path,
      code: .writing, fault: .infrastructure)
    guard let context = unsafe context else { throw MediaError.outOfMemory("make a movie", path) }
    unsafe raw = context
    // No library version and no dates in the file.
    unsafe context.pointee.flags |= AVFMT_FLAG_BITEXACT
    try addPicture(startTimecode: startTimecode, reel: metadata["reel_name"])
    guard Set(sounds.map(\.sampleRate)).count <= 1 else { throw refused("sound tracks of several rates") }
    for sound in sounds { try add(sound) }
    try add(chapters)
    for (name, value) in metadata.sorted(by: { $0.key < $1.key }) where name != "reel_name" {
      unsafe av_dict_set(&context.pointee.metadata, name, value, 0)
    }
    try open()
  }

  var sampleRate: Int { sounds.first?.format.sampleRate ?? 48_000 }

  deinit {
    if unsafe raw.pointee.pb != nil { unsafe avio_closep(&raw.pointee.pb) }
    unsafe avformat_free_context(raw)
    if !isFinished { unsafe unlink(path) }
  }

  private func newStream() throws(MediaError) -> UnsafeMutablePointer<AVStream> {
    guard let stream = unsafe avformat_new_stream(raw, nil) else { throw .outOfMemory("make a movie", path) }
    return unsafe stream
  }

  private func addPicture(startTimecode: String?, reel: String?) throws {
    let stream = try unsafe newStream()
    guard let parameters = unsafe stream.pointee.codecpar else {
      throw MediaError.outOfMemory("make a movie", path)
    }
    if video.makesGroups {
      try unsafe SequenceEncoder(video).copyParameters(to: parameters)
    } else {
      try unsafe PictureEncoder(video).copyParameters(to: parameters)
    }
    // The name that says that no picture brings parameter sets of its own; some players take no other.
    if video.codec == "libx265" { unsafe parameters.pointee.codec_tag = ffs_tag_hvc1() }
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
    if let mastering = video.mastering {
      precondition(mastering.count == 12, "a mastering display has twelve numbers")
      try unsafe check(
        ffs_set_mastering_display(stream, mastering), "make a movie", path, code: .outOfMemory,
        fault: .infrastructure)
    }
  }

  private func add(_ sound: SoundFormat) throws {
    let stream = try unsafe newStream()
    guard let parameters = unsafe stream.pointee.codecpar else {
      throw MediaError.outOfMemory("make a movie", path)
    }
    var encoder: SoundEncoder?
    switch sound.codec {
    case .pcm(let bitDepth): try unsafe sound.describePCM(bitDepth: bitDepth, to: parameters, path: path)
    case .aac:
      let opened = try SoundEncoder(sound)
      try unsafe opened.copyParameters(to: parameters)
      encoder = opened
    }
    unsafe stream.pointee.time_base = AVRational(num: 1, den: Int32(sound.sampleRate))
    if let title = sound.title {
      // Players show one or the other.
      unsafe av_dict_set(&stream.pointee.metadata, "title", title, 0)
      unsafe av_dict_set(&stream.pointee.metadata, "handler_name", title, 0)
    }
    if sounds.isEmpty { unsafe stream.pointee.disposition = AV_DISPOSITION_DEFAULT }
    sounds.append(SoundTrack(format: sound, encoder: encoder, stream: unsafe Int(stream.pointee.index)))
  }

  /// Chapters are the context's: it frees them.
  private func add(_ chapters: [MovieWriter.Chapter]) throws(MediaError) {
    for (number, chapter) in chapters.enumerated() {
      guard let memory = unsafe av_mallocz(MemoryLayout<AVChapter>.size) else {
        throw .outOfMemory("make a movie", path)
      }
      let raw = unsafe memory.assumingMemoryBound(to: AVChapter.self)
      unsafe raw.pointee.id = Int64(number)
      unsafe raw.pointee.time_base = video.rate.frameDuration
      unsafe raw.pointee.start = chapter.start
      unsafe raw.pointee.end = chapter.end
      unsafe av_dict_set(&raw.pointee.metadata, "title", chapter.title, 0)
      unsafe ffs_add_chapter(self.raw, raw)
    }
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
    unsafe av_dict_set(&options, "movflags", container == .mp4 ? "+write_colr+faststart" : "+write_colr", 0)
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
    guard !sounds.isEmpty else { return videoTimescale }
    var (a, b) = (videoTimescale, sampleRate)
    while b != 0 { (a, b) = (b, a % b) }
    let common = videoTimescale / a * sampleRate
    return common <= 10_000_000 ? common : videoTimescale
  }

  private func refused(_ reason: String) -> MediaError {
    MediaError(
      code: .settings, fault: .user, operation: "write the movie", path: path, reason: reason, log: nil)
  }

  func writeVideo(_ bytes: [UInt8], at index: Int64, isKey: Bool) throws(MediaError) {
    guard index == frameCount else { throw refused("frame \(index) follows frame \(frameCount - 1)") }
    try write(bytes, stream: 0, time: index, duration: 1, base: video.rate.frameDuration, isKey: isKey)
    frameCount += 1
  }

  func writeSound(_ bytes: [UInt8], track: Int) throws -> [[UInt8]] {
    guard sounds.indices.contains(track) else { throw refused("the movie has no sound track \(track)") }
    let sound = sounds[track]
    if let encoder = sound.encoder { return try write(try encoder.encode(bytes), of: sound) }
    let blockSize = sound.format.blockSize
    guard bytes.count % blockSize == 0 else {
      throw refused("\(bytes.count) bytes are not whole samples of \(blockSize) bytes")
    }
    guard !bytes.isEmpty else { return [] }
    let count = Int64(bytes.count / blockSize)
    try write(
      bytes, stream: sound.stream, time: sound.sampleCount, duration: count,
      base: AVRational(num: 1, den: Int32(sound.format.sampleRate)))
    sounds[track].sampleCount += count
    return [bytes]
  }

  func endSound(track: Int) throws -> [[UInt8]] {
    guard sounds.indices.contains(track) else { throw refused("the movie has no sound track \(track)") }
    guard let encoder = sounds[track].encoder else { return [] }
    return try write(try encoder.finish(), of: sounds[track])
  }

  private func write(_ packets: [SoundEncoder.Packet], of sound: SoundTrack) throws -> [[UInt8]] {
    for packet in packets {
      try write(
        packet.bytes, stream: sound.stream, time: packet.time, duration: packet.duration,
        base: AVRational(num: 1, den: Int32(sound.format.sampleRate)))
    }
    return packets.map(\.bytes)
  }

  private func write(
    _ bytes: [UInt8], stream number: Int, time: Int64, duration: Int64, base: AVRational, isKey: Bool = true
  ) throws(MediaError) {
    LastLogLine.clear()
    guard bytes.count < Int(Int32.max) else { throw .outOfMemory("write a picture", path) }
    let packet = try Packet()
    unsafe packet.raw.pointee.flags = isKey ? AV_PKT_FLAG_KEY : 0
    unsafe packet.raw.pointee.pts = time
    unsafe packet.raw.pointee.dts = time
    unsafe packet.raw.pointee.duration = duration
    unsafe packet.raw.pointee.stream_index = Int32(number)
    guard let stream = unsafe raw.pointee.streams[number] else {
      throw refused("the movie has no such track")
    }
    unsafe av_packet_rescale_ts(packet.raw, base, stream.pointee.time_base)
    let status = unsafe bytes.withUnsafeBytes { buffer in
      // A muxer leaves a packet that has no owner as it is: pictures have megabytes, and are not copied for it.
      unsafe packet.raw.pointee.data = UnsafeMutablePointer(
        mutating: buffer.bindMemory(to: UInt8.self).baseAddress)
      unsafe packet.raw.pointee.size = Int32(buffer.count)
      defer {
        unsafe packet.raw.pointee.data = nil
        unsafe packet.raw.pointee.size = 0
      }
      return unsafe av_write_frame(raw, packet.raw)
    }
    try check(status, "write the movie", path, code: .writing, fault: .infrastructure)
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
