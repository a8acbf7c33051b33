/// A shot measured: the graded frame, its luma waveform, R'G'B' parade, vectorscope and histogram on one page.
package struct ScopeSheet {
  /// A heading and what stands below it.
  package struct Group: Sendable {
    package var heading: String
    package var rows: [(name: String, value: String)]

    package init(_ heading: String, _ rows: [(name: String, value: String)]) {
      self.heading = heading
      self.rows = rows
    }
  }

  package static let width = 1600
  package static let height = 1042
  /// Plots in pixels of the page. One row of a waveform is 3 codes of 10 bits with 1023 at the top; one pixel of the
  /// vectorscope is 2 codes, Cb to the right and Cr up, 64 at the left and the bottom.
  package static let waveform = DrawingRectangle(x: 92, y: 659, width: 716, height: 342)
  package static let parade = [884.0, 1112, 1340].map {
    DrawingRectangle(x: $0, y: 659, width: 220, height: 342)
  }
  package static let vectorscope = DrawingRectangle(x: 840, y: 150, width: 449, height: 449)
  /// A column is 1023/234 codes of 10 bits, code 0 at the left; below the facts, of which there are at most 11.
  package static let histogram = DrawingRectangle(x: 1325, y: 495, width: 235, height: 104)
  /// The still is as large as fits in here.
  package static let stillBox = DrawingRectangle(x: 40, y: 150, width: 768, height: 449)

  private static let margin = 40.0
  private static let facts = DrawingRectangle(x: 1325, y: 150, width: 235, height: 449)

  private let title: String
  private let subtitle: String
  private let groups: [Group]

  package init(title: String, subtitle: String, groups: [Group]) {
    self.title = title
    self.subtitle = subtitle
    self.groups = groups
  }

  /// The page of a picture as a PNG file.
  package func png(of picture: SamplePicture) throws(DrawingError) -> [UInt8] {
    let traces = ScopeTraces(
      picture, waveformWidth: Int(Self.waveform.width), paradeWidth: Int(Self.parade[0].width))
    let canvas = try Canvas(width: Self.width, height: Self.height, background: Ink.paper)
    let right = Double(Self.width) - Self.margin
    try canvas.label(title, Ink.text(30, weight: .semibold), x: Self.margin, baseline: 62, width: right - 40)
    try canvas.label(
      subtitle, Ink.text(15, Ink.secondary), x: Self.margin, baseline: 90, width: right - 40)
    canvas.fill(DrawingRectangle(x: Self.margin, y: 106, width: right - Self.margin, height: 1), Ink.rule)
    try drawStill(picture, canvas)
    try drawVectorscope(traces, canvas)
    try drawWaveform(traces, canvas)
    try drawParade(traces, canvas)
    try drawHistogram(traces.histogram, canvas)
    try drawFacts(groups + [levels(traces.levels)], canvas)
    return try canvas.png()
  }

  private func heading(_ text: String, over plot: DrawingRectangle, _ canvas: Canvas) throws(DrawingError) {
    try canvas.label(text, Ink.text(14, Ink.secondary, weight: .medium), x: plot.x, baseline: plot.y - 11)
  }

  private func drawStill(_ picture: SamplePicture, _ canvas: Canvas) throws(DrawingError) {
    let box = Self.stillBox
    try heading("Graded", over: box, canvas)
    let size = Still.size(
      of: picture.width, picture.height, inside: (width: Int(box.width), height: Int(box.height)))
    try canvas.draw(
      picture.still(width: size.width, height: size.height), x: Int(box.x), y: Int(box.y))
  }

  /// Hits in one place that are full brightness: a 24th of a column of the waveform, a 1,800th of the picture.
  private static let fullShare = (column: 24.0, picture: 1800.0)

  private func drawVectorscope(_ traces: ScopeTraces, _ canvas: Canvas) throws(DrawingError) {
    let plot = Self.vectorscope
    try heading("Vectorscope, 75 % targets", over: plot, canvas)
    try Graticule.vectorscope(plot, canvas)
    let size = ScopeTraces.vectorscopeSize
    let pixels = traces.chroma.pixels(
      width: size, full: max(1, Double(traces.levels.count) / Self.fullShare.picture)
    ) { column, row in
      // The colour itself at middle luma, so that the trace names what it shows.
      let cb = Double(column) / Double(size - 1) - 0.5
      let cr = 0.5 - Double(row) / Double(size - 1)
      func part(_ value: Double) -> Double { min(1, max(0.12, value)) }
      return DrawingColour(
        part(0.62 + 1.5748 * cr), part(0.62 - 0.1873 * cb - 0.4681 * cr), part(0.62 + 1.8556 * cb))
    }
    try canvas.draw(rgba: pixels, width: size, height: size, in: plot)
  }

  private func drawWaveform(_ traces: ScopeTraces, _ canvas: Canvas) throws(DrawingError) {
    let plot = Self.waveform
    try canvas.label(
      "Luma waveform, percent of legal range", Ink.text(14, Ink.secondary, weight: .medium), x: Self.margin,
      baseline: plot.y - 11)
    Graticule.waveform(plot, canvas)
    try Graticule.waveformScale(plot, canvas)
    let pixels = traces.luma.pixels(
      width: Int(plot.width), full: max(1, traces.samplesPerColumn.luma / Self.fullShare.column)
    ) { _, _ in DrawingColour(0xe9efe9) }
    try canvas.draw(rgba: pixels, width: Int(plot.width), height: ScopeTraces.waveformRows, in: plot)
  }

  private func drawParade(_ traces: ScopeTraces, _ canvas: Canvas) throws(DrawingError) {
    let inks = [DrawingColour(0xff6a5c), DrawingColour(0x5fe070), DrawingColour(0x6c9bff)]
    try canvas.label(
      "RGB parade", Ink.text(14, Ink.secondary, weight: .medium), x: Self.parade[0].x - 44,
      baseline: Self.parade[0].y - 11)
    try Graticule.waveformScale(Self.parade[0], canvas)
    for ((trace, plot), ink) in zip(zip(traces.parade, Self.parade), inks) {
      Graticule.waveform(plot, canvas)
      let pixels = trace.pixels(
        width: Int(plot.width), full: max(1, traces.samplesPerColumn.parade / Self.fullShare.column)
      ) { _, _ in ink }
      try canvas.draw(rgba: pixels, width: Int(plot.width), height: ScopeTraces.waveformRows, in: plot)
    }
  }

  /// Red, green and blue over each other, light on light, with legal black and white as lines.
  private func drawHistogram(_ histogram: Histogram, _ canvas: Canvas) throws(DrawingError) {
    let plot = Self.histogram
    try heading("RGB histogram", over: plot, canvas)
    canvas.fill(plot, Ink.well)
    for code in [64, 940] {
      canvas.fill(
        DrawingRectangle(
          x: plot.x + Double(Histogram.column(code)), y: plot.y, width: 1, height: plot.height), Ink.rule)
    }
    let (width, height) = (Histogram.columns, Int(plot.height))
    try canvas.draw(rgba: histogram.pixels(height: height), width: width, height: height, in: plot)
  }

  private func levels(_ levels: ScopeTraces.Levels) -> Group {
    // Tenths of a percent of legal range, and thousandths of the samples, in whole numbers.
    func percent(_ code: Int) -> String {
      "\(code)  (\((200 * (code - 64) + (code < 64 ? -876 : 876)) / 1752) %)"
    }
    let outside = levels.count > 0 ? (2000 * levels.outside + levels.count) / (2 * levels.count) : 0
    return Group(
      "Luma, 10-bit codes",
      [
        ("lowest", percent(levels.lowest)), ("mean", percent(levels.mean)),
        ("highest", percent(levels.highest)), ("not legal", "\(outside / 10).\(outside % 10) %"),
      ])
  }

  private func drawFacts(_ groups: [Group], _ canvas: Canvas) throws(DrawingError) {
    let column = Self.facts
    var baseline = column.y - 11
    for group in groups {
      try canvas.label(
        group.heading, Ink.text(14, Ink.secondary, weight: .medium), x: column.x, baseline: baseline,
        width: column.width)
      baseline += 27
      for row in group.rows {
        try canvas.label(row.name, Ink.text(13, Ink.faint), x: column.x, baseline: baseline, width: 72)
        try canvas.label(
          row.value, Ink.text(14), x: column.x + 76, baseline: baseline, width: column.width - 76)
        baseline += 22
      }
      baseline += 22
    }
  }
}
