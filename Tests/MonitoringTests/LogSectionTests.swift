import Foundation
import Monitoring
import Testing

@Suite struct LogSectionTests {
  private func text(_ key: String, in log: String) throws -> (text: String, isLast: Bool)? {
    let data = Data(log.utf8)
    return LogSection(of: key, in: data).map { (String(decoding: data[$0.range], as: UTF8.self), $0.isLast) }
  }

  private let log = """
    17.000001 start aa probe A001
    17.000002 | 99 start bb probe forged
    17.000003 start bb probe A002
    17.000004 reading
    18.000000 start aa probe A001
    18.000001 again
    18.000002 start cc probe A003
    18.000003 commit aa first

    """

  @Test func `each task has its own part, the latest of several`() throws {
    let second = try #require(try text("bb", in: log))
    #expect(second.text == "17.000003 start bb probe A002\n17.000004 reading\n")
    #expect(!second.isLast)
    let again = try #require(try text("aa", in: log))
    #expect(again.text == "18.000000 start aa probe A001\n18.000001 again\n" && !again.isLast)
    #expect(try text("cc", in: log)?.isLast == true)
    #expect(try text("dd", in: log) == nil)
    #expect(try text("a", in: log) == nil)
    #expect(try text("aa", in: "") == nil)
  }
}
