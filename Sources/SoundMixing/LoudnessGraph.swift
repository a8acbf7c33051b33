import MediaTime

/// The curves of one layout as SVG, at most one point for each pixel column however long the programme is.
///
/// LKFS and dBTP share the vertical axis. Coordinates are tenths of a pixel in whole numbers: the same text on every
/// machine.
struct LoudnessGraph {
  private static let width = 1190
  private static let left = 44
  private static let right = 78
  private static let top = 10
  private static let plotHeight = 320
  private static let bottom = 34
  /// The axis: from 0 down to −60.
  private static let lowest = 60

  private static var plotWidth: Int { width - left - right }
  private static var height: Int { top + plotHeight + bottom }

  let layout: LoudnessReport.Layout
  let target: LoudnessTarget?
  let sampleCount: Int64

  func svg(_ heading: ReportHeading) -> String {
    let (x, end) = (Self.left, Self.left + Self.plotWidth)
    var parts = [
      "<svg viewBox=\"0 0 \(Self.width) \(Self.height)\" role=\"img\" aria-label=\"Loudness over time\" "
        + "font-size=\"11.5\" fill=\"#77818d\">",
      "<clipPath id=\"plot-\(layout.layout.rawValue)\"><rect x=\"\(x)\" y=\"\(Self.top)\" "
        + "width=\"\(Self.plotWidth)\" height=\"\(Self.plotHeight)\"/></clipPath>",
    ]
    for level in stride(from: 0, through: Self.lowest, by: 10) {
      let y = pixels(tenths(Level(thousandths: -level * 1000)))
      parts.append("<path d=\"M\(x) \(y)H\(end)\" stroke=\"#232932\"/>")
      let name = level == 0 ? "0" : "−\(level)"
      parts.append("<text x=\"\(x - 9)\" y=\"\(y)\" dy=\"4\" text-anchor=\"end\">\(name)</text>")
    }
    parts += timeAxis(heading)
    parts.append("<g clip-path=\"url(#plot-\(layout.layout.rawValue))\">")
    if let target {
      let upper = tenths(target.integrated + Level(thousandths: 200))
      let lower = tenths(target.integrated - Level(thousandths: 200))
      parts.append(
        "<rect x=\"\(x)\" y=\"\(pixels(upper))\" width=\"\(Self.plotWidth)\" "
          + "height=\"\(pixels(max(10, lower - upper)))\" fill=\"#7bd88f\" opacity=\".22\"/>")
    }
    parts.append(
      "<path d=\"\(curve(layout.series.truePeak))\" fill=\"none\" stroke=\"#5b6572\" stroke-width=\"1\"/>")
    let momentary = curve(layout.series.momentary)
    parts.append(
      "<path d=\"\(area(layout.series.momentary))\" fill=\"#3f8fa8\" opacity=\".16\"/>"
        + "<path d=\"\(momentary)\" fill=\"none\" stroke=\"#3f8fa8\" stroke-width=\"1.2\" "
        + "stroke-linejoin=\"round\"/>")
    parts.append(
      "<path d=\"\(curve(layout.series.shortTerm))\" fill=\"none\" stroke=\"#f0b95a\" stroke-width=\"2.2\" "
        + "stroke-linejoin=\"round\" stroke-linecap=\"round\"/>")
    parts.append("</g>")
    parts += lines(from: x, to: end)
    parts.append("</svg>")
    return parts.joined(separator: "\n")
  }

