import Diagnostics
import MediaTime

/// The notes of one event, given to the clips they speak of.
///
/// In a transition a single note belongs to the incoming clip; of two of a kind the first belongs to the outgoing one.
struct EDLEventNotes {
  struct Side {
    var name = ""
    var sourceFile: String?
    var path: String?
    var reelNames: [String] = []
    var identity: String?
    var grade: ColorDecision?
    var motion: Motion?
    var exactSpeed: Rational?
    var isFreezeFrame = false
    var comments: [String] = []
    /// Lines that only another list can use, as they stand.
    var kept: [String] = []
    /// First label and frame count of the media, from Flame's lines.
    var media: (start: TimecodeLabel, count: Int64)?
  }

  struct Motion {
    /// Source frames per second, negative for reversed play.
    var speed: Rational
    var start: TimecodeLabel?
    var line: TextLine
  }

  struct PlacedMarker {
    var label: TimecodeLabel
    var color: String
    var text: String
    var line: TextLine
  }

  struct Loss {
    var kind = Finding.Kind.dropped
    var what: String
    var example: String?
    var line: TextLine
    var isFault = false
  }

  var incoming = Side()
  var outgoing = Side()
  var effectName: String?
  /// Source channel by record channel.
  var patches: [Int: Int] = [:]
  var markers: [PlacedMarker] = []
  var eventMarkers: [(marker: EDLEventMarker, line: TextLine)] = []
  var losses: [Loss] = []

  private var folder: String?
  private var fileName: String?
  private var startTimecode: TimecodeLabel?

  init(_ event: EDLEvent) {
    var sorted = SortedNotes()
    let hasFromName = event.notes.contains { note in
      if case .fromClipName = note.content { true } else { false }
    }
    for note in event.notes {
      var isKept = note.isKept
      switch note.content {
      case .effectName: isKept = event.main.isCut
      case .toClipName: isKept = event.main.isCut && hasFromName
      default: break
      }
      if isKept, incoming.kept.count < Self.mostKept { incoming.kept.append(note.line.text.trimmed) }
      add(note, event, &sorted)
    }
    let hasOutgoing = event.outgoing != nil
    name(sorted.fromNames, sorted.toNames, isTransition: !event.main.isCut, hasOutgoing: hasOutgoing)
    (outgoing.sourceFile, incoming.sourceFile) = share(sorted.files, hasOutgoing, "second source files")
    (outgoing.path, incoming.path) = share(sorted.paths, hasOutgoing, "second source paths")
    (outgoing.exactSpeed, incoming.exactSpeed) = share(sorted.speeds, hasOutgoing, "second exact speeds")
    grade(sorted, hasOutgoing)
    move(sorted.motions, event)
    joinFlame()
  }

  /// More lines of notes under one event are no notes.
  private static let mostKept = 10_000

  /// Notes that are shared between two clips once all of them are known.
  private struct SortedNotes {
    var fromNames: [Placed<String>] = []
    var toNames: [Placed<String>] = []
    var files: [Placed<String>] = []
    var paths: [Placed<String>] = []
    var motions: [(reel: String, motion: Motion)] = []
    var speeds: [Placed<Rational>] = []
    var decisions: [Placed<[Double]>] = []
    var saturations: [Placed<Double>] = []
  }

  private struct Placed<Value> {
    var value: Value
    var line: TextLine
    var lineIndex: Int

    init(_ note: EDLNote, _ value: Value) {
      self.value = value
      line = note.line
      lineIndex = note.lineIndex
    }
  }

