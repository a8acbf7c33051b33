import Foundation
import TestSupport
import Testing

/// Finished files measured by the real worker, waived and carried, on the command line and on the board.
@Suite struct QualityTests {
  /// Two shots with a flash of black between them, a stretch that is frozen, and a gate before the master.
  private func production() throws -> (Fixture, String) {
    let fixture = try Fixture()
    try fixture.clip("A001", frames: 90, firstNumber: 1000, timecode: "01:00:00:00", codec: Fixture.prores)
    _ = try fixture.folder.write(Self.cut(20), to: "cut.edl")
    let pipeline = try fixture.folder.write(
      """
      interlock: 1
      programme: test
      timeline: {cut: cut.edl, rate: 24000/1001, start: "01:00:00:00", media: [rushes], handles: 4}
      raster: \(NumberedClip.width)x\(NumberedClip.height)
      stages:
        edit: {kind: editing}
        grade: {kind: color-grade, picture: edit}
        review: {kind: delivery, picture: grade, profile: silent-review}
        master: {kind: delivery, picture: grade, profile: test, due: 2020-01-01}
        check: {kind: qc, of: master}

      """, to: "p.yaml")
    return (fixture, pipeline)
  }

  /// - Parameter lead: frames before the black.
  private static func cut(_ lead: Int, after: Int = 60) -> String {
    let events = [
      ListWriter.Event(
        reel: "A001", source: 86_425 - lead, count: lead, comments: ["FROM CLIP NAME:  CITY_<b>010"]),
      ListWriter.Event(reel: "BL", source: 0, count: 2),
      ListWriter.Event(reel: "A001", source: 86_400 + after, count: 16),
    ]
    return ListWriter.edl(events, base: 24, recordStart: 86_400)
  }

  private struct Shown: Decodable {
    struct State: Decodable {
      var verdict: String
      var failed: Int
    }
    struct Finding: Decodable {
      var finding: String
      var firstFrame: Int
      var frames: Int
      var isWaived: Bool
    }
    var state: State
    var findings: [Finding]
  }

  private func shown(_ fixture: Fixture) throws -> Shown {
    let told = try fixture.interlock(["waive", "test/master", "--show", "--json", "--production", "out"])
    #expect(told.status == 0, "\(told.errors)")
    return try JSONDecoder().decode(Shown.self, from: told.output)
  }

  @Test func `a flash of black is found, waived by its pictures, and carried to the next cut and no further`()
    throws
  {
    let (fixture, pipeline) = try production()
    #expect(try fixture.interlock(["waive", "test/master", "--show", "--production", "out"]).status != 0)
    let first = try fixture.interlock(["run", pipeline, "--production", "out"])
    #expect(first.status == 4, "\(first.errors)")
    #expect(first.errors.contains("test/master@v001: QC failed, 1 finding"))
    #expect(first.errors.contains("interlock waive test/master --show --production out"))
    #expect(first.text.contains("quality control found what nobody has waived"))
    let found = try shown(fixture)
    #expect(found.state.verdict == "failed" && found.state.failed == 1)
    #expect(found.findings.map(\.finding) == ["black-1"])
    #expect(found.findings.first?.firstFrame == 20 && found.findings.first?.frames == 2)
    let status = try fixture.interlock(["status", pipeline, "--production", "out"])
    #expect(status.text.contains("QC failed, 1 finding"))
    #expect(status.text.contains("due 2020-01-01, late"))

    let waived = try fixture.interlock([
      "waive", "test/master", "black-1", "--reason", "Blackout of the story", "--until", "2999-12-24",
      "--role", "supervisor", "--production", "out",
    ])
    #expect(waived.status == 0, "\(waived.errors)")
    #expect(
      try fixture.interlock(["status", pipeline, "--production", "out"]).text.contains(
        "QC waived, 1 finding until 2999-12-24"))

    // The lead is trimmed at its head: the black and what stands around it are what they were.
    _ = try fixture.folder.write(Self.cut(12), to: "cut.edl")
    let stale = try fixture.interlock(["status", pipeline, "--production", "out"])
    #expect(stale.text.contains("because "), "\(stale.text)")
    #expect(try fixture.interlock(["run", pipeline, "--production", "out"]).status == 0)
    let carried = try shown(fixture)
    #expect(carried.findings.first?.firstFrame == 12 && carried.state.verdict == "waived")

