import Diagnostics
import Editorial
import MediaTime
import Testing

@Suite struct SourceLogTests {
  private func log(_ text: String, path: String = "log.ale") throws -> SourceLog {
    try SourceLog.read(path: path, bytes: Array(text.utf8))
  }

  private func ale(_ rows: String, columns: String = "Name\tTape\tStart\tEnd\tDuration", fps: String = "24")
    -> String
  {
    "Heading\nFIELD_DELIM\tTABS\nFPS\t\(fps)\n\nColumn\n\(columns)\n\nData\n\(rows)"
  }

  /// Place and code of each fault.
  private func faults(_ log: SourceLog) -> [String] {
    log.faults.map { "\($0.location.map(String.init(describing:)) ?? "") \($0.code)" }
  }

  // MARK: Sample files, counts and rates by their README

  @Test(.enabled(if: SampleFiles.editorial != nil, "the sample files are not beside the project"))
  func `the sample logs give their rows`() throws {
    func read(_ name: String) throws -> SourceLog {
      try SourceLog.read(path: name, bytes: try SampleFiles.bytes("ale/" + name))
    }
    let sample = try read("sample.ale")
    #expect(sample.rate == FrameRate(24))
    #expect(sample.entries.map(\.name) == ["test_017056", "test_017057", "test_017058", "Something"])
    #expect(sample.faults.isEmpty)
    // Start 01:00:00:00 and durations of 4:03 to 4:06, as the OpenTimelineIO adapter reads them too.
    #expect(sample.entries.map { $0.span?.frames(at: FrameRate(24))?.count } == [99, 100, 101, 102])
    #expect(sample.entries[3].sourceFile == "output.aaf")
    #expect(sample.entries[0].others.contains(SourceLog.Column(name: "Image Aspect Ratio", text: "16:9")))

    let graded = try read("sample_cdl.ale")
    #expect(graded.rate == film && graded.entries.count == 4 && graded.faults.isEmpty)
    #expect(graded.entries[0].reel == "A005_C010_0501J0")
    #expect(graded.entries[0].path == "some/path/A005_C010_0501J0_001.R3D")
    #expect(
      graded.entries[2].grade
        == ColorDecision(
          slope: [0.8604, 0.9252, 0.9755], offset: [-0.0735, -0.0813, -0.0737],
          power: [0.9988, 1.0218, 1.0101],
          saturation: 0.9))

