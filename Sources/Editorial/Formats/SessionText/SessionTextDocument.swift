import Diagnostics
import MediaTime

/// A Pro Tools session text as a cut: sound tracks, clips and markers.
///
/// One track for each channel of a track, as the model has it. The text names the source file of a clip but not the
/// place in it: without a `TIMESTAMP` column clips are taken from the start of their files, and a finding says so.
struct SessionTextDocument: CutDocument {
  let session: SessionText
  let declaredRate: FrameRate?
  let isDropFrame: Bool

  var sequences: [String] { [session.head["SESSION NAME"]?.text ?? ""] }

  static func read(path: String, bytes: [UInt8]) throws(DiagnosticList) -> SessionTextDocument {
    let session = SessionText.read(path: path, bytes: bytes)
    let format = session.head["TIMECODE FORMAT"]?.text ?? ""
    let number = format.prefix { $0.isNumber || $0 == "." }
    let isDropFrame = format.lowercased().contains("drop")
    var rate = try? FrameRate(parsing: String(number))
    // `30 Drop` is sound's name for film that runs at 30 with the labels of 29.97; there is no such timecode here.
    if isDropFrame, rate?.allowsDropFrame == false { rate = nil }
    return SessionTextDocument(
      session: session, declaredRate: rate, isDropFrame: isDropFrame && rate?.allowsDropFrame == true)
  }

  func timeline(sequence: String?, rate: FrameRate?, start: Timecode?) throws(DiagnosticList) -> Timeline {
    guard let rate = rate ?? declaredRate else {
      throw failure(
        "cut.noRate", session.head["TIMECODE FORMAT"],
        "the session does not name a timecode format that counts frames", "Give the rate with `--rate`.")
    }
    if let declared = declaredRate, declared.nominalBase != rate.nominalBase {
      throw failure(
        "cut.rateConflict", session.head["TIMECODE FORMAT"],
        "the session counts at \(declared.displayName) fps and the timeline at \(rate.displayName) fps",
        "Export the session at the rate of the picture, or leave out the rate.")
    }
    var builder = SessionTimelineBuilder(
      session: session, rate: rate, isDropFrame: isDropFrame && rate.allowsDropFrame)
    return builder.timeline(start: start)
  }

  private func failure(
    _ code: String, _ cell: SessionText.Cell?, _ message: String, _ remedy: String
  ) -> DiagnosticList {
    DiagnosticList([
      Diagnostic(
        family: .usage, code: code,
        location: cell?.line.location(in: session.path, at: cell?.offset)
          ?? SourceLocation(file: session.path),
        message: message, remedy: remedy, excerpt: cell?.line.text)
    ])
  }
}
