import Diagnostics
import MediaTime

/// The text of a CMX 3600 list, taken apart line by line; timecodes are still labels.
///
/// Source: CMX 3600 edit decision list format, with the dialects of Avid, Premiere and Resolve.
struct EDLDocument: Sendable {
  let path: String
  var title = ""
  var events: [EDLEvent] = []
  /// Counting that the first `FCM:` line declares, and that line.
  var firstCounting: (isDropFrame: Bool, line: TextLine)?
  var findings: [Finding] = []

  init(path: String) { self.path = path }
}

/// One numbered edit: its line, or for a transition the outgoing and the incoming line, and what follows them.
struct EDLEvent: Sendable {
  var lines: [EDLLine]
  var notes: [EDLNote] = []

  var number: String { lines[0].number }
  /// The line that has the source of the event: the incoming one of a transition.
  var main: EDLLine { lines[lines.count - 1] }
  var outgoing: EDLLine? { lines.count > 1 ? lines[0] : nil }
}

/// An event line.
struct EDLLine: Sendable {
  enum Transition: Sendable {
    case cut, dissolve
    case wipe(Int)
    case key, keyBackground, keyOut
  }

  var number: String
  var sourceReel: String
  var channels: EDLChannels
  var transition: Transition
  /// Frames of the transition.
  var duration: Int64?
  /// Source in, source out, record in, record out.
  var times: [EDLTime]
  /// Counting in force by the last `FCM:` line; `nil` before the first.
  var countsDropFrame: Bool?
  var line: TextLine

  var isCut: Bool {
    if case .cut = transition { return true }
    return false
  }
}

/// A time of an event line, with its place.
struct EDLTime: Sendable {
  enum Value: Sendable, Equatable {
    case label(TimecodeLabel)
    case count(Int64)
  }

  var value: Value
  /// Its first byte in the file.
  var offset: Int
}

/// The tracks that an event goes to.
struct EDLChannels: Sendable, Equatable {
  var picture: Set<Int> = []
  var sound: Set<Int> = []

  /// `V`, `V2`, `A`, `A3`, `AA`, `B`, `NONE` and their combinations with or without `/`; `nil` for anything else.
  init?(_ word: ArraySlice<UInt8>) {
    let text = TextLine.decode(word).uppercased()
    if text == "NONE" { return }
    guard text.utf8.count <= 32 else { return nil }
    for part in text.split(separator: "/", omittingEmptySubsequences: false) {
      guard add(part) else { return nil }
    }
  }

  private mutating func add(_ part: Substring) -> Bool {
    guard !part.isEmpty else { return false }
    var rest = part
    while let letter = rest.popFirst() {
      let digits = rest.prefix { $0.isASCII && $0.isNumber }
      rest = rest[digits.endIndex...]
      guard digits.count <= 2 else { return false }
      let number = digits.isEmpty ? 1 : Int(digits) ?? 0
      guard (1...99).contains(number) else { return false }
      switch letter {
      case "V": picture.insert(number)
      case "A":
        if digits.isEmpty, rest.first == "A", rest.dropFirst().first.map({ $0.isNumber }) != true {
          rest.removeFirst()
          sound.formUnion([1, 2])
        } else {
          sound.insert(number)
        }
      case "B" where digits.isEmpty:
        picture.insert(1)
        sound.insert(1)
      default: return false
      }
    }
    return true
  }

  var isEmpty: Bool { picture.isEmpty && sound.isEmpty }
}

/// What stands below an event.
struct EDLNote: Sendable {
  enum Content: Sendable {
    case fromClipName(String)
    case toClipName(String)
    case sourceFile(String)
    case path(String)
    /// A source reel's other name; `shown` is what the event line has, when the note says so.
    case reelName(String, shown: String?)
    case slopeOffsetPower([Double])
    case saturation(Double)
    case marker(EDLTime, color: String, text: String)
    /// DaVinci Resolve writes a list of markers as events of one frame.
    case eventMarker(color: String, text: String)
    case effectName(String)
    case motion(reel: String, speed: Rational)
    case freezeFrame
    case still
    /// Free text, carried as it is.
    case comment(String)
    /// A comment that may ask for something: carried, and reported.
    case unknown(String)
    case dropped(String)
  }

  var content: Content
  var line: TextLine
  /// Index of the event's line that it stands below.
  var lineIndex: Int
}
