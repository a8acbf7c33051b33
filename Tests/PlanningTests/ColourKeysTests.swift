import Diagnostics
import Digests
import Editorial
import Foundation
import ImageGraph
import Planning
import TaskGraph
import TaskKinds
import TestSupport
import Testing

/// `colour:` of a pipeline file, the looks and the outputs that go with it.
@Suite struct `Colour keys` {
  private static let identity =
    "LUT_3D_SIZE 2\n0 0 0\n1 0 0\n0 1 0\n1 1 0\n0 0 1\n1 0 1\n0 1 1\n1 1 1\n"

  private func programme(_ change: (inout [ProbedFile]) -> Void = { _ in }) throws -> Programme {
    var files = [
      Facts.picture("A001", start: "00:00:00:00", frames: 100),
      Facts.picture("B001", start: "00:00:00:00", frames: 100) { $0.transfer = "unknown" },
    ]
    change(&files)
    let programme = try Programme(
      [
        ListEvent(reel: "A001", source: 0, record: hour, count: 10, comments: ["FROM CLIP NAME:  SHOT_010"]),
        ListEvent(
          reel: "B001", source: 20, record: hour + 10, count: 10, comments: ["FROM CLIP NAME:  SHOT_020"]),
      ], files: files)
    _ = try programme.folder.write(Self.identity, to: "show.cube")
    return programme
  }

  private func loaded(_ programme: Programme, colour: String, grade: String = "", stages: String) throws
    -> Pipeline
  {
    let text = """
      interlock: 1
      programme: test
      timeline: {cut: cut.edl, rate: 24000/1001, start: "01:00:00:00", media: [rushes]}
      raster: 640x360
      colour: \(colour)
      stages:
        edit: {kind: editing}
        grade: {kind: color-grade, picture: edit, stills: no\(grade)}
        master: {kind: delivery, picture: grade, profile: stills-16bit\(stages)}
      """
    return try PipelineLoader.parse(text, path: "p.yaml", absolute: programme.folder.path + "/p.yaml")
  }

  private static let inputs = "{config: aces, inputs: [{reel: B*, space: ARRI LogC4}]}"
  private static let video = ", output: {display: Rec.1886 Rec.709 - Display}"

  private func plan(_ programme: Programme, _ pipeline: Pipeline, library: FakeLibrary = FakeLibrary()) throws
    -> ProgrammePlan
  {
    try ProgrammePlanner.plan(pipeline, files: programme.files, tools: tools, library: library)
  }

  private func questions(_ plan: ProgrammePlan) throws -> [CompileColourTask.Input] {
    try plan.questions.map { try JSONDecoder().decode(CompileColourTask.Input.self, from: Data($0.payload)) }
  }

