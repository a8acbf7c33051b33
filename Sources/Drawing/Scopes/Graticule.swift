/// Scales drawn behind and beside the traces of scopes.
enum Graticule {
  /// Codes with a line across a waveform, and what they are.
  private static let levels: [(code: Int, label: String)] = [
    (1023, ""), (940, "100"), (721, "75"), (502, "50"), (283, "25"), (64, "0"), (0, ""),
  ]

  /// The lines of a waveform: legal black and white stronger than the quarters between.
  static func waveform(_ plot: DrawingRectangle, _ canvas: Canvas) {
    canvas.fill(plot, Ink.well)
    for (code, label) in levels where !label.isEmpty {
      let isLimit = code == 64 || code == 940
      canvas.fill(
        DrawingRectangle(
          x: plot.x, y: plot.y + Double(ScopeTraces.row(code)), width: plot.width, height: 1),
        isLimit ? Ink.faint : Ink.grid)
    }
  }

  /// The numbers beside a waveform: percent of legal range, and the 10-bit codes of its ends.
  static func waveformScale(_ plot: DrawingRectangle, _ canvas: Canvas) throws(DrawingError) {
    for (code, label) in levels where !label.isEmpty {
      let isLimit = code == 64 || code == 940
      try canvas.label(
        isLimit ? "\(label) %" : label,
        Ink.text(12, isLimit ? Ink.secondary : Ink.faint, alignment: .right), x: plot.x - 8,
        baseline: plot.y + Double(ScopeTraces.row(code)) + 4.5)
    }
  }

  /// Colour bars at 75 %: where the six colours lie, exactly.
  static let targets: [(name: String, red: Double, green: Double, blue: Double)] = [
    ("R", 0.75, 0, 0), ("Mg", 0.75, 0, 0.75), ("B", 0, 0, 0.75), ("Cy", 0, 0.75, 0.75), ("G", 0, 0.75, 0),
    ("Yl", 0.75, 0.75, 0),
  ]

  /// The side of the box around a target: ±2.5 % of the chroma range.
  static let targetSize = 22.0

  static func vectorscope(_ plot: DrawingRectangle, _ canvas: Canvas) throws(DrawingError) {
    canvas.fill(plot, Ink.well)
    let middle = (x: plot.x + plot.width / 2, y: plot.y + plot.height / 2)
    canvas.fill(DrawingRectangle(x: plot.x, y: middle.y - 0.5, width: plot.width, height: 1), Ink.grid)
    canvas.fill(DrawingRectangle(x: middle.x - 0.5, y: plot.y, width: 1, height: plot.height), Ink.grid)
    for share in [0.25, 0.5, 0.75, 1.0] {
      let radius = share * (plot.width / 2 - 0.5)
      canvas.line(circle(radius, around: middle), share == 1 ? Ink.rule : Ink.grid)
    }
    // Skin of every tone lies along the axis +I of NTSC, 123° from Cb; cosine and sine as constants.
    let reach = plot.width / 2 - 1
    canvas.line(
      [middle, (middle.x - 0.544_639 * reach, middle.y - 0.838_671 * reach)], Ink.faint, width: 1)
    try canvas.label(
      "skin", Ink.text(11, Ink.faint), x: middle.x - 0.544_639 * reach * 0.9 + 10,
      baseline: middle.y - 0.838_671 * reach * 0.9)
    for target in targets {
      let place = place(target.red, target.green, target.blue, in: plot)
      let half = targetSize / 2
      canvas.stroke(
        DrawingRectangle(x: place.x - half, y: place.y - half, width: targetSize, height: targetSize),
        Ink.faint)
      // The name stands outside its box, away from the middle.
      let isLeft = place.x < middle.x
      try canvas.label(
        target.name, Ink.text(12, Ink.secondary, alignment: isLeft ? .right : .left),
        x: place.x + (isLeft ? -half - 5 : half + 5), baseline: place.y + 4.5)
    }
  }

  /// The middle of a colour's pixel, to whole pixels of the page so that boxes have sharp edges.
  private static func place(
    _ red: Double, _ green: Double, _ blue: Double, in plot: DrawingRectangle
  ) -> (x: Double, y: Double) {
    let y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    let side = Double(ScopeTraces.vectorscopeSize - 1)
    let column = ((blue - y) / 1.8556 + 0.5) * side
    let row = (0.5 - (red - y) / 1.5748) * side
    return ((plot.x + column).rounded(), (plot.y + row).rounded())
  }

  /// A circle as straight lines: by the rational form of the circle, since sines differ between CPUs.
  private static func circle(
    _ radius: Double, around middle: (x: Double, y: Double)
  ) -> [(x: Double, y: Double)] {
    let quarter: [(x: Double, y: Double)] = (0..<48).map { step in
      let t = Double(step) / 48
      let scale = 1 + t * t
      return ((1 - t * t) / scale * radius, 2 * t / scale * radius)
    }
    let turned =
      quarter.map { ($0.x, $0.y) } + quarter.map { (-$0.y, $0.x) } + quarter.map { (-$0.x, -$0.y) }
      + quarter.map { ($0.y, -$0.x) } + [(radius, 0)]
    return turned.map { (middle.x + $0.0, middle.y + $0.1) }
  }
}
