import MediaTime

extension FCP7Reader {
  /// How an item is placed and laid over the others, and the filters that the model has no words for.
  struct Look {
    var adjustment: PictureAdjustment?
    var kept: [Metadata.Value] = []
  }

  /// Reads the item's filters and composite mode.
  ///
  /// Measures of the format, and how they become the model's:
  /// - `scale` is in percent of the source's own pixels in the frame of the sequence. Where the file says
  ///   the size of both, it is carried against the picture fitted into the frame, which stays right when
  ///   the clip is relinked from a proxy to the camera original; else against the media's own pixels, which
  ///   is inferred.
  /// - `center` is where the picture's centre lies from the frame's, right and down, in parts of the
  ///   *source's* width and height. Apple's documents only call it a percentage (pro-apps-dev list,
  ///   September 2007, “position is a percentage”); that it is one of the source is how importers made for
  ///   Premiere's files read it: 0.6 of an 800 pixel still moves it by 480 pixels. Down is positive as in
  ///   Final Cut's Motion tab (user manual, “Using Cartesian Geometry”).
  /// - `centerOffset` is the anchor, from the picture's centre, in the same parts; changing it alone moves
  ///   nothing.
  /// - `rotation` is in degrees, clockwise, again as importers for Premiere's files have it.
  /// - `crop` is in percent of the picture's sides, `opacity` in percent.
  mutating func look(
    of item: XMLElement, _ clock: ItemClock, _ kind: Track.Kind, size: FCP7Raster?, _ scope: Scope,
    event: String
  ) -> Look {
    var look = Look()
    var adjustment = PictureAdjustment.none
    for filter in item.children("filter") {
      guard let effect = filter.part("effect").map(index.resolved) else { continue }
      guard filter.flag("enabled") ?? true else {
        look.kept.append(FCP7Metadata.value(of: filter))
        continue
      }
      let effectKind = FCP7Effect(effect)
      if effectKind != .timeRemap, kind == .picture { checkExtent(of: filter, clock, event: event) }
      switch effectKind {
      case .timeRemap: break
      case .sound:
        look.kept.append(FCP7Metadata.value(of: filter))
        if Self.isAudible(effect) {
          note(.dropped, "sound levels, panning and sound filters are not applied", filter, event: event)
        }
      case .basicMotion where kind == .picture:
        readMotion(effect, clock, size, scope, event: event, into: &adjustment)
      case .crop where kind == .picture: readCrop(effect, clock, event: event, into: &adjustment)
      case .opacity where kind == .picture:
        let parameters = FCP7Parameters(effect)
        adjustment.opacity =
          animated(parameters.element("opacity"), "value", clock, event: event) { min(max($0 / 100, 0), 1) }
          ?? 1
      case .flop where kind == .picture: readFlop(effect, event: event, into: &adjustment)
      case .horizontalFlip where kind == .picture: adjustment.isFlopped.toggle()
      case .verticalFlip where kind == .picture: adjustment.isFlipped.toggle()
      case .distort where kind == .picture:
        look.kept.append(FCP7Metadata.value(of: filter))
        if Self.isDistorted(effect) {
          note(.dropped, "the distortion of a picture is not carried", effect, event: event, isFault: true)
        }
      case .other(let isGeometry):
        look.kept.append(FCP7Metadata.value(of: filter))
        noteFilter(effect, isFault: isGeometry && kind == .picture, event: event)
      default:
        look.kept.append(FCP7Metadata.value(of: filter))
        noteFilter(effect, isFault: false, event: event)
      }
    }
    guard kind == .picture else { return look }
    readBlend(item, event: event, into: &adjustment)
    let isOtherSize = size != nil && scope.raster != nil && size != scope.raster
    if adjustment.fit == nil, isOtherSize, item.name == "clipitem" {
      note(
        .inferred,
        "pictures of another size than the frame have no Basic Motion; they are fitted as the pipeline says",
        item, event: event)
    }
    if adjustment.fit == .letterbox, !isOtherSize {
      var plain = adjustment
      plain.fit = nil
      if plain == .none { adjustment = plain }
    }
    look.adjustment = adjustment == .none ? nil : adjustment
    return look
  }

