import Diagnostics
import MediaTime

extension ConformReport {
  /// The report as a page of its own, for a browser or a printer.
  ///
  /// - Parameter pictures: the first and last frame of each event as `data:` URLs; none, one or two of them.
  package func html(pictures: [[String]] = []) -> String {
    var body = """
      <header><h1>\(HTMLText.escape(programme))</h1>
      <p class="lead">Conform report\(timeline.isEmpty ? "" : " of " + HTMLText.escape(timeline))</p>
      \(factList)</header>

      """
    body += timelineSection + offlineSection + lossSection + diagnosticSection
    for track in tracks { body += section(of: track, pictures) }
    body += locatorSection
    return HTMLPage.page(title: "\(programme): conform report", style: Self.style, body: body)
  }

  // MARK: Programme

  private var factList: String {
    var facts = [
      ("record", "\(start)–\(end)"), ("length", "\(totals.frames) frames"), ("rate", "\(rate) fps"),
      ("events", "\(totals.events)"), ("matched", "\(totals.matched)"), ("black", "\(totals.black)"),
      ("without media", "\(totals.unmatched)"),
    ]
    if totals.filledFrames > 0 {
      facts.append(("frames standing for missing media", "\(totals.filledFrames)"))
    }
    if handles > 0 {
      let short = events.count {
        $0.fill == nil && (isShort($0.handlesBefore, $0) || isShort($0.handlesAfter, $0))
      }
      facts.append(("handles wanted", "\(handles) frames"))
      facts.append(("events with short handles", "\(short)"))
    }
    let items = facts.map { "<div><dt>\($0.0)</dt><dd>\(HTMLText.escape($0.1))</dd></div>" }
    return "<dl class=\"facts\">\(items.joined(separator: "\n"))</dl>"
  }

  private var timelineSection: String {
    let figures = ReportTimeline(report: self).svg()
    guard !figures.isEmpty else { return "" }
    let keys = [
      ("clip", "picture"), ("sound", "sound"), ("black", "black"), ("lost", "without media"),
    ].map { style, name in
      let colour = style == "black" ? "#000" : style == "lost" ? "var(--bad)" : "var(--\(style))"
      return "<span><i style=\"background: \(colour)\"></i>\(name)</span>"
    }
    let locators = markers.isEmpty ? "" : "<span>▾ locator</span>"
    return """
      <section><h2>Timeline</h2>
      \(figures.joined(separator: "\n"))
      <p class="key">\(keys.joined())<span>╱ transition</span>\(locators)</p></section>

      """
  }

  // MARK: What was not carried as written

  private var lossSection: String {
    let found = findings + events.flatMap(\.findings)
    func count(_ kind: Finding.Kind) -> Int { found.count { $0.kind == kind } }
    let named = Set(findings.compactMap(\.event))
    let carried = events.count { !$0.isPart && $0.findings.isEmpty && !named.contains($0.event) }
    let counts = [
      (carried, carried == 1 ? "event carried as written" : "events carried as written"),
      (count(.approximated), "approximated"), (count(.inferred), "inferred"), (count(.dropped), "dropped"),
    ].map { "<li><b>\($0.0)</b><span>\($0.1)</span></li>" }
    let rows = found.map { finding in
      """
      <tr class="finding"><td class="number">\(finding.kind.rawValue)</td>\
      <td class="number">\(HTMLText.escape(finding.event ?? ""))</td>\
      <td>\(HTMLText.escape(finding.what))</td>\
      <td class="soft small">\(HTMLText.escape(finding.location.map { "\($0)" } ?? ""))</td></tr>
      """
    }
    let table =
      rows.isEmpty
      ? "<p class=\"soft\">Everything the cut says is carried.</p>"
      : Self.table(["how", "event", "what", "where"], rows.map { "<tbody>\($0)</tbody>" })
    return """
      <section><h2>Carried, approximated, inferred, dropped</h2>
      <ul class="counts">\(counts.joined())</ul>
      \(table)</section>

      """
  }

  private var diagnosticSection: String {
    // Short handles are findings of their events already.
    let others = diagnostics.filter { $0.code != "conform.shortHandles" }
    guard !others.isEmpty else { return "" }
    let rows = others.map { diagnostic in
      let remedy = diagnostic.remedy.map { "<br><span class=\"soft\">\(HTMLText.escape($0))</span>" } ?? ""
      let style = diagnostic.severity == .error ? "error" : diagnostic.severity == .warning ? "short" : "soft"
      return """
        <tbody><tr><td class="number \(style)">\(diagnostic.severity.rawValue)</td>\
        <td>\(HTMLText.escape(diagnostic.message))\(remedy)</td>\
        <td class="soft small">\(HTMLText.escape(diagnostic.location.map { "\($0)" } ?? ""))</td></tr></tbody>
        """
    }
    return "<section><h2>Diagnostics</h2>\(Self.table(["", "what", "where"], rows))</section>\n"
  }

  // MARK: Events

  private func section(of track: TrackSummary, _ pictures: [[String]]) -> String {
    let mine = events.indices.filter { events[$0].track == track.name }
    let number = mine.count { !events[$0].isPart }
    let count = number == 1 ? "1 event" : "\(number) events"
    let heading = "<h2>\(HTMLText.escape(track.name))<small>\(track.kind.rawValue), \(count)</small></h2>"
    guard !mine.isEmpty else { return "<section>\(heading)</section>\n" }
    let hasPictures = mine.contains { pictures.indices.contains($0) && !pictures[$0].isEmpty }
    let columns = ["event", "shot", "record", "source", "speed", "handles", "length"]
    let table = Self.table(
      hasPictures ? ["event", "first and last frame"] + columns.dropFirst() : columns,
      mine.map { index in
        row(events[index], hasPictures ? (pictures.indices.contains(index) ? pictures[index] : []) : nil)
      })
    return "<section>\(heading)\(table)\(transitionList(of: track))</section>\n"
  }

