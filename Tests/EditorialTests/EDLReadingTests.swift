import Diagnostics
import Editorial
import MediaTime
import Testing

@Suite struct EDLReadingTests {
  private func faults(_ text: String, rate: FrameRate = FrameRate(24), start: Timecode? = nil) -> [Diagnostic]
  {
    do {
      return try edl(text, rate: rate, start: start).faults
    } catch let list as DiagnosticList {
      return list.diagnostics
    } catch {
      return []
    }
  }

  @Test func `all faults of a list are reported at once, each with line and column`() {
    let found = faults(
      """
      TITLE: BROKEN
      FCM: SOMETIMES
      001  A001 V     C        01:00:00:0x 01:00:01:00 01:00:00:00 01:00:01:00
      002  A001 Q     C        01:00:00:00 01:00:01:00 01:00:01:00 01:00:02:00
      003  A001 V     X        01:00:00:00 01:00:01:00 01:00:02:00 01:00:03:00
      004  A001 V     D        01:00:00:00 01:00:01:00 01:00:03:00 01:00:04:00
      005  V     C        01:00:00:00 01:00:01:00 01:00:03:00 01:00:04:00
      006  A001 V     C        01:00:00:00 01:00:01:00
      * ASC_SOP (1 1 1)(0 0 0)
      * ASC_SAT -1
      M2   A001   fast   01:00:00:00
      """)
    #expect(
      found.map(\.code) == [
        "cut.badCounting", "cut.badTimecode", "cut.badChannel", "cut.badTransition", "cut.noTransitionLength",
        "cut.noReel", "cut.badEvent", "cut.badGrade", "cut.badGrade", "cut.badMotion",
      ])
    #expect(
      found[1].description == """
        cut.edl:3:26: error: `01:00:00:0x` is not a timecode
          001  A001 V     C        01:00:00:0x 01:00:01:00 01:00:00:00 01:00:01:00
                                   ^
          A timecode reads HH:MM:SS:FF.
        """)
    #expect(found[2].location == SourceLocation(file: "cut.edl", line: 4, column: 11))
  }

  @Test func `record times start at the smallest record in or at the given start`() throws {
    let text = """
      001  A1   V     C        00:00:00:00 00:00:01:00 01:00:10:00 01:00:11:00
      002  A2   V     C        00:00:00:00 00:00:01:00 01:00:05:00 01:00:06:00
      """
    let timeline = try edl(text)
    #expect(timeline.startFrame == 86_520)
    #expect(timeline.tracks[0].clips.map(\.event) == ["002", "001"])
    #expect(timeline.tracks[0].clips.map(\.recordRange.start) == [0, 120])
    let start = try Timecode(parsing: "01:00:00:00", rate: FrameRate(24))
    let moved = try edl(text, start: start)
    #expect(moved.tracks[0].clips.map(\.recordRange.start) == [120, 240])
    #expect(moved.startFrame == 86_400)
    let late = faults(text, start: try Timecode(parsing: "01:00:06:00", rate: FrameRate(24)))
    #expect(late.map(\.code) == ["cut.beforeStart"])
    #expect(late[0].message == "event 002 begins at 01:00:05:00, before the start 01:00:06:00")
  }

  @Test func `a list across midnight goes on`() throws {
    let timeline = try edl(
      """
      001  A1   V     C        23:59:58:00 00:00:01:00 23:59:59:00 00:00:02:00
      002  A2   V     C        00:00:00:00 00:00:01:00 00:00:02:00 00:00:03:00
      """)
    #expect(timeline.timecode(at: 0).description == "23:59:59:00")
    #expect(
      timeline.tracks[0].clips.map(\.recordRange) == [
        FrameRange(start: 0, count: 72), FrameRange(start: 72, count: 24),
      ])
    #expect(timeline.tracks[0].clips[0].sourceCount == 72)
  }

  @Test func `an event of more than half a day is long and not backwards`() throws {
    let clip = try edl("001  A1   V     C        00:00:00:00 13:00:00:00 00:00:00:00 13:00:00:00").tracks[0]
      .clips[0]
    #expect(clip.recordRange.count == 13 * 3600 * 24 && clip.sourceCount == clip.recordRange.count)
  }

  @Test func `a transition longer than its clip ends with it, and that is said`() throws {
    let timeline = try edl(
      """
      001  A1   V     C        01:00:00:00 01:00:01:00 01:00:00:00 01:00:01:00
      002  A1   V     C        01:00:01:00 01:00:01:00 01:00:01:00 01:00:01:00
      002  A2   V     D    030 02:00:00:00 02:00:00:10 01:00:01:00 01:00:01:10
      """)
    guard case .transition(let transition) = timeline.tracks[0].items[1] else {
      Issue.record("there is no transition")
      return
    }
    #expect(transition.outOffset == 10)
    #expect(timeline.findings.contains { $0.kind == .approximated && $0.what.contains("end with them") })
  }

  @Test func `drop frame comes from FCM or from the separator and not at 23.976`() throws {
    let text = """
      FCM: DROP FRAME
      001  A1   V     C        00:00:59:29 00:01:00:03 01:00:59:29 01:01:00:03
      """
    let rate = FrameRate(30_000, 1001)
    let timeline = try edl(text, rate: rate)
    #expect(timeline.isDropFrame)
    #expect(timeline.tracks[0].clips[0].recordRange.count == 2)
    #expect(timeline.timecode(at: 0).description == "01:00:59;29")
    #expect(faults(text, rate: film).map(\.code) == ["cut.noDropFrame"])
    let dropped = try edl(
      "001  A1   V     C        00:00:00;00 00:00:01;00 01:01:00;00 01:01:01;00", rate: rate)
    #expect(dropped.timecode(at: 0).description == "01:01:00;02" && dropped.frameCount == 28)
    #expect(
      dropped.findings.map(\.what) == [
        "labels that drop-frame counting leaves out are read as the next that it has: `01:01:00;00` (event 001)"
      ])
    let mixed = faults(text, rate: rate, start: try Timecode(parsing: "01:00:00:00", rate: rate))
    #expect(mixed.map(\.code) == ["cut.mixedCounting"])
  }

  @Test func `source reels may hold spaces and be long`() throws {
    let clips = try edl(
      """
      1  REEL WITH SPACES  V  C  01:00:00:00 01:00:01:00 01:00:00:00 01:00:01:00
      000002	A_VERY_LONG_SOURCE_REEL_NAME_OF_MORE_THAN_32_CHARACTERS	B	C	01:00:00:00 01:00:01:00 01:00:01:00 01:00:02:00
      """
    ).tracks.flatMap(\.clips)
    #expect(clips[0].sourceReel == "REEL WITH SPACES")
    #expect(clips[1].sourceReel == "A_VERY_LONG_SOURCE_REEL_NAME_OF_MORE_THAN_32_CHARACTERS")
    #expect(clips.count == 3)
  }

  @Test func `channels give tracks`() throws {
    func tracks(_ channel: String) throws -> [String] {
      try edl("001  A1   \(channel)  C   00:00:00:00 00:00:01:00 01:00:00:00 01:00:01:00").tracks.map(\.name)
    }
    #expect(try tracks("V") == ["V1"])
    #expect(try tracks("V2") == ["V2"])
    #expect(try tracks("A") == ["A1"])
    #expect(try tracks("A4") == ["A4"])
    #expect(try tracks("AA") == ["A1", "A2"])
    #expect(try tracks("B") == ["V1", "A1"])
    #expect(try tracks("A2/V") == ["V1", "A2"])
    #expect(try tracks("AA/V") == ["V1", "A1", "A2"])
    #expect(try tracks("VA1A2") == ["V1", "A1", "A2"])
    let none = try edl(
      "001  A1   NONE  C   00:00:00:00 00:00:01:00 01:00:00:00 01:00:01:00\nAUD  3    4")
    #expect(none.tracks.map(\.name) == ["A3", "A4"])
  }

  @Test func `a dissolve is a transition before its incoming clip`() throws {
    let timeline = try edl(
      """
      001  A001C003 V     C        01:00:10:00 01:00:12:00 01:00:00:00 01:00:02:00
      * FROM CLIP NAME: SHOT_A
      002  A001C003 V     C        01:00:12:00 01:00:12:00 01:00:02:00 01:00:02:00
      002  A002C001 V     D    024 05:00:00:00 05:00:04:00 01:00:02:00 01:00:06:00
      EFFECTS NAME IS CROSS DISSOLVE
      * FROM CLIP NAME: SHOT_A
      * TO CLIP NAME: SHOT_B
      003  BL       V     C        00:00:00:00 00:00:00:00 01:00:06:00 01:00:06:00
      003  A003C002 V     W001 012 10:00:00:00 10:00:03:00 01:00:06:00 01:00:09:00
      """)
    let items = timeline.tracks[0].items
    #expect(items.count == 6)
    guard case .transition(let dissolve) = items[1], case .clip(let incoming) = items[2],
      case .gap(let black) = items[3], case .transition(let wipe) = items[4]
    else {
      Issue.record("the items are not clip, transition, clip, black, transition, clip")
      return
    }
    #expect(dissolve.kind == .dissolve && dissolve.name == "CROSS DISSOLVE")
    #expect(dissolve.inOffset == 0 && dissolve.outOffset == 24)
    #expect(incoming.name == "SHOT_B" && incoming.sourceReel == "A002C001" && incoming.sourceCount == 96)
    #expect(wipe.kind == .wipe(1) && wipe.outOffset == 12)
    // The wipe comes from black, not from the clip that ends there.
    #expect(black.recordRange == FrameRange(start: 144, count: 0))
  }

  @Test func `a transition from another reel than the one before it has that reel's clip in front`() throws {
    let timeline = try edl(
      """
      001  A1       V     C        01:00:10:00 01:00:12:00 01:00:00:00 01:00:02:00
      002  B1       V     C        02:00:00:00 02:00:00:00 01:00:02:00 01:00:02:00
      002  C1       V     D    024 05:00:00:00 05:00:04:00 01:00:02:00 01:00:06:00
      """)
    #expect(timeline.tracks[0].clips.map(\.sourceReel) == ["A1", "B1", "C1"])
    #expect(timeline.tracks[0].clips[1].recordRange == FrameRange(start: 48, count: 0))
  }

  @Test func `M2 of an outgoing clip that contradicts the clip's own event is reported`() throws {
    let text = """
      001  A1       V     C        01:00:10:00 01:00:12:00 01:00:00:00 01:00:02:00
      002  A1       V     C        01:00:12:00 01:00:12:00 01:00:02:00 01:00:02:00
      002  C1       V     D    024 05:00:00:00 05:00:02:00 01:00:02:00 01:00:06:00
      M2   A1             012.0                01:00:12:00
      M2   C1             012.0                05:00:00:00
      """
    let timeline = try edl(text)
    #expect(timeline.tracks[0].clips.map(\.timeScale) == [.one, Rational(1, 2)])
    #expect(
      timeline.findings.map(\.what) == [
        "M2 lines of outgoing clips do not agree with the clips' own events, whose speeds are used (event 002)"
      ])
  }

  @Test(arguments: [
    ("SHOT (33.333%)", "008.0", Rational(33_333, 100_000)), ("SHOT 51%", "-012.2", Rational(-51, 100)),
    ("SHOT 50%", "012.0", Rational(1, 2)), ("SHOT 90%", "012.0", Rational(1, 2)),
  ])
  func `a percentage in the name is used where M2 only rounds it, and that is said`(
    name: String, motion: String, speed: Rational
  ) throws {
    let timeline = try edl(
      """
      001  A1       V     C        01:00:10:00 01:00:12:00 01:00:00:00 01:00:04:00
      M2   A1             \(motion)                01:00:10:00
      * FROM CLIP NAME: \(name)
      """)
    #expect(timeline.tracks[0].clips.map(\.timeScale) == [speed])
    let isRounded = timeline.findings.contains { $0.what.hasPrefix("M2 rounds the speed") }
    #expect(isRounded == (speed != Rational(1, 2)))
  }

  @Test func `source labels of a higher base than the timeline's are left to the media`() throws {
    let clip = try edl(
      "001  A1       V     C        01:00:10:24 01:00:12:24 01:00:00:00 01:00:02:00"
    ).tracks[0].clips[0]
    #expect("\(clip.sourceIn)" == "01:00:10:24" && clip.sourceCount == nil && !clip.isSpeedGiven)
    #expect(throws: DiagnosticList.self) {
      try edl("001  A1       V     C        01:60:10:24 01:00:12:24 01:00:00:00 01:00:02:00")
    }
  }

  @Test func `reels get their long names and files their places`() throws {
    let clips = try edl(
      """
      001  SHORT    V     C        01:00:00:00 01:00:01:00 01:00:00:00 01:00:01:00
      * FINAL CUT PRO REEL: LONG_REEL_NAME REPLACED BY: SHORT
      * FROM FILE: S:\\path\\to\\A001C003.mov
      002  106770   V     C        01:00:00:00 01:00:01:00 01:00:01:00 01:00:02:00
      * SOURCE FILE: B002C001
      >>> SOURCE 106770   ROLL_106770           4919975f.793b8d33
      """
    ).tracks[0].clips
    #expect(
      clips[0].alternateReels == ["LONG_REEL_NAME"] && clips[0].targetURL == "S:\\path\\to\\A001C003.mov")
    #expect(clips[1].alternateReels == ["ROLL_106770"] && clips[1].sourceFile == "B002C001")
    #expect(clips.map(\.shot) == ["SHORT", "B002C001"])
  }

  @Test func `Resolve's marker events are markers`() throws {
    let timeline = try edl(
      """
      001  001      V     C        01:00:05:00 01:00:05:01 01:00:05:00 01:00:05:01
       |C:ResolveColorBlue |M:fix sky |D:1
      002  A1       V     C        01:00:00:00 01:00:10:00 01:00:00:00 01:00:10:00
      """)
    #expect(timeline.tracks[0].clips.map(\.event) == ["002"])
    #expect(timeline.markers.map { [$0.name, $0.comment, $0.color] } == [["001", "fix sky", "BLUE"]])
    #expect(timeline.markers[0].frame == 120)
  }

  @Test func `every line that is not carried is a finding with its place`() throws {
    let timeline = try edl(
      """
      TITLE: T
      before the events
      001  A1       V     C        01:00:00:00 01:00:01:00 01:00:00:00 01:00:01:00
      * AUDIO LEVEL AT 00:00:00:00 IS -6.00 DB  (REEL A1 A1)
      * UMID: 0601
      SPLIT:    AUDIO DELAY=  00:00:00:05
      * COMMENT: kept
      """)
    #expect(timeline.findings.compactMap { $0.location?.line }.sorted() == [2, 4, 6])
    #expect(timeline.findings.allSatisfy { $0.kind == .dropped })
    #expect(timeline.tracks[0].clips[0].notes == ["kept"])
    #expect(timeline.tracks[0].clips[0].sourceIdentity == "0601")
  }

  @Test func `counts of frames stand for timecodes`() throws {
    let clip = try edl("001  A1   V     C        0 24 100 124").tracks[0].clips[0]
    #expect(clip.recordRange == FrameRange(start: 0, count: 24))
    #expect(
      clip.sourceIn == .label(TimecodeLabel(hours: 0, minutes: 0, seconds: 0, frames: 0, isDropFrame: false)))
  }

  @Test func `hostile texts are refused without harm`() {
    #expect(faults("").map(\.code) == ["cut.noEvents"])
    #expect(faults("\u{0}\u{1}").map(\.code) == ["cut.notText"])
    #expect(faults("001 " + String(repeating: "x", count: 70_000)).map(\.code) == ["cut.longLine"])
    let many = faults(String(repeating: "001 A V Q 0 0 0 x\n", count: 5000))
    #expect(many.count == 201 && many.last?.code == "cut.moreFaults")
    let error = #expect(throws: DiagnosticList.self) {
      try Cut.read(path: "big.edl", bytes: [UInt8](repeating: 0x20, count: Cut.largestFile + 1))
    }
    #expect(error?.diagnostics.map(\.code) == ["cut.tooLarge"])
  }

  @Test(arguments: UInt64(0)..<20)
  func `damaged lists give a timeline or diagnostics and never a crash`(seed: UInt64) {
    var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
    func random(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int((state >> 33) % UInt64(bound))
    }
    let text = """
      TITLE: T
      FCM: DROP FRAME
      001  A1       V     C        01:00:00:00 01:00:01:00 01:00:00:00 01:00:01:00
      * FROM CLIP NAME: X
      002  A1       V     C        01:00:01:00 01:00:01:00 01:00:01:00 01:00:01:00
      002  A2       B     D    010 01:00:00:00 01:00:01:00 01:00:01:00 01:00:02:00
      M2   A2  -012.5   01:00:00:00
      * ASC_SOP (1 1 1)(0 0 0)(1 1 1)
      * LOC: 01:00:00:10 RED x
      AUD  3 4
      """
    for _ in 0..<300 {
      var bytes = Array(text.utf8)
      for _ in 0..<(1 + random(6)) {
        let index = random(bytes.count)
        switch random(3) {
        case 0: bytes[index] = UInt8(random(256))
        case 1: bytes.remove(at: index)
        default: bytes.insert(UInt8(ascii: "0") + UInt8(random(12)), at: index)
        }
      }
      do {
        let timeline = try Cut.read(path: "x.edl", bytes: bytes).timeline(rate: FrameRate(30_000, 1001))
        #expect(timeline.frameCount >= 0)
      } catch {
        #expect(!error.diagnostics.isEmpty)
        #expect(!error.description.isEmpty)
      }
    }
  }
}
