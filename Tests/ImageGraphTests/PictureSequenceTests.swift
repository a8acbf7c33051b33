import Digests
import ImageGraph
import MediaTime
import TestSupport
import Testing

@Suite struct PictureSequenceTests {
  private let chain = digest("chain")
  private let other = digest("other")

  private func run(_ first: Int64, _ count: Int64, step: Int64 = 1, _ chain: Digest? = nil) -> FrameRun {
    FrameRun(chain: chain ?? self.chain, first: first, step: step, count: count)
  }

  /// Every frame of the runs, one by one.
  private func frames(_ runs: [FrameRun]) -> [String] {
    runs.flatMap { run in (0..<run.count).map { "\(run.chain.hex.prefix(4)) \(run.position(at: $0))" } }
  }

  // MARK: Runs

  @Test func `a run that goes on where the last one ended is joined to it`() {
    #expect(FrameRun.canonical([run(10, 5), run(15, 3)]) == [run(10, 8)])
    #expect(FrameRun.canonical([run(10, 5, step: -1), run(5, 3, step: -1)]) == [run(10, 8, step: -1)])
    #expect(FrameRun.canonical([run(10, 5, step: 0), run(10, 3, step: 0)]) == [run(10, 8, step: 0)])
    #expect(FrameRun.canonical([run(10, 1), run(11, 1), run(12, 1)]) == [run(10, 3)])
    #expect(FrameRun.canonical([run(10, 1), run(9, 1), run(8, 1)]) == [run(10, 3, step: -1)])
    #expect(FrameRun.canonical([run(10, 1), run(11, 4)]) == [run(10, 5)])
    #expect(FrameRun.canonical([run(10, 4), run(14, 1)]) == [run(10, 5)])
  }

  @Test func `a run that does not go on stays apart`() {
    for runs in [
      [run(10, 5), run(16, 3)], [run(10, 5), run(14, 3)], [run(10, 5), run(15, 3, step: 1, other)],
      [run(10, 5, step: 0), run(11, 2)],
      [run(10, 3, step: 2), run(16, 3, step: 2)],
    ] {
      #expect(FrameRun.canonical(runs) == runs)
    }
    // The first frame of a run in the other direction may still go on.
    #expect(FrameRun.canonical([run(10, 5), run(15, 3, step: -1)]) == [run(10, 6), run(14, 2, step: -1)])
  }

  @Test func `empty runs vanish and a single frame has no direction`() {
    #expect(FrameRun.canonical([run(3, 0), run(7, 1, step: -1), run(9, 0)]) == [run(7, 1, step: 0)])
    #expect(FrameRun.canonical([]).isEmpty)
  }

  @Test(arguments: UInt64(1)...40) func `joining keeps every frame, and joining twice changes nothing`(
    seed: UInt64
  ) {
    var random = SplitMix64(seed: seed)
    let runs = (0..<Int.random(in: 0...12, using: &random)).map { _ in
      run(
        .random(in: -5...10, using: &random), .random(in: 0...4, using: &random),
        step: .random(in: -2...2, using: &random), Bool.random(using: &random) ? chain : other)
    }
    let canonical = FrameRun.canonical(runs)
    #expect(frames(canonical) == frames(runs))
    #expect(FrameRun.canonical(canonical) == canonical)
    #expect(canonical.allSatisfy { $0.count > 0 })
  }

  @Test(arguments: UInt64(1)...40) func `how a cut was split leaves no trace`(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    // Shots of at least two frames, as in a cut, which never begin with the frame before them.
    var whole: [FrameRun] = []
    for _ in 0..<8 {
      let step = Int64.random(in: -1...1, using: &random)
      let next = run(
        .random(in: 0...60, using: &random) * 100, .random(in: 2...40, using: &random), step: step)
      whole.append(next)
    }
    var split: [FrameRun] = []
    for run in whole {
      var done: Int64 = 0
      while done < run.count {
        let count = Int64.random(in: 1...(run.count - done), using: &random)
        split.append(FrameRun(chain: run.chain, first: run.position(at: done), step: run.step, count: count))
        done += count
      }
    }
    #expect(FrameRun.canonical(split) == FrameRun.canonical(whole))
  }

  @Test func `a repeated frame leaves no trace of the split either`() {
    // 5 5 6 7, once as 5 | 5 6 7 and once as 5 | 5 | 6 7.
    let long = FrameRun.canonical([run(5, 1), run(5, 3)])
    let short = FrameRun.canonical([run(5, 1), run(5, 1), run(6, 2)])
    #expect(frames(long) == frames(short))
    #expect(long == short)
  }

  @Test func `positions are ascending and without repeats`() {
    #expect(run(10, 5).positions == [FrameRange(start: 10, count: 5)])
    #expect(run(10, 5, step: -1).positions == [FrameRange(start: 6, count: 5)])
    #expect(run(10, 5, step: 0).positions == [FrameRange(start: 10, count: 1)])
    #expect(run(10, 3, step: -2).positions == [6, 8, 10].map { FrameRange(start: $0, count: 1) })
    #expect(run(10, 0, step: 0).positions == [FrameRange(start: 10, count: 0)])
  }

