import MediaTime

/// The Time Remap filter of an item: which frame of the media its own frames show.
///
/// An item at another speed counts its own time in frames that are already retimed, so `out − in` is always
/// the length in the sequence. The keyframes of `graphdict` go from that time (`when`) to frames of the
/// media (`value`); those with `speedvirtualkf` mark the media's start and end and the item's in and out on
/// the same line.
///
/// Source: Apple, “XMEML Topics”, Timing Values, which only says that speed alters an item's `duration`; the
/// rest is how public importers and exporters for Final Cut Pro 7 and Premiere agree to read it.
struct FCP7Retime {
  struct Key {
    var when: Rational
    var value: Rational
    /// Handles of a smooth key, from the key: frames and media frames.
    var into: (horizontal: Double, vertical: Double)?
    var out: (horizontal: Double, vertical: Double)?
  }

  /// Signed; 0 holds a frame.
  var speed = Rational.one
  var isVariable = false
  /// By strictly ascending `when`.
  var keys: [Key] = []
  /// Whether the graph is a line at the speed, so that it says exactly where the item begins in the media.
  var hasGraph = false

  static let none = FCP7Retime()

  init() {}

  /// - Parameters:
  ///   - speed: as written, in whole numbers; its decimals may be those of a fraction that the graph says
  ///   exactly.
  init(speed: Rational, isReversed: Bool, isVariable: Bool, keys: [Key]) {
    self.keys = keys
    self.isVariable = isVariable && keys.count > 1
    self.speed =
      isReversed || speed < .zero
      ? Rational(checked: -speed.magnitude.numerator, speed.denominator) ?? speed : speed
    guard !self.isVariable, let first = keys.first, let last = keys.last, keys.count > 1,
      let rise = last.value.checkedSubtract(first.value), let run = last.when.checkedSubtract(first.when),
      let slope = rise.checkedDivide(run)
    else { return }
    let difference = abs(slope.displayValue - self.speed.displayValue)
    hasGraph = difference <= 1e-4 * max(1, abs(self.speed.displayValue))
    if hasGraph { self.speed = slope }
  }

  /// The position in the media, between frames where it is no whole number; in reverse the frame before it
  /// is shown.
  ///
  /// - Parameter length: of the media, for reverse without a graph.
  func position(at own: Int64, length: Int64?) -> Rational? {
    let own = Rational(own)
    if isVariable || hasGraph { return graph(at: own) }
    if speed == .one { return own }
    if speed == .zero { return keys.first?.value ?? own }
    guard let gone = own.checkedMultiply(speed) else { return nil }
    guard speed < .zero else { return gone }
    // Without a length the item would be all of its media.
    return length.map { Rational($0) }?.checkedAdd(gone)
  }

  /// The frame shown at a position.
  func first(_ position: Rational, length: Int64?) -> Int64 {
    guard speed < .zero, !isVariable else { return position.floor }
    // A few programs write the graph of reversed clips by frames, from the last one down.
    if hasGraph, let length, let first = keys.first, first.when == .zero, first.value == Rational(length - 1)
    {
      return position.floor
    }
    let below = position.floor
    return position.isInteger ? below - 1 : below
  }

  func isFractional(_ position: Rational) -> Bool { !isVariable && !position.isInteger }

  /// Media frames from the first shown to a marker, which counts the item's own time.
  func markerOffset(_ own: Int64, first: Int64) -> Int64 {
    guard !isVariable, speed != .zero, speed != .one else { return own - first }
    let offset = Rational(own - first).checkedMultiply(speed)
    return offset.flatMap { $0.magnitude <= FCP7Reader.farthest ? $0.rounded : nil } ?? own - first
  }

