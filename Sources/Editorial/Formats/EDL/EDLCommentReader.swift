import MediaTime

/// Understands comments that begin with a key, `*` or not.
enum EDLCommentReader {
  typealias Meaning = EDLNoteReader.Meaning

  /// - Returns: `nil` for a comment without a key.
  static func read(_ body: String, _ line: TextLine) -> Meaning? {
    if let name = body.after("FROM CLIP NAME:") { return .note(.fromClipName(name)) }
    if let name = body.after("TO CLIP NAME:") { return .note(.toClipName(name)) }
    if let name = body.after("SOURCE FILE:") { return .note(.sourceFile(name)) }
    if let path = body.after("FROM FILE:") ?? body.after("FROM CLIP:") { return .note(.path(path)) }
    if let name = body.after("EFFECTS NAME IS") ?? body.after("EFFECT NAME:") ?? body.after("BLEND,") {
      return .note(.effectName(name))
    }
    if let text = body.after("ASC_SOP") { return readSlopeOffsetPower(text) }
    if let text = body.after("ASC_SAT") { return readSaturation(text) }
    if let text = body.after("LOC:") { return readMarker(text) }
    if let text = body.after("FINAL CUT PRO REEL:") { return readReplacedReel(text) }
    if let name = body.after("TAPE:") ?? body.after("REEL:") {
      return name.isEmpty ? .nothing : .note(.reelName(name, shown: nil))
    }
    if let text = body.after("DLEDL:") { return .note(readFlame(text)) }
    if let text = body.after("COMMENT:") { return text.isEmpty ? .nothing : .note(.comment(text)) }
    if let text = body.after("UMID:") { return text.isEmpty ? .nothing : .note(.identity(text, shown: nil)) }
    if let text = body.after("PATCH"), let patch = readPatch(text) { return .note(patch) }
    if let text = body.after(exactSpeedKey), let speed = try? Rational(parsing: text) {
      return .note(.exactSpeed(speed))
    }
    if body.uppercased() == "FREEZE FRAME" { return .note(.freezeFrame) }
    if body.after("FROM CLIP IS A STILL") != nil { return .note(.still(isIncoming: false)) }
    if body.after("TO CLIP IS A STILL") != nil { return .note(.still(isIncoming: true)) }
    if body.after("AUDIO LEVEL") != nil {
      return .note(.unused("levels of sound are not carried", isFault: false))
    }
    if body.after("FRMC ") != nil || body.after("TIME WARP EFFECT:") != nil { return .note(.fact(body)) }
    return nil
  }

  /// What our own writer prints where tenths of a frame a second are not exact.
  static let exactSpeedKey = "EXACT SPEED:"

  /// A comment in words, as a fault when it speaks of a placement in the frame that the list does not give.
  static func remark(_ body: String) -> EDLNote.Content {
    let upper = body.uppercased()
    return isSizing(upper) && upper.contains("EFFECT")
      ? .unused("effects that resize or move the picture are only named, not given", isFault: true)
      : .remark(body)
  }

  /// Whether an effect's name means another placement of the picture.
  static func isSizing(_ name: String) -> Bool {
    let words = [
      "RESIZE", "REFRAME", "PAN AND ZOOM", "PAN & ZOOM", "PAN AND SCAN", "PAN & SCAN", "FLOP", "3D WARP",
      "PICTURE-IN-PICTURE", "PICTURE IN PICTURE",
    ]
    return words.contains { name.uppercased().contains($0) }
  }

  // MARK: Reels

  private static func readReplacedReel(_ text: String) -> Meaning {
    // Upper-casing may change the length of a text outside ASCII; then the note is kept as it is.
    let upper = text.uppercased()
    guard let range = upper.firstRange(of: "REPLACED BY:") else {
      return text.isEmpty ? .nothing : .note(.reelName(text.trimmed, shown: nil))
    }
    guard upper.utf8.count == text.utf8.count else { return .note(.comment(text)) }
    let before = upper.utf8.distance(from: upper.startIndex, to: range.lowerBound)
    let bytes = Array(text.utf8)
    let long = TextLine.decode(bytes[..<before]).trimmed
    let shown = TextLine.decode(bytes[(before + "REPLACED BY:".utf8.count)...]).trimmed
    return .note(.reelName(long, shown: shown))
  }

