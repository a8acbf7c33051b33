import Delivery
import Diagnostics
import MediaTime
package import ObjectStore

/// What quality control says of the newest version of every deliverable.
package struct QualityListPage {
  private let rows: [QualityRow]

  package init(_ rows: [QualityRow]) { self.rows = rows }

  package var body: HTML {
    """
    <h1>QC and sound</h1>
    <p class="lead">What was measured on the newest version of every deliverable, and what of it is waived.</p>
    <div id="quality" data-live>\(table)</div>
    """
  }

  private var table: HTML {
    guard !rows.isEmpty else { return "<p class=\"notice\">Nothing is published yet.</p>" }
    let lines = rows.sorted { Self.order($0) < Self.order($1) }.map { row -> HTML in
      let name: HTML =
        row.state == nil
        ? "\(row.line.name)" : "<a href=\"\(QualityPage.address(row.line))\">\(row.line.name)</a>"
      let state: HTML =
        row.state.map { "<span class=\"state \($0.verdict.look)\">\($0.text)</span>" }
        ?? "<span class=\"soft\">not measured</span>"
      return """
        <tr><th scope="row"><span class="soft small">\(row.line.programme) · </span>\(name)</th><td>\(row.version)</td><td>\(state)</td>\
        <td>\(row.state?.report ?? "–")</td><td class="nowrap">\(PageWords.time(row.made))</td></tr>
        """
    }
    let advice: HTML? =
      rows.allSatisfy { $0.state == nil }
      ? """
      <p class="notice">Nothing was measured: give the pipeline a stage such as <span class="mono">check: {kind: qc, of: master}</span>.</p>
      """ : nil
    return """
      \(advice)\(HTML.wide)<table><thead><tr><th scope="col">Deliverable</th><th scope="col">Version</th><th scope="col">Finding</th>\
      <th scope="col">Report</th><th scope="col">Made, UTC</th></tr></thead><tbody>\(lines)</tbody></table></div>
      """
  }

  /// What needs somebody comes first.
  private static func order(_ row: QualityRow) -> String {
    let rank =
      switch row.state?.verdict {
      case .failed: 0
      case .waived: 1
      case .passed: 2
      case nil: 3
      }
    return "\(rank) \(row.line.programme) \(row.line.name)"
  }
}

extension QualityState.Verdict {
  /// The state of a deliverable that looks alike.
  package var look: String {
    switch self {
    case .passed: "approved"
    case .failed: "qc-failed"
    case .waived: "waiting"
    }
  }
}

