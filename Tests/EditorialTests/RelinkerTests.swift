import Diagnostics
import Editorial
import MediaTime
import Testing

@Suite struct RelinkerTests {
  private func picture(
    _ name: String, start: String? = "01:00:00:00", frames: Int64 = 480, rate: FrameRate = film,
    reel: String? = nil,
    identity: String? = nil, folder: String = "/media"
  ) -> MediaItem {
    MediaItem(
      path: folder + "/" + name,
      facts: MediaFacts(
        identity: identity ?? folder + name, fileName: name, container: "mov", byteCount: 1,
        video: VideoFacts(
          stream: 0, codec: "prores", width: 1280, height: 720, pixelFormat: "yuv422p10le", bitDepth: 10,
          rate: rate,
          frameCount: frames), timecodeStart: start, timecodeRate: rate, reel: reel))
  }

  private func sound(
    _ name: String, reference: Int64, samples: Int64, tape: String? = nil, rate: FrameRate? = film
  ) -> MediaItem {
    MediaItem(
      path: "/media/" + name,
      facts: MediaFacts(
        identity: name, fileName: name, container: "wav", byteCount: 1,
        sound: SoundFacts(
          stream: 0, codec: "pcm_s24le", sampleRate: 48_000, channels: 1, sampleCount: samples, bitDepth: 24,
          timeReference: reference, tape: tape), timecodeRate: rate))
  }

  private func conform(_ text: String, _ media: [MediaItem], handles: Int = 0) throws -> Conform {
    Relinker(media: media).relink(try edl(text, rate: film), handles: handles)
  }

  private let one = "001  A001C003 V     C        01:00:10:00 01:00:12:00 01:00:00:00 01:00:02:00"

