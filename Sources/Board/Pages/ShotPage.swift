import Diagnostics
import ImageGraph
import MediaTime
package import ObjectStore
import Planning

/// One shot: its pictures and scopes, what every stage and every version made of it, and where its frames come from.
package struct ShotPage {
  private let facts: ShotFacts
  private var row: ShotRow { facts.row }

  package init(_ facts: ShotFacts) { self.facts = facts }

  package var title: String { "\(row.shot), \(facts.programme)" }

  /// `8 + 8`, and what is wanted where it is less.
  static func handles(_ row: ShotRow) -> HTML {
    let words: HTML = "\(row.handlesBefore) + \(row.handlesAfter)"
    return row.isShortOfHandles
      ? "<span class=\"warn\">\(words)</span> <span class=\"soft\">of \(row.handlesWanted)</span>" : words
  }

  /// One stage as a word with its state.
  static func step(_ stage: ShotRow.Stage) -> HTML {
    """
    <li class="\(stage.look.rawValue)"><b>\(stage.name)</b> <span>\(stage.text, longest: 80)</span></li>
    """
  }

  package var body: HTML {
    """
    <p class="crumbs"><a href="/shots">Shots</a> / <a href="/shots\(Address.query([("programme", facts.programme)]))">\(facts.programme)</a></p>
    <h1>\(row.shot) <small>event \(row.event), \(row.track)</small></h1>
    <div id="shot" data-live><p class="lead">\(row.record)</p>\(problem)\(factList)
    <ul class="steps wide-steps">\(row.stages.map(Self.step))</ul></div>
    \(ShotPictures(row).all)\(scopes)
    <div id="history" data-live>\(history)\(lineage)</div>
    \(neighbours)
    """
  }

  private var problem: HTML? {
    row.problem.map {
      "<div class=\"notice bad\"><p><b>Its media was not found.</b> \($0, longest: 400)</p></div>"
    }
  }

  private var factList: HTML {
    var list: [(String, HTML)] = [
      ("cut", "\(row.record)"), ("frames", "\(PageWords.count(row.count))"),
      ("file", "\(row.file ?? "–", longest: 120)"), ("reel", "\(row.reel ?? "–", longest: 80)"),
      ("source", "\(row.source ?? "–")"), ("handles before + after", Self.handles(row)),
    ]
    if let speed = row.speed { list.append(("speed", "\(speed)")) }
    if let comp = row.comp {
      list.append(
        (
          "comp",
          "\(comp.version.map { "\($0), " } ?? "")\(comp.layers.joined(separator: ", "), longest: 200)"
        ))
    }
    return
      "<dl class=\"facts\">\(list.map { name, value in HTML("<div><dt>\(name)</dt><dd>\(value)</dd></div>") })</dl>"
  }

  private var scopes: HTML {
    guard !facts.scopes.isEmpty else { return "" }
    let figures = facts.scopes.map { scopes -> HTML in
      let address = DeliverablePage.fileAddress(scopes.file, of: scopes.version)
      return """
        <figure><a href="\(address)"><img class="scopes" src="\(address)" loading="lazy" width="1600" height="1042" \
        alt="Luma waveform, RGB parade, vectorscope and histogram of \(row.shot, longest: 60) after \(scopes.stage)"></a>\
        <figcaption class="soft small">\(scopes.stage) \(VersionLine.folderName(version: scopes.version.version)), drawn from \
        the pixels of the graded frame</figcaption></figure>
        """
    }
    return "<h2>Scopes</h2>\(figures)"
  }

  // MARK: History

  private var history: HTML {
    guard !facts.appearances.isEmpty else {
      return "<h2>History</h2><p class=\"soft\">No published version shows it yet.</p>"
    }
    let rows = facts.appearances.sorted { $0.made > $1.made }.map { known -> HTML in
      let name = VersionLine.folderName(version: known.version)
      let word: HTML =
        known.word.map { "<span class=\"state \($0.verdict.rawValue)\">\($0.text, longest: 200)</span>" }
        ?? "<span class=\"soft\">not decided</span>"
      return """
        <tr><th scope="row"><a href="\(DeliverablePage.address(known.line, version: known.version))">\(known.line.name) \(name)</a></th>\
        <td class="nowrap">\(PageWords.time(known.made))</td><td>\(known.cut.joined(separator: ", "), longest: 80)</td>\
        <td class="nowrap"><a href="\(FramePage.address(known.line, version: known.version, frame: known.firstFrame))">\(known.timecode)</a></td>\
        <td class="number">\(PageWords.count(known.frames))</td><td>\(changes(of: known))</td><td>\(word)</td></tr>
        """
    }
    return """
      <h2>History <small>newest first</small></h2>\(HTML.wide)<table class="dense"><thead><tr><th scope="col">Version</th>\
      <th scope="col">Made, UTC</th><th scope="col">Cut</th><th scope="col">At</th><th scope="col" class="number">Frames</th>\
      <th scope="col">Against the version before</th><th scope="col">Decision</th></tr></thead><tbody>\(rows)</tbody></table></div>
      """
  }

  /// What sets it apart from the version before of the same deliverable.
  private func changes(of known: ShotFacts.Appearance) -> HTML {
    let earlier = facts.appearances.filter { $0.line == known.line && $0.version < known.version }
    guard let before = earlier.max(by: { $0.version < $1.version }) else {
      return "<span class=\"soft\">the first</span>"
    }
    if before.part.chain == known.part.chain, before.part.map == known.part.map, before.frames == known.frames
    {
      return "<span class=\"soft\">the same pictures</span>"
    }
    var words: [String] = []
    if before.part.source != known.part.source {
      words.append("source \(known.part.source ?? "none"), was \(before.part.source ?? "none")")
    }
    if before.frames != known.frames { words.append("\(known.frames) frames, were \(before.frames)") }
    if before.part.map != known.part.map, before.part.source == known.part.source {
      words.append("other source frames")
    }
    func operations(_ part: Recipe.Part) -> [String] {
      part.operations.map { "\($0.operation) \($0.parameters)" }
    }
    let (old, new) = (operations(before.part), operations(known.part))
    words += new.filter { !old.contains($0) } + old.filter { !new.contains($0) }.map { "without \($0)" }
    return words.isEmpty ? "other pictures" : "\(words.prefix(4).joined(separator: "; "), longest: 400)"
  }

  private var lineage: HTML {
    guard let newest = facts.appearances.max(by: { $0.made < $1.made }) else { return "" }
    let operations = newest.part.operations.map { operation -> HTML in
      "<li><b>\(operation.operation)</b> <span class=\"mono\">\(operation.parameters, longest: 400)</span></li>"
    }
    let frames = [0, newest.frames / 2, max(0, newest.frames - 1)].map { newest.firstFrame + $0 }
    var seen: Set<Int64> = []
    let links = zip(["first", "middle", "last"], frames).filter { seen.insert($0.1).inserted }.map {
      name, frame -> HTML in
      "<a class=\"button\" href=\"\(FramePage.address(newest.line, version: newest.version, frame: frame))\">\(name) frame</a>"
    }
    return """
      <h2>Lineage <small>as \(newest.line.name) \(VersionLine.folderName(version: newest.version)) was made</small></h2>
      <ol class="plain">\(operations)</ol><p class="buttons">\(links)</p>
      """
  }

  private var neighbours: HTML {
    let before: HTML? = facts.before.map {
      "<a rel=\"prev\" href=\"\(ShotsPage.address($0, of: facts.programme))\">← \($0.shot, longest: 40)</a>"
    }
    let after: HTML? = facts.after.map {
      "<a rel=\"next\" href=\"\(ShotsPage.address($0, of: facts.programme))\">\($0.shot, longest: 40) →</a>"
    }
    return "<nav class=\"pager\" aria-label=\"Neighbours in the cut\">\(before)\(after)</nav>"
  }
}

