import Editorial
import MediaTime
import Testing

/// What only the text of a written file tells, and what other formats bring that it cannot hold.
@Suite struct FCP7WriterTests {
  private func text(_ timeline: Timeline) -> String {
    String(decoding: FCP7Writer.write(timeline).bytes, as: UTF8.self)
  }

  private func timeline(_ clips: Clip...) -> Timeline {
    var track = Track(kind: .picture, name: "V1")
    track.items = clips.map { .clip($0) }
    return Timeline(name: "CUT", rate: film, startFrame: 86_400, tracks: [track])
  }

  private func clip(_ first: Int64, _ range: FrameRange, event: String = "001") -> Clip {
    Clip(
      name: "a & <b>", event: event, sourceReel: "A001",
      sourceIn: .label(Timecode(frame: first, rate: film).label), recordRange: range)
  }

  @Test func `an edit list becomes a sequence with its reels and timecode`() throws {
    let cut = try edl(
      """
      TITLE: DEMO
      FCM: NON-DROP FRAME
      001  A001C003 V     C        01:00:10:00 01:00:12:00 01:00:00:00 01:00:02:00
      002  A001C003 V     C        01:00:12:00 01:00:12:00 01:00:02:00 01:00:02:00
      002  A002C001 V     D    024 05:00:00:00 05:00:04:00 01:00:02:00 01:00:06:00
      """)
    let written = FCP7Writer.write(cut)
    let again = try Cut.read(path: "cut.xml", bytes: written.bytes).timeline(rate: nil)
    #expect(again.rate == FrameRate(24) && again.startFrame == 86_400 && again.faults == [])
    let clips = again.tracks[0].clips
    #expect(clips.map(\.sourceReel) == ["A001C003", "A002C001"])
    #expect(clips.map(\.sourceIn.description) == ["01:00:10:00", "05:00:00:00"])
    #expect(clips.map(\.recordRange.end) == [48, 144])
    let transitions = again.tracks[0].items.compactMap { item -> Transition? in
      guard case .transition(let transition) = item else { return nil }
      return transition
    }
    #expect(transitions.map(\.inOffset) == [0] && transitions.map(\.outOffset) == [24])
  }

  @Test func `text is escaped and a source is written once`() {
    let cut = timeline(
      clip(1000, FrameRange(start: 0, count: 10)), clip(1200, FrameRange(start: 10, count: 10), event: "002"))
    let text = text(cut)
    #expect(
      text.hasPrefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE xmeml>\n<xmeml version=\"5\">\n"))
    #expect(text.contains("<name>a &amp; &lt;b&gt;</name>"))
    #expect(text.contains("<file id=\"file-1\">") && text.contains("<file id=\"file-1\"/>"))
    // The file begins at the first frame that is needed.
    #expect(text.contains("<frame>1000</frame>"))
    #expect(text.contains("<in>200</in>"))
    #expect(text.contains("<timebase>24</timebase>\n\t\t\t\t\t<ntsc>TRUE</ntsc>"))
  }

  @Test func `what the format has no word for is a finding`() {
    var first = clip(1000, FrameRange(start: 0, count: 10))
    first.grade = ColorDecision(saturation: 0.9)
    first.role = "dialogue"
    first.alternateReels = ["A001_LONG"]
    var look = PictureAdjustment()
    look.scaleX = 2
    first.adjustments = [look, look]
    let findings = FCP7Writer.write(timeline(first)).findings
    #expect(findings.count == 6)
    #expect(findings.allSatisfy { $0.event == "001" && $0.what.hasSuffix("(event 001)") })
    // Width and height scaled differently, and a second placement, would be seen.
    #expect(findings.count { $0.isFault } == 2)
  }

  @Test func `keys are not written and that would be seen`() {
    var cut = timeline(
      clip(1000, FrameRange(start: 0, count: 10)), clip(1200, FrameRange(start: 10, count: 10), event: "002"))
    cut.tracks[0].items.insert(
      .transition(
        Transition(kind: .key(isBackground: false, isOut: false), event: "002", inOffset: 0, outOffset: 5)),
      at: 1)
    let written = FCP7Writer.write(cut)
    #expect(written.findings.map(\.isFault) == [true])
    #expect(!String(decoding: written.bytes, as: UTF8.self).contains("transitionitem"))
  }

  @Test func `a speed is written as percent and as a line through whole frames`() {
    var retimed = clip(1000, FrameRange(start: 0, count: 10))
    retimed.timeScale = Rational(-1, 3)
    let text = text(timeline(retimed))
    #expect(text.contains("<value>33.333333333</value>") && text.contains("<value>TRUE</value>"))
  }

  /// Speeds that a FCPXML of Final Cut says, e.g. its `TestVideo` at 23.98.
  @Test(arguments: [Rational(6_242_490, 2_673_347), Rational(-8_323_320, 4_607_111), Rational(1, 4_000_003)])
  func `a speed of any fraction keeps its first frame and its fraction`(speed: Rational) throws {
    var retimed = clip(5736, FrameRange(start: 0, count: 623))
    retimed.timeScale = speed
    let again = try Cut.read(path: "cut.xml", bytes: FCP7Writer.write(timeline(retimed)).bytes)
      .timeline(rate: nil).tracks[0].clips[0]
    #expect(again.timeScale == speed)
    #expect(again.sourceIn == retimed.sourceIn)
  }

  @Test func `ids are kept apart where two items have one event`() throws {
    let cut = timeline(
      clip(1000, FrameRange(start: 0, count: 10)), clip(1200, FrameRange(start: 10, count: 10)))
    #expect(text(cut).contains("id=\"clipitem-001\"") && text(cut).contains("id=\"clipitem-001..2\""))
    let again = try Cut.read(path: "cut.xml", bytes: FCP7Writer.write(cut).bytes).timeline(rate: nil)
    #expect(again.tracks[0].clips.map(\.event) == ["001", "001"])
  }

  @Test func `links to clips that are gone are not written`() throws {
    let link =
      "<link><linkclipref>clipitem-9</linkclipref></link><link><linkclipref>clipitem-1</linkclipref></link>"
    let item = FCP7.clip("a", 0, 10, extra: link).replacing(
      "<clipitem>", with: "<clipitem id=\"clipitem-1\">")
    let text = text(try FCP7.read(FCP7.sequence(picture: [item])))
    #expect(text.contains("<linkclipref>clipitem-1</linkclipref>") && !text.contains("clipitem-9"))
  }

  @Test func `sizing of a source of known size is written in percent of its pixels`() throws {
    let motion = FCP7.filter(
      "basic",
      [
        ("scale", FCP7.value("57.5")), ("center", FCP7.point(0.125, -0.0625)),
        ("rotation", FCP7.value("-3.5")),
      ])
    let item = FCP7.clip("a", 0, 48, file: FCP7.file(width: 3996, height: 2160), extra: motion)
    let timeline = try FCP7.read(FCP7.sequence(picture: [item]))
    let text = text(timeline)
    #expect(text.contains("<value>57.5</value>") && text.contains("<horiz>0.125</horiz>"))
    #expect(text.contains("<value>-3.5</value>"))
    let again = try Cut.read(path: "cut.xml", bytes: Array(text.utf8)).timeline(rate: nil)
    #expect(again.tracks[0].clips[0].adjustments == timeline.tracks[0].clips[0].adjustments)
  }
}
