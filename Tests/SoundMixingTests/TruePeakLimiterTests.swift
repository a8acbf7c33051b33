import SoundMixing
import TestSupport
import Testing

@Suite struct TruePeakLimiterTests {
  /// Noise with bursts far over full scale, `[channel][sample]`.
  private func bursts(seed: UInt64, channels: Int, count: Int) -> [[Double]] {
    var random = SplitMix64(seed: seed)
    var planes = [[Double]](repeating: [], count: channels)
    var level = 0.3
    for _ in 0..<count {
      if random.chance(0.002) { level = Double.random(in: 0.05...4, using: &random) }
      for channel in planes.indices {
        planes[channel].append(Double.random(in: -level...level, using: &random))
      }
    }
    return planes
  }

  private func limited(_ planes: [[Double]], ceiling: Double, blocks seed: UInt64) -> (
    planes: [[Double]], limiter: TruePeakLimiter
  ) {
    var random = SplitMix64(seed: seed)
    var limiter = TruePeakLimiter(channels: planes.count, ceiling: ceiling)
    var output = [[Double]](repeating: [], count: planes.count)
    var position = 0
    while position < planes[0].count {
      let end = min(planes[0].count, position + Int.random(in: 1...3000, using: &random))
      for (channel, samples) in limiter.process(planes.map { Array($0[position..<end]) }).enumerated() {
        output[channel] += samples
      }
      position = end
    }
    for (channel, samples) in limiter.finish().enumerated() { output[channel] += samples }
    return (output, limiter)
  }

  @Test(arguments: 1...6 as ClosedRange<UInt64>)
  func `no sample exceeds the ceiling, and between samples hardly anything`(seed: UInt64) {
    let channels = seed % 2 == 0 ? 2 : 6
    let planes = bursts(seed: seed, channels: channels, count: 9000)
    let (output, limiter) = limited(planes, ceiling: 0.5, blocks: seed)
    #expect(output.map(\.count) == planes.map(\.count))
    let highest = output.joined().lazy.map { abs($0) }.max() ?? 0
    #expect(highest <= 0.5 + 1e-12)
    // The gain moves by at most 1/240 from sample to sample: the twelve taps see at most 5 % of a step.
    var detector = TruePeakDetector(channels: channels)
    let tail = [[Double]](repeating: [Double](repeating: 0, count: 12), count: channels)
    let between = (detector.peaks(of: output, above: 0) + detector.peaks(of: tail, above: 0)).max() ?? 0
    #expect(between <= 0.5 * 1.06)
    #expect(limiter.lowestGain < 0.5 && limiter.limitedSamples > 0)
  }

  @Test(arguments: 1...3 as ClosedRange<UInt64>)
  func `how the sound is cut into blocks does not matter`(seed: UInt64) {
    let planes = bursts(seed: seed, channels: 2, count: 6000)
    #expect(
      limited(planes, ceiling: 0.7, blocks: 1).planes == limited(planes, ceiling: 0.7, blocks: 2).planes)
  }

  @Test(arguments: 1...3 as ClosedRange<UInt64>)
  func `sound under the ceiling passes exactly, in place`(seed: UInt64) {
    let planes = bursts(seed: seed, channels: 2, count: 6000).map { $0.map { $0 / 20 } }
    let (output, limiter) = limited(planes, ceiling: 0.5, blocks: seed)
    #expect(output == planes)
    #expect(limiter.lowestGain == 1 && limiter.limitedSamples == 0)
  }

  @Test func `all channels go down together, before the peak, and come back`() {
    var planes = [[Double]](repeating: [Double](repeating: 0.1, count: 130_000), count: 2)
    planes[0][1000] = 2
    let (output, _) = limited(planes, ceiling: 0.5, blocks: 9)
    let gains = output[1].map { $0 / 0.1 }
    #expect(gains[1000] <= 0.25)
    // The line down begins the look-ahead before the peak; the taps of the detector hold it a little longer.
    let start = gains.firstIndex { $0 < 0.999_999 } ?? 0
    #expect((740...770).contains(start), "\(start)")
    #expect(zip(gains[start..<1000], gains[(start + 1)...1000]).allSatisfy { $0 >= $1 - 1e-12 })
    #expect(gains[129_999] == 1)
    #expect(
      zip(output[0], output[1]).enumerated().allSatisfy { $0.offset == 1000 || $0.element.0 == $0.element.1 })
  }

  @Test func `a peak in the first or the last sample is held too`() {
    for position in [0, 1, 998, 999] {
      var samples = [Double](repeating: 0.1, count: 1000)
      samples[position] = -3
      let output = limited([samples], ceiling: 0.5, blocks: 4).planes[0]
      #expect(output.count == 1000 && abs(output[position]) <= 0.5 && abs(output[position]) > 0.2)
    }
  }

  @Test(arguments: 1...5 as ClosedRange<UInt64>) func `the sliding minimum is the least of its window`(
    seed: UInt64
  ) {
    var random = SplitMix64(seed: seed)
    let window = Int.random(in: 1...40, using: &random)
    let values = (0..<20_000).map { _ in Double(Int.random(in: 0...50, using: &random)) }
    var minimum = SlidingMinimum(window: window)
    for (index, value) in values.enumerated() {
      let expected = index + 1 < window ? nil : values[(index + 1 - window)...index].min()
      #expect(minimum.push(value) == expected)
    }
  }

  @Test func `a tone between samples is found at its true height`() {
    // A quarter of the sample rate at 45°: every sample at 0.707 of the peak. Source: EBU Tech 3341, case 15 ff.
    let root = Double(0.5).squareRoot()
    let tone = (0..<4000).map { (index: Int) -> Double in
      let ramp = min(1, Double(min(index, 3999 - index)) / 480)
      return ramp * root * [1, 1, -1, -1][index % 4]
    }
    var detector = TruePeakDetector(channels: 1)
    let peak = detector.peaks(of: [tone], above: 0).max() ?? 0
    #expect(abs(peak - 1) < 0.03, "\(peak)")
  }
}
