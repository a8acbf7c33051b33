import Diagnostics
import MediaTime

/// A cell of a log with its place.
struct LogCell {
  /// Blanks at the ends removed.
  var text: String
  /// Asked only for faults: to count the characters before every cell of a long line would take too long.
  var location: () -> SourceLocation
}

/// Makes entries of rows, whatever kind of file they stand in.
struct LogRowReader {
  /// Rate of the whole log.
  let rate: FrameRate?
  /// Whether timecode cells hold nothing but timecodes: an ALE's do, a spreadsheet's duration may be in seconds.
  let isStrict: Bool
  private let columns: [String]
  /// Indices of the columns of each meaning, the most trusted first.
  private let places: [LogColumn: [Int]]
  var faults = FaultList()

  init(columns: [String], rate: FrameRate?, isStrict: Bool) {
    self.rate = rate
    self.isStrict = isStrict
    self.columns = columns
    var ranked: [LogColumn: [(index: Int, rank: Int)]] = [:]
    for (index, name) in columns.enumerated() {
      guard let meaning = LogColumn.meaning(of: name) else { continue }
      ranked[meaning.column, default: []].append((index, meaning.rank))
    }
    places = ranked.mapValues { $0.sorted { ($0.rank, $0.index) < ($1.rank, $1.index) }.map(\.index) }
  }

  func has(_ column: LogColumn) -> Bool { places[column] != nil }

  /// - Parameter cells: at most as many as there are columns; missing ones are empty.
  /// - Returns: `nil` when the row has a fault.
  mutating func entry(_ cells: [LogCell], location: SourceLocation, excerpt: String) -> SourceLog.Entry? {
    let before = faults.diagnostics.count
    // Of several columns of one meaning the first that is filled.
    var used = places.compactMapValues { $0.first { $0 < cells.count && !cells[$0].text.isEmpty } }
    func cell(_ column: LogColumn) -> LogCell? { used[column].map { cells[$0] } }
    func text(_ column: LogColumn) -> String? { cell(column)?.text }
    var entry = SourceLog.Entry(
      name: text(.name) ?? text(.sourceFile).map { FileNames.stem($0) } ?? "", reel: text(.reel),
      sourceFile: text(.sourceFile), path: text(.path), umid: text(.umid), scene: text(.scene),
      take: text(.take), cameraRoll: text(.cameraRoll), soundRoll: text(.soundRoll), others: [],
      location: location)
    entry.rate = rate
    // The rate of a row is the source's; labels count at it only where the log has no rate of its own.
    if rate == nil, let cell = cell(.rate) { entry.rate = readRate(cell, excerpt) }
    // A spreadsheet's duration may be in seconds.
    if !isStrict, let text = text(.duration), TimecodeLabel(parsing: text) == nil { used[.duration] = nil }
    entry.span = span(cell(.start), cell(.end), cell(.duration), rate: entry.rate, excerpt)
    if entry.span == nil { for column in [LogColumn.end, .duration] { used[column] = nil } }
    entry.grade = grade(cell(.slopeOffsetPower), cell(.saturation), cell(.grade), excerpt)
    used[.rate] = nil
    if used[.slopeOffsetPower] != nil { used[.grade] = nil }
    let carried = Set(used.values)
    entry.others = cells.indices.filter { !carried.contains($0) && !cells[$0].text.isEmpty }.map {
      SourceLog.Column(name: columns[$0], text: cells[$0].text)
    }
    return faults.diagnostics.count == before ? entry : nil
  }

  private mutating func fault(
    _ code: String, _ cell: LogCell, _ message: String, _ remedy: String?, _ excerpt: String
  ) {
    faults.add(
      Diagnostic(
        family: .usage, code: code, location: cell.location(), message: message, remedy: remedy,
        excerpt: excerpt))
  }

  private mutating func readRate(_ cell: LogCell, _ excerpt: String) -> FrameRate? {
    let words = cell.text.split(separator: " ")
    // Sound recorders print `23.976ND` or `29.97 DF`.
    let number = words.first.map { $0.prefix { $0.isNumber || $0 == "." || $0 == "/" } } ?? ""
    if let rate = try? FrameRate(parsing: String(number)) { return rate }
    fault(
      "log.badRate", cell, "`\(cell.text)` is not a frame rate", "Write it as 23.976, 24 or 25.", excerpt)
    return nil
  }