  /// On straight lines, going on before the first key and after the last.
  private func graph(at own: Rational) -> Rational? {
    guard keys.count > 1 else { return keys.first?.value }
    let after = min(max(keys.firstIndex { $0.when > own } ?? keys.count, 1), keys.count - 1)
    let (from, to) = (keys[after - 1], keys[after])
    guard let gone = own.checkedSubtract(from.when), let rise = to.value.checkedSubtract(from.value),
      let run = to.when.checkedSubtract(from.when), let slope = rise.checkedDivide(run),
      let moved = slope.checkedMultiply(gone)
    else { return nil }
    return from.value.checkedAdd(moved)
  }
}

extension FCP7Reader {
  /// The item's Time Remap filter; none where it is switched off.
  mutating func retime(of item: XMLElement, _ clock: ItemClock, event: String) -> FCP7Retime {
    let effects = item.children("filter").filter { $0.flag("enabled") ?? true }.compactMap {
      $0.part("effect").map(index.resolved)
    }
    guard let effect = effects.last(where: { FCP7Effect($0) == .timeRemap }) else { return .none }
    let parameters = FCP7Parameters(effect)
    let percent = parameters.element("speed")?.word("value")
    var speed = Rational.one
    if let percent {
      guard let number = Self.decimal(percent),
        let scale = Rational(checked: number.numerator, number.denominator)?
          .checkedDivide(Rational(100))
      else {
        fault("cut.badSpeed", effect, "the speed `\(percent.prefix(40))` is not a number")
        return .none
      }
      speed = scale
    }
    let isReversed = parameters.flag("reverse")
    let isVariable = parameters.flag("variablespeed")
    let keys = graph(parameters.element("graphdict"), isVariable: isVariable, event: event)
    if isVariable, keys.count < 2 {
      note(
        .dropped, "a speed that changes has no keyframes; the clip plays at its speed throughout", effect,
        event: event, isFault: true)
    }
    let retime = FCP7Retime(
      speed: speed, isReversed: isReversed, isVariable: isVariable, keys: keys)
    let isChanged = retime.isVariable || (retime.speed != .one && retime.speed != .zero)
    if isChanged, parameters.flag("frameblending") || item.attributes["frameBlend"]?.lowercased() == "true" {
      note(
        .approximated, "frames of retimed clips are blended; the nearest frame is shown instead", effect,
        event: event)
    }
    return retime
  }

  private mutating func graph(_ parameter: XMLElement?, isVariable: Bool, event: String) -> [FCP7Retime.Key] {
    guard let parameter else { return [] }
    let least = parameter.word("valuemin").flatMap(Self.decimal)
    let most = parameter.word("valuemax").flatMap(Self.decimal)
    var keys: [FCP7Retime.Key] = []
    for keyframe in parameter.children("keyframe") {
      guard let when = keyframe.word("when").flatMap(Self.decimal),
        let value = keyframe.word("value").flatMap(Self.decimal)
      else {
        if keyframe.flag("speedvirtualkf") != true {
          fault("cut.badKeyframe", keyframe, "a keyframe of the speed does not say `when` and `value`")
        }
        continue
      }
      // Premiere's virtual keys sometimes hold values far outside of the media.
      if keyframe.flag("speedvirtualkf") == true, let least, let most, most > least,
        value < (least.checkedSubtract(.one) ?? least) || value > (most.checkedAdd(.one) ?? most)
      {
        continue
      }
      keys.append(
        FCP7Retime.Key(
          when: when, value: value, into: Self.handle(keyframe.part("inbez")),
          out: Self.handle(keyframe.part("outbez"))))
    }
    var ordered: [FCP7Retime.Key] = []
    for key in keys.enumerated().sorted(by: { ($0.element.when, $0.offset) < ($1.element.when, $1.offset) }) {
      if let last = ordered.last, last.when == key.element.when {
        if isVariable, last.value != key.element.value {
          note(
            .approximated, "two keyframes of a speed stand at one frame; the later is taken", parameter,
            event: event)
        }
        ordered.removeLast()
      }
      ordered.append(key.element)
    }
    return ordered
  }

  static func handle(_ element: XMLElement?) -> (horizontal: Double, vertical: Double)? {
    guard let element, let horizontal = number(element.word("horiz")),
      let vertical = number(element.word("vert")),
      horizontal != 0 || vertical != 0
    else { return nil }
    return (horizontal, vertical)
  }

