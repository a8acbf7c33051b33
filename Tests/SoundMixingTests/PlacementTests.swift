import SoundMixing
import TestSupport
import Testing

@Suite struct PlacementTests {
  private static let root = Double(0.5).squareRoot()

  /// What a source channel at 1 becomes in stereo.
  private func stereo(_ channels: Int, _ bus: Bus, _ pan: Pan = .centre) -> [[Double]] {
    Placement.gains(channels: channels, bus: bus, pan: pan).map { gains in
      Placement.planes(gains.map { [$0] }, in: .stereo).map { $0[0] }
    }
  }

  private func isNear(_ left: [Double], _ right: [Double]) -> Bool {
    left.count == right.count && zip(left, right).allSatisfy { abs($0 - $1) < 1e-12 }
  }

  @Test func `mono dialogue and effects stand in the centre and fold to both sides at minus three decibels`()
  {
    for bus in [Bus.dialogue, .effects] {
      #expect(Placement.gains(channels: 1, bus: bus) == [[0, 0, 1, 0, 0, 0]])
      #expect(stereo(1, bus) == [[Self.root, Self.root]])
    }
  }

  @Test func `the sides of stereo stay on their side, in both layouts`() {
    for bus in [Bus.dialogue, .effects, .music] {
      #expect(Placement.gains(channels: 2, bus: bus) == [[1, 0, 0, 0, 0, 0], [0, 1, 0, 0, 0, 0]])
      #expect(stereo(2, bus) == [[1, 0], [0, 1]])
    }
  }

  @Test func `ambience is shared with the surrounds and folds down at unity`() {
    let gains = Placement.gains(channels: 2, bus: .ambience)
    #expect(gains[0][4] == 0.25 && gains[0][5] == 0 && gains[1][5] == 0.25)
    #expect(zip(stereo(2, .ambience), [[1, 0], [0, 1]]).allSatisfy { isNear($0, $1) })
    #expect(isNear(stereo(1, .ambience)[0], [Self.root, Self.root]))
  }

  @Test(arguments: 0...100) func `a pan keeps the power in 5.1, and left mirrors right`(hundredths: Int) {
    for bus in [Bus.effects, .music] {
      let right = Placement.gains(channels: 1, bus: bus, pan: Pan(hundredths: hundredths))[0]
      let left = Placement.gains(channels: 1, bus: bus, pan: Pan(hundredths: -hundredths))[0]
      #expect(abs(right.reduce(0) { $0 + $1 * $1 } - 1) < 1e-12)
      #expect(left == [right[1], right[0], right[2], right[3], right[5], right[4]])
      #expect(right[3] == 0, "nothing goes to the LFE")
    }
  }

  @Test func `a pan all the way is one speaker alone`() {
    let gains = [Pan(hundredths: -100), Pan(hundredths: 100)].map {
      Placement.gains(channels: 1, bus: .effects, pan: $0)[0]
    }
    #expect(gains == [[1, 0, 0, 0, 0, 0], [0, 1, 0, 0, 0, 0]])
  }

  @Test(arguments: [3, 4, 6, 8]) func `more channels are folded, equal in power to one`(channels: Int) {
    let gains = Placement.gains(channels: channels, bus: .dialogue)
    #expect(gains.count == channels)
    #expect(abs(gains.reduce(0) { $0 + $1[2] * $1[2] } - 1) < 1e-12)
    #expect(Set(gains).count == 1)
  }

  @Test func `the fold-down is Lo Ro without the LFE`() {
    let bed = [[0.1], [0.2], [0.3], [9], [0.5], [0.7]]
    let folded = Placement.planes(bed, in: .stereo).map { $0[0] }
    #expect(isNear(folded, [0.1 + Self.root * (0.3 + 0.5), 0.2 + Self.root * (0.3 + 0.7)]))
    #expect(Placement.planes(bed, in: .surround) == bed)
  }

  @Test(arguments: ["L30": -30, "r100": 100, "C": 0, "c": 0, "L0": 0]) func `places are read`(
    text: String, hundredths: Int
  ) {
    #expect(Pan(parsing: text)?.hundredths == hundredths)
  }

  @Test(arguments: ["", "30", "L", "L101", "R-5", "LL3", "M3", "L3.5", "R٣"])
  func `what is no place is refused`(
    text: String
  ) {
    #expect(Pan(parsing: text) == nil)
  }
}
