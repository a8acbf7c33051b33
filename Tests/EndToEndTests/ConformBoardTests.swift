import Foundation
import TestSupport
import Testing

/// Cuts, runs and conforms from the board, over real HTTP and by a real browser.
@Suite struct `The board, conforming` {
  /// A gated production, and two cuts for it.
  private struct Film {
    let fixture: Fixture
    let pipeline: String
    /// Of 36 and of 30 frames.
    let first: Data
    let second: Data

    init(frames: Int = 60) throws {
      fixture = try Fixture()
      try fixture.clip(
        "A001", frames: frames, firstNumber: 0, timecode: "01:00:00:00", codec: Fixture.prores)
      first = Data(
        ListWriter.edl(
          [
            ListWriter.Event(reel: "A001", source: 86_405, count: 20),
            ListWriter.Event(reel: "A001", source: 86_430, count: 16),
          ], base: 24, recordStart: 86_400
        ).utf8)
      second = Data(
        ListWriter.edl(
          [
            ListWriter.Event(reel: "A001", source: 86_405, count: 14),
            ListWriter.Event(reel: "A001", source: 86_432, count: 16),
          ], base: 24, recordStart: 86_400
        ).utf8)
      _ = try fixture.folder.write(String(decoding: first, as: UTF8.self), to: "cut.edl")
      pipeline = try fixture.folder.write(
        """
        interlock: 1
        programme: test
        timeline: {cut: cut.edl, rate: 24000/1001, start: "01:00:00:00", media: [rushes], handles: 2}
        raster: \(NumberedClip.width)x\(NumberedClip.height)
        stages:
          edit: {kind: editing}
          grade: {kind: color-grade, picture: edit, stills: no}
          review: {kind: delivery, picture: grade, profile: silent-review}
          sign-off: {kind: approval, of: review, for: grade, role: colorist}
          master: {kind: delivery, picture: grade, profile: test, after: [sign-off]}

        """, to: "p.yaml")
    }

    func names(in folder: String) -> [String] {
      ((try? FileManager.default.contentsOfDirectory(atPath: "\(fixture.path)/\(folder)")) ?? []).sorted()
    }
  }

  private struct Start: Decodable {
    var start: String
    var state: String
    var exit: Int?
    var run: String?
    var command: String
    var messages: String
    var hasReport: Bool

    var isOver: Bool { state == "ended" || state == "lost" }
  }

  private struct Problem: Decodable {
    var code: String
    var message: String
    var details: [String]?
  }

  private func decoded<Value: Decodable>(_ answer: HTTPExchange, as type: Value.Type = Value.self) throws
    -> Value
  {
    do {
      return try JSONDecoder().decode(type, from: answer.body)
    } catch {
      throw FixtureError(text: "\(answer.status): \(answer.text)")
    }
  }

  /// Waits for a command to be over, or for what is asked.
  private func wait(
    for start: Start, _ server: BoardServing, until isWanted: (Start) -> Bool = { $0.isOver }
  ) throws -> Start {
    let limit = ContinuousClock.now + .seconds(900)
    while true {
      let now: Start = try decoded(server.get("/api/v1/starts/\(start.start)"))
      if isWanted(now) || now.isOver { return now }
      try #require(ContinuousClock.now < limit, "it goes on and on: \(now.messages)")
      usleep(50_000)
    }
  }

