import Foundation
import TestSupport
import Testing

/// The board as a browser and as an attacker see it, served by the real program.
@Suite struct `The board` {
  /// A production whose master waits for a colourist who looks at a review copy.
  private func production() throws -> (Fixture, String) {
    let fixture = try Fixture()
    try fixture.clip("A001", frames: 60, firstNumber: 0, timecode: "01:00:00:00", codec: Fixture.prores)
    let events = [
      ListWriter.Event(reel: "A001", source: 86_405, count: 20),
      ListWriter.Event(reel: "A001", source: 86_430, count: 16),
    ]
    _ = try fixture.folder.write(ListWriter.edl(events, base: 24, recordStart: 86_400), to: "cut.edl")
    let pipeline = try fixture.folder.write(
      """
      interlock: 1
      programme: test
      timeline: {cut: cut.edl, rate: 24000/1001, start: "01:00:00:00", media: [rushes]}
      raster: \(NumberedClip.width)x\(NumberedClip.height)
      stages:
        edit: {kind: editing}
        grade: {kind: color-grade, picture: edit, stills: no}
        review: {kind: delivery, picture: grade, profile: silent-review}
        sign-off: {kind: approval, of: review, for: grade, role: colorist}
        master: {kind: delivery, picture: grade, profile: test, after: [sign-off]}

      """, to: "p.yaml")
    return (fixture, pipeline)
  }

  @Test func `what is hostile is refused, and files come in parts`() throws {
    let (fixture, pipeline) = try production()
    #expect(try fixture.interlock(["run", pipeline, "--production", "out"]).status == 6)
    let server = try BoardServing(fixture, [])
    defer { _ = server.end() }

    // DNS rebinding: another name that means this machine.
    for host in ["evil.example", "evil.example:\(server.port)", "127.0.0.1:1"] {
      let answer = try server.get("/", host: host)
      #expect(answer.status == 421)
      #expect(!answer.text.contains("token"))
    }

    let board = try server.get("/")
    #expect(board.status == 200)
    let policy = try #require(board.headers["content-security-policy"])
    #expect(policy.contains("default-src 'none'") && !policy.contains("unsafe"))
    #expect(board.headers["x-content-type-options"] == "nosniff")
    #expect(try server.get("/board.js").status == 200)
    #expect(try server.get("/icon.svg").headers["content-type"] == "image/svg+xml")

    let page = try server.get("/deliverables/test/review")
    #expect(page.status == 200)
    #expect(page.text.contains("checks met"))
    let file = try #require(page.text.firstMatch(of: #/src="(/files/[^"]+\.mp4)"/#)).output.1
    let whole = try server.get(String(file))
    #expect(whole.status == 200)
    let published = try Data(
      contentsOf: URL(
        fileURLWithPath: fixture.path + "/out/Deliverables/test/review/v001/test_review_v001.mp4"))
    #expect(whole.body == published)
    let part = try server.get(String(file), headers: [("Range", "bytes=100-199")])
    #expect(part.status == 206)
    #expect(part.headers["content-range"] == "bytes 100-199/\(published.count)")
    #expect(part.body == published[100..<200])
    #expect(try server.get(String(file), headers: [("Range", "bytes=\(published.count)-")]).status == 416)
    let tag = try #require(whole.headers["etag"])
    #expect(try server.get(String(file), headers: [("If-None-Match", tag)]).status == 304)
    let head = try server.send("HEAD", String(file), headers: [server.bearer])
    #expect(head.status == 200 && head.body.isEmpty)
    #expect(head.headers["content-length"] == "\(published.count)")

    // Nothing but files of versions, by their digests.
    let digest = String(file.split(separator: "/")[5])
    for target in [
      "/files/deliverable/test/review/v001/\(digest)/../../../../p.yaml",
      "/files/deliverable/..%2f..%2f/review/v001/\(digest)/x",
      "/files/deliverable/test/%2e%2e/v001/\(digest)/test_review_v001.mp4",
      "/files/deliverable/test/review/v1/\(digest)/x",
      "/files/deliverable/test/review/v001/\(digest)/version.json",
      "/files/deliverable/test/review/v001/\(String(repeating: "0", count: 64))/x",
      "/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/.interlock/ledger.sqlite", "/files//etc/passwd",
      "/deliverables/test/review/v999", "/runs/../../etc/tasks/00",
      "/runs/01ARZ3NDEKTSV4RRFFQ69G5FAV/tasks/\(digest)",
      "/pipelines/nobody", "/deliverables/%3Cscript%3E/x",
    ] {
      let answer = try server.get(target)
      #expect([400, 404].contains(answer.status), "\(target): \(answer.status)")
      #expect(!answer.text.contains("root:") && !answer.text.contains("<script>"), "\(target)")
    }
    #expect(try server.get("/?search=" + String(repeating: "a", count: 5000)).status == 414)
    #expect(
      try server.get("/?search=%3Cscript%3Ealert(1)%3C/script%3E&state=%22%3E%3Cb%3E").text.contains(
        "&lt;script&gt;"))