  @Test
  func `every shot goes from the space of its media to the display as one chain, compiled before planning`()
    throws
  {
    let programme = try programme()
    let pipeline = try loaded(
      programme, colour: Self.inputs, grade: ", look: {file: show.cube, from: ACEScg}", stages: Self.video)
    let inputs = try questions(plan(programme, pipeline))
    let look = try #require(pipelineLook(inputs))
    #expect(inputs.map(\.subject) == ["shot SHOT_010 of `master`", "shot SHOT_020 of `master`"])
    #expect(
      inputs.map { $0.process.steps.map(\.words) }
        == ["Camera Rec.709", "ARRI LogC4"].map { space in
          [
            "convert \(space) → ACEScg",
            "look show.cube \(look), tetrahedral",
            "view ACEScg → Rec.1886 Rec.709 - Display, ACES 1.0 - SDR Video",
          ]
        })
    #expect(inputs.allSatisfy { $0.source == .codes })
    #expect(inputs[0].target == .codes(bitDepth: 16, matrix: "gbr", isFullRange: true))
    #expect(inputs[0].location?.description == "p.yaml:9:75")
  }

  private func pipelineLook(_ inputs: [CompileColourTask.Input]) -> String? {
    inputs.first?.process.steps.compactMap { step -> String? in
      if case .table(let table) = step { String(table.object.hex.prefix(12)) } else { nil }
    }.first
  }

  @Test func `compiled chains are what frames are made of, and tell how`() throws {
    let programme = try programme()
    let pipeline = try loaded(programme, colour: Self.inputs, stages: Self.video)
    var library = FakeLibrary()
    let asked = try plan(programme, pipeline)
    for (index, question) in asked.questions.enumerated() {
      let output = CompileColourTask.Output(
        compiled: ColourProcess.Compiled(
          form: .steps, program: KeySamples.digest("program \(index)"), error: 0.125), reason: "tested")
      library.results.insert(question.key)
      library.outputs[question.key] = try JSONEncoder().encode(output)
    }
    let plan = try plan(programme, pipeline, library: library)
    #expect(plan.questions.isEmpty)
    let nodes = try plan.renders().flatMap(\.nodes.values)
    let forms = nodes.compactMap { node -> String? in
      guard case .colour(let process, .sizing) = node else { return nil }
      return process.compiled?.program.hex
    }
    #expect(Set(forms) == Set([0, 1].map { KeySamples.digest("program \($0)").hex }))
    #expect(plan.colours.map(\.stage) == ["master"])
    #expect(plan.colours.first?.forms.map(\.form) == ["steps"])
    #expect(plan.colours.first?.forms.first?.processors == 2)
    #expect(plan.colours.first?.forms.first?.largestError == 0.125)
  }

  @Test func `shots of one grade share a processor, and it is counted once`() throws {
    let programme = try programme()
    let pipeline = try loaded(programme, colour: Self.inputs, stages: Self.video)
    var library = FakeLibrary()
    for question in try plan(programme, pipeline).questions {
      let output = CompileColourTask.Output(
        compiled: ColourProcess.Compiled(form: .steps, program: KeySamples.digest("program"), error: 0.25),
        reason: "tested")
      library.results.insert(question.key)
      library.outputs[question.key] = try JSONEncoder().encode(output)
    }
    let colours = try plan(programme, pipeline, library: library).colours
    #expect(colours.first?.forms.map(\.processors) == [1])
  }

  @Test func `black is no light in the values of a logarithmic deliverable, and 0 on a display`() throws {
    let files = [Facts.picture("A001", start: "00:00:00:00", frames: 100)]
    let programme = try Programme(
      [
        ListEvent(reel: "A001", source: 0, record: hour, count: 10),
        ListEvent(reel: "A001", source: 20, record: hour + 15, count: 10),
      ], files: files)
    func nodes(_ output: String) throws -> (questions: [CompileColourTask.Input], nodes: [ImageNode]) {
      let text = """
        interlock: 1
        programme: test
        timeline: {cut: cut.edl, rate: 24000/1001, start: "01:00:00:00", media: [rushes]}
        raster: 640x360
        matte: 2.39
        colour: {config: aces}
        stages:
          edit: {kind: editing}
          master: {kind: delivery, picture: edit, profile: stills-16bit, output: \(output)}
        """
      let pipeline = try PipelineLoader.parse(
        text, path: "p.yaml", absolute: programme.folder.path + "/p.yaml")
      let asked = try plan(programme, pipeline)
      var library = FakeLibrary()
      for question in asked.questions {
        let output = CompileColourTask.Output(
          compiled: ColourProcess.Compiled(
            form: .steps, program: KeySamples.digest("\(question.key)"), error: 0), reason: "tested")
        library.results.insert(question.key)
        library.outputs[question.key] = try JSONEncoder().encode(output)
      }
      let done = try plan(programme, pipeline, library: library)
      return (try questions(asked), try done.renders().flatMap(\.nodes.values))
    }
    let logarithmic = try nodes("{space: ARRI LogC4}")
    let black = ["convert ACEScg → ARRI LogC4"]
    // The clip with what is around it, and black by itself for gap and matte.
    #expect(
      logarithmic.questions.map { $0.process.black?.steps.map(\.words) ?? $0.process.steps.map(\.words) }
        == [black, black])
    #expect(logarithmic.questions.map { $0.process.black?.isUnder } == [nil, true])
    #expect(logarithmic.nodes.count == 2)
    for node in logarithmic.nodes {
      guard case .matte(let matte, .colour(let process, _)) = node else {
        Issue.record("\(node)")
        continue
      }
      #expect(matte.colour?.steps.map(\.words) == black && matte.colour?.compiled != nil)
      #expect(process.compiled != nil)
    }
    let display = try nodes("{display: Rec.1886 Rec.709 - Display}")
    #expect(display.questions.map { $0.process.black == nil } == [true])
    #expect(
      display.nodes.contains { if case .matte(let matte, .black) = $0 { matte.colour == nil } else { false } }
    )
  }

  @Test func `stills show each side of a dissolve and each layer through the view, compiled`() throws {
    let files = ["A001", "B001", "C001"].map { Facts.picture($0, start: "00:00:00:00", frames: 100) }
    let programme = try Programme([], files: files)
    let head = "TITLE: TEST\nFCM: NON-DROP FRAME\n\n"
    _ = try programme.folder.write(
      head + """
        001  A001     V     C        00:00:01:00 00:00:02:00 01:00:00:00 01:00:01:00
        * FROM CLIP NAME: SHOT_A
        002  A001     V     C        00:00:02:00 00:00:02:00 01:00:01:00 01:00:01:00
        002  B001     V     D    008 00:00:01:00 00:00:01:08 01:00:01:00 01:00:01:08
        * TO CLIP NAME: SHOT_B
        """, to: "v1.edl")
    // Fades in over SHOT_A, so that it is seen as a layer only.
    _ = try programme.folder.write(
      head + """
        001  BL       V     C        00:00:00:00 00:00:00:00 01:00:00:04 01:00:00:04
        001  C001     V     D    004 00:00:01:00 00:00:01:04 01:00:00:04 01:00:00:08
        * TO CLIP NAME: SHOT_C
        """, to: "v2.edl")
    let text = """
      interlock: 1
      programme: test
      timeline: {cut: [v1.edl, v2.edl], rate: 24000/1001, start: "01:00:00:00", media: [rushes]}
      raster: 640x360
      colour: {config: aces}
      stages:
        edit: {kind: editing}
        grade: {kind: color-grade, picture: edit}
        master: {kind: delivery, picture: grade, profile: stills-16bit\(Self.video)}
      """
    let pipeline = try PipelineLoader.parse(text, path: "p.yaml", absolute: programme.folder.path + "/p.yaml")
    var library = FakeLibrary()
    for question in try plan(programme, pipeline).questions {
      let output = CompileColourTask.Output(
        compiled: ColourProcess.Compiled(
          form: .steps, program: KeySamples.digest("\(question.key)"), error: 0), reason: "tested")
      library.results.insert(question.key)
      library.outputs[question.key] = try JSONEncoder().encode(output)
    }
    let done = try plan(programme, pipeline, library: library)
    let stills = try done.nodes("still").map {
      try JSONDecoder().decode(StillTask.Input.self, from: Data($0.payload))
    }
    #expect(stills.count == 3)
    for still in stills {
      for node in [still.before, still.after] {
        guard case .colour(let process, .sizing) = node else {
          Issue.record("\(node)")
          continue
        }
        #expect(process.compiled != nil)
        #expect(
          process.steps.map(\.words) == [
            "view Camera Rec.709 → Rec.1886 Rec.709 - Display, ACES 1.0 - SDR Video"
          ])
      }
    }
  }

  @Test func `media of which nobody says what its numbers mean stops the plan`() throws {
    let programme = try programme()
    let pipeline = try loaded(programme, colour: "{config: aces}", stages: Self.video)
    let text = failure { _ = try plan(programme, pipeline) }
    #expect(text.hasPrefix("cut.edl:6"), "\(text)")
    #expect(
      text.contains("nothing says of which colour space B001.mov is: it is tagged bt709 unknown"), "\(text)")
    #expect(text.contains("for instance {file: B001.mov, space: …}"), "\(text)")
  }

  @Test func `tags tell the space where no rule does`() throws {
    for (transfer, primaries, space) in [
      ("smpte2084", "bt2020", "Rec.2100-PQ - Video"), ("arib-std-b67", "bt2020", "Rec.2100-HLG - Video"),
      ("iec61966-2-1", "bt709", "sRGB - Texture"), ("bt709", "bt709", "Camera Rec.709"),
    ] {
      let programme = try programme { files in
        for index in files.indices {
          files[index].facts.video?.transfer = transfer
          files[index].facts.video?.primaries = primaries
        }
      }
      let pipeline = try loaded(
        programme, colour: "{config: aces, working: ACEScg}", stages: ", output: {space: ACEScg}")
      let steps = try questions(plan(programme, pipeline)).first?.process.steps.map(\.words)
      #expect(steps == ["convert \(space) → ACEScg"])
    }
  }

  @Test func `the first rule that fits tells the space, by reel, file, codec, tags or metadata`() throws {
    let files = [Facts.picture("A001", name: "A001_C002.mov", start: "00:00:00:00", frames: 100)]
    func space(_ rules: String, _ change: (inout MediaFacts) -> Void = { _ in }) throws -> String? {
      var changed = files
      change(&changed[0].facts)
      let programme = try Programme(
        [ListEvent(reel: "A001", source: 0, record: hour, count: 10)], files: changed)
      let pipeline = try loaded(
        programme, colour: "{config: aces, working: ACEScg, inputs: [\(rules)]}",
        stages: ", output: {space: ACEScg}")
      let words = try questions(plan(programme, pipeline)).first?.process.steps.map(\.words).first
      return words.map { String($0.dropFirst("convert ".count).prefix { $0 != "→" }.dropLast()) }
    }
    let others = "{space: ACEScct}"
    for (rule, fits) in [
      ("reel: a0*", true), ("reel: B0*", false), ("file: \"*_c002.MOV\"", true), ("file: \"*_C003*\"", false),
      ("codec: h264", true), ("codec: prores", false), ("transfer: bt709, primaries: bt709", true),
      ("transfer: bt709, primaries: bt2020", false), ("tags: {camera: \"*Mini*\"}", true),
      ("tags: {camera: \"*Mini*\", lens: \"*\"}", false), ("reel: A*, codec: prores", false),
    ] {
      let found = try space("{\(rule), space: ARRI LogC4}, \(others)") { $0.tags["camera"] = "ALEXA Mini LF" }
      #expect(found == (fits ? "ARRI LogC4" : "ACEScct"), "\(rule): \(found ?? "none")")
    }
    // What a camera says of its curve counts more than how the file is tagged for players.
    for (name, value, expected) in [
      ("com.apple.proapps.customgamma", "com.panasonic.vlog", "V-Log V-Gamut"),
      ("com.apple.proapps.customgamma", "com.sony.slog3.s-gamut3.cine", "S-Log3 S-Gamut3.Cine"),
      ("com.apple.quicktime.camera.log", "1", "Apple Log"),
      ("com.apple.proapps.other", "x", "Camera Rec.709"),
    ] {
      #expect(try space("") { $0.tags[name] = value } == expected, "\(name) \(value)")
    }
  }

  @Test func `a correction clamps or not as the stage says, managed or not`() throws {
    let programme = try Programme(
      [
        ListEvent(
          reel: "A001", source: 0, record: hour, count: 10, comments: ["ASC_SOP (1.2 1 1)(0 0 0)(1 1 1)"])
      ], files: [Facts.picture("A001", start: "00:00:00:00", frames: 100)])
    for (style, isClamped) in [("", true), (", cdl-style: asc", true), (", cdl-style: no-clamp", false)] {
      let pipeline = try loaded(
        programme, colour: "{config: aces, working: ACEScct}", grade: style,
        stages: ", output: {space: ACEScct}")
      let steps = try questions(plan(programme, pipeline)).first?.process.steps ?? []
      #expect(
        steps.contains { if case .decision(_, clamps: isClamped) = $0 { true } else { false } },
        "\(style): \(steps)")
      let plain = try programme.pipeline(
        """
        edit: {kind: editing}
        grade: {kind: color-grade, picture: edit, stills: no\(style)}
        master: {kind: delivery, picture: grade, profile: stills-16bit}
        """)
      let asked = try questions(plan(programme, plain))
      // What clamps is left to the kernels, which always do.
      #expect(
        asked.map { $0.process.steps.map(\.words).joined().hasSuffix("no clamp") }
          == (isClamped ? [] : [true]), "\(style)")
    }
  }

  @Test func `wrong names are told at once, with what was meant`() throws {
    let programme = try programme()
    #expect(
      failure {
        _ = try loaded(
          programme, colour: "{config: aces, workin: ACEScct, inputs: [{reel: B*, space: ARI LogC4}]}",
          grade: ", look: {file: show.cube, from: ACESccg}, cdl-style: no-clmp",
          stages: ", output: {display: Rec.1886 Rec.709 - Disply}")
      } == """
        p.yaml:5:24: error: `colour` has no key `workin`
          colour: {config: aces, workin: ACEScct, inputs: [{reel: B*, space: ARI LogC4}]}
                                 ^
          Did you mean `working`?
        p.yaml:5:68: error: the config has no colour space `ARI LogC4`
          colour: {config: aces, workin: ACEScct, inputs: [{reel: B*, space: ARI LogC4}]}
                                                                             ^
          Did you mean `ARRI LogC4`?
        p.yaml:8:108: error: `no-clmp` is not a value of `cdl-style`
            grade: {kind: color-grade, picture: edit, stills: no, look: {file: show.cube, from: ACESccg}, cdl-style: no-clmp}
                                                                                                                     ^
          Did you mean `no-clamp`?
        p.yaml:8:87: error: the config has no colour space `ACESccg`
            grade: {kind: color-grade, picture: edit, stills: no, look: {file: show.cube, from: ACESccg}, cdl-style: no-clmp}
                                                                                                ^
          Did you mean `ACEScg`?
        p.yaml:9:85: error: the config has no display `Rec.1886 Rec.709 - Disply`
            master: {kind: delivery, picture: grade, profile: stills-16bit, output: {display: Rec.1886 Rec.709 - Disply}}
                                                                                              ^
          Did you mean `Rec.1886 Rec.709 - Display`?
        """)
  }

  @Test func `a look that makes a display's values goes to that display only`() throws {
    let programme = try programme()
    let look = ", look: {file: show.cube, from: ACEScct, to: Rec.1886 Rec.709 - Display}"
    let text = failure {
      _ = try loaded(
        programme, colour: Self.inputs, grade: look, stages: ", output: {display: ST2084-P3-D65 - Display}")
    }
    #expect(
      text.hasPrefix(
        "p.yaml:9:75: error: the look `show.cube` of `grade` makes Rec.1886 Rec.709 - Display, and `master` is "
          + "ST2084-P3-D65 - Display, ACES 1.1 - HDR Video (1000 nits & P3 lim)"), "\(text)")
    #expect(text.contains("p.yaml:8:63: note: the look is declared here"), "\(text)")
    let pipeline = try loaded(programme, colour: Self.inputs, grade: look, stages: Self.video)
    let steps = try questions(plan(programme, pipeline)).last?.process.steps.map(\.words) ?? []
    #expect(steps.count == 2 && steps.last?.hasPrefix("look show.cube") == true, "\(steps)")
  }

  @Test func `nothing is graded behind a look that makes a display's values`() throws {
    let programme = try programme()
    let text = failure {
      _ = try PipelineLoader.parse(
        """
        interlock: 1
        programme: test
        timeline: {cut: cut.edl, rate: 24000/1001, start: "01:00:00:00", media: [rushes]}
        raster: 640x360
        colour: \(Self.inputs)
        stages:
          edit: {kind: editing}
          show: {kind: color-grade, picture: edit, look: {file: show.cube, from: ACEScct, to: Rec.1886 Rec.709 - Display}}
          trim: {kind: color-grade, picture: show}
          master: {kind: delivery, picture: trim, profile: stills-16bit\(Self.video)}
        """, path: "p.yaml", absolute: programme.folder.path + "/p.yaml")
    }
    #expect(
      text.hasPrefix(
        "p.yaml:9:3: error: `trim` grades in the working space, and the look `show.cube` of `show` makes "
          + "Rec.1886 Rec.709 - Display of its pictures"), "\(text)")
    #expect(text.contains("p.yaml:8:50: note: the look is declared here"), "\(text)")
  }

  @Test
  func `managed colour asks every look and deliverable what it is, unmanaged colour refuses to be asked`()
    throws
  {
    let programme = try programme()
    let untagged = failure {
      _ = try loaded(programme, colour: Self.inputs, grade: ", look: show.cube", stages: "")
    }
    #expect(untagged.contains("the look does not say for which colour spaces it is made"), "\(untagged)")
    #expect(untagged.contains("`master` does not say what its values are"), "\(untagged)")
    let unmanaged = failure {
      _ = try programme.pipeline(
        """
        edit: {kind: editing}
        master: {kind: delivery, picture: edit, profile: exr-half, output: {space: ACEScg}}
        """)
    }
    #expect(unmanaged.contains("`output` needs to know what the pictures are"), "\(unmanaged)")
    #expect(unmanaged.contains("profile `exr-half` is unknown linear"), "\(unmanaged)")
  }

  @Test func `a config of one's own comes with the files it names`() throws {
    let programme = try programme()
    _ = try programme.folder.write(
      """
      ocio_profile_version: 2
      search_path: luts
      roles: {default: log, color_timing: log}
      displays:
        Monitor:
          - !<View> {name: Film, colorspace: video}
      colorspaces:
        - !<ColorSpace> {name: log}
        - !<ColorSpace>
          name: video
          from_scene_reference: !<FileTransform> {src: film.cube}
      """, to: "ocio/config.ocio")
    _ = try programme.folder.write(Self.identity, to: "ocio/luts/film.cube")
    let pipeline = try loaded(
      programme, colour: "{config: ocio/config.ocio, inputs: [{reel: \"*\", space: log}]}",
      stages: ", output: {display: Monitor}")
    let plan = try plan(programme, pipeline)
    let input = try #require(try questions(plan).first)
    #expect(input.process.steps == [.view(from: "log", display: "Monitor", view: "Film")])
    let list = try #require(input.process.context.config.flatMap { plan.objects[$0] })
    let files = try JSONDecoder().decode(ColourConfigFiles.self, from: Data(list))
    #expect(files.config == "config.ocio")
    #expect(Set(files.files.keys) == ["config.ocio", "luts/film.cube"])
    #expect(files.files["luts/film.cube"].flatMap { plan.objects[$0] } == Array(Self.identity.utf8))
  }

  @Test func `files outside of the config's folder are refused`() throws {
    let programme = try programme()
    _ = try programme.folder.write(
      """
      ocio_profile_version: 2
      search_path: ..
      roles: {default: log, color_timing: log}
      displays:
        Monitor:
          - !<View> {name: Film, colorspace: log}
      colorspaces:
        - !<ColorSpace>
          name: log
          to_scene_reference: !<FileTransform> {src: show.cube}
      """, to: "ocio/config.ocio")
    let text = failure {
      _ = try loaded(
        programme, colour: "{config: ocio/config.ocio}", stages: ", output: {display: Monitor}")
    }
    #expect(text.contains("which lies outside of its folder"), "\(text)")
  }
}
