import Diagnostics
import Editorial
import MediaTime
import Testing

/// A picture file of 480 frames from 01:00:00:00.
func pictureFile(
  _ path: String, start: String? = "01:00:00:00", frames: Int64 = 480, rate: FrameRate = film,
  reel: String? = nil, identity: String? = nil, tags: [String: String] = [:], isVariable: Bool = false
) -> MediaItem {
  MediaItem(
    path: path,
    facts: MediaFacts(
      identity: identity ?? path, fileName: path.split(separator: "/").last.map(String.init) ?? path,
      container: "mov", byteCount: 1,
      video: VideoFacts(
        stream: 0, codec: "prores", width: 1280, height: 720, pixelFormat: "yuv422p10le", bitDepth: 10,
        rate: rate, frameCount: frames, isVariableRate: isVariable), timecodeStart: start, timecodeRate: rate,
      reel: reel, tags: tags))
}

/// Which rule names which file.
@Suite struct RelinkRulesTests {
  private static let record = FrameRange(start: 0, count: 48)

  /// A clip from 01:00:10:00.
  private func clip(
    _ name: String = "", reel: String? = nil, file: String? = nil, url: String? = nil, identity: String? = nil
  ) -> Clip {
    var clip = Clip(
      name: name, event: "001", sourceReel: reel, sourceFile: file, targetURL: url,
      sourceIn: .label(try! TimecodeLabel.tenSeconds), recordRange: Self.record)
    clip.sourceIdentity = identity
    return clip
  }

  private func relink(_ clip: Clip, _ media: [MediaItem], _ settings: RelinkSettings = RelinkSettings())
    -> Conform
  {
    var timeline = Timeline(name: "t", rate: film)
    timeline.tracks = [Track(kind: .picture, name: "V1", items: [.clip(clip)])]
    return Relinker(media: media, settings: settings).relink(timeline)
  }

  // MARK: Identity

