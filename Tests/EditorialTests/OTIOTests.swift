import Diagnostics
import Editorial
import MediaTime
import Testing

@Suite(.enabled(if: SampleFiles.editorial != nil, "no `shared/samples` beside the project"))
struct OTIOSampleTests {
  @Test(arguments: [
    ("simple_cut", 1, 4, 0, 19), ("transition", 1, 4, 1, 19), ("multitrack", 3, 5, 0, 3282),
    ("preflattened", 1, 5, 0, 3282), ("nested_example", 1, 7, 0, 636),
    ("generator_reference_test", 1, 1, 0, 50),
    ("clip_example", 1, 1, 1, 19), ("big_int", 1, 1, 0, 24), ("timecode_rates", 6, 6, 0, 24),
    ("img_seq_media_reference", 1, 1, 0, 159),
  ])
  func `real timelines have the tracks and clips that OpenTimelineIO finds`(
    name: String, tracks: Int, clips: Int, transitions: Int, frames: Int64
  ) throws {
    let timeline = try SampleFiles.timeline("otio/\(name).otio")
    #expect(timeline.tracks.count == tracks)
    #expect(timeline.frameCount == frames)
    #expect(timeline.faults.isEmpty)
    let flat = timeline.flattened()
    #expect(flat.tracks.flatMap(\.clips).count == clips)
    #expect(flat.frameCount == frames)
    let items = flat.tracks.flatMap(\.items)
    #expect(items.count { if case .transition = $0 { true } else { false } } == transitions)
  }

  @Test func `nested stacks and tracks are put in line`() throws {
    let timeline = try SampleFiles.timeline("otio/nested_example.otio").flattened()
    let clips = timeline.tracks[0].clips
    #expect(
      clips.map(\.name) == [
        "Normal Clip 1", "Clip Inside A Stack 1", "Normal Clip 2", "Clip Inside A Stack 2", "Normal Clip 3",
        "Clip Inside A Track", "Normal Clip 4",
      ])
    #expect(clips.map(\.recordRange.count) == [238, 31, 33, 29, 63, 4, 238])
    #expect(clips[5].timeScale == .zero)
    #expect(clips[3].timeScale.displayValue > 0.85 && clips[3].timeScale.displayValue < 0.86)
  }

  @Test func `a generator is no media and its kind is kept`() throws {
    let clip = try SampleFiles.timeline("otio/generator_reference_test.otio").tracks[0].clips[0]
    #expect(clip.content == .generator("SMPTEBars"))
  }

  @Test func `the global start time is the record timecode of frame 0`() throws {
    let timeline = try SampleFiles.timeline("otio/img_seq_media_reference.otio")
    #expect(timeline.timecode(at: 0).description == "01:00:00:00")
    #expect(timeline.tracks[0].clips[0].availableRange == FrameRange(start: 125, count: 159))
    #expect(timeline.tracks[0].clips[0].targetURL?.hasPrefix("/tmp/") == true)
  }

  @Test func `integers beyond 64 bits, infinities and letters of other languages come back as they were`()
    throws
  {
    let timeline = try SampleFiles.timeline("otio/big_int.otio")
    #expect(timeline.findings.isEmpty)
    let text = String(decoding: OTIOWriter.write(timeline).bytes, as: UTF8.self)
    for line in [
      #""smallest_int64": 2147483648,"#, #""neg_smallest_int64": -2147483648,"#,
      #""int128": 170141183460469231731687303715884105728,"#,
      #""int256": 57896044618658097711785492504343953926634992332820282019728792003956564819968"#,
      #""floatinf": Infinity,"#, #""floatneginf": -Infinity,"#, #""floatnan": NaN"#,
      #""utf8": "Viel glück und hab spaß!""#,
    ] {
      #expect(text.contains(line))
    }
  }

  @Test func `flat tracks of the multitrack sample show what its flattened twin shows`() throws {
    let tracks = try SampleFiles.timeline("otio/multitrack.otio").tracks
    let twin = try SampleFiles.timeline("otio/preflattened.otio").tracks[0]
    // Gaps are transparent: the topmost clip of every frame.
    func shown(_ tracks: [Track], _ frame: Int64) -> String? {
      for track in tracks.reversed() {
        for clip in track.clips where clip.recordRange.contains(frame) {
          guard case .label(let label) = clip.sourceIn,
            let first = try? label.frame(rate: FrameRate(24), isDropFrame: false)
          else { return "no label" }
          return "\(clip.name) \(first + frame - clip.recordRange.start)"
        }
      }
      return nil
    }
    let different = (0..<twin.end).first { shown(tracks, $0) != shown([twin], $0) }
    #expect(different == nil)
  }

  @Test(arguments: [
    "simple_cut", "transition", "multitrack", "preflattened", "nested_example", "generator_reference_test",
    "clip_example", "big_int", "timecode_rates", "img_seq_media_reference",
  ])
  func `a timeline that is read, written and read again is the same`(name: String) throws {
    let timeline = try SampleFiles.timeline("otio/\(name).otio")
    let written = OTIOWriter.write(timeline)
    #expect(written.findings.isEmpty)
    // Nothing needs to be added to what the schemas hold.
    #expect(!String(decoding: written.bytes, as: UTF8.self).contains("interlock"))
    let again = try Cut.read(path: "again.otio", bytes: written.bytes).timeline(rate: nil)
    #expect(OTIOWriter.write(again).bytes == written.bytes)
    // `NaN` is not equal to itself.
    if name != "big_int" { #expect(again.withoutPlaces == timeline.withoutPlaces) }
  }
}

