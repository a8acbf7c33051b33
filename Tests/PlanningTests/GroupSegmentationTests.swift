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

/// How programmes are cut into groups of pictures, seen from the plans.
@Suite struct GroupSegmentationTests {
  private static let stages = """
    edit: {kind: editing}
    mix: {kind: sound-mix, sound: edit}
    review: {kind: delivery, picture: edit, sound: mix, profile: review-h264}
    """

  private func programme(_ events: [(reel: String, source: Int, count: Int)]) throws -> Programme {
    var record = hour
    let list = events.map { event in
      defer { record += event.count }
      return ListEvent(reel: event.reel, source: event.source, record: record, count: event.count)
    }
    return try Programme(
      list,
      files: ["A001", "B001", "C001"].map { Facts.picture($0, start: "00:00:00:00", frames: 2000) })
  }

  private func plan(_ programme: Programme, library: FakeLibrary = FakeLibrary()) throws -> ProgrammePlan {
    try programme.plan(Self.stages, library: library)
  }

  /// Frame counts of the groups in programme order.
  private func groups(_ plan: ProgrammePlan) throws -> [Int] {
    try #require(try plan.assemblies().first).pieces.map(\.count)
  }

  @Test func `groups end with the shot and at multiples of 96 source frames`() throws {
    let plan = try plan(try programme([("A001", 50, 200), ("B001", 96, 96), ("A001", 500, 10)]))
    #expect(try groups(plan) == [46, 96, 58, 96, 10])
    let runs = try plan.renders().flatMap(\.segments).flatMap(\.runs).map { [$0.first, $0.step, $0.count] }
    #expect(runs == [[50, 1, 46], [96, 1, 96], [192, 1, 58], [96, 1, 96], [500, 1, 10]])
  }

  @Test func `a single frame goes with its own shot, else with the shot before, else with the one after`()
    throws
  {
    #expect(try groups(plan(programme([("A001", 95, 50)]))) == [50])
    #expect(try groups(plan(programme([("A001", 0, 97)]))) == [97])
    #expect(try groups(plan(programme([("A001", 0, 10), ("B001", 7, 1), ("C001", 0, 10)]))) == [11, 10])
    #expect(try groups(plan(programme([("B001", 7, 1), ("C001", 0, 10)]))) == [11])
    #expect(try groups(plan(programme([("B001", 7, 1), ("C001", 8, 1)]))) == [2])
    #expect(try groups(plan(programme([("B001", 7, 1)]))) == [1])
  }

  @Test func `a cut in the middle of what goes on leaves no trace`() throws {
    let whole = try plan(try programme([("A001", 10, 60)]))
    let split = try plan(try programme([("A001", 10, 25), ("A001", 35, 35)]))
    #expect(try whole.renders().flatMap(\.segments) == split.renders().flatMap(\.segments))
  }

  @Test(arguments: UInt64(1)...40) func `groups tile the programme, of two frames and up to a bound`(
    seed: UInt64
  )
    throws
  {
    var random = SplitMix64(seed: seed)
    let events = (0..<Int.random(in: 1...30, using: &random)).map { _ in
      (
        reel: ["A001", "B001", "C001"].randomElement(using: &random) ?? "A001",
        source: Int.random(in: 0...1500, using: &random),
        count: Bool.random(using: &random) ? 1 : Int.random(in: 1...300, using: &random)
      )
    }
    let plan = try plan(try programme(events))
    let assembly = try #require(try plan.assemblies().first)
    let segments = Dictionary(
      try plan.renders().flatMap(\.segments).map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
    func each(_ runs: [FrameRun]) -> [String] {
      runs.flatMap { run in (0..<run.count).map { "\(run.chain) \(run.position(at: $0))" } }
    }
    #expect(
      try assembly.pieces.flatMap { each(try #require(segments[$0.segment]).runs) } == each(assembly.runs))
    for piece in assembly.pieces {
      #expect(
        piece.offset == 0 && piece.step == 1 && (2...200).contains(piece.count) || assembly.pieces.count == 1)
    }
    for (node, input) in zip(plan.nodes("render"), try plan.renders()) {
      #expect(Set(input.nodes.keys) == Set(input.segments.flatMap(\.runs).map(\.chain.hex)))
      #expect(node.frames == input.segments.reduce(0) { $0 + Int($1.count) })
      #expect(input.media.count == Set(input.nodes.values.flatMap(\.sources)).count)
    }
    let review = try #require(plan.deliverables.first)
    #expect(review.newFrames == segments.values.reduce(0) { $0 + $1.count })
    #expect(
      review.newFrames == review.distinctFrames && review.frames == Int64(events.reduce(0) { $0 + $1.count }))
  }

  @Test func `a re-cut makes only the groups whose frames have changed`() throws {
    let before = try plan(try programme([("A001", 0, 300), ("B001", 0, 50), ("C001", 96, 30)]))
    let library = try FakeLibrary.after(before)
    let after = try plan(
      try programme([("C001", 96, 30), ("A001", 10, 290), ("B001", 0, 50), ("B001", 0, 50)]), library: library
    )
    let review = try #require(after.deliverables.first)
    // Of the first shot the group of frames 10–95 is new; the others, and the repeated shot, exist.
    #expect(
      try after.renders().flatMap(\.segments).flatMap(\.runs).map { [$0.first, $0.count] } == [[10, 86]])
    #expect(review.newFrames == 86 && review.reusedFrames == 30 + 204 + 50)
    #expect(review.distinctFrames == 370 && review.frames == 420)
  }

