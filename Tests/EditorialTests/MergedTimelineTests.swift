import Diagnostics
import Editorial
import MediaTime
import Testing

@Suite struct MergedTimelineTests {
  private func list(_ name: String, _ lines: String) throws -> Timeline {
    try Cut.read(path: name + ".edl", bytes: Array("TITLE: \(name)\n\(lines)".utf8)).timeline(
      rate: FrameRate(24))
  }

  private func reel(_ hour: Int, channel: String = "V", transition: String = "C   ") throws -> Timeline {
    try list(
      "R\(hour)",
      "001  R\(hour)       \(channel)     \(transition)     00:00:00:00 00:10:00:00 0\(hour):00:00:00 0\(hour):10:00:00"
    )
  }

  private func isTiled(_ track: Track) -> Bool {
    var end: Int64 = 0
    for range in track.items.compactMap(\.recordRange) {
      guard range.start == end else { return false }
      end = range.end
    }
    return true
  }

  @Test(arguments: [[1, 2, 3], [3, 1, 2], [2, 3, 1]])
  func `lists that do not overlap are reels of one picture track in whatever order they come`(hours: [Int])
    throws
  {
    let whole = try #require(Timeline.merged(try hours.map { try reel($0) }))
    #expect(whole.tracks.map(\.name) == ["V1"])
    #expect(whole.tracks[0].clips.map(\.sourceReel) == ["R1", "R2", "R3"])
    #expect(whole.timecode(at: 0).description == "01:00:00:00")
    #expect(whole.tracks[0].clips.map(\.recordRange.start) == [0, 86_400, 172_800])
    #expect(whole.tracks.allSatisfy(isTiled))
  }

  @Test func `lists that overlap are tracks over each other, the later above`() throws {
    let titles = try list(
      "TITLES", "001  T1       V     C        00:00:00:00 00:00:10:00 01:05:00:00 01:05:10:00")
    let whole = try #require(Timeline.merged([try reel(1), titles, try reel(2)]))
    #expect(whole.tracks.map(\.name) == ["V1", "V2"])
    #expect(whole.tracks.map { $0.clips.map(\.sourceReel) } == [["R1", "R2"], ["T1"]])
    #expect(whole.tracks[1].clips[0].recordRange.start == 7200)
    #expect(whole.tracks.allSatisfy(isTiled))
  }

  @Test func `picture and sound of reels in lists of their own come together`() throws {
    let whole = try #require(
      Timeline.merged([
        try reel(1), try reel(1, channel: "AA"), try reel(2), try reel(2, channel: "AA"),
        try reel(1, channel: "A"),
      ]))
    #expect(whole.tracks.map(\.name) == ["V1", "A1", "A2", "A3"])
    #expect(
      whole.tracks.map { $0.clips.map(\.sourceReel) } == [
        ["R1", "R2"], ["R1", "R2"], ["R1", "R2"], ["R1"],
      ])
  }

  @Test func `a fade at the head of a reel stays a fade where the reels touch`() throws {
    let first = try list("R1", "001  R1       V     C        00:00:00:00 00:00:10:00 01:00:00:00 01:00:10:00")
    let second = try list(
      "R2", "001  R2       V     D    024 00:00:00:00 00:00:10:00 01:00:10:00 01:00:20:00")
    let items = try #require(Timeline.merged([first, second])).tracks[0].items
    #expect(items.count == 4)
    guard case .gap(let gap) = items[1], case .transition = items[2] else {
      Issue.record("there is no black between the reels")
      return
    }
    #expect(gap.recordRange == FrameRange(start: 240, count: 0))
  }

  @Test func `markers, findings and faults of all lists are kept, and clocks must be one`() throws {
    let first = try list(
      "R1",
      "001  R1       V     C        00:00:00:00 00:10:00:00 01:00:00:00 01:10:00:00\n* LOC: 01:00:01:00 RED a\n* odd\nM2 x"
    )
    let second = try list(
      "R2",
      "001  R2       V     C        00:00:00:00 00:10:00:00 02:00:00:00 02:10:00:00\n* LOC: 02:00:01:00 RED b\nM2 x"
    )
    let whole = try #require(Timeline.merged([first, second]))
    #expect(whole.markers.map { whole.timecode(at: $0.frame).description } == ["01:00:01:00", "02:00:01:00"])
    #expect(whole.findings.count == 1 && whole.faults.map(\.location?.file) == ["R1.edl", "R2.edl"])
    var other = second
    other.rate = FrameRate(25)
    #expect(Timeline.merged([first, other]) == nil && Timeline.merged([]) == nil)
  }
}
