import Diagnostics
import Editorial
import MediaTime
import Testing

@Suite struct FCPXMLAdjustmentTests {
  private let text = FCPXMLText()

  private func read(_ adjustments: String, ref: String = "v", start: String = "3600s") throws -> Timeline {
    try text.timeline(
      #"<asset-clip ref="\#(ref)" offset="0s" start="\#(start)" duration="4s">\#(adjustments)</asset-clip>"#)
  }

  private func adjustment(_ adjustments: String, ref: String = "v", start: String = "3600s") throws
    -> PictureAdjustment
  {
    let timeline = try read(adjustments, ref: ref, start: start)
    #expect(timeline.faults.isEmpty)
    let clip = try #require(timeline.tracks[0].clips.first)
    #expect(clip.adjustments.count == 1)
    return try #require(clip.adjustments.first)
  }

  private func close(_ value: Double?, _ expected: Double) -> Bool { abs((value ?? .nan) - expected) < 1e-9 }

  @Test func `positions are percent of the frame's height, upward, and rotation is counter-clockwise`() throws
  {
    let moved = try adjustment(#"<adjust-transform position="12 -6" scale="0.8 1.2" rotation="-5"/>"#)
    // 12 % of 1080 lines in a frame of 1920.
    #expect(close(moved.positionX.constant, 0.0675))
    #expect(close(moved.positionY.constant, 0.06))
    #expect(moved.scaleX.constant == 0.8 && moved.scaleY.constant == 1.2)
    #expect(moved.rotation.constant == 5)
    #expect(moved.fit == nil)
  }

  @Test func `a picture that stays as it is has no adjustments`() throws {
    let timeline = try read(
      #"""
      <adjust-conform type="fit"/><adjust-transform position="0 0" scale="1 1" anchor="0 0"/><adjust-blend amount="1"/>
      <adjust-transform enabled="0" scale="2 2"/><adjust-colorConform enabled="1" conformType="conformNone"/>
      """#)
    #expect(timeline.tracks[0].clips[0].adjustments.map(\.fit) == [.letterbox])
    #expect(try read("").tracks[0].clips[0].adjustments.isEmpty)
    #expect(timeline.findings.isEmpty)
  }

  @Test(arguments: [("fit", PictureAdjustment.Fit.letterbox), ("fill", .fill), ("none", .native)])
  func `conform is the fit`(type: String, fit: PictureAdjustment.Fit) throws {
    #expect(try adjustment(#"<adjust-conform type="\#(type)"/>"#).fit == fit)
  }

  @Test func `a picture of another shape is fitted where the file does not say more`() throws {
    #expect(try adjustment("", ref: "tall", start: "0s").fit == .letterbox)
  }

  @Test func `a moved anchor is where the position puts it`() throws {
    let moved = try adjustment(#"<adjust-transform position="10 20" anchor="16 9" scale="2 2"/>"#)
    #expect(close(moved.anchorX.constant, 0.09) && close(moved.anchorY.constant, -0.09))
    #expect(close(moved.positionX.constant, 0.05625 - 0.09) && close(moved.positionY.constant, -0.2 + 0.09))
  }

  @Test func `a negative scale mirrors`() throws {
    let mirrored = try adjustment(#"<adjust-transform scale="-1.5 1"/>"#)
    #expect(mirrored.isFlopped && !mirrored.isFlipped)
    #expect(mirrored.scaleX.constant == 1.5)
    #expect(
      try read(
        """
        <adjust-transform><param name="scale"><keyframeAnimation><keyframe time="3600s" value="-1 1" curve="linear"/>\
        <keyframe time="3601s" value="1 1" curve="linear"/></keyframeAnimation></param></adjust-transform>
        """
      ).findings.contains { $0.isFault })
  }

  @Test func `keys count in the clip's local time`() throws {
    let moving = try adjustment(
      """
      <adjust-transform scale="1 1"><param name="position"><keyframeAnimation>
      <keyframe time="3601s" value="0 0" curve="linear"/><keyframe time="3603s" value="16 9" curve="linear"/>
      </keyframeAnimation></param>
      <param name="rotation"><keyframeAnimation><keyframe time="3600s" value="0"/><keyframe time="3604s" value="90"/>\
      </keyframeAnimation></param></adjust-transform>
      """)
    #expect(moving.positionX.keys.map(\.frame) == [Rational(24), Rational(72)])
    #expect(moving.positionX.value(at: 0) == 0)
    #expect(close(moving.positionX.value(at: 48), 0.045))
    #expect(close(moving.positionY.value(at: 100), -0.09))
    #expect(moving.rotation.value(at: 48) == -45)
  }

  @Test func `axes may be animated apart`() throws {
    let moving = try adjustment(
      """
      <adjust-transform><param name="position"><param name="X" key="1"><keyframeAnimation>\
      <keyframe time="3600s" value="0" curve="linear"/><keyframe time="3602s" value="100" curve="linear"/>\
      </keyframeAnimation></param><param name="Y" key="2" value="-10"/></param></adjust-transform>
      """)
    #expect(close(moving.positionX.value(at: 48), 0.5625))
    #expect(close(moving.positionY.constant, 0.1))
  }

  @Test func `animation that eases is approximated`() throws {
    let timeline = try read(
      """
      <adjust-blend><param name="amount"><keyframeAnimation><keyframe time="3600s" value="0" interp="ease"/>\
      <keyframe time="3602s" value="1"/></keyframeAnimation></param></adjust-blend>
      """)
    #expect(timeline.tracks[0].clips[0].adjustments[0].opacity.value(at: 24) == 0.5)
    #expect(timeline.findings.map(\.kind) == [.approximated])
  }

  @Test func `trim cuts edges off in percent of the picture's height`() throws {
    let trimmed = try adjustment(
      #"<adjust-crop mode="trim"><trim-rect left="16" right="32" top="10" bottom="5"/></adjust-crop>"#)
    #expect(close(trimmed.crop.left.constant, 0.09) && close(trimmed.crop.right.constant, 0.18))
    #expect(close(trimmed.crop.top.constant, 0.1) && close(trimmed.crop.bottom.constant, 0.05))
    #expect(trimmed.scaleX.constant == 1)
    let tall = try adjustment(
      #"<adjust-crop mode="trim"><trim-rect left="16"/></adjust-crop>"#, ref: "tall", start: "0s")
    #expect(close(tall.crop.left.constant, 0.16 * 1920 / 1080))
  }

  @Test func `a crop is enlarged to the frame before the clip is transformed`() throws {
    let timeline = try read(
      """
      <adjust-crop mode="crop"><crop-rect left="0" right="88.88888888888889" top="0" bottom="50"/></adjust-crop>\
      <adjust-transform scale="0.5 0.5"/>
      """)
    let both = timeline.tracks[0].clips[0].adjustments
    #expect(both.count == 2)
    // The left upper quarter: twice as large, moved right and down by half a frame.
    #expect(close(both[0].scaleX.constant, 2) && close(both[0].positionX.constant, 0.5))
    #expect(close(both[0].positionY.constant, 0.5))
    #expect(close(both[0].crop.right.constant, 0.5) && close(both[0].crop.bottom.constant, 0.5))
    #expect(both[1].scaleX.constant == 0.5)
  }

  @Test func `a pan goes from one rectangle to the other`() throws {
    let timeline = try read(
      """
      <adjust-crop mode="pan"><pan-rect left="0" right="0" top="0" bottom="0"/>\
      <pan-rect left="88.88888888888889" top="50" right="0" bottom="0"/></adjust-crop>
      """)
    let pan = timeline.tracks[0].clips[0].adjustments[0]
    #expect(pan.scaleX.value(at: 0) == 1 && close(pan.scaleX.value(at: 95), 2))
    #expect(close(pan.positionX.value(at: 95), -0.5) && close(pan.positionY.value(at: 95), -0.5))
    #expect(timeline.findings.map(\.kind) == [.approximated])
  }

  @Test(arguments: [
    ("8 (Add)", PictureAdjustment.Blend.add), ("4", .multiply), ("22 (Difference)", .difference),
    ("16 (Hard Light)", .hardLight), ("soft-light", .softLight), ("Screen", .screen), ("0", .normal),
    ("3 (Darken)", .darken), ("9", .lighten), ("14 (Overlay)", .overlay), ("2 (Subtract)", .subtract),
  ])
  func `blend modes are read by number and name`(mode: String, blend: PictureAdjustment.Blend) throws {
    let blended = try adjustment(#"<adjust-blend amount="0.25" mode="\#(mode)"/>"#)
    #expect(blended.blend == blend)
    #expect(blended.opacity.constant == 0.25)
  }

  @Test func `opacity fades in and out`() throws {
    let faded = try adjustment(
      """
      <adjust-blend amount="0.5"><param name="amount"><fadeIn type="linear" duration="1s"/>\
      <fadeOut type="linear" duration="2s"/></param></adjust-blend>
      """)
    #expect([0, 12, 24, 48, 72, 96].map { faded.opacity.value(at: $0) } == [0, 0.25, 0.5, 0.5, 0.25, 0])
  }

  @Test(arguments: [
    ("", true, false), ("0 (Horizontal)", true, false), ("1 (Vertical)", false, true),
    ("2 (Both)", true, true),
  ])
  func `the flipped effect mirrors`(direction: String, isFlopped: Bool, isFlipped: Bool) throws {
    let param = direction.isEmpty ? "" : #"<param name="Direction" key="1" value="\#(direction)"/>"#
    let flipped = try adjustment(#"<filter-video ref="flip" name="Flipped">\#(param)</filter-video>"#)
    #expect(flipped.isFlopped == isFlopped && flipped.isFlipped == isFlipped)
  }

  @Test(arguments: [
    #"<adjust-corners topLeft="5 5"/>"#, "<adjust-stabilization/>", #"<adjust-rollingShutter amount="low"/>"#,
    #"<adjust-360-transform coordinates="spherical"/>"#, #"<adjust-blend mode="5 (Color Burn)"/>"#,
    #"<adjust-transform tracking="t"/>"#, #"<filter-video ref="x" name="Crop &amp; Feather"/>"#,
  ])
  func `placement that cannot be carried is a fault`(adjustment: String) throws {
    let findings = try read(adjustment).findings
    #expect(findings.map(\.kind) == [.dropped])
    #expect(findings.allSatisfy { $0.isFault && $0.event == "001" && $0.location?.line == 22 })
  }

  @Test(arguments: [
    #"<adjust-corners topLeft="0 0"/>"#, #"<adjust-stabilization enabled="0"/>"#, "<adjust-rollingShutter/>",
    #"<filter-video ref="x" name="Glow" enabled="0"/>"#, #"<adjust-volume amount="0dB"/>"#,
  ])
  func `what does nothing is not reported`(adjustment: String) throws {
    #expect(try read(adjustment).findings.isEmpty)
  }

  @Test func `what is done to sound is one finding for each kind`() throws {
    let clip =
      #"<asset-clip ref="av" duration="1s"><adjust-volume amount="-6dB"/><filter-audio ref="x" name="EQ"/></asset-clip>"#
    let timeline = try text.timeline(clip + clip)
    #expect(
      timeline.findings.map(\.what) == [
        "levels of sound (adjust-volume) are not carried (events 001, 002)",
        "the effect of sound `EQ` is not carried (events 001, 002)",
      ])
    #expect(timeline.tracks[0].clips.map(\.recordRange.start) == [0, 24])
  }

  @Test func `a clip around another places it after the other's own placement`() throws {
    let timeline = try text.timeline(
      """
      <clip offset="0s" duration="2s"><adjust-blend amount="0.5"/>
      <asset-clip ref="v" offset="0s" duration="2s"><adjust-transform scale="2 2"/></asset-clip></clip>
      """)
    let adjustments = timeline.tracks[0].clips[0].adjustments
    #expect(adjustments.map(\.scaleX.constant) == [2, 1])
    #expect(adjustments.map(\.opacity.constant) == [1, 0.5])
  }

  @Test func `two placements of a compound clip are nests in each other`() throws {
    var text = text
    text.resources = """
      <media id="m"><sequence format="f" tcStart="0s"><spine><asset-clip ref="v" offset="0s" duration="9s"/></spine>\
      </sequence></media>
      """
    let timeline = try text.timeline(
      """
      <ref-clip ref="m" offset="0s" start="1s" duration="2s">\
      <adjust-crop mode="crop"><crop-rect top="25" bottom="25"/></adjust-crop><adjust-transform rotation="90"/></ref-clip>
      """)
    let outer = try #require(timeline.tracks[0].items.first?.nest)
    let inner = try #require(outer.timeline.tracks[0].items.first?.nest)
    #expect(outer.adjustment.rotation.constant == -90 && outer.sourceIn == 0)
    #expect(close(inner.adjustment.scaleX.constant, 1) && inner.sourceIn == 24)
    #expect(close(inner.adjustment.crop.top.constant, 0.25))
    #expect(inner.recordRange == FrameRange(start: 0, count: 48))
  }
}
