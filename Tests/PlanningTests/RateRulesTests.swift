import Diagnostics
import Editorial
import MediaTime
import Planning
import TestSupport
import Testing

@Suite struct RateRulesTests {
  private func text(_ rates: String) -> String {
    """
    interlock: 1
    programme: test
    timeline:
      cut: cut.edl
      media: rushes
      rates: \(rates)
    raster: 640x360
    stages: {edit: {kind: editing}}
    """
  }

  @Test func `rules keep their order and what they say`() throws {
    let pipeline = try PipelineText().load(
      text("[{reel: F001*, as: realtime}, {clip: TRAM, file: x.mov, rate: 30000/1001, as: every-frame}]"))
    #expect(
      pipeline.timeline.relink.rates.map(\.description) == [
        "{reel: F001*, as: realtime}", "{clip: TRAM, file: x.mov, rate: 30000/1001, as: every-frame}",
      ])
    #expect(pipeline.timeline.relink.rates.map { $0.location?.line } == [6, 6])
  }

  @Test func `faults of rules are told all at once, each where it stands`() throws {
    let errors = try PipelineText().errors(
      text(
        """

            - {reel: F001, as: realtime}
            - {real: F002, as: realtime}
            - {reel: F003, as: real-time}
            - {reel: F004}
            - {rate: 24.5, as: every-frame}
        """))
    #expect(errors.contains("p.yaml:8:8: error: a rule of `rates` has no key `real`"))
    #expect(errors.contains("Did you mean `reel`?"))
    #expect(errors.contains("p.yaml:8:7: error: the rule does not say which media it is for"))
    #expect(errors.contains("error: `real-time` is not a value of `as`"))
    #expect(errors.contains("Did you mean `realtime`?"))
    #expect(errors.contains("p.yaml:10:7: error: a rule of `rates` needs the key `as`"))
    #expect(errors.contains("`24.5` is not a frame rate"))
    #expect(try PipelineText().errors(text("realtime")).contains("error: `rates` must be a list of rules"))
  }

  @Test func `options of conform are rules`() throws {
    let folder = try PipelineText().folder
    func rules(_ options: String...) throws -> [String] {
      try ConformRequest(
        cuts: [folder.path + "/cut.edl"], media: [folder.path + "/rushes"], rate: nil, start: nil, handles: 0,
        raster: "640x360", fit: "letterbox", profile: nil, rates: options
      ).pipeline().timeline.relink.rates.map(\.description)
    }
    #expect(
      try rules("F001*=realtime", "rate:25=every-frame", "clip:A=B=realtime") == [
        "{reel: F001*, as: realtime}", "{rate: 25, as: every-frame}", "{clip: A=B, as: realtime}",
      ])
    #expect(
      failure { _ = try rules("F001") }.contains("--rates F001: error: a rule of `rates` needs the key `as`"))
    #expect(
      failure { _ = try rules("F001=slow") }.contains("--rates F001=slow: error: `slow` is not a value"))
  }
}
