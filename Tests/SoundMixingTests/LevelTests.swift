import Foundation
import SoundMixing
import TestSupport
import Testing

@Suite struct LevelTests {
  @Test func `the ratio of a level is ten to its twentieth, to the last digits`() {
    for thousandths in stride(from: -140_000, through: 60_000, by: 37) {
      let level = Level(thousandths: thousandths)
      let expected = Foundation.pow(10, Double(thousandths) / 20_000)
      #expect(abs(level.ratio / expected - 1) < 1e-12, "\(level) dB")
    }
    #expect(Level.zero.ratio == 1)
  }

  @Test(arguments: [
    ("-24 LKFS", -24_000), ("−24 LUFS", -24_000), ("-24lkfs", -24_000), ("-24", -24_000), ("+1.5 LKFS", 1500),
    ("-23.05 LUFS", -23_050), ("0.001", 1), ("-0.5", -500), (" -2 LKFS ", -2000),
  ]) func `levels are read exactly, with or without their unit`(text: String, thousandths: Int) {
    #expect(Level(parsing: text, units: ["LKFS", "LUFS"])?.thousandths == thousandths)
  }

  @Test(arguments: [
    "", "dB", "-", "1.", ".5", "1.2345", "12345", "1e3", "0x10", "--2", "- 2", "-6 dBFS", "-6 LU dB", "nan",
    "inf", "٣",
  ]) func `what is no decimal level is refused`(text: String) {
    #expect(Level(parsing: text, units: ["dB"]) == nil)
  }

  @Test(arguments: 1...4 as ClosedRange<UInt64>) func `reading what was printed gives the level back`(
    seed: UInt64
  ) {
    var random = SplitMix64(seed: seed)
    for _ in 0..<500 {
      let level = Level(thousandths: Int.random(in: -200_000...200_000, using: &random))
      #expect(Level(parsing: "\(level) dB", units: ["dB"]) == level)
    }
  }

  @Test func `meters' values are rounded to a thousandth, and silence is none`() {
    #expect(Level(measured: -23.00049)?.thousandths == -23_000)
    #expect(Level(measured: -23.0006)?.thousandths == -23_001)
    #expect(Level(measured: -.infinity) == nil && Level(measured: .nan) == nil)
  }

  @Test func `one decimal is rounded, and nothing is minus zero`() {
    #expect(
      [-23_950, -49, 1449, -60_000].map { Level(thousandths: $0).tenths } == ["−24.0", "0.0", "1.4", "−60.0"])
  }

  @Test func `a level is a plain number in JSON and comes back exactly`() throws {
    let levels = [-24_013, 1, 0, 999_999].map { Level(thousandths: $0) }
    let data = try JSONEncoder().encode(levels)
    #expect(String(decoding: data, as: UTF8.self) == "[-24.013,0.001,0,999.999]")
    #expect(try JSONDecoder().decode([Level].self, from: data) == levels)
  }
}
