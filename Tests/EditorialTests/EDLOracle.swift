import Diagnostics
import Editorial
import MediaTime

/// A second reading of a list's event lines, as simple as can be: what it is sure of must be in the model, and what it
/// is sure is no event must be a fault.
struct EDLOracle {
  /// A plain cut whose four times exist.
  struct Event {
    var line: Int
    var number: String
    var reel: String
    var channel: String
    var times: [String]
  }

  private(set) var events: [Event] = []
  /// Lines that begin as events and have no four times.
  private(set) var broken: [Int] = []
  /// The first word of each line.
  private(set) var firstWords: [Int: String] = [:]
  /// Whether lines beside the events move or replace them.
  private(set) var hasMoves = false

  /// - Parameter base: frames a second of the timecode.
  init(_ bytes: [UInt8], base: Int) {
    var rest = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes[3...] : bytes[...]
    if let end = rest.firstIndex(of: 0x1A) { rest = rest[..<end] }
    var number = 0
    while !rest.isEmpty {
      number += 1
      let end = rest.firstIndex { $0 == 0x0A || $0 == 0x0D } ?? rest.endIndex
      read(rest[..<end], number, base)
      let isPair = end + 1 < rest.endIndex && rest[end] == 0x0D && rest[end + 1] == 0x0A
      rest = end == rest.endIndex ? [] : rest[(end + (isPair ? 2 : 1))...]
    }
  }

  private mutating func read(_ line: ArraySlice<UInt8>, _ number: Int, _ base: Int) {
    let words = line.split { $0 == 0x20 || $0 == 0x09 }.map { String(decoding: $0, as: UTF8.self) }
    guard let first = words.first else { return }
    firstWords[number] = first
    let text = String(decoding: line, as: UTF8.self)
    if text.contains("|C:") || text.contains("|M:") || text.uppercased().contains("SPLIT") { hasMoves = true }
    guard first.utf8.allSatisfy({ (0x30...0x39).contains($0) }), words.count > 1, !text.contains("|") else {
      return
    }
    let shaped = words.filter(Self.isTime)
    if shaped.count < 4 {
      let areCounts = words.suffix(4).allSatisfy { $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }
      if !areCounts { broken.append(number) }
      return
    }
    guard words.count == 8, words[3] == "C", ["V", "A", "A2", "A3", "AA", "B", "AA/V"].contains(words[2]),
      line.allSatisfy({ $0 < 0x80 }), words[4...5].allSatisfy({ Self.exists($0, base, hours: 24) }),
      words[6...].allSatisfy({ Self.exists($0, base, hours: 12) }), words[4] <= words[5],
      words[6] < words[7], first.count <= 6
    else { return }
    events.append(
      Event(line: number, number: first, reel: words[1], channel: words[2], times: Array(words[4...])))
  }

  private static func isTime(_ word: String) -> Bool {
    let bytes = Array(word.utf8)
    guard bytes.count == 11 || bytes.count == 12 else { return false }
    return bytes.enumerated().allSatisfy { index, byte in
      [2, 5, 8].contains(index) ? ":;.,".utf8.contains(byte) : (0x30...0x39).contains(byte)
    }
  }

  private static func exists(_ word: String, _ base: Int, hours: Int) -> Bool {
    let parts = word.split(separator: ":", omittingEmptySubsequences: false)
    guard isTime(word), word.utf8.count == 11, parts.count == 4 else { return false }
    let numbers = parts.compactMap { Int($0) }
    return numbers.count == 4 && numbers[0] < hours && numbers[1] < 60 && numbers[2] < 60 && numbers[3] < base
  }

  /// What the model says otherwise than the lines do; empty when all is well.
  func contradictions(_ timeline: Timeline) -> [String] {
    var found: [String] = []
    let faults = Dictionary(grouping: timeline.faults, by: { $0.location?.line })
    let isFull = timeline.faults.contains { $0.code == "cut.moreFaults" }
    for line in broken where faults[line] == nil && !isFull {
      found.append("line \(line) is broken and no fault")
    }
    let clips = Dictionary(grouping: timeline.tracks.flatMap(\.clips), by: { $0.location?.line })
    for (line, shown) in clips {
      guard let line, let clip = shown.first else { continue }
      if firstWords[line] != clip.event { found.append("event \(clip.event) is not on line \(line)") }
    }
    let isCut = timeline.findings.contains { $0.what.hasPrefix("events overlap") }
    guard !hasMoves, !isCut, !timeline.isDropFrame else { return found }
    for event in events {
      guard let shown = clips[event.line] else {
        if faults[event.line] == nil {
          found.append("event \(event.number) of line \(event.line) is missing")
        }
        continue
      }
      for clip in shown {
        let record = [clip.recordRange.start, clip.recordRange.end].map {
          timeline.timecode(at: $0).description
        }
        if record != Array(event.times[2...]) { found.append("line \(event.line): record \(record)") }
        if clip.sourceIn.description.replacing(";", with: ":") != event.times[0] {
          found.append("line \(event.line): source in \(clip.sourceIn)")
        }
        if let reel = clip.sourceReel, event.reel.uppercased() != "AX", reel != event.reel {
          found.append("line \(event.line): source reel \(reel)")
        }
      }
      let tracks = event.channel == "AA" || event.channel == "B" ? 2 : event.channel == "AA/V" ? 3 : 1
      if shown.count < tracks { found.append("line \(event.line) is on \(shown.count) tracks") }
    }
    return found
  }
}
