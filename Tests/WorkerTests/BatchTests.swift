import Diagnostics
import Digests
import Foundation
import Glibc
import TaskGraph
import TaskKinds
import TestSupport
import Testing

/// Several small tasks in one attempt, done by the real worker.
@Suite struct BatchTests {
  /// Programs of one attempt, each a shell script that writes `report.txt`, and what a pool worker says of them.
  private struct Batch {
    let attempt: Attempt
    let keys: [TaskKey]

    init(_ scripts: [String]) throws {
      attempt = try Attempt()
      var lines = Data()
      var keys: [TaskKey] = []
      for (number, script) in scripts.enumerated() {
        let input = ExternalTask.Input(
          stage: "step \(number)",
          program: [script.isEmpty ? "no-such-program" : "sh", "-c", script].map {
            ExternalTask.Template([.text($0)])
          },
          files: [], environment: ["NUMBER": ExternalTask.Template([.text("\(number)")])],
          programVersion: nil,
          pictures: nil, firstNumber: 1, made: nil,
          outputs: [.init(name: "report", path: "report.txt", suffix: "report")], values: [:])
        keys.append(ExternalTask.key(input))
        lines += try JSONEncoder().encode(
          TaskFile(
            attempt: attempt.id, key: keys[number], kind: ExternalTask.identifier,
            version: ExternalTask.version,
            label: input.stage, input: input))
        lines.append(UInt8(ascii: "\n"))
      }
      self.keys = keys
      try lines.write(to: URL(fileURLWithPath: attempt.path + "/tasks.jsonl"))
    }

    /// Gives the batch to a worker of a pool; `meanwhile` is called with its process while it works.
    func run(_ meanwhile: (Int32) throws -> Void = { _ in }) throws -> (status: Int32, events: [WorkerEvent])
    {
      let process = Process()
      process.executableURL = URL(fileURLWithPath: Attempt.program)
      process.arguments = ["pool"]
      let input = Pipe()
      let output = URL(fileURLWithPath: attempt.folder.path + "/events.jsonl")
      try Data().write(to: output)
      process.standardInput = input
      process.standardOutput = try FileHandle(forWritingTo: output)
      try process.run()
      input.fileHandleForWriting.write(Data((attempt.path + "/tasks.jsonl\n").utf8))
      try meanwhile(process.processIdentifier)
      func events() throws -> [WorkerEvent] {
        try Data(contentsOf: output).split(separator: UInt8(ascii: "\n")).compactMap {
          try? JSONDecoder().decode(WorkerEvent.self, from: Data($0))
        }
      }
      while process.isRunning, try events().count(where: { $0.event == .ready }) < 2 { usleep(10_000) }
      try input.fileHandleForWriting.close()
      process.waitUntilExit()
      return (process.terminationStatus, try events())
    }

    /// As a farm runs it: all of it, however long it takes.
    ///
    /// - Returns: how the worker ended, and the lines of the log that tell of a start or a publication, in order.
    func runAlone() throws -> (status: Int32, lines: [(word: Substring, key: Substring)]) {
      let finished = try Programs.run(Attempt.program, ["run", attempt.path + "/tasks.jsonl"])
      let words = log.split(separator: "\n").map { $0.split(separator: " ") }
      return (
        finished.status,
        words.filter { $0.count > 2 && ["start", "commit"].contains($0[1]) }.map { ($0[1], $0[2]) }
      )
    }

    var log: String { (try? String(contentsOfFile: attempt.path + "/log.txt", encoding: .utf8)) ?? "" }
  }

  private static let good = "echo $NUMBER > report.txt; echo step $NUMBER"

  private func ends(_ events: [WorkerEvent]) -> [WorkerEvent.TaskEnd] { events.flatMap { $0.ends ?? [] } }

  @Test func `a program that fails or leaves something behind concerns its own task`() throws {
    let daemon = "\(Self.good); setsid sleep 1000 > /dev/null 2>&1 &"
    let batch = try Batch([Self.good, "echo oh dear; exit 3", "", daemon, Self.good])
    let (status, events) = try batch.run()
    #expect(status == 0)
    #expect(events.filter { $0.event == .began }.map(\.key) == batch.keys)
    let failures = events.filter { $0.event == .failed }
    #expect(failures.map(\.key) == [batch.keys[1], batch.keys[2]])
    #expect(failures.map(\.failure) == [.application, .user])
    #expect(failures[0].diagnostics?.first?.message == "`step 1` exited with 3; its last words: “oh dear”")
    let ends = ends(events)
    #expect(ends.map(\.key) == [batch.keys[0], batch.keys[3], batch.keys[4]])
    #expect(ends.allSatisfy { $0.isFirst && $0.usage.seconds ?? 0 > 0 && $0.usage.writtenBytes == 2 })
    #expect(ends.map { $0.diagnostics?.map(\.code) } == [nil, ["external.leftRunning"], nil])
    for (number, key) in batch.keys.enumerated() {
      #expect(batch.attempt.hasResult(key) == ![1, 2].contains(number))
    }
    // Each has its part of the log, and nothing of it is left in the folder.
    let parts = batch.log.components(separatedBy: " start ").dropFirst()
    #expect(parts.map { $0.prefix(64) } == batch.keys.map { $0.hex.prefix(64) })
    #expect(parts[2].contains("| oh dear") && !parts[3].contains("oh dear"))
    #expect(try batch.attempt.files() == ["exit.json", "lock", "log.txt", "tasks.jsonl"])
  }

