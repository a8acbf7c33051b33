import Digests
import Engine
import FoundationEssentials
import Monitoring
import TaskGraph
import Testing

@Suite struct ReportPageTests {
  @Test func `names are shown and not obeyed`() throws {
    var script = EventScript()
    let name = #"grade <script>alert(1)</script>\"><img src=x onerror=alert(2)>"#
    script.add("runStarted", at: 0, #""workers":1,"stages":[]"#)
    script.attempt(name, worker: 1, 0, 5)
    script.add(
      "taskFailed", at: 5,
      #""exit":3,"failure":"media","diagnostics":[{"severity":"error","family":3,"code":"media.bad","message":"<b>bold</b> & more"}]"#,
      task: name)
    let plain = "grade <script>alert(1)</script>\"><img src=x onerror=alert(2)>"
    let plan = """
      {"tasks":[{"key":"\(Digest.sha256(Array(name.utf8)).hex)","kind":"render","stage":"</style><b>","label":"\(name)"}]}
      """
    let history = try RunHistory(
      run: script.run,
      heading: RunHeading(
        programme: plain, pipeline: plain,
        deliverables: [
          .init(stage: plain, profile: plain, frames: 9, distinctFrames: 8, reusedFrames: 5, newFrames: 3)
        ]), plan: Array(plan.utf8), events: script.events())
    let html = ReportPage(history).html
    #expect(!html.contains("<script"))
    #expect(!html.contains("<img"))
    #expect(!html.contains("<b>bold"))
    #expect(!html.contains("</style><b>"))
    #expect(html.contains("&lt;b&gt;bold&lt;/b&gt; &amp; more"))
    #expect(html.contains("3 to make · 5 reused · 1 repeated"))
    #expect(!html.contains("http:") && !html.contains("https:"), "nothing is loaded from anywhere")
  }

  @Test func `forty thousand tasks on ninety-six workers give a page of bounded size`() throws {
    var script = EventScript()
    script.add("runStarted", at: 0, #""workers":96,"stages":[]"#)
    var tasks: [(label: String, frames: Int, after: [Int])] = []
    let count = 40_000
    for index in 0..<count {
      let label = "stage\(index % 40) task \(index)"
      // Chains of four hundred on each of a hundred places.
      let chain = index / 400
      let began = Double(index % 400)
      tasks.append((label, 10, index % 400 == 0 ? [] : [index - 1]))
      let outcome = index % 97 == 0 ? "failed" : "done"
      script.attempt(label, worker: chain % 96 + 1, began, began + 0.9, outcome: outcome, cpu: 0.5)
    }
    script.add("runFinished", at: 401, #""exit":0,"frames":0,"total":0"#)
    let history = try RunHistory(
      run: script.run, heading: nil, plan: EventScript.plan(tasks), events: script.events())
    #expect(history.spans.count == count)
    let html = ReportPage(history).html
    #expect(html.utf8.count < 1_500_000, "\(html.utf8.count) bytes")
    #expect(html.contains("condensed"))
    #expect(html.contains("32 more workers are not drawn"))
  }
}
