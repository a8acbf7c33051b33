import MediaTime

/// A `timeMap`: which original time of a clip is shown at which of its retimed times.
///
/// Source: Apple, FCPXML DTD 1.10: `timept` maps the new adjusted time (`time`) to the original one (`value`); all
/// others are interpolated. `inTime` and `outTime` are the stretch before and after a point over which the speed
/// changes smoothly. How `smooth2` bends is not published: a quadratic curve that leaves and meets the straight parts
/// without a corner is sampled.
struct FCPXMLTimeMap {
  struct Point {
    var time: Rational
    var value: Rational
  }

  /// At least two, by strictly ascending time.
  private(set) var points: [Point]
  private(set) var frameSampling: String
  /// Whether a smooth change of speed was sampled.
  private(set) var isSampled = false

  /// Straight pieces for one smooth change of speed.
  private static let pieces: Int64 = 8

  /// `nil`, and a fault, when there are no two points.
  init?(_ element: XMLElement, context: FCPXMLContext) {
    frameSampling = element.attributes["frameSampling"] ?? "floor"
    var read: [(point: Point, before: Rational, after: Rational, isSmooth: Bool)] = []
    for child in element.children("timept") {
      guard let time = context.time(child, "time"), let value = context.time(child, "value") else { continue }
      let before = child.attributes["inTime"] == nil ? nil : context.time(child, "inTime")
      let after = child.attributes["outTime"] == nil ? nil : context.time(child, "outTime")
      let isSmooth = child.attributes["interp"] != "linear"
      read.append((Point(time: time, value: value), before ?? .zero, after ?? .zero, isSmooth))
    }
    read.sort { $0.point.time < $1.point.time }
    var kept: [(point: Point, before: Rational, after: Rational, isSmooth: Bool)] = []
    for entry in read where kept.last?.point.time != entry.point.time { kept.append(entry) }
    guard kept.count > 1 else {
      context.fault(
        "cut.badRetime", element, "the time map has \(kept.count) usable points; two are the least",
        "The clip is read at normal speed.")
      return nil
    }
    points = []
    for (index, entry) in kept.enumerated() {
      if index > 0, index + 1 < kept.count, entry.isSmooth, entry.before > .zero || entry.after > .zero,
        let bend = Self.bend(
          entry.point, after: kept[index - 1].point, before: kept[index + 1].point, in: entry.before,
          out: entry.after)
      {
        isSampled = true
        for point in bend where points.last.map({ $0.time < point.time }) ?? true { points.append(point) }
      } else if points.last.map({ $0.time < entry.point.time }) ?? true {
        points.append(entry.point)
      }
    }
    guard points.count > 1 else { return nil }
  }

  /// The smooth way round a corner, never beyond the middle of the pieces beside it.
  private static func bend(
    _ corner: Point, after previous: Point, before next: Point, in before: Rational, out after: Rational
  ) -> [Point]? {
    let half = Rational(1, 2)
    guard let left = corner.time.checkedSubtract(previous.time)?.checkedMultiply(half),
      let right = next.time.checkedSubtract(corner.time)?.checkedMultiply(half),
      let from = corner.time.checkedSubtract(min(before, left)),
      let to = corner.time.checkedAdd(min(after, right)),
      let first = line(previous, corner, at: from), let last = line(corner, next, at: to)
    else { return nil }
    var points: [Point] = []
    for step in 0...pieces {
      let part = Rational(step, pieces)
      guard let rest = Rational.one.checkedSubtract(part),
        let time = blend(from, corner.time, to, part, rest),
        let value = blend(first, corner.value, last, part, rest)
      else { return nil }
      if points.last.map({ $0.time < time }) ?? true { points.append(Point(time: time, value: value)) }
    }
    return points
  }

  /// A quadratic Bézier curve.
  private static func blend(
    _ first: Rational, _ middle: Rational, _ last: Rational, _ part: Rational, _ rest: Rational
  ) -> Rational? {
    guard let one = first.checkedMultiply(rest * rest),
      let two = middle.checkedMultiply(part * rest * Rational(2)),
      let three = last.checkedMultiply(part * part)
    else { return nil }
    return one.checkedAdd(two)?.checkedAdd(three)
  }

  private static func line(_ from: Point, _ to: Point, at time: Rational) -> Rational? {
    guard let gone = time.checkedSubtract(from.time), let speed = speed(from, to) else { return nil }
    return speed.checkedMultiply(gone)?.checkedAdd(from.value)
  }

  private static func speed(_ from: Point, _ to: Point) -> Rational? {
    guard let rise = to.value.checkedSubtract(from.value), let run = to.time.checkedSubtract(from.time) else {
      return nil
    }
    return rise.checkedDivide(run)
  }

  /// The original time at a retimed one; the outer pieces go on. `nil` beyond 64 bits.
  func value(at time: Rational) -> Rational? {
    var low = 0
    var high = points.count - 2
    while low < high {
      let middle = (low + high + 1) / 2
      if points[middle].time <= time { low = middle } else { high = middle - 1 }
    }
    return Self.line(points[low], points[low + 1], at: time)
  }

  /// The corners of a part: its ends and the points between them where the speed changes.
  func part(from first: Rational, to last: Rational) -> [Point]? {
    guard let start = value(at: first), let end = value(at: last) else { return nil }
    var part = [Point(time: first, value: start)]
    var low = 0
    var high = points.count
    while low < high {
      let middle = (low + high) / 2
      if points[middle].time <= first { low = middle + 1 } else { high = middle }
    }
    for index in low..<points.count {
      guard points[index].time < last else { break }
      if index > 0, index + 1 < points.count,
        Self.speed(points[index - 1], points[index]) == Self.speed(points[index], points[index + 1])
      {
        continue
      }
      // The outer pieces go on beyond the first and the last point.
      if index > 0, index + 1 < points.count { part.append(points[index]) }
    }
    part.append(Point(time: last, value: end))
    return part
  }
}
