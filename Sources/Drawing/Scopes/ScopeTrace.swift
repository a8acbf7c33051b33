/// How often each place of a plot was hit, and how bright that is.
struct ScopeTrace {
  let columns: Int
  let rows: Int
  private var hits: [UInt32]

  init(columns: Int, rows: Int) {
    self.columns = columns
    self.rows = rows
    hits = [UInt32](repeating: 0, count: columns * rows)
  }

  mutating func hit(column: Int, row: Int) { hits[row * columns + column] += 1 }

  /// Brightness 0…1 by the square root of the hits, so that rare values stay visible beside frequent ones.
  ///
  /// - Parameter full: hits that are full brightness.
  private func brightness(_ count: UInt32, full: Double) -> Double {
    guard count > 0 else { return 0 }
    let share = min(1, Double(count) / full)
    return 0.09 + 0.91 * share.squareRoot()
  }

  /// The trace as R G B A pixels with straight alpha.
  ///
  /// - Parameters:
  ///   - width: of the plot; a trace of fewer columns is spread over it.
  ///   - full: hits in one place that are full brightness.
  ///   - colour: of a place.
  func pixels(width: Int, full: Double, colour: (_ column: Int, _ row: Int) -> DrawingColour) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: width * rows * 4)
    for row in 0..<rows {
      for x in 0..<width {
        let column = x * columns / width
        let count = hits[row * columns + column]
        guard count > 0 else { continue }
        let ink = colour(column, row)
        let index = (row * width + x) * 4
        bytes[index] = UInt8(ink.red * 255 + 0.5)
        bytes[index + 1] = UInt8(ink.green * 255 + 0.5)
        bytes[index + 2] = UInt8(ink.blue * 255 + 0.5)
        bytes[index + 3] = UInt8(brightness(count, full: full) * 255 + 0.5)
      }
    }
    return bytes
  }
}

/// What waveform, parade and vectorscope show of one picture, at its full resolution.
///
/// R'G'B' becomes Y'CbCr by the Rec.709 matrix and both become 10-bit codes of the legal range: 64 is 0 %, 940 is
/// 100 %, 512 is no colour. Values outside 0…1023 are shown at the edge. Source: ITU-R BT.709-6, item 3.
struct ScopeTraces {
  /// 3 codes a row, the top row code 1023.
  static let waveformRows = 342
  /// 2 codes a place each way, code 64 at the left and the bottom.
  static let vectorscopeSize = 449

  private(set) var luma: ScopeTrace
  private(set) var parade: [ScopeTrace]
  private(set) var chroma: ScopeTrace
  private(set) var levels = Levels()
  private(set) var histogram = Histogram()
  /// Samples that fall into one column of the waveform, and of the parade.
  let samplesPerColumn: (luma: Double, parade: Double)

  /// Luma as 10-bit codes.
  struct Levels {
    var lowest = 1023
    var highest = 0
    var sum: Int64 = 0
    var count: Int64 = 0
    /// Samples outside 64…940.
    var outside: Int64 = 0

    var mean: Int { count > 0 ? Int((2 * sum + count) / (2 * count)) : 0 }
  }

  init(_ picture: SamplePicture, waveformWidth: Int, paradeWidth: Int) {
    let columns = min(waveformWidth, picture.width)
    let paradeColumns = min(paradeWidth, picture.width)
    luma = ScopeTrace(columns: columns, rows: Self.waveformRows)
    parade = [ScopeTrace](
      repeating: ScopeTrace(columns: paradeColumns, rows: Self.waveformRows), count: 3)
    chroma = ScopeTrace(columns: Self.vectorscopeSize, rows: Self.vectorscopeSize)
    let count = Double(picture.width * picture.height)
    samplesPerColumn = (count / Double(columns), count / Double(paradeColumns))
    for row in 0..<picture.height {
      for column in 0..<picture.width {
        let index = row * picture.width + column
        let (red, green, blue) = (picture.red[index], picture.green[index], picture.blue[index])
        let y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
        let code = Self.code(64 + 876 * y)
        levels.add(code)
        luma.hit(column: column * columns / picture.width, row: Self.row(code))
        let paradeColumn = column * paradeColumns / picture.width
        for (channel, value) in [red, green, blue].enumerated() {
          let code = Self.code(64 + 876 * value)
          parade[channel].hit(column: paradeColumn, row: Self.row(code))
          histogram.hit(channel: channel, code: code)
        }
        let place = Self.place(
          cb: Self.code(512 + 896 * ((blue - y) / 1.8556)), cr: Self.code(512 + 896 * ((red - y) / 1.5748)))
        chroma.hit(column: place.column, row: place.row)
      }
    }
  }

  /// To the nearest code from 0 to 1023; what is no number is 0.
  private static func code(_ value: Float) -> Int {
    guard value > 0 else { return 0 }
    return value < 1023 ? Int(value + 0.5) : 1023
  }

  /// The row of a waveform on which a code lies.
  static func row(_ code: Int) -> Int {
    (2 * (1023 - code) * (waveformRows - 1) + 1023) / 2046
  }

  /// Where a colour lies on the vectorscope: Cb to the right, Cr up.
  static func place(cb: Int, cr: Int) -> (column: Int, row: Int) {
    func step(_ code: Int) -> Int {
      (2 * (min(max(code, 64), 960) - 64) * (vectorscopeSize - 1) + 896) / 1792
    }
    return (step(cb), vectorscopeSize - 1 - step(cr))
  }
}

extension ScopeTraces.Levels {
  fileprivate mutating func add(_ code: Int) {
    lowest = min(lowest, code)
    highest = max(highest, code)
    sum += Int64(code)
    count += 1
    if code < 64 || code > 940 { outside += 1 }
  }
}
