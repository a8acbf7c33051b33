import Drawing
import TestSupport
import Testing

/// Where scopes show a colour, against positions computed here from the Rec.709 matrix.
@Suite struct ScopeSheetTests {
  private struct Colour {
    var red: Double
    var green: Double
    var blue: Double

    // Source: ITU-R BT.709-6, items 3.2 and 3.3.
    var luma: Double { 0.2126 * red + 0.7152 * green + 0.0722 * blue }
    var cb: Double { (blue - luma) / 1.8556 }
    var cr: Double { (red - luma) / 1.5748 }

    /// Where the vectorscope shows it, from the page's corner.
    var chroma: (x: Int, y: Int) {
      let plot = ScopeSheet.vectorscope
      return (
        Int(plot.x) + Int((cb * 448 + 224).rounded()), Int(plot.y) + Int((224 - cr * 448).rounded())
      )
    }
  }

  private func page(_ width: Int, _ height: Int, _ colour: (Int) -> Colour) throws -> DecodedPicture {
    let columns = (0..<width * height).map { colour($0 % width) }
    let picture = SamplePicture(
      width: width, height: height, red: columns.map { Float($0.red) },
      green: columns.map { Float($0.green) },
      blue: columns.map { Float($0.blue) })
    return try DecodedPicture(
      png: try ScopeSheet(title: "SHOT", subtitle: "reel", groups: []).png(of: picture))
  }

  /// The row of a waveform that shows a signal of 0…1 as 10-bit legal codes, 3 codes a row.
  private func row(_ value: Double) -> Int {
    Int(((1023 - (64 + 876 * value).rounded()) / 3).rounded())
  }

  /// Pixels of a plot that are coloured: the scales behind the traces are grey.
  private func coloured(_ page: DecodedPicture, _ plot: DrawingRectangle) -> [(x: Int, y: Int)] {
    var found: [(x: Int, y: Int)] = []
    for y in Int(plot.y)..<Int(plot.y + plot.height) {
      for x in Int(plot.x)..<Int(plot.x + plot.width) {
        let pixel = page[x, y]
        if (pixel.max() ?? 0) - (pixel.min() ?? 0) > 40 { found.append((x, y)) }
      }
    }
    return found
  }

  @Test(arguments: [UInt64(5), 6, 7, 8])
  func `a flat colour is one point of the vectorscope and one line of waveform and parade`(seed: UInt64)
    throws
  {
    var random = SplitMix64(seed: seed)
    func part() -> Double { Double.random(in: 0.1...0.9, using: &random) }
    let colour = Colour(red: 0.9, green: part(), blue: 0.1 + part() / 9)
    let page = try page(96, 54) { _ in colour }
    #expect(page.width == ScopeSheet.width && page.height == ScopeSheet.height)

    let points = coloured(page, ScopeSheet.vectorscope)
    #expect(points.count == 1)
    let point = try #require(points.first)
    #expect(abs(point.x - colour.chroma.x) <= 1 && abs(point.y - colour.chroma.y) <= 1)

    let plot = ScopeSheet.waveform
    for x in stride(from: Int(plot.x), to: Int(plot.x + plot.width), by: 13) {
      let bright = (Int(plot.y)..<Int(plot.y + plot.height)).filter { page[x, $0][1] > 0xc0 }
      #expect(bright.count == 1)
      #expect(abs((bright.first ?? 0) - Int(plot.y) - row(colour.luma)) <= 1, "column \(x)")
    }
    for (plot, value) in zip(ScopeSheet.parade, [colour.red, colour.green, colour.blue]) {
      let rows = Set(coloured(page, plot).map(\.y))
      #expect(rows.count == 1)
      #expect(abs((rows.first ?? 0) - Int(plot.y) - row(value)) <= 1)
      #expect(coloured(page, plot).count == Int(plot.width), "the whole width of the picture is shown")
    }
  }

  @Test(arguments: [UInt64(9), 10])
  func `the histogram has each channel of a flat colour at its code, at full height`(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let colour = Colour(
      red: Double.random(in: 0...0.3, using: &random), green: Double.random(in: 0.4...0.6, using: &random),
      blue: Double.random(in: 0.7...1, using: &random))
    let page = try page(96, 54) { _ in colour }
    let plot = ScopeSheet.histogram
    let found = coloured(page, plot)
    #expect(found.count == 3 * Int(plot.height))
    let columns = Set(found.map(\.x)).sorted()
    let expected = [colour.red, colour.green, colour.blue].map { value in
      Int(plot.x) + Int(((64 + 876 * value).rounded() / 1023 * (plot.width - 1)).rounded())
    }
    #expect(columns.count == 3)
    for (channel, (column, place)) in zip(columns, expected).enumerated() {
      #expect(abs(column - place) <= 1)
      let pixel = page[column, Int(plot.y) + 1]
      #expect(pixel.max() == pixel[channel], "its own colour")
    }
  }

  @Test func `bars of 75 % hit the boxes of the vectorscope`() throws {
    let bars = [
      Colour(red: 0.75, green: 0, blue: 0), Colour(red: 0.75, green: 0, blue: 0.75),
      Colour(red: 0, green: 0, blue: 0.75), Colour(red: 0, green: 0.75, blue: 0.75),
      Colour(red: 0, green: 0.75, blue: 0), Colour(red: 0.75, green: 0.75, blue: 0),
    ]
    let page = try page(60, 20) { bars[$0 / 10] }
    let points = coloured(page, ScopeSheet.vectorscope)
    #expect(points.count == bars.count)
    for bar in bars {
      let place = bar.chroma
      #expect(points.contains { abs($0.x - place.x) <= 1 && abs($0.y - place.y) <= 1 })
      // The edges of the box, eleven pixels from its middle each way.
      func isEdge(_ x: Int, _ y: Int) -> Bool {
        (-1...1).contains { page[x + $0, y][0] == 0x75 } || (-1...1).contains { page[x, y + $0][0] == 0x75 }
      }
      for (x, y) in [(-11, 4), (10, 4), (4, -11), (4, 10)] {
        #expect(isEdge(place.x + x, place.y + y), "no box around \(bar)")
      }
    }
  }

  @Test func `legal black and white have lines, and a step lies on both`() throws {
    let page = try page(100, 20) {
      $0 < 50 ? Colour(red: 0, green: 0, blue: 0) : Colour(red: 1, green: 1, blue: 1)
    }
    let plot = ScopeSheet.waveform
    let (black, white) = (Int(plot.y) + row(0), Int(plot.y) + row(1))
    let (left, right) = (Int(plot.x) + 100, Int(plot.x + plot.width) - 100)
    #expect(page[left, black][1] > 0xc0 && page[right, white][1] > 0xc0)
    #expect(page[left, white] == [0x75, 0x75, 0x75] && page[right, black] == [0x75, 0x75, 0x75])
  }

  @Test func `the page of a picture is the same bytes every time, hostile text included`() throws {
    var random = SplitMix64(seed: 3)
    let samples = (0..<1200).map { _ in Float.random(in: -0.2...1.2, using: &random) }
    let picture = SamplePicture(
      width: 40, height: 30, red: samples, green: samples.reversed(), blue: samples.map { $0 * $0 })
    let sheet = ScopeSheet(
      title: "SHOT\u{0}\n\u{202E}" + String(repeating: "W", count: 500), subtitle: "<b>&\u{1B}[31m",
      groups: [ScopeSheet.Group("Grade", [("slope", String(repeating: "1.05 ", count: 40))])])
    #expect(try sheet.png(of: picture) == (try sheet.png(of: picture)))
  }
}
