import TestSupport
import Testing
import Titling

@Suite struct RollSolverTests {
  @Test(arguments: [UInt64(1), 2, 3])
  func `the speeds found are the nearest of all whole ones`(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    for _ in 0..<400 {
      let solver = RollSolver(
        contentHeight: Int.random(in: 1...6_000, using: &random),
        rasterHeight: Int.random(in: 16...2_160, using: &random))
      let wanted = Int64.random(in: 1...4_000, using: &random)
      // Every whole step there is, counted out frame by frame.
      let all = (1...solver.travel).map { step -> (step: Int, count: Int64) in
        (step, Int64(solver.travel / step + (solver.travel % step == 0 ? 0 : 1)))
      }
      let shorter = all.filter { $0.count <= wanted }.max { $0.count < $1.count }
      let longer = all.filter { $0.count >= wanted }.min { $0.count < $1.count }
      let found = solver.nearest(to: wanted)
      #expect(found.notLonger?.count == shorter?.count)
      #expect(found.notShorter?.count == longer?.count)
      #expect(solver.slowest(within: wanted)?.step == all.first { $0.count <= wanted }?.step)
      for speed in [found.notLonger, found.notShorter].compactMap({ $0 }) {
        #expect(speed == solver.speed(step: speed.step))
        // The last frame still shows something, and one more would not.
        #expect((Int(speed.count) - 1) * speed.step < solver.travel)
        #expect(Int(speed.count) * speed.step >= solver.travel)
      }
    }
  }
}
