import Digests
import ImageGraph
import MediaTime
import Planning
import TaskGraph
import TaskKinds
import TestSupport
import Testing

@Suite struct ApprovalStageTests {
  private static let stages = """
    edit: {kind: editing}
    master: {kind: delivery, picture: edit, profile: prores-422hq, sound: mix, after: [sign-off]}
    mix: {kind: sound-mix, sound: edit}
    review: {kind: delivery, picture: edit, profile: stills-16bit}
    sign-off: {kind: approval, of: review, for: edit, role: colorist}
    """

  private func programme(_ count: Int = 48) throws -> Programme {
    try Programme(
      [ListEvent(reel: "A001", source: 0, record: hour, count: count)],
      files: [Facts.picture("A001", start: "00:00:00:00", frames: 100)])
  }

  private func pictures(_ programme: Programme) throws -> [FrameRun] {
    // A second deliverable of the same picture shows which frames the gate is about.
    let assembly = try #require(try programme.plan().assemblies().first)
    return assembly.runs
  }

  private func verdict(_ isApproved: Bool, role: String? = "colorist") -> ReviewedVersion.Verdict {
    ReviewedVersion.Verdict(
      isApproved: isApproved, by: "mika", role: role, note: isApproved ? "" : "too green", made: "2026")
  }

  private func plan(_ programme: Programme, _ reviews: [ReviewedVersion]) throws -> ProgrammePlan {
    var library = FakeLibrary()
    library.reviews["review"] = reviews
    return try programme.plan(Self.stages, library: library)
  }

  @Test func `behind a closed gate nothing is planned, and everything else is`() throws {
    let plan = try plan(try programme(), [])
    #expect(Set(plan.plan.nodes.map(\.stage)) == ["edit", "review", "mix"])
    #expect(Set(plan.held.map(\.stage)) == ["master"])
    #expect(plan.held.map(\.kind).sorted().last == "render")
    #expect(plan.deliverables.map(\.waitsFor) == [[], ["sign-off"]])
    #expect(plan.gates.map(\.text) == ["waiting for approval by colorist"])
  }

  @Test func `an approval of exactly these pictures opens the gate`() throws {
    let programme = try programme()
    let shown = ReviewedVersion(
      version: "v001", pictures: try pictures(programme), verdicts: [verdict(true)])
    let plan = try plan(programme, [shown])
    #expect(plan.held.isEmpty)
    #expect(plan.deliverables.allSatisfy { $0.waitsFor.isEmpty })
    #expect(plan.gates.first?.isOpen == true)
  }

  @Test func `frames that nobody saw keep it closed and are counted`() throws {
    let longer = try programme(60)
    let shown = ReviewedVersion(
      version: "v001", pictures: try pictures(try programme()), verdicts: [verdict(true)])
    let plan = try plan(longer, [shown])
    #expect(plan.gates.first?.unseenFrames == 12)
    #expect(plan.gates.first?.text == "approved, 12 of 60 frames unseen")
    #expect(!plan.held.isEmpty)
  }

  @Test func `a shorter cut of approved frames needs no new approval`() throws {
    let shorter = try programme(30)
    let shown = ReviewedVersion(
      version: "v001", pictures: try pictures(try programme()), verdicts: [verdict(true)])
    #expect(try plan(shorter, [shown]).gates.first?.isOpen == true)
  }

  @Test func `the last word counts, and another role's word does not`() throws {
    let programme = try programme()
    let runs = try pictures(programme)
    func state(_ verdicts: [ReviewedVersion.Verdict]) throws -> GateState? {
      try plan(programme, [ReviewedVersion(version: "v001", pictures: runs, verdicts: verdicts)]).gates.first
    }
    #expect(try state([verdict(true), verdict(false)])?.text == "rejected by mika: too green")
    #expect(try state([verdict(false), verdict(true)])?.isOpen == true)
    #expect(try state([verdict(true, role: "producer")])?.status == .waiting)
  }

  @Test func `what a gate holds back is no ground for what is not held back`() throws {
    // Both deliverables share their frames; only the first waits, so the second makes them.
    let plan = try programme().plan(
      """
      edit: {kind: editing}
      master: {kind: delivery, picture: edit, profile: stills-16bit, after: [sign-off]}
      other: {kind: delivery, picture: edit, profile: stills-16bit, frames: "01:00:00:00-01:00:01:00"}
      review: {kind: delivery, picture: edit, profile: stills-16bit, frames: "01:00:00:00-01:00:01:00"}
      sign-off: {kind: approval, of: review, for: edit}
      """)
    #expect(Set(plan.nodes("render").map(\.stage)) == ["other"])
    #expect(plan.nodes("assemble").allSatisfy { !$0.dependencies.isEmpty })
    #expect(plan.held.contains { $0.kind == "render" && $0.stage == "master" })
  }

  @Test func `a gate that is wired to something else is an error with both lines`() throws {
    let text = failure {
      _ = try programme().plan(
        """
        edit: {kind: editing}
        review: {kind: delivery, picture: edit, profile: stills-16bit, after: [edit]}
        sign-off: {kind: approval, of: edit, for: review}
        """)
    }
    #expect(text.contains("`after: edit` needs a gate"))
    #expect(text.contains("`of: edit` needs a deliverable"))
    #expect(text.contains("`for: review` needs a picture"))
  }
}
