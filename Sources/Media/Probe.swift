import CFFmpeg
import MediaTime

/// Reads what a media file is, without decoding its pictures.
///
/// Reads the packets of long-GOP files once; a MOV of intra-frame pictures answers from its index.
///
/// - Throws: `MediaError` with `notFound`, `unreadable`, `notMedia`, `unsupported`, `truncated`, `damaged`.
package func probe(path: String) throws -> ProbedMedia {
  let container = try InputContainer(path)
  return try Probe(container).probed()
}

/// The parts of a probe of one open container.
struct Probe {
  let container: InputContainer
  private let wave: BroadcastWave?
  private let reader: PictureReader?

  init(_ container: InputContainer) throws {
    self.container = container
    wave = container.formatName == "wav" ? try BroadcastWave(path: container.path) : nil
    if let wave, !wave.isComplete {
      throw MediaError(
        code: .truncated, fault: .media, operation: "read the sound", path: container.path,
        reason: "the file ends after \(wave.sampleCount) samples, before its header says",
        remedy: "The file is not complete: copy it again from its source.")
    }
    reader = try container.firstPictureStream.map {
      try PictureReader(container: container, stream: $0, threads: 1)
    }
  }

  func probed() throws -> ProbedMedia {
    let sound = try container.firstSoundStream.map { try self.sound($0) }
    let video = reader.map { self.video($0) }
    let timecode = timecodeStream()
    var tags = container.metadata
    if let stream = reader?.stream {
      tags.merge(container.metadata(ofStream: stream)) { file, _ in file }
      let rotation = unsafe ffs_rotation(container.stream(stream))
      tags["rotation"] = rotation == 0 ? nil : "\(rotation)"
    }
    let label = tags["timecode"] ?? timecode.flatMap { container.metadata(ofStream: $0)["timecode"] }
    let rate =
      timecode.flatMap { FrameRate(unsafe container.stream($0).pointee.avg_frame_rate) } ?? video?.rate
    return ProbedMedia(
      fileName: container.path.split(separator: "/").last.map(String.init) ?? container.path,
      container: container.formatName, byteCount: container.byteCount, video: video, sound: sound,
      timecodeStart: label, timecodeRate: label == nil ? nil : rate, reel: reel(timecode, tags), tags: tags,
      indexBytes: indexBytes(sound))
  }

  /// The data track of a MOV that counts timecode.
  private func timecodeStream() -> Int? {
    (0..<container.streamCount).first {
      container.mediaType($0) == AVMEDIA_TYPE_DATA && codecTag($0) == "tmcd"
    }
  }

  private func reel(_ timecode: Int?, _ tags: [String: String]) -> String? {
    let track = timecode.map { container.metadata(ofStream: $0) } ?? [:]
    let names = [
      track["reel_name"], tags["reel_name"], tags["com.apple.proapps.reel"],
      tags["com.apple.quicktime.reel"], tags["reel"],
    ]
    return names.lazy.compactMap { $0?.trimmed }.first { !$0.isEmpty }
  }

  private func codecTag(_ stream: Int) -> String {
    let tag = unsafe container.parameters(stream).pointee.codec_tag
    let bytes = (0..<4).map { UInt8(truncatingIfNeeded: tag >> (8 * $0)) }
    guard bytes.allSatisfy({ (0x20...0x7e).contains($0) }) else { return "" }
    return String(decoding: bytes, as: UTF8.self)
  }

  // MARK: Picture

  private func video(_ reader: PictureReader) -> ProbedMedia.Video {
    let parameters = unsafe container.parameters(reader.stream)
    let rate = PictureRate(
      reader.index, container: container, stream: reader.stream, count: reader.frameCount)
    let format = unsafe AVPixelFormat(parameters.pointee.format)
    let depth = unsafe av_pix_fmt_desc_get(format).map { unsafe Int($0.pointee.comp.0.depth) } ?? 0
    return unsafe ProbedMedia.Video(
      stream: reader.stream, codec: String(cString: avcodec_get_name(parameters.pointee.codec_id)),
      profile: avcodec_profile_name(parameters.pointee.codec_id, parameters.pointee.profile)
        .map { unsafe String(cString: $0) },
      width: Int(parameters.pointee.width), height: Int(parameters.pointee.height),
      pixelFormat: PictureFormat.name(format), bitDepth: depth, sampleAspect: sampleAspect(reader.stream),
      rate: rate.rate, frameCount: reader.frameCount, isVariableRate: rate.isVariable,
      isIntraOnly: reader.index.isIntraOnly, range: ColourNames.range(parameters.pointee.color_range),
      primaries: ColourNames.primaries(parameters.pointee.color_primaries),
      transfer: ColourNames.transfer(parameters.pointee.color_trc),
      matrix: ColourNames.matrix(parameters.pointee.color_space),
      fieldOrder: Self.fieldOrder(parameters.pointee.field_order),
      chromaLocation: ColourNames.chromaLocation(parameters.pointee.chroma_location),
      codecTag: codecTag(reader.stream))
  }

  private func sampleAspect(_ stream: Int) -> Rational {
    let own = unsafe container.stream(stream).pointee.sample_aspect_ratio
    let coded = unsafe container.parameters(stream).pointee.sample_aspect_ratio
    let value = own.num > 0 ? own : coded
    guard value.num > 0, value.den > 0 else { return Rational(1, 1) }
    return Rational(Int64(value.num), Int64(value.den))
  }

  private static func fieldOrder(_ order: AVFieldOrder) -> String {
    switch order {
    case AV_FIELD_PROGRESSIVE: "progressive"
    case AV_FIELD_TT: "tt"
    case AV_FIELD_BB: "bb"
    case AV_FIELD_TB: "tb"
    case AV_FIELD_BT: "bt"
    default: "unknown"
    }
  }

