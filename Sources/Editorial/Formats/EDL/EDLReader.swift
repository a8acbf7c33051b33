import Diagnostics
import MediaTime

extension EDLDocument {
  /// No list writes longer lines.
  static let longestLine = 64 << 10

  /// - Returns: what the text says; lines that cannot be read are among its faults.
  /// - Throws: what leaves no event at all.
  static func read(path: String, bytes: [UInt8]) throws(DiagnosticList) -> EDLDocument {
    if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) || bytes.prefix(4096).contains(0)
    {
      throw DiagnosticList([
        Diagnostic(
          family: .usage, code: "cut.notText", location: SourceLocation(file: path),
          message: "the file is not a text in ASCII, Latin-1 or UTF-8", remedy: "Save the list as plain text."
        )
      ])
    }
    var reader = EDLReader(document: EDLDocument(path: path))
    for line in TextLines(bytes) { reader.read(line) }
    reader.finish()
    if reader.document.events.isEmpty { throw DiagnosticList(reader.document.faults.diagnostics) }
    return reader.document
  }
}

/// Reads one line after the other; a line belongs to the event above it.
struct EDLReader {
  private(set) var document: EDLDocument
  private var countsDropFrame: Bool?
  /// The second mode of an `FCM:` line, for the incoming source of a transition.
  private var incomingCountsDropFrame: Bool?
  private var hasTitle = false
  /// Whether the line above was an event line that could not be read, so that notes here belong to no event.
  private var isAfterFault = false
  /// Short names of the source table at the end of an Avid list, with the long ones and the identities.
  private var sourceTable: [String: (long: String, identity: String?)] = [:]
  private var latinLine: TextLine?

  init(document: EDLDocument) { self.document = document }

  mutating func read(_ line: TextLine) {
    guard line.bytes.count <= EDLDocument.longestLine else {
      fault(
        EDLFault(
          "cut.longLine", "the line has \(line.bytes.count) bytes",
          "Check that this is the cut list: no list has lines of more than \(EDLDocument.longestLine >> 10) KiB."
        ), line, hasExcerpt: false)
      return
    }
    let words = line.words
    guard let first = words.first else { return }
    if latinLine == nil, line.bytes.contains(where: { $0 >= 0x80 }), !line.isUTF8 { latinLine = line }
    if first.allSatisfy({ (0x30...0x39).contains($0) }), words.count > 1, !EDLNoteReader.isMarker(line) {
      readEvent(line, words)
    } else {
      readNote(line, words)
    }
  }

  mutating func finish() {
    if document.events.isEmpty, document.faults.isEmpty {
      document.faults.add(
        Diagnostic(
          family: .usage, code: "cut.noEvents", location: SourceLocation(file: document.path),
          message: "the file has no event lines",
          remedy: "An event line reads `001  REEL  V  C  SOURCE-IN SOURCE-OUT RECORD-IN RECORD-OUT`."))
    }
    if let latinLine {
      document.findings.add(
        .approximated, "the text is not UTF-8; it is read as Latin-1",
        at: latinLine.location(in: document.path))
    }
    guard !sourceTable.isEmpty else { return }
    for index in document.events.indices {
      let lines = document.events[index].lines
      for (lineIndex, line) in lines.enumerated() {
        guard let entry = sourceTable[line.sourceReel] else { continue }
        if entry.long != line.sourceReel {
          document.events[index].notes.append(
            EDLNote(
              content: .reelName(entry.long, shown: line.sourceReel), line: line.line, lineIndex: lineIndex))
        }
        if let identity = entry.identity {
          document.events[index].notes.append(
            EDLNote(
              content: .identity(identity, shown: line.sourceReel), line: line.line, lineIndex: lineIndex))
        }
      }
    }
  }

  private mutating func fault(_ fault: EDLFault, _ line: TextLine, hasExcerpt: Bool = true) {
    guard !document.faults.isFull else { return }
    document.faults.add(
      Diagnostic(
        family: .usage, code: fault.code, location: line.location(in: document.path, at: fault.index),
        message: fault.message, remedy: fault.remedy, excerpt: hasExcerpt ? line.text : nil))
  }

  // MARK: Event lines

  private mutating func readEvent(_ line: TextLine, _ words: [ArraySlice<UInt8>]) {
    let reading: EDLLineReader.Reading
    do {
      reading = try EDLLineReader(line: line, words: words).read()
    } catch {
      fault(error, line)
      isAfterFault = true
      return
    }
    isAfterFault = false
    var event = reading.line
    if let extra = reading.extra {
      document.findings.add(
        .dropped, "what follows the record out is not carried", example: TextLine.decode(extra),
        event: event.number, at: line.location(in: document.path, at: extra.startIndex))
    }
    event.countsDropFrame = countsDropFrame
    if let last = document.events.indices.last, joins(event, document.events[last]) {
      if let incomingCountsDropFrame { event.countsDropFrame = incomingCountsDropFrame }
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

  // MARK: Other lines

  private mutating func readNote(_ line: TextLine, _ words: [ArraySlice<UInt8>]) {
    switch EDLNoteReader.read(line, words) {
    case .title(let title):
      if hasTitle {
        document.findings.add(
          .dropped, "a second title is not carried", example: title, at: line.location(in: document.path))
      } else {
        document.title = title
        hasTitle = true
      }
    case .counting(let isDropFrame, let incoming): count(isDropFrame, incoming, line)
    case .channels(let numbers):
      guard !isAfterFault else { return }
      guard let last = document.events.indices.last else {
        fault(
          EDLFault("cut.strayChannels", "`AUD` stands before the first event", "Move it below its event."),
          line)
        return
      }
      for index in document.events[last].lines.indices {
        document.events[last].lines[index].channels.sound.formUnion(numbers)
      }
    case .source(let short, let long, let identity): sourceTable[short] = (long, identity)
    case .note(let content): add(content, line)
    case .fault(let fault): self.fault(fault, line)
    case .nothing: break
    }
  }

  private mutating func count(_ isDropFrame: Bool, _ incoming: Bool?, _ line: TextLine) {
    if document.firstCounting == nil { document.firstCounting = (isDropFrame, line) }
    if let before = countsDropFrame, before != isDropFrame {
      document.findings.add(
        .inferred,
        "the frame code mode changes within the list: source timecodes below are counted by it, record timecode "
          + "goes on as it began", at: line.location(in: document.path))
    }
    if let incoming, incoming != isDropFrame {
      document.findings.add(
        .inferred, "the second frame code mode of an FCM line is read as that of incoming sources",
        at: line.location(in: document.path))
    }
    countsDropFrame = isDropFrame
    incomingCountsDropFrame = incoming
  }

  private mutating func add(_ content: EDLNote.Content, _ line: TextLine) {
    // What stands below an event that could not be read is lost with it.
    guard !isAfterFault else { return }
    guard let last = document.events.indices.last else {
      if document.header.count < Self.longestHeader { document.header.append(line.text.trimmed) }
      document.findings.add(
        .dropped, "what stands before the first event is kept for another list only",
        example: line.text.trimmed,
        at: line.location(in: document.path))
      return
    }
    document.events[last].notes.append(
      EDLNote(content: content, line: line, lineIndex: document.events[last].lines.count - 1))
  }

  private static let longestHeader = 1000
}

/// Why a line cannot be read.
struct EDLFault: Error {
  var code: String
  var message: String
  var remedy: String?
  /// The byte of the file where it shows.
  var index: Int?

  init(_ code: String, _ message: String, _ remedy: String? = nil, at index: Int? = nil) {
    self.code = code
    self.message = message
    self.remedy = remedy
    self.index = index
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
