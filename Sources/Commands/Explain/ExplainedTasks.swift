import Digests
import Engine
import Planning
import TaskGraph

/// Tasks of a plan or of a run, each with why it is there.
struct ExplainedTasks {
  struct Task: Encodable {
    var key: String
    var kind: String
    var stage: String
    var label: String
    var frames: Int
    var reason: String
    /// Answered on the way to the plan: a probe, or a measurement of text.
    var isPrepared: Bool
    var causes: [Cause]
    /// The causes in sentences.
    var because: [String]
    /// Of a run: how it ended, after how many attempts and seconds.
    var ending: String?
    var attempts: Int?
    var seconds: Double?
  }

  private(set) var tasks: [Task] = []

  /// Nothing to do.
  init() {}

  /// What would run now.
  init(_ plan: ProgrammePlan, purpose: RunPurpose, archive: RunArchive) throws {
    guard !plan.plan.isEmpty || !plan.prepared.isEmpty else {
      tasks = []
      return
    }
    var seen: Set<TaskKey> = []
    let nodes = (plan.prepared + plan.plan.nodes).filter { seen.insert($0.key).inserted }
    let record = PlanRecord(try Plan(nodes), run: "", began: "", purpose: purpose)
    var history = TaskHistory(for: record)
    try history.add(archive, programme: purpose.programme, without: purpose.command)
    let causes = try history.causes(of: record) { try archive.log(of: $0) }
    let prepared = Set(plan.prepared.map(\.key))
    tasks = zip(record.tasks, causes).map { entry, causes in
      Task(entry, causes, isPrepared: prepared.contains(entry.key))
    }
  }

  /// What ran.
  init(run: PlanRecord, log: RunLog, archive: RunArchive) throws {
    var history = TaskHistory(for: run)
    try history.add(
      archive, programme: run.purpose?.programme, before: run.run, without: run.purpose?.command)
    let causes = try history.causes(of: run) { try archive.log(of: $0) }
    tasks = zip(run.tasks, causes).map { entry, causes in
      var task = Task(entry, causes, isPrepared: run.purpose?.phase ?? .main != .main)
      let ended = log.tasks[entry.key]
      task.ending = (ended?.ending ?? .undone).rawValue
      task.attempts = ended?.attempts ?? 0
      task.seconds = ended?.seconds
      return task
    }
  }
}

extension ExplainedTasks.Task {
  init(_ entry: PlanRecord.Entry, _ causes: [Cause], isPrepared: Bool) {
    self.init(
      key: entry.key.hex, kind: entry.kind, stage: entry.stage, label: entry.label, frames: entry.frames ?? 0,
      reason: entry.reason, isPrepared: isPrepared, causes: causes,
      because: causes.map(CauseWords.sentence))
  }
}

extension RunReport.Task {
  init(_ task: ExplainedTasks.Task) {
    self.init(
      key: task.key, kind: task.kind, stage: task.stage, label: task.label, frames: task.frames,
      reason: task.reason, causes: task.causes, because: task.because)
  }
}

/// Causes of tasks as lines for people: never the same line twice.
struct CauseLines {
  private let lines: [CauseSummary.Line]

  /// - Parameter roots: leaves out tasks that run only because others do.
  init(_ tasks: [ExplainedTasks.Task], roots: Bool = false) {
    lines =
      CauseSummary(
        tasks.map { task in
          let own = task.causes.filter { $0.kind != .input }
          return (roots ? own : task.causes, task.frames)
        }
      ).lines
  }

  /// Of more causes only how many follow.
  private static let most = 24

  func text(indent: String = "  ") -> [String] {
    var text = lines.prefix(Self.most).map { line in
      let tasks = line.tasks == 1 ? "1 task" : "\(line.tasks) tasks"
      return indent + line.text + "  [\(tasks)" + (line.frames > 0 ? ", \(line.frames) frames]" : "]")
    }
    if lines.count > Self.most {
      text.append("\(indent)… and \(lines.count - Self.most) causes more; --json has all")
    }
    return text
  }
}
