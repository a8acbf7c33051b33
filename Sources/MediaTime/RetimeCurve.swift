/// A speed that changes: which source position is shown at which record position, on straight lines between knots.
///
/// Positions count frames from the clip's first record frame and from its source in. Before the first knot and after
/// the last the nearest line goes on.
package struct RetimeCurve: Hashable, Codable, Sendable {
  package struct Knot: Hashable, Codable, Sendable {
    package var record: Rational
    package var source: Rational

    package init(record: Rational, source: Rational) {
      self.record = record
      self.source = source
    }
  }

  /// At least two, by strictly ascending record position.
  package let knots: [Knot]

  /// `nil` when there are fewer than two knots, or two at one record position.
  package init?(_ knots: [Knot]) {
    let sorted = knots.sorted { $0.record < $1.record }
    guard sorted.count > 1, zip(sorted, sorted.dropFirst()).allSatisfy({ $0.record < $1.record }) else {
      return nil
    }
    self.knots = sorted
  }

  /// The source frame shown at a record frame: the position rounded down; `nil` beyond 64 bits.
  package func position(at record: Int64) -> Int64? { exactPosition(at: record)?.floor }

  /// The source position at a record frame; `nil` beyond 64 bits.
  package func exactPosition(at record: Int64) -> Rational? {
    let at = Rational(record)
    // The last knot that is not after the frame, but one that a line begins at.
    var low = 0
    var high = knots.count - 2
    while low < high {
      let middle = (low + high + 1) / 2
      if knots[middle].record <= at { low = middle } else { high = middle - 1 }
    }
    let (from, to) = (knots[low], knots[low + 1])
    guard let gone = at.checkedSubtract(from.record), let rise = to.source.checkedSubtract(from.source),
      let run = to.record.checkedSubtract(from.record), let slope = rise.checkedDivide(run),
      let moved = slope.checkedMultiply(gone)
    else { return nil }
    return from.source.checkedAdd(moved)
  }
}

extension RetimeCurve {
  /// The same curve seen from `frames` later.
  package func advanced(by frames: Int64) -> RetimeCurve? {
    var moved: [Knot] = []
    for knot in knots {
      guard let record = knot.record.checkedSubtract(Rational(frames)) else { return nil }
      moved.append(Knot(record: record, source: knot.source))
    }
    return RetimeCurve(moved)
  }

  /// The same curve over a source of so many times the frames.
  package func scaled(by factor: Rational) -> RetimeCurve? {
    var scaled: [Knot] = []
    for knot in knots {
      guard let source = knot.source.checkedMultiply(factor) else { return nil }
      scaled.append(Knot(record: knot.record, source: source))
    }
    return RetimeCurve(scaled)
  }
}
