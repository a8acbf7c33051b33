import Diagnostics
import Editorial
import MediaTime
import Testing

/// What systems write beyond plain CMX 3600, `shared/specs/timecode.md` §5.
@Suite struct EDLDialectTests {
  private let event = "001  A001     V     C        01:00:00:00 01:00:04:00 01:00:00:00 01:00:04:00"

  @Test func `a line that cannot be read leaves the rest of the list`() throws {
    let timeline = try edl(
      """
      001  A001     V     C        01:00:00:00 01:00:01:00 01:00:00:00 01:00:01:00
      * FROM CLIP NAME: ONE
      002  A001     V     C        01:00:00:00 01:00:61:00 01:00:01:00 01:00:02:00
      * FROM CLIP NAME: TWO
      003  A001     V     C        01:00:00:00 01:00:0x:00 01:00:02:00 01:00:03:00
      * FROM CLIP NAME: THREE
      AUD  3
      004  A001     V     C        01:00:00:00 01:00:01:00 01:00:03:00 01:00:04:00
      * FROM CLIP NAME: FOUR
      """)
    #expect(timeline.tracks.count == 1)
    #expect(timeline.tracks[0].clips.map(\.name) == ["ONE", "FOUR"])
    #expect(timeline.faults.map(\.code) == ["cut.badTimecode", "cut.badTimecode"])
    #expect(
      timeline.faults.map(\.location) == [
        SourceLocation(file: "cut.edl", line: 3, column: 42),
        SourceLocation(file: "cut.edl", line: 5, column: 42),
      ])
    #expect(timeline.faults.allSatisfy { $0.excerpt != nil && $0.remedy != nil })
    #expect(timeline.findings == [])
  }

  @Test func `a list with nothing to read is refused with all its faults`() {
    let error = #expect(throws: DiagnosticList.self) {
      try edl(
        """
        001  A001     V     C        01:00:00:30 01:00:01:00 01:00:00:00 01:00:61:00
        002  A001     V     Z        01:00:00:00 01:00:01:00 01:00:02:00 01:00:03:00
        """)
    }
    #expect(error?.diagnostics.map(\.code) == ["cut.badTimecode", "cut.badTransition"])
  }

  @Test(arguments: ["1", "0001", "00001", "000001", "12345"])
  func `event numbers may have any number of digits`(number: String) throws {
    let clips = try edl(
      "\(number)  A001     V     C        01:00:00:00 01:00:04:00 01:00:00:00 01:00:04:00"
    ).tracks[0].clips
    #expect(clips.map(\.event) == [number])
  }

  @Test func `lists of more than 999 events read whole and are written with longer numbers`() throws {
    var text = ""
    let rate = FrameRate(25)
    for index in 0..<1500 {
      let times = [Int64(index) * 10, Int64(index + 1) * 10].map {
        Timecode(frame: $0, rate: rate).description
      }
      text += "\(index + 1)  A001     V     C        \(times[0]) \(times[1]) \(times[0]) \(times[1])\n"
    }
    var timeline = try edl(text, rate: rate)
    #expect(timeline.tracks[0].clips.count == 1500 && timeline.tracks[0].clips[1499].event == "1500")
    for index in timeline.tracks[0].items.indices {
      guard case .clip(var clip) = timeline.tracks[0].items[index] else { continue }
      clip.event = "clip-\(index)"
      timeline.tracks[0].items[index] = .clip(clip)
    }
    let written = EDLWriter.write(timeline)
    #expect(String(decoding: written.bytes, as: UTF8.self).contains("\r\n001500  A001 "))
    #expect(written.findings.map(\.what) == ["a CMX 3600 list has 999 events; this one has more"])
  }

  @Test func `a transition with a length on its first line is a cut and then the transition`() throws {
    let items = try edl(
      """
      001  A001     V     C        01:00:00:00 01:00:02:00 01:00:00:00 01:00:02:00
      001  A002     V     D    012 02:00:00:00 02:00:02:00 01:00:02:00 01:00:04:00
      """
    ).tracks[0].items
    #expect(items.count == 3)
    guard case .clip(let first) = items[0], case .transition(let dissolve) = items[1] else {
      Issue.record("the items are not clip, transition, clip")
      return
    }
    #expect(first.recordRange == FrameRange(start: 0, count: 48) && dissolve.outOffset == 12)
  }

  @Test func `transitions may follow each other within an event and across events`() throws {
    let timeline = try edl(
      """
      001  A001     V     C        01:00:00:00 01:00:02:00 01:00:00:00 01:00:02:00
      001  A002     V     D    012 02:00:00:00 02:00:02:00 01:00:02:00 01:00:04:00
      001  A003     V     W001 006 03:00:00:00 03:00:01:00 01:00:04:00 01:00:05:00
      002  A003     V     C        03:00:01:00 03:00:01:00 01:00:05:00 01:00:05:00
      002  BL       V     D    024 00:00:00:00 00:00:01:00 01:00:05:00 01:00:06:00
      """)
    let items = timeline.tracks[0].items
    let kinds = items.compactMap { item -> Transition.Kind? in
      if case .transition(let transition) = item { transition.kind } else { nil }
    }
    #expect(kinds == [.dissolve, .wipe(1), .dissolve])
    #expect(timeline.tracks[0].clips.map(\.recordRange.count) == [48, 48, 24, 24])
    #expect(timeline.tracks[0].clips.last?.isBlack == true)
    #expect(timeline.findings == [] && timeline.faults == [])
  }

  @Test func `a key is a track over its background`() throws {
    let timeline = try edl(
      """
      001  A001     V     K B  000 01:00:00:00 01:00:04:00 01:00:00:00 01:00:04:00
      001  LOGO     V     K    012 00:00:00:00 00:00:02:00 01:00:01:00 01:00:03:00
      """)
    #expect(timeline.tracks.map(\.name) == ["V1", "V1 key"])
    #expect(timeline.tracks[1].clips.map(\.sourceReel) == ["LOGO"])
    #expect(timeline.tracks[1].clips.map(\.recordRange) == [FrameRange(start: 24, count: 48)])
  }

  @Test func `FCM changes within a list count the sources below, and separators win`() throws {
    let rate = FrameRate(30_000, 1001)
    let timeline = try edl(
      """
      FCM: DROP FRAME
      001  A001     V     C        00:00:59;28 00:01:00;02 01:00:00;00 01:00:00;02
      FCM: NON-DROP FRAME
      002  A002     V     C        00:00:59:28 00:01:00:02 01:00:00;02 01:00:00;06
      FCM: DROP FRAME
      003  A003     V     C        00:00:59:28 00:01:00:02 01:00:00;06 01:00:00;08
      """, rate: rate)
    #expect(timeline.isDropFrame && timeline.faults == [])
    #expect(timeline.tracks[0].clips.map(\.sourceCount) == [2, 4, 2])
    #expect(
      timeline.tracks[0].clips.map(\.sourceIn.description) == ["00:00:59;28", "00:00:59:28", "00:00:59;28"])
    #expect(timeline.findings.map(\.kind) == [.inferred])
    #expect(timeline.findings[0].what.hasPrefix("the frame code mode changes within the list"))
  }

  @Test func `a second mode of an FCM line is that of the incoming source`() throws {
    let timeline = try edl(
      """
      FCM: DROP FRAME, NON-DROP FRAME
      001  A001     V     C        00:00:59;29 00:00:59;29 01:00:00;00 01:00:00;00
      001  A002     V     D    002 00:00:59:28 00:01:00:02 01:00:00;00 01:00:00;04
      """, rate: FrameRate(30_000, 1001))
    #expect(timeline.tracks[0].clips.last?.sourceCount == 4)
  }

  @Test(arguments: [("AUDIO", "A1", "V1"), ("VIDEO", "V1", "A1")])
  func `a split delays the in of its channels`(kind: String, late: String, whole: String) throws {
    let timeline = try edl(
      """
      001  A001     B     C        01:00:00:00 01:00:04:00 01:00:00:00 01:00:04:00
      SPLIT:    \(kind) DELAY=  00:00:00:12
      002  A001     V     C        01:00:04:00 01:00:05:00 01:00:04:00 01:00:05:00
      """)
    let delayed = try #require(timeline.tracks.first { $0.name == late }?.clips.first)
    #expect(delayed.recordRange == FrameRange(start: 12, count: 84))
    #expect(delayed.sourceIn.description == "01:00:00:12")
    let other = try #require(timeline.tracks.first { $0.name == whole }?.clips.first)
    #expect(other.recordRange == FrameRange(start: 0, count: 96))
    #expect(timeline.findings == [])
  }

  @Test func `a split between two events that it could belong to is not applied and that is said`() throws {
    let timeline = try edl(
      """
      001  A001     B     C        01:00:00:00 01:00:04:00 01:00:00:00 01:00:04:00
      SPLIT:    AUDIO DELAY=  00:00:00:12
      002  A001     B     C        01:00:04:00 01:00:05:00 01:00:04:00 01:00:05:00
      """)
    #expect(timeline.tracks.allSatisfy { $0.clips[0].recordRange.count == 96 })
    #expect(
      timeline.findings.map(\.what) == [
        "SPLIT lines stand between events that both have picture and sound and are not carried (event 001)"
      ])
  }

  @Test func `identities come from UMID and from the source table`() throws {
    let clips = try edl(
      """
      \(event)
      * UMID: 060A2B340101010501010D4313
      002  106770   V     C        01:00:00:00 01:00:01:00 01:00:04:00 01:00:05:00
      >>> SOURCE 106770   ROLL_106770           4919975f.793b8d33
      """
    ).tracks[0].clips
    #expect(clips.map(\.sourceIdentity) == ["060A2B340101010501010D4313", "4919975f.793b8d33"])
    #expect(clips[1].alternateReels == ["ROLL_106770"])
  }

  @Test func `Flame's lines give file, reel and extent of the source`() throws {
    let clip = try edl(
      """
      \(event)
      DLEDL: PATH: /jobs/show/scans
      DLEDL: FILENAME: A001C003.(0001@0240).dpx
      DLEDL: REEL: A001C003_LONG
      DLEDL: START TC: 00:59:58:00
      DLEDL: EDIT:0 FOCAL_LENGTH: 35
      """
    ).tracks[0].clips[0]
    #expect(clip.targetURL == "/jobs/show/scans/A001C003.(0001@0240).dpx")
    #expect(clip.availableRange == FrameRange(start: (3600 - 2) * 24, count: 240))
    #expect(clip.alternateReels == ["A001C003_LONG"] && clip.shot == "A001C003")
  }

  @Test func `image sequences keep their pattern and lose it in the name of the shot`() throws {
    let clip = try edl("\(event)\n* FROM FILE: S:\\plates\\AB_010.[1001-1096].exr").tracks[0].clips[0]
    #expect(clip.targetURL == "S:\\plates\\AB_010.[1001-1096].exr")
    let named = try edl("\(event)\n* FROM CLIP NAME: AB_010.[1001-1096].exr").tracks[0].clips[0]
    #expect(named.shot == "AB_010")
  }

  @Test(arguments: [
    "* FREEZE FRAME", "* * FREEZE FRAME", "FREEZE FRAME", "* FROM CLIP IS A STILL",
    "M2   A001   000.0   01:00:00:00",
  ])
  func `freezes are recognised however they are written`(note: String) throws {
    #expect(try edl("\(event)\n\(note)").tracks[0].clips[0].timeScale == .zero)
  }

  @Test func `a clip named FF with one source frame is a freeze and that is inferred`() throws {
    let timeline = try edl(
      """
      001  A001     V     C        01:00:00:00 01:00:00:01 01:00:00:00 01:00:04:00
      * FROM CLIP NAME: SHOT_010 FF
      """)
    #expect(timeline.tracks[0].clips[0].timeScale == .zero)
    #expect(timeline.findings.map(\.kind) == [.inferred])
  }

  @Test func `PATCH names the channel of the source`() throws {
    let timeline = try edl(
      """
      001  A001     AA    C        01:00:00:00 01:00:04:00 01:00:00:00 01:00:04:00
      * PATCH A001:  FROM SOURCE 5 TO RECORD 2
      """)
    #expect(timeline.tracks.map { $0.clips[0].sourceChannel } == [nil, 5])
  }

  @Test func `levels, second names and remarks are each reported once with their events`() throws {
    var text = ""
    for index in 1...20 {
      let start = Timecode(frame: Int64(index) * 24, rate: FrameRate(24))
      let end = Timecode(frame: Int64(index + 1) * 24, rate: FrameRate(24))
      text += """
        \(100 + index)  AX       B     C        \(start) \(end) \(start) \(end)
        * AUDIO LEVEL AT 00:00:00:00 IS -6.00 DB  (REEL AX A1)
        * remark \(index)

        """
    }
    let findings = try edl(text).findings
    #expect(findings.count == 2 && findings.allSatisfy { $0.kind == .dropped && $0.location?.line != nil })
    #expect(findings.allSatisfy { $0.what.hasSuffix("and 8 more)") })
    #expect(
      findings[1].what.hasPrefix(
        "comments are carried as notes only: `remark 1`, `remark 2`, `remark 3` and others"))
  }

  @Test func `effects that are only named are reported, those that move the picture as faults`() throws {
    let findings = try edl(
      """
      \(event)
      EFFECTS NAME IS Gaussian Blur
      002  A001     V     C        01:00:04:00 01:00:05:00 01:00:04:00 01:00:05:00
      * AVX2 EFFECT, RESIZE
      003  A001     V     C        01:00:04:00 01:00:05:00 01:00:05:00 01:00:06:00
      EFFECTS NAME IS 3D Warp
      """
    ).findings
    #expect(findings.map(\.isFault) == [false, true])
    #expect(findings.map(\.kind) == [.dropped, .dropped])
    #expect(findings[1].what.hasSuffix("(events 002, 003)"))
  }

  @Test func `locators have a colour only when the word is one`() throws {
    let markers = try edl(
      """
      \(event)
      * LOC: 01:00:01:00 RED     fix sky
      * LOC: 01:00:02:00 pink
      * LOC: 01:00:03:00 note without colour
      """
    ).markers
    #expect(markers.map(\.color) == ["RED", "PINK", ""])
    #expect(markers.map(\.comment) == ["fix sky", "", "note without colour"])
    #expect(markers.map(\.frame) == [24, 48, 72])
  }

  @Test func `Resolve's marker lists give name, note, colour and length`() throws {
    let timeline = try edl(
      """
      TITLE: Timeline 1
      FCM: NON-DROP FRAME
      001  001      V     C        01:00:18:06 01:00:18:07 01:00:18:06 01:00:18:07  
      black frame at left |C:ResolveColorYellow |M:Marker 1 |D:1

      002  001      V     C        01:00:20:20 01:00:20:21 01:00:20:20 01:00:20:21  
       |C:ResolveColorGreen |M:2 frames early |D:12
      """)
    #expect(timeline.tracks == [])
    #expect(timeline.markers.map(\.name) == ["Marker 1", "002"])
    #expect(timeline.markers.map(\.comment) == ["black frame at left", "2 frames early"])
    #expect(timeline.markers.map(\.color) == ["YELLOW", "GREEN"])
    #expect(timeline.markers.map(\.count) == [1, 12])
    let again = try Cut.read(path: "m.edl", bytes: EDLWriter.write(timeline).bytes).timeline(
      rate: FrameRate(24), start: timeline.timecode(at: 0))
    #expect(Comparable.timeline(again) == Comparable.timeline(timeline))
  }

  @Test func `lists sorted by source are put into record order`() throws {
    let timeline = try edl(
      """
      003  A001     V     C        01:00:00:00 01:00:01:00 01:00:02:00 01:00:03:00
      001  A001     V     C        01:00:10:00 01:00:11:00 01:00:00:00 01:00:01:00
      002  B001     V     C        01:00:00:00 01:00:01:00 01:00:01:00 01:00:02:00
      """)
    #expect(timeline.tracks[0].clips.map(\.event) == ["001", "002", "003"])
    #expect(timeline.findings == [])
  }

  @Test func `what a later event covers is cut away on both sides`() throws {
    let timeline = try edl(
      """
      001  A001     V     C        01:00:00:00 01:00:10:00 01:00:00:00 01:00:10:00
      M2   A001     -024.0         01:00:00:00
      002  B001     V     C        02:00:00:00 02:00:02:00 01:00:04:00 01:00:06:00
      003  C001     V     C        03:00:00:00 03:00:01:00 01:00:05:00 01:00:06:00
      004  C001     V     C        03:00:00:00 03:00:01:00 01:00:09:12 01:00:10:12
      """)
    let clips = timeline.tracks[0].clips
    #expect(clips.map(\.event) == ["001", "002", "003", "001", "004"])
    #expect(clips.map(\.recordRange.start) == [0, 96, 120, 144, 228])
    #expect(clips.map(\.recordRange.count) == [96, 24, 24, 84, 24])
    #expect(clips[3].sourceIn.description == "00:59:54:00")
    #expect(
      timeline.findings.map(\.what) == [
        "events overlap on V1 and the later in the list is used: these are cut short (events 001, 002)"
      ])
  }

  @Test func `frame counts serve as times with transitions, too`() throws {
    let timeline = try edl(
      """
      001  A001  V  C      0 24 100 124
      002  A001  V  C      24 24 124 124
      002  A002  V  D  012 48 96 124 172
      """)
    #expect(timeline.frameCount == 72 && timeline.startFrame == 100)
    #expect(timeline.tracks[0].clips.map(\.sourceCount) == [24, 48])
  }

  @Test func `lowercase, tabs, byte order marks and lone returns are all read`() throws {
    let text =
      "\u{FEFF}title: low\rfcm: drop frame\r001\tA001\tv\tc\t00:00:00;00\t00:00:01;00\t01:00:00;00\t01:00:01;00\r"
    let timeline = try edl(
      text + "* from clip name: abc\rm2 A001 015.0 00:00:00;00", rate: FrameRate(30_000, 1001))
    #expect(timeline.name == "low" && timeline.isDropFrame)
    #expect(timeline.tracks[0].clips.map(\.name) == ["abc"])
    #expect(timeline.tracks[0].clips.map(\.timeScale) == [Rational(1, 2)])
  }
}
