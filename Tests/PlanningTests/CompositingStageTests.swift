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

@Suite struct CompositingStageTests {
  private static let stages = """
    edit: {kind: editing}
    comp: {kind: vfx-compositing, picture: edit, shots: turnover/comps.yaml}
    grade: {kind: color-grade, picture: comp}
    master: {kind: delivery, picture: grade, profile: stills-16bit}
    """

  /// Three shots of one clip and one of another, ten frames each: MAN, PLAIN, MAN, OTHER.
  private func programme(_ comps: String, stills: [Int] = Array(1001...1020)) throws -> Programme {
    func event(_ name: String, _ reel: String, _ source: Int, _ place: Int) -> ListEvent {
      ListEvent(
        reel: reel, source: source, record: hour + place * 10, count: 10,
        comments: ["FROM CLIP NAME:  \(name)"])
    }
    let programme = try Programme(
      [
        event("MAN", "A001", 0, 0), event("PLAIN", "A001", 20, 1), event("MAN", "A001", 40, 2),
        event("OTHER", "B001", 0, 3),
      ],
      files: [
        Facts.picture("A001", start: "00:00:00:00", frames: 100),
        Facts.picture("B001", start: "00:00:00:00", frames: 60, width: 1280, height: 720),
      ])
    for number in stills {
      _ = try programme.folder.write("still \(number)", to: "turnover/elements/spark.\(number).png")
    }
    _ = try programme.folder.write("still", to: "turnover/matte.exr")
    _ = try programme.folder.write("no still", to: "outside.png")
    _ = try programme.folder.write(comps, to: "turnover/comps.yaml")
    return programme
  }

  /// Plans, answering what the plan asks for, until it stands.
  private func plan(
    _ programme: Programme, pixelFormat: String = "rgba64be", screen: [Double]? = [0.1, 0.9, 0.1],
    library: FakeLibrary = FakeLibrary()
  ) throws -> ProgrammePlan {
    var library = library
    for _ in 0..<4 {
      let plan = try programme.plan(Self.stages, library: library)
      if plan.questions.isEmpty { return plan }
      for node in plan.questions {
        switch node.kind {
        case "probe-sequence":
          let input = try JSONDecoder().decode(SequenceProbeTask.Input.self, from: Data(node.payload))
          let facts = MediaFacts(
            identity: Facts.identity("\(input.sequence.prefix) \(input.sequence.members.count)").hex,
            fileName: "spark.####.png", container: "sequence", byteCount: 1,
            video: VideoFacts(
              stream: 0, codec: "png", width: 640, height: 360, pixelFormat: pixelFormat, bitDepth: 16,
              rate: FrameRate(24), frameCount: Int64(input.sequence.members.count)))
          library.outputs[node.key] = try JSONEncoder().encode(SequenceProbeTask.Output(facts: facts))
        case "sample-screen":
          library.outputs[node.key] = try JSONEncoder().encode(ScreenTask.Output(screen: screen))
        default: Issue.record("nobody asked for \(node.kind)")
        }
      }
    }
    throw FixtureError(text: "the plan keeps asking")
  }

  private func composites(_ plan: ProgrammePlan) throws -> [Composite?] {
    let assembly = try #require(try plan.assemblies().first)
    let nodes = Dictionary(
      try plan.renders().map { ($0.chain, $0.node) }, uniquingKeysWith: { first, _ in first })
    return assembly.runs.map { run in
      if case .composite(let composite, _)? = nodes[run.chain]?.sized { composite } else { nil }
    }
  }

