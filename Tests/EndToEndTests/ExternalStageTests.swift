import Foundation
import TestSupport
import Testing

/// Real programs between stages, judged by the numbers that frames carry.
@Suite struct `External stages, end to end` {
  /// Negative pictures: a number comes back as its complement.
  private static let script = """
    #!/bin/sh
    set -e
    echo "openjd_progress: 10.0"
    ffmpeg -v error -start_number "$3" -i "$1" -vf negate -start_number "$3" "$2"
    echo "$3" > report.txt

    """
  private static let complement = 1 << 20 - 1

  private struct Production {
    let fixture: Fixture
    var extra = ""

    init() throws {
      fixture = try Fixture()
      try fixture.clip("A001", frames: 80, firstNumber: 0, timecode: "01:00:00:00", codec: Fixture.prores)
      try fixture.clip("B001", frames: 80, firstNumber: 500, timecode: "02:00:00:00", codec: Fixture.prores)
      _ = try fixture.folder.write(script, to: "tools/negate.sh")
      try FileManager.default.setAttributes(
        [.posixPermissions: 0o755], ofItemAtPath: fixture.path + "/tools/negate.sh")
    }

    /// A cut of both clips, the first `first` frames of A001 and ten of B001.
    func cut(_ first: Int) throws {
      _ = try fixture.folder.write(
        ListWriter.edl(
          [
            .init(reel: "A001", source: 86_400, count: first),
            .init(reel: "B001", source: 2 * 86_400 + 5, count: 10),
          ], base: 24, recordStart: 86_400), to: "cut.edl")
    }

    func pipeline(_ keys: String = "", outputs: String = "picture: out/frame.####.png, report: report.txt")
      throws
      -> String
    {
      try fixture.folder.write(
        """
        interlock: 1
        programme: test
        timeline: {cut: cut.edl, rate: 24000/1001, start: "01:00:00:00", media: [rushes]}
        raster: \(NumberedClip.width)x\(NumberedClip.height)
        stages:
          edit: {kind: editing}
          negate:
            kind: external
            picture: edit
            program: [tools/negate.sh, "{input-printf}", "{output-printf}", "{first}"]
            outputs: {\(outputs)}
            \(keys)
          master: {kind: delivery, picture: negate, profile: test}

        """, to: "p.yaml")
    }

    /// Labels of the attempts at programs so far.
    func programs() throws -> [String] {
      let attempts = fixture.path + "/out/.interlock/attempts"
      return try FileManager.default.contentsOfDirectory(atPath: attempts).compactMap { id in
        let data = try Data(contentsOf: URL(fileURLWithPath: "\(attempts)/\(id)/task.json"))
        struct Head: Decodable {
          var kind: String
          var label: String
        }
        let head = try JSONDecoder().decode(Head.self, from: data)
        return head.kind == "external" ? head.label : nil
      }.sorted()
    }

    func checkClean() throws {
      for file in try FileManager.default.subpathsOfDirectory(atPath: fixture.path + "/out") {
        #expect(!file.contains(".part"), "\(file) was left behind")
      }
    }
  }

  private static func shown(_ first: Int) -> [Int] {
    (Array(0..<first) + Array(505..<515)).map { complement - $0 }
  }

  @Test func `what a program makes is what stages downstream show`() throws {
    let production = try Production()
    try production.cut(20)
    let pipeline = try production.pipeline()
    let report = try production.fixture.run(pipeline)
    #expect(report.master.frames == 30)
    #expect(try NumberedClip.read(production.fixture.path + "/" + report.master.path) == Self.shown(20))
    let file = production.fixture.path + "/out/Assets/test/negate/v001/test_negate_v001.report.txt"
    #expect(try String(contentsOfFile: file, encoding: .utf8) == "1\n")
    #expect(try production.programs() == ["negate"])
    try production.checkClean()
    let again = try production.fixture.run(pipeline)
    #expect(again.framesMade == 0 && again.attempts == 0)
    // Its frames are in the master: nothing is missed when its own pictures are gone.
    let trace = try production.fixture.interlock(
      ["trace", report.master.path, "--frame", "3"])
    #expect(trace.text.contains("negate"), "\(trace.text)")
    #expect(trace.text.contains("A001"), "\(trace.text)")
  }

