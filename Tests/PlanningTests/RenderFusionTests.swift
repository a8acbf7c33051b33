import Delivery
import Digests
import Foundation
import ImageGraph
import MediaTime
import Planning
import TaskGraph
import TaskKinds
import TestSupport
import Testing

/// Deliverables that show the same sources are made in one pass.
@Suite struct RenderFusionTests {
  private static let reels = ["A001", "B001"]

  private static func profile(_ name: String, codec: String, format: String, more: String = "") -> String {
    """
    profile: \(name)
    container: mov
    extension: mov
    picture: {codec: \(codec), pixel-format: \(format), lowest-psnr: 30\(more)}
    colour: {primaries: bt709, transfer: bt709, matrix: bt709, range: tv}

    """
  }

  private static func programme(_ events: [ListEvent]) throws -> Programme {
    let programme = try Programme(
      events, files: reels.map { Facts.picture($0, start: "00:00:00:00", frames: 400) })
    for (name, text) in [
      (
        "master",
        profile("master", codec: "prores_ks", format: "yuv422p10le", more: ", profile: 3, quantiser: 9")
      ),
      ("archive", profile("archive", codec: "ffv1", format: "yuv422p10le")),
      ("copy", profile("copy", codec: "libx264", format: "yuv420p", more: ", options: {crf: 20}")),
    ] {
      _ = try programme.folder.write(text, to: "profiles/\(name).yaml")
    }
    return programme
  }

  private static let stages = """
    edit: {kind: editing}
    review: {kind: delivery, picture: edit, profile: copy}
    master: {kind: delivery, picture: edit, profile: master}
    archive: {kind: delivery, picture: edit, profile: archive}
    """

  private static func events(_ random: inout SplitMix64) -> [ListEvent] {
    var record = hour
    return (0..<Int.random(in: 1...8, using: &random)).map { _ in
      let count = Int.random(in: 2...150, using: &random)
      defer { record += count }
      return ListEvent(
        reel: reels.randomElement(using: &random) ?? "A001", source: Int.random(in: 0...200, using: &random),
        record: record, count: count)
    }
  }

  /// Frames by segment, so that passes and single tasks can be compared.
  private static func segments(_ plan: ProgrammePlan) throws -> Set<TaskKey> {
    Set(try plan.renders().flatMap(\.segments).map(\.key))
  }

  @Test(arguments: UInt64(1)...12) func `the same segments are made, in fewer passes`(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let programme = try Self.programme(Self.events(&random))
    let plan = try programme.plan(Self.stages)
    let head = "edit: {kind: editing}\n"
    var alone: Set<TaskKey> = []
    for line in Self.stages.split(separator: "\n").dropFirst() {
      alone.formUnion(try Self.segments(try programme.plan(head + line)))
    }
    #expect(try Self.segments(plan) == alone)
    let passes = try plan.passes()
    #expect(try plan.renders().count > passes.count)
    for (node, pass) in zip(plan.nodes("render"), passes) {
      #expect(node.commits == pass.lanes.flatMap(\.segments).map(\.key))
      #expect(node.frames == pass.lanes.flatMap(\.segments).reduce(0) { $0 + Int($1.count) })
      #expect(node.key == RenderTask.key(pass))
      let chains = Set(pass.lanes.flatMap(\.segments).flatMap(\.runs).map(\.chain.hex))
      #expect(Set(pass.nodes.keys) == chains)
    }
    // Assemblies wait for the passes that make their frames.
    for node in plan.nodes("assemble") {
      let input = try JSONDecoder().decode(AssembleTask.Input.self, from: Data(node.payload))
      let used = Set(input.pieces.map(\.segment))
      let makers = plan.nodes("render").filter { !used.isDisjoint(with: $0.commits) }
      #expect(Set(node.dependencies) == Set(makers.map(\.key)))
    }
  }