    try refusesDecisions(of: others(server, page.text), fixture)
    let ended = server.end()
    #expect(ended.status == 0, "\(ended.errors)")
  }

  /// Ways to decide for somebody else, with what is expected of each.
  private func others(_ server: BoardServing, _ page: String) throws -> [(HTTPExchange, Int)] {
    let token = try #require(page.firstMatch(of: #/name="token" value="([0-9a-f]{64})"/#)).output.1
    let target = "/deliverables/test/review/v001/decision"
    let own = ("Origin", server.address)
    let form = ("Content-Type", "application/x-www-form-urlencoded")
    func post(
      _ headers: [(String, String)], _ body: String, to path: String? = nil, host: String? = nil
    ) throws -> HTTPExchange {
      try server.send(
        "POST", path ?? target, host: host, headers: [server.cookie] + headers, body: Data(body.utf8))
    }
    let good = "token=\(token)&verdict=approved&note=x"
    return [
      (try post([form, ("Origin", "http://evil.example")], good), 403),
      (try post([form, ("Origin", "null")], good), 403),
      (try post([form, own, ("Sec-Fetch-Site", "cross-site")], good), 403),
      (try post([form, own], good, host: "evil.example:\(server.port)"), 421),
      (try post([form, own], "verdict=approved"), 403),
      (try post([form, own], "token=\(String(repeating: "0", count: 64))&verdict=approved"), 403),
      (try post([("Content-Type", "text/plain"), own], good), 415),
      (try post([form, own], good + String(repeating: "x", count: 100_000)), 413),
      (try post([form, own], "token=\(token)&verdict=rejected&note=%20"), 422),
      (try post([form, own], "token=\(token)&verdict=maybe"), 422),
      (try post([form, own], good, to: "/deliverables/test/review/v777/decision"), 404),
      (
        try post(
          [("Content-Type", "application/json"), own], "{\"verdict\":\"approved\"}",
          to: "/api/v1/deliverables/test/review/v001/decisions"), 403
      ),
      (try server.send("PUT", target, headers: [server.cookie, own]), 405),
      (try server.send("POST", target, headers: [form, own], body: Data(good.utf8)), 401),
      (
        try server.send(
          "POST", target, host: "[::1]:1", headers: [server.cookie, form, own], body: Data(good.utf8)), 421
      ),
    ]
  }

  private func refusesDecisions(of answers: [(HTTPExchange, Int)], _ fixture: Fixture) throws {
    for (index, (answer, status)) in answers.enumerated() {
      #expect(answer.status == status, "attempt \(index): \(answer.text.suffix(400))")
    }
    let decisions = fixture.path + "/out/Deliverables/test/review/v001/decisions"
    #expect(
      ((try? FileManager.default.contentsOfDirectory(atPath: decisions)) ?? []).isEmpty,
      "nothing was recorded")
  }

  @Test func `a pipeline that cannot be planned is told on the pages and to programs`() throws {
    let fixture = try Fixture()
    try FileManager.default.createDirectory(
      atPath: fixture.path + "/none", withIntermediateDirectories: false)
    let events = [ListWriter.Event(reel: "A001", source: 86_405, count: 20)]
    let cut = ListWriter.edl(events, base: 24, recordStart: 86_400)
    _ = try fixture.folder.write(cut.replacing("01:00:00:05", with: "01:00:00:77"), to: "bad.edl")
    let pipeline = try fixture.folder.write(
      """
      interlock: 1
      programme: test
      timeline: {cut: bad.edl, rate: 24000/1001, start: "01:00:00:00", media: [none]}
      raster: \(NumberedClip.width)x\(NumberedClip.height)
      stages: {edit: {kind: editing}, master: {kind: delivery, picture: edit, profile: silent-review}}

      """, to: "p.yaml")
    let server = try BoardServing(fixture, [pipeline])
    defer { _ = server.end() }
    struct Answer: Decodable {
      struct Planning: Decodable {
        struct Unplanned: Decodable {
          struct Fault: Decodable {
            var code: String
            var remedy: String?
            var file: String?
            var line: Int?
          }
          var pipeline: String
          var isShownAsBefore: Bool
          var faults: [Fault]
        }
        var unplanned: [Unplanned]
      }
      var planning: Planning
    }
    func ask(_ target: String) throws -> Answer {
      try JSONDecoder().decode(Answer.self, from: server.get(target).body)
    }
    try server.waitForSurvey()
    for target in ["/api/v1/deliverables", "/api/v1/shots"] {
      let unplanned = try #require(try ask(target).planning.unplanned.first, "\(target)")
      #expect(unplanned.pipeline.hasSuffix("p.yaml") && !unplanned.isShownAsBefore)
      let fault = try #require(unplanned.faults.first)
      #expect(fault.code == "cut.badTimecode" && fault.line != nil && fault.remedy != nil)
      #expect(fault.file?.hasSuffix("bad.edl") == true)
    }
    for target in ["/", "/shots", "/pipelines"] {
      let page = try server.get(target)
      #expect(page.status == 200, "\(target)")
      #expect(page.text.contains("cannot be planned") && page.text.contains("bad.edl:"), "\(target)")
    }
  }

  @Test func `programs read the same, decide with the token, and find it described`() throws {
    let (fixture, pipeline) = try production()
    #expect(try fixture.interlock(["run", pipeline, "--production", "out"]).status == 6)
    let server = try BoardServing(fixture, [pipeline])
    defer { _ = server.end() }
    struct Rows: Decodable {
      struct Row: Decodable {
        var deliverable: String
        var state: String
        var condition: String
      }
      var deliverables: [Row]
    }
    try server.waitForSurvey()
    let rows = try JSONDecoder().decode(Rows.self, from: server.get("/api/v1/deliverables").body)
    let told = try fixture.interlock(["status", pipeline, "--production", "out", "--json"])
    let status = try JSONDecoder().decode([Rows.Row].self, from: told.output)
    #expect(rows.deliverables.map(\.state) == status.map(\.state), "the board says what status says")
    #expect(rows.deliverables.map(\.condition) == ["current", "waiting"])
    #expect(status.last?.state == "waits for sign-off: waiting for approval by colorist")

    struct Session: Decodable {
      var token: String
    }
    let session = try JSONDecoder().decode(Session.self, from: server.get("/api/v1/session").body)
    let made = try server.send(
      "POST", "/api/v1/deliverables/test/review/v001/decisions",
      headers: [server.cookie, ("Content-Type", "application/json"), ("X-Interlock-Token", session.token)],
      body: Data(#"{"verdict": "approved", "role": "colorist", "note": "lovely"}"#.utf8))
    #expect(made.status == 201, "\(made.text)")
    let shown = try fixture.interlock(["approve", "test/review", "--show", "--production", "out"])
    #expect(shown.text.contains("as colorist"))
    #expect(try fixture.interlock(["run", pipeline, "--production", "out"]).status == 0, "the gate is open")
    #expect(try server.get("/metrics").text.contains("# TYPE interlock_"))
    let document = try JSONSerialization.jsonObject(with: server.get("/openapi.json").body) as? [String: Any]
    #expect(document?["openapi"] as? String == "3.1.0")
    let paths = try #require(document?["paths"] as? [String: [String: Any]])
    for (path, operations) in paths where !path.contains("{") && operations["get"] != nil {
      #expect(try server.get(path).status == 200, "\(path)")
    }
  }

  @Test(.enabled(if: Programs.isInstalled("chromium"), "chromium is not installed; `make test` installs it"))
  func
    `a person rejects, approves, and sees the gate open and the master made, without loading a page again`()
    throws
  {
    let (fixture, pipeline) = try production()
    #expect(try fixture.interlock(["run", pipeline, "--production", "out"]).status == 6)
    let server = try BoardServing(fixture, [pipeline])
    defer { _ = server.end() }
    let text = "document.body.innerText"
    let first: [[String: Any]] = [
      ["size": [1440, 1000]], ["enter": server.entrance], ["go": server.address + "/"],
      ["until": "\(text).includes('waits for sign-off: waiting for approval by colorist')"],
      ["until": "document.getElementById('live-state').textContent === 'live'"],
      ["key": "Tab"], ["tell": "document.activeElement.className", "as": "first stop"],
      ["shot": "deliverables"],
      ["go": server.address + "/deliverables/test/review"],
      ["until": "document.querySelector('video').readyState > 0"],
      ["tell": "document.querySelector('video').duration", "as": "duration"],
      ["do": "document.querySelector('button[value=rejected]').click()"],
      ["tell": "document.querySelector('#note').validationMessage", "as": "missing note"],
      ["do": "document.querySelector('#note').value = 'Too green <b>at 01:00:00:10</b>'"],
      ["do": "document.querySelector('button[value=rejected]').click()"],
      ["until": "location.search === '?recorded=rejected'"],
      ["until": "\(text).includes('Too green <b>at 01:00:00:10</b>')"], ["shot": "rejected"],
      ["go": server.address + "/"], ["until": "\(text).includes('rejected by')"],
      ["go": server.address + "/deliverables/test/review"],
      ["do": "document.querySelector('#note').value = 'Lovely'"],
      ["do": "document.querySelector('button[value=approved]').click()"],
      ["until": "location.search === '?recorded=approved'"], ["shot": "approved"],
      ["go": server.address + "/pipelines"], ["until": "document.querySelector('svg.graph a.open') !== null"],
      ["shot": "pipeline"],
      ["go": server.address + "/farm"], ["shot": "farm"],
      ["size": [820, 1180]], ["go": server.address + "/"], ["shot": "deliverables-tablet"],
      ["tell": "document.documentElement.scrollWidth <= innerWidth", "as": "fits"],
    ]
    let seen = try BoardBrowser.drive(first, fixture)
    #expect(seen.fault == nil)
    #expect(seen.complaints == [])
    #expect(seen.told["first stop"] as? String == "skip")
    #expect(seen.told["missing note"] as? String == "Say what is wrong with it")
    #expect(seen.told["duration"] as? Double ?? 0 > 1.4)
    #expect(seen.told["fits"] as? Bool == true)

    // The run goes on while the page is open, and the page hears of it.
    let run = try Programs.start(
      Repository.product("interlock"), ["run", pipeline, "--production", "out"], folder: fixture.path)
    let second: [[String: Any]] = [
      ["size": [1440, 1000]], ["enter": server.entrance], ["do": "window.isSamePage = true"],
      [
        "until":
          "[...document.querySelectorAll('tr')].some((row) => /master/.test(row.innerText) && /current/.test(row.innerText))"
      ],
      ["tell": "window.isSamePage === true", "as": "same page"], ["shot": "finished"],
    ]
    let live = try BoardBrowser.drive(second, fixture)
    let finished = run.finish()
    #expect(finished.status == 0, "\(finished.errors)")
    #expect(live.fault == nil)
    #expect(live.complaints == [])
    #expect(live.told["same page"] as? Bool == true)
  }
}
