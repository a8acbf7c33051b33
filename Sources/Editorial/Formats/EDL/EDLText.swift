/// Pieces of text that stand in one line of a list.
enum EDLText {
  /// Line ends and other control characters as blanks, none at the ends, and no longer than a line may be.
  static func line(_ text: String) -> String {
    let needsChange = text.utf8.contains { $0 < 0x20 || $0 == 0x7F } || text.utf8.count > longest
    guard needsChange else { return text.trimmed }
    var scalars = String.UnicodeScalarView()
    var count = 0
    for scalar in text.unicodeScalars {
      count += 4
      guard count <= longest else { break }
      scalars.append(scalar.value < 0x20 || scalar.value == 0x7F ? " " : scalar)
    }
    return String(scalars).trimmed
  }

  private static let longest = 8000

  /// The same without the bars that divide the fields of a marker.
  static func field(_ text: String) -> String { line(text.replacing("|", with: "/")) }

  static func padded(_ number: Int, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }

  /// Whether a text can stand as an event's number.
  static func isNumber(_ text: String) -> Bool {
    (1...6).contains(text.utf8.count) && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
  }

  /// The number and the rest of a track's name like `V2` or `V1 key`.
  static func channel(_ name: String, _ letter: String) -> Channel? {
    guard name.hasPrefix(letter) else { return nil }
    let digits = name.dropFirst(letter.count).prefix { $0.isASCII && $0.isNumber }
    guard let number = Int(digits), (1...EDLChannels.most).contains(number) else { return nil }
    return Channel(number: number, rest: String(name.dropFirst(letter.count + digits.count)))
  }

  struct Channel: Hashable {
    var number: Int
    var rest: String
  }

  static func trimmedEnd(_ text: String) -> String {
    var text = text[...]
    while text.last == " " { text.removeLast() }
    return String(text)
  }

  /// Whether a line from metadata may stand above the first event: nothing that a reader takes for anything else.
  static func isHeader(_ line: String) -> Bool {
    guard let note = note(line) else { return false }
    if case .eventMarker = note { return false }
    return true
  }

  /// Whether a line from metadata may stand below an event and says nothing that the model has.
  static func isKept(_ line: String, isCut: Bool) -> Bool {
    guard let content = note(line) else { return false }
    switch content {
    case .effectName, .toClipName: return isCut
    default: break
    }
    return EDLNote(content: content, line: textLine(line), lineIndex: 0).isKept
  }

  static func note(_ line: String) -> EDLNote.Content? {
    let text = textLine(line)
    let words = text.words
    guard let first = words.first, !first.allSatisfy({ (0x30...0x39).contains($0) }),
      case .note(let content) = EDLNoteReader.read(text, words)
    else { return nil }
    return content
  }

  private static func textLine(_ line: String) -> TextLine {
    TextLine(number: 0, bytes: Array(line.utf8)[...])
  }

  /// A number without an exponent, which lists do not know.
  static func decimal(_ value: Double) -> String {
    let text = "\(value)"
    guard let mark = text.firstIndex(where: { $0 == "e" || $0 == "E" }),
      let exponent = Int(text[text.index(after: mark)...])
    else { return text }
    let isNegative = text.hasPrefix("-")
    let mantissa = text[..<mark].drop { $0 == "-" }
    let parts = mantissa.split(separator: ".", maxSplits: 1)
    let whole = parts.first.map(String.init) ?? "0"
    let fraction = parts.count > 1 ? String(parts[1]) : ""
    let digits = whole + fraction
    let point = whole.count + exponent
    let zeros = { (count: Int) in String(repeating: "0", count: max(0, count)) }
    let plain =
      point <= 0
      ? "0." + zeros(-point) + digits
      : point >= digits.count
        ? digits + zeros(point - digits.count) + ".0"
        : String(digits.prefix(point)) + "." + String(digits.dropFirst(point))
    return (isNegative ? "-" : "") + plain
  }
}

extension String {
  /// Blanks behind it up to a number of characters.
  func padding(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}

/// Source reels as the column of a list holds them: longer ones are cut off, and stay different from each other.
struct EDLReelNames {
  private let width: Int
  private var shortened: [String: String] = [:]
  private var used: Set<String>
  private var next: [String: Int] = [:]

  /// - Parameter reels: all of the list, so that no short form is another reel's name.
  init(width: Int, reels: [String]) {
    self.width = width
    used = Set(reels.filter { $0.count <= width })
  }

  mutating func shown(_ reel: String) -> String {
    guard reel.count > width else { return reel }
    if let known = shortened[reel] { return known }
    let start = String(reel.prefix(width)).trimmed
    var name = start
    while used.contains(name) {
      let number = next[start, default: 1]
      next[start] = number + 1
      name = start.prefix(max(0, width - String(number).count)) + String(number)
    }
    used.insert(name)
    shortened[reel] = name
    return name
  }
}