  @Test(arguments: [
    "urn:smpte:umid:060a2b34.01010105.01010f20.13000000.9e5b1c2d.3f404142.43444546.4748494a",
    "0x060A2B340101010501010F20130000009E5B1C2D3F4041424344454647484 94A".replacing(" ", with: ""),
  ])
  func `an identifier of the material outweighs every name`(umid: String) {
    let tag = "0x060A2B340101010501010F20130000009E5B1C2D3F404142434445464748494A"
    let media = [
      pictureFile("/m/A001.mov", reel: "A001"),
      pictureFile("/m/other.mxf", tags: ["material_package_umid": tag]),
    ]
    let event = relink(clip("A001", reel: "A001", file: "A001.mov", identity: umid), media).events[0]
    #expect(event.media == 1 && event.rule == "identity")
    #expect(event.candidates.map(\.media) == [1, 0])
    #expect(
      event.candidates[1].verdict
        == "source reel A001 is the file's reel; identity is trusted more than reel+timecode")
  }

  @Test func `the digest of the content is an identity`() {
    let media = [pictureFile("/m/x.mov", identity: "00ff"), pictureFile("/m/y.mov", identity: "00fe")]
    #expect(relink(clip(identity: "SHA256:00FE"), media).events[0].media == 1)
  }

  // MARK: Order and switches

  @Test func `rules that are left out are not asked`() {
    let media = [pictureFile("/m/A001.mov", reel: "A001"), pictureFile("/m/take.mov")]
    let both = clip(reel: "A001", file: "take.mov")
    #expect(relink(both, media).events[0].rule == "reel+timecode")
    let names = RelinkSettings(rules: [.fileNameAndTimecode])
    #expect(relink(both, media, names).events[0].media == 1)
    let turned = RelinkSettings(rules: [.fileNameAndTimecode, .reelAndTimecode])
    #expect(relink(both, media, turned).events[0].media == 1)
    #expect(relink(both, media, RelinkSettings(rules: [.path])).events[0].media == nil)
  }

  @Test func `a name with its extension is trusted more than one without`() {
    let media = [pictureFile("/m/take.mov"), pictureFile("/m/take.mxf")]
    let event = relink(clip(file: "TAKE.mxf"), media).events[0]
    #expect(event.media == 1)
    // Weights 4 for the path, 8 for the clip, 16 and 32 for the file name; 2 for the rate and 1 for the timecode.
    #expect(event.candidates.map(\.score) == [32 + 16 + 3, 16 + 3])
    #expect(relink(clip(file: "take"), media).diagnostics.map(\.code) == ["conform.ambiguous"])
  }

  @Test func `between files of the same names rate and timecode decide`() {
    let media = [
      pictureFile("/m/a/take.mov", start: nil), pictureFile("/m/b/take.mov", start: "00:00:00:00"),
    ]
    var early = clip(file: "take.mov")
    early.sourceIn = .label(TimecodeLabel.oneSecond)
    let conform = relink(early, media)
    #expect(conform.events[0].media == 1 && conform.diagnostics.isEmpty)
    #expect(
      conform.events[0].candidates[1].verdict
        == "the list names the file take.mov; its score is 50, that of the chosen one 51")
  }

  // MARK: Paths

  @Test(arguments: [
    ("/Volumes/RAID/day 1/take.mov", "/Volumes/RAID"),
    ("file:///Volumes/RAID/day%201/take.mov", "/Volumes/RAID/"),
    ("D:\\RAID\\day 1\\take.mov", "d:\\raid"), ("file:///D:/RAID/day%201/take.mov", "D:\\RAID\\"),
    ("\\\\server\\share\\day 1\\take.mov", "\\\\SERVER\\share"), ("D:/RAID/x/../day 1/./take.mov", "D:/RAID"),
  ])
  func `stored paths are carried over by their map`(stored: String, from: String) {
    let media = [pictureFile("/work/rushes/day 2/take.mov"), pictureFile("/work/rushes/day 1/take.mov")]
    let settings = RelinkSettings(rules: [.path], paths: [PathMap(from: from, to: "/work/rushes")])
    let event = relink(clip(url: stored), media, settings).events[0]
    #expect(event.media == 1 && event.rule == "path")
    #expect(relink(clip(url: stored), media, RelinkSettings(rules: [.path])).events[0].media == nil)
  }

  @Test func `a map does not take a folder for another whose name it begins`() {
    let media = [pictureFile("/rushes2/take.mov")]
    let settings = RelinkSettings(rules: [.path], paths: [PathMap(from: "/RAID", to: "/rushes")])
    #expect(relink(clip(url: "/RAID2/take.mov"), media, settings).events[0].media == nil)
  }

  @Test(arguments: ["/r/x.[0101-0148].exr", "/r/x.%04d.exr", "/r/x.####.exr", "/r/x.0101.exr"])
  func `the numbered stills of a sequence are one path however they are written`(path: String) {
    let media = [pictureFile("/r/x.####.exr"), pictureFile("/r/x.exr")]
    #expect(relink(clip(url: path), media, RelinkSettings(rules: [.path])).events[0].media == 0)
  }

  // MARK: Reels

  @Test func `a reel is read where the settings say`() throws {
    let media = [
      pictureFile("/m/A007/DAY1/B001_C2.mov", reel: "TAPE9"), pictureFile("/m/else/x.mov"),
    ]
    func found(_ reel: String, _ sources: [ReelSource], logged: [String: [String]] = [:]) -> String? {
      let settings = RelinkSettings(rules: [.reelAndTimecode], reels: sources, loggedReels: logged)
      let event = relink(clip(reel: reel), media, settings).events[0]
      return event.media == 0 ? event.candidates[0].verdict : nil
    }
    #expect(found("tape9", [.metadata]) == "chosen: source reel tape9 is the file's reel")
    #expect(found("TAPE9", [.fileName(nil)]) == nil)
    #expect(found("B001", [.fileName(nil)]) == "chosen: source reel B001 begins the file's name")
    #expect(found("A007", [.folder(2)]) == "chosen: source reel A007 is the file's folder")
    #expect(found("A007", [.folder(1)]) == nil)
    #expect(
      found("R5", [.log], logged: ["/m/A007/DAY1/B001_C2.mov": ["R5"]])
        == "chosen: source reel R5 is the file's reel by the log")
    let pattern = try #require(NamePattern("*_{reel}.mov"))
    #expect(
      found("C2", [.fileName(pattern)])
        == "chosen: source reel C2 is the reel of the file's name by *_{reel}.mov")
  }

  @Test(arguments: [
    ("{reel}_*", "A001C003_240813_R1", "A001C003"), ("{reel}", "A001", "A001"),
    ("???_{reel}_*", "cam_A001_x", "A001"),
    ("*_{reel}_v*", "a_b_c_v2", "b_c"), ("*-{reel}", "a-b-c", "b-c"), ("{reel}.*", "A001.C3.mov", "A001"),
  ])
  func `patterns give the part that is the reel`(pattern: String, name: String, reel: String) throws {
    #expect(try #require(NamePattern(pattern)).reel(in: name) == reel)
  }

  @Test func `patterns that do not fit give nothing, and hostile ones end`() throws {
    #expect(try #require(NamePattern("{reel}_*")).reel(in: "A001") == nil)
    #expect(NamePattern("A*") == nil && NamePattern("{reel}{reel}") == nil)
    #expect(NamePattern("*a*a*a*a*a*a*a*a*a{reel}") == nil)
    let slow = try #require(NamePattern("*a*a*a*a*a*a*a*{reel}b"))
    #expect(slow.reel(in: String(repeating: "a", count: 255)) == nil)
  }
}

extension TimecodeLabel {
  static var tenSeconds: TimecodeLabel {
    get throws { try Timecode(parsing: "01:00:10:00", rate: film).label }
  }
  static var oneSecond: TimecodeLabel { Timecode(frame: 24, rate: film).label }
}
