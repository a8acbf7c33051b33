import Diagnostics
import Foundation
import Glibc
import ObjectStore
import TestSupport
import Testing

@Suite struct FileSystemTests {
  private let temporary: TemporaryProduction
  private var files: FileSystem { temporary.production.fileSystem }
  private var root: String { temporary.production.root }

  init() throws {
    temporary = try TemporaryProduction()
  }

  @Test func `publishing never replaces`() throws {
    #expect(try files.publish(Array("one".utf8), at: root + "/name", scratch: temporary.scratch))
    #expect(try !files.publish(Array("two".utf8), at: root + "/name", scratch: temporary.scratch))
    #expect(try temporary.text(root + "/name") == "one")
    #expect(try temporary.parts == [])
  }

  @Test func `a published file cannot be written`() throws {
    _ = try files.publish([1], at: root + "/name", scratch: temporary.scratch)
    #expect(try #require(try files.facts(root + "/name")).mode & 0o777 == 0o444)
  }

  @Test(arguments: UInt64(0)..<8)
  func `bytes survive writing and reading`(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let count = Int.random(in: 0...300_000, using: &random)
    let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
    try files.writeNew(bytes, at: root + "/file")
    #expect(try #require(try files.read(root + "/file")).bytes == bytes)
    #expect(try files.read(root + "/other") == nil)
  }

  @Test func `a file of unknown size is read whole`() throws {
    // /proc reports a size of zero.
    let bytes = try #require(try files.read("/proc/self/status")).bytes
    #expect(String(decoding: bytes, as: UTF8.self).contains("VmRSS"))
  }

  @Test func `links, folders and pipes are not read as files`() throws {
    #expect(throws: Diagnostic.self) { try files.read(root) }
    #expect(unsafe mkfifo(root + "/pipe", 0o600) == 0)
    #expect(throws: Diagnostic.self) { try files.read(root + "/pipe") }
    try temporary.write("x", to: root + "/file")
    #expect(unsafe symlink(root + "/file", root + "/link") == 0)
    #expect(throws: Diagnostic.self) { try files.read(root + "/link") }
  }

  @Test func `a full disk is named with what was still to write`() throws {
    let file = try OpenFile("/dev/full", O_WRONLY, in: FileSystem(root: "/dev"))
    do {
      try file.write([UInt8](repeating: 0, count: 1_234_567))
      Issue.record("/dev/full took bytes")
    } catch {
      #expect(error.code == "storage.noSpace")
      #expect(error.family == .transient)
      #expect(error.location == SourceLocation(file: "full"))
      #expect(error.message.hasPrefix("cannot write: No space left on device; 1.3 MB still to write, "))
      #expect(error.message.hasSuffix(" free"))
      #expect(
        error.remedy
          == "Free space on the disk that holds the production, then run again; finished work is kept.")
    }
  }

  @Test(arguments: [
    (ENOSPC, "storage.noSpace"), (EDQUOT, "storage.noSpace"), (EACCES, "storage.accessDenied"),
    (EPERM, "storage.accessDenied"), (EROFS, "storage.readOnly"), (EIO, "storage.deviceFault"),
    (ENOENT, "storage.missing"), (EMFILE, "storage.failed"),
  ])
  func `every failure of the system has a code`(code: Int32, name: String) {
    let fault = files.fault("write", root + "/.interlock/results/ab/cd.json", code)
    #expect(fault.code == name)
    #expect(fault.location?.file == ".interlock/results/ab/cd.json")
  }

  @Test func `no message shows an absolute path`() {
    #expect(files.relative(root) == ".")
    #expect(files.relative(root + "/a/b") == "a/b")
    #expect(files.relative(root + "2/a/b") == "b")
  }

  @Test func `a missing folder is empty and names are sorted`() throws {
    #expect(try files.names(in: root + "/nowhere") == [])
    for name in ["b", "a", "ç", "B"] { try temporary.write("", to: "\(root)/Assets-\(name)") }
    #expect(
      try files.names(in: root).filter { $0.hasPrefix("Assets-") } == [
        "Assets-B", "Assets-a", "Assets-b", "Assets-ç",
      ])
  }

  @Test func `folders are made with those above them, once`() throws {
    try files.createFolder(root + "/a/b/c")
    try files.createFolder(root + "/a/b/c")
    #expect(try !files.createNewFolder(root + "/a/b/c"))
    #expect(try files.createNewFolder(root + "/a/b/d"))
    try temporary.write("", to: root + "/file")
    #expect(throws: Diagnostic.self) { try files.createFolder(root + "/file") }
    #expect(throws: Diagnostic.self) { try files.createFolder(root + "/file/below") }
  }

  @Test func `the disk of the tests is local`() {
    #expect(!files.storage(at: root).isShared)
    #expect(!files.storage(at: root + "/nowhere").isShared)
  }
}

@Suite struct ProductionTests {
  private let temporary: TemporaryProduction

  init() throws {
    temporary = try TemporaryProduction()
  }

  @Test func `creating again opens what is there`() throws {
    #expect(try Production.create(at: temporary.production.root + "/") == temporary.production)
    #expect(try Production.create(at: temporary.production.root + "/a/..") == temporary.production)
  }

  @Test func `the nearest production above is found`() throws {
    let root = temporary.production.root
    try FileManager.default.createDirectory(atPath: root + "/a/b", withIntermediateDirectories: true)
    #expect(Production.nearest(from: root + "/a/b") == temporary.production)
    #expect(Production.nearest(from: root) == temporary.production)
    #expect(Production.nearest(from: root + "/missing") == nil)
    let inner = try Production.create(at: root + "/a")
    #expect(Production.nearest(from: root + "/a/b") == inner)
  }

  @Test func `a task file knows its production and attempt`() throws {
    let path = temporary.attempt.taskFilePath
    try temporary.attempt.writeTask(Array("{}".utf8))
    #expect(try Production.containing(taskFile: path) == temporary.production)
    #expect(try AttemptFolder.containing(taskFile: path) == temporary.attempt)
    #expect(unsafe symlink(temporary.production.root, temporary.production.root + "/link") == 0)
    let linked = "\(temporary.production.root)/link/.interlock/attempts/\(temporary.attempt.id)/task.json"
    #expect(try AttemptFolder.containing(taskFile: linked) == temporary.attempt)
  }

  @Test func `a task file elsewhere is refused`() throws {
    let path = temporary.production.root + "/task.json"
    do {
      _ = try Production.containing(taskFile: path)
      Issue.record("accepted")
    } catch {
      #expect(error.code == "task.outsideProduction")
      #expect(error.family == .usage)
    }
  }
}
