import Diagnostics
import Digests
import Foundation
import ObjectStore
import TaskGraph
import TestSupport
import Testing

/// What is set aside comes back when it is asked for, and a kill at any step loses nothing that is needed.
@Suite struct QuarantineBatchTests {
  private let fixture: CollectionFixture
  private var store: ObjectStore { fixture.store }
  private func key(_ name: String) -> TaskKey { CollectionFixture.key(name) }

  init() throws { fixture = try CollectionFixture() }

  private func manifest(_ results: [String], _ objects: [String]) -> QuarantineBatch.Manifest {
    QuarantineBatch.Manifest(
      results: results.map { .init(key: key($0), kind: "still") },
      objects: objects.map { .init(digest: key($0), byteCount: 1) })
  }

  private func isThere(_ digest: Digest) -> Bool { store.fileSystem.exists(store.path(of: digest)) }

  private func hasFile(_ result: TaskKey) -> Bool { store.fileSystem.exists(store.resultPath(of: result)) }

  @Test func `what is set aside leaves the store and the ledger`() throws {
    try fixture.commit("one", ["a"])
    try fixture.commit("two", ["b"])
    var forgotten: [TaskKey] = []
    let batch = try QuarantineBatch.setAside(manifest(["one"], ["a"]), from: store) { forgotten = $0 }
    #expect(forgotten == [key("one")])
    #expect(!hasFile(key("one")) && !isThere(key("a")))
    #expect(hasFile(key("two")) && isThere(key("b")))
    #expect(try batch.manifest().results.map(\.key) == [key("one")])
    #expect(try store.quarantineBatches().map(\.id) == [batch.id])
  }

  @Test func `a result that is asked for comes back with what it made`() throws {
    try fixture.commit("one", ["a", "b"])
    _ = try QuarantineBatch.setAside(manifest(["one"], ["a", "b"]), from: store) { _ in }
    #expect(store.hasResult(key("one")))
    #expect(isThere(key("a")) && isThere(key("b")))
    #expect(try store.storedResult(key("one"))?.head.objects.count == 2)
    #expect(store.takeRecalledResults() == [key("one")])
    #expect(store.takeRecalledResults().isEmpty)
  }

  @Test func `an object that is made again is taken from quarantine or left there, and is good`() throws {
    try fixture.commit("one", ["a"])
    _ = try QuarantineBatch.setAside(manifest(["one"], ["a"]), from: store) { _ in }
    #expect(store.contains(key("a")))
    #expect(try store.verifyObject(key("a")))
  }

  @Test func `a result whose objects are gone for good does not come back`() throws {
    try fixture.commit("one", ["a"])
    let batch = try QuarantineBatch.setAside(manifest(["one"], ["a"]), from: store) { _ in }
    try store.fileSystem.remove("\(batch.path)/\(key("a").hex)")
    #expect(!store.hasResult(key("one")))
    #expect(try store.storedResult(key("one")) == nil)
  }

  @Test func `a damaged object comes back as none`() throws {
    try fixture.commit("one", ["a"])
    let batch = try QuarantineBatch.setAside(manifest(["one"], ["a"]), from: store) { _ in }
    let path = "\(batch.path)/\(key("a").hex)"
    try store.fileSystem.remove(path)
    try fixture.temporary.write("x", to: path)
    #expect(!store.hasResult(key("one")))
  }

  @Test func `everything can be taken back`() throws {
    try fixture.commit("one", ["a"])
    try fixture.commit("two", ["a", "b"])
    let batch = try QuarantineBatch.setAside(manifest(["one", "two"], ["a", "b"]), from: store) { _ in }
    #expect(try Set(batch.restore()) == [key("one"), key("two")])
    #expect(hasFile(key("one")) && isThere(key("b")))
    #expect(try store.quarantineBatches().isEmpty)
  }

  @Test func `what was committed meanwhile gets its objects back`() throws {
    try fixture.commit("one", ["a"])
    try fixture.age()
    // An attempt that makes the same object again just before it is moved.
    var isDone = false
    _ = try QuarantineBatch.setAside(
      manifest(["one"], ["a"]), from: store, forget: { _ in },
      afterStep: {
        guard !isDone, !hasFile(key("one")), isThere(key("a")) else { return }
        isDone = true
        try fixture.commit("late", ["a"])
      })
    #expect(isDone)
    #expect(isThere(key("a")))
    #expect(try store.storedResult(key("late")) != nil)
  }

  private struct Kill: Error {}

  @Test func `a kill after any step leaves no result without its objects and loses nothing needed`() throws {
    for step in 1...40 {
      let fixture = try CollectionFixture()
      let store = fixture.store
      try fixture.commit("needed", ["a", "b"])
      try fixture.commit("unneeded", ["b", "c"])
      try fixture.commit("unneeded too", ["d"])
      let manifest = manifest(["unneeded", "unneeded too"], ["c", "d"])
      var steps = 0
      func killed() throws {
        steps += 1
        if steps == step { throw Kill() }
      }
      var isKilled = false
      do {
        let batch = try QuarantineBatch.setAside(
          manifest, from: store, forget: { _ in }, afterStep: killed)
        try batch.delete(afterStep: killed)
      } catch is Kill { isKilled = true }

      func check() throws {
        let inventory = try StoreInventory(store)
        for result in inventory.results.values {
          for object in result.objects { #expect(inventory.objects[object.digest] != nil, "step \(step)") }
        }
        #expect(inventory.results[key("needed")] != nil)
        for batch in try store.quarantineBatches() { _ = try batch.manifest() }
        #expect(try store.verifyObject(key("a")) && store.verifyObject(key("b")))
      }
      try check()
      // The next collection ends what this one began.
      for batch in try store.quarantineBatches() { try batch.delete() }
      _ = try QuarantineBatch.setAside(manifest, from: store) { _ in }.delete()
      try check()
      #expect(try store.quarantineBatches().isEmpty)
      #expect(try fixture.temporary.quarantined.isEmpty)
      #expect(try StoreInventory(store).objects.count == 2)
      if !isKilled { return }
    }
    Issue.record("there are more steps than were tried")
  }

  @Test func `a manifest that was changed is told`() throws {
    try fixture.commit("one", ["a"])
    let batch = try QuarantineBatch.setAside(manifest(["one"], ["a"]), from: store) { _ in }
    let path = batch.path + "/manifest.json"
    let text = try fixture.temporary.text(path)
    try store.fileSystem.remove(path)
    try fixture.temporary.write(text.replacingOccurrences(of: "still", with: "stall"), to: path)
    #expect(throws: Diagnostic.self) { try batch.manifest() }
    #expect(try batch.restore() == [key("one")])
  }
}