    // Another picture follows the black: nobody has seen that.
    _ = try fixture.folder.write(Self.cut(12, after: 61), to: "cut.edl")
    #expect(try fixture.interlock(["run", pipeline, "--production", "out"]).status == 4)
    #expect(try shown(fixture).state.verdict == "failed")
    #expect(try fixture.interlock(["verify", "--production", "out"]).status == 0)

    for (arguments, status) in [
      (["waive", "test/master", "black-7", "--reason", "x", "--until", "2999-12-24"], 2),
      (["waive", "test/master", "black-1", "--reason", "x", "--until", "2020-12-24"], 2),
      (["waive", "test/review", "--show"], 3), (["received", "test/master"], 2),
      (["sent", "test/review", "--to", "Example TV"], 4),
    ] {
      let refused = try fixture.interlock(arguments + ["--production", "out"])
      #expect(Int(refused.status) == status, "\(arguments): \(refused.errors)")
    }
    #expect(
      try fixture.interlock(["sent", "test/master", "--to", "Example TV", "--production", "out"]).status == 0)
    #expect(
      try fixture.interlock(["refused", "test/master", "--note", "hiss", "--production", "out"]).status == 0)
    #expect(
      try fixture.interlock(["status", "--production", "out"]).text.contains(
        "rejected by Example TV: hiss; redelivery round 2"))
  }

  /// The parts of an answer by their names.
  private func fields(_ answer: HTTPExchange) throws -> [String: Any] {
    try #require(
      try JSONSerialization.jsonObject(with: Data(answer.text.utf8)) as? [String: Any], "\(answer.text)")
  }

  @Test func `programs look at shots and findings, waive and record, with the words of the command line`()
    throws
  {
    let (fixture, pipeline) = try production()
    #expect(try fixture.interlock(["run", pipeline, "--production", "out"]).status == 4)
    let server = try BoardServing(fixture, [pipeline])
    defer { _ = server.end() }
    try server.waitForSurvey()

    let listed = try fields(server.get("/api/v1/shots"))
    #expect(listed["count"] as? Int == 2 && listed["pages"] as? Int == 1)
    let shot = try #require((listed["shots"] as? [[String: Any]])?.first)
    #expect(shot["programme"] as? String == "test" && shot["shot"] as? String == "CITY_<b>010")
    let key = try #require(shot["key"] as? String)
    let one = try fields(server.get("/api/v1/shots/test/\(key)"))
    let versions = try #require(one["versions"] as? [[String: Any]])
    #expect(Set(versions.compactMap { $0["deliverable"] as? String }) == ["review", "master"])
    for target in [
      "/api/v1/shots?state=worse", "/api/v1/shots?page=0", "/api/v1/shots?handles=long",
      "/api/v1/shots?programme=%3Cb%3E",
    ] {
      #expect(try server.get(target).status == 400, "\(target)")
    }

    let place = "/api/v1/deliverables/test/master/v001"
    let told = try server.get(place + "/findings")
    let shown = try fixture.interlock(["waive", "test/master", "--show", "--json", "--production", "out"])
    #expect(
      try fields(told) as NSDictionary
        == JSONSerialization.jsonObject(with: shown.output) as? NSDictionary,
      "the command line says the same")
    #expect(try server.get("/api/v1/deliverables/test/review/v001/findings").status == 404)

    func send(_ target: String, _ body: String) throws -> HTTPExchange {
      try server.post(place + target, Data(body.utf8), type: "application/json")
    }
    let waiver = #"{"verdict": "waived", "finding": "black-1", "reason": "story", "until": "2999-12-24"}"#
    for (body, status, code) in [
      (
        #"{"verdict": "waived", "finding": "black-9", "reason": "x", "until": "2999-12-24"}"#, 422,
        "waive.unknownFinding"
      ),
      (
        #"{"verdict": "waived", "finding": "black-1", "reason": " ", "until": "2999-12-24"}"#, 422,
        "waive.noReason"
      ),
      (#"{"verdict": "waived", "finding": "black-1", "reason": "x"}"#, 422, "waive.noDay"),
      (#"{"verdict": "sent", "finding": "black-1", "reason": "x"}"#, 400, "request.refused"),
    ] {
      let answer = try send("/waivers", body)
      #expect(answer.status == status, "\(answer.text)")
      #expect(try fields(answer)["code"] as? String == code)
    }
    // Without the key nobody changes anything, and a browser only with the token.
    let json = ("Content-Type", "application/json")
    for (headers, status) in [([json], 401), ([json, server.cookie], 403)] {
      let answer = try server.send("POST", place + "/waivers", headers: headers, body: Data(waiver.utf8))
      #expect(answer.status == status)
    }
    let waived = try send("/waivers", waiver)
    #expect(waived.status == 201, "\(waived.text)")
    #expect(try self.shown(fixture).state.verdict == "waived")
    let rows = try fields(server.get("/api/v1/quality"))["deliverables"] as? [[String: Any]]
    let master = rows?.first { $0["deliverable"] as? String == "master" }?["quality"] as? [String: Any]
    #expect(master?["verdict"] as? String == "waived" && master?["until"] as? String == "2999-12-24")

    #expect(try send("/handovers", #"{"verdict": "received", "recipient": "Example TV"}"#).status == 422)
    #expect(try send("/handovers", #"{"verdict": "sent", "recipient": "Example TV"}"#).status == 201)
    #expect(try send("/handovers", #"{"verdict": "refused"}"#).status == 422)
    #expect(try send("/handovers", #"{"verdict": "refused", "note": "hiss"}"#).status == 201)
    let known = try fields(server.get(place + "/handovers"))["handovers"] as? [[String: Any]]
    #expect(known?.compactMap { $0["verdict"] as? String } == ["sent", "refused"])
    let unmeasured = try server.post(
      "/api/v1/deliverables/test/review/v001/handovers",
      Data(#"{"verdict": "sent", "recipient": "Example TV"}"#.utf8), type: "application/json")
    #expect(unmeasured.status == 409, "\(unmeasured.text)")
    #expect(
      try fixture.interlock(["status", "--production", "out"]).text.contains(
        "rejected by Example TV: hiss; redelivery round 2"))
  }

  @Test(
    .enabled(if: BoardBrowser.isInstalled, "chromium is not installed; `make test` installs it"))
  func `a person looks at shots, scopes, findings and their frames, waives one, and records what was sent`()
    throws
  {
    let (fixture, pipeline) = try production()
    #expect(try fixture.interlock(["run", pipeline, "--production", "out"]).status == 4)
    let server = try BoardServing(fixture, [pipeline])
    defer { _ = server.end() }
    let text = "document.body.innerText"
    let loaded = "[...document.images].every((image) => image.complete && image.naturalWidth > 0)"
    let steps: [[String: Any]] = [
      ["size": [1440, 1000]], ["enter": server.entrance],
      ["until": "\(text).includes('QC failed, 1 finding')"], ["shot": "quality-deliverables"],
      ["tell": "document.querySelector('.state.qc-failed') !== null", "as": "failed"],
      ["tell": "\(text).includes('2020-01-01 late')", "as": "late"],
      ["go": server.address + "/?view=grid"], ["until": "document.querySelector('table.matrix') !== null"],
      ["shot": "deliverables-grid"],
      ["go": server.address + "/shots"], ["until": "document.querySelectorAll('.card').length === 2"],
      ["until": loaded], ["tell": "document.images.length", "as": "pictures"],
      ["tell": "\(text).includes('CITY_<b>010')", "as": "name"],
      ["shot": "shots"],
      ["do": "document.querySelector('.card h2 a').click()"],
      ["until": "document.querySelector('img.scopes') !== null && document.readyState === 'complete'"],
      ["do": "document.querySelector('img.scopes').scrollIntoView()"], ["until": loaded],
      ["tell": "\(text).includes('Lineage')", "as": "lineage"], ["shot": "shot"],
      ["go": server.address + "/qc"], ["shot": "qc-list"],
      ["go": server.address + "/qc/test/master"],
      ["until": "document.querySelector('svg.qc a.fail') !== null"],
      ["tell": "document.querySelector('#black-1 a').getAttribute('href')", "as": "frame"],
      ["shot": "qc"],
      ["do": "document.querySelector('#reason').value = '<img src=x onerror=alert(1)>'"],
      ["do": "document.querySelector('#until').value = '2020-01-01'"],
      ["do": "document.querySelector('button[value=waived]').click()"],
      ["until": "\(text).includes('2020-01-01 has passed')"],
      ["tell": "document.querySelector('#reason').value", "as": "kept"],
      ["do": "document.querySelector('#until').value = '2999-12-24'"],
      ["do": "document.querySelector('button[value=waived]').click()"],
      ["until": "location.search === '?recorded=waived'"],
      ["tell": "document.querySelector('svg.qc a.waived') !== null", "as": "waived"],
      ["tell": "\(text).includes('<img src=x onerror=alert(1)>')", "as": "reason"],
      ["shot": "qc-waived"],
      ["do": "document.querySelector('#black-1 a').click()"],
      ["until": "location.pathname.endsWith('/frames/20') && document.readyState === 'complete'"],
      ["until": "document.querySelector('video').readyState > 1"], ["shot": "frame"],
      ["go": server.address + "/deliverables/test/master"],
      ["do": "document.querySelector('details').open = true"],
      ["do": "document.querySelector('#recipient').value = 'Example <b>TV'"],
      ["do": "document.querySelector('button[value=sent]').click()"],
      ["until": "location.search === '?recorded=sent'"],
      ["until": "\(text).includes('Example <b>TV')"],
      ["go": server.address + "/"], ["until": "\(text).includes('sent to Example <b>TV')"], ["shot": "sent"],
      ["size": [820, 1180]], ["go": server.address + "/shots"], ["until": loaded], ["shot": "shots-tablet"],
      ["tell": "document.documentElement.scrollWidth <= innerWidth", "as": "shots fit"],
      ["go": server.address + "/qc/test/master"], ["shot": "qc-tablet"],
      ["tell": "document.documentElement.scrollWidth <= innerWidth", "as": "qc fits"],
    ]
    let seen = try BoardBrowser.drive(steps, fixture)
    #expect(seen.fault == nil)
    // The browser says so of every answer that is not 200; the refused form was wanted.
    #expect(seen.complaints.filter { !$0.contains("422") } == [])
    for name in ["failed", "late", "name", "lineage", "waived", "reason", "shots fit", "qc fits"] {
      #expect(seen.told[name] as? Bool == true, "\(name)")
    }
    #expect(seen.told["pictures"] as? Int == 5, "two shots before and after, and our mark")
    #expect(seen.told["frame"] as? String == "/deliverables/test/master/v001/frames/20")
    #expect(seen.told["kept"] as? String == "<img src=x onerror=alert(1)>")
    #expect(try shown(fixture).state.verdict == "waived")
    try refusesOthers(server, fixture)
  }

  /// Nobody else waives or sends, and no name leads elsewhere.
  private func refusesOthers(_ server: BoardServing, _ fixture: Fixture) throws {
    let form = ("Content-Type", "application/x-www-form-urlencoded")
    let own = ("Origin", server.address)
    let folder = fixture.path + "/out/Deliverables/test/master/v001/decisions"
    let before = try FileManager.default.contentsOfDirectory(atPath: folder).count
    for (target, body) in [
      ("/qc/test/master/v001/waiver", "verdict=waived&finding=black-1&reason=x&until=2999-01-01"),
      ("/deliverables/test/master/v001/handover", "verdict=sent&recipient=x"),
    ] {
      for headers in [
        [server.cookie, form, own], [server.cookie, form, ("Origin", "http://evil.example")], [form, own],
      ] {
        let answer = try server.send("POST", target, headers: headers, body: Data(body.utf8))
        #expect([401, 403].contains(answer.status), "\(target): \(answer.status)")
      }
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder).count == before)
    let zeros = String(repeating: "0", count: 64)
    for target in [
      "/stills/\(zeros)/after.bmp", "/stills/..%2f..%2fetc/before.bmp", "/stills/\(zeros)/x.bmp",
      "/shots/test/9-9",
      "/shots/%3Cscript%3E/0-0", "/qc/test/%2e%2e", "/qc/test/master/v999",
      "/deliverables/test/master/v001/frames/99999", "/deliverables/test/master/v001/frames/-1",
    ] {
      let answer = try server.get(target)
      #expect(answer.status == 404, "\(target): \(answer.status)")
      #expect(!answer.text.contains("<script>"), "\(target)")
    }
    let hostile = "%3Cscript%3Ealert(1)%3C/script%3E"
    #expect(try !server.get("/shots?search=\(hostile)&programme=\(hostile)").text.contains("<script>alert"))
  }
}
