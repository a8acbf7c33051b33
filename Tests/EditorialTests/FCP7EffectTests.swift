import Diagnostics
import Editorial
import MediaTime
import Testing

/// Sizing, speed and the other filters of Final Cut Pro XML.
@Suite struct FCP7EffectTests {
  private func motion(_ parameters: [(String, String)]) -> String { FCP7.filter("basic", parameters) }

  private func adjustment(
    _ filters: String, width: Int = 1920, height: Int = 1080, extra: String = ""
  ) throws -> (adjustment: PictureAdjustment, timeline: Timeline) {
    let clip = FCP7.clip(
      "a", 0, 48, in: 100, file: FCP7.file(width: width, height: height), extra: filters + extra)
    let (read, timeline) = try FCP7.readClip(clip)
    return (read.adjustments.first ?? .none, timeline)
  }

  // MARK: Sizing

  @Test func `scale is of the source's own pixels and carried against the picture fitted into the frame`()
    throws
  {
    // 50 % of 3840×2160 fills 1920×1080, as in Premiere.
    let (uhd, timeline) = try adjustment(
      motion([("scale", FCP7.value("50"))]), width: 3840, height: 2160)
    #expect(uhd.fit == .letterbox && uhd.scaleX == 1 && uhd.scaleY == 1)
    #expect(timeline.findings == [])
    #expect(try adjustment(motion([("scale", FCP7.value("110"))])).adjustment.scaleX == 1.1)
    // 100 % of half the size.
    let (small, _) = try adjustment(motion([("rotation", FCP7.value("0"))]), width: 960, height: 540)
    #expect(small.scaleX == 0.5)
    // 2048×858 fits by its width.
    #expect(
      try adjustment(motion([("scale", FCP7.value("100"))]), width: 2048, height: 858).adjustment.scaleX
        == Animated(1.066666667))
  }

  @Test func `position and anchor are parts of the source, rotation turns clockwise`() throws {
    // A still of 800×400 whose centre is 0.6 to the right stands 480 pixels right of the middle: a quarter
    // of 1920.
    let (still, _) = try adjustment(
      motion([
        ("scale", FCP7.value("50")), ("rotation", FCP7.value("10")), ("center", FCP7.point(0.6, -0.7)),
        ("centerOffset", FCP7.point(-0.5, 0.5)),
      ]), width: 800, height: 400)
    #expect(still.positionX == 0.25)
    #expect(still.positionY == Animated(-0.259259259))
    #expect(still.anchorX == Animated(-0.208333333) && still.anchorY == Animated(0.185185185))
    #expect(still.rotation == 10)
    // 400 pixels wide; fitted it would be 1920.
    #expect(still.scaleX == Animated(0.208333333))
  }

  @Test func `where a size is not written the scale is against the media's own pixels, and that is said`()
    throws
  {
    let clip = FCP7.clip(
      "a", 0, 48, file: "<file id=\"f\"/>",
      extra: motion([("scale", FCP7.value("50")), ("center", FCP7.point(0.5, 0))]))
    let (read, timeline) = try FCP7.readClip(clip)
    #expect(read.adjustments[0].fit == .native)
    #expect(read.adjustments[0].scaleX == 0.5 && read.adjustments[0].positionX == 0.5)
    #expect(timeline.findings.map(\.kind) == [.inferred])
  }

  @Test func `a motion that changes nothing is none`() throws {
    let same = try adjustment(
      motion([("scale", FCP7.value("100")), ("center", FCP7.point(0, 0)), ("antiflicker", FCP7.value("0"))]))
    #expect(same.adjustment == .none && same.timeline.findings == [])
  }

  @Test func `keyframes count the item's own frames`() throws {
    let (moved, timeline) = try adjustment(
      motion([
        ("scale", FCP7.value("100") + FCP7.keys([("100", "100"), ("124", "120")])),
        (
          "center",
          FCP7.point(0, 0) + "<keyframe><when>100</when>\(FCP7.point(0, 0))</keyframe>"
            + "<keyframe><when>148</when>\(FCP7.point(0.5, 0))</keyframe>"
        ),
      ]))
    #expect(
      moved.scaleX.keys == [
        Animated.Key(frame: .zero, value: 1), Animated.Key(frame: Rational(24), value: 1.2),
      ])
    #expect(moved.positionX.value(at: 24) == 0.25)
    #expect(moved.positionY == 0)
    #expect(timeline.findings == [])
  }

  @Test func `smooth keyframes are said to be straight`() throws {
    let key =
      "<keyframe><when>100</when><value>100</value><outbez><horiz>8</horiz><vert>0</vert></outbez></keyframe>"
    let smooth = try adjustment(motion([("scale", key + FCP7.keys([("124", "120")]))]))
    #expect(smooth.timeline.findings.map(\.kind) == [.approximated])
  }

  @Test func `crop, opacity, flop and composite modes are read`() throws {
    let filters =
      FCP7.filter("crop", [("left", FCP7.value("10")), ("bottom", FCP7.value("12.5"))])
      + FCP7.filter("opacity", [("opacity", FCP7.value("40"))])
      + FCP7.filter("Flop", [("direction", FCP7.value("1"))], category: "Perspective")
    let (read, timeline) = try adjustment(filters, extra: "<compositemode>hard light</compositemode>")
    #expect(read.crop == PictureAdjustment.Edges(left: 0.1, bottom: 0.125))
    #expect(read.opacity == 0.4 && read.isFlopped && !read.isFlipped && read.blend == .hardLight)
    #expect(timeline.findings == [])
    #expect(try adjustment(FCP7.filter("Vertical Flip", [])).adjustment.isFlipped)
    for blend in PictureAdjustment.Blend.allCases {
      let word = blend.rawValue.replacing("-", with: "")
      #expect(try adjustment("", extra: "<compositemode>\(word)</compositemode>").adjustment.blend == blend)
    }
  }

  @Test(arguments: [
    ("<compositemode>travel matte - luma</compositemode>", true),
    (FCP7.filter("deformation", [("aspect", FCP7.value("20"))]), true),
    (FCP7.filter("deformation", [("ulcorner", FCP7.point(-0.4, -0.5))]), true),
    (FCP7.filter("crop", [("edgefeather", FCP7.value("5"))]), true),
    (FCP7.filter("Basic 3D", [], category: "Perspective"), true),
    (FCP7.filter("Lens Distortion", [], category: "video"), true),
    (FCP7.filter("basic", [("pan", FCP7.value("3"))]), true),
    (FCP7.filter("Gaussian Blur", [], category: "Blur"), false),
    (
      "<filter><start>110</start><end>120</end>"
        + String(FCP7.filter("basic", [("scale", FCP7.value("50"))]).dropFirst(8)), true
    ),
  ])
  func `a picture that would look otherwise is a fault, any other filter a finding`(
    extra: String, isFault: Bool
  ) throws {
    let (_, timeline) = try adjustment(extra)
    #expect(timeline.findings.count == 1)
    #expect(timeline.findings.first?.isFault == isFault)
    #expect(timeline.findings.first?.event == "1")
    #expect(timeline.findings.first?.location?.line != nil)
  }

  @Test func `a distortion that distorts nothing is none, a filter that is off is kept and not applied`()
    throws
  {
    let corners = [
      ("ulcorner", FCP7.point(-0.5, -0.5)), ("urcorner", FCP7.point(0.5, -0.5)),
      ("lrcorner", FCP7.point(0.5, 0.5)),
      ("llcorner", FCP7.point(-0.5, 0.5)), ("aspect", FCP7.value("0")),
    ]
    #expect(try adjustment(FCP7.filter("deformation", corners)).timeline.findings == [])
    let off =
      "<filter><enabled>FALSE</enabled>" + FCP7.filter("basic", [("scale", FCP7.value("50"))]).dropFirst(8)
    let (read, timeline) = try adjustment(off)
    #expect(read == .none && timeline.findings == [])
    #expect(
      String(decoding: FCP7Writer.write(timeline).bytes, as: UTF8.self).contains("<enabled>FALSE</enabled>"))
  }

  @Test func `levels of sound are one finding for all events, and none where they change nothing`() throws {
    func item(_ start: Int64, _ level: String) -> String {
      FCP7.clip(
        "s", start, start + 10,
        extra: FCP7.filter("audiolevels", [("level", FCP7.value(level))], category: "audiolevels"))
    }
    let timeline = try FCP7.read(FCP7.sequence(sound: [item(0, "0.5") + item(10, "1") + item(20, "2")]))
    #expect(timeline.findings.count == 1)
    #expect(timeline.findings[0].what.hasSuffix("(events 1, 3)"))
  }

  // MARK: Speed

  private func remap(_ parameters: [(String, String)]) -> String { FCP7.filter("timeremap", parameters) }

  private func retimed(_ parameters: [(String, String)], in first: Int64 = 0, out last: Int64 = 48) throws
    -> (clip: Clip, timeline: Timeline)
  {
    try FCP7.readClip(FCP7.clip("a", 0, last - first, in: first, out: last, extra: remap(parameters)))
  }

  private func position(_ count: Int64) -> SourcePosition {
    SourcePosition(count: 86_400 + count, rate: FrameRate(24))
  }

  @Test func `in counts frames of the retimed clip`() throws {
    let (fast, timeline) = try retimed([("speed", FCP7.value("200"))], in: 50, out: 98)
    #expect(fast.timeScale == Rational(2) && fast.sourceIn == position(100))
    #expect(fast.recordRange.count == 48 && fast.sourceCount == nil && fast.curve == nil)
    #expect(timeline.findings == [])
    let (slow, _) = try retimed([("speed", FCP7.value("50"))], in: 100, out: 148)
    #expect(slow.timeScale == Rational(1, 2) && slow.sourceIn == position(50))
    // Between two frames.
    let (between, findings) = try retimed([("speed", FCP7.value("50"))], in: 101, out: 149)
    #expect(between.sourceIn == position(50))
    #expect(findings.findings.map(\.kind) == [.approximated])
  }

  @Test func `the graph says speeds that a percentage does not`() throws {
    let graph = FCP7.value("0") + FCP7.keys([("0", "0"), ("3000", "1000")])
    let (third, timeline) = try retimed(
      [("speed", FCP7.value("33.3333")), ("graphdict", graph)], in: 30, out: 78)
    #expect(third.timeScale == Rational(1, 3) && third.sourceIn == position(10))
    #expect(timeline.findings == [])
  }

  @Test func `reverse plays down from the frame before its position in the media`() throws {
    // 1000 frames of media: the first frame of the item is the last of the media.
    for parameters in [
      [("speed", FCP7.value("-100"))], [("speed", FCP7.value("100")), ("reverse", FCP7.value("TRUE"))],
      [
        ("speed", FCP7.value("100")), ("reverse", FCP7.value("TRUE")),
        ("graphdict", FCP7.keys([("0", "1000"), ("1000", "0")])),
      ],
      [("speed", FCP7.value("-100")), ("graphdict", FCP7.keys([("0", "999"), ("999", "0")]))],
    ] {
      let (clip, _) = try retimed(parameters)
      #expect(clip.timeScale == Rational(-1) && clip.sourceIn == position(999))
      #expect(try retimed(parameters, in: 10, out: 58).clip.sourceIn == position(989))
    }
  }

  @Test func `speed 0 and stills hold a frame`() throws {
    let graph = FCP7.keys([("0", "77"), ("1000", "77")])
    let (held, _) = try retimed([("speed", FCP7.value("0")), ("graphdict", graph)], in: 10, out: 58)
    #expect(held.timeScale == .zero && held.sourceIn == position(77))
    let still = FCP7.clip("a", 0, 48, in: 86_400, extra: "<stillframe>TRUE</stillframe>")
    let (read, timeline) = try FCP7.readClip(still)
    #expect(read.timeScale == .zero && read.sourceIn == position(0))
    #expect(timeline.findings == [])
  }

  @Test func `a speed that changes is a curve from the first record frame and the source in`() throws {
    let keys = [("0", "0"), ("100", "100"), ("124", "148"), ("148", "148"), ("1000", "1000")]
    let (clip, timeline) = try retimed(
      [("variablespeed", FCP7.value("1")), ("speed", FCP7.value("100")), ("graphdict", FCP7.keys(keys))],
      in: 100, out: 148)
    let curve = try #require(clip.curve)
    #expect(clip.sourceIn == position(100))
    // Twice the speed for a second, then held.
    #expect([0, 1, 12, 23, 24, 47].map { curve.position(at: $0) } == [0, 2, 24, 46, 48, 48])
    // A transition before it needs frames from before the first key inside.
    #expect(curve.position(at: -10) == -10)
    #expect(timeline.findings == [] && timeline.faults == [])
  }

  @Test func `virtual keys outside of the media are not believed`() throws {
    let virtual =
      "<keyframe><when>148</when><value>-1815255671</value><speedvirtualkf>TRUE</speedvirtualkf></keyframe>"
    let graph =
      "<valuemin>0</valuemin><valuemax>1000</valuemax>" + FCP7.keys([("0", "0"), ("120", "140")]) + virtual
      + FCP7.keys([("200", "180")])
    let (clip, _) = try retimed(
      [("variablespeed", FCP7.value("1")), ("graphdict", graph)], in: 100, out: 148)
    #expect(try #require(clip.curve).knots.count == 3)
  }

  @Test func `a smooth ramp is followed from frame to frame and never runs back in time`() throws {
    let keys =
      "<keyframe><when>0</when><value>0</value><outbez><horiz>16</horiz><vert>0</vert></outbez></keyframe>"
      + "<keyframe><when>48</when><value>48</value><inbez><horiz>-16</horiz><vert>0</vert></inbez></keyframe>"
    let (clip, timeline) = try retimed([("variablespeed", FCP7.value("1")), ("graphdict", keys)])
    let curve = try #require(clip.curve)
    // y = 48·t²·(3 − 2t) where x = 48·t: both handles are a third of the way.
    for frame in Int64(0)...48 {
      let t = Double(frame) / 48
      let exact = 48 * t * t * (3 - 2 * t)
      let shown = try #require(curve.position(at: frame))
      #expect(abs(Double(shown) - exact) < 1.001, "frame \(frame)")
    }
    #expect(timeline.findings.map(\.kind) == [.approximated])
  }

  @Test func `blended frames are said to be the nearest instead`() throws {
    let (_, timeline) = try retimed([("speed", FCP7.value("50")), ("frameblending", FCP7.value("TRUE"))])
    #expect(timeline.findings.map(\.kind) == [.approximated])
  }

  @Test func `Premiere's ticks say the source in of a retimed clip`() throws {
    // 101 frames at 24 fps; `in` at 200 % is 50 or 51.
    let ticks = 101 * 254_016_000_000 / 24
    let item = FCP7.clip(
      "a", 0, 48, in: 51, extra: "<pproTicksIn>\(ticks)</pproTicksIn>" + remap([("speed", FCP7.value("200"))])
    )
    #expect(try FCP7.readClip(item).clip.sourceIn == position(101))
  }

  @Test func `a speed that is no number is a fault`() throws {
    let (clip, timeline) = try retimed([("speed", FCP7.value("fast"))])
    #expect(clip.timeScale == .one)
    #expect(timeline.faults.map(\.message) == ["the speed `fast` is not a number"])
  }
}