/// One frame of a version: what it shows and what made it, as `interlock trace` has it.
package struct FramePage {
  private let facts: FrameFacts

  package init(_ facts: FrameFacts) { self.facts = facts }

  package static func address(_ line: VersionLine, version: Int, frame: Int64) -> String {
    DeliverablePage.address(line, version: version) + "/frames/\(frame)"
  }

  package var title: String { "frame \(facts.trace.frame), \(facts.version.line.name)" }

  package var body: HTML {
    let (line, version) = (facts.version.line, facts.version.version)
    let trace = facts.trace
    let rows = trace.facts.map { HTML("<div><dt>\($0.name)</dt><dd>\($0.value, longest: 300)</dd></div>") }
    let facts: HTML? = rows.isEmpty ? nil : "<dl class=\"facts\">\(rows)</dl>"
    let programs: HTML? =
      trace.programs.isEmpty
      ? nil
      : "<pre tabindex=\"0\" aria-label=\"Programs\">\(HTML.lines(trace.programs.joined(separator: "\n")))</pre>"
    let operations = trace.part.operations.map { operation -> HTML in
      """
      <tr><th scope="row">\(operation.operation)</th><td class="mono">\(operation.parameters, longest: 1000)</td><td class="number">\(operation.version)</td></tr>
      """
    }
    return """
      <p class="crumbs"><a href="\(DeliverablePage.address(line))">\(line.programme) / \(line.name)</a> / \
      <a href="\(DeliverablePage.address(line, version: version))">\(VersionLine.folderName(version: version))</a></p>
      <h1>\(trace.recordTimecode) <small>frame \(trace.frame) of \(self.facts.recipe.frameCount)</small></h1>
      <p class="lead">\(trace.encoding, longest: 300)</p>
      \(picture)\(facts)\(programs)
      <h2>Operations <small>in their order</small></h2>\(HTML.wide)<table class="dense"><thead><tr><th scope="col">Operation</th>\
      <th scope="col">Parameters</th><th scope="col" class="number">Version</th></tr></thead><tbody>\(operations)</tbody></table></div>
      <p class="soft small">The same: <span class="mono">interlock trace FILE --frame \(trace.frame)</span></p>
      \(neighbours)
      """
  }

  private var picture: HTML {
    guard let movie = facts.movie else { return "" }
    let place = MoviePlace(frame: facts.trace.frame, rate: facts.recipe.rate).seconds
    let other: HTML =
      movie.line == facts.version.line
      ? "" : " of \(movie.line.name) \(VersionLine.folderName(version: movie.version))"
    return """
      <div class="picture frame"><video controls preload="metadata" src="\(movie.address)#t=\(place)" data-start="\(place)" \
      aria-label="frame \(facts.trace.frame)"></video>
      <p>The copy\(other) at this frame. A browser is not a grading monitor.</p></div>
      """
  }

  private var neighbours: HTML {
    func link(_ frame: Int64, _ word: String) -> HTML? {
      guard frame >= 0, frame < facts.recipe.frameCount else { return nil }
      return
        "<a href=\"\(Self.address(facts.version.line, version: facts.version.version, frame: frame))\">\(word)</a>"
    }
    return """
      <nav class="pager" aria-label="Neighbouring frames">\(link(facts.trace.frame - 1, "← frame \(facts.trace.frame - 1)"))\
      \(link(facts.trace.frame + 1, "frame \(facts.trace.frame + 1) →"))</nav>
      """
  }
}

/// Where a frame is in a movie.
struct MoviePlace {
  /// Seconds with three decimals, a quarter of a frame in, so that rounding shows this frame and not the one before.
  let seconds: String

  init(frame: Int64, rate: FrameRate) {
    seconds = PageWords.decimal(
      (Double(frame) + 0.25) * Double(rate.denominator) / Double(rate.numerator), 3)
  }
}
