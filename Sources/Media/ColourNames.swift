import CFFmpeg

/// FFmpeg's names of colour properties, both ways.
enum ColourNames {
  static func primaries(_ value: AVColorPrimaries) -> String {
    unsafe name(av_color_primaries_name(value))
  }

  static func transfer(_ value: AVColorTransferCharacteristic) -> String {
    unsafe name(av_color_transfer_name(value))
  }

  static func matrix(_ value: AVColorSpace) -> String { unsafe name(av_color_space_name(value)) }

  static func range(_ value: AVColorRange) -> String { unsafe name(av_color_range_name(value)) }

  static func chromaLocation(_ value: AVChromaLocation) -> String {
    unsafe name(av_chroma_location_name(value))
  }

  private static func name(_ text: UnsafePointer<CChar>?) -> String {
    unsafe text.map { unsafe String(cString: $0) } ?? "unknown"
  }
}

/// Colour properties of an encoding, as FFmpeg numbers them.
struct ColourValues {
  var primaries: AVColorPrimaries
  var transfer: AVColorTransferCharacteristic
  var matrix: AVColorSpace
  var range: AVColorRange
  var chroma: AVChromaLocation

  /// - Throws: `settings` naming the property FFmpeg does not know.
  init(_ settings: EncoderSettings) throws(MediaError) {
    func unknown(_ what: String, _ name: String) -> MediaError {
      MediaError(
        code: .settings, fault: .user, operation: "encode with \(settings.codec)", path: settings.codec,
        reason: "unknown colour \(what) '\(name)'")
    }
    let primaries = unsafe av_color_primaries_from_name(settings.primaries)
    let transfer = unsafe av_color_transfer_from_name(settings.transfer)
    let matrix = unsafe av_color_space_from_name(settings.matrix)
    let range = unsafe av_color_range_from_name(settings.range)
    guard primaries >= 0 else { throw unknown("primaries", settings.primaries) }
    guard transfer >= 0 else { throw unknown("transfer", settings.transfer) }
    guard matrix >= 0 else { throw unknown("matrix", settings.matrix) }
    guard range >= 0 else { throw unknown("range", settings.range) }
    self.primaries = AVColorPrimaries(UInt32(primaries))
    self.transfer = AVColorTransferCharacteristic(UInt32(transfer))
    self.matrix = AVColorSpace(UInt32(matrix))
    self.range = AVColorRange(UInt32(range))
    guard let name = settings.chroma else {
      chroma = AVCHROMA_LOC_UNSPECIFIED
      return
    }
    let chroma = unsafe av_chroma_location_from_name(name)
    guard chroma >= 0 else { throw unknown("chroma location", name) }
    self.chroma = AVChromaLocation(UInt32(chroma))
  }
}
