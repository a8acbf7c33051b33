import Delivery
import MediaTime

/// What was measured on a file over time: luma, sound, loudness, and below each what is out of bounds.
///
/// Drawn from the numbers of the report in whole pixels; every finding leads to its line in the table.
struct QualityTimeline {
  private static let width = 1240
  private static let (left, right) = (72, 60)
  private static var plotWidth: Int { width - left - right }
  private static let (plotHeight, laneHeight, gap) = (110, 24, 28)
  /// The least that a finger meets. Source: WCAG 2.2, 2.5.8.
  private static let target = 24
  /// LKFS from the top to the bottom of a loudness plot.
  private static let loudest = 0
  private static let softest = -60

  private let evidence: QualityEvidence
  private let columns: QualityColumns
  private var report: QualityReport { evidence.report }

  init(_ evidence: QualityEvidence) {
    self.evidence = evidence
    columns = QualityColumns(total: evidence.report.frameCount)
  }

  /// One plot and the lane of findings under it.
  private struct Band {
    var title: String
    var detail: String
    var height: Int
    var marks: [QualityEvidence.Item]
    /// Draws with its top at a row.
    var draw: (Int) -> HTML

    /// What was found, each with a lane of its own, so that nothing lies on anything else.
    var checks: [QualityReport.Check] {
      QualityReport.Check.allCases.filter { check in marks.contains { $0.finding.check == check } }
    }
  }

  private func lane(_ check: QualityReport.Check, at y: Int) -> HTML {
    """
    <rect class="lane" x="\(Self.left)" y="\(y)" width="\(Self.plotWidth)" height="\(Self.laneHeight)"/>\
    <text class="soft" x="\(Self.left - 8)" y="\(y + 16)" text-anchor="end">\(check.rawValue)</text>
    """
  }

  var svg: HTML {
    var bands = [
      Band(
        title: "Luma", detail: "lowest to highest, mean, percent of legal range", height: Self.plotHeight,
        marks: evidence.items.filter { !$0.finding.check.isSound }, draw: luma)
    ]
    for (index, track) in report.tracks.enumerated() {
      let marks = evidence.items.filter { $0.finding.track == index + 1 }
      bands.append(
        Band(
          title: track.title, detail: "\(track.layout), waveform", height: 72,
          marks: marks.filter { [.silence, .clipping].contains($0.finding.check) },
          draw: { waveform(track, at: $0) }))
      guard track.momentary.contains(where: { $0 != nil }) else { continue }
      bands.append(
        Band(
          title: "Loudness", detail: loudnessDetail(track), height: Self.plotHeight,
          marks: marks.filter { [.loudness, .truePeak].contains($0.finding.check) },
          draw: { loudness(track, at: $0) }))
    }
    var parts: [HTML] = []
    var y = 24
    for band in bands {
      parts.append(
        """
        <text class="name" x="\(Self.left)" y="\(y - 7)">\(band.title, longest: 60)</text>\
        <text class="soft" x="\(Self.left + Self.plotWidth)" y="\(y - 7)" text-anchor="end">\(band.detail, longest: 120)</text>\
        <rect class="well" x="\(Self.left)" y="\(y)" width="\(Self.plotWidth)" height="\(band.height)"/>
        """)
      parts.append(band.draw(y))
      y += band.height + 3
      for check in band.checks {
        parts.append(lane(check, at: y))
        parts += band.marks.filter { $0.finding.check == check }.map { mark($0, at: y) }
        y += Self.laneHeight + 2
      }
      y += Self.gap
    }
    let height = y + 8
    return """
      <svg class="qc" viewBox="0 0 \(Self.width) \(height)" width="\(Self.width)" height="\(height)" xmlns="http://www.w3.org/2000/svg">\
      <title>What was measured on \(report.deliverable) over time, with findings</title>\(axis(to: y - Self.gap + 14))\(parts)</svg>
      """
  }

  // MARK: Places

  private func x(_ frame: Int64) -> Int {
    Self.left + Int(max(0, min(report.frameCount, frame)) * Int64(Self.plotWidth) / max(1, report.frameCount))
  }

  private func x(ofColumn column: Int, of count: Int) -> Int {
    Self.left + column * Self.plotWidth / max(1, count)
  }

