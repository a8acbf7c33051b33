import Diagnostics
import Digests
import Foundation
import Glibc
import ObjectStore
import TaskGraph
import TestSupport
import Testing

/// A store with some results, for tests of what is kept and what is set aside.
struct CollectionFixture {
  let temporary: TemporaryProduction
  var store: ObjectStore { temporary.store }

  init() throws { temporary = try TemporaryProduction() }

  static func key(_ name: String) -> TaskKey { Digest.sha256(Array(name.utf8)) }

  /// A result with one object for each text, and what else it names.
  @discardableResult
  func commit(_ name: String, _ texts: [String], kind: String = "still", mentions: [TaskKey] = []) throws
    -> TaskKey
  {
    let objects = try texts.map {
      try store.commitObject(bytes: Array($0.utf8), name: "\($0).png", scratch: temporary.scratch)
    }
    let record = ResultRecord(
      key: Self.key(name), kind: kind, version: 1, output: mentions, objects: objects,
      attempt: temporary.attempt.id, tool: "test/1")
    _ = try store.commitResult(record, scratch: temporary.scratch)
    return record.key
  }

  /// Makes every file of the store a year old.
  func age() throws {
    for path in try temporary.files(under: ".interlock") where !path.contains("lock") {
      let full = "\(temporary.production.root)/.interlock/\(path)"
      guard let facts = try store.fileSystem.facts(full) else { continue }
      var times = [timespec(), timespec()]
      times[0].tv_sec = Int(facts.modifiedSeconds) - 365 * 86_400
      times[1].tv_sec = times[0].tv_sec
      // Objects carry a stamp in the nanoseconds.
      times[1].tv_nsec = Int(facts.modifiedNanoseconds)
      #expect(unsafe utimensat(AT_FDCWD, full, times, 0) == 0)
    }
  }

  var dayAgo: WallClock { WallClock(milliseconds: WallClock.now().milliseconds - 86_400_000) }

  func retention(
    _ versions: [KeepingVersion] = [], attempts: [KeepingAttempt] = [], cutoff: WallClock? = nil
  ) throws -> Retention {
    var roots = Retention.Roots(cutoff: cutoff ?? dayAgo, lease: cutoff ?? dayAgo)
    roots.versions = versions
    roots.attempts = attempts
    roots.footprints = try store.footprints().footprints
    return Retention(try StoreInventory(store), roots: roots)
  }

  func version(
    _ files: [String], makers: [TaskKey], keepsMaterial: Bool = true, encoding: Digest? = nil
  ) -> KeepingVersion {
    KeepingVersion(
      name: "film/master@v001", files: files.map(Self.key), makers: makers, keepsMaterial: keepsMaterial,
      encoding: encoding)
  }
}

@Suite struct RetentionTests {
  private let fixture: CollectionFixture
  private func key(_ name: String) -> TaskKey { CollectionFixture.key(name) }

  init() throws { fixture = try CollectionFixture() }

  @Test func `what nothing names and nobody made lately goes`() throws {
    try fixture.commit("old", ["a"])
    try fixture.age()
    try fixture.commit("new", ["b"])
    let kept = try fixture.retention()
    #expect(!kept.keeps(result: key("old")) && !kept.keeps(object: key("a")))
    #expect(kept.keeps(result: key("new")) && kept.keeps(object: key("b")))
  }

