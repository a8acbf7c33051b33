import Diagnostics

/// Buttons that start, cancel and resume runs, and words for what became of them; the words are those of the command line.
struct RunControls {
  let token: String

  private func hidden(_ name: String, _ value: String) -> HTML {
    "<input type=\"hidden\" name=\"\(name)\" value=\"\(value)\">"
  }

  /// Starts a run of a programme, or lets one go on that was cancelled or lost.
  func run(_ programme: ConformFacts.Programme, atWork: String?) -> HTML {
    let isResumed = programme.run.map { !$0.isUnderWay && $0.exit != 0 } ?? false
    let only: HTML? =
      programme.pipeline.conformStage == nil
      ? nil
      : "<button type=\"submit\" name=\"until\" value=\"conform\"\("disabled", if: atWork != nil)>Conform only</button>"
    let own: HTML? = programme.cut.map { _ in
      """
      <button type="submit" name="cut" value="own"\("disabled", if: atWork != nil)>Run with the pipeline file's own cut</button>
      """
    }
    return """
      <form class="buttons" method="post" action="\(ConformsPage.address(programme.name))/run">\(hidden("token", token))\
      <button class="key" type="submit"\("disabled", if: atWork != nil)>\(isResumed ? "Resume" : "Run")</button>\(only)\(own)</form>
      """
  }

  /// Asks a run to stop.
  func cancel(run: String) -> HTML { cancel("\(Address.path("runs", run))/cancel", what: "run \(run)") }

  /// Asks a command to stop that has no run yet, or needs none.
  func cancel(start: String) -> HTML {
    cancel("\(StartPage.address(start))/cancel", what: "what was started")
  }

  private func cancel(_ action: String, what: String) -> HTML {
    """
    <form class="buttons" method="post" action="\(action)">\(hidden("token", token))\
    <button type="submit" title="Stop \(what) cleanly: finished work is kept">Cancel</button>\
    <button type="submit" name="now" value="yes" title="Kill the workers of \(what)">Cancel now</button></form>
    """
  }

  /// What became of a run.
  static func state(_ run: FarmFacts.Run) -> HTML {
    if run.isUnderWay { return "<span class=\"state rendering\">running</span>" }
    return state(exit: run.exit.map(Int32.init))
  }

  static func state(_ command: StartedCommand) -> HTML {
    switch command.state {
    case .waiting: "<span class=\"state rendering\">starting</span>"
    case .running: "<span class=\"state rendering\">running</span>"
    case .ended: state(exit: command.exit)
    case .lost: state(exit: nil)
    }
  }

  /// By the exit codes of the command line.
  private static func state(exit: Int32?) -> HTML {
    switch exit {
    case 0: "<span class=\"state approved\">done</span>"
    case 6: "<span class=\"state waiting\">done, waits for a person</span>"
    case 75: "<span class=\"state waiting\">try again later</span>"
    case 130, 143: "<span class=\"state waiting\">cancelled</span>"
    case .some(let exit): "<span class=\"state failed\">failed, exit \(exit)</span>"
    case nil: "<span class=\"state failed\">killed; run it again and it goes on</span>"
    }
  }
}
