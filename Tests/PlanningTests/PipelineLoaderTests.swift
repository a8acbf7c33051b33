import Diagnostics
import Foundation
import ImageGraph
import MediaTime
import Planning
import TaskGraph
import TestSupport
import Testing

/// A pipeline text beside a cut and a media folder.
struct PipelineText {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try FileManager.default.createDirectory(
      atPath: folder.path + "/rushes", withIntermediateDirectories: true)
    _ = try folder.write("TITLE: TEST\nFCM: NON-DROP FRAME\n", to: "cut.edl")
  }

  func load(_ text: String, overrides: [(key: String, value: String)] = []) throws -> Pipeline {
    try PipelineLoader.parse(text, path: "p.yaml", absolute: folder.path + "/p.yaml", overrides: overrides)
  }

  /// The whole text of the findings; the folder's own path is left out.
  func errors(_ text: String, overrides: [(key: String, value: String)] = []) -> String {
    failure { _ = try load(text, overrides: overrides) }.replacingOccurrences(of: folder.path, with: "FOLDER")
  }

  /// The text with lines 1 to 4 as they should be.
  func stages(_ stages: String) -> String {
    errors(
      """
      interlock: 1
      programme: test
      timeline: {cut: cut.edl, media: [rushes]}
      raster: 640x360
      stages:
      \(stages)
      """)
  }
}

