import Diagnostics
import Digests
import Foundation
import ImageGraph
import MediaTime
import Planning
import TaskGraph
import TaskKinds
import TestSupport
import Testing

/// How a program between stages becomes tasks, and what its key is made from.
@Suite struct `External stages` {
  private static let stages = """
    edit: {kind: editing}
    flip:
      kind: external
      picture: edit
      program: [sh, tools/flip.sh, "{input}", "{output}", "{table}"]
      files: {table: tools/table.csv}
      environment: {OCIO: show.ocio}
      outputs: {picture: out/frame.####.png}
      version: flip 1
      cores: 2
      memory: 2 GB
      timeout: 30 min
    master: {kind: delivery, picture: flip, profile: stills-16bit}
    """

  private static func events(_ first: Int = 24) -> [ListEvent] {
    [
      .init(reel: "A001", source: hour, record: hour, count: first),
      .init(reel: "B001", source: 2 * hour, record: hour + first, count: 30),
    ]
  }

  private static func programme(_ events: [ListEvent] = events()) throws -> Programme {
    let programme = try Programme(
      events,
      files: [
        Facts.picture("A001", start: "01:00:00:00", frames: 200),
        Facts.picture("B001", start: "02:00:00:00", frames: 200),
      ])
    _ = try programme.folder.write("# flips\n", to: "tools/flip.sh")
    _ = try programme.folder.write("1,2\n", to: "tools/table.csv")
    return programme
  }

  private static func external(_ plan: ProgrammePlan) throws -> TaskNode {
    let nodes = plan.nodes("external")
    #expect(nodes.count == 1)
    return try #require(nodes.first)
  }

  private static func input(_ node: TaskNode) throws -> ExternalTask.Input {
    try JSONDecoder().decode(ExternalTask.Input.self, from: Data(node.payload))
  }