  private mutating func add(_ note: EDLNote, _ event: EDLEvent, _ sorted: inout SortedNotes) {
    switch note.content {
    case .fromClipName(let name): sorted.fromNames.append(Placed(note, name))
    case .toClipName(let name): sorted.toNames.append(Placed(note, name))
    case .sourceFile(let name): sorted.files.append(Placed(note, name))
    case .path(let path): sorted.paths.append(Placed(note, path))
    case .reelName(let name, let shown): add(reelName: name, shown: shown, event)
    case .identity(let name, let shown): add(identity: name, shown: shown, note, event)
    case .slopeOffsetPower(let numbers): sorted.decisions.append(Placed(note, numbers))
    case .saturation(let value): sorted.saturations.append(Placed(note, value))
    case .marker(let label, let color, let text):
      markers.append(PlacedMarker(label: label, color: color, text: text, line: note.line))
    case .eventMarker(let marker): eventMarkers.append((marker, note.line))
    case .effectName(let name): add(effectName: name, note, event)
    case .motion(let reel, let speed, let start):
      sorted.motions.append((reel, Motion(speed: speed, start: start, line: note.line)))
    case .exactSpeed(let speed): sorted.speeds.append(Placed(note, speed))
    case .freezeFrame: incoming.isFreezeFrame = true
    case .still(let isIncoming):
      if isIncoming || event.outgoing == nil {
        incoming.isFreezeFrame = true
      } else {
        outgoing.isFreezeFrame = true
      }
    case .patch(let source, let record): patches[record] = source
    case .flame(.folder(let path)): folder = folder ?? path
    case .flame(.fileName(let name)): fileName = fileName ?? name
    case .flame(.startTimecode(let label)): startTimecode = startTimecode ?? label
    case .comment(let text), .fact(let text): incoming.comments.append(text)
    case .remark(let text):
      incoming.comments.append(text)
      lose("comments are carried as notes only", example: text, note.line)
    case .unused(let what, let isFault):
      if isFault {
        incoming.comments.append(String(note.line.text.trimmed.drop { $0 == "*" || $0.isWhitespace }))
      }
      losses.append(Loss(what: what, example: note.line.text.trimmed, line: note.line, isFault: isFault))
    case .kept, .split: break
    }
  }

  private mutating func lose(_ what: String, example: String? = nil, _ line: TextLine) {
    losses.append(Loss(what: what, example: example, line: line))
  }

  private mutating func name(
    _ from: [Placed<String>], _ to: [Placed<String>], isTransition: Bool, hasOutgoing: Bool
  ) {
    if isTransition, hasOutgoing {
      incoming.name = to.first?.value ?? ""
      outgoing.name = from.first?.value ?? ""
    } else if isTransition {
      incoming.name = to.first?.value ?? from.first?.value ?? ""
    } else {
      incoming.name = from.first?.value ?? to.first?.value ?? ""
      if !from.isEmpty {
        for next in to.prefix(1) {
          lose("names of next clips are not carried", example: next.value, next.line)
        }
      }
    }
    for second in from.dropFirst() + to.dropFirst() {
      lose("second clip names are not carried", example: second.value, second.line)
    }
  }

  /// Of two the first is the outgoing clip's, unless there is none.
  private mutating func share<Value>(
    _ notes: [Placed<Value>], _ hasOutgoing: Bool, _ what: String
  ) -> (outgoing: Value?, incoming: Value?) {
    var rest = notes[...]
    var outgoing: Value?
    if hasOutgoing, let first = rest.first, rest.count > 1 || first.lineIndex == 0 {
      outgoing = first.value
      rest.removeFirst()
    }
    let incoming = rest.popFirst()?.value
    for note in rest { lose("\(what) are not carried", note.line) }
    return (outgoing, incoming)
  }

  private mutating func grade(_ sorted: SortedNotes, _ hasOutgoing: Bool) {
    let (fromDecision, toDecision) = share(sorted.decisions, hasOutgoing, "second ASC_SOP lines")
    let (fromSaturation, toSaturation) = share(sorted.saturations, hasOutgoing, "second ASC_SAT lines")
    incoming.grade = Self.decision(toDecision, toSaturation)
    outgoing.grade = Self.decision(fromDecision, fromSaturation)
    for note in sorted.decisions where note.value[6...].contains(0) {
      losses.append(
        Loss(
          kind: .approximated,
          what: "ASC_SOP has a power of 0, which ASC CDL does not allow; it is carried as written",
          line: note.line))
    }
  }