  /// Timecodes at round places, at most nine.
  private func axis(to bottom: Int) -> HTML {
    let base = Int64(report.rate.nominalBase)
    let seconds = max(1, report.frameCount / base)
    let steps: [Int64] = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600]
    let step = (steps.first { seconds / $0 <= 8 } ?? 7200) * base
    var parts: [HTML] = []
    var label = (report.startFrame + step - 1) / step * step
    while label <= report.startFrame + report.frameCount {
      let place = x(label - report.startFrame)
      let anchor =
        place > Self.left + Self.plotWidth - 40 ? "end" : place < Self.left + 40 ? "start" : "middle"
      parts.append(
        """
        <path class="tick" d="M\(place) 24V\(bottom)"/>\
        <text class="soft" x="\(place)" y="\(bottom + 14)" text-anchor="\(anchor)">\(report.timecode(at: label - report.startFrame).description)</text>
        """)
      label += step
    }
    return "\(parts)"
  }

  private func scale(_ y: Int, _ text: String) -> HTML {
    """
    <path class="grid" d="M\(Self.left) \(y)H\(Self.left + Self.plotWidth)"/><text class="soft" x="\(Self.left - 8)" y="\(y + 4)" text-anchor="end">\(text)</text>
    """
  }

  private func mark(_ item: QualityEvidence.Item, at y: Int) -> HTML {
    let start = x(item.finding.frames.start)
    let length = max(4, x(item.finding.frames.end) - start)
    let look = item.isWaived ? "waived" : item.finding.verdict == .fail ? "fail" : "warn"
    let reach = max(length, Self.target)
    let left = max(Self.left, start - (reach - length) / 2)
    return """
      <a href="#\(item.name)" class="\(look)"><title>\(item.name): \(item.finding.measured), \(item.place)\(item.isWaived ? ", waived" : "")</title>\
      <rect class="reach" x="\(left)" y="\(y)" width="\(reach)" height="\(Self.laneHeight)"/>\
      <rect class="mark" x="\(start)" y="\(y + 5)" width="\(length)" height="\(Self.laneHeight - 10)" rx="2"/></a>
      """
  }

  // MARK: Plots

  private func luma(at top: Int) -> HTML {
    // From −10 to 110 percent.
    func y(_ thousandths: Int) -> Int {
      top + (1100 - max(-100, min(1100, thousandths))) * Self.plotHeight / 1200
    }
    let picture = report.picture
    let lines = [(1000, "100 %"), (500, "50"), (0, "0 %")].map { scale(y($0.0), $0.1) }
    return """
      \(lines)<path class="area" d="\(area(picture.lowest.map(y), picture.highest.map(y)))"/>\
      <path class="mean" d="\(curve(picture.mean.map { y($0) }))"/>
      """
  }

  private func waveform(_ track: QualityReport.Track, at top: Int) -> HTML {
    let middle = top + 36
    func y(_ thousandths: Int) -> Int { middle - thousandths * 34 / 1000 }
    return """
      \(scale(middle, "−∞"))<path class="wave" d="\(area(track.low.map(y), track.high.map(y)))"/>
      """
  }

  private func loudnessDetail(_ track: QualityReport.Track) -> String {
    func tenths(_ hundredths: Int?) -> String {
      hundredths.map { PageWords.decimal(Double($0) / 100, 1) } ?? "–"
    }
    return
      "integrated \(tenths(track.integrated)) LKFS, range \(tenths(track.range)) LU, true peak \(tenths(track.truePeak)) dBTP"
  }

  private func loudness(_ track: QualityReport.Track, at top: Int) -> HTML {
    func y(_ hundredths: Int) -> Int {
      let value = max(Self.softest * 100, min(Self.loudest * 100, hundredths))
      return top - value * Self.plotHeight / (-Self.softest * 100)
    }
    let lines = [0, -20, -40].map { scale(y($0 * 100), $0 == 0 ? "0" : "−\(-$0)") }
    let target: HTML? = report.target.map { target in
      let place = y(target.integrated / 10)
      return """
        <path class="target" d="M\(Self.left) \(place)H\(Self.left + Self.plotWidth)"/>\
        <text class="soft" x="\(Self.left + Self.plotWidth + 6)" y="\(place + 4)">target</text>
        """
    }
    return """
      \(lines)\(target)<path class="momentary" d="\(curve(track.momentary.map { $0.map(y) }))"/>\
      <path class="short" d="\(curve(track.shortTerm.map { $0.map(y) }))"/>
      """
  }

  // MARK: Paths

  /// Through the middles of columns, broken where there is nothing.
  private func curve(_ rows: [Int?]) -> HTML {
    var text = ""
    var isDrawing = false
    for (column, row) in rows.enumerated() {
      guard let row else {
        isDrawing = false
        continue
      }
      text += "\(isDrawing ? "L" : "M")\(x(ofColumn: column, of: rows.count)) \(row)"
      isDrawing = true
    }
    return "\(text)"
  }

  private func area(_ lower: [Int], _ upper: [Int]) -> HTML {
    guard !lower.isEmpty, lower.count == upper.count else { return "" }
    let count = lower.count
    let there = upper.enumerated().map { "\(x(ofColumn: $0.offset, of: count)) \($0.element)" }
    let back = lower.enumerated().reversed().map { "\(x(ofColumn: $0.offset, of: count)) \($0.element + 1)" }
    return "\("M" + (there + back).joined(separator: "L") + "Z")"
  }
}
