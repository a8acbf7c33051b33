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
