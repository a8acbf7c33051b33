import TaskGraph

/// What a program prints, line by line: into the log as far as it goes, and for progress and reasons.
///
/// It understands what programs tell farms: `openjd_progress: 42.0`, `openjd_status:`, `openjd_fail:`,
/// `Progress: 42%`, `TR_PROGRESS 42%` and `ALF_PROGRESS 42%`.
struct ProgramLines {
  /// Bytes of output that go into the log as they come.
  private static let head = 1 << 20
  /// Bytes of the last lines that follow where more was printed.
  private static let tail = 64 << 10
  /// A longer line is broken.
  private static let longest = 64 << 10

  /// 0…100; nil until the program says something.
  private(set) var percent: Double?
  /// What it gave as its last status and as the reason of its failure.
  private(set) var status: String?
  private(set) var reason: String?
  /// The last line that says something.
  private(set) var last = ""
  /// The line that says that no licence was free.
  private(set) var licence: String?
  private(set) var byteCount: Int64 = 0

  private let licenceTexts: [String]
  private var partial: [UInt8] = []
  private var logged = 0
  private var recent: [String] = []
  private var recentBytes = 0
  private var leftOut: Int64 = 0

  init(licenceTexts: [String]) { self.licenceTexts = licenceTexts.map { $0.lowercased() } }

  mutating func add(_ bytes: some Collection<UInt8>, log: AttemptLog) {
    byteCount += Int64(bytes.count)
    var rest = bytes[...]
    // A carriage return rewrites a line of progress on a terminal.
    while let end = rest.firstIndex(where: { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }) {
      append(rest[..<end], log)
      endLine(log)
      rest = rest[rest.index(after: end)...]
    }
    append(rest, log)
  }

  private mutating func append(_ bytes: some Collection<UInt8>, _ log: AttemptLog) {
    partial += bytes
    while partial.count > Self.longest {
      let more = Array(partial[Self.longest...])
      partial.removeLast(more.count)
      endLine(log)
      partial = more
    }
  }

  private mutating func endLine(_ log: AttemptLog) {
    guard !partial.isEmpty else { return }
    read(partial)
    var line = String(decoding: partial, as: UTF8.self)
    partial.removeAll(keepingCapacity: true)
    if line.hasPrefix("openjd_redacted_env:") { line = "openjd_redacted_env: ********" }
    if licence == nil, !licenceTexts.isEmpty {
      let lower = line.lowercased()
      if licenceTexts.contains(where: lower.contains) { licence = line }
    }
    if !line.hasPrefix("openjd_"), line.contains(where: { !$0.isWhitespace }) { last = line }
    keep(line, log)
  }

  private mutating func keep(_ line: String, _ log: AttemptLog) {
    let count = line.utf8.count
    if logged + count <= Self.head {
      logged += count
      log.write("| " + line)
      return
    }
    logged = .max / 2
    recent.append(line)
    recentBytes += count
    while recentBytes > Self.tail, recent.count > 1 {
      let dropped = recent.removeFirst().utf8.count
      recentBytes -= dropped
      leftOut += Int64(dropped)
    }
  }

  /// The end of the output: the last lines of a long one go into the log.
  mutating func finish(log: AttemptLog) {
    endLine(log)
    if leftOut > 0 { log.write("… \(leftOut) bytes of its output are left out …") }
    for line in recent { log.write("| " + line) }
    recent = []
  }

  // MARK: What it says

  private mutating func read(_ line: [UInt8]) {
    if line.starts(with: "openjd_".utf8) { return readOpenJD(String(decoding: line, as: UTF8.self)) }
    guard let sign = line.lastIndex(of: UInt8(ascii: "%")) else { return }
    let before = line[..<sign]
    guard let start = before.lastIndex(where: { !(0x30...0x39).contains($0) && $0 != UInt8(ascii: ".") })
    else {
      return
    }
    let words = String(decoding: before[...start], as: UTF8.self)
    guard words.hasSuffix("Progress: ") || words.hasSuffix("TR_PROGRESS ") || words.hasSuffix("ALF_PROGRESS ")
    else { return }
    take(String(decoding: before[before.index(after: start)...], as: UTF8.self))
  }

  /// Lower case, at the start of a line, one space after the colon, and something after it.
  private mutating func readOpenJD(_ line: String) {
    guard let colon = line.firstIndex(of: ":") else { return }
    let text = line[line.index(after: colon)...]
    guard text.hasPrefix(" "), text.count > 1 else { return }
    let value = String(text.dropFirst())
    switch line[..<colon] {
    case "openjd_progress": take(value)
    case "openjd_status": status = value
    case "openjd_fail": reason = value
    default: break
    }
  }

  private mutating func take(_ text: String) {
    if let number = Double(text), (0...100).contains(number) { percent = number }
  }
}
