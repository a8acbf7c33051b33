package import Diagnostics
package import MediaTime

/// One format's reading of a cut file, before a frame rate gives its timecodes a meaning.
protocol CutDocument: Sendable {
  /// The rate that the file itself names; an EDL names none.
  var declaredRate: FrameRate? { get }
  /// The timelines in the file that are not nested in others, by name; a list is one.
  var sequences: [String] { get }

  /// - Parameters:
  ///   - sequence: one of `sequences`; `nil` takes the only one.
  ///   - rate: frame rate of the timeline; `nil` takes the declared one.
  ///   - start: record timecode of timeline frame 0; `nil` takes the file's own.
  /// - Returns: what can be read; what cannot is among the timeline's faults.
  /// - Throws: what leaves no timeline at all.
  func timeline(sequence: String?, rate: FrameRate?, start: Timecode?) throws(DiagnosticList) -> Timeline
}

/// A cut file that has been read, before a frame rate gives its timecodes a meaning.
package struct Cut: Sendable {
  let document: any CutDocument
  /// Whether lines and columns are those of the file that the user gave, and not of one converted from it.
  var hasLines = true

  /// Larger files are refused: no cut list comes near it.
  package static let largestFile = 64 << 20

  /// The rate that the file itself names; an EDL names none.
  package var declaredRate: FrameRate? { document.declaredRate }

  /// The timelines in the file that are not nested in others, by name.
  package var sequences: [String] { document.sequences }

  /// Reads a cut file; the format follows from the file name's extension, else from the content.
  ///
  /// - Parameters:
  ///   - path: as the user typed it, for locations.
  ///   - isConverted: the bytes were made from the file that `path` names, so their lines mean nothing to its user.
  /// - Throws: what leaves no cut to read, with line, column and excerpt.
  package static func read(path: String, bytes: [UInt8], isConverted: Bool) throws(DiagnosticList) -> Cut {
    guard isConverted else { return try read(path: path, bytes: bytes) }
    do {
      var cut = try read(path: path, bytes: bytes)
      cut.hasLines = false
      return cut
    } catch {
      throw DiagnosticList(error.diagnostics.map(\.withoutLine))
    }
  }

  /// The same for a file as it is.
  package static func read(path: String, bytes: [UInt8]) throws(DiagnosticList) -> Cut {
    guard bytes.count <= largestFile else {
      throw DiagnosticList([
        Diagnostic(
          family: .usage, code: "cut.tooLarge", location: SourceLocation(file: path),
          message:
            "the file has \(bytes.count) bytes; a cut of more than \(largestFile >> 20) MiB is not read",
          remedy: "Check that this is the cut list and not a media file.")
      ])
    }
    switch format(path: path, bytes: bytes) {
    case .openTimeline: return Cut(document: try OTIODocument.read(path: path, bytes: bytes))
    case .finalCut7: return Cut(document: try FCP7Document.read(path: path, bytes: bytes))
    case .finalCutX: return Cut(document: try FCPXMLDocument.read(path: path, bytes: bytes))
    case .decisionList: return Cut(document: try EDLDocument.read(path: path, bytes: bytes))
    case .sessionText: return Cut(document: try SessionTextDocument.read(path: path, bytes: bytes))
    case .trackArchive: return Cut(document: try TrackArchiveDocument.read(path: path, bytes: bytes))
    case .log:
      throw DiagnosticList([
        Diagnostic(
          family: .usage, code: "cut.isLog", location: SourceLocation(file: path),
          message: "an ALE is a log of sources and not a cut",
          remedy: "Give it beside the cut, with `--log` or under `timeline: logs:`.")
      ])
    case .unsupported(let name):
      throw DiagnosticList([
        Diagnostic(
          family: .usage, code: "cut.unsupportedFormat", location: SourceLocation(file: path),
          message: "\(name) is not read by this version",
          remedy: "Export the cut as an EDL (CMX 3600) or as OpenTimelineIO.")
      ])
    }
  }

  /// The cut as a timeline.
  ///
  /// - Parameters:
  ///   - sequence: which of several timelines in the file, by name.
  ///   - rate: frame rate of the timeline; `nil` takes the declared one.
  ///   - start: record timecode of timeline frame 0; `nil` takes the file's own start, for an EDL the smallest
  ///     record in.
  /// - Returns: what can be read; what cannot is among the timeline's faults.
  /// - Throws: what leaves no timeline at all, also when no rate is known.
  package func timeline(
    sequence: String? = nil, rate: FrameRate?, start: Timecode? = nil
  ) throws(DiagnosticList) -> Timeline {
    guard !hasLines else { return try document.timeline(sequence: sequence, rate: rate, start: start) }
    do {
      return try document.timeline(sequence: sequence, rate: rate, start: start).withoutLines()
    } catch {
      throw DiagnosticList(error.diagnostics.map(\.withoutLine))
    }
  }

  private enum Format {
    case openTimeline, decisionList, sessionText, trackArchive, log
    /// The XML of Final Cut Pro 7, and of Final Cut Pro from X on.
    case finalCut7, finalCutX
    case unsupported(String)
  }

  private static func format(path: String, bytes: [UInt8]) -> Format {
    let name = FileNames.lastComponent(path).lowercased()
    if name.hasSuffix(".edl") { return .decisionList }
    if name.hasSuffix(".otio") { return .openTimeline }
    if name.hasSuffix(".fcpxml") || name.hasSuffix(".fcpxmld") { return .finalCutX }
    let start = bytes.prefix(4096).drop { $0 <= 0x20 || $0 == 0xEF || $0 == 0xBB || $0 == 0xBF }
    if start.first == UInt8(ascii: "{") { return .openTimeline }
    let text = String(decoding: start.prefix(512), as: UTF8.self)
    if text.hasPrefix("<") {
      if text.contains("<xmeml") { return .finalCut7 }
      if text.contains("<fcpxml") { return .finalCutX }
      if TrackArchiveDocument.isTrackArchive(text) { return .trackArchive }
      return .unsupported("this XML")
    }
    if start.starts(with: [0xD0, 0xCF, 0x11, 0xE0]) { return .unsupported("AAF") }
    if start.starts(with: Array("PK".utf8)) { return .unsupported("a ZIP archive") }
    if text.hasPrefix("Heading") { return .log }
    if SessionText.isSessionText(start) { return .sessionText }
    return .decisionList
  }
}
