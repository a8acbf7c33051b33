import Diagnostics
import Engine
package import Monitoring
import TaskGraph

/// Workers, what they do, how fast it goes and what it costs.
package struct FarmPage {
  private let facts: FarmFacts
  private let sums: StageSums?
  private let shots: ShotSums?

  /// - Parameters:
  ///   - sums: of the run on show.
  ///   - shots: of the same run.
  package init(_ facts: FarmFacts, sums: StageSums?, shots: ShotSums?) {
    (self.facts, self.sums, self.shots) = (facts, sums, shots)
  }

  package var body: HTML {
    """
    <h1>Farm</h1>
    <div id="farm" data-live>\(lead)\(numbers)\(workers)\(waits)\(troubles)\(costs)\(shotCosts)\(runs)</div>
    """
  }

  private var lead: HTML {
    guard let glance = facts.glance else { return "<p class=\"lead\">No run is on record.</p>" }
    let host: HTML = facts.host.map { " on \($0)" } ?? ""
    return
      "<p class=\"lead\">\(glance.programme ?? "A run"): \(PageWords.run(glance))\(host), run \(glance.run)</p>"
  }

  private var numbers: HTML {
    guard let glance = facts.glance else { return "" }
    let busy = Set(facts.running.compactMap(\.worker)).count
    var list: [(String, String)] = [
      ("workers busy", glance.isGoingOn ? "\(busy) of \(facts.workers)" : "0 of \(facts.workers)"),
      ("tasks done", "\(PageWords.count(glance.tasksDone)) of \(PageWords.count(glance.tasksTotal))"),
    ]
    if let speed = glance.framesPerSecond { list.append(("frames each second", PageWords.decimal(speed, 1))) }
    if let sums { list.append(("CPU-hours", PageWords.decimal(sums.cpuSeconds / 3600, 3))) }
    if let cost = sums?.cost, let rate = sums?.rate {
      list.append(("cost", "\(PageWords.decimal(cost, cost < 0.095 ? 4 : 2)) \(rate.currency)"))
    }
    list.append(("tried again", "\(facts.retries)"))
    list.append(("workers lost", "\(facts.workersLost)"))
    return
      "<ul class=\"counts\">\(list.map { HTML("<li><div><b>\($1)</b><span class=\"soft\">\($0)</span></div></li>") })</ul>"
  }

  private var workers: HTML {
    guard let glance = facts.glance, glance.isGoingOn else {
      return "<h2>Workers</h2><p class=\"soft\">No run goes on.</p>"
    }
    var rows: [HTML] = facts.running.map { work in
      let bar: HTML? =
        work.total > 0
        ? "<progress value=\"\(work.frames)\" max=\"\(work.total)\" aria-label=\"\(work.label)\"></progress>"
        : nil
      return """
        <tr><th scope="row">\(work.worker.map { "worker \($0)" } ?? "coordinator")</th><td>\(work.stage)</td><td>\(work.label, longest: 120)\(bar)</td>\
        <td class="number">\(work.total > 0 ? "\(work.frames) of \(work.total)" : "–")</td>\
        <td class="number">\(DisplayTime.text(max(0, facts.seconds - work.began)))</td></tr>
        """
    }
    let busy = Set(facts.running.compactMap(\.worker))
    let free = facts.workers > 0 ? (1...facts.workers).filter { !busy.contains($0) } : []
    for worker in free.prefix(64) {
      rows.append(
        "<tr><th scope=\"row\">worker \(worker)</th><td colspan=\"4\" class=\"soft\">free</td></tr>")
    }
    if free.count > 64 {
      rows.append("<tr><td colspan=\"5\" class=\"soft\">and \(free.count - 64) more free</td></tr>")
    }
    return """
      <h2>Workers</h2>\(HTML.wide)<table><thead><tr><th scope="col">Where</th><th scope="col">Stage</th><th scope="col">Task</th>\
      <th scope="col" class="number">Frames</th><th scope="col" class="number">For</th></tr></thead><tbody>\(rows)</tbody></table></div>
      """
  }

  private var waits: HTML {
    let waits = facts.waits.filter { $0.tasks > 0 }
    guard !waits.isEmpty else { return "" }
    return """
      <h2>Waiting</h2><ul class="plain">\(waits.map { HTML("<li><b>\(PageWords.count($0.tasks))</b> for \($0.reason)</li>") })</ul>
      """
  }

  private var troubles: HTML {
    guard !facts.troubles.isEmpty else { return "" }
    let items = facts.troubles.map { trouble -> HTML in
      """
      <li><span class="state \(trouble.isFinal ? "failed" : "waiting")">\(trouble.isFinal ? "failed" : "tried again")</span> \
      \(trouble.stage) \(trouble.label, longest: 120): \(trouble.message, longest: 400)</li>
      """
    }
    return "<h2>Trouble</h2><ul class=\"plain\">\(items)</ul>"
  }

  private var costs: HTML {
    guard let sums, !sums.stages.isEmpty else { return "" }
    let rows = sums.stages.prefix(60).map { stage -> HTML in
      let cost: HTML? = sums.rate.map { rate in
        "<td class=\"number\">\(stage.cost.map { "\(PageWords.decimal($0, 4)) \(rate.currency)" } ?? "–")</td>"
      }
      return """
        <tr><th scope="row">\(stage.stage)</th><td class="number">\(stage.tasksDone) of \(stage.tasks)</td><td class="number">\(PageWords.count(stage.frames))</td>\
        <td class="number">\(DisplayTime.text(stage.workerSeconds))</td><td class="number">\(PageWords.decimal(stage.cpuSeconds / 3600, 3))</td>\
        <td class="number">\(PageWords.bytes(stage.peakMemoryBytes))</td><td class="number">\(PageWords.bytes(stage.writtenBytes))</td>\(cost)</tr>
        """
    }
    let head: HTML? = sums.rate == nil ? nil : "<th scope=\"col\" class=\"number\">Cost</th>"
    return """
      <h2>Work by stage <small>of the run on show</small></h2>\(HTML.wide)<table class="dense"><thead><tr><th scope="col">Stage</th>\
      <th scope="col" class="number">Tasks</th><th scope="col" class="number">Frames</th><th scope="col" class="number">Worker time</th>\
      <th scope="col" class="number">CPU-hours</th><th scope="col" class="number">Most memory</th><th scope="col" class="number">Written</th>\(head)</tr></thead>\
      <tbody>\(Array(rows))</tbody></table></div>
      """
  }

  private static let shotsListed = 60

  private var shotCosts: HTML {
    guard let shots, !shots.shots.isEmpty else { return "" }
    let rate = sums?.rate
    let rows = shots.shots.prefix(Self.shotsListed).map { shot -> HTML in
      let cost: HTML? = rate.map { rate in
        "<td class=\"number\">\(shot.cost.map { "\(PageWords.decimal($0, 4)) \(rate.currency)" } ?? "–")</td>"
      }
      let address =
        "/shots" + Address.query([("search", shot.shot), ("programme", facts.glance?.programme ?? "")])
      return """
        <tr><th scope="row"><a href="\(address)">\(shot.shot, longest: 60)</a></th><td class="number">\(shot.tasksDone) of \(shot.tasks)</td>\
        <td class="number">\(DisplayTime.text(shot.workerSeconds))</td><td class="number">\(PageWords.decimal(shot.cpuSeconds / 3600, 4))</td>\(cost)</tr>
        """
    }
    let rest: HTML? =
      shots.shots.count > Self.shotsListed
      ? "<p class=\"soft small\">and \(PageWords.count(shots.shots.count - Self.shotsListed)) more, each with less</p>"
      : nil
    let head: HTML? = rate == nil ? nil : "<th scope=\"col\" class=\"number\">Cost</th>"
    return """
      <h2>Work by shot <small>of the run on show, the most first</small></h2>\(HTML.wide)<table class="dense"><thead><tr><th scope="col">Shot</th>\
      <th scope="col" class="number">Tasks</th><th scope="col" class="number">Worker time</th><th scope="col" class="number">CPU-hours</th>\(head)</tr></thead>\
      <tbody>\(Array(rows))</tbody></table></div>\(rest)<p class="soft small">A task that shows several shots counts for each by its share of \
      the frames. Besides, \(PageWords.decimal(shots.otherCPUSeconds / 3600, 4)) CPU-hours are about no shot: sound, titles, checks, files.</p>
      """
  }

  private var runs: HTML {
    guard !facts.runs.isEmpty else { return "" }
    let rows = facts.runs.map { run -> HTML in
      let state: HTML
      switch run.exit {
      case _ where run.isUnderWay: state = "<span class=\"state rendering\">running</span>"
      case 0: state = "<span class=\"state approved\">done</span>"
      case 130, 143: state = "<span class=\"state waiting\">cancelled</span>"
      case .some(let exit): state = "<span class=\"state failed\">failed, exit \(exit)</span>"
      case nil: state = "<span class=\"state failed\">without an end on record</span>"
      }
      return """
        <tr><th scope="row" class="mono">\(run.id)</th><td>\(run.programme ?? "–")</td><td class="nowrap">\(PageWords.time(run.began))</td>\
        <td>\(state)</td><td class="number">\(run.seconds.map { DisplayTime.exact($0) } ?? "–")</td></tr>
        """
    }
    return """
      <h2>Runs <small>the latest \(facts.runs.count)</small></h2>\(HTML.wide)<table class="dense"><thead><tr><th scope="col">Run</th>\
      <th scope="col">Programme</th><th scope="col">Began, UTC</th><th scope="col">Outcome</th><th scope="col" class="number">Took</th></tr></thead>\
      <tbody>\(rows)</tbody></table></div>
      """
  }
}
