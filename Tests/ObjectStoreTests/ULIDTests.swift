import Foundation
import ObjectStore
import Synchronization
import TestSupport
import Testing

@Suite struct ULIDTests {
  @Test func `names of one thread rise strictly`() {
    let names = (0..<5_000).map { _ in ULID.next().description }
    #expect(names == names.sorted())
    #expect(Set(names).count == names.count)
    #expect(names.allSatisfy { $0.utf8.count == 26 })
  }

  @Test func `names of many threads are all different`() {
    let all = Mutex<Set<ULID>>([])
    DispatchQueue.concurrentPerform(iterations: 8) { _ in
      let names = (0..<2_000).map { _ in ULID.next() }
      all.withLock { $0.formUnion(names) }
    }
    #expect(all.withLock { $0.count } == 16_000)
  }

  @Test func `the time is the clock's, in front`() {
    let before = WallClock.now()
    let name = ULID.next()
    #expect(name.time >= before)
    #expect(name.time.milliseconds - before.milliseconds < 60_000)
  }

  @Test(arguments: [
    // Time and text from the specification's example.
    ("01ARYZ6S41TSV4RRFFQ69G5FAV", 1_469_918_176_385), ("00000000000000000000000000", 0),
    ("7ZZZZZZZZZZZZZZZZZZZZZZZZZ", 281_474_976_710_655),
  ])
  func `text reads and prints back`(text: String, milliseconds: Int64) throws {
    let name = try #require(ULID(text))
    #expect(name.description == text)
    #expect(name.time.milliseconds == milliseconds)
  }

  @Test(arguments: [
    "", "01ARYZ6S41TSV4RRFFQ69G5FA", "01ARYZ6S41TSV4RRFFQ69G5FAVV", "81ARYZ6S41TSV4RRFFQ69G5FAV",
    "01aryz6s41tsv4rrffq69g5fav", "01ARYZ6S41TSV4RRFFQ69G5FAU", "../../../../../../../../etc",
  ])
  func `other text is no name`(text: String) {
    #expect(ULID(text) == nil)
  }
}

@Suite struct WallClockTests {
  @Test(arguments: [
    (0, "1970-01-01T00:00:00.000Z"), (951_782_399_999, "2000-02-28T23:59:59.999Z"),
    (951_782_400_000, "2000-02-29T00:00:00.000Z"), (1_709_251_200_001, "2024-03-01T00:00:00.001Z"),
    (4_107_542_399_000, "2100-02-28T23:59:59.000Z"), (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
    (-1, "1969-12-31T23:59:59.999Z"),
  ])
  func `dates print in UTC`(milliseconds: Int64, text: String) {
    #expect(WallClock(milliseconds: milliseconds).iso8601 == text)
  }

  @Test(arguments: UInt64(0)..<64)
  func `dates agree with Foundation`(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let seconds = Int64.random(in: 0...7_258_118_400, using: &random)
    let expected = Date(timeIntervalSince1970: Double(seconds)).ISO8601Format()
    #expect(WallClock(milliseconds: seconds * 1_000).iso8601 == expected.dropLast() + ".000Z")
  }
}

@Suite struct PortableNameTests {
  @Test(arguments: ["a", "short-film", "v001", "A.b_c-9", "0"])
  func `letters, digits, dots, lines and hyphens make a name`(name: String) {
    #expect(PortableName.isValid(name))
  }

  @Test(arguments: [
    "", ".", "..", ".hidden", "-option", "_x", "a/b", "a b", "é", "a\0", "a\n", "\u{202E}a",
    String(repeating: "a", count: 201),
  ])
  func `anything else is refused`(name: String) {
    #expect(!PortableName.isValid(name))
  }
}
