import Foundation
import TestSupport
import Testing

/// The board before judges: its description of itself, and the accessibility of its pages.
@Suite struct `The board and its standards` {
  private static let schemathesis = Repository.root + "/.build/schemathesis/bin/schemathesis"

  /// Of the wheel that `make test` installs.
  private static let axe: String? = {
    let libraries = Repository.root + "/.build/axe/lib"
    let versions = (try? FileManager.default.contentsOfDirectory(atPath: libraries)) ?? []
    return versions.map { "\(libraries)/\($0)/site-packages/axe_playwright_python/axe.min.js" }
      .first { FileManager.default.fileExists(atPath: $0) }
  }()

  /// A production with a version that was measured, a closed gate, a run and a conform on record.
  private func production() throws -> (Fixture, String) {
    let fixture = try Fixture()
    try fixture.clip("A001", frames: 60, firstNumber: 0, timecode: "01:00:00:00", codec: Fixture.prores)
    let events = [
      ListWriter.Event(reel: "A001", source: 86_405, count: 20),
      ListWriter.Event(reel: "BL", source: 0, count: 2),
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
        grade: {kind: color-grade, picture: edit}
        review: {kind: delivery, picture: grade, profile: silent-review}
        sign-off: {kind: approval, of: review, for: grade, role: colorist}
        master: {kind: delivery, picture: grade, profile: test, after: [sign-off]}
        check: {kind: qc, of: review}

      """, to: "p.yaml")
    let run = try fixture.interlock(["run", pipeline, "--production", "out"])
    // A flash of black is found, and nobody has waived it.
    guard run.status == 4 else { throw FixtureError(text: run.errors) }
    return (fixture, pipeline)
  }

  @Test(
    .enabled(
      if: FileManager.default.isExecutableFile(atPath: schemathesis),
      "schemathesis is not installed; `make test` installs it"))
  func `what is described is what is answered, whatever is sent`() throws {
    let (fixture, pipeline) = try production()
    let server = try BoardServing(fixture, [pipeline])
    defer { _ = server.end() }
    // A valid cut may still be none, and what is asked for may not be there.
    let config = try fixture.folder.write(
      """
      [parameters]
      "path.programme" = "test"
      "path.name" = "review"
      "path.version" = "v001"

      [checks.positive_data_acceptance]
      expected-statuses = ["2xx", "400", "401", "403", "404", "409", "413", "415", "422", "503"]

      [checks.negative_data_rejection]
      expected-statuses = ["400", "401", "403", "404", "405", "409", "413", "414", "415", "422"]

      """, to: "schemathesis.toml")
    let judged = try Programs.run(
      Self.schemathesis,
      [
        "--config-file", config, "run", server.address + "/openapi.json", "--header",
        "Authorization: Bearer \(server.key)", "--phases", "examples,coverage,fuzzing", "--max-examples",
        "15",
        "--generation-deterministic", "--max-time", "240", "--checks", "all",
        "--no-color",
      ], folder: fixture.path, environment: ["PYTHONWARNINGS": "ignore"])
    #expect(judged.status == 0, "\(judged.text.suffix(6000))\(judged.errors.suffix(2000))")
    // The server has outlived it, and nothing was taken or started that nobody asked for.
    #expect(try server.get("/api/v1/programmes").status == 200)
  }

  @Test(
    .enabled(
      if: BoardBrowser.isInstalled && axe != nil,
      "chromium or axe-core is not installed; `make test` installs them"))
  func `every page is accessible by WCAG 2.2 AA`() throws {
    let (fixture, pipeline) = try production()
    let server = try BoardServing(fixture, [pipeline])
    defer { _ = server.end() }
    let started = try server.post(
      "/api/v1/runs", Data(#"{"programme": "test"}"#.utf8), type: "application/json")
    #expect(started.status == 202, "\(started.text)")
    let text = "document.body.innerText"
    let seen = try BoardBrowser.drive(
      [
        ["size": [1280, 900]], ["go": server.address + "/enter"],
        ["tell": "document.querySelector('h1').textContent", "as": "closed"],
        ["enter": server.entrance],
        ["until": "\(text).includes('waits for sign-off')"],
        ["crawl": server.address + "/", "axe": Self.axe ?? "", "as": "wide"],
        ["size": [420, 900]],
        ["crawl": server.address + "/", "axe": Self.axe ?? "", "as": "narrow"],
      ], fixture)
    #expect(seen.fault == nil)
    for width in ["wide", "narrow"] {
      let found = try #require(seen.told[width] as? [String: Any])
      let pages = try #require(found["pages"] as? [String])
      #expect((found["violations"] as? [String]) == [], "\(width)")
      for page in [
        "/", "/conform", "/conform/test", "/pipelines", "/farm", "/deliverables/test/review", "/shots", "/qc",
        "/qc/test/review",
      ] {
        #expect(pages.contains(page), "\(pages)")
      }
      #expect(pages.contains { $0.hasPrefix("/starts/") })
    }
  }
}
