import Digests
import Foundation
import TaskGraph
import TaskKinds
import TestSupport
import Testing

/// Broken task files, as a farm or a half-updated installation would give them out.
@Suite struct AttemptRunnerTests {
  private let key = Digest.sha256([7])

  private func head(schema: Int = 1, kind: String = "render", version: Int = 1) -> String {
    #"{"schema":\#(schema),"attempt":"a","key":"\#(key.hex)","kind":"\#(kind)","version":\#(version),"label":"x","input":{}}"#
  }

  @Test func `a task file of another schema, kind or version is exit code 2`() throws {
    for (text, what) in [
      (head(schema: 2), "render tasks of version 1 (file schema 2)"),
      (head(kind: "juggle"), "juggle tasks of version 1 (file schema 1)"),
      (head(version: 99), "render tasks of version 99 (file schema 1)"),
    ] {
      let attempt = try Attempt()
      try attempt.write(text)
      let (finished, ending) = try attempt.run()
      #expect(finished.status == 2 && ending.exit == 2)
      #expect(ending.schema == 1 && ending.attempt == attempt.id && ending.key == key.hex)
      #expect(ending.failure == "user")
      #expect(ending.diagnostics.map(\.code) == ["task.otherVersion"])
      #expect(ending.diagnostics.first?.message == "this worker does not know " + what)
      #expect(ending.diagnostics.first?.remedy == "Run coordinator and workers of one build.")
      #expect(Set(try attempt.files()).subtracting(["log.txt"]) == ["exit.json", "lock", "task.json"])
    }
  }

  @Test(arguments: ["", "{", "[]", "{\"schema\":1}", "not json at all"])
  func `what is no task file is exit code 2`(
    text: String
  ) throws {
    let attempt = try Attempt()
    try attempt.write(text)
    let (finished, ending) = try attempt.run()
    #expect(finished.status == 2 && ending.exit == 2 && ending.failure == "user")
    #expect(ending.key == nil)
    #expect(ending.diagnostics.map(\.code) == ["task.unreadable"])
  }

  @Test func `a task whose input does not fit its kind is exit code 2`() throws {
    let attempt = try Attempt()
    try attempt.write(head())
    let (finished, ending) = try attempt.run()
    #expect(ending.key == key.hex)
    #expect(finished.status == 2 && ending.failure == "user")
  }

  @Test func `a task file that is not there is exit code 2`() throws {
    let attempt = try Attempt()
    let (finished, ending) = try attempt.run()
    #expect(finished.status == 2 && ending.diagnostics.map(\.code) == ["task.missing"])
    let nowhere = try Programs.run(Attempt.program, ["run", attempt.folder.path + "/none/task.json"])
    #expect(nowhere.status == 2)
    #expect(try Ending(nowhere).diagnostics.map(\.code) == ["production.notFound"])
  }

  @Test func `a task file outside a production is exit code 2`() throws {
    let attempt = try Attempt()
    let path = try attempt.folder.write(head(), to: "task.json")
    let finished = try Programs.run(Attempt.program, ["run", path])
    #expect(finished.status == 2)
    #expect(try Ending(finished).diagnostics.map(\.code) == ["task.outsideProduction"])
  }

  @Test func `exit json says what the last line says`() throws {
    let attempt = try Attempt()
    try attempt.write(head(kind: "juggle"))
    let (_, ending) = try attempt.run()
    let data = try Data(contentsOf: URL(fileURLWithPath: attempt.path + "/exit.json"))
    let written = try JSONDecoder().decode(Ending.self, from: data)
    #expect(written.exit == ending.exit && written.key == ending.key && written.seconds == ending.seconds)
    #expect(written.diagnostics.map(\.message) == ending.diagnostics.map(\.message))
  }

  @Test func `a finished task that is run again is done at once`() throws {
    let input = Renders.input(media: nil, segments: [(0, 2)])
    let attempt = try Attempt()
    try attempt.write("render", key: RenderTask.key(input), input)
    #expect(try attempt.run().finished.status == 0)
    #expect(attempt.hasResult(RenderTask.key(input)))
    let again = try attempt.run()
    #expect(
      again.finished.text.contains(
        "Committed \(input.segments[0].key.hex.prefix(12)) (2 frames), made before"))
    #expect(again.finished.status == 0 && again.ending.exit == 0)
  }

  @Test func `an attempt that another worker holds is left alone, exit code 75`() throws {
    let input = Renders.input(media: nil, segments: [(0, 2)])
    let attempt = try Attempt()
    try attempt.write("render", key: RenderTask.key(input), input)
    let finished = try Programs.run(
      "flock", ["--exclusive", attempt.path + "/lock", Attempt.program, "run", attempt.taskFile])
    #expect(finished.status == 75)
    let ending = try Ending(finished)
    #expect(ending.failure == "infrastructure" && ending.diagnostics.map(\.code) == ["attempt.held"])
    #expect(!attempt.hasResult(RenderTask.key(input)))
  }
}
