/// How fast a roll can move: whole pixels a frame, so that nothing judders.
///
/// The roll starts below the picture and ends above it. Its travel is the height of its content and of the raster; at
/// `step` pixels a frame it lasts ⌈travel / step⌉ frames, of which the first shows nothing yet.
package struct RollSolver: Hashable, Sendable {
  package struct Speed: Hashable, Sendable {
    /// Pixels per frame.
    package var step: Int
    /// Frames.
    package var count: Int64

    package init(step: Int, count: Int64) {
      self.step = step
      self.count = count
    }
  }

  /// In pixels.
  package let contentHeight: Int
  package let rasterHeight: Int

  package init(contentHeight: Int, rasterHeight: Int) {
    self.contentHeight = contentHeight
    self.rasterHeight = rasterHeight
  }

  package var travel: Int { contentHeight + rasterHeight }

  /// - Precondition: `step` is positive.
  package func speed(step: Int) -> Speed {
    precondition(step > 0, "a roll moves up")
    return Speed(step: step, count: Int64((travel + step - 1) / step))
  }

  /// The slowest speed that lasts at most so many frames, nil when even one frame is too long.
  package func slowest(within count: Int64) -> Speed? {
    guard count > 0 else { return nil }
    let step = (Int64(travel) + count - 1) / count
    return speed(step: Int(step))
  }

  /// The possible speeds nearest to a wanted number of frames: the longest that is not longer, and the shortest that is
  /// not shorter. Both are the same when it can be met.
  package func nearest(to count: Int64) -> (notLonger: Speed?, notShorter: Speed?) {
    guard let fast = slowest(within: count) else { return (nil, speed(step: travel)) }
    if fast.count == count { return (fast, fast) }
    guard fast.step > 1 else { return (fast, nil) }
    return (fast, speed(step: fast.step - 1))
  }
}
