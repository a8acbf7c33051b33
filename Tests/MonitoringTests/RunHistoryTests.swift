import Engine
import FoundationEssentials
import Monitoring
import TaskGraph
import Testing

@Suite struct RunHistoryTests {
  /// Two renders beside each other, then an assembly on a place that is free two seconds later.
  private func history(
    heading: RunHeading? = nil, _ more: (inout EventScript) -> Void = { _ in }
  ) throws -> RunHistory {
    var script = EventScript()
    script.add(
      "runStarted", at: 0,
      #""schema":1,"host":"render1","processID":77,"workers":2,"total":3,"frames":96,"stages":[]"#)
    script.attempt("grade short", worker: 1, 1, 4, cpu: 2.5)
    script.add("taskDone", at: 4, #""frames":48,"total":48"#, task: "grade short")
    script.attempt("grade long", worker: 2, 1, 10, cpu: 8)
    script.add("taskDone", at: 10, #""frames":48,"total":48"#, task: "grade long")
    script.attempt("master all", worker: 1, 12, 15, cpu: 1.5)
    script.add("taskDone", at: 15, #""frames":0,"total":0"#, task: "master all")
    more(&script)
    script.add("runFinished", at: 16, #""exit":0,"frames":96,"total":3"#)
    return try RunHistory(
      run: script.run, heading: heading,
      plan: EventScript.plan([("grade short", 48, []), ("grade long", 48, []), ("master all", 0, [0, 1])]),
      events: script.events())
  }

  @Test func `the critical path is the chain that decided the end`() throws {
    let history = try history()
    let path = CriticalPath(history)
    #expect(path.steps.map { history.tasks[$0.task].label } == ["grade long", "master all"])
    #expect(path.steps.map(\.waited) == [1, 2])
    #expect(path.working == 12)
    #expect(path.waiting == 3)
  }

  @Test func `time, CPU time and cost are summed by stage`() throws {
    var heading = RunHeading(programme: "short-film", pipeline: "p.yaml")
    heading.cost = CostRate(parsing: "3.60 EUR/core-hour")
    let figures = RunFigures(try history(heading: heading))
    #expect(figures.stages.map(\.stage) == ["grade", "master"])
    #expect(figures.stages.map(\.workerSeconds) == [12, 3])
    #expect(figures.stages.map(\.cpuSeconds) == [10.5, 1.5])
    #expect(figures.stages.map { ($0.cost ?? 0) * 1000 }.map { $0.rounded() } == [11, 2])
    #expect(abs((figures.cost ?? 0) - 0.012) < 1e-9, "12 core-seconds at a tenth of a cent")
    #expect(figures.framesMade == 96)
    #expect(figures.writtenBytes == 1_500)
    #expect(figures.byWorker.map(\.worker) == [1, 2])
    #expect(figures.byWorker.map(\.busySeconds) == [6, 9])
    #expect(figures.byWorker[0].utilisation == 6.0 / 16)
    #expect(figures.slowest.map(\.label) == ["grade long", "grade short", "master all"])
    let perWorker = RunFigures(try history(heading: heading), rate: CostRate(parsing: "1 EUR/worker-hour"))
    #expect(abs((perWorker.cost ?? 0) - 15.0 / 3600) < 1e-9)
  }

  @Test func `CPU time of a shot is its share of the frames of every task that shows it`() throws {
    var script = EventScript()
    script.add(
      "runStarted", at: 0, #""schema":1,"host":"render1","workers":2,"total":3,"frames":96,"stages":[]"#)
    script.attempt("grade two", worker: 1, 1, 5, cpu: 4)
    script.add("taskDone", at: 5, #""frames":80,"total":80"#, task: "grade two")
    script.attempt("grade still", worker: 2, 1, 2, cpu: 0.5)
    script.attempt("master all", worker: 1, 6, 8, cpu: 2)
    let groups = [
      // The tail of a group in which quotes and brackets are text.
      #"{"about":"shot CITY_010","facts":["a \"group\":\"frames\"} [","1"],"group":"grade"}"#,
      #"{"about":"shot CITY_010","facts":["A001.mov","8–43"],"group":"frames"}"#,
      #"{"about":"shot CITY_010","facts":["A001.mov","97–82","A001.mov","7 held 8"],"group":"frames"}"#,
      #"{"about":"shot \"B\"","facts":["B001.mov","5–23","B001.mov","9","segments","60 20"],"group":"frames"}"#,
      #"{"facts":["black","0 held 500"],"group":"frames"}"#,
      #"{"about":"shot DAMAGED","facts":["x","-9223372036854775808–9223372036854775807"],"group":"frames"}"#,
    ]
    let history = try RunHistory(
      run: script.run, heading: nil,
      plan: EventScript.plan(
        [("grade two", 80, []), ("grade still", 0, []), ("master all", 0, [0])], groups: groups,
        more: ["grade two": #""madeFrom":[0,1,2,3,4,77,-1]"#, "grade still": #""subject":"shot CITY_010""#]),
      events: script.events())
    #expect(
      history.tasks.map(\.shots) == [
        [ShotShare(shot: "CITY_010", frames: 60), ShotShare(shot: "\"B\"", frames: 20)],
        [ShotShare(shot: "CITY_010", frames: 1)], [],
      ])
    let sums = ShotSums(history, rate: CostRate(parsing: "3600 EUR/core-hour"))
    #expect(sums.shots.map(\.shot) == ["CITY_010", "\"B\""])
    #expect(sums.shots.map(\.cpuSeconds) == [3.5, 1])
    #expect(sums.shots.map(\.workerSeconds) == [4, 1])
    #expect(sums.shots.map(\.tasks) == [2, 1] && sums.shots.map(\.tasksDone) == [1, 1])
    #expect(sums.shots.map { (($0.cost ?? 0) * 10).rounded() } == [35, 10])
    #expect(sums.otherCPUSeconds == 2)
  }

  @Test func `lost attempts count their time and not as made`() throws {
    let history = try history { script in
      script.attempt("grade short", worker: 1, 15, 15.5, outcome: "lost")
    }
    let figures = RunFigures(history)
    #expect(figures.lostAttempts == 1)
    #expect(figures.stages[0].failedAttempts == 1)
    #expect(figures.stages[0].workerSeconds == 12.5)
  }

  @Test func `a run that was killed is read to its last word`() throws {
    var script = EventScript()
    script.add("runStarted", at: 0, #""workers":1,"stages":[]"#)
    script.add("attemptStarted", at: 1, #""attempt":"A","worker":1"#, task: "grade short")
    script.add("queue", at: 9, #""ready":0,"waits":[]"#)
    let history = try RunHistory(
      run: script.run, heading: nil, plan: EventScript.plan([("grade short", 48, [])]),
      events: script.events())
    #expect(history.exit == nil)
    #expect(history.spans.map(\.ended) == [9])
    #expect(history.spans[0].outcome == nil)
    #expect(ReportPage(history).html.contains("without an end on record"))
  }

  @Test(arguments: [
    ("0.12 EUR/core-hour", true), ("1 $/worker-hour", true), ("0.12 EUR", false),
    ("EUR 0.12/core-hour", false),
    ("-1 EUR/core-hour", false), ("1e5 EUR/core-hour", false), ("nan EUR/core-hour", false),
    ("1 <b>/core-hour", false), ("1 EUR/day", false),
  ])
  func `a rate is amount, currency and unit`(text: String, isGood: Bool) {
    #expect((CostRate(parsing: text) != nil) == isGood)
  }
}
