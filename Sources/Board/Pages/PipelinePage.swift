import Diagnostics
import Digests
import Engine
import Monitoring
import Planning
import TaskGraph

/// The stages of one programme as a graph, and how far each is.
package struct PipelinePage {
  private let programme: BoardSurvey.Programme
  private let others: [String]
  private let work: StageWork?
  private let planning: PlanningState

  /// - Parameter work: of the latest run, whatever programme it is about.
  package init(
    _ programme: BoardSurvey.Programme, of all: [BoardSurvey.Programme], work: StageWork?,
    planning: PlanningState
  ) {
    self.programme = programme
    self.planning = planning
    others = all.map(\.programme)
    self.work = work?.programme == programme.programme ? work : nil
  }

  package static func address(_ programme: String) -> String { Address.path("pipelines", programme) }

  package static func address(_ programme: String, stage: String) -> String {
    Address.path("pipelines", programme, stage)
  }

  package var title: String { "\(programme.programme), pipeline" }

  package var body: HTML {
    let more: HTML? =
      others.count > 1
      ? "<p class=\"crumbs\">\((" · " as HTML).joined(others.map { HTML("<a href=\"\(Self.address($0))\">\($0)</a>") }))</p>"
      : nil
    return """
      \(more)<h1>\(programme.programme) <small>\(programme.pipeline)</small></h1>
      \(PlanningNotice(planning).live)
      <div id="pipeline" data-live><p class="lead">\(lead)</p>
      <figure>\(graph)</figure>
      \(table)\(diagnostics)</div>
      """
  }

  private var lead: HTML {
    let cut: HTML =
      programme.cut.isEmpty ? "" : "Cut \(programme.cut.joined(separator: ", "), longest: 160). "
    if programme.tasks == 0, programme.heldTasks == 0 {
      return "\(cut)Nothing to do: everything exists and is verified."
    }
    let held: HTML =
      programme.heldTasks > 0
      ? "; \(PageWords.plural(programme.heldTasks, "task waits", "tasks wait")) behind closed gates" : ""
    return "\(cut)\(PageWords.plural(programme.tasks, "task", "tasks")) to do now\(held)."
  }

  private func progress(_ stage: String) -> RunProgress.Stage? { work?.stages.first { $0.name == stage } }

  private func node(_ stage: BoardSurvey.Stage) -> StageGraph.Node {
    let address = Self.address(programme.programme, stage: stage.name)
    if let gate = programme.gates.first(where: { $0.gate == stage.name }) {
      return StageGraph.Node(
        name: stage.name, kind: stage.kind, address: address, look: gate.isOpen ? .open : .closed, part: nil,
        figure: gate.isOpen ? "open" : "closed", sources: stage.sources)
    }
    let row = programme.rows.first { $0.stage == stage.name }
    guard let done = progress(stage.name) else {
      let isThere = row.map { [.current, .approved, .rejected].contains($0.condition) } ?? false
      return StageGraph.Node(
        name: stage.name, kind: stage.kind, address: address, look: isThere ? .ready : .idle, part: nil,
        figure: row?.version ?? "", sources: stage.sources)
    }
    let isInFrames = done.framesTotal > 0
    let (count, total) = isInFrames ? (done.framesDone, done.framesTotal) : (done.tasksDone, done.tasksTotal)
    let look: StageGraph.Node.Look =
      done.tasksFailed > 0
      ? .failed
      : done.tasksDone == done.tasksTotal ? .ready : work?.isGoingOn == true ? .running : .idle
    return StageGraph.Node(
      name: stage.name, kind: stage.kind, address: address, look: look,
      part: total > 0 ? Double(count) / Double(total) : 1, figure: "\(count)/\(total)", sources: stage.sources
    )
  }

  private var graph: HTML {
    guard !programme.stages.isEmpty else { return "<p class=\"soft\">The pipeline has no stages.</p>" }
    return StageGraph(programme.stages.map(node)).svg(title: "Stages of \(programme.programme)")
  }

  private var table: HTML {
    let rows = programme.stages.map { stage -> HTML in
      let done = progress(stage.name)
      let gate = programme.gates.first { $0.gate == stage.name }
      let state = state(of: stage, gate: gate, done)
      let tasks: HTML = done.map { "\($0.tasksDone) of \($0.tasksTotal)" } ?? "–"
      let frames: HTML =
        done.flatMap {
          $0.framesTotal > 0 ? "\(PageWords.count($0.framesDone)) of \(PageWords.count($0.framesTotal))" : nil
        } ?? "–"
      return """
        <tr><th scope="row"><a href="\(Self.address(programme.programme, stage: stage.name))">\(stage.name)</a></th><td>\(stage.kind)</td>\
        <td>\(stage.sources.joined(separator: ", "))</td><td>\(state)</td><td class="number">\(tasks)</td><td class="number">\(frames)</td></tr>
        """
    }
    let about: HTML =
      work.map { work in
        "<p class=\"soft small\">Tasks and frames of the \(work.isGoingOn ? "run that goes on" : "latest run"), \(work.run).</p>"
      } ?? "<p class=\"soft small\">No run of this programme is on show.</p>"
    return """
      <h2>Stages</h2>\(HTML.wide)<table><thead><tr><th scope="col">Stage</th><th scope="col">Kind</th><th scope="col">Takes from</th>\
      <th scope="col">State</th><th scope="col" class="number">Tasks done</th><th scope="col" class="number">Frames</th></tr></thead>\
      <tbody>\(rows)</tbody></table></div>\(about)
      """
  }

  /// What is known of a stage now; of one that a run is at work on, that.
  private func state(of stage: BoardSurvey.Stage, gate: GateState?, _ done: RunProgress.Stage?) -> HTML {
    if let gate {
      let word = gate.isOpen ? "open" : "closed"
      return
        "<span class=\"state \(gate.isOpen ? "approved" : "waiting")\">\(word)</span> \(gate.text, longest: 200)"
    }
    if let done, done.tasksFailed > 0 { return "<span class=\"state failed\">failed</span>" }
    if let done, work?.isGoingOn == true, done.tasksDone < done.tasksTotal {
      return done.tasksRunning > 0
        ? "<span class=\"state rendering\">running</span>" : "<span class=\"state missing\">to be done</span>"
    }
    if let row = programme.rows.first(where: { $0.stage == stage.name }) {
      return "<span class=\"state \(row.condition.rawValue)\">\(row.condition.word)</span>"
    }
    return done.map { $0.tasksDone == $0.tasksTotal } == true
      ? "<span class=\"state approved\">done</span>" : "<span class=\"soft\">–</span>"
  }

  private var diagnostics: HTML {
    guard !programme.diagnostics.isEmpty else { return "" }
    let shown = programme.diagnostics.prefix(40).map { HTML("\(HTML.lines($0.description))<br>") }
    return """
      <details><summary>\(PageWords.plural(programme.diagnostics.count, "note", "notes")) from planning</summary><pre>\(Array(shown))</pre></details>
      """
  }
}

