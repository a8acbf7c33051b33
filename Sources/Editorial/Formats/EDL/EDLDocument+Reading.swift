import Diagnostics
import MediaTime

extension EDLDocument {
  /// No list writes longer lines.
  static let longestLine = 64 << 10

  /// - Parameter rate: when it is known, labels that the rate does not have are among the faults of a broken text.
  /// - Throws: every fault of the text at once.
  static func read(path: String, bytes: [UInt8], rate: FrameRate? = nil) throws(DiagnosticList) -> EDLDocument
  {
    var reader = EDLReader(document: EDLDocument(path: path))
    if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) || bytes.prefix(4096).contains(0)
    {
      throw DiagnosticList([
        Diagnostic(
          family: .usage, code: "cut.notText", location: SourceLocation(file: path),
          message: "the file is not a text in ASCII, Latin-1 or UTF-8", remedy: "Save the list as plain text."
        )
      ])
    }
    for line in TextLines(bytes) {
      reader.read(line)
      if reader.faults.isFull { break }
    }
    reader.finish()
    if !reader.faults.isEmpty, let rate {
      var builder = EDLTimelineBuilder(document: reader.document, rate: rate, start: nil)
      _ = builder.build()
      let all = reader.faults.diagnostics + builder.faults.diagnostics
      throw DiagnosticList(all.sorted { ($0.location?.line ?? 0) < ($1.location?.line ?? 0) })
    }
    try reader.faults.throwIfAny()
    return reader.document
  }
}

/// Reads one line after the other; a line belongs to the event above it.
struct EDLReader {
  var document: EDLDocument
  var faults = FaultList()
  private var countsDropFrame: Bool?
  private var hasTitle = false
  /// Short names of the source table at the end of an Avid list, with the long ones.
  private var sourceTable: [String: String] = [:]
  private var latinLine: TextLine?

  init(document: EDLDocument) { self.document = document }

  mutating func read(_ line: TextLine) {
    guard line.bytes.count <= EDLDocument.longestLine else {
      fault(
        "cut.longLine", line, "the line has \(line.bytes.count) bytes",
        "Check that this is the cut list: no list has lines of more than \(EDLDocument.longestLine >> 10) KiB.",
        hasExcerpt: false)
      return
    }
    let words = line.words
    guard let first = words.first else { return }
    if latinLine == nil, line.bytes.contains(where: { $0 >= 0x80 }), !line.isUTF8 { latinLine = line }
    if first.allSatisfy({ (0x30...0x39).contains($0) }), words.count > 1 {
      readEvent(line, words)
    } else {
      readNote(line, words)
    }
  }

  mutating func finish() {
    if document.events.isEmpty, faults.isEmpty {
      faults.add(
        Diagnostic(
          family: .usage, code: "cut.noEvents", location: SourceLocation(file: document.path),
          message: "the file has no event lines",
          remedy: "An event line reads `001  REEL  V  C  SOURCE-IN SOURCE-OUT RECORD-IN RECORD-OUT`."))
    }
    if let latinLine {
      document.findings.append(
        Finding(
          kind: .approximated, what: "the text is not UTF-8; it is read as Latin-1",
          location: latinLine.location(in: document.path)))
    }
    guard !sourceTable.isEmpty else { return }
    for index in document.events.indices {
      let main = document.events[index].main
      guard let long = sourceTable[main.sourceReel], long != main.sourceReel else { continue }
      document.events[index].notes.append(
        EDLNote(
          content: .reelName(long, shown: main.sourceReel), line: main.line,
          lineIndex: document.events[index].lines.count - 1))
    }
  }

  mutating func fault(
    _ code: String, _ line: TextLine, _ message: String, _ remedy: String? = nil, at index: Int? = nil,
    hasExcerpt: Bool = true
  ) {
    faults.add(
      Diagnostic(
        family: .usage, code: code, location: line.location(in: document.path, at: index), message: message,
        remedy: remedy, excerpt: hasExcerpt ? line.text : nil))
  }

