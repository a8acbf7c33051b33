import Diagnostics
import Engine
import Monitoring

/// Commands that were started from the board, the newest first.
struct StartedTable {
  private let starts: [StartedCommand]

  init(_ starts: [StartedCommand]) { self.starts = starts }

  var html: HTML {
    guard !starts.isEmpty else { return "" }
    let rows = starts.map { start -> HTML in
      let what: HTML = "\(start.verb.rawValue) \(start.programme ?? "")"
      return """
        <tr><th scope="row"><a href="\(StartPage.address(start.start))">\(what)</a></th><td>\(start.cut ?? "–")</td>\
        <td>\(RunControls.state(start))</td><td>\(start.by)</td><td class="nowrap">\(PageWords.time(start.made))</td></tr>
        """
    }
    return """
      <h2>Started here <small>the latest \(starts.count)</small></h2>\(HTML.wide)<table class="dense"><thead><tr>\
      <th scope="col">What</th><th scope="col">Cut</th><th scope="col">State</th><th scope="col">By</th>\
      <th scope="col">When, UTC</th></tr></thead><tbody>\(rows)</tbody></table></div>
      """
  }
}

/// One command that was started from the board: how far it is, what it said, what it made.
package struct StartPage {
  private let command: StartedCommand
  private let work: StageWork?
  private let glance: RunGlance?
  private let controls: RunControls

  /// - Parameters:
  ///   - work: of the run on show.
  ///   - glance: of the run on show.
  package init(_ command: StartedCommand, work: StageWork?, glance: RunGlance?, token: String) {
    self.command = command
    self.work = work?.run == command.run ? work : nil
    self.glance = glance?.run == command.run ? glance : nil
    controls = RunControls(token: token)
  }

  package static func address(_ start: String) -> String { Address.path("starts", start) }

  package var title: String { "\(command.verb.rawValue) \(command.programme ?? command.cut ?? "")" }

  package var body: HTML {
    let cut: HTML? = command.cut.map { "<div><dt>cut</dt><dd>\($0)</dd></div>" }
    let run: HTML? = command.run.map { "<div><dt>run</dt><dd class=\"mono\">\($0)</dd></div>" }
    let ended: HTML? = command.ended.map { "<div><dt>ended, UTC</dt><dd>\(PageWords.time($0))</dd></div>" }
    return """
      <p class="crumbs"><a href="/conform">Conform</a>\(programme)</p>
      <h1>\(title)</h1>
      <div id="start" data-live><p class="lead">\(RunControls.state(command)) \(lead)</p>
      \(bar)\(stop)
      <dl class="facts">\(cut)\(run)<div><dt>by</dt><dd>\(command.by)</dd></div>\
      <div><dt>started, UTC</dt><dd>\(PageWords.time(command.made))</dd></div>\(ended)</dl>
      \(stages)\(output)\(messages)</div>
      <h2>In a shell</h2><pre tabindex="0" aria-label="Command">\(command.command)</pre>
      <div id="report" data-live>\(report)</div>
      """
  }

  private var programme: HTML? {
    command.programme.map { " / <a href=\"\(ConformsPage.address($0))\">\($0)</a>" }
  }

  private var lead: HTML {
    switch (command.state, command.exit) {
    case (.waiting, _): "its process begins."
    case (.running, _) where command.verb == .run && command.run == nil:
      "media is looked at and the work is planned."
    case (.running, _): "it goes on whether or not this page is open, and without this server too."
    case (.ended, 6?):
      "everything that may be done is done; a gate waits for somebody: see <a href=\"/\">the deliverables</a>."
    case (.ended, 4?) where command.verb == .run:
      "not everything stands: <a href=\"/qc\">quality control</a> found what nobody has waived, or what was made did not verify."
    case (.ended, 0?) where command.verb == .run: "see <a href=\"/\">the deliverables</a>."
    case (.ended, 130?), (.ended, 143?): "finished work is kept: run it again and it goes on."
    case (.lost, _): "what it had made is kept: run it again and it goes on."
    default: ""
    }
  }

  private var bar: HTML? {
    guard let glance, glance.isGoingOn, command.isGoingOn else { return nil }
    let (done, total) = glance.part
    return """
      <p class="progress"><progress value="\(done)" max="\(max(1, total))" aria-label="How far the run is"></progress>\
      <span class="soft">\(PageWords.count(done)) of \(PageWords.count(total)) \(glance.isInFrames ? "frames" : "tasks")</span></p>
      """
  }

  private var stop: HTML? {
    guard command.isGoingOn else { return nil }
    return command.run.map(controls.cancel(run:)) ?? controls.cancel(start: command.start)
  }

  private var stages: HTML? {
    guard let work, !work.stages.isEmpty else { return nil }
    let rows = work.stages.map { stage -> HTML in
      let isInFrames = stage.framesTotal > 0
      let (done, total) =
        isInFrames ? (stage.framesDone, stage.framesTotal) : (stage.tasksDone, stage.tasksTotal)
      let state: HTML =
        stage.tasksFailed > 0
        ? "<span class=\"state failed\">failed</span>"
        : stage.tasksDone == stage.tasksTotal
          ? "<span class=\"state approved\">done</span>"
          : "<span class=\"state rendering\">\(PageWords.count(done)) of \(PageWords.count(total)) \(isInFrames ? "frames" : "tasks")</span>"
      return """
        <tr><th scope="row">\(stage.name)</th><td>\(state)</td>\
        <td><progress value="\(done)" max="\(max(1, total))" aria-label="\(stage.name)"></progress></td></tr>
        """
    }
    return """
      <h2>Stages</h2>\(HTML.wide)<table class="dense"><thead><tr><th scope="col">Stage</th><th scope="col">State</th>\
      <th scope="col">Progress</th></tr></thead><tbody>\(rows)</tbody></table></div>
      """
  }

  private var output: HTML? {
    command.output.isEmpty
      ? nil
      : "<h2>Result</h2><pre tabindex=\"0\" aria-label=\"Result\">\(HTML.lines(command.output))</pre>"
  }

  private var messages: HTML? {
    command.messages.isEmpty
      ? nil
      : "<h2>Messages</h2><pre tabindex=\"0\" aria-label=\"Messages\">\(HTML.lines(command.messages))</pre>"
  }

  private var report: HTML? {
    guard command.hasReport, !command.isGoingOn else { return nil }
    let address = "\(Self.address(command.start))/report"
    return """
      <h2>Report</h2><iframe class="report" src="\(address)" title="Conform report of \(command.cut ?? "the cut")"></iframe>
      <p class="buttons"><a class="button" href="\(address)">Open the report alone</a>\
      <a class="button" href="\(address)?data" download>report.json</a></p>
      """
  }
}
