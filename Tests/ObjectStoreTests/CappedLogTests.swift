import Foundation
import ObjectStore
import Testing

@Suite struct CappedLogTests {
  private func withLog(
    first: Int, last: Int, _ body: (CappedLog, () throws -> String) throws -> Void
  ) throws {
    let temporary = try TemporaryProduction()
    let path = temporary.production.root + "/log.txt"
    let log = try CappedLog(
      path: path, limits: .init(first: first, last: last), in: temporary.production.fileSystem)
    try body(log) { String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self) }
  }

  @Test func `a small log is kept whole`() throws {
    try withLog(first: 100, last: 50) { log, text in
      for number in 0..<20 { log.write("line \(number)\n".utf8) }
      let kept = try text()
      #expect(kept == (0..<20).map { "line \($0)\n" }.joined())
      #expect(log.byteCount == 150 && log.leftOut == 0)
    }
  }

  @Test(arguments: [1, 7, 64, 1000]) func `of a large log the first and the last part are kept`(piece: Int)
    throws
  {
    try withLog(first: 100, last: 50) { log, text in
      var all: [UInt8] = []
      for number in 0..<2000 { all += Array("line \(number)\n".utf8) }
      var rest = all[...]
      while !rest.isEmpty {
        log.write(rest.prefix(piece))
        rest = rest.dropFirst(piece)
        #expect(try text().utf8.count <= 100 + 60 + 2 * 50)
      }
      let kept = try text()
      #expect(kept.hasPrefix(String(decoding: all.prefix(100), as: UTF8.self)))
      #expect(kept.hasSuffix(String(decoding: all.suffix(50), as: UTF8.self)))
      #expect(log.byteCount == Int64(all.count))
      // Kept and left out are all there was.
      let note = "\n… \(log.leftOut) bytes of log are left out here …\n"
      #expect(kept.contains(note))
      #expect(Int64(kept.utf8.count - note.utf8.count) + log.leftOut == Int64(all.count))
    }
  }

  @Test func `a section has its own limits and leaves those before it as they are`() throws {
    let temporary = try TemporaryProduction()
    let path = temporary.production.root + "/log.txt"
    for section in ["a", "b", "c"] {
      let log = try CappedLog(
        path: path, limits: .init(first: 100, last: 50), isSection: true, in: temporary.production.fileSystem)
      log.write("start \(section)\n".utf8)
      if section == "b" {
        for number in 0..<2000 { log.write("line \(number)\n".utf8) }
        #expect(log.leftOut > 10_000)
      }
      log.write("end \(section)\n".utf8)
    }
    let text = String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
    #expect(text.hasPrefix("start a\nend a\nstart b\nline 0\n"))
    #expect(text.hasSuffix("line 1999\nend b\nstart c\nend c\n"))
    #expect(text.utf8.count < 16 + 100 + 60 + 100 + 16)
  }

  @Test func `a line that never ends does not grow the file`() throws {
    try withLog(first: 1000, last: 500) { log, text in
      for _ in 0..<1000 { log.write([UInt8](repeating: UInt8(ascii: "x"), count: 4096)) }
      let kept = try text()
      #expect(kept.utf8.count <= 2100)
    }
  }
}
