import MediaTime

/// Reads an event line from both ends: the number in front, the times, transition and channel from the back; the
/// source reel is what remains, blanks and all.
struct EDLLineReader {
  struct Reading {
    var line: EDLLine
    /// The first word behind the record out.
    var extra: ArraySlice<UInt8>?
  }

  let line: TextLine
  let words: [ArraySlice<UInt8>]

  private static let example =
    "An event line reads `001  REEL  V  C  SOURCE-IN SOURCE-OUT RECORD-IN RECORD-OUT`."

  func read() throws(EDLFault) -> Reading {
    let (times, timesAt) = try times()
    var rest = words[1..<timesAt]
    let effect = try transition(&rest, before: words[timesAt].startIndex)
    guard let channelWord = rest.popLast() else {
      throw EDLFault(
        "cut.badEvent", "the event has no source reel and no channel", Self.example, at: line.bytes.startIndex
      )
    }
    guard let channels = EDLChannels(channelWord) else {
      throw EDLFault(
        "cut.badChannel", "`\(TextLine.decode(channelWord))` is not a channel",
        "Channels are V, A, A2, AA, B, A/V, AA/V, NONE and the like.", at: channelWord.startIndex)
    }
    guard let reelFirst = rest.first, let reelLast = rest.last else {
      throw EDLFault(
        "cut.noReel", "the event has no source reel", "Write AX where the reel is not known.",
        at: channelWord.startIndex)
    }
    let event = EDLLine(
      number: TextLine.decode(words[0]),
      sourceReel: TextLine.decode(line.bytes[reelFirst.startIndex..<reelLast.endIndex]), channels: channels,
      transition: effect.transition, duration: effect.duration, isFading: effect.isFading, times: times,
      countsDropFrame: nil, line: line)
    return Reading(line: event, extra: words[(timesAt + 4)...].first)
  }

  /// The last four times of the line: timecodes, or counts of frames when there are no timecodes at all.
  private func times() throws(EDLFault) -> (times: [EDLTime], first: Int) {
    var labels: [Int: TimecodeLabel] = [:]
    for index in words.indices { labels[index] = TimecodeLabel(ascii: words[index]) }
    if labels.isEmpty {
      let tail = words.suffix(4)
      let counts = tail.compactMap { word in
        word.count <= 9 && word.allSatisfy { (0x30...0x39).contains($0) } ? Int64(TextLine.decode(word)) : nil
      }
      if counts.count == 4, words.count >= 8 {
        return (zip(counts, tail).map { EDLTime(value: .count($0), offset: $1.startIndex) }, words.count - 4)
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
      throw EDLFault(
        "cut.badTimecode", "`\(TextLine.decode(bad))` is not a timecode", "A timecode reads HH:MM:SS:FF.",
        at: bad.startIndex)
    }
    throw EDLFault(
      "cut.badEvent",
      "the event has \(labels.count) timecodes; it needs source in, source out, record in and record out",
      Self.example, at: line.bytes.endIndex)
  }

  private struct Effect {
    var transition: EDLLine.Transition
    var duration: Int64?
    var isFading: Bool
  }

  /// Takes the transition and its length from the end of the words before the times.
  private func transition(_ rest: inout ArraySlice<ArraySlice<UInt8>>, before index: Int) throws(EDLFault)
    -> Effect
  {
    guard let last = rest.last else {
      throw EDLFault(
        "cut.badEvent", "the event has no source reel, channel and transition", Self.example, at: index)
    }
    var words = rest
    let isFading = words.last.map(TextLine.decode)?.uppercased() == "F"
    if isFading { words.removeLast() }
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
      throw EDLFault(
        "cut.badTransition", "`\(TextLine.decode(word))` is not a transition",
        "Transitions are C, D, W with a pattern number, K, KB and KO.", at: word.startIndex)
    }
    words.removeLast()
    let needsDuration =
      switch result {
      case .dissolve, .wipe: true
      case .cut, .key, .keyBackground, .keyOut: false
      }
    guard !needsDuration || duration != nil else {
      throw EDLFault(
        "cut.noTransitionLength", "the transition does not say its length in frames",
        "Write it between the transition and the source in, e.g. `D    024`.", at: last.startIndex)
    }
    rest = words
    return Effect(transition: result, duration: duration, isFading: isFading)
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

  var isKey: Bool {
    switch self {
    case .key, .keyOut: true
    case .cut, .dissolve, .wipe, .keyBackground: false
    }
  }
}