  @Test func `every event of a shot gets its comp, numbered by the plate, and other shots nothing`() throws {
    let programme = try programme(
      """
      comps:
        MAN:
          - background: {media: B001, first: 5, at: 20, speed: 1/2, beyond: bounce}
          - plate: {key: {tolerance: 0.2, despill: 0.5, garbage: [0, 0, 10, 360]}}
          - element: {file: elements/spark.####.png, first: 1003, merge: screen, beyond: loop, opacity: 0.5}
      """)
    let plan = try plan(programme)
    let composites = try composites(plan)
    #expect(composites.map { $0 != nil } == [true, false, true, false])
    let composite = try #require(composites[0])
    #expect(composites[2] == composite)
    #expect(composite.raster == Raster(width: 640, height: 360))
    #expect(composite.layers.map(\.merge) == [.over, .over, .screen])
    #expect(composite.layers[0].frame(at: 24) == 7)
    #expect(
      composite.layers[0].placement == Composite.Placement(scaleX: 0.5, scaleY: 0.5, offsetX: 0, offsetY: 0))
    #expect(composite.layers[1].key?.screen == [0.1, 0.9, 0.1])
    #expect(composite.layers[1].key?.garbage == [[0, 0, 10, 0, 10, 360, 0, 360]])
    #expect(composite.layers[2].frame(at: 0) == 2)
    #expect(composite.layers[2].alpha == .straight)
    #expect(composite.layers[2].opacity == 0.5)
    // The task says where every layer's pictures are.
    let render = try #require(try plan.renders().first)
    #expect(render.media.count == 3)
    #expect(render.media.values.compactMap(\.sequence).map(\.members.count) == [20])
    #expect(try plan.renders().flatMap(\.segments).first?.first == 0)
  }

  @Test func `linear elements are premultiplied and pictures without alpha cover, unless the file says else`()
    throws
  {
    let comps = """
      comps:
        MAN: [plate, {element: {file: elements/spark.####.png, beyond: hold}}]
        OTHER: [plate, {element: {file: elements/spark.####.png, light: display, alpha: straight}}]
      """
    let linear = try composites(try plan(try programme(comps), pixelFormat: "gbrapf32le"))
    #expect(linear[0]?.layers[1].alpha == .premultiplied && linear[0]?.layers[1].isLinear == true)
    #expect(linear[3]?.layers[1].alpha == .straight && linear[3]?.layers[1].isLinear == false)
    let message = failure { _ = try plan(try programme(comps), pixelFormat: "rgb48be") }
    #expect(message.contains("comps.yaml:3:"))
    #expect(message.contains("`spark.####.png` has no alpha (rgb48be)"))
  }

  @Test func `a re-cut of a comp asks only for frames that were never made`() throws {
    let comps = "comps:\n  MAN: [plate, {element: {file: elements/spark.####.png, beyond: loop}}]\n"
    let programme = try programme(comps)
    let first = try plan(programme)
    var library = try FakeLibrary.after(first)
    library.versions = [:]
    _ = try programme.folder.write(
      ListEvent.list([
        ListEvent(
          reel: "A001", source: 2, record: hour, count: 12, comments: ["FROM CLIP NAME:  MAN"])
      ]), to: "cut.edl")
    let second = try plan(programme, library: library)
    #expect(try second.renders().flatMap(\.segments).map { "\($0.first)+\($0.count)" } == ["10+4"])
  }

  @Test func `both sides of a transition are composited`() throws {
    let programme = try programme("comps:\n  MAN: [{finished: {media: B001, beyond: hold}}]\n")
    _ = try programme.folder.write(
      """
      TITLE: T
      FCM: NON-DROP FRAME

      001  A001  V  C        00:00:00:00 00:00:00:10 01:00:00:00 01:00:00:10
      * FROM CLIP NAME: MAN
      002  A001  V  C        00:00:00:10 00:00:00:10 01:00:00:10 01:00:00:10
      002  A001  V  D    006 00:00:02:00 00:00:02:12 01:00:00:10 01:00:00:22
      * FROM CLIP NAME: MAN
      * TO CLIP NAME: MAN

      """, to: "cut.edl")
    let plan = try plan(programme)
    let transition = try #require(try plan.renders().compactMap { $0.node.transition }.first)
    for side in [transition.outgoing, transition.incoming] {
      guard case .composite(let composite, _)? = side.sized else {
        Issue.record("a side is not composited")
        continue
      }
      #expect(composite.layers.map(\.merge) == [.replace])
    }
  }

  @Test func `a layer that is too short is refused with its frames`() throws {
    let message = failure {
      _ = try plan(
        try programme("comps:\n  MAN:\n    - plate\n    - element: {file: elements/spark.####.png}\n"))
    }
    #expect(
      message.contains("turnover/comps.yaml:4:23: error: this layer of `MAN` has 20 frames, and event 003"))
    #expect(message.contains("frames 40–49 (counted from 0) at plate frames 40–49"))
    #expect(message.contains("beyond: hold"))
    #expect(message.contains("^"))
  }

  @Test func `a screen that is not there is told, and a colour can be given`() throws {
    let comps = "comps:\n  MAN: [{plate: {key: sample}}]\n"
    let message = failure { _ = try plan(try programme(comps), screen: nil) }
    #expect(message.contains("shows no green or blue screen"))
    let given = try plan(try programme("comps:\n  MAN: [{plate: {key: {screen: [0.13, 0.99, 0.02]}}}]\n"))
    #expect(try composites(given)[0]?.layers[0].key?.screen == [0.13, 0.99, 0.02])
  }

  /// What is wrong, and what is said about it, with the place in the file.
  static let faults: [(text: String, findings: [String])] = [
    ("comps:\n  MAN:\n    - plat\n", ["comps.yaml:3:7", "no kind of layer `plat`", "Did you mean `plate`?"]),
    ("comp:\n  MAN: [plate]\n", ["comps.yaml:1:1", "has no key `comp`", "Did you mean `comps`?"]),
    ("comps:\n  MAN: [{element: {fil: a.png}}]\n", ["comps.yaml:2:20", "Did you mean `file`?"]),
    ("comps:\n  MAN: [{background: {}}]\n", ["needs either `media` or `file`"]),
    (
      "comps:\n  MAN: [{background: {media: C001}}]\n",
      ["comps.yaml:2:30", "no clip of the media folders", "`A001`"]
    ),
    ("comps:\n  MAN: [{background: {file: ../outside.png}}]\n", ["`outside.png` lies outside the folder"]),
    ("comps:\n  MAN: [{background: {file: /etc/passwd}}]\n", ["`passwd` lies outside the folder"]),
    ("comps:\n  MAN: [{background: {file: link.png}}]\n", ["`link.png` lies outside the folder"]),
    ("comps:\n  MAN: [{background: {file: none.png}}]\n", ["there is no file `none.png`"]),
    ("comps:\n  MAN: [{element: {file: elements/dust.####.png}}]\n", ["there are no stills `dust.####.png`"]),
    ("comps:\n  MAN: [{element: {file: elements/gap.####.png}}]\n", ["from 1 to 9", "are no 3–4, 7"]),
    ("comps:\n  MAN: [{element: {file: el##ents/a.##.png}}]\n", ["is not a name of numbered stills"]),
    ("comps:\n  MAN: [{element: {file: comps.yaml}}]\n", ["no kind of file that is read as pictures"]),
    ("comps:\n  MAN: [plate, {element: {file: matte.exr, merge: scren}}]\n", ["Did you mean `screen`?"]),
    ("comps:\n  MAN: [{element: {file: matte.exr, merge: out}}]\n", ["nothing below to out"]),
    ("comps:\n  MAN: [plate, {finished: {file: matte.exr}}]\n", ["it is the lowest layer"]),
    ("comps:\n  MAN: [plate, plate]\n", ["the plate is a layer of `MAN` already"]),
    ("comps:\n  MAN: []\n", ["1 to 16 layers"]),
    (
      "comps:\n  MAN: [{element: {file: matte.exr, first: 99999999999999999999}}]\n",
      ["neither a frame nor a timecode"]
    ),
    (
      "comps:\n  MAN: [{element: {file: matte.exr, scale: 1e308}}]\n",
      ["`scale` must be a number from 0.015625 to 64"]
    ),
    ("comps:\n  MAN: [{element: {file: matte.exr, scale: nan, opacity: -1}}]\n", ["`scale`", "`opacity`"]),
    ("comps:\n  MAN: [{element: {file: matte.exr, move: [1]}}]\n", ["a list of 2 numbers"]),
    ("comps:\n  MAN: [{element: {file: matte.exr, speed: 1/0}}]\n", ["`1/0` is not a speed"]),
    ("comps:\n  MAN: [{plate: {key: {screen: [0.5, 0.5, 0.5]}}}]\n", ["no channel of this screen"]),
    ("comps:\n  MAN: [{plate: {key: {screen: [300, 0, 0]}}}]\n", ["a list of 3 numbers from 0.0 to 1.0"]),
    ("comps:\n  MAN: [{plate: {key: {garbage: [[0, 0], [1, 1]]}}}]\n", ["no rectangle and no polygon"]),
    ("comps:\n  MAN: [{plate: {key: {at: [0, 0, 9000, 20]}}}]\n", ["sampled outside of `A001.mov`"]),
    ("comps:\n  MAN: [{plate: {key: {frame: 100}}}]\n", ["sampled outside of `A001.mov`"]),
    ("comps: [\n", ["not valid YAML"]), ("", ["empty"]),
  ]

  @Test(arguments: faults.indices)
  func `what is wrong with a comps file is told where it is`(index: Int) throws {
    let (text, findings) = Self.faults[index]
    let programme = try programme(text)
    for number in [1, 2, 5, 6, 8, 9] {
      _ = try programme.folder.write("x", to: "turnover/elements/gap.000\(number).png")
    }
    try FileManager.default.createSymbolicLink(
      atPath: programme.folder.path + "/turnover/link.png", withDestinationPath: "../outside.png")
    let message = failure { _ = try plan(programme) }
    for finding in findings { #expect(message.contains(finding), "\(message)") }
    #expect(message.contains("turnover/comps.yaml"))
  }

  @Test func `all faults of a file come at once`() throws {
    let message = failure {
      _ = try plan(
        try programme("comps:\n  MAN: [plat, {element: {fil: a}}]\n  OTHER: [{background: {file: no.png}}]\n")
      )
    }
    #expect(message.components(separatedBy: "error:").count - 1 >= 3, "\(message)")
  }

  @Test func `a comp without a shot is a warning`() throws {
    let plan = try plan(try programme("comps:\n  MAM: [plate]\n"))
    let finding = try #require(plan.diagnostics.first { $0.code == "comp.unused" })
    #expect(finding.severity == .warning && finding.location?.line == 2)
    #expect(finding.remedy == "Did you mean `MAN`?")
  }
}
