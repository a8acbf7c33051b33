import Diagnostics
import Editorial
import MediaTime
import Testing

/// Small files made for one fact each.
enum FCP7 {
  static func rate(_ rate: FrameRate) -> String {
    let isFast = rate.denominator != 1
    return "<rate><timebase>\(rate.nominalBase)</timebase><ntsc>\(isFast ? "TRUE" : "FALSE")</ntsc></rate>"
  }

  static func sequence(
    _ name: String = "CUT", rate: FrameRate = FrameRate(24), id: String = "s1", picture: [String] = [],
    sound: [String] = [], extra: String = ""
  ) -> String {
    func tracks(_ texts: [String]) -> String { texts.map { "<track>\($0)</track>" }.joined(separator: "\n") }
    let format =
      "<format><samplecharacteristics><width>1920</width><height>1080</height></samplecharacteristics></format>"
    return """
      <sequence id="\(id)"><name>\(name)</name>\(FCP7.rate(rate))\(extra)<media>
      <video>\(format)
      \(tracks(picture))
      </video><audio>\(tracks(sound))</audio></media></sequence>
      """
  }

  static func document(_ body: String) -> [UInt8] {
    Array("<?xml version=\"1.0\"?>\n<!DOCTYPE xmeml>\n<xmeml version=\"5\">\n\(body)\n</xmeml>\n".utf8)
  }

  static func file(
    _ id: String = "f1", rate: FrameRate = FrameRate(24), start: Int64 = 86_400, duration: Int64 = 1000,
    width: Int = 1920, height: Int = 1080, extra: String = ""
  ) -> String {
    """
    <file id="\(id)"><name>\(id).mov</name><pathurl>file://localhost/media/\(id).mov</pathurl>
    \(FCP7.rate(rate))<duration>\(duration)</duration><timecode>\(FCP7.rate(rate))<frame>\(start)</frame>
    <displayformat>NDF</displayformat><reel><name>A001</name></reel></timecode><media><video><samplecharacteristics>
    <width>\(width)</width><height>\(height)</height></samplecharacteristics></video></media>\(extra)</file>
    """
  }

  static func clip(
    _ name: String = "shot", _ start: Int64, _ end: Int64, in first: Int64 = 0, out last: Int64? = nil,
    file: String = FCP7.file(), extra: String = ""
  ) -> String {
    let last = last ?? first + end - start
    return "<clipitem><name>\(name)</name><start>\(start)</start><end>\(end)</end><in>\(first)</in>"
      + "<out>\(last)</out>\(file)\(extra)</clipitem>"
  }

  static func filter(_ id: String, _ parameters: [(String, String)], category: String = "motion") -> String {
    let list = parameters.map { "<parameter><parameterid>\($0.0)</parameterid>\($0.1)</parameter>" }
    return "<filter><effect><name>\(id)</name><effectid>\(id)</effectid>"
      + "<effectcategory>\(category)</effectcategory>\(list.joined())</effect></filter>"
  }

  static func value(_ text: String) -> String { "<value>\(text)</value>" }

  static func point(_ x: Double, _ y: Double) -> String {
    "<value><horiz>\(x)</horiz><vert>\(y)</vert></value>"
  }

  static func keys(_ keys: [(String, String)]) -> String {
    keys.map { "<keyframe><when>\($0.0)</when><value>\($0.1)</value></keyframe>" }.joined()
  }

  static func read(_ body: String, sequence: String? = nil, rate: FrameRate? = nil) throws -> Timeline {
    try Cut.read(path: "cut.xml", bytes: document(body)).timeline(sequence: sequence, rate: rate)
  }

