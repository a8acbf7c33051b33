/// What comparing one event of a conform with the offline came to, in numbers.
package struct OfflineMatch: Hashable, Codable, Sendable {
  package enum Kind: String, Hashable, Codable, Sendable {
    case right
    /// The same picture at another time.
    case shifted
    /// The same picture at another speed.
    case drifting
    /// The same picture, left and right exchanged.
    case flopped
    /// The same picture at another size or place.
    case resized
    /// Another picture.
    case other
    /// The same picture, but one that stands still: its time cannot be told.
    case still
    /// Without detail on both sides.
    case flat
    /// Nothing to compare: outside the offline, or within transitions.
    case absent
  }

  package var kind: Kind
  /// Record frames by which the conform shows the offline's picture later; source frames where a frame is held.
  package var shift: Int64 = 0
  /// Share of the offline's detail that the verdict leaves unexplained, and that the conform as it is does.
  package var mismatch: Double = 0
  package var asConformed: Double = 0
  /// Shifts up to this size would not show; `nil` where none was ruled out.
  package var tolerance: Int64?
  /// The offline's picture is so many times the size of the conformed one.
  package var scale: Double = 1
  /// And lies so much further right and down, in shares of the picture's width and height.
  package var moveX: Double = 0
  package var moveY: Double = 0
  /// Source frames for each record frame by which the offline is faster.
  package var slope: Double = 0
  /// 0…100.
  package var confidence: Int = 0

  package init(kind: Kind) { self.kind = kind }

  /// Rounds numbers to what they mean, so that reports are stable.
  mutating func round() {
    mismatch = Self.rounded(mismatch, to: 1000)
    asConformed = Self.rounded(asConformed, to: 1000)
    scale = Self.rounded(scale, to: 1000)
    moveX = Self.rounded(moveX, to: 1000)
    moveY = Self.rounded(moveY, to: 1000)
    slope = Self.rounded(slope, to: 1000)
  }

  private static func rounded(_ value: Double, to parts: Double) -> Double {
    (value * parts).rounded() / parts
  }
}

/// Decides what an event is from how well it matches under each explanation.
package struct OfflineJudge: Sendable {
  /// What compression and grade leave unexplained in events that are right.
  package let floor: Double

  package init(floor: Double) { self.floor = floor }

  /// Up to here a match is as good as any.
  package var calm: Double { min(0.45, max(3 * floor, 0.08)) }
  /// Beyond it a picture is another one, unless it moves like this one.
  package var alike: Double { min(0.6, max(4 * floor, 0.15)) }

  /// Detail below this mean square, in codes of 0…255, is none.
  package static let leastDetail = 2.0

  /// A picture under one explanation: flopped or resized.
  package struct Reshaped: Sendable {
    package var kind: OfflineMatch.Kind
    package var scale: Double
    package var moveX: Double
    package var moveY: Double
    package var curve: ShiftCurve

    package init(
      kind: OfflineMatch.Kind, scale: Double = 1, moveX: Double = 0, moveY: Double = 0, curve: ShiftCurve
    ) {
      self.kind = kind
      self.scale = scale
      self.moveX = moveX
      self.moveY = moveY
      self.curve = curve
    }
  }

  /// Whether the conform as it is matches so well that no other explanation has to be tried.
  package func isSettled(_ curve: ShiftCurve) -> Bool {
    guard let mismatch = curve.mismatch(at: 0) else { return false }
    return mismatch <= calm && !curve.isContradicted
  }

  /// - Parameters:
  ///   - curve: of the conform as it is.
  ///   - drifting: the same with shifts in frames of the source, in which speeds are measured.
  ///   - reshaped: other explanations that were tried.
  package func match(
    _ curve: ShiftCurve, drifting: ShiftCurve? = nil, reshaped: [Reshaped] = []
  ) -> OfflineMatch {
    guard let asConformed = curve.mismatch(at: 0) else { return OfflineMatch(kind: .absent) }
    var found: [OfflineMatch] = []
    if let best = curve.best, best.shift != 0, curve.isRuledOut(best.shift) == false {
      var match = OfflineMatch(kind: .shifted)
      match.shift = best.shift
      match.mismatch = best.mismatch
      let side = curve.contrast(of: best.shift)?.side ?? 0
      match.confidence = percent(min(1, side) * (1 - best.mismatch / 2))
      found.append(match)
    }
    for shape in reshaped {
      guard let best = shape.curve.best, best.mismatch <= 0.6 * asConformed else { continue }
      var match = OfflineMatch(kind: shape.kind)
      // A shift within a reshaped picture has to be as clear as one of the picture as it is.
      match.shift = shape.curve.isRuledOut(best.shift) == false ? best.shift : 0
      match.mismatch = shape.curve.mismatch(at: match.shift) ?? best.mismatch
      match.scale = shape.scale
      match.moveX = shape.moveX
      match.moveY = shape.moveY
      match.confidence = percent(1 - match.mismatch / asConformed)
      found.append(match)
    }
    let constant = found.map(\.mismatch).min() ?? asConformed
    if let drift = drifting?.drift, drift.mismatch <= min(0.6, 0.75 * min(constant, asConformed)) {
      var match = OfflineMatch(kind: .drifting)
      match.slope = drift.slope
      match.mismatch = drift.mismatch
      match.confidence = percent(1 - drift.mismatch / min(constant, asConformed))
      found.append(match)
    }
    let least = min(asConformed, found.map(\.mismatch).min() ?? 1)
    // Of explanations that are about as good the first counts: they are in the order of what they change.
    var verdict = found.first { $0.mismatch <= 1.25 * least + 0.01 } ?? asItIs(curve, asConformed)
    if asConformed <= 1.25 * least + 0.01, !curve.isContradicted { verdict = asItIs(curve, asConformed) }
    // A line of best shifts is no accident; any other explanation has to explain.
    if ![.right, .still, .other, .drifting].contains(verdict.kind), verdict.mismatch > alike {
      verdict = OfflineMatch(kind: .other)
      verdict.mismatch = least
      verdict.confidence = otherConfidence(least)
    }
    verdict.asConformed = asConformed
    verdict.tolerance = curve.tolerance
    verdict.round()
    return verdict
  }

  private func asItIs(_ curve: ShiftCurve, _ mismatch: Double) -> OfflineMatch {
    var match = OfflineMatch(kind: .other)
    match.mismatch = mismatch
    if curve.tolerance != nil, !curve.isContradicted, mismatch < 0.75 {
      match.kind = .right
      let side = curve.contrast(of: (curve.tolerance ?? 0) + 1)?.side ?? -1
      match.confidence = percent(min(1, max(0.5, -side)) * (1 - mismatch / 2))
    } else if mismatch <= calm || (mismatch <= alike && curve.movement < ShiftCurve.leastWeight) {
      match.kind = .still
      match.confidence = percent(1 - mismatch)
    } else {
      match.confidence = otherConfidence(mismatch)
    }
    return match
  }

  private func otherConfidence(_ mismatch: Double) -> Int {
    percent(0.5 + 0.5 * (mismatch - calm) / (1 - calm))
  }

  private func percent(_ share: Double) -> Int { Int((min(0.99, max(0.01, share)) * 100).rounded()) }
}
