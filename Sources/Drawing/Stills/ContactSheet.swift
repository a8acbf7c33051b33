/// A page of shots in the order of the cut, each before and after its grade.
package struct ContactSheet {
  /// One shot of the page.
  package struct Shot: Sendable {
    package var event: String
    package var name: String
    /// First timecode and the one after the last, e.g. `01:00:00:00–01:00:04:00`.
    package var record: String
    package var source: String
    package var length: String
    /// Extra frames of the media before and after the shot, and how many were asked for.
    package var handles: (before: Int64, after: Int64, wanted: Int64)
    /// What is special about it, e.g. `reverse`.
    package var notes: [String]
    package var before: Still
    package var after: Still

    package init(
      event: String, name: String, record: String, source: String, length: String,
      handles: (before: Int64, after: Int64, wanted: Int64), notes: [String], before: Still, after: Still
    ) {
      self.event = event
      self.name = name
      self.record = record
      self.source = source
      self.length = length
      self.handles = handles
      self.notes = notes
      self.before = before
      self.after = after
    }
  }

  package static let width = 1920
  package static let columns = 3
  /// Shots beyond these go on another page.
  package static let shotsPerPage = 36
  /// Stills are as large as fits in here.
  package static let stillBox = (width: 288, height: 216)

  private static let margin = 48
  private static let columnWidth = 584
  private static let columnGap = 36
  private static let stillGap = 8
  private static let headerHeight = 156
  private static let captionHeight = 86
  private static let rowGap = 36
  private static let paletteHeight = 5
  private static let paletteGap = 4

  private let programme: String
  private let facts: [String]
  private let shots: [Shot]
  private let stillHeight: Int

  /// - Parameters:
  ///   - facts: lines at the right of the header: the cut, rate and length, the page.
  ///   - raster: of the programme; all stills have its shape.
  package init(
    programme: String, facts: [String], shots: [Shot], raster: (width: Int, height: Int)
  ) {
    self.programme = programme
    self.facts = facts
    self.shots = shots
    stillHeight = Still.size(of: raster.width, raster.height, inside: Self.stillBox).height
  }

  /// Shots of each page: as even as possible, so that no page holds a last lonely row.
  package static func pages(_ count: Int) -> [Range<Int>] {
    let pages = max(1, (count + shotsPerPage - 1) / shotsPerPage)
    return (0..<pages).map { count * $0 / pages..<count * ($0 + 1) / pages }
  }

  /// Where the stills of shot `index` of a page are drawn: their boxes' top left corners in pixels.
  package static func place(_ index: Int, stillHeight: Int) -> (
    before: (x: Int, y: Int), after: (x: Int, y: Int)
  ) {
    let rowHeight = stillHeight + paletteGap + paletteHeight + captionHeight + rowGap
    let x = margin + index % columns * (columnWidth + columnGap)
    let y = headerHeight + index / columns * rowHeight
    return ((x, y), (x + stillBox.width + stillGap, y))
  }

  /// The page as a PNG file.
  package func png() throws(DrawingError) -> [UInt8] {
    let rows = (max(1, shots.count) + Self.columns - 1) / Self.columns
    let bottom = Self.place(rows * Self.columns, stillHeight: stillHeight).before.y
    let canvas = try Canvas(
      width: Self.width, height: bottom - Self.rowGap + Self.margin / 2, background: Ink.paper)
    try drawHeader(canvas)
    for (index, shot) in shots.enumerated() {
      try draw(shot, at: Self.place(index, stillHeight: stillHeight), canvas)
    }
    return try canvas.png()
  }

  private func drawHeader(_ canvas: Canvas) throws(DrawingError) {
    let left = Double(Self.margin)
    let right = Double(Self.width - Self.margin)
    try canvas.label(programme, Ink.text(34, weight: .semibold), x: left, baseline: 74, width: 1000)
    try canvas.label(
      "Contact sheet: each shot before its grade, left, and after it, right", Ink.text(16, Ink.secondary),
      x: left,
      baseline: 104, width: 1000)
    for (index, fact) in facts.enumerated() {
      let style = Ink.text(16, index == 0 ? Ink.primary : Ink.secondary, alignment: .right)
      try canvas.label(fact, style, x: right, baseline: 44 + Double(index) * 22, width: 760)
    }
    canvas.fill(DrawingRectangle(x: left, y: 126, width: right - left, height: 1), Ink.rule)
  }

  private func draw(
    _ shot: Shot, at place: (before: (x: Int, y: Int), after: (x: Int, y: Int)), _ canvas: Canvas
  ) throws(DrawingError) {
    for (still, corner) in [(shot.before, place.before), (shot.after, place.after)] {
      // A narrow picture stands in the middle of its box.
      try canvas.draw(still, x: corner.x + (Self.stillBox.width - still.width) / 2, y: corner.y)
      drawPalette(of: still, x: corner.x, y: corner.y + stillHeight + Self.paletteGap, canvas)
    }
    try drawCaption(
      shot, x: Double(place.before.x),
      y: Double(place.before.y + stillHeight + Self.paletteGap + Self.paletteHeight), canvas)
  }

  /// The still's main colours, each as wide as its share.
  private func drawPalette(of still: Still, x: Int, y: Int, _ canvas: Canvas) {
    var seen = 0.0
    var left = 0.0
    for (colour, share) in still.palette(6) {
      seen += share
      // Whole pixels, so that the swatches have clean edges.
      let right = (seen * Double(Self.stillBox.width)).rounded()
      canvas.fill(
        DrawingRectangle(
          x: Double(x) + left, y: Double(y), width: right - left, height: Double(Self.paletteHeight)), colour)
      left = right
    }
  }

  private func drawCaption(_ shot: Shot, x: Double, y: Double, _ canvas: Canvas) throws(DrawingError) {
    let width = Double(Self.columnWidth)
    let right = x + width
    let second = x + Double(Self.stillBox.width + Self.stillGap)
    let event = try canvas.label(shot.event, Ink.text(17, Ink.faint), x: x, baseline: y + 28, width: 90)
    let length = try canvas.label(
      shot.length, Ink.text(15, Ink.secondary, alignment: .right), x: right, baseline: y + 28, width: 160)
    try canvas.label(
      shot.name, Ink.text(17, weight: .semibold), x: x + event + 12, baseline: y + 28,
      width: width - event - length - 28)
    try field("record", shot.record, x: x, baseline: y + 53, width: second - x - 12, canvas)
    let (before, after, wanted) = shot.handles
    let isShort = before < wanted || after < wanted
    try field(
      "handles", "\(before) before, \(after) after" + (isShort ? " of \(wanted)" : ""), x: second,
      baseline: y + 53, width: right - second, canvas, colour: isShort ? Ink.warning : Ink.primary)
    let notes = try canvas.label(
      shot.notes.joined(separator: ", "), Ink.text(14, Ink.secondary, alignment: .right), x: right,
      baseline: y + 75, width: right - second - 72)
    try field("source", shot.source, x: x, baseline: y + 75, width: width - notes - 16, canvas)
  }

  private func field(
    _ name: String, _ value: String, x: Double, baseline: Double, width: Double, _ canvas: Canvas,
    colour: DrawingColour = Ink.primary
  ) throws(DrawingError) {
    try canvas.label(name, Ink.text(13, Ink.faint), x: x, baseline: baseline)
    try canvas.label(value, Ink.text(14, colour), x: x + 58, baseline: baseline, width: width - 58)
  }
}
