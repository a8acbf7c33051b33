import CFFmpeg
import MediaTime

/// Sample-exact access to the sound of one stream as planar doubles of nominal −1…1.
///
/// Sample 0 is the moment of the first shown picture; in a file without picture, the first sample. Positions
/// and counts are at the reader's `sampleRate`; outside the file there is silence. PCM is addressed directly;
/// other codecs are decoded from their start, so that what is read never depends on the order of reading.
@safe package final class SoundReader {
  package let path: String
  package let stream: Int
  package let channels: Int
  /// Rate of what is read.
  package let sampleRate: Int
  /// Rate of the file.
  package let fileSampleRate: Int

  private let source: SoundSource
  private var resampled: ResampledSecond?

  private struct ResampledSecond {
    var number: Int64
    var planes: [[Double]]
  }

  /// - Parameters:
  ///   - stream: number of a sound stream; nil takes the first.
  ///   - sampleRate: rate to read at; a file of another rate is resampled.
  /// - Throws: `MediaError` with `notFound`, `unreadable`, `notMedia`, `noStream`, `unsupported`, `truncated`.
  package convenience init(path: String, stream: Int? = nil, sampleRate: Int = 48_000) throws {
    try self.init(container: InputContainer(path), stream: stream, sampleRate: sampleRate)
  }

  init(container: InputContainer, stream wanted: Int?, sampleRate: Int) throws(MediaError) {
    path = container.path
    stream = try container.soundStream(wanted)
    source = try SoundSource(container, stream: stream)
    channels = source.channels
    fileSampleRate = source.sampleRate
    self.sampleRate = sampleRate
  }

  /// Reads `count` samples of every channel from `sample` on, `[channel][sample]`.
  ///
  /// - Parameter sample: position at `sampleRate`; may be negative or beyond the end.
  /// - Throws: `MediaError` with `damaged`, `unreadable`.
  package func read(from sample: Int64, count: Int) throws -> [[Double]] {
    guard sampleRate != fileSampleRate else { return try source.read(from: sample, count: count) }
    var planes = [[Double]](repeating: [], count: channels)
    var position = sample
    let end = sample + Int64(count)
    while position < end {
      let rate = Int64(sampleRate)
      let number = position >= 0 ? position / rate : -((-position + rate - 1) / rate)
      let second = try resampledSecond(number)
      let first = Int(position - number * rate)
      let last = min(sampleRate, first + Int(end - position))
      for channel in planes.indices { planes[channel] += second[channel][first..<last] }
      position += Int64(last - first)
    }
    return planes
  }

  /// One second of output. Whole seconds start on whole samples at both rates, so each is made from the same
  /// input whatever is read before.
  private func resampledSecond(_ number: Int64) throws(MediaError) -> [[Double]] {
    if let resampled, resampled.number == number { return resampled.planes }
    let planes = try Resampler(from: fileSampleRate, to: sampleRate, path: path)
      .second(number) { (first, count) throws(MediaError) in try source.read(from: first, count: count) }
    resampled = ResampledSecond(number: number, planes: planes)
    return planes
  }
}

/// Decodes a sound stream at its own rate, position by position.
@safe private final class SoundSource {
  let channels: Int
  let sampleRate: Int
  private let stream: Int
  private let path: String
  private var container: InputContainer
  private var decoder: StreamDecoder
  private let packet: Packet
  private let frame: Frame
  private let timeBase: AVRational
  /// The stream's time of sample 0, in samples.
  private let origin: Int64
  /// Every packet can be decoded alone and its time is exact.
  private let isAddressable: Bool
  /// Samples decoded last, and the position of the first.
  private var block: [[Double]]
  private var blockStart: Int64 = 0
  /// Position expected of the next decoded block; nil when unknown.
  private var next: Int64?
  private var isAtEnd = false

  init(_ container: InputContainer, stream: Int) throws(MediaError) {
    let parameters = unsafe container.parameters(stream)
    channels = unsafe Int(parameters.pointee.ch_layout.nb_channels)
    sampleRate = unsafe Int(parameters.pointee.sample_rate)
    timeBase = container.timeBase(stream)
    path = container.path
    guard channels > 0, channels <= 128, sampleRate > 0 else {
      throw MediaError(
        code: .damaged, fault: .media, operation: "read the sound", path: container.path,
        reason: "\(channels) channels at \(sampleRate) Hz")
    }
    let isExact = timeBase.num == 1 && Int(timeBase.den) % sampleRate == 0
    isAddressable = unsafe isExact && ffs_codec_is_pcm(parameters.pointee.codec_id) != 0
    origin = try soundOrigin(container, stream: stream, sampleRate: sampleRate)
    self.stream = stream
    self.container = container
    container.select([stream])
    decoder = try unsafe StreamDecoder(parameters, timeBase: timeBase, threads: 1, path: container.path)
    packet = try Packet()
    frame = try Frame()
    block = [[Double]](repeating: [], count: channels)
    try restart()
  }

  func read(from sample: Int64, count: Int) throws(MediaError) -> [[Double]] {
    var planes = [[Double]](repeating: [Double](repeating: 0, count: max(0, count)), count: channels)
    let end = sample + Int64(max(0, count))
    try goTo(sample)
    while true {
      let blockEnd = blockStart + Int64(block[0].count)
      let first = max(sample, blockStart)
      let last = min(end, blockEnd)
      if first < last {
        for channel in 0..<channels {
          planes[channel].replaceSubrange(
            Int(first - sample)..<Int(last - sample),
            with: block[channel][Int(first - blockStart)..<Int(last - blockStart)])
        }
      }
      if blockEnd >= end || isAtEnd { return planes }
      try decodeBlock()
    }
  }

