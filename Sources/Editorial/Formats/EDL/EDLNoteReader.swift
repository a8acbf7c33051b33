import MediaTime

/// Understands the lines of a list that are not events.
enum EDLNoteReader {
  enum Meaning {
    case title(String)
    case counting(isDropFrame: Bool)
    case channels([Int])
    case source(short: String, long: String)
    case note(EDLNote.Content)
    case fault(code: String, message: String, remedy: String?, at: Int?)
    case nothing
  }

  static func read(_ line: TextLine, _ words: [ArraySlice<UInt8>]) -> Meaning {
    let text = line.text.trimmed
    let first = TextLine.decode(words[0]).uppercased()
    if let title = text.after("TITLE:") { return .title(title) }
    if let counting = text.after("FCM:") { return readCounting(counting, line) }
    switch first {
    case "M2": return readMotion(words, line)
    case "AUD": return readChannels(words, line)
    case ">>>": return readSource(words, text)
    case "AVX2", "GPI", "SPLIT:", "REM": break
    default: break
    }
    let isComment = text.hasPrefix("*")
    let body = text.drop { $0 == "*" || $0.isWhitespace }
    if body.isEmpty { return .nothing }
    if let meaning = readKey(String(body), line) { return meaning }
    if text.hasPrefix("|") { return readResolveMarker(text) }
    return .note(isComment ? .unknown(String(body)) : .dropped("`\(text)` is not understood"))
  }

  // MARK: Lines of their own

  private static func readCounting(_ text: String, _ line: TextLine) -> Meaning {
    let mode =
      text.uppercased().split(whereSeparator: { $0 == "," || $0 == "\t" }).first.map { $0.trimmed } ?? ""
    let words = mode.replacing("-", with: " ").split(separator: " ").joined(separator: " ")
    switch words {
    case "NON DROP FRAME", "NON DROP", "NDF", "NONDROP FRAME": return .counting(isDropFrame: false)
    case "DROP FRAME", "DROP", "DF": return .counting(isDropFrame: true)
    default:
      return .fault(
        code: "cut.badCounting", message: "`\(text)` is not a frame code mode",
        remedy: "Write `FCM: NON-DROP FRAME` or `FCM: DROP FRAME`.", at: nil)
    }
  }

