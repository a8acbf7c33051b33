import MediaTime
import TestSupport
import Testing

@Suite struct TimecodeTests {
  @Test(arguments: FrameRate.allStandard, [false, true])
  func `every minute edge of a day survives printing and parsing`(rate: FrameRate, isDropFrame: Bool) throws {
    guard !isDropFrame || rate.allowsDropFrame else { return }
    let day = rate.framesPerDay(isDropFrame: isDropFrame)
    let minute = Int64(rate.nominalBase) * 60
    for edge in stride(from: Int64(0), to: day, by: Int(minute) - 7) {
      for frame in max(0, edge - 9)..<min(day, edge + 9) {
        let timecode = Timecode(frame: frame, rate: rate, isDropFrame: isDropFrame)
        #expect(try Timecode(parsing: timecode.description, rate: rate).frame == frame)
      }
    }
  }

  @Test(arguments: FrameRate.allStandard, UInt64(0)..<4)
  func `any frame of a day survives printing and parsing`(rate: FrameRate, seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    for _ in 0..<500 {
      let frame = Int64.random(in: 0..<rate.framesPerDay(isDropFrame: rate.allowsDropFrame), using: &random)
      let timecode = Timecode(frame: frame, rate: rate, isDropFrame: rate.allowsDropFrame)
      #expect(try Timecode(parsing: timecode.description, rate: rate).frame == frame)
    }
  }

  @Test(arguments: [
    ("24:00:00:00", MediaTimeError.Code.outOfRange), ("00:60:00:00", .outOfRange),
    ("00:00:60:00", .outOfRange),
    ("00:00:00:24", .outOfRange), ("1:00:00:00", .malformed), ("01:00:00", .malformed),
    ("01:00:00:0x", .malformed),
    ("01-00:00:00", .malformed), ("", .malformed), ("01:00:00:00:00", .malformed),
    ("01:00:00;00", .noDropFrame),
  ])
  func `labels that are none are refused with a reason`(text: String, code: MediaTimeError.Code) {
    let error = #expect(throws: MediaTimeError.self) {
      try Timecode(parsing: text, rate: FrameRate(24_000, 1001))
    }
    #expect(error?.code == code)
  }

  @Test func `full stop and comma are read and colon and semicolon written`() throws {
    let rate = FrameRate(30_000, 1001)
    #expect(try Timecode(parsing: "01:00:00,02", rate: rate).description == "01:00:00;02")
    #expect(try Timecode(parsing: "01:00:00.02", rate: rate).description == "01:00:00:02")
    #expect(try Timecode(parsing: "01;00;00;02", rate: rate).description == "01:00:00;02")
  }
}

@Suite struct FrameRateTests {
  @Test(arguments: [
    ("23.976", FrameRate(24_000, 1001)), ("23.98", FrameRate(24_000, 1001)),
    ("23.97", FrameRate(24_000, 1001)),
    ("24", FrameRate(24)), ("24.0", FrameRate(24)), ("29.97", FrameRate(30_000, 1001)),
    ("47.95", FrameRate(48_000, 1001)),
    ("59.94", FrameRate(60_000, 1001)), ("119.88", FrameRate(120_000, 1001)),
    ("48000/2002", FrameRate(24_000, 1001)),
    ("25/1", FrameRate(25)), ("1000/100", FrameRate(10)),
  ])
  func `known spellings give exact rates`(text: String, rate: FrameRate) throws {
    #expect(try FrameRate(parsing: text) == rate)
    #expect(try FrameRate(parsing: rate.description) == rate)
  }

  @Test(arguments: [
    "23.9", "24.5", "0", "-24", "24/0", "0/1", "abc", "", "1e3", "nan", "99999999999/1", "24000/1001/1",
  ])
  func `nothing is guessed`(text: String) {
    #expect(throws: MediaTimeError.self) { try FrameRate(parsing: text) }
  }

  @Test func `only the rates over 1001 from 29.97 up have drop frame`() {
    let dropping = FrameRate.allStandard.filter(\.allowsDropFrame)
    #expect(dropping == [FrameRate(30_000, 1001), FrameRate(60_000, 1001), FrameRate(120_000, 1001)])
    #expect(FrameRate(30_000, 1001).framesPerDay(isDropFrame: true) == 2_589_408)
    #expect(FrameRate(60_000, 1001).framesPerDay(isDropFrame: true) == 5_178_816)
    #expect(FrameRate(120_000, 1001).framesPerDay(isDropFrame: true) == 10_357_632)
  }

  @Test func `rates are named as people say them`() {
    #expect(FrameRate(24_000, 1001).displayName == "23.976")
    #expect(FrameRate(30_000, 1001).displayName == "29.97")
    #expect(FrameRate(25).displayName == "25")
  }

  @Test(arguments: FrameRate.allStandard)
  func `sample ranges of frames tile without gaps`(rate: FrameRate) {
    var previous: Int64 = 0
    for frame in Int64(1)...5000 {
      let edge = rate.sampleEdge(ofFrame: frame, sampleRate: 48_000)
      let exact = 48_000 * rate.denominator / rate.numerator
      #expect((Int64(exact)...Int64(exact) + 1).contains(edge - previous))
      previous = edge
    }
  }
}

@Suite struct RationalTests {
  @Test func `fractions are in lowest terms with a positive denominator`() {
    #expect(Rational(4, -6) == Rational(-2, 3))
    #expect(Rational(0, -5) == .zero)
    #expect(Rational(checked: 1, 0) == nil)
    #expect(Rational(checked: .min, 1) == nil)
    #expect(Rational(checked: .min, 2) == Rational(.min / 2))
  }

  @Test func `order holds where products leave 64 bits`() {
    let large = Rational(.max, .max - 1)
    #expect(large > .one)
    #expect(Rational(-.max) < Rational(-.max + 1))
    #expect(Rational(.max - 1, .max) < .one)
  }

  @Test func `rounding is to the nearest and halves go up`() {
    #expect(Rational(5, 2).rounded == 3)
    #expect(Rational(-5, 2).rounded == -2)
    #expect(Rational(-7, 3).floor == -3)
    #expect(Rational(.max).rounded == .max)
  }

  @Test func `overflow is reported by the checked forms`() {
    #expect(Rational(.max).checkedMultiply(Rational(2)) == nil)
    #expect(Rational(.max).checkedAdd(.one) == nil)
    #expect(Rational.one.checkedDivide(.zero) == nil)
    #expect(Rational(.max, 3).checkedMultiply(Rational(3)) == Rational(.max))
  }

  @Test func `text survives parsing`() throws {
    #expect(try Rational(parsing: "-24000/1001").description == "-24000/1001")
    #expect(try Rational(parsing: "7") == Rational(7))
    #expect(throws: MediaTimeError.self) { try Rational(parsing: "1/0") }
  }
}

@Suite struct FrameRangeTests {
  @Test func `ranges are half open`() {
    let range = FrameRange(start: 10, count: 5)
    #expect(range.contains(10) && range.contains(14) && !range.contains(15))
    #expect(range.intersection(FrameRange(start: 14, count: 9)) == FrameRange(start: 14, count: 1))
    #expect(range.intersection(FrameRange(start: 15, count: 9)) == nil)
    #expect(FrameRange(start: 5, end: 3).isEmpty)
  }
}
