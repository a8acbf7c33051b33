import Diagnostics
import Digests
import MediaTime
import Monitoring
package import ObjectStore
import Planning

/// One version of a deliverable: the review copy, what is known of it, and what people said and say.
package struct DeliverablePage {
  /// What a form was sent with that could not be taken, so that nothing typed is lost.
  package struct Refusal: Sendable {
    package var reason: String
    package var note: String
    package var role: String
    /// Of the form about its recipient.
    package var recipient = ""
    package var answer = ""

    package init(reason: String, note: String, role: String) {
      (self.reason, self.note, self.role) = (reason, note, role)
    }

    package init(reason: String, recipient: String, answer: String) {
      self.init(reason: reason, note: "", role: "")
      (self.recipient, self.answer) = (recipient, answer)
    }
  }

  private let facts: DeliverableFacts
  private let frame: PageFrame
  private let refusal: Refusal?
  /// The verdict that was just recorded.
  private let recorded: String?

  package init(_ facts: DeliverableFacts, frame: PageFrame, refusal: Refusal? = nil, recorded: String? = nil)
  {
    (self.facts, self.frame, self.refusal, self.recorded) = (facts, frame, refusal, recorded)
  }

  package static func address(_ line: VersionLine, version: Int? = nil) -> String {
    let page = Address.path("deliverables", line.programme, line.name)
    return version.map { "\(page)/\(VersionLine.folderName(version: $0))" } ?? page
  }

  package static func fileAddress(_ file: VersionRecord.File, of version: some PublishedVersion) -> String {
    Address.path(
      "files", version.line.shelf.rawValue, version.line.programme, version.line.name,
      VersionLine.folderName(version: version.version), file.digest.hex, file.name)
  }

  package var title: String { "\(facts.version.line.name) \(number(facts.version.version))" }

  private func number(_ version: Int) -> String { VersionLine.folderName(version: version) }

  package var body: HTML {
    let line = facts.version.line
    return """
      <p class="crumbs"><a href="/">Deliverables</a> / <a href="\(BoardPage.Choice.of(line.programme))">\(line.programme)</a></p>
      <h1>\(line.name) <small>\(number(facts.version.version))\(facts.isNewest ? "" : ", not the newest")</small></h1>
      <div id="state" data-live><p class="lead">\(state)</p>\(warnings)</div>
      \(outcome)\(factList)
      <div class="review\(facts.copy == nil ? " single" : "")">\(picture)\(decide)</div>
      \(shots)
      <div id="words" data-live>\(words)\(unseen)</div>
      \(recipient)\(quality)\(evidence)\(files)
      <div id="versions" data-live>\(versions)</div>
      """
  }

  // MARK: State

  private var state: HTML {
    if let row = facts.row {
      let more: HTML =
        [row.condition.word, row.condition.rawValue, row.quality?.text, "current"].contains(row.state)
        ? "" : " \(row.state)"
      return "<span class=\"state \(row.condition.rawValue)\">\(row.condition.word)</span>\(more)"
    }
    let newest = facts.versions.first.map { number($0.version) } ?? ""
    return facts.isNewest
      ? "<span class=\"state published\">published</span>"
      : "An older version; the newest is <a href=\"\(Self.address(facts.version.line))\">\(newest)</a>."
  }

  private var warnings: HTML {
    var parts: [HTML] = []
    if !facts.isIntact {
      parts.append(
        """
        <div class="notice bad" role="alert"><p><b>The files of this version are missing or were changed.</b> Nobody can \
        decide on them; run the pipeline again and they are put back.</p></div>
        """)
    }
    for finding in facts.findings.prefix(5) {
      parts.append(
        "<div class=\"notice warn\"><p>\(finding.message) <span class=\"soft\">\(finding.location?.file ?? "")</span></p></div>"
      )
    }
    return "\(parts)"
  }

  private var outcome: HTML {
    if let refusal {
      return
        "<div class=\"notice bad\" role=\"alert\"><p><b>Nothing was recorded.</b> \(refusal.reason, longest: 600)</p></div>"
    }
    switch recorded {
    case "approved":
      return """
        <div class="notice good" role="status"><p><b>Approved.</b> Run the pipeline again: what waited for it goes on.</p></div>
        """
    case "sent", "received", "refused":
      return "<div class=\"notice good\" role=\"status\"><p><b>Recorded.</b></p></div>"
    case "rejected":
      return "<div class=\"notice bad\" role=\"status\"><p><b>Rejected.</b> The note is on record.</p></div>"
    default: return ""
    }
  }

  private var factList: HTML {
    var list: [(String, HTML)] = []
    let version = facts.version
    list.append(("made, UTC", PageWords.time(version.made)))
    if let recipe = facts.recipe {
      list.append(("profile", "\(recipe.profile)"))
      list.append(("cut", "\(recipe.cut.joined(separator: ", "), longest: 160)"))
      if recipe.frameCount > 0 {
        list.append(("frames", "\(PageWords.count(recipe.frameCount))"))
        list.append(
          (
            "from–to",
            "\(recipe.timecode(at: 0).description)–\(recipe.timecode(at: recipe.frameCount - 1).description)"
          ))
      }
      list.append(("shows", "\(recipe.pictures.keys.sorted().joined(separator: ", "), longest: 160)"))
    }
    list.append(("size", "\(PageWords.bytes(version.files.reduce(0) { $0 + $1.byteCount }))"))
    list.append(("tool", "\(version.tool)"))
    return
      "<dl class=\"facts\">\(list.map { name, value in HTML("<div><dt>\(name)</dt><dd>\(value)</dd></div>") })</dl>"
  }

  // MARK: Looking

  private var picture: HTML {
    guard let copy = facts.copy else { return "" }
    let other: HTML? =
      copy.line == facts.version.line
      ? nil
      : """
      No browser plays the files of this version: this is <a href="\(Self.address(copy.line, version: copy.version))">\
      \(copy.line.name) \(number(copy.version))</a> of the same cut, which may have other grades and titles.
      """
    return """
      <div class="picture"><video controls preload="metadata" src="\(copy.address)" aria-label="\(copy.line.name), review copy">\
      <a href="\(copy.address)">\(copy.file.name)</a></video>
      <p>\(other) A browser is not a grading monitor: this copy shows cut and content, not colour.</p></div>
      """
  }

  private var shots: HTML {
    guard let recipe = facts.recipe, let copy = facts.copy, recipe.parts.count > 1 else { return "" }
    // A title over a part of a shot makes parts of it, and each credit is one.
    var starts: [Recipe.Part] = []
    for part in recipe.parts {
      guard let last = starts.last, last.shot == part.shot, last.event == part.event else {
        starts.append(part)
        continue
      }
    }
    let items = starts.prefix(Self.shotsListed).map { part -> HTML in
      let seconds = Double(part.firstFrame) * Double(recipe.rate.denominator) / Double(recipe.rate.numerator)
      // A quarter of a frame in, so that rounding shows this frame and not the one before.
      let place = PageWords.decimal(
        seconds + 0.25 * Double(recipe.rate.denominator) / Double(recipe.rate.numerator), 3)
      return """
        <li><a href="\(copy.address)#t=\(place)" data-seconds="\(place)"><span class="soft">\(recipe.timecode(at: part.firstFrame).description)</span>\
        <span>\(part.shot ?? part.event ?? "no shot", longest: 60)</span></a></li>
        """
    }
    let rest: HTML? =
      starts.count > Self.shotsListed
      ? "<p class=\"soft small\">and \(starts.count - Self.shotsListed) more</p>" : nil
    return
      "<h2>Shots <small>\(starts.count)</small></h2><ul class=\"shots\">\(Array(items))</ul>\(rest)"
  }

  private static let shotsListed = 600

  // MARK: Deciding

  private var decide: HTML {
    let version = facts.version
    guard facts.isIntact else { return "" }
    let action = "\(Self.address(version.line, version: version.version))/decision"
    let role: HTML
    if facts.roles.isEmpty {
      role = """
        <div class="field"><label for="role">Function in which you decide (optional)</label>\
        <input id="role" name="role" value="\(refusal?.role ?? "")" maxlength="60" autocomplete="off"></div>
        """
    } else {
      let options = facts.roles.map { name -> HTML in
        "<option value=\"\(name)\"\("selected", if: refusal?.role == name)>\(name)</option>"
      }
      role = """
        <div class="field"><label for="role">Function in which you decide</label><select id="role" name="role">\(options)\
        <option value=""\("selected", if: refusal?.role == "")>none</option></select></div>
        """
    }
    let isHeard = facts.decisions.last.map { $0.made > facts.surveyed ?? "" } ?? false
    let gates = facts.gates.map { gate -> HTML in
      // What was said since the pipelines were planned may have opened it.
      isHeard
        ? "<p class=\"soft\">Gate <b>\(gate.gate)</b> is looked at again: the last word is newer than the plan.</p>"
        : "<p class=\"\(gate.isOpen ? "good" : "warn")\">Gate <b>\(gate.gate)</b>: \(gate.text, longest: 200)</p>"
    }
    let unplanned: HTML? =
      facts.isUnplanned
      ? """
      <p class="warn">The pipelines are not planned yet: which gate asks for whom is known then. \
      Load the page again, or say your function.</p>
      """ : nil
    return """
      <form class="decide" method="post" action="\(action)">
      <h2>Decide on \(number(version.version))</h2>
      <div id="gates" data-live>\(unplanned)\(gates)</div>
      <input type="hidden" name="token" value="\(frame.token)">
      \(role)
      <div class="field"><label for="note">Note <span class="soft">(a rejection needs one)</span></label>\
      <textarea id="note" name="note" maxlength="4000">\(refusal?.note ?? "")</textarea></div>
      <p class="soft small">In the name of \(frame.person). It binds to these pictures: what is rendered again identically stays \
      approved, and a changed frame is unseen.</p>
      <div class="buttons"><button class="key" type="submit" name="verdict" value="approved">Approve</button>
      <button type="submit" name="verdict" value="rejected">Reject</button></div>
      </form>
      """
  }

  private var words: HTML {
    guard !facts.decisions.isEmpty else {
      return
        "<h2>Decisions</h2><p class=\"soft\">Nobody has decided on \(number(facts.version.version)) yet.</p>"
    }
    let rows = facts.decisions.reversed().map { decision -> HTML in
      """
      <tr><td><span class="state \(decision.verdict.rawValue)">\(decision.verdict.rawValue)</span></td><td>\(decision.by)</td>\
      <td>\(decision.role ?? "–")</td><td>\(HTML.lines(decision.note))</td><td class="nowrap">\(PageWords.time(decision.made))</td></tr>
      """
    }
    return """
      <h2>Decisions</h2>\(HTML.wide)<table><thead><tr><th scope="col">Verdict</th><th scope="col">By</th><th scope="col">As</th>\
      <th scope="col">Note</th><th scope="col">When, UTC</th></tr></thead><tbody>\(Array(rows))</tbody></table></div>
      """
  }

  private var unseen: HTML {
    guard facts.words.values.contains(where: { $0.verdict == .approved }) else { return "" }
    guard !facts.unseen.isEmpty else { return "<p class=\"soft\">Every frame is in an approved version.</p>" }
    let frames = facts.unseen.reduce(0) { $0 + $1.count }
    return """
      <h2>Unseen <small>\(PageWords.count(frames)) frames are in no approved version</small></h2>
      <ul class="plain">\(UnseenFrames.lines(facts.unseen, most: 24).map { HTML("<li>\($0)</li>") })</ul>
      """
  }

  // MARK: Recipient

  /// What became of it, of every version, and how that is recorded.
  private var recipient: HTML {
    let version = facts.version
    let rows = facts.handovers.reversed().map { handover -> HTML in
      let word = handover.verdict == .refused ? "rejected by recipient" : handover.verdict.rawValue
      return """
        <tr><th scope="row">\(number(handover.version))</th><td><span class="state \(handover.verdict.rawValue)">\(word)</span></td><td>\(handover.recipient)</td>\
        <td>\(HTML.lines(handover.note))</td><td>\(handover.by)</td><td class="nowrap">\(PageWords.time(handover.made))</td></tr>
        """
    }
    let table: HTML =
      rows.isEmpty
      ? "<p class=\"soft\">It was not sent to anybody.</p>"
      : """
      \(HTML.wide)<table class="dense"><thead><tr><th scope="col">Version</th><th scope="col">What</th><th scope="col">Recipient</th>\
      <th scope="col">Note</th><th scope="col">Recorded by</th><th scope="col">When, UTC</th></tr></thead><tbody>\(Array(rows))</tbody></table></div>
      """
    let typed = refusal?.recipient ?? ""
    let name = typed.isEmpty ? facts.handovers.last?.recipient ?? "" : typed
    let isOpen = !typed.isEmpty || refusal?.answer.isEmpty == false
    return """
      <h2>Recipient</h2><div id="handovers" data-live>\(table)</div>
      <details class="hide-print"\("open", if: isOpen)><summary>Record what became of \(number(version.version))</summary>
      <form class="decide handover" method="post" action="\(Self.address(version.line, version: version.version))/handover">
      <input type="hidden" name="token" value="\(frame.token)">
      <div class="field"><label for="recipient">Recipient</label><input id="recipient" name="recipient" value="\(name)" maxlength="120" autocomplete="off"></div>
      <div class="field"><label for="answer">Note <span class="soft">(a rejection by the recipient needs one)</span></label>\
      <textarea id="answer" name="answer" maxlength="4000">\(refusal?.answer ?? "")</textarea></div>
      <p class="soft small">Interlock sends nothing by itself. The same: <span class="mono">interlock sent</span>, \
      <span class="mono">received</span>, <span class="mono">refused</span>.</p>
      <div class="buttons"><button type="submit" name="verdict" value="sent">Sent</button>\
      <button type="submit" name="verdict" value="received">Received</button>\
      <button type="submit" name="verdict" value="refused">Refused</button></div></form></details>
      """
  }

  private var quality: HTML {
    guard let quality = facts.quality else { return "" }
    let address = QualityPage.address(facts.version.line, version: facts.version.version)
    return """
      <h2>Quality control</h2><p><a href="\(address)"><span class="state \(quality.verdict.look)">\(quality.text)</span></a> \
      <span class="soft">\(quality.report)</span></p>
      """
  }

  // MARK: Evidence

  private var evidence: HTML {
    guard let evidence = facts.evidence else {
      return "<h2>Evidence</h2><p class=\"soft\">This version records no checks of its media.</p>"
    }
    let failed = evidence.checks.filter { !$0.isMet }
    let met = evidence.checks.filter(\.isMet)
    let verdict: HTML =
      failed.isEmpty
      ? "<span class=\"state approved\">\(PageWords.plural(met.count, "check", "checks")) met</span>"
      : "<span class=\"state failed\">\(failed.count) of \(evidence.checks.count) checks not met</span>"
    let findings: HTML? = failed.isEmpty ? nil : "\(table(failed))"
    let frames = evidence.framesDecoded.count
    return """
      <h2>Evidence</h2><p>\(verdict) <span class="soft">\(evidence.proof)\(frames > 0 ? ", \(PageWords.count(frames)) frames decoded" : "")</span></p>\
      \(findings)<details><summary>Every check</summary>\(table(met))</details>
      """
  }

  private func table(_ checks: [CheckedEvidence.Check]) -> HTML {
    let rows = checks.prefix(Self.checksListed).map { check -> HTML in
      """
      <tr><td><span class="state \(check.isMet ? "approved" : "failed")">\(check.isMet ? "met" : "not met")</span></td>\
      <td>\(check.name, longest: 200)</td><td class="mono">\(check.expected, longest: 200)</td><td class="mono">\(check.found, longest: 200)</td></tr>
      """
    }
    return """
      \(HTML.wide)<table class="dense"><thead><tr><th scope="col">Finding</th><th scope="col">Check</th><th scope="col">Expected</th>\
      <th scope="col">Found</th></tr></thead><tbody>\(Array(rows))</tbody></table></div>
      """
  }

  private static let checksListed = 400

  private var files: HTML {
    let version = facts.version
    let rows = version.files.prefix(Self.filesListed).map { file -> HTML in
      """
      <tr><th scope="row"><a href="\(Self.fileAddress(file, of: version))?download" download>\(file.name)</a></th>\
      <td class="number">\(PageWords.bytes(file.byteCount))</td><td class="mono">\(file.digest.hex)</td></tr>
      """
    }
    let rest: HTML? =
      version.files.count > Self.filesListed
      ? "<p class=\"soft small\">and \(version.files.count - Self.filesListed) more in the folder of the version</p>"
      : nil
    return """
      <h2>Files <small>\(version.files.count)</small></h2>\(HTML.wide)<table class="dense"><thead><tr><th scope="col">Name</th>\
      <th scope="col" class="number">Size</th><th scope="col">SHA-256</th></tr></thead><tbody>\(Array(rows))</tbody></table></div>\(rest)
      """
  }

  private static let filesListed = 200

  private var versions: HTML {
    let rows = facts.versions.prefix(100).map { version -> HTML in
      let name = number(version.version)
      let isThis = version.version == facts.version.version
      let word = facts.words[version.version]
      let link: HTML =
        isThis
        ? "<b>\(name)</b> <span class=\"soft\">shown here</span>"
        : "<a href=\"\(Self.address(version.line, version: version.version))\">\(name)</a>"
      let state: HTML =
        word.map { "<span class=\"state \($0.verdict.rawValue)\">\($0.verdict.rawValue)</span> by \($0.by)" }
        ?? "<span class=\"soft\">not decided</span>"
      return """
        <tr><th scope="row">\(link)</th><td class="nowrap">\(PageWords.time(version.made))</td><td>\(state)</td>\
        <td>\(word?.note ?? "", longest: 200)</td></tr>
        """
    }
    return """
      <h2>Versions <small>\(facts.versions.count)</small></h2>\(HTML.wide)<table><thead><tr><th scope="col">Version</th>\
      <th scope="col">Made, UTC</th><th scope="col">Verdict</th><th scope="col">Note</th></tr></thead><tbody>\(Array(rows))</tbody></table></div>
      """
  }
}

extension BoardPage.Choice {
  /// The address of the board with one programme.
  package static func of(_ programme: String) -> String {
    "/" + Address.query([("programme", programme)])
  }
}