  /// - Parameter pictures: `nil` on a page, or for a track, without any.
  private func row(_ event: Event, _ pictures: [String]?) -> String {
    let times = [event.recordTimecode, event.sourceTimecode ?? ""].map { text in
      // A range may be broken after its dash, and nowhere else.
      HTMLText.escape(text).replacing("–", with: "–<wbr>")
    }
    let file = event.sourceFile.map { "<br><span class=\"soft small\">\(HTMLText.escape($0))</span>" } ?? ""
    let clip =
      event.clip.isEmpty || event.clip == event.shot
      ? "" : "<br><span class=\"soft small\">\(HTMLText.escape(event.clip))</span>"
    var facts = [HTMLText.escape(event.rule)]
    if let chosen = event.candidates.first(where: \.isChosen) {
      facts[0] += ", score \(chosen.score)"
      if event.timeScale != .one || event.speed != .one, let handles = chosen.handleText {
        facts.append("handles at its speed \(handles)")
      }
    }
    if !event.explanation.isEmpty { facts.append(HTMLText.escape(event.explanation)) }
    if let grade = event.grade { facts.append("graded by the list: \(Self.text(grade))") }
    let strip = pictures.map { pictures in
      let images = pictures.map { "<img src=\"\(HTMLText.escape($0))\" alt=\"\">" }
      return "<td class=\"frames\" rowspan=\"2\">\(images.joined())</td>"
    }
    return """
      <tbody class="event"><tr><td class="number">\(HTMLText.escape(event.event))</td>\(strip ?? "")\
      <td class="shot">\(HTMLText.escape(event.shot))\(clip)</td>\
      <td class="time">\(times[0])</td><td><span class="time">\(times[1])</span>\(file)</td>\
      <td class="number">\(Self.speed(event))</td><td class="number">\(handleText(event))</td>\
      <td class="number">\(event.recordRange.count)</td></tr>
      <tr><td></td><td class="soft small" colspan="6">\(facts.joined(separator: "; "))\(losers(event))</td></tr></tbody>
      """
  }

  /// The files that were considered and not taken, and why.
  private func losers(_ event: Event) -> String {
    var lines = event.candidates.filter { !$0.isChosen }.map { candidate in
      "<b>\(HTMLText.escape(candidate.file))</b> score \(candidate.score), "
        + "\(candidate.framesCovered) of \(candidate.framesNeeded) frames"
        + (candidate.handleText.map { ", handles \($0)" } ?? "") + ": \(HTMLText.escape(candidate.verdict))"
    }
    if event.moreCandidates > 0 { lines.append("and \(event.moreCandidates) more") }
    guard !lines.isEmpty else { return "" }
    return "<ul class=\"candidates\">\(lines.map { "<li>\($0)</li>" }.joined())</ul>"
  }

  private static func speed(_ event: Event) -> String {
    if event.timeScale == .one { return "" }
    if event.timeScale == .zero { return "freeze" }
    let factor = HTMLText.escape("×\(event.timeScale.magnitude)")
    guard event.timeScale < .zero else { return factor }
    return event.timeScale.magnitude == .one ? "reverse" : "reverse \(factor)"
  }

  private func isShort(_ count: Int64, _ event: Event) -> Bool {
    event.sourceFile != nil && count < Int64(handles)
  }

  private func handleText(_ event: Event) -> String {
    guard event.sourceFile != nil else { return "" }
    func part(_ count: Int64) -> String {
      isShort(count, event) ? "<span class=\"short\">\(count) ▾</span>" : "\(count)"
    }
    return "\(part(event.handlesBefore)) / \(part(event.handlesAfter))"
  }

  private static func text(_ grade: ColorDecision) -> String {
    func triple(_ values: [Double]) -> String { values.map { "\($0)" }.joined(separator: " ") }
    return "slope \(triple(grade.slope)), offset \(triple(grade.offset)), power \(triple(grade.power)), "
      + "saturation \(grade.saturation)"
  }

  private func transitionList(of track: TrackSummary) -> String {
    let mine = transitions.filter { $0.track == track.name }
    guard !mine.isEmpty else { return "" }
    let rows = mine.map { transition in
      """
      <tbody class="transition"><tr><td class="number">\(HTMLText.escape(transition.event))</td>\
      <td>\(HTMLText.escape(transition.kind))\
      \(transition.name.map { ", " + HTMLText.escape($0) } ?? "")</td>\
      <td class="time">\(label(at: transition.recordRange.start))–<wbr>\(label(at: transition.recordRange.end))</td>\
      <td class="number">\(transition.recordRange.count)</td></tr></tbody>
      """
    }
    return "<br>" + Self.table(["event", "transition", "record", "length"], rows)
  }

  private var locatorSection: String {
    guard !markers.isEmpty else { return "" }
    let rows = markers.map { marker in
      """
      <tbody class="marker"><tr><td class="time">\(label(at: marker.frame))</td>\
      <td class="number">\(HTMLText.escape(marker.color.lowercased()))</td>\
      <td>\(HTMLText.escape(marker.name))</td><td>\(HTMLText.escape(marker.comment))</td></tr></tbody>
      """
    }
    return
      "<section><h2>Locators</h2>\(Self.table(["record", "colour", "name", "comment"], rows))</section>\n"
  }

  private static func table(_ headings: [String], _ bodies: [String]) -> String {
    let head = headings.map { "<th>\($0)</th>" }.joined()
    return "<table><thead><tr>\(head)</tr></thead>\n\(bodies.joined(separator: "\n"))\n</table>\n"
  }
}
