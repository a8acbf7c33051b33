import Editorial
import MediaTime
import TestSupport
import Testing

@Suite struct FCPXMLRetimeTests {
  private let text = FCPXMLText()

  private func map(_ points: String, attributes: String = "") -> String {
    let list = points.split(separator: " ").map { point in
      let parts = point.split(separator: ":")
      let rest = parts.dropFirst(2).map { " " + $0 }.joined()
      return
        #"<timept time="\#(parts[0])s" value="\#(parts[1])s"\#(rest.contains("interp") ? rest : #" interp="linear""# + rest)/>"#
    }
    return "<timeMap\(attributes)>\(list.joined())</timeMap>"
  }

  private func clip(
    _ points: String, start: String = "0s", duration: String = "4s", attributes: String = "",
    ref: String = "av",
    more: String = ""
  ) throws -> Clip {
    let timeline = try text.timeline(
      """
      <asset-clip ref="\(ref)" offset="0s" start="\(start)" duration="\(duration)">\
      \(more)\(map(points, attributes: attributes))</asset-clip>
      """)
    #expect(timeline.faults.isEmpty)
    return try #require(timeline.tracks[0].clips.first)
  }

  /// Source frames that a clip shows, from the first.
  private func shown(_ clip: Clip) throws -> [Int64] {
    let first = try #require(clip.sourceFrame(at: FrameRate(24)))
    return try (0..<clip.recordRange.count).map { first + (try #require(clip.sourceOffset(at: $0))) }
  }

  @Test func `a faster clip starts at the frame of its retimed start`() throws {
    let clip = try clip("0:0 100:200", start: "5s")
    #expect(clip.timeScale == Rational(2))
    #expect(clip.sourceIn.description == "00:00:10:00")
    #expect(clip.curve == nil && clip.isSpeedGiven)
    #expect(try shown(clip).prefix(4) == [240, 242, 244, 246])
  }

  @Test func `a slower clip shows each frame again`() throws {
    #expect(try shown(clip("0:0 200:100", start: "1s")).prefix(5) == [12, 12, 13, 13, 14])
    // A start inside a frame's stay.
    #expect(try shown(clip("0:0 200:100", start: "25/24s")).prefix(4) == [12, 13, 13, 14])
  }

  @Test func `a clip reversed from the end of its media begins with its last frame`() throws {
    let clip = try clip("0:1000 1000:0")
    #expect(clip.timeScale == Rational(-1))
    #expect(clip.curve == nil)
    #expect(try shown(clip).prefix(3) == [23_999, 23_998, 23_997])
    #expect(try shown(self.clip("0:1000 2000:0")).prefix(5) == [23_999, 23_999, 23_998, 23_998, 23_997])
  }

  @Test func `a hold is a freeze frame`() throws {
    let clip = try clip("0:10 100:10")
    #expect(clip.timeScale == .zero && clip.curve == nil)
    #expect(Set(try shown(clip)) == [240])
  }

  @Test func `two speeds, a hold and a reversal are one curve`() throws {
    // 1 s at 2, 1 s held, 1 s in reverse, 1 s at half speed.
    let clip = try clip("0:0 1:2 2:2 3:1 4:1.5")
    let frames = try shown(clip)
    let expected: [Int64] =
      (0..<24).map { 2 * $0 } + Array(repeating: 48, count: 24) + (0..<24).map { 47 - $0 }
      + (0..<24).map { 24 + $0 / 2 }
    #expect(frames == expected)
    #expect(clip.curve != nil)
  }

  @Test func `a speed that changes outside the clip is constant inside`() throws {
    let clip = try clip("0:0 10:10 20:30 30:30", start: "12s", duration: "3s")
    #expect(clip.curve == nil)
    #expect(clip.timeScale == Rational(2))
    #expect(clip.sourceIn.description == "00:00:14:00")
  }

  @Test func `beyond its points a time map goes on`() throws {
    #expect(try clip("10:10 20:30", start: "5s", duration: "2s").sourceIn.description == "00:00:00:00")
    #expect(try clip("10:10 20:30", start: "22s", duration: "2s").sourceIn.description == "00:00:34:00")
  }

  @Test func `a smooth change of speed is sampled and said`() throws {
    let timeline = try text.timeline(
      """
      <asset-clip ref="av" offset="0s" duration="4s"><timeMap>
      <timept time="0s" value="0s" interp="smooth2"/>
      <timept time="2s" value="2s" interp="smooth2" inTime="1s" outTime="1s"/>
      <timept time="4s" value="6s" interp="smooth2"/>
      </timeMap></asset-clip>
      """)
    let frames = try shown(#require(timeline.tracks[0].clips.first))
    // Straight at 1 up to 1 s and at 2 from 3 s; between, (t − 1)²/4 is added: 1/4 s at 2 s.
    #expect(frames[23] == 23 && frames[24] == 24)
    #expect(frames[48] == 54)
    #expect(frames[72] == 96 && frames[73] == 98)
    #expect(zip(frames, frames.dropFirst()).allSatisfy { (1...2).contains($1 - $0) })
    #expect(
      timeline.findings.map(\.what) == ["smooth changes of speed are read as short straight ones (event 001)"]
    )
  }

  @Test(arguments: ["frame-blending", "optical-flow", "nearest-neighbor"])
  func `frames made between frames are not carried`(sampling: String) throws {
    let timeline = try text.timeline(
      #"<asset-clip ref="av" offset="0s" duration="4s">"#
        + map("0:0 8:4", attributes: #" frameSampling="\#(sampling)""#) + "</asset-clip>")
    #expect(timeline.findings.map(\.kind) == [.approximated])
    #expect(timeline.findings[0].what.contains("`\(sampling)`"))
  }

  @Test func `a time map counts in the media's timecode, or from its first frame`() throws {
    #expect(try clip("3600:3600 4600:5600", start: "3610s", ref: "v").sourceIn.description == "01:00:20:00")
    #expect(try clip("0:0 1000:2000", start: "10s", ref: "v").sourceIn.description == "01:00:20:00")
  }

  @Test func `a retimed clip around media is that media retimed, with its sound`() throws {
    let timeline = try text.timeline(
      """
      <clip name="c" offset="0s" start="5s" duration="4s">\(map("0:0 30:60"))
        <video ref="av" offset="0s" start="0s" duration="60s"><audio ref="av" lane="-1" offset="0s" duration="60s"/></video>
      </clip>
      <clip name="r" offset="4s" start="0s" duration="2s">\(map("0:60 60:0"))
        <video ref="v" offset="0s" start="3600s" duration="60s"/>
      </clip>
      """)
    #expect(timeline.faults.isEmpty)
    let clips = timeline.tracks[0].clips
    #expect(clips.map(\.sourceIn.description) == ["00:00:10:00", "01:00:59:23"])
    #expect(clips.map(\.timeScale) == [Rational(2), Rational(-1)])
    #expect(clips[1].recordRange == FrameRange(start: 96, count: 48))
    let sound = timeline.tracks[1].clips
    #expect(sound.map(\.timeScale) == [Rational(2)])
    #expect(sound.map(\.sourceIn.description) == ["00:00:10:00"])
  }

  @Test func `a retimed compound clip is a retimed nest`() throws {
    var text = text
    text.resources = """
      <media id="m"><sequence format="f" tcStart="10s"><spine>
      <asset-clip ref="v" offset="10s" duration="20s"/></spine></sequence></media>
      """
    let timeline = try text.timeline(
      #"<ref-clip ref="m" offset="0s" start="12s" duration="2s">"# + map("10:10 20:30") + "</ref-clip>")
    let nest = try #require(timeline.tracks[0].items.first?.nest)
    #expect(nest.sourceIn == 96)
    #expect(nest.timeScale == Rational(2))
  }

  // MARK: Rates

  @Test func `media of a rate that is not conformed keeps its speed`() throws {
    let timeline = try text.timeline(
      """
      <asset-clip ref="pal" offset="0s" start="10s" duration="4s"><conform-rate scaleEnabled="0" srcFrameRate="25"/>\
      </asset-clip>
      """)
    let clip = timeline.tracks[0].clips[0]
    #expect(clip.sourceIn == SourcePosition(count: 250, rate: FrameRate(25)))
    #expect(clip.timeScale == .one)
    #expect(timeline.findings.map(\.kind) == [.inferred])
    #expect(timeline.findings[0].what.contains("`{rate: 25, as: realtime}`"))
  }

  /// Apple's table: 50 in 24 plays at 48, 30 in 24 keeps its speed.
  @Test(arguments: [("50", FrameRate(50), Rational(2), true), ("30", FrameRate(30), .one, false)])
  func `conformed rates may be multiples of the timeline's`(
    text rateText: String, rate: FrameRate, scale: Rational, isConformed: Bool
  ) throws {
    var text = text
    text.resources = """
      <format id="fx" frameDuration="1/\(rateText)s" width="1920" height="1080"/>
      <asset id="x" start="0s" duration="100s" hasVideo="1" format="fx" src="x.mov"/>
      """
    let timeline = try text.timeline(
      #"<asset-clip ref="x" offset="0s" start="10s" duration="4s"><conform-rate srcFrameRate="\#(rateText)"/></asset-clip>"#
    )
    let clip = timeline.tracks[0].clips[0]
    #expect(clip.timeScale == scale)
    #expect(clip.sourceFrame(at: rate) == 10 * Int64(rate.numerator))
    #expect(timeline.findings[0].what.contains(isConformed ? "every-frame" : "realtime"))
  }

  @Test func `a clip connected to a conformed one is placed by the media's time`() throws {
    let timeline = try text.timeline(
      """
      <asset-clip ref="pal" offset="0s" start="10s" duration="4s"><conform-rate srcFrameRate="25"/>
        <asset-clip ref="v" lane="1" offset="11s" duration="1s"/>
      </asset-clip>
      """)
    // One second of 25 fps media is 25 frames of the timeline.
    #expect(timeline.tracks[1].clips[0].recordRange == FrameRange(start: 25, count: 24))
  }

  @Test func `a still has no speed`() throws {
    var text = text
    text.resources = """
      <format id="fs" name="FFVideoFormatRateUndefined" width="4000" height="3000"/>
      <asset id="s" start="0s" duration="0s" hasVideo="1" format="fs" src="file:///still.tif"/>
      """
    let clip = try #require(
      try text.timeline(#"<video ref="s" offset="0s" start="3600s" duration="2s"/>"#).tracks[0].clips.first)
    #expect(clip.timeScale == .zero)
    #expect(clip.sourceIn == .frames(0, FrameRate(24)))
    #expect(clip.recordRange.count == 48)
    #expect(clip.adjustments.map(\.fit) == [.letterbox])
  }

  /// Against the definition: output frame k shows the frame at map(start + k), or in reverse the one it leaves.
  @Test(arguments: UInt64(0)..<24)
  func `frames shown are those of the map, whatever its pieces`(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    var points = [(time: Int64(0), value: Int64.random(in: 2000...4000, using: &random))]
    for _ in 0..<Int.random(in: 1...5, using: &random) {
      let length = Int64.random(in: 1...60, using: &random)
      let speed = Int64.random(in: -3...3, using: &random)
      points.append((points[points.count - 1].time + length, points[points.count - 1].value + length * speed))
    }
    let count = points[points.count - 1].time
    let list = points.map { #"<timept time="\#($0.time)/24s" value="\#($0.value)/24s" interp="linear"/>"# }
      .joined()
    let timeline = try text.timeline(
      #"<asset-clip ref="av" offset="0s" start="0s" duration="\#(count)/24s"><timeMap>\#(list)</timeMap></asset-clip>"#
    )
    let frames = try shown(#require(timeline.tracks[0].clips.first))
    var held = false
    for (from, to) in zip(points, points.dropFirst()) {
      let speed = (to.value - from.value) / (to.time - from.time)
      if speed != 0 { held = speed < 0 }
      for frame in from.time..<to.time {
        let position = from.value + (frame - from.time) * speed
        #expect(frames[Int(frame)] == (held ? position - 1 : position), "frame \(frame)")
      }
    }
  }
}
