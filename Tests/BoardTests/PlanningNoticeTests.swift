import Board
import Delivery
import Diagnostics
import Foundation
import ImageGraph
import ObjectStore
import Planning
import TestSupport
import Testing

@Suite struct PlanningNoticeTests {
  private static let hostile = "<script>alert(1)</script>"

  private func planning(_ unplanned: [PlanningState.Unplanned]) -> PlanningState {
    PlanningState(
      hasPipelines: true, surveyed: WallClock(milliseconds: 1_000_000), isSurveying: false,
      unplanned: unplanned)
  }

  private func unplanned(
    _ pipeline: String, _ code: String = "cut.badTimecode", isShownAsBefore: Bool = false
  ) -> PlanningState.Unplanned {
    let fault = Diagnostic(
      family: .usage, code: code, location: SourceLocation(file: "cut.edl", line: 4, column: 42),
      message: "`01:00:01:77` has frame 77 \(Self.hostile)", remedy: "Give the rate of the list.")
    return PlanningState.Unplanned(pipeline: pipeline, faults: [fault], isShownAsBefore: isShownAsBefore)
  }

  /// Every page that shows what pipelines ask for.
  private func pages(_ planning: PlanningState) -> [String] {
    let programme = BoardSurvey.Programme(
      programme: "film", pipeline: "film.yaml", cut: [], stages: [], rows: [], shots: [], gates: [], tasks: 0,
      heldTasks: 0, diagnostics: [])
    let bodies = [
      BoardPage(
        BoardOverview(rows: [], run: nil, planning: planning), choice: BoardPage.Choice(),
        now: WallClock(milliseconds: 1_001_000)
      ).body,
      ShotsPage([], choice: ShotsPage.Choice(), planning: planning).body,
      PipelinePage(programme, of: [programme], work: nil, planning: planning).body,
      UnplannedPage(planning).body,
    ]
    return bodies.map(\.text)
  }

  @Test func `a pipeline that cannot be planned is named with its fault, its place and its remedy`() {
    for page in pages(planning([unplanned("ep1.yaml"), unplanned("\(Self.hostile).yaml")])) {
      #expect(page.contains("<b>ep1.yaml cannot be planned.</b>"))
      #expect(page.contains("cut.edl:4:42") && page.contains("Give the rate of the list."))
      #expect(page.contains("only what is published is shown"))
      #expect(!page.contains("<script") && page.contains("&lt;script&gt;alert(1)&lt;/script&gt;.yaml"))
      #expect(!page.contains("name pipeline files"), "they were named")
    }
  }

  @Test func `media that nobody looked at is no fault, and what was known before is told apart`() {
    let waiting = [
      unplanned("ep1.yaml", "planning.notProbed"),
      unplanned("ep2.yaml", "planning.notProbed", isShownAsBefore: true),
    ]
    for page in pages(planning(waiting)) {
      #expect(page.contains("the media of ep1.yaml, ep2.yaml yet") && page.contains("href=\"/conform\""))
      #expect(!page.contains("cannot be planned.") && !page.contains("notice bad"))
    }
    for page in pages(planning([unplanned("ep2.yaml", isShownAsBefore: true)])) {
      #expect(page.contains("What was known of it before is shown."))
    }
  }

  @Test func `of very many only the first are told in full`() {
    let many = (1...40).map { unplanned("ep\($0).yaml") }
    for page in pages(planning(many)) {
      #expect(page.count(of: "notice bad") == 7)
      #expect(page.contains("ep40.yaml"))
    }
  }

  @Test func `without pipelines, and before they are planned, a page says that`() {
    let none = PlanningState(hasPipelines: false, surveyed: nil, isSurveying: false)
    let first = PlanningState(hasPipelines: true, surveyed: nil, isSurveying: true)
    for (state, words) in [(none, "No pipeline was given"), (first, "are being planned")] {
      let shown = pages(state)
      for index in [0, 1, 3] { #expect(shown[index].contains(words), "page \(index)") }
    }
  }

  @Test func `what is no error is not why a pipeline cannot be planned`() {
    func diagnostic(_ severity: Diagnostic.Severity) -> Diagnostic {
      Diagnostic(severity: severity, family: .usage, code: "x", message: severity.rawValue)
    }
    let all = [diagnostic(.warning), diagnostic(.error), diagnostic(.note)]
    #expect(BoardSurvey.Unplanned(pipeline: "p", diagnostics: all).faults == [diagnostic(.error)])
    #expect(BoardSurvey.Unplanned(pipeline: "p", diagnostics: [all[0]]).faults == [all[0]])
  }

  @Test func `before any pipeline could be planned nothing is compared, and no gate is known`() async throws {
    let folder = try TemporaryFolder()
    let production = try Production.create(at: folder.path + "/out")
    let store = ObjectStore(production)
    let scratch = try AttemptFolder.create(in: production)
    let file = try store.commitObject(bytes: [1], name: "o", scratch: scratch.path).digest
    let line = VersionLine(.deliverable, programme: "film", name: "master")
    _ = try VersionPublisher(store).publish(
      [PublishedFile(object: file, fileExtension: "mov")], as: line,
      provenance: VersionPublisher.Provenance(
        madeFrom: [], facts: try JSONValue(encoding: RecipeFacts<Int>(parts: [])), verification: .null,
        tool: "test"))

    func programme(_ name: String) -> BoardSurvey.Programme {
      BoardSurvey.Programme(
        programme: name, pipeline: "\(name).yaml", cut: [], stages: [], rows: [], shots: [], gates: [],
        tasks: 0, heldTasks: 0,
        diagnostics: [])
    }
    let reader = ProductionReader(production, typed: "out", version: "1", plans: true)
    let without = unplanned("film.yaml", "planning.notProbed")
    let faults = [BoardSurvey.Unplanned(pipeline: without.pipeline, diagnostics: without.faults)]
    /// The survey, and whether the gates of a deliverable of `film` are still to be known after it.
    let surveys: [(BoardSurvey?, Bool)] = [
      (nil, true),
      (BoardSurvey(programmes: [], unplanned: faults), true),
      (BoardSurvey(programmes: [programme("other")], unplanned: faults), true),
      (BoardSurvey(programmes: [programme("film")], unplanned: []), false),
      // What was known before stays known.
      (BoardSurvey(programmes: [], unplanned: faults), false),
    ]
    for (index, (survey, isUnplanned)) in surveys.enumerated() {
      if let survey { await reader.note(survey, made: .now()) }
      let facts = try #require(try await reader.deliverable(line, version: nil))
      #expect(facts.isUnplanned == isUnplanned, "survey \(index)")
      let planning = await reader.planning
      #expect(planning.knowsProgrammes == (index >= 2), "survey \(index)")
      let home = BoardPage(
        BoardOverview(rows: [], run: nil, planning: planning), choice: BoardPage.Choice(), now: .now()
      ).body.text
      #expect(home.contains("Compared with the pipelines") == (index >= 2), "survey \(index)")
    }
  }
}

extension String {
  fileprivate func count(of part: String) -> Int { ranges(of: part).count }
}
