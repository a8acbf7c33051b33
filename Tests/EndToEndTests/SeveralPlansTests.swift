import Foundation
import TestSupport
import Testing

/// Several programmes of one production in one plan, and plans that are remembered.
@Suite struct `Several plans` {
  /// What `interlock plan --json` prints of one pipeline.
  private struct Plan: Decodable, Equatable {
    struct Deliverable: Decodable, Equatable {
      var stage: String
      var version: String?
      var distinctFrames: Int
      var newFrames: Int
      var reusedFrames: Int
    }
    struct Task: Decodable, Equatable {
      var key: String
      var frames: Int
    }
    var programme: String
    var deliverables: [Deliverable]
    var tasks: [Task]
    var prepared: [Task]
  }

  /// And of several.
  private struct Plans: Decodable, Equatable {
    struct Total: Decodable, Equatable {
      var programmes: Int
      var deliverables: Int
      var frames: Int
      var distinctFrames: Int
      var reusedFrames: Int
      var newFrames: Int
      var tasks: Int
      var heldTasks: Int
    }
    var programmes: [Plan]
    var total: Total
  }

  private let fixture: Fixture
  private let first: String
  private let second: String

  /// Two programmes of one roll: the second shows the 48 frames of the first, and 12 more.
  init() throws {
    let fixture = try Fixture()
    self.fixture = fixture
    try fixture.clip("A001", frames: 120, firstNumber: 0, timecode: "01:00:00:00", codec: Fixture.prores)
    func programme(_ name: String, frames: Int) throws -> String {
      let list = ListWriter.edl(
        [.init(reel: "A001", source: 86_400, count: frames)], base: 24, recordStart: 86_400)
      _ = try fixture.folder.write(list, to: "\(name).edl")
      return try fixture.folder.write(Self.pipeline(name), to: "\(name).yaml")
    }
    first = try programme("one", frames: 48)
    second = try programme("two", frames: 60)
  }

  private static func pipeline(_ name: String, more: String = "") -> String {
    """
    interlock: 1
    programme: \(name)
    timeline: {cut: \(name).edl, rate: 24000/1001, start: "01:00:00:00", media: [rushes]}
    raster: \(NumberedClip.width)x\(NumberedClip.height)
    stages:
      edit: {kind: editing}
      master: {kind: delivery, picture: edit, profile: test}
    \(more)
    """
  }

  private func plans(_ pipelines: [String]) throws -> Plans {
    let finished = try fixture.interlock(["plan"] + pipelines + ["--production", "out", "--json"])
    guard finished.status == 0 else { throw FixtureError(text: finished.errors) }
    return try JSONDecoder().decode(Plans.self, from: finished.output)
  }

  private func plan(_ pipeline: String) throws -> Plan {
    let finished = try fixture.interlock(["plan", pipeline, "--production", "out", "--json"])
    guard finished.status == 0 else { throw FixtureError(text: finished.errors) }
    return try JSONDecoder().decode(Plan.self, from: finished.output)
  }

  @Test func `programmes are planned as they would be run one after the other`() throws {
    let planned = try plans([first, second])
    #expect(planned.programmes.map(\.programme) == ["one", "two"])
    #expect(planned.programmes.map { $0.deliverables[0].newFrames } == [48, 12])
    #expect(planned.programmes.map { $0.deliverables[0].reusedFrames } == [0, 48])
    #expect(planned.total.programmes == 2 && planned.total.deliverables == 2 && planned.total.frames == 108)
    #expect(planned.total.newFrames == 60 && planned.total.reusedFrames == 48)
    #expect(planned.total.tasks == planned.programmes.reduce(0) { $0 + $1.tasks.count })
    // The other way round the second makes nothing.
    #expect(try plans([second, first]).programmes.map { $0.deliverables[0].newFrames } == [60, 0])

    // The tasks of the plan, and no others, are those of the two runs.
    let runs = try [first, second].map { try fixture.run($0) }
    #expect(runs.map(\.framesMade) == [48, 12])
    struct Shown: Decodable {
      struct Task: Decodable { var key: String }
      var tasks: [Task]
    }
    struct Listed: Decodable { var run: String }
    func decoded<Answer: Decodable>(_ arguments: [String], _ type: Answer.Type) throws -> Answer {
      try JSONDecoder().decode(
        type, from: try fixture.interlock(arguments + ["--production", "out", "--json"]).output)
    }
    let done = try decoded(["run", "list", "--all"], [Listed].self).flatMap { run in
      try decoded(["run", "show", run.run], Shown.self).tasks.map(\.key)
    }
    let promised = planned.programmes.flatMap { $0.prepared + $0.tasks }.map(\.key)
    #expect(Set(done) == Set(promised))

    let again = try plans([first, second])
    #expect(again.total.tasks == 0 && again.total.newFrames == 0)
    #expect(again.programmes.allSatisfy { $0.deliverables[0].version == "v001" })
    // Remembered, it is the same.
    #expect(try plans([first, second]) == again)
  }

