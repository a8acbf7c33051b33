import MediaTime

extension FCP7Composer {
  /// The filters that say speed, sizing, crop, flop and opacity; measures as in `FCP7Reader.look`.
  mutating func filters(
    offset: Int64, speed: Rational, _ curve: RetimeCurve?, _ adjustment: PictureAdjustment, _ own: OwnTime,
    _ kind: Track.Kind, _ count: Int64, size: FCP7Raster?, _ raster: FCP7Raster?, event: String
  ) -> [Node] {
    var nodes: [Node] = []
    if speed != .one || curve != nil {
      nodes.append(timeRemap(offset: offset, speed: speed, curve, own, count, kind, event: event))
    }
    guard kind == .picture else { return nodes }
    if let motion = motion(adjustment, own, size, raster, event: event) { nodes.append(motion) }
    let crop = adjustment.crop
    if crop != PictureAdjustment.Edges() {
      nodes.append(
        Self.filter(
          "Crop", "crop",
          [("left", crop.left), ("right", crop.right), ("top", crop.top), ("bottom", crop.bottom)].map {
            id, edge in
            parameter(id, id, minimum: "0", maximum: "100", edge, own, event: event) { (0.01, $0 / 100) }
          }))
    }
    if adjustment.isFlopped || adjustment.isFlipped {
      let direction = !adjustment.isFlipped ? "1" : adjustment.isFlopped ? "3" : "2"
      nodes.append(
        Self.filter(
          "Flop", "Flop",
          [Self.parameter("direction", "Direction", minimum: "1", maximum: "3", value: direction)],
          category: "Perspective", type: "filter"))
    }
    if adjustment.opacity != 1 {
      nodes.append(
        Self.filter(
          "Opacity", "opacity",
          [
            parameter(
              "opacity", "opacity", minimum: "0", maximum: "100", adjustment.opacity, own, event: event
            ) {
              (0.01, $0 / 100)
            }
          ]))
    }
    return nodes
  }

  private static func filter(
    _ name: String, _ id: String, _ parameters: [Node], category: String = "motion", type: String = "motion"
  ) -> Node {
    let head = [
      Node("name", text: name), Node("effectid", text: id), Node("effectcategory", text: category),
      Node("effecttype", text: type), Node("mediatype", text: "video"),
    ]
    return Node("filter", [Node("enabled", text: "TRUE"), Node("effect", head + parameters)])
  }

  // MARK: Motion

  private mutating func motion(
    _ adjustment: PictureAdjustment, _ own: OwnTime, _ size: FCP7Raster?, _ raster: FCP7Raster?, event: String
  ) -> Node? {
    var plain = PictureAdjustment.none
    plain.crop = adjustment.crop
    plain.isFlopped = adjustment.isFlopped
    plain.isFlipped = adjustment.isFlipped
    plain.opacity = adjustment.opacity
    plain.blend = adjustment.blend
    guard plain != adjustment else { return nil }
    if adjustment.scaleX != adjustment.scaleY {
      note(
        .approximated, "width and height are scaled differently; both are written with the width's scale",
        event: event, isFault: true)
    }
    var (ratio, width, height) = (1.0, 1.0, 1.0)
    if let size, let raster {
      let (x, y) = (raster.width / size.width, raster.height / size.height)
      (width, height) = (1 / x, 1 / y)
      switch adjustment.fit {
      case .letterbox, nil: ratio = min(x, y)
      case .fill: ratio = max(x, y)
      case .native: break
      }
    } else if adjustment.fit != .native {
      note(
        .approximated,
        "the size of a source or of the frame is not known; its scale is written as if they were equal",
        event: event)
    }
    return Self.filter(
      "Basic Motion", "basic",
      [
        parameter("scale", "Scale", minimum: "0", maximum: "1000", adjustment.scaleX, own, event: event) {
          (0.01 / ratio, $0 / 100 / ratio)
        },
        parameter(
          "rotation", "Rotation", minimum: "-8640", maximum: "8640", adjustment.rotation, own, event: event
        ) {
          (1, $0)
        },
        point(
          "center", "Center", adjustment.positionX, adjustment.positionY, own, width, height, event: event),
        point(
          "centerOffset", "Anchor Point", adjustment.anchorX, adjustment.anchorY, own, width, height,
          event: event),
      ])
  }

  private static func parameter(
    _ id: String, _ name: String, minimum: String? = nil, maximum: String? = nil, value: String,
    _ keyframes: [Node] = []
  ) -> Node {
    var children = [Node("parameterid", text: id), Node("name", text: name)]
    if let minimum { children.append(Node("valuemin", text: minimum)) }
    if let maximum { children.append(Node("valuemax", text: maximum)) }
    return Node("parameter", children + [Node("value", text: value)] + keyframes)
  }

  private mutating func parameter(
    _ id: String, _ name: String, minimum: String, maximum: String, _ value: Animated, _ own: OwnTime,
    event: String, _ measure: (Double) -> (factor: Double, back: Double)
  ) -> Node {
    let keys = value.keys.map {
      ($0.frame, Self.decimal($0.value, over: measure(0).factor) { number in measure(number).back })
    }
    let isConstant = value.keys.count == 1
    return Self.parameter(
      id, name, minimum: minimum, maximum: maximum, value: keys[0].1,
      isConstant ? [] : keys.map { keyframe($0.0, own, Node("value", text: $0.1), event: event) })
  }

