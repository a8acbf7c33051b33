import Foundation
import TestSupport
import Testing

/// Cuts that OpenTimelineIO reads for us, by the real `otioconvert`.
@Suite struct `Cut conversion` {
  /// `make test` puts it into `.build/otio`.
  private static let converter: String? = {
    let candidates = [
      ProcessInfo.processInfo.environment["INTERLOCK_OTIOCONVERT"] ?? "",
      Repository.root + "/.build/otio/bin/otioconvert",
    ]
    return candidates.first { FileManager.default.isExecutableFile(atPath: $0) }
  }()

  private static let samples = (Repository.shared ?? "") + "/samples/editorial"
  private static let isThere = converter != nil
  private static let canReadSamples = isThere && FileManager.default.fileExists(atPath: samples + "/aaf")
  private static let why: Comment =
    "otioconvert is not installed (`make install-tests`) or the samples are not here"

  /// Without an `otioconvert` anywhere.
  private let nothingInstalled = ["PATH": "/usr/bin:/bin", "INTERLOCK_OTIOCONVERT": ""]

  private func conform(_ fixture: Fixture, _ cut: String) throws -> Finished {
    try fixture.interlock(
      ["conform", cut, "--media", "rushes", "--report", "report.json"],
      environment: ["INTERLOCK_OTIOCONVERT": try #require(Self.converter)])
  }

  private func report(_ fixture: Fixture) throws -> String {
    try String(contentsOfFile: fixture.path + "/report.json", encoding: .utf8)
  }

  /// A small movie of black with silence.
  private func movie(_ name: String, seconds: Int, rate: String, in fixture: Fixture) throws {
    let made = try Programs.run(
      "ffmpeg",
      [
        "-v", "error", "-f", "lavfi", "-i", "color=black:size=64x36:rate=\(rate)", "-f", "lavfi", "-i",
        "anullsrc=channel_layout=5.1:sample_rate=48000", "-t", "\(seconds)", "-c:v", "mpeg4", "-c:a",
        "pcm_s16le",
        fixture.path + "/rushes/" + name,
      ])
    #expect(made.status == 0, "\(made.errors)")
  }

  /// The file has six channels under `Mono Audio Gain` and starts at 05:00:00;00, by pyaaf2.
  @Test(.enabled(if: canReadSamples, why))
  func `an AAF conforms, and its effects are told with track and timecode`()
    throws
  {
    let fixture = try Fixture()
    try movie("58982c7f-78b3-4cf9-8432-729fc4eafd55.mov", seconds: 101, rate: "30000/1001", in: fixture)
    let result = try conform(fixture, Self.samples + "/aaf/2997fps-DFTC.aaf")
    #expect(result.status == 0, "\(result.errors)")
    let report = try report(fixture)
    #expect(
      report.contains("the effect `Mono Audio Gain` is not carried (A1 at 05:00:00;00, A2 at 05:00:00;00"))
    // Told once: not again by the reader of the converted file.
    #expect(report.components(separatedBy: "Mono Audio Gain").count == 2)
  }

  /// A sequence of one clip with a picture in picture, made with pyaaf2.
  private static let resized = """
    import sys, aaf2
    with aaf2.open(sys.argv[1], "w") as f:
        op = f.create.OperationDef("00000000-0000-0000-0000-0000000000aa", "Picture-in-Picture", "")
        op.media_kind = "picture"
        op["NumberInputs"].value = 1
        f.dictionary.register_def(op)
        tape = f.create.SourceMob("A001")
        tape.create_tape_slots("A001", 24, 24)
        for each in tape.slots:
            if type(each.segment).__name__ == "Timecode":
                each.segment.start = 86400
        f.content.mobs.append(tape)
        master = f.create.MasterMob("A001C001")
        f.content.mobs.append(master)
        slot = master.create_picture_slot(24)
        slot.segment = f.create.Sequence(media_kind="picture")
        slot.segment.components.append(tape.create_source_clip(1, 0, 48))
        mob = f.create.CompositionMob("reel1")
        mob.usage = "Usage_TopLevel"
        f.content.mobs.append(mob)
        clock = mob.create_timeline_slot(24)
        timecode = f.create.Timecode(24)
        timecode.start = 86400
        timecode.length = 48
        clock.segment = timecode
        track = mob.create_timeline_slot(24)
        track.segment = f.create.Sequence(media_kind="picture")
        track.segment.components.append(master.create_source_clip(slot.slot_id, 0, 24))
        group = f.create.OperationGroup(op, 24)
        group.media_kind = "picture"
        group.length = 24
        group.segments.append(master.create_source_clip(slot.slot_id, 24, 24))
        track.segment.components.append(group)
    """

  @Test(.enabled(if: isThere, why)) func `a picture in picture of an AAF is a fault of its event`() throws {
    let fixture = try Fixture()
    let python =
      URL(fileURLWithPath: try #require(Self.converter)).deletingLastPathComponent().path + "/python3"
    let script = try fixture.folder.write(Self.resized, to: "make.py")
    let made = try Programs.run(python, [fixture.path + "/make.py", fixture.path + "/cut.aaf"])
    #expect(made.status == 0, "\(script) \(made.errors)")
    try fixture.clip(
      "A001C001", frames: 60, firstNumber: 0, rate: "24", timecode: "01:00:00:00", codec: Fixture.prores)
    _ = try conform(fixture, "cut.aaf")
    let report = try report(fixture)
    #expect(report.contains("the effect `Picture-in-Picture` is not carried (V1 at 01:00:01:00)"))
    #expect(report.contains("\"isFault\" : true"))
  }

  /// Without its media the cut of GStreamer's editor is known by what it lacks: its README counts eight clips.
  @Test(.enabled(if: canReadSamples, why)) func `other adapters are asked by the file's extension`() throws {
    let fixture = try Fixture()
    let result = try fixture.interlock(
      ["conform", Self.samples + "/xges/xges_example.xges", "--media", "rushes"],
      environment: ["INTERLOCK_OTIOCONVERT": try #require(Self.converter)])
    #expect(result.status == 3)
    #expect(result.errors.contains("raw_video.avi.11523200.proxy.mkv"))
    for event in 1...8 { #expect(result.errors.contains("event 00\(event) ")) }
  }

  @Test(.enabled(if: isThere, why)) func `a file that is no AAF has one error`() throws {
    let fixture = try Fixture()
    _ = try fixture.folder.write("no compound file", to: "cut.aaf")
    let result = try conform(fixture, "cut.aaf")
    #expect(result.status == 2)
    #expect(result.errors.hasPrefix("cut.aaf: error: otioconvert cannot read the cut: "))
  }

  @Test func `without otioconvert an AAF has one error with the way to install it`() throws {
    let fixture = try Fixture()
    _ = try fixture.folder.write("\u{1}", to: "cut.aaf")
    let result = try fixture.interlock(
      ["conform", "cut.aaf", "--media", "rushes"], environment: nothingInstalled)
    #expect(result.status == 2)
    #expect(
      result.errors == """
        cut.aaf: error: AAF is read through OpenTimelineIO's `otioconvert`, which is not installed
          Install it with `python3 -m venv ~/.otio && ~/.otio/bin/pip install OpenTimelineIO otio-aaf-adapter \
        otio-xges-adapter` (Debian: apt install python3-venv), then `export INTERLOCK_OTIOCONVERT=~/.otio/bin/otioconvert`.

        """)
  }

  @Test func `doctor notes the missing converter and does not fail for it`() throws {
    let fixture = try Fixture()
    let result = try fixture.interlock(["doctor"], environment: nothingInstalled)
    #expect(result.text.contains("✓ cut converter: otioconvert is not installed"))
    #expect(result.text.contains("    Install it with `python3 -m venv"))
  }

  @Test func `a log is not taken for a cut`() throws {
    let fixture = try Fixture()
    _ = try fixture.folder.write("Heading\nFPS\t24\n\nColumn\nName\n\nData\n", to: "log.ale")
    let result = try fixture.interlock(["conform", "log.ale", "--media", "rushes"])
    #expect(result.status == 2)
    #expect(result.errors.contains("an ALE is a log of sources and not a cut"))
  }
}
