import CFFmpeg
import MediaTime

/// Encodes consecutive pictures that lean on those before them: one closed group, an IDR picture first.
///
/// Packets come out in the order of the pictures, one each, some pictures later. The bytes depend on the
/// settings and the pictures alone: one thread, constant quality, no rate control across groups. An encoder
/// makes one group. Hand in at least two pictures: two IDR pictures in a row with one `idr_pic_id` violate H.264.
/// Source: ITU-T H.264, 7.4.3.
package final class SequenceEncoder {
  /// Encoders of this kind by FFmpeg's name.
  package static let codecs: Set<String> = ["libx264", "libx265"]
  /// Pictures of one group at the most.
  package static let longestGroup = 250

  package let settings: EncoderSettings
  private let context: EncoderContext
  private var sent: Int64 = 0
  private var received: Int64 = 0

  /// - Throws: `MediaError` with `settings` or `unsupported`, naming what the encoder refuses.
  package init(_ settings: EncoderSettings) throws {
    self.settings = settings
    var options = settings.options
    if settings.codec == "libx265" {
      options["x265-params"] = Self.fixedParametersOfHEVC(settings)
    } else {
      options["x264-params"] = Self.fixedParameters
    }
    context = try unsafe EncoderContext(
      settings, groupLength: Self.longestGroup, flags: AV_CODEC_FLAG_GLOBAL_HEADER, options: options
    ) { _ in
      Self.codecs.contains(settings.codec) ? nil : "it does not make groups of pictures"
    }
  }

  /// What makes a group closed, its packets in the order of its pictures, and its bytes the same on every CPU.
  private static let fixedParameters: String = {
    // Presets add B pictures and scene cuts; x264 rounds otherwise on CPUs with other extensions.
    let common = "bframes=0:scenecut=0:open-gop=0:repeat-headers=0:aud=0:nal-hrd=none:cpu-independent=1"
    return MediaEnvironment.isBaseline ? common + ":asm=0" : common
  }()

  /// The same of x265, and what its header says of HDR: no thread, no note and no word of its own.
  private static func fixedParametersOfHEVC(_ settings: EncoderSettings) -> String {
    var parameters =
      "log-level=none:pools=none:frame-threads=1:wpp=0:bframes=0:scenecut=0:open-gop=0:repeat-headers=0:aud=0:hrd=0"
      + ":info=0:hash=0"
    if let mastering = settings.mastering {
      func point(_ name: String, _ index: Int) -> String {
        "\(name)(\(mastering[index]),\(mastering[index + 1]))"
      }
      // The display's peak in 1/10,000 cd/m², as its black.
      parameters +=
        ":hdr10=1:master-display=" + point("G", 2) + point("B", 4) + point("R", 0) + point("WP", 6)
        + "L(\(Int(mastering[8]) * 10_000),\(mastering[9]))"
      if mastering[10] > 0 || mastering[11] > 0 {
        parameters += ":max-cll=\(mastering[10]),\(mastering[11])"
      }
    }
    return MediaEnvironment.isBaseline ? parameters + ":asm=0" : parameters
  }

  /// Encodes the picture that `fill` writes into the planes it is lent.
  ///
  /// - Returns: packets that are ready, of the oldest pictures that had none yet; units with their length in
  ///   front, as MP4 holds them.
  package func encode(_ fill: (borrowing MutablePictureView) throws -> Void) throws -> [[UInt8]] {
    guard sent < Self.longestGroup else {
      throw context.broken("a group holds at most \(Self.longestGroup) pictures")
    }
    try context.fill(fill)
    try context.send(time: sent, standsAlone: false)
    sent += 1
    return try packets()
  }

  /// The packets of all pictures that had none yet; nothing can be encoded after.
  package func finish() throws -> [[UInt8]] {
    try context.sendEnd()
    let rest = try packets()
    guard received == sent else { throw context.broken("\(received) packets of \(sent) pictures") }
    return rest
  }

  private func packets() throws -> [[UInt8]] {
    var packets: [[UInt8]] = []
    while let bytes = try context.receive({ try packet($0) }) { packets.append(bytes) }
    return packets
  }

  private func packet(_ packet: borrowing Packet) throws -> [UInt8] {
    guard packet.presentationTime == received, packet.isKey == (received == 0) else {
      throw context.broken("packet \(received) is not that of picture \(received)")
    }
    received += 1
    return settings.codec == "libx265"
      ? HEVCStream.lengthPrefixed(packet.bytes) : H264Stream.lengthPrefixed(packet.bytes)
  }

  /// Copies the stream parameters a container or decoder needs.
  func copyParameters(to parameters: UnsafeMutablePointer<AVCodecParameters>) throws(MediaError) {
    try unsafe context.copyParameters(to: parameters)
    let header = context.header
    let bitDepth = settings.pixelFormat.contains("10") ? 10 : 8
    let read =
      settings.codec == "libx265"
      ? HEVCStream.configuration(header, bitDepth: bitDepth) : H264Stream.configuration(header)
    guard let configuration = read else {
      throw context.broken("its parameter sets cannot be read")
    }
    try unsafe setExtraData(of: parameters, configuration)
  }

  /// The build of the library behind an encoder, e.g. `x264 - core 164 r3095 baee400`; nil when it is not there.
  ///
  /// The library tells it in what it encodes only.
  package static func identity(of codec: String) -> String? {
    guard codecs.contains(codec) else { return nil }
    let isHEVC = codec == "libx265"
    // x265 makes no pictures smaller than one of its blocks.
    let size = isHEVC ? 128 : 32
    var settings = EncoderSettings(
      codec: codec, pixelFormat: "yuv420p", width: size, height: size, rate: FrameRate(25),
      options: ["preset": "ultrafast"])
    if isHEVC { settings.options["x265-params"] = "log-level=none:pools=none:frame-threads=1:info=1" }
    guard
      let context = try? unsafe EncoderContext(
        settings, groupLength: 1, flags: AV_CODEC_FLAG_GLOBAL_HEADER, options: settings.options,
        refusal: { _ in nil })
    else { return nil }
    try? context.fill { view in view.fill(packed: [UInt8](repeating: 128, count: size * size * 3 / 2)) }
    try? context.send(time: 0, standsAlone: true)
    try? context.sendEnd()
    guard let bytes = try? context.receive({ $0.bytes }) else { return nil }
    return isHEVC ? HEVCStream.encoderName(context.header + bytes) : H264Stream.encoderName(bytes)
  }
}

/// Replaces the codec's own header in stream parameters.
func setExtraData(of parameters: UnsafeMutablePointer<AVCodecParameters>, _ bytes: [UInt8]) throws(MediaError)
{
  let padding = Int(AV_INPUT_BUFFER_PADDING_SIZE)
  guard let memory = unsafe av_mallocz(bytes.count + padding) else {
    throw .outOfMemory("describe the stream", "FFmpeg")
  }
  unsafe av_freep(&parameters.pointee.extradata)
  unsafe bytes.withUnsafeBytes { source in
    if let base = source.baseAddress { unsafe memory.copyMemory(from: base, byteCount: source.count) }
  }
  unsafe parameters.pointee.extradata = memory.assumingMemoryBound(to: UInt8.self)
  unsafe parameters.pointee.extradata_size = Int32(bytes.count)
}
