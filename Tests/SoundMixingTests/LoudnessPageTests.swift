import Foundation
import FoundationXML
import MediaTime
import SoundMixing
import TestSupport
import Testing

@Suite struct LoudnessPageTests {
  private func report(seconds: Int, programme: String = "film", target: LoudnessTarget? = nil)
    -> LoudnessReport
  {
    var random = SplitMix64(seed: 5)
    func series(_ low: Int, _ high: Int) -> [Level?] {
      (0..<seconds * 10).map { index in
        index < 4 ? nil : Level(thousandths: Int.random(in: low...high, using: &random))
      }
    }
    let facts = LoudnessFacts(
      integrated: Level(thousandths: -24_013), range: Level(thousandths: 7400),
      truePeak: Level(thousandths: -2150), momentaryMaximum: Level(thousandths: -17_210),
      shortTermMaximum: Level(thousandths: -20_040))
    return LoudnessReport(
      heading: ReportHeading(
        programme: programme, rate: FrameRate(24_000, 1001), startFrame: 86_400, isDropFrame: false),
      target: target, sampleCount: Int64(seconds) * 48_000,
      layouts: [MixLayout.stereo, .surround].map {
        LoudnessReport.Layout(
          layout: $0, facts: facts, correction: nil,
          series: LoudnessSeries(
            momentary: series(-40_000, -17_000), shortTerm: series(-30_000, -20_000),
            truePeak: series(-20_000, -2000)))
      })
  }

  private static let target = LoudnessTarget(
    integrated: Level(thousandths: -24_000), truePeak: Level(thousandths: -2000))

  @Test func `the page is well formed, dark, and loads nothing`() {
    let html = LoudnessPage(report(seconds: 30, target: Self.target)).html
    #expect(html.contains("color-scheme:dark"))
    for word in ["<script", "http:", "https:", "@import", "url(h", "<link"] {
      #expect(!html.contains(word), "\(word)")
    }
    // Each drawing is XML on its own.
    let drawings = html.components(separatedBy: "<svg").dropFirst().map {
      "<svg" + $0.components(separatedBy: "</svg>")[0] + "</svg>"
    }
    #expect(drawings.count == 2)
    for drawing in drawings { #expect(XMLParser(data: Data(drawing.utf8)).parse()) }
  }

  @Test func `the page names values, target, limit and record timecode`() {
    let html = LoudnessPage(report(seconds: 30, target: Self.target)).html
    for text in [
      "−24.0 <small>LKFS", "−24 LKFS", "−2 dBTP", "−17.2 <small>LKFS", "7.4 <small>LU", "01:00:00:00",
    ] {
      #expect(html.contains(text), "\(text)")
    }
    #expect(!LoudnessPage(report(seconds: 30)).html.contains("target −24"))
  }

  @Test func `names of programmes cannot become markup`() {
    let html = LoudnessPage(report(seconds: 1, programme: "<script>\"&")).html
    #expect(!html.contains("<script") && html.contains("&lt;script&gt;&quot;&amp;"))
  }

  @Test func `a long programme makes no larger page than a short one`() {
    let short = LoudnessPage(report(seconds: 200)).html.utf8.count
    let long = LoudnessPage(report(seconds: 20_000)).html.utf8.count
    #expect(long < short * 3 / 2, "\(short) and \(long) bytes")
  }

  @Test func `silence has a page too`() {
    let empty = LoudnessReport(
      heading: ReportHeading(programme: "p", rate: FrameRate(25), startFrame: 0, isDropFrame: false),
      target: nil,
      sampleCount: 0,
      layouts: [
        LoudnessReport.Layout(
          layout: .stereo, facts: LoudnessFacts(), correction: nil, series: LoudnessSeries())
      ])
    #expect(LoudnessPage(empty).html.contains("−∞ <small>LKFS"))
  }

  @Test func `a report comes back from JSON as it was`() throws {
    let report = report(seconds: 2, target: Self.target)
    #expect(try JSONDecoder().decode(LoudnessReport.self, from: JSONEncoder().encode(report)) == report)
  }
}
