import Diagnostics
package import TaskGraph

/// The report of one run as a page of its own, for a browser or a printer: nothing is loaded, nothing runs.
///
/// Its size is bounded whatever the run: lists are cut and say so, and the timeline condenses.
package struct ReportPage {
  let history: RunHistory
  package let figures: RunFigures
  private let path: CriticalPath
  private let colours: [String: String]

  /// - Parameter rate: what computing costs, instead of what is on record.
  package init(_ history: RunHistory, rate: CostRate? = nil) {
    self.history = history
    figures = RunFigures(history, rate: rate)
    path = CriticalPath(history)
    var colours: [String: String] = [:]
    for (index, stage) in figures.stages.enumerated() {
      colours[stage.stage] = Self.palette[index % Self.palette.count]
    }
    self.colours = colours
  }

  private static let stagesListed = 60
  private static let workersListed = 64
  private static let stepsListed = 24

  package var html: String {
    HTMLPage.page(
      title: "\(figures.programme ?? "Run"): run report", style: Self.style,
      body: """
        \(header)
        \(failureSection)\(reuseSection)\(timelineSection)\(stageSection)\(pathSection)\(slowestSection)\(workerSection)\
        \(footer)
        """)
  }

  // MARK: Head

  private var header: String {
    var facts = [
      ("wall time", DisplayTime.exact(figures.seconds), ""),
      ("tasks done", PageText.count(figures.tasksDone), "of \(PageText.count(figures.tasks))"),
      ("frames made", PageText.count(figures.framesMade), ""),
      ("attempts", PageText.count(figures.attempts), attemptNote),
      ("workers", "\(figures.workers)", utilisation.map { "\($0) busy" } ?? ""),
      ("CPU time", PageText.hours(figures.cpuSeconds), ""),
      ("written", PageText.bytes(figures.writtenBytes), ""),
    ]
    if let cost = figures.cost, let rate = figures.rate {
      facts.append(("cost", PageText.money(cost, rate.currency), ""))
    }
    let items = facts.map { name, value, note in
      "<div><dt>\(name)</dt><dd>\(value)\(note.isEmpty ? "" : "<small>\(note)</small>")</dd></div>"
    }
    var lead = ["Run report", state]
    if let began = figures.began { lead.append(PageText.escape(Self.date(began))) }
    if let host = figures.host { lead.append("on \(PageText.escape(host))") }
    if let pipeline = figures.pipeline { lead.append(PageText.escape(pipeline)) }
    lead.append("run \(PageText.escape(figures.run))")
    return """
      <header><h1>\(PageText.escape(figures.programme ?? "Run"))</h1>
      <p class="lead">\(lead.joined(separator: " · "))</p>
      <dl class="facts">\(items.joined(separator: "\n"))</dl></header>
      """
  }

  private var attemptNote: String {
    var notes: [String] = []
    if figures.retries > 0 { notes.append("\(figures.retries) retried") }
    if figures.lostAttempts > 0 { notes.append("\(figures.lostAttempts) lost") }
    return notes.joined(separator: ", ")
  }

  private var utilisation: String? {
    guard figures.workers > 0, figures.seconds > 0 else { return nil }
    return PageText.percent(figures.workerSeconds, of: figures.seconds * Double(figures.workers))
  }

  private var state: String {
    switch figures.exit {
    case 0 where figures.tasks == 0: "<span class=\"state\">nothing to do</span>"
    case 0: "<span class=\"state\">done</span>"
    case 130, 143: "<span class=\"state warn\">cancelled</span>"
    case .some(let exit): "<span class=\"state bad\">failed, exit \(exit)</span>"
    case nil: "<span class=\"state warn\">without an end on record: it goes on, or was killed</span>"
    }
  }

  /// `2026-11-26 05:52 UTC` of an ISO 8601 time.
  private static func date(_ text: String) -> String {
    guard text.count >= 16 else { return text }
    return "\(text.prefix(10)) \(text.dropFirst(11).prefix(5)) UTC"
  }

  // MARK: What was made

  private var failureSection: String {
    guard !figures.failures.isEmpty || figures.tasksBlocked > 0 else { return "" }
    let rows = figures.failures.map { failure in
      let text = failure.diagnostics.prefix(5).map(\.description).joined(separator: "\n")
      let log = failure.attempt.map {
        "<br><span class=\"soft small\">interlock logs \(PageText.escape($0))</span>"
      }
      return """
        <tr><td>\(swatch(failure.stage))\(PageText.escape(failure.stage))</td>\
        <td>\(PageText.escape(failure.label))\(log ?? "")</td>\
        <td><pre class="error">\(PageLines.escape(text))</pre></td></tr>
        """
    }
    var note = "\(figures.tasksFailed) failed"
    if figures.tasksBlocked > 0 { note += ", \(figures.tasksBlocked) could not run because of that" }
    let more = figures.moreFailures > 0 ? "<p class=\"soft\">… and \(figures.moreFailures) more</p>" : ""
    return """
      <section><h2>Failures<small>\(note)</small></h2>
      \(rows.isEmpty ? "" : table(["stage", "task", "why"], rows))\(more)</section>

      """
  }

  private var reuseSection: String {
    guard !figures.deliverables.isEmpty else { return "" }
    // The plan counted them; only a run that is done has made them.
    let made = figures.exit == 0 ? "made" : "to make"
    let rows = figures.deliverables.prefix(Self.stagesListed).map { deliverable in
      let repeated = deliverable.frames - deliverable.distinctFrames
      let parts = [
        (deliverable.newFrames, "#c98f4e"), (deliverable.reusedFrames, "#6fa57a"), (repeated, "#5a5a5a"),
      ]
      let bars = parts.filter { $0.0 > 0 }.map { count, colour in
        bar(Double(count), of: Double(max(1, deliverable.frames)), colour)
      }
      return """
        <span>\(PageText.escape(deliverable.stage)) <span class="soft">\(PageText.escape(deliverable.profile))</span></span>
        <span class="bar">\(bars.joined())</span>
        <span class="n">\(PageText.count(deliverable.newFrames)) \(made) · \(PageText.count(deliverable.reusedFrames)) \
        reused · \(PageText.count(repeated)) repeated</span>
        """
    }
    let keys = [
      ("#c98f4e", figures.exit == 0 ? "made in this run" : "for this run to make"),
      ("#6fa57a", "existed before"), ("#5a5a5a", "repeated within the cut"),
    ]
    .map { "<span><i class=\"swatch\" style=\"background:\($0.0)\"></i>\($0.1)</span>" }
    return """
      <section><h2>Reuse<small>frames of each deliverable</small></h2>
      <div class="reuse">\(rows.joined(separator: "\n"))</div>
      <p class="key">\(keys.joined())</p></section>

      """
  }

  // MARK: When

  private var timelineSection: String {
    let drawing = TimelineDrawing(history: history, path: path, colours: colours)
    let figure = drawing.svg()
    guard !figure.isEmpty else { return "" }
    let keys = figures.stages.filter { $0.attempts > 0 }.prefix(Self.stagesListed).map { stage in
      "<span>\(swatch(stage.stage))\(PageText.escape(stage.stage, longest: 40))</span>"
    }
    var notes = [
      "<span><i class=\"swatch\" style=\"background:repeating-linear-gradient(45deg,#e3665c 0 2px,#5a2a27 2px 5px)\">"
        + "</i>attempt without a result, ▾ where it ended</span>"
    ]
    if drawing.isCondensed {
      notes.append("<span>condensed: each column shows the stage that took most of it</span>")
    }
    if drawing.hiddenLanes > 0 {
      notes.append("<span>\(drawing.hiddenLanes) more workers are not drawn</span>")
    }
    return """
      <section><h2>Timeline<small>attempts by worker</small></h2>
      \(figure)
      <p class="key">\(keys.joined())\(notes.joined())</p></section>

      """
  }

  private var pathSection: String {
    let steps = figures.criticalPath.steps
    guard !steps.isEmpty else { return "" }
    // Of a long path what took longest, in order of time.
    let longest = Set(
      steps.indices.sorted { steps[$0].seconds + steps[$0].waited > steps[$1].seconds + steps[$1].waited }
        .prefix(Self.stepsListed))
    let rows = steps.indices.filter { longest.contains($0) }.map { index in
      let step = steps[index]
      return """
        <tr><td class="n">\(DisplayTime.exact(step.began))</td>\
        <td>\(swatch(step.stage))\(PageText.escape(step.stage))</td><td>\(PageText.escape(step.label))</td>\
        <td class="n soft">\(step.waited >= 0.005 ? DisplayTime.exact(step.waited) : "")</td>\
        <td class="n">\(DisplayTime.exact(step.seconds))</td>\
        <td class="n">\(PageText.percent(step.seconds, of: figures.seconds))</td></tr>
        """
    }
    let working = PageText.percent(figures.criticalPath.workingSeconds, of: figures.seconds)
    let waiting = PageText.percent(figures.criticalPath.waitingSeconds, of: figures.seconds)
    let hidden = path.steps.count - rows.count
    let more =
      hidden > 0 ? "<p class=\"soft\">\(PageText.count(hidden)) shorter steps are not listed.</p>" : ""
    return """
      <section><h2>Critical path<small>\(path.steps.count == 1 ? "1 step" : "\(PageText.count(path.steps.count)) steps"): \(working) of the wall time at work, \
      \(waiting) waiting for a place</small></h2>
      \(table(["starts at", "stage", "task", "waited", "took", "of wall time"], rows, numbers: [0, 3, 4, 5]))\(more)</section>

      """
  }

  // MARK: What it took

  private var stageSection: String {
    guard !figures.stages.isEmpty else { return "" }
    let hasCost = figures.rate != nil
    let shown = figures.stages.sorted { $0.workerSeconds > $1.workerSeconds }.prefix(Self.stagesListed)
    let most = shown.map(\.cpuSeconds).max() ?? 0
    var rows = shown.map { stage in
      row(
        "", swatch(stage.stage) + PageText.escape(stage.stage), stage,
        bar: "<span class=\"bar\">\(bar(stage.cpuSeconds, of: most, colours[stage.stage] ?? "#888"))</span>")
    }
    var sum = RunFigures.Stage(stage: "all")
    for stage in figures.stages {
      sum.tasks += stage.tasks
      sum.tasksDone += stage.tasksDone
      sum.attempts += stage.attempts
      sum.failedAttempts += stage.failedAttempts
      sum.frames += stage.frames
      sum.workerSeconds += stage.workerSeconds
      sum.cpuSeconds += stage.cpuSeconds
      sum.peakMemoryBytes = max(sum.peakMemoryBytes, stage.peakMemoryBytes)
      sum.writtenBytes += stage.writtenBytes
      sum.waitedSeconds += stage.waitedSeconds
    }
    sum.cost = figures.cost
    if figures.stages.count > 1 {
      rows.append(row(" class=\"sum\"", "all \(figures.stages.count) stages", sum, bar: ""))
    }
    var columns = [
      "stage", "tasks", "frames", "attempts", "worker time", "CPU time", "", "memory", "written", "waited",
    ]
    if hasCost { columns.append("cost") }
    let rate = figures.rate.map { "<small>\(PageText.escape($0.description))</small>" } ?? ""
    return """
      <section><h2>Stages\(rate)</h2>
      \(table(columns, rows, numbers: [1, 2, 3, 4, 5, 7, 8, 9, 10]))</section>

      """
  }

  private func row(_ style: String, _ name: String, _ stage: RunFigures.Stage, bar: String) -> String {
    let tasks =
      stage.tasksDone == stage.tasks
      ? "\(PageText.count(stage.tasks))"
      : "\(PageText.count(stage.tasksDone)) of \(PageText.count(stage.tasks))"
    let failed = stage.failedAttempts > 0 ? ", <span class=\"error\">\(stage.failedAttempts) ✗</span>" : ""
    let cost = figures.rate.map { rate in
      "<td class=\"n\">\(stage.attempts > 0 ? PageText.money(stage.cost ?? 0, rate.currency) : "")</td>"
    }
    let waited = stage.attempts > 0 ? stage.waitedSeconds / Double(stage.attempts) : 0
    return """
      <tr\(style)><td>\(name)</td><td class="n">\(tasks)</td>\
      <td class="n">\(stage.frames > 0 ? PageText.count(stage.frames) : "")</td>\
      <td class="n">\(PageText.count(stage.attempts))\(failed)</td>\
      <td class="n">\(PageText.hours(stage.workerSeconds))</td><td class="n">\(PageText.hours(stage.cpuSeconds))</td>\
      <td>\(bar)</td><td class="n">\(stage.peakMemoryBytes > 0 ? PageText.bytes(stage.peakMemoryBytes) : "")</td>\
      <td class="n">\(stage.writtenBytes > 0 ? PageText.bytes(stage.writtenBytes) : "")</td>\
      <td class="n soft">\(stage.attempts > 0 ? DisplayTime.exact(waited) : "")</td>\(cost ?? "")</tr>
      """
  }

  private var slowestSection: String {
    guard let most = figures.slowest.first?.seconds else { return "" }
    let rows = figures.slowest.map { task in
      let speed =
        task.frames > 0 && task.seconds > 0 ? "\(decimal(Double(task.frames) / task.seconds, 1)) /s" : ""
      return """
        <tr><td>\(swatch(task.stage))\(PageText.escape(task.stage))</td><td>\(PageText.escape(task.label))</td>\
        <td><span class="bar">\(bar(task.seconds, of: most, colours[task.stage] ?? "#888"))</span></td>\
        <td class="n">\(DisplayTime.exact(task.seconds))</td>\
        <td class="n">\(task.cpuSeconds > 0 ? DisplayTime.exact(task.cpuSeconds) : "")</td>\
        <td class="n">\(task.frames > 0 ? PageText.count(task.frames) : "")</td><td class="n soft">\(speed)</td>\
        <td class="n">\(task.peakMemoryBytes > 0 ? PageText.bytes(task.peakMemoryBytes) : "")</td>\
        <td class="n">\(task.attempts)</td></tr>
        """
    }
    return """
      <section><h2>Slowest tasks<small>\(figures.slowest.count) of \(PageText.count(figures.tasks))</small></h2>
      \(table(["stage", "task", "", "took", "CPU time", "frames", "", "memory", "attempts"], rows,
        numbers: [3, 4, 5, 6, 7, 8]))</section>

      """
  }

  private var workerSection: String {
    guard !figures.byWorker.isEmpty else { return "" }
    let rows = figures.byWorker.prefix(Self.workersListed).map { worker in
      let failed =
        worker.failedAttempts > 0 ? ", <span class=\"error\">\(worker.failedAttempts) ✗</span>" : ""
      return """
        <tr><td>\(worker.worker == 0 ? "coordinator" : "worker \(worker.worker)")</td>\
        <td><span class="bar">\(bar(worker.utilisation, of: 1, "#7f96a8"))</span></td>\
        <td class="n">\(PageText.percent(worker.utilisation, of: 1))</td>\
        <td class="n">\(DisplayTime.exact(worker.busySeconds))</td>\
        <td class="n">\(worker.cpuSeconds > 0 ? DisplayTime.exact(worker.cpuSeconds) : "")</td>\
        <td class="n">\(PageText.count(worker.attempts))\(failed)</td></tr>
        """
    }
    let hidden = figures.byWorker.count - rows.count
    let more = hidden > 0 ? "<p class=\"soft\">… and \(hidden) more</p>" : ""
    return """
      <section><h2>Workers<small>\(utilisation.map { "\($0) of their time with a task" } ?? "")</small></h2>
      \(table(["", "", "busy", "with a task", "CPU time", "attempts"], rows, numbers: [2, 3, 4, 5]))\(more)</section>

      """
  }

  private var footer: String {
    """
    <footer>CPU time is user and system time of worker processes; attempts whose worker ended without a word count \
    without it. Memory is the largest resident size of a worker during an attempt. A task waits from when the last \
    task it needs is done. The critical path leads back from the task that ended last, each time to what it \
    waited for longest.</footer>
    """
  }

  // MARK: Parts

  private func swatch(_ stage: String) -> String {
    "<i class=\"swatch\" style=\"background:\(colours[stage] ?? "#888")\"></i>"
  }

  private func bar(_ part: Double, of whole: Double, _ colour: String) -> String {
    let width = whole > 0 ? min(100, max(0, part / whole * 100)) : 0
    return "<b style=\"background:\(colour);width:\(decimal(width, 2))%\"></b>"
  }

  private func table(_ columns: [String], _ rows: [String], numbers: Set<Int> = []) -> String {
    let head = columns.enumerated().map { index, name in
      "<th\(numbers.contains(index) ? " class=\"n\"" : "")>\(name)</th>"
    }
    return """
      <table><thead><tr>\(head.joined())</tr></thead>
      <tbody>\(rows.joined(separator: "\n"))</tbody></table>

      """
  }
}

/// Several lines of text for a page.
private enum PageLines {
  static func escape(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).prefix(40)
      .map { PageText.escape(String($0), longest: 400) }.joined(separator: "\n")
  }
}
