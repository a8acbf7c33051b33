import Foundation
import TestSupport
import Testing

/// Finished files measured by the real worker, waived and carried, on the command line and on the board.
@Suite struct QualityTests {
  /// Two shots with a flash of black between them, a stretch that is frozen, and a gate before the master.
  private func production() throws -> (Fixture, String) {
    let fixture = try Fixture()
    try fixture.clip("A001", frames: 90, firstNumber: 1000, timecode: "01:00:00:00", codec: Fixture.prores)
    _ = try fixture.folder.write(Self.cut(20), to: "cut.edl")
    let pipeline = try fixture.folder.write(
      """
      interlock: 1
      programme: test
      timeline: {cut: cut.edl, rate: 24000/1001, start: "01:00:00:00", media: [rushes], handles: 4}
      raster: \(NumberedClip.width)x\(NumberedClip.height)
      stages:
        edit: {kind: editing}
        grade: {kind: color-grade, picture: edit}
        review: {kind: delivery, picture: grade, profile: review-h264}
        master: {kind: delivery, picture: grade, profile: test, due: 2020-01-01}
        check: {kind: qc, of: master}

      """, to: "p.yaml")
    return (fixture, pipeline)
  }

  /// - Parameter lead: frames before the black.
  private static func cut(_ lead: Int, after: Int = 60) -> String {
    let events = [
      ListWriter.Event(
        reel: "A001", source: 86_425 - lead, count: lead, comments: ["FROM CLIP NAME:  CITY_<b>010"]),
      ListWriter.Event(reel: "BL", source: 0, count: 2),
      ListWriter.Event(reel: "A001", source: 86_400 + after, count: 16),
    ]
    return ListWriter.edl(events, base: 24, recordStart: 86_400)
  }

  private struct Shown: Decodable {
    struct State: Decodable {
      var verdict: String
      var failed: Int
    }
    struct Finding: Decodable {
      var finding: String
      var firstFrame: Int
      var frames: Int
      var isWaived: Bool
    }
    var state: State
    var findings: [Finding]
  }

  private func shown(_ fixture: Fixture) throws -> Shown {
    let told = try fixture.interlock(["waive", "test/master", "--show", "--json", "--production", "out"])
    #expect(told.status == 0, "\(told.errors)")
    return try JSONDecoder().decode(Shown.self, from: told.output)
  }

  @Test func `a flash of black is found, waived by its pictures, and carried to the next cut and no further`()
    throws
  {
    let (fixture, pipeline) = try production()
    #expect(try fixture.interlock(["waive", "test/master", "--show", "--production", "out"]).status != 0)
    #expect(try fixture.interlock(["run", pipeline, "--production", "out"]).status == 0)
    let found = try shown(fixture)
    #expect(found.state.verdict == "failed" && found.state.failed == 1)
    #expect(found.findings.map(\.finding) == ["black-1"])
    #expect(found.findings.first?.firstFrame == 20 && found.findings.first?.frames == 2)
    let status = try fixture.interlock(["status", pipeline, "--production", "out"])
    #expect(status.text.contains("QC failed, 1 finding"))
    #expect(status.text.contains("due 2020-01-01, late"))

    let waived = try fixture.interlock([
      "waive", "test/master", "black-1", "--reason", "Blackout of the story", "--until", "2999-12-24",
      "--role", "supervisor", "--production", "out",
    ])
    #expect(waived.status == 0, "\(waived.errors)")
    #expect(
      try fixture.interlock(["status", pipeline, "--production", "out"]).text.contains(
        "QC waived, 1 finding until 2999-12-24"))

    // The lead is trimmed at its head: the black and what stands around it are what they were.
    _ = try fixture.folder.write(Self.cut(12), to: "cut.edl")
    let stale = try fixture.interlock(["status", pipeline, "--production", "out"])
    #expect(stale.text.contains("because "), "\(stale.text)")
    #expect(try fixture.interlock(["run", pipeline, "--production", "out"]).status == 0)
    let carried = try shown(fixture)
    #expect(carried.findings.first?.firstFrame == 12 && carried.state.verdict == "waived")

    // Another picture follows the black: nobody has seen that.
    _ = try fixture.folder.write(Self.cut(12, after: 61), to: "cut.edl")
    #expect(try fixture.interlock(["run", pipeline, "--production", "out"]).status == 0)
    #expect(try shown(fixture).state.verdict == "failed")
    #expect(try fixture.interlock(["verify", "--production", "out"]).status == 0)

    for (arguments, status) in [
      (["waive", "test/master", "black-7", "--reason", "x", "--until", "2999-12-24"], 2),
      (["waive", "test/master", "black-1", "--reason", "x", "--until", "2020-12-24"], 2),
      (["waive", "test/review", "--show"], 3), (["received", "test/master"], 2),
    ] {
      let refused = try fixture.interlock(arguments + ["--production", "out"])
      #expect(Int(refused.status) == status, "\(arguments): \(refused.errors)")
    }
    #expect(
      try fixture.interlock(["sent", "test/master", "--to", "Example TV", "--production", "out"]).status == 0)
    #expect(
      try fixture.interlock(["refused", "test/master", "--note", "hiss", "--production", "out"]).status == 0)
    #expect(
      try fixture.interlock(["status", "--production", "out"]).text.contains(
        "rejected by Example TV: hiss; redelivery round 2"))
  }
}
