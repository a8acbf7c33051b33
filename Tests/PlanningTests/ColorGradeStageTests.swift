import Diagnostics
import Foundation
import ImageGraph
import Planning
import TaskKinds
import TestSupport
import Testing

@Suite struct ColorGradeStageTests {
  private static let list = ["ASC_SOP (1.1 1.1 1.1)(0 0 0)(1 1 1)", "ASC_SAT 1"]

  private func programme() throws -> Programme {
    func event(_ name: String, _ number: Int, comments: [String] = []) -> ListEvent {
      ListEvent(
        reel: "A001", source: number * 10, record: hour + number * 10, count: 10,
        comments: ["FROM CLIP NAME:  \(name)"] + comments)
    }
    let programme = try Programme(
      [
        event("NAMED_010", 0, comments: Self.list), event("NUMBERED_020", 1, comments: Self.list),
        event("LISTED_030", 2, comments: Self.list), event("PLAIN_040", 3),
        ListEvent(reel: "A001", source: 40, record: hour + 60, count: 10),
      ], files: [Facts.picture("A001", start: "00:00:00:00", frames: 100)])
    func correction(_ id: String, _ slope: String) -> String {
      "<ColorCorrection id=\"\(id)\"><SOPNode><Slope>\(slope)</Slope><Offset>0 0 0</Offset><Power>1 1 1</Power></SOPNode>"
        + "<SatNode><Saturation>1</Saturation></SatNode></ColorCorrection>"
    }
    _ = try programme.folder.write(
      "<ColorCorrectionCollection xmlns=\"urn:ASC:CDL:v1.2\">" + correction("NAMED_010", "1.2 1.2 1.2")
        + correction("001", "1.9 1.9 1.9") + correction("2", "1.3 1.3 1.3") + "</ColorCorrectionCollection>",
      to: "grades.ccc")
    _ = try programme.folder.write(
      "LUT_3D_SIZE 2\n0 0 0\n1 0 0\n0 1 0\n1 1 0\n0 0 1\n1 0 1\n0 1 1\n1 1 1\n", to: "show.cube")
    return programme
  }

  private func nodes(_ plan: ProgrammePlan) throws -> [ImageNode] {
    let assembly = try #require(try plan.assemblies().first)
    let nodes = Dictionary(
      try plan.renders().map { ($0.chain, $0.node) }, uniquingKeysWith: { first, _ in first })
    return assembly.runs.compactMap { nodes[$0.chain] }
  }

  private func stages(_ keys: String) -> String {
    """
    edit: {kind: editing}
    grade: {kind: color-grade, picture: edit\(keys)}
    master: {kind: delivery, picture: grade, profile: stills-16bit}
    """
  }

  @Test func `an entry by shot name beats one by event number, which beats the list`() throws {
    let plan = try programme().plan(stages(", cdl: grades.ccc"))
    #expect(try nodes(plan).map { $0.grade?.slope.first } == [1.2, 1.3, 1.1, nil, nil, nil])
    #expect(
      plan.diagnostics.map { "\($0.code) \($0.message)" } == [
        "grade.conflict event 001, shot NAMED_010: correction `NAMED_010` is used, correction `001` (by event number) differs",
        "grade.conflict event 001, shot NAMED_010: correction `NAMED_010` is used, the list's CDL differs",
        "grade.conflict event 002, shot NUMBERED_020: correction `2` (by event number) is used, the list's CDL differs",
      ])
  }

  @Test func `without a collection the list grades`() throws {
    let plan = try programme().plan(stages(""))
    // The first three shots go on in the source under one grade: their frames are one run.
    #expect(try nodes(plan).map { $0.grade?.slope.first } == [1.1, nil, nil, nil])
    #expect(plan.diagnostics.isEmpty)
  }

  @Test func `the look lies over every shot, graded or not, and not over black`() throws {
    let plan = try programme().plan(stages(", cdl: grades.ccc, look: show.cube"))
    let nodes = try nodes(plan)
    let look = try #require(nodes.first?.look)
    #expect(nodes.map { $0.look == look } == [true, true, true, true, false, true])
    #expect(nodes.map { !$0.hasPicture } == [false, false, false, false, true, false])
    #expect(plan.objects[look.table]?.isEmpty == false)
  }

  @Test func `one changed grade makes the frames of its shots again and no others`() throws {
    let programme = try programme()
    let before = try programme.plan(stages(", cdl: grades.ccc"))
    let path = programme.folder.path + "/grades.ccc"
    let text = try String(contentsOfFile: path, encoding: .utf8)
    _ = try programme.folder.write(
      text.replacingOccurrences(of: "1.3 1.3 1.3", with: "1.3 1.3 1.31"), to: "grades.ccc")
    let after = try programme.plan(stages(", cdl: grades.ccc"), library: FakeLibrary.after(before))
    #expect(try after.renders().flatMap(\.segments).map { [$0.first, $0.count] } == [[10, 10]])
  }

  @Test func `a collection that nobody can read stops the load where it stands`() throws {
    let programme = try programme()
    let text = failure { _ = try programme.plan(stages(", cdl: other.ccc, look: other.cube")) }
    #expect(
      text == """
        p.yaml:7:50: error: cannot read the CDL collection `other.ccc`: No such file or directory
            grade: {kind: color-grade, picture: edit, cdl: other.ccc, look: other.cube}
                                                           ^
          Paths are relative to \(programme.folder.path).
        p.yaml:7:67: error: cannot read the look `other.cube`: No such file or directory
            grade: {kind: color-grade, picture: edit, cdl: other.ccc, look: other.cube}
                                                                            ^
          Paths are relative to \(programme.folder.path).
        """)
  }
}
