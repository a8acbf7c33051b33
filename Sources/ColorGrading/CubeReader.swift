import Diagnostics

/// Reads a .cube file line by line and collects its faults.
struct CubeReader {
  /// A keyword that was read: its numbers and where it stands.
  private struct Entry {
    var values: [Double]
    var line: Line
  }

  /// A line of the file: its number and where its bytes lie.
  private struct Line {
    var number: Int
    var range: Range<Int>
  }

  private enum Keyword: String, CaseIterable {
    case title = "TITLE"
    case size1D = "LUT_1D_SIZE"
    case size3D = "LUT_3D_SIZE"
    case domainMinimum = "DOMAIN_MIN"
    case domainMaximum = "DOMAIN_MAX"
    case range1D = "LUT_1D_INPUT_RANGE"
    case range3D = "LUT_3D_INPUT_RANGE"

    /// How many numbers follow it.
    var valueCount: Int {
      switch self {
      case .title: 0
      case .size1D, .size3D: 1
      case .range1D, .range3D: 2
      case .domainMinimum, .domainMaximum: 3
      }
    }
  }

  /// A file with more faults is not the file that was meant.
  private static let mostFaults = 100

  private let path: String
  private let bytes: [UInt8]
  private var faults: [Diagnostic] = []
  private var faultCount = 0
  private var isText = false
  private var title: String?
  private var entries: [Keyword: Entry] = [:]
  private var values: [Float] = []
  private var rowCount = 0
  private var firstRow: Line?
  private var firstExtraRow: Line?

  init(path: String, bytes: [UInt8]) {
    self.path = path
    self.bytes = bytes
  }

  // MARK: - Lines

  mutating func readLines() {
    guard bytes.count <= CubeFile.largestFile else {
      add(
        "cube.tooLarge", nil, "the file has \(bytes.count) bytes; a LUT has fewer",
        "Check that this is a .cube file.")
      return
    }
    guard !bytes.contains(0) else {
      add("cube.notText", nil, "the file is not text", "Check that this is a .cube file.")
      return
    }
    isText = true
    var position = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    var number = 0
    while position < bytes.count {
      let start = position
      while position < bytes.count, bytes[position] != 0x0A, bytes[position] != 0x0D { position += 1 }
      number += 1
      readLine(Line(number: number, range: start..<position))
      guard position < bytes.count else { break }
      let isPair = bytes[position] == 0x0D && position + 1 < bytes.count && bytes[position + 1] == 0x0A
      position += isPair ? 2 : 1
    }
  }

  private mutating func readLine(_ line: Line) {
    guard let first = nextWord(in: line, from: line.range.lowerBound),
      bytes[first.lowerBound] != UInt8(ascii: "#")
    else { return }
    switch bytes[first.lowerBound] {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
      readRow(line)
    default: readKeyword(line, first)
    }
  }

  private func nextWord(in line: Line, from position: Int) -> Range<Int>? {
    var start = position
    while start < line.range.upperBound, bytes[start] == 0x20 || bytes[start] == 0x09 { start += 1 }
    var end = start
    while end < line.range.upperBound, bytes[end] != 0x20, bytes[end] != 0x09 { end += 1 }
    return start < end ? start..<end : nil
  }

  /// The words of a line behind a position, without a comment at its end.
  private func words(of line: Line, from position: Int) -> [Range<Int>] {
    var words: [Range<Int>] = []
    var position = position
    while let word = nextWord(in: line, from: position), bytes[word.lowerBound] != UInt8(ascii: "#") {
      words.append(word)
      position = word.upperBound
    }
    return words
  }

  private func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

