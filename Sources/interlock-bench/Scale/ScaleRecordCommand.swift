import ArgumentParser
import Digests
import Engine
import Foundation
import ObjectStore
import TaskGraph

/// What is timed: the record of a run of so many tasks, beside what there is without one.
struct ScaleRecordCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "scale-record", shouldDisplay: false)

  @OptionGroup var options: ScaleOptions

  func run() throws {
    let production = try Production.create(at: options.production)
    let graph = SyntheticGraph(chains: options.chains, chainLength: options.chainLength)
    let keys = graph.keys()
    let bare = try Plan(graph.missingNodes(keys: keys, missing: Set(keys)))
    let explained = try Plan(graph.missingNodes(keys: keys, missing: Set(keys), explaining: true))
    var figures = RecordFigures()
    (figures.bareSeconds, figures.bareBytes) = try record(bare)
    (figures.explainedSeconds, figures.explainedBytes) = try record(explained)
    (figures.eventSeconds, figures.eventBytes, figures.eventLines) = try events(bare, production)
    print(String(decoding: try JSONEncoder().encode(figures), as: UTF8.self))
  }

  private func record(_ plan: Plan) throws -> (seconds: Double, bytes: Int) {
    let began = ContinuousClock.now
    let bytes = try PlanRecord(plan, run: ULID.next().description, began: "", purpose: RunPurpose()).json()
    return ((ContinuousClock.now - began) / .seconds(1), bytes.count)
  }

  /// The lines that a small task leaves: it began, was published, ended, is done.
  private func events(_ plan: Plan, _ production: Production) throws -> (Double, Int, Int) {
    let path = "\(options.production)/events.jsonl"
    let began = ContinuousClock.now
    let journal = try RunJournal(
      run: ULID.next().description, plan: plan, path: path, in: production.fileSystem)
    let attempt = ULID.next().description
    for (task, node) in plan.nodes.enumerated() {
      try journal.tell(.attemptStarted, task: task, attempt: attempt) { event in
        event.worker = 1
        event.total = node.frames
      }
      try journal.tell(.committed, task: task, attempt: attempt) { event in
        event.key = node.key
        event.isFirst = true
      }
      try journal.tell(.attemptEnded, task: task, attempt: attempt) { event in
        event.worker = 1
        event.outcome = .done
        (event.cpuSeconds, event.peakMemoryBytes, event.writtenBytes) = (0.001, 30_000_000, 48)
      }
      try journal.tell(.taskDone, task: task) { event in
        event.frames = node.frames
        event.total = node.frames
      }
    }
    journal.flush()
    let seconds = (ContinuousClock.now - began) / .seconds(1)
    let bytes = try production.fileSystem.facts(path)?.byteCount ?? 0
    return (seconds, Int(bytes), 4 * plan.nodes.count)
  }
}

/// What `ScaleRecordCommand` found.
struct RecordFigures: Codable {
  var bareSeconds = 0.0
  var bareBytes = 0
  var explainedSeconds = 0.0
  var explainedBytes = 0
  var eventSeconds = 0.0
  var eventBytes = 0
  var eventLines = 0
}

/// What lines of events and stored ingredients cost at 100,000 tasks.
struct RecordBenchmark {
  let folder: String
  let samples: Int
  var chains = 20_000
  var chainLength = 5

  func measure() throws -> [Figure] {
    let tasks = chains * chainLength
    Progress.say("Record of \(tasks) tasks, \(samples) times …")
    let runs = try (0..<samples).map { sample in
      let child = try ChildProcess.run(
        Programs.own,
        ["scale-record", "\(folder)/\(sample)", "--chains", "\(chains)", "--chain-length", "\(chainLength)"],
        logFolder: folder)
      return try JSONDecoder().decode(RecordFigures.self, from: Data(child.output.utf8))
    }
    func middle(_ value: (RecordFigures) -> Double) -> Double { median(runs.map(value)) }
    func perTask(_ seconds: Double) -> Double { seconds * 1000 / Double(tasks) }
    func megabytes(_ bytes: Double) -> String { String(format: "%.1f MB", bytes / 1e6) }
    let (bare, explained) = (middle { Double($0.bareBytes) }, middle { Double($0.explainedBytes) })
    return [
      Figure(
        "lines of events", perTask(middle(\.eventSeconds)), "ms/task", .atMost, 0.1,
        note: "\(tasks) tasks, \(runs[0].eventLines / tasks) lines each, "
          + "\(megabytes(middle { Double($0.eventBytes) }))"),
      Figure(
        "plan on record", perTask(middle(\.bareSeconds)), "ms/task", .atMost, 0.05, note: megabytes(bare)),
      Figure(
        "  ingredients of its keys, more", perTask(middle { $0.explainedSeconds - $0.bareSeconds }),
        "ms/task",
        .atMost, 0.05, note: megabytes(explained - bare)),
    ]
  }
}