@Suite struct PipelineLoaderTests {
  @Test func `every pipeline of the repository loads`() throws {
    let folder = Repository.root + "/Pipelines"
    let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".yaml") }
    #expect(!names.isEmpty)
    for name in names.sorted() {
      let pipeline = try PipelineLoader.load(folder + "/" + name)
      #expect(pipeline.warnings.isEmpty)
      #expect(!pipeline.stages.isEmpty)
      let plan = try ProgrammePlanner.plan(
        pipeline, files: Sample.files, tools: tools, library: FakeLibrary())
      #expect(!plan.plan.isEmpty)
    }
  }

  @Test func `a pipeline says what it says`() throws {
    let text = try PipelineText()
    let pipeline = try text.load(
      """
      interlock: 1
      programme: short-film
      timeline: {cut: [cut.edl, ./cut.edl], rate: 23.976, start: "01:00:00:00", media: rushes, handles: 8}
      raster: 1280x720
      stages:
        master: {kind: delivery, picture: edit, profile: stills-16bit}
        edit: {kind: editing, fit: fill}
      """)
    #expect(pipeline.path == "p.yaml" && pipeline.programme == "short-film")
    #expect(pipeline.timeline.cuts.map(\.typed) == ["cut.edl", "./cut.edl"])
    #expect(
      pipeline.timeline.cuts.allSatisfy { $0.path == text.folder.path + "/cut.edl" && !$0.bytes.isEmpty })
    #expect(
      pipeline.timeline.rate == film && pipeline.timeline.start == "01:00:00:00"
        && pipeline.timeline.handles == 8)
    #expect(pipeline.timeline.mediaRoots.map(\.typed) == ["rushes"])
    #expect(pipeline.raster == Raster(width: 1280, height: 720))
    // Stages come after what they are wired to, whatever the order in the file.
    #expect(pipeline.stages.map(\.declaration.name) == ["edit", "master"])
    #expect(pipeline.stage(named: "master")?.declaration.wires == ["picture": "edit"])
    #expect(
      pipeline.stage(named: "edit")?.declaration.location
        == SourceLocation(file: "p.yaml", line: 7, column: 3))
  }

  @Test func `a mistyped key and the one it leaves missing are both reported`() throws {
    #expect(
      try PipelineText().errors(
        """
        interlock: 1
        programme: test
        timeline: {cut: cut.edl, media: [rushes]}
        rastre: 640x360
        stages: {edit: {kind: editing}}
        """) == """
          p.yaml:4:1: error: the pipeline has no key `rastre`
            rastre: 640x360
            ^
            Did you mean `raster`?
          p.yaml:1:1: error: the pipeline needs the key `raster`: size of the picture, WIDTHxHEIGHT, both even
            interlock: 1
            ^
          """)
  }

  @Test func `an unknown key unlike any other is told the keys there are`() throws {
    let text = try PipelineText().stages("  edit: {kind: editing, colour: blue}")
    #expect(
      text == """
        p.yaml:6:25: error: stage `edit` (editing) has no key `colour`
            edit: {kind: editing, colour: blue}
                                  ^
          Its keys are kind, fit, scaling, priority, licences, pools.
        """)
  }

  @Test func `an unknown key with its value on the next lines is quoted itself`() throws {
    let text = try PipelineText().errors(
      """
      interlock: 1
      programme: test
      timelin:
        cut: cut.edl
      timeline: {cut: cut.edl, media: [rushes]}
      raster: 640x360
      stages: {edit: {kind: editing}}
      """)
    #expect(
      text == """
        p.yaml:3:1: error: the pipeline has no key `timelin`
          timelin:
          ^
          Did you mean `timeline`?
        """)
  }

  @Test func `an empty mapping misses every required key`() throws {
    #expect(
      try PipelineText().errors("{}") == """
        p.yaml:1:1: error: the pipeline needs the key `interlock`: version of this format, 1
          {}
          ^
        p.yaml:1:1: error: the pipeline needs the key `programme`: name of the programme; it starts the name of every file made
          {}
          ^
        p.yaml:1:1: error: the pipeline needs the key `timeline`: the cut and where its media is
          {}
          ^
        p.yaml:1:1: error: the pipeline needs the key `raster`: size of the picture, WIDTHxHEIGHT, both even
          {}
          ^
        p.yaml:1:1: error: the pipeline needs the key `stages`: the stages, by name
          {}
          ^
        """)
  }

  @Test func `faults of every part are reported together, each with its place`() throws {
    let text = try PipelineText().errors(
      """
      interlock: 2
      programme: short film
      timeline: {cut: none.edl, rate: 23.5, start: "1:2", media: [none], handles: many}
      raster: 641x360
      stages:
        edit: {kind: editing, fit: letterbx}
        mix: {kind: sound-mx}
      """)
    #expect(
      text == """
        p.yaml:1:12: error: `interlock` must be a whole number from 1 to 1, not `2`
          interlock: 2
                     ^
        p.yaml:2:12: error: `short film` cannot be a name on disk
          programme: short film
                     ^
          Use letters, digits, dot, dash and underscore, at most 64.
        p.yaml:4:9: error: `641x360` is not a raster
          raster: 641x360
                  ^
          Write it as 1280x720; both numbers even, from 16 to 8192.
        p.yaml:3:17: error: cannot read the cut `none.edl`: No such file or directory
          timeline: {cut: none.edl, rate: 23.5, start: "1:2", media: [none], handles: many}
                          ^
          Paths are relative to FOLDER.
        p.yaml:3:61: error: there is no media folder `none`
          timeline: {cut: none.edl, rate: 23.5, start: "1:2", media: [none], handles: many}
                                                                      ^
          Mount it, or correct the path; it is relative to FOLDER.
        p.yaml:3:46: error: `1:2` is not a timecode
          timeline: {cut: none.edl, rate: 23.5, start: "1:2", media: [none], handles: many}
                                                       ^
          Write it in quotes as "01:00:00:00", or "01:00:00;00" for drop-frame.
        p.yaml:3:33: error: `23.5` is not a frame rate
          timeline: {cut: none.edl, rate: 23.5, start: "1:2", media: [none], handles: many}
                                          ^
          Write it as 24000/1001 or 25.
        p.yaml:3:77: error: `handles` must be a whole number from 0 to 1000, not `many`
          timeline: {cut: none.edl, rate: 23.5, start: "1:2", media: [none], handles: many}
                                                                                      ^
        p.yaml:7:15: error: there is no kind of stage `sound-mx`
            mix: {kind: sound-mx}
                        ^
          Did you mean `sound-mix`?
        p.yaml:6:30: error: `letterbx` is not a value of `fit`
            edit: {kind: editing, fit: letterbx}
                                       ^
          Did you mean `letterbox`?
        """)
  }

  @Test(arguments: [
    "640", "640x", "640x360x2", "0x0", "14x360", "640x8194", "640X360", "-640x360", "640 x 360",
  ])
  func `what is not a raster is refused`(raster: String) throws {
    let text = try PipelineText()
    let errors = text.errors(
      """
      interlock: 1
      programme: test
      timeline: {cut: cut.edl, media: [rushes]}
      raster: \(raster)
      stages: {edit: {kind: editing}}
      """)
    #expect(
      errors == """
        p.yaml:4:9: error: `\(raster)` is not a raster
          raster: \(raster)
                  ^
          Write it as 1280x720; both numbers even, from 16 to 8192.
        """)
  }

  @Test(arguments: ["../x", "a/b", ".hidden", "-option", "a b", "ü", String(repeating: "a", count: 65)])
  func `a programme that cannot be part of a file name is refused`(name: String) throws {
    let text = try PipelineText()
    let errors = text.errors(
      """
      interlock: 1
      programme: "\(name)"
      timeline: {cut: cut.edl, media: [rushes]}
      raster: 640x360
      stages: {edit: {kind: editing}}
      """)
    #expect(
      errors == """
        p.yaml:2:12: error: `\(name)` cannot be a name on disk
          programme: "\(name)"
                     ^
          Use letters, digits, dot, dash and underscore, at most 64.
        """)
  }

  @Test func `a name that the store refuses is refused by the loader`() throws {
    // PortableName wants a letter or a digit first.
    let errors = try PipelineText().stages("  _edit: {kind: editing}")
    #expect(errors != "no error")
  }

  @Test func `a stage name with a path in it is refused`() throws {
    #expect(
      try PipelineText().stages("  ../edit: {kind: editing}") == """
        p.yaml:6:3: error: `../edit` cannot be the name of a stage
            ../edit: {kind: editing}
            ^
          Use letters, digits, dot, dash and underscore, at most 64.
        """)
  }

  @Test func `stages that are no mapping, and stages without a kind`() throws {
    let text = try PipelineText()
    #expect(
      text.stages("  - edit") == """
        p.yaml:6:3: error: `stages` must be a mapping of names to stages
            - edit
            ^
          For instance: edit: {kind: editing}
        """)
    #expect(
      text.stages("  edit: {fit: fill}") == """
        p.yaml:6:9: error: stage `edit` does not say its kind
            edit: {fit: fill}
                  ^
          Its kind is one of \(StageRegistry.all.map { $0.kind }.joined(separator: ", ")).
        """)
    #expect(
      text.stages("  edit: editing") == """
        p.yaml:6:9: error: stage `edit` does not say its kind
            edit: editing
                  ^
          Its kind is one of \(StageRegistry.all.map { $0.kind }.joined(separator: ", ")).
        """)
  }

  @Test func `a pipeline file that is not there is a usage error`() {
    #expect(
      failure { _ = try PipelineLoader.load("/nowhere/p.yaml") } == """
        /nowhere/p.yaml: error: cannot read the pipeline file: No such file or directory
          Name a pipeline file, for instance Pipelines/short-film.yaml.
        """)
  }

  @Test func `a missing cut is exit code 3, a mistyped key beside it makes it 2`() throws {
    let text = try PipelineText()
    func exitCode(_ extra: String) -> Int? {
      do {
        _ = try text.load(
          """
          interlock: 1
          programme: test
          timeline: {cut: none.edl, media: [rushes]\(extra)}
          raster: 640x360
          stages: {edit: {kind: editing}}
          """)
        return nil
      } catch {
        return (error as? DiagnosticList)?.exitCode
      }
    }
    #expect(exitCode("") == 3)
    #expect(exitCode(", rat: 24") == 2)
  }

  @Test func `a profile with sound needs a mix, one without takes none`() throws {
    let text = try PipelineText()
    #expect(
      text.stages("  edit: {kind: editing}\n  out: {kind: delivery, picture: edit, profile: prores-422hq}")
        == """
        p.yaml:7:49: error: profile `prores-422hq` carries sound, but the stage has no `sound:`
            out: {kind: delivery, picture: edit, profile: prores-422hq}
                                                          ^
          Wire `sound:` to a sound-mix stage.
        """)
    #expect(
      text.stages(
        """
          edit: {kind: editing}
          mix: {kind: sound-mix, sound: edit}
          out: {kind: delivery, picture: edit, sound: mix, profile: stills-16bit}
        """) == """
          p.yaml:8:47: error: profile `stills-16bit` carries no sound
              out: {kind: delivery, picture: edit, sound: mix, profile: stills-16bit}
                                                          ^
            Remove `sound:`.
          """)
    #expect(
      text.stages(
        """
          edit: {kind: editing}
          mix: {kind: sound-mix, sound: edit}
          out:
            kind: delivery
            picture: edit
            sound: mix
            profile: prores-422hq
            frames: "01:00:00:00-01:00:01:00"
        """
      ).contains(
        "error: a part of the programme is delivered without sound, and `prores-422hq` carries it"))
  }

  @Test(arguments: ["01:00:00:00", "01:00:00:00-", "now-later", "01:00:00:00-01:00:01:00-01:00:02:00"])
  func `what is not a range of timecodes is refused`(range: String) throws {
    #expect(
      try PipelineText().stages(
        """
          edit: {kind: editing}
          out: {kind: delivery, picture: edit, profile: stills-16bit, frames: "\(range)"}
        """) == """
          p.yaml:7:71: error: `\(range)` is not a range of timecodes
              out: {kind: delivery, picture: edit, profile: stills-16bit, frames: "\(range)"}
                                                                                  ^
            Write it as "01:00:02:00-01:00:03:00"; the second is the first frame not included.
          """)
  }
}
