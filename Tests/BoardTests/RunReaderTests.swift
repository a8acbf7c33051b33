import Board
import Diagnostics
import Digests
import Foundation
import Monitoring
import ObjectStore
import TaskGraph
import TestSupport
import Testing

@Suite struct `Runs as pages read them` {
  private let run = "01KAYZ0000000000000000000A"

  private func key(_ task: Int) -> String { Digest.sha256(Array("\(task)".utf8)).hex }

  /// A production with one run of so many tasks, on none of which anybody works.
  private func production(_ tasks: Int) throws -> (TemporaryFolder, Production, events: URL) {
    let folder = try TemporaryFolder()
    let production = try Production.create(at: folder.path + "/out")
    let path = "\(production.runsFolder)/\(run)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    let entries = (0..<tasks).map { task in
      #"{"key":"\#(key(task))","kind":"render","stage":"\#(task % 2 == 0 ? "grade" : "mix")","label":"t\#(task)","reason":"new"}"#
    }
    try Data(#"{"tasks":[\#(entries.joined(separator: ","))]}"#.utf8)
      .write(to: URL(fileURLWithPath: path + "/plan.json"))
    let events = URL(fileURLWithPath: path + "/events.jsonl")
    try Data(line("runStarted", nil).utf8).write(to: events)
    return (folder, production, events)
  }

  private func line(_ event: String, _ task: Int?, _ more: String = "") -> String {
    let about = task.map { #","task":"\#(key($0))","stage":"grade","label":"t\#($0)""# } ?? ""
    return #"{"event":"\#(event)","at":"","seconds":1\#(about)\#(more)}"# + "\n"
  }

  private func append(_ text: String, to events: URL) throws {
    let file = try FileHandle(forWritingTo: events)
    try file.seekToEnd()
    try file.write(contentsOf: Data(text.utf8))
    try file.close()
  }

  @Test func `of many tasks those that need somebody are shown`() async throws {
    let (folder, production, events) = try production(1400)
    let reader = RunReader(production)
    let before = try await reader.tasks(of: "grade", in: run)
    #expect((before.count, before.shown.count) == (700, 500))
    #expect(before.shown.map(\.label).prefix(3) == ["t0", "t2", "t4"])
    try append(
      line("attemptStarted", 1398) + line("taskFailed", 1398) + line("attemptStarted", 1396), to: events)
    let after = try await reader.tasks(of: "grade", in: run)
    #expect(after.shown.map(\.label).prefix(3) == ["t1396", "t1398", "t0"])
    #expect(after.shown[1].hasFailed && !after.shown[0].hasFailed)
    #expect(!after.isGoingOn, "nobody works on it, whatever its last word is")
    #expect(try await reader.tasks(of: "nothing", in: run).count == 0)
    withExtendedLifetime(folder) {}
  }

  @Test func `one task is told with what was added since`() async throws {
    let (folder, production, events) = try production(3)
    let reader = RunReader(production)
    let wanted = try #require(TaskKey(hex: key(2)))
    #expect(try await reader.task(wanted, of: run)?.attempts.count == 0)
    try append(line("attemptStarted", 2, #","worker":1"#), to: events)
    // Of a line that is not whole yet nothing is told.
    let rest = line("taskDone", 2)
    try append(String(rest.prefix(20)), to: events)
    let running = try #require(try await reader.task(wanted, of: run))
    #expect(running.attempts.count == 1 && !running.task.isDone && running.task.reason == "new")
    try append(String(rest.dropFirst(20)), to: events)
    #expect(try await reader.task(wanted, of: run)?.task.isDone == true)
    #expect(try await reader.sums(of: run).stages.stages.map(\.tasksDone) == [1, 0])
    await #expect(throws: Diagnostic.self) { try await reader.sums(of: "01KAYZ0000000000000000000B") }
    await #expect(throws: Diagnostic.self) { try await reader.sums(of: "../\(run)") }
    withExtendedLifetime(folder) {}
  }

  @Test func `lines are handed out whole, whatever their length`() async throws {
    let (folder, production, events) = try production(1)
    let reader = RunReader(production)
    let long = line("contained", 0, #","message":"\#(String(repeating: "x", count: 300_000))""#)
    let first = line("runStarted", nil)
    try append(long + "{\"torn", to: events)
    #expect(try await reader.lines(of: run, from: 0) == Array(first.utf8))
    #expect(try await reader.lines(of: run, from: Int64(first.utf8.count)) == Array(long.utf8))
    #expect(try await reader.lines(of: run, from: Int64((first + long).utf8.count)) == [])
    withExtendedLifetime(folder) {}
  }
}