  @Test func `a version keeps its files, its makers and everything their plan rested on`() throws {
    let assembly = try fixture.commit("assembly", ["movie"], kind: "assemble")
    let frames = try fixture.commit("frames", ["packets"], kind: segmentKind)
    let probe = try fixture.commit("probe", [], kind: "probe")
    let other = try fixture.commit("other", ["unused"])
    try fixture.store.recordFootprint(
      of: [assembly, frames, probe, frames], programme: "film", pipeline: "p.yaml")
    try fixture.age()
    let version = fixture.version(["movie"], makers: [key("publishing"), assembly])
    // The record of the plan is old by its name only as long as nobody keeps it.
    let kept = try fixture.retention([version], cutoff: .now())
    for result in [assembly, frames, probe] { #expect(kept.keeps(result: result)) }
    for object in ["movie", "packets"] { #expect(kept.keeps(object: key(object))) }
    #expect(!kept.keeps(result: other) && !kept.keeps(object: key("unused")))
    #expect(kept.footprints.count == 1)
    #expect(
      kept.chain(from: key("packets")).count == 2,
      "the object is kept by its result, the result by the plan")
  }

  @Test func `of an older version the files stay and what costs nothing more`() throws {
    let assembly = try fixture.commit("assembly", ["movie"], kind: "assemble")
    let still = try fixture.commit("still", ["picture", "raw"])
    let frames = try fixture.commit("frames", ["packets"], kind: segmentKind)
    try fixture.store.recordFootprint(
      of: [assembly, still, frames], programme: "film", pipeline: "p.yaml")
    try fixture.age()
    let version = fixture.version(
      ["movie", "picture"], makers: [assembly, still], keepsMaterial: false)
    let kept = try fixture.retention([version], cutoff: .now())
    #expect(kept.keeps(result: assembly))
    #expect(kept.keeps(object: key("movie")) && kept.keeps(object: key("picture")))
    #expect(!kept.keeps(result: still), "its raw picture is not published")
    #expect(!kept.keeps(result: frames) && !kept.keeps(object: key("packets")))
    #expect(kept.footprints.isEmpty)
  }

  @Test func `frames that lie in a published file stay, whatever the version's age`() throws {
    let assembly = try fixture.commit("assembly", ["movie"], kind: "assemble")
    let frames = try fixture.commit("frames", ["movie"], kind: segmentKind)
    let others = try fixture.commit("others", ["movie", "packets"], kind: segmentKind)
    try fixture.age()
    let version = fixture.version(["movie"], makers: [assembly], keepsMaterial: false)
    let kept = try fixture.retention([version], cutoff: .now())
    #expect(kept.keeps(result: frames))
    #expect(kept.chain(from: frames) == [.root("published in film/master@v001")])
    #expect(!kept.keeps(result: others) && !kept.keeps(object: key("packets")))
    #expect(try !fixture.retention(cutoff: .now()).keeps(result: frames))
  }

  @Test func `without a record of its plan a version keeps all frames in its encoding`() throws {
    let encoding = key("prores")
    let assembly = try fixture.commit("assembly", ["movie"], kind: "assemble")
    let frames = try fixture.commit("frames", ["packets"], kind: segmentKind, mentions: [encoding])
    let others = try fixture.commit("others", ["other packets"], kind: segmentKind, mentions: [key("h264")])
    try fixture.age()
    let version = fixture.version(["movie"], makers: [assembly], encoding: encoding)
    let kept = try fixture.retention([version])
    #expect(kept.keeps(result: frames) && !kept.keeps(result: others))
  }

  @Test func `what a kept result names is kept, through any number of results`() throws {
    let first = try fixture.commit("first", ["a"])
    let second = try fixture.commit("second", ["b"], mentions: [first])
    let third = try fixture.commit("third", ["c"], mentions: [second])
    try fixture.commit("fourth", ["d"], mentions: [third])
    try fixture.age()
    let kept = try fixture.retention(attempts: [KeepingAttempt(id: "x", mentions: [third])])
    for result in [first, second, third] { #expect(kept.keeps(result: result)) }
    #expect(kept.keeps(object: key("a")))
    #expect(!kept.keeps(result: key("fourth")) && !kept.keeps(object: key("d")))
  }

  @Test(arguments: UInt64(0)..<20)
  func `what is kept is what an independent walk from the roots reaches`(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let count = 24
    var mentions: [Int: [Int]] = [:]
    var made: [Int: [String]] = [:]
    for index in 0..<count {
      let earlier = (0..<index).filter { _ in Int.random(in: 0..<8, using: &random) == 0 }
      let texts = (0..<12).filter { _ in Int.random(in: 0..<9, using: &random) == 0 }.map { "object \($0)" }
      mentions[index] = earlier
      made[index] = texts
      try fixture.commit("result \(index)", texts, mentions: earlier.map { key("result \($0)") })
    }
    try fixture.age()
    let roots = (0..<count).filter { _ in Int.random(in: 0..<6, using: &random) == 0 }
    let kept = try fixture.retention(
      attempts: [KeepingAttempt(id: "x", mentions: roots.map { key("result \($0)") })])

    var reached: Set<Int> = []
    func visit(_ index: Int) {
      guard reached.insert(index).inserted else { return }
      for next in mentions[index] ?? [] { visit(next) }
    }
    for root in roots { visit(root) }
    let objects = Set(reached.flatMap { made[$0] ?? [] })
    for index in 0..<count {
      #expect(kept.keeps(result: key("result \(index)")) == reached.contains(index), "seed \(seed)")
    }
    for text in Set(made.values.joined()) {
      #expect(kept.keeps(object: key(text)) == objects.contains(text), "seed \(seed)")
    }
  }

  @Test func `a file with another name frees nothing`() throws {
    try fixture.commit("old", ["a"])
    let path = fixture.store.path(of: key("a"))
    #expect(unsafe link(path, fixture.temporary.production.root + "/copy") == 0)
    try fixture.commit("other", ["b"])
    let inventory = try StoreInventory(fixture.store)
    #expect(inventory.objects[key("a")]?.freedBytes == Int64(0))
    #expect((inventory.objects[key("b")]?.freedBytes ?? 0) > 0)
    #expect(inventory.objects[key("a")]?.byteCount == Int64(1))
  }

  @Test func `the same plan is put on record once`() throws {
    let store = fixture.store
    try store.recordFootprint(of: [key("a"), key("b")], programme: "film", pipeline: "p.yaml")
    try store.recordFootprint(of: [key("b"), key("a"), key("a")], programme: "film", pipeline: "p.yaml")
    #expect(try store.footprints().footprints.count == 1)
    try store.recordFootprint(of: [key("a"), key("b")], programme: "film", pipeline: "other.yaml")
    try store.recordFootprint(of: [key("a")], programme: "film", pipeline: "p.yaml")
    let footprints = try store.footprints().footprints
    #expect(footprints.map(\.keys.count) == [2, 2, 1])
    #expect(footprints[0].contains(key("a")) && !footprints[2].contains(key("b")))
  }

  @Test func `a record of a plan that was changed does not count`() throws {
    try fixture.store.recordFootprint(of: [key("a"), key("b")], programme: "film", pipeline: "p.yaml")
    let folder = fixture.temporary.production.footprintsFolder
    let name = try #require(try fixture.store.fileSystem.names(in: folder).first)
    var text = try fixture.temporary.text("\(folder)/\(name)")
    text = text.replacingOccurrences(of: key("a").hex, with: key("c").hex)
    try fixture.store.fileSystem.remove("\(folder)/\(name)")
    try fixture.temporary.write(text, to: "\(folder)/\(name)")
    let (footprints, findings) = try fixture.store.footprints()
    #expect(footprints.isEmpty)
    #expect(findings.map(\.code) == ["footprint.unreadable"])
  }

  @Test func `digests are found wherever a text has 64 digits`() {
    let a = key("a")
    let text = "{\"x\":\"\(a.hex)\",\"long\":\"\(a.hex)0\",\"short\":\"\(a.hex.dropLast())\"} \(key("b").hex)"
    #expect(DigestText.digests(in: text.utf8) == [a, key("b")])
  }
}