  /// The speed curve in frames of the sequence, at which a slope of 1 is normal speed whatever the media's
  /// rate.
  ///
  /// - Parameter first: the source frame that the clip's source in names, at the item's rate.
  mutating func curve(
    _ retime: FCP7Retime, _ clock: ItemClock, from first: Int64, _ count: Int64, _ item: XMLElement,
    event: String
  ) -> RetimeCurve? {
    var knots: [RetimeCurve.Knot] = []
    func add(_ when: Rational, _ value: Rational) {
      guard let record = clock.record(when),
        let source = value.checkedSubtract(Rational(first))?.checkedDivide(clock.ratio)
      else { return }
      knots.append(RetimeCurve.Knot(record: record, source: source))
    }
    var isSmooth = false
    for (place, key) in retime.keys.enumerated() {
      add(key.when, key.value)
      guard place + 1 < retime.keys.count else { break }
      let next = retime.keys[place + 1]
      if key.out != nil || next.into != nil {
        isSmooth = true
        for (when, value) in FCP7Bezier(from: key, to: next).samples(clock, count) { add(when, value) }
      }
    }
    if isSmooth {
      note(
        .approximated, "smooth changes of speed are followed from frame to frame, on straight lines between",
        item,
        event: event)
    }
    if let curve = RetimeCurve(knots) { return curve }
    fault("cut.badSpeed", item, "the keyframes of the item's speed make no curve")
    return nil
  }
}

/// One smooth stretch of a speed graph: a cubic curve whose handles are taken as offsets from its keys.
struct FCP7Bezier {
  private let from: FCP7Retime.Key
  private let to: FCP7Retime.Key

  init(from: FCP7Retime.Key, to: FCP7Retime.Key) {
    self.from = from
    self.to = to
  }

  /// The value at each record frame of the item inside the stretch, to a thousandth of a frame.
  func samples(_ clock: FCP7Reader.ItemClock, _ count: Int64) -> [(Rational, Rational)] {
    guard let start = clock.record(from.when), let end = clock.record(to.when) else { return [] }
    let frames = max(0, start.floor + 1)..<max(max(0, start.floor + 1), min(count, end.floor + 1))
    guard frames.count <= 200_000 else { return [] }
    return frames.compactMap { frame in
      guard let own = clock.ratio.checkedMultiply(Rational(frame))?.checkedAdd(Rational(clock.first)),
        own > from.when, own < to.when
      else { return nil }
      let value = (value(at: own.displayValue) * 1000).rounded()
      guard value.isFinite, value.magnitude < 1e15 else { return nil }
      return Rational(checked: Int64(value), 1000).map { (own, $0) }
    }
  }

  private func value(at when: Double) -> Double {
    let (x0, x3) = (from.when.displayValue, to.when.displayValue)
    let (y0, y3) = (from.value.displayValue, to.value.displayValue)
    // Handles never lead back in time: time has to go on.
    let run = x3 - x0
    let out = from.out ?? (run / 3, (y3 - y0) / 3)
    let into = to.into ?? (-run / 3, -(y3 - y0) / 3)
    let x1 = x0 + min(max(out.horizontal, 0), run)
    let x2 = x3 + max(min(into.horizontal, 0), -run)
    func cubic(_ t: Double, _ a: Double, _ b: Double, _ c: Double, _ d: Double) -> Double {
      let s = 1 - t
      let (first, second) = (s * s * s * a, 3 * s * s * t * b)
      return first + second + 3 * s * t * t * c + t * t * t * d
    }
    var (low, high) = (0.0, 1.0)
    for _ in 0..<40 {
      let middle = (low + high) / 2
      if cubic(middle, x0, x1, x2, x3) < when { low = middle } else { high = middle }
    }
    return cubic((low + high) / 2, y0, y0 + out.vertical, y3 + into.vertical, y3)
  }
}
