import Diagnostics
import MediaTime

/// The text of a CMX 3600 list, taken apart line by line; timecodes are still labels.
///
/// Source: CMX 3600 edit decision list format, with the dialects of Avid, Premiere, Resolve and Flame.
struct EDLDocument: Sendable {
  let path: String
  var title = ""
  var events: [EDLEvent] = []
  /// Counting that the first `FCM:` line declares, and that line.
  var firstCounting: (isDropFrame: Bool, line: TextLine)?
  /// Lines above the first event that mean nothing here, as they are.
  var header: [String] = []
  var findings = EDLFindings()
  var faults = FaultList()

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
  /// A key that fades, by the `F` after its length.
  var isFading = false
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

  var isDropFrame: Bool {
    if case .label(let label) = value { return label.isDropFrame }
    return false
  }

  var isLabel: Bool {
    if case .label = value { return true }
    return false
  }
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
    /// UMID or the like of the source; `shown` is the reel it is said of.
    case identity(String, shown: String?)
    case slopeOffsetPower([Double])
    case saturation(Double)
    case marker(TimecodeLabel, color: String, text: String)
    /// DaVinci Resolve writes a list of markers as events of one frame.
    case eventMarker(EDLEventMarker)
    case effectName(String)
    /// Speed in source frames per second, and where in the source it begins.
    case motion(reel: String, speed: Rational, start: TimecodeLabel?)
    /// Source frames per record frame, where a motion line cannot print them: our own key.
    case exactSpeed(Rational)
    case freezeFrame
    /// `TO CLIP IS A STILL` speaks of the incoming clip.
    case still(isIncoming: Bool)
    case patch(source: Int, record: Int)
    case split(Track.Kind, delay: TimecodeLabel)
    /// Facts of Flame's `DLEDL:` lines.
    case flame(FlameFact)
    /// Free text, carried as it is.
    case comment(String)
    /// A comment that other programs understand: carried as it is.
    case fact(String)
    /// A comment that may ask for something: carried, and reported.
    case remark(String)
    /// Carried as it stands for another list; nothing here follows from it.
    case kept
    /// The same, and the reason why that is a loss.
    case unused(String, isFault: Bool)
  }

  enum FlameFact: Sendable {
    case folder(String)
    case fileName(String)
    case startTimecode(TimecodeLabel)
  }

  var content: Content
  var line: TextLine
  /// Index of the event's line that it stands below.
  var lineIndex: Int

  /// Whether the line goes into the clip's metadata, because nothing in the model says all of it.
  var isKept: Bool {
    switch content {
    case .fact, .remark, .kept, .unused, .flame: true
    default: false
    }
  }
}

struct EDLEventMarker: Sendable, Equatable {
  var name: String
  var comment: String
  var color: String
  /// Frames; `nil` when the line does not say.
  var count: Int64?
}
