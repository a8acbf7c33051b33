import Digests
import Foundation
import ImageGraph
import MediaTime
import TaskGraph
import TaskKinds
import TestSupport
import Testing

/// Programs that behave and programs that do not, run by the real worker.
@Suite struct `External programs` {
  /// A task that runs a shell script; `$out` is where its pictures and files go.
  private static func input(
    _ script: String, made: ExternalTask.MadePictures? = nil,
    outputs: [ExternalTask.MadeFileName] = [.init(name: "report", path: "report.txt", suffix: "report")],
    environment: [String: String] = [:], limits: ExternalTask.Limits = ExternalTask.Limits()
  ) -> ExternalTask.Input {
    func text(_ text: String) -> ExternalTask.Template { ExternalTask.Template([.text(text)]) }
    return ExternalTask.Input(
      stage: "denoise", program: [text("sh"), text("-c"), text(script)], files: [],
      environment: environment.mapValues(text), programVersion: nil, pictures: nil, firstNumber: 1,
      made: made,
      outputs: outputs, values: [:], limits: limits)
  }

  private static func stills(_ count: Int64, _ path: String = "out/frame.####.png", depth: Int? = nil)
    -> ExternalTask.MadePictures
  {
    ExternalTask.MadePictures(
      path: path, raster: Raster(width: 64, height: 36), count: count, rate: nil, depth: depth,
      interpretation: Interpretation(matrix: .bt601, isFullRange: true))
  }

  /// Makes `count` pictures with ffmpeg.
  private static func pictures(_ count: Int, _ size: String = "64x36", format: String = "rgb48be") -> String {
    "ffmpeg -v error -f lavfi -i testsrc=s=\(size):r=24 -frames:v \(count) -pix_fmt \(format) "
      + "-start_number 1 out/frame.%04d.png"
  }

  private struct Run {
    let attempt: Attempt
    let finished: Finished
    let ending: Ending
    let key: TaskKey

    init(_ input: ExternalTask.Input) throws {
      attempt = try Attempt()
      key = ExternalTask.key(input)
      try attempt.write("external", key: key, input)
      (finished, ending) = try attempt.run()
    }

    var log: String { (try? String(contentsOfFile: attempt.path + "/log.txt", encoding: .utf8)) ?? "" }

    func output() throws -> ExternalTask.Output {
      let name = key.hex
      let data = try Data(
        contentsOf: URL(
          fileURLWithPath: "\(attempt.folder.path)/out/.interlock/results/\(name.prefix(2))/\(name).json"))
      struct Record: Decodable { var output: ExternalTask.Output }
      // The body follows the envelope's first line.
      let body = data.firstIndex(of: UInt8(ascii: "\n")).map { data[data.index(after: $0)...] } ?? data
      return try (try? JSONDecoder().decode(Record.self, from: body).output)
        ?? JSONDecoder().decode(Record.self, from: data).output
    }