  // MARK: Timecode

  private mutating func span(
    _ start: LogCell?, _ end: LogCell?, _ duration: LogCell?, rate: FrameRate?, _ excerpt: String
  ) -> SourceLog.Span? {
    guard let start else { return nil }
    guard let first = label(start, rate: rate, excerpt) else { return nil }
    let last = end.flatMap { label($0, rate: rate, excerpt) }
    let length = duration.flatMap { label($0, rate: rate, excerpt) }
    let span = SourceLog.Span(start: first, end: last, duration: length)
    guard let rate, let last, let length, let duration else { return span }
    let byDuration = SourceLog.Span(start: first, duration: length).frames(at: rate)?.count
    let byEnd = SourceLog.Span(start: first, end: last).frames(at: rate)?.count
    if let byDuration, let byEnd, byDuration != byEnd {
      fault(
        "log.badDuration", duration,
        "start \(first) and end \(last) are \(byEnd) frames apart, and the duration \(length) says \(byDuration)",
        "The end is the timecode after the last frame: correct the row or export the log again.", excerpt)
    }
    return span
  }

  private mutating func label(_ cell: LogCell, rate: FrameRate?, _ excerpt: String) -> TimecodeLabel? {
    guard let label = TimecodeLabel(parsing: cell.text) else {
      fault(
        "log.badTimecode", cell, "`\(cell.text)` is not a timecode such as 01:00:00:00", nil, excerpt)
      return nil
    }
    guard let rate else { return label }
    do throws(MediaTimeError) {
      _ = try label.frame(rate: rate, isDropFrame: label.isDropFrame)
      return label
    } catch {
      fault("log.badTimecode", cell, error.message, "Check the FPS of the log.", excerpt)
      return nil
    }
  }

  // MARK: Grades

  /// `ASC_SOP` and `ASC_SAT` count before `CDL`, which holds the same in one cell.
  private mutating func grade(
    _ sop: LogCell?, _ saturation: LogCell?, _ all: LogCell?, _ excerpt: String
  ) -> ColorDecision? {
    guard let first = sop ?? all ?? saturation else { return nil }
    var decision = ColorDecision()
    if let cell = sop ?? all {
      guard let numbers = numbers(cell, [9, 10], excerpt) else { return nil }
      decision.set(numbers)
    }
    if let saturation {
      guard let numbers = numbers(saturation, [1], excerpt) else { return nil }
      decision.saturation = numbers[0]
    }
    guard decision.power.allSatisfy({ $0 > 0 }),
      (decision.slope + [decision.saturation]).allSatisfy({ $0 >= 0 })
    else {
      fault(
        "log.badGrade", first, "slope and saturation cannot be negative, and power is greater than 0", nil,
        excerpt)
      return nil
    }
    return decision
  }

  private mutating func numbers(_ cell: LogCell, _ counts: [Int], _ excerpt: String) -> [Double]? {
    let words = cell.text.split(whereSeparator: { "(), \t:*".contains($0) })
    let numbers = words.prefix(11).compactMap { Double($0) }
    if counts.contains(words.count), numbers.count == words.count, numbers.allSatisfy(\.isFinite) {
      return numbers
    }
    let wanted =
      counts == [1] ? "one number" : "nine numbers, and one more for the saturation where it has it"
    fault(
      "log.badGrade", cell, "`\(cell.text)` is no grade: it needs \(wanted)",
      counts == [1] ? nil : "It reads `(1.0 1.0 1.0)(0.0 0.0 0.0)(1.0 1.0 1.0)`.", excerpt)
    return nil
  }
}

extension ColorDecision {
  /// Slope, offset, power, and saturation where there is a tenth number.
  fileprivate mutating func set(_ numbers: [Double]) {
    slope = Array(numbers[0..<3])
    offset = Array(numbers[3..<6])
    power = Array(numbers[6..<9])
    if numbers.count > 9 { saturation = numbers[9] }
  }
}