  @Test func `a season that the benchmark finished leaves nothing to do`() throws {
    // What is measured on it says something only then: it publishes what renders would have made.
    let prepared = try Programs.run(
      Repository.product("interlock-bench"),
      ["prepare-season", "\(fixture.path)/season", "--programmes", "2", "--shots", "30", "--frames", "2000"])
    #expect(prepared.status == 0, "\(prepared.errors)")
    let turnover = try FileManager.default.contentsOfDirectory(atPath: "\(fixture.path)/season/turnover")
    let pipelines = turnover.filter { $0.count == "episode-01.yaml".count }.sorted()
    let finished = try fixture.interlock(
      ["plan"] + pipelines.map { "season/turnover/\($0)" } + ["--production", "season/production", "--json"])
    #expect(finished.status == 0, "\(finished.errors)")
    let total = try JSONDecoder().decode(Plans.self, from: finished.output).total
    #expect(total.programmes == 2 && total.deliverables == 30 && total.frames > 2000)
    #expect(total.tasks == 0 && total.newFrames == 0)
  }

  @Test func `text, graph and status name each programme`() throws {
    let text = try fixture.interlock(["plan", first, second])
    #expect(text.status == 0)
    #expect(text.text.contains("one  (\(first))") && text.text.contains("two  (\(second))"))
    #expect(text.text.contains("2 programmes, 2 deliverables, 108 frames: 60 to make, 48 reused"))
    let drawing = try fixture.interlock(["plan", first, second, "--dot"]).text
    #expect(drawing.components(separatedBy: "digraph").count == 2)
    #expect(drawing.contains(#"label="one""#) && drawing.contains(#"label="two""#))
    let diagram = try fixture.interlock(["plan", first, second, "--mermaid"]).text
    #expect(diagram.contains(#"subgraph p1["two"]"#))
    // One alone has no frame around it.
    #expect(try !fixture.interlock(["plan", first, "--dot"]).text.contains("cluster"))
    for pipeline in [first, second] { _ = try fixture.run(pipeline) }
    let status = try fixture.interlock(["status", first, second, "--production", "out"])
    #expect(status.text.contains("✓ one/master  v001  current"))
    #expect(status.text.contains("✓ two/master  v001  current"))
    let nothing = try fixture.interlock(["plan", first, second, "--production", "out"])
    #expect(nothing.text.hasSuffix("Nothing to do.\n"))
  }

  @Test func `what is wrong with two files is told at once`() throws {
    let broken = try fixture.folder.write(Self.pipeline("three", more: "colour: red"), to: "three.yaml")
    let missing = try fixture.folder.write(Self.pipeline("four"), to: "four.yaml")
    let finished = try fixture.interlock(["plan", broken, first, missing, "nowhere.yaml"])
    #expect(finished.status == 2)
    #expect(finished.text.isEmpty)
    for part in ["colour", "four.edl", "nowhere.yaml"] {
      #expect(finished.errors.contains(part), "\(finished.errors)")
    }
  }

