import Foundation
import TestSupport
import Testing

/// `interlock cut`, and a conform of cuts with faults, as an assistant editor uses them.
struct CutCommandTests {
  private static let list = """
    TITLE: REEL
    FCM: NON-DROP FRAME

    001  A001     V     C        01:00:00:00 01:00:01:00 01:00:00:00 01:00:01:00
    * FROM CLIP NAME: FIRST
    002  A001     V     C        01:00:02:00 01:00:0x:00 01:00:01:00 01:00:02:00
    003  A002     V     C        01:00:00:12 01:00:01:12 01:00:02:00 01:00:03:00
    * FROM CLIP NAME: THIRD

    """

  private struct Listing: Decodable {
    struct Item: Decodable {
      var kind: String
      var event: String
      var recordIn: String
      var sourceIn: String?
      var sourceReel: String?
    }
    struct Track: Decodable {
      var name: String
      var items: [Item]
    }
    struct Finding: Decodable {
      var kind: String
      var what: String
    }
    var frames: Int
    var tracks: [Track]
    var findings: [Finding]
  }

  @Test func `a faulty line is told with its place and the rest is shown`() throws {
    let fixture = try Fixture()
    _ = try fixture.folder.write(Self.list, to: "reel.edl")
    let shown = try fixture.interlock(["cut", "show", "reel.edl", "--rate", "24", "--json"])
    #expect(shown.status == 2)
    let listing = try JSONDecoder().decode(Listing.self, from: shown.output)
    let clips = listing.tracks.flatMap(\.items).filter { $0.kind == "clip" }
    #expect(clips.map(\.event) == ["001", "003"])
    #expect(clips.map(\.recordIn) == ["01:00:00:00", "01:00:02:00"])
    let errors = shown.errors.split(separator: "\n").map(String.init)
    let fault = try #require(errors.firstIndex { $0.hasPrefix("reel.edl:6:") })
    // The caret stands below the timecode that is wrong.
    let quoted = errors[fault + 1]
    let caret = errors[fault + 2].prefix { $0 != "^" }.count
    #expect(quoted.dropFirst(caret).hasPrefix("01:00:0x:00"))
    let strict = try fixture.interlock(["cut", "show", "reel.edl", "--rate", "24", "--strict"])
    #expect(strict.status == 2)
    #expect(strict.output.isEmpty)
  }

  @Test func `a list goes to OpenTimelineIO, to XML and back without a change`() throws {
    let fixture = try Fixture()
    let cut = Repository.root + "/SampleMedia/turnover/short_v001.edl"
    func listing(_ path: String) throws -> [String] {
      let shown = try fixture.interlock(["cut", "show", path, "--rate", "24000/1001", "--json"])
      #expect(shown.status == 0, "\(shown.errors)")
      let listing = try JSONDecoder().decode(Listing.self, from: shown.output)
      return listing.tracks.flatMap { track in
        track.items.map { item in
          "\(track.name) \(item.kind) \(item.recordIn) \(item.sourceIn ?? "") \(item.sourceReel ?? "")"
        }
      }
    }
    let original = try listing(cut)
    #expect(original.count > 100)
    var from = cut
    for to in ["a.otio", "b.xml", "c.otio", "d.edl"] {
      let written = try fixture.interlock(
        ["cut", "convert", from, "--rate", "24000/1001", "--output", to])
      #expect(written.status == 0, "\(written.errors)")
      #expect(written.text == "\(to)\n")
      #expect(try listing(to) == original, "\(to)")
      from = to
    }
  }

  @Test func `what the format cannot hold is told, and strict writes nothing`() throws {
    let fixture = try Fixture()
    _ = try fixture.folder.write(Self.placed, to: "placed.xml")
    let strict = try fixture.interlock(["cut", "convert", "placed.xml", "--output", "a.edl", "--strict"])
    #expect(strict.status == 2)
    #expect(!FileManager.default.fileExists(atPath: fixture.path + "/a.edl"))
    let written = try fixture.interlock(
      ["cut", "convert", "placed.xml", "--output", "a.edl", "--report", "losses.json"])
    #expect(written.status == 0, "\(written.errors)")
    struct Losses: Decodable {
      var output: [String]
      var findings: [Listing.Finding]
    }
    let losses = try JSONDecoder().decode(
      Losses.self, from: Data(contentsOf: URL(fileURLWithPath: fixture.path + "/losses.json")))
    #expect(losses.output == ["a.edl"])
    #expect(losses.findings.contains { $0.kind == "dropped" && $0.what.contains("placement") })
    let list = try String(contentsOfFile: fixture.path + "/a.edl", encoding: .utf8)
    #expect(list.contains("1  A001     V     C        01:00:00:00 01:00:00:12"))
  }

