import Editorial
import TestSupport
import Testing

/// Events whose pictures are numbers on a line: the offline shows one number, the conform another.
private struct Scene {
  /// How much a picture changes for each frame, as a mean square of frames one apart.
  var change = 40.0
  /// What compression leaves unexplained.
  var noise = 4.0
  var variance = 400.0
  var count: Int64 = 48

  /// - Parameters:
  ///   - offline: the position the offline shows at a frame; the conform shows frame + shift.
  ///   - other: mean square that no shift explains.
  func curve(
    reach: Int64 = 24, other: Double = 0, random: inout SplitMix64, offline: (Int64) -> Double
  ) -> ShiftCurve {
    let frames = (0..<9).map { Int64($0) * (count - 1) / 8 }
    return ShiftCurve(
      samples: frames.map { frame in
        let wanted = offline(frame)
        var points: [Int64: ShiftCurve.Point] = [:]
        func distance(_ a: Double, _ b: Double) -> Double { min((a - b).magnitude, 6) * change }
        for shift in -reach...reach {
          let jitter = Double.random(in: 0.9...1.1, using: &random)
          points[shift] = ShiftCurve.Point(
            residual: min(variance, distance(wanted, Double(frame + shift)) + other + noise * jitter),
            change: distance(Double(frame), Double(frame + shift)))
        }
        return ShiftCurve.Sample(frame: frame, variance: variance, points: points)
      })
  }
}

@Suite struct OfflineJudgeTests {
  private let judge = OfflineJudge(floor: 0.02)

  @Test(arguments: UInt64(0)..<6) func `a picture at its time is right`(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let curve = Scene().curve(random: &random) { Double($0) }
    #expect(judge.isSettled(curve))
    let match = judge.match(curve, drifting: curve)
    #expect(match.kind == .right && match.tolerance == 0 && match.shift == 0)
  }

  @Test(arguments: UInt64(0)..<6, [-24, -3, -1, 1, 2, 17] as [Int64])
  func `a slip is found with its size and direction`(seed: UInt64, slip: Int64) {
    var random = SplitMix64(seed: seed)
    let curve = Scene().curve(random: &random) { Double($0 + slip) }
    #expect(!judge.isSettled(curve))
    let match = judge.match(curve, drifting: curve)
    #expect(match.kind == .shifted && match.shift == slip)
    #expect(match.confidence > 80)
  }

  @Test(arguments: [0.5, 0.75, 1.25, 2, -1])
  func `a speed is measured`(speed: Double) {
    var random = SplitMix64(seed: 7)
    let curve = Scene().curve(reach: 100, random: &random) { Double($0) * speed }
    let match = judge.match(curve, drifting: curve)
    #expect(match.kind == .drifting)
    #expect((1 + match.slope - speed).magnitude < 0.04)
  }

  @Test func `a picture that stands still is not called shifted`() {
    var random = SplitMix64(seed: 3)
    var scene = Scene()
    scene.change = 0.01
    // The encoder repeats the frame before where hardly anything moves: the offline is nearer to it.
    let curve = scene.curve(reach: 8, random: &random) { Double($0) - 0.9 }
    #expect(judge.isSettled(curve))
    #expect(judge.match(curve).kind == .still)
  }

  @Test func `a picture that no shift explains is another`() {
    var random = SplitMix64(seed: 11)
    let curve = Scene().curve(other: 390, random: &random) { _ in 1000 }
    let match = judge.match(curve, drifting: curve)
    #expect(match.kind == .other && match.confidence > 90)
  }

  @Test func `a flop and a size count only where they explain more than the picture as it is`() {
    var random = SplitMix64(seed: 5)
    let wrong = Scene().curve(other: 300, random: &random) { _ in 1000 }
    let good = Scene().curve(reach: 2, random: &random) { Double($0) }
    let flopped = OfflineJudge.Reshaped(kind: .flopped, curve: good)
    #expect(judge.match(wrong, reshaped: [flopped]).kind == .flopped)
    let resized = OfflineJudge.Reshaped(kind: .resized, scale: 1.1, moveX: 0, moveY: 0, curve: good)
    let match = judge.match(wrong, reshaped: [resized])
    #expect(match.kind == .resized && match.scale == 1.1)
    #expect(judge.match(good, reshaped: [flopped, resized]).kind == .right)
  }

  @Test func `a shift that most samples cannot have is not measured`() {
    var points: [Int64: ShiftCurve.Point] = [0: .init(residual: 10, change: 0)]
    let plain = ShiftCurve.Sample(frame: 0, variance: 100, points: points)
    points[1] = .init(residual: 1, change: 9)
    let ranging = ShiftCurve.Sample(frame: 9, variance: 100, points: points)
    let curve = ShiftCurve(samples: [plain, plain, ranging])
    #expect(curve.mismatch(at: 1) == nil && curve.best?.shift == 0)
    #expect(curve.mismatch(at: 0) == 0.1)
  }
}
