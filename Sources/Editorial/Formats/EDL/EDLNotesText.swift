import MediaTime

/// The notes below an event, so that the reader finds in them what the clip has beyond its event line.
struct EDLNotesText {
  struct Loss {
    var kind = Finding.Kind.dropped
    var what: String
    var example: String?
  }

  /// Source reels that mean no tape.
  static let special: Set<String> = ["AX", "BL", "BLACK", "BARS"]

  private let clip: Clip
  private let shownReel: String
  private let isCut: Bool
  private let rate: FrameRate
  private(set) var losses: [Loss] = []

  init(clip: Clip, shownReel: String, isCut: Bool, rate: FrameRate) {
    self.clip = clip
    self.shownReel = shownReel
    self.isCut = isCut
    self.rate = rate
  }

  mutating func lines() -> [String] {
    let kept = EDLMetadata.lines(in: clip.metadata).map(EDLText.line).filter {
      EDLText.isKept($0, isCut: isCut)
    }
    let carried = read(kept)
    var lines: [String] = []
    if let file = clip.sourceFile, carried.sourceFile != file { lines.append("* SOURCE FILE: \(text(file))") }
    if let path = clip.targetURL, carried.path != path { lines.append("* FROM FILE: \(text(path))") }
    for reel in reels() { lines.append("* REEL: \(text(reel))") }
    if let identity = clip.sourceIdentity { lines.append("* UMID: \(text(identity))") }
    if let grade = clip.grade { lines += self.lines(grade) }
    lines += notes(kept)
    report(carried)
    return lines
  }

  /// What a reader makes of lines that come from another list.
  private func read(_ kept: [String]) -> EDLEventNotes.Side {
    let place = TextLine(number: 0, bytes: [])
    let line = EDLLine(
      number: "1", sourceReel: shownReel, channels: EDLChannels(picture: [1]),
      transition: isCut ? .cut : .dissolve,
      times: [], line: place)
    let notes = kept.compactMap { text in
      EDLText.note(text).map { content in
        EDLNote(content: content, line: TextLine(number: 0, bytes: Array(text.utf8)[...]), lineIndex: 0)
      }
    }
    return EDLEventNotes(EDLEvent(lines: [line], notes: notes)).incoming
  }

  /// Names of the source reel that the event line does not show.
  private func reels() -> [String] {
    guard clip.content == .media else { return clip.alternateReels }
    let full = clip.sourceReel.map(EDLText.line) ?? ""
    return (full.isEmpty || full == shownReel ? [] : [full]) + clip.alternateReels
  }

  private func lines(_ grade: ColorDecision) -> [String] {
    let groups = [grade.slope, grade.offset, grade.power].map { numbers in
      "(" + numbers.map(EDLText.decimal).joined(separator: " ") + ")"
    }
    return ["* ASC_SOP \(groups.joined())", "* ASC_SAT \(EDLText.decimal(grade.saturation))"]
  }

  /// Comments and lines from another list, each in its order; a line that gives a comment stands for it.
  private mutating func notes(_ kept: [String]) -> [String] {
    let comments = kept.map(Self.comment)
    var places: [String: [Int]] = [:]
    for (place, comment) in comments.enumerated().reversed() {
      if let comment { places[comment, default: []].append(place) }
    }
    var lines: [String] = []
    var next = 0
    func pass(to place: Int) {
      lines += (next..<place).filter { comments[$0] == nil }.map { kept[$0] }
      next = place
    }
    for note in clip.notes where !note.trimmed.isEmpty {
      while let place = places[note]?.last, place < next { places[note]?.removeLast() }
      if let place = places[note]?.popLast() {
        pass(to: place)
        lines.append(kept[place])
        next = place + 1
      } else {
        lines.append("* COMMENT: \(text(note))")
      }
    }
    pass(to: kept.count)
    return lines
  }

  /// The comment that a reader carries for a line.
  private static func comment(_ line: String) -> String? {
    switch EDLText.note(line) {
    case .comment(let text), .fact(let text), .remark(let text): text
    case .unused(_, isFault: true): String(line.drop { $0 == "*" || $0.isWhitespace })
    default: nil
    }
  }

  private mutating func text(_ text: String) -> String {
    let line = EDLText.line(text)
    if line != text {
      losses.append(
        Loss(kind: .approximated, what: "line ends and blanks at the ends of names are not written"))
    }
    return line
  }

  private mutating func report(_ carried: EDLEventNotes.Side) {
    if clip.name != EDLText.line(clip.name) {
      losses.append(
        Loss(kind: .approximated, what: "line ends and blanks at the ends of names are not written"))
    }
    if clip.curve != nil {
      losses.append(Loss(what: "speeds that change are not written, but their mean"))
    }
    if clip.adjustments.contains(where: { $0 != .none }) {
      losses.append(Loss(what: "placements in the frame, opacity and blends are not written"))
    }
    if clip.availableRange != nil, carried.media == nil {
      losses.append(Loss(what: "the extents of media are not written"))
    }
    if let own = clip.sourceRate, own != rate {
      losses.append(Loss(what: "frame rates of sources are not written", example: own.description))
    }
    if let role = clip.role { losses.append(Loss(what: "roles are not written", example: role)) }
    if !clip.markers.isEmpty { losses.append(Loss(what: "markers of clips are not written")) }
    for key in clip.metadata.entries.map(\.key) where key != EDLMetadata.namespace {
      losses.append(Loss(what: "metadata of other formats is not written", example: key))
    }
  }
}