  private mutating func readNote(_ line: TextLine, _ words: [ArraySlice<UInt8>]) {
    switch EDLNoteReader.read(line, words) {
    case .title(let title):
      if hasTitle {
        document.findings.append(
          Finding(
            kind: .dropped, what: "a second title, `\(title)`, is not carried",
            location: line.location(in: document.path)))
      } else {
        document.title = title
        hasTitle = true
      }
    case .counting(let isDropFrame):
      if document.firstCounting == nil { document.firstCounting = (isDropFrame, line) }
      countsDropFrame = isDropFrame
    case .channels(let numbers):
      guard !document.events.isEmpty else {
        fault("cut.strayChannels", line, "`AUD` stands before the first event", "Move it below its event.")
        return
      }
      let last = document.events.count - 1
      for index in document.events[last].lines.indices {
        document.events[last].lines[index].channels.sound.formUnion(numbers)
      }
    case .source(let short, let long): sourceTable[short] = long
    case .note(let content): add(content, line)
    case .fault(let code, let message, let remedy, let index): fault(code, line, message, remedy, at: index)
    case .nothing: break
    }
  }

  private mutating func add(_ content: EDLNote.Content, _ line: TextLine) {
    guard !document.events.isEmpty else {
      document.findings.append(
        Finding(
          kind: .dropped, what: "`\(line.text.trimmed)` stands before the first event and is not carried",
          location: line.location(in: document.path)))
      return
    }
    let last = document.events.count - 1
    document.events[last].notes.append(
      EDLNote(content: content, line: line, lineIndex: document.events[last].lines.count - 1))
  }

  // MARK: Event lines

  private mutating func readEvent(_ line: TextLine, _ words: [ArraySlice<UInt8>]) {
    guard let timesAt = times(line, words) else { return }
    let times = timesAt.times
    var rest = words[1..<timesAt.first]
    for extra in words[(timesAt.first + 4)...].prefix(1) {
      document.findings.append(
        Finding(
          kind: .dropped, what: "what follows the record out, `\(TextLine.decode(extra))`, is not carried",
          location: line.location(in: document.path, at: extra.startIndex),
          event: TextLine.decode(words[0])))
    }
    guard let (transition, duration) = transition(line, &rest, before: words[timesAt.first].startIndex) else {
      return
    }
    guard let channelWord = rest.popLast() else {
      fault("cut.badEvent", line, "the event has no source reel and no channel", at: line.bytes.startIndex)
      return
    }
    guard let channels = EDLChannels(channelWord) else {
      fault(
        "cut.badChannel", line, "`\(TextLine.decode(channelWord))` is not a channel",
        "Channels are V, A, A2, AA, B, A/V, AA/V, NONE and the like.", at: channelWord.startIndex)
      return
    }
    guard let reelFirst = rest.first, let reelLast = rest.last else {
      fault(
        "cut.noReel", line, "the event has no source reel", "Write AX where the reel is not known.",
        at: channelWord.startIndex)
      return
    }
    let event = EDLLine(
      number: TextLine.decode(words[0]),
      sourceReel: TextLine.decode(line.bytes[reelFirst.startIndex..<reelLast.endIndex]), channels: channels,
      transition: transition, duration: duration, times: times, countsDropFrame: countsDropFrame, line: line)
    if let last = document.events.indices.last, joins(event, document.events[last]) {
      document.events[last].lines.append(event)
    } else {
      document.events.append(EDLEvent(lines: [event]))
    }
  }

  /// Whether the line is the second one of a transition.
  private func joins(_ line: EDLLine, _ event: EDLEvent) -> Bool {
    event.lines.count == 1 && !line.isCut && event.number == line.number
      && (event.main.isCut || event.main.transition.isBackground) && event.main.channels == line.channels
  }

