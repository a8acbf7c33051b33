import Diagnostics
import Editorial
import MediaTime

/// Which frame of the offline belongs to which frame of the timeline.
struct OfflineAlignment {
  /// Frame of the offline at the first frame of the timeline; negative where it starts later.
  let first: Int64
  let frameCount: Int64
  /// In one sentence.
  let words: String
  let warnings: [Diagnostic]

  func frame(at record: Int64) -> Int64? {
    let frame = first + record
    return frame >= 0 && frame < frameCount ? frame : nil
  }

  /// By timecode: what is given, the movie's own, else the start of the cut.
  init(
    _ facts: MediaFacts, _ video: VideoFacts, reference: OfflineReference, timeline: Timeline
  ) throws(DiagnosticList) {
    func refused(_ code: String, _ message: String, _ remedy: String) -> DiagnosticList {
      DiagnosticList([
        Diagnostic(
          severity: .error, family: .usage, code: code, location: reference.location,
          message: "\(reference.typed) \(message)", remedy: remedy)
      ])
    }
    guard video.rate.nominalBase == timeline.rate.nominalBase else {
      throw refused(
        "offline.otherRate", "runs at \(video.rate) and the cut at \(timeline.rate)",
        "Export the offline at the rate of the cut, frame for frame.")
    }
    if video.isVariableRate {
      throw refused(
        "offline.variableRate", "has a variable frame rate, so its frames cannot be counted against the cut",
        "Export the offline at the constant rate of the cut.")
    }
    let cut = timeline.timecode(at: 0)
    var warnings: [Diagnostic] = []
    let start: Timecode
    if let text = reference.start ?? facts.timecodeStart {
      do {
        start = try Timecode(parsing: text, rate: timeline.rate)
      } catch {
        throw refused(
          "offline.badStart", "starts at \(text), which is no timecode at \(timeline.rate): \(error.message)",
          "Give the timecode of its first frame with --reference-start.")
      }
      guard start.isDropFrame == cut.isDropFrame else {
        throw refused(
          "offline.otherCount",
          "counts \(start.isDropFrame ? "drop-frame" : "non-drop-frame") timecode and the cut does not",
          "Give the timecode of its first frame as the cut counts, with --reference-start.")
      }
      words =
        (reference.start == nil ? "aligned by its timecode" : "aligned by the timecode given")
        + ", from \(start)"
    } else {
      start = cut
      words = "aligned with the start of the cut, \(start), as it has no timecode"
      warnings.append(
        Diagnostic(
          severity: .warning, family: .usage, code: "offline.noTimecode", location: reference.location,
          message: "\(reference.typed) has no timecode; its first frame is taken for \(start)",
          remedy: "Give the timecode of its first frame with --reference-start."))
    }
    first = cut.frame - start.frame
    frameCount = video.frameCount
    self.warnings = warnings
  }
}
