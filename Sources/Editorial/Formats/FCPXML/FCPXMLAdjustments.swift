import MediaTime

/// Sizing, opacity and filters of a clip.
///
/// Sources: Apple, FCPXML reference, "Adjustments" and "Effects": positions, anchors and crops in percent of the frame's
/// height, y upward, rotation counter-clockwise; DTD 1.10 for the defaults. A keyframe's time is local to the clip.
extension FCPXMLTimelineBuilder {
  /// The placements of an element, innermost first; none where the picture stays as it is.
  ///
  /// - Parameter source: raster of what is placed.
  mutating func adjustments(of element: XMLElement, _ placement: Placement, source: FCPXMLFormat.Size?)
    -> [PictureAdjustment]
  {
    var reader = FCPXMLAdjustmentReader(
      context: context, element: element, frame: size, source: source, event: placement.event,
      clock: placement.clock, record: placement.range)
    return reader.read()
  }
}

/// Reads one element's adjustments into the model's measures.
struct FCPXMLAdjustmentReader {
  let context: FCPXMLContext
  let element: XMLElement
  /// Raster of the sequence.
  let frame: FCPXMLFormat.Size?
  let source: FCPXMLFormat.Size?
  let event: String
  let clock: FCPXMLClock
  let record: FrameRange

  private var own = PictureAdjustment.none
  /// What a crop that fills the frame, or a pan over the picture, does before the clip is transformed.
  private var inner: PictureAdjustment?

  init(
    context: FCPXMLContext, element: XMLElement, frame: FCPXMLFormat.Size?, source: FCPXMLFormat.Size?,
    event: String, clock: FCPXMLClock, record: FrameRange
  ) {
    self.context = context
    self.element = element
    self.frame = frame
    self.source = source
    self.event = event
    self.clock = clock
    self.record = record
  }

  mutating func read() -> [PictureAdjustment] {
    var fit: PictureAdjustment.Fit?
    // Fitting is the rule of the format; it needs no words where both have one shape.
    if let frame, let source, abs(source.aspect / frame.aspect - 1) > 0.001 { fit = .letterbox }
    for child in element.children {
      switch child.name {
      case "adjust-conform":
        switch child.attributes["type"] ?? "fit" {
        case "fit": fit = .letterbox
        case "fill": fit = .fill
        case "none": fit = .native
        case let other: lost("the conform `\(other.prefix(40))`", child)
        }
      case "adjust-transform" where isOn(child): transform(child)
      case "adjust-blend": blend(child)
      case "filter-video" where isOn(child): filter(child)
      case "filter-video-mask" where isOn(child):
        context.note(.dropped, "masked effects are not carried", child, event: event)
      case "adjust-corners" where isOn(child):
        let isMoved = child.attributes.contains { $0.key != "enabled" && $0.value != "0 0" }
        if isMoved || !child.children.isEmpty { lost("moved corners (adjust-corners)", child) }
      case "adjust-rollingShutter" where isOn(child) && (child.attributes["amount"] ?? "none") != "none":
        lost("rolling shutter correction", child)
      case "adjust-stabilization" where isOn(child): lost("stabilisation", child)
      case "adjust-360-transform", "adjust-reorient", "adjust-orientation", "adjust-stereo-3D":
        if isOn(child) { lost("the placement `\(child.name)`", child) }
      case "adjust-cinematic" where isOn(child):
        context.note(.dropped, "cinematic focus is not carried", child, event: event)
      case "adjust-colorConform"
      where isOn(child) && (child.attributes["conformType"] ?? "conformNone") != "conformNone":
        context.note(
          .dropped,
          "colour conforms (`\((child.attributes["conformType"] ?? "").prefix(40))`) are not carried",
          child, event: event)
      default: break
      }
    }
    for child in element.children("adjust-crop") where isOn(child) { crop(child, fit: fit) }
    if var inner {
      inner.fit = fit
      // The mirrors of effects come before all of it and may be put outside where nothing else turns.
      return own == .none ? [inner] : [inner, own]
    }
    own.fit = fit
    return own == .none ? [] : [own]
  }

  private func isOn(_ element: XMLElement) -> Bool { element.attributes["enabled"] != "0" }

  /// Something that would be seen is missing.
  private func lost(_ what: String, _ child: XMLElement) {
    context.note(.dropped, "\(what) is not carried", child, event: event, isFault: true)
  }

  // MARK: Numbers

