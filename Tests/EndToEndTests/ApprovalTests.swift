import Foundation
import TestSupport
import Testing

/// A run stops at a gate, a person decides, the run goes on.
@Suite struct `Approval` {
  private func fixture() throws -> (Fixture, String) {
    let fixture = try Fixture()
    try fixture.clip("A001", frames: 60, firstNumber: 0, timecode: "01:00:00:00", codec: Fixture.prores)
    try list(fixture, count: 30)
    let pipeline = try fixture.folder.write(
      """
      interlock: 1
      programme: test
      timeline: {cut: cut.edl, rate: 24000/1001, start: "01:00:00:00", media: [rushes]}
      raster: \(NumberedClip.width)x\(NumberedClip.height)
      stages:
        edit: {kind: editing}
        grade: {kind: color-grade, picture: edit}
        review: {kind: delivery, picture: grade, profile: stills-16bit}
        sign-off: {kind: approval, of: review, for: grade, role: colorist}
        master: {kind: delivery, picture: grade, profile: test, after: [sign-off]}

      """, to: "p.yaml")
    return (fixture, pipeline)
  }

  private func list(_ fixture: Fixture, count: Int) throws {
    let events = [ListWriter.Event(reel: "A001", source: 86_405, count: count)]
    _ = try fixture.folder.write(ListWriter.edl(events, base: 24, recordStart: 86_400), to: "cut.edl")
  }

  private func run(_ fixture: Fixture, _ pipeline: String) throws -> Finished {
    try fixture.interlock(["run", pipeline, "--production", "out"])
  }

  private func has(_ fixture: Fixture, _ path: String) -> Bool {
    FileManager.default.fileExists(atPath: "\(fixture.path)/out/Deliverables/test/\(path)")
  }

  @Test func `a gate stops the run with exit 6 until the pictures are approved`() throws {
    let (fixture, pipeline) = try fixture()
    let first = try run(fixture, pipeline)
    #expect(first.status == 6, "\(first.errors)")
    #expect(first.text.contains("interlock approve test/review@v001 --role colorist --production out"))
    #expect(has(fixture, "review/v001/version.json"))
    #expect(!has(fixture, "master"))
    let again = try run(fixture, pipeline)
    #expect(again.status == 6)

    let rejected = try fixture.interlock([
      "reject", "test/review", "--role", "colorist", "--production", "out", "--by", "mika", "--note",
      "too green",
    ])
    #expect(rejected.status == 0, "\(rejected.errors)")
    let closed = try run(fixture, pipeline)
    #expect(closed.status == 6)
    #expect(closed.text.contains("rejected by mika: too green"))

    let approved = try fixture.interlock([
      "approve", "test/review@v001", "--role", "colorist", "--production", "out", "--by", "mika", "--note",
      "lovely",
    ])
    #expect(approved.status == 0, "\(approved.errors)")
    #expect(approved.text.contains("as colorist"))
    let open = try run(fixture, pipeline)
    #expect(open.status == 0, "\(open.errors)")
    #expect(has(fixture, "master/v001/version.json"))

    // A longer cut: the twelve frames that nobody saw close it again, and the old master stays.
    try list(fixture, count: 42)
    let longer = try run(fixture, pipeline)
    #expect(longer.status == 6)
    #expect(longer.text.contains("approved, 12 of 42 frames unseen"))
    #expect(!has(fixture, "master/v002"))
    let status = try fixture.interlock(["status", pipeline, "--production", "out"])
    #expect(status.text.contains("waits for sign-off: approved, 12 of 42 frames unseen"))
  }

