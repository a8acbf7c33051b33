import CFFmpeg

/// Encodes pictures one by one with an intra-frame codec: one packet per picture.
///
/// The bytes of a packet depend on the settings and that picture alone, not on what was encoded before.
@safe package final class PictureEncoder {
  package let settings: EncoderSettings
  private let context: EncoderContext
  /// Nil where the encoder itself knows its quantiser.
  private let bands: BandEncoder?

  /// - Throws: `MediaError` with `settings` or `unsupported`, naming what the encoder refuses.
  package init(_ settings: EncoderSettings) throws {
    self.settings = settings
    bands = settings.fillsBudget ? try BandEncoder(settings) : nil
    // With bands it encodes nothing, and its own control would only need memory.
    var own = settings
    if settings.fillsBudget { own.quantiser = 1 }
    context = try unsafe EncoderContext(own, groupLength: 1, options: settings.options) { codec in
      unsafe Self.isIntraFrame(codec) ? nil : "its pictures do not stand alone"
    }
  }

  /// Whether pictures stand alone at a group length of 1. FFmpeg does not mark PNG and FFV1 so, because both have
  /// forms that refer to other pictures (APNG, long groups), which are not used here.
  private static func isIntraFrame(_ codec: UnsafePointer<AVCodec>) -> Bool {
    if unsafe codec.pointee.id == AV_CODEC_ID_PNG || codec.pointee.id == AV_CODEC_ID_FFV1 { return true }
    guard let descriptor = unsafe avcodec_descriptor_get(codec.pointee.id) else { return false }
    return unsafe descriptor.pointee.props & AV_CODEC_PROP_INTRA_ONLY != 0
  }

  /// Names the library and the encoder, to be part of an encoding's key.
  package static func identity(of codec: String) -> String {
    let release = unsafe av_version_info().map { unsafe String(cString: $0) } ?? "unknown"
    return "FFmpeg \(release), libavcodec \(MediaEnvironment.version(avcodec_version())), \(codec)"
  }

  /// Encodes the picture that `fill` writes into the planes it is lent.
  ///
  /// - Returns: the packet's bytes, as they go into a container or, for `png` and the like, into a file.
  /// - Throws: `MediaError.encoding`; what `fill` throws.
  package func encode(_ fill: (borrowing MutablePictureView) throws -> Void) throws -> [UInt8] {
    if let bands {
      var planes: [LentPlane] = []
      try context.fill { view in
        try fill(view)
        for index in 0..<view.planeCount {
          guard let base = unsafe view.plane(index).baseAddress else { continue }
          unsafe planes.append(LentPlane(base: base, stride: view.stride(ofPlane: index)))
        }
      }
      return try bands.encode(planes)
    }
    try context.fill(fill)
    try context.send(time: 0, standsAlone: true)
    return try packet()
  }

  /// Encodes a picture that lies in the caller's memory, without copying it.
  ///
  /// - Parameter planes: those of the encoder's format in its order, whole.
  /// - Returns: as `encode(_:)`.
  package func encode(lent planes: [LentPlane]) throws -> [UInt8] {
    if let bands { return try bands.encode(planes) }
    try context.send(lent: planes, time: 0, standsAlone: true)
    return try packet()
  }

  private func packet() throws -> [UInt8] {
    let bytes = try context.receive { packet in
      guard packet.isKey else { throw context.broken("the picture does not stand alone") }
      return packet.bytes
    }
    guard let bytes else {
      throw MediaError(
        code: .settings, fault: .user, operation: "encode", path: settings.codec,
        reason: "the encoder holds pictures back, so they do not stand alone")
    }
    return bytes
  }

  /// Encodes a picture of the encoder's own format.
  package func encode(copying picture: borrowing PictureView) throws -> [UInt8] {
    guard picture.format == settings.format else {
      throw MediaError(
        code: .settings, fault: .user, operation: "encode \(settings.format)", path: settings.codec,
        reason: "the picture is \(picture.format)")
    }
    return try encode { $0.copy(picture) }
  }

  /// Copies the stream parameters a container or decoder needs.
  func copyParameters(to parameters: UnsafeMutablePointer<AVCodecParameters>) throws(MediaError) {
    try unsafe context.copyParameters(to: parameters)
  }
}
