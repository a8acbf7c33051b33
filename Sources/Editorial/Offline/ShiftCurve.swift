/// How well an event matches its offline at other times: for samples of the event, what each shift leaves unexplained.
///
/// A shift of d compares the offline's frame with the frame that the conform shows d frames later.
package struct ShiftCurve: Hashable, Sendable {
  package struct Point: Hashable, Sendable {
    /// Mean square that the shifted picture does not explain.
    package var residual: Double
    /// Mean square of the change between the unshifted picture and this one.
    package var change: Double

    package init(residual: Double, change: Double) {
      self.residual = residual
      self.change = change
    }
  }

  package struct Sample: Hashable, Sendable {
    /// Frame of the event.
    package var frame: Int64
    /// Mean square of the offline's detail.
    package var variance: Double
    /// By shift; a shift that leaves the media has none.
    package var points: [Int64: Point]

    package init(frame: Int64, variance: Double, points: [Int64: Point]) {
      self.frame = frame
      self.variance = variance
      self.points = points
    }
  }

  package var samples: [Sample]

  package init(samples: [Sample]) { self.samples = samples }

  /// The share of the offline's detail that a shift leaves unexplained: 0 the same picture, about 1 another one.
  ///
  /// `nil` when less than half of the samples have that shift.
  package func mismatch(at shift: Int64) -> Double? {
    var (residual, variance, count) = (0.0, 0.0, 0)
    for sample in samples {
      guard let point = sample.points[shift] else { continue }
      residual += point.residual
      variance += sample.variance
      count += 1
    }
    guard count > 0, 2 * count >= samples.count, variance > 0 else { return nil }
    return residual / variance
  }

  /// What speaks for a shift against none.
  package struct Contrast: Hashable, Sendable {
    /// +1 when the offline is the shifted picture, −1 when it is the unshifted one, 0 when it is as far from both.
    ///
    /// Only what changes between the two pictures counts, so that noise of still parts does not.
    package var side: Double
    /// Change between the two against what is not explained by the better of them: the smaller the less it tells.
    package var weight: Double
  }

  /// Below this weight compression decides the side, not the picture.
  static let leastWeight = 0.05
  /// Below it the encoder's habit of repeating what hardly moves can pass for a shift.
  static let leastWeightOfShift = 0.2

  package func contrast(of shift: Int64) -> Contrast? {
    var (unshifted, shifted, change, count) = (0.0, 0.0, 0.0, 0)
    for sample in samples {
      guard let here = sample.points[0], let there = sample.points[shift] else { continue }
      unshifted += here.residual
      shifted += there.residual
      change += there.change
      count += 1
    }
    guard count > 0, 2 * count >= samples.count, change > 0 else { return nil }
    let better = max(min(unshifted, shifted), 1e-6)
    return Contrast(side: (unshifted - shifted) / change, weight: change / better)
  }

  /// Whether the offline is clearly not the picture of that shift; `nil` when the two are too alike to tell.
  package func isRuledOut(_ shift: Int64) -> Bool? {
    guard let contrast = contrast(of: shift), contrast.weight >= Self.leastWeight else { return nil }
    if contrast.side < -0.2 { return true }
    return contrast.side > 0.5 && contrast.weight >= Self.leastWeightOfShift ? false : nil
  }

  /// Whether some other shift is clearly the picture of the offline.
  package var isContradicted: Bool { shifts.contains { isRuledOut($0) == false } }

  /// The largest shift among those measured that would not show, 0 when a single frame would.
  ///
  /// `nil` when none of them is ruled out: the picture stands still, or it is another one.
  package var tolerance: Int64? {
    var largest: Int64 = 0
    for size in Set(shifts.map(\.magnitude)).subtracting([0]).sorted() {
      let sides = [Int64(size), -Int64(size)].filter { contrast(of: $0) != nil }
      if sides.isEmpty { continue }
      if sides.allSatisfy({ isRuledOut($0) == true }) { return largest }
      largest = Int64(size)
    }
    return nil
  }

  /// The greatest weight of any shift measured: whether the picture moves at all.
  package var movement: Double { shifts.compactMap { contrast(of: $0)?.weight }.max() ?? 0 }

  /// All that were measured, by size.
  private var shifts: [Int64] {
    Set(samples.flatMap(\.points.keys)).sorted { ($0.magnitude, $0) < ($1.magnitude, $1) }
  }

  /// The shift that leaves least; of equal ones the smallest.
  package var best: (shift: Int64, mismatch: Double)? {
    var best: (shift: Int64, mismatch: Double)?
    for shift in shifts {
      guard let mismatch = mismatch(at: shift) else { continue }
      if mismatch < best?.mismatch ?? .infinity { best = (shift, mismatch) }
    }
    return best
  }

  // MARK: Speed

  /// A shift that grows along the event: the picture plays at another speed.
  package struct Drift: Hashable, Sendable {
    /// Shift at the first sample.
    package var start: Double
    /// Frames of shift for each frame of the event.
    package var slope: Double
    package var mismatch: Double
  }

  /// The straight line of shifts that leaves least, through the best shifts of two samples each.
  package var drift: Drift? {
    guard samples.count >= 4, let first = samples.first?.frame, let last = samples.last?.frame else {
      return nil
    }
    let bests = samples.compactMap { sample -> (frame: Int64, shift: Int64)? in
      let best = sample.points.min {
        ($0.value.residual, $0.key.magnitude, $0.key) < ($1.value.residual, $1.key.magnitude, $1.key)
      }
      return best.map { (sample.frame, $0.key) }
    }
    var found: Drift?
    for (index, one) in bests.enumerated() {
      for other in bests[(index + 1)...] where 2 * (other.frame - one.frame) >= last - first {
        let slope = Double(other.shift - one.shift) / Double(other.frame - one.frame)
        guard (slope * Double(last - first)).magnitude >= 2 else { continue }
        let start = Double(one.shift) - slope * Double(one.frame - first)
        guard let mismatch = mismatch(start: start, slope: slope, from: first) else { continue }
        if mismatch < found?.mismatch ?? .infinity {
          found = Drift(start: start, slope: slope, mismatch: mismatch)
        }
      }
    }
    return found.map { refined($0, bests, from: first) }
  }

  private func mismatch(start: Double, slope: Double, from first: Int64) -> Double? {
    var (residual, variance, count) = (0.0, 0.0, 0)
    for sample in samples {
      let shift = start + slope * Double(sample.frame - first)
      guard shift.magnitude < 1e6, let point = sample.points[Int64(shift.rounded())] else { continue }
      residual += point.residual
      variance += sample.variance
      count += 1
    }
    guard 3 * count >= 2 * samples.count, variance > 0 else { return nil }
    return residual / variance
  }

  /// The line by least squares through the samples that lie near it.
  private func refined(_ drift: Drift, _ bests: [(frame: Int64, shift: Int64)], from first: Int64) -> Drift {
    let near = bests.filter { best in
      (drift.start + drift.slope * Double(best.frame - first) - Double(best.shift)).magnitude <= 1.5
    }
    guard near.count >= 3 else { return drift }
    let count = Double(near.count)
    let meanX = near.reduce(0) { $0 + Double($1.frame - first) } / count
    let meanY = near.reduce(0) { $0 + Double($1.shift) } / count
    let spread = near.reduce(0) { sum, best in
      let x = Double(best.frame - first) - meanX
      return sum + x * x
    }
    let shared = near.reduce(0) { $0 + (Double($1.frame - first) - meanX) * (Double($1.shift) - meanY) }
    guard spread > 0 else { return drift }
    let slope = shared / spread
    return Drift(start: meanY - slope * meanX, slope: slope, mismatch: drift.mismatch)
  }
}
