import MediaTime

/// Understands the lines of a list that are not events.
enum EDLNoteReader {
  enum Meaning {
    case title(String)
    /// The second mode is that of the incoming source.
    case counting(isDropFrame: Bool, incoming: Bool?)
    case channels([Int])
    case source(short: String, long: String, identity: String?)
    case note(EDLNote.Content)
    case fault(EDLFault)
    case nothing
  }

  static func read(_ line: TextLine, _ words: [ArraySlice<UInt8>]) -> Meaning {
    let text = line.text.trimmed
    let first = TextLine.decode(words[0]).uppercased()
    if let title = text.after("TITLE:") { return .title(title) }
    if let counting = text.after("FCM:") { return readCounting(counting) }
    switch first {
    case "M2": return readMotion(words, line)
    case "AUD": return readChannels(words)
    case ">>>": return readSource(words)
    // A remark in words, on many lines when it is a licence.
    case "REM": return .note(.kept)
    default: break
    }
    if text.after("SPLIT:") != nil { return readSplit(words) }
    if isMarker(line) { return readResolveMarker(text) }
    let isComment = text.hasPrefix("*")
    let body = String(text.drop { $0 == "*" || $0.isWhitespace })
    if body.isEmpty { return .nothing }
    if let meaning = EDLCommentReader.read(body, line) { return meaning }
    return .note(
      isComment ? EDLCommentReader.remark(body) : .unused("lines that are not understood", isFault: false))
  }

  private static func readCounting(_ text: String) -> Meaning {
    let modes = text.uppercased().split(whereSeparator: { $0 == "," || $0 == "\t" }).map { mode in
      mode.replacing("-", with: " ").split(separator: " ").joined(separator: " ")
    }
    guard let first = modes.first.flatMap(isDropFrame) else {
      return .fault(
        EDLFault(
          "cut.badCounting", "`\(text)` is not a frame code mode",
          "Write `FCM: NON-DROP FRAME` or `FCM: DROP FRAME`."))
    }
    return .counting(isDropFrame: first, incoming: modes.dropFirst().first.flatMap(isDropFrame))
  }

  private static func isDropFrame(_ mode: String) -> Bool? {
    switch mode {
    case "NON DROP FRAME", "NON DROP", "NDF", "NONDROP FRAME": false
    case "DROP FRAME", "DROP", "DF": true
    default: nil
    }
  }

  /// `M2 reel speed timecode`: speed in source frames per second, its sign the direction.
  private static func readMotion(_ words: [ArraySlice<UInt8>], _ line: TextLine) -> Meaning {
    let form = "It reads `M2   REEL   024.0   SOURCE-IN`."
    guard words.count >= 3 else {
      return .fault(EDLFault("cut.badMotion", "the motion line has no speed", form, at: line.bytes.endIndex))
    }
    let start = words.count >= 4 ? TimecodeLabel(ascii: words[words.count - 1]) : nil
    let speedWord = words[start != nil ? words.count - 2 : words.count - 1]
    guard let speed = decimal(TextLine.decode(speedWord)) else {
      return .fault(
        EDLFault(
          "cut.badMotion", "`\(TextLine.decode(speedWord))` is not a speed in frames per second", form,
          at: speedWord.startIndex))
    }
    let reel =
      words[1].startIndex < speedWord.startIndex
      ? TextLine.decode(line.bytes[words[1].startIndex..<speedWord.startIndex]).trimmed : ""
    return .note(.motion(reel: reel, speed: speed, start: start))
  }

  /// A decimal of at most six digits before and three after the point, exactly.
  private static func decimal(_ text: String) -> Rational? {
    var digits = Substring(text)
    let isNegative = digits.first == "-"
    if isNegative || digits.first == "+" { digits.removeFirst() }
    let parts = digits.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    guard let whole = parts.first, (1...6).contains(whole.count), let wholeNumber = Int64(whole),
      wholeNumber >= 0
    else { return nil }
    var value = Rational(wholeNumber)
    if parts.count == 2, !parts[1].isEmpty {
      guard parts[1].count <= 3, parts[1].allSatisfy({ $0.isASCII && $0.isNumber }),
        let fraction = Int64(parts[1])
      else { return nil }
      let scale: Int64 = parts[1].count == 1 ? 10 : parts[1].count == 2 ? 100 : 1000
      value = value + Rational(fraction, scale)
    }
    return isNegative ? -value : value
  }