  /// `M2 reel speed timecode`: speed in source frames per second, its sign the direction.
  private static func readMotion(_ words: [ArraySlice<UInt8>], _ line: TextLine) -> Meaning {
    guard words.count >= 3 else {
      return .fault(
        code: "cut.badMotion", message: "the motion line has no speed",
        remedy: "It reads `M2   REEL   024.0   SOURCE-IN`.",
        at: line.bytes.endIndex)
    }
    let hasTime = words.count >= 4 && TimecodeLabel(ascii: words[words.count - 1]) != nil
    let speedWord = words[hasTime ? words.count - 2 : words.count - 1]
    guard let speed = decimal(TextLine.decode(speedWord)) else {
      return .fault(
        code: "cut.badMotion", message: "`\(TextLine.decode(speedWord))` is not a speed in frames per second",
        remedy: "It reads `M2   REEL   024.0   SOURCE-IN`.", at: speedWord.startIndex)
    }
    let reel =
      words[1].startIndex < speedWord.startIndex
      ? TextLine.decode(line.bytes[words[1].startIndex..<speedWord.startIndex]).trimmed : ""
    return .note(.motion(reel: reel, speed: speed))
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
      guard parts[1].count <= 3, let fraction = Int64(parts[1]), fraction >= 0 else { return nil }
      let scale: Int64 = parts[1].count == 1 ? 10 : parts[1].count == 2 ? 100 : 1000
      value = value + Rational(fraction, scale)
    }
    return isNegative ? -value : value
  }

  private static func readChannels(_ words: [ArraySlice<UInt8>], _ line: TextLine) -> Meaning {
    var numbers: [Int] = []
    for word in words.dropFirst() {
      guard word.count <= 2, let number = Int(TextLine.decode(word)), number >= 1 else {
        return .fault(
          code: "cut.badChannel", message: "`\(TextLine.decode(word))` is not a sound channel",
          remedy: "The line reads `AUD  3    4`.", at: word.startIndex)
      }
      numbers.append(number)
    }
    return .channels(numbers)
  }

  private static func readSource(_ words: [ArraySlice<UInt8>], _ text: String) -> Meaning {
    guard words.count >= 4, TextLine.decode(words[1]).uppercased() == "SOURCE" else {
      return .note(.dropped("`\(text)` is not carried"))
    }
    return .source(short: TextLine.decode(words[2]), long: TextLine.decode(words[3]))
  }

  /// ` |C:ResolveColorBlue |M:text |D:1`
  private static func readResolveMarker(_ text: String) -> Meaning {
    var color = ""
    var name = ""
    for part in text.split(separator: "|") {
      let part = part.trimmed
      if let value = part.after("C:") { color = value.after("ResolveColor") ?? value }
      if let value = part.after("M:") { name = value }
    }
    return .note(.eventMarker(color: color.uppercased(), text: name))
  }

  // MARK: Comments with a key

  private static func readKey(_ body: String, _ line: TextLine) -> Meaning? {
    if let name = body.after("FROM CLIP NAME:") { return .note(.fromClipName(name)) }
    if let name = body.after("TO CLIP NAME:") { return .note(.toClipName(name)) }
    if let name = body.after("SOURCE FILE:") { return .note(.sourceFile(name)) }
    if let path = body.after("FROM FILE:") ?? body.after("FROM CLIP:") { return .note(.path(path)) }
    if let name = body.after("EFFECTS NAME IS") ?? body.after("EFFECT NAME:") {
      return .note(.effectName(name))
    }
    if let name = body.after("BLEND,") { return .note(.effectName(name)) }
    if let text = body.after("ASC_SOP") { return readSlopeOffsetPower(text, line) }
    if let text = body.after("ASC_SAT") { return readSaturation(text, line) }
    if let text = body.after("LOC:") { return readMarker(text, line) }
    if let text = body.after("FINAL CUT PRO REEL:") { return readReplacedReel(text) }
    if let name = body.after("TAPE:") ?? body.after("REEL:") ?? body.after("DLEDL: REEL:") {
      return name.isEmpty ? .nothing : .note(.reelName(name, shown: nil))
    }
    if let path = body.after("DLEDL: PATH:") { return .note(.path(path)) }
    if let text = body.after("COMMENT:") { return text.isEmpty ? .nothing : .note(.comment(text)) }
    if body.uppercased() == "FREEZE FRAME" { return .note(.freezeFrame) }
    if body.after("FROM CLIP IS A STILL") != nil { return .note(.still) }
    if body.after("AUDIO LEVEL") != nil { return .note(.dropped("the level of `\(body)` is not carried")) }
    if body.after("UMID:") != nil { return .note(.dropped("the identifier of `\(body)` is not carried")) }
    return nil
  }

  private static func readReplacedReel(_ text: String) -> Meaning {
    guard let range = text.uppercased().firstRange(of: "REPLACED BY:") else {
      return text.isEmpty ? .nothing : .note(.reelName(text.trimmed, shown: nil))
    }
    // Upper-casing may change the length of a text outside ASCII; then the note is kept as it is.
    let upper = text.uppercased()
    guard upper.utf8.count == text.utf8.count else { return .note(.comment(text)) }
    let before = upper.utf8.distance(from: upper.startIndex, to: range.lowerBound)
    let bytes = Array(text.utf8)
    let long = TextLine.decode(bytes[..<before]).trimmed
    let shown = TextLine.decode(bytes[(before + "REPLACED BY:".utf8.count)...]).trimmed
    return .note(.reelName(long, shown: shown))
  }

  /// Nine numbers in groups of three; brackets, commas and blanks in any arrangement.
  private static func readSlopeOffsetPower(_ text: String, _ line: TextLine) -> Meaning {
    guard let numbers = numbers(text), numbers.count == 9 else {
      return .fault(
        code: "cut.badGrade", message: "ASC_SOP needs nine finite numbers",
        remedy: "It reads `ASC_SOP (1.0 1.0 1.0)(0.0 0.0 0.0)(1.0 1.0 1.0)`.", at: nil)
    }
    guard (numbers[0..<3] + numbers[6..<9]).allSatisfy({ $0 >= 0 }) else {
      return .fault(
        code: "cut.badGrade", message: "slope and power of ASC_SOP cannot be negative", remedy: nil, at: nil)
    }
    return .note(.slopeOffsetPower(numbers))
  }

  private static func readSaturation(_ text: String, _ line: TextLine) -> Meaning {
    guard let numbers = numbers(text), numbers.count == 1, numbers[0] >= 0 else {
      return .fault(
        code: "cut.badGrade", message: "ASC_SAT needs one number that is not negative",
        remedy: "It reads `ASC_SAT 0.9`.",
        at: nil)
    }
    return .note(.saturation(numbers[0]))
  }

  private static func numbers(_ text: String) -> [Double]? {
    let words = text.split(whereSeparator: { "(), \t:".contains($0) })
    guard words.count <= 9 else { return nil }
    let numbers = words.compactMap { Double($0) }
    return numbers.count == words.count && numbers.allSatisfy(\.isFinite) ? numbers : nil
  }

  /// `LOC: timecode COLOUR text`
  private static func readMarker(_ text: String, _ line: TextLine) -> Meaning {
    let parts = text.split(separator: " ", maxSplits: 1)
    guard let word = parts.first, let label = TimecodeLabel(parsing: String(word)) else {
      return .fault(
        code: "cut.badTimecode", message: "`\(parts.first ?? "")` is not the timecode of a marker",
        remedy: "The line reads `* LOC: 01:00:10:00 RED     text`.", at: nil)
    }
    let rest = parts.count > 1 ? parts[1].trimmed : ""
    let color = rest.prefix { $0.isLetter }
    return .note(
      .marker(
        EDLTime(value: .label(label), offset: line.bytes.startIndex), color: color.uppercased(),
        text: rest[color.endIndex...].trimmed))
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
