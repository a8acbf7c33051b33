import ColorGrading
import Colour
import Diagnostics
import Editorial
import Foundation
import Testing

@Suite struct GradeResolverTests {
  private func decision(_ slope: Double) -> ColorDecision { ColorDecision(slope: [slope, 1, 1]) }

  private func entry(_ id: String?, _ slope: Double, line: Int) -> ColorDecisionCollection.Entry {
    ColorDecisionCollection.Entry(
      id: id, decision: decision(slope), location: SourceLocation(file: "show.ccc", line: line))
  }

  private func shot(_ event: String, _ name: String, list slope: Double? = nil, line: Int? = nil) -> GradeShot
  {
    GradeShot(
      event: event, shot: name, listGrade: slope.map(decision),
      location: line.map { SourceLocation(file: "cut.edl", line: $0) })
  }

  @Test func `the shot's name beats the event's number, which beats the list`() {
    let resolver = GradeResolver(entries: [
      entry("sh010", 1.1, line: 3), entry("002", 1.2, line: 8), entry("3", 1.3, line: 13),
    ])
    let (bindings, diagnostics) = resolver.resolve([
      shot("001", "sh010"), shot("002", "sh020"), shot("003", "sh030"), shot("004", "sh040", list: 1.4),
      shot("005", "sh050"), shot("006", "sh010"),
    ])
    #expect(
      bindings.map(\.origin) == [
        .shotName(id: "sh010"), .eventNumber(id: "002"), .eventNumber(id: "3"), .list, .none,
        .shotName(id: "sh010"),
      ])
    #expect(bindings.map(\.decision?.slope[0]) == [1.1, 1.2, 1.3, 1.4, nil, 1.1])
    #expect(diagnostics.isEmpty)
  }

  @Test func `grades that differ are reported with the one that is used`() {
    let resolver = GradeResolver(entries: [entry("sh010", 1.1, line: 3), entry("001", 1.2, line: 8)])
    let (bindings, diagnostics) = resolver.resolve([shot("001", "sh010", list: 1.3, line: 12)])
    #expect(bindings[0].decision == decision(1.1))
    #expect(
      diagnostics.map(\.description) == [
        """
        cut.edl:12: note: event 001, shot sh010: correction `sh010` is used, correction `001` (by event number) differs
          Remove the one that is out of date.
        """,
        """
        cut.edl:12: note: event 001, shot sh010: correction `sh010` is used, the list's CDL differs
          Remove the one that is out of date.
        """,
      ])
  }

  private func logged(_ slope: Double, line: Int) -> SourceLogs.LoggedGrade {
    SourceLogs.LoggedGrade(decision: decision(slope), location: SourceLocation(file: "day1.ale", line: line))
  }

  @Test func `the grade of a log counts where the cut has none`() {
    var only = shot("001", "sh010")
    only.loggedGrades = [logged(1.5, line: 9)]
    var both = shot("002", "sh020", list: 1.4, line: 7)
    both.loggedGrades = [logged(1.6, line: 10)]
    let (bindings, diagnostics) = GradeResolver(entries: []).resolve([only, both])
    #expect(bindings.map(\.decision) == [decision(1.5), decision(1.4)])
    #expect(bindings[0].origin == .log(SourceLocation(file: "day1.ale", line: 9)))
    #expect(
      diagnostics.map(\.description) == [
        """
        cut.edl:7: note: event 002, shot sh020: the list's CDL is used, the CDL of the log at day1.ale:10 differs
          Remove the one that is out of date.
        """
      ])
  }

  @Test func `rows of a log that contradict each other are an error only where they count`() {
    var open = shot("001", "sh010", line: 4)
    open.loggedGrades = [logged(1.5, line: 9), logged(1.6, line: 12)]
    var graded = open
    graded.listGrade = decision(1.1)
    let resolver = GradeResolver(entries: [])
    #expect(resolver.resolve([open]).diagnostics.map(\.code) == ["grade.logConflict"])
    #expect(resolver.resolve([open]).diagnostics.first?.family == .ambiguous)
    #expect(resolver.resolve([graded]).diagnostics.allSatisfy { $0.severity == .note })
  }

  @Test func `a list that prints four decimals is not in conflict`() {
    let resolver = GradeResolver(entries: [entry("sh010", 1.100049, line: 3)])
    #expect(resolver.resolve([shot("001", "sh010", list: 1.1)]).diagnostics.isEmpty)
  }

  @Test func `corrections that match nothing are warned of`() {
    let resolver = GradeResolver(entries: [
      entry("SH_010", 1.1, line: 3), entry("zz", 1, line: 4), entry(nil, 2, line: 8), entry("", 2, line: 9),
    ])
    let (bindings, diagnostics) = resolver.resolve([shot("001", "sh010")])
    #expect(bindings[0].origin == .none)
    #expect(
      diagnostics.map(\.description) == [
        "show.ccc:8: warning: a correction without an id matches no shot\n  Give it the name of its shot as id.",
        "show.ccc:9: warning: a correction without an id matches no shot\n  Give it the name of its shot as id.",
        "show.ccc:3: warning: no shot or event of the cut is called `SH_010`; this correction is not used\n"
          + "  Did you mean shot `sh010`?",
        "show.ccc:4: warning: no shot or event of the cut is called `zz`; this correction is not used",
      ])
  }

  @Test func `an id given again with other values is an error, with the same values it is nothing`() {
    let same = GradeResolver(entries: [entry("sh010", 1.1, line: 3), entry("sh010", 1.1, line: 8)])
    #expect(same.resolve([shot("001", "sh010")]).diagnostics.isEmpty)
    let different = GradeResolver(entries: [entry("sh010", 1.1, line: 3), entry("sh010", 1.2, line: 8)])
    let diagnostics = different.resolve([shot("001", "sh010")]).diagnostics
    #expect(
      diagnostics.map(\.description) == [
        "show.ccc:8: error: correction `sh010` is given again with other values, first at show.ccc:3\n"
          + "  Keep the one that is meant."
      ])
    #expect(DiagnosticList(diagnostics).exitCode == 5)
  }

  @Test func `two spellings of one event number are an error unless one is the printed one`() {
    let resolver = GradeResolver(entries: [entry("4", 1.1, line: 3), entry("04", 1.2, line: 8)])
    #expect(
      resolver.resolve([shot("004", "sh040")]).diagnostics.map(\.code) == [
        "grade.repeatedID", "grade.unusedID",
      ])
    let (bindings, diagnostics) = resolver.resolve([shot("04", "sh040")])
    #expect(bindings[0].origin == .eventNumber(id: "04"))
    #expect(diagnostics.map(\.code) == ["grade.unusedID"])
  }

  @Test func `an id that is a shot's name is never an event number`() {
    let resolver = GradeResolver(entries: [entry("010", 1.1, line: 3)])
    let (bindings, _) = resolver.resolve([shot("001", "010"), shot("010", "020")])
    #expect(bindings.map(\.origin) == [.shotName(id: "010"), .none])
  }

  @Test func `a real collection binds by shot name, with the values of the file`() throws {
    guard let data = try Shared.data("samples/color/cdl/cdl_test1.ccc") else { return }
    let collection = try ColorDecisionCollection.read(path: "cdl_test1.ccc", bytes: Array(data))
    let shots = ["cc0001", "cc0002", "cc0003", "cc0004"].enumerated().map { shot("00\($0)", $1) }
    let (bindings, diagnostics) = GradeResolver(entries: collection.entries).resolve(shots)
    #expect(
      bindings.map(\.decision) == [
        ColorDecision(slope: [1, 1, 0.9], offset: [-0.03, -0.02, 0], power: [1.25, 1, 1], saturation: 1.7),
        ColorDecision(
          slope: [0.9, 0.7, 0.6], offset: [0.1, 0.1, 0.1], power: [0.9, 0.9, 0.9], saturation: 0.7),
        ColorDecision(slope: [1.2, 1.1, 1], power: [0.9, 1, 1.2]), nil,
      ])
    // Two corrections of this file have no id.
    #expect(diagnostics.map(\.code) == ["grade.noID", "grade.noID"])
  }

  /// Facts of samples/README.md for the first correction; OpenColorIO does not clamp, ASC CDL does.
  @Test func `a real correction grades as OpenColorIO computes, clamped as ASC CDL says`() throws {
    guard let data = try Shared.data("samples/color/cdl/cdl_test1.ccc") else { return }
    let first = try #require(
      try ColorDecisionCollection.read(path: "cdl_test1.ccc", bytes: Array(data)).entries.first?.decision)
    let decision = try GradeKernel.Decision(
      slope: SIMD3(first.slope), offset: SIMD3(first.offset), power: SIMD3(first.power),
      saturation: first.saturation)
    let inputs: [[Double]] = [
      [0, 0, 0], [0.18, 0.18, 0.18], [0.5, 0.5, 0.5], [1, 1, 1], [0.2, 0.5, 0.8], [0.9, 0.4, 0.1],
    ]
    let results = try graded(inputs, GradeKernel(decision: decision, look: nil))
    #expect(results[0] == [0, 0, 0])
    let facts: [Int: [Double]] = [
      1: [0.05651, 0.16982, 0.17322], 2: [0.3406, 0.49503, 0.44404], 3: [0.95711, 0.98662, 0.85064],
      4: [0, 0.52306, 0.93105], 5: [1, 0.32616, 0],
    ]
    for (index, fact) in facts {
      for (value, wanted) in zip(results[index], fact) { #expect(abs(value - wanted) <= 5e-4, "P\(index)") }
    }
  }
}
