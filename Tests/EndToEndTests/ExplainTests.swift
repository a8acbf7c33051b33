import Foundation
import TestSupport
import Testing

/// `why`, `plan` and `run diff` on real runs: sentences, exactness, comparison.
@Suite struct ExplainTests {
  /// Two graded shots under a look and, where wanted, a card.
  private func film(cards: Bool = false) throws -> (fixture: Fixture, pipeline: String) {
    let fixture = try Fixture()
    for (index, reel) in ["A001", "B001"].enumerated() {
      try fixture.clip(
        reel, frames: 72, firstNumber: 100 * index, timecode: "0\(index + 1):00:00:00", codec: Fixture.prores)
    }
    try write(fixture, counts: [24, 24])
    try grade(fixture, slope: "1.02 1.0 0.98")
    try look(fixture, white: "1 1 1")
    try title(fixture, text: "THE FILM")
    let stages =
      cards
      ? """
        titles: {kind: titles, picture: grade, cards: titles.yaml}
        master: {kind: delivery, picture: titles, profile: test}
      """ : "  master: {kind: delivery, picture: grade, profile: test}"
    return (fixture, try pipeline(fixture, "p.yaml", stages: stages))
  }

  private func pipeline(
    _ fixture: Fixture, _ name: String, stages: String, raster: String = "320x48", handles: Int = 0
  ) throws -> String {
    try fixture.folder.write(
      """
      interlock: 1
      programme: test
      timeline: {cut: cut.edl, rate: 24000/1001, start: "01:00:00:00", media: [rushes], handles: \(handles)}
      raster: \(raster)
      stages:
        edit: {kind: editing}
        grade: {kind: color-grade, picture: edit, cdl: grades.ccc, look: show.cube, stills: no}
      \(stages)

      """, to: name)
  }

  private static let plainMaster = "  master: {kind: delivery, picture: grade, profile: test}"

  private func write(_ fixture: Fixture, counts: [Int]) throws {
    _ = try fixture.folder.write(
      ListWriter.edl(
        [
          .init(reel: "A001", source: 86_400, count: counts[0]),
          .init(reel: "B001", source: 172_800, count: counts[1]),
        ], base: 24, recordStart: 86_400), to: "cut.edl")
  }

  private func grade(_ fixture: Fixture, slope: String) throws {
    let corrections = [("A001", slope), ("B001", "1 1 1")].map { id, slope in
      """
      <ColorCorrection id="\(id)"><SOPNode><Slope>\(slope)</Slope><Offset>0 0 0</Offset><Power>1 1 1</Power></SOPNode>
      <SatNode><Saturation>0.9</Saturation></SatNode></ColorCorrection>
      """
    }
    _ = try fixture.folder.write(
      """
      <?xml version="1.0" encoding="UTF-8"?>
      <ColorCorrectionCollection xmlns="urn:ASC:CDL:v1.01">
      \(corrections.joined(separator: "\n"))
      </ColorCorrectionCollection>
      """, to: "grades.ccc")
  }

  private func look(_ fixture: Fixture, white: String) throws {
    let corners = ["0 0 0", "1 0 0", "0 1 0", "1 1 0", "0 0 1", "1 0 1", "0 1 1", white]
    _ = try fixture.folder.write(
      "LUT_3D_SIZE 2\n" + corners.joined(separator: "\n") + "\n", to: "show.cube")
  }

  private func title(_ fixture: Fixture, text: String) throws {
    _ = try fixture.folder.write(
      """
      titles: 1
      styles:
        big: {family: Noto Sans, size: 40}
      cards:
        main:
          at: "01:00:00:04"
          duration: 12
          lines:
            - {text: "\(text)", style: big}
      """, to: "titles.yaml")
  }

  private func why(_ fixture: Fixture, _ arguments: [String]) throws -> String {
    let result = try fixture.interlock(["why"] + arguments + ["--production", "out"])
    return result.status == 0 ? result.text : "exit \(result.status): \(result.errors)"
  }

  private func digest(_ fixture: Fixture, _ name: String) throws -> String {
    String(try fixture.digest(of: fixture.path + "/" + name).prefix(4))
  }

  @Test func `why names what changed, from what to what, before anything runs`() throws {
    let (fixture, pipeline) = try film()
    let now = ["master", "--pipeline", pipeline]
    #expect(try why(fixture, now).contains("nothing of it was made before"))
    _ = try fixture.run(pipeline)
    #expect(try why(fixture, now).contains("master has nothing to do: everything it needs exists and v001"))

    try grade(fixture, slope: "1.05 1.0 0.98")
    var text = try why(fixture, now)
    #expect(
      text.contains("grade of shot A001 changed: slope 1.02 1.0 0.98 → 1.05 1.0 0.98 (grades.ccc)"), "\(text)"
    )
    #expect(text.contains("master: 3 tasks, 24 frames to do"), "\(text)")
    #expect(text.contains("an input of it is made again: A001.mov frames 0–23"), "\(text)")
    #expect(!text.contains("B001"), "\(text)")
    try grade(fixture, slope: "1.02 1.0 0.98")

