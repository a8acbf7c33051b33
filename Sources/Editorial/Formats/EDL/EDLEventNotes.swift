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
    var grade: ColorDecision?
    var motion: Rational?
    var isFreezeFrame = false
    var comments: [String] = []
  }

  struct PlacedMarker {
    var time: EDLTime
    var color: String
    var text: String
    var line: TextLine
  }

  var incoming = Side()
  var outgoing = Side()
  var effectName: String?
  /// Whether a `PATCH` line routes a source channel.
  var hasPatch = false
  var markers: [PlacedMarker] = []
  var eventMarker: (color: String, text: String, line: TextLine)?
  var dropped: [(what: String, line: TextLine)] = []

  init(_ event: EDLEvent) {
    let hasOutgoing = event.outgoing != nil
    var fromNames: [(String, TextLine)] = []
    var toNames: [(String, TextLine)] = []
    var files: [Placed<String>] = []
    var paths: [Placed<String>] = []
    var motions: [(reel: String, speed: Rational, line: TextLine)] = []
    var decisions: [Placed<[Double]>] = []
    var saturations: [Placed<Double>] = []
    for note in event.notes {
      switch note.content {
      case .fromClipName(let name): fromNames.append((name, note.line))
      case .toClipName(let name): toNames.append((name, note.line))
      case .sourceFile(let name): files.append(Placed(note, name))
      case .path(let path): paths.append(Placed(note, path))
      case .reelName(let name, let shown): add(reelName: name, shown: shown, note, event)
      case .slopeOffsetPower(let numbers): decisions.append(Placed(note, numbers))
      case .saturation(let value): saturations.append(Placed(note, value))
      case .marker(let time, let color, let text):
        markers.append(PlacedMarker(time: time, color: color, text: text, line: note.line))
      case .eventMarker(let color, let text): eventMarker = (color, text, note.line)
      case .effectName(let name): add(effectName: name, note)
      case .motion(let reel, let speed): motions.append((reel, speed, note.line))
      case .freezeFrame, .still: incoming.isFreezeFrame = true
      case .comment(let text): incoming.comments.append(text)
      case .unknown(let text): add(unknown: text, note)
      case .dropped(let what): dropped.append((what, note.line))
      }
    }
    let isTransition = !event.main.isCut
    name(fromNames, toNames, isTransition: isTransition, hasOutgoing: hasOutgoing)
    (outgoing.sourceFile, incoming.sourceFile) = share(files, hasOutgoing, "source file")
    (outgoing.path, incoming.path) = share(paths, hasOutgoing, "source path")
    grade(decisions, saturations, hasOutgoing)
    move(motions, event)
    if incoming.name.uppercased().hasSuffix(" FF"), let motion = incoming.motion, motion == .zero {
      incoming.isFreezeFrame = true
    }
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

  private mutating func name(
    _ from: [(String, TextLine)], _ to: [(String, TextLine)], isTransition: Bool, hasOutgoing: Bool
  ) {
    if isTransition, hasOutgoing {
      incoming.name = to.first?.0 ?? ""
      outgoing.name = from.first?.0 ?? ""
    } else if isTransition {
      incoming.name = to.first?.0 ?? from.first?.0 ?? ""
    } else {
      incoming.name = from.first?.0 ?? to.first?.0 ?? ""
      if !from.isEmpty {
        for (name, line) in to.prefix(1) {
          dropped.append(("the name of a next clip, `\(name)`, is not carried", line))
        }
      }
    }
    for (name, line) in from.dropFirst() + to.dropFirst() {
      dropped.append(("a second clip name, `\(name)`, is not carried", line))
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
    for note in rest { dropped.append(("a second \(what) is not carried", note.line)) }
    return (outgoing, incoming)
  }

  private mutating func grade(
    _ decisions: [Placed<[Double]>], _ saturations: [Placed<Double>], _ hasOutgoing: Bool
  ) {
    let (fromDecision, toDecision) = share(decisions, hasOutgoing, "ASC_SOP")
    let (fromSaturation, toSaturation) = share(saturations, hasOutgoing, "ASC_SAT")
    incoming.grade = Self.decision(toDecision, toSaturation)
    outgoing.grade = Self.decision(fromDecision, fromSaturation)
    for note in decisions where note.value[6...].contains(0) {
      dropped.append(
        ("ASC_SOP has a power of 0, which ASC CDL does not allow; it is carried as written", note.line))
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
  private mutating func move(_ motions: [(reel: String, speed: Rational, line: TextLine)], _ event: EDLEvent)
  {
    for (index, motion) in motions.enumerated() {
      let isIncoming = Self.isSame(motion.reel, event.main.sourceReel)
      let isOutgoing = event.outgoing.map { Self.isSame(motion.reel, $0.sourceReel) } ?? false
      let goesOut = isOutgoing && (!isIncoming || (motions.count > 1 && index == 0))
      if goesOut {
        guard outgoing.motion == nil else {
          dropped.append(("a second M2 line of the outgoing clip is not carried", motion.line))
          continue
        }
        outgoing.motion = motion.speed
      } else {
        guard incoming.motion == nil else {
          dropped.append(("a second M2 line is not carried", motion.line))
          continue
        }
        incoming.motion = motion.speed
      }
    }
  }

  private static func isSame(_ left: String, _ right: String) -> Bool {
    left.trimmed.lowercased() == right.trimmed.lowercased()
  }

  private mutating func add(reelName: String, shown: String?, _ note: EDLNote, _ event: EDLEvent) {
    if let shown, let outgoing = event.outgoing, Self.isSame(shown, outgoing.sourceReel),
      !Self.isSame(shown, event.main.sourceReel)
    {
      self.outgoing.reelNames.append(reelName)
    } else if !incoming.reelNames.contains(reelName) {
      incoming.reelNames.append(reelName)
    }
  }

  private mutating func add(effectName: String, _ note: EDLNote) {
    if self.effectName == nil {
      self.effectName = effectName
    } else if self.effectName != effectName {
      dropped.append(("a second effect name, `\(effectName)`, is not carried", note.line))
    }
  }

  /// Carried as a note; what may ask for work that is not done is reported as well.
  private mutating func add(unknown comment: String, _ note: EDLNote) {
    incoming.comments.append(comment)
    if comment.after("PATCH ") != nil {
      hasPatch = true
    } else if comment.after("FRMC ") == nil {
      dropped.append(("`\(comment)` is carried as a note only", note.line))
    }
  }
}
