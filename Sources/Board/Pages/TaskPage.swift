import Diagnostics
import Digests
import Engine
import Monitoring
import TaskGraph

/// One task of a run: why it was there, its attempts, what it wrote, how long it took.
package struct TaskPage {
  private let facts: TaskFacts
  private let causes: TaskCauses

  package init(_ facts: TaskFacts, causes: TaskCauses) { (self.facts, self.causes) = (facts, causes) }

  package static func address(_ key: String, run: String) -> String {
    Address.path("runs", run, "tasks", key)
  }

  package var title: String { "\(facts.task.label), task" }

  /// What a task is called in a list: its kind and what it is about, where that does not begin with the kind.
  static func name(_ task: RunHistory.Task) -> HTML {
    let isSaid =
      task.label.hasPrefix("\(task.kind) ") || task.label.hasPrefix(task.kind.replacing("-", with: " "))
    return "\(isSaid ? task.label : "\(task.kind) \(task.label)", longest: 140)"
  }

  /// - Parameter isGoingOn: whether somebody works on its run.
  static func state(_ task: RunHistory.Task, isGoingOn: Bool) -> HTML {
    if task.isDone { return "<span class=\"state approved\">done</span>" }
    if task.hasFailed { return "<span class=\"state failed\">failed</span>" }
    guard task.began != nil else { return "<span class=\"state missing\">not begun</span>" }
    return task.ended == nil && isGoingOn
      ? "<span class=\"state rendering\">running</span>" : "<span class=\"state waiting\">not done</span>"
  }

  package var body: HTML {
    let task = facts.task
    let frames: HTML? =
      task.frames > 0 ? "<div><dt>frames</dt><dd>\(PageWords.count(task.frames))</dd></div>" : nil
    let time: HTML? = task.began.flatMap { began in
      task.ended.map { "<div><dt>time</dt><dd>\(DisplayTime.exact($0 - began))</dd></div>" }
    }
    return """
      <p class="crumbs"><a href="/pipelines">Pipeline</a> / run \(facts.run) / \(task.stage)</p>
      <h1>\(task.label) <small>\(task.kind)</small></h1>
      <div id="task" data-live><p class="lead">\(Self.state(task, isGoingOn: facts.isGoingOn))</p>
      <dl class="facts"><div><dt>stage</dt><dd>\(task.stage)</dd></div>\(frames)<div><dt>attempts</dt><dd>\(task.attempts)</dd></div>\(time)\
      <div><dt>CPU time</dt><dd>\(DisplayTime.exact(task.cpuSeconds))</dd></div><div><dt>most memory</dt><dd>\(PageWords.bytes(task.peakMemoryBytes))</dd></div>\
      <div><dt>key</dt><dd class="mono">\(task.key.hex)</dd></div></dl>
      \(why)\(failures)\(attempts)\(inputs)\(log)</div>
      """
  }

  private var why: HTML {
    let reason: HTML? = facts.task.reason.isEmpty ? nil : "<p>\(facts.task.reason, longest: 600)</p>"
    switch causes {
    case .known(let causes) where !causes.isEmpty:
      let items = causes.prefix(24).map { HTML("<li>\($0, longest: 600)</li>") }
      return "<h2>Why</h2>\(reason)<ul class=\"plain\">\(Array(items))</ul>"
    case .known:
      return reason.map { "<h2>Why</h2>\($0)" }
        ?? "<h2>Why</h2><p class=\"soft\">Nothing on record says why it ran.</p>"
    case .asked:
      return "<h2>Why</h2>\(reason)<p class=\"soft\">It is being compared with earlier runs.</p>"
    case .unknown(let fault):
      return
        "<h2>Why</h2>\(reason)<p class=\"soft\">More cannot be told: \(fault, longest: 400)</p>"
    }
  }

  private var failures: HTML {
    guard !facts.failures.isEmpty else { return "" }
    return """
      <h2>Failed</h2><div class="notice bad"><pre>\(facts.failures.prefix(8).map { HTML("\(HTML.lines($0.description))<br>") })</pre></div>
      """
  }

  private var attempts: HTML {
    guard !facts.attempts.isEmpty else { return "<h2>Attempts</h2><p class=\"soft\">None yet.</p>" }
    let rows = facts.attempts.map { span -> HTML in
      let outcome: HTML
      switch span.outcome {
      case .done: outcome = "<span class=\"state approved\">done</span>"
      case .failed: outcome = "<span class=\"state failed\">failed</span>"
      case .lost: outcome = "<span class=\"state failed\">lost</span>"
      case .cancelled: outcome = "<span class=\"state waiting\">cancelled</span>"
      case nil where facts.isGoingOn: outcome = "<span class=\"state rendering\">running</span>"
      case nil: outcome = "<span class=\"state waiting\">no end on record</span>"
      }
      return """
        <tr><td>\(outcome)</td><td>\(span.worker > 0 ? "worker \(span.worker)" : "coordinator")</td>\
        <td class="number">\(DisplayTime.exact(span.began))</td><td class="number">\(DisplayTime.exact(span.waited))</td>\
        <td class="number">\(DisplayTime.exact(span.ended - span.began))</td><td class="number">\(DisplayTime.exact(span.cpuSeconds))</td>\
        <td class="number">\(PageWords.bytes(span.peakMemoryBytes))</td><td class="number">\(PageWords.bytes(span.writtenBytes))</td>\
        <td class="mono">\(span.attempt ?? "")</td></tr>
        """
    }
    return """
      <h2>Attempts</h2>\(HTML.wide)<table class="dense"><thead><tr><th scope="col">Outcome</th><th scope="col">Where</th>\
      <th scope="col" class="number">Began after</th><th scope="col" class="number">Waited</th><th scope="col" class="number">Took</th>\
      <th scope="col" class="number">CPU</th><th scope="col" class="number">Memory</th><th scope="col" class="number">Wrote</th>\
      <th scope="col">Attempt</th></tr></thead><tbody>\(rows)</tbody></table></div>
      """
  }

  private var inputs: HTML {
    guard !facts.after.isEmpty else { return "" }
    let items = facts.after.prefix(40).map { task -> HTML in
      "<li>\(Self.state(task, isGoingOn: facts.isGoingOn)) <a href=\"\(Self.address(task.key.hex, run: facts.run))\">\(Self.name(task))</a></li>"
    }
    let rest: HTML? =
      facts.after.count > 40 ? "<li class=\"soft\">and \(facts.after.count - 40) more</li>" : nil
    return
      "<h2>Waited for <small>\(facts.after.count)</small></h2><ul class=\"plain\">\(Array(items))\(rest)</ul>"
  }

  private var log: HTML {
    guard let log = facts.log else { return "<h2>Log</h2><p class=\"soft\">Nothing was written.</p>" }
    let cut: HTML? =
      log.isCut
      ? "<p class=\"soft small\">The end of it; all of it: <span class=\"mono\">interlock logs \(log.attempt)</span></p>"
      : nil
    return "<h2>Log</h2>\(cut)<pre tabindex=\"0\" aria-label=\"Log\">\(HTML.lines(log.text))</pre>"
  }
}
