import MediaTime

/// The members of `metadata.interlock`: what OpenTimelineIO has no schema for, and what its numbers would not give
/// back exactly.
enum OTIOOwn {
  typealias Node = JSONWriter.Node

  // MARK: Clips

  /// Corrects what was read by what the writer knew.
  static func apply(_ own: JSONValue, to clip: inout Clip) {
    for member in own.members ?? [] {
      let value = member.value
      switch member.key {
      case "adjustments": clip.adjustments = (value.array ?? []).map(adjustment)
      case "alternate_reels": clip.alternateReels = (value.array ?? []).compactMap(\.string)
      case "available_range": clip.availableRange = range(value)
      case "channel": clip.sourceChannel = value.integer.flatMap { Int(exactly: $0) }
      case "content": clip.content = content(value) ?? clip.content
      case "curve": clip.curve = curve(value)
      case "is_speed_given": clip.isSpeedGiven = value.bool ?? true
      case "reel": clip.sourceReel = value.string
      case "role": clip.role = value.string
      case "source_count": clip.sourceCount = value.integer
      case "source_file": clip.sourceFile = value.string
      case "source_identity": clip.sourceIdentity = value.string
      case "source_in": clip.sourceIn = position(value) ?? clip.sourceIn
      case "source_out": clip.sourceOut = position(value)
      case "source_rate": clip.sourceRate = value.string.flatMap { try? FrameRate(parsing: $0) }
      case "url": clip.targetURL = value.string
      default: break
      }
    }
  }

  /// What must be said of a clip beside its object.
  ///
  /// - Parameter read: the clip as the object alone is read.
  static func members(_ clip: Clip, read: Clip) -> [(String, Node)] {
    var members: [(String, Node)] = []
    func say(_ key: String, _ isSame: Bool, _ value: @autoclosure () -> Node) {
      if !isSame { members.append((key, value())) }
    }
    say("adjustments", clip.adjustments.isEmpty, .array(clip.adjustments.map { node($0) }))
    say(
      "alternate_reels", clip.alternateReels == read.alternateReels,
      .array(clip.alternateReels.map { .string($0) }))
    say("available_range", clip.availableRange == read.availableRange, clip.availableRange.map(node) ?? .null)
    say(
      "channel", clip.sourceChannel == read.sourceChannel,
      clip.sourceChannel.map { .integer(Int64($0)) } ?? .null)
    say("content", clip.content == read.content, node(clip.content))
    say("curve", clip.curve == read.curve, clip.curve.map(node) ?? .null)
    say("is_speed_given", clip.isSpeedGiven, .bool(false))
    say("reel", clip.sourceReel == read.sourceReel, string(clip.sourceReel))
    say("role", clip.role == nil, string(clip.role))
    say("source_count", clip.sourceCount == read.sourceCount, clip.sourceCount.map { .integer($0) } ?? .null)
    say("source_file", clip.sourceFile == read.sourceFile, string(clip.sourceFile))
    say("source_identity", clip.sourceIdentity == nil, string(clip.sourceIdentity))
    say("source_in", clip.sourceIn == read.sourceIn, node(clip.sourceIn))
    say("source_out", clip.sourceOut == nil, clip.sourceOut.map(node) ?? .null)
    say("source_rate", clip.sourceRate == read.sourceRate, string(clip.sourceRate?.description))
    say(
      "speed", clip.timeScale == read.timeScale, .string(clip.timeScale.description))
    say("url", clip.targetURL == read.targetURL, string(clip.targetURL))
    return members
  }

  private static func string(_ text: String?) -> Node { text.map { .string($0) } ?? .null }

  // MARK: Transitions

  /// The kind that a list's word means: `W001`, `K`, `KB`, `KO`.
  static func transition(word: String?) -> Transition.Kind? {
    switch word {
    case "K": return .key(isBackground: false, isOut: false)
    case "KB": return .key(isBackground: true, isOut: false)
    case "KO": return .key(isBackground: false, isOut: true)
    default:
      guard let word, word.hasPrefix("W"), let pattern = Int(word.dropFirst()) else { return nil }
      return .wipe(pattern)
    }
  }

  static func word(_ kind: Transition.Kind) -> String? {
    switch kind {
    case .dissolve, .custom: return nil
    case .wipe(let pattern):
      let digits = String(pattern)
      return "W" + String(repeating: "0", count: max(0, 3 - digits.count)) + digits
    case .key(let isBackground, let isOut): return isBackground ? "KB" : isOut ? "KO" : "K"
    }
  }

  // MARK: Values

  static func node(_ curve: RetimeCurve) -> Node {
    .array(curve.knots.map { .array([.string($0.record.description), .string($0.source.description)]) })
  }

