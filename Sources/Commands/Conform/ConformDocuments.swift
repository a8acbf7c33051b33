import Diagnostics
import Editorial
import MediaTime
import Planning

/// What a conform leaves behind: the report and the conformed cut.
struct ConformDocuments {
  private(set) var report: ConformReport
  private let media: [MediaItem]
  private let conform: Conform

  init(plan: ProgrammePlan, handles: Int) throws {
    conform = plan.conform
    media = plan.media
    report = ConformReport(conform, programme: conform.timeline.name, media: media, handles: handles)
    report.offline = plan.offline
  }

  /// The conformed cut as OpenTimelineIO.
  var otio: [UInt8] { OTIOWriter.write(conform, media: media) }

  /// The choices of media, as a lock file.
  var lock: [UInt8] { RelinkLock(conform, media: media).bytes }

  /// The report as the extension of its file asks for it; a page is made by workers.
  func report(for path: String) throws -> [UInt8] {
    switch FilePaths.fileExtension(of: path) {
    case "json": try report.prettyJSON()
    default: Array(report.text.utf8)
    }
  }

  /// The largest raster among the sources of the picture events, so that nothing is scaled up.
  func largestRaster() throws -> String {
    let videos = conform.events.compactMap { event in event.media.flatMap { media[$0].facts.video } }
    guard let largest = videos.max(by: { $0.width * $0.height < $1.width * $1.height }) else {
      throw DiagnosticList([
        Diagnostic(
          severity: .error, family: .usage, code: "conform.noPicture", location: nil,
          message: "the cut has no picture, so there is nothing to render", remedy: "Leave out --output.")
      ])
    }
    return "\(largest.width / 2 * 2)x\(largest.height / 2 * 2)"
  }

  /// Everything known about one event, in sentences.
  func explanation(of event: String) throws -> String {
    let matching = report.events.filter {
      $0.event == event || Int($0.event) != nil && Int($0.event) == Int(event)
    }
    guard !matching.isEmpty else {
      throw DiagnosticList([
        Diagnostic(
          severity: .error, family: .usage, code: "conform.noEvent", location: nil,
          message: "the cut has no event \(event)",
          remedy:
            "Its events are \(report.events.first?.event ?? "none") to \(report.events.last?.event ?? "none")."
        )
      ])
    }
    return matching.map { event in
      var lines = ["event \(event.event) on \(event.track): \(event.clip)", "  \(event.explanation)"]
      if let file = event.sourceFile { lines.append("  file     \(file)") }
      if let timecode = event.sourceTimecode { lines.append("  source   \(timecode)") }
      lines.append("  record   \(event.recordTimecode), \(event.recordRange.count) frames")
      lines.append(
        "  handles  \(event.handlesBefore) before, \(event.handlesAfter) after in frames of the media")
      if !event.candidates.isEmpty {
        lines.append("  candidates")
        lines += event.candidateLines.map { "    " + $0 }
      }
      for finding in event.findings { lines.append("  \(finding.kind.rawValue)  \(finding.what)") }
      return lines.joined(separator: "\n")
    }.joined(separator: "\n")
  }
}