  @Test func `a conform tells of faults and missing media and conforms the rest`() throws {
    let fixture = try Fixture()
    try fixture.clip(
      "A001", frames: 48, firstNumber: 0, rate: "24", timecode: "01:00:00:00", codec: Fixture.prores)
    _ = try fixture.folder.write(Self.list, to: "reel.edl")
    let arguments = ["conform", "reel.edl", "--media", "rushes", "--rate", "24", "--report", "report.json"]
    let result = try fixture.interlock(arguments)
    #expect(result.status == 2)
    #expect(result.errors.contains("reel.edl:6:"))
    #expect(result.errors.contains("A002"))
    let data = try Data(contentsOf: URL(fileURLWithPath: fixture.path + "/report.json"))
    let report = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    let events = try #require(report["events"] as? [[String: Any]])
    #expect(events.compactMap { $0["sourceFile"] as? String } == ["A001.mov"])
    // Nothing is rendered from a cut that is not whole.
    let rendered = try fixture.interlock(arguments + ["--output", "out.mov"])
    #expect(rendered.status == 2)
    #expect(!FileManager.default.fileExists(atPath: fixture.path + "/out.mov"))
    try FileManager.default.removeItem(atPath: fixture.path + "/report.json")
    #expect(try fixture.interlock(arguments + ["--strict"]).status == 2)
    #expect(!FileManager.default.fileExists(atPath: fixture.path + "/report.json"))
  }

  /// A wipe that is rendered as a dissolve, and a key, which is not rendered.
  private static let effects = """
    TITLE: EFFECTS
    FCM: NON-DROP FRAME

    001  A001     V     C        01:00:00:00 01:00:00:12 01:00:00:00 01:00:00:12
    002  A001     V     C        01:00:00:12 01:00:00:12 01:00:00:12 01:00:00:12
    002  A001     V     W099 008 01:00:01:00 01:00:01:12 01:00:00:12 01:00:01:00

    """

  @Test func `what is rendered in another way is in the report and in the lint`() throws {
    let fixture = try Fixture()
    try fixture.clip(
      "A001", frames: 48, firstNumber: 0, rate: "24", timecode: "01:00:00:00", codec: Fixture.prores)
    _ = try fixture.folder.write(Self.effects, to: "wipe.edl")
    let lint = try fixture.interlock(["cut", "lint", "wipe.edl", "--rate", "24"])
    #expect(lint.status == 0 && lint.text.contains("wipe 099 is rendered as a dissolve"))
    #expect(try fixture.interlock(["cut", "lint", "wipe.edl", "--rate", "24", "--strict"]).status == 2)
    let conform = ["conform", "wipe.edl", "--media", "rushes", "--rate", "24"]
    #expect(try fixture.interlock(conform).text.contains("approximated: wipe 099 is rendered as a dissolve"))
    #expect(try fixture.interlock(conform + ["--strict"]).status == 2)
  }

  @Test func `results that cannot be written end with an error`() throws {
    let fixture = try Fixture()
    _ = try fixture.folder.write(Self.effects, to: "wipe.edl")
    let full = try Programs.run(
      "/bin/sh", ["-c", "exec '\(Repository.product("interlock"))' cut show wipe.edl --rate 24 > /dev/full"],
      folder: fixture.path)
    #expect(full.status == 1 && full.errors.contains("cannot write the result"))
    let twice = try fixture.interlock([
      "conform", "wipe.edl", "--media", "rushes", "--rate", "24", "--report", "same.x", "--otio", "same.x",
    ])
    #expect(twice.status == 2 && twice.errors.contains("another option writes there"))
    #expect(!FileManager.default.fileExists(atPath: fixture.path + "/same.x"))
  }

