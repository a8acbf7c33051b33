import Diagnostics
import Digests
import Foundation
import Glibc
import ObjectStore
import Synchronization
import TaskGraph
import Testing

@Suite struct ResultTests {
  private let temporary: TemporaryProduction
  private var store: ObjectStore { temporary.store }
  private let key = Digest.sha256(Array("task".utf8))

  init() throws {
    temporary = try TemporaryProduction()
  }

  private func record(
    _ name: String = "A001", key: TaskKey? = nil, objects: [ObjectReference] = []
  ) -> ResultRecord<Take> {
    ResultRecord(
      key: key ?? self.key, kind: "take", version: 2, output: Take(name: name, frames: 48), objects: objects,
      attempt: temporary.attempt.id, tool: "test/1", made: "2026-01-02T03:04:05.678Z")
  }

  private func replaceFile(_ path: String, with bytes: [UInt8]) throws {
    try store.fileSystem.remove(path)
    try store.fileSystem.writeNew(bytes, at: path)
  }

  @Test func `a result reads back as it was committed`() throws {
    let object = try store.commitObject(bytes: [1], name: "a.mov", scratch: temporary.scratch)
    let record = record("Ä/\"1\"", objects: [object])
    #expect(!store.hasResult(key))
    #expect(try store.result(key, as: Take.self) == nil)
    #expect(try store.commitResult(record, scratch: temporary.scratch))
    #expect(store.hasResult(key))
    #expect(try store.result(key, as: Take.self) == record)
    #expect(try store.storedResult(key)?.head.objects == [object])
    #expect(try temporary.parts == [])
  }

  @Test func `the file carries the digest of its body`() throws {
    _ = try store.commitResult(record(), scratch: temporary.scratch)
    let body =
      #"{"attempt":"\#(temporary.attempt.id)","key":"\#(key.hex)","kind":"take","#
      + #""made":"2026-01-02T03:04:05.678Z","objects":[],"output":{"frames":48,"name":"A001"},"#
      + #""schema":1,"tool":"test/1","version":2}"#
    let digest = Digest.sha256(Array(body.utf8))
    let hex = key.hex
    #expect(store.resultPath(of: key) == "\(temporary.production.resultsFolder)/\(hex.prefix(2))/\(hex).json")
    #expect(
      try temporary.text(store.resultPath(of: key)) == #"{"sha256":"\#(digest.hex)","body":\#(body)}"# + "\n")
  }

  @Test func `the second result of a task is discarded`() throws {
    #expect(try store.commitResult(record("first"), scratch: temporary.scratch))
    #expect(try !store.commitResult(record("second"), scratch: temporary.scratch))
    #expect(try store.result(key, as: Take.self)?.output.name == "first")
    #expect(try temporary.parts == [])
  }

  @Test func `a result without its objects is not committed`() throws {
    let absent = ObjectReference(digest: Digest.sha256([9]), byteCount: 1, name: "a.mov")
    do {
      _ = try store.commitResult(record(objects: [absent]), scratch: temporary.scratch)
      Issue.record("committed")
    } catch {
      #expect(error.code == "result.objectMissing")
      #expect(error.family == .verification)
    }
    #expect(!store.hasResult(key))
  }

  @Test(arguments: 0..<24)
  func `a file damaged anywhere goes to quarantine and is made again`(part: Int) throws {
    _ = try store.commitResult(record(), scratch: temporary.scratch)
    let path = store.resultPath(of: key)
    var bytes = try #require(try store.fileSystem.read(path)).bytes
    bytes[part * (bytes.count - 1) / 23] ^= 0x01
    try replaceFile(path, with: bytes)
    #expect(try store.result(key, as: Take.self) == nil)
    #expect(!store.hasResult(key))
    #expect(try temporary.quarantined == ["\(key.hex).json"])
    #expect(try store.commitResult(record("again"), scratch: temporary.scratch))
    #expect(try store.result(key, as: Take.self)?.output.name == "again")
  }

  @Test(arguments: [0, 1, 83, 84, 85, 200])
  func `a file cut short goes to quarantine`(count: Int) throws {
    _ = try store.commitResult(record(), scratch: temporary.scratch)
    let path = store.resultPath(of: key)
    let bytes = try #require(try store.fileSystem.read(path)).bytes
    try replaceFile(path, with: Array(bytes.prefix(count)))
    #expect(try store.result(key, as: Take.self) == nil)
    #expect(try temporary.quarantined.count == 1)
  }

  @Test func `committing over a damaged result publishes ours`() throws {
    let path = store.resultPath(of: key)
    try store.fileSystem.createFolder(FileSystem.parent(of: path))
    try store.fileSystem.writeNew(Array("garbage".utf8), at: path)
    #expect(try store.commitResult(record(), scratch: temporary.scratch))
    #expect(try store.result(key, as: Take.self) == record())
    #expect(try temporary.quarantined.count == 1)
  }

  @Test func `a good file under a wrong name does not answer for another task`() throws {
    _ = try store.commitResult(record(), scratch: temporary.scratch)
    let other = Digest.sha256(Array("other".utf8))
    try store.fileSystem.createFolder(FileSystem.parent(of: store.resultPath(of: other)))
    #expect(try store.fileSystem.link(store.resultPath(of: key), to: store.resultPath(of: other)))
    #expect(try store.result(other, as: Take.self) == nil)
    #expect(try store.result(key, as: Take.self) != nil)
  }

