import MediaTime

extension OTIOReader {
  /// A time in a file; `nil` with a fault where it is none.
  mutating func time(_ value: JSONValue, _ what: String) -> OTIOTime? {
    do throws(OTIOTime.Fault) {
      let time = try OTIOTime(value)
      if !time.value.isInteger { notes.note(.partialFrame, value.location(in: path)) }
      return time
    } catch {
      let (code, problem): (String, String) =
        switch error {
        case .noTime: ("cut.badTime", "is not a time: it needs `value` and `rate`")
        case .unknownRate(let rate):
          ("cut.badRate", "is at \(rate) frames per second, which is not a rate this program knows")
        case .tooLarge: ("cut.badTime", "is beyond all measure")
        }
      fault(code, value, "\(what) \(problem)", "Correct it, or export the timeline again.")
      return nil
    }
  }

  /// A time in whole frames of the timeline.
  mutating func whole(_ value: JSONValue, _ what: String) -> Int64? {
    time(value, what).flatMap { frames($0, value) }
  }

  /// The nearest frame of the timeline, where it is told by itself.
  mutating func frames(_ time: OTIOTime, _ value: JSONValue) -> Int64? {
    guard let exact = time.frames(at: rate) else { return nil }
    note(time, value)
    if !exact.isInteger, time.value.isInteger {
      notes.note(.roundedTime(time.rate), value.location(in: path))
    }
    return exact.rounded
  }

  /// A time of the timeline that another rate counts.
  mutating func note(_ time: OTIOTime, _ value: JSONValue) {
    guard time.rate != rate, time.value != .zero else { return }
    notes.note(.convertedTime(time.rate), value.location(in: path))
  }

  mutating func range(_ value: JSONValue?, _ what: String) -> OTIORange? {
    guard let value else { return nil }
    guard let first = value["start_time"], let length = value["duration"] else {
      fault(
        "cut.badTime", value, "\(what) is not a range: it needs `start_time` and `duration`",
        "Correct it, or export the timeline again.")
      return nil
    }
    guard let start = time(first, "the start of \(what)"),
      let duration = time(length, "the length of \(what)")
    else { return nil }
    guard duration.value >= .zero else {
      fault(
        "cut.badTime", length, "the length of \(what) is negative",
        "Correct it, or export the timeline again.")
      return nil
    }
    return OTIORange(start: start, duration: duration)
  }

  /// How long an object is in its track, in frames of the timeline and without a word about what is wrong with it.
  func duration(of value: JSONValue, depth: Int = 0) -> Rational {
    guard depth < 200 else { return .zero }
    let written = value["source_range"]?["duration"] ?? value.mediaReference?["available_range"]?["duration"]
    if let written {
      return (try? OTIOTime(written)).flatMap { $0.frames(at: rate) }.map { max(.zero, $0) } ?? .zero
    }
    let children = value["children"]?.array ?? []
    switch value.schema {
    case "Track", "Sequence":
      return children.reduce(Rational.zero) { sum, child in
        child.schema == "Transition" ? sum : sum.checkedAdd(duration(of: child, depth: depth + 1)) ?? sum
      }
    case "Stack": return children.map { duration(of: $0, depth: depth + 1) }.max() ?? .zero
    case "Timeline": return value["tracks"].map { duration(of: $0, depth: depth + 1) } ?? .zero
    default: return .zero
    }
  }
}