  @Test func `a cut is taken whole or not at all, whatever it is called and whatever is in it`() throws {
    let film = try Film()
    let server = try BoardServing(film.fixture, [film.pipeline])
    defer { _ = server.end() }
    let cuts = "/api/v1/programmes/test/cuts?name="
    func refused(_ answer: HTTPExchange, _ status: Int, _ code: String) throws {
      #expect(answer.status == status, "\(answer.text)")
      #expect(try decoded(answer, as: Problem.self).code == code)
    }
    // Names that lead elsewhere.
    for name in [
      "..%2F..%2Fp.yaml", "%2Fetc%2Fcron.d%2Fx.edl", "a%5Cb.edl", "x.edl%00.sh", "run.sh", "%0a.edl",
    ] {
      try refused(server.post(cuts + name, film.second), 422, "cut.badName")
    }
    try refused(server.post("/api/v1/programmes/test/cuts", film.second), 400, "cut.noName")
    try refused(
      server.post("/api/v1/programmes/other/cuts?name=a.edl", film.second), 404, "programme.unknown")
    try refused(
      server.post("/api/v1/programmes/%2e%2e/cuts?name=a.edl", film.second), 404, "programme.unknown")
    #expect(try server.post(cuts + "a.edl", film.second, type: "text/plain").status == 415)
    try refused(server.post(cuts + "a.edl", Data(count: (64 << 20) + 1)), 413, "cut.tooLarge")
    try refused(server.post(cuts + "a.edl", Data()), 422, "cut.empty")
    // What is no cut, and a cut with a fault in it.
    for (name, bytes) in [
      ("noise.edl", Data((0..<40_000).map { UInt8(truncatingIfNeeded: $0 &* 197 >> 3) })),
      (
        "bomb.xml",
        Data(
          "<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]><xmeml version=\"4\">&b;</xmeml>"
            .utf8)
      ),
      ("deep.otio", Data(String(repeating: "{\"a\":", count: 30_000).utf8)),
      (
        "xxe.fcpxml",
        Data(
          "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><fcpxml version=\"1.9\">&e;</fcpxml>".utf8)
      ),
      (
        "fault.edl",
        Data(
          "TITLE: X\nFCM: NON-DROP FRAME\n001  A001 V C 01:00:00:05 01:00:99:25 01:00:00:00 01:00:00:20\n"
            .utf8)
      ),
    ] {
      let answer = try server.post(cuts + name, bytes)
      try refused(answer, 422, "cut.faults")
      let problem: Problem = try decoded(answer)
      #expect(problem.details?.isEmpty == false, "\(name)")
      #expect(
        !answer.text.contains("root:") && !answer.text.contains(film.fixture.path), "\(name): \(answer.text)")
    }
    #expect(film.names(in: "out/Cuts/test") == [], "nothing was taken")
    #expect(film.names(in: "out/.interlock/incoming") == [], "nothing is left over")
    #expect(film.names(in: "out/.interlock/starts") == [], "nothing was started")

