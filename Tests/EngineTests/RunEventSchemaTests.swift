import Engine
import Foundation
import Glibc
import ObjectStore
import TaskGraph
import TestSupport
import Testing

/// The description of `events.jsonl` against the type and against the lines of real runs.
@Suite(.timeLimit(.minutes(30))) struct RunEventSchemaTests {
  @Test func `every kind and every field is described`() throws {
    #expect(
      RunEventSchema.kinds.map(\.kind.rawValue).sorted() == RunEvent.Kind.allCases.map(\.rawValue).sorted())
    let event = try JSONDecoder().decode(
      RunEvent.self, from: Data(#"{"event":"runStarted","at":"","seconds":0}"#.utf8))
    let stored = Mirror(reflecting: event).children.compactMap(\.label)
    #expect(RunEventSchema.fields.map(\.name).sorted() == stored.sorted())
    let known = Set(stored)
    for kind in RunEventSchema.kinds {
      #expect(known.isSuperset(of: kind.required + kind.optional), "\(kind.kind)")
    }
  }

  @Test func `the lines of real runs are as described`() async throws {
    let harness = try EngineHarness()
    defer { harness.remove() }
    let first = try await harness.run([
      fake("render", segments: 3, frames: 30), fake("dies once", segments: 2, frames: 4, "killed", times: 1),
      fake("bad", "fails", failure: "media", exit: 3), fake("after bad", after: ["bad"]),
      fake("babbles", "babbles"), node("publish", after: ["render"], place: .coordinator),
      fake("flaky", "fails", times: 1, failure: "infrastructure", exit: 75),
    ])
    let engine = try await Coordinator.open(
      production: harness.production, configuration: harness.configuration)
    let before = harness.made.count
    // Of a thread of its own: the wait must not hold a thread that the run needs.
    Thread.detachNewThread {
      while harness.made.count == before { usleep(10_000) }
      engine.cancel()
    }
    let held = fake("held", segments: 2, frames: 2, hold: try harness.holdFile())
    let second = try await engine.run(try Plan([held])) { _ in }
    #expect(second.isCancelled)
    let runs = [first.runID, second.runID].map { harness.production.runsFolder + "/\($0 ?? "")/events.jsonl" }
    let events = try harness.events(of: first.runID) + harness.events(of: second.runID)
    let seen = Set(events.map(\.event))
    let wanted: Set<RunEvent.Kind> = [
      .runStarted, .workerStarted, .workerLost, .attemptStarted, .attemptEnded, .progress, .committed,
      .retrying,
      .taskDone, .taskFailed, .taskBlocked, .queue, .cancelling, .ignored, .runFinished,
    ]
    #expect(seen.isSuperset(of: wanted), "missing: \(wanted.subtracting(seen))")
    try validate(runs)
  }

  /// Judged by `jsonschema` of Debian, strictly: what is not described is a fault.
  private func validate(_ files: [String]) throws {
    let folder = try TestSupport.TemporaryFolder()
    let schema = try folder.write(
      String(decoding: try JSONEncoder().encode(RunEventSchema.json), as: UTF8.self), to: "schema.json")
    let program = """
      import json, sys
      from jsonschema import Draft202012Validator
      schema = json.load(open(sys.argv[1]))
      Draft202012Validator.check_schema(schema)
      for branch in schema["oneOf"]:
          branch["additionalProperties"] = False
      branches = {b["title"]: Draft202012Validator({**b, "$defs": schema["$defs"]}) for b in schema["oneOf"]}
      count = 0
      for path in sys.argv[2:]:
          for line in open(path):
              event = json.loads(line)
              for error in branches[event["event"]].iter_errors(event):
                  sys.exit(f"{event['event']}: {error.message}: {line}")
              count += 1
      print(count)
      """
    let result = try Programs.run("/usr/bin/python3", ["-c", program, schema] + files)
    #expect(result.status == 0, "\(result.errors)")
    #expect((Int(result.text.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0) > 20)
  }

  @Test func `every attempt begins once and ends once, with what it waited and took`() async throws {
    let harness = try EngineHarness()
    defer { harness.remove() }
    let outcome = try await harness.run(
      [
        fake("first", seconds: 0.3), fake("second", after: ["first"]),
        fake("dies once", segments: 1, "killed", times: 1),
      ], configuration: harness.configured(workers: 1))
    let events = try harness.events(of: outcome.runID)
    let started = events.filter { $0.event == .attemptStarted }
    let ended = events.filter { $0.event == .attemptEnded }
    #expect(started.count == 4)
    #expect(started.map(\.attempt) == ended.map(\.attempt), "one worker: they end in the order they begin")
    #expect(ended.compactMap(\.outcome).count { $0 == .lost } == 1)
    let second = try #require(started.first { $0.label == "second" })
    let done = try #require(events.first { $0.event == .taskDone && $0.label == "first" })
    #expect(abs((second.waited ?? -1) - (second.seconds - done.seconds)) < 0.002)
    let first = try #require(ended.first { $0.label == "first" })
    #expect((first.duration ?? 0) >= 0.3)
    #expect(ended.filter { $0.label == "dies once" }.map(\.number) == [1, 2])
  }
}
