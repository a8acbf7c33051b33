import Diagnostics
import Digests
import Foundation
import Glibc
import ObjectStore
import Synchronization
import Testing

@Suite struct VersionTests {
  private let temporary: TemporaryProduction
  private let line = VersionLine(.deliverable, programme: "short-film", name: "master")
  private var publisher: VersionPublisher { VersionPublisher(temporary.store) }
  private var root: String { temporary.production.root }

  init() throws {
    temporary = try TemporaryProduction()
  }

  private func object(_ text: String) throws -> Digest {
    try temporary.store.commitObject(bytes: Array(text.utf8), name: "o", scratch: temporary.scratch).digest
  }

  private func files(_ text: String) throws -> [PublishedFile] {
    [PublishedFile(object: try object(text), fileExtension: "mov")]
  }

  private let provenance = VersionPublisher.Provenance(
    madeFrom: [Digest.sha256([1])], facts: .object(["frames": .integer(48), "rate": .string("24000/1001")]),
    verification: .object([
      "psnr": .number(46.5), "ok": .bool(true), "none": .null, "all": .array([.integer(1)]),
    ]),
    tool: "test/1")

  private func publish(_ text: String) throws -> VersionPublisher.Publication {
    try publisher.publish(try files(text), as: line, provenance: provenance)
  }