  @Test func `a signature is the chain and the source frame, however the run goes`() {
    #expect(run(10, 5).signature(at: 2) == run(12, 1, step: 0).signature(at: 0))
    #expect(run(10, 5, step: -1).signature(at: 3) == run(7, 9).signature(at: 0))
    #expect(run(10, 5, step: 0).signature(at: 4) == run(10, 1).signature(at: 0))
    #expect(run(10, 5).signature(at: 2) != run(10, 5).signature(at: 3))
    #expect(run(10, 5).signature(at: 2) != run(10, 5, step: 1, other).signature(at: 2))
  }

  // MARK: Sequences

  private func span(_ first: Int64, _ count: Int64, step: Int64 = 1, node: ImageNode = graded) -> PictureSpan
  {
    PictureSpan(
      node: node, map: FrameMap(first: first, speed: Rational(step)), count: count,
      shot: PictureSpan.Shot(
        event: "001", name: "MEADOW_010", place: PictureSpan.Shot.Place(track: 0, start: 0), media: nil,
        source: FrameMap(first: 0)))
  }

  private func sequence(_ spans: [PictureSpan]) -> PictureSequence {
    PictureSequence(raster: frameSize, rate: FrameRate(24_000, 1001), spans: spans)
  }

  /// Every frame of a sequence, one by one.
  private func each(_ sequence: PictureSequence) -> [String] {
    sequence.spans.flatMap { span in
      (0..<span.count).map { "\(span.node.chain.hex.prefix(4)) \(span.map.position(at: $0))" }
    }
  }

  @Test func `trimming a slow shot does not start its rounding anew`() {
    let slow = PictureSpan(
      node: graded, map: FrameMap(first: 20, speed: Rational(2, 5)), count: 12, shot: nil)
    let whole = sequence([slow])
    #expect(
      whole.runs().runs.flatMap { run in (0..<run.count).map(run.position) } == [
        20, 20, 20, 21, 21, 22, 22, 22, 23, 23, 24, 24,
      ])
    for start in Int64(0)..<12 {
      let part = whole.trimmed(to: FrameRange(start: start, count: 12 - start))
      #expect(each(part) == Array(each(whole)[Int(start)...]))
    }
  }

  @Test(arguments: [
    Rational(1), Rational(-1), Rational(0), Rational(2), Rational(-3), Rational(1, 2), Rational(-2, 3),
    Rational(7, 4),
  ]) func `runs show the frames of the map at any speed`(speed: Rational) {
    let map = FrameMap(first: 1000, speed: speed)
    let runs = sequence([PictureSpan(node: graded, map: map, count: 50, shot: nil)]).runs().runs
    #expect(runs.flatMap { run in (0..<run.count).map(run.position) } == (0..<50).map(map.position))
  }

  @Test func `a trimmed sequence starts inside a span at the right source frame`() {
    let whole = sequence([span(100, 10), span(50, 10, step: -1), span(7, 10, step: 0)])
    let middle = whole.trimmed(to: FrameRange(start: 4, count: 18))
    #expect(each(middle) == each(sequence([span(104, 6), span(50, 10, step: -1), span(7, 2, step: 0)])))
    #expect(middle.frameCount == 18)
    let inner = whole.trimmed(to: FrameRange(start: 13, count: 4))
    #expect(each(inner) == each(sequence([span(47, 4, step: -1)])))
    #expect(whole.trimmed(to: FrameRange(start: 0, count: 30)) == whole)
    #expect(whole.trimmed(to: FrameRange(start: 30, count: 5)).spans.isEmpty)
  }

  @Test(arguments: UInt64(1)...30) func `trimming takes exactly the frames of the range`(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let spans = (0..<Int.random(in: 1...9, using: &random)).map { _ in
      span(
        .random(in: 0...50, using: &random), .random(in: 0...12, using: &random),
        step: .random(in: -1...1, using: &random),
        node: Bool.random(using: &random) ? graded : .black(Black()))
    }
    let whole = sequence(spans)
    let start = Int64.random(in: 0...whole.frameCount, using: &random)
    let count = Int64.random(in: 0...(whole.frameCount - start), using: &random)
    let part = whole.trimmed(to: FrameRange(start: start, count: count))
    #expect(each(part) == Array(each(whole)[Int(start)..<Int(start + count)]))
  }

  @Test func `mapping nodes keeps frames, events and shots`() {
    let whole = sequence([span(100, 10, node: .source(clip)), span(0, 3, step: 0, node: .black(Black()))])
    let mapped = whole.mapNodes { span in
      !span.node.hasPicture ? span.node : .grade(warm, of: span.node)
    }
    #expect(mapped.spans == [span(100, 10, node: .grade(warm, of: .source(clip))), whole.spans[1]])
  }

  @Test func `runs name each chain once and join spans of one chain`() {
    let whole = sequence([
      span(100, 10), span(110, 5), span(0, 4, step: 0, node: .black(Black())),
      span(0, 2, step: 0, node: .black(Black())),
      span(300, 1),
    ])
    let (nodes, runs) = whole.runs()
    #expect(nodes == [graded.chain: graded, ImageNode.black(Black()).chain: .black(Black())])
    #expect(
      runs == [
        run(100, 15, step: 1, graded.chain), run(0, 6, step: 0, ImageNode.black(Black()).chain),
        run(300, 1, step: 0, graded.chain),
      ])
  }
}