extension Timeline {
  /// Without what depends on the text it was read from.
  var withoutPlaces: Timeline {
    var copy = self
    copy.findings = []
    copy.markers = markers.map(\.withoutPlace)
    for (track, items) in tracks.map(\.items).enumerated() {
      copy.tracks[track].items = items.map { item in
        switch item {
        case .clip(var clip):
          clip.location = nil
          clip.markers = clip.markers.map(\.withoutPlace)
          return .clip(clip)
        case .nest(var nest):
          nest.location = nil
          nest.markers = nest.markers.map(\.withoutPlace)
          nest.timeline = nest.timeline.withoutPlaces
          return .nest(nest)
        case .transition(var transition):
          transition.location = nil
          return .transition(transition)
        case .gap: return item
        }
      }
    }
    return copy
  }
}

extension Marker {
  fileprivate var withoutPlace: Marker {
    var copy = self
    copy.location = nil
    return copy
  }
}

@Suite struct OTIOTests {
  private func time(_ value: Double, _ rate: Double = 24) -> String {
    #"{"OTIO_SCHEMA":"RationalTime.1","rate":\#(rate),"value":\#(value)}"#
  }

  private func range(_ start: Double, _ count: Double, _ rate: Double = 24) -> String {
    #"{"OTIO_SCHEMA":"TimeRange.1","start_time":\#(time(start, rate)),"duration":\#(time(count, rate))}"#
  }

  private func clip(_ name: String, _ start: Double, _ count: Double, extra: String = "") -> String {
    #"{"OTIO_SCHEMA":"Clip.2","name":"\#(name)","source_range":\#(range(start, count))\#(extra)}"#
  }

  private func gap(_ count: Double) -> String {
    #"{"OTIO_SCHEMA":"Gap.1","source_range":\#(range(0, count))}"#
  }

