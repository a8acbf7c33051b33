import Diagnostics
import Editorial
import MediaTime
import TestSupport
import Testing

/// Pieces of OpenTimelineIO JSON at 24 frames a second.
private enum Piece {
  static func time(_ value: Double, _ rate: Double = 24) -> String {
    #"{"OTIO_SCHEMA":"RationalTime.1","rate":\#(rate),"value":\#(value)}"#
  }

  static func range(_ start: Double, _ count: Double, _ rate: Double = 24) -> String {
    #"{"OTIO_SCHEMA":"TimeRange.1","start_time":\#(time(start, rate)),"duration":\#(time(count, rate))}"#
  }

  static func clip(_ name: String, _ start: Double, _ count: Double, _ extra: String = "", rate: Double = 24)
    -> String
  {
    #"{"OTIO_SCHEMA":"Clip.2","name":"\#(name)","source_range":\#(range(start, count, rate))\#(extra)}"#
  }

  static func gap(_ count: Double) -> String {
    #"{"OTIO_SCHEMA":"Gap.1","source_range":\#(range(0, count))}"#
  }

  static func track(_ children: String..., kind: String = "Video", extra: String = "") -> String {
    #"{"OTIO_SCHEMA":"Track.1","kind":"\#(kind)","name":"t"\#(extra),"children":[\#(children.joined(separator: ","))]}"#
  }

  static func stack(_ children: String..., extra: String = "") -> String {
    #"{"OTIO_SCHEMA":"Stack.1","name":"s"\#(extra),"children":[\#(children.joined(separator: ","))]}"#
  }

  static func timeline(_ tracks: String..., name: String = "n", extra: String = "") -> String {
    #"{"OTIO_SCHEMA":"Timeline.1","name":"\#(name)","global_start_time":null,"tracks":"#
      + #"{"OTIO_SCHEMA":"Stack.1","name":"tracks"\#(extra),"children":[\#(tracks.joined(separator: ","))]}}"#
  }

  static func effect(_ name: String) -> String {
    #","effects":[{"OTIO_SCHEMA":"Effect.1","effect_name":"\#(name)"}]"#
  }

  static func warp(_ scalar: Double) -> String {
    #","effects":[{"OTIO_SCHEMA":"LinearTimeWarp.1","time_scalar":\#(scalar)}]"#
  }
}

@Suite struct OTIOReadingTests {
  private func cut(_ text: String) throws -> Cut { try Cut.read(path: "cut.otio", bytes: Array(text.utf8)) }

  private func read(_ text: String) throws -> Timeline { try cut(text).timeline(rate: nil) }

  private func written(_ timeline: Timeline) -> String {
    String(decoding: OTIOWriter.write(timeline).bytes, as: UTF8.self).filter { !$0.isWhitespace }
  }