    let large = try read("sampleUHD.ale")
    #expect(large.entries.count == 1 && large.rate == film)
    #expect(large.heading.contains(SourceLog.Column(name: "VIDEO_FORMAT", text: "CUSTOM")))
    #expect(large.entries[0].sourceFile == "A118_C029_1102JR_001.R3D")
    #expect(large.entries[0].reel == nil)
    // 14:40:02:11 to 14:42:22:23
    #expect(large.entries[0].span?.frames(at: film)?.count == Int64(140 * 24 + 12))
  }

  // MARK: ALE grammar

  @Test(arguments: ["\n", "\r\n", "\r"])
  func `lines may end in any of three ways`(end: String) throws {
    let text = ale("A1\tR1\t01:00:00:00\t01:00:01:00\t00:00:01:00\n").replacing("\n", with: end)
    let log = try log(text)
    #expect(log.entries.map(\.reel) == ["R1"])
    #expect(log.entries.first?.location.line == 9)
    #expect(log.faults.isEmpty)
  }

  @Test func `a bad row is a fault and the rest reads`() throws {
    let log = try log(
      ale(
        """
        good\tR1\t01:00:00:00\t01:00:01:00\t00:00:01:00
        sum\tR1\t01:00:00:00\t01:00:01:00\t00:00:01:01
        frame\tR1\t01:00:00:24\t01:00:01:00\t
        word\tR1\tsoon\t01:00:01:00\t
        long\tR1\t01:00:00:00\t01:00:01:00\t\tmore
        short\tR2
        night\tR3\t23:59:59:00\t00:00:01:00\t00:00:02:00
        """))
    #expect(log.entries.map(\.name) == ["good", "short", "night"])
    #expect(
      faults(log) == [
        "log.ale:10:32 log.badDuration", "log.ale:11:10 log.badTimecode", "log.ale:12:9 log.badTimecode",
        "log.ale:13:34 log.longRow",
      ])
    #expect(
      log.faults[0].description == """
        log.ale:10:32: error: start 01:00:00:00 and end 01:00:01:00 are 24 frames apart, and the duration \
        00:00:01:01 says 25
          sum\tR1\t01:00:00:00\t01:00:01:00\t00:00:01:01
          \("     \t  \t           \t           \t".dropFirst(2))^
          The end is the timecode after the last frame: correct the row or export the log again.
        """)
  }

  @Test func `fields may be parted by other characters when the heading says so`() throws {
    let text = ale("A1,R1,01:00:00:00,,00:00:01:00", columns: "Name,Tape,Start,End,Duration")
      .replacing("TABS", with: "COMMAS")
    #expect(try log(text).entries.first?.span?.frames(at: FrameRate(24))?.count == 24)
    let unknown = try log(ale("").replacing("TABS", with: "DOTS"))
    #expect(faults(unknown) == ["log.ale:2:13 log.badDelimiter"])
  }

  @Test(
    arguments: zip(
      ["23.976", "23.98", "24.00", "29.97", "59.94", "25", "47.95"],
      [
        film, film, FrameRate(24), FrameRate(30_000, 1001), FrameRate(60_000, 1001), FrameRate(25),
        FrameRate(48_000, 1001),
      ]))
  func `decimal rates are exact ones`(text: String, rate: FrameRate) throws {
    #expect(try log(ale("", fps: text)).rate == rate)
  }

  @Test func `a broken frame has one error that says where`() {
    func error(_ text: String) -> String? {
      do throws(DiagnosticList) {
        _ = try SourceLog.read(path: "log.ale", bytes: Array(text.utf8))
        return nil
      } catch {
        return error.diagnostics.map { "\($0.location?.description ?? "") \($0.code)" }.joined(
          separator: "; ")
      }
    }
    #expect(error("Name\tTape\n") == "log.ale:1:1 log.noHeading")
    #expect(error("Heading\nFPS\t24\n") == "log.ale log.cutOff")
    #expect(
      error("Heading\nFPS\tfast\n\nColumn\nData\n") == "log.ale:2:5 log.badRate; log.ale:5:1 log.noColumns")
    #expect(error("Heading\nColumn\nName\nA1\n") == "log.ale:3:1 log.noRate; log.ale:4:1 log.noData")
    #expect(error("") == "log.ale log.cutOff")
  }

  // MARK: CSV

  @Test func `a spreadsheet's columns go by their usual names`() throws {
    let text = """
      \u{FEFF}File Name,Reel Name,Start TC,End TC,Frame Rate,Scene,Take,Camera Roll,Comments,Duration
      A001C003.mov,A001,01:00:00:00,01:00:01:00,23.976,"12A, pickup",3,A1,"said ""cut"" twice",1.001
      A001C004.mov,A001,01:00:01:00,,25,12B,1,A1,,
      """
    let log = try log(text, path: "camera.csv")
    #expect(log.faults.isEmpty)
    let first = try #require(log.entries.first)
    #expect(first.name == "A001C003" && first.reel == "A001" && first.sourceFile == "A001C003.mov")
    #expect(first.scene == "12A, pickup" && first.take == "3" && first.cameraRoll == "A1")
    #expect(first.rate == film && first.span?.frames(at: film)?.count == 24)
    #expect(
      first.others == [
        SourceLog.Column(name: "Frame Rate", text: "23.976"),
        SourceLog.Column(name: "Comments", text: "said \"cut\" twice"),
        SourceLog.Column(name: "Duration", text: "1.001"),
      ])
    #expect(log.entries[1].rate == FrameRate(25))
  }

  @Test func `a title above the table and semicolons are read`() throws {
    let log = try log(
      "SOUND REPORT;Day 3\nFrame Rate;25\n\nFILE NAME;SCENE;TAKE;START TC\nT01.wav;7;2;10:00:00:00\n",
      path: "sound.csv")
    #expect(log.rate == FrameRate(25))
    #expect(log.entries.map(\.take) == ["2"])
    #expect(log.heading.first == SourceLog.Column(name: "SOUND REPORT", text: "Day 3"))
  }

  @Test func `faults of a table have line and column`() throws {
    let log = try log("Name,Tape,Start\nA1,R1,1:00\nA2,R1,,,x\nA3,\"R\"1,\nA4,R4,\n", path: "c.csv")
    #expect(log.entries.map(\.name).suffix(1) == ["A4"])
    #expect(faults(log) == ["c.csv:2:7 log.badTimecode", "c.csv:3:9 log.longRow", "c.csv:4:7 log.csv"])
    #expect(throws: DiagnosticList.self) { try self.log("a,b\n1,2\n", path: "c.csv") }
  }

  // MARK: Join

  private func media(_ name: String, start: String?, frames: Int64 = 240, reel: String? = nil) -> MediaItem {
    MediaItem(
      path: "/m/" + name,
      facts: MediaFacts(
        identity: name, fileName: name, container: "mov", byteCount: 1,
        video: VideoFacts(
          stream: 0, codec: "prores", width: 16, height: 16, pixelFormat: "yuv422p10le", bitDepth: 10,
          rate: film, frameCount: frames), timecodeStart: start, reel: reel))
  }

  private func clip(_ reel: String?, _ label: String, name: String = "", file: String? = nil) throws -> Clip {
    Clip(
      name: name, event: "001", sourceReel: reel, sourceFile: file,
      sourceIn: .label(try #require(TimecodeLabel(parsing: label))),
      recordRange: FrameRange(start: 0, count: 24))
  }

  @Test func `a clip finds its row by reel and timecode`() throws {
    let logs = SourceLogs([
      try log(
        ale(
          """
          one\tA001\t01:00:00:00\t01:00:10:00\t
          two\tA001\t01:00:10:00\t01:00:20:00\t
          other\tA002\t01:00:00:00\t01:00:10:00\t
          """))
    ])
    func names(_ clip: Clip) -> [String] { logs.matches(for: clip, rate: film).map(\.entry.name) }
    #expect(names(try clip("a001", "01:00:09:23")) == ["one"])
    // The end is not part of the row.
    #expect(names(try clip("A001", "01:00:10:00")) == ["two"])
    #expect(names(try clip("A001", "01:00:20:00")) == [])
    #expect(names(try clip("A002", "01:00:05:00")) == ["other"])
    #expect(names(try clip(nil, "01:00:15:00", name: "two.mov")) == ["two"])
    let frame = Timecode(frame: 86_400 + 24, rate: film)
    #expect(logs.entries(reel: "A001", timecode: frame).map(\.name) == ["one"])
  }

  @Test func `media gets the reel that its row names`() throws {
    let logs = SourceLogs([
      try log(
        ale(
          """
          A001C003\tDAY1\t01:00:00:00\t01:00:10:00\t
          A001C003\tDAY2\t05:00:00:00\t05:00:10:00\t
          B\tLAB\t02:00:00:00\t02:00:10:00\t
          """))
    ])
    func reel(_ media: MediaItem) -> String? { logs.reel(of: media)?.reel }
    // Two takes of one name: the timecode tells which.
    #expect(reel(media("A001C003_R1.mov", start: "01:00:02:00")) == "DAY1")
    #expect(reel(media("A001C003_R1.mov", start: "05:00:00:00")) == "DAY2")
    #expect(reel(media("A001C003_R1.mov", start: "07:00:00:00")) == nil)
    #expect(reel(media("A001C003.mov", start: nil)) == nil)
    #expect(reel(media("B.mov", start: nil)) == "LAB")
    #expect(
      logs.matches(for: media("x.mov", start: "02:00:09:23", reel: "lab")).map(\.rule) == [.reelAndTimecode])
  }

  @Test func `rows that contradict each other give no reel`() throws {
    let rows = "A1\tR1\t01:00:00:00\t01:00:10:00\t\nA1\tR2\t01:00:05:00\t01:00:10:00\t"
    let logs = SourceLogs([try log(ale(rows))])
    let item = media("A1.mov", start: "01:00:00:00")
    #expect(logs.reel(of: item) == nil)
    #expect(
      logs.reelConflicts(in: [item]).map(\.message) == [
        "the logs give A1.mov the reel R2 here and R1 at log.ale:9; neither is used"
      ])
  }

  @Test func `a UMID counts before every name`() throws {
    let umid = "060A2B340101010101010F00130000003D00000000000000"
    let text = ale("A1\tR1\t\t\t\t0x\(umid)", columns: "Name\tTape\tStart\tEnd\tDuration\tUMID")
    let logs = SourceLogs([try log(text)])
    var item = media("else.mov", start: nil)
    item.facts.tags = ["material_package_umid": "0x" + umid.lowercased()]
    #expect(logs.matches(for: item).map(\.rule) == [.umid])
  }
}