  private static func numbers(_ text: String) -> [Double] {
    text.split(separator: " ").prefix(4).compactMap { part in
      Double(part).flatMap { $0.isFinite && abs($0) < 1e9 ? $0 : nil }
    }
  }

  /// One number of a value such as `12 -6`; a single one counts for both.
  private static func number(_ text: String, _ index: Int) -> Double? {
    let values = numbers(text)
    return values.count > index ? values[index] : values.count == 1 ? values[0] : nil
  }

  /// A value that may have keys, under a `param` of its name, or under one for each axis inside it.
  private func animated(
    _ child: XMLElement, _ attribute: String, axis: Int = 0, default value: Double, by factor: Double = 1
  ) -> Animated {
    func named(_ holder: XMLElement, _ name: String) -> XMLElement? {
      holder.children("param").first { ($0.attributes["name"] ?? "").lowercased() == name }
    }
    let param = named(child, attribute.lowercased())
    let part = param.flatMap { named($0, axis == 0 ? "x" : "y") }
    for (holder, index) in [(part, 0), (param, axis)] {
      if let holder, let keys = keys(holder, axis: index, by: factor) { return keys }
    }
    let text = child.attributes[attribute] ?? part?.attributes["value"] ?? param?.attributes["value"]
    if let text, Self.number(text, axis) == nil {
      context.fault(
        "cut.badNumber", child,
        "`\(attribute)` of <\(child.name)> is `\(text.prefix(60))`, not a number of it")
    }
    return Animated((text.flatMap { Self.number($0, axis) } ?? value) * factor)
  }

  private func keys(_ param: XMLElement, axis: Int, by factor: Double) -> Animated? {
    let frames = param.children("keyframeAnimation").flatMap { $0.children("keyframe") }
    let keys = frames.compactMap { key -> Animated.Key? in
      guard let time = context.time(key, "time"), let at = clock.frame(at: time),
        at.magnitude < FCPXMLTiming.most,
        let frame = at.checkedSubtract(Rational(record.start)),
        let value = key.attributes["value"].flatMap({ Self.number($0, axis) })
      else { return nil }
      return Animated.Key(frame: frame, value: value * factor)
    }
    let isCurved = frames.contains {
      ($0.attributes["interp"] ?? "linear") != "linear" || ($0.attributes["curve"] ?? "smooth") != "linear"
    }
    if frames.count > 1, isCurved {
      context.note(
        .approximated, "animation that eases between keys is read as straight lines between them", param,
        event: event)
    }
    return Animated(keys: keys)
  }

  // MARK: Transform

  private mutating func transform(_ child: XMLElement) {
    if child.attributes["tracking"] != nil { lost("an adjustment that follows a tracked object", child) }
    // Measures in heights of the frame; across they become widths.
    let across = frame.map { 1 / $0.aspect }
    let isMoved = ["position", "anchor"].contains { name in
      animated(child, name, default: 0) != 0
    }
    if across == nil, isMoved {
      context.note(
        .approximated, "positions are read as in a frame of 16 by 9; the format does not say its shape",
        child,
        event: event, isFault: true)
    }
    let width = (across ?? 9.0 / 16) / 100
    own.positionX = animated(child, "position", axis: 0, default: 0, by: width)
    own.positionY = animated(child, "position", axis: 1, default: 0, by: -0.01)
    own.anchorX = animated(child, "anchor", axis: 0, default: 0, by: width)
    own.anchorY = animated(child, "anchor", axis: 1, default: 0, by: -0.01)
    own.rotation = animated(child, "rotation", default: 0, by: -1)
    own.scaleX = mirrored(animated(child, "scale", axis: 0, default: 1), child, &own.isFlopped)
    own.scaleY = mirrored(animated(child, "scale", axis: 1, default: 1), child, &own.isFlipped)
    place(anchor: child)
  }

  /// The position of Final Cut is where the anchor comes to lie; the model's is that of the picture's centre.
  private mutating func place(anchor child: XMLElement) {
    guard own.anchorX != 0 || own.anchorY != 0 else { return }
    context.note(
      .inferred, "positions of clips with a moved anchor are read as those of the anchor", child, event: event
    )
    guard let x = own.anchorX.constant, let y = own.anchorY.constant else {
      context.note(
        .approximated, "an animated anchor is read without its shift of the picture", child, event: event,
        isFault: true)
      return
    }
    own.positionX = own.positionX.adding(-x)
    own.positionY = own.positionY.adding(-y)
  }

