import Diagnostics

/// Every shot of the cuts: pictures before and after the grade, where it is, and how far each stage is with it.
package struct ShotsPage {
  /// What the user wants to see.
  package struct Choice: Sendable, Hashable {
    package var search = ""
    package var programme = ""
    package var look: ShotRow.Stage.Look?
    /// Only those with fewer handles than the pipeline wants.
    package var isShort = false
    /// From 1.
    package var page = 1

    package init() {}

    package init(_ query: (String) -> String?) {
      search = String((query("search") ?? "").prefix(200))
      programme = query("programme") ?? ""
      look = query("state").flatMap(ShotRow.Stage.Look.init(rawValue:))
      isShort = query("handles") == "short"
      page = min(100_000, max(1, query("page").flatMap { Int($0) } ?? 1))
    }

    func address(_ change: (inout Choice) -> Void = { _ in }) -> String {
      var choice = self
      change(&choice)
      return "/shots"
        + Address.query([
          ("search", choice.search), ("programme", choice.programme), ("state", choice.look?.rawValue ?? ""),
          ("handles", choice.isShort ? "short" : ""), ("page", choice.page == 1 ? "" : "\(choice.page)"),
        ])
    }

    /// The shots of a programme that are like this.
    package func shown(of shots: [ShotRow]) -> [ShotRow] {
      let words = SearchWords(search)
      return shots.filter { row in
        guard look == nil || row.look == look, !isShort || row.isShortOfHandles else { return false }
        return words.isEmpty || words.areIn(Self.texts(of: row))
      }
    }

    /// What is searched.
    private static func texts(of row: ShotRow) -> [String] {
      var texts = [row.shot, row.event, row.track, row.record]
      texts += [row.file, row.reel, row.source, row.comp?.version, row.problem].compactMap { $0 }
      texts += row.comp?.layers ?? []
      for stage in row.stages { texts += [stage.name, stage.text] }
      return texts
    }
  }

  /// Shots of one page: each has two pictures.
  package static let shotsShown = 60

  private let programmes: [BoardSurvey.Programme]
  private let choice: Choice
  private let planning: PlanningState

  package init(_ programmes: [BoardSurvey.Programme], choice: Choice, planning: PlanningState) {
    (self.programmes, self.choice, self.planning) = (programmes, choice, planning)
  }

  package static func address(_ row: ShotRow, of programme: String) -> String {
    Address.path("shots", programme, row.key)
  }

  package var body: HTML {
    let all = programmes.filter { choice.programme.isEmpty || $0.programme == choice.programme }
    let found = all.flatMap { programme in
      choice.shown(of: programme.shots).map { (programme: programme.programme, row: $0) }
    }
    let pages = max(1, (found.count + Self.shotsShown - 1) / Self.shotsShown)
    let page = min(choice.page, pages)
    let shown = found.dropFirst((page - 1) * Self.shotsShown).prefix(Self.shotsShown)
    return """
      <h1>Shots</h1>
      <p class="lead">Every event of the cut with a picture, before and after the grade, and how far each stage is with it.</p>
      \(PlanningNotice(planning).live)
      <ul class="counts" id="counts" data-live aria-label="States">\(counts(all.flatMap(\.shots)))</ul>
      \(filter)
      <div id="grid" data-live>\(grid(Array(shown), isAlone: all.count == 1))\(pager(page, of: pages, count: found.count))</div>
      """
  }

  private func counts(_ shots: [ShotRow]) -> [HTML] {
    let all: HTML = """
      <li><a href="\(choice.address { ($0.look, $0.isShort, $0.page) = (nil, false, 1) })"\
      \("aria-current=\"true\"", if: choice.look == nil && !choice.isShort)><b>\(shots.count)</b>all</a></li>
      """
    let looks = [ShotRow.Stage.Look.missing, .waiting, .done].map { look -> HTML in
      """
      <li><a href="\(choice.address { ($0.look, $0.isShort, $0.page) = (look, false, 1) })"\
      \("aria-current=\"true\"", if: choice.look == look)><b>\(shots.count { $0.look == look })</b>\
      <span class="state \(look.condition)">\(look.word)</span></a></li>
      """
    }
    let short: HTML = """
      <li><a href="\(choice.address { ($0.look, $0.isShort, $0.page) = (nil, true, 1) })"\
      \("aria-current=\"true\"", if: choice.isShort)><b>\(shots.count(where: \.isShortOfHandles))</b>\
      <span class="state waiting">short of handles</span></a></li>
      """
    return [all] + looks + [short]
  }

  private var filter: HTML {
    let names = programmes.map(\.programme)
    let options = names.map { name -> HTML in
      "<option value=\"\(name)\"\("selected", if: name == choice.programme)>\(name)</option>"
    }
    let looks = [ShotRow.Stage.Look.missing, .waiting, .done].map { look -> HTML in
      "<option value=\"\(look.rawValue)\"\("selected", if: look == choice.look)>\(look.word)</option>"
    }
    return """
      <form class="filter" method="get" action="/shots" role="search">
      <div><label for="search">Search</label><input type="search" id="search" name="search" value="\(choice.search)" \
      placeholder="shot, event, reel, file, comp"></div>
      <div><label for="programme">Programme</label><select id="programme" name="programme"><option value="">all</option>\(options)</select></div>
      <div><label for="state">State</label><select id="state" name="state"><option value="">all</option>\(looks)</select></div>
      <button type="submit">Show</button>
      <a class="button hide-print" href="/shots">Clear</a>
      </form>
      """
  }

  private func grid(_ shown: [(programme: String, row: ShotRow)], isAlone: Bool) -> HTML {
    guard !shown.isEmpty else {
      guard programmes.allSatisfy(\.shots.isEmpty) else {
        return "<p class=\"notice\">No shot is like that. <a href=\"/shots\">Show all</a></p>"
      }
      return PlanningNotice(planning).absence(of: "shots")
        ?? "<p class=\"notice\">The cuts of the pipelines have no event with a picture.</p>"
    }
    let cards = shown.map { card($0.row, of: $0.programme, isAlone: isAlone) }
    return "<ul class=\"grid\">\(cards)</ul>"
  }

  private func card(_ row: ShotRow, of programme: String, isAlone: Bool) -> HTML {
    let place: HTML? = isAlone ? nil : "<span class=\"soft\">\(programme) · </span>"
    // One of stills alone has no version and no media to name.
    let comp: HTML? = row.comp.flatMap { comp in
      let text = comp.version ?? comp.layers.joined(separator: ", ")
      return text.isEmpty ? nil : "<div><dt>comp</dt><dd>\(text, longest: 40)</dd></div>"
    }
    let speed: HTML? = row.speed.map { "<div><dt>speed</dt><dd>\($0)</dd></div>" }
    let problem: HTML? = row.problem.map { "<p class=\"bad small\">\($0, longest: 160)</p>" }
    return """
      <li class="card"><a class="pictures" href="\(Self.address(row, of: programme))">\(ShotPictures(row).pair)</a>
      <h2>\(place)<a href="\(Self.address(row, of: programme))">\(row.shot, longest: 60)</a> <small>event \(row.event), \(row.track)</small></h2>
      <dl><div><dt>cut</dt><dd>\(row.record)</dd></div><div><dt>source</dt><dd>\(row.reel ?? row.file ?? "–", longest: 40)</dd></div>\
      <div><dt>frames</dt><dd>\(PageWords.count(row.count))</dd></div>\
      <div><dt>handles</dt><dd>\(ShotPage.handles(row))</dd></div>\(comp)\(speed)</dl>\(problem)
      <ul class="steps">\(row.stages.map(ShotPage.step))</ul></li>
      """
  }

  private func pager(_ page: Int, of pages: Int, count: Int) -> HTML {
    guard pages > 1 else { return "" }
    let before: HTML =
      page > 1 ? "<a rel=\"prev\" href=\"\(choice.address { $0.page = page - 1 })\">Previous</a>" : ""
    let after: HTML =
      page < pages ? "<a rel=\"next\" href=\"\(choice.address { $0.page = page + 1 })\">Next</a>" : ""
    return """
      <nav class="pager" aria-label="More shots">\(before)<span>page \(page) of \(pages), \(PageWords.count(count)) shots</span>\(after)</nav>
      """
  }
}