  static func readClip(_ clip: String) throws -> (clip: Clip, timeline: Timeline) {
    let timeline = try read(sequence(picture: [clip]))
    return (try #require(timeline.tracks[0].clips.first), timeline)
  }
}

@Suite struct FCP7ReadingTests {
  @Test(arguments: [
    (FrameRate(24_000, 1001), "NDF", "01:00:00:00", Int64(86_400)),
    (FrameRate(25), "NDF", "10:00:00:00", 900_000),
    (FrameRate(30_000, 1001), "DF", "01:00:00;00", 107_892),
    (FrameRate(30_000, 1001), "NDF", "01:00:00:00", 108_000),
    (FrameRate(60_000, 1001), "DF", "01:00:00;00", 215_784), (FrameRate(50), "NDF", "01:00:00:00", 180_000),
  ])
  func `rates with their NTSC flag and starts with their way of counting are read`(
    rate: FrameRate, format: String, label: String, frame: Int64
  ) throws {
    // The separator need not say drop frame.
    let plain = label.replacing(";", with: ":")
    for timecode in [
      "<string>\(plain)</string><frame>\(frame)</frame>", "<string>\(label)</string>",
      "<frame>\(frame)</frame>",
    ] {
      let extra = "<timecode>\(FCP7.rate(rate))\(timecode)<displayformat>\(format)</displayformat></timecode>"
      let timeline = try FCP7.read(FCP7.sequence(rate: rate, picture: [""], extra: extra))
      #expect(timeline.rate == rate)
      #expect(timeline.startFrame == frame)
      #expect(timeline.timecode(at: 0).description == label)
      #expect(timeline.faults == [])
    }
  }

  @Test func `an edge of minus one lies at the cut of its transition`() throws {
    for (alignment, cut) in [
      ("center", 52), ("start", 40), ("end", 64), ("end-black", 64), ("start-black", 40),
    ] {
      let fade =
        "<transitionitem><start>40</start><end>64</end><alignment>\(alignment)</alignment>"
        + "<effect><name>Cross Dissolve</name><effectid>Cross Dissolve</effectid></effect></transitionitem>"
      let track =
        FCP7.clip("a", 0, -1, in: 10, out: 74) + fade + FCP7.clip("b", -1, 100, in: 200, out: 260)
      let items = try FCP7.read(FCP7.sequence(picture: [track])).tracks[0].items
      let clips = items.compactMap { item -> Clip? in
        guard case .clip(let clip) = item else { return nil }
        return clip
      }
      #expect(clips[0].recordRange == FrameRange(start: 0, end: Int64(cut)))
      #expect(clips[1].recordRange == FrameRange(start: Int64(cut), end: 100))
      // `in` is the first frame under the transition.
      #expect(clips[0].sourceCount == Int64(cut))
      #expect(clips[1].sourceIn == SourcePosition(count: 86_400 + 200 + Int64(cut) - 40, rate: FrameRate(24)))
      // A dissolve to or from black has nothing on its other side.
      #expect(items.count == (alignment.hasSuffix("black") ? 4 : 3))
    }
  }

  @Test func `wipes have their pattern, other transitions their name`() throws {
    func kind(_ effect: String) throws -> Transition.Kind? {
      let fade =
        "<transitionitem><start>40</start><end>60</end><alignment>center</alignment><effect>\(effect)</effect></transitionitem>"
      let track = FCP7.clip("a", 0, 50) + fade + FCP7.clip("b", 50, 100)
      for case .transition(let transition) in try FCP7.read(FCP7.sequence(picture: [track])).tracks[0].items {
        #expect(transition.inOffset == 10 && transition.outOffset == 10)
        return transition.kind
      }
      return nil
    }
    #expect(
      try kind("<name>Edge Wipe</name><effectid>Edge Wipe</effectid><wipecode>7</wipecode>") == .wipe(7))
    #expect(try kind("<effectid>Cross Dissolve</effectid><wipecode>0</wipecode>") == .dissolve)
    #expect(try kind("<name>Dip to Color</name><effectid>Dip</effectid>") == .custom("Dip"))
  }