    let old = try digest(fixture, "show.cube")
    try look(fixture, white: "0.9 0.9 0.9")
    let new = try digest(fixture, "show.cube")
    text = try why(fixture, now)
    #expect(text.contains("look of shots A001 and B001 changed: \(old)… → \(new)… (show.cube)"), "\(text)")
    try look(fixture, white: "1 1 1")

    let profile = fixture.path + "/profiles/test.yaml"
    let plain = try String(contentsOfFile: profile, encoding: .utf8)
    try plain.replacingOccurrences(of: "quantiser: 12", with: "quantiser: 10")
      .write(toFile: profile, atomically: true, encoding: .utf8)
    text = try why(fixture, now)
    #expect(text.contains("encoding changed: quantiser 12 → 10"), "\(text)")
    try plain.write(toFile: profile, atomically: true, encoding: .utf8)

    let wide = try self.pipeline(fixture, "wide.yaml", stages: Self.plainMaster, raster: "640x96")
    text = try why(fixture, ["master", "--pipeline", wide])
    #expect(text.contains("encoding changed: raster 320x48 → 640x96"), "\(text)")
    #expect(text.contains("sizing of shots A001 and B001 changed: raster 320x48 → 640x96"), "\(text)")

    // What decides no frame changes nothing.
    for path in [
      try self.pipeline(fixture, "renamed.yaml", stages: Self.plainMaster),
      try self.pipeline(fixture, "handles.yaml", stages: Self.plainMaster, handles: 8),
    ] {
      #expect(try why(fixture, ["master", "--pipeline", path]).contains("master has nothing to do"))
    }