/// In place of the stages of a programme that could not be planned, or is not yet.
package struct UnplannedPage {
  private let planning: PlanningState

  package init(_ planning: PlanningState) { self.planning = planning }

  package var body: HTML {
    """
    <h1>Pipeline</h1><p class="lead">The stages of a programme as a graph, and how far each is.</p>
    \(PlanningNotice(planning).live)
    <div id="pipeline" data-live>\(PlanningNotice(planning).absence(of: "stages"))</div>
    """
  }
}

/// The tasks of one stage in the latest run.
package struct StagePage {
  private let programme: String
  private let stage: BoardSurvey.Stage
  private let tasks: StageTasks?

  /// - Parameter tasks: of this stage in the run on show, where that is of this programme.
  package init(_ stage: BoardSurvey.Stage, programme: String, tasks: StageTasks?) {
    (self.stage, self.programme, self.tasks) = (stage, programme, tasks)
  }

  package var title: String { "\(stage.name), \(programme)" }

  package var body: HTML {
    let crumbs: HTML = """
      <p class="crumbs"><a href="/pipelines">Pipeline</a> / <a href="\(PipelinePage.address(programme))">\(programme)</a></p>
      """
    let source: HTML = stage.sources.isEmpty ? "" : ", takes from \(stage.sources.joined(separator: ", "))"
    guard let tasks, tasks.count > 0 else {
      return """
        \(crumbs)<h1>\(stage.name) <small>\(stage.kind)</small></h1><p class="lead">\(stage.kind)\(source)</p>\
        <div id="tasks" data-live><p class="notice">The run on show has no task of this stage: nothing of it was to be done.</p></div>
        """
    }
    let rows = tasks.shown.map { row($0, in: tasks) }
    let rest: HTML? =
      tasks.count > tasks.shown.count
      ? "<p class=\"soft small\">and \(PageWords.count(tasks.count - tasks.shown.count)) more; what failed and what runs comes first</p>"
      : nil
    return """
      \(crumbs)<h1>\(stage.name) <small>\(stage.kind)</small></h1><p class="lead">\(PageWords.plural(tasks.count, "task", "tasks")) in run \(tasks.run)\(source)</p>
      <div id="tasks" data-live>\(HTML.wide)<table class="dense"><thead><tr><th scope="col">Task</th><th scope="col">State</th>\
      <th scope="col" class="number">Frames</th><th scope="col" class="number">Attempts</th><th scope="col" class="number">Time</th>\
      <th scope="col" class="number">CPU</th></tr></thead><tbody>\(rows)</tbody></table></div>\(rest)</div>
      """
  }

  private func row(_ task: RunHistory.Task, in tasks: StageTasks) -> HTML {
    let time: String = task.began.flatMap { began in task.ended.map { DisplayTime.exact($0 - began) } } ?? "–"
    return """
      <tr><th scope="row"><a href="\(TaskPage.address(task.key.hex, run: tasks.run))">\(TaskPage.name(task))</a></th>\
      <td>\(TaskPage.state(task, isGoingOn: tasks.isGoingOn))</td><td class="number">\(task.frames > 0 ? PageWords.count(task.frames) : "–")</td>\
      <td class="number">\(task.attempts)</td><td class="number">\(time)</td><td class="number">\(DisplayTime.exact(task.cpuSeconds))</td></tr>
      """
  }
}
