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

/// The sample programme, planned from facts: nothing is opened but the turnover.
@Suite struct ProgrammePlannerTests {
  @Test(arguments: [1, 2]) func `the frames to render are exactly the different pictures of the cut`(
    version: Int
  ) throws {
    let plan = try Sample.plan(cut: "short_v00\(version).edl")
    let frames = try plan.renderedFrames()
    let counts = try Sample.counts()
    let expected = [counts.first, counts.second][version - 1]
    #expect(frames.count == Set(frames).count, "a frame is rendered twice")
    #expect(frames.count == expected)
    let master = try #require(plan.deliverables.first)
    #expect(master.frames == [2320, 2352][version - 1] && master.frames == counts.frames[version - 1])
    #expect(
      master.distinctFrames == Int64(expected) && master.newFrames == Int64(expected)
        && master.reusedFrames == 0)
    #expect(plan.nodes("render").reduce(0) { $0 + $1.frames } == expected)
  }

  @Test func `tasks come in the order in which stages ask for them, each with its reason`() throws {
    let plan = try Sample.plan(cut: "short_v001.edl")
    #expect(plan.nodes("still").count == 35 && plan.nodes("still").allSatisfy { $0.stage == "grade" })
    #expect(
      plan.nodes("thumbnails").count == 19 && plan.nodes("thumbnails").allSatisfy { $0.stage == "edit" })
    let others = plan.plan.nodes.filter { !["render", "still", "thumbnails"].contains($0.kind) }
    #expect(
      others.map { "\($0.stage): \($0.label): \($0.reason)" } == [
        "grade: publish grade-cdl: no version has exactly these corrections and this look",
        "mix: mix of 33 events: no mix is made of exactly these events",
        "edit: page of the conform report: no page shows exactly this conform",
        "grade: contact sheet of 35 shots: no sheet shows exactly these shots",
        "master: assemble master: no file is made of exactly these frames and this mix",
        "edit: publish edit: no version of it is exactly this conform",
        "grade: publish grade: no version of it shows exactly these shots and grades",
        "master: publish master: no version of it is exactly this",
      ])
    let first = try #require(plan.nodes("render").first)
    #expect(first.stage == "master")
    #expect(first.label == "A001C001_261103_R1AB.mov frames 0–23")
    #expect(first.reason == "24 frames never made before with this source, grade and encoding")
    let assembly = try #require(plan.nodes("assemble").first)
    #expect(Set(assembly.dependencies) == Set((plan.nodes("render") + plan.nodes("mix")).map(\.key)))
    let publish = try #require(plan.nodes("publish").last)
    #expect(publish.dependencies == [assembly.key])
    #expect(plan.nodes("publish").allSatisfy { $0.place == .coordinator })
  }

  @Test func `what is done is not planned again`() throws {
    let plan = try Sample.plan(cut: "short_v001.edl")
    let again = try Sample.plan(cut: "short_v001.edl", library: FakeLibrary.after(plan))
    #expect(again.plan.isEmpty)
    let master = try #require(again.deliverables.first)
    #expect(master.version == "v001" && master.newFrames == 0 && master.reusedFrames == master.distinctFrames)
    #expect(again.publishes.count == 4)
  }

  @Test func `planning twice gives the same plan`() throws {
    let first = try Sample.plan(cut: "short_v001.edl")
    let second = try Sample.plan(cut: "short_v001.edl")
    #expect(first.plan.nodes.map(\.key) == second.plan.nodes.map(\.key))
    #expect(first.plan.nodes.map(\.payload) == second.plan.nodes.map(\.payload))
    #expect(first.objects == second.objects)
  }

  @Test func `the second cut renders only frames that the first did not have`() throws {
    let first = try Sample.plan(cut: "short_v001.edl")
    let second = try Sample.plan(cut: "short_v002.edl", library: FakeLibrary.after(first))
    let counts = try Sample.counts()
    let made = try second.renderedFrames()
    #expect(made.count == counts.new)
    #expect(made.count == 70, "README of SampleMedia")
    #expect(Set(made).isDisjoint(with: try first.renderedFrames()))
    let master = try #require(second.deliverables.first)
    #expect(master.newFrames == 70 && master.reusedFrames == Int64(counts.second) - 70)
    #expect(second.nodes("publish").map(\.label) == ["publish edit", "publish grade", "publish master"])
  }

  @Test(arguments: [1, 2]) func `the EDL and the OTIO of one cut need the same frames`(version: Int) throws {
    let list = try Sample.plan(cut: "short_v00\(version).edl")
    let timeline = try Sample.plan(cut: "short_v00\(version).otio")
    #expect(Set(try list.renderedFrames()) == Set(try timeline.renderedFrames()))
    #expect(try list.assemblies().map(\.runs) == timeline.assemblies().map(\.runs))
    #expect(Set(list.nodes("render").map(\.key)) == Set(timeline.nodes("render").map(\.key)))
    #expect(list.nodes("assemble").map(\.key) == timeline.nodes("assemble").map(\.key))
  }

  @Test func `the EDL and the OTIO of one cut give the same mix`() throws {
    let list = try Sample.plan(cut: "short_v001.edl")
    let timeline = try Sample.plan(cut: "short_v001.otio")
    #expect(list.nodes("mix").map(\.key) == timeline.nodes("mix").map(\.key))
  }

  @Test func `another build of the libraries or kernels makes every frame again`() throws {
    let clip = [Facts.picture("A001", start: "00:00:00:00", frames: 100)]
    let programme = try Programme([ListEvent(reel: "A001", source: 0, record: hour, count: 48)], files: clip)
    let library = try FakeLibrary.after(try programme.plan())
    #expect(try programme.plan(library: library).plan.isEmpty)
    for other in [
      ToolIdentity(libraries: "libavcodec 60", kernels: tools.kernels),
      ToolIdentity(libraries: tools.libraries, kernels: "kernels 2"),
    ] {
      #expect(try programme.plan(library: library, tools: other).renderedFrames().count == 48)
    }
  }

  @Test func `until plans a stage and what it stands on, nothing else`() throws {
    let clip = [Facts.picture("A001", start: "00:00:00:00", frames: 100)]
    let programme = try Programme([ListEvent(reel: "A001", source: 0, record: hour, count: 48)], files: clip)
    let stages = """
      edit: {kind: editing}
      grade: {kind: color-grade, picture: edit}
      one: {kind: delivery, picture: grade, profile: stills-16bit}
      two: {kind: delivery, picture: edit, profile: stills-16bit}
      """
    func planned(_ until: String?) throws -> [String] {
      Set(try programme.plan(stages, until: until).plan.nodes.map(\.stage)).sorted()
    }
    #expect(try planned(nil) == ["edit", "grade", "one", "two"])
    #expect(try planned("edit") == ["edit"])
    #expect(try planned("grade") == ["edit", "grade"])
    #expect(try planned("two") == ["edit", "two"])
    #expect(
      failure { _ = try planned("grad") }
        == "p.yaml: error: there is no stage `grad`\n  Did you mean `grade`?")
    #expect(
      failure { _ = try planned("final-master") }
        == "p.yaml: error: there is no stage `final-master`\n  The stages are edit, grade, two, one.")
  }

  @Test func `a cut without a rate takes that of the media it uses`() throws {
    let event = ListEvent(reel: "A001", source: 0, record: hour, count: 48)
    var programme = try Programme(
      [event], files: [Facts.picture("A001", start: "00:00:00:00", frames: 100, rate: FrameRate(24))])
    let text = """
      interlock: 1
      programme: test
      timeline: {cut: cut.edl, media: [rushes]}
      raster: 640x360
      stages: {edit: {kind: editing}}
      """
    let pipeline = try PipelineLoader.parse(text, path: "p.yaml", absolute: programme.folder.path + "/p.yaml")
    func rate() throws -> FrameRate {
      try ProgrammePlanner.plan(pipeline, files: programme.files, tools: tools, library: FakeLibrary())
        .conform.timeline.rate
    }
    #expect(try rate() == FrameRate(24))
    // A file of another rate that no event uses does not count.
    programme.files.append(Facts.picture("B001", start: "00:00:00:00", frames: 100, rate: FrameRate(25)))
    #expect(try rate() == FrameRate(24))
    // Where the cut fits at two rates, nobody can tell.
    programme.files.append(Facts.picture("A001", start: "00:00:00:00", frames: 100, rate: FrameRate(25)))
    #expect(
      failure { _ = try rate() }
        == "p.yaml: error: the cut does not say its frame rate, and the media is of several rates or none\n"
        + "  Give `timeline: rate:`, for instance 24000/1001.")
  }

  @Test func `missing media is reported for every event at once, with exit code 3`() throws {
    let programme = try Programme(
      [
        ListEvent(reel: "A001", source: 0, record: hour, count: 48),
        ListEvent(reel: "B001", source: 0, record: hour + 48, count: 48),
        ListEvent(reel: "A002", source: 0, record: hour + 96, count: 48),
      ], files: [Facts.picture("B001", start: "00:00:00:00", frames: 100)])
    let text = failure { _ = try programme.plan() }
    #expect(
      text == """
        cut.edl:4: error: event 001 on V1 needs A001 00:00:00:00 + 48 frames, which no media covers
          Add the media, or correct the source reel: did you mean `B001`?
        cut.edl:6: error: event 003 on V1 needs A002 00:00:00:00 + 48 frames, which no media covers
          Add the media to the media folders.
        """)
  }
}
