import MediaTime

/// The objects of OpenTimelineIO as JSON.
enum OTIONodes {
  typealias Node = JSONWriter.Node

  static func object(
    _ schema: String, name: String, _ members: [(String, Node)], metadata: Node = .object([])
  ) -> Node {
    .object([("OTIO_SCHEMA", .string(schema)), ("metadata", metadata), ("name", .string(name))] + members)
  }

  static func time(_ frames: Int64, _ rate: FrameRate) -> Node { time(Double(frames), rate) }

  static func time(_ value: Double, _ rate: FrameRate) -> Node {
    .object([
      ("OTIO_SCHEMA", .string("RationalTime.1")), ("rate", .number(rate.rational.displayValue)),
      ("value", .number(value)),
    ])
  }

  static func range(_ range: FrameRange, _ rate: FrameRate) -> Node {
    self.range(from: Double(range.start), rate, count: range.count, rate)
  }

  /// A range whose start counts as the media does and whose length as the timeline.
  static func range(from first: Double, _ firstRate: FrameRate, count: Int64, _ rate: FrameRate) -> Node {
    .object([
      ("OTIO_SCHEMA", .string("TimeRange.1")), ("duration", time(count, rate)),
      ("start_time", time(first, firstRate)),
    ])
  }

  /// A gap without length beside a transition at the end of a track, which a reader of this program leaves out.
  static func filler(_ rate: FrameRate) -> Node {
    object(
      "Gap.1", name: "",
      [
        ("source_range", range(FrameRange(start: 0, count: 0), rate)), ("effects", .array([])),
        ("markers", .array([])), ("enabled", .bool(true)), ("color", .null),
      ], metadata: .object([(OTIOKeys.own, .object([("is_filler", .bool(true))]))]))
  }

  static func effect(_ schema: String, _ name: String, scalar: Double) -> Node {
    object(
      schema, name: "",
      [("effect_name", .string(name)), ("enabled", .bool(true)), ("time_scalar", .number(scalar))])
  }

  /// The time warp of a speed; none for the normal one.
  static func warp(_ speed: Double) -> [Node] {
    if speed == 1 { return [] }
    return [
      speed == 0
        ? effect("FreezeFrame.1", "FreezeFrame", scalar: 0)
        : effect("LinearTimeWarp.1", "LinearTimeWarp", scalar: speed)
    ]
  }

  static func marker(
    _ marker: Marker, start: Double, _ rate: FrameRate
  ) -> Node {
    // OpenTimelineIO wants a colour.
    let own: [(String, Node)] = marker.color.isEmpty ? [("color", .string(""))] : []
    return object(
      "Marker.2", name: marker.name,
      [
        ("color", .string(marker.color.isEmpty ? "RED" : marker.color)), ("comment", .string(marker.comment)),
        ("marked_range", range(from: start, rate, count: marker.count, rate)),
      ], metadata: .object(own.isEmpty ? [] : [(OTIOKeys.own, .object(own))]))
  }
}
