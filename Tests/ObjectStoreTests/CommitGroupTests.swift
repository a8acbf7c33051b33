import Diagnostics
import Digests
import Foundation
import ObjectStore
import TaskGraph
import Testing

@Suite struct CommitGroupTests {
  private let temporary: TemporaryProduction
  private var store: ObjectStore { temporary.store }

  init() throws {
    temporary = try TemporaryProduction()
  }

  private func record(_ name: String, objects: [ObjectReference] = []) -> ResultRecord<Take> {
    ResultRecord(
      key: Digest.sha256(Array(name.utf8)), kind: "take", version: 1, output: Take(name: name, frames: 1),
      objects: objects, attempt: temporary.attempt.id, tool: "test/1")
  }

  private func part(_ text: String) throws -> String {
    let path = "\(temporary.scratch)/made.part"
    try store.fileSystem.writeNew(Array(text.utf8), at: path)
    return path
  }

  @Test func `nothing is visible before the commit, and everything after it`() throws {
    let group = try CommitGroup(store, scratch: temporary.scratch)
    var references: [ObjectReference] = []
    for number in 0..<20 {
      // The same scratch name again: the group has moved the file aside.
      let object = try group.add(partFile: try part("object \(number)"), name: "made")
      references.append(object)
      try group.add(record("task \(number)", objects: [object]))
    }
    #expect(group.count == 20)
    #expect(try store.forEachResult { _ in }.resultCount == 0)
    #expect(references.allSatisfy { !store.contains($0.digest) })
    let published = try group.commit()
    #expect(published.map(\.key) == (0..<20).map { record("task \($0)").key })
    #expect(published.allSatisfy { $0.isFirst })
    for number in 0..<20 {
      let result = try store.result(record("task \(number)").key, as: Take.self)
      #expect(result?.objects == [references[number]])
      #expect(try store.verifyObject(references[number].digest))
      #expect(references[number].name == "made")
    }
    #expect(try temporary.parts == [])
    #expect(try group.commit().isEmpty)
  }

  @Test func `a result made before is left as it is`() throws {
    let first = record("task")
    #expect(try store.commitResult(first, scratch: temporary.scratch))
    let group = try CommitGroup(store, scratch: temporary.scratch)
    try group.add(
      ResultRecord(
        key: first.key, kind: "take", version: 1, output: Take(name: "late", frames: 2),
        attempt: temporary.attempt.id, tool: "test/1"))
    try group.add(record("other"))
    #expect(try group.commit().map(\.isFirst) == [false, true])
    #expect(try store.result(first.key, as: Take.self) == first)
  }

  @Test func `a result whose object nobody has is refused, and the others stand`() throws {
    let group = try CommitGroup(store, scratch: temporary.scratch)
    try group.add(record("good"))
    let missing = ObjectReference(digest: Digest.sha256([9]), byteCount: 1, name: "lost.mov")
    let error = #expect(throws: Diagnostic.self) { try group.add(record("bad", objects: [missing])) }
    #expect(error?.code == "result.objectMissing")
    #expect(try group.commit().map(\.key) == [record("good").key])
    #expect(!store.hasResult(record("bad").key))
  }

  @Test func `what is abandoned leaves nothing`() throws {
    let group = try CommitGroup(store, scratch: temporary.scratch)
    let object = try group.add(partFile: try part("object"), name: "made")
    try group.add(record("task", objects: [object]))
    group.abandon()
    #expect(try temporary.parts == [])
    #expect(try group.commit().isEmpty)
    #expect(!store.hasResult(record("task").key) && !store.contains(object.digest))
  }

  @Test func `two groups with the same results publish each of them once`() throws {
    let one = try CommitGroup(store, scratch: temporary.scratch)
    let other = try CommitGroup(store, scratch: temporary.scratch)
    for number in 0..<10 {
      try one.add(record("task \(number)"))
      if number % 2 == 0 { try other.add(record("task \(number)")) }
    }
    let early = try other.commit().count { $0.isFirst }
    let late = try one.commit().count { $0.isFirst }
    #expect(early == 5 && late == 5)
  }
}
