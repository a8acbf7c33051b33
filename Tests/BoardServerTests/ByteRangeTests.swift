import BoardServer
import Testing

@Suite struct `Byte ranges` {
  @Test(arguments: [
    (nil as String?, ByteRange.all), ("bytes=0-", .part(0...99)), ("bytes=10-19", .part(10...19)),
    ("bytes=90-200", .part(90...99)),
    ("bytes=-10", .part(90...99)), ("bytes=-1000", .part(0...99)), ("bytes=100-", .unsatisfiable),
    ("bytes=-0", .unsatisfiable), ("bytes=20-10", .all), ("bytes=0-1,5-6", .all), ("items=0-1", .all),
    ("bytes=a-b", .all),
    ("bytes=", .all), ("bytes=-", .all), ("bytes=99999999999999999999-", .unsatisfiable),
    ("bytes=+1-2", .all),
  ])
  func `a range is read as RFC 9110 has it`(header: String?, range: ByteRange) {
    #expect(ByteRange(header, size: 100) == range)
  }

  @Test func `an empty file has no part`() {
    #expect(ByteRange("bytes=0-", size: 0) == .unsatisfiable)
    #expect(ByteRange("bytes=-5", size: 0) == .unsatisfiable)
  }
}