  @Test func `a file is written once and referred to by its id afterwards, wherever the first stands`() throws
  {
    let reference = "<file id=\"f1\"/>"
    let track = FCP7.clip("a", 0, 50) + FCP7.clip("b", 50, 100, in: 300, file: reference)
    let clips = try FCP7.read(FCP7.sequence(picture: [track])).tracks[0].clips
    #expect(clips[1].targetURL == "/media/f1.mov" && clips[1].sourceReel == "A001")
    #expect(clips[1].sourceIn == SourcePosition(count: 86_700, rate: FrameRate(24)))
    #expect(clips[1].availableRange == FrameRange(start: 86_400, count: 1000))
  }

  @Test(arguments: [
    ("file://localhost/Volumes/A%20B/x.mov", "/Volumes/A B/x.mov"),
    ("file://localhost/C%3a/m/x.mov", "C:/m/x.mov"),
    ("file:///m/%E7%8C%AB.mov", "/m/猫.mov"), ("/m/x.mov", "/m/x.mov"), ("file:///D:/x.mov", "D:/x.mov"),
    ("file://server/share/x.mov", "//server/share/x.mov"),
  ])
  func `paths are taken out of their URLs and put back as they were`(url: String, path: String) throws {
    let file = "<file id=\"f\"><pathurl>\(url)</pathurl></file>"
    let (clip, timeline) = try FCP7.readClip(FCP7.clip("a", 0, 10, file: file))
    #expect(clip.targetURL == path)
    let again = try Cut.read(path: "a.xml", bytes: FCP7Writer.write(timeline).bytes).timeline(rate: nil)
    #expect(again.tracks[0].clips[0].targetURL == path)
    let text = String(decoding: FCP7Writer.write(timeline).bytes, as: UTF8.self)
    #expect(url == path || text.contains("<pathurl>\(url)</pathurl>"))
  }

  @Test func `media of another rate is counted at its own`() throws {
    let file = FCP7.file(rate: FrameRate(60), start: 3600)
    // The item counts as the sequence does: frame 48 of 24 is frame 120 of 60.
    let (clip, _) = try FCP7.readClip(FCP7.clip("a", 0, 24, in: 48, file: file))
    #expect(clip.sourceRate == FrameRate(60))
    #expect(clip.sourceIn == SourcePosition(count: 3720, rate: FrameRate(60)))
    #expect(clip.sourceCount == 60)
    #expect(clip.timeScale == .one)
    // The item counts as the file does.
    let own = FCP7.clip("a", 0, 24, in: 120, out: 180, file: file, extra: FCP7.rate(FrameRate(60)))
    #expect(try FCP7.readClip(own).clip.sourceIn == SourcePosition(count: 3720, rate: FrameRate(60)))
  }

  @Test func `tracks and clips may be switched off`() throws {
    let body = FCP7.sequence(
      picture: [
        FCP7.clip("a", 0, 10, extra: "<enabled>FALSE</enabled>") + "<enabled>TRUE</enabled>",
        "<enabled>FALSE</enabled>",
      ])
    let timeline = try FCP7.read(body)
    #expect(timeline.tracks.map(\.isEnabled) == [true, false])
    #expect(timeline.tracks[0].clips[0].isEnabled == false)
  }

