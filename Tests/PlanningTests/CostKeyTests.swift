import Planning
import TaskGraph
import Testing

@Suite struct CostKeyTests {
  private func text(_ cost: String) -> String {
    """
    interlock: 1
    programme: test
    timeline: {cut: cut.edl, media: [rushes]}
    raster: 640x360
    stages: {edit: {kind: editing}}
    cost: \(cost)
    """
  }

  @Test func `a pipeline says what computing costs`() throws {
    let pipeline = try PipelineText().load(text("0.12 EUR/core-hour"))
    #expect(pipeline.cost == CostRate(amount: 0.12, currency: "EUR", unit: .coreHour))
    #expect(
      try PipelineText().load(text("0.12 EUR/core-hour"), overrides: [("cost", "2 $/worker-hour")]).cost?.unit
        == .workerHour)
  }

  @Test func `a rate that is none is an error at its place`() throws {
    let errors = try PipelineText().errors(text("12 cents a day"))
    #expect(
      errors == """
        p.yaml:6:7: error: `12 cents a day` is not what computing costs
          cost: 12 cents a day
                ^
          Write it as 0.12 EUR/core-hour, or per worker-hour.
        """)
  }
}