    /// Nothing of the program is left: no folder, no part, no process.
    func checkClean() throws {
      #expect(
        try attempt.files().filter { !["exit.json", "lock", "log.txt", "task.json"].contains($0) } == [])
      #expect(try attempt.processes() == [])
    }
  }

  @Test func `a program that makes what it was declared to make is done`() throws {
    let run = try Run(
      Self.input(
        Self.pictures(3)
          + " && echo fine > report.txt && echo openjd_progress: 50.0 && echo stray > stray.txt",
        made: Self.stills(3, depth: 16)))
    #expect(run.finished.status == 0, "\(run.finished.text)")
    #expect(run.finished.text.contains("Progress: "))
    #expect(run.attempt.hasResult(run.key))
    #expect(run.log.contains("not declared, and not kept: stray.txt"))
    try run.checkClean()
  }

  @Test(arguments: [
    (["true"], "did not make `report.txt`"),
    (["touch report.txt"], "left `report.txt` empty"),
    (["mkdir report.txt"], "made something that is no file where `report.txt` should be"),
    (["ln -s /etc/passwd report.txt"], "made something that is no file where `report.txt` should be"),
  ])
  func `an output that is missing, empty or no file fails the task`(script: [String], message: String) throws
  {
    let run = try Run(Self.input(script[0]))
    #expect(run.finished.status == 4 && run.ending.failure == "application")
    #expect(run.ending.diagnostics.first?.message == "`denoise` " + message)
    #expect(!run.attempt.hasResult(run.key))
    try run.checkClean()
  }

  @Test func `a folder of outputs that became a link leads nowhere`() throws {
    let outside = try TemporaryFolder()
    _ = try outside.write("secret", to: "report.txt")
    let run = try Run(
      Self.input(
        "rmdir out && ln -s \(outside.path) out",
        outputs: [.init(name: "report", path: "out/report.txt", suffix: "report")]))
    #expect(run.finished.status == 4)
    #expect(
      run.ending.diagnostics.first?.message
        == "`denoise` made a link to another place where the folder of `out/report.txt` should be")
    #expect(try String(contentsOfFile: outside.path + "/report.txt", encoding: .utf8) == "secret")
    let mode = try FileManager.default.attributesOfItem(atPath: outside.path + "/report.txt")[
      .posixPermissions]
    #expect((mode as? Int ?? 0) & 0o200 != 0)
  }

  @Test func `pictures that are missing, too many, of another size or depth, or damaged fail the task`()
    throws
  {
    let cases: [(String, ExternalTask.MadePictures, String)] = [
      (
        Self.pictures(5) + "; rm out/frame.0002.png out/frame.0003.png", Self.stills(5),
        "made 3 of the 5 pictures `out/frame.####.png` from 1 to 5: without 2–3"
      ),
      (
        Self.pictures(4), Self.stills(3),
        "made 4 of the 3 pictures `out/frame.####.png` from 1 to 3: with 4, which nobody asked for"
      ),
      (
        Self.pictures(2, "32x36"), Self.stills(2),
        "made `out/frame.0001.png` in 32x36, and 64x36 was declared"
      ),
      (
        Self.pictures(2, format: "rgb24"), Self.stills(2, depth: 16),
        "made `out/frame.0001.png` with 8 bits a sample (rgb24), and 16 were declared"
      ),
      (
        Self.pictures(2) + " && truncate -s 200 out/frame.0002.png", Self.stills(2),
        "made `out/frame.0002.png`, which is no whole picture"
      ),
    ]
    for (script, made, message) in cases {
      let run = try Run(Self.input(script, made: made, outputs: []))
      #expect(run.finished.status == 4 && run.ending.failure == "application")
      #expect(run.ending.diagnostics.first?.message.hasPrefix("`denoise` " + message) == true)
      try run.checkClean()
    }
  }

  @Test func `failures are told apart and name what the program said`() throws {
    let limits = ExternalTask.Limits(licenceExits: [100], licenceTexts: ["no license"])
    let cases: [(String, Int32, String, String)] = [
      ("echo it went wrong; exit 3", 1, "application", "exited with 3; its last words: “it went wrong”"),
      (
        "echo openjd_fail: no such camera; exit 1", 1, "application",
        "exited with 1; its last words: “no such camera”"
      ),
      ("exit 100", 75, "licence", "found no licence (exit 100)"),
      (
        "echo 'ERROR: No License for it'; exit 1", 75, "licence",
        "found no licence: “ERROR: No License for it”"
      ),
      ("kill -SEGV $$", 1, "application", "was ended by signal 11 (Segmentation fault)"),
      ("kill -KILL $$", 1, "infrastructure", "was killed from outside (SIGKILL)"),
    ]
    for (script, exit, failure, message) in cases {
      let run = try Run(Self.input(script, limits: limits))
      #expect(run.finished.status == exit && run.ending.failure == failure, "\(script)")
      #expect(
        run.ending.diagnostics.first?.message.hasPrefix("`denoise` " + message) == true, "\(run.ending)")
      #expect(run.ending.diagnostics.first?.remedy?.contains(".interlock/attempts/") == true)
      try run.checkClean()
    }
  }

  @Test func `a program that hangs is stopped at its timeout, with its children`() throws {
    let run = try Run(
      Self.input(
        "trap '' TERM; sleep 1000 & exec sleep 1001", limits: ExternalTask.Limits(timeout: 1)))
    #expect(run.finished.status == 1 && run.ending.failure == "application")
    #expect(run.ending.diagnostics.first?.code == "external.timeout")
    try run.checkClean()
  }

  @Test func `a daemon that left its parent, group and session is ended and named`() throws {
    let run = try Run(
      Self.input(
        "echo done > report.txt; (setsid python3 -c 'import time; time.sleep(1000)' >/dev/null 2>&1 </dev/null &) ; sleep 0.3"
      ))
    #expect(run.finished.status == 0, "\(run.finished.text)")
    #expect(run.log.contains("it left running, and we ended: python3"))
    #expect(run.ending.diagnostics.map(\.code) == ["external.leftRunning"])
    try run.checkClean()
  }

  @Test func `a program that leaks memory is stopped and named`() throws {
    let run = try Run(
      Self.input(
        "exec python3 -c 'x = []\nwhile True: x.append(bytearray(1 << 20))'",
        limits: ExternalTask.Limits(timeout: 600, memoryBytes: 200 << 20)))
    #expect(run.finished.status == 33 && run.ending.failure == "application")
    #expect(run.ending.diagnostics.first?.code == "external.outOfMemory")
    try run.checkClean()
  }

  @Test func `of 100 MB of output the log keeps the beginning and the end`() throws {
    let run = try Run(
      Self.input(
        "echo first words; yes 'line after line after line' | head -c 100000000; echo; echo last words; "
          + "echo ok > report.txt"))
    #expect(run.finished.status == 0, "\(run.finished.text)")
    let log = run.log
    #expect(
      log.contains("first words") && log.contains("last words")
        && log.contains("bytes of its output are left out"))
    #expect(log.utf8.count < 4 << 20)
    // A farm's own log gets none of it: some kill for the size of a log.
    #expect(run.finished.text.utf8.count < 64 << 10)
  }

  @Test func `the program meets a clean environment, no descriptors and an empty input`() throws {
    let run = try Run(
      Self.input(
        "env; ls /proc/self/fd | tr '\\n' ' '; wc -c < /dev/stdin; pwd; echo ok > report.txt",
        environment: ["OCIO": "show.ocio"]))
    #expect(run.finished.status == 0)
    let printed = run.log.split(separator: "\n").compactMap { line in
      line.range(of: " | ").map { String(line[$0.upperBound...]) }
    }
    let names = Set(printed.filter { $0.contains("=") }.map { String($0.prefix { $0 != "=" }) })
    #expect(
      names == ["PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "TZ", "OCIO", "INTERLOCK_ATTEMPT", "PWD"]
        || names == ["PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "TZ", "OCIO", "INTERLOCK_ATTEMPT"])
    #expect(printed.contains("PATH=/usr/local/bin:/usr/bin:/bin"))
    #expect(printed.contains { $0.hasPrefix("0 1 2 3") && $0.hasSuffix("0") })
    #expect(printed.contains { $0.hasSuffix("/program.part/work") })
  }

  @Test func `a program that is nowhere is an input that is missing`() throws {
    var input = Self.input("true")
    input.program = [ExternalTask.Template([.text("no-such-program-here")])]
    let run = try Run(input)
    #expect(run.finished.status == 3 && run.ending.failure == "user")
    #expect(run.ending.diagnostics.first?.code == "external.noProgram")
    try run.checkClean()
  }

  @Test func `SIGTERM reaches the program, and the attempt ends as cancelled`() throws {
    let attempt = try Attempt()
    let signs = try TemporaryFolder()
    let input = Self.input(
      "trap 'echo heard > \(signs.path)/heard; exit 0' TERM; echo here > \(signs.path)/here; "
        + "while :; do sleep 0.1; done")
    try attempt.write("external", key: ExternalTask.key(input), input)
    let running = try Programs.start(Attempt.program, ["run", attempt.taskFile])
    for _ in 0..<6000 where !FileManager.default.fileExists(atPath: signs.path + "/here") { usleep(10_000) }
    kill(running.process.processIdentifier, SIGTERM)
    let finished = running.finish()
    #expect(finished.status == 143)
    #expect(FileManager.default.fileExists(atPath: signs.path + "/heard"))
    #expect(try attempt.files().filter { $0.hasSuffix(".part") } == [])
  }
}