    try fixture.clip("A001", frames: 72, firstNumber: 500, timecode: "01:00:00:00", codec: Fixture.prores)
    text = try why(fixture, now)
    let sentence =
      #/source A001.mov changed: identity [0-9a-f]{4,}… → [0-9a-f]{4,}… \(the file was replaced\)/#
    #expect(text.contains(sentence), "\(text)")
  }

  @Test func `why tells of a re-cut, a lost object and a new text, and of runs that are over`() throws {
    let (fixture, pipeline) = try film(cards: true)
    let now = ["master", "--pipeline", pipeline]
    _ = try fixture.run(pipeline)
    try write(fixture, counts: [24, 36])
    var text = try why(fixture, now)
    #expect(text.contains("frames 24–35 of B001.mov (shot B001) are new in the cut"), "\(text)")
    _ = try fixture.run(pipeline)
    #expect(try why(fixture, ["master", "--run", "latest"]).contains("frames 24–35 of B001.mov (shot B001)"))
    #expect(try why(fixture, ["master", "--run", "previous"]).contains("nothing of it was made before"))

    try title(fixture, text: "ANOTHER FILM")
    text = try why(fixture, now)
    #expect(text.contains("card main “THE FILM”"), "\(text)")
    #expect(text.contains("→ “ANOTHER FILM”"), "\(text)")
    _ = try fixture.run(pipeline)
    text = try why(fixture, ["titles"])
    #expect(text.contains("titles"), "\(text)")

    // The object of a result that is asked about when a plan is made.
    let attempts = try FileManager.default.subpathsOfDirectory(
      atPath: fixture.path + "/out/.interlock/results")
    for name in attempts where name.hasSuffix(".json") {
      let path = fixture.path + "/out/.interlock/results/" + name
      if try String(contentsOfFile: path, encoding: .utf8).contains(#""kind":"assemble""#) {
        try FileManager.default.removeItem(atPath: path)
      }
    }
    try FileManager.default.removeItem(atPath: fixture.path + "/out/Deliverables")
    text = try why(fixture, now)
    #expect(text.contains("its result is gone or was taken back as missing or damaged"), "\(text)")
    let unknown = try fixture.interlock(
      ["why", "mastre", "--pipeline", pipeline, "--production", "out"])
    #expect(unknown.status == 2)
    #expect(unknown.errors.contains("Did you mean `master`?"))
  }

  // MARK: The plan and the run

  private struct Plan: Decodable {
    struct Task: Decodable {
      var key: String
      var frames: Int
      var because: [String]
    }

    struct Deliverable: Decodable {
      var newFrames: Int
      var reusedFrames: Int
    }

    var tasks: [Task]
    var prepared: [Task]
    var deliverables: [Deliverable]
  }

  private struct Shown: Decodable {
    struct Task: Decodable {
      var key: String
      var ending: String
    }

    var tasks: [Task]
  }

  private struct Listed: Decodable {
    var run: String
    var phase: String
    var command: String?
  }

  private func decoded<Answer: Decodable>(
    _ fixture: Fixture, _ arguments: [String], as type: Answer.Type
  ) throws -> Answer {
    let result = try fixture.interlock(arguments + ["--production", "out", "--json"])
    guard result.status == 0 else { throw FixtureError(text: "\(arguments): \(result.errors)") }
    return try JSONDecoder().decode(type, from: result.output)
  }

  /// Every task of a plan is done by the run that follows, and no other.
  private func expectExact(_ fixture: Fixture, _ pipeline: String, _ situation: String) throws {
    let before = try decoded(fixture, ["run", "list", "--all", "--limit", "99"], as: [Listed].self).count
    let plan = try decoded(fixture, ["plan", pipeline], as: Plan.self)
    // What the plan had to find out is found out: the run begins where the plan ends.
    let report = try fixture.run(pipeline)
    let runs = try decoded(fixture, ["run", "list", "--all", "--limit", "99"], as: [Listed].self)
    var done: [String] = []
    for run in runs.dropLast(before) {
      let shown = try decoded(fixture, ["run", "show", run.run], as: Shown.self)
      #expect(shown.tasks.allSatisfy { $0.ending == "done" }, "\(situation)")
      done += shown.tasks.map(\.key)
    }
    #expect(done.sorted() == (plan.prepared + plan.tasks).map(\.key).sorted(), "\(situation)")
    #expect(report.framesMade == plan.tasks.reduce(0) { $0 + $1.frames }, "\(situation)")
    #expect(report.deliverables.map(\.newFrames) == plan.deliverables.map(\.newFrames), "\(situation)")
    #expect(report.deliverables.map(\.reusedFrames) == plan.deliverables.map(\.reusedFrames), "\(situation)")
    #expect(plan.tasks.allSatisfy { !$0.because.isEmpty }, "\(situation)")
  }

  @Test func `a plan is exactly what the run does`() throws {
    let (fixture, pipeline) = try film(cards: true)
    // Made outside of any production, with its own probes.
    let loose = try fixture.interlock(["plan", pipeline, "--json"])
    let first = try JSONDecoder().decode(Plan.self, from: loose.output)
    #expect(!first.prepared.isEmpty)
    let report = try fixture.run(pipeline)
    var done: [String] = []
    for run in try decoded(fixture, ["run", "list", "--all"], as: [Listed].self) {
      done += try decoded(fixture, ["run", "show", run.run], as: Shown.self).tasks.map(\.key)
    }
    #expect(done.sorted() == (first.prepared + first.tasks).map(\.key).sorted())
    #expect(report.framesMade == first.tasks.reduce(0) { $0 + $1.frames })
    try expectExact(fixture, pipeline, "nothing to do")
    try write(fixture, counts: [30, 24])
    try expectExact(fixture, pipeline, "re-cut")
    try grade(fixture, slope: "1.1 1.0 1.0")
    try expectExact(fixture, pipeline, "another grade")
    try title(fixture, text: "LAST TITLE")
    try expectExact(fixture, pipeline, "another title")
  }

  @Test func `run diff tells what sets two runs apart, and runs are listed`() throws {
    let (fixture, pipeline) = try film()
    let none = try fixture.interlock(["run", "list", "--production", "nowhere"])
    #expect(none.status == 2)
    _ = try fixture.run(pipeline)
    let single = try fixture.interlock(["run", "diff", "previous", "latest", "--production", "out"])
    #expect(single.status == 2)
    #expect(single.errors.contains("A run that found nothing to do leaves no record"))
    try grade(fixture, slope: "1.05 1.0 0.98")
    _ = try fixture.run(pipeline)
    // Leaves no record, and so stays out of the way.
    _ = try fixture.run(pipeline)
    let diff = try fixture.interlock(["run", "diff", "previous", "latest", "--production", "out"])
    #expect(diff.status == 0, "\(diff.errors)")
    #expect(
      diff.text.contains("grade of shot A001 changed: slope 1.02 1.0 0.98 → 1.05 1.0 0.98 (grades.ccc)"),
      "\(diff.text)")
    #expect(diff.text.contains("only in the first: the second found what they make"), "\(diff.text)")
    let list = try fixture.interlock(["run", "list", "--production", "out"])
    #expect(list.text.split(separator: "\n").count == 3, "\(list.text)")
    #expect(list.text.contains("left out: --all lists them"), "\(list.text)")
    let show = try fixture.interlock(["run", "show", "--production", "out"])
    #expect(show.text.contains("24 frames"), "\(show.text)")
  }

  @Test func `a pipeline file that is called as a subcommand is named with its folder`() throws {
    let (fixture, _) = try film()
    _ = try pipeline(fixture, "diff", stages: Self.plainMaster)
    let run = try fixture.interlock(["run", "./diff", "--production", "out"])
    #expect(run.status == 0, "\(run.errors)")
    let help = try fixture.interlock(["run", "--help"])
    #expect(help.text.contains("--workers") && help.text.contains("run list"), "\(help.text)")
  }
}