  @Test func `many results are published in parts, and a failure between them takes nothing along`() throws {
    var scripts = Array(repeating: Self.good, count: 150)
    scripts[100] = "exit 3"
    let batch = try Batch(scripts)
    let (status, lines) = try batch.runAlone()
    #expect(status == 1)
    #expect(lines.filter { $0.word == "start" }.map(\.key) == batch.keys.map { $0.hex[...] })
    var others = batch.keys
    others.remove(at: 100)
    #expect(lines.filter { $0.word == "commit" }.map(\.key) == others.map { $0.hex[...] }, "once, in order")
    // The first are told of while others are still to begin.
    let told = try #require(lines.firstIndex { $0.word == "commit" })
    #expect(lines[told...].contains { $0.word == "start" })
    #expect(batch.keys.filter(batch.attempt.hasResult) == others)
    #expect(try batch.attempt.files() == ["exit.json", "lock", "log.txt", "tasks.jsonl"])
  }

  @Test func `results that cannot be published are told of by nobody, and made again`() throws {
    let batch = try Batch(Array(repeating: Self.good, count: 150))
    func results(_ key: TaskKey) -> String {
      batch.attempt.folder.path + "/out/.interlock/results/" + key.hex.prefix(2)
    }
    // A file where the folder of a result should be, none of them of the first part.
    let number = try #require(
      batch.keys.indices.dropFirst(64).first { index in
        !batch.keys[..<64].contains { results($0) == results(batch.keys[index]) }
      })
    let obstacle = results(batch.keys[number])
    try Data().write(to: URL(fileURLWithPath: obstacle))

    let (status, lines) = try batch.runAlone()
    #expect(status == 1)
    let told = lines.filter { $0.word == "commit" }.map(\.key)
    #expect(told == batch.keys[..<told.count].map { $0.hex[...] } && (1...number).contains(told.count))
    #expect(batch.keys[..<told.count].allSatisfy(batch.attempt.hasResult))
    #expect(!batch.attempt.hasResult(batch.keys[number]))
    #expect(try batch.attempt.files() == ["exit.json", "lock", "log.txt", "tasks.jsonl"])

    try FileManager.default.removeItem(atPath: obstacle)
    #expect(try batch.runAlone().status == 0)
    #expect(batch.keys.allSatisfy(batch.attempt.hasResult))
  }

  @Test func `a worker that is asked to stop publishes what is done and hands the rest back`() throws {
    let folder = try TemporaryFolder()
    let wait = "touch \(folder.path)/under-way; sleep 1000"
    let batch = try Batch([Self.good, Self.good, wait, Self.good])
    let (status, events) = try batch.run { process in
      while !FileManager.default.fileExists(atPath: folder.path + "/under-way") { usleep(10_000) }
      kill(process, SIGTERM)
    }
    #expect(status == 143)
    #expect(ends(events).map(\.key) == Array(batch.keys[..<2]))
    let failure = try #require(events.first { $0.event == .failed })
    #expect(failure.key == batch.keys[2] && failure.failure == .cancelled)
    #expect(!events.contains { $0.event == .began && $0.key == batch.keys[3] })
    #expect(batch.keys.map(batch.attempt.hasResult) == [true, true, false, false])
    #expect(try batch.attempt.files() == ["exit.json", "lock", "log.txt", "tasks.jsonl"])
  }

  @Test func `a worker killed in the middle loses what nobody was told of, and another makes it`() throws {
    let folder = try TemporaryFolder()
    let once =
      "test -e \(folder.path)/under-way || { touch \(folder.path)/under-way; sleep 1000; }; \(Self.good)"
    let batch = try Batch([Self.good, Self.good, once, Self.good])
    let (_, events) = try batch.run { process in
      while !FileManager.default.fileExists(atPath: folder.path + "/under-way") { usleep(10_000) }
      let children = Programs.children(of: process)
      kill(process, SIGKILL)
      for child in children { kill(child, SIGKILL) }
    }
    #expect(events.last { $0.event == .began }?.key == batch.keys[2], "it is known who was at work")
    let told = Set(ends(events).map(\.key))
    #expect(batch.keys.allSatisfy { batch.attempt.hasResult($0) == told.contains($0) })
    let (status, again) = try batch.run()
    #expect(status == 0)
    #expect(Set(ends(again).map(\.key)) == Set(batch.keys))
    #expect(batch.keys.allSatisfy(batch.attempt.hasResult))
  }

  @Test func `a farm may run a batch as it runs a task`() throws {
    let batch = try Batch([Self.good, "exit 7", Self.good])
    let finished = try Programs.run(Attempt.program, ["run", batch.attempt.path + "/tasks.jsonl"])
    #expect(finished.status == 1)
    #expect(finished.text.contains("Status: \(batch.keys[1].hex.prefix(12)) failed: `step 1` exited with 7"))
    #expect(batch.keys.map(batch.attempt.hasResult) == [true, false, true])
  }
}
