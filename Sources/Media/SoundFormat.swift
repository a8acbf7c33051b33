import CFFmpeg

/// How one sound track of a movie is coded and which loudspeakers its channels are for.
package struct SoundFormat: Hashable, Sendable, Codable {
  package enum Codec: Hashable, Sendable, Codable {
    /// Interleaved signed little-endian PCM of 16 or 24 bits.
    case pcm(bitDepth: Int)
    /// AAC-LC at a constant rate in bits per second.
    case aac(bitRate: Int)
  }

  package var codec: Codec
  package var sampleRate: Int
  /// FFmpeg's name of the loudspeakers, in whose order the channels come: `stereo` is L R, `5.1` L R C LFE Ls Rs.
  package var layout: String
  /// What players call the track.
  package var title: String?

  package init(
    codec: Codec = .pcm(bitDepth: 24), sampleRate: Int = 48_000, layout: String = "stereo",
    title: String? = nil
  ) {
    self.codec = codec
    self.sampleRate = sampleRate
    self.layout = layout
    self.title = title
  }

  /// 0 for a layout that FFmpeg does not know.
  package var channels: Int {
    var raw = unsafe AVChannelLayout()
    defer { unsafe av_channel_layout_uninit(&raw) }
    guard unsafe av_channel_layout_from_string(&raw, layout) == 0 else { return 0 }
    return unsafe Int(raw.nb_channels)
  }

  /// Bytes of one sample of all channels, as they are handed in: what AAC encodes has 24 bits.
  package var blockSize: Int {
    if case .pcm(let depth) = codec { channels * depth / 8 } else { channels * 3 }
  }

  /// Sets a layout to this one.
  func write(to raw: UnsafeMutablePointer<AVChannelLayout>, path: String) throws(MediaError) {
    try unsafe check(
      av_channel_layout_from_string(raw, layout), "use the layout \(layout)", path, code: .settings,
      fault: .user)
  }

  /// The parameters of a stream of PCM.
  func describePCM(
    bitDepth: Int, to parameters: UnsafeMutablePointer<AVCodecParameters>, path: String
  ) throws(MediaError) {
    guard bitDepth == 16 || bitDepth == 24, (1...64).contains(channels), (8000...384_000).contains(sampleRate)
    else {
      throw MediaError(
        code: .settings, fault: .user, operation: "write the movie", path: path,
        reason: "\(layout) of \(bitDepth) bits at \(sampleRate) Hz")
    }
    unsafe parameters.pointee.codec_type = AVMEDIA_TYPE_AUDIO
    unsafe parameters.pointee.codec_id = bitDepth == 24 ? AV_CODEC_ID_PCM_S24LE : AV_CODEC_ID_PCM_S16LE
    unsafe parameters.pointee.format = (bitDepth == 24 ? AV_SAMPLE_FMT_S32 : AV_SAMPLE_FMT_S16).rawValue
    unsafe parameters.pointee.sample_rate = Int32(sampleRate)
    unsafe parameters.pointee.bits_per_coded_sample = Int32(bitDepth)
    unsafe parameters.pointee.bits_per_raw_sample = Int32(bitDepth)
    unsafe parameters.pointee.block_align = Int32(blockSize)
    unsafe parameters.pointee.bit_rate = Int64(sampleRate * blockSize * 8)
    try unsafe write(to: &parameters.pointee.ch_layout, path: path)
  }
}