  @Test func `the next cut of the sample differs by what was done to it`() throws {
    let fixture = try Fixture()
    let turnover = Repository.root + "/SampleMedia/turnover/"
    let result = try fixture.interlock(
      ["cut", "diff", turnover + "short_v001.edl", turnover + "short_v002.edl", "--rate", "24000/1001"])
    #expect(result.status == 0)
    #expect(result.text.contains("2320 → 2352 frames (+32)"))
    #expect(result.text.contains("removed  050"))
    #expect(result.text.contains("JELLYFISH_230"))
  }

  /// The left half of the source is white; the cut mirrors it and shows it at half its size on the right.
  @Test func `a placement of an XML is rendered where it says`() throws {
    let fixture = try Fixture()
    let made = try Programs.run(
      "ffmpeg",
      [
        "-v", "error", "-f", "lavfi", "-i", "color=black:s=320x180:r=24:d=1", "-vf",
        "format=yuv422p10le,drawbox=x=0:y=0:w=160:h=180:color=white:t=fill", "-timecode", "01:00:00:00",
        "-metadata", "reel_name=A001",
      ] + Fixture.prores + [fixture.path + "/rushes/A001.mov"])
    #expect(made.status == 0, "\(made.errors)")
    _ = try fixture.folder.write(Self.placed, to: "placed.xml")
    let result = try fixture.interlock(
      ["conform", "placed.xml", "--media", "rushes", "--raster", "320x180", "--output", "out.mov"])
    #expect(result.status == 0, "\(result.errors)")
    // Mean luma of an 8 by 4 grid.
    let grid = try Programs.run(
      "ffmpeg",
      [
        "-v", "error", "-i", fixture.path + "/out.mov", "-frames:v", "1", "-vf",
        "scale=8:4:flags=area,format=gray",
        "-f", "rawvideo", "-",
      ])
    let luma = [UInt8](grid.output).map { $0 > 200 ? "#" : $0 < 40 ? "." : "+" }
    // Half the size is 160 by 90 pixels; its centre lies a quarter of the frame to the right of the middle, so it
    // covers the right half of the two rows in the middle, and its white half is the right one.
    #expect(
      stride(from: 0, to: luma.count, by: 8).map { luma[$0..<$0 + 8].joined() } == [
        "........", "......##", "......##", "........",
      ])
  }

  private static let placed = """
    <?xml version="1.0" encoding="UTF-8"?>
    <!DOCTYPE xmeml>
    <xmeml version="5"><sequence id="s"><name>PLACED</name><duration>24</duration>
    <rate><timebase>24</timebase><ntsc>FALSE</ntsc></rate>
    <timecode><rate><timebase>24</timebase><ntsc>FALSE</ntsc></rate><string>01:00:00:00</string><frame>86400</frame><displayformat>NDF</displayformat></timecode>
    <media><video><format><samplecharacteristics><width>320</width><height>180</height></samplecharacteristics></format>
    <track><clipitem id="c1"><name>A001</name><enabled>TRUE</enabled><duration>24</duration>
    <rate><timebase>24</timebase><ntsc>FALSE</ntsc></rate><start>0</start><end>12</end><in>0</in><out>12</out>
    <file id="f1"><name>A001.mov</name><pathurl>file://localhost/x/A001.mov</pathurl>
    <rate><timebase>24</timebase><ntsc>FALSE</ntsc></rate><duration>24</duration>
    <timecode><rate><timebase>24</timebase><ntsc>FALSE</ntsc></rate><string>01:00:00:00</string><frame>86400</frame><displayformat>NDF</displayformat><reel><name>A001</name></reel></timecode>
    <media><video><samplecharacteristics><width>320</width><height>180</height></samplecharacteristics></video></media></file>
    <filter><effect><name>Basic Motion</name><effectid>basic</effectid><effecttype>motion</effecttype><mediatype>video</mediatype>
    <parameter><parameterid>scale</parameterid><name>Scale</name><value>50</value></parameter>
    <parameter><parameterid>center</parameterid><name>Center</name><value><horiz>0.25</horiz><vert>0</vert></value></parameter></effect></filter>
    <filter><effect><name>Flop</name><effectid>Flop</effectid><effecttype>filter</effecttype><mediatype>video</mediatype></effect></filter>
    </clipitem></track></video></media></sequence></xmeml>
    """
}
