import Diagnostics
import TaskGraph
import TestSupport
import Testing

@Suite struct NumberRangesTests {
  @Test(arguments: [
    ("1-10", Array(1...10)), ("7", [7]), ("5-5", [5]), ("1-10:2,15", [1, 3, 5, 7, 9, 15]),
    ("10-1:-3", [1, 4, 7, 10]), (" 2 - 4 , 9", [2, 3, 4, 9]), ("3,1-4", [1, 2, 3, 4]), ("1-10:4", [1, 5, 9]),
    ("-3-2", [1, 2]), ("-5--1", []),
  ]) func `numbers as farms write them`(text: String, expected: [Int]) throws {
    #expect(try NumberRanges(parsing: text).numbers(upTo: 20) == expected)
  }

  @Test(arguments: [
    "", ",", "1-", "-", "1..5", "a", "1-10:0", "1-10:-1", "10-1", "1-2-3", "1:2", "+4", "1,,2", "1-10:2:3",
    "99999999999999999999", "-9223372036854775808-9223372036854775807",
  ]) func `anything else is refused with the way to write it`(text: String) {
    let error = #expect(throws: Diagnostic.self) { try NumberRanges(parsing: text) }
    #expect(error?.code == "range.unreadable" && error?.family == .usage)
    #expect(error?.message == "`\(text)` is no range of numbers")
    #expect(error?.remedy == "Write it as 1-10, 1-10:2 or 1,5-9.")
  }

  @Test(arguments: UInt64(0)..<50) func `what is printed reads as the same numbers`(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let parts = (0..<Int.random(in: 1...5, using: &random)).map { _ in
      let first = Int.random(in: 1...60, using: &random)
      let last = first + Int.random(in: 0...40, using: &random)
      let step = Int.random(in: 1...5, using: &random)
      return step == 1 ? "\(first)-\(last)" : "\(first)-\(last):\(step)"
    }
    let ranges = try NumberRanges(parsing: parts.joined(separator: ","))
    let again = try NumberRanges(parsing: ranges.description)
    #expect(again.numbers(upTo: 100) == ranges.numbers(upTo: 100), "seed \(seed): \(parts)")
    #expect(ranges.numbers(upTo: 100).allSatisfy(ranges.contains), "seed \(seed)")
  }

  @Test func `a number of a farm means tasks only where the list says so`() {
    let plain = TaskList(name: "render", tasks: ["1.json", "2.json"])
    let numbered = TaskList(
      name: "render", numbering: .init(variable: "SLURM_ARRAY_TASK_ID", size: 4),
      tasks: (1...10).map { "\($0)" })
    let third = ["SLURM_ARRAY_TASK_ID": "3"]
    #expect(plain.numbers(in: third) == nil)
    #expect(numbered.numbers(in: third)?.numbers(upTo: 10) == [9, 10])
    #expect(numbered.numbers(in: [:]) == nil && numbered.numbers(in: ["SLURM_ARRAY_TASK_ID": "x"]) == nil)
    #expect(numbered.numbers(in: ["SLURM_ARRAY_TASK_ID": "0"]) == nil)
  }
}
