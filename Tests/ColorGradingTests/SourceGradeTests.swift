import ColorGrading
import Diagnostics
import Editorial
import MediaTime
import Testing

/// Grades that follow their source through re-cuts.
@Suite struct `Source grades` {
  private static let rate = FrameRate(24, 1)

  private static let graded = """
    TITLE: GRADED
    FCM: NON-DROP FRAME

    001  A001     V     C        01:00:00:00 01:00:02:00 01:00:00:00 01:00:02:00
    * FROM CLIP NAME: FIRST
    * ASC_SOP (1.1 1 1)(0 0 0)(1 1 1)
    * ASC_SAT 1
    002  A001     V     C        01:00:10:00 01:00:12:00 01:00:02:00 01:00:04:00
    * FROM CLIP NAME: SECOND
    * ASC_SOP (1.2 1 1)(0 0 0)(1 1 1)
    * ASC_SAT 1
    003  B001     V     C        01:00:00:00 01:00:02:00 01:00:04:00 01:00:06:00
    * FROM CLIP NAME: THIRD

    """

  private static let recut = """
    TITLE: RECUT
    FCM: NON-DROP FRAME

    001  A001     V     C        01:00:11:00 01:00:13:00 01:00:00:00 01:00:02:00
    * FROM CLIP NAME: OTHER NAME
    * ASC_SOP (1.9 1 1)(0 0 0)(1 1 1)
    * ASC_SAT 1
    002  B001     V     C        01:00:00:00 01:00:01:00 01:00:02:00 01:00:03:00
    * FROM CLIP NAME: THIRD
    003  A001     V     C        01:00:01:12 01:00:10:06 01:00:03:00 01:00:11:18
    * FROM CLIP NAME: BOTH
    004  A001     V     C        01:00:00:10 01:00:00:11 01:00:11:18 01:00:11:19
    * FROM CLIP NAME: FIRST

    """

  private func timeline(_ text: String, _ file: String) throws -> Timeline {
    try Cut.read(path: file, bytes: Array(text.utf8)).timeline(rate: Self.rate)
  }

  @Test func `events are graded by reel and timecode, whatever they are called and wherever they are`() throws
  {
    let sources = SourceGrade.grades(in: try timeline(Self.graded, "graded.edl"))
    #expect(sources.map(\.decision.slope[0]) == [1.1, 1.2])
    let recut = try timeline(Self.recut, "recut.edl")
    let shots = recut.tracks.flatMap(\.clips).map { GradeShot($0, in: recut) }
    let (bindings, diagnostics) = GradeResolver(entries: [], sources: sources).resolve(shots)
    #expect(bindings.map { $0.decision?.slope[0] } == [1.2, nil, 1.1, 1.1])
    #expect(bindings[0].origin == .source(sources[1].location))
    #expect(bindings[1].origin == .none)
    #expect(
      diagnostics.map(\.code) == ["grade.conflict", "grade.sourceConflict"],
      "the list's other grade is told, and two grades of one shot stop")
    #expect(diagnostics.last?.family == .ambiguous)
    #expect(
      diagnostics.last?.message
        == "event 003, shot BOTH: its source is graded in two ways, at graded.edl:4 and graded.edl:8")
  }

  @Test func `a correction by name beats the source's grade`() throws {
    let sources = SourceGrade.grades(in: try timeline(Self.graded, "graded.edl"))
    let recut = try timeline(Self.recut, "recut.edl")
    let entry = ColorDecisionCollection.Entry(
      id: "BOTH", decision: ColorDecision(slope: [1.5, 1, 1]),
      location: SourceLocation(file: "show.ccc", line: 3))
    let shots = recut.tracks.flatMap(\.clips).map { GradeShot($0, in: recut) }
    let (bindings, diagnostics) = GradeResolver(entries: [entry], sources: sources).resolve(shots)
    #expect(bindings[2].decision?.slope[0] == 1.5)
    #expect(diagnostics.allSatisfy { $0.severity == .note })
  }
}
