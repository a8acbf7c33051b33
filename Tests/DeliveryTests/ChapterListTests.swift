import Delivery
import MediaTime
import Testing

@Suite struct ChapterListTests {
  private func list(_ markers: [(Int64, String)], from start: Int64 = 0, count: Int64 = 240) -> ChapterList {
    ChapterList(
      markers: markers.map { (frame: $0.0, title: $0.1) }, range: FrameRange(start: start, count: count))
  }

  private func places(_ list: ChapterList) -> [String] {
    list.chapters.map { "\($0.start)-\($0.end) \($0.title)" }
  }

  @Test func `each chapter runs to the next, whatever the order of the markers`() {
    #expect(places(list([(100, "b"), (0, "a"), (200, "c")])) == ["0-100 a", "100-200 b", "200-240 c"])
  }

  @Test func `a range keeps what it shows, with the chapter that runs into it`() {
    let markers: [(Int64, String)] = [(0, "a"), (50, "b"), (100, "c"), (150, "d")]
    #expect(places(list(markers, from: 60, count: 60)) == ["0-40 b", "40-60 c"])
    #expect(places(list(markers, from: 100, count: 50)) == ["0-50 c"])
    #expect(places(list([(100, "late")], from: 0, count: 100)) == [])
  }

  @Test func `markers of one frame share a chapter, and one without words gets a number`() {
    #expect(places(list([(0, "a"), (0, "b"), (9, "")])) == ["0-9 a / b", "9-240 Chapter 2"])
  }

  @Test func `times are those of the frames, rounded up to the millisecond`() {
    // Frame 1 of 24000/1001 begins at 41.708… ms, frame 24 at 1.001 s exactly, hour 1 is 86,400 frames.
    let text = list([(1, "a"), (24, "b"), (86_400, "c")], count: 86_401).webVTT(
      rate: FrameRate(24_000, 1001))
    #expect(
      text == """
        WEBVTT

        1
        00:00:00.042 --> 00:00:01.001
        a

        2
        00:00:01.001 --> 01:00:03.600
        b

        3
        01:00:03.600 --> 01:00:03.642
        c

        """)
  }

  @Test func `titles keep to one line and are no markup`() {
    let text = list([(0, "A <b>bold</b> --> B & C\nWEBVTT\t\u{7}x")]).webVTT(rate: FrameRate(25))
    #expect(
      text.hasSuffix("\nA &lt;b&gt;bold&lt;/b&gt; --&gt; B &amp; C WEBVTT x\n"))
    #expect(list([]).webVTT(rate: FrameRate(25)) == "WEBVTT\n")
  }
}
