/// Holds a mix under a true peak by lowering all channels together before each peak comes.
///
/// It looks 5 ms ahead, goes down along a straight line over those 5 ms and comes back exponentially with a time
/// constant of 100 ms. Where nothing exceeds the ceiling the samples stay exactly as they are. A sample never exceeds
/// the ceiling; between samples the moving gain can leave a trace of overshoot, so what comes out is measured.
/// Length and position of the sound do not change. Only + − × ÷ are used: the same on every processor.
package struct TruePeakLimiter {
  /// Samples of look-ahead and of the line down.
  package static let window = 240
  /// Part of the way back to unity in each sample.
  private static let release = 1.0 / 4800
  /// Gains as whole numbers, so that a running sum of them is exact.
  private static let one: Int64 = 1 << 40

  /// The lowest gain applied so far.
  package private(set) var lowestGain = 1.0
  /// Samples at which the gain was below 1.
  package private(set) var limitedSamples: Int64 = 0

  private let ceiling: Double
  private var detector: TruePeakDetector
  /// Samples whose gain is not known yet, by channel.
  private var waiting: [[Double]]
  private var minimum = SlidingMinimum(window: window + TruePeakDetector.taps - 1)
  private var released = 1.0
  private var line = [Int64](repeating: one, count: window)
  private var linePosition = 0
  private var sum = one * Int64(window)
  /// Positions to come before the first gain.
  private var latency = window + TruePeakDetector.taps - 2

  /// - Parameter ceiling: the highest magnitude, 1.0 is full scale.
  package init(channels: Int, ceiling: Double) {
    self.ceiling = ceiling
    detector = TruePeakDetector(channels: channels)
    waiting = [[Double]](repeating: [], count: channels)
    // The line down may begin before the first sample.
    for _ in 0..<(Self.window - 1) { _ = minimum.push(1) }
  }

  /// Takes the next samples, `[channel][sample]`; returns those that are finished, which come later than they went in.
  package mutating func process(_ block: [[Double]]) -> [[Double]] {
    for channel in block.indices { waiting[channel] += block[channel] }
    return finished(detector.peaks(of: block, above: ceiling))
  }

  /// The samples that are still on their way.
  package mutating func finish() -> [[Double]] {
    let rest = Self.window + TruePeakDetector.taps - 2
    let silence = [[Double]](repeating: [Double](repeating: 0, count: rest), count: waiting.count)
    return finished(detector.peaks(of: silence, above: ceiling))
  }

  private mutating func finished(_ peaks: [Double]) -> [[Double]] {
    var gains: [Double] = []
    gains.reserveCapacity(peaks.count)
    for peak in peaks {
      let wanted = peak > ceiling ? ceiling / peak : 1
      if let gain = gain(after: wanted) { gains.append(gain) }
    }
    var output = waiting.map { Array($0.prefix(gains.count)) }
    for (index, gain) in gains.enumerated() where gain < 1 {
      limitedSamples += 1
      lowestGain = min(lowestGain, gain)
      for channel in output.indices { output[channel][index] *= gain }
    }
    for channel in waiting.indices { waiting[channel].removeFirst(gains.count) }
    return output
  }

  /// Pushes the gain that a position wants; returns the gain of the position `latency` before it.
  private mutating func gain(after wanted: Double) -> Double? {
    guard let held = minimum.push(wanted) else {
      latency -= 1
      return nil
    }
    if held <= released {
      released = held
    } else {
      released += (held - released) * Self.release
      if held - released < 1e-9 { released = held }
    }
    let whole = Int64((released * Double(Self.one)).rounded(.down))
    sum += whole - line[linePosition]
    line[linePosition] = whole
    linePosition = (linePosition + 1) % Self.window
    if latency > 0 {
      latency -= 1
      return nil
    }
    return Double(sum) / Double(Self.one * Int64(Self.window))
  }
}

/// The least of the last values, each value at constant cost: a queue of values that rise.
package struct SlidingMinimum {
  private let window: Int
  private var values: [(position: Int, value: Double)] = []
  private var head = 0
  private var position = 0

  package init(window: Int) { self.window = window }

  /// - Returns: the least of the last `window` values, nil while there are fewer.
  package mutating func push(_ value: Double) -> Double? {
    while values.count > head, values[values.count - 1].value >= value { values.removeLast() }
    values.append((position, value))
    position += 1
    guard position >= window else { return nil }
    if values[head].position < position - window { head += 1 }
    if head > 4096 {
      values.removeFirst(head)
      head = 0
    }
    return values[head].value
  }
}
