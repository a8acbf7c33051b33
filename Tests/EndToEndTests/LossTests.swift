import Foundation
import TestSupport
import Testing

/// What somebody deletes or flips behind our back is found when it is used and made again in the same run.
@Suite struct `Lost and damaged work` {
  private let fixture: Fixture
  private let first: String
  private let second: String

  /// A production in which the first cut is done; the second uses its frames and some more, with sound.
  init() throws {
    let fixture = try Fixture()
    self.fixture = fixture
    try fixture.clip("A001", frames: 120, firstNumber: 0, timecode: "01:00:00:00", codec: Fixture.prores)
    func cut(_ name: String, _ count: Int) throws {
      let list = ListWriter.edl(
        [.init(reel: "A001", source: 86_400, count: count)], base: 24, recordStart: 86_400)
      _ = try fixture.folder.write(list, to: name)
    }
    try cut("one.edl", 48)
    try cut("two.edl", 60)
    first = try fixture.pipeline("one.yaml", cut: "one.edl")
    second = try fixture.pipeline("two.yaml", cut: "two.edl")
    _ = try fixture.run(first)
  }

  private var store: String { fixture.path + "/out/.interlock" }

  /// Result files of a kind, by path, with the objects they name.
  private func results(of kind: String) throws -> [(path: String, objects: [String])] {
    struct File: Decodable {
      struct Body: Decodable {
        struct Object: Decodable { var digest: String }
        var kind: String
        var objects: [Object]
      }
      var body: Body
    }
    return try FileManager.default.subpathsOfDirectory(atPath: store + "/results").sorted().compactMap {
      name in
      guard name.hasSuffix(".json") else { return nil }
      let path = "\(store)/results/\(name)"
      let file = try JSONDecoder().decode(File.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
      guard file.body.kind == kind else { return nil }
      return (
        path, file.body.objects.map { "\(store)/objects/\($0.digest.prefix(2))/\($0.digest.dropFirst(2))" }
      )
    }
  }

  enum Harm: String, CaseIterable, Sendable { case delete, flip, flipKeepingTimes }

  private func harm(_ path: String, _ harm: Harm) throws {
    let manager = FileManager.default
    if harm == .delete { return try manager.removeItem(atPath: path) }
    let before = try manager.attributesOfItem(atPath: path)
    let reference = fixture.path + "/times"
    _ = try Programs.run("touch", ["-r", path, reference])
    var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    bytes[bytes.count / 2] ^= 0x10
    try manager.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
    let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    try handle.write(contentsOf: bytes)
    try handle.close()
    try manager.setAttributes([.posixPermissions: before[.posixPermissions] ?? 0o444], ofItemAtPath: path)
    // As a disk does it: nobody touched the file.
    if harm == .flipKeepingTimes { _ = try Programs.run("touch", ["-r", reference, path]) }
  }

  private func check(_ finished: Finished, told: String) throws {
    #expect(finished.status == 0, "\(finished.errors)")
    #expect(told.isEmpty || finished.errors.contains(told), "\(finished.errors)")
    let master = "\(fixture.path)/out/Deliverables/test/master/v002/test_master_v002.mov"
    #expect(try NumberedClip.read(master) == Array(0..<60))
    // The frames of the first master lie in it: what was lost of them was lost of what is published, and comes back.
    _ = try fixture.run(first)
    let verified = try fixture.interlock(["verify", "--production", "out"])
    #expect(verified.status == 0, "\(verified.text)\(verified.errors)")
    // And nothing is left to do.
    let again = try fixture.run(second)
    #expect(again.attempts == 0)
  }

  @Test(arguments: Harm.allCases) func `a segment's object`(_ kind: Harm) throws {
    try harm(try #require(try results(of: "segment").first?.objects.first), kind)
    try check(
      try fixture.interlock(["run", second, "--production", "out"]), told: "made again")
  }

  @Test(arguments: Harm.allCases) func `a segment's result`(_ kind: Harm) throws {
    try harm(try #require(try results(of: "segment").first?.path), kind)
    let finished = try fixture.interlock(["run", second, "--production", "out"])
    try check(finished, told: kind == .delete ? "" : "made again")
  }

  @Test(arguments: Harm.allCases) func `a probe's result`(_ kind: Harm) throws {
    try harm(try #require(try results(of: "probe").first?.path), kind)
    let finished = try fixture.interlock(["run", second, "--production", "out"])
    try check(finished, told: kind == .delete ? "" : "made again")
  }

  @Test(arguments: [Harm.delete, .flip]) func `the assembled master and its published name`(_ kind: Harm)
    throws
  {
    let object = try #require(try results(of: "assemble").first?.objects.first)
    let version = "\(fixture.path)/out/Deliverables/test/master/v001/test_master_v001.mov"
    let before = try fixture.digest(of: version)
    try harm(object, kind)
    // A hard link has what the object has.
    if kind == .delete { try harm(version, kind) }
    let finished = try fixture.interlock(["run", first, "--production", "out"])
    #expect(finished.status == 0, "\(finished.errors)")
    #expect(finished.errors.contains("made again"), "\(finished.errors)")
    #expect(try fixture.digest(of: version) == before)
    let verified = try fixture.interlock(["verify", "--production", "out"])
    #expect(verified.status == 0, "\(verified.text)\(verified.errors)")
  }

  @Test func `the ledger, gone`() throws {
    for suffix in ["", "-wal", "-shm"] {
      try? FileManager.default.removeItem(atPath: "\(store)/ledger.sqlite\(suffix)")
    }
    let finished = try fixture.interlock(["run", second, "--production", "out"])
    try check(finished, told: "the ledger was gone; it was made again")
  }

  /// What a run does not ask of the ledger, such as a row of frames of another encoding, only `verify` can see.
  @Test(arguments: UInt64(0)..<6) func `the ledger, flipped anywhere`(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let path = "\(store)/ledger.sqlite"
    var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    // A page at a time: headers, free space, keys and numbers alike.
    for _ in 0..<40 {
      bytes[Int.random(in: 0..<bytes.count, using: &random)] ^= UInt8.random(in: 1...255, using: &random)
    }
    try bytes.write(to: URL(fileURLWithPath: path))
    let finished = try fixture.interlock(["run", second, "--production", "out"])
    let verified = try fixture.interlock(["verify", "--production", "out"])
    if verified.status != 0 {
      #expect(verified.status == 4)
      #expect(verified.errors.contains("`interlock verify --rebuild` brings the ledger in step"))
      let rebuilt = try fixture.interlock(["verify", "--rebuild", "--production", "out"])
      #expect(rebuilt.status == 0, "\(rebuilt.text)\(rebuilt.errors)")
    }
    try check(finished, told: "")
  }
}
