import Editorial
import MediaTime
import Testing

/// Facts of `samples/README.md`, counted in the XML and read with OpenTimelineIO's adapter 1.0.0.
@Suite(.enabled(if: SampleFiles.editorial != nil, "no `shared/samples` beside the project"))
struct FCP7SampleTests {
  private let premiere = "xmeml/premiere_example.xml"

  private func items(_ timeline: Timeline, _ kind: Track.Kind) -> [[String]] {
    timeline.tracks.filter { $0.kind == kind }.map { track in
      track.items.map { item in
        switch item {
        case .clip(let clip): "clip \(clip.recordRange.count)"
        case .gap(let gap): "gap \(gap.recordRange.count)"
        case .nest(let nest): "nest \(nest.recordRange.count)"
        case .transition(let transition): "transition \(transition.inOffset)+\(transition.outOffset)"
        }
      }
    }
  }

  @Test func `a sequence of Premiere has the picture that OpenTimelineIO finds`() throws {
    let timeline = try SampleFiles.timeline(premiere)
    #expect(timeline.faults == [])
    #expect(timeline.name == "sc01_sh010_layerA")
    #expect(timeline.rate == FrameRate(30))
    #expect(timeline.startFrame == 0)
    #expect(
      items(timeline, .picture) == [
        ["gap 536", "clip 100"],
        ["gap 13", "clip 100", "gap 52", "clip 157", "clip 235", "transition 19+0", "gap 79", "nest 320"],
        ["gap 15", "clip 941"], ["gap 956", "clip 208", "transition 12+13", "clip 82"],
      ])
  }

  /// OpenTimelineIO keeps the first of two tracks that Premiere writes for a stereo one, and lays clips
  /// that overlap end to end, which is where its 1271 frames come from; the last item of the file ends at
  /// 1258.
  @Test func `every sound track of the file is there, and its clips end where the file says`() throws {
    let timeline = try SampleFiles.timeline(premiere)
    let sound = items(timeline, .sound)
    #expect(sound.count == 8)
    #expect(sound[0] == ["gap 13", "clip 100", "gap 423", "clip 100"])
    #expect(sound[2] == ["gap 335", "clip 170", "gap 131", "nest 294"])
    #expect(sound[4] == ["gap 153", "clip 198"])
    #expect(sound[6] == ["gap 956", "clip 208", "clip 94"])
    #expect(timeline.frameCount == 1258)
    #expect(timeline.findings.contains { $0.kind == .approximated && $0.event == "23" })
    let channels = timeline.tracks.filter { $0.kind == .sound }.flatMap(\.clips).map(\.sourceChannel)
    #expect(channels == [1, 1, 2, 2, 1, 2, 1, 2, 1, 1, 2, 2])
  }

  @Test func `clips, nests, transitions and markers of the file are all accounted for`() throws {
    let timeline = try SampleFiles.timeline(premiere)
    let nests = timeline.tracks.flatMap(\.items).compactMap { item -> Nest? in
      guard case .nest(let nest) = item else { return nil }
      return nest
    }
    // 26 clip items: 4 in the nested sequence, which is written once, and 3 that show it.
    #expect(timeline.tracks.flatMap(\.clips).count == 19)
    #expect(nests.count == 3)
    let inner = try #require(nests.first).timeline
    #expect(inner.tracks.flatMap(\.clips).count == 4)
    #expect(inner.tracks.count { $0.kind == .picture } == 3)
    #expect(nests.map(\.track) == [nil, 1, 2])
    // 5 markers: 3 of the sequence, 2 of clips.
    #expect(timeline.markers.map(\.frame) == [113, 492, 298])
    #expect(timeline.markers[0].name == "My MArker 1")
    #expect(timeline.markers[0].comment == "so, this happened")
    let marked = (timeline.tracks + inner.tracks).flatMap(\.clips).filter { !$0.markers.isEmpty }
    #expect(marked.map { $0.markers.map(\.frame) } == [[73], [73]])
    #expect(
      try Cut.read(path: "a.xml", bytes: SampleFiles.bytes(premiere)).sequences == ["sc01_sh010_layerA"])
  }

  @Test func `sources have their place, rate and extent`() throws {
    let timeline = try SampleFiles.timeline(premiere)
    // 50 frames at the item's 15 are 100 of the file's 30.
    let first = timeline.tracks[0].clips[0]
    #expect(first.sourceRate == FrameRate(30))
    #expect(first.sourceCount == 100)
    #expect(first.targetURL == "D:/media/sc01_sh010_anim.mov")
    let dissolved = timeline.tracks[3].clips
    #expect(dissolved.map(\.sourceIn.description) == ["00:00:04:13", "00:00:00:18"])
    #expect(dissolved[0].availableRange == FrameRange(start: 99, count: 400))
    // Drop-frame labels at 30 fps: 00;04;43;15 is frame 8497 of the media, whatever rate it is given.
    #expect(timeline.tracks[6].clips[0].sourceIn == .frames(8497, FrameRate(30)))
    #expect(timeline.tracks[2].clips[0].content == .generator("test_title"))
  }

  @Test func `a sequence of Hiero has its start and its source timecode`() throws {
    let timeline = try SampleFiles.timeline("xmeml/hiero_xml_export.xml")
    #expect(timeline.faults == [])
    #expect(timeline.timecode(at: 0).description == "01:00:00:00")
    #expect(items(timeline, .picture) == [["gap 14", "clip 1055", "gap 16", "clip 239"]])
    #expect(timeline.frameCount == 1324)
    let clip = timeline.tracks[0].clips[0]
    #expect(clip.sourceIn.description == "12:44:37:23")
    #expect(clip.targetURL == "/A160R0MN/A160R0MN/A160C005_171213_R0MN.mxf")
    // 0.25 percent, as the file says.
    #expect(timeline.tracks[0].clips[1].timeScale == Rational(1, 400))
    // 3424×2202 in 1920×1080, and nothing says how.
    #expect(timeline.findings.contains { $0.kind == .inferred && $0.what.contains("another size") })
  }

  @Test func `a sequence without media is an empty timeline`() throws {
    let timeline = try SampleFiles.timeline("xmeml/sample_just_track.xml")
    #expect(timeline.tracks == [] && timeline.faults == [] && timeline.findings == [])
    #expect(timeline.rate == FrameRate(30))
  }

  @Test(arguments: ["premiere_example", "hiero_xml_export", "sample_just_track"])
  func `what is read from a real file is written and read again as the same`(name: String) throws {
    let timeline = try SampleFiles.timeline("xmeml/\(name).xml")
    let written = FCP7Writer.write(timeline)
    #expect(written.findings == [])
    let again = try Cut.read(path: "again.xml", bytes: written.bytes).timeline(rate: nil)
    #expect(FCP7Form.of(again) == FCP7Form.of(timeline))
    #expect(FCP7Writer.write(again).bytes == written.bytes)
  }
}
