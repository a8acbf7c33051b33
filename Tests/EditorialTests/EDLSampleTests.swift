import Diagnostics
import Editorial
import MediaTime
import Testing

@Suite(.enabled(if: SampleFiles.editorial != nil, "no `shared/samples` beside the project"))
struct EDLSampleTests {
  static let names: [(String, Int)] = [
    ("25fps.edl", 25), ("45S_SAMPLE.EDL", 25), ("INS4_R1_DX_092117.edl", 24),
    ("ISSUE_14_conform_edl_issue_01.edl", 24),
    ("REVERSE.EDL", 25), ("SIMPLE_DISSOLVE.EDL", 24), ("SPLICEME.EDL", 24), ("TIMEWARP.EDL", 24),
    ("ToD_R4_LOCK3.1_030618_Video.edl", 24), ("avid_example.edl", 24), ("cdl.edl", 24),
    ("cdl_frmc_example01.edl", 24),
    ("dissolve_test.edl", 24), ("dissolve_test_2.edl", 24), ("edl_mixed_line_endings.edl", 24),
    ("gap_test.edl", 24), ("multi_audio.edl", 24), ("nucoda_example.edl", 24), ("premiere_example.edl", 24),
    ("screening_example.edl", 24), ("speed_effects_small.edl", 24), ("test_24psf.edl", 25),
    ("transition_duration.edl", 24), ("wipe_test.edl", 24),
  ]

  /// Clips, transitions, gaps and frames as OpenTimelineIO and pycmx find them (`shared/samples/README.md`); of the two
  /// feature reels gaps and frames from the record times, which OpenTimelineIO shifts by wrong source lengths.
  @Test(arguments: [
    ("25fps.edl", 25, 4, 0, 0, 496), ("avid_example.edl", 24, 2, 0, 0, 81),
    ("nucoda_example.edl", 24, 2, 0, 0, 81),
    ("premiere_example.edl", 24, 2, 0, 0, 81), ("cdl.edl", 24, 2, 0, 0, 62),
    ("dissolve_test.edl", 24, 3, 1, 0, 20),
    ("dissolve_test_2.edl", 24, 3, 1, 0, 20), ("wipe_test.edl", 24, 3, 1, 0, 20),
    ("transition_duration.edl", 24, 4, 1, 0, 408), ("gap_test.edl", 24, 3, 0, 2, 126),
    ("multi_audio.edl", 24, 3, 0, 0, 81982),
    ("screening_example.edl", 24, 9, 0, 0, 1049), ("speed_effects_small.edl", 24, 5, 0, 2, 16636),
    ("INS4_R1_DX_092117.edl", 24, 466, 0, 122, 26269),
    ("ToD_R4_LOCK3.1_030618_Video.edl", 24, 376, 0, 2, 29089),
    ("cdl_frmc_example01.edl", 24, 1, 0, 0, 102), ("ISSUE_14_conform_edl_issue_01.edl", 24, 3, 0, 2, 2298),
    ("45S_SAMPLE.EDL", 25, 30, 3, 0, 1066), ("SIMPLE_DISSOLVE.EDL", 24, 1, 1, 0, 44),
    ("SPLICEME.EDL", 24, 2, 0, 1, 263),
    ("TIMEWARP.EDL", 24, 1, 0, 0, 10), ("REVERSE.EDL", 24, 1, 0, 0, 50),
    ("edl_mixed_line_endings.edl", 24, 1, 0, 0, 241),
  ])
  func `real lists have the events that other readers find`(
    name: String, rate: Int, clips: Int, transitions: Int, gaps: Int, frames: Int64
  ) throws {
    let timeline = try SampleFiles.timeline("edl/" + name, rate: FrameRate(rate))
    let items = timeline.tracks.flatMap(\.items)
    #expect(timeline.tracks.flatMap(\.clips).count == clips)
    #expect(items.count { if case .transition = $0 { true } else { false } } == transitions)
    #expect(items.count { if case .gap = $0 { true } else { false } } == gaps)
    #expect(timeline.frameCount == frames)
    for track in timeline.tracks {
      var end: Int64 = 0
      for item in track.items {
        guard let range = item.recordRange else { continue }
        #expect(range.start == end)
        end = range.end
      }
    }
  }

