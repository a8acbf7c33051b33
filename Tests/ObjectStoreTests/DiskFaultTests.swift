import Diagnostics
import Digests
import Foundation
import Glibc
import ObjectStore
import TaskGraph
import TestSupport
import Testing

/// Everything the store writes, on a disk that fails at every single operation of it.
///
/// One story is told again and again: an attempt writes its task, makes an object, commits its result, commits
/// three small ones together, a version is published, somebody approves. Whatever failed and wherever it stopped, what has its final name is
/// whole, and telling the story again on a good disk ends well.
@Suite struct DiskFaultTests {
  private static let movie = [UInt8](repeating: 7, count: 4_000)
  private static let line = VersionLine(.deliverable, programme: "film", name: "master")

  /// - Parameter copies: whether the published file is a copy of its object, else whatever works first.
  private static func story(_ production: Production, copies: Bool) throws {
    let store = ObjectStore(production)
    let attempt = try AttemptFolder.create(in: production)
    try attempt.writeTask(Array(#"{"task": "movie"}"#.utf8))
    let state = try attempt.tryLock()
    defer { withExtendedLifetime(state) {} }
    let object = try store.commitObject(bytes: movie, name: "movie", scratch: attempt.path)
    let key = Digest.sha256(Array("movie".utf8))
    let record = ResultRecord(
      key: key, kind: "assemble", version: 1, output: Take(name: "movie", frames: 24), objects: [object],
      attempt: attempt.id, tool: "test")
    _ = try store.commitResult(record, scratch: attempt.path)
    let group = try CommitGroup(store, scratch: attempt.path)
    for name in ["one", "two", "three"] {
      let part = "\(attempt.path)/\(name).part"
      try store.fileSystem.writeNew(Array(name.utf8), at: part, isDurable: false)
      let small = try group.add(partFile: part)
      try group.add(
        ResultRecord(
          key: Digest.sha256(Array(name.utf8)), kind: "probe", version: 1,
          output: Take(name: name, frames: 1),
          objects: [small], attempt: attempt.id, tool: "test"))
    }
    _ = try group.commit()
    try attempt.writeExit(Array("{}".utf8))
    let publisher = VersionPublisher(store, placements: copies ? [.copy] : [.reflink, .hardLink, .copy])
    let version = try publisher.publish(
      [PublishedFile(object: object.digest, fileExtension: "mov")], as: line,
      provenance: .init(madeFrom: [key], facts: .null, verification: .null, tool: "test")
    ).record
    try publisher.record(
      Decision(
        .approved, of: version, record: try #require(try publisher.recordDigest(of: version)), by: "anna",
        role: nil, note: ""),
      on: version)
  }

  /// Whatever has its final name is what its name says.
  private static func check(_ production: Production) throws {
    let store = ObjectStore(production)
    for folder in try store.fileSystem.names(in: production.objectsFolder) {
      for name in try store.fileSystem.names(in: "\(production.objectsFolder)/\(folder)") {
        let digest = try #require(Digest(hex: folder + name))
        let whole = try store.verifyObject(digest)
        #expect(whole, "an object is incomplete")
      }
    }
    let walk = try store.forEachResult { result in
      let missing = store.missingObjects(of: result.head.objects)
      #expect(missing.isEmpty, "a result names an object that is not there")
    }
    #expect(walk.damaged.isEmpty, "a result is incomplete")
    let (versions, findings) = try VersionPublisher(store).versions(of: line)
    #expect(findings.isEmpty)
    for version in versions {
      for file in version.files {
        let digest = try? Digest.sha256(ofFileAt: version.path(of: file, in: production))
        #expect(digest == file.digest, "a published file is incomplete")
      }
      #expect(try VersionPublisher(store).decisions(on: version).findings.isEmpty)
    }
  }

  /// What the next coordinator does with what is left.
  private static func sweep(_ production: Production) throws {
    for id in try AttemptFolder.ids(in: production) {
      try AttemptFolder.open(id: id, in: production)?.sweepParts()
    }
    _ = try VersionPublisher(ObjectStore(production)).sweepUnfinished()
  }

  private static func tell(_ mode: FailingDisk.Mode, copies: Bool) throws -> (
    TemporaryProduction, FailingDisk, (any Error)?
  ) {
    let temporary = try TemporaryProduction(isInMemory: true)
    let disk = FailingDisk(mode, root: temporary.production.root)
    let failure: (any Error)? = FileSystem.$injected.withValue(disk) {
      do {
        try story(temporary.production, copies: copies)
        return nil
      } catch {
        return error
      }
    }
    return (temporary, disk, failure)
  }

  private static func operations(copies: Bool) throws -> Int {
    let (temporary, disk, failure) = try tell(.never, copies: copies)
    #expect(failure == nil)
    try check(temporary.production)
    #expect(disk.count > 40)
    return disk.count
  }

  /// After any fault the story can be told again and leaves one version and nothing unfinished.
  private static func recover(_ temporary: TemporaryProduction, copies: Bool) throws {
    let production = temporary.production
    try check(production)
    try sweep(production)
    try story(production, copies: copies)
    try check(production)
    // A decision that is being written is let alone for a minute.
    #expect(try temporary.parts.filter { !$0.contains("/decisions/") } == [])
    #expect(try VersionPublisher(ObjectStore(production)).versions(of: line).versions.map(\.version) == [1])
  }

  @Test(arguments: [(ENOSPC, false), (EIO, true), (EROFS, false), (EACCES, true)])
  func `a failure of any one operation is told with its path and leaves nothing broken`(
    code: Int32, copies: Bool
  ) throws {
    // Whether it is this or that refusal makes no difference to what is left behind.
    let step = [ENOSPC, EIO].contains(code) ? 1 : 7
    for number in stride(from: 0, to: try Self.operations(copies: copies), by: step) {
      let (temporary, _, failure) = try Self.tell(.once(number, code: code), copies: copies)
      if let failure { try Self.checkMessage(failure, code) }
      try Self.recover(temporary, copies: copies)
    }
  }

  @Test(arguments: [(ENOSPC, false), (EIO, true)])
  func `a disk that takes nothing more from any operation on leaves nothing broken`(
    code: Int32, copies: Bool
  ) throws {
    for number in 0..<(try Self.operations(copies: copies)) {
      let (temporary, _, failure) = try Self.tell(.from(number, code: code), copies: copies)
      if let failure { try Self.checkMessage(failure, code) }
      try Self.recover(temporary, copies: copies)
    }
  }

  @Test(arguments: [false, true])
  func `a process killed before any operation leaves nothing broken`(copies: Bool) throws {
    for number in 0..<(try Self.operations(copies: copies)) {
      let (temporary, _, failure) = try Self.tell(.dead(number), copies: copies)
      #expect(failure != nil || number > 40)
      try Self.recover(temporary, copies: copies)
    }
  }

  @Test(arguments: [false, true])
  func `a power failure before any operation leaves nothing broken`(copies: Bool) throws {
    for number in 0..<(try Self.operations(copies: copies)) {
      for keepsNames in [true, false] {
        let (temporary, disk, _) = try Self.tell(.dead(number), copies: copies)
        disk.failPower(keepingNames: keepsNames)
        try Self.recover(temporary, copies: copies)
      }
    }
  }

  private static func checkMessage(_ failure: any Error, _ code: Int32) throws {
    let diagnostic = try #require(failure as? Diagnostic, "\(failure)")
    let location = try #require(diagnostic.location?.file)
    #expect(
      location == "." || location.hasPrefix(".interlock") || location.hasPrefix("Deliverables"),
      "\(diagnostic)")
    #expect(diagnostic.remedy != nil)
    switch code {
    case ENOSPC:
      #expect(diagnostic.code == "storage.noSpace")
      #expect(diagnostic.family == .transient)
      #expect(diagnostic.message.contains(" still to write, "), "\(diagnostic)")
      #expect(diagnostic.message.contains(" free"), "\(diagnostic)")
    case EIO:
      #expect(diagnostic.code == "storage.deviceFault")
      #expect(diagnostic.family == .transient)
    case EROFS: #expect(diagnostic.code == "storage.readOnly")
    default: #expect(diagnostic.code == "storage.accessDenied")
    }
  }
}