  private static func decision(_ numbers: [Double]?, _ saturation: Double?) -> ColorDecision? {
    guard numbers != nil || saturation != nil else { return nil }
    var decision = ColorDecision()
    if let numbers {
      decision.slope = Array(numbers[0..<3])
      decision.offset = Array(numbers[3..<6])
      decision.power = Array(numbers[6..<9])
    }
    if let saturation { decision.saturation = saturation }
    return decision
  }

  /// An M2 line belongs to the side with its source reel; when both have it, of two lines the first to the outgoing.
  private mutating func move(_ motions: [(reel: String, motion: Motion)], _ event: EDLEvent) {
    for (index, (reel, motion)) in motions.enumerated() {
      let isIncoming = Self.isSame(reel, event.main.sourceReel)
      let isOutgoing = event.outgoing.map { Self.isSame(reel, $0.sourceReel) } ?? false
      let goesOut = isOutgoing && (!isIncoming || (motions.count > 1 && index == 0))
      if goesOut {
        guard outgoing.motion == nil else {
          lose("second M2 lines of outgoing clips are not carried", motion.line)
          continue
        }
        outgoing.motion = motion
      } else {
        guard incoming.motion == nil else {
          lose("second M2 lines are not carried", motion.line)
          continue
        }
        incoming.motion = motion
      }
    }
  }

  private static func isSame(_ left: String, _ right: String) -> Bool {
    left.trimmed.lowercased() == right.trimmed.lowercased()
  }

  private static func isOutgoing(_ shown: String?, _ event: EDLEvent) -> Bool {
    guard let shown, let outgoing = event.outgoing else { return false }
    return isSame(shown, outgoing.sourceReel) && !isSame(shown, event.main.sourceReel)
  }

  private mutating func add(reelName: String, shown: String?, _ event: EDLEvent) {
    if Self.isOutgoing(shown, event) {
      if !outgoing.reelNames.contains(reelName) { outgoing.reelNames.append(reelName) }
    } else if !incoming.reelNames.contains(reelName), incoming.reelNames.count < Self.mostKept {
      incoming.reelNames.append(reelName)
    }
  }

  private mutating func add(identity: String, shown: String?, _ note: EDLNote, _ event: EDLEvent) {
    if Self.isOutgoing(shown, event) {
      outgoing.identity = outgoing.identity ?? identity
    } else if incoming.identity == nil {
      incoming.identity = identity
    } else if incoming.identity != identity {
      lose("second identities of sources are not carried", example: identity, note.line)
    }
  }

  private mutating func add(effectName: String, _ note: EDLNote, _ event: EDLEvent) {
    if event.main.isCut {
      let isSizing = EDLCommentReader.isSizing(effectName)
      losses.append(
        Loss(
          what: isSizing
            ? "effects that resize or move the picture are only named, not given"
            : "effects that the list only names are not carried",
          example: effectName, line: note.line, isFault: isSizing && event.main.channels.has(.picture)))
    } else if self.effectName == nil {
      self.effectName = effectName
    } else if self.effectName != effectName {
      lose("second effect names are not carried", example: effectName, note.line)
    }
  }

  // MARK: Flame

  /// Puts the path together and takes the frames of an image sequence from its name, `clip.(1001@1100).dpx` or
  /// `clip.[1001-1100].exr`.
  private mutating func joinFlame() {
    guard let fileName else {
      if incoming.path == nil { incoming.path = folder }
      return
    }
    if incoming.path == nil {
      let separator = folder.map { $0.hasSuffix("/") ? "" : "/" } ?? ""
      incoming.path = (folder ?? "") + separator + fileName
    }
    if incoming.sourceFile == nil { incoming.sourceFile = FileNames.lastComponent(fileName) }
    if let startTimecode, let count = FileNames.frameCount(ofSequence: fileName) {
      incoming.media = (startTimecode, count)
    }
  }
}
