import Diagnostics
import Editorial
import Foundation
import Planning
import TaskGraph
import TestSupport
import Testing

/// `timeline: logs:`, from the pipeline file to the conform.
@Suite struct SourceLogKeysTests {
  private static let stages = """
    edit: {kind: editing}
    grade: {kind: color-grade, picture: edit, stills: no}
    master: {kind: delivery, picture: grade, profile: stills-16bit}
    """

  private func programme(log: String) throws -> Programme {
    var file = Facts.picture("X001", name: "X001_C003.mov", start: "01:00:00:00", frames: 240)
    file.facts.reel = nil
    let programme = try Programme(
      [ListEvent(reel: "ROLL7", source: hour + 10, record: hour, count: 20)], files: [file])
    _ = try programme.folder.write(log, to: "day.ale")
    return programme
  }

  private func ale(_ row: String) -> String {
    "Heading\nFIELD_DELIM\tTABS\nFPS\t23.976\n\nColumn\nName\tTape\tStart\tEnd\tScene\tASC_SOP\n\nData\n\(row)\n"
  }

  @Test func `media without a reel gets the one of its log`() throws {
    let programme = try programme(
      log: ale("X001_C003\tROLL7\t01:00:00:00\t01:00:10:00\t12A\t(1.1 1 1)(0 0 0)(1 1 1)"))
    #expect(throws: DiagnosticList.self) {
      try ProgrammePlanner.conform(programme.pipeline(), files: programme.files)
    }
    let pipeline = try programme.pipeline(Self.stages, timeline: ", logs: day.ale")
    let conform = try ProgrammePlanner.conform(pipeline, files: programme.files)
    let event = try #require(conform.events.first)
    #expect(event.rule == "reel+timecode")
    guard case .object(let entries)? = event.clip.metadata["log"] else {
      Issue.record("the clip has no metadata of the log")
      return
    }
    let named = Dictionary(uniqueKeysWithValues: entries.map { ($0.key, $0.value) })
    #expect(named["scene"] == .string("12A") && named["row"] == .string("day.ale:9"))
  }

  @Test func `the grade of a log is the grade of the shot`() throws {
    let programme = try programme(
      log: ale("X001_C003\tROLL7\t01:00:00:00\t01:00:10:00\t\t(1.25 1 1)(0 0 0)(1 1 1)"))
    let plan = try ProgrammePlanner.plan(
      try programme.pipeline(Self.stages, timeline: ", logs: day.ale"), files: programme.files, tools: tools,
      library: FakeLibrary())
    let payloads = plan.nodes("render").map { String(decoding: $0.payload, as: UTF8.self) }
    #expect(payloads.contains { $0.contains("1.25") })
  }

  @Test func `a row that cannot be read is a warning with its place`() throws {
    let pipeline = try programme(log: ale("A\tR\tsoon\t\t\t")).pipeline(
      Self.stages, timeline: ", logs: [day.ale]")
    #expect(
      pipeline.warnings.map { "\($0.severity) \($0.location?.description ?? "") \($0.code)" } == [
        "warning day.ale:9:5 log.badTimecode"
      ])
  }

  @Test func `a log that is not there is an error`() throws {
    let programme = try programme(log: "")
    do {
      _ = try programme.pipeline(Self.stages, timeline: ", logs: [none.ale, day.ale]")
      Issue.record("no error")
    } catch let list as DiagnosticList {
      #expect(list.diagnostics.map(\.code) == ["pipeline.unreadableInput", "log.cutOff"])
    }
  }
}