  @Test func `a result of a newer program is neither read nor thrown away`() throws {
    var newer = record()
    newer.schema = 2
    _ = try store.commitResult(newer, scratch: temporary.scratch)
    do {
      _ = try store.result(key, as: Take.self)
      Issue.record("read")
    } catch {
      #expect(error.code == "result.newerSchema")
      #expect(error.message == "the result has schema 2, this program reads up to 1")
    }
    #expect(store.hasResult(key))
  }

  @Test func `an output of another type is an error, not damage`() throws {
    struct Other: Codable, Sendable { var missing: Int }
    _ = try store.commitResult(record(), scratch: temporary.scratch)
    #expect(throws: Diagnostic.self) { try store.result(key, as: Other.self) }
    #expect(store.hasResult(key))
  }

  @Test func `an output JSON cannot hold is refused`() throws {
    struct Level: Codable, Sendable { var value: Double }
    let bad = ResultRecord(
      key: key, kind: "level", version: 1, output: Level(value: .infinity), attempt: "", tool: "")
    do {
      _ = try store.commitResult(bad, scratch: temporary.scratch)
      Issue.record("committed")
    } catch {
      #expect(error.code == "result.notEncodable")
    }
  }

  @Test(arguments: 0..<20)
  func `of two committers in two threads exactly one wins`(round: Int) throws {
    let wins = Mutex(0)
    let failures = Mutex<[String]>([])
    let second = try AttemptFolder.create(in: temporary.production)
    DispatchQueue.concurrentPerform(iterations: 2) { thread in
      do {
        let scratch = thread == 0 ? temporary.scratch : second.path
        if try store.commitResult(record("thread \(thread)"), scratch: scratch) { wins.withLock { $0 += 1 } }
      } catch {
        failures.withLock { $0.append("\(error)") }
      }
    }
    #expect(failures.withLock { $0 } == [])
    #expect(wins.withLock { $0 } == 1)
    #expect(try store.result(key, as: Take.self) != nil)
    #expect(try temporary.parts == [])
  }

  @Test func `readers that find the same damage never lose the result made again`() throws {
    // Damage is found by many at once while committers publish: in the end there is one good result.
    let path = store.resultPath(of: key)
    try store.fileSystem.createFolder(FileSystem.parent(of: path))
    for _ in 0..<20 {
      if store.hasResult(key) { try store.withdrawResult(key) }
      try store.fileSystem.writeNew(Array("garbage".utf8), at: path)
      let failures = Mutex<[String]>([])
      DispatchQueue.concurrentPerform(iterations: 6) { thread in
        do {
          if thread < 4 {
            _ = try store.result(key, as: Take.self)
          } else {
            let attempt = try AttemptFolder.create(in: temporary.production)
            _ = try store.commitResult(record("\(thread)"), scratch: attempt.path)
          }
        } catch {
          failures.withLock { $0.append("\(error)") }
        }
      }
      #expect(failures.withLock { $0 } == [])
      #expect(try store.result(key, as: Take.self) != nil)
    }
  }

  @Test func `an object without a result is no result, and committing it later needs no new object`() throws {
    // Killed between the object and the result: the object alone means nothing.
    let object = try store.commitObject(bytes: [1, 2, 3], name: "a", scratch: temporary.scratch)
    #expect(!store.hasResult(key))
    let again = try store.commitObject(bytes: [1, 2, 3], name: "a", scratch: temporary.scratch)
    #expect(object == again)
    #expect(try store.commitResult(record(objects: [again]), scratch: temporary.scratch))
  }

  @Test func `a withdrawn result is gone and its objects are named`() throws {
    let object = try store.commitObject(bytes: [1], name: "a", scratch: temporary.scratch)
    _ = try store.commitResult(record(objects: [object]), scratch: temporary.scratch)
    try store.fileSystem.remove(store.path(of: object.digest))
    #expect(store.missingObjects(of: [object]) == [object])
    try store.withdrawResult(key)
    try store.withdrawResult(key)
    #expect(!store.hasResult(key))
  }

  @Test func `a walk hands on every good result and names the rest`() throws {
    var keys: [TaskKey] = []
    for index in 0..<30 {
      keys.append(Digest.sha256([UInt8(index)]))
      _ = try store.commitResult(record("\(index)", key: keys[index]), scratch: temporary.scratch)
    }
    let damaged = keys[7]
    try replaceFile(store.resultPath(of: damaged), with: Array("x".utf8))
    try temporary.write("", to: FileSystem.parent(of: store.resultPath(of: keys[0])) + "/notes.txt")
    var walked: [TaskKey] = []
    let walk = try store.forEachResult { walked.append($0.head.key) }
    #expect(walked == keys.filter { $0 != damaged }.sorted())
    #expect(walk.resultCount == 29)
    #expect(walk.damaged == [damaged])
    #expect(walk.strangers == [".interlock/results/\(keys[0].hex.prefix(2))/notes.txt"])
  }
}
