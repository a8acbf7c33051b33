import Engine
import Foundation
import Monitoring
import ObjectStore
import TestSupport
import Testing

@Suite struct RunFollowerTests {
  private struct Place {
    let temporary: TemporaryFolder
    let run: RunFolder

    init(_ tasks: [(label: String, frames: Int, after: [Int])]) throws {
      temporary = try TemporaryFolder()
      run = RunFolder(EventScript().run, in: try Production.create(at: temporary.path + "/out"))
      try FileManager.default.createDirectory(atPath: run.path, withIntermediateDirectories: true)
      try plan(tasks)
    }

    func plan(_ tasks: [(label: String, frames: Int, after: [Int])]) throws {
      try Data(EventScript.plan(tasks)).write(to: URL(fileURLWithPath: run.planPath))
    }

    func write(_ text: some StringProtocol) throws {
      try Data(text.utf8).write(to: URL(fileURLWithPath: run.eventsPath))
    }

    /// In place, as the coordinator does.
    func append(_ bytes: some Collection<UInt8>) throws {
      let file = try #require(FileHandle(forWritingAtPath: run.eventsPath))
      try file.seekToEnd()
      try file.write(contentsOf: Data(bytes))
      try file.close()
    }
  }

  private let tasks = [("grade short", 48, [Int]()), ("grade long", 48, []), ("master all", 0, [0, 1])]

  private func script() -> EventScript {
    var script = EventScript()
    script.add("runStarted", at: 0, #""schema":1,"host":"render1","workers":2,"stages":[]"#)
    script.attempt("grade short", worker: 1, 1, 4, cpu: 2.5)
    script.add("taskDone", at: 4, #""frames":48,"total":48"#, task: "grade short")
    script.add("attemptStarted", at: 5, #""attempt":"A","worker":2"#, task: "grade long")
    return script
  }

  /// Everything that is there.
  private func read(_ follower: inout RunFollower) throws { while try follower.read() {} }

  private func words(_ history: RunHistory) -> [String] {
    history.tasks.map { "\($0.label) \($0.isDone) \($0.attempts) \($0.cpuSeconds)" }
      + history.spans.map { "\($0.task) \($0.began) \(history.end(of: $0)) \($0.attempt ?? "")" }
      + ["\(history.seconds) \(history.exit ?? -1) \(history.retries)"]
  }

  @Test func `what is added is read, whatever was cut where, and the end is that of one reading`() throws {
    let place = try Place(tasks)
    var script = script()
    script.add("workerLost", at: 6, task: "grade long")
    script.attempt("grade long", worker: 2, 7, 11, cpu: 4)
    script.add("taskDone", at: 11, #""frames":48,"total":48"#, task: "grade long")
    script.add("runFinished", at: 12, #""exit":0"#)
    let text = Array(script.text.utf8)
    try place.write("")
    var follower = RunFollower(place.run)
    try read(&follower)
    #expect(follower.history.tasks.count == 3 && follower.history.spans.isEmpty)
    // In pieces that end anywhere in a line.
    for start in stride(from: 0, to: text.count, by: 97) {
      try place.append(text[start..<min(text.count, start + 97)])
      try read(&follower)
    }
    #expect(words(follower.history) == words(try RunHistory(place.run)))
    #expect(follower.history.tasks.map(\.isDone) == [true, true, false])
    #expect(follower.history.spans.count == 3)
  }

  @Test func `what was read is not read again`() throws {
    let place = try Place(tasks)
    let script = script()
    try place.write(script.text)
    var follower = RunFollower(place.run)
    try read(&follower)
    // The first line is overwritten in place: nobody looks there again.
    let file = try #require(FileHandle(forWritingAtPath: place.run.eventsPath))
    try file.write(contentsOf: Data(repeating: UInt8(ascii: "x"), count: script.lines[0].utf8.count))
    try file.close()
    try place.append((#"{"event":"runFinished","at":"","seconds":9,"exit":0}"# + "\n").utf8)
    try read(&follower)
    #expect(follower.history.exit == 0)
    #expect(follower.history.workers == 2, "told by the line that is not there any more")
  }

  @Test(arguments: [true, false])
  func `files that were replaced are read anew`(isLonger: Bool) throws {
    let place = try Place(tasks)
    try place.write(script().text)
    var follower = RunFollower(place.run)
    try read(&follower)
    #expect(follower.history.spans.count == 2)
    var other = EventScript()
    other.add("runStarted", at: 0, #""schema":1,"workers":7,"stages":[]"#)
    if isLonger {
      for number in 0..<20 {
        other.attempt("grade long", worker: 1, Double(number), Double(number) + 0.5, outcome: "lost")
      }
    }
    try place.write(other.text)
    try read(&follower)
    #expect(follower.history.workers == 7)
    #expect(follower.history.spans.count == (isLonger ? 20 : 0))
    #expect(follower.history.tasks[0].attempts == 0)

    try place.plan([("mix all", 0, [])])
    try read(&follower)
    #expect(follower.history.tasks.map(\.label) == ["mix all"])
    #expect(follower.history.index(of: follower.history.tasks[0].key) == 0)
  }

  @Test func `a task runs, fails, and runs again`() throws {
    let place = try Place(tasks)
    var script = script()
    try place.write(script.text)
    var follower = RunFollower(place.run)
    try read(&follower)
    #expect(follower.history.tasks[1].began == 5 && follower.history.tasks[1].ended == nil)
    #expect(StageSums(follower.history).stages[0].workerSeconds == 3)
    let before = script.text.utf8.count
    script.add("queue", at: 15, #""ready":0,"waits":[]"#)
    script.add("taskFailed", at: 16, #""diagnostics":[]"#, task: "grade long")
    script.add("attemptStarted", at: 17, #""attempt":"B","worker":2"#, task: "grade long")
    try place.append(Array(script.text.utf8)[before...])
    try read(&follower)
    #expect(follower.history.tasks[1].hasFailed && follower.history.tasks[1].ended == nil)
    #expect(StageSums(follower.history).stages[0].workerSeconds == 3 + 11)
    #expect(follower.history.failures.count == 1)
  }

  @Test(arguments: [
    "", "[]", "{}", #"{"tasks":[{"key":1}]}"#, #"{"tasks":[{"a":"]}"#, #"{"tasks":[]}}"#, "null",
  ])
  func `what is no plan is told as that`(text: String) throws {
    let place = try Place(tasks)
    try Data(text.utf8).write(to: URL(fileURLWithPath: place.run.planPath))
    #expect(throws: (any Error).self) { try RunHistory(place.run) }
  }

  @Test func `a plan is read through whatever its words are`() throws {
    let place = try Place([])
    let label = #"[{ "quoted" \ }] ü"#
    let encoded = String(decoding: try JSONEncoder().encode(label), as: UTF8.self)
    let plan = """
      { "run" : "tasks", "groups":[{"facts":["tasks","[{"]}], "tasks" : [
        {"key":"\(EventScript.key("x"))","kind":"render","stage":"s","label":\(encoded),"after":[],"more":{"deep":[[1],{"x":"}"}]}},
        {"after":[0,7,-1],"key":"\(EventScript.key("y"))","kind":"render","stage":"s","label":"y","reason":"new"} ],
        "began":"" }

      """
    try Data(plan.utf8).write(to: URL(fileURLWithPath: place.run.planPath))
    let history = try RunHistory(place.run)
    #expect(history.tasks.map(\.label) == [label, "y"])
    #expect(history.tasks[1].after == [0], "it cannot wait for what is not before it")
    #expect(history.tasks[1].reason == "new")
  }
}
