import Foundation
import TestSupport
import Testing

/// A grade is a version of its own: it has a number, outlives the cut it was made on, and binds to the next one.
@Suite struct `Grade versions` {
  private func sop(_ slope: String) -> [String] { ["ASC_SOP (\(slope))(0 0 0)(1 1 1)", "ASC_SAT 1"] }

  private func cut(_ fixture: Fixture, _ name: String, from start: Int, count: Int, grade: [String]) throws {
    _ = try fixture.folder.write(
      ListWriter.edl(
        [.init(reel: "A001", source: 86_400 + start, count: count, comments: grade)], base: 24,
        recordStart: 86_400), to: name)
  }

  @Test
  func `a re-cut keeps the grade's version, another correction makes the next, and each file tells its own`()
    throws
  {
    let fixture = try Fixture()
    try fixture.clip("A001", frames: 60, firstNumber: 0, timecode: "01:00:00:00", codec: Fixture.prores)
    let pipeline = try fixture.pipeline("p.yaml", cut: "cut.edl")
    let asset = fixture.path + "/out/Assets/test/grade-cdl"
    func versions() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: asset).sorted() }

    try cut(fixture, "cut.edl", from: 0, count: 20, grade: sop("1.1 1 0.9"))
    let first = try fixture.run(pipeline)
    #expect(first.framesMade == 20)
    #expect(try versions() == ["v001"])
    let collection = asset + "/v001/test_grade-cdl_v001.ccc"
    let text = try String(contentsOfFile: collection, encoding: .utf8)
    #expect(
      text.contains("<ColorCorrection id=\"A001\">") && text.contains("<Slope>1.1 1.0 0.9</Slope>"), "\(text)"
    )

    // Longer, and later in the source: the same grade.
    try cut(fixture, "cut.edl", from: 10, count: 20, grade: sop("1.1 1 0.9"))
    #expect(try fixture.run(pipeline).framesMade == 10)
    #expect(try versions() == ["v001"])

    // The next list comes from editorial without any grade: the published one takes its place, and nothing is made.
    try cut(fixture, "bare.edl", from: 5, count: 20, grade: [])
    let bound = try fixture.pipeline(
      "bound.yaml", cut: "bare.edl",
      gradeKeys: ", cdl: out/Assets/test/grade-cdl/v001/test_grade-cdl_v001.ccc")
    #expect(try fixture.run(bound).framesMade == 0)
    #expect(try versions() == ["v001"])

    try cut(fixture, "cut.edl", from: 10, count: 20, grade: sop("1.2 1 0.9"))
    let stale = try fixture.interlock(["status", pipeline, "--production", "out"])
    #expect(
      stale.text.contains("grade grade-cdl (not published yet), 1 correction; v003 was made with v001"),
      "\(stale.text)\(stale.errors)")
    let last = try fixture.run(pipeline)
    #expect(last.framesMade == 20)
    #expect(try versions() == ["v001", "v002"])
    let status = try fixture.interlock(["status", pipeline, "--production", "out"])
    #expect(status.text.contains("grade grade-cdl v002, 1 correction"), "\(status.text)\(status.errors)")
    for (file, version) in [(first.master.path, "v001"), (last.master.path, "v002")] {
      let trace = try fixture.interlock(["trace", file, "--frame", "3"])
      #expect(
        trace.text.contains("  version    grade-cdl \(version), 1 correction\n"),
        "\(trace.text)\(trace.errors)")
    }
  }
}