  /// A negative scale is a mirror image; one that changes its sign on the way cannot be carried.
  private func mirrored(_ scale: Animated, _ child: XMLElement, _ isMirrored: inout Bool) -> Animated {
    guard scale.keys.contains(where: { $0.value < 0 }) else { return scale }
    if scale.keys.contains(where: { $0.value > 0 }) { lost("a scale that turns over", child) }
    isMirrored.toggle()
    return Animated(keys: scale.keys.map { Animated.Key(frame: $0.frame, value: abs($0.value)) }) ?? scale
  }

  // MARK: Crop

  private static let edges = ["left", "right", "top", "bottom"]

  /// Edges in parts of the picture's own width and height.
  private func edges(_ rect: XMLElement?) -> PictureAdjustment.Edges {
    guard let rect else { return PictureAdjustment.Edges() }
    let across = 0.01 / ((source ?? frame)?.aspect ?? 16.0 / 9)
    return PictureAdjustment.Edges(
      left: animated(rect, "left", default: 0, by: across),
      right: animated(rect, "right", default: 0, by: across),
      top: animated(rect, "top", default: 0, by: 0.01), bottom: animated(rect, "bottom", default: 0, by: 0.01)
    )
  }

  private mutating func crop(_ child: XMLElement, fit: PictureAdjustment.Fit?) {
    switch child.attributes["mode"] {
    case "trim": own.crop = edges(child.children("trim-rect").first)
    case "crop":
      let edges = edges(child.children("crop-rect").first)
      guard edges != PictureAdjustment.Edges() else { return }
      guard let view = view(edges, at: nil, fit: fit) else {
        lost("an animated crop that fills the frame", child)
        return
      }
      var crop = PictureAdjustment(crop: edges)
      crop.scaleX = Animated(view.scale)
      crop.scaleY = Animated(view.scale)
      crop.positionX = Animated(view.x)
      crop.positionY = Animated(view.y)
      inner = crop
    case "pan":
      let rects = child.children("pan-rect")
      guard rects.count == 2, let first = view(edges(rects[0]), at: nil, fit: .fill),
        let last = view(edges(rects[1]), at: nil, fit: .fill)
      else {
        lost("a pan without two rectangles", child)
        return
      }
      context.note(
        .approximated, "pans (Ken Burns) move evenly instead of easing in and out", child, event: event)
      let end = Rational(max(1, record.count - 1))
      func moving(_ from: Double, _ to: Double) -> Animated {
        Animated(keys: [Animated.Key(frame: .zero, value: from), Animated.Key(frame: end, value: to)])
          ?? Animated(from)
      }
      var pan = PictureAdjustment()
      pan.scaleX = moving(first.scale, last.scale)
      pan.scaleY = pan.scaleX
      pan.positionX = moving(first.x, last.x)
      pan.positionY = moving(first.y, last.y)
      inner = pan
    case let other: lost("the crop `\((other ?? "").prefix(40))`", child)
    }
  }

  /// How a part of the fitted picture is enlarged and moved to take the frame's place.
  private func view(_ edges: PictureAdjustment.Edges, at key: Int?, fit: PictureAdjustment.Fit?)
    -> (scale: Double, x: Double, y: Double)?
  {
    guard let left = edges.left.constant, let right = edges.right.constant, let top = edges.top.constant,
      let bottom = edges.bottom.constant, left + right < 1, top + bottom < 1
    else { return nil }
    // Width and height of the fitted picture, in those of the frame.
    var (width, height) = (1.0, 1.0)
    if let frame, let source {
      let ratio = source.aspect / frame.aspect
      switch fit ?? .letterbox {
      case .letterbox: (width, height) = ratio >= 1 ? (1, 1 / ratio) : (ratio, 1)
      case .fill: (width, height) = ratio >= 1 ? (ratio, 1) : (1, 1 / ratio)
      case .native:
        (width, height) = (
          Double(source.width) / Double(frame.width), Double(source.height) / Double(frame.height)
        )
      }
    }
    let across = width * (1 - left - right)
    let down = height * (1 - top - bottom)
    let scale = fit == .fill ? max(1 / across, 1 / down) : min(1 / across, 1 / down)
    return (scale, -scale * width * (left - right) / 2, -scale * height * (top - bottom) / 2)
  }

  // MARK: Blend

