import Diagnostics
import Monitoring
package import ObjectStore

/// Which source gives which picture of the cut: new cuts come in here, and runs are started, cancelled and resumed.
package struct ConformsPage {
  private let facts: ConformFacts
  private let controls: RunControls

  /// - Parameter token: what a form has to bring back.
  package init(_ facts: ConformFacts, token: String) {
    self.facts = facts
    controls = RunControls(token: token)
  }

  package static func address(_ programme: String) -> String { Address.path("conform", programme) }

  package var body: HTML {
    """
    <h1>Conform</h1>
    <p class="lead">Which source gives which picture of the cut, with its handles, and whether it is what the offline shows.</p>
    \(DropForm(facts, programme: nil, token: controls.token).html)
    <div id="programmes" data-live>\(busy)\(programmes)\(others)</div>
    <div id="starts" data-live>\(StartedTable(facts.starts).html)</div>
    """
  }

  private var busy: HTML? {
    facts.atWork.map {
      "<div class=\"notice\"><p>At work in this production: \($0, longest: 200). Nothing else can start until it is over.</p></div>"
    }
  }

  private var programmes: HTML {
    guard !facts.programmes.isEmpty else {
      return """
        <p class="notice">No pipeline was given to <span class="mono">interlock serve</span>: name pipeline files, and they can be \
        run from here.</p>
        """
    }
    let rows = facts.programmes.map { programme -> HTML in
      let cut: HTML? = programme.cut.map {
        "<br><span class=\"soft small\">\($0.name), given by \($0.by)</span>"
      }
      let run: HTML =
        programme.run.map {
          "\(RunControls.state($0))<br><span class=\"soft small\">\(PageWords.time($0.began)) UTC</span>"
        }
        ?? "<span class=\"soft\">no run yet</span>"
      let report: HTML =
        programme.conforms.first.map { version in
          let name = VersionLine.folderName(version: version.version)
          return """
            <a href="\(Self.address(programme.name))">\(version.line.name) \(name)</a><br>\
            <span class="soft small">\(PageWords.time(version.made)) UTC</span>
            """
        } ?? "<span class=\"soft\">not conformed yet</span>"
      let stop: HTML? = programme.run.flatMap { $0.isUnderWay ? controls.cancel(run: $0.id) : nil }
      return """
        <tr><th scope="row"><a href="\(Self.address(programme.name))">\(programme.name)</a><br>\
        <span class="soft small">\(programme.pipeline.path)</span></th>\
        <td>\(programme.cutNames.joined(separator: ", "), longest: 120)\(cut)</td><td>\(report)</td><td>\(run)</td>\
        <td>\(stop ?? controls.run(programme, atWork: facts.atWork))</td></tr>
        """
    }
    return """
      <h2>Programmes</h2>\(HTML.wide)<table><thead><tr><th scope="col">Programme</th><th scope="col">Cut</th>\
      <th scope="col">Conform</th><th scope="col">Latest run</th><th scope="col">Do</th></tr></thead><tbody>\(rows)</tbody></table></div>
      """
  }

  private var others: HTML? {
    guard !facts.others.isEmpty else { return nil }
    let rows = facts.others.map { version -> HTML in
      let name =
        "\(version.line.programme)/\(version.line.name) \(VersionLine.folderName(version: version.version))"
      return
        "<li><a href=\"\(Self.address(version.line.programme))\">\(name)</a> <span class=\"soft\">\(PageWords.time(version.made)) UTC</span></li>"
    }
    return "<h2>Conforms of other programmes</h2><ul class=\"plain\">\(rows)</ul>"
  }
}

