import Foundation
import ImageGraph
import Planning
import TaskGraph
import TaskKinds
import TestSupport
import Testing

@Suite struct GradeStillsTests {
  private static let stages = """
    edit: {kind: editing}
    grade: {kind: color-grade, picture: edit, cdl: grades.ccc}
    """

  private func event(
    _ name: String, source: Int, record: Int, count: Int = 10, grade: String? = nil, reel: String = "A001"
  ) -> ListEvent {
    let comments = grade.map { ["ASC_SOP (\($0))(0 0 0)(1 1 1)"] } ?? []
    return ListEvent(
      reel: reel, source: source, record: hour + record, count: count,
      comments: ["FROM CLIP NAME:  \(name)"] + comments
    )
  }

  private func programme(_ events: [ListEvent]) throws -> Programme {
    let programme = try Programme(
      events,
      files: ["A001", "B001"].map { Facts.picture($0, start: "00:00:00:00", frames: 200) })
    _ = try programme.folder.write(Self.grades("1.2 1.2 1.2"), to: "grades.ccc")
    return programme
  }

  private static func grades(_ slope: String) -> String {
    "<ColorCorrectionCollection xmlns=\"urn:ASC:CDL:v1.2\"><ColorCorrection id=\"SHOT_A\"><SOPNode>"
      + "<Slope>\(slope)</Slope><Offset>0 0 0</Offset><Power>1 1 1</Power></SOPNode>"
      + "<SatNode><Saturation>1</Saturation></SatNode></ColorCorrection></ColorCorrectionCollection>"
  }

  private func stills(_ plan: ProgrammePlan) throws -> [StillTask.Input] {
    try plan.nodes("still").map { try JSONDecoder().decode(StillTask.Input.self, from: Data($0.payload)) }
  }

  private func sheet(_ plan: ProgrammePlan) throws -> ContactSheetTask.Input {
    let node = try #require(plan.nodes("contact-sheet").first)
    return try JSONDecoder().decode(ContactSheetTask.Input.self, from: Data(node.payload))
  }

