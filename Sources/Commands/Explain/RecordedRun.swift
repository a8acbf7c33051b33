import Engine
import Foundation
import ObjectStore

/// A run on record: what it set out to do and what became of it.
struct RecordedRun {
  let name: String
  let plan: PlanRecord
  let log: RunLog

  /// - Parameter text: as `RunArchive.resolve` takes it.
  init(_ text: String, in archive: RunArchive) throws {
    let name = try archive.resolve(text)
    guard let plan = try archive.plan(of: name) else {
      throw RunRecordMissing(run: name)
    }
    self.init(name: name, plan: plan, log: try archive.log(of: name))
  }

  init(name: String, plan: PlanRecord, log: RunLog) {
    self.name = name
    self.plan = plan
    self.log = log
  }

  /// Nil without a plan that can be read.
  init?(named name: String, in archive: RunArchive) throws {
    guard let plan = try archive.plan(of: name) else { return nil }
    self.init(name: name, plan: plan, log: try archive.log(of: name))
  }

  var phase: RunPurpose.Phase { plan.purpose?.phase ?? .main }

  var frames: Int { plan.tasks.reduce(0) { $0 + ($1.frames ?? 0) } }

  var retries: Int { log.tasks.values.reduce(0) { $0 + $1.retries } }

  /// Local time, to the second.
  var when: String {
    let parser = ISO8601DateFormatter()
    parser.formatOptions = [.withInternetDateTime, .withFractionalSeconds]
    guard let date = parser.date(from: plan.began) else { return plan.began }
    let formatter = DateFormatter()
    formatter.locale = Locale(identifier: "en_US_POSIX")
    formatter.dateFormat = "yyyy-MM-dd HH:mm:ss"
    return formatter.string(from: date)
  }

  /// `12 tasks, 217 frames, 29 s`
  var size: String {
    (plan.tasks.count == 1 ? "1 task" : "\(plan.tasks.count) tasks")
      + (frames > 0 ? ", \(frames) frames" : "")
      + ", \(LiveView.clock(log.seconds))"
  }

  /// What `--json` says of a run everywhere.
  var facts: Facts {
    Facts(
      run: name, began: plan.began, phase: phase, programme: plan.purpose?.programme,
      pipeline: plan.purpose?.pipeline, cut: plan.purpose?.cut, outcome: log.outcome, exit: log.exit,
      tasks: plan.tasks.count, frames: frames, framesMade: log.framesMade, seconds: log.seconds,
      retries: retries, deliverables: plan.purpose?.deliverables)
  }

  struct Facts: Encodable {
    var run: String
    var began: String
    var phase: RunPurpose.Phase
    var programme: String?
    var pipeline: String?
    var cut: [String]?
    var outcome: String
    var exit: Int?
    var tasks: Int
    var frames: Int
    var framesMade: Int
    var seconds: Double
    var retries: Int
    var deliverables: [RunPurpose.Deliverable]?
  }

  /// Tasks, frames, worker seconds and retries of each stage, in the order of the plan.
  var stages: [Stage] {
    var stages: [Stage] = []
    for task in plan.tasks {
      let place = stages.firstIndex { $0.stage == task.stage } ?? stages.count
      if place == stages.count { stages.append(Stage(stage: task.stage)) }
      let ended = log.tasks[task.key]
      stages[place].tasks += 1
      stages[place].frames += task.frames ?? 0
      stages[place].workerSeconds += ended?.seconds ?? 0
      stages[place].retries += ended?.retries ?? 0
      if ended?.ending == .failed { stages[place].failed += 1 }
    }
    return stages
  }

  struct Stage: Encodable {
    var stage: String
    var tasks = 0
    var frames = 0
    var workerSeconds = 0.0
    var retries = 0
    var failed = 0

    var text: String {
      var parts = [tasks == 1 ? "1 task" : "\(tasks) tasks"]
      if frames > 0 { parts.append("\(frames) frames") }
      parts.append("\(LiveView.clock(workerSeconds)) of work")
      if retries > 0 { parts.append("\(retries) retries") }
      if failed > 0 { parts.append("\(failed) failed") }
      return parts.joined(separator: ", ")
    }
  }
}

/// A run whose plan is gone or cannot be read.
struct RunRecordMissing: Error, CustomStringConvertible {
  var run: String

  var description: String { "run \(run) has no plan that this program can read; it was stopped as it began" }
}
