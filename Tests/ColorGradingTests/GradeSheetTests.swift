import ColorGrading
import Diagnostics
import Editorial
import Testing

@Suite struct GradeSheetTests {
  private func decision(_ slope: Double) -> ColorDecision {
    ColorDecision(slope: [slope, 1, 1], offset: [0, -0.01, 0], power: [1, 1, 0.95], saturation: 0.9)
  }

  private func entry(_ id: String?, _ slope: Double) -> ColorDecisionCollection.Entry {
    .init(id: id, decision: decision(slope), location: SourceLocation(file: "a.ccc", line: 1))
  }

  private func binding(_ event: String, _ shot: String, _ slope: Double?, _ origin: GradeBinding.Origin)
    -> GradeBinding
  {
    GradeBinding(event: event, shot: shot, decision: slope.map(decision), origin: origin)
  }

  @Test func `a sheet names shots, keeps those that are out of the cut, and comes back as it was`() throws {
    let sheet = GradeSheet(
      bindings: [
        binding("001", "B_020", 1.2, .list), binding("002", "A_010", 1.1, .shotName(id: "A_010")),
        binding("003", "B_020", 1.3, .list), binding("004", "C <&> \"030\"", 1.4, .eventNumber(id: "004")),
        binding("005", "D_040", nil, .none), binding("006", "A_010", 1.1, .shotName(id: "A_010")),
      ], entries: [entry("A_010", 1.1), entry("004", 1.4), entry("Z_990", 2), entry(nil, 3)])
    let read = try ColorDecisionCollection.read(path: "x.ccc", bytes: sheet.bytes).entries
    #expect(read.map(\.id) == ["A_010", "B_020", "B_020 event 003", "C <&> \"030\"", "Z_990"])
    #expect(read.map(\.decision) == [1.1, 1.2, 1.3, 1.4, 2].map(decision))
  }

  @Test func `the order of the cut leaves no trace`() {
    let bindings = [binding("001", "A_010", 1.1, .list), binding("002", "B_020", 1.2, .list)]
    let turned = [binding("001", "B_020", 1.2, .list), binding("002", "A_010", 1.1, .list)]
    #expect(
      GradeSheet(bindings: bindings, entries: []).bytes == GradeSheet(bindings: turned, entries: []).bytes)
  }
}