  private mutating func noteFilter(_ effect: XMLElement, isFault: Bool, event: String) {
    let name = effect.word("name") ?? effect.word("effectid") ?? "without a name"
    note(.dropped, "the filter `\(name)` is not carried", effect, event: event, isFault: isFault)
  }

  /// A filter may cover a part of the item only.
  private mutating func checkExtent(of filter: XMLElement, _ clock: ItemClock, event: String) {
    guard let start = filter.word("start").flatMap(Self.decimal),
      let end = filter.word("end").flatMap(Self.decimal),
      start >= .zero, end > .zero, let last = clock.end
    else { return }
    let length = Rational(last - clock.first)
    let coversOwn = start <= Rational(clock.first) && end >= Rational(last)
    // Some programs count from the item's first frame.
    let coversFromZero = start == .zero && end >= length
    guard !coversOwn, !coversFromZero else { return }
    note(
      .approximated, "a filter covers a part of its clip only and is carried for all of it", filter,
      event: event,
      isFault: true)
  }

  // MARK: Filters

  private mutating func readMotion(
    _ effect: XMLElement, _ clock: ItemClock, _ size: FCP7Raster?, _ scope: Scope, event: String,
    into adjustment: inout PictureAdjustment
  ) {
    let parameters = FCP7Parameters(effect)
    var (scaleRatio, width, height) = (1.0, 1.0, 1.0)
    if let size, let raster = scope.raster {
      scaleRatio = min(raster.width / size.width, raster.height / size.height)
      width = size.width / raster.width
      height = size.height / raster.height
      adjustment.fit = .letterbox
    } else {
      adjustment.fit = .native
      note(
        .inferred,
        "the file does not say the size of a sized picture or of the frame; its scale is taken against the "
          + "media's own pixels and its position in parts of the frame", effect, event: event)
    }
    let scale = animated(parameters.element("scale"), "value", clock, event: event) { $0 / 100 / scaleRatio }
    adjustment.scaleX = scale ?? Animated(Self.even(1 / scaleRatio))
    adjustment.scaleY = adjustment.scaleX
    adjustment.rotation = animated(parameters.element("rotation"), "value", clock, event: event) { $0 } ?? 0
    let center = parameters.element("center")
    adjustment.positionX = animated(center, "horiz", clock, event: event) { $0 * width } ?? 0
    adjustment.positionY = animated(center, "vert", clock, event: event) { $0 * height } ?? 0
    let anchor = parameters.element("centeroffset")
    adjustment.anchorX = animated(anchor, "horiz", clock, event: event) { $0 * width } ?? 0
    adjustment.anchorY = animated(anchor, "vert", clock, event: event) { $0 * height } ?? 0
    let known: Set<String> = ["scale", "rotation", "center", "centeroffset", "antiflicker"]
    for id in parameters.ids where !known.contains(id) {
      guard let element = parameters.element(id) else { continue }
      if (parameters.number(id) ?? 1) == 0, element.part("keyframe") == nil { continue }
      note(
        .dropped, "`\(id)` of Basic Motion is not carried", element, event: event, isFault: true)
    }
  }

  private mutating func readCrop(
    _ effect: XMLElement, _ clock: ItemClock, event: String, into adjustment: inout PictureAdjustment
  ) {
    let parameters = FCP7Parameters(effect)
    func edge(_ id: String, _ reader: inout FCP7Reader) -> Animated {
      reader.animated(parameters.element(id), "value", clock, event: event) { min(max($0 / 100, 0), 1) } ?? 0
    }
    adjustment.crop = PictureAdjustment.Edges(
      left: edge("left", &self), right: edge("right", &self), top: edge("top", &self),
      bottom: edge("bottom", &self))
    if let feather = parameters.element("edgefeather"),
      feather.part("keyframe") != nil || (parameters.number("edgefeather") ?? 0) != 0
    {
      note(.dropped, "the soft edge of a crop is not carried", feather, event: event, isFault: true)
    }
  }

  /// Final Cut's Flop: 1 left to right, 2 top to bottom, 3 both.
  private mutating func readFlop(
    _ effect: XMLElement, event: String, into adjustment: inout PictureAdjustment
  ) {
    let parameters = FCP7Parameters(effect)
    let direction = parameters.number("direction") ?? parameters.number("flop") ?? 1
    switch direction {
    case 1: adjustment.isFlopped.toggle()
    case 2: adjustment.isFlipped.toggle()
    case 3:
      adjustment.isFlopped.toggle()
      adjustment.isFlipped.toggle()
    default: noteFilter(effect, isFault: true, event: event)
    }
  }

