import Digests
import Foundation
import TaskKinds
import TestSupport
import Testing

@Suite struct WorkerProgramTests {
  @Test func `identity names libraries and kernels as JSON, the same each time`() throws {
    let first = try Programs.run(Attempt.program, ["identity"])
    #expect(first.status == 0)
    struct Identity: Decodable {
      var kernels: String
      var libraries: String
      var drawing: String
      var encoders: [String: String]
    }
    let identity = try JSONDecoder().decode(Identity.self, from: first.output)
    #expect(!identity.kernels.isEmpty && !identity.libraries.isEmpty)
    #expect(identity.drawing.contains("cairo"))
    #expect(identity.encoders["libx264"]?.hasPrefix("x264 - core ") == true)
    #expect(identity.encoders["libx265"]?.hasPrefix("x265 (build ") == true)
    #expect(first.text.split(separator: "\n").count == 1)
    #expect(try Programs.run(Attempt.program, ["identity"]).output == first.output)
  }

  @Test func `identity does not depend on the CPU that runs`() throws {
    // Every path of a kernel makes the same bytes, so none of them is part of a key.
    let here = try Programs.run(Attempt.program, ["identity"])
    let baseline = try Programs.run(Attempt.program, ["identity"], environment: ["INTERLOCK_CPU": "baseline"])
    #expect(here.output == baseline.output)
  }

  @Test(arguments: [[], ["dance"], ["run"]]) func `without a task to do it says how it is used`(
    arguments: [String]
  ) throws {
    let finished = try Programs.run(Attempt.program, arguments)
    #expect(finished.status == 2)
    #expect(finished.output.isEmpty)
    #expect(
      finished.errors.hasPrefix(
        "interlock-worker does the work of stages; the coordinator and farms start it.\n"))
  }

  @Test func `an unknown dialect is refused before anything runs`() throws {
    let attempt = try Attempt()
    try attempt.write("{}")
    let names = "openjd, opencue, deadline, tractor, flamenco, slurm, generic, json, none"
    for (arguments, environment, asker) in [
      (["--progress", "dutch"], ["TR_ENV_JID": "7"], "--progress"),
      ([], ["INTERLOCK_PROGRESS": "dutch"], "INTERLOCK_PROGRESS"),
    ] as [([String], [String: String], String)] {
      let finished = try Programs.run(
        Attempt.program, ["run", attempt.taskFile] + arguments, environment: environment)
      #expect(finished.status == 2)
      let lines = finished.text.split(separator: "\n")
      #expect(lines.first?.hasPrefix("interlock-worker; version ") == true)
      #expect(lines.dropLast().last == Substring("Error: \(asker) is one of \(names), not `dutch`"))
      // Farms read the last line whatever was asked.
      let ending = try Ending(finished)
      #expect(
        ending.exit == 2 && ending.failure == "user" && ending.diagnostics.map(\.code) == ["worker.usage"])
    }
    #expect(try attempt.files() == ["task.json"])
  }

  @Test func `a request that says nothing is refused in the words of the farm`() throws {
    let attempt = try Attempt()
    let openjd = ["OPENJD_SESSION_WORKING_DIR": "/tmp"]
    for (arguments, message) in [
      ([], "there is no task file"),
      ([attempt.taskFile, attempt.taskFile], "there are two task files, "),
      ([attempt.taskFile, "--fast"], "there is no option --fast; options are --production, "),
      ([attempt.taskFile, "--tasks"], "--tasks takes a value"),
      ([attempt.taskFile, "--frames=1-"], "`1-` is no range of numbers"),
      ([attempt.taskFile, "--path-mapping", "/nowhere"], "there is no path mapping file /nowhere"),
    ] as [([String], String)] {
      let words = ["run"] + (arguments.isEmpty ? ["--progress=openjd"] : arguments)
      let finished = try Programs.run(Attempt.program, words, environment: openjd)
      #expect(finished.status == 2 && finished.errors.isEmpty)
      let fail = finished.text.split(separator: "\n").dropLast().last ?? ""
      #expect(fail.hasPrefix("openjd_fail: " + message), "\(fail)")
      #expect(try Ending(finished).exit == 2)
    }
  }

  private func black() throws -> Attempt {
    let attempt = try Attempt()
    let input = Renders.input(media: nil, segments: [(0, 2)])
    try attempt.write("render", key: RenderTask.key(input), input)
    return attempt
  }

  @Test func `progress is told in the words of the farm around it`() throws {
    for (environment, arguments, expected) in [
      (["OPENJD_SESSION_WORKING_DIR": "/tmp"], [], "openjd_progress: 100.0"),
      (["TR_ENV_JID": "7"], [], "TR_PROGRESS 100%"), (["TRACTOR_JID": "7"], [], "TR_PROGRESS 100%"),
      ([:], [], "Progress: 100%"),
      (["OPENJD_SESSION_WORKING_DIR": "/tmp"], ["--progress", "tractor"], "TR_PROGRESS 100%"),
      ([:], ["--progress", "openjd"], "openjd_progress: 100.0"),
    ] as [([String: String], [String], String)] {
      let (finished, ending) = try black().run(arguments, environment: environment)
      #expect(finished.status == 0 && ending.exit == 0)
      #expect(finished.errors.isEmpty)
      let lines = finished.text.split(separator: "\n")
      #expect(lines.dropLast().last == Substring(expected))
    }
  }

  @Test func `a failure is told in the words of the farm around it`() throws {
    let message = "this worker does not know juggle tasks of version 1 (file schema 1)"
    for (environment, expected) in [
      (["OPENJD_SESSION_WORKING_DIR": "/tmp"], "openjd_fail: " + message),
      (["TR_ENV_JID": "7"], "Error: " + message),
      ([:], "Error: " + message),
    ] {
      let attempt = try Attempt()
      try attempt.write("juggle", key: Digest.sha256([9]), ["nothing"])
      let (finished, _) = try attempt.run(environment: environment)
      #expect(finished.status == 2)
      #expect(finished.text.split(separator: "\n").dropLast().last == Substring(expected))
    }
  }

  @Test func `the first line says which tool, what was called and where`() throws {
    let attempt = try black()
    let (finished, _) = try attempt.run()
    let first = try #require(finished.text.split(separator: "\n").first)
    #expect(first.hasPrefix("interlock-worker; "))
    #expect(first.contains("; 'interlock-worker' 'run' '\(attempt.taskFile)'; host "))
    #expect(first.contains(attempt.id + ";") || first.contains("attempt \(attempt.id)"))
  }

  @Test func `the probe of something that is no media is exit code 3 with a reason`() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("this is a letter", to: "letter.mov")
    let finished = try Programs.run(Attempt.program, ["probe", "--json", path])
    #expect(finished.status == 3)
    #expect(finished.output.isEmpty)
    #expect(finished.errors.contains("letter.mov: error: "))
  }

  @Test func `the pool takes task files one after the other and ends with its input`() throws {
    let attempt = try black()
    let input = Data((attempt.taskFile + "\n").utf8)
    let finished = try Programs.run(Attempt.program, ["pool"], input: input)
    #expect(finished.status == 0)
    #expect(finished.text.hasPrefix(#"{"event":"ready"}"# + "\n"))
  }
}
