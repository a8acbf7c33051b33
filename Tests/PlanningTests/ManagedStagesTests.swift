import Delivery
import Diagnostics
import Digests
import Editorial
import Foundation
import ImageGraph
import MediaTime
import Planning
import TaskGraph
import TaskKinds
import TestSupport
import Testing

/// Comps and programs of a pipeline with `colour:`.
@Suite struct `Managed comps and programs` {
  private static let comps = """
    comps:
      MAN:
        - background: {media: B001, beyond: hold}
        - plate
        - element: {file: spark.exr, space: Linear Rec.709}
    """
  private static let inputs = "{reel: A*, space: ARRI LogC4}"
  private static let compStages = """
    comp: {kind: vfx-compositing, picture: edit, shots: turnover/comps.yaml}
    master: {kind: delivery, picture: comp, profile: stills-16bit, output: {display: Rec.1886 Rec.709 - Display}}
    """

  private func programme(_ comps: String = comps) throws -> Programme {
    let programme = try Programme(
      [
        ListEvent(reel: "A001", source: 0, record: hour, count: 10, comments: ["FROM CLIP NAME:  MAN"]),
        ListEvent(
          reel: "B001", source: 5, record: hour + 10, count: 10, comments: ["FROM CLIP NAME:  PLAIN"]),
      ],
      files: [
        Facts.picture("A001", start: "00:00:00:00", frames: 100),
        Facts.picture("B001", start: "00:00:00:00", frames: 100),
      ])
    _ = try programme.folder.write("still", to: "turnover/spark.exr")
    _ = try programme.folder.write(comps, to: "turnover/comps.yaml")
    _ = try programme.folder.write("# flips\n", to: "tools/flip.sh")
    return programme
  }

  private func pipeline(
    _ programme: Programme, inputs: String = inputs, colour: String? = nil, stages: String
  ) throws -> Pipeline {
    let text = """
      interlock: 1
      programme: test
      timeline: {cut: cut.edl, rate: 24000/1001, start: "01:00:00:00", media: [rushes]}
      raster: 640x360
      \(colour ?? "colour: {config: aces, working: ACEScct, inputs: [\(inputs)]}")
      stages:
        edit: {kind: editing}
      \(stages.split(separator: "\n").map { "  \($0)" }.joined(separator: "\n"))
      """
    return try PipelineLoader.parse(text, path: "p.yaml", absolute: programme.folder.path + "/p.yaml")
  }

  /// Plans, answering what the plan asks for, until it stands; and every colour that was asked for.
  private func plan(
    _ programme: Programme, _ pipeline: Pipeline
  ) throws -> (plan: ProgrammePlan, colours: [CompileColourTask.Input]) {
    var library = FakeLibrary()
    var colours: [CompileColourTask.Input] = []
    for _ in 0..<5 {
      let plan = try ProgrammePlanner.plan(pipeline, files: programme.files, tools: tools, library: library)
      if plan.questions.isEmpty { return (plan, colours) }
      for node in plan.questions {
        library.results.insert(node.key)
        switch node.kind {
        case "probe-sequence":
          let facts = MediaFacts(
            identity: Facts.identity("spark").hex, fileName: "spark.exr", container: "sequence", byteCount: 1,
            video: VideoFacts(
              stream: 0, codec: "exr", width: 640, height: 360, pixelFormat: "gbrapf32le", bitDepth: 32,
              rate: FrameRate(24), frameCount: 1))
          library.outputs[node.key] = try JSONEncoder().encode(SequenceProbeTask.Output(facts: facts))
        case "sample-screen":
          library.outputs[node.key] = try JSONEncoder().encode(ScreenTask.Output(screen: [0.3, 0.4, 0.3]))
        case "compile-colour":
          colours.append(try JSONDecoder().decode(CompileColourTask.Input.self, from: Data(node.payload)))
          let output = CompileColourTask.Output(
            compiled: ColourProcess.Compiled(
              form: .steps, program: KeySamples.digest("\(node.key)"), error: 0), reason: "tested")
          library.outputs[node.key] = try JSONEncoder().encode(output)
        default: Issue.record("nobody asked for \(node.kind)")
        }
      }
    }
    throw FixtureError(text: "the plan keeps asking")
  }