  private func timeline(
    _ children: String..., start: String = "null"
  ) -> [UInt8] {
    let tracks = children.map { #"{"OTIO_SCHEMA":"Track.1","kind":"Video","name":"t","children":[\#($0)]}"# }
    return Array(
      (#"{"OTIO_SCHEMA":"Timeline.1","name":"n","global_start_time":\#(start),"tracks":"#
        + #"{"OTIO_SCHEMA":"Stack.1","children":[\#(tracks.joined(separator: ","))]}}"#).utf8)
  }

  private func read(_ bytes: [UInt8], rate: FrameRate? = FrameRate(24), start: Timecode? = nil) throws
    -> Timeline
  {
    try Cut.read(path: "cut.otio", bytes: bytes).timeline(rate: rate, start: start)
  }

  @Test func `a track whose children are no list is a fault with its place`() throws {
    let whole = String(decoding: timeline(clip("A", 0, 10)), as: UTF8.self)
    let broken = whole.replacing("\"children\":[" + clip("A", 0, 10) + "]", with: "\"children\":{}")
    #expect(broken != whole)
    let faults = try read(Array(broken.utf8)).faults
    #expect(faults.map(\.code) == ["cut.badChildren"])
    #expect(faults.first?.location?.column != nil)
  }

  @Test func `the same cut as a list and as a timeline has equal clips`() throws {
    let list = try edl(
      """
      TITLE: SAME
      001  A001C003 V     C        01:00:10:00 01:00:12:00 01:00:00:00 01:00:02:00
      * FROM CLIP NAME: SHOT_A.mov
      * ASC_SOP (1.1 1.0 0.9)(0.01 0.0 -0.01)(1.0 1.0 1.2)
      * ASC_SAT 0.9
      002  A002C001 V     C        05:00:00:00 05:00:01:00 01:00:03:00 01:00:04:00
      * FROM CLIP NAME: SHOT_B
      003  A003C001 V     C        05:00:00:00 05:00:02:00 01:00:04:00 01:00:05:00
      M2   A003C001       048.0                05:00:00:00
      """, rate: film)
    let written = OTIOWriter.write(list).bytes
    let back = try Cut.read(path: "same.otio", bytes: written).timeline(rate: nil)
    #expect(back.rate == film && back.startFrame == list.startFrame && back.name == "SAME")
    #expect(back.tracks.map(\.name) == ["V1"])
    #expect(back.frameCount == list.frameCount)
    for (left, right) in zip(list.tracks[0].clips, back.tracks[0].clips) {
      #expect(left.event == right.event && left.shot == right.shot && left.name == right.name)
      #expect(left.sourceReel == right.sourceReel && left.sourceIn == right.sourceIn)
      #expect(
        left.recordRange == right.recordRange && left.grade == right.grade
          && left.timeScale == right.timeScale)
    }
    #expect(back.tracks[0].clips.count == 3)
  }

  @Test func `a reversed clip plays down from the last frame of its source range`() throws {
    let effect = #","effects":[{"OTIO_SCHEMA":"LinearTimeWarp.1","time_scalar":-1.0}]"#
    let clip = try read(timeline(clip("R", 100, 10, extra: effect))).tracks[0].clips[0]
    #expect(clip.timeScale == Rational(-1))
    #expect(clip.sourceIn == SourcePosition(count: 109, rate: FrameRate(24)))
    #expect(clip.neededSource == FrameRange(start: -9, count: 10))
  }

  @Test func `the layers of a nested stack become tracks`() throws {
    let upper = #"{"OTIO_SCHEMA":"Track.1","kind":"Video","children":[\#(gap(4)),\#(clip("T", 50, 3))]}"#
    let lower = #"{"OTIO_SCHEMA":"Track.1","kind":"Video","children":[\#(clip("B", 10, 12))]}"#
    let stack = #"{"OTIO_SCHEMA":"Stack.1","source_range":\#(range(1, 10)),"children":[\#(lower),\#(upper)]}"#
    let tracks = try read(timeline(stack)).flattened().tracks
    #expect(tracks.map(\.name) == ["V1", "V1.2"])
    #expect(tracks.map { $0.clips.map(\.name) } == [["B"], ["T"]])
    #expect(tracks[0].clips[0].recordRange == FrameRange(start: 0, count: 10))
    #expect(tracks[1].clips[0].recordRange == FrameRange(start: 3, count: 3))
    #expect(
      tracks.flatMap(\.clips).map(\.sourceIn)
        == [11, 50].map { SourcePosition(count: $0, rate: FrameRate(24)) })
  }

  @Test func `disabled clips keep their place`() throws {
    let timeline = try read(timeline(clip("A", 0, 5, extra: #","enabled":false"#) + "," + clip("B", 0, 5)))
    #expect(timeline.tracks[0].clips.map(\.isEnabled) == [false, true])
    #expect(timeline.tracks[0].clips.map(\.recordRange.start) == [0, 5])
  }

  @Test func `a given start moves frame 0 as it does for lists`() throws {
    let bytes = timeline(clip("A", 0, 5), start: time(86_400))
    let start = try Timecode(parsing: "00:59:58:00", rate: FrameRate(24))
    #expect(try read(bytes, start: start).tracks[0].clips[0].recordRange.start == 48)
    let late = try Timecode(parsing: "01:00:01:00", rate: FrameRate(24))
    #expect(try read(bytes, start: late).faults.map(\.code) == ["cut.beforeStart"])
  }

  @Test func `times at another rate are converted and rounding is reported`() throws {
    let clip30 = #"{"OTIO_SCHEMA":"Clip.2","name":"c","source_range":\#(range(0, 31, 30))}"#
    let timeline = try read(timeline(clip30))
    #expect(timeline.frameCount == 25)
    #expect(timeline.findings.contains { $0.kind == .approximated })
  }

  @Test(arguments: [
    ("{", "cut.badJSON"), ("[]", "cut.noTimeline"), (#"{"OTIO_SCHEMA":"Clip.2"}"#, "cut.noTimeline"),
    (#"{"OTIO_SCHEMA":"Timeline.1"}"#, "cut.noEvents"), (#"{"a":1} x"#, "cut.badJSON"),
    (String(repeating: "[", count: 100_000), "cut.badJSON"), (#"{"a":"\ud800"}"#, "cut.badJSON"),
  ])
  func `what is not a timeline is refused with a place`(text: String, code: String) {
    let error = #expect(throws: DiagnosticList.self) { try read(Array(text.utf8)) }
    #expect(error?.diagnostics.map(\.code) == [code])
    #expect(error?.diagnostics.first?.location?.line == 1)
  }

  @Test func `faults of several clips are reported at once and the rest is read`() throws {
    let bytes = timeline(
      #"{"OTIO_SCHEMA":"Clip.2","name":"a"},{"OTIO_SCHEMA":"Nonsense.1"},"#
        + #"{"OTIO_SCHEMA":"Clip.2","name":"b","source_range":\#(range(0, -5))},"#
        + #"\#(clip("c", 0, 1e18)),\#(clip("d", 0, 7))"#)
    let timeline = try read(bytes)
    #expect(
      timeline.faults.map(\.code) == ["cut.noRange", "cut.unknownObject", "cut.badTime", "cut.badTime"])
    #expect(timeline.tracks[0].clips.map(\.name) == ["d"])
    #expect(
      timeline.faults[1].description.hasSuffix(
        "^\n  Export the timeline with clips, gaps, transitions, tracks and stacks only."))
  }

  @Test func `equal timelines are written as equal bytes`() throws {
    let timeline = try read(timeline(clip("A", 0, 5)))
    #expect(OTIOWriter.write(timeline).bytes == OTIOWriter.write(timeline).bytes)
  }
}