  @Test func `by shots a re-cut runs the program for the shots that changed`() throws {
    let production = try Production()
    try production.cut(20)
    let pipeline = try production.pipeline("unit: shot")
    _ = try production.fixture.run(pipeline)
    #expect(try production.programs() == ["negate A001", "negate B001"])
    try production.cut(12)
    let report = try production.fixture.run(pipeline)
    #expect(try production.programs() == ["negate A001", "negate A001", "negate B001"])
    #expect(try NumberedClip.read(production.fixture.path + "/" + report.master.path) == Self.shown(12))
    #expect(report.master.version == "v002")
    // Another script is another picture.
    _ = try production.fixture.folder.write(
      Self.script.replacingOccurrences(of: "negate", with: "null"), to: "tools/negate.sh")
    let plain = try production.fixture.run(pipeline)
    #expect(
      try NumberedClip.read(production.fixture.path + "/" + plain.master.path)
        == Self.shown(12).map { Self.complement - $0 })
    try production.checkClean()
  }

  @Test func `pictures may come and go as movies`() throws {
    let production = try Production()
    try production.cut(20)
    _ = try production.fixture.folder.write(
      """
      #!/bin/sh
      ffmpeg -v error -i "$1" -vf negate -c:v ffv1 -pix_fmt yuv422p10le -color_range tv "$2"

      """, to: "tools/negate.sh")
    let pipeline = try production.pipeline("profile: test", outputs: "picture: all.mkv")
    let text = try String(contentsOfFile: pipeline, encoding: .utf8)
      .replacingOccurrences(of: "-printf", with: "")
    _ = try production.fixture.folder.write(text, to: "p.yaml")
    let report = try production.fixture.run(pipeline)
    #expect(try NumberedClip.read(production.fixture.path + "/" + report.master.path) == Self.shown(20))
  }

  @Test func `a program that fails fails the run by its name, and runs again`() throws {
    let production = try Production()
    try production.cut(20)
    let pipeline = try production.pipeline()
    _ = try production.fixture.folder.write(
      "#!/bin/sh\necho out of ideas\nexit 7\n", to: "tools/negate.sh")
    let failed = try production.fixture.interlock(["run", pipeline, "--production", "out", "--workers", "1"])
    #expect(failed.status == 1, "\(failed.errors)")
    #expect(
      failed.errors.contains("`negate` exited with 7; its last words: “out of ideas”"), "\(failed.errors)")
    try production.checkClean()
    _ = try production.fixture.folder.write(Self.script, to: "tools/negate.sh")
    let report = try production.fixture.run(pipeline)
    #expect(try NumberedClip.read(production.fixture.path + "/" + report.master.path) == Self.shown(20))
  }

  @Test func `killed in the middle of a program, a run goes on and leaves nothing`() throws {
    let production = try Production()
    try production.cut(20)
    let pipeline = try production.pipeline()
    let signs = try TemporaryFolder()
    _ = try production.fixture.folder.write(
      "#!/bin/sh\necho $$ > \(signs.path)/here\n[ -e \(signs.path)/go ] || exec sleep 1000\n"
        + Self.script, to: "tools/negate.sh")
    let running = try Programs.start(
      Repository.product("interlock"), ["run", pipeline, "--production", "out", "--workers", "1"],
      folder: production.fixture.path)
    for _ in 0..<12_000 where !FileManager.default.fileExists(atPath: signs.path + "/here") { usleep(10_000) }
    let program = try #require(
      Int32(
        try String(contentsOfFile: signs.path + "/here", encoding: .utf8)
          .trimmingCharacters(in: .whitespacesAndNewlines)))
    let workers = Programs.children(of: running.process.processIdentifier)
    kill(running.process.processIdentifier, SIGKILL)
    for worker in workers { kill(-worker, SIGKILL) }
    _ = running.finish()
    for _ in 0..<6000 where kill(program, 0) == 0 { usleep(10_000) }
    _ = try signs.write("", to: "go")
    let report = try production.fixture.run(pipeline)
    #expect(try NumberedClip.read(production.fixture.path + "/" + report.master.path) == Self.shown(20))
    try production.checkClean()
  }

  @Test func `the example pipeline turns pictures upside down`() throws {
    let folder = try TemporaryFolder()
    let finished = try Programs.run(
      Repository.product("interlock"),
      [
        "run", Repository.root + "/Pipelines/external.yaml", "--production", folder.path + "/out", "--until",
        "flip",
        "--set",
        "timeline.cut="
          + folder.write(
            """
            TITLE: TEST
            FCM: NON-DROP FRAME

            001  A001C001 V     C        09:12:04:08 09:12:04:12 01:00:00:00 01:00:00:04
            * FROM CLIP NAME: A001C001

            """, to: "cut.edl"),
      ])
    #expect(finished.status == 0, "\(finished.errors)")
    let report = try String(
      contentsOfFile: folder.path
        + "/out/Assets/short-film-external/flip/v001/short-film-external_flip_v001.report.A001C001.json",
      encoding: .utf8)
    #expect(report == #"{"pictures": 4, "width": 640, "height": 360}"#)
  }
}