  /// The last four times of the line: timecodes, or counts of frames when there are no timecodes at all.
  private mutating func times(
    _ line: TextLine, _ words: [ArraySlice<UInt8>]
  ) -> (times: [EDLTime], first: Int)? {
    var labels: [Int: TimecodeLabel] = [:]
    for index in words.indices { labels[index] = TimecodeLabel(ascii: words[index]) }
    if labels.isEmpty {
      let tail = words.suffix(4)
      let counts = tail.compactMap { word in
        word.count <= 9 && word.allSatisfy { (0x30...0x39).contains($0) } ? Int64(TextLine.decode(word)) : nil
      }
      if counts.count == 4, words.count >= 8 {
        let times = zip(counts, tail).map { EDLTime(value: .count($0), offset: $1.startIndex) }
        return (times, words.count - 4)
      }
    }
    // The last run of four neighbours is meant: a reel may look like a timecode.
    var first = words.count - 4
    while first > 0, !(first..<first + 4).allSatisfy({ labels[$0] != nil }) { first -= 1 }
    if first > 0 {
      let times = (first..<first + 4).compactMap { index in
        labels[index].map { EDLTime(value: .label($0), offset: words[index].startIndex) }
      }
      return (times, first)
    }
    let bad = words.dropFirst().last { word in
      word.contains { ":;".utf8.contains($0) } && TimecodeLabel(ascii: word) == nil
    }
    if let bad {
      fault(
        "cut.badTimecode", line, "`\(TextLine.decode(bad))` is not a timecode",
        "A timecode reads HH:MM:SS:FF.", at: bad.startIndex)
    } else {
      fault(
        "cut.badEvent", line,
        "the event has \(labels.count) timecodes; it needs source in, source out, record in and record out",
        "An event line reads `001  REEL  V  C  SOURCE-IN SOURCE-OUT RECORD-IN RECORD-OUT`.",
        at: line.bytes.endIndex)
    }
    return nil
  }

  /// Takes the transition and its length from the end of the words before the times.
  private mutating func transition(
    _ line: TextLine, _ rest: inout ArraySlice<ArraySlice<UInt8>>, before index: Int
  ) -> (EDLLine.Transition, Int64?)? {
    guard let last = rest.last else {
      fault("cut.badEvent", line, "the event has no source reel, channel and transition", at: index)
      return nil
    }
    var words = rest
    if words.last.map(TextLine.decode)?.uppercased() == "F" { words.removeLast() }
    var duration: Int64?
    if let number = words.last, number.count <= 6, number.allSatisfy({ (0x30...0x39).contains($0) }) {
      duration = Int64(TextLine.decode(number))
      words.removeLast()
    }
    let name = words.last.map(TextLine.decode)?.uppercased() ?? ""
    var result = EDLLine.Transition(name)
    if result == nil, ["B", "O"].contains(name), let before = words.dropLast().last,
      TextLine.decode(before).uppercased() == "K"
    {
      words.removeLast()
      result = name == "B" ? .keyBackground : .keyOut
    }
    guard let result else {
      let word = words.last ?? last
      fault(
        "cut.badTransition", line, "`\(TextLine.decode(word))` is not a transition",
        "Transitions are C, D, W with a pattern number, K, KB and KO.", at: word.startIndex)
      return nil
    }
    words.removeLast()
    let needsDuration =
      switch result {
      case .dissolve, .wipe: true
      case .cut, .key, .keyBackground, .keyOut: false
      }
    guard !needsDuration || duration != nil else {
      fault(
        "cut.noTransitionLength", line, "the transition does not say its length in frames",
        "Write it between the transition and the source in, e.g. `D    024`.", at: last.startIndex)
      return nil
    }
    rest = words
    return (result, duration)
  }
}

extension EDLLine.Transition {
  init?(_ name: String) {
    switch name {
    case "C": self = .cut
    case "D": self = .dissolve
    case "K": self = .key
    case "KB": self = .keyBackground
    case "KO": self = .keyOut
    default:
      guard name.hasPrefix("W"), name.count <= 5, let pattern = Int(name.dropFirst()), pattern >= 0 else {
        return nil
      }
      self = .wipe(pattern)
    }
  }

  var isBackground: Bool {
    if case .keyBackground = self { return true }
    return false
  }
}

extension StringProtocol {
  /// Without blanks at both ends.
  var trimmed: String {
    var text = self[...]
    while let first = text.first, first.isWhitespace { text.removeFirst() }
    while let last = text.last, last.isWhitespace { text.removeLast() }
    return String(text)
  }
}
