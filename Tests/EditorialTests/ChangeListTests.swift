import Diagnostics
import Editorial
import MediaTime
import TestSupport
import Testing

/// What became of clips between two cuts, told by their source frames.
struct ChangeListTests {
  @Test func `what only moved is kept, and moves by the same frames`() throws {
    let list = try changes(
      old: [("A001", 0, 10), ("A002", 0, 10), ("A003", 0, 10)],
      new: [("A009", 0, 5), ("A001", 0, 10), ("A002", 0, 10), ("A003", 0, 10)])
    #expect(list.entries.map(\.kind) == [.added, .kept, .kept, .kept])
    #expect(list.entries.compactMap(\.shift) == [5, 5, 5])
    #expect(list.entries.map(\.newFrames) == [5, 0, 0, 0])
    #expect(list.text.contains("moved  002–004  3 clips"))
    #expect(list.text.contains("+5 frames"))
  }

  @Test func `trims are counted at each end, in source frames`() throws {
    let list = try changes(
      old: [("A001", 0, 10), ("A002", 100, 20)], new: [("A001", 0, 10), ("A002", 96, 30)])
    let trimmed = try #require(list.entries.first { $0.shot == "A002" })
    #expect(trimmed.kind == .changed)
    #expect((trimmed.head, trimmed.tail) == (4, 6))
    #expect(trimmed.newFrames == 10)
  }

  @Test func `frames that another clip of the old cut showed are not new`() throws {
    let list = try changes(old: [("A001", 0, 10), ("A001", 50, 10)], new: [("A001", 0, 60)])
    #expect(list.entries.first { $0.newRecord != nil }?.newFrames == 40)
    #expect(list.entries.count { $0.kind == .removed } == 1)
  }

  @Test func `a shot cut out here and put in there is found again`() throws {
    let list = try changes(
      old: [("A001", 0, 10), ("A002", 0, 10), ("A003", 0, 10)],
      new: [("A002", 0, 10), ("A003", 0, 10), ("A001", 2, 6)])
    let moved = try #require(list.entries.first { $0.shot == "A001" })
    #expect(moved.kind == .changed)
    #expect((moved.head, moved.tail, moved.newFrames) == (-2, -2, 0))
    #expect(list.entries.count { $0.kind == .removed || $0.kind == .added } == 0)
  }

  @Test func `a cut against itself changes nothing, whatever it holds`() throws {
    var random = SplitMix64(seed: 4)
    for _ in 0..<50 {
      let cut = (0..<Int.random(in: 1...40, using: &random)).map { _ in
        (
          "A00\(Int.random(in: 1...5, using: &random))", Int.random(in: 0...50, using: &random),
          Int.random(in: 1...20, using: &random)
        )
      }
      let list = try changes(old: cut, new: cut)
      #expect(list.entries.allSatisfy { $0.kind == .kept && $0.shift == 0 && $0.newFrames == 0 })
    }
  }

  @Test func `every clip of both cuts is told exactly once`() throws {
    var random = SplitMix64(seed: 5)
    for _ in 0..<200 {
      func cut() -> [(String, Int, Int)] {
        (0..<Int.random(in: 1...30, using: &random)).map { _ in
          (
            "A00\(Int.random(in: 1...4, using: &random))", Int.random(in: 0...30, using: &random),
            Int.random(in: 1...20, using: &random)
          )
        }
      }
      let (old, new) = (cut(), cut())
      let list = try changes(old: old, new: new)
      #expect(list.entries.compactMap(\.newEvent).sorted() == new.indices.map(Self.number))
      #expect(list.entries.compactMap(\.oldEvent).sorted() == old.indices.map(Self.number))
      // Counted by hand: frames of the new cut that the old one shows nowhere.
      var known = Set(old.flatMap { clip in (clip.1..<clip.1 + clip.2).map { "\(clip.0) \($0)" } })
      let before = known.count
      known.formUnion(new.flatMap { clip in (clip.1..<clip.1 + clip.2).map { "\(clip.0) \($0)" } })
      #expect(list.entries.reduce(0) { $0 + $1.newFrames } == Int64(known.count - before))
    }
  }

  private static func number(_ index: Int) -> String { index < 9 ? "00\(index + 1)" : "0\(index + 1)" }

  private func changes(old: [(String, Int, Int)], new: [(String, Int, Int)]) throws -> ChangeList {
    ChangeList(from: try Self.timeline(old), to: try Self.timeline(new))
  }

  /// Clips one after the other: source reel, first frame, count.
  private static func timeline(_ clips: [(String, Int, Int)]) throws -> Timeline {
    let rate = try FrameRate(parsing: "24")
    var start: Int64 = 0
    var track = Track(kind: .picture, name: "V1")
    for (index, clip) in clips.enumerated() {
      track.items.append(
        .clip(
          Clip(
            name: clip.0, event: number(index), sourceReel: clip.0,
            sourceIn: SourcePosition(count: 86_400 + Int64(clip.1), rate: rate),
            recordRange: FrameRange(start: start, count: Int64(clip.2)))))
      start += Int64(clip.2)
    }
    return Timeline(name: "cut", rate: rate, startFrame: 86_400, tracks: [track])
  }
}
