import MediaTime

/// What is kept as it was written: members that the model holds in another way, or not at all.
extension OTIOReader {
  func keep(_ key: String, of value: JSONValue, _ carried: inout [Metadata.Entry]) {
    guard let member = value.members?.last(where: { $0.key == key }) else { return }
    carried.append(Metadata.Entry(key: key, value: Metadata.Value(member.value)))
  }

  /// The source range, unless the writer would write it alike.
  func keepRange(
    of value: JSONValue, start: Int64, startRate: FrameRate, count: Int64, at rate: FrameRate? = nil,
    _ carried: inout [Metadata.Entry]
  ) {
    guard let range = value["source_range"] else {
      carried.append(Metadata.Entry(key: "source_range", value: .null))
      return
    }
    func isWritten(_ time: JSONValue?, _ frames: Int64, _ rate: FrameRate) -> Bool {
      time?["value"]?.double == Double(frames) && time?["rate"]?.double == rate.rational.displayValue
    }
    if isWritten(range["start_time"], start, startRate),
      isWritten(range["duration"], count, rate ?? self.rate)
    {
      return
    }
    carried.append(Metadata.Entry(key: "source_range", value: Metadata.Value(range)))
  }

  /// The markers of an object: they have metadata, and stand on objects that the model has no markers for.
  func keepMarkers(of value: JSONValue, _ carried: inout [Metadata.Entry]) {
    if value["markers"]?.array?.isEmpty == false { keep("markers", of: value, &carried) }
  }

  func keepEffects(of value: JSONValue, _ carried: inout [Metadata.Entry]) {
    if value["effects"]?.array?.isEmpty == false { keep("effects", of: value, &carried) }
  }

  // MARK: Effects

  /// The speed that an object's time warps make.
  mutating func speed(of value: JSONValue) -> Rational {
    guard let effects = value["effects"]?.array, !effects.isEmpty else { return .one }
    guard let speed = OTIOEffects.read(effects).speed else {
      let warp =
        effects.first { $0.schema == "LinearTimeWarp" && $0["time_scalar"]?.double == nil } ?? effects[0]
      fault(
        "cut.badSpeed", warp, "the time warp has no usable `time_scalar`",
        "Give the speed as a number below 10000, or export the timeline again.")
      return .one
    }
    return speed
  }

  /// Reports the effects that are no time warps.
  mutating func noteOthers(of value: JSONValue, isPicture: Bool, event: String?) {
    guard let effects = value["effects"]?.array, !effects.isEmpty else { return }
    for effect in OTIOEffects.read(effects).others {
      notes.note(
        .effect(OTIOEffects.name(effect), isPicture: isPicture), effect.location(in: path), event: event)
    }
  }

  // MARK: Markers

  /// - Parameters:
  ///   - position: record frame of the object.
  ///   - start: what the object's own time counts from.
  ///   - isSource: the notes are about the source, whose frames are counted from `start`.
  mutating func markers(of value: JSONValue, at position: Int64, from start: Int64, isSource: Bool = false)
    -> [Marker]
  {
    (value["markers"]?.array ?? []).compactMap { marker in
      let written = marker["marked_range"] ?? marker["range"]
      guard let range = range(written, "the range of a marker") else { return nil }
      guard let first = range.start.frames(at: rate)?.rounded,
        let count = range.duration.frames(at: rate)?.rounded
      else { return nil }
      return self.marker(marker, frame: position + first - start, count: count)
    }
  }

  func marker(_ value: JSONValue, frame: Int64, count: Int64) -> Marker {
    let own = value["metadata"]?[OTIOKeys.own]
    return Marker(
      name: value["name"]?.string ?? "", comment: value["comment"]?.string ?? "",
      color: own?["color"]?.string ?? value["color"]?.string?.uppercased() ?? "", frame: frame, count: count,
      location: value.location(in: path))
  }
}