  @Test func `unseen frames are named, and shown to whoever decides`() throws {
    let (fixture, pipeline) = try fixture()
    #expect(try run(fixture, pipeline).status == 6)
    let shown = try fixture.interlock(["approve", "test/review", "--show", "--production", "out"])
    #expect(shown.status == 0, "\(shown.errors)")
    #expect(shown.text.contains("30 frames of edit, grade, 01:00:00:00–01:00:01:05"))
    #expect(try run(fixture, pipeline).text.contains("waiting for approval"), "showing decides nothing")
    let approved = try fixture.interlock([
      "approve", "test/review", "--role", "colorist", "--by", "mika", "--production", "out",
    ])
    #expect(approved.text.contains("binds to 30 files"))

    try list(fixture, count: 42)
    let unseen = "01:00:01:06–01:00:01:17  12 frames"
    let longer = try run(fixture, pipeline)
    #expect(longer.text.contains("unseen: \(unseen)"))
    for arguments in [
      ["status", pipeline, "--production", "out"], ["plan", pipeline, "--production", "out"],
      ["approve", "test/review@v002", "--show", "--production", "out"],
    ] {
      let told = try fixture.interlock(arguments)
      #expect(told.text.contains(unseen), "\(arguments[0]): \(told.text)\(told.errors)")
    }
  }

  @Test(arguments: ["decision", "version"])
  func `a decision does not outlive a change of what it says or of what was shown`(changed: String) throws {
    let (fixture, pipeline) = try fixture()
    #expect(try run(fixture, pipeline).status == 6)
    let rejected = try fixture.interlock([
      "reject", "test/review", "--role", "colorist", "--by", "mika", "--note", "no", "--production", "out",
    ])
    #expect(rejected.status == 0)
    let version = fixture.path + "/out/Deliverables/test/review/v001"
    let decisions = version + "/decisions"
    let name = try #require(try FileManager.default.contentsOfDirectory(atPath: decisions).first)
    let path = changed == "decision" ? "\(decisions)/\(name)" : version + "/version.json"
    let text = try String(contentsOfFile: path, encoding: .utf8)
    let other =
      changed == "decision"
      ? text.replacingOccurrences(of: "rejected", with: "approved")
      : text.replacingOccurrences(of: "\"count\" : 30", with: "\"count\" : 90")
    #expect(other != text)
    try FileManager.default.removeItem(atPath: path)
    try Data(other.utf8).write(to: URL(fileURLWithPath: path))
    let again = try run(fixture, pipeline)
    #expect(again.status == 6)
    #expect(again.errors.contains("does not count"))
    #expect(again.text.contains("waiting for approval by colorist"))
  }

  @Test func `a gate of two people without a deliverable makes what they look at`() throws {
    let (fixture, _) = try fixture()
    let pipeline = try fixture.folder.write(
      """
      interlock: 1
      programme: test
      timeline: {cut: cut.edl, rate: 24000/1001, start: "01:00:00:00", media: [rushes]}
      raster: \(NumberedClip.width)x\(NumberedClip.height)
      stages:
        edit: {kind: editing}
        grade: {kind: color-grade, picture: edit, stills: no}
        sign-off: {kind: approval, for: grade, quorum: {colorist: 1, director: 1}}
        master: {kind: delivery, picture: grade, profile: test, after: [sign-off]}

      """, to: "q.yaml")
    let first = try run(fixture, pipeline)
    #expect(first.status == 6, "\(first.errors)")
    #expect(has(fixture, "sign-off-review/v001/test_sign-off-review_v001.mp4"))
    #expect(first.text.contains("waiting for approval by colorist, director"))
    for (role, person) in [("colorist", "mika"), ("director", "ada")] {
      #expect(try run(fixture, pipeline).status == 6)
      let approved = try fixture.interlock([
        "approve", "test/sign-off-review", "--role", role, "--by", person, "--production", "out",
      ])
      #expect(approved.status == 0, "\(approved.errors)")
    }
    let open = try run(fixture, pipeline)
    #expect(open.status == 0, "\(open.errors)")
    #expect(open.text.contains("approved by mika (colorist), ada (director)"))
    #expect(has(fixture, "master/v001/version.json"))
  }

  @Test func `a decision on files that were changed is refused`() throws {
    let (fixture, pipeline) = try fixture()
    #expect(try run(fixture, pipeline).status == 6)
    let folder = fixture.path + "/out/Deliverables/test/review/v001"
    let still = try #require(
      try FileManager.default.contentsOfDirectory(atPath: folder).first { $0.hasSuffix(".png") })
    try FileManager.default.removeItem(atPath: "\(folder)/\(still)")
    let damaged = try fixture.interlock(["approve", "test/review", "--production", "out"])
    #expect(damaged.status == 4)
  }
}
