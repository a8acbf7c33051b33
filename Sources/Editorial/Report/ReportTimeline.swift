import Diagnostics
import MediaTime

/// The tracks of a report drawn to scale as SVG: clips, black, transitions and locators.
///
/// A long cut is drawn as several strips of equal length below each other, so that its clips stay visible.
struct ReportTimeline {
  let report: ConformReport

  /// In units of the drawing, which is 1320 of them wide.
  static let width: Int64 = 1320
  static let left: Int64 = 56
  private static let rulerHeight: Int64 = 22
  private static let pictureLane: Int64 = 34
  private static let soundLane: Int64 = 20
  private static let laneGap: Int64 = 4
  private static let eventsPerStrip = 60
  private static let mostStrips = 100

  /// The strips as figures.
  func svg() -> [String] {
    let total = report.totals.frames
    guard total > 0 else { return [] }
    let busiest = report.tracks.map { track in report.events.count { $0.track == track.name } }.max() ?? 0
    let strips = Int64(
      min(Self.mostStrips, max(1, (busiest + Self.eventsPerStrip - 1) / Self.eventsPerStrip)))
    let length = max(1, (total + strips - 1) / strips)
    return stride(from: 0, to: total, by: Int64.Stride(length)).map { start in
      strip(FrameRange(start: start, count: length))
    }
  }

  private func strip(_ range: FrameRange) -> String {
    var body = ruler(range)
    var y = Self.rulerHeight
    for track in report.tracks {
      let height = track.kind == .picture ? Self.pictureLane : Self.soundLane
      body += lane(track, range, y: y, height: height)
      y += height + Self.laneGap
    }
    body += locators(range, bottom: y)
    let label = "tracks from \(timecode(range.start)) to \(timecode(min(range.end, report.totals.frames)))"
    return """
      <figure><svg viewBox="0 0 \(Self.width) \(y)" role="img" aria-label="\(HTMLText.escape(label))">
      \(body)</svg></figure>
      """
  }

  private func lane(_ track: ConformReport.TrackSummary, _ range: FrameRange, y: Int64, height: Int64)
    -> String
  {
    let name = HTMLText.escape(String(track.name.prefix(8)))
    var text = """
      <g class="\(track.kind.rawValue)"><text x="0" y="\(y + height / 2 + 4)">\(name)</text>
      <rect class="lane" x="\(Self.left)" y="\(y)" width="\(Self.width - Self.left)" height="\(height)"/>

      """
    for gap in report.gaps where gap.track == track.name && track.kind == .picture {
      text += box("black", gap.recordRange, in: range, y: y, height: height, title: "gap") ?? ""
    }
    for event in report.events where event.track == track.name {
      let style = event.rule == "black" ? "black" : event.sourceFile == nil ? "lost" : "clip"
      let title = "\(event.event) \(event.shot), \(event.recordTimecode)"
      guard let drawn = box(style, event.recordRange, in: range, y: y, height: height, title: title) else {
        continue
      }
      text += drawn
      text += label(event, in: range, y: y, height: height)
    }
    for transition in report.transitions where transition.track == track.name {
      guard let part = transition.recordRange.intersection(range) else { continue }
      let title = "\(transition.kind) of \(transition.recordRange.count) frames"
      text += box("transition", transition.recordRange, in: range, y: y, height: height, title: title) ?? ""
      let (first, last) = (x(part.start, in: range), x(part.end, in: range))
      text += "<line class=\"cross\" x1=\"\(first)\" y1=\"\(y + height)\" x2=\"\(last)\" y2=\"\(y)\"/>\n"
    }
    return text + "</g>\n"
  }

  private func box(
    _ style: String, _ record: FrameRange, in range: FrameRange, y: Int64, height: Int64, title: String
  ) -> String? {
    guard let part = record.intersection(range) else { return nil }
    let start = hundredths(part.start, in: range)
    let width = Self.decimal(hundredths(part.end, in: range) - start)
    return
      "<rect class=\"\(style)\" x=\"\(Self.decimal(start))\" y=\"\(y)\" width=\"\(width)\" height=\"\(height)\">"
      + "<title>\(HTMLText.escape(title))</title></rect>\n"
  }

  /// The shot's name where it fits, else the event's number where that fits.
  private func label(_ event: ConformReport.Event, in range: FrameRange, y: Int64, height: Int64) -> String {
    guard let part = event.recordRange.intersection(range) else { return "" }
    let start = hundredths(part.start, in: range)
    let room = (hundredths(part.end, in: range) - start) / 100 - 8
    // Capitals and digits of this size are some seven units wide.
    let fitting = [event.shot, event.event].first { Int64($0.count) * 7 <= room }
    guard let fitting else { return "" }
    return "<text class=\"name\" x=\"\(Self.decimal(start + 500))\" y=\"\(y + height / 2 + 4)\">"
      + "\(HTMLText.escape(fitting))</text>\n"
  }

  private func locators(_ range: FrameRange, bottom: Int64) -> String {
    report.markers.filter { range.contains($0.frame) }.map { marker in
      let position = hundredths(marker.frame, in: range)
      let title = [timecode(marker.frame), marker.color, marker.name, marker.comment]
        .filter { !$0.isEmpty }.joined(separator: " ")
      let (left, middle, right) = (position - 500, position, position + 500)
      return
        "<path class=\"locator\" d=\"M\(Self.decimal(left)) 12H\(Self.decimal(right))L\(Self.decimal(middle)) 21Z\">"
        + "<title>\(HTMLText.escape(title))</title></path>\n"
    }.joined()
  }

  /// Timecodes at whole seconds, at most twelve of them.
  private func ruler(_ range: FrameRange) -> String {
    let second = Int64(report.rate.nominalBase)
    let steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600].map { $0 * second }
    let step = steps.first { range.count / $0 <= 11 } ?? max(1, range.count / 11)
    let first = (range.start + step - 1) / step * step
    return stride(from: first, to: range.end, by: Int64.Stride(step)).map { frame in
      let place = x(frame, in: range)
      // The last label would hang over the edge.
      let isRoomy = hundredths(frame, in: range) / 100 + 76 <= Self.width
      let text = isRoomy ? "<text x=\"\(place)\" y=\"9\">\(timecode(frame))</text>" : ""
      return
        "<line class=\"tick\" x1=\"\(place)\" y1=\"12\" x2=\"\(place)\" y2=\"\(Self.rulerHeight)\"/>\(text)\n"
    }.joined()
  }

  private func timecode(_ frame: Int64) -> String { report.label(at: frame) }

  /// Where a frame begins, in hundredths of a unit.
  private func hundredths(_ frame: Int64, in range: FrameRange) -> Int64 {
    let width = 100 * (Self.width - Self.left)
    return 100 * Self.left + (frame - range.start) * width / range.count
  }

  private func x(_ frame: Int64, in range: FrameRange) -> String {
    Self.decimal(hundredths(frame, in: range))
  }

  private static func decimal(_ hundredths: Int64) -> String {
    let (whole, rest) = hundredths.quotientAndRemainder(dividingBy: 100)
    return rest == 0 ? "\(whole)" : "\(whole)." + (rest < 10 ? "0\(rest)" : "\(rest)")
  }
}
