import Board
import Digests
import Foundation
import ObjectStore
import Testing

@Suite struct ShotsPageTests {
  private static let hostile = "<script>alert(1)</script>"

  private func shot(_ name: String, _ first: Int64, _ look: ShotRow.Stage.Look, still: String? = nil)
    -> ShotRow
  {
    var row = ShotRow(
      key: "0-\(first)", event: "001", shot: name, track: "V1", first: first, count: 24,
      record: "01:00:00:00–01:00:01:00")
    (row.handlesBefore, row.handlesAfter, row.handlesWanted) = (8, 3, 8)
    row.file = "A001_\(Self.hostile).mov"
    row.stages = [
      .init("edit", kind: "editing", .done, "conformed"),
      .init("master", kind: "delivery", look, "12 frames to make"),
    ]
    if let still { row.pictures = [ShotRow.Picture(stage: "grade", still: still, scopes: nil)] }
    return row
  }

  private func survey(_ shots: [ShotRow]) -> BoardSurvey.Programme {
    BoardSurvey.Programme(
      programme: "film", pipeline: "p.yaml", cut: ["cut.edl"], stages: [], rows: [], shots: shots, gates: [],
      tasks: 0, heldTasks: 0, diagnostics: [])
  }

  private func page(_ shots: [ShotRow], _ query: [String: String] = [:]) -> String {
    ShotsPage(
      [survey(shots)], choice: ShotsPage.Choice { query[$0] },
      planning: PlanningState(hasPipelines: true, surveyed: WallClock(milliseconds: 0), isSurveying: false)
    ).body.text
  }

  @Test func `names of clips are shown and never obeyed`() {
    let page = page([shot("CITY_\(Self.hostile)\" onload=\"x", 0, .done)], ["search": Self.hostile])
    #expect(!page.contains("<script") && page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"))
    #expect(!page.contains("\" onload=\"x"))
    var row = shot(Self.hostile, 0, .done)
    row.comp = ShotRow.Comp(stage: "comp", layers: ["\(Self.hostile).exr"], version: nil)
    row.problem = Self.hostile
    let one = ShotPage(ShotFacts(programme: "film", row: row, before: row, after: nil)).body.text
    #expect(!one.contains("<script"))
    for forbidden in ["style=", "javascript:", "http://", "https://"] { #expect(!one.contains(forbidden)) }
  }

  @Test func `a shot says where it is, what it lacks, and shows both pictures`() {
    let still = Digest.sha256([1]).hex
    let page = page([shot("CITY_010", 48, .missing, still: still)])
    #expect(page.contains("01:00:00:00–01:00:01:00") && page.contains("12 frames to make"))
    #expect(page.contains("/stills/\(still)/before.bmp") && page.contains("/stills/\(still)/after.bmp"))
    #expect(page.contains("/shots/film/0-48"))
    #expect(page.contains("8 + 3") && page.contains("of 8"))
  }

  @Test(arguments: [
    ("città", 2), ("CITTA\u{300} master", 2), ("citta", 1), ("MASTER FRAMES 01:00", 3), ("_030 mov", 1),
    ("city_030 city_040", 0),
  ])
  func `words are found whatever their case, and however an accent is written`(words: String, count: Int) {
    let shots = [
      shot("Città_010", 0, .done), shot("CITTA\u{300}_020", 24, .done), shot("CITY_030", 48, .done),
    ]
    #expect(ShotsPage.Choice { ["search": words][$0] }.shown(of: shots).count == count)
  }

  @Test(arguments: [
    (["state": "missing"], 1), (["state": "done"], 2), (["search": "city 020"], 1), (["handles": "short"], 3),
    (["search": "nothing"], 0), (["state": "nonsense"], 3),
  ])
  func `filters show what they say`(query: [String: String], count: Int) {
    let shots = [
      shot("CITY_010", 0, .missing), shot("CITY_020", 24, .done), shot("REEF_030", 48, .done),
    ]
    #expect(ShotsPage.Choice { query[$0] }.shown(of: shots).count == count)
  }

  @Test func `of five thousand shots a page has sixty`() {
    let shots = (0..<5000).map { shot("SHOT_\($0)", Int64($0) * 24, .done) }
    let second = page(shots, ["page": "2"])
    #expect(second.components(separatedBy: "class=\"card\"").count - 1 == ShotsPage.shotsShown)
    #expect(second.contains("SHOT_60<") && !second.contains("SHOT_59<"))
    #expect(page(shots, ["page": "99999"]).contains("SHOT_4999<"), "beyond the end is the end")
  }

  @Test(arguments: [
    ("HELI_fg_v003.mov", "v003"), ("comp-V12.exr", "v12"), ("vista.mov", nil), ("a_v1_v2.mov", "v2"),
    ("v.mov", nil),
  ])
  func `a version is read from a name`(name: String, version: String?) {
    #expect(ShotRow.version(in: name) == version)
  }

  @Test func `a still becomes a bitmap, its rows from the top and its colours in order`() throws {
    // Two pixels of red and green before, of blue and white after.
    let bytes: [UInt8] = [255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255]
    let made = StillPicture.Made(stills: Digest.sha256(bytes), width: 2, height: 1)
    let picture = try #require(StillPicture(made, bytes))
    let before = picture.bitmap(isAfter: false)
    #expect(before.count == 54 + 8)
    #expect(Array(before[0..<6]) == [0x42, 0x4D, 62, 0, 0, 0])
    #expect(Array(before[18..<26]) == [2, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF], "one row, the top first")
    #expect(Array(before[26..<30]) == [1, 0, 24, 0])
    #expect(Array(before[54...]) == [0, 0, 255, 0, 255, 0, 0, 0])
    #expect(Array(picture.bitmap(isAfter: true)[54...]) == [255, 0, 0, 255, 255, 255, 0, 0])
    #expect(StillPicture(made, Array(bytes.dropLast())) == nil)
    #expect(StillPicture(StillPicture.Made(stills: made.stills, width: 0, height: 1), []) == nil)
  }
}