  private static func readChannels(_ words: [ArraySlice<UInt8>]) -> Meaning {
    var numbers: [Int] = []
    for word in words.dropFirst() {
      guard word.count <= 2, let number = Int(TextLine.decode(word)), number >= 1 else {
        return .fault(
          EDLFault(
            "cut.badChannel", "`\(TextLine.decode(word))` is not a sound channel",
            "The line reads `AUD  3    4`.", at: word.startIndex))
      }
      numbers.append(number)
    }
    return .channels(numbers)
  }

  /// `>>> SOURCE reel long-name identity`
  private static func readSource(_ words: [ArraySlice<UInt8>]) -> Meaning {
    guard words.count >= 4, TextLine.decode(words[1]).uppercased() == "SOURCE" else {
      return .note(.unused("lines of the source table that are not understood", isFault: false))
    }
    let identity = words.count > 4 ? words.last.map(TextLine.decode) : nil
    return .source(short: TextLine.decode(words[2]), long: TextLine.decode(words[3]), identity: identity)
  }

  /// `SPLIT:    AUDIO DELAY=  00:00:00:05`
  private static func readSplit(_ words: [ArraySlice<UInt8>]) -> Meaning {
    let kinds = words.compactMap { word -> Track.Kind? in
      switch TextLine.decode(word).uppercased() {
      case "AUDIO": .sound
      case "VIDEO": .picture
      default: nil
      }
    }
    guard kinds.count == 1, let last = words.last,
      let delay = TimecodeLabel(ascii: last)
        ?? TimecodeLabel(parsing: TextLine.decode(last).after("DELAY=") ?? "")
    else {
      return .fault(
        EDLFault(
          "cut.badSplit", "the split does not say what is delayed and for how long",
          "It reads `SPLIT:    AUDIO DELAY=  00:00:00:05`.", at: words[0].startIndex))
    }
    return .note(.split(kinds[0], delay: delay))
  }

  // MARK: DaVinci Resolve

  /// Whether the line holds the fields of Resolve's marker lists, also behind a note that begins with a number.
  static func isMarker(_ line: TextLine) -> Bool {
    let bytes = line.bytes
    var index = bytes.startIndex
    while let bar = bytes[index...].firstIndex(of: UInt8(ascii: "|")) {
      if bytes[(bar + 1)...].starts(with: "C:".utf8) || bytes[(bar + 1)...].starts(with: "M:".utf8) {
        return bytes.first { $0 != 0x20 && $0 != 0x09 } != UInt8(ascii: "*")
      }
      index = bar + 1
    }
    return false
  }

  /// `note |C:ResolveColorBlue |M:name |D:1`
  private static func readResolveMarker(_ text: String) -> Meaning {
    var marker = EDLEventMarker(name: "", comment: "", color: "")
    for (index, part) in text.split(separator: "|", omittingEmptySubsequences: false).enumerated() {
      let part = part.trimmed
      if index == 0 {
        marker.comment = part
      } else if let value = part.after("C:") {
        marker.color = (value.after("ResolveColor") ?? value).uppercased()
      } else if let value = part.after("M:") {
        marker.name = value
      } else if let value = part.after("D:") {
        marker.count = Int64(value).flatMap { (0...Int64(Int32.max)).contains($0) ? $0 : nil }
      }
    }
    return .note(.eventMarker(marker))
  }
}

extension StringProtocol {
  /// What follows `key` at the start of the text, blanks removed; letter case and runs of blanks in it do not matter.
  func after(_ key: String) -> String? {
    var rest = self[...]
    for expected in key {
      if expected == " " {
        guard rest.first?.isWhitespace == true else { return nil }
        while rest.first?.isWhitespace == true { rest.removeFirst() }
      } else {
        // A colon may stand apart from its word.
        if expected == ":" { while rest.first?.isWhitespace == true { rest.removeFirst() } }
        guard let character = rest.popFirst(), character.uppercased() == expected.uppercased() else {
          return nil
        }
      }
    }
    return rest.trimmed
  }
}