  @Test func `its frames are rendered before, and what it makes is rendered after`() throws {
    let plan = try Self.programme().plan(Self.stages)
    let node = try Self.external(plan)
    let input = try Self.input(node)
    let renders = plan.nodes("render")
    let before = renders.filter { $0.stage == "flip" }
    let after = renders.filter { $0.stage == "master" }
    #expect(Set(node.dependencies) == Set(before.map(\.key)))
    #expect(!after.isEmpty && after.allSatisfy { $0.dependencies == [node.key] })
    #expect(
      node.frames == 54 && input.made?.count == 54 && input.made?.raster == Raster(width: 640, height: 360))
    #expect(input.pictures?.pieces.reduce(0) { $0 + $1.count } == 54)
    #expect(
      node.needs == TaskNeeds(cores: 2, memoryBytes: 2_000_000_000, timeout: 7200))
    #expect(input.limits.timeout == 1800 && input.limits.memoryBytes == 2_000_000_000)
    #expect(
      input.program.map(\.description) == ["sh", "{file:tools/flip.sh}", "{input}", "{output}", "{table}"])
    #expect(input.files.map(\.path) == ["tools/flip.sh", "tools/table.csv"])
    #expect(input.environment["OCIO"]?.description == "show.ocio")
    #expect(input.files.allSatisfy { plan.objects[$0.object] != nil })
    // What is downstream is named by the key of the task: the plan is known before anything ran.
    let made = ExternalTask.madePictures(of: node.key)
    let media = try plan.renders().flatMap(\.media).filter { $0.key == made.hex }
    #expect(!media.isEmpty && media.allSatisfy { $0.value.maker == node.key })
    let ingredients = node.ingredients.map(\.name)
    #expect(
      ingredients.starts(with: ["code version of external", "program", "version", "file tools/flip.sh"]))
  }

  @Test func `when all of it is there nothing is planned`() throws {
    let programme = try Self.programme()
    let library = try FakeLibrary.after(try programme.plan(Self.stages))
    #expect(try programme.plan(Self.stages, library: library).plan.isEmpty)
    // The frames of the master exist: what they were made from may go.
    var collected = library
    collected.results.remove(try Self.external(try programme.plan(Self.stages)).key)
    #expect(try programme.plan(Self.stages, library: collected).plan.isEmpty)
  }

  @Test func `its key changes with what it is made from, and with nothing else`() throws {
    let programme = try Self.programme()
    func key(_ stages: String) throws -> TaskKey { try Self.external(try programme.plan(stages)).key }
    _ = try programme.folder.write(
      """
      profile: small
      container: sequence
      extension: png
      picture: {codec: png, pixel-format: rgb48be, options: {pred: sub}, lowest-psnr: 120}
      colour: {primaries: bt709, transfer: bt709, matrix: gbr, range: pc}
      """, to: "profiles/small.yaml")
    let first = try key(Self.stages)
    func replaced(_ old: String, _ new: String) -> String {
      #expect(Self.stages.contains(old))
      return Self.stages.replacingOccurrences(of: old, with: new)
    }
    for (old, new) in [
      ("cores: 2", "cores: 3"),
      ("memory: 2 GB", "memory: 3 GB"),
      ("timeout: 30 min", "timeout: 31 min"), ("profile: stills-16bit", "profile: small"),
    ] { #expect(try key(replaced(old, new)) == first, "\(new)") }
    for (old, new) in [
      ("\"{table}\"]", "\"{table}\", --more]"), ("version: flip 1", "version: flip 2"),
      ("OCIO: show.ocio", "OCIO: other.ocio"), ("out/frame.####.png}", "out/frame.#####.png}"),
      ("\"{output}\"", "\"{output-printf}\""), ("cores: 2", "cores: 2\n  first: 1001"),
      ("out/frame.####.png}", "{pattern: out/frame.####.png, raster: 320x180}}"),
      ("out/frame.####.png}", "{pattern: out/frame.####.png, depth: 16}}"),
      ("picture: edit", "picture: edit\n  profile: small"),
    ] {
      #expect(try key(replaced(old, new)) != first, "\(new)")
    }
    for file in ["tools/flip.sh", "tools/table.csv"] {
      let before = try String(contentsOfFile: "\(programme.folder.path)/\(file)", encoding: .utf8)
      _ = try programme.folder.write(before + "more\n", to: file)
      #expect(try key(Self.stages) != first, "\(file)")
      _ = try programme.folder.write(before, to: file)
    }
    _ = try programme.folder.write("nobody reads it\n", to: "tools/other.sh")
    #expect(try key(Self.stages) == first)
    // Other frames are another key.
    let other = try Self.programme(Self.events(25))
    #expect(try Self.external(try other.plan(Self.stages)).key != first)
  }

  @Test func `by shots only those that changed run again`() throws {
    let stages = Self.stages.replacingOccurrences(
      of: "picture: edit\n", with: "picture: edit\n  unit: shot\n")
    let plan = try Self.programme().plan(stages)
    #expect(plan.nodes("external").map(\.label).sorted() == ["flip A001", "flip B001"])
    #expect(plan.nodes("external").map(\.frames).sorted() == [24, 30])
    let next = try Self.programme(Self.events(20)).plan(stages, library: try FakeLibrary.after(plan))
    #expect(next.nodes("external").map(\.label) == ["flip A001"])
    // Shot B001 lies elsewhere in the programme and is what it was.
    #expect(next.nodes("render").filter { $0.stage == "flip" }.isEmpty)
  }

  @Test func `a program without pictures of others declares how many it makes`() throws {
    let stages = """
      edit: {kind: editing}
      logo:
        kind: external
        program: [sh, tools/flip.sh, "{output-printf}", "{frames}"]
        outputs: {picture: {pattern: out/logo.####.tif, count: 48}}
      master: {kind: delivery, picture: logo, profile: stills-16bit}
      """
    let plan = try Self.programme().plan(stages)
    #expect(try Self.external(plan).frames == 48)
    #expect(plan.deliverables.map(\.frames) == [48])
    let missing = stages.replacingOccurrences(of: ", count: 48", with: "")
    #expect(
      failure { _ = try Self.programme().plan(missing) }.contains(
        "a program that gets no pictures needs `count:`, the number of those it makes"))
  }

  @Test func `files are published, and a stage that nobody takes from is made`() throws {
    let alone = Self.stages.components(separatedBy: "\nmaster:")[0]
    #expect(try Self.programme().plan(alone).nodes("external").count == 1)
    let reports = alone.replacingOccurrences(
      of: "{picture: out/frame.####.png}", with: "{report: report.json}"
    ).replacingOccurrences(of: "{output}", with: "{report}")
    let plan = try Self.programme().plan(reports)
    let publish = try #require(plan.nodes("publish").first { $0.stage == "flip" })
    #expect(publish.dependencies == [try Self.external(plan).key])
  }

  @Test func `faults are told where they are, all at once`() throws {
    let stages = """
      edit: {kind: editing}
      flip:
        kind: external
        picture: edit
        program: [tools/missing.sh, "{inptu}"]
        files: {frames: tools/table.csv}
        outputs: {picture: /tmp/frame.####.png, report: ../report.json}
        memory: lots
      check: {kind: external, picture: edit, program: [sh], outputs: {report: r.json}}
      master: {kind: delivery, picture: check, profile: stills-16bit}
      """
    let text = failure { _ = try Self.programme().pipeline(stages) }
    for message in [
      "there is no file `tools/missing.sh` at or below the pipeline file's folder",
      "nothing here is called `{inptu}`", "Did you mean `{input}`?",
      "`{frames}` stands for something else already",
      "`/tmp/frame.####.png` is not the path of an output", "`../report.json` is not the path of an output",
      "`lots` is not an amount for `memory`",
    ] { #expect(text.contains(message), "\(message) is not in \(text)") }
    let ports =
      stages.components(separatedBy: "\nflip:")[0] + "\ncheck:"
      + stages.components(separatedBy: "\ncheck:")[1]
    #expect(
      failure { _ = try Self.programme().pipeline(ports) }.contains(
        "`picture: check` needs a picture, and `check` makes none"))
  }

  @Test func `a program that this machine lacks stops a run that needs it, and no other`() throws {
    let stages = Self.stages.replacingOccurrences(of: "[sh, ", with: "[no-such-program, ")
    let programme = try Self.programme()
    let text = failure { _ = try programme.plan(stages) }
    #expect(
      text.contains("there is no program `no-such-program` in /usr/local/bin, /usr/bin, /bin of this machine")
    )
    #expect(text.contains("p.yaml:"))
    do {
      _ = try programme.plan(stages)
    } catch let list as DiagnosticList {
      #expect(list.exitCode == 3)
    }
  }
}