  /// Decimal notation only: `Float` by itself also reads `nan`, `inf` and hexadecimal.
  private func number<Value: LosslessStringConvertible & FloatingPoint>(_ word: Range<Int>, as: Value.Type)
    -> Value?
  {
    for byte in bytes[word] {
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."),
        UInt8(ascii: "e"), UInt8(ascii: "E"):
        continue
      default: return nil
      }
    }
    guard let value = Value(text(word)), value.isFinite else { return nil }
    return value
  }

  // MARK: - Rows

  private mutating func readRow(_ line: Line) {
    if firstRow == nil {
      firstRow = line
      // Sizes stand before the rows; a wrong size must not make us reserve what the file cannot hold.
      values.reserveCapacity(min(3 * (wantedRows ?? 0), bytes.count))
    }
    rowCount += 1
    if let wantedRows, rowCount == wantedRows + 1 { firstExtraRow = line }
    var count = 0
    var position = line.range.lowerBound
    while let word = nextWord(in: line, from: position), bytes[word.lowerBound] != UInt8(ascii: "#") {
      count += 1
      if let value = number(word, as: Float.self) {
        if count <= 3 { values.append(value) }
      } else {
        addBadNumber(word, line)
        if count <= 3 { values.append(0) }
      }
      position = word.upperBound
    }
    guard count != 3 else { return }
    for _ in 0..<max(0, 3 - count) { values.append(0) }
    add(
      "cube.badRow", line, "a row has three numbers, this one has \(count)",
      "Write red, green and blue of one sample.",
      at: line.range.lowerBound)
  }

  /// Rows that the sizes ask for; nil while a size is missing or wrong.
  private var wantedRows: Int? {
    let shaper = entries[.size1D].flatMap { $0.values.first.map { Int($0) } }
    let cube = entries[.size3D].flatMap { $0.values.first.map { Int($0) } }
    if entries[.size1D] != nil && shaper == nil || entries[.size3D] != nil && cube == nil { return nil }
    if shaper == nil && cube == nil { return nil }
    return (shaper ?? 0) + (cube.map { $0 * $0 * $0 } ?? 0)
  }

  // MARK: - Keywords

  private mutating func readKeyword(_ line: Line, _ word: Range<Int>) {
    let name = text(word).uppercased()
    guard let keyword = Keyword(rawValue: name) else {
      addUnknown(name, word, line)
      return
    }
    if keyword == .title {
      if title == nil { title = readTitle(line, from: word.upperBound) }
      return
    }
    if firstRow != nil {
      add(
        "cube.lateKeyword", line, "\(name) stands behind rows of numbers",
        "Write all keywords before the first row.",
        at: word.lowerBound)
      return
    }
    if let earlier = entries[keyword] {
      add(
        "cube.repeatedKeyword", line, "\(name) is given again, first in line \(earlier.line.number)",
        "Keep one of them.", at: word.lowerBound)
      return
    }
    entries[keyword] = Entry(values: readValues(of: keyword, line, from: word.upperBound), line: line)
  }

  private func readTitle(_ line: Line, from position: Int) -> String {
    let rest = text(position..<line.range.upperBound)
    let quoted = rest.split(separator: "\"", maxSplits: 2, omittingEmptySubsequences: false)
    if quoted.count >= 2 { return String(quoted[1]) }
    let words = rest.split(whereSeparator: { $0 == " " || $0 == "\t" })
    return words.joined(separator: " ")
  }

  /// The numbers of a keyword; none when one of them is wrong, which is then reported.
  private mutating func readValues(of keyword: Keyword, _ line: Line, from position: Int) -> [Double] {
    let words = words(of: line, from: position)
    var values: [Double] = []
    for word in words {
      if let value = number(word, as: Double.self) { values.append(value) } else { addBadNumber(word, line) }
    }
    guard values.count == words.count else { return [] }
    guard values.count == keyword.valueCount else {
      add(
        "cube.badKeyword", line,
        "\(keyword.rawValue) takes \(keyword.valueCount == 1 ? "one number" : "\(keyword.valueCount) numbers"), "
          + "this one has \(values.count)", nil, at: words.first?.lowerBound ?? line.range.upperBound)
      return []
    }
    if keyword == .size1D || keyword == .size3D { return checkedSize(values[0], keyword, words[0], line) }
    return values
  }

  private mutating func checkedSize(_ size: Double, _ keyword: Keyword, _ word: Range<Int>, _ line: Line)
    -> [Double]
  {
    let sizes = keyword == .size1D ? 2...65_536 : 2...256
    if Double(sizes.lowerBound) <= size, size <= Double(sizes.upperBound), size == size.rounded() {
      return [size]
    }
    add(
      "cube.badSize", line,
      "\(keyword.rawValue) \(text(word)) is not a whole number from \(sizes.lowerBound) to \(sizes.upperBound)",
      nil,
      at: word.lowerBound)
    return []
  }

  // MARK: - The whole

  /// - Throws: all faults, those of the whole file last.
  mutating func finished() throws(DiagnosticList) -> CubeFile {
    if isText { checkSizes() }
    checkDialect()
    let shaperDomain = checkedDomain(of: .size1D, range: .range1D)
    let cubeDomain = checkedDomain(of: .size3D, range: .range3D)
    guard faults.isEmpty else {
      if faultCount > faults.count {
        faults.append(
          Diagnostic(
            severity: .note, family: .usage, code: "cube.moreFaults", location: SourceLocation(file: path),
            message: "\(faultCount - faults.count) more faults are not listed"))
      }
      throw DiagnosticList(faults)
    }
    var file = CubeFile(title: title, shaper: nil, cube: nil)
    var used = 0
    if let size = entries[.size1D]?.values.first {
      used = 3 * Int(size)
      file.shaper = table(Int(size), Array(values[..<used]), shaperDomain)
    }
    if let size = entries[.size3D]?.values.first {
      file.cube = table(Int(size), Array(values[used...]), cubeDomain)
    }
    return file
  }

  private func table(
    _ size: Int, _ values: [Float], _ domain: (minimum: [Double], maximum: [Double])
  ) -> CubeFile.Table {
    CubeFile.Table(size: size, values: values, minimum: domain.minimum, maximum: domain.maximum)
  }

  private mutating func checkSizes() {
    if entries[.size1D] == nil && entries[.size3D] == nil {
      add(
        "cube.noSize", firstRow, "neither LUT_1D_SIZE nor LUT_3D_SIZE stands before the rows",
        "Check that this is a .cube file.")
      return
    }
    guard let wanted = wantedRows, rowCount != wanted else { return }
    let sizes = [Keyword.size1D, .size3D].filter { entries[$0] != nil }.map { keyword in
      "\(keyword.rawValue) \(Int(entries[keyword]?.values.first ?? 0))"
    }
    add(
      "cube.rowCount", firstExtraRow ?? entries[.size3D]?.line ?? entries[.size1D]?.line,
      "\(sizes.joined(separator: " and ")) \(sizes.count == 1 ? "wants" : "want") \(wanted) rows, "
        + "the file has \(rowCount)", rowCount < wanted ? "The file may be cut off; export it again." : nil)
  }

  private mutating func checkDialect() {
    for (range, size) in [(Keyword.range1D, Keyword.size1D), (.range3D, .size3D)] {
      guard let entry = entries[range], entries[size] == nil else { continue }
      add("cube.strayRange", entry.line, "\(range.rawValue) stands without \(size.rawValue)", nil)
    }
    let hasBoth = entries[.size1D] != nil && entries[.size3D] != nil
    let hasRange = entries[.range1D] != nil || entries[.range3D] != nil
    guard hasBoth || hasRange else { return }
    let reason = hasRange ? "an input range" : "a file with a 1D and a 3D table"
    for keyword in [Keyword.domainMinimum, .domainMaximum] {
      guard let entry = entries[keyword] else { continue }
      add(
        "cube.mixedDialects", entry.line,
        "\(keyword.rawValue) belongs to the Iridas dialect, \(reason) to Resolve's",
        "Use LUT_1D_INPUT_RANGE and LUT_3D_INPUT_RANGE.")
    }
  }

  /// The inputs that a table covers: 0…1 unless the file says otherwise.
  private mutating func checkedDomain(of size: Keyword, range: Keyword) -> (
    minimum: [Double], maximum: [Double]
  ) {
    var minimum = [0.0, 0, 0]
    var maximum = [1.0, 1, 1]
    guard entries[size] != nil else { return (minimum, maximum) }
    if let entry = entries[range] {
      guard entry.values.count == 2 else { return (minimum, maximum) }
      minimum = [Double](repeating: entry.values[0], count: 3)
      maximum = [Double](repeating: entry.values[1], count: 3)
    } else if entries[.size1D] == nil || entries[.size3D] == nil {
      for keyword in [Keyword.domainMinimum, .domainMaximum] where entries[keyword]?.values.isEmpty == true {
        return (minimum, maximum)
      }
      minimum = entries[.domainMinimum]?.values ?? minimum
      maximum = entries[.domainMaximum]?.values ?? maximum
    }
    if let channel = (0..<3).first(where: { Float(minimum[$0]) >= Float(maximum[$0]) }) {
      let line = entries[range] ?? entries[.domainMaximum] ?? entries[.domainMinimum]
      add(
        "cube.emptyDomain", line?.line,
        "the domain of \(["red", "green", "blue"][channel]), \(minimum[channel]) to \(maximum[channel]), is empty",
        nil)
    }
    return (minimum, maximum)
  }

  // MARK: - Faults

  private mutating func add(
    _ code: String, _ line: Line?, _ message: String, _ remedy: String?, at position: Int? = nil
  ) {
    faultCount += 1
    guard faults.count < Self.mostFaults else { return }
    var location = SourceLocation(file: path, line: line?.number)
    if let line, let position { location.column = text(line.range.lowerBound..<position).count + 1 }
    faults.append(
      Diagnostic(
        family: .usage, code: code, location: location, message: message, remedy: remedy,
        excerpt: line.map { text($0.range) }))
  }

  private mutating func addBadNumber(_ word: Range<Int>, _ line: Line) {
    add(
      "cube.badNumber", line, "`\(text(word).prefix(40))` is not a finite decimal number", nil,
      at: word.lowerBound)
  }

  private mutating func addUnknown(_ name: String, _ word: Range<Int>, _ line: Line) {
    let remedy: String
    switch name {
    case "LUT_2D_SIZE": remedy = "Only LUT_1D_SIZE and LUT_3D_SIZE exist."
    case "LUT_IN_VIDEO_RANGE", "LUT_OUT_VIDEO_RANGE":
      remedy = "The LUT expects legal-range values; export it for full range."
    default:
      let guess = nearest(name, among: Keyword.allCases.map(\.rawValue))
      remedy = guess.map { "Did you mean \($0)?" } ?? "Check that this is a .cube file."
    }
    add("cube.unknownKeyword", line, "unknown keyword \(name.prefix(40))", remedy, at: word.lowerBound)
  }
}