  @Test func `a source reel in the file and a covered timecode give the frames of the media`() throws {
    let conform = try conform(one, [picture("x.mov"), picture("y.mov", reel: "a001c003")])
    #expect(conform.diagnostics.isEmpty)
    let event = conform.events[0]
    #expect(event.media == 1 && event.rule == "reel+timecode")
    #expect(event.sourceRange == FrameRange(start: 240, count: 48))
    #expect(event.handlesBefore == 240 && event.handlesAfter == 192)
    #expect(
      event.explanation
        == "source reel A001C003 is the file's reel, and A001C003 01:00:10:00 + 48 frames lies in "
        + "01:00:00:00–01:00:20:00 of y.mov")
  }

  @Test(arguments: ["A001C003.mov", "a001c003_240813_R1.mov", "A001C003.graded.mov"])
  func `a file whose name begins with the source reel is the reel`(name: String) throws {
    #expect(try conform(one, [picture("A001C0034.mov"), picture(name)]).events[0].media == 1)
  }

  @Test func `of several takes of a reel the timecode decides`() throws {
    let media = [
      picture("A001C003_1.mov", start: "02:00:00:00"), picture("A001C003_2.mov"),
      picture("A001C003_3.mov", start: "01:00:10:01"),
    ]
    #expect(try conform(one, media).events[0].media == 1)
  }

  @Test func `without a reel the names of file and clip decide`() throws {
    let byFile = try conform(
      one.replacing("A001C003", with: "AX      ") + "\n* SOURCE FILE: take_7\n* FROM CLIP NAME: 12A",
      [picture("TAKE_7.mov")])
    #expect(byFile.events[0].rule == "file name+timecode")
    let byClip = try conform(
      one.replacing("A001C003", with: "AX      ") + "\n* FROM CLIP NAME: Take_7.mov", [picture("TAKE_7.mov")])
    #expect(byClip.events[0].rule == "clip name+timecode")
  }

  @Test func `two different files are ambiguous and two equal ones are not`() throws {
    let different = try conform(one, [picture("A001C003.mov"), picture("A001C003.mxf")])
    #expect(different.diagnostics.map(\.family) == [.ambiguous])
    #expect(different.events[0].media == nil)
    #expect(different.diagnostics[0].message.contains("media/A001C003.mov, media/A001C003.mxf"))
    let equal = try conform(
      one,
      [picture("A001C003.mov", identity: "same"), picture("A001C003.mov", identity: "same", folder: "/copy")])
    #expect(equal.diagnostics.isEmpty && equal.events[0].media == 0)
  }

  @Test func `a second name of the clip decides between files of one reel`() throws {
    let media = [picture("A001C003_x.mov"), picture("A001C003_y.mov")]
    let conform = try conform(one + "\n* SOURCE FILE: A001C003_y", media)
    #expect(conform.events[0].media == 1)
  }

  @Test func `missing media is reported for all events with what is nearest`() throws {
    let conform = try conform(
      """
      001  A001C003 V     C        01:00:10:00 01:00:12:00 01:00:00:00 01:00:02:00
      002  A001C004 V     C        01:00:10:00 01:00:12:00 01:00:02:00 01:00:04:00
      003  A001C0O5 V     C        01:00:10:00 01:00:12:00 01:00:04:00 01:00:06:00
      """, [picture("A001C003.mov", frames: 264), picture("A001C005.mov")])
    #expect(conform.diagnostics.map(\.family) == [.inputMissing, .inputMissing, .inputMissing])
    #expect(
      conform.diagnostics[0].description == """
        cut.edl:1: error: event 001 on V1 needs A001C003 01:00:10:00 + 48 frames, which no media covers; A001C003.mov \
        (source reel A001C003 begins the file's name) has only 01:00:00:00–01:00:11:00: 24 frames are missing after its \
        last
          Add the rest of the source, or correct the event.
        """)
    #expect(
      conform.diagnostics[2].remedy == "Add the media, or correct the source reel: did you mean `A001C005`?")
  }

  @Test func `media of another rate is refused with both rates`() throws {
    let conform = try conform(one, [picture("A001C003.mov", rate: FrameRate(25))])
    #expect(conform.diagnostics.map(\.code) == ["conform.rateMismatch"])
    #expect(conform.diagnostics[0].message.contains("it runs at 25 fps and the timeline at 24000/1001 fps"))
  }

  @Test func `short handles are a warning and the counts are exact`() throws {
    let conform = try conform(one, [picture("A001C003.mov", start: "01:00:09:20", frames: 55)], handles: 8)
    #expect(conform.events[0].handlesBefore == 4 && conform.events[0].handlesAfter == 3)
    #expect(conform.diagnostics.map(\.severity) == [.warning, .warning])
    #expect(
      conform.diagnostics[0].message == "event 001 on V1 has 4 of 8 handle frames before it in A001C003.mov")
  }

  @Test func `a transition asks for the outgoing clip's frames after its cut`() throws {
    let text = """
      001  A001C003 V     C        01:00:10:00 01:00:12:00 01:00:00:00 01:00:02:00
      002  A001C003 V     C        01:00:12:00 01:00:12:00 01:00:02:00 01:00:02:00
      002  A002C001 V     D    024 01:00:00:00 01:00:04:00 01:00:02:00 01:00:06:00
      """
    let media = [picture("A001C003.mov", frames: 300), picture("A002C001.mov")]
    #expect(try conform(text, media).diagnostics.map(\.code) == ["conform.missingMedia"])
    let enough = [picture("A001C003.mov", frames: 312), picture("A002C001.mov")]
    #expect(try conform(text, enough).diagnostics.isEmpty)
  }

  @Test func `black needs no media`() throws {
    let conform = try conform("001  BL V     C        00:00:00:00 00:00:02:00 01:00:00:00 01:00:02:00", [])
    #expect(conform.diagnostics.isEmpty)
    #expect(conform.events.map(\.rule) == ["black"])
  }

  @Test func `sound is placed to the sample by its time reference`() throws {
    // 01:00:10:00 at 24000/1001 is frame 86,640: sample 173,453,280 since midnight.
    let conform = try conform(
      "001  A001C003 A     C        01:00:10:00 01:00:12:00 01:00:00:00 01:00:02:00",
      [
        picture("A001C003.mov"),
        sound("take.wav", reference: 173_400_000, samples: 480_000, tape: "A001C003"),
      ])
    let event = conform.events[0]
    #expect(conform.diagnostics.isEmpty && event.media == 1)
    #expect(event.sourceSample == 53_280)
    #expect(event.sampleCount == 96_096)
  }

  @Test func `a recording that begins inside a frame still covers it`() throws {
    let text = "001  S1   A     C        01:00:10:00 01:00:12:00 01:00:00:00 01:00:02:00"
    let inside = try conform(text, [sound("S1.wav", reference: 173_453_280 + 500, samples: 480_000)])
    #expect(inside.events[0].sourceSample == -500)
    #expect(inside.events[0].findings.count == 1)
    let outside = try conform(text, [sound("S1.wav", reference: 173_453_280 + 2002, samples: 480_000)])
    #expect(outside.diagnostics.map(\.code) == ["conform.missingMedia"])
  }

  @Test func `a picture track takes no sound file and a sound track prefers one`() throws {
    let media = [sound("A001C003.wav", reference: 172_972_800, samples: 48_000 * 60)]
    #expect(try conform(one, media).diagnostics.map(\.code) == ["conform.missingMedia"])
  }

  @Test func `media across midnight is covered`() throws {
    let conform = try conform(
      "001  A1 V     C        00:00:01:00 00:00:02:00 01:00:00:00 01:00:01:00",
      [picture("A1.mov", start: "23:59:59:00", frames: 240)])
    #expect(conform.events[0].sourceRange == FrameRange(start: 48, count: 24))
  }

  @Test func `reversed clips take the frames below their source in`() throws {
    let conform = try conform(one + "\nM2   A001C003  -024.0   01:00:10:00", [picture("A001C003.mov")])
    #expect(conform.events[0].sourceRange == FrameRange(start: 193, count: 48))
  }

  @Test func `impossible lengths in a header are refused`() throws {
    let conform = try conform(one, [picture("A001C003.mov", frames: .max)])
    #expect(conform.diagnostics.map(\.code) == ["conform.badMedia"])
    let sounds = try self.conform(
      one.replacing(" V ", with: " A "), [sound("A001C003.wav", reference: .max, samples: .max)])
    #expect(sounds.diagnostics.map(\.code) == ["conform.badMedia"])
  }

  @Test func `frames counted from the start of the media are found by the available range`() throws {
    let range = FrameRange(start: 0, count: 480)
    var timeline = Timeline(name: "t", rate: film)
    let clip = Clip(
      name: "A001C003", event: "001", sourceReel: "A001C003",
      sourceIn: SourcePosition(count: 240, rate: film),
      availableRange: range, recordRange: FrameRange(start: 0, count: 48))
    timeline.tracks = [Track(kind: .picture, name: "V1", items: [.clip(clip)])]
    let conform = Relinker(media: [picture("A001C003.mov")]).relink(timeline)
    #expect(conform.events[0].sourceRange == FrameRange(start: 240, count: 48))
    #expect(conform.events[0].findings.map(\.kind) == [.inferred])
  }

  @Test func `the report lists every event with its source, record, handles and rule`() throws {
    let media = [picture("A001C003.mov")]
    let conform = try conform(one + "\n* FROM CLIP NAME: SHOT_A", media)
    let report = ConformReport(conform, programme: "film", media: media)
    #expect(
      report.text == """
        conform of film
        01:00:00:00–01:00:02:00 at 24000/1001 fps, 48 frames, 1 event: 1 matched, 0 black, 0 without media

        event  track  shot    source file   source                   record                   handles  rule
        001    V1     SHOT_A  A001C003.mov  01:00:10:00–01:00:12:00  01:00:00:00–01:00:02:00  240/192  reel+timecode

        why
          001  V1  source reel A001C003 begins the file's name, and A001C003 01:00:10:00 + 48 frames lies in \
        01:00:00:00–01:00:20:00 of A001C003.mov
            + media/A001C003.mov, score 67, 48 of 48 frames, handles 240/192: chosen: source reel A001C003 begins the \
        file's name

        """)
  }

  @Test func `a conformed timeline reads back and conforms to the same frames`() throws {
    let media = [
      picture("A001C003.mov"), sound("S1.wav", reference: 173_400_700, samples: 480_000),
    ]
    let text = one + "\n002  S1   A     C        01:00:10:00 01:00:12:00 01:00:00:00 01:00:02:00"
    let first = try conform(text, media)
    #expect(first.diagnostics.isEmpty)
    let bytes = OTIOWriter.write(first, media: media)
    let timeline = try Cut.read(path: "x.otio", bytes: bytes).timeline(rate: nil)
    let second = Relinker(media: media).relink(timeline)
    #expect(second.diagnostics.isEmpty)
    #expect(second.events.map(\.sourceRange) == first.events.map(\.sourceRange))
    #expect(second.events.map(\.sourceSample) == first.events.map(\.sourceSample))
  }
}