  @Test func `the sheet shows every shot in record order, its middle frame before and after the grade`()
    throws
  {
    let plan = try programme([
      event("SHOT_A", source: 20, record: 0), event("SHOT_B", source: 50, record: 10, count: 7, reel: "B001"),
    ]).plan(Self.stages)
    let stills = try stills(plan)
    #expect(stills.map(\.frame) == [25, 53])
    #expect(stills.map { $0.before.grade == nil } == [true, true])
    #expect(stills.map { $0.after.grade?.slope.first } == [1.2, nil])
    #expect(stills.map(\.raster) == [Raster(width: 640, height: 360), Raster(width: 640, height: 360)])
    #expect(
      stills.map { $0.media.values.map(\.location.path) } == [
        ["/media/rushes/A001.mov"], ["/media/rushes/B001.mov"],
      ])
    let sheet = try sheet(plan)
    #expect(sheet.shots.map(\.name) == ["SHOT_A", "SHOT_B"])
    #expect(sheet.shots.map(\.still) == plan.nodes("still").map(\.key))
    #expect(sheet.shots[1].source == "B001  00:00:02:02–00:00:02:09" && sheet.shots[1].length == "7 frames")
    #expect(sheet.shots.map(\.notes) == [["grade SHOT_A"], ["no grade"]])
    let node = try #require(plan.nodes("contact-sheet").first)
    #expect(node.dependencies == plan.nodes("still").map(\.key))
  }

  @Test func `one shot under one grade has its scopes once, under two grades by its events`() throws {
    let plan = try programme([
      event("SHOT_A", source: 0, record: 0), event("SHOT_B", source: 20, record: 10, grade: "1.1 1 1"),
      event("SHOT_A", source: 40, record: 20), event("SHOT_B", source: 60, record: 30, grade: "1.3 1 1"),
      event("B/ö.1", source: 80, record: 40), event("b/ö 1", source: 90, record: 50, reel: "B001"),
    ]).plan(Self.stages)
    #expect(
      try stills(plan).map { $0.scopes?.suffix } == [
        "scopes.SHOT_A", "scopes.SHOT_B_event_002", nil, "scopes.SHOT_B_event_004", "scopes.B___1",
        "scopes.b___1_2",
      ])
    let publish = try #require(plan.publishes.last)
    #expect(publish.shelf == .assets && publish.name == "grade")
    let scoped = zip(plan.nodes("still"), try stills(plan)).filter { $0.1.scopes != nil }.map(\.0.key)
    #expect(publish.results == plan.nodes("contact-sheet").map(\.key) + scoped)
  }

  @Test func `one changed grade makes the stills of its shots again and the sheet, nothing else`() throws {
    let programme = try programme([
      event("SHOT_A", source: 0, record: 0), event("SHOT_B", source: 20, record: 10),
      event("SHOT_A", source: 40, record: 20),
    ])
    let before = try programme.plan(Self.stages)
    let library = try FakeLibrary.after(before)
    #expect(try programme.plan(Self.stages, library: library).plan.isEmpty)
    _ = try programme.folder.write(Self.grades("1.2 1.2 1.21"), to: "grades.ccc")
    let after = try programme.plan(Self.stages, library: library)
    #expect(try stills(after).map(\.frame) == [5, 45])
    #expect(after.nodes("contact-sheet").count == 1)
  }

  @Test func `another build of the drawing libraries draws again`() throws {
    let programme = try programme([event("SHOT_A", source: 0, record: 0)])
    let library = try FakeLibrary.after(try programme.plan(Self.stages))
    var other = tools
    other.drawing = "cairo 2"
    let plan = try programme.plan(Self.stages, library: library, tools: other)
    #expect(plan.nodes("still").count == 1 && plan.nodes("contact-sheet").count == 1)
    #expect(plan.nodes("render").isEmpty)
  }

  @Test func `no stills are made where the stage says so`() throws {
    let programme = try programme([event("SHOT_A", source: 0, record: 0)])
    let stages = Self.stages.replacingOccurrences(of: "grades.ccc}", with: "grades.ccc, stills: no}")
    let plan = try programme.plan(stages)
    #expect(plan.nodes("still").isEmpty && plan.nodes("contact-sheet").isEmpty)
    #expect(plan.publishes.map(\.name) == ["edit", "grade-cdl"])
    let wrong = failure {
      _ = try programme.plan(stages.replacingOccurrences(of: "stills: no", with: "stills: nо"))
    }
    #expect(wrong.contains("is not a value of `stills`"))
  }

  @Test func `a shot that is seen in transitions only is shown from its side of one`() throws {
    let programme = try programme([event("SHOT_A", source: 20, record: 0)])
    _ = try programme.folder.write(
      """
      TITLE: TEST
      FCM: NON-DROP FRAME

      001  A001     V     C        00:00:01:00 00:00:02:00 01:00:00:00 01:00:01:00
      * FROM CLIP NAME: SHOT_A
      002  A001     V     C        00:00:02:00 00:00:02:00 01:00:01:00 01:00:01:00
      002  B001     V     D    008 00:00:01:00 00:00:01:08 01:00:01:00 01:00:01:08
      * TO CLIP NAME: SHOT_B
      """, to: "cut.edl")
    let plan = try programme.plan(Self.stages)
    let stills = try stills(plan)
    #expect(stills.count == 2)
    #expect(stills.allSatisfy { $0.after.transition == nil })
    // The last of the eight frames from source frame 24 on, where the incoming picture is nearly all there is.
    #expect(stills.map(\.frame) == [36, 31])
    #expect(stills.last?.before.sources.map(\.media) == [Facts.identity("B001.mov")])
    #expect(try sheet(plan).shots.last?.notes == ["no grade", "dissolve of 8"])
  }
}
