import Foundation
import Media
import TestSupport
import Testing

/// Signals of EBU Tech 3341 and 3342, generated here. Source: those documents, and the values that libebur128 1.2.6
/// is known to give for them.
@Suite struct LoudnessMeterTests {
  /// Tones of 1 kHz one after the other: level in dBFS, seconds.
  private func tones(_ parts: [(level: Double, seconds: Double)]) -> [Double] {
    var samples: [Double] = []
    for part in parts {
      let amplitude = pow(10, part.level / 20)
      for _ in 0..<Int((part.seconds * 48_000).rounded()) {
        samples.append(amplitude * sin(2 * .pi * Double(samples.count % 48) / 48))
      }
    }
    return samples
  }

  private func meter(_ planes: [[Double]]) throws -> LoudnessMeter {
    let meter = try LoudnessMeter(sampleRate: 48_000, channels: planes.count)
    // In uneven blocks: moments must not depend on them.
    var position = 0
    while position < planes[0].count {
      let end = min(planes[0].count, position + 7001)
      try meter.add(planar: planes.map { Array($0[position..<end]) })
      position = end
    }
    return meter
  }

  @Test(
    arguments: [
      ([(-23.0, 20.0)], -22.9933), ([(-33, 20)], -32.9933), ([(-36, 10), (-23, 60), (-36, 10)], -23.0139),
      ([(-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)], -23.0139),
      ([(-26, 20), (-20, 20.1), (-26, 20)], -22.9787),
    ] as [([(Double, Double)], Double)])
  func `integrated loudness of the stereo signals of Tech 3341`(parts: [(Double, Double)], expected: Double)
    throws
  {
    let samples = tones(parts.map { (level: $0.0, seconds: $0.1) })
    let meter = try meter([samples, samples])
    #expect(abs(meter.integrated - expected) < 0.0005, "\(meter.integrated)")
  }

  @Test(arguments: [false, true]) func `the surround signal of Tech 3341, with anything in the LFE`(
    hasLFE: Bool
  ) throws {
    let levels = [-28.0, -28, -24, hasLFE ? 0 : -200, -30, -30]
    let meter = try meter(levels.map { tones([($0, 20)]) })
    #expect(abs(meter.integrated + 23.0163) < 0.0005, "\(meter.integrated)")
  }

  @Test(
    arguments: [
      ([(-20.0, 20.0), (-30, 20)], 10.0), ([(-20, 20), (-15, 20)], 5), ([(-40, 20), (-20, 20)], 20),
      ([(-50, 20), (-35, 20), (-20, 20), (-35, 20), (-50, 20)], 15),
    ] as [([(Double, Double)], Double)])
  func `loudness range of the signals of Tech 3342`(parts: [(Double, Double)], expected: Double) throws {
    let samples = tones(parts.map { (level: $0.0, seconds: $0.1) })
    #expect(abs(try meter([samples, samples]).range - expected) < 0.1)
  }

  @Test(arguments: [
    (4.0, 0.0, 0.5, -6.0206), (4, 45, 0.5, -6.0534), (6, 60, 0.5, -6.0045), (8, 67.5, 0.5, -6.0175),
    (4, 45, 1.41, 2.9516),
  ]) func `true peak of tones between samples`(
    divisor: Double, degrees: Double, amplitude: Double, expected: Double
  ) throws {
    let count = 48_000
    let samples = (0..<count).map { index in
      let fade = min(1, Double(min(index, count - 1 - index)) / 480)
      return fade * amplitude * sin(2 * .pi * Double(index) / divisor + degrees * .pi / 180)
    }
    let meter = try meter([samples, samples])
    #expect(abs(20 * log10(meter.truePeak) - expected) < 0.01, "\(20 * log10(meter.truePeak))")
    let highest = try #require(meter.moments.map(\.truePeak).max())
    #expect(highest == meter.truePeak)
  }

  @Test func `a steady tone reads the same in every window, every 100 ms`() throws {
    let samples = tones([(-23, 5)])
    let moments = try meter([samples, samples]).moments
    #expect(moments.count == 50)
    #expect(moments[3...].allSatisfy { abs($0.momentary + 23) < 0.1 })
    #expect(moments[29...].allSatisfy { abs($0.shortTerm + 23) < 0.1 })
  }

  @Test func `silence is minus infinity, never a number`() throws {
    let meter = try meter([[Double](repeating: 0, count: 96_000)])
    #expect(meter.integrated == -.infinity && meter.truePeak == 0)
    #expect(meter.moments.allSatisfy { $0.momentary == -.infinity && $0.shortTerm == -.infinity })
  }

  @Test func `another number of channels is refused`() throws {
    let meter = try LoudnessMeter(sampleRate: 48_000, channels: 2)
    #expect(throws: MediaError.self) { try meter.add(planar: [[0]]) }
    #expect(throws: MediaError.self) { try meter.add(planar: [[0], [0, 0]]) }
  }
}
