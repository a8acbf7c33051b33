/// Finds the peaks between samples by fourfold oversampling.
///
/// The four phases of the filter lie between taps 5 and 6, so the value at position `m` speaks of the waveform
/// around `m − 5.5`. Source: ITU-R BS.1770-4, Annex 2, table of the 48-tap filter.
package struct TruePeakDetector {
  static let taps = 12

  private static let phases: [[Double]] = {
    let first = [
      0.0017089843750, 0.0109863281250, -0.0196533203125, 0.0332031250000, -0.0594482421875, 0.1373291015625,
      0.9721679687500, -0.1022949218750, 0.0476074218750, -0.0266113281250, 0.0148925781250, -0.0083007812500,
    ]
    let second = [
      -0.0291748046875, 0.0292968750000, -0.0517578125000, 0.0891113281250, -0.1665039062500, 0.4650878906250,
      0.7797851562500, -0.2003173828125, 0.1015625000000, -0.0582275390625, 0.0330810546875, -0.0189208984375,
    ]
    return [first, second, second.reversed(), first.reversed()]
  }()

  /// No value between samples is more than this times the highest of the samples around it.
  private static let largestOvershoot = 2.03

  /// The last samples of each channel.
  private var tails: [[Double]]

  package init(channels: Int) {
    tails = [[Double]](repeating: [Double](repeating: 0, count: Self.taps - 1), count: channels)
  }

  /// The highest magnitude of all channels at every position of the next block, on and between samples.
  ///
  /// - Parameter floor: values up to this are of no interest and may be given as 0.
  package mutating func peaks(of block: [[Double]], above floor: Double) -> [Double] {
    let count = block.first?.count ?? 0
    var peaks = [Double](repeating: 0, count: count)
    let step = 64
    for (channel, samples) in block.enumerated() {
      let extended = tails[channel] + samples
      for start in stride(from: 0, to: count, by: step) {
        let end = min(count, start + step)
        var highest = 0.0
        for index in start..<(end + Self.taps - 1) { highest = max(highest, abs(extended[index])) }
        guard highest * Self.largestOvershoot > floor else { continue }
        for position in start..<end {
          var peak = max(peaks[position], abs(extended[position + Self.taps - 1]))
          for phase in Self.phases {
            var sum = 0.0
            for tap in 0..<Self.taps { sum += phase[tap] * extended[position + Self.taps - 1 - tap] }
            peak = max(peak, abs(sum))
          }
          peaks[position] = peak
        }
      }
      tails[channel] = Array(extended.suffix(Self.taps - 1))
    }
    return peaks
  }
}