  private mutating func point(
    _ id: String, _ name: String, _ x: Animated, _ y: Animated, _ own: OwnTime, _ width: Double,
    _ height: Double,
    event: String
  ) -> Node {
    func value(_ horizontal: Double, _ vertical: Double) -> Node {
      Node(
        "value",
        [
          Node("horiz", text: Self.decimal(horizontal, over: width) { $0 * width }),
          Node("vert", text: Self.decimal(vertical, over: height) { $0 * height }),
        ])
    }
    var children = [Node("parameterid", text: id), Node("name", text: name)]
    children.append(value(x.keys[0].value, y.keys[0].value))
    if x.keys.count > 1 || y.keys.count > 1 {
      let moving = [x, y].filter { $0.keys.count > 1 }
      let frames = Set(moving.flatMap { $0.keys.map(\.frame) }).sorted()
      for frame in frames {
        children.append(keyframe(frame, own, value(x.value(at: frame), y.value(at: frame)), event: event))
      }
    }
    return Node("parameter", children)
  }

  private mutating func keyframe(_ record: Rational, _ own: OwnTime, _ value: Node, event: String) -> Node {
    let (text, isExact) = Self.decimal(own.when(record))
    if !isExact { noteInexactKey(event) }
    return Node("keyframe", [Node("when", text: text), value])
  }

  private mutating func noteInexactKey(_ event: String) {
    note(
      .approximated, "keyframes between frames are written with nine decimal places", event: event)
  }

  // MARK: Speed

  private mutating func timeRemap(
    offset: Int64, speed: Rational, _ curve: RetimeCurve?, _ own: OwnTime, _ count: Int64, _ kind: Track.Kind,
    event: String
  ) -> Node {
    var keys: [(when: Rational, value: Rational)] = []
    var percent = speed.magnitude
    if let curve {
      for knot in curve.knots {
        guard let value = own.ratio.checkedMultiply(knot.source)?.checkedAdd(Rational(offset)) else {
          continue
        }
        keys.append((own.when(knot.record), value))
      }
      let end = curve.position(at: count) ?? 0
      percent = Rational(checked: end - (curve.position(at: 0) ?? 0), max(1, count)) ?? .one
    } else {
      keys = line(offset: offset, speed: speed, own, count)
    }
    var keyframes: [Node] = []
    for (place, key) in keys.enumerated() {
      let (when, value) = (Self.decimal(key.when), Self.decimal(key.value))
      if !when.isExact || !value.isExact { noteInexactKey(event) }
      var node = Node("keyframe", [Node("when", text: when.text), Node("value", text: value.text)])
      if curve == nil {
        node.children.append(Node("speedvirtualkf", text: "TRUE"))
        node.children.append(Node(place == 0 ? "speedkfin" : "speedkfend", text: "TRUE"))
      }
      keyframes.append(node)
    }
    let text = Self.decimal(percent.checkedMultiply(Rational(100)) ?? .one).text
    var node = Self.filter(
      "Time Remap", "timeremap",
      [
        Self.parameter(
          "variablespeed", "variablespeed", minimum: "0", maximum: "1", value: curve == nil ? "0" : "1"),
        Self.parameter("speed", "speed", minimum: "-100000", maximum: "100000", value: text),
        Self.parameter("reverse", "reverse", value: curve == nil && speed < .zero ? "TRUE" : "FALSE"),
        Self.parameter("frameblending", "frameblending", value: "FALSE"),
        Self.parameter("graphdict", "graphdict", value: "0", keyframes),
      ])
    if kind == .sound, let effect = node.children.lastIndex(where: { $0.name == "effect" }),
      let type = node.children[effect].children.firstIndex(where: { $0.name == "mediatype" })
    {
      node.children[effect].children[type].text = "audio"
    }
    return node
  }

  /// Two points of the line that goes through the first frame, so far apart that both are whole frames:
  /// they say the speed exactly, which the percentage cannot.
  private func line(offset: Int64, speed: Rational, _ own: OwnTime, _ count: Int64) -> [(Rational, Rational)]
  {
    // In reverse the frame before the position is shown.
    let first = (Rational(own.first), Rational(speed < .zero ? offset + 1 : offset))
    let length = max(1, own.end - own.first)
    let steps = max(1, (length + speed.denominator - 1) / speed.denominator)
    guard speed.denominator <= 1 << 32,
      let run = Rational(speed.denominator).checkedMultiply(Rational(steps)),
      let rise = Rational(speed.numerator).checkedMultiply(Rational(steps)),
      let when = first.0.checkedAdd(run), let value = first.1.checkedAdd(rise)
    else {
      let rise = speed.checkedMultiply(Rational(length)) ?? .zero
      return [first, (Rational(own.first + length), first.1.checkedAdd(rise) ?? first.1)]
    }
    return [first, (when, value)]
  }
}

extension Animated {
  /// The value between frames, on the same lines.
  fileprivate func value(at frame: Rational) -> Double {
    guard let after = keys.firstIndex(where: { $0.frame > frame }) else { return keys[keys.count - 1].value }
    guard after > 0 else { return keys[0].value }
    let (from, to) = (keys[after - 1], keys[after])
    guard let gone = frame.checkedSubtract(from.frame), let run = to.frame.checkedSubtract(from.frame) else {
      return from.value
    }
    return from.value + (to.value - from.value) * (gone.displayValue / run.displayValue)
  }
}