  /// The worked vector of `specs/timecode.md` §8.1, checked there with OpenTimelineIO.
  @Test func `ranges, transitions and handles are those of the worked example`() throws {
    let available =
      #","media_references":{"DEFAULT_MEDIA":{"OTIO_SCHEMA":"ExternalReference.1","target_url":"a.mov","#
      + #""available_range":\#(Piece.range(86_400, 240))}}"#
    let images =
      #","media_references":{"DEFAULT_MEDIA":{"OTIO_SCHEMA":"ImageSequenceReference.1","#
      + #""target_url_base":"file:///r/","name_prefix":"B.","name_suffix":".exr","start_frame":1001,"frame_step":1,"#
      + #""rate":24.0,"frame_zero_padding":4,"available_range":\#(Piece.range(1001, 100))}}"#
    let dissolve =
      #"{"OTIO_SCHEMA":"Transition.1","transition_type":"SMPTE_Dissolve","in_offset":\#(Piece.time(6)),"#
      + #""out_offset":\#(Piece.time(10))}"#
    let timeline = try read(
      Piece.timeline(
        Piece.track(
          Piece.gap(12), Piece.clip("A", 86_424, 48, available), dissolve, Piece.clip("B", 1013, 48, images),
          Piece.clip("C", 0, 24))))
    let track = timeline.tracks[0]
    #expect(
      track.items.compactMap(\.recordRange) == [
        FrameRange(start: 0, count: 12), FrameRange(start: 12, count: 48), FrameRange(start: 60, count: 48),
        FrameRange(start: 108, count: 24),
      ])
    guard case .transition(let transition) = track.items[2] else { return #expect(Bool(false)) }
    #expect(transition.inOffset == 6 && transition.outOffset == 10 && transition.kind == .dissolve)
    let (a, b) = (track.clips[0], track.clips[1])
    #expect(
      a.sourceIn.description == "01:00:01:00" && a.availableRange == FrameRange(start: 86_400, count: 240))
    #expect(b.sourceFile == "B.1001.exr" && b.targetURL == "file:///r/B.1001.exr")
    #expect(b.availableRange == FrameRange(start: 1001, count: 100))
    #expect(timeline.findings.isEmpty && timeline.faults.isEmpty)
  }

  @Test func `a time scalar is the simplest fraction that it is written for`() throws {
    let scalars: [(Double, String)] = [
      (0.8333333333333334, "5/6"), (-1.0, "-1/1"), (2.5, "5/2"), (0.1, "1/10"),
      (1.001, "1001/1000"),
      (0.999000999000999, "1000/1001"),
    ]
    for (scalar, speed) in scalars {
      let clip = try read(Piece.timeline(Piece.track(Piece.clip("a", 0, 12, Piece.warp(scalar))))).tracks[0]
        .clips[0]
      #expect(clip.timeScale.description == speed)
    }
    var random = SplitMix64(seed: 1)
    for _ in 0..<20 {
      let scalar = Double.random(in: -20...20, using: &random)
      let clip = try read(Piece.timeline(Piece.track(Piece.clip("a", 0, 12, Piece.warp(scalar))))).tracks[0]
        .clips[0]
      #expect(clip.timeScale.displayValue == scalar)
    }
    // 6 frames at 5/6 are 5 source frames, not 4.
    let slow = try read(Piece.timeline(Piece.track(Piece.clip("a", 0, 12, Piece.warp(5.0 / 6)))))
    #expect(slow.tracks[0].clips[0].sourceOffset(at: 6) == 5)
    let bad = try read(
      Piece.timeline(Piece.track(Piece.clip("a", 0, 12, Piece.warp(1e9)), Piece.clip("b", 0, 3))))
    #expect(bad.faults.map(\.code) == ["cut.badSpeed"] && bad.tracks[0].clips.count == 2)
  }

  @Test func `several timelines are chosen by name`() throws {
    let one = Piece.timeline(Piece.track(Piece.clip("a", 0, 5)), name: "R1")
    let two = Piece.timeline(Piece.track(Piece.clip("b", 0, 7)), name: "R2")
    let cut = try cut(
      #"{"OTIO_SCHEMA":"SerializableCollection.1","children":[\#(one),\#(two),\#(two),{"OTIO_SCHEMA":"Other.9"}]}"#
    )
    #expect(cut.sequences == ["R1", "R2", "R2 2"])
    #expect(try cut.timeline(sequence: "R2", rate: nil).frameCount == 7)
    let none = #expect(throws: DiagnosticList.self) { try cut.timeline(rate: nil) }
    #expect(none?.diagnostics.map(\.code) == ["cut.severalTimelines"])
    #expect(none?.description.contains("`R1`, `R2`, `R2 2`") == true)
    #expect(none?.description.contains("--sequence") == true)
    let wrong = #expect(throws: DiagnosticList.self) { try cut.timeline(sequence: "R3", rate: nil) }
    #expect(wrong?.diagnostics.first?.remedy?.contains("Did you mean `R1`?") == true)
  }

  @Test func `effects are kept and reported, those that may place the picture as faults`() throws {
    for (name, isFault) in [("Resize", true), ("Unknown Thing", true), ("Color Correction", false)] {
      let timeline = try read(Piece.timeline(Piece.track(Piece.clip("a", 0, 5, Piece.effect(name)))))
      #expect(timeline.findings.map(\.kind) == [.dropped] && timeline.findings.map(\.isFault) == [isFault])
      #expect(timeline.findings[0].what.contains("`\(name)`") && timeline.findings[0].event == "001")
      #expect(written(timeline).contains(#""effect_name":"\#(name.filter { $0 != " " })""#))
    }
    let sound = try read(
      Piece.timeline(Piece.track(Piece.clip("a", 0, 5, Piece.effect("Unknown Thing")), kind: "Audio")))
    #expect(sound.findings.map(\.isFault) == [false])
    // A change of speed that is switched off is none, and what is said once is said for all.
    let off = #","effects":[{"OTIO_SCHEMA":"LinearTimeWarp.1","time_scalar":2.0,"enabled":false}]"#
    #expect(
      try read(Piece.timeline(Piece.track(Piece.clip("a", 0, 5, off)))).tracks[0].clips[0].timeScale == .one)
    let many = try read(
      Piece.timeline(
        Piece.track(
          Piece.clip("a", 0, 5, Piece.effect("Resize")), Piece.clip("b", 0, 5, Piece.effect("Resize")))))
    #expect(
      many.findings.map(\.what) == [
        "the effect `Resize` is kept in the file and not rendered (events 001, 002)"
      ])
  }

  @Test func `media references that are not active are kept and said to be`() throws {
    let references =
      #","media_references":{"high":{"OTIO_SCHEMA":"ExternalReference.1","target_url":"h.mov"},"#
      + #""low":{"OTIO_SCHEMA":"ExternalReference.1","target_url":"l.mov"}},"active_media_reference_key":"low""#
    let timeline = try read(Piece.timeline(Piece.track(Piece.clip("a", 0, 5, references))))
    #expect(timeline.tracks[0].clips[0].targetURL == "l.mov")
    #expect(
      timeline.findings.map(\.what) == [
        "media references other than the active one are kept and not matched (event 001)"
      ])
    #expect(written(timeline).contains(#""target_url":"h.mov""#))
    #expect(written(timeline).contains(#""active_media_reference_key":"low""#))
    // Linked to other media, the active one is made anew and the other stays.
    var relinked = timeline
    guard case .clip(var clip) = relinked.tracks[0].items[0] else { return }
    clip.targetURL = "/m/new.mov"
    clip.sourceFile = "new.mov"
    relinked.tracks[0].items[0] = .clip(clip)
    #expect(written(relinked).contains(#""target_url":"/m/new.mov""#))
    #expect(written(relinked).contains(#""target_url":"h.mov""#) && !written(relinked).contains("l.mov"))
  }

  @Test func `markers stand on clips, tracks and the stack with their ranges`() throws {
    func marker(_ name: String, _ start: Double, _ count: Double) -> String {
      #"{"OTIO_SCHEMA":"Marker.2","name":"\#(name)","color":"PINK","comment":"c","metadata":{"x":{"y":1}},"#
        + #""marked_range":\#(Piece.range(start, count))}"#
    }
    let text = Piece.timeline(
      Piece.track(
        Piece.clip("a", 100, 20, #","markers":[\#(marker("on clip", 110, 3))]"#),
        extra: #","markers":[\#(marker("on track", 7, 0))]"#),
      extra: #","markers":[\#(marker("on stack", 4, 1))]"#)
    let timeline = try read(text)
    #expect(timeline.tracks[0].clips[0].markers.map(\.frame) == [10])
    #expect(timeline.tracks[0].clips[0].markers.map(\.count) == [3])
    #expect(
      timeline.markers.map(\.name) == ["on stack", "on track"] && timeline.markers.map(\.frame) == [4, 7])
    #expect(timeline.markers.map(\.color) == ["PINK", "PINK"] && timeline.findings.isEmpty)
    // Each goes back to where it stood, with its metadata.
    let back = written(timeline)
    #expect(back.components(separatedBy: #""metadata":{"x":{"y":1}}"#) == 4)
    let clips = try #require(back.firstRange(of: "onclip"))
    let track = try #require(back.firstRange(of: "ontrack"))
    let stack = try #require(back.firstRange(of: "onstack"))
    #expect(stack < track && track < clips)
  }

  @Test func `compositions in tracks are nests with their own window and speed`() throws {
    let inner = Piece.stack(
      Piece.track(Piece.clip("a", 0, 40)), extra: #","source_range":\#(Piece.range(10, 20))"# + Piece.warp(-2)
    )
    let nested = Piece.timeline(Piece.track(Piece.clip("c", 0, 8)), name: "T")
    let timeline = try read(Piece.timeline(Piece.track(inner, Piece.track(Piece.clip("b", 5, 6)), nested)))
    let nests = timeline.tracks[0].items.compactMap { item -> Nest? in
      if case .nest(let nest) = item { nest } else { nil }
    }
    #expect(nests.map(\.name) == ["s", "t", "T"] && nests.map(\.recordRange.count) == [20, 6, 8])
    // In reverse the last of the 40 frames from 10 on comes first.
    #expect(nests[0].timeScale == Rational(-2) && nests[0].sourceIn == 49)
    let back = written(timeline)
    #expect(back.contains(#""OTIO_SCHEMA":"Timeline.1","metadata":{},"name":"T""#))
    let again = try read(String(decoding: OTIOWriter.write(timeline).bytes, as: UTF8.self))
    #expect(written(again) == back)
  }

  @Test func `a source range of a track or of all tracks is a window`() throws {
    let window = #","source_range":\#(Piece.range(10, 20))"#
    for text in [
      Piece.timeline(Piece.track(Piece.clip("a", 100, 15), Piece.clip("b", 0, 40), extra: window)),
      Piece.timeline(Piece.track(Piece.clip("a", 100, 15), Piece.clip("b", 0, 40)), extra: window),
    ] {
      let timeline = try read(text)
      let clips = timeline.flattened().tracks[0].clips
      #expect(clips.map(\.recordRange) == [FrameRange(start: 0, count: 5), FrameRange(start: 5, count: 15)])
      #expect(clips[0].sourceIn == SourcePosition(count: 110, rate: FrameRate(24)))
      let again = try read(String(decoding: OTIOWriter.write(timeline).bytes, as: UTF8.self))
      #expect(written(again) == written(timeline))
      #expect(!written(timeline).contains("interlock"))
    }
    // Converters from lists write where the record timecode begins, with the wrong sign: nothing would be left.
    let stray = try read(
      Piece.timeline(
        Piece.track(Piece.clip("a", 0, 20), extra: #","source_range":\#(Piece.range(-86_400, 20))"#)))
    #expect(stray.tracks[0].clips.count == 1 && stray.findings.map(\.kind) == [.inferred])
    #expect(written(stray).contains("-86400.0"))
  }

  @Test func `edits at another rate do not drift`() throws {
    // Ten clips of 31 frames at 30 last 248 frames at 24, not ten times 25.
    let clips = (0..<10).map { Piece.clip("c\($0)", 0, 31, rate: 30) }.joined(separator: ",")
    let timeline = try read(Piece.timeline(Piece.track(Piece.clip("a", 0, 24), clips)))
    #expect(timeline.rate == FrameRate(24) && timeline.frameCount == 24 + 248)
    #expect(timeline.tracks[0].clips[1].sourceRate == FrameRate(30))
    #expect(timeline.findings.map(\.kind).sorted { $0.rawValue < $1.rawValue } == [.approximated, .inferred])
  }

  @Test func `unknown members and tracks of other kinds are given back`() throws {
    let text = Piece.timeline(
      Piece.track(Piece.clip("s", 0, 5), kind: "Audio"), Piece.track(Piece.clip("t", 0, 5), kind: "Subtitle"),
      Piece.track(
        Piece.clip("v", 0, 5, #","later":{"field":[1,null]},"color":{"OTIO_SCHEMA":"Color.1","r":1.0}"#)))
    let timeline = try read(text)
    #expect(timeline.tracks.map(\.name) == ["V1", "A1"])
    #expect(
      timeline.findings.map(\.what) == ["tracks of kind `Subtitle` are kept in the file and not played"])
    let back = written(timeline)
    #expect(
      back.contains(#""later":{"field":[1,null]}"#)
        && back.contains(#""color":{"OTIO_SCHEMA":"Color.1","r":1.0}"#))
    let kinds = back.components(separatedBy: #""kind":"Audio""#)
    #expect(kinds == 2 && back.contains(#""kind":"Subtitle""#))
    #expect(try #require(back.firstRange(of: "Audio")) < #require(back.firstRange(of: #""kind":"Video""#)))
  }

  @Test func `an integer that nothing holds is said to be rounded`() throws {
    let text = Piece.timeline(
      Piece.track(
        Piece.clip("a", 0, 5, #","metadata":{"big":12345678901234567890123,"round":18446744073709551616}"#)))
    let timeline = try read(text)
    #expect(
      timeline.findings.map(\.what) == ["1 integer is too large to be carried exactly and rounded to 53 bits"]
    )
    #expect(written(timeline).contains(#""round":18446744073709551616"#))
  }
}

extension String {
  /// How many parts a text cuts this one into.
  fileprivate func components(separatedBy text: String) -> Int {
    var count = 1
    var rest = self[...]
    while let range = rest.firstRange(of: text) {
      count += 1
      rest = rest[range.upperBound...]
    }
    return count
  }

  fileprivate func firstRange(of text: String) -> String.Index? { self[...].firstRange(of: text)?.lowerBound }
}

extension Substring {
  fileprivate func firstRange(of text: String) -> Range<String.Index>? {
    let (bytes, wanted) = (utf8, Array(text.utf8))
    var index = bytes.startIndex
    while index < bytes.endIndex {
      if bytes[index...].starts(with: wanted),
        let end = bytes.index(index, offsetBy: wanted.count, limitedBy: endIndex)
      {
        return index..<end
      }
      index = bytes.index(after: index)
    }
    return nil
  }
}
