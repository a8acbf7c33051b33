import Diagnostics

extension ConformReport {
  /// The proof against the offline: what is wrong with stills, the worst first; then what could not be told.
  var offlineSection: String {
    guard let offline else { return "" }
    let faults = offline.faults
    let counts = [
      (offline.count(.right), "right"), (faults.count, "not the offline's"),
      (offline.count(.notComparable), "not comparable"),
    ].map { "<li><b>\($0.0)</b><span>\($0.1)</span></li>" }
    let lead =
      "\(HTMLText.escape(offline.alignment)); \(HTMLText.escape(offline.fit)). "
      + "Stills show the offline, the conform and their difference."
    let rows = faults.map(row)
    let untold = offline.events.filter { $0.verdict == .notComparable }.map { event in
      """
      <tbody><tr><td class="number">\(HTMLText.escape(event.event))</td>\
      <td class="shot">\(HTMLText.escape(event.shot))</td>\
      <td class="soft">\(HTMLText.escape(event.what))</td></tr></tbody>
      """
    }
    var body = rows.joined()
    if !untold.isEmpty {
      body += "<table><thead><tr><th>not comparable</th><th>shot</th><th>why</th></tr></thead>"
      body += "\(untold.joined(separator: "\n"))</table>"
    }
    return """
      <section class="offline"><h2>Against the offline<small>\(HTMLText.escape(offline.offline))</small></h2>
      <style>\(Self.offlineStyle)</style>
      <ul class="counts">\(counts.joined())</ul>
      <p class="soft">\(lead)</p>
      \(body)</section>

      """
  }

  private func row(_ event: OfflineProof.Event) -> String {
    let picture = event.still.map { still in
      "<img alt=\"offline, conform, difference\" src=\"data:image/png;base64,\(still)\">"
    }
    let shown = event.shownTimecode.map {
      "<span class=\"soft small\"> shown at \(HTMLText.escape($0))</span>"
    }
    return """
      <div class="proof"><h3><span class="error">\(HTMLText.escape(event.verdict.rawValue))</span>\
       event \(HTMLText.escape(event.event)) \(HTMLText.escape(event.shot))\
      <small class="soft">\(HTMLText.escape(event.recordTimecode)), \(event.confidence) % sure</small></h3>
      <p>\(HTMLText.escape(event.what))\(shown ?? "")</p>
      \(picture ?? "")</div>

      """
  }

  private static let offlineStyle = """
    .proof { break-inside: avoid; border-top: 1px solid var(--rule); padding: 14px 0 18px; }
    .proof h3 { font-size: 1rem; font-weight: 600; margin: 0; }
    .proof h3 small { font-size: .93rem; margin-left: 10px; }
    .proof p { margin: 4px 0 10px; }
    .proof img { display: block; height: auto; width: 100%; }
    """
}