  /// `PATCH REEL:  FROM SOURCE 1 TO RECORD 3`
  private static func readPatch(_ text: String) -> EDLNote.Content? {
    let words = text.uppercased().split(separator: " ")
    guard let from = words.lastIndex(of: "FROM"), words.count == from + 6, words[from + 1] == "SOURCE",
      words[from + 3] == "TO", words[from + 4] == "RECORD", let source = Int(words[from + 2]),
      let record = Int(words[from + 5]), (1...EDLChannels.most).contains(source),
      (1...EDLChannels.most).contains(record)
    else { return nil }
    return .patch(source: source, record: record)
  }

  /// `DLEDL: EDIT:0 START TC: 01:00:00:00` and the like; the number of the edit does not matter here.
  private static func readFlame(_ text: String) -> EDLNote.Content {
    var body = Substring(text)
    if let rest = text.after("EDIT:") { body = rest.drop { $0.isNumber || $0.isWhitespace } }
    if let path = body.after("PATH:") { return .flame(.folder(path)) }
    if let name = body.after("FILENAME:") { return .flame(.fileName(name)) }
    if let reel = body.after("REEL:") { return reel.isEmpty ? .kept : .reelName(reel, shown: nil) }
    if let start = body.after("START TC:").flatMap(TimecodeLabel.init(parsing:)) {
      return .flame(.startTimecode(start))
    }
    return .kept
  }

  // MARK: Grades

  /// Nine numbers in groups of three; brackets, commas and blanks in any arrangement.
  private static func readSlopeOffsetPower(_ text: String) -> Meaning {
    guard let numbers = numbers(text), numbers.count == 9 else {
      return .fault(
        EDLFault(
          "cut.badGrade", "ASC_SOP needs nine finite numbers",
          "It reads `ASC_SOP (1.0 1.0 1.0)(0.0 0.0 0.0)(1.0 1.0 1.0)`."))
    }
    guard (numbers[0..<3] + numbers[6..<9]).allSatisfy({ $0 >= 0 }) else {
      return .fault(EDLFault("cut.badGrade", "slope and power of ASC_SOP cannot be negative"))
    }
    return .note(.slopeOffsetPower(numbers))
  }

  private static func readSaturation(_ text: String) -> Meaning {
    guard let numbers = numbers(text), numbers.count == 1, numbers[0] >= 0 else {
      return .fault(
        EDLFault(
          "cut.badGrade", "ASC_SAT needs one number that is not negative", "It reads `ASC_SAT 0.9`."))
    }
    return .note(.saturation(numbers[0]))
  }

  private static func numbers(_ text: String) -> [Double]? {
    let words = text.split(whereSeparator: { "(), \t:".contains($0) })
    guard words.count <= 9 else { return nil }
    let numbers = words.compactMap { Double($0) }
    return numbers.count == words.count && numbers.allSatisfy(\.isFinite) ? numbers : nil
  }

  // MARK: Markers

  /// Words that name the colour of a locator in Avid, Premiere and Resolve; any other word belongs to the text.
  static let colors: Set<String> = [
    "RED", "GREEN", "BLUE", "CYAN", "MAGENTA", "YELLOW", "BLACK", "WHITE", "PINK", "ORANGE", "PURPLE",
    "VIOLET",
    "FOREST", "DENIM", "GREY", "GRAY", "GOLD", "FUCHSIA", "ROSE", "LAVENDER", "SKY", "MINT", "LEMON", "SAND",
    "COCOA", "CREAM", "BROWN", "TEAL", "LIME",
  ]

  /// `LOC: timecode COLOUR text`
  private static func readMarker(_ text: String) -> Meaning {
    let parts = text.split(maxSplits: 1, whereSeparator: \.isWhitespace)
    guard let word = parts.first, let label = TimecodeLabel(parsing: String(word)) else {
      return .fault(
        EDLFault(
          "cut.badTimecode", "`\(parts.first ?? "")` is not the timecode of a marker",
          "The line reads `* LOC: 01:00:10:00 RED     text`."))
    }
    let rest = parts.count > 1 ? parts[1].trimmed : ""
    let first = rest.prefix { !$0.isWhitespace }
    guard colors.contains(first.uppercased()) else { return .note(.marker(label, color: "", text: rest)) }
    return .note(.marker(label, color: first.uppercased(), text: rest[first.endIndex...].trimmed))
  }
}
