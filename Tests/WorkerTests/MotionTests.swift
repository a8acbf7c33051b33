import Digests
import Editorial
import Foundation
import ImageGraph
import MediaTime
import Planning
import TaskGraph
import TestSupport
import Testing

/// Every frame of a cut shows the source frames that its cuts, transitions and speeds ask for, at every rate.
@Suite struct `Rendered motion` {
  /// Source: `specs/timecode.md`, section 1.
  static let rates: [FrameRate] = [
    FrameRate(24_000, 1001), FrameRate(24, 1), FrameRate(25, 1), FrameRate(30_000, 1001), FrameRate(30, 1),
    FrameRate(48_000, 1001), FrameRate(48, 1), FrameRate(50, 1), FrameRate(60_000, 1001), FrameRate(60, 1),
    FrameRate(120_000, 1001), FrameRate(120, 1),
  ]

  private static let width = 160
  private static let height = 24

  /// What a frame shows: a numbered frame, or two of them and how.
  private enum Shown {
    case frame(Int)
    case dissolve(Int, Int, share: Double)
    case wipe(Int, Int, edge: Double)
  }

  private func production(_ rate: FrameRate) throws -> RenderedTimeline {
    var made = try RenderedTimeline(width: Self.width, height: Self.height, rate: rate)
    for (reel, number) in [("A", 1000), ("B", 5000)] {
      try NumberedClip.make(
        made.folder.path + "/rushes/\(reel).mkv", frames: 80, firstNumber: number,
        rate: "\(rate.rational.numerator)/\(rate.rational.denominator)", timecode: "00:00:00:00", reel: reel,
        codec: ["-c:v", "ffv1", "-g", "1", "-pix_fmt", "yuv444p10le"])
      try made.add(
        reel, file: "\(reel).mkv", frames: 80, width: NumberedClip.width, height: NumberedClip.height,
        pixelFormat: "yuv444p10le")
    }
    return made
  }

  /// Levels of the bits of a number as `NumberedClip` draws them.
  private static func levels(_ number: Int) -> [Double] {
    (0..<20).map { number >> (19 - $0) & 1 == 1 ? 235.0 / 255 : 20.0 / 255 }
  }

  private static func seen(_ frame: [Double]) -> [Double] {
    (0..<20).map { frame[(height / 2 * width + $0 * 8 + 4) * 3 + 1] }
  }

