import Diagnostics

/// Which pipelines could not be planned, and why: said on every page that shows what pipelines ask for.
struct PlanningNotice {
  private let planning: PlanningState

  init(_ planning: PlanningState) { self.planning = planning }

  private static let pipelinesListed = 6
  private static let faultsListed = 8

  /// A part of a page that follows the news.
  var live: HTML { "<div id=\"survey\" data-live>\(html)</div>" }

  private var html: HTML {
    var parts: [HTML] = []
    if let fault = planning.fault {
      parts.append(
        """
        <div class="notice bad" role="alert"><p><b>The pipelines could not be planned.</b> \(fault, longest: 600)</p></div>
        """)
    }
    let unprobed = planning.unplanned.filter(\.isUnprobed)
    if !unprobed.isEmpty {
      let names = unprobed.map(\.pipeline).joined(separator: ", ")
      parts.append(
        """
        <div class="notice warn"><p><b>Nobody has looked at the media of \(names, longest: 400) yet.</b> \
        A run does: <a href="/conform">start one</a>.\(shown(unprobed))</p></div>
        """)
    }
    let broken = planning.unplanned.filter { !$0.isUnprobed }
    parts += broken.prefix(Self.pipelinesListed).map(notice)
    if broken.count > Self.pipelinesListed {
      let names = broken.dropFirst(Self.pipelinesListed).map(\.pipeline).joined(separator: ", ")
      parts.append("<div class=\"notice bad\"><p>Nor can \(names, longest: 600) be planned.</p></div>")
    }
    return "\(parts)"
  }

  private func notice(_ unplanned: PlanningState.Unplanned) -> HTML {
    let faults = unplanned.faults.prefix(Self.faultsListed).map { HTML("\(HTML.lines($0.description))<br>") }
    let rest: HTML? =
      unplanned.faults.count > Self.faultsListed
      ? "<p class=\"soft\">and \(unplanned.faults.count - Self.faultsListed) more</p>" : nil
    return """
      <div class="notice bad" role="alert"><p><b>\(unplanned.pipeline, longest: 200) cannot be planned.</b>\
      \(shown([unplanned]))</p><pre>\(Array(faults))</pre>\(rest)</div>
      """
  }

  /// What stands on the page in place of what is asked for now.
  private func shown(_ unplanned: [PlanningState.Unplanned]) -> HTML {
    unplanned.allSatisfy(\.isShownAsBefore)
      ? " What was known of it before is shown."
      : unplanned.contains(where: \.isShownAsBefore)
        ? "" : " Until then only what is published is shown of it."
  }

  /// Why there is nothing of what pipelines ask for; nil where there is another reason.
  ///
  /// - Parameter what: in the plural, e.g. `shots`.
  func absence(of what: String) -> HTML? {
    if !planning.hasPipelines {
      return """
        <p class="notice">No pipeline was given: name pipeline files to <span class="mono">interlock serve</span>, and their \
        \(what) are here.</p>
        """
    }
    if planning.surveyed == nil, planning.fault == nil {
      return "<p class=\"notice\">The pipelines are being planned; then their \(what) are here.</p>"
    }
    if planning.fault != nil || !planning.unplanned.isEmpty {
      return "<p class=\"notice\">The \(what) are here as soon as the pipelines can be planned.</p>"
    }
    return nil
  }
}