  /// Makes sure that what is decoded next is not past `sample`.
  private func goTo(_ sample: Int64) throws(MediaError) {
    let blockEnd = blockStart + Int64(block[0].count)
    let isBehind = sample < blockStart
    if isAddressable, isBehind || sample > blockEnd + Int64(sampleRate) {
      try seek(to: max(0, sample))
    } else if isBehind {
      try restart()
    }
  }

  private func seek(to sample: Int64) throws(MediaError) {
    let time = (sample + origin) * Int64(timeBase.den) / Int64(sampleRate)
    forget()
    if container.seek(stream: stream, to: time) {
      // A demuxer may land on any packet at or before; never accept one after.
      try decodeBlock()
      if blockStart <= sample || isAtEnd { return }
    }
    try restart()
  }

  /// Begins anew, with a new decoder: some keep the state of their noise generators over a flush.
  private func restart() throws(MediaError) {
    container = try InputContainer(path)
    container.select([stream])
    decoder = try unsafe StreamDecoder(
      container.parameters(stream), timeBase: timeBase, threads: 1, path: path)
    forget()
    blockStart = .min / 2
  }

  private func forget() {
    decoder.flush()
    next = nil
    isAtEnd = false
    for channel in 0..<channels { block[channel] = [] }
  }

  private func decodeBlock() throws(MediaError) {
    LastLogLine.clear()
    guard try decodeNext(container, decoder, packet, frame) else {
      isAtEnd = true
      return
    }
    let position = position()
    try unpack()
    blockStart = position
    next = position + Int64(block[0].count)
  }

  /// Where the decoded samples lie: by their time where that is exact, else right after those before.
  private func position() -> Int64 {
    guard let time = frame.presentationTime else { return next ?? 0 }
    let told =
      av_rescale_q_rnd(time, timeBase, AVRational(num: 1, den: Int32(sampleRate)), AV_ROUND_NEAR_INF) - origin
    guard let next, !isAddressable else { return told }
    // Coarse clocks jitter; a step of more than 50 ms is a real gap.
    return abs(told - next) > Int64(sampleRate / 20) ? max(told, next) : next
  }

  private func unpack() throws(MediaError) {
    let count = frame.sampleCount
    let format = unsafe AVSampleFormat(frame.raw.pointee.format)
    let layoutChannels = unsafe Int(frame.raw.pointee.ch_layout.nb_channels)
    guard layoutChannels == channels, unsafe frame.raw.pointee.sample_rate == Int32(sampleRate) else {
      throw MediaError(
        code: .unsupported, fault: .media, operation: "decode the sound", path: path,
        reason: "channels or sample rate change within the stream")
    }
    let isPlanar = av_sample_fmt_is_planar(format) != 0
    let packed = av_get_packed_sample_fmt(format)
    for channel in 0..<channels {
      guard let base = unsafe frame.raw.pointee.extended_data[isPlanar ? channel : 0] else { continue }
      let raw = UnsafeRawPointer(base)
      let first = isPlanar ? 0 : channel
      let step = isPlanar ? 1 : channels
      block[channel] = (0..<count).map { unsafe Self.sample(raw, at: first + $0 * step, format: packed) }
    }
  }

  /// One sample as a double; exact for every integer format up to 32 bits.
  private static func sample(_ base: UnsafeRawPointer, at index: Int, format: AVSampleFormat) -> Double {
    switch format {
    case AV_SAMPLE_FMT_U8: (unsafe Double(base.load(fromByteOffset: index, as: UInt8.self)) - 128) / 128
    case AV_SAMPLE_FMT_S16: unsafe Double(base.load(fromByteOffset: index * 2, as: Int16.self)) / 32_768
    case AV_SAMPLE_FMT_S32:
      unsafe Double(base.load(fromByteOffset: index * 4, as: Int32.self)) / 2_147_483_648
    case AV_SAMPLE_FMT_S64:
      unsafe Double(base.load(fromByteOffset: index * 8, as: Int64.self)) / 9_223_372_036_854_775_808
    case AV_SAMPLE_FMT_FLT: unsafe Double(base.load(fromByteOffset: index * 4, as: Float.self))
    case AV_SAMPLE_FMT_DBL: unsafe base.load(fromByteOffset: index * 8, as: Double.self)
    default: 0
    }
  }
}

/// The time of sample 0 of a sound stream, in its samples: that of the first shown picture, else its own start.
func soundOrigin(_ container: InputContainer, stream: Int, sampleRate: Int) throws(MediaError) -> Int64 {
  let samples = AVRational(num: 1, den: Int32(sampleRate))
  if let picture = container.firstPictureStream {
    let index = try PacketIndex(container, stream: picture)
    guard index.hasReliableTimes, index.frameCount > 0 else { return 0 }
    return av_rescale_q_rnd(index.time(of: 0), container.timeBase(picture), samples, AV_ROUND_NEAR_INF)
  }
  let start = unsafe container.stream(stream).pointee.start_time
  guard start != ffs_no_timestamp() else { return 0 }
  return av_rescale_q_rnd(start, container.timeBase(stream), samples, AV_ROUND_NEAR_INF)
}