    // A good one with a name that no shell and no page should see as it is.
    let taken = try server.post(cuts + "%3Cb%3E$(reboot)%20v2.edl", film.second)
    #expect(taken.status == 201, "\(taken.text)")
    #expect(film.names(in: "out/Cuts/test/v001") == ["b___reboot__v2.edl", "cut.json"])
    let page = try server.get("/conform/test").text
    #expect(page.contains("b___reboot__v2.edl") && !page.contains("<b>$"))
    #expect(
      try Data(contentsOf: URL(fileURLWithPath: film.fixture.path + "/out/Cuts/test/v001/b___reboot__v2.edl"))
        == film.second)
    // A run in a shell takes what its pipeline file says, and tells that the board has another cut.
    let own = try film.fixture.interlock(["run", film.pipeline, "--production", "out", "--until", "edit"])
    #expect([0, 6].contains(own.status), "\(own.errors)")
    #expect(
      own.errors.contains("test: this run takes cut.edl; on the board v001, b___reboot__v2.edl, given by "))
    let words = "--set timeline.cut=out/Cuts/test/v001/b___reboot__v2.edl"
    #expect(own.errors.contains("To run that: \(words)"))
    let told = try film.fixture.interlock(
      ["run", film.pipeline, "--production", "out", "--until", "edit"]
        + words.split(separator: " ").map(String.init))
    #expect([0, 6].contains(told.status) && !told.errors.contains("on the board"), "\(told.errors)")
  }

  @Test func `pages of others and other users start and stop nothing`() throws {
    let film = try Film()
    let server = try BoardServing(film.fixture, [film.pipeline])
    defer { _ = server.end() }
    let token = try #require(
      try server.get("/conform").text.firstMatch(of: #/name="token" value="([0-9a-f]{64})"/#)
    ).output.1
    let form = ("Content-Type", "application/x-www-form-urlencoded")
    let json = ("Content-Type", "application/json")
    let bytes = ("Content-Type", "application/octet-stream")
    let body = Data("token=\(token)".utf8)
    let wish = Data(#"{"programme": "test"}"#.utf8)
    let own = ("Origin", server.address)
    for (target, headers, sent, status) in [
      // Without the key: another user of this machine.
      ("/conform/test/run", [form, own], body, 401), ("/api/v1/runs", [json], wish, 401),
      ("/api/v1/programmes/test/cuts?name=a.edl", [bytes], film.second, 401),
      ("/api/v1/conforms?name=a.edl&programme=test", [bytes], film.second, 401),
      // With a browser that was let in, from a page of others.
      ("/conform/test/run", [server.cookie, form, ("Origin", "http://evil.example")], body, 403),
      ("/conform/test/run", [server.cookie, form, ("Origin", "null")], body, 403),
      ("/conform/test/run", [server.cookie, form, own, ("Sec-Fetch-Site", "cross-site")], body, 403),
      ("/conform/test/run", [server.cookie, form, own], Data("token=0".utf8), 403),
      ("/conform/test/run", [server.cookie, form, own], Data(), 403),
      ("/api/v1/runs", [server.cookie, json, own], wish, 403),
      ("/api/v1/runs", [server.cookie, json, own, ("X-Interlock-Token", "x")], wish, 403),
      ("/api/v1/programmes/test/cuts?name=a.edl", [server.cookie, bytes, own], film.second, 403),
      ("/api/v1/conforms?name=a.edl&programme=test", [server.cookie, bytes, own], film.second, 403),
      // What a page of others may send without asking.
      ("/api/v1/runs", [server.bearer, ("Content-Type", "text/plain")], wish, 415),
      ("/conform/test/run", [server.bearer, ("Content-Type", "text/plain")], body, 415),
      // What is not to be had.
      ("/api/v1/runs", [server.bearer, json], Data(#"{"programme": "../../etc"}"#.utf8), 404),
      ("/api/v1/runs", [server.bearer, json], Data(#"{"programme": "test", "cut": "v007"}"#.utf8), 422),
      (
        "/api/v1/runs", [server.bearer, json], Data(#"{"programme": "test", "until": "--workers"}"#.utf8), 422
      ),
      ("/api/v1/runs", [server.bearer, json], Data("[]".utf8), 400),
      ("/api/v1/runs/latest/cancel", [server.bearer, json], Data("{}".utf8), 404),
      ("/api/v1/starts/..%2f..%2fx/cancel", [server.bearer, json], Data("{}".utf8), 404),
      ("/api/v1/conforms?name=a.edl&media=%2Fetc", [server.bearer, bytes], film.second, 422),
      ("/api/v1/conforms?name=a.edl", [server.bearer, bytes], film.second, 400),
      ("/api/v1/conforms?name=a.edl&programme=test&rate=--help", [server.bearer, bytes], film.second, 422),
      ("/api/v1/conforms?name=a.edl&programme=test&handles=-1", [server.bearer, bytes], film.second, 422),
      (
        "/api/v1/conforms?name=a.edl&programme=test&reference=..%2Fcut.edl", [server.bearer, bytes],
        film.second, 422
      ),
      (
        "/api/v1/conforms?name=a.edl&programme=test&reference=%2Fetc%2Fpasswd", [server.bearer, bytes],
        film.second, 422
      ),
    ] as [(String, [(String, String)], Data, Int)] {
      let answer = try server.send("POST", target, headers: headers, body: sent)
      #expect(answer.status == status, "\(target) \(headers): \(answer.text.suffix(300))")
    }
    #expect(film.names(in: "out/.interlock/starts") == [], "nothing was started")
    #expect(film.names(in: "out/Cuts") == [], "nothing was taken")

    // Whoever was not let in reads nothing either, and the way in tells nothing.
    for target in [
      "/", "/conform", "/api/v1/programmes", "/metrics", "/openapi.json", "/events", "/api/v1/session",
    ] {
      let answer = try server.send("GET", target, headers: [])
      #expect(answer.status == 401, "\(target)")
      #expect(
        !answer.text.contains("test") && !answer.text.contains(token) && !answer.text.contains(server.key),
        "\(target)")
    }
    let wrong = try server.send("GET", "/enter?key=\(String(repeating: "0", count: 64))", headers: [])
    #expect(wrong.status == 401 && wrong.headers["set-cookie"] == nil)
    let right = try server.send(
      "POST", "/enter", headers: [form, own], body: Data("key=\(server.key)".utf8))
    #expect(right.status == 200)
    #expect(right.headers["set-cookie"]?.hasSuffix("HttpOnly; SameSite=Strict") == true)
    #expect(try server.send("GET", "/", headers: [server.cookie]).status == 200)
    // A method that an address does not take.
    let other = try server.send("DELETE", "/conform", headers: [server.bearer])
    #expect(other.status == 405 && other.headers["allow"] == "GET, HEAD")
  }

  @Test func `a run goes on when its server is killed, is cancelled, and resumed`() throws {
    let film = try Film(frames: 300)
    let long = ListWriter.edl(
      [ListWriter.Event(reel: "A001", source: 86_405, count: 290)], base: 24, recordStart: 86_400)
    let server = try BoardServing(film.fixture, [film.pipeline])
    let cut = try server.post("/api/v1/programmes/test/cuts?name=long.edl", Data(long.utf8))
    #expect(cut.status == 201, "\(cut.text)")
    let wish = Data(#"{"programme": "test"}"#.utf8)
    let begun: Start = try decoded(server.post("/api/v1/runs", wish, type: "application/json"))
    #expect(
      begun.command.contains("run ") && begun.command.hasSuffix("timeline.cut=out/Cuts/test/v001/long.edl"))
    // Nobody else may start while it plans or runs.
    let again = try server.post("/api/v1/runs", wish, type: "application/json")
    #expect(again.status == 409, "\(again.text)")
    let running = try wait(for: begun, server) { $0.run != nil }
    kill(server.running.process.processIdentifier, SIGKILL)
    _ = server.running.finish()
    #expect(!running.isOver, "\(running.messages)")

    // Another server finds it, and stops it.
    let next = try BoardServing(film.fixture, [film.pipeline])
    defer { _ = next.end() }
    let known: Start = try decoded(next.get("/api/v1/starts/\(begun.start)"))
    if !known.isOver {
      _ = try next.post(
        "/api/v1/starts/\(begun.start)/cancel", Data(#"{"now": false}"#.utf8), type: "application/json")
    }
    let ended = try wait(for: begun, next)
    #expect(ended.state == "ended")
    // It may have been faster than we are.
    #expect([130, 6].contains(ended.exit), "\(ended.messages)")
    let over = try next.post(
      "/api/v1/starts/\(begun.start)/cancel", Data("{}".utf8), type: "application/json")
    #expect(over.status == 409)

    let resumed: Start = try decoded(next.post("/api/v1/runs", wish, type: "application/json"))
    let done = try wait(for: resumed, next)
    #expect(done.exit == 6, "\(done.messages)")
    #expect(film.names(in: "out/Deliverables/test/review") == ["v001"])
    let page = try next.get("/conform/test")
    #expect(page.text.contains("done, waits for a person") || page.text.contains("done</span>"))
    let frame = try #require(page.text.firstMatch(of: #/<iframe class="report" src="([^"]+)"/#)).output.1
    let report = try next.get(String(frame))
    #expect(report.status == 200 && report.text.contains("data:image/"))
    #expect(report.headers["content-security-policy"]?.contains("sandbox; frame-ancestors 'self'") == true)
  }

  @Test func `a report alone is made of a cut with faults, and says them without obeying them`() throws {
    let film = try Film()
    let server = try BoardServing(film.fixture, [film.pipeline], ["--media", "rushes"])
    defer { _ = server.end() }
    let hostile =
      String(decoding: film.first, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
      .joined(separator: "\n")
      + "\n003  NOROLL V C 01:00:00:05 01:00:00:09 01:00:01:12 01:00:01:16\n* FROM CLIP NAME: <script>alert(1)</script>\"onload=x\n"
    let begun: Start = try decoded(
      server.post(
        "/api/v1/conforms?name=film.edl&media=rushes&rate=24000%2F1001&reference=A001.mov", Data(hostile.utf8)
      ))
    let done = try wait(for: begun, server)
    #expect(done.state == "ended" && done.hasReport, "\(done.messages)")
    let report = try server.get("/starts/\(begun.start)/report")
    #expect(report.status == 200)
    #expect(report.text.contains("&lt;script&gt;") && !report.text.contains("<script>alert"))
    let page = try server.get("/starts/\(begun.start)").text
    #expect(!page.contains("<script>alert"))
    #expect(page.contains("interlock conform"))
    #expect(
      try server.get("/starts/\(begun.start)/report?data").headers["content-disposition"]?.hasPrefix(
        "attachment") == true)
    #expect(try server.get("/starts/01ARZ3NDEKTSV4RRFFQ69G5FAV/report").status == 404)
  }

  @Test(.enabled(if: BoardBrowser.isInstalled, "chromium is not installed; `make test` installs it"))
  func `a dropped cut is run, watched, rejected, approved, and the run goes on, all in a browser`() throws {
    let film = try Film()
    _ = try film.fixture.folder.write(String(decoding: film.second, as: UTF8.self), to: "next.edl")
    let server = try BoardServing(film.fixture, [film.pipeline])
    defer { _ = server.end() }
    let text = "document.body.innerText"
    let isDone =
      "document.querySelector('#start .state') && document.querySelector('#start .state').textContent.startsWith('done')"
    let steps: [[String: Any]] = [
      ["size": [1440, 1000]], ["enter": server.entrance], ["go": server.address + "/conform"],
      ["until": "document.getElementById('live-state').textContent === 'live'"],
      ["drop": film.fixture.path + "/next.edl", "on": ".zone"],
      ["until": "document.querySelector('#cut').files.length === 1"],
      ["tell": "document.querySelector('#cut').files[0].name", "as": "dropped"],
      ["shot": "conform"],
      ["do": "document.querySelector('#drop button.key').click()"],
      ["until": "location.pathname.startsWith('/starts/')"],
      ["do": "window.isSamePage = true"], ["until": "\(text).includes('Stages')"], ["shot": "start-running"],
      ["until": isDone], ["tell": "window.isSamePage === true", "as": "same page"],
      ["tell": "document.querySelector('#start .state').textContent", "as": "first run"],
      ["shot": "start-done"],
      ["go": server.address + "/conform/test"], ["until": "document.querySelector('iframe.report') !== null"],
      ["tell": "document.querySelector('#run').innerText.includes('next.edl')", "as": "cut in force"],
      ["shot": "conform-programme"],
      // Which gate asks for whom is known when the pipelines are planned, and the form offers it from then on. They
      // could not be planned without a cut, so what is waited for is a deliverable that only a plan knows.
      ["go": server.address + "/"],
      ["until": "[...document.querySelectorAll('tr')].some((row) => /master/.test(row.innerText))"],
      ["go": server.address + "/deliverables/test/review"],
      ["tell": "document.querySelector('#role').value", "as": "role"],
      ["until": "document.querySelector('video').readyState > 0"],
      ["do": "document.querySelector('#note').value = 'Too green <b>at 01:00:00:10</b>'"],
      ["do": "document.querySelector('button[value=rejected]').click()"],
      ["until": "location.search === '?recorded=rejected'"],
      ["until": "\(text).includes('Too green <b>at 01:00:00:10</b>')"],
      ["do": "document.querySelector('#note').value = 'Lovely'"],
      ["do": "document.querySelector('button[value=approved]').click()"],
      ["until": "location.search === '?recorded=approved'"],
      ["go": server.address + "/pipelines"], ["until": "document.querySelector('svg.graph a.open') !== null"],
      ["shot": "gate-open"],
      ["go": server.address + "/conform/test"],
      ["tell": "document.querySelector('#run button.key').textContent", "as": "button"],
      ["do": "document.querySelector('#run button.key').click()"],
      ["until": "location.pathname.startsWith('/starts/')"],
      ["until": isDone],
      ["tell": "document.querySelector('#start .state').textContent", "as": "second run"],
      ["go": server.address + "/"],
      [
        "until":
          "[...document.querySelectorAll('tr')].some((row) => /master/.test(row.innerText) && /v001/.test(row.innerText))"
      ],
      ["shot": "master-made"],
    ]
    let seen = try BoardBrowser.drive(steps, film.fixture)
    #expect(seen.fault == nil)
    #expect(seen.complaints == [])
    #expect(seen.told["dropped"] as? String == "next.edl")
    #expect(seen.told["same page"] as? Bool == true)
    #expect(seen.told["first run"] as? String == "done, waits for a person")
    #expect(seen.told["cut in force"] as? Bool == true)
    #expect(seen.told["role"] as? String == "colorist")
    #expect(seen.told["button"] as? String == "Run", "the run before was whole; a gate held the rest")
    #expect(seen.told["second run"] as? String == "done")
    #expect(film.names(in: "out/Deliverables/test/master") == ["v001"])
  }
}
