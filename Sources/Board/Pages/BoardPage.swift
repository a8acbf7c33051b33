import Diagnostics
import Monitoring
package import ObjectStore

/// Every deliverable of the production: what it is, is it right, and whose turn it is.
package struct BoardPage {
  /// What the user wants to see, and in which order.
  package struct Choice: Sendable, Hashable {
    package enum Order: String, Sendable, CaseIterable {
      case programme, deliverable, state, version, due, made
    }

    /// How the deliverables are laid out.
    package enum View: String, Sendable, CaseIterable {
      case list
      /// Programmes down, deliverables across.
      case grid
    }

    /// Words that a row must have.
    package var search = ""
    package var condition: DeliverableRow.Condition?
    package var programme = ""
    package var order = Order.programme
    package var isDescending = false
    package var view = View.list

    package init() {}

    /// From the query of an address; what is no choice is left out.
    package init(_ query: (String) -> String?) {
      search = String((query("search") ?? "").prefix(200))
      condition = query("state").flatMap(DeliverableRow.Condition.init(rawValue:))
      programme = query("programme") ?? ""
      order = query("sort").flatMap(Order.init(rawValue:)) ?? .programme
      isDescending = query("order") == "descending"
      view = query("view").flatMap(View.init(rawValue:)) ?? .list
    }

    func address(_ change: (inout Choice) -> Void = { _ in }) -> String {
      var choice = self
      change(&choice)
      return "/"
        + Address.query([
          ("search", choice.search), ("state", choice.condition?.rawValue ?? ""),
          ("programme", choice.programme),
          ("sort", choice.order == .programme ? "" : choice.order.rawValue),
          ("order", choice.isDescending ? "descending" : ""),
          ("view", choice.view == .list ? "" : choice.view.rawValue),
        ])
    }

    package func shown(of rows: [DeliverableRow]) -> [DeliverableRow] {
      let words = search.lowercased().split(separator: " ")
      let found = rows.filter { row in
        guard condition == nil || row.condition == condition, programme.isEmpty || row.programme == programme
        else { return false }
        let text = [
          row.programme, row.stage, row.profile ?? "", row.state, row.version ?? "", row.decision?.text ?? "",
          row.cut?.joined(separator: " ") ?? "", row.condition.word, row.quality?.text ?? "",
          row.delivery?.text ?? "", row.nextPeople.joined(separator: " "), row.due ?? "",
          row.because?.joined(separator: " ") ?? "",
        ].joined(separator: " ").lowercased()
        return words.allSatisfy { text.contains($0) }
      }
      func key(_ row: DeliverableRow) -> String {
        switch order {
        case .programme: ""
        case .deliverable: row.stage
        case .state: "\(DeliverableRow.Condition.byUrgency.firstIndex(of: row.condition) ?? 0)"
        case .version: row.version ?? ""
        // Without a day there is no hurry.
        case .due: row.due ?? "9999"
        case .made: row.made ?? ""
        }
      }
      // The order of the pipelines is the order among equals.
      let sorted = found.enumerated().sorted { one, other in
        let (left, right) = (key(one.element), key(other.element))
        guard left != right else { return one.offset < other.offset }
        return isDescending ? left > right : left < right
      }.map(\.element)
      return order == .programme && isDescending ? sorted.reversed() : sorted
    }
  }

  private let overview: BoardOverview
  private var planning: PlanningState { overview.planning }
  private let choice: Choice
  private let now: WallClock

  package init(_ overview: BoardOverview, choice: Choice, now: WallClock = .now()) {
    (self.overview, self.choice, self.now) = (overview, choice, now)
  }

  package var body: HTML {
    """
    <h1>Deliverables</h1>
    <p class="lead">What is every deliverable made of, is it right, and whose turn is it.</p>
    \(PlanningNotice(planning).live)
    <ul class="counts" id="counts" data-live aria-label="States">\(counts)</ul>
    \(filter)
    <div id="rows" data-live>\(choice.view == .grid ? grid : table)<p class="soft small">\(age)</p></div>
    """
  }

  // MARK: Above

  /// How old the comparison is, and whether it is being made again.
  private var age: HTML {
    guard let made = planning.surveyed, planning.knowsProgrammes else {
      return planning.isSurveying
        ? "The pipelines are being planned; until then only what is published is shown."
        : planning.hasPipelines
          ? "The pipelines could not be planned yet: only what is published is shown."
          : "No pipeline was given: what is published is shown."
    }
    let seconds = Double(max(0, now.milliseconds - made.milliseconds)) / 1000
    let again: HTML = planning.isSurveying ? " It is being planned again." : ""
    return """
      Compared with the pipelines \(DisplayTime.text(seconds)) ago, at \(PageWords.time(made.iso8601)) UTC.\(again)
      """
  }

  private var counts: [HTML] {
    let all: HTML = """
      <li><a href="\(choice.address { $0.condition = nil })"\("aria-current=\"true\"", if: choice.condition == nil)>\
      <b>\(overview.rows.count)</b>all</a></li>
      """
    let present = DeliverableRow.Condition.byUrgency.compactMap { condition -> HTML? in
      let count = overview.rows.count { $0.condition == condition }
      guard count > 0 || choice.condition == condition else { return nil }
      return """
        <li><a href="\(choice.address { $0.condition = condition })"\("aria-current=\"true\"", if: choice.condition == condition)>\
        <b>\(count)</b><span class="state \(condition.rawValue)">\(condition.word)</span></a></li>
        """
    }
    return [all] + present
  }

  private var filter: HTML {
    let programmes = Array(Set(overview.rows.map(\.programme))).sorted()
    return """
      <form class="filter" method="get" action="/" role="search">
      <div><label for="search">Search</label><input type="search" id="search" name="search" value="\(choice.search)" \
      placeholder="name, cut, version, note"></div>
      <div><label for="state">State</label><select id="state" name="state"><option value="">all</option>\
      \(DeliverableRow.Condition.byUrgency.map { option($0.rawValue, $0.word, isChosen: choice.condition == $0) })</select></div>
      <div><label for="programme">Programme</label><select id="programme" name="programme"><option value="">all</option>\
      \(programmes.map { option($0, $0, isChosen: choice.programme == $0) })</select></div>
      <div><label for="sort">Sort by</label><select id="sort" name="sort">\
      \(Choice.Order.allCases.map { option($0.rawValue, $0.rawValue, isChosen: choice.order == $0) })</select></div>
      <input type="hidden" name="view" value="\(choice.view.rawValue)">
      <button type="submit">Show</button>
      <a class="button hide-print" href="/">Clear</a>
      <span class="views hide-print"><a href="\(choice.address { $0.view = .list })"\("aria-current=\"true\"", if: choice.view == .list)>List</a>\
      <a href="\(choice.address { $0.view = .grid })"\("aria-current=\"true\"", if: choice.view == .grid)>Grid</a>\
      <button type="button" data-print>Print</button></span>
      </form>
      """
  }

  private func option(_ value: String, _ word: String, isChosen: Bool) -> HTML {
    "<option value=\"\(value)\"\("selected", if: isChosen)>\(word)</option>"
  }

  // MARK: Rows

  private var table: HTML {
    let shown = choice.shown(of: overview.rows)
    guard !shown.isEmpty else {
      return overview.rows.isEmpty
        ? PlanningNotice(planning).absence(of: "deliverables")
          ?? "<p class=\"notice\">Nothing is published, and no pipeline asks for anything.</p>"
        : "<p class=\"notice\">No deliverable is like that. <a href=\"/\">Show all</a></p>"
    }
    let isGrouped = choice.order == .programme && Set(shown.map(\.programme)).count > 1
    var body: [HTML] = []
    var last: String?
    for row in shown {
      if isGrouped, row.programme != last {
        body.append("<tr class=\"group\"><th colspan=\"7\" scope=\"colgroup\">\(row.programme)</th></tr>")
        last = row.programme
      }
      body.append(line(row, isGrouped: isGrouped))
    }
    return """
      \(HTML.wide)<table><caption class="unseen">\(PageWords.plural(shown.count, "deliverable", "deliverables"))</caption>
      <thead><tr>\(head(.deliverable, "Deliverable"))\(head(.state, "State"))\(head(.version, "Version"))\
      <th scope="col">Built from</th><th scope="col">Whose turn</th>\(head(.due, "Due, and ready"))\(head(.made, "Made, UTC"))</tr></thead>
      <tbody>\(body)</tbody></table></div>
      """
  }

  private func head(_ order: Choice.Order, _ word: String) -> HTML {
    let isThis = choice.order == order
    let sort = isThis ? (choice.isDescending ? "descending" : "ascending") : "none"
    let address = choice.address { next in
      next.isDescending = isThis && !next.isDescending
      next.order = order
    }
    return "<th scope=\"col\" aria-sort=\"\(sort)\"><a href=\"\(address)\">\(word)</a></th>"
  }

  private func line(_ row: DeliverableRow, isGrouped: Bool) -> HTML {
    let name: HTML =
      row.version == nil
      ? "\(row.stage)"
      : "<a href=\"\(Address.path("deliverables", row.programme, row.stage))\">\(row.stage)</a>"
    let programme: HTML? = isGrouped ? nil : "<span class=\"soft small\">\(row.programme) · </span>"
    let profile: HTML? = row.profile.map { "<br><span class=\"soft small\">\($0)</span>" }
    let version: HTML = row.version.map { "\($0)" } ?? "<span class=\"soft\">none</span>"
    let turn: HTML =
      row.nextPeople.isEmpty
      ? "<span class=\"soft\">–</span>" : "<b>\(row.nextPeople.joined(separator: ", "))</b>"
    return """
      <tr><th scope="row">\(programme)\(name)\(profile)</th><td>\(state(row))</td><td class="nowrap">\(version)</td>\
      <td>\(source(row))</td><td>\(turn)\(since(row))</td><td>\(time(row))</td><td class="nowrap">\(row.made.map(PageWords.time) ?? "–")</td></tr>
      """
  }

  /// Since when somebody is waited for.
  private func since(_ row: DeliverableRow) -> HTML? {
    guard !row.nextPeople.isEmpty, let since = row.since else { return nil }
    return "<br><span class=\"soft small\">since \(PageWords.time(since))</span>"
  }

  /// The last day for it, and when it may be ready.
  private func time(_ row: DeliverableRow) -> HTML {
    let isLate = row.isLate(on: now.day)
    let due: HTML? = row.due.map {
      isLate ? "<span class=\"bad\"><b>\($0)</b> late</span>" : "<span>\($0)</span>"
    }
    let ready: HTML? =
      row.secondsRemaining.map { seconds in
        let finish = WallClock(milliseconds: now.milliseconds + Int64(seconds * 1000)).iso8601
        return "<span class=\"soft small\">ready about \(String(finish.dropFirst(11).prefix(5))) UTC</span>"
      }
      ?? row.secondsOfWork.map {
        "<span class=\"soft small\">\(DisplayTime.exact($0)) of work\(row.condition == .waiting ? " once it is open" : "")</span>"
      }
    let parts = [due, ready].compactMap { $0 }
    return parts.isEmpty ? "<span class=\"soft\">–</span>" : ("<br>" as HTML).joined(parts)
  }

  // MARK: Grid

  /// Programmes down, deliverables across, in the order of the pipelines.
  private var grid: HTML {
    let shown = choice.shown(of: overview.rows)
    guard !shown.isEmpty else { return table }
    var programmes: [String] = []
    var stages: [String] = []
    for row in shown {
      if !programmes.contains(row.programme) { programmes.append(row.programme) }
      if !stages.contains(row.stage) { stages.append(row.stage) }
    }
    let cells = Dictionary(
      shown.map { ([$0.programme, $0.stage], $0) }, uniquingKeysWith: { first, _ in first })
    let lines = programmes.map { programme -> HTML in
      let columns = stages.map { stage -> HTML in
        cells[[programme, stage]].map { "<td>\(cell($0))</td>" } ?? "<td class=\"soft\">–</td>"
      }
      return "<tr><th scope=\"row\">\(programme)</th>\(columns)</tr>"
    }
    return """
      \(HTML.wide)<table class="matrix"><caption class="unseen">Programmes and their deliverables</caption>\
      <thead><tr><th scope="col">Programme</th>\(stages.map { HTML("<th scope=\"col\">\($0)</th>") })</tr></thead><tbody>\(lines)</tbody></table></div>
      """
  }

  private func cell(_ row: DeliverableRow) -> HTML {
    let word: HTML = "<span class=\"state \(row.condition.rawValue)\">\(row.condition.word)</span>"
    let name: HTML =
      row.version == nil
      ? word : "<a href=\"\(Address.path("deliverables", row.programme, row.stage))\">\(word)</a>"
    let part: HTML? = row.progress.map { ", \(Int($0 * 100)) %" }
    let more: HTML? = row.version.map { "<br><span class=\"soft small\">\($0)\(part)</span>" }
    return "\(name)\(more)"
  }

  // MARK: Cells

  private func state(_ row: DeliverableRow) -> HTML {
    // Work under way says how far it is, and a failed check how many findings there are, in the same words.
    let word: HTML =
      row.progress == nil
      ? "<span class=\"state \(row.condition.rawValue)\">\(row.condition.word)</span>"
      : "<span class=\"state \(row.condition.rawValue)\">\(row.state)</span>"
    var parts = [row.condition == .qcFailed ? quality(row) ?? word : word]
    // A version that is not stale is what the pipeline asks for now: that needs no word of its own.
    let says = [row.condition.word, row.condition.rawValue, row.quality?.text, "current"].contains(row.state)
    let repeated = "\(row.condition.word): "
    let text = row.state.hasPrefix(repeated) ? String(row.state.dropFirst(repeated.count)) : row.state
    if let progress = row.progress {
      let left: HTML? = row.secondsRemaining.map {
        "<span class=\"soft small\">ready in about \(DisplayTime.text($0))</span>"
      }
      parts.append(
        """
        <br>\(left)<progress value="\(Int(progress * 100))" max="100" aria-label="\(row.state)"></progress>
        """)
    } else if !says {
      parts.append("<br><span class=\"soft\">\(text, longest: 240)</span>")
    }
    parts += remarks(row)
    if let word = row.decision, row.condition != .missing {
      parts.append("<br><span class=\"soft small\">\(row.version ?? "") \(word.text, longest: 160)</span>")
    }
    return "\(parts)"
  }

  /// What else is known of it, a line each.
  private func remarks(_ row: DeliverableRow) -> [HTML] {
    var parts: [HTML] = []
    if let causes = row.because, !causes.isEmpty {
      parts.append(
        "<br><span class=\"soft small\">because \(causes.joined(separator: "; "), longest: 320)</span>")
    }
    if row.condition == .approved, row.decision == nil, let version = row.approvedAs {
      parts.append(
        "<br><span class=\"soft small\">every frame is in \(version), which was approved</span>")
    }
    if let asks = row.asks {
      parts.append(
        "<br><span class=\"warn\">waiting for approval by \(asks.joined(separator: ", "))</span>")
    }
    if row.condition != .qcFailed, let quality = quality(row) {
      parts.append("<br><span class=\"small\">\(quality)</span>")
    }
    if let delivery = row.delivery, delivery.text != row.state {
      parts.append(
        "<br><span class=\"soft small\">\(delivery.version) \(delivery.text, longest: 200)</span>")
    }
    return parts
  }

  /// What quality control says of it, and where that is.
  private func quality(_ row: DeliverableRow) -> HTML? {
    row.quality.map { quality in
      let address = Address.path("qc", row.programme, row.stage)
      return "<a href=\"\(address)\"><span class=\"state \(quality.verdict.look)\">\(quality.text)</span></a>"
    }
  }

  private func source(_ row: DeliverableRow) -> HTML {
    var parts: [HTML] = []
    if let cut = row.cut, !cut.isEmpty {
      parts.append("<span>\(cut.joined(separator: ", "), longest: 120)</span>")
    }
    if let frames = row.frames {
      let new = row.newFrames ?? 0
      let words: HTML = new > 0 ? ", \(PageWords.count(new)) to make" : ""
      parts.append("<span class=\"soft small\">\(PageWords.count(frames)) frames\(words)</span>")
    }
    for grade in row.grades ?? [] { parts.append("<span class=\"soft small\">\(grade, longest: 120)</span>") }
    return parts.isEmpty ? "<span class=\"soft\">–</span>" : ("<br>" as HTML).joined(parts)
  }
}

extension DeliverableRow.Condition {
  /// What needs somebody comes first.
  package static let byUrgency: [DeliverableRow.Condition] = [
    .failed, .refused, .rejected, .qcFailed, .waiting, .unseen, .stale, .missing, .rendering, .current,
    .published,
    .approved, .sent, .received, .notOrdered,
  ]
}