  /// Integrated loudness, target and limit, named at the right.
  private func lines(from x: Int, to end: Int) -> [String] {
    var parts: [String] = []
    func line(_ level: Level, _ colour: String, _ name: String, dash: String, labelAt label: Int) {
      let y = tenths(level)
      parts.append(
        "<path d=\"M\(x) \(pixels(y))H\(end)\" stroke=\"\(colour)\" stroke-width=\"1.2\""
          + (dash.isEmpty ? "" : " stroke-dasharray=\"\(dash)\"") + "/>")
      parts.append(
        "<text x=\"\(end + 9)\" y=\"\(pixels(label))\" dy=\"4\" fill=\"\(colour)\">\(name)</text>")
    }
    if let integrated = layout.facts.integrated {
      var label = tenths(integrated)
      // Two names need a line each.
      if let target, abs(label - tenths(target.integrated)) < 150 { label = tenths(target.integrated) + 150 }
      line(integrated, "#f2f4f7", "mix \(integrated.tenths)", dash: "", labelAt: label)
    }
    if let target {
      line(
        target.truePeak, "#e5717a", "\(target.truePeak) dBTP", dash: "5 4", labelAt: tenths(target.truePeak))
      line(
        target.integrated, "#7bd88f", "\(target.integrated) LKFS", dash: "5 4",
        labelAt: tenths(target.integrated))
    }
    return parts
  }

  /// Record timecode at round labels, at most ten of them.
  private func timeAxis(_ heading: ReportHeading) -> [String] {
    let seconds = max(1, sampleCount / Int64(MixDescription.sampleRate))
    let steps: [Int64] = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200]
    let step = (steps.first { seconds / $0 <= 9 } ?? 14_400) * Int64(heading.rate.nominalBase)
    let y = Self.top + Self.plotHeight
    var parts: [String] = []
    var frame = (heading.startFrame + step - 1) / step * step
    while true {
      let sample = heading.rate.sampleEdge(
        ofFrame: frame - heading.startFrame, sampleRate: MixDescription.sampleRate)
      guard sample <= sampleCount else { return parts }
      let x = position(sample)
      let label = Timecode(frame: frame, rate: heading.rate, isDropFrame: heading.isDropFrame)
      let anchor =
        x < (Self.left + 40) * 10 ? "start" : x > (Self.left + Self.plotWidth - 10) * 10 ? "end" : "middle"
      parts.append(
        "<path d=\"M\(pixels(x)) \(Self.top)V\(y)\" stroke=\"#1d222a\"/>"
          + "<text x=\"\(pixels(x))\" y=\"\(y + 20)\" text-anchor=\"\(anchor)\">\(label)</text>")
      frame += step
    }
  }

  // MARK: Coordinates, in tenths of a pixel

  private func position(_ sample: Int64) -> Int {
    Self.left * 10 + Int(sample * Int64(Self.plotWidth * 10) / max(1, sampleCount))
  }

  private func tenths(_ level: Level?) -> Int {
    let thousandths = max(-Self.lowest * 1000 - 1000, min(0, level?.thousandths ?? .min / 2))
    return Self.top * 10 - thousandths * Self.plotHeight * 10 / (Self.lowest * 1000)
  }

  private func pixels(_ tenths: Int) -> String {
    let size = abs(tenths)
    return (tenths < 0 ? "-" : "") + (size % 10 == 0 ? "\(size / 10)" : "\(size / 10).\(size % 10)")
  }

  /// The highest value of each pixel column.
  private func points(_ series: [Level?]) -> [(x: Int, y: Int)] {
    let step = Int64(MixDescription.sampleRate) / LoudnessSeries.valuesPerSecond
    var points: [(x: Int, y: Int)] = []
    for (index, level) in series.enumerated() {
      // A value speaks of what came before it.
      let x = position(min(sampleCount, Int64(index + 1) * step))
      let y = tenths(level)
      if let last = points.last, x - last.x < 10, series.count > Self.plotWidth {
        points[points.count - 1].y = min(last.y, y)
      } else {
        points.append((x, y))
      }
    }
    return points
  }

  private func curve(_ series: [Level?]) -> String {
    let text = points(series).map { "\(pixels($0.x)) \(pixels($0.y))" }.joined(separator: "L")
    return text.isEmpty ? "" : "M" + text
  }

  private func area(_ series: [Level?]) -> String {
    let points = points(series)
    guard let first = points.first, let last = points.last else { return "" }
    let floor = Self.top + Self.plotHeight
    let text = points.map { "\(pixels($0.x)) \(pixels($0.y))" }.joined(separator: "L")
    return "M\(pixels(first.x)) \(floor)L\(text)L\(pixels(last.x)) \(floor)Z"
  }
}