  @Test func `a list of another rate is refused where the media does not have its timecode`() throws {
    // Only a source out tells that the list counts 25; media of that base could be meant.
    let timeline = try SampleFiles.timeline("edl/25fps.edl", rate: FrameRate(24))
    let media = MediaItem(
      path: "/media/SC00.JPG.mov",
      facts: MediaFacts(
        identity: "x", fileName: "SC00.JPG.mov", container: "mov", byteCount: 1,
        video: VideoFacts(
          stream: 0, codec: "prores", width: 1280, height: 720, pixelFormat: "yuv422p10le", bitDepth: 10,
          rate: FrameRate(24), frameCount: 4800), timecodeStart: "01:00:00:00", timecodeRate: FrameRate(24)))
    let conform = Relinker(media: [media]).relink(timeline)
    #expect(conform.diagnostics.map(\.code) == ["conform.missingMedia"])
    #expect(
      conform.diagnostics.first?.message.hasSuffix(
        "has no frame 01:00:01:24, as its timecode counts 24 frames a second") == true)
  }

  /// OpenTimelineIO refuses this list; pycmx finds its 10 events with 11 edits.
  @Test func `where events overlap the later in the list is used and that is said`() throws {
    let timeline = try SampleFiles.timeline("edl/test_24psf.edl", rate: FrameRate(25))
    #expect(timeline.faults == [] && timeline.frameCount == 4022)
    #expect(timeline.tracks.map(\.name) == ["V1", "A1", "A2", "A3", "A4"])
    #expect(timeline.tracks[0].clips.map(\.event) == ["001", "003", "005", "007", "008", "009"])
    let overlap = try #require(timeline.findings.first { $0.what.hasPrefix("events overlap") })
    #expect(
      overlap.what
        == "events overlap on V1 and the later in the list is used: these are covered whole (event 004)")
    #expect(overlap.kind == .dropped && overlap.location?.line == 13)
  }

  @Test func `markers, source files and spaces of an Avid list come through`() throws {
    let timeline = try SampleFiles.timeline("edl/screening_example.edl", rate: FrameRate(24))
    #expect(timeline.markers.map(\.color) == ["RED", "PINK", "GREEN"])
    #expect(timeline.markers[0].comment == "ANIM FIX NEEDED")
    #expect(timeline.timecode(at: timeline.markers[0].frame).description == "01:00:01:14")
    #expect(timeline.tracks[0].clips[3].sourceFile == "ZZ100_504C.LAY1.02")
    let resize = try #require(timeline.findings.first { $0.what.contains("`* AVX2 EFFECT, RESIZE`") })
    #expect(resize.isFault && resize.event == "009" && resize.location?.line == 37)
    #expect(timeline.tracks[0].clips[8].notes == ["AVX2 EFFECT, RESIZE"])
  }

  @Test func `speeds come from the motion lines`() throws {
    #expect(
      try SampleFiles.timeline("edl/REVERSE.EDL", rate: FrameRate(25)).tracks[0].clips[0].timeScale
        == Rational(-1))
    let warp = try SampleFiles.timeline("edl/TIMEWARP.EDL", rate: FrameRate(24)).tracks[0].clips[0]
    #expect(warp.timeScale == Rational(129, 10))
    let small = try SampleFiles.timeline("edl/speed_effects_small.edl", rate: FrameRate(24)).tracks[0].clips
    #expect(small.map(\.timeScale) == [.one, .zero, .zero, .one, Rational(476, 240)])
    let reverse = try SampleFiles.timeline("edl/45S_SAMPLE.EDL", rate: FrameRate(25)).tracks[0].clips[23]
    #expect(reverse.event == "024" && reverse.neededSource == FrameRange(start: -51, count: 52))
  }

  @Test func `speeds without a motion line are concluded once and reported once`() throws {
    let timeline = try SampleFiles.timeline("edl/ToD_R4_LOCK3.1_030618_Video.edl", rate: film)
    let inferred = try #require(timeline.concludedSpeeds)
    #expect(inferred.what.hasPrefix("source and record lengths differ without an M2 line"))
    #expect(inferred.what.hasSuffix("and 29 more)") && inferred.kind == .inferred)
    #expect(timeline.tracks[0].clips.count { $0.timeScale == Rational(2) } >= 38)
  }

  @Test func `channels of one event become clips on several tracks`() throws {
    let timeline = try SampleFiles.timeline("edl/multi_audio.edl", rate: FrameRate(24))
    #expect(timeline.tracks.map(\.name) == ["A1", "A2", "A3"])
    #expect(timeline.tracks.allSatisfy { $0.kind == .sound && $0.clips.count == 1 })
  }

  @Test func `grades are read however they are spaced`() throws {
    let clips = try SampleFiles.timeline("edl/cdl.edl", rate: FrameRate(24)).tracks[0].clips
    let decision = ColorDecision(
      slope: [0.1, 0.2, 0.3], offset: [1, -0.0122, 0.0305], power: [1, 0, 1], saturation: 0.9)
    #expect(clips.map(\.grade) == [decision, decision])
    let long = try SampleFiles.timeline("edl/cdl_frmc_example01.edl", rate: FrameRate(24)).tracks[0].clips[0]
    #expect(long.grade?.slope == [1.04751, 1.0378, 1.02485])
    #expect(long.sourceReel == "C004C008_240813ZW")
    #expect(long.notes == ["FRMC START: 1001    FRMC END: 1102    FRMC DURATION:102"])
  }

  /// Counts from `shared/samples/README.md` (pycmx finds 466 events: 325 on A, 92 on A2, 49 on A3) and
  /// `shared/specs/timecode.md` §5.4: 409 events with a source one frame longer, 57 with none.
  @Test func `the dialogue list of a feature reel reads without faults and with one finding per cause`()
    throws
  {
    let timeline = try SampleFiles.timeline("edl/INS4_R1_DX_092117.edl", rate: film)
    #expect(timeline.faults == [])
    #expect(timeline.tracks.map(\.name) == ["A1", "A2", "A3"])
    #expect(timeline.tracks.map(\.clips.count) == [325, 92, 49])
    #expect(timeline.markers.count == 3)
    #expect(timeline.findings.count == 4)
    #expect(Set(timeline.findings.map { $0.what.prefix { $0 != "(" } }).count == 4)
    func listed(_ start: String) -> String? {
      timeline.findings.first { $0.what.hasPrefix(start) }.map { String($0.what.suffix(14)) }
    }
    #expect(listed("the source range is empty")?.hasSuffix("and 45 more)") == true)
    #expect(listed("source and record lengths of sound differ")?.hasSuffix("and 397 more)") == true)
    #expect(timeline.findings.allSatisfy { !$0.isFault && $0.location?.line != nil })
    // `FROM SOURCE 1 TO RECORD 3` stands below every event of the third channel.
    #expect(timeline.tracks[2].clips.count { $0.sourceChannel == 1 } > 40)
  }

  /// 376 events and 3 motion lines (pycmx); 41 lengths that differ without one, `shared/specs/timecode.md` §5.4.
  @Test func `the picture list of a feature reel reads without faults and with one finding per cause`() throws
  {
    let timeline = try SampleFiles.timeline("edl/ToD_R4_LOCK3.1_030618_Video.edl", rate: film)
    #expect(timeline.faults == [] && timeline.tracks.map(\.clips.count) == [376])
    #expect(timeline.tracks[0].clips.count { !$0.isSpeedGiven && $0.timeScale != .one } == 41)
    #expect(timeline.findings.count == 2)
    #expect(timeline.findings.allSatisfy { !$0.isFault && $0.location?.line != nil })
  }

  /// OpenTimelineIO reads these two at 24, where source and record differ by a frame; they count 25: then the lengths
  /// agree, and the dissolve from black at the head, which it refuses, is one.
  @Test(arguments: ["SIMPLE_DISSOLVE.EDL", "SPLICEME.EDL"])
  func `short lists agree with themselves at the rate they count`(name: String) throws {
    let timeline = try SampleFiles.timeline("edl/" + name, rate: FrameRate(25))
    #expect(timeline.findings == [] && timeline.faults == [] && timeline.concludedSpeeds == nil)
    #expect(timeline.tracks[0].clips[0].recordRange == FrameRange(start: 0, count: 45))
    guard name == "SIMPLE_DISSOLVE.EDL", case .transition(let dissolve) = timeline.tracks[0].items[0] else {
      return
    }
    #expect(dissolve.outOffset == 43 && dissolve.name == "CROSS DISSOLVE")
  }
}
