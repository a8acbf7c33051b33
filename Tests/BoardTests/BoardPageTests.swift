import Board
import Foundation
import ObjectStore
import Planning
import Testing

@Suite struct `Page of deliverables` {
  /// Rows as `interlock status --json` has them.
  private func rows() throws -> [DeliverableRow] {
    let json = """
      [{"deliverable":"ep1/master","programme":"ep1","stage":"master","state":"stale: 12 frames have changed",
        "condition":"stale","version":"v002","frames":2320,"newFrames":12,"made":"2026-11-25T10:00:00.000Z","cut":["ep1_v3.edl"]},
       {"deliverable":"ep1/review","programme":"ep1","stage":"review","state":"current","condition":"rejected","version":"v003",
        "made":"2026-11-26T10:00:00.000Z",
        "decision":{"verdict":"rejected","by":"mika","role":"colorist","note":"<img src=x onerror=alert(1)>","made":"2026-11-26T11:00:00.000Z"}},
       {"deliverable":"ep2/master","programme":"ep2","stage":"master","state":"not made yet","condition":"missing","gates":[]}]
      """
    return try JSONDecoder().decode([DeliverableRow].self, from: Data(json.utf8))
  }

  private func page(_ query: [String: String] = [:]) throws -> String {
    let overview = BoardOverview(
      rows: try rows(), run: nil,
      planning: PlanningState(
        hasPipelines: true, surveyed: WallClock(milliseconds: 1_000_000), isSurveying: false))
    return BoardPage(
      overview, choice: BoardPage.Choice { query[$0] }, now: WallClock(milliseconds: 1_012_000)
    ).body
      .text
  }

  @Test func `a state is told in the words of status, with the note of who decided`() throws {
    let page = try page()
    #expect(page.contains(">stale</span><br><span class=\"soft\">12 frames have changed</span>"))
    #expect(page.contains("v003 rejected by mika as colorist: &lt;img src=x onerror=alert(1)&gt;"))
    #expect(!page.contains("<img"))
    #expect(page.contains("12 s ago"))
  }

  @Test func `nothing on it needs what the policy forbids`() throws {
    let page = try page()
    for forbidden in ["style=", "onclick=", "<script", "javascript:", "http://", "https://"] {
      #expect(!page.contains(forbidden), "\(forbidden)")
    }
  }

  @Test(arguments: [
    (["search": "mika green"], 0), (["search": "MIKA"], 1), (["state": "stale"], 1),
    (["programme": "ep2"], 1),
    (["search": "ep1 v3.edl"], 1), (["state": "nonsense"], 3), (["search": "", "state": ""], 3),
  ])
  func `search and filters show what they say`(query: [String: String], count: Int) throws {
    let choice = BoardPage.Choice { query[$0] }
    #expect(choice.shown(of: try rows()).count == count)
  }

  @Test func `what needs somebody comes first when sorted by state, and last the other way round`() throws {
    let rows = try rows()
    let choice = BoardPage.Choice { ["sort": "state"][$0] }
    #expect(choice.shown(of: rows).map(\.condition) == [.rejected, .stale, .missing])
    let other = BoardPage.Choice { ["sort": "state", "order": "descending"][$0] }
    #expect(other.shown(of: rows).map(\.condition) == [.missing, .stale, .rejected])
  }

  @Test func `whoever has spoken since the pipelines were planned is not waited for`() throws {
    let json = """
      [{"deliverable":"ep1/review","programme":"ep1","stage":"review","state":"current","condition":"approved","version":"v001",
        "asks":["colorist","producer"],"since":"2026-11-26T09:00:00.000Z",
        "decision":{"verdict":"approved","by":"mika","role":"colorist","note":"","made":"2026-11-26T11:00:00.000Z"}},
       {"deliverable":"ep1/master","programme":"ep1","stage":"master","state":"waits for sign-off: waiting for approval by colorist",
        "condition":"waiting","since":"2026-11-26T09:00:00.000Z",
        "gates":[{"gate":"sign-off","deliverable":"review","picture":"grade","role":"colorist","status":"waiting","frames":9,
          "unseenFrames":9,"unseen":[],"needs":[{"role":"colorist","count":1,"approvedBy":[],"unseenFrames":9}]}]}]
      """
    let rows = try JSONDecoder().decode([DeliverableRow].self, from: Data(json.utf8))
    func heard(_ surveyed: String) -> [DeliverableRow] {
      rows.map { $0.heard(since: surveyed) { $0 == "review" ? rows[0].decision : nil } }
    }
    let after = heard("2026-11-26T10:59:59.000Z")
    #expect(after[0].asks == ["producer"] && after[0].nextPeople == ["producer"])
    #expect(after[1].nextPeople == [] && after[1].since == nil && after[1].condition == .waiting)
    #expect(after[1].state == "sign-off is looked at again: review approved by mika as colorist")
    let before = heard("2026-11-26T12:00:00.000Z")
    #expect(before[0].asks == ["colorist", "producer"] && before[1].nextPeople == ["colorist"])
    #expect(before[1].state == rows[1].state)
  }

  @Test func `a decision shows before the pipeline is planned again`() throws {
    var row = try rows()[1]
    row.decision = nil
    row.condition = .current
    let decision = try #require(try rows()[1].decision)
    #expect(row.decided(decision).condition == .rejected)
    #expect(row.decided(nil).condition == .current)
    let stale = try rows()[0]
    #expect(stale.decided(decision).condition == .stale, "a word on an old version does not make it current")
  }
}
