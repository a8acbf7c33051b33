import Diagnostics
import Editorial
import Foundation
import MediaTime
import Planning

/// A cut file as `Cut.read` takes it: formats that only OpenTimelineIO reads are converted on the way.
struct CutFile: Sendable {
  /// As the user typed it.
  var path: String
  /// The file, or the OpenTimelineIO JSON made from it.
  var bytes: [UInt8]
  /// What the conversion does not carry; belongs to the timeline's own findings.
  var findings: [Finding]
  /// Every effect and operation group of an AAF, in the order of its tracks, for a listing.
  var effects: [String] = []
  /// Whether `bytes` were made from the file.
  var isConverted = false

  /// The cut before a rate gives its timecodes a meaning; `findings` are to be added to its timeline's.
  func cut() throws(DiagnosticList) -> Cut {
    try Cut.read(path: path, bytes: bytes, isConverted: isConverted)
  }

  /// Reads a cut file from disk.
  ///
  /// - Throws: `DiagnosticList`: it cannot be read, or its format needs `otioconvert` and that is not there or fails.
  static func load(_ path: String) async throws -> CutFile {
    let absolute = FilePaths.resolve(path, from: FilePaths.current)
    do throws(FileReadError) {
      try FilePaths.checkReadable(absolute)
      if !ConvertedFormat.isConverted(path) {
        let bytes = try FilePaths.read(absolute, limit: Cut.largestFile)
        if await !needsConversion(path, bytes) { return CutFile(path: path, bytes: bytes, findings: []) }
      }
    } catch {
      throw DiagnosticList([
        Diagnostic(
          family: .inputMissing, code: "cut.unreadable", location: SourceLocation(file: path),
          message: "cannot read the cut: \(error.reason)")
      ])
    }
    return try await OTIOConverter.found(for: path).convert(typed: path, absolute: absolute)
  }

  /// The pipeline with every cut that needs it converted.
  static func converted(_ pipeline: Pipeline) async throws -> Pipeline {
    var pipeline = pipeline
    var faults: [Diagnostic] = []
    for (index, cut) in pipeline.timeline.cuts.enumerated() {
      guard await needsConversion(cut.path, cut.bytes) else { continue }
      do {
        let file = try await OTIOConverter.found(for: cut.typed).convert(typed: cut.typed, absolute: cut.path)
        pipeline.timeline.cuts[index].bytes = file.bytes
        pipeline.timeline.cuts[index].findings = file.findings
        pipeline.timeline.cuts[index].isConverted = true
      } catch let list as DiagnosticList {
        faults += list.diagnostics
      }
    }
    if !faults.isEmpty { throw DiagnosticList(faults) }
    return pipeline
  }

  /// Formats by name or content, and those that only an adapter installed here knows.
  private static func needsConversion(_ path: String, _ bytes: [UInt8]) async -> Bool {
    if ConvertedFormat.isConverted(path) || ConvertedFormat.isConverted(bytes) { return true }
    let suffix = FilePaths.fileExtension(of: path)
    guard !ConvertedFormat.ownExtensions.contains(suffix), let converter = OTIOConverter.installed() else {
      return false
    }
    return (try? await converter.adapters())?.reads(suffix) ?? false
  }
}