/// The conforms and cuts of one programme.
package struct ProgrammeConformPage {
  private let facts: ConformFacts
  private let name: String
  private let programme: ConformFacts.Programme?
  private let conforms: [VersionHead]
  private let shown: VersionHead?
  private let totals: ConformTotals?
  private let controls: RunControls

  /// - Parameters:
  ///   - shown: the conform to look at, among those of the programme.
  ///   - totals: of that.
  package init(
    _ facts: ConformFacts, programme name: String, conforms: [VersionHead], shown: VersionHead?,
    totals: ConformTotals?, token: String
  ) {
    self.facts = facts
    self.name = name
    programme = facts.programmes.first { $0.name == name }
    (self.conforms, self.shown, self.totals) = (conforms, shown, totals)
    controls = RunControls(token: token)
  }

  package var title: String { "\(name), conform" }

  package var body: HTML {
    let drop: HTML? = programme.map { _ in DropForm(facts, programme: name, token: controls.token).html }
    return """
      <p class="crumbs"><a href="/conform">Conform</a></p>
      <h1>\(name) <small>\(programme?.pipeline.path ?? "")</small></h1>
      <div id="run" data-live>\(run)</div>
      \(report)\(drop)
      <div id="cuts" data-live>\(cuts)\(versions)</div>
      """
  }

  private var run: HTML {
    guard let programme else {
      return
        "<p class=\"lead\">No pipeline that was given to <span class=\"mono\">interlock serve</span> is about it.</p>"
    }
    let cut: HTML = "Cut <b>\(programme.cutNames.joined(separator: ", "), longest: 160)</b>"
    let given: HTML =
      programme.cut.map { cut in
        """
        , \(cut.name), given here by \(cut.by) at \(PageWords.time(cut.made)) UTC in place of \
        \(programme.pipeline.cut.joined(separator: ", "), longest: 160) of the pipeline file
        """
      } ?? " of the pipeline file"
    let state: HTML =
      programme.run.map { run in
        "Latest run: \(RunControls.state(run)) <span class=\"soft\">since \(PageWords.time(run.began)) UTC</span>"
      }
      ?? "No run yet."
    let stop: HTML? = programme.run.flatMap { $0.isUnderWay ? controls.cancel(run: $0.id) : nil }
    let busy: HTML? =
      stop == nil
      ? facts.atWork.map { "<p class=\"soft small\">At work in this production: \($0, longest: 200).</p>" }
      : nil
    return """
      <p class="lead">\(cut)\(given).</p><div class="controls"><p>\(state)</p>\
      \(stop ?? controls.run(programme, atWork: facts.atWork))\(busy)</div>
      """
  }

  private var report: HTML {
    guard let shown, let page = shown.conformPage else {
      return
        "<h2>Report</h2><p class=\"notice\">It was not conformed yet: run it, and the report is here.</p>"
    }
    let version = VersionLine.folderName(version: shown.version)
    let address = DeliverablePage.fileAddress(page, of: shown)
    let numbers: HTML? = totals.map { totals in
      let list: [(String, String, String)] = [
        ("events", PageWords.count(totals.events), ""), ("matched", PageWords.count(totals.matched), "good"),
        ("black", PageWords.count(totals.black), ""),
        ("without media", PageWords.count(totals.unmatched), totals.unmatched > 0 ? "bad" : ""),
        ("short of handles or unsure", PageWords.count(totals.warnings), totals.warnings > 0 ? "warn" : ""),
        ("findings", PageWords.count(totals.findings), totals.findings > 0 ? "warn" : ""),
        ("frames", PageWords.count(totals.frames), ""),
      ]
      return """
        <ul class="counts">\(list.map { HTML("<li><div><b class=\"\($2)\">\($1)</b><span class=\"soft\">\($0)</span></div></li>") })</ul>
        """
    }
    let files = shown.files.map { file in
      HTML(
        "<a class=\"button\" href=\"\(DeliverablePage.fileAddress(file, of: shown))?download\" download>\(file.name)</a>"
      )
    }
    return """
      <h2>Report <small>\(shown.line.name) \(version), \(PageWords.time(shown.made)) UTC</small></h2>\(numbers)
      <iframe class="report" src="\(address)" title="Conform report of \(name), \(version)"></iframe>
      <p class="buttons"><a class="button" href="\(address)">Open the report alone</a>\(files)</p>
      """
  }

  private var cuts: HTML {
    guard let programme, !programme.cuts.isEmpty else { return "" }
    let rows = programme.cuts.prefix(60).enumerated().map { index, cut -> HTML in
      let file: HTML = cut.file.map { "\($0)" } ?? "<span class=\"soft\">the pipeline file's own</span>"
      let force: HTML? = index == 0 ? "<span class=\"state approved\">in force</span>" : nil
      return """
        <tr><th scope="row">\(cut.name)</th><td>\(file)</td><td>\(force)</td><td class="number">\(cut.frames.map { PageWords.count($0) } ?? "–")</td>\
        <td class="number">\(cut.clips.map { PageWords.count($0) } ?? "–")</td><td>\(cut.by)</td>\
        <td class="nowrap">\(PageWords.time(cut.made))</td><td class="mono">\(String((cut.digest ?? "").prefix(16)))</td></tr>
        """
    }
    return """
      <h2>Cuts that were given here</h2>\(HTML.wide)<table class="dense"><thead><tr><th scope="col">Cut</th><th scope="col">File</th>\
      <th scope="col">State</th><th scope="col" class="number">Frames</th><th scope="col" class="number">Clips</th><th scope="col">By</th>\
      <th scope="col">When, UTC</th><th scope="col">SHA-256</th></tr></thead><tbody>\(Array(rows))</tbody></table></div>
      """
  }

  private var versions: HTML {
    guard conforms.count > 1 else { return "" }
    let rows = conforms.prefix(60).map { version -> HTML in
      let name = VersionLine.folderName(version: version.version)
      let address = "\(ConformsPage.address(self.name))/\(version.line.name)/\(name)"
      let isShown = version.line == shown?.line && version.version == shown?.version
      return """
        <li><a href="\(address)"\("aria-current=\"true\"", if: isShown)>\(version.line.name) \(name)</a> \
        <span class="soft">\(PageWords.time(version.made)) UTC\(isShown ? ", shown here" : "")</span></li>
        """
    }
    return "<h2>Conforms</h2><ul class=\"plain\">\(Array(rows))</ul>"
  }
}
