import Diagnostics
import Editorial
import MediaTime
import Testing

@Suite struct FCPXMLTests {
  private let text = FCPXMLText()

  // MARK: Document

  @Test(arguments: [
    ("1001/24000s", FrameRate(24_000, 1001)), ("100/2400s", FrameRate(24)), ("1/25s", FrameRate(25)),
    ("1001/30000s", FrameRate(30_000, 1001)), ("1001/60000s", FrameRate(60_000, 1001)),
    ("100/6000s", FrameRate(60)), ("15015/360000s", FrameRate(24_000, 1001)),
  ])
  func `the rate is that of the frame duration, and frames are exact at it`(duration: String, rate: FrameRate)
    throws
  {
    var text = text
    text.frameDuration = duration
    let unit = rate.denominator
    func time(_ frames: Int) -> String { "\(frames * unit)/\(rate.numerator)s" }
    let timeline = try text.timeline(
      """
      <asset-clip ref="av" offset="0s" start="\(time(1_000_001))" duration="\(time(86_400))"/>
      <asset-clip ref="av" offset="\(time(86_400))" start="\(time(7))" duration="\(time(1))"/>
      """)
    #expect(timeline.rate == rate)
    #expect(
      timeline.tracks[0].clips.map(\.recordRange) == [
        FrameRange(start: 0, count: 86_400), FrameRange(start: 86_400, count: 1),
      ])
    #expect(timeline.tracks[0].clips.map { $0.sourceFrame(at: rate) } == [1_000_001, 7])
    #expect(timeline.findings.isEmpty && timeline.faults.isEmpty)
  }

  @Test func `drop frame is the sequence's tcFormat, and a day's start is its tcStart`() throws {
    var text = text
    text.frameDuration = "1001/30000s"
    text.tcFormat = "DF"
    // 01:00:00;00 drop frame is frame 107,892.
    text.start = "107999892/30000s"
    let timeline = try text.timeline(
      #"<asset-clip ref="av" offset="107999892/30000s" start="0s" duration="1001/1000s"/>"#)
    #expect(timeline.isDropFrame)
    #expect(timeline.timecode(at: 0).description == "01:00:00;00")
    #expect(timeline.tracks[0].clips[0].recordRange == FrameRange(start: 0, count: 30))
    var film = FCPXMLText()
    film.tcFormat = "DF"
    let odd = try film.timeline(#"<asset-clip ref="av" offset="0s" duration="1s"/>"#)
    #expect(!odd.isDropFrame)
    #expect(odd.findings.map(\.kind) == [.approximated])
  }

  @Test func `a project may lie in an event or alone, and versions before 1.5 have no library`() throws {
    let whole = text.document(#"<asset-clip ref="av" offset="0s" duration="1s"/>"#)
    let bare = whole.replacing("<library>").replacing("</library>")
    let alone = bare.replacing(#"<event name="e">"#).replacing("</event>")
    for document in [whole, bare, alone] {
      let cut = try Cut.read(path: "x.xml", bytes: Array(document.utf8))
      #expect(cut.sequences == ["p"])
      #expect(try cut.timeline(rate: nil).frameCount == 24)
    }
  }

  @Test func `a start that is given is timeline frame 0`() throws {
    var text = text
    text.start = "3600s"
    let spine = #"<gap offset="3600s" duration="2s"/><asset-clip ref="av" offset="3602s" duration="1s"/>"#
    let early = try text.timeline(spine, start: Timecode(parsing: "00:59:58:00", rate: FrameRate(24)))
    #expect(early.tracks[0].clips[0].recordRange.start == 96)
    let late = try text.timeline(spine, start: Timecode(parsing: "01:00:01:00", rate: FrameRate(24)))
    #expect(late.tracks[0].clips[0].recordRange.start == 24)
    let tooLate = try text.timeline(spine, start: Timecode(parsing: "01:00:03:00", rate: FrameRate(24)))
    #expect(tooLate.faults.contains { $0.code == "cut.beforeStart" })
  }

  // MARK: Placement

  @Test func `connected clips are placed in their parent's local time`() throws {
    let timeline = try text.timeline(
      """
      <gap offset="0s" duration="10s"/>
      <asset-clip ref="av" offset="10s" start="20s" duration="4s">
        <asset-clip ref="v" lane="1" offset="21s" start="3601s" duration="1s">
          <asset-clip ref="v" lane="2" offset="7203/2s" start="3600s" duration="2s"/>
          <asset-clip ref="av" lane="-1" offset="3601s" duration="1s" srcEnable="video"/>
        </asset-clip>
        <asset-clip ref="a" lane="-1" offset="19s" duration="2s" audioRole="music"/>
      </asset-clip>
      """)
    let pictures = timeline.tracks.filter { $0.kind == .picture }
    #expect(pictures.map(\.lane) == ["0", "1.-1", "1", "1.2"])
    // 10 s + 21 s − 20 s; then 3601.5 s − 3601 s after that.
    #expect(pictures.map { $0.clips[0].recordRange.start } == [240, 264, 264, 276])
    #expect(pictures[2].clips[0].sourceIn.description == "01:00:01:00")
    let sounds = timeline.tracks.filter { $0.kind == .sound }
    #expect(sounds.map(\.lane) == ["0", "-1"])
    #expect(sounds[1].clips.map(\.recordRange) == [FrameRange(start: 216, count: 48)])
    #expect(sounds[1].clips[0].role == "music")
  }

  @Test func `clips of a lane that overlap each other are on tracks above each other`() throws {
    let timeline = try text.timeline(
      """
      <gap offset="0s" start="0s" duration="10s">
        <asset-clip ref="v" lane="1" offset="0s" duration="4s" name="one"/>
        <asset-clip ref="v" lane="1" offset="2s" duration="4s" name="two"/>
        <asset-clip ref="v" lane="1" offset="5s" duration="1s" name="three"/>
        <asset-clip ref="v" lane="1" offset="7s" duration="1s" name="four"/>
      </gap>
      """)
    #expect(timeline.tracks.map { $0.clips.map(\.name) } == [[], ["one", "four"], ["two"], ["three"]])
  }

  @Test func `a storyline inside a storyline counts from its own zero`() throws {
    let timeline = try text.timeline(
      """
      <asset-clip ref="av" offset="0s" start="100s" duration="10s">
        <spine lane="1" offset="103s">
          <asset-clip ref="v" offset="0s" duration="2s" name="one"/>
          <asset-clip ref="v" offset="2s" duration="1s" name="two">
            <spine lane="1" offset="7201/2s"><asset-clip ref="v" offset="0s" duration="1s" name="three"/></spine>
          </asset-clip>
        </spine>
      </asset-clip>
      """)
    let ranges = timeline.tracks.filter { $0.kind == .picture }.map { $0.clips.map(\.recordRange) }
    #expect(
      ranges == [
        [FrameRange(start: 0, count: 240)],
        [FrameRange(start: 72, count: 48), FrameRange(start: 120, count: 24)],
        [FrameRange(start: 132, count: 24)],
      ])
  }

  @Test func `a transition is centred on the cut, and sound fades where the file says so`() throws {
    let timeline = try text.timeline(
      """
      <asset-clip ref="av" offset="0s" duration="4s"/>
      <transition name="Cross Dissolve" offset="43/12s" duration="5/6s">
        <filter-video ref="dissolve"/><filter-audio ref="fade"/>
      </transition>
      <asset-clip ref="av" offset="4s" start="50s" duration="4s"/>
      <transition name="Cross Dissolve" offset="375/48s" duration="9/24s"><filter-video ref="dissolve"/></transition>
      <asset-clip ref="av" offset="8s" start="90s" duration="4s"/>
      <transition name="Flow" offset="11s" duration="1s"><filter-video ref="flip" name="Flow"/></transition>
      """)
    let transitions = timeline.tracks.map { track in
      track.items.compactMap { item -> String? in
        guard case .transition(let transition) = item else { return nil }
        return "\(transition.event) \(transition.kind) \(transition.inOffset)+\(transition.outOffset)"
      }
    }
    #expect(
      transitions == [
        ["002 dissolve 10+10", "003 dissolve 5+4", "003 custom(\"Flipped\") 24+0"], ["002 dissolve 10+10"],
      ])
    #expect(timeline.findings.contains { $0.what.contains("begin between frames begin at the frame before") })
    // A fade out stands before a gap without length.
    #expect(timeline.tracks[0].items.last?.recordRange == FrameRange(start: 288, count: 0))
  }

  @Test func `what overlaps in a storyline is a fault and the rest still reads`() throws {
    let timeline = try text.timeline(
      """
      <asset-clip ref="av" offset="0s" duration="4s"/>
        <asset-clip ref="av" offset="3s" start="10s" duration="4s"/>
      <asset-clip ref="av" offset="7s" duration="1s"/>
      """)
    let fault = try #require(timeline.faults.first)
    #expect(
      fault.description == """
        cut.fcpxml:23:3: error: the asset-clip begins 24 frames before the one before it in its storyline ends
            <asset-clip ref="av" offset="3s" start="10s" duration="4s"/>
            ^
          Its first 24 frames are not shown.
        """)
    #expect(timeline.faults.count == 1)
    let clip = timeline.tracks[0].clips[1]
    #expect(clip.recordRange == FrameRange(start: 96, count: 72))
    #expect(clip.sourceIn.description == "00:00:11:00")
  }

  @Test func `edges between frames are rounded once, so that neighbours still adjoin`() throws {
    let timeline = try text.timeline(
      """
      <asset-clip ref="av" offset="0s" duration="101/48s"/>
      <asset-clip ref="av" offset="101/48s" start="10s" duration="99/48s"/>
      """)
    #expect(
      timeline.tracks[0].clips.map(\.recordRange) == [
        FrameRange(start: 0, count: 51), FrameRange(start: 51, count: 49),
      ])
    #expect(timeline.findings.first?.what.hasSuffix("rounded to the nearest frame (events 001, 002)") == true)
  }

  // MARK: Clips with an inside

  @Test func `a clip around its media shows the part that it names`() throws {
    let timeline = try text.timeline(
      """
      <clip name="Shot 7" offset="0s" start="10s" duration="5s">
        <note>good</note>
        <video ref="av" offset="0s" duration="60s"><audio ref="av" lane="-1" offset="0s" duration="60s" srcCh="2" \
      role="dialogue.boom"/></video>
        <marker start="12s" value="here"/>
        <asset-clip ref="a" lane="-2" offset="14s" duration="3s"/>
        <metadata><md key="com.apple.proapps.studio.reel" value="A012"/></metadata>
      </clip>
      """)
    let clip = timeline.tracks[0].clips[0]
    #expect(clip.name == "Shot 7" && clip.sourceReel == "A012" && clip.notes == ["good"])
    #expect(clip.sourceIn.description == "00:00:10:00")
    #expect(clip.recordRange == FrameRange(start: 0, count: 120))
    #expect(clip.markers.map(\.frame) == [48])
    #expect(clip.targetURL == "file:///media/av%20one.mov" && clip.sourceFile == "av one.mov")
    let sounds = timeline.tracks.filter { $0.kind == .sound }.flatMap(\.clips)
    #expect(
      sounds.map(\.recordRange) == [FrameRange(start: 0, count: 120), FrameRange(start: 96, count: 72)])
    #expect(sounds.map(\.sourceChannel) == [2, nil])
    #expect(sounds[0].role == "dialogue.boom")
    #expect(sounds[0].sourceIn.description == "00:00:10:00")
  }

  @Test func `a clip of several pieces is a nest of those that it shows`() throws {
    let timeline = try text.timeline(
      """
      <clip name="c" offset="0s" start="3s" duration="4s">
        <spine>
          <asset-clip ref="v" offset="0s" start="3600s" duration="5s"/>
          <asset-clip ref="v" offset="5s" start="3700s" duration="5s"/>
        </spine>
      </clip>
      """)
    let nest = try #require(timeline.tracks[0].items.first?.nest)
    #expect(nest.recordRange == FrameRange(start: 0, count: 96))
    let clips = nest.timeline.tracks[0].clips
    #expect(clips.map(\.sourceIn.description) == ["01:00:03:00", "01:01:40:00"])
    #expect(clips.map(\.recordRange) == [FrameRange(start: 0, count: 48), FrameRange(start: 48, count: 48)])
  }

  @Test func `a transition inside a clip is played with it, unless the clip's edge cuts it`() throws {
    func clip(_ start: Int, _ duration: Int) -> String {
      """
      <clip offset="0s" start="\(start)s" duration="\(duration)s"><spine>
      <asset-clip ref="v" offset="0s" duration="5s"/>
      <transition name="Cross Dissolve" offset="4s" duration="2s"/>
      <asset-clip ref="v" offset="5s" start="3700s" duration="5s"/></spine></clip>
      """
    }
    let whole = try text.timeline(clip(1, 8))
    let items = try #require(whole.tracks[0].items.first?.nest).timeline.tracks[0].items
    guard items.count == 3, case .transition(let transition) = items[1] else {
      Issue.record("\(items)")
      return
    }
    #expect(transition.inOffset == 24 && transition.outOffset == 24)
    #expect(whole.findings.isEmpty && whole.faults.isEmpty)
    // From 5.0 s on only the second half is seen.
    let half = try text.timeline(clip(5, 3))
    #expect(half.tracks[0].clips.map(\.sourceIn.description) == ["01:01:40:00"])
    #expect(half.findings.map(\.isFault) == [true] && half.faults.isEmpty)
    let past = try text.timeline(clip(7, 2))
    #expect(past.findings.isEmpty && past.faults.isEmpty)
  }

  private let compound = """
    <media id="m" name="inner"><sequence format="f" duration="20s" tcStart="10s"><spine>
    <asset-clip ref="av" offset="10s" start="100s" duration="20s"/></spine></sequence></media>
    <media id="m2" name="outer"><sequence format="f25" duration="20s" tcStart="0s"><spine>
    <ref-clip ref="m" offset="0s" start="12s" duration="10s"/></spine></sequence></media>
    """

  @Test func `compound clips are nests at their own rate and in their own timecode`() throws {
    var text = text
    text.resources = compound
    let timeline = try text.timeline(
      """
      <ref-clip ref="m" offset="0s" start="11s" duration="5s"/>
      <ref-clip ref="m2" offset="5s" start="2s" duration="5s" enabled="0"/>
      """)
    let nests = timeline.tracks[0].items.compactMap(\.nest)
    #expect(nests.map(\.sourceIn) == [24, 50])
    #expect(nests.map(\.timeline.rate) == [FrameRate(24), FrameRate(25)])
    #expect(nests.map(\.timeScale) == [.one, .one])
    #expect(nests.map(\.isEnabled) == [true, false])
    #expect(nests[0].timeline.startFrame == 240)
    #expect(nests[1].timeline.tracks[0].items.compactMap(\.nest).map(\.sourceIn) == [48])
    // Sound parts on the sound tracks.
    #expect(timeline.tracks.filter { $0.kind == .sound }.map { $0.items.count { $0.isNest } } == [2])
  }

  @Test func `a compound clip within itself is a fault`() throws {
    var text = text
    text.resources = """
      <media id="m" name="m"><sequence format="f" tcStart="0s"><spine>
      <ref-clip ref="n" offset="0s" duration="1s"/></spine></sequence></media>
      <media id="n" name="n"><sequence format="f" tcStart="0s"><spine>
      <ref-clip ref="m" offset="0s" duration="1s"/><asset-clip ref="v" offset="1s" duration="1s"/></spine></sequence></media>
      """
    let timeline = try text.timeline(#"<ref-clip ref="m" offset="0s" duration="2s"/>"#)
    #expect(timeline.faults.map(\.code) == ["cut.badNesting"])
    let nest = try #require(timeline.tracks[0].items.first?.nest)
    #expect(nest.timeline.tracks[0].items.first?.nest?.timeline.tracks[0].clips.count == 1)
  }

  private let angles = """
    <media id="mc"><multicam format="f" tcStart="3600s">
    <mc-angle name="one" angleID="1"><asset-clip ref="av" offset="3600s" start="0s" duration="100s"/></mc-angle>
    <mc-angle name="two" angleID="2"><asset-clip ref="v" offset="3600s" start="3600s" duration="5s"/>\
    <asset-clip ref="v" offset="3605s" start="3700s" duration="95s"/></mc-angle>
    <mc-angle name="three" angleID="3"><gap offset="3600s" duration="2s"/>\
    <asset-clip ref="a" offset="3602s" start="7s" duration="98s" audioRole="music"/></mc-angle>
    </multicam></media>
    """

  @Test func `a multicam clip plays the angles that its sources name`() throws {
    var text = text
    text.resources = angles
    let timeline = try text.timeline(
      """
      <mc-clip ref="mc" offset="0s" start="3604s" duration="4s">
        <mc-source angleID="2" srcEnable="video"><adjust-blend amount="0.5"/></mc-source>
        <mc-source angleID="1" srcEnable="audio"/><mc-source angleID="3" srcEnable="audio"/>
      </mc-clip>
      <mc-clip ref="mc" offset="4s" start="3606s" duration="4s"><mc-source angleID="2" srcEnable="all"/></mc-clip>
      <mc-clip ref="mc" offset="8s" start="3610s" duration="1s"/>
      """)
    let items = timeline.tracks[0].items
    let nest = try #require(items[0].nest)
    #expect(nest.timeline.tracks[0].clips.map(\.sourceIn.description) == ["01:00:04:00", "01:01:40:00"])
    #expect(nest.adjustment.opacity.constant == 0.5)
    #expect(items[1].clip?.sourceIn.description == "01:01:41:00")
    #expect(items[2].clip?.sourceFile == "av one.mov")
    let sounds = timeline.tracks.filter { $0.kind == .sound }.map(\.clips)
    #expect(sounds.map { $0.map(\.recordRange.start) } == [[0, 192], [0]])
    #expect(
      sounds.map { $0.map(\.sourceIn.description) } == [["00:00:04:00", "00:00:10:00"], ["00:00:09:00"]])
    #expect(timeline.findings.contains { $0.kind == .dropped && $0.what.contains("angles") })
  }

  @Test func `a synchronised clip is trimmed with its sound`() throws {
    let timeline = try text.timeline(
      """
      <sync-clip offset="0s" start="5s" duration="4s" name="s">
        <spine><asset-clip ref="v" offset="0s" start="3600s" duration="60s">
          <asset-clip ref="a" lane="-1" offset="3602s" start="0s" duration="58s" audioRole="dialogue"/>
        </asset-clip></spine>
        <asset-clip ref="v" lane="1" offset="6s" start="3600s" duration="1s"/>
      </sync-clip>
      """)
    let pictures = timeline.tracks.filter { $0.kind == .picture }.map(\.clips)
    #expect(pictures.map { $0.map(\.sourceIn.description) } == [["01:00:05:00"], ["01:00:00:00"]])
    #expect(pictures[1][0].recordRange == FrameRange(start: 24, count: 24))
    let sound = timeline.tracks.filter { $0.kind == .sound }.flatMap(\.clips)
    #expect(sound.map(\.sourceIn.description) == ["00:00:03:00"])
    #expect(sound.map(\.recordRange) == [FrameRange(start: 0, count: 96)])
  }

  // MARK: Sound

  @Test func `sound may begin and end apart from its picture`() throws {
    let timeline = try text.timeline(
      """
      <asset-clip ref="av" offset="0s" start="10s" duration="4s" audioStart="10s" audioDuration="5s"/>
      <asset-clip ref="av" offset="4s" start="30s" duration="4s" audioStart="31s" audioDuration="2s"/>
      """)
    let sounds = timeline.tracks.filter { $0.kind == .sound }
    #expect(
      sounds.flatMap(\.clips).map(\.recordRange) == [
        FrameRange(start: 0, count: 120), FrameRange(start: 120, count: 48),
      ])
    #expect(sounds.flatMap(\.clips).map(\.sourceIn.description) == ["00:00:10:00", "00:00:31:00"])
  }

  @Test func `components of sound are clips of their channels and roles`() throws {
    let timeline = try text.timeline(
      """
      <asset-clip ref="a" offset="0s" duration="4s">
        <audio-channel-source srcCh="1" role="dialogue.boom"/>
        <audio-channel-source srcCh="3, 4" role="music" active="0"/>
      </asset-clip>
      <clip offset="4s" duration="1s"><audio ref="a" srcID="2" srcCh="1" offset="0s" duration="1s" role="fx"/></clip>
      """)
    let clips = timeline.tracks.filter { $0.kind == .sound }.map(\.clips)
    #expect(clips.map { $0.map(\.sourceChannel) } == [[1, 3], [3], [4]])
    #expect(clips.map { $0.map(\.role) } == [["dialogue.boom", "fx"], ["music"], ["music"]])
    #expect(clips.map { $0.map(\.isEnabled) } == [[true, true], [false], [false]])
    #expect(timeline.tracks.filter { $0.kind == .picture }.flatMap(\.clips).isEmpty)
    #expect(timeline.frameCount == 120)
  }

  // MARK: Faults

  @Test func `what cannot be read is told in full and the rest reads`() throws {
    let timeline = try text.timeline(
      """
      <asset-clip ref="nowhere" offset="0s" duration="1s"/>
      <asset-clip ref="av" offset="one" start="1/0s" duration="1s"/>
      <asset-clip ref="av" offset="2s" duration="-1s"/>
      <asset-clip ref="av" offset="3s" duration="99999999999s"/>
      <wormhole/>
      <asset-clip ref="av" offset="4s" duration="1s"><timeMap><timept time="0s" value="0s"/></timeMap></asset-clip>
      """)
    #expect(
      timeline.faults.map(\.code) == [
        "cut.badReference", "cut.badTime", "cut.badTime", "cut.badTime", "cut.badTime", "cut.unknownElement",
        "cut.badRetime",
      ])
    #expect(
      timeline.faults.allSatisfy {
        $0.location?.line != nil && $0.location?.column == 1 || $0.code == "cut.badRetime"
      })
    #expect(timeline.tracks[0].clips.last?.recordRange == FrameRange(start: 96, count: 24))
  }

  @Test func `the place in a storyline of clips that cannot be read stays empty`() throws {
    let timeline = try text.timeline(
      #"<asset-clip ref="no" offset="0s" duration="1s"/><asset-clip ref="v" offset="1s" duration="1s"/>"#)
    #expect(
      timeline.tracks[0].items.map(\.recordRange) == [
        FrameRange(start: 0, count: 24), FrameRange(start: 24, count: 24),
      ])
  }

  @Test func `deep and doubling nests are read in time and without end of stack`() throws {
    var text = text
    for level in 0..<60 {
      text.resources += """
        <media id="m\(level)"><sequence format="f" tcStart="0s"><spine>
        <ref-clip ref="m\(level + 1)" offset="0s" duration="1s"/><ref-clip ref="m\(level + 1)" offset="1s" duration="1s"/>
        </spine></sequence></media>
        """
    }
    let timeline = try text.timeline(#"<ref-clip ref="m0" offset="0s" duration="1s"/>"#)
    #expect(timeline.faults.contains { $0.code == "cut.tooDeep" })
    var connected = #"<asset-clip ref="v" lane="1" offset="3600s" duration="1s"/>"#
    for _ in 0..<50 {
      connected = #"<asset-clip ref="v" lane="1" offset="3600s" duration="1s">"# + connected + "</asset-clip>"
    }
    #expect(
      try text.timeline(#"<gap start="3600s" offset="0s" duration="1s">"# + connected + "</gap>").tracks.count
        == 52)
  }

  @Test func `a long project is read in linear time`() throws {
    var spine = ""
    for index in 0..<4000 {
      spine += #"<asset-clip ref="av" offset="\#(index)s" start="\#(index % 900)s" duration="1s"/>"#
    }
    let timeline = try text.timeline(spine)
    #expect(timeline.tracks[0].clips.count == 4000)
    #expect(timeline.frameCount == 96_000)
  }
}

extension Clip {
  /// The count behind the source in.
  func sourceFrame(at rate: FrameRate) -> Int64? {
    switch sourceIn {
    case .frames(let count, _): count
    case .label(let label): try? label.frame(rate: rate, isDropFrame: label.isDropFrame)
    }
  }
}

extension String {
  /// Without every occurrence of a text.
  fileprivate func replacing(_ text: String) -> String { split(separator: text).joined() }
}
