import Delivery
import Foundation
import MediaTime
import Planning
import SoundMixing
import TaskGraph
import TaskKinds
import TestSupport
import Testing

@Suite struct QualityStageTests {
  private static let stages = """
    check: {kind: qc, of: master}
    edit: {kind: editing}
    master: {kind: delivery, picture: edit, profile: prores-422hq, sound: mix, due: 2026-12-24}
    mix: {kind: sound-mix, sound: edit, loudness: {integrated: -23 LKFS, truePeak: -1 dBTP}}
    """

  private func programme(_ count: Int = 48) throws -> Programme {
    try Programme(
      [ListEvent(reel: "A001", source: 0, record: hour, count: count)],
      files: [Facts.picture("A001", start: "00:00:00:00", frames: 100)])
  }

  private func input(_ plan: ProgrammePlan) throws -> QualityTask.Input {
    let node = try #require(plan.nodes("qc").first)
    return try JSONDecoder().decode(QualityTask.Input.self, from: Data(node.payload))
  }

  @Test func `the finished file is measured after it was made, by the target of its mix`() throws {
    let plan = try programme().plan(Self.stages)
    let node = try #require(plan.nodes("qc").first)
    let assembly = try #require(plan.nodes("assemble").first)
    #expect(node.dependencies == [assembly.key])
    let input = try input(plan)
    #expect(input.assembly == assembly.key && input.deliverable == "master")
    #expect(input.frameCount == 48 && input.startFrame == Int64(hour) && input.tags.matrix == "bt709")
    #expect(input.target?.integrated.thousandths == -23_000 && input.target?.truePeak.thousandths == -1000)
    #expect(plan.publishes.contains { $0.name == "check" && $0.shelf == .assets && $0.results == [node.key] })
    #expect(plan.deliverables.first?.due == "2026-12-24")
  }

  @Test func `a target of its own comes before that of the mix, and another target measures again`() throws {
    let other = Self.stages.replacingOccurrences(
      of: "{kind: qc, of: master}",
      with: "{kind: qc, of: master, loudness: {integrated: -27 LKFS, truePeak: -2 dBTP}}")
    let library = try FakeLibrary.after(try programme().plan(Self.stages))
    #expect(try programme().plan(Self.stages, library: library).plan.isEmpty)
    let plan = try programme().plan(other, library: library)
    #expect(try input(plan).target?.integrated.thousandths == -27_000)
    #expect(plan.plan.nodes.map(\.kind) == ["qc", "publish"])
  }

  @Test func `behind a closed gate nothing is measured`() throws {
    let plan = try programme().plan(
      """
      check: {kind: qc, of: master}
      edit: {kind: editing}
      master: {kind: delivery, picture: edit, profile: prores-422hq, sound: mix, after: [sign-off]}
      mix: {kind: sound-mix, sound: edit}
      review: {kind: delivery, picture: edit, profile: stills-16bit}
      sign-off: {kind: approval, of: review, for: edit}
      """)
    #expect(plan.nodes("qc").isEmpty)
    #expect(plan.held.contains { $0.kind == "qc" })
  }

  @Test func `what cannot be measured is told with its line, and a day that is none`() throws {
    let stills = failure {
      _ = try programme().plan(
        """
        check: {kind: qc, of: master}
        edit: {kind: editing}
        master: {kind: delivery, picture: edit, profile: stills-16bit}
        """)
    }
    #expect(stills.contains("`check` measures `master`, which is a file for each frame"))
    let wrong = failure {
      _ = try programme().plan(
        """
        check: {kind: qc, of: edit}
        edit: {kind: editing}
        master: {kind: delivery, picture: edit, profile: stills-16bit, due: 2026-02-30}
        """)
    }
    #expect(wrong.contains("`of: edit` needs a deliverable"))
    #expect(wrong.contains("`2026-02-30` is not a day"))
  }
}
