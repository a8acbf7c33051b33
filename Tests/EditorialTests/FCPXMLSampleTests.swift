import Diagnostics
import Editorial
import MediaTime
import Testing

/// The facts are those of the samples' README, counted in the XML; positions were worked out from its fractions.
@Suite(.enabled(if: SampleFiles.editorial != nil, "no `shared/samples` beside the project"))
struct FCPXMLSampleTests {
  private func read(_ name: String, sequence: String? = nil) throws -> Timeline {
    let file = name.hasSuffix("d") ? name + "/Info.fcpxml" : name
    return try Cut.read(path: file, bytes: try SampleFiles.bytes("fcpxml/" + file))
      .timeline(sequence: sequence, rate: nil)
  }

  @Test(arguments: [
    ("23.98.fcpxml", FrameRate(24_000, 1001), 5348, 0, 10, 3, 12),
    ("29.97d.fcpxml", FrameRate(30_000, 1001), 887, 0, 12, 0, 20),
    ("24With25Media.fcpxml", FrameRate(24), 3911, 86_400, 2, 0, 3),
    ("CompoundClips.fcpxml", FrameRate(25), 752, 90_000, 2, 0, 2),
    ("SyncClip.fcpxml", FrameRate(25), 738, 90_000, 1, 0, 3),
    ("MulticamSample.fcpxml", FrameRate(24_000, 1001), 6630, 0, 1, 0, 0),
    ("AuditionMarkers3.fcpxml", FrameRate(24_000, 1001), 1433, 0, 2, 1, 4),
    ("BasicMarkers_1HourProjectStart.fcpxml", FrameRate(30_000, 1001), 1919, 108_000, 1, 0, 4),
    ("DisabledClips.fcpxml", FrameRate(24), 20_438, 0, 4, 0, 4),
    ("60fps-clips.fcpxml", FrameRate(60), 1800, 0, 6, 0, 0),
    ("60fps-compound-clips.fcpxml", FrameRate(60), 1800, 0, 6, 0, 0),
    ("60fps-rubric-clips.fcpxmld", FrameRate(60), 1800, 0, 6, 0, 0),
  ])
  func `real projects have the length, the clips and the markers that their XML has`(
    name: String, rate: FrameRate, frames: Int64, start: Int64, items: Int, transitions: Int, markers: Int
  ) throws {
    let timeline = try read(name)
    #expect(timeline.faults.isEmpty)
    #expect(timeline.rate == rate)
    #expect(timeline.frameCount == frames)
    #expect(timeline.startFrame == start)
    let pictures = timeline.tracks.filter { $0.kind == .picture }.flatMap(\.items)
    #expect(pictures.count { $0.isClip || $0.isNest } == items)
    #expect(pictures.count { if case .transition = $0 { true } else { false } } == transitions)
    // Those of sound alone are on its clips; the alternative of an audition and its marker do not play.
    #expect(timeline.tracks.flatMap(\.items).map(\.markerCount).reduce(timeline.markers.count, +) == markers)
  }

