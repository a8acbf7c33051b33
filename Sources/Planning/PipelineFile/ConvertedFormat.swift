/// Cut formats that are not read here but by OpenTimelineIO's adapters.
package enum ConvertedFormat {
  /// Whether a file with this name is converted before it is read.
  package static func isConverted(_ path: String) -> Bool {
    ["aaf", "xges", "otioz", "kdenlive"].contains(FilePaths.fileExtension(of: path))
  }

  /// The same by the first bytes of the file: AAF is an OLE compound file, GStreamer's lists begin with `<ges`.
  package static func isConverted(_ bytes: [UInt8]) -> Bool {
    bytes.starts(with: [0xD0, 0xCF, 0x11, 0xE0]) || bytes.starts(with: Array("<ges".utf8))
  }

  /// Extensions of cuts that are read here, whatever adapters there are.
  package static let ownExtensions: Set<String> = [
    "", "edl", "otio", "xml", "xmeml", "fcpxml", "txt", "ale", "csv", "json",
  ]
}
