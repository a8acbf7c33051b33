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

/// Random cuts that grow out of each other, with cuts and dissolves, grades that change and a reel shown twice: what is
/// planned is told beside it by counting pictures in a set. The seed replays a failure.
@Suite struct RecutPropertyTests {
  /// One event of a cut.
  private struct Event {
    var reel: String
    /// Frame of the reel.
    var source: Int
    var count: Int
    /// Frames over which it dissolves in; 0 for a cut.
    var dissolve: Int
    var grade: Int
  }

  /// A picture as a person would tell it from others.
  private enum Picture: Hashable {
    case plain(reel: String, frame: Int, grade: Int)
    /// Frame `k` of a dissolve of `n`.
    case mixed(
      from: String, fromFrame: Int, fromGrade: Int, to: String, frame: Int, grade: Int, k: Int, n: Int)
  }

  private static let reels = ["A001", "B001", "C001"]
  private static let grades = [
    "ASC_SOP (1 1 1)(0 0 0)(1 1 1)", "ASC_SOP (1.1 1 0.9)(0 0 0)(1 1 1)",
    "ASC_SOP (0.9 1 1.1)(0.01 0 0)(1 1 1)",
  ]

  private static func event(_ random: inout SplitMix64) -> Event {
    let count = Int.random(in: 1...60, using: &random)
    return Event(
      reel: reels.randomElement(using: &random) ?? "A001", source: Int.random(in: 60..<240, using: &random),
      count: count,
      dissolve: Int.random(in: 0..<3, using: &random) == 0 ? Int.random(in: 1...count, using: &random) : 0,
      grade: Int.random(in: 0..<grades.count, using: &random))
  }

  /// The next cut: shots trimmed, slipped, moved, dropped, added, graded anew.
  private static func recut(_ cut: [Event], _ random: inout SplitMix64) -> [Event] {
    var cut = cut
    for _ in 0..<Int.random(in: 1...3, using: &random) {
      let index = Int.random(in: 0..<cut.count, using: &random)
      switch Int.random(in: 0..<7, using: &random) {
      case 0: cut[index].count = max(1, cut[index].count - Int.random(in: 0...10, using: &random))
      case 1: cut[index].source += Int.random(in: -5...5, using: &random)
      case 2: cut.swapAt(index, Int.random(in: 0..<cut.count, using: &random))
      case 3 where cut.count > 2: cut.remove(at: index)
      case 4: cut.insert(event(&random), at: index)
      case 5: cut[index].dissolve = Int.random(in: 0...min(8, cut[index].count), using: &random)
      default: cut[index].grade = Int.random(in: 0..<grades.count, using: &random)
      }
      cut[index % cut.count].dissolve = min(cut[index % cut.count].dissolve, cut[index % cut.count].count)
    }
    return cut
  }

  private static func list(_ cut: [Event]) -> String {
    var text = "TITLE: TEST\nFCM: NON-DROP FRAME\n\n"
    var record = hour
    for (index, event) in cut.enumerated() {
      func line(_ reel: String, _ kind: String, _ source: Int, _ count: Int) {
        let times = [source, source + count, record, record + count].map(ListEvent.label)
        text +=
          "\(String("00\(index + 1)".suffix(3)))  \(reel)     V     \(kind) \(times.joined(separator: " "))\n"
      }
      if index > 0, event.dissolve > 0 {
        let before = cut[index - 1]
        line(before.reel, "C       ", before.source + before.count, 0)
        line(event.reel, "D    \(String("00\(event.dissolve)".suffix(3)))", event.source, event.count)
      } else {
        line(event.reel, "C       ", event.source, event.count)
      }
      text += "* \(grades[event.grade])\n* ASC_SAT 1.0\n"
      record += event.count
    }
    return text
  }

  private static func pictures(_ cut: [Event]) -> [Picture] {
    cut.enumerated().flatMap { index, event -> [Picture] in
      let n = index > 0 ? event.dissolve : 0
      return (0..<event.count).map { k in
        guard k < n else { return .plain(reel: event.reel, frame: event.source + k, grade: event.grade) }
        let before = cut[index - 1]
        return .mixed(
          from: before.reel, fromFrame: before.source + before.count + k, fromGrade: before.grade,
          to: event.reel, frame: event.source + k, grade: event.grade, k: k, n: n)
      }
    }
  }

  private static let stages = """
    edit: {kind: editing}
    grade: {kind: color-grade, picture: edit, stills: no}
    master: {kind: delivery, picture: grade, profile: stills-16bit}
    """

  @Test(arguments: UInt64(1)...25) func `after any re-cut exactly the pictures never made before are planned`(
    seed: UInt64
  ) throws {
    var random = SplitMix64(seed: seed)
    var cut = (0..<Int.random(in: 3...8, using: &random)).map { _ in Self.event(&random) }
    let programme = try Programme(
      [], files: Self.reels.map { Facts.picture($0, start: "00:00:00:00", frames: 400) })
    var library = FakeLibrary()
    var made: Set<Picture> = []
    for version in 1...5 {
      _ = try programme.folder.write(Self.list(cut), to: "cut.edl")
      let plan = try programme.plan(Self.stages, library: library)
      let pictures = Self.pictures(cut)
      let master = try #require(plan.deliverables.first)
      #expect(master.frames == Int64(pictures.count), "seed \(seed), version \(version)")
      #expect(master.distinctFrames == Int64(Set(pictures).count), "seed \(seed), version \(version)")
      #expect(
        master.newFrames == Int64(Set(pictures).subtracting(made).count), "seed \(seed), version \(version)")
      let rendered = try plan.renderedFrames()
      #expect(rendered.count == Int(master.newFrames) && Set(rendered).count == rendered.count)
      made.formUnion(pictures)
      let after = try FakeLibrary.after(plan)
      library.results.formUnion(after.results)
      library.versions.merge(after.versions) { $1 }
      for (encoding, chains) in after.frames {
        for (chain, known) in chains { library.frames[encoding, default: [:]][chain, default: []] += known }
      }
      cut = Self.recut(cut, &random)
    }
  }
}