  /// The nodes that a stage has rendered, each once.
  private func nodes(_ plan: ProgrammePlan, of stage: String = "master") throws -> [ImageNode] {
    var nodes: [String: ImageNode] = [:]
    for node in plan.nodes("render") where node.stage == stage {
      let input = try JSONDecoder().decode(RenderTask.Input.self, from: Data(node.payload))
      nodes.merge(input.nodes) { first, _ in first }
    }
    return nodes.sorted { $0.key < $1.key }.map(\.value)
  }

  private func words(_ process: ColourProcess?) -> [String] { process?.steps.map(\.words) ?? [] }

  // MARK: Comps

  @Test func `every layer goes from its own space to scene-linear light, and the comp on from there`() throws
  {
    let programme = try programme()
    let (plan, colours) = try plan(programme, pipeline(programme, stages: Self.compStages))
    let found = try nodes(plan).compactMap { node -> (ColourProcess, Composite, ImageNode)? in
      guard case .colour(let process, .sizing(_, .composite(let composite, _))) = node else { return nil }
      return (process, composite, node)
    }
    let (process, composite, node) = try #require(found.first)
    #expect(found.count == 1)
    #expect(composite.light == "ACEScg")
    #expect(
      composite.layers.map { words($0.colour) } == [
        ["convert Camera Rec.709 → ACEScg"], ["convert ARRI LogC4 → ACEScg"],
        ["convert Linear Rec.709 → ACEScg"],
      ])
    #expect(composite.layers.allSatisfy { $0.colour?.compiled != nil } && process.compiled != nil)
    #expect(composite.layers.map(\.isLinear) == [false, false, true])
    #expect(composite.layers[2].alpha == .premultiplied)
    #expect(words(process) == ["view ACEScg → Rec.1886 Rec.709 - Display, ACES 1.0 - SDR Video"])
    // Light has no bounds, and no table holds it.
    // While the screen is not measured the plate alone is asked about.
    let sources = Dictionary(colours.map { ($0.subject, $0.source) }, uniquingKeysWith: { _, last in last })
    #expect(sources["layer 2 of shot MAN of `master`"] == .codes)
    #expect(sources["layer 3 of shot MAN of `master`"] == .light)
    #expect(sources["shot MAN of `master`"] == .light)
    #expect(sources["shot PLAIN of `master`"] == .codes)
    #expect(colours.filter { $0.subject.hasPrefix("layer") }.allSatisfy { $0.target == .light })
    let operations = node.operations.map { "\($0.operation) \($0.parameters)" }
    #expect(operations.contains { $0.hasPrefix("convert layer 2: ARRI LogC4 → ACEScg") }, "\(operations)")
    #expect(
      operations.contains { $0.hasPrefix("composite ") && $0.hasSuffix("scene-linear light of ACEScg") },
      "\(operations)")
    let render = try #require(plan.nodes("render").first { $0.ingredients.contains { $0.name == "light" } })
    #expect(render.ingredients.contains { $0.value == "convert ARRI LogC4 → ACEScg" })
  }

  private func chains(_ comps: String, inputs: String = inputs) throws -> Set<String> {
    let programme = try programme(comps)
    let plan = try plan(programme, pipeline(programme, inputs: inputs, stages: Self.compStages)).plan
    return Set(try nodes(plan).filter { $0.sources.count > 1 }.map(\.chain.hex))
  }

  @Test func `frames are named by the spaces of their layers, however those are said`() throws {
    let first = try chains(Self.comps)
    #expect(first.count == 1)
    let others = [
      try chains(Self.comps.replacingOccurrences(of: "Linear Rec.709", with: "ACEScg")),
      try chains(Self.comps.replacingOccurrences(of: "hold}", with: "hold, space: ARRI LogC4}")),
      try chains(Self.comps, inputs: "{reel: A*, space: ACEScct}"),
    ]
    #expect(Set(others + [first]).count == 4)
    let ruled = try chains(
      Self.comps.replacingOccurrences(of: ", space: Linear Rec.709", with: ""),
      inputs: "{file: \"spark*\", space: Linear Rec.709}, \(Self.inputs)")
    #expect(ruled == first)
  }

  @Test func `a screen of a logarithmic plate may be as near to grey as those are`() throws {
    let stages = Self.compStages
    let sampled = try programme("comps:\n  MAN: [{plate: {key: sample}}]\n")
    let plan = try plan(sampled, pipeline(sampled, stages: stages)).plan
    let keys = try nodes(plan).compactMap { node -> Composite.Key? in
      guard case .composite(let composite, _)? = node.sized else { return nil }
      return composite.layers[0].key
    }
    #expect(keys.map(\.screen) == [[0.3, 0.4, 0.3]])
    let grey = try programme("comps:\n  MAN: [{plate: {key: {screen: [0.3, 0.33, 0.3]}}}]\n")
    let message = failure { _ = try pipeline(grey, stages: stages) }
    #expect(message.contains("turnover/comps.yaml:2:"), "\(message)")
    #expect(message.contains("no channel of this screen lies 0.05 above both others"), "\(message)")
  }

  @Test func `a layer of which nobody says the space is told where it is written`() throws {
    let programme = try programme(Self.comps.replacingOccurrences(of: ", space: Linear Rec.709", with: ""))
    let message = failure { _ = try plan(programme, pipeline(programme, stages: Self.compStages)) }
    #expect(
      message.contains(
        "turnover/comps.yaml:5:23: error: nothing says of which colour space spark.exr is: it is tagged unknown unknown"
      ), "\(message)")
    #expect(message.contains("Give the layer a `space:`"), "\(message)")
  }

  @Test func `what a comps file says of colour is checked when it is loaded`() throws {
    let wrong = try programme(
      Self.comps.replacingOccurrences(
        of: "space: Linear Rec.709", with: "space: Linaer Rec.709, light: linear"))
    let message = failure { _ = try pipeline(wrong, stages: Self.compStages) }
    #expect(message.contains("comps.yaml:5:"), "\(message)")
    #expect(message.contains("the config has no colour space `Linaer Rec.709`"), "\(message)")
    #expect(message.contains("Did you mean `Linear Rec.709`?"), "\(message)")
    #expect(message.contains("`light` is for display-coded comps, and colour is managed here"), "\(message)")
    let plain = try programme()
    let unmanaged = failure {
      _ = try pipeline(
        plain, colour: "",
        stages: Self.compStages.replacingOccurrences(
          of: ", output: {display: Rec.1886 Rec.709 - Display}", with: ""))
    }
    #expect(unmanaged.contains("comps.yaml:5:"), "\(unmanaged)")
    #expect(
      unmanaged.contains("`space` is a colour space, and the pipeline has no `colour:`"), "\(unmanaged)")
  }

  @Test func `a config that does not say what light is has no comps`() throws {
    let programme = try programme()
    _ = try programme.folder.write(
      """
      ocio_profile_version: 2
      roles: {default: log, color_timing: log}
      displays:
        Monitor:
          - !<View> {name: Film, colorspace: video}
      colorspaces:
        - !<ColorSpace> {name: log}
        - !<ColorSpace> {name: video}
        - !<ColorSpace> {name: Linear Rec.709}
      """, to: "ocio/config.ocio")
    let message = failure {
      _ = try pipeline(
        programme, colour: "colour: {config: ocio/config.ocio}",
        stages: Self.compStages.replacingOccurrences(of: "Rec.1886 Rec.709 - Display", with: "Monitor"))
    }
    #expect(
      message.contains(
        "p.yaml:8:3: error: `comp` composites in scene-linear light, and the config does not say what that is"
      ),
      "\(message)")
  }

  // MARK: Programs

  private static func programs(_ space: String, keys: String = "") -> String {
    """
    flip:
      kind: external
      picture: edit
      \(space.isEmpty ? "" : "space: \(space)")
      program: [sh, tools/flip.sh, "{input}", "{output}"]
      outputs: {picture: out/frame.####.png}\(keys)
    master: {kind: delivery, picture: flip, profile: stills-16bit, output: {display: Rec.1886 Rec.709 - Display}}
    """
  }

  @Test func `a program gets frames in its space, and its pictures go on from there`() throws {
    let programme = try programme()
    func planned(_ space: String) throws -> (key: TaskKey, input: ExternalTask.Input, plan: ProgrammePlan) {
      let plan = try plan(programme, pipeline(programme, stages: Self.programs(space))).plan
      let node = try #require(plan.nodes("external").first)
      #expect(node.ingredients.contains { $0.name == "space" && $0.value == space })
      return (node.key, try JSONDecoder().decode(ExternalTask.Input.self, from: Data(node.payload)), plan)
    }
    let log = try planned("ACEScct")
    #expect(log.input.space == "ACEScct")
    let given = Set(try nodes(log.plan, of: "flip").map { words($0.colour.steps.first) })
    #expect(given == [["convert ARRI LogC4 → ACEScct"], ["convert Camera Rec.709 → ACEScct"]])
    let linear = try planned("ACEScg")
    let made = try nodes(linear.plan).compactMap { node -> [String]? in
      guard case .colour(let process, .sizing(_, .source)) = node else { return nil }
      return words(process)
    }
    #expect(made == [["view ACEScg → Rec.1886 Rec.709 - Display, ACES 1.0 - SDR Video"]])
    #expect(log.key != linear.key)
    // An alias of a space is that space.
    #expect(try planned("ACEScct").key == log.key)
  }

  @Test func `light goes to programs and comes back as OpenEXR`() throws {
    let programme = try programme()
    let stages = Self.programs("ACEScg", keys: "\n  profile: exr-half")
      .replacingOccurrences(of: "frame.####.png", with: "frame.####.exr")
    let (plan, colours) = try plan(programme, pipeline(programme, stages: stages))
    let node = try #require(plan.nodes("external").first)
    let input = try JSONDecoder().decode(ExternalTask.Input.self, from: Data(node.payload))
    #expect(input.pictures?.encoding.codec == "exr" && input.made?.path == "out/frame.####.exr")
    #expect(colours.filter { $0.subject.hasSuffix("of `flip`") }.allSatisfy { $0.target == .light })
    #expect(colours.first { $0.subject.hasSuffix("of `master`") }?.source == .light)
  }

  @Test func `a program must say its space where colour is managed, and only there`() throws {
    let programme = try programme()
    let silent = failure { _ = try pipeline(programme, stages: Self.programs("")) }
    #expect(
      silent.contains(
        "error: colour is managed here, and nothing says in which colour space the program takes and makes pictures"
      ), "\(silent)")
    #expect(silent.contains("p.yaml:10:") && silent.contains("Give the stage `space:`"), "\(silent)")
    let unknown = failure { _ = try pipeline(programme, stages: Self.programs("ACEScgg")) }
    #expect(unknown.contains("the config has no colour space `ACEScgg`"), "\(unknown)")
    #expect(unknown.contains("Did you mean `ACEScg`?"), "\(unknown)")
    let unmanaged = failure {
      _ = try pipeline(
        programme, colour: "",
        stages: Self.programs("ACEScg").replacingOccurrences(
          of: ", output: {display: Rec.1886 Rec.709 - Display}", with: ""))
    }
    #expect(
      unmanaged.contains("`space` is a colour space, and the pipeline has no `colour:`"), "\(unmanaged)")
    let files = failure {
      _ = try pipeline(
        programme,
        stages: "check: {kind: external, space: ACEScg, program: [sh], outputs: {report: r.json}}")
    }
    #expect(
      files.contains("`space` is about pictures, and the program neither gets nor makes any"), "\(files)")
  }
}