  private mutating func readBlend(
    _ item: XMLElement, event: String, into adjustment: inout PictureAdjustment
  ) {
    guard let element = item.part("compositemode"), let word = item.word("compositemode") else { return }
    let plain = word.lowercased().filter { $0.isLetter }
    if plain == "none" { return }
    guard let blend = PictureAdjustment.Blend.allCases.first(where: { $0.finalCut == plain }) else {
      note(.dropped, "the composite mode `\(word)` is not carried", element, event: event, isFault: true)
      return
    }
    adjustment.blend = blend
  }

  // MARK: Identity

  /// Levels other than 1 and anything else that is heard.
  private static func isAudible(_ effect: XMLElement) -> Bool {
    let parameters = FCP7Parameters(effect)
    guard let level = parameters.element("level"), parameters.ids == ["level"] else {
      guard let pan = parameters.element("pan"), parameters.ids == ["pan"] else { return true }
      return pan.part("keyframe") != nil || number(pan.word("value")) != 0
    }
    return level.part("keyframe") != nil || number(level.word("value")) != 1
  }

  /// Whether a corner is not in its corner of the picture, or the aspect is changed.
  private static func isDistorted(_ effect: XMLElement) -> Bool {
    let corners: [String: (Double, Double)] = [
      "ulcorner": (-0.5, -0.5), "urcorner": (0.5, -0.5), "lrcorner": (0.5, 0.5), "llcorner": (-0.5, 0.5),
    ]
    let parameters = FCP7Parameters(effect)
    return parameters.ids.contains { id in
      guard let element = parameters.element(id), element.part("keyframe") == nil else { return true }
      if let corner = corners[id] {
        guard let value = element.part("value"), let x = number(value.word("horiz")),
          let y = number(value.word("vert"))
        else { return true }
        return x != corner.0 || y != corner.1
      }
      return number(element.word("value")) != 0
    }
  }

  // MARK: Numbers that change

  /// To nine places, so that what was written from a number reads as that number again.
  static func even(_ value: Double) -> Double { (value * 1e9).rounded() / 1e9 }

  /// - Parameter part: `value`, or `horiz` or `vert` in it.
  private mutating func animated(
    _ parameter: XMLElement?, _ part: String, _ clock: ItemClock, event: String, _ convert: (Double) -> Double
  ) -> Animated? {
    guard let parameter else { return nil }
    func value(_ holder: XMLElement) -> Double? {
      let text = part == "value" ? holder.word("value") : holder.part("value")?.word(part)
      return Self.number(text).map { Self.even(convert($0)) }
    }
    let keyframes = parameter.children("keyframe")
    guard !keyframes.isEmpty else {
      guard parameter.part("value") != nil else { return nil }
      if let value = value(parameter), value.isFinite { return Animated(value) }
      fault("cut.badNumber", parameter, "a parameter of a filter has no number as its value")
      return nil
    }
    var keys: [Animated.Key] = []
    var isSmooth = false
    for keyframe in keyframes {
      guard let when = keyframe.word("when").flatMap(Self.decimal), let frame = clock.record(when),
        let value = value(keyframe), value.isFinite
      else {
        fault("cut.badKeyframe", keyframe, "a keyframe does not say `when` and a number as its `value`")
        continue
      }
      isSmooth =
        isSmooth || Self.handle(keyframe.part("inbez")) != nil || Self.handle(keyframe.part("outbez")) != nil
      keys.append(Animated.Key(frame: frame, value: value))
    }
    if isSmooth {
      note(
        .approximated, "smooth keyframes of sizing and opacity are read with straight lines between them",
        parameter,
        event: event)
    }
    // A value that does not change is one value, as where both parts of a point share their keyframes.
    let animated = Animated(keys: keys)
    return animated?.constant.map { Animated($0) } ?? animated
  }
}

extension PictureAdjustment.Blend {
  /// The composite mode's word without spaces.
  var finalCut: String { rawValue.filter { $0 != "-" } }

  /// As it is written.
  var finalCutWord: String { String(rawValue.map { $0 == "-" ? " " : $0 }) }
}