/// What was found in one version, on a timeline and in words, and what people have waived.
package struct QualityPage {
  /// What a form was sent with that could not be taken, so that nothing typed is lost.
  package struct Refusal: Sendable {
    package var problem: String
    package var finding: String
    package var reason: String
    package var until: String
    package var role: String

    package init(problem: String, finding: String, reason: String, until: String, role: String) {
      (self.problem, self.finding, self.reason) = (problem, finding, reason)
      (self.until, self.role) = (until, role)
    }
  }

  private let facts: QualityFacts
  private let frame: PageFrame
  private let refusal: Refusal?
  /// What was just recorded.
  private let recorded: String?

  package init(_ facts: QualityFacts, frame: PageFrame, refusal: Refusal? = nil, recorded: String? = nil) {
    (self.facts, self.frame, self.refusal, self.recorded) = (facts, frame, refusal, recorded)
  }

  package static func address(_ line: VersionLine, version: Int? = nil) -> String {
    let page = Address.path("qc", line.programme, line.name)
    return version.map { "\(page)/\(VersionLine.folderName(version: $0))" } ?? page
  }

  private var number: String { VersionLine.folderName(version: facts.version.version) }

  package var title: String { "QC of \(facts.version.line.name) \(number)" }

  package var body: HTML {
    let line = facts.version.line
    let crumbs: HTML = """
      <p class="crumbs"><a href="/qc">QC and sound</a> / \(line.programme) / <a href="\(DeliverablePage.address(line, version: facts.version.version))">\(line.name) \(number)</a></p>
      <h1>QC of \(line.name) <small>\(number)</small></h1>
      """
    guard let evidence = facts.evidence else {
      return """
        \(crumbs)<p class="notice">This version was not measured. A stage such as \
        <span class="mono">check: {kind: qc, of: \(line.name)}</span> measures it in the next run.</p>\(versions)
        """
    }
    return """
      \(crumbs)<div id="qc-state" data-live><p class="lead"><span class="state \(evidence.state.verdict.look)">\(evidence.state.text)</span> \
      <span class="soft">\(evidence.asset.reference)</span></p></div>
      \(outcome)
      <figure class="timeline" tabindex="0" aria-label="Timeline of findings">\(QualityTimeline(evidence).svg)\
      <figcaption><span class="legend fail">fails</span> <span class="legend warn">warning</span> <span class="legend waived">waived</span> \
      <span class="legend short">short-term</span> <span class="legend momentary">momentary</span></figcaption></figure>
      <div id="findings" data-live>\(findings(evidence))</div>
      \(form(evidence))
      \(checks(evidence))\(versions)
      """
  }

  private var outcome: HTML {
    if let refusal {
      return
        "<div class=\"notice bad\" role=\"alert\"><p><b>Nothing was recorded.</b> \(refusal.problem, longest: 600)</p></div>"
    }
    switch recorded {
    case "waived":
      return
        "<div class=\"notice good\" role=\"status\"><p><b>Waived.</b> It counts where the pictures, or the sound, are identical.</p></div>"
    case "unwaived":
      return "<div class=\"notice\" role=\"status\"><p><b>The waiver counts no more.</b></p></div>"
    default: return ""
    }
  }

  // MARK: Findings

  private func findings(_ evidence: QualityEvidence) -> HTML {
    guard !evidence.items.isEmpty else {
      return "<h2>Findings</h2><p class=\"good\">Nothing is out of bounds.</p>"
    }
    let rows = evidence.items.map { row($0, evidence.report) }
    let more: HTML? =
      evidence.report.unlisted.isEmpty
      ? nil
      : "<p class=\"soft small\">Not listed: \(evidence.report.unlisted.sorted { $0.key < $1.key }.map { "\($0.value) more of \($0.key)" }.joined(separator: ", "))</p>"
    return """
      <h2>Findings <small>\(evidence.items.count)</small></h2>\(HTML.wide)<table><thead><tr><th scope="col">Finding</th>\
      <th scope="col">State</th><th scope="col">Where</th><th scope="col">Measured</th><th scope="col">Allowed</th><th scope="col">Waiver</th></tr></thead>\
      <tbody>\(rows)</tbody></table></div>\(more)
      """
  }

  private func row(_ item: QualityEvidence.Item, _ report: QualityReport) -> HTML {
    let finding = item.finding
    let state: HTML =
      item.isWaived
      ? "<span class=\"state waived\">waived</span>"
      : finding.verdict == .fail
        ? "<span class=\"state qc-failed\">fails</span>" : "<span class=\"state waiting\">warning</span>"
    let track: HTML? = finding.track.map { " <span class=\"soft small\">track \($0)</span>" }
    let play: HTML? = facts.movie.map { movie in
      let place = MoviePlace(frame: finding.frames.start, rate: report.rate).seconds
      return " <a class=\"small\" href=\"\(movie.address)#t=\(place)\">play</a>"
    }
    let frame = FramePage.address(
      facts.version.line, version: facts.version.version, frame: finding.frames.start)
    return """
      <tr id="\(item.name)"><th scope="row">\(item.name)\(track)</th><td>\(state)</td><td><a href="\(frame)">\(item.place)</a>\(play)\
      <br><span class="soft small">\(PageWords.plural(Int(finding.frames.count), "frame", "frames"))</span></td>\
      <td>\(finding.measured, longest: 200)</td><td class="soft">\(finding.threshold, longest: 200)</td><td>\(waiver(item))</td></tr>
      """
  }

  private func waiver(_ item: QualityEvidence.Item) -> HTML {
    guard let waiver = item.waiver else { return "<span class=\"soft\">–</span>" }
    let who: HTML = "by \(waiver.by)\(waiver.role.map { " as \($0)" } ?? "")"
    let carried: HTML? =
      waiver.version == facts.version.version
      ? nil
      : "<br><span class=\"soft small\">said of \(VersionLine.folderName(version: waiver.version)), and this is identical</span>"
    let state: HTML =
      item.isWaived
      ? "until \(waiver.until)"
      : waiver.verdict == .unwaived
        ? "<span class=\"warn\">taken back</span>" : "<span class=\"warn\">ended after \(waiver.until)</span>"
    return "\(state) \(who)<br><span>\(HTML.lines(waiver.reason))</span>\(carried)"
  }

  // MARK: Waiving

  private func form(_ evidence: QualityEvidence) -> HTML {
    guard !evidence.items.isEmpty else { return "" }
    let options = evidence.items.map { item -> HTML in
      "<option value=\"\(item.name)\"\("selected", if: refusal?.finding == item.name)>\(item.name), \(item.place)\(item.isWaived ? ", waived" : "")</option>"
    }
    let action = Self.address(facts.version.line, version: facts.version.version) + "/waiver"
    return """
      <form class="decide waive" method="post" action="\(action)">
      <h2>Waive a finding of \(number)</h2>
      <input type="hidden" name="token" value="\(frame.token)">
      <div class="field"><label for="finding">Finding</label><select id="finding" name="finding">\(options)</select></div>
      <div class="field"><label for="reason">Reason</label><textarea id="reason" name="reason" maxlength="4000" required>\(refusal?.reason ?? "")</textarea></div>
      <div class="field"><label for="until">Until <span class="soft">(the last day on which it counts, UTC)</span></label>\
      <input type="date" id="until" name="until" value="\(refusal?.until ?? "")"></div>
      <div class="field"><label for="role">Function in which you waive (optional)</label>\
      <input id="role" name="role" value="\(refusal?.role ?? "")" maxlength="60" autocomplete="off"></div>
      <p class="soft small">In the name of \(frame.person). It binds to these very pictures, or samples: in later versions it counts where they \
      are identical, and nowhere else. The same: <span class="mono">interlock waive \(facts.version.line.programme)/\(facts.version.line.name) FINDING --reason … --until …</span></p>
      <div class="buttons"><button class="key" type="submit" name="verdict" value="waived">Waive</button>\
      <button type="submit" name="verdict" value="unwaived">Take a waiver back</button></div>
      </form>
      """
  }

  // MARK: Checks

  private func checks(_ evidence: QualityEvidence) -> HTML {
    let rows = evidence.report.results.map { result -> HTML in
      let state: HTML =
        switch result.verdict {
        case .pass: "<span class=\"state approved\">met</span>"
        case .warn: "<span class=\"state waiting\">warning</span>"
        case .fail: "<span class=\"state qc-failed\">fails</span>"
        case .notRun: "<span class=\"state missing\">not measured</span>"
        }
      return """
        <tr><th scope="row">\(result.check.rawValue)\(result.track.map { ", track \($0)" } ?? "")</th><td>\(state)</td>\
        <td>\(result.measured, longest: 200)</td><td class="soft">\(result.threshold, longest: 200)</td></tr>
        """
    }
    return """
      <h2>Checks</h2>\(HTML.wide)<table class="dense"><thead><tr><th scope="col">Check</th><th scope="col">Verdict</th><th scope="col">Measured</th>\
      <th scope="col">Allowed</th></tr></thead><tbody>\(rows)</tbody></table></div>\
      <p class="soft small">Measured by \(evidence.report.tool, longest: 300). Automatic checks see what can be counted; they do not replace eyes and ears.</p>
      """
  }

  private var versions: HTML {
    guard facts.versions.count > 1 else { return "" }
    let links = facts.versions.prefix(40).map { version -> HTML in
      let name = VersionLine.folderName(version: version)
      return version == facts.version.version
        ? "<b>\(name)</b>" : "<a href=\"\(Self.address(facts.version.line, version: version))\">\(name)</a>"
    }
    return "<h2>Versions</h2><p>\((" · " as HTML).joined(Array(links)))</p>"
  }
}