  @Test func `two deliverables of one encoding share their groups`() throws {
    let programme = try programme([("A001", 0, 200), ("B001", 0, 60)])
    // The shipped profile without its sound, which a part of the programme cannot have.
    let silent = try #require(DeliveryProfiles.shipped["review-h264"]).replacing(
      "profile: review-h264", with: "profile: silent"
    )
    .split(separator: "\n").filter { !$0.hasPrefix("sound:") }.joined(separator: "\n")
    _ = try programme.folder.write(silent, to: "profiles/silent.yaml")
    let plan = try programme.plan(
      Self.stages + "\nsecond: {kind: delivery, picture: edit, profile: silent, "
        + "frames: \"01:00:04:00-01:00:10:00\"}")
    // 96 is a multiple: the part begins with a group of the whole; its last is shorter. It is planned first, since it
    // waits for no sound.
    #expect(plan.deliverables.map(\.stage) == ["second", "review"])
    #expect(plan.deliverables.map(\.newFrames) == [144, 260 - 96 - 8])
    #expect(plan.deliverables.map(\.distinctFrames) == [144, 260])
  }

  @Test func `a layout that the mix is not made in is told, with what to do`() throws {
    let programme = try programme([("A001", 0, 48)])
    #expect(
      failure {
        _ = try programme.plan(
          "edit: {kind: editing}\nmix: {kind: sound-mix, sound: edit}\n"
            + "master: {kind: delivery, picture: edit, sound: mix, profile: prores-422hq-51}")
      } == """
        p.yaml:8:50: error: profile `prores-422hq-51` carries 5.1 sound, but the mix of `mix` is made in stereo
            master: {kind: delivery, picture: edit, sound: mix, profile: prores-422hq-51}
                                                           ^
          Give `mix` the key `layouts: [stereo, "5.1"]`, or take a profile without it.
        """)
  }

  @Test func `chapters are published beside the file and are part of an MP4`() throws {
    var programme = try programme([("A001", 0, 48), ("B001", 0, 48)])
    _ = try programme.folder.write(
      try String(contentsOfFile: programme.folder.path + "/cut.edl", encoding: .utf8)
        + "* LOC: 01:00:02:00 RED  THE & BIRD\n", to: "cut.edl")
    programme.files.removeLast()
    let plan = try plan(programme)
    let publish = try #require(plan.publishes.first { $0.name == "review" })
    let document = try #require(publish.documents.first)
    #expect(document.suffix == "chapters" && document.fileExtension == "vtt")
    let text = String(decoding: try #require(plan.objects[document.object]), as: UTF8.self)
    #expect(text == "WEBVTT\n\n1\n00:00:02.002 --> 00:00:04.004\nTHE &amp; BIRD\n")
    let assembly = try #require(try plan.assemblies().first)
    #expect(assembly.chapters?.chapters.map(\.title) == ["THE & BIRD"])
  }
}