  @Test func `of several projects one must be chosen`() throws {
    let cut = try Cut.read(path: "e.fcpxml", bytes: try SampleFiles.bytes("fcpxml/fcpx_example.fcpxml"))
    #expect(cut.sequences == ["OpenTimeline_Project", "OpenTimeline_Project 1"])
    #expect(cut.declaredRate == FrameRate(30))
    let error = #expect(throws: DiagnosticList.self) { try cut.timeline(rate: nil) }
    #expect(
      error?.description == """
        e.fcpxml: error: the file holds 2 projects: `OpenTimeline_Project`, `OpenTimeline_Project 1`
          Choose one with `--sequence NAME`, or export one project.
        """)
    let unknown = #expect(throws: DiagnosticList.self) {
      try cut.timeline(sequence: "OpenTimeline_Projekt", rate: nil)
    }
    #expect(unknown?.description.contains("Did you mean `OpenTimeline_Project`?") == true)
  }

  @Test func `clips without a project are refused with what to export`() throws {
    let cut = try Cut.read(path: "c.fcpxml", bytes: try SampleFiles.bytes("fcpxml/fcpx_clips.fcpxml"))
    let error = #expect(throws: DiagnosticList.self) { try cut.timeline(rate: nil) }
    #expect(error?.diagnostics.first?.code == "cut.noTimeline")
    #expect(error?.description.contains("File > Export XML") == true)
    let compound = try cut.timeline(sequence: "compound_clip_1", rate: nil)
    #expect(compound.frameCount == 2400)
    #expect(compound.tracks.map(\.name) == ["V1", "V2", "A1", "A2"])
  }

  @Test func `lanes are tracks, storylines keep their transitions, times between frames are rounded`() throws
  {
    let timeline = try read("fcpx_example.fcpxml", sequence: "OpenTimeline_Project")
    let lanes = timeline.tracks.map { "\($0.kind == .picture ? "V" : "A")\($0.lane)" }
    #expect(lanes == ["V0", "V1", "V2", "A0", "A-1", "A1", "A2"])
    // 21602243/144000 s at 30 fps is 4500.47 frames.
    #expect(timeline.frameCount == 4500)
    #expect(
      timeline.findings.contains {
        $0.kind == .approximated && $0.what.contains("21602243/144000 s") && $0.what.contains("frame 4500")
      })
    let second = timeline.tracks[1]
    #expect(second.clips.map(\.name) == ["IMG_0513", "IMG_0268", "IMG_0740"])
    #expect(
      second.clips.map(\.recordRange) == [
        FrameRange(start: 600, count: 300), FrameRange(start: 1500, count: 285),
        FrameRange(start: 1785, count: 285),
      ])
    let transitions = second.items.compactMap { item in
      if case .transition(let transition) = item { [transition.inOffset, transition.outOffset] } else { nil }
    }
    #expect(transitions == [[0, 30], [15, 15]])
    // 108137/30 s in a gap whose local time begins at 3600 s, at frame 1800.
    #expect(timeline.tracks[2].clips.map(\.recordRange) == [FrameRange(start: 1937, count: 300)])
    // 648176909/180000 s in a gap at frame 600: 29.48 frames later.
    #expect(timeline.tracks[4].clips[1].recordRange == FrameRange(start: 629, count: 300))
    #expect(timeline.tracks[4].clips[1].role == "dialogue.dialogue-1")
    // 2596698013/720000 s − 3600 s in a gap at frame 900.
    #expect(timeline.markers.map(\.frame) == [1096])
  }

  @Test func `a compound clip is trimmed by its start and its picture and sound may part`() throws {
    let timeline = try read("fcpx_example.fcpxml", sequence: "OpenTimeline_Project 1")
    let nests = timeline.tracks.flatMap(\.items).compactMap(\.nest)
    // 10900/3000 s and 5700/3000 s of 30 fps.
    #expect(nests.map(\.sourceIn) == [109, 57, 109, 0])
    #expect(
      nests.map(\.recordRange) == [
        FrameRange(start: 2400, count: 900), FrameRange(start: 4200, count: 300),
        FrameRange(start: 2400, count: 900), FrameRange(start: 4200, count: 300),
      ])
    #expect(nests.allSatisfy { $0.timeline.frameCount == 2400 && $0.timeline.name == "compound_clip_1" })
    #expect(nests[0].markers.map(\.frame) == [0, 314])
    #expect(nests[0].markers.map(\.color) == ["GREEN", "BLUE"])
  }

  @Test func `a retimed clip begins at the frame of its time map`() throws {
    // start × value ÷ time of the map, in frames: 2710.0003, 5735.9999 (23.976), 882.9991, 2170.0005 (29.97).
    let film = try read("23.98.fcpxml")
    let retimed = film.tracks[0].clips.filter { $0.timeScale != .one }
    #expect(retimed.map(\.sourceIn.description) == ["00:01:52:22", "00:03:59:00"])
    #expect(
      retimed.map(\.timeScale) == [Rational(149_819_760, 65_872_008), Rational(149_819_760, 64_160_328)])
    #expect(retimed.allSatisfy { $0.curve == nil && $0.isSpeedGiven })
    // 7181.32: what is left of the frame counts.
    let between = film.tracks[1].clips[0]
    #expect(between.sourceIn.description == "00:04:59:05")
    #expect(between.sourceOffset(at: 0) == 0)
    #expect(between.sourceOffset(at: 1) == 2)
    #expect(between.timeScale == Rational(149_819_760, 82_927_998))
    let video = try read("29.97d.fcpxml")
    #expect(video.isDropFrame)
    #expect(
      video.tracks[0].clips.filter { $0.timeScale != .one }.map(\.sourceIn) == [
        .frames(883, FrameRate(30_000, 1001)), .frames(2170, FrameRate(30_000, 1001)),
      ])
  }

  @Test func `markers of a retimed clip lie at the source frame they mark`() throws {
    let clip = try read("23.98.fcpxml").tracks[0].clips[3]
    #expect(clip.markers.map(\.name) == ["Shot_04"])
    // 10881/160 s × 2.2744 is frame 3708.4; the clip begins at 2710.
    #expect(clip.markers.map(\.frame) == [998])
  }

  @Test func `an audition plays its first alternative and says that there are others`() throws {
    let timeline = try read("AuditionMarkers3.fcpxml")
    let clip = timeline.tracks[0].clips[1]
    #expect(clip.name == "TestVideo2")
    #expect(clip.sourceReel == "TestVideo2 Reel")
    #expect(clip.recordRange == FrameRange(start: 760, count: 673))
    #expect(timeline.findings.contains { $0.kind == .dropped && $0.what.contains("auditions") })
  }

  @Test func `media of another rate that is conformed plays frame by frame`() throws {
    let timeline = try read("24With25Media.fcpxml")
    let clips = timeline.tracks[0].clips
    // 684/25 s counts frames of 25; 3551 of them last 3551/24 s.
    #expect(clips.map(\.sourceIn.description) == ["00:00:27:09", "00:00:00:00"])
    #expect(clips.map(\.recordRange.count) == [54, 3551])
    #expect(clips[1].availableRange == FrameRange(start: 0, count: 3551))
    #expect(clips.allSatisfy { $0.timeScale == .one && $0.sourceRate == FrameRate(25) })
    #expect(clips[0].notes == ["asset notes in browser"])
    #expect(clips[1].markers.map(\.frame) == [2753, 3210])
    #expect(
      timeline.findings.contains { $0.kind == .inferred && $0.what.contains("`{rate: 25, as: every-frame}`") }
    )
  }

  @Test func `a synchronised clip is its picture with both sounds, of which one is switched off`() throws {
    let timeline = try read("SyncClip.fcpxml")
    #expect(timeline.tracks.map(\.name) == ["V1", "A1", "A2"])
    let picture = timeline.tracks[0].clips[0]
    #expect(picture.name == "TestVideo")
    #expect(picture.sourceReel == "TestVideo Reel" && picture.alternateReels == ["SyncClip Reel"])
    #expect(picture.sourceIdentity == "30C3729DCEE936129873D803DC13B623")
    #expect(picture.sourceFile == "TestVideo.m4v")
    #expect(picture.adjustments.map(\.fit) == [.letterbox])
    #expect(picture.markers.map(\.frame) == [685, 250])
    let sounds = timeline.tracks[1...].flatMap(\.clips)
    #expect(sounds.map(\.role) == ["music.music-1", "effects.effects-1"])
    #expect(sounds.map(\.isEnabled) == [false, true])
    #expect(sounds[1].recordRange == FrameRange(start: 0, count: 130))
  }

  @Test func `a multicam clip plays the picture of one angle and the sound of another`() throws {
    let timeline = try read("MulticamSample.fcpxml")
    #expect(timeline.tracks.map(\.name) == ["V1", "A1"])
    let picture = timeline.tracks[0].clips
    // Angle A begins with a gap of 260260/24000 s.
    #expect(picture.map(\.recordRange) == [FrameRange(start: 260, count: 6260)])
    #expect(picture[0].sourceFile == "Day2_InterviewOwners_02_A.mov")
    let sound = timeline.tracks[1].clips
    #expect(sound.map(\.sourceFile) == ["4CH001I.wav"])
    // 41029 s is frame 983712.29 at 24000/1001.
    #expect(sound[0].sourceIn.description == "11:23:08:00")
    #expect(sound[0].recordRange == FrameRange(start: 0, count: 6630))
  }

  @Test func `disabled clips stay in their place`() throws {
    let timeline = try read("DisabledClips.fcpxml")
    #expect(timeline.tracks[0].clips.map(\.isEnabled) == [true, false, true, false])
    #expect(timeline.tracks[1].clips.map(\.isEnabled) == [true, false])
    #expect(timeline.tracks[0].clips[0].content == .generator("Basic Title"))
  }

  @Test func `compound clips nest in compound clips`() throws {
    let timeline = try read("CompoundClips.fcpxml")
    let nests = timeline.tracks[0].items.compactMap(\.nest)
    #expect(nests.map(\.name) == ["Title Compound Clip", "Clouds Compound Clip"])
    #expect(nests.map(\.recordRange.count) == [251, 501])
    let inner = nests[1].timeline.tracks[0].items
    #expect(inner.first?.recordRange == FrameRange(start: 0, count: 250))
    #expect(inner.compactMap(\.nest).first?.timeline.name == "Title Compound Clip")
    #expect(inner.compactMap(\.nest).first?.markers.map(\.frame) == [150])
  }

  /// The markers of this file lie 90,000 frames into a title of 1919: its `start` is 600.6 s and theirs are 3633 s, the
  /// time of the timeline. They are carried as they are written.
  @Test func `markers are carried where the file puts them, with the colours of their kinds`() throws {
    let markers = try read("BasicMarkers_1HourProjectStart.fcpxml").tracks[0].clips[0].markers
    #expect(markers.map(\.frame) == [90_884, 90_885, 90_886, 90_887])
    #expect(markers.map(\.color) == ["BLUE", "RED", "GREEN", "ORANGE"])
    #expect(markers.map(\.comment) == ["some notes here", "more notes here", "notes yay", ""])
  }

  /// Neither the clip nor its asset says a length, which only the media itself would.
  @Test func `a clip without a length is a fault with its place, and its markers are kept`() throws {
    let timeline = try read("60fps-markers.fcpxml")
    #expect(timeline.faults.map(\.location?.line) == [19])
    #expect(timeline.faults.map(\.location?.column) == [13])
    #expect(timeline.markers.map(\.frame) == [300, 600, 900, 1200, 1500])
  }

  /// The media as ffprobe 5.1 describes `media/video/60fps.mp4`: 1800 frames of 60 fps from 00:00:00:00.
  @Test(arguments: ["60fps-clips.fcpxml", "60fps-rubric-clips.fcpxmld"])
  func `pieces of a film are found at their frames`(name: String) throws {
    let media = MediaItem(
      path: "/media/60fps.mp4",
      facts: MediaFacts(
        identity: "60", fileName: "60fps.mp4", container: "mp4", byteCount: 1,
        video: VideoFacts(
          stream: 0, codec: "h264", width: 284, height: 160, pixelFormat: "yuv420p", bitDepth: 8,
          rate: FrameRate(60), frameCount: 1800), timecodeStart: "00:00:00:00", timecodeRate: FrameRate(60)))
    let conform = Relinker(media: [media]).relink(try read(name), handles: 0)
    #expect(conform.diagnostics.isEmpty)
    #expect(conform.events.map(\.sourceRange) == (0..<6).map { FrameRange(start: $0 * 300, count: 300) })
  }

  @Test func `effects that move the picture are faults, others are notes`() throws {
    let findings = try read("29.97d.fcpxml").findings
    #expect(
      findings.filter(\.isFault).map(\.what) == ["the effect `Background Squares` is not carried (event 009)"]
    )
    #expect(findings.count { $0.what.hasPrefix("the effect `") } == 5)
  }
}

extension TrackItem {
  var nest: Nest? { if case .nest(let nest) = self { nest } else { nil } }
  var clip: Clip? { if case .clip(let clip) = self { clip } else { nil } }
  var isNest: Bool { nest != nil }
  var isClip: Bool { clip != nil }

  fileprivate var markerCount: Int { nest?.markers.count ?? clip?.markers.count ?? 0 }
}

extension Track {
  /// The lane that a track of an FCPXML project stands for.
  var lane: String {
    guard case .object(let entries)? = metadata["fcpx"], case .string(let lane)? = entries.first?.value else {
      return ""
    }
    return lane
  }
}
