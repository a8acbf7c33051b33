import Diagnostics
import Digests
import Foundation
import Glibc
import ObjectStore
import Synchronization
import Testing

@Suite struct ObjectTests {
  private let temporary: TemporaryProduction
  private var store: ObjectStore { temporary.store }

  init() throws {
    temporary = try TemporaryProduction()
  }

  private func commit(_ text: String) throws -> ObjectReference {
    try store.commitObject(bytes: Array(text.utf8), name: "text", scratch: temporary.scratch)
  }

  /// Changes the bytes of a read-only file, as a program of the same user can.
  private func damage(_ path: String, _ text: String) throws {
    #expect(unsafe chmod(path, 0o644) == 0)
    let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    try handle.write(contentsOf: Data(text.utf8))
    try handle.close()
    #expect(unsafe chmod(path, 0o444) == 0)
  }

  @Test func `an object has its digest as name, is read-only and complete`() throws {
    let reference = try commit("abc")
    let digest = Digest.sha256(Array("abc".utf8))
    #expect(reference == ObjectReference(digest: digest, byteCount: 3, name: "text"))
    let path = store.path(of: digest)
    #expect(
      path == temporary.production.root + "/.interlock/objects/ba/"
        + "7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(try temporary.text(path) == "abc")
    #expect(try #require(try store.fileSystem.facts(path)).mode & 0o777 == 0o444)
    #expect(store.contains(digest))
    #expect(try store.verifyObject(digest))
    #expect(try temporary.parts == [])
  }

  @Test(arguments: [true, false])
  func `a part becomes an object under its own name`(isDigestKnown: Bool) throws {
    let part = temporary.scratch + "/picture.mov.part"
    try temporary.write("frames", to: part)
    let digest = Digest.sha256(Array("frames".utf8))
    let reference = try store.commitObject(partFile: part, digest: isDigestKnown ? digest : nil)
    #expect(reference == ObjectReference(digest: digest, byteCount: 6, name: "picture.mov"))
    #expect(try temporary.parts == [])
  }

  @Test func `the second of two equal objects is discarded`() throws {
    let first = try commit("same")
    let before = try #require(try store.fileSystem.facts(store.path(of: first.digest)))
    let part = temporary.scratch + "/again.part"
    try temporary.write("same", to: part)
    let second = try store.commitObject(partFile: part)
    #expect(second.digest == first.digest)
    #expect(try #require(try store.fileSystem.facts(store.path(of: first.digest))).isSameFile(as: before))
    #expect(try temporary.parts == [])
  }

  @Test func `an object somebody wrote into is not used and made again`() throws {
    let reference = try commit("original")
    let path = store.path(of: reference.digest)
    try damage(path, "tampered")
    #expect(!store.contains(reference.digest))
    #expect(try temporary.quarantined == [String(reference.digest.hex.dropFirst(2))])
    _ = try commit("original")
    #expect(try temporary.text(path) == "original")
  }

  @Test func `committing heals a damaged object`() throws {
    let reference = try commit("original")
    try damage(store.path(of: reference.digest), "tampered")
    let part = temporary.scratch + "/new.part"
    try temporary.write("original", to: part)
    _ = try store.commitObject(partFile: part)
    #expect(try store.verifyObject(reference.digest))
    #expect(try temporary.quarantined.count == 1)
  }

  @Test func `a touched object is digested once and stays`() throws {
    let reference = try commit("original")
    let path = store.path(of: reference.digest)
    let stamped = try #require(try store.fileSystem.facts(path)).modifiedNanoseconds
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSince1970: 5)], ofItemAtPath: path)
    #expect(store.contains(reference.digest))
    #expect(try #require(try store.fileSystem.facts(path)).modifiedNanoseconds == stamped)
    #expect(try temporary.quarantined == [])
  }

  @Test func `damage under an unchanged time is found by verifying`() throws {
    let reference = try commit("original")
    let path = store.path(of: reference.digest)
    let facts = try #require(try store.fileSystem.facts(path))
    try damage(path, "tampered")
    let time = timespec(tv_sec: Int(facts.modifiedSeconds), tv_nsec: Int(facts.modifiedNanoseconds))
    #expect(unsafe utimensat(AT_FDCWD, path, [time, time], 0) == 0)
    #expect(store.contains(reference.digest))
    #expect(try !store.verifyObject(reference.digest))
    #expect(!store.contains(reference.digest))
  }

  @Test func `a link in place of an object is not followed`() throws {
    let digest = Digest.sha256(Array("secret".utf8))
    let path = store.path(of: digest)
    try store.fileSystem.createFolder(FileSystem.parent(of: path))
    try temporary.write("secret", to: temporary.production.root + "/outside")
    #expect(unsafe symlink(temporary.production.root + "/outside", path) == 0)
    #expect(!store.contains(digest))
    _ = try commit("secret")
    #expect(try #require(try store.fileSystem.facts(path)).isRegularFile)
  }

  @Test func `a part that is a link or missing is refused`() throws {
    try temporary.write("x", to: temporary.production.root + "/file")
    #expect(unsafe symlink(temporary.production.root + "/file", temporary.scratch + "/a.part") == 0)
    #expect(throws: Diagnostic.self) { try store.commitObject(partFile: temporary.scratch + "/a.part") }
    #expect(throws: Diagnostic.self) { try store.commitObject(partFile: temporary.scratch + "/b.part") }
  }

  @Test func `many threads committing the same contents leave one object each`() throws {
    let failures = Mutex<[String]>([])
    DispatchQueue.concurrentPerform(iterations: 8) { thread in
      do {
        let attempt = try AttemptFolder.create(in: temporary.production)
        for index in 0..<40 {
          let bytes = Array("object \(index)".utf8)
          if (thread + index).isMultiple(of: 2) {
            _ = try store.commitObject(bytes: bytes, name: "o", scratch: attempt.path)
          } else {
            let part = attempt.path + "/o.part"
            try store.fileSystem.writeNew(bytes, at: part)
            _ = try store.commitObject(partFile: part)
          }
        }
      } catch {
        failures.withLock { $0.append("\(error)") }
      }
    }
    #expect(failures.withLock { $0 } == [])
    #expect(try temporary.files(under: ".interlock/objects").count == 40)
    #expect(try temporary.parts == [])
    for index in 0..<40 { #expect(try store.verifyObject(Digest.sha256(Array("object \(index)".utf8)))) }
  }

  @Test func `a killed attempt leaves parts only, and the sweep takes them`() throws {
    // State 1: killed while writing. State 2: killed between linking the object and removing the part.
    try temporary.write("half", to: temporary.scratch + "/one.part")
    let part = temporary.scratch + "/two.part"
    try temporary.write("whole", to: part)
    let digest = Digest.sha256(Array("whole".utf8))
    try store.fileSystem.createFolder(FileSystem.parent(of: store.path(of: digest)))
    #expect(try store.fileSystem.link(part, to: store.path(of: digest)))

    #expect(try temporary.attempt.sweepParts().count == 2)
    #expect(try temporary.parts == [])
    // The object was linked before its stamp is certain: it is digested, found good and used.
    #expect(store.contains(digest))
    let next = try AttemptFolder.create(in: temporary.production)
    _ = try store.commitObject(bytes: Array("whole".utf8), name: "o", scratch: next.path)
    #expect(try temporary.files(under: ".interlock/objects").count == 1)
  }
}