  static func curve(_ value: JSONValue) -> RetimeCurve? {
    let knots = (value.array ?? []).compactMap { knot -> RetimeCurve.Knot? in
      guard let pair = knot.array, pair.count == 2, let record = rational(pair[0]),
        let source = rational(pair[1])
      else { return nil }
      return RetimeCurve.Knot(record: record, source: source)
    }
    return RetimeCurve(knots)
  }

  private static func rational(_ value: JSONValue) -> Rational? {
    value.string.flatMap { try? Rational(parsing: $0) } ?? value.integer.map { Rational($0) }
  }

  private static func node(_ position: SourcePosition) -> Node {
    switch position {
    case .label(let label): .string(label.description)
    case .frames(let count, let rate):
      .object([("frame", .integer(count)), ("rate", .string(rate.description))])
    }
  }

  private static func position(_ value: JSONValue) -> SourcePosition? {
    if let text = value.string { return TimecodeLabel(parsing: text).map { .label($0) } }
    guard let count = value["frame"]?.integer,
      let rate = value["rate"]?.string.flatMap({ try? FrameRate(parsing: $0) })
    else { return nil }
    return .frames(count, rate)
  }

  private static func node(_ range: FrameRange) -> Node {
    .array([.integer(range.start), .integer(range.count)])
  }

  private static func range(_ value: JSONValue) -> FrameRange? {
    let numbers = (value.array ?? []).compactMap(\.integer)
    guard numbers.count == 2, numbers[1] >= 0, !numbers[0].addingReportingOverflow(numbers[1]).overflow else {
      return nil
    }
    return FrameRange(start: numbers[0], count: numbers[1])
  }

  private static func node(_ content: Clip.Content) -> Node {
    switch content {
    case .media: .string("media")
    case .black: .string("black")
    case .generator(let kind): .object([("generator", .string(kind))])
    }
  }

  private static func content(_ value: JSONValue) -> Clip.Content? {
    switch value.string {
    case "media": .media
    case "black": .black
    default: value["generator"]?.string.map { .generator($0) }
    }
  }
}

// MARK: Adjustments

extension OTIOOwn {
  private static var numbers: [(String, WritableKeyPath<PictureAdjustment, Animated>)] {
    [
      ("scale_x", \.scaleX), ("scale_y", \.scaleY), ("position_x", \.positionX), ("position_y", \.positionY),
      ("anchor_x", \.anchorX), ("anchor_y", \.anchorY), ("rotation", \.rotation), ("crop_left", \.crop.left),
      ("crop_right", \.crop.right), ("crop_top", \.crop.top), ("crop_bottom", \.crop.bottom),
      ("opacity", \.opacity),
    ]
  }

  /// Only what differs from the picture as it is; a number that changes is a list of frame and value.
  static func node(_ adjustment: PictureAdjustment) -> Node {
    var members: [(String, Node)] = []
    if let fit = adjustment.fit { members.append(("fit", .string(fit.rawValue))) }
    for (key, path) in numbers where adjustment[keyPath: path] != PictureAdjustment.none[keyPath: path] {
      let animated = adjustment[keyPath: path]
      let isPlain = animated.keys.count == 1 && animated.keys[0].frame == .zero
      members.append(
        (
          key,
          isPlain
            ? .number(animated.keys[0].value)
            : .array(animated.keys.map { .array([.string($0.frame.description), .number($0.value)]) })
        ))
    }
    if adjustment.isFlopped { members.append(("flop", .bool(true))) }
    if adjustment.isFlipped { members.append(("flip", .bool(true))) }
    if adjustment.blend != .normal { members.append(("blend", .string(adjustment.blend.rawValue))) }
    return .object(members)
  }

  static func adjustment(_ value: JSONValue) -> PictureAdjustment {
    var adjustment = PictureAdjustment(fit: value["fit"]?.string.flatMap(PictureAdjustment.Fit.init))
    for (key, path) in numbers {
      if let number = value[key]?.double {
        adjustment[keyPath: path] = Animated(number)
      } else if let keys = value[key]?.array {
        let read = keys.compactMap { key -> Animated.Key? in
          guard let pair = key.array, pair.count == 2, let frame = rational(pair[0]),
            let number = pair[1].double
          else { return nil }
          return Animated.Key(frame: frame, value: number)
        }
        adjustment[keyPath: path] = Animated(keys: read) ?? adjustment[keyPath: path]
      }
    }
    adjustment.isFlopped = value["flop"]?.bool == true
    adjustment.isFlipped = value["flip"]?.bool == true
    adjustment.blend = value["blend"]?.string.flatMap(PictureAdjustment.Blend.init) ?? .normal
    return adjustment
  }
}
