import Diagnostics
import MediaTime

/// The loudness report as one page for people: a curve for every layout, no scripts, nothing loaded.
package struct LoudnessPage {
  private let report: LoudnessReport

  package init(_ report: LoudnessReport) { self.report = report }

  package var html: String {
    let title = "\(HTMLText.escape(report.heading.programme)) · loudness"
    var lines = [
      "<!doctype html>", "<html lang=\"en\">", "<meta charset=\"utf-8\">",
      "<meta name=\"viewport\" content=\"width=device-width\">", "<title>\(title)</title>",
      "<style>\(Self.style)</style>", "<main>", header,
    ]
    for layout in report.layouts { lines.append(section(layout)) }
    lines += ["<footer>\(HTMLText.escape(report.method))</footer>", "</main>", "</html>", ""]
    return lines.joined(separator: "\n")
  }

  /// Record timecode of a sample, the frame it lies in.
  private func timecode(_ sample: Int64) -> String {
    let heading = report.heading
    let frame = (Rational(sample, Int64(MixDescription.sampleRate)) * heading.rate.rational).floor
    return Timecode(
      frame: heading.startFrame + frame, rate: heading.rate, isDropFrame: heading.isDropFrame
    ).description
  }

  private var header: String {
    var parts = ["\(timecode(0)) – \(timecode(report.sampleCount))"]
    if let target = report.target {
      parts.append("target \(target.integrated) LKFS, true peak at most \(target.truePeak) dBTP")
    }
    return "<header><h1>\(HTMLText.escape(report.heading.programme))</h1><p>Loudness of the mix</p>"
      + "<p>\(parts.joined(separator: " · "))</p></header>"
  }

  private func section(_ layout: LoudnessReport.Layout) -> String {
    let name = layout.layout == .stereo ? "Stereo" : "5.1"
    let graph = LoudnessGraph(layout: layout, target: report.target, sampleCount: report.sampleCount)
    return """
      <section>
      <h2>\(name)<span class="key"><i class="s"></i>short-term<i class="m"></i>momentary<i class="p"></i>true peak\
      \(report.target == nil ? "" : "<i class=\"t\"></i>target ± 0.2 LU")</span></h2>
      \(graph.svg(report.heading))
      <dl>
      \(figures(layout).map { "<div><dt>\($0.name)</dt><dd>\($0.value)</dd><dd>\($0.note)</dd></div>" }.joined(separator: "\n"))
      </dl>
      </section>
      """
  }

  private struct Figure {
    var name: String
    var value: String
    var note: String
  }

  private func figures(_ layout: LoudnessReport.Layout) -> [Figure] {
    let facts = layout.facts
    func value(_ level: Level?, _ unit: String) -> String {
      "\(level?.tenths ?? "−∞") <small>\(unit)</small>"
    }
    /// Where a series is highest.
    func place(_ series: [Level?]) -> String {
      guard let highest = series.compactMap({ $0 }).max(), let index = series.firstIndex(of: highest) else {
        return "&nbsp;"
      }
      let step = Int64(MixDescription.sampleRate) / LoudnessSeries.valuesPerSecond
      return "at " + timecode(Int64(index) * step)
    }
    var figures = [
      Figure(
        name: "Integrated", value: value(facts.integrated, "LKFS"),
        note: report.target.map { "target \($0.integrated)" } ?? "no target"),
      Figure(
        name: "Short-term max", value: value(facts.shortTermMaximum, "LKFS"),
        note: place(layout.series.shortTerm)),
      Figure(
        name: "Momentary max", value: value(facts.momentaryMaximum, "LKFS"),
        note: place(layout.series.momentary)),
      Figure(name: "Loudness range", value: value(facts.range, "LU"), note: "&nbsp;"),
      Figure(
        name: "True peak max", value: value(facts.truePeak, "dBTP"),
        note: report.target.map { "limit \($0.truePeak)" } ?? place(layout.series.truePeak)),
    ]
    if let correction = layout.correction {
      figures.append(
        Figure(
          name: "Gain", value: value(correction.gain, "dB"), note: "from \(correction.measured.tenths) LKFS"))
      let tenths = correction.limitedSamples * 1000 / max(1, report.sampleCount)
      figures.append(
        Figure(
          name: "Limiter", value: value(Level(thousandths: -correction.largestReduction.thousandths), "dB"),
          note: correction.limitedSamples == 0 ? "never at work" : "at work \(tenths / 10).\(tenths % 10) %"))
    }
    return figures
  }

  private static let style = """
    :root{color-scheme:dark}
    *{box-sizing:border-box;margin:0}
    body{background:#0f1216;color:#d7dce2;font:15px/1.5 Inter,"Helvetica Neue","Segoe UI",Roboto,"DejaVu Sans",sans-serif;\
    font-variant-numeric:tabular-nums;-webkit-font-smoothing:antialiased}
    main{max-width:1240px;margin:0 auto;padding:44px 32px}
    header{margin-bottom:36px}
    h1{font-size:30px;font-weight:600;letter-spacing:-.02em;color:#f2f4f7;line-height:1.2}
    header p{color:#8b95a1}
    header p+p{margin-top:2px}
    section{background:#161a20;border:1px solid #232932;border-radius:12px;padding:22px 24px 20px;margin-bottom:26px}
    h2{font-size:17px;font-weight:600;color:#f2f4f7;display:flex;justify-content:space-between;align-items:baseline;\
    margin-bottom:12px}
    .key{font-size:12.5px;font-weight:400;color:#8b95a1}
    .key i{display:inline-block;width:16px;height:3px;border-radius:2px;margin:0 7px 3px 18px}
    .key .s{background:#f0b95a}.key .m{background:#3f8fa8}.key .p{background:#5b6572}.key .t{background:#7bd88f}
    svg{display:block;width:100%;height:auto}
    dl{display:grid;grid-template-columns:repeat(auto-fit,minmax(132px,1fr));gap:0 18px;margin-top:18px;\
    border-top:1px solid #232932;padding-top:16px}
    dt{font-size:12.5px;color:#8b95a1}
    dd{font-size:23px;font-weight:600;letter-spacing:-.01em;color:#f2f4f7;line-height:1.3;white-space:nowrap}
    dd small{font-size:12.5px;font-weight:400;color:#8b95a1;letter-spacing:0}
    dd+dd{font-size:12.5px;font-weight:400;letter-spacing:0;color:#8b95a1}
    footer{color:#5f6975;font-size:12.5px}
    """
}