  @Test func `generators are black, or known by their name with a finding`() throws {
    func generator(_ effect: String) -> String {
      "<generatoritem><name>g</name><start>0</start><end>24</end><in>0</in><out>24</out>"
        + "<effect>\(effect)<effecttype>generator</effecttype></effect></generatoritem>"
    }
    func color(_ red: Int) -> String {
      "<name>Color</name><effectid>Color</effectid><parameter><parameterid>fillcolor</parameterid><value>"
        + "<alpha>0</alpha><red>\(red)</red><green>0</green><blue>0</blue></value></parameter>"
    }
    #expect(try FCP7.readClip(generator("<name>Slug</name><effectid>Slug</effectid>")).clip.content == .black)
    #expect(try FCP7.readClip(generator(color(0))).clip.content == .black)
    let (red, timeline) = try FCP7.readClip(generator(color(255)))
    #expect(red.content == .generator("Color"))
    #expect(timeline.findings.map(\.kind) == [.dropped])
    #expect(
      try FCP7.readClip(generator("<name>Text</name><effectid>Text</effectid>")).clip.content
        == .generator("Text"))
  }

  @Test func `markers are points or ranges, on clips counted from the source in`() throws {
    let marker =
      "<marker><name>n</name><comment>c</comment><in>130</in><out>-1</out></marker>"
      + "<marker><name>r</name><in>90</in><out>95</out><color><alpha>0</alpha><red>250</red><green>10</green><blue>0</blue></color></marker>"
    let (clip, timeline) = try FCP7.readClip(FCP7.clip("a", 0, 48, in: 100, extra: marker))
    #expect(clip.markers.map(\.frame) == [30, -10])
    #expect(clip.markers.map(\.count) == [0, 5])
    #expect(clip.markers.map(\.color) == ["", "RED"])
    #expect(timeline.findings.map(\.kind) == [.approximated])
    let sequence = FCP7.sequence(
      picture: [""], extra: "<marker><name>s</name><in>7</in><out>9</out></marker>")
    #expect(try FCP7.read(sequence).markers.map(\.count) == [2])
  }

  @Test func `comments are notes, the rest of the log is kept for the writer`() throws {
    let extra =
      "<comments><mastercomment1>check</mastercomment1><mastercomment2>VFX</mastercomment2></comments>"
      + "<logginginfo><scene>12</scene></logginginfo><labels><label2>Iris</label2></labels>"
    let (clip, timeline) = try FCP7.readClip(FCP7.clip("a", 0, 48, extra: extra))
    #expect(clip.notes == ["check", "VFX"])
    guard case .object(let kept)? = clip.metadata["fcp_xml"] else {
      Issue.record("nothing is kept")
      return
    }
    #expect(kept.map(\.key).contains("logginginfo") && kept.map(\.key).contains("labels"))
    let text = String(decoding: FCP7Writer.write(timeline).bytes, as: UTF8.self)
    #expect(text.contains("<label2>Iris</label2>") && text.contains("<scene>12</scene>"))
    #expect(text.contains("<mastercomment2>VFX</mastercomment2>"))
  }

  @Test func `an identity of the media is carried`() throws {
    let file = FCP7.file(extra: "<uuid>060A2B340101010501010D43</uuid>")
    #expect(
      try FCP7.readClip(FCP7.clip("a", 0, 10, file: file)).clip.sourceIdentity == "060A2B340101010501010D43")
  }

  @Test func `the active angle of a multiclip is what is shown`() throws {
    func angle(_ id: String, _ isActive: String) -> String {
      "<angle><activevideoangle>\(isActive)</activevideoangle><clip><media><video><track><clipitem>"
        + FCP7.file(id) + "</clipitem></track></video></media></clip></angle>"
    }
    let multiclip = "<multiclip id=\"m\">\(angle("f1", "FALSE"))\(angle("f2", "TRUE"))</multiclip>"
    let (clip, timeline) = try FCP7.readClip(FCP7.clip("a", 0, 10, file: multiclip))
    #expect(clip.sourceFile == "f2.mov")
    #expect(timeline.findings.map(\.kind) == [.approximated])
  }

  // MARK: Sequences

  @Test func `nested sequences are nests, and only the outer ones are offered`() throws {
    let inner = FCP7.sequence("INNER", rate: FrameRate(25), id: "in", picture: [FCP7.clip("a", 0, 100)])
    let item =
      "<clipitem><name>n</name><start>10</start><end>34</end><in>25</in><out>50</out>"
      + FCP7.rate(FrameRate(25)) + "<sequence id=\"in\"/></clipitem>"
    let outer = FCP7.sequence("OUTER", id: "out", picture: [item], sound: [item])
    let body =
      "<project><name>p</name><children><bin><children>\(inner)</children></bin>\(outer)</children></project>"
    let cut = try Cut.read(path: "cut.xml", bytes: FCP7.document(body))
    #expect(cut.sequences == ["OUTER"])
    let timeline = try cut.timeline(rate: nil)
    guard case .nest(let nest)? = timeline.tracks[0].items.last else {
      Issue.record("no nest")
      return
    }
    #expect(nest.timeline.name == "INNER" && nest.timeline.rate == FrameRate(25))
    #expect(nest.sourceIn == 25)
    #expect(nest.recordRange == FrameRange(start: 10, end: 34))
    #expect(timeline.findings == [])
    // A nested one may still be asked for.
    #expect(try cut.timeline(sequence: "INNER", rate: nil).frameCount == 100)
  }

  @Test func `one of several sequences has to be chosen`() throws {
    let body =
      FCP7.sequence("REEL 1", id: "a", picture: [""]) + FCP7.sequence("REEL 2", id: "b", picture: [""])
    let cut = try Cut.read(path: "cut.xml", bytes: FCP7.document(body))
    #expect(cut.sequences == ["REEL 1", "REEL 2"])
    let error = #expect(throws: DiagnosticList.self) { try cut.timeline(rate: nil) }
    #expect(error?.diagnostics.first?.message == "the file holds 2 sequences: `REEL 1`, `REEL 2`")
    #expect(error?.diagnostics.first?.remedy == "Choose one with --sequence.")
    #expect(try cut.timeline(sequence: "REEL 2", rate: nil).name == "REEL 2")
    let typo = #expect(throws: DiagnosticList.self) { try cut.timeline(sequence: "REEL2", rate: nil) }
    #expect(typo?.diagnostics.first?.remedy == "Did you mean `REEL 2`?")
    let same = FCP7.sequence("CUT", id: "a", picture: [""]) + FCP7.sequence("CUT", id: "b", picture: [""])
    #expect(try Cut.read(path: "c.xml", bytes: FCP7.document(same)).sequences == ["CUT (a)", "CUT (b)"])
  }

  @Test func `a sequence inside itself is a fault, not the end of the program`() throws {
    let item =
      "<clipitem><name>n</name><start>0</start><end>24</end><in>0</in><out>24</out><sequence id=\"s1\"/></clipitem>"
    let timeline = try FCP7.read(FCP7.sequence(picture: [item + FCP7.clip("a", 24, 48)]))
    #expect(timeline.faults.map(\.code) == ["cut.nestedInItself"])
    #expect(timeline.tracks[0].clips.count == 1)
  }

  @Test func `sequences nested hundreds deep by reference are refused`() throws {
    let chain = (0..<200).map { number in
      FCP7.sequence(
        "S\(number)", id: "s\(number)",
        picture: [
          "<clipitem><name>n</name><start>0</start><end>24</end><in>0</in><out>24</out><sequence id=\"s\(number + 1)\"/></clipitem>"
        ])
    }
    let timeline = try FCP7.read(chain.joined(), sequence: "S0")
    #expect(timeline.faults.map(\.code) == ["cut.tooDeep"])
  }

  @Test func `sequences that double at each level are refused before they are a billion clips`() throws {
    let two = { (id: String) in
      (0..<2).map {
        "<clipitem><start>\($0 * 24)</start><end>\($0 * 24 + 24)</end><in>0</in><out>24</out><sequence id=\"\(id)\"/></clipitem>"
      }
      .joined()
    }
    let chain = (0..<23).map { FCP7.sequence("S\($0)", id: "s\($0)", picture: [two("s\($0 + 1)")]) }
    let last = FCP7.sequence("S23", id: "s23", picture: [FCP7.clip("a", 0, 24)])
    let timeline = try FCP7.read(chain.joined() + last, sequence: "S0")
    #expect(timeline.faults.contains { $0.code == "cut.tooManyClips" })
  }

  // MARK: Faults

  @Test func `what cannot be read is a fault with its place, and the rest reads`() throws {
    let broken = "<clipitem><name>x</name>\n  <start>ten</start><end>20</end></clipitem>"
    let timeline = try FCP7.read(
      FCP7.sequence(picture: [FCP7.clip("a", 0, 10) + "\n" + broken + FCP7.clip("b", 20, 30)]))
    #expect(timeline.tracks[0].clips.map(\.name) == ["a", "b"])
    let fault = try #require(timeline.faults.first)
    #expect(timeline.faults.count == 1)
    #expect(fault.code == "cut.badNumber")
    #expect(fault.message == "`start` is not a number of frames: `ten`")
    let line = String(decoding: FCP7.document(""), as: UTF8.self).split(separator: "\n").count
    #expect((fault.location?.line ?? 0) > line && fault.location?.column == 3)
    #expect(fault.excerpt?.contains("<start>ten</start>") == true)
  }

  @Test func `a file that breaks off is read up to there`() throws {
    let text = FCP7.document(
      FCP7.sequence(picture: [FCP7.clip("a", 0, 10) + FCP7.clip("b", 10, 20, file: "<file id=\"f1\"/>")]))
    let end = try #require(String(decoding: text, as: UTF8.self).firstRange(of: "<name>b</name>"))
    let cutOff = String(decoding: text, as: UTF8.self)[..<end.upperBound]
    let timeline = try Cut.read(path: "cut.xml", bytes: Array(cutOff.utf8)).timeline(rate: nil)
    #expect(timeline.tracks[0].clips.map(\.name) == ["a"])
    #expect(timeline.faults.map(\.code) == ["xml.malformed"])
  }

  @Test func `items that reach into the next one end where it begins`() throws {
    let timeline = try FCP7.read(FCP7.sequence(picture: [FCP7.clip("a", 0, 30) + FCP7.clip("b", 20, 40)]))
    #expect(timeline.tracks[0].clips.map(\.recordRange.end) == [20, 40])
    #expect(timeline.findings.map(\.kind) == [.approximated])
  }

  @Test func `a file of one line says the column of its faults`() throws {
    let body = FCP7.sequence(picture: [(0..<400).map { FCP7.clip("é\($0)", $0 * 10, $0 * 10 + 10) }.joined()])
      .replacing("\n", with: "").replacing("<start>3990</start>", with: "<start>é</start>")
    let timeline = try FCP7.read(body)
    let fault = try #require(timeline.faults.first)
    let line = "\(body)"
    let place = try #require(line.firstRange(of: "<start>é</start>"))
    #expect(fault.location?.column == line.distance(from: line.startIndex, to: place.lowerBound) + 1)
  }

  @Test func `the start that is asked for becomes frame 0`() throws {
    let extra = "<timecode>\(FCP7.rate(FrameRate(24)))<frame>86400</frame></timecode>"
    let cut = try Cut.read(
      path: "cut.xml", bytes: FCP7.document(FCP7.sequence(picture: [FCP7.clip("a", 48, 58)], extra: extra)))
    let later = try cut.timeline(rate: nil, start: Timecode(frame: 86_424, rate: FrameRate(24)))
    #expect(later.startFrame == 86_424 && later.tracks[0].clips[0].recordRange.start == 24)
    let earlier = try cut.timeline(rate: nil, start: Timecode(frame: 86_376, rate: FrameRate(24)))
    #expect(earlier.tracks[0].clips[0].recordRange.start == 72)
    let beyond = try cut.timeline(rate: nil, start: Timecode(frame: 86_460, rate: FrameRate(24)))
    #expect(beyond.faults.map(\.code) == ["cut.beforeStart"])
  }
}