  @Test(arguments: rates) func `cuts, dissolves, wipes, speeds, freezes and curves are exact`(rate: FrameRate)
    throws
  {
    func clip(
      _ reel: String, _ source: Int64, _ record: Range<Int64>, speed: Rational = .one,
      curve: RetimeCurve? = nil
    ) -> TrackItem {
      Cutting.clip(
        reel, source: source, record: record.lowerBound, count: Int64(record.count), speed: speed,
        curve: curve, rate: rate)
    }
    func transition(_ kind: Editorial.Transition.Kind, _ before: Int64, _ after: Int64) -> TrackItem {
      .transition(Editorial.Transition(kind: kind, event: "t", inOffset: before, outOffset: after))
    }
    let knots: [(Int64, Rational)] = [
      (0, .zero), (4, Rational(8)), (8, Rational(8)), (12, Rational(2)), (16, Rational(4)),
    ]
    let curve = try #require(
      RetimeCurve(knots.map { RetimeCurve.Knot(record: Rational($0.0), source: $0.1) }))
    let below = Cutting.track(
      "V1",
      [
        clip("A", 10, 0..<6), transition(.dissolve, 1, 2), clip("B", 20, 6..<12), transition(.wipe(1), 0, 3),
        clip("A", 50, 12..<18), clip("B", 0, 18..<22, speed: Rational(2)),
        clip("B", 11, 22..<27, speed: Rational(3, 2)), clip("B", 30, 27..<32, speed: Rational(1, 2)),
        clip("A", 60, 32..<37, speed: Rational(-1)), clip("A", 55, 37..<41, speed: Rational(-5, 2)),
        clip("A", 33, 41..<44, speed: .zero), clip("A", 20, 44..<60, curve: curve),
        transition(.dissolve, 3, 0), clip("B", 40, 60..<62),
      ])
    let above = Cutting.track("V2", [Cutting.gap(0, 1), clip("B", 70, 1..<3), Cutting.gap(3, 59)])
    let a = { 1000 + $0 }
    let b = { 5000 + $0 }
    var expected: [Shown] = [.frame(a(10)), .frame(b(70)), .frame(b(71)), .frame(a(13)), .frame(a(14))]
    expected += (0..<3).map { .dissolve(a(15 + $0), b(19 + $0), share: Double($0 + 1) / 4) }
    expected += (22..<26).map { .frame(b($0)) }
    expected += (0..<3).map { .wipe(b(26 + $0), a(50 + $0), edge: Double($0 + 1) / 4) }
    expected += (53..<56).map { .frame(a($0)) }
    expected += [0, 2, 4, 6].map { .frame(b($0)) }
    expected += [11, 12, 14, 15, 17].map { .frame(b($0)) }
    expected += [30, 30, 31, 31, 32].map { .frame(b($0)) }
    expected += [60, 59, 58, 57, 56].map { .frame(a($0)) }
    expected += [55, 53, 50, 48].map { .frame(a($0)) }
    expected += [33, 33, 33].map { .frame(a($0)) }
    // Twice as fast for 4 frames, held for 4, back at 1½ for 4, on at ½; rounded down.
    let curved = [0, 2, 4, 6, 8, 8, 8, 8, 8, 6, 5, 3, 2, 2, 3, 3].map { a(20 + $0) }
    expected += curved.prefix(13).map { .frame($0) }
    expected += (0..<3).map { .dissolve(curved[13 + $0], b(37 + $0), share: Double($0 + 1) / 4) }
    expected += [.frame(b(40)), .frame(b(41))]
    let frames = try production(rate).frames([below, above])
    #expect(frames.count == expected.count)
    for (index, (frame, shown)) in zip(frames, expected).enumerated() {
      let levels = Self.seen(frame)
      // The clip has 8 bits in legal range.
      func check(_ expected: [Double], _ bits: Range<Int> = 0..<20) {
        #expect(bits.allSatisfy { abs(levels[$0] - expected[$0]) < 0.01 }, "frame \(index): \(shown)")
      }
      switch shown {
      case .frame(let number): check(Self.levels(number))
      case .dissolve(let from, let to, let share):
        check(zip(Self.levels(from), Self.levels(to)).map { $0 + ($1 - $0) * share })
      case .wipe(let from, let to, let edge):
        let bits = Int(edge * 20)
        check(Self.levels(to), 0..<bits)
        check(Self.levels(from), bits..<20)
      }
    }
  }

  private struct Runs: Decodable {
    var runs: [FrameRun]
  }

  @Test func `a recut makes only the frames of a stack that are new`() throws {
    let rate = FrameRate(24, 1)
    let made = try production(rate)
    let small = PictureAdjustment(scaleX: 0.5, scaleY: 0.5)
    func tracks(_ start: Int64) -> [Track] {
      [
        Cutting.track("V1", [Cutting.clip("A", source: start, record: 0, count: 30 - start, rate: rate)]),
        Cutting.track(
          "V2",
          [
            Cutting.gap(0, 10 - start),
            Cutting.clip(
              "B", source: 20, record: 10 - start, count: 10, adjustments: [small], rate: rate),
          ]),
      ]
    }
    func chains(_ start: Int64) throws -> Set<String> {
      let plan = try made.plan(made.conform(tracks(start)))
      let runs = try plan.plan.nodes.filter { $0.kind == "assemble" }.flatMap {
        try JSONDecoder().decode(Runs.self, from: Data($0.payload)).runs
      }
      return Set(runs.flatMap { run in (0..<run.count).map { run.signature(at: $0).hex } })
    }
    let (first, second) = (try chains(0), try chains(4))
    #expect(first.count == 30 && second.count == 26)
    #expect(second.isSubset(of: first))
  }
}
