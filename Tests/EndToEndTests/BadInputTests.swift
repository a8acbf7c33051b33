import Foundation
import TestSupport
import Testing

/// Bad input gives located errors, all at once, the right exit code, and leaves nothing behind.
@Suite struct `Bad input` {
  private func fixture() throws -> Fixture {
    let fixture = try Fixture()
    try fixture.clip("A001", frames: 48, firstNumber: 0, timecode: "01:00:00:00", codec: Fixture.prores)
    _ = try fixture.folder.write(
      ListWriter.edl([.init(reel: "A001", source: 86_400, count: 24)], base: 24, recordStart: 86_400),
      to: "cut.edl")
    return fixture
  }

  private func run(_ fixture: Fixture, _ pipeline: String) throws -> Finished {
    try fixture.interlock(["run", pipeline, "--production", "out"])
  }

  private func expectNothingPublished(_ fixture: Fixture) {
    let deliverables = fixture.path + "/out/Deliverables"
    let files = (try? FileManager.default.subpathsOfDirectory(atPath: deliverables)) ?? []
    #expect(files.isEmpty, "\(files)")
    let all = (try? FileManager.default.subpathsOfDirectory(atPath: fixture.path + "/out")) ?? []
    #expect(!all.contains { $0.hasSuffix(".part") })
  }

  @Test func `unknown keys, kinds and profiles are reported together with did-you-means`() throws {
    let fixture = try fixture()
    let pipeline = try fixture.folder.write(
      """
      interlock: 1
      programme: test
      timeline: {cut: cut.edl, rate: 24000/1001, media: [rushes], handels: 8}
      raster: 320x48
      stages:
        edit: {kind: editing}
        grade: {kind: color-grad, picture: edit}
        master: {kind: delivery, picture: edit, profile: prores-422hp}

      """, to: "bad.yaml")
    let result = try run(fixture, pipeline)
    #expect(result.status == 2)
    #expect(result.errors.contains("bad.yaml:3:"))
    #expect(result.errors.contains("Did you mean `handles`?"))
    #expect(result.errors.contains("bad.yaml:7:"))
    #expect(result.errors.contains("Did you mean `color-grade`?"))
    #expect(result.errors.contains("bad.yaml:8:"))
    #expect(result.errors.contains("Did you mean `prores-422hq`?"))
    #expect(result.errors.contains("^"))
    expectNothingPublished(fixture)
  }

  @Test func `a sound output wired into a picture input shows both lines`() throws {
    let fixture = try fixture()
    let pipeline = try fixture.folder.write(
      """
      interlock: 1
      programme: test
      timeline: {cut: cut.edl, rate: 24000/1001, media: [rushes]}
      raster: 320x48
      stages:
        edit: {kind: editing}
        mix: {kind: sound-mix, sound: edit}
        master: {kind: delivery, picture: mix, profile: test}

      """, to: "bad.yaml")
    let result = try run(fixture, pipeline)
    #expect(result.status == 2)
    #expect(result.errors.contains("bad.yaml:8:"))
    #expect(result.errors.contains("(line 7)"))
    #expect(result.errors.contains("needs a picture"))
    expectNothingPublished(fixture)
  }

  @Test func `broken lines of a cut are all reported with line and column`() throws {
    let fixture = try fixture()
    _ = try fixture.folder.write(
      """
      TITLE: BROKEN
      FCM: NON-DROP FRAME

      001  A001     V     C        01:00:00:00 01:00:00:99 01:00:00:00 01:00:01:00
      002  A001     V     C        01:00:00:00 01:00:01:00 01:00:01:00
      003  A001     V     C        01:00:00:00 01:00:01:00 01:00:02:00 01:00:03:00

      """, to: "broken.edl")
    let result = try run(fixture, try fixture.pipeline("p.yaml", cut: "broken.edl"))
    #expect(result.status == 2)
    #expect(result.errors.contains("broken.edl:4:"))
    #expect(result.errors.contains("broken.edl:5"))
    expectNothingPublished(fixture)
  }

  @Test func `every missing rush is named with its event`() throws {
    let fixture = try fixture()
    _ = try fixture.folder.write(
      ListWriter.edl(
        [
          .init(reel: "A001", source: 86_400, count: 10), .init(reel: "Z009", source: 86_400, count: 10),
          .init(reel: "A001", source: 86_440, count: 10),
        ], base: 24, recordStart: 86_400), to: "missing.edl")
    let result = try run(fixture, try fixture.pipeline("p.yaml", cut: "missing.edl"))
    #expect(result.status == 3)
    #expect(result.errors.contains("Z009"))
    #expect(result.errors.contains("missing.edl:"))
    #expect(result.errors.contains("event 002"))
    #expect(result.errors.contains("event 003"), "the third event runs past the end of its media")
    expectNothingPublished(fixture)
  }

  @Test func `unreadable media that the cut needs is an error that names the file`() throws {
    let fixture = try fixture()
    let clip = fixture.path + "/rushes/A001.mov"
    let bytes = try Data(contentsOf: URL(fileURLWithPath: clip))
    try bytes.prefix(bytes.count / 3).write(to: URL(fileURLWithPath: clip))
    let result = try run(fixture, try fixture.pipeline("p.yaml", cut: "cut.edl"))
    #expect(result.status == 3)
    #expect(result.errors.contains("A001.mov"))
    expectNothingPublished(fixture)
  }

  @Test func `a broken look is refused before anything starts`() throws {
    let fixture = try fixture()
    _ = try fixture.folder.write("LUT_3D_SIZE 2\n0 0 0\n1 0 zero\n", to: "bad.cube")
    let result = try run(
      fixture, try fixture.pipeline("p.yaml", cut: "cut.edl", gradeKeys: ", look: bad.cube"))
    #expect(result.status == 2)
    #expect(result.errors.contains("bad.cube:3:"))
    #expect(!FileManager.default.fileExists(atPath: fixture.path + "/out/.interlock/objects"))
  }

  @Test func `a source out before its source in is a fault, not a clip that plays forward`() throws {
    let fixture = try fixture()
    _ = try fixture.folder.write(
      """
      TITLE: BACKWARDS
      FCM: NON-DROP FRAME

      001  A001     V     C        01:00:01:00 01:00:00:10 01:00:00:00 01:00:00:14

      """, to: "backwards.edl")
    let result = try run(fixture, try fixture.pipeline("p.yaml", cut: "backwards.edl"))
    #expect(result.status == 2)
    #expect(result.errors.contains("backwards.edl:4:"))
    #expect(result.errors.contains("source out before its source in"))
  }
}