  @Test func `a shot of three deliverables is one pass, which is named for all of them`() throws {
    let programme = try Self.programme([ListEvent(reel: "A001", source: 10, record: hour, count: 60)])
    let plan = try programme.plan(Self.stages)
    #expect(plan.nodes("render").map(\.label) == ["A001.mov frames 10–69, for review and master and archive"])
    let pass = try #require(try plan.passes().first)
    #expect(pass.lanes.map(\.encoding.codec) == ["libx264", "prores_ks", "ffv1"])
    #expect(pass.lanes.map { $0.segments.reduce(0) { $0 + $1.count } } == [60, 60, 60])
  }

  @Test func `what one deliverable lacks alone is made alone`() throws {
    let programme = try Self.programme([ListEvent(reel: "A001", source: 10, record: hour, count: 60)])
    let master = try programme.plan(
      "edit: {kind: editing}\nmaster: {kind: delivery, picture: edit, profile: master}")
    let plan = try programme.plan(Self.stages, library: try FakeLibrary.after(master))
    let passes = try plan.passes()
    #expect(passes.count == 1)
    #expect(passes.first?.lanes.map(\.encoding.codec) == ["libx264", "ffv1"])
  }

  @Test func `a deliverable behind a closed gate joins nobody`() throws {
    let programme = try Self.programme([ListEvent(reel: "A001", source: 10, record: hour, count: 60)])
    let plan = try programme.plan(
      """
      edit: {kind: editing}
      review: {kind: delivery, picture: edit, profile: copy}
      look: {kind: approval, of: review, for: edit, role: editor}
      master: {kind: delivery, picture: edit, profile: master, after: [look]}
      """)
    #expect(try plan.passes().map { $0.lanes.map(\.encoding.codec) } == [["libx264"]])
    #expect(plan.held.contains { $0.kind == "render" })
  }

  @Test func `stored frames are shown under names that a re-cut finds again`() throws {
    var events = [
      ListEvent(reel: "A001", source: 10, record: hour, count: 60),
      ListEvent(reel: "B001", source: 30, record: hour + 60, count: 48),
    ]
    let programme = try Self.programme(events)
    let stages = """
      edit: {kind: editing}
      master: {kind: delivery, picture: edit, profile: master}
      review: {kind: delivery, frames-of: master, profile: copy}
      """
    let plan = try programme.plan(stages)
    let review = try #require(plan.nodes("render").first { $0.stage == "review" })
    let masters = plan.nodes("render").filter { $0.stage == "master" }.map(\.key)
    #expect(!masters.isEmpty && Set(masters).isSubset(of: review.dependencies))
    let input = try JSONDecoder().decode(RenderTask.Input.self, from: Data(review.payload))
    #expect(input.media.values.allSatisfy { $0.stored?.encoding.codec == "prores_ks" })
    // The shots change places: every frame of both deliverables is there.
    let library = try FakeLibrary.after(plan)
    events.swapAt(0, 1)
    (events[0].record, events[1].record) = (hour, hour + 48)
    _ = try programme.folder.write(ListEvent.list(events), to: "cut.edl")
    let again = try programme.plan(stages, library: library)
    #expect(again.deliverables.map(\.newFrames) == [0, 0])
  }

  @Test func `what stored frames cannot be without is refused`() throws {
    let programme = try Self.programme([ListEvent(reel: "A001", source: 10, record: hour, count: 60)])
    let head = "edit: {kind: editing}\nmaster: {kind: delivery, picture: edit, profile: master}\n"
    func fault(_ keys: String) -> String {
      failure { _ = try programme.plan(head + "review: {kind: delivery, profile: copy\(keys)}") }
    }
    #expect(fault("").contains("stage `review` needs the key `picture`"))
    #expect(
      fault(", frames-of: master, layers: {titles: no}").contains("`layers` is not taken beside `frames-of`"))
    #expect(fault(", frames-of: edit").contains("needs a deliverable"))
    let groups = failure {
      _ = try programme.plan(
        head + "copy: {kind: delivery, picture: edit, profile: copy}\n"
          + "other: {kind: delivery, frames-of: copy, profile: master}")
    }
    #expect(groups.contains("whose libx264 frames do not stand alone"))
  }
}
