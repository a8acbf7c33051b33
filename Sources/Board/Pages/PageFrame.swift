import Diagnostics
import FoundationEssentials
import Monitoring
import ObjectStore

/// What every page of the board has around it.
package struct PageFrame: Sendable {
  /// The places that are always at hand.
  package enum Place: String, Sendable, CaseIterable {
    case deliverables = "Deliverables"
    case shots = "Shots"
    case quality = "QC and sound"
    case pipelines = "Pipeline"
    case conform = "Conform"
    case farm = "Farm"

    var address: String {
      switch self {
      case .deliverables: "/"
      case .shots: "/shots"
      case .quality: "/qc"
      case .pipelines: "/pipelines"
      case .conform: "/conform"
      case .farm: "/farm"
      }
    }
  }

  /// The name of the production's folder.
  package var production: String
  /// In whose name decisions are made.
  package var person: String
  /// What a form has to bring back, so that only our own pages can decide.
  package var token: String
  package var glance: RunGlance?

  package init(production: String, person: String, token: String, glance: RunGlance?) {
    (self.production, self.person, self.token, self.glance) = (production, person, token, glance)
  }

  package func page(title: String, place: Place?, body: HTML) -> String {
    let html: HTML = """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <title>\(title) · \(production) · Interlock</title>
      <link rel="stylesheet" href="/board.css">
      <link rel="icon" href="/icon.svg" type="image/svg+xml">
      <script src="/board.js" defer></script>
      </head>
      <body>
      <a class="skip" href="#main">Skip to the content</a>
      <header>
      <div class="top">
      <a class="brand" href="/"><img src="/icon.svg" alt="" width="24" height="24">Interlock <small>\(production)</small></a>
      <nav aria-label="Pages"><ul>\(Place.allCases.map { link(to: $0, from: place) })</ul></nav>
      <span class="who">deciding as <b>\(person)</b></span>
      </div>
      \(strip)
      </header>
      <main id="main" tabindex="-1">
      \(body)
      </main>
      <footer class="foot">
      <span>A browser is not a grading monitor: judge colour on a calibrated display.</span>
      <span class="live">News: <b id="live-state" role="status">when the page is loaded again</b></span>
      </footer>
      </body>
      </html>

      """
    return html.text
  }

  private func link(to place: Place, from current: Place?) -> HTML {
    "<li><a href=\"\(place.address)\"\("aria-current=\"page\"", if: place == current)>\(place.rawValue)</a></li>"
  }

  /// The run on show, on every page.
  private var strip: HTML {
    guard let glance else {
      return "<div class=\"strip\" id=\"strip\" data-live><span class=\"soft\">No run yet</span></div>"
    }
    let name = glance.programme ?? "Run"
    var words: [HTML] = []
    if glance.framesTotal > 0 {
      words.append(
        "<span class=\"soft\">\(PageWords.count(glance.framesDone)) of \(PageWords.count(glance.framesTotal)) frames</span>"
      )
    }
    words.append(
      "<span class=\"soft\">\(PageWords.count(glance.tasksDone)) of \(PageWords.count(glance.tasksTotal)) tasks</span>"
    )
    if let speed = glance.framesPerSecond {
      words.append("<span class=\"soft\">\(PageWords.decimal(speed, 1)) frames/s</span>")
    }
    if let left = glance.secondsRemaining, left > 0 {
      words.append("<span class=\"soft\">about \(DisplayTime.text(left)) left</span>")
    }
    let (done, total) = glance.part
    let bar: HTML? =
      glance.isGoingOn
      ? "<progress value=\"\(done)\" max=\"\(max(1, total))\" aria-label=\"\(name)\"></progress>" : nil
    return """
      <div class="strip" id="strip" data-live><span><b>\(name)</b> \(PageWords.run(glance))</span>\(bar)\(words)</div>
      """
  }
}

/// Numbers and times in words, for pages.
package enum PageWords {
  /// `2 320`, in groups of three.
  package static func count(_ number: some BinaryInteger) -> String {
    var digits = String(number.magnitude)
    var groups: [String] = []
    while digits.count > 3 {
      groups.insert(String(digits.suffix(3)), at: 0)
      digits.removeLast(3)
    }
    return (number < 0 ? "−" : "") + ([digits] + groups).joined(separator: "\u{202F}")
  }

  package static func decimal(_ number: Double, _ places: Int) -> String {
    guard number.isFinite, abs(number) < 1e15 else { return "–" }
    var scale = 1.0
    for _ in 0..<places { scale *= 10 }
    let (whole, part) = Int64((abs(number) * scale).rounded()).quotientAndRemainder(dividingBy: Int64(scale))
    let digits = String(part)
    let sign = number < 0 ? "−" : ""
    return places == 0
      ? "\(sign)\(whole)" : "\(sign)\(whole).\(String(repeating: "0", count: places - digits.count))\(digits)"
  }

  /// `3.4 GB`, by powers of 1000.
  package static func bytes(_ count: Int64) -> String {
    var value = Double(max(0, count))
    for unit in ["B", "kB", "MB", "GB"] {
      if value < 999.5 { return "\(decimal(value, unit == "B" || value >= 99.5 ? 0 : 1)) \(unit)" }
      value /= 1000
    }
    return "\(decimal(value, 1)) TB"
  }

  /// `2026-11-26 05:52` of an ISO 8601 time in UTC, with the whole of it for machines.
  package static func time(_ text: String) -> HTML {
    guard text.count >= 16 else { return "\(text)" }
    return
      """
      <time datetime="\(text)"><span class="nowrap">\(String(text.prefix(10)))</span> \
      <span class="nowrap">\(String(text.dropFirst(11).prefix(5)))</span></time>
      """
  }

  /// What became of a run.
  static func run(_ glance: RunGlance) -> HTML {
    let time = DisplayTime.text(glance.seconds)
    switch glance.state {
    case .running where glance.isCancelling: return "<span class=\"warn\">stopping</span>"
    case .running: return "<span class=\"busy\">running</span> \(time)"
    case .finished(0): return "<span class=\"good\">done</span> in \(DisplayTime.exact(glance.seconds))"
    case .finished(130), .finished(143): return "<span class=\"warn\">cancelled</span> after \(time)"
    case .finished(let exit): return "<span class=\"bad\">failed</span> after \(time), exit \(exit)"
    case .lost: return "<span class=\"bad\">its coordinator is gone</span>; run it again and it goes on"
    case .silent(let silence):
      return "<span class=\"warn\">no word for \(DisplayTime.text(Double(silence)))</span>"
    }
  }

  static func plural(_ count: Int, _ one: String, _ many: String) -> String {
    count == 1 ? "1 \(one)" : "\(PageWords.count(count)) \(many)"
  }
}

extension DeliverableRow.Condition {
  /// The word on a page.
  package var word: String {
    switch self {
    case .missing: "not made yet"
    case .waiting: "waiting for a person"
    case .unseen: "approved, frames unseen"
    case .qcFailed: "QC failed"
    case .refused: "rejected by recipient"
    case .notOrdered: "not ordered"
    default: rawValue
    }
  }
}
