/// Which source frame a clip shows at each of its record frames: a constant speed, forward, reverse or held.
///
/// Forward, frame k shows `first + ⌊k·s⌋`; in reverse `first − ⌊k·|s|⌋`; at speed 0 always `first`.
/// Source: the M2 lines of CMX 3600 lists.
package struct FrameMap: Hashable, Codable, Sendable {
  /// The source frame at `origin`.
  package var first: Int64
  /// Record frames already gone by at frame 0: trimming a retimed clip must not restart its rounding.
  package var origin: Int64
  /// Source frames for each record frame.
  package var speed: Rational

  package init(first: Int64, speed: Rational = .one) {
    self.first = first
    origin = 0
    self.speed = speed
  }

  /// The source frame shown at record frame `frame`, which may be negative: before the clip.
  package func position(at frame: Int64) -> Int64 {
    if speed == .one { return first + origin + frame }
    let steps = (Rational(origin + frame) * speed.magnitude).floor
    return speed < .zero ? first - steps : first + steps
  }

  /// The same map seen from `frames` later.
  package func advanced(by frames: Int64) -> FrameMap {
    var copy = self
    copy.origin += frames
    return copy
  }
}