extension ShotRow.Stage.Look {
  /// The word on a page.
  var word: String {
    switch self {
    case .done: "done"
    case .waiting: "waiting for a person"
    case .missing: "to be made"
    case .untouched: "unchanged"
    }
  }

  /// The state of a deliverable that looks alike.
  var condition: String {
    switch self {
    case .done: "approved"
    case .waiting: "waiting"
    case .missing: "stale"
    case .untouched: "missing"
    }
  }
}

/// The stills of a shot before and after a stage.
struct ShotPictures {
  private let row: ShotRow

  init(_ row: ShotRow) { self.row = row }

  private static func address(_ still: String, isAfter: Bool) -> String {
    Address.path("stills", still, isAfter ? "after.bmp" : "before.bmp")
  }

  private func picture(_ picture: ShotRow.Picture, isAfter: Bool, isLazy: Bool = true) -> HTML {
    let side = isAfter ? "after" : "before"
    return """
      <img src="\(Self.address(picture.still, isAfter: isAfter))" alt="\(row.shot, longest: 60) \(side) \(picture.stage)"\
      \("loading=\"lazy\"", if: isLazy) decoding="async" width="288" height="162">
      """
  }

  /// Both, small, side by side.
  var pair: HTML {
    guard let shown = row.pictures.first else {
      return "<span class=\"no-picture\">no still: no stage of the pipeline makes one</span>"
    }
    return "\(picture(shown, isAfter: false))\(picture(shown, isAfter: true))"
  }

  /// Of every stage, with words.
  var all: HTML {
    let figures = row.pictures.map { shown -> HTML in
      """
      <figure class="still">\(picture(shown, isAfter: false, isLazy: false))<figcaption>before \(shown.stage)</figcaption></figure>\
      <figure class="still">\(picture(shown, isAfter: true, isLazy: false))<figcaption>after \(shown.stage)</figcaption></figure>
      """
    }
    return figures.isEmpty ? "" : "<div class=\"stills\">\(figures)</div>"
  }
}
