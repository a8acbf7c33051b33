import Foundation
import Glibc
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
  /// The last line as far as it has come.
  private var partial: [UInt8] = []
  private var logged = 0
  /// Once the log has its head: the last of the output.
  private var recent: [UInt8]?
  private var leftOut: Int64 = 0

  init(licenceTexts: [String]) { self.licenceTexts = licenceTexts.map { $0.lowercased() } }

  mutating func add(_ bytes: ArraySlice<UInt8>, log: AttemptLog) {
    byteCount += Int64(bytes.count)
    var rest = bytes
    while !rest.isEmpty {
      // Of what is not kept and says nothing to us, whole lines at once: a program may print gigabytes.
      if recent != nil, partial.isEmpty, let end = rest.lastIndex(of: UInt8(ascii: "\n")),
        !speaks(rest[...end])
      {
        keep(rest[...end])
        rest = rest[(end + 1)...]
      }
      // A carriage return rewrites a line of progress on a terminal.
      let end = rest.firstIndex { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }
      partial += rest[..<(end ?? rest.endIndex)]
      rest = rest[(end.map { $0 + 1 } ?? rest.endIndex)...]
      while partial.count > Self.longest {
        let more = Array(partial[Self.longest...])
        partial.removeLast(more.count)
        endLine(log)
        partial = more
      }
      if end != nil { endLine(log) }
    }
  }

  /// Whether a line of these can be progress, a reason or a word about licences.
  private func speaks(_ bytes: ArraySlice<UInt8>) -> Bool {
    guard licenceTexts.isEmpty else { return true }
    return unsafe bytes.withUnsafeBytes { buffer in
      guard let start = buffer.baseAddress else { return false }
      if unsafe memchr(start, Int32(UInt8(ascii: "%")), buffer.count) != nil { return true }
      // The mark of `openjd_`, which hardly anything else has.
      var rest = unsafe buffer[...]
      while let base = unsafe UnsafeRawBufferPointer(rebasing: rest).baseAddress,
        let mark = unsafe memchr(base, Int32(UInt8(ascii: "_")), rest.count)
      {
        let place = unsafe start.distance(to: UnsafeRawPointer(mark))
        if place >= 6, unsafe buffer[place - 6] == UInt8(ascii: "o"),
          unsafe buffer[place - 1] == UInt8(ascii: "d")
        {
          return true
        }
        unsafe rest = buffer[(place + 1)...]
      }
      return false
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
    take(last: line)
    logged += line.utf8.count
    if recent == nil, logged <= Self.head {
      log.write("| " + line)
    } else {
      keep(Array(line.utf8)[...])
      keep([UInt8(ascii: "\n")])
    }
  }

  private mutating func take(last line: String) {
    if !line.hasPrefix("openjd_"), line.contains(where: { !$0.isWhitespace }) { last = line }
  }

  private mutating func keep(_ bytes: ArraySlice<UInt8>) {
    var kept = recent ?? []
    recent = nil
    kept += bytes
    if kept.count > 2 * Self.tail {
      leftOut += Int64(kept.count - Self.tail)
      kept.removeFirst(kept.count - Self.tail)
    }
    recent = kept
  }

  /// The end of the output: the last lines of a long one go into the log.
  mutating func finish(log: AttemptLog) {
    endLine(log)
    guard let recent else { return }
    var lines = recent.split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self) }
    if leftOut > 0 {
      log.write("… \(leftOut) bytes of its output are left out …")
      if lines.count > 1 { lines.removeFirst() }
    }
    for line in lines {
      take(last: line)
      log.write("| " + line)
    }
    self.recent = nil
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