  // MARK: Sound

  private func sound(_ stream: Int) throws(MediaError) -> ProbedMedia.Sound {
    let parameters = unsafe container.parameters(stream)
    let sampleRate = unsafe Int(parameters.pointee.sample_rate)
    let rawDepth = unsafe Int(parameters.pointee.bits_per_raw_sample)
    let codedDepth = unsafe Int(parameters.pointee.bits_per_coded_sample)
    let isPCM = unsafe ffs_codec_is_pcm(parameters.pointee.codec_id) != 0
    let reference = wave?.originatorReference.flatMap { $0.isEmpty ? nil : $0 }
    return unsafe ProbedMedia.Sound(
      stream: stream, codec: String(cString: avcodec_get_name(parameters.pointee.codec_id)),
      sampleRate: sampleRate, channels: Int(parameters.pointee.ch_layout.nb_channels),
      sampleCount: try sampleCount(stream, sampleRate: sampleRate, isPCM: isPCM),
      bitDepth: rawDepth > 0 ? rawDepth : isPCM ? codedDepth : 0, timeReference: wave?.timeReference,
      tape: wave?.tape ?? reference, scene: wave?.scene, take: wave?.take, timecodeRate: wave?.timecodeRate,
      codecTag: codecTag(stream))
  }

  private func sampleCount(_ stream: Int, sampleRate: Int, isPCM: Bool) throws(MediaError) -> Int64 {
    if let wave, isPCM { return wave.sampleCount }
    guard sampleRate > 0 else { return 0 }
    let samples = AVRational(num: 1, den: Int32(sampleRate))
    let base = container.timeBase(stream)
    // The reader already knows where the pictures start.
    let origin: Int64
    if let reader, reader.index.hasReliableTimes, reader.frameCount > 0 {
      origin = av_rescale_q_rnd(
        reader.index.time(of: 0), container.timeBase(reader.stream), samples, AV_ROUND_NEAR_INF)
    } else {
      origin = try soundOrigin(container, stream: stream, sampleRate: sampleRate)
    }
    let declared = unsafe container.stream(stream).pointee.duration
    let start = unsafe container.stream(stream).pointee.start_time
    let isCounted = isPCM || container.formatName == "flac"
    if isCounted, declared != ffs_no_timestamp(), declared > 0 {
      let end = declared + (start == ffs_no_timestamp() ? 0 : start)
      return max(0, av_rescale_q_rnd(end, base, samples, AV_ROUND_NEAR_INF) - origin)
    }
    return max(0, try endOfPackets(stream, base, samples) - origin)
  }

  private func endOfPackets(
    _ stream: Int, _ base: AVRational, _ samples: AVRational
  ) throws(MediaError) -> Int64 {
    let again = try InputContainer(container.path)
    again.select([stream])
    let packet = try Packet()
    var end: Int64 = 0
    while try again.readPacket(into: packet) {
      guard let time = packet.presentationTime ?? packet.decodeTime else { continue }
      end = max(end, time + (unsafe max(0, packet.raw.pointee.duration)))
    }
    return av_rescale_q_rnd(end, base, samples, AV_ROUND_NEAR_INF)
  }

  // MARK: Identity

  private func indexBytes(_ sound: ProbedMedia.Sound?) -> [UInt8] {
    var bytes: [UInt8] = Array("interlock.index.1".utf8)
    func append(_ value: Int64) { bytes.append(little: UInt64(bitPattern: value), width: 8) }
    append(container.byteCount)
    if let reader {
      append(Int64(reader.stream))
      append(Int64(reader.index.entries.count))
      for entry in reader.index.entries {
        append(entry.position)
        append(Int64(entry.size))
        append(entry.time)
        append(entry.isDiscarded ? 1 : 0)
      }
    }
    if let sound {
      append(Int64(sound.stream))
      append(Int64(sound.sampleRate))
      append(Int64(sound.channels))
      append(sound.sampleCount)
      append(wave?.dataOffset ?? 0)
      append(sound.timeReference ?? -1)
    }
    return bytes
  }
}

/// The frame rate of a stream, told from the times of its pictures rather than from its header.
struct PictureRate {
  let rate: FrameRate
  let isVariable: Bool

  init(_ index: PacketIndex, container: InputContainer, stream: Int, count: Int64) {
    let declared = FrameRate(unsafe container.stream(stream).pointee.r_frame_rate)
    let average = FrameRate(unsafe container.stream(stream).pointee.avg_frame_rate)
    let base = container.timeBase(stream)
    let times = (0..<index.frameCount).map { index.time(of: $0) }
    guard index.hasReliableTimes, times.count > 1 else {
      rate = declared ?? average ?? FrameRate(25)
      isVariable = false
      return
    }
    var candidates = [declared, average].compactMap { $0 }
    candidates += FrameRate.allStandard
    if let fitting = candidates.first(where: { Self.fits($0, times, base) }) {
      rate = fitting
      isVariable = false
      return
    }
    isVariable = true
    // A header rate of hundreds only says how fine the clock is.
    if let declared, declared.numerator <= 120 * declared.denominator {
      rate = declared
    } else {
      rate = average ?? declared ?? FrameRate(25)
    }
  }

  /// Whether every picture lies within one tick of the stream's clock of its place at `rate`.
  private static func fits(_ rate: FrameRate, _ times: [Int64], _ base: AVRational) -> Bool {
    for (number, time) in times.enumerated() {
      let place = av_rescale_q_rnd(Int64(number), rate.frameDuration, base, AV_ROUND_NEAR_INF)
      if abs(time - times[0] - place) > 1 { return false }
    }
    return true
  }
}
