import Digests
import SoundMixing
import TestSupport
import Testing

@Suite struct MixEventTests {
  private func event(_ count: Int64, fadeIn: Int64 = 0, fadeOut: Int64 = 0) -> MixEvent {
    MixEvent(
      media: Digest.sha256([1]), stream: 0, sourceSample: 0, mixSample: 0, sampleCount: count, fadeIn: fadeIn,
      fadeOut: fadeOut, track: "A1", event: "001")
  }

  @Test func `a rise and the fall it meets have exact gains at every sample`() {
    let rising = event(10, fadeIn: 4)
    let falling = event(10, fadeOut: 4)
    for sample in 0..<4 {
      let time = (Double(sample) + 0.5) / 4
      #expect(rising.fade(at: Int64(sample)) == time.squareRoot())
      #expect(falling.fade(at: Int64(6 + sample)) == (1 - time).squareRoot())
    }
    #expect(
      (4..<10).allSatisfy { rising.fade(at: $0) == 1 } && (0..<6).allSatisfy { falling.fade(at: $0) == 1 })
  }

  @Test(arguments: [1, 2, 96, 2002, 24_024] as [Int64]) func `the powers of both sides sum to one`(
    count: Int64
  ) {
    let incoming = event(2 * count, fadeIn: count)
    let outgoing = event(2 * count, fadeOut: count)
    for sample in 0..<count {
      let (rise, fall) = (incoming.fade(at: sample), outgoing.fade(at: count + sample))
      #expect(abs(rise * rise + fall * fall - 1) < 1e-14)
    }
  }

  @Test(arguments: [3, 4]) func `unrelated noise keeps its power across a crossfade`(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let count: Int64 = 48_000
    let incoming = event(count, fadeIn: count)
    let outgoing = event(count, fadeOut: count)
    var power = [Double](repeating: 0, count: 10)
    for sample in 0..<count {
      let sum =
        Double.random(in: -1...1, using: &random) * incoming.fade(at: sample)
        + Double.random(in: -1...1, using: &random) * outgoing.fade(at: sample)
      power[Int(sample * 10 / count)] += sum * sum / 4800
    }
    // A uniform number of −1…1 has a power of 1/3; a tenth holds 4800 of them: 2 % is their spread, times four.
    #expect(power.allSatisfy { abs($0 * 3 - 1) < 0.08 }, "\(power)")
  }

  @Test func `a stretch outside the fades is known to have none`() {
    let event = event(1000, fadeIn: 10, fadeOut: 20)
    #expect(event.isFading(from: 9, count: 5) && event.isFading(from: 900, count: 81))
    #expect(!event.isFading(from: 10, count: 970))
  }
}