  @Test func `what planning finds wrong with two programmes is told at once`() throws {
    for name in ["five", "six"] {
      let list = ListWriter.edl(
        [.init(reel: "X\(name)", source: 0, count: 24)], base: 24, recordStart: 86_400)
      _ = try fixture.folder.write(list, to: "\(name).edl")
      _ = try fixture.folder.write(Self.pipeline(name), to: "\(name).yaml")
    }
    let finished = try fixture.interlock(["plan", "five.yaml", first, "six.yaml"])
    #expect(finished.status == 3)
    #expect(finished.errors.contains("five.edl") && finished.errors.contains("six.edl"), "\(finished.errors)")
  }

  @Test func `one programme twice is an error`() throws {
    let finished = try fixture.interlock(["plan", first, second, first])
    #expect(finished.status == 2)
    #expect(finished.errors.contains("this is `programme: one`, and so is \(first)"), "\(finished.errors)")
  }

  @Test func `a stage that one programme lacks is an error of that one`() throws {
    let finished = try fixture.interlock(["plan", first, second, "--until", "grade"])
    #expect(finished.status == 2)
    #expect(finished.errors.contains("there is no stage `grade`"))
  }

  /// Whatever a plan follows from breaks what is remembered of it.
  @Test func `a finished programme is planned anew when anything has changed`() throws {
    _ = try fixture.run(first)
    let finished = try plan(first)
    #expect(finished.tasks.isEmpty)
    #expect(try plan(first) == finished)
    let manager = FileManager.default
    let store = fixture.path + "/out/.interlock"

    func expectWork(_ what: String, frames: Int) throws {
      let planned = try plan(first)
      #expect(!planned.tasks.isEmpty, "\(what)")
      let report = try fixture.run(first)
      #expect(report.framesMade == planned.tasks.reduce(0) { $0 + $1.frames }, "\(what)")
      #expect(report.framesMade == frames, "\(what)")
      let after = try plan(first)
      #expect(after.tasks.isEmpty, "\(what)")
      #expect(try plan(first) == after, "\(what)")
    }

    struct Result: Decodable {
      struct Body: Decodable { var kind: String }
      var body: Body
    }
    let segment = try #require(
      try manager.subpathsOfDirectory(atPath: store + "/results").sorted().first { name in
        guard name.hasSuffix(".json") else { return false }
        let file = try Data(contentsOf: URL(fileURLWithPath: "\(store)/results/\(name)"))
        return try JSONDecoder().decode(Result.self, from: file).body.kind == "segment"
      })
    try manager.moveItem(atPath: "\(store)/results/\(segment)", toPath: fixture.path + "/aside")
    #expect(try !plan(first).tasks.isEmpty)
    // Back by hand, it is taken up as what a farm made is.
    try manager.moveItem(atPath: fixture.path + "/aside", toPath: "\(store)/results/\(segment)")
    #expect(try plan(first).tasks.isEmpty)
    #expect(try fixture.run(first).framesMade == 0)
    try manager.removeItem(atPath: "\(store)/results/\(segment)")
    try expectWork("a result is gone", frames: 24)

    let master = "\(fixture.path)/out/Deliverables/one/master/v001/one_master_v001.mov"
    try manager.removeItem(atPath: master)
    try expectWork("a published file is gone", frames: 0)
    #expect(manager.fileExists(atPath: master))

    let list = ListWriter.edl(
      [.init(reel: "A001", source: 86_412, count: 48)], base: 24, recordStart: 86_400)
    _ = try fixture.folder.write(list, to: "one.edl")
    try expectWork("another cut", frames: 12)

    let profile = try String(contentsOfFile: fixture.path + "/profiles/test.yaml", encoding: .utf8)
    _ = try fixture.folder.write(
      profile.replacingOccurrences(of: "quantiser: 12", with: "quantiser: 14"), to: "profiles/test.yaml")
    try expectWork("another profile", frames: 48)

    // The same bytes written again are another file: it is looked at, and nothing is to be done.
    _ = try fixture.folder.write(list, to: "one.edl")
    #expect(try plan(first).tasks.isEmpty)

    try fixture.clip("A001", frames: 120, firstNumber: 500, timecode: "01:00:00:00", codec: Fixture.prores)
    #expect(try !plan(first).tasks.isEmpty, "other media")
  }
}