  /// The names of the blend menu by the numbers that stand before them in a file.
  ///
  /// Source: Final Cut Pro's menu, whose separators count; files write `22 (Difference)`.
  private static let modes: [Int: String] = [
    0: "normal", 2: "subtract", 3: "darken", 4: "multiply", 5: "color burn", 6: "linear burn", 8: "add",
    9: "lighten", 10: "screen", 11: "color dodge", 12: "linear dodge", 14: "overlay", 15: "soft light",
    16: "hard light", 17: "vivid light", 18: "linear light", 19: "pin light", 20: "hard mix",
    22: "difference",
    23: "exclusion", 25: "stencil alpha", 26: "stencil luma", 27: "silhouette alpha", 28: "silhouette luma",
    29: "behind",
  ]

  private static let blends: [String: PictureAdjustment.Blend] = [
    "normal": .normal, "subtract": .subtract, "darken": .darken, "multiply": .multiply, "add": .add,
    "lighten": .lighten, "screen": .screen, "overlay": .overlay, "softlight": .softLight,
    "hardlight": .hardLight, "difference": .difference,
  ]

  private mutating func blend(_ child: XMLElement) {
    own.opacity = opacity(child)
    guard let mode = child.attributes["mode"], !mode.isEmpty else { return }
    let name: String =
      if let open = mode.firstIndex(of: "("), let close = mode.lastIndex(of: ")"), open < close {
        String(mode[mode.index(after: open)..<close])
      } else {
        Int(mode).flatMap { Self.modes[$0] } ?? mode
      }
    if let blend = Self.blends[name.lowercased().filter { $0 != " " && $0 != "-" }] {
      own.blend = blend
    } else {
      lost("the blend mode `\(name.prefix(40))`", child)
    }
  }

  private func opacity(_ child: XMLElement) -> Animated {
    let amount = animated(child, "amount", default: 1).clamped
    let params = child.children("param").filter { ($0.attributes["name"] ?? "").lowercased() == "amount" }
    let fades = params.flatMap { $0.children("fadeIn", "fadeOut") }
    guard !fades.isEmpty else { return amount }
    guard let level = amount.constant else {
      lost("a fade over animated opacity", child)
      return amount
    }
    var keys = [Animated.Key(frame: .zero, value: level)]
    for fade in fades {
      guard let length = context.time(fade, "duration")?.checkedDivide(clock.unit), length > .zero,
        length < FCPXMLTiming.most, let begin = Rational(record.count).checkedSubtract(length)
      else { continue }
      if (fade.attributes["type"] ?? "easeIn") != "linear" {
        context.note(.approximated, "fades of opacity are read as straight lines", fade, event: event)
      }
      if fade.name == "fadeIn" {
        keys[0].value = 0
        keys.append(Animated.Key(frame: length, value: level))
      } else {
        keys.append(Animated.Key(frame: begin, value: level))
        keys.append(Animated.Key(frame: Rational(record.count), value: 0))
      }
    }
    return Animated(keys: keys) ?? amount
  }

  // MARK: Filters

  private mutating func filter(_ child: XMLElement) {
    let effect = child.attributes["ref"].flatMap { context.resources.effects[$0] }
    let name = child.attributes["name"] ?? effect?.name ?? ""
    let uid = effect?.uid ?? ""
    if (effect?.name ?? name) == "Flipped" {
      let value = child.children("param").first { ($0.attributes["name"] ?? "") == "Direction" }?.attributes[
        "value"]
      switch value?.first ?? "0" {
      case "1": own.isFlipped.toggle()
      case "2":
        own.isFlopped.toggle()
        own.isFlipped.toggle()
      default: own.isFlopped.toggle()
      }
      return
    }
    let isGeometry =
      uid.contains("/Distort.localized/") || uid.contains("/Distortion.localized/")
      || Self.geometric.contains(name)
    context.note(
      .dropped, "the effect `\(name.prefix(80))` is not carried", child, event: event, isFault: isGeometry)
  }

  /// Effects outside the folder of distortions that move or reshape the picture.
  private static let geometric: Set<String> = ["Crop & Feather", "Scale", "Transform", "Perspective", "Flop"]
}

extension Animated {
  /// The same moved by a number.
  fileprivate func adding(_ number: Double) -> Animated {
    Animated(keys: keys.map { Key(frame: $0.frame, value: $0.value + number) }) ?? self
  }

  /// Within 0…1.
  fileprivate var clamped: Animated {
    Animated(keys: keys.map { Key(frame: $0.frame, value: min(1, max(0, $0.value))) }) ?? self
  }
}
