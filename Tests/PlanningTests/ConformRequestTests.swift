import Delivery
import Foundation
import ImageGraph
import MediaTime
import Planning
import TaskGraph
import TaskKinds
import TestSupport
import Testing

@Suite struct ConformRequestTests {
  private func request(_ text: PipelineText, change: (inout ConformRequest) -> Void = { _ in })
    -> ConformRequest
  {
    var request = ConformRequest(
      cuts: [text.folder.path + "/cut.edl"], media: [text.folder.path + "/rushes"], rate: "24000/1001",
      start: nil,
      handles: 8, raster: "1920x1080", fit: "letterbox", profile: nil)
    change(&request)
    return request
  }

  @Test func `a conform without an output is an edit and its report`() throws {
    let text = try PipelineText()
    let pipeline = try request(text).pipeline()
    #expect(pipeline.programme == "conform" && pipeline.raster == Raster(width: 1920, height: 1080))
    #expect(
      pipeline.timeline.rate == film && pipeline.timeline.handles == 8 && pipeline.timeline.start == nil)
    #expect(pipeline.stages.map(\.declaration.name) == ["edit"])
  }

  @Test func `an output has a mix when its profile carries sound`() throws {
    let text = try PipelineText()
    let silent = try request(text) { $0.profile = "stills-16bit" }.pipeline()
    #expect(silent.stages.map(\.declaration.name) == ["edit", "output"])
    let pipeline = try request(text) { $0.profile = "prores-422hq" }.pipeline()
    #expect(pipeline.stages.map(\.declaration.name) == ["edit", "mix", "output"])
    #expect(pipeline.stage(named: "output")?.declaration.wires == ["picture": "edit", "sound": "mix"])
  }

  @Test func `faults name the option`() throws {
    let text = try PipelineText()
    let errors = failure {
      _ = try request(text) { request in
        request.raster = "1920"
        request.rate = "fast"
        request.fit = "fil"
      }.pipeline()
    }
    #expect(
      errors == """
        --raster: error: `1920` is not a raster
          Write it as 1280x720; both numbers even, from 16 to 8192.
        --rate: error: `fast` is not a frame rate
          Write it as 24000/1001 or 25.
        --fit: error: `fil` is not a value of `fit`
          Did you mean `fill`?
        """)
  }

  @Test func `an output with two sound tracks has a mix in both layouts`() throws {
    let programme = try Programme(
      [ListEvent(reel: "A001", source: 0, record: hour, count: 24)],
      files: [Facts.picture("A001", start: "00:00:00:00", frames: 24)])
    let folder = programme.folder.path
    let request = ConformRequest(
      cuts: [folder + "/cut.edl"], media: [folder + "/rushes"], rate: "24000/1001", start: nil, handles: 0,
      raster: "640x360", fit: "letterbox", profile: "prores-422hq-51")
    // A mix without the layout would be an error of the plan.
    let plan = try ProgrammePlanner.plan(
      try request.pipeline(), files: programme.files, tools: tools, library: FakeLibrary())
    let assembly = try #require(try plan.assemblies().first)
    #expect(assembly.profile.sounds.map(\.layout) == ["stereo", "5.1"])
    #expect(assembly.mix == plan.nodes("mix").first?.key)
  }
}