  @Test func `a version has its number in its folder and file names`() throws {
    let published = try publisher.publish(
      [
        PublishedFile(object: try object("picture"), fileExtension: "mov"),
        PublishedFile(object: try object("words"), fileExtension: "en.srt"),
      ], as: line, provenance: provenance)
    #expect(published.isNew)
    #expect(published.record.version == 1)
    #expect(
      try temporary.files(under: "Deliverables") == [
        "short-film/master/v001/short-film_master_v001.en.srt",
        "short-film/master/v001/short-film_master_v001.mov",
        "short-film/master/v001/version.json",
      ])
    #expect(
      try temporary.text(root + "/Deliverables/short-film/master/v001/short-film_master_v001.mov")
        == "picture")
    let read = try publisher.versions(of: line)
    #expect(read.versions == [published.record])
    #expect(read.findings == [])
    #expect(read.versions[0].facts == provenance.facts)
    #expect(read.versions[0].files.map(\.byteCount) == [7, 5])
  }

  @Test func `numbers rise and an equal result makes no version`() throws {
    #expect(try publish("a").record.version == 1)
    #expect(try publish("b").record.version == 2)
    let again = try publish("a")
    #expect(again.record.version == 1)
    #expect(!again.isNew)
    #expect(try publish("c").record.version == 3)
    #expect(try publisher.versions(of: line).versions.map(\.version) == [1, 2, 3])
    #expect(try publisher.lines() == [line])
  }

  @Test func `the head of a version says which it is, and is found from the newest on`() throws {
    for text in ["a", "b", "c"] { _ = try publish(text) }
    let records = try publisher.versions(of: line).versions
    let newest = try #require(try publisher.newest(of: line))
    #expect(newest.version == 3 && newest.files == records[2].files && newest.made == records[2].made)
    #expect(newest.mainFile?.name == "short-film_master_v003.mov")
    let wanted = records[1].files
    #expect(try publisher.newest(of: line) { $0.files == wanted }?.version == 2)
    #expect(try publisher.newest(of: line) { _ in false } == nil)
    #expect(try publisher.version(2, of: line) == records[1])
    #expect(try publisher.version(4, of: line) == nil)
    let none = VersionLine(.deliverable, programme: "short-film", name: "none")
    #expect(publisher.hasVersions(line) && !publisher.hasVersions(none))
  }

  @Test(arguments: ["facts", "madeFrom", "tool", "verification", "files"])
  func `a version file without one of its parts is as bad by its head`(part: String) throws {
    let published = try publish("a").record
    let path = publisher.folder(of: published) + "/version.json"
    var object = try #require(
      JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: path))) as? [String: Any])
    object[part] = nil
    try FileManager.default.removeItem(atPath: path)
    try JSONSerialization.data(withJSONObject: object).write(to: URL(fileURLWithPath: path))
    #expect(try publisher.newest(of: line) == nil)
    let findings = try publisher.findings(of: line)
    #expect(findings.map(\.code) == ["version.unreadable"])
    #expect(try publisher.versions(of: line).findings == findings)
  }

  @Test func `a version's seal breaks with its files and with what it was made from`() throws {
    let published = try publish("a").record
    let maker = Digest.sha256([7])
    func seal() throws -> Digest? {
      // By then everything is old.
      let later = WallClock(milliseconds: WallClock.now().milliseconds + 60_000)
      return try temporary.store.seal(of: 1, of: line, makers: [maker], asOf: later)
    }
    #expect(try seal() == nil, "there is no result")
    let record = ResultRecord(
      key: maker, kind: "probe", version: 1, output: ["a"], attempt: temporary.attempt.id, tool: "test/1")
    _ = try temporary.store.commitResult(record, scratch: temporary.scratch)
    let first = try #require(try seal())
    #expect(try seal() == first)
    let decision = Decision(
      .approved, of: published, record: try #require(try publisher.recordDigest(of: published)), by: "Ada",
      role: nil, note: "")
    try publisher.record(decision, on: published)
    #expect(try seal() == first, "decisions change nothing")
    let file = publisher.folder(of: published) + "/short-film_master_v001.mov"
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file)
    let second = try #require(try seal())
    #expect(second != first)
    try FileManager.default.removeItem(atPath: file)
    #expect(try seal() != second)
    try temporary.store.withdrawResult(maker)
    #expect(try seal() == nil)
  }

  @Test func `equal bytes of another type are another version`() throws {
    let object = try object("a")
    let mov = try publisher.publish(
      [.init(object: object, fileExtension: "mov")], as: line, provenance: provenance)
    let mxf = try publisher.publish(
      [.init(object: object, fileExtension: "mxf")], as: line, provenance: provenance)
    #expect(mov.record.version == 1)
    #expect(mxf.record.version == 2)
  }

  @Test(arguments: [VersionRecord.File.Placement.hardLink, .copy])
  func `files are placed as asked`(placement: VersionRecord.File.Placement) throws {
    let publisher = VersionPublisher(temporary.store, placements: [placement])
    let files = try files("picture")
    let record = try publisher.publish(files, as: line, provenance: provenance).record
    #expect(record.files[0].placement == placement)
    let path = record.path(of: record.files[0], in: temporary.production)
    #expect(try temporary.text(path) == "picture")
    let facts = try #require(try temporary.store.fileSystem.facts(path))
    #expect(facts.mode & 0o777 == 0o444)
    let original = try #require(
      try temporary.store.fileSystem.facts(temporary.store.path(of: files[0].object)))
    #expect(facts.isSameFile(as: original) == (placement == .hardLink))
    #expect(try temporary.parts == [])
  }

  @Test func `without reflinks the next way is taken`() throws {
    // On file systems with reflinks this is one; on ext4 the hard link is.
    let record = try publish("picture").record
    #expect([.reflink, .hardLink].contains(record.files[0].placement))
  }

  @Test func `deliverables on another disk are copied`() throws {
    // /dev/shm is a file system of its own on Linux.
    let elsewhere = "/dev/shm/interlock-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: elsewhere, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: elsewhere) }
    #expect(unsafe symlink(elsewhere, root + "/Deliverables") == 0)
    let record = try publish("picture").record
    #expect(record.files[0].placement == .copy)
    #expect(try temporary.text(elsewhere + "/short-film/master/v001/short-film_master_v001.mov") == "picture")
    #expect(try publisher.versions(of: line).versions == [record])
  }

  @Test func `an edit of a published file does not spoil the next version`() throws {
    let record = try VersionPublisher(temporary.store, placements: [.hardLink])
      .publish(try files("picture"), as: line, provenance: provenance).record
    let path = record.path(of: record.files[0], in: temporary.production)
    #expect(unsafe chmod(path, 0o644) == 0)
    let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    try handle.write(contentsOf: Data("tampered".utf8))
    try handle.close()
    let other = VersionLine(.asset, programme: "short-film", name: "edit")
    do {
      _ = try publisher.publish(
        [.init(object: record.files[0].digest, fileExtension: "mov")], as: other, provenance: provenance)
      Issue.record("published")
    } catch {
      #expect(error.code == "version.objectMissing")
    }
    #expect(try publisher.versions(of: other).versions == [])
  }

  // MARK: Killed publishers

  @Test func `every state a killed publisher leaves is cleaned and its number used`() throws {
    _ = try publish("a")
    let folder = root + "/Deliverables/short-film/master/v002"
    let states: [[String]] = [
      [], ["01ARYZ6S41TSV4RRFFQ69G5FAV.part"], ["short-film_master_v002.mov"],
      ["short-film_master_v002.mov", "01ARYZ6S41TSV4RRFFQ69G5FAV.part"],
    ]
    for names in states {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      for name in names { try temporary.write("left over", to: "\(folder)/\(name)") }
      #expect(try publisher.versions(of: line).versions.map(\.version) == [1])
      // An equal result cleans too, though it makes nothing.
      #expect(try !publish("a").isNew)
      #expect(!temporary.store.fileSystem.exists(folder))
    }
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try temporary.write("left over", to: folder + "/short-film_master_v002.mov")
    let published = try publish("b")
    #expect(published.record.version == 2)
    #expect(try temporary.text(folder + "/short-film_master_v002.mov") == "b")
  }

  @Test func `a part beside a finished version is removed`() throws {
    // Killed after linking version.json, before removing its part.
    _ = try publish("a")
    try temporary.write(
      "x", to: root + "/Deliverables/short-film/master/v001/01ARYZ6S41TSV4RRFFQ69G5FAV.part")
    #expect(try publisher.versions(of: line).versions.count == 1)
    _ = try publish("a")
    #expect(try temporary.parts == [])
  }

  @Test func `the sweep cleans all lines`() throws {
    let folder = root + "/Assets/short-film/edit/v001"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try temporary.write("left over", to: folder + "/short-film_edit_v001.mov")
    #expect(try publisher.sweepUnfinished() == ["Assets/short-film/edit/v001"])
    #expect(try publisher.sweepUnfinished() == [])
  }

  @Test func `somebody's own files are never removed and their number is passed over`() throws {
    let folder = root + "/Deliverables/short-film/master/v001"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try temporary.write("mine", to: folder + "/notes.txt")
    #expect(try publish("a").record.version == 2)
    #expect(try temporary.text(folder + "/notes.txt") == "mine")
  }

  @Test func `an unreadable version keeps its number and is reported`() throws {
    _ = try publish("a")
    _ = try publish("b")
    let path = root + "/Deliverables/short-film/master/v002/version.json"
    try FileManager.default.removeItem(atPath: path)
    try temporary.write("{", to: path)
    let read = try publisher.versions(of: line)
    #expect(read.versions.map(\.version) == [1])
    #expect(read.findings.map(\.code) == ["version.unreadable"])
    #expect(read.findings[0].location?.file == "Deliverables/short-film/master/v002/version.json")
    #expect(try publish("c").record.version == 3)
  }

  @Test func `a version of a newer program keeps its number and is reported`() throws {
    let path = root + "/Deliverables/short-film/master/v001"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    try temporary.write(#"{"schema": 2}"#, to: path + "/version.json")
    #expect(
      try publisher.versions(of: line).findings.map(\.message) == [
        "the version file has schema 2, this program reads up to 1"
      ])
    #expect(try publish("a").record.version == 2)
  }

  // MARK: Names

  @Test(arguments: ["..", "a/b", "", ".hidden", "-x", "ü", "v 1"])
  func `names that are not portable are refused before anything is made`(name: String) throws {
    let files = try files("a")
    for line in [
      VersionLine(.asset, programme: name, name: "edit"), VersionLine(.asset, programme: "p", name: name),
    ] {
      do {
        _ = try publisher.publish(files, as: line, provenance: provenance)
        Issue.record("published")
      } catch {
        #expect(error.code == "name.notPortable")
        #expect(error.family == .usage)
      }
      #expect(throws: Diagnostic.self) { try publisher.versions(of: line) }
    }
    #expect(throws: Diagnostic.self) {
      try publisher.publish(
        [.init(object: files[0].object, fileExtension: name)], as: line, provenance: provenance)
    }
    #expect(!temporary.store.fileSystem.exists(root + "/Assets"))
    #expect(!temporary.store.fileSystem.exists(root + "/Deliverables"))
  }

  @Test(arguments: [["mov", "mov"], ["mov", "MOV"], ["part"]])
  func `two files of one name and parts are refused`(extensions: [String]) throws {
    let object = try object("a")
    do {
      _ = try publisher.publish(
        extensions.map { .init(object: object, fileExtension: $0) }, as: line, provenance: provenance)
      Issue.record("published")
    } catch {
      #expect(error.code == "version.sameName")
    }
  }

  // MARK: Concurrency

  @Test func `publishers in many threads make one version per result`() throws {
    let results = Mutex<[Bool]>([])
    let failures = Mutex<[String]>([])
    let objects = try (0..<4).map { try object("result \($0)") }
    DispatchQueue.concurrentPerform(iterations: 16) { thread in
      do {
        let file = PublishedFile(object: objects[thread % 4], fileExtension: "mov")
        let published = try publisher.publish([file], as: line, provenance: provenance)
        results.withLock { $0.append(published.isNew) }
      } catch {
        failures.withLock { $0.append("\(error)") }
      }
    }
    #expect(failures.withLock { $0 } == [])
    #expect(results.withLock { $0.count { $0 } } == 4)
    let versions = try publisher.versions(of: line).versions
    #expect(versions.map(\.version) == [1, 2, 3, 4])
    #expect(Set(versions.map(\.files[0].digest)) == Set(objects))
    #expect(try temporary.parts == [])
  }
}
