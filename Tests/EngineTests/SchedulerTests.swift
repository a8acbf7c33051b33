import Digests
import Engine
import Ledger
import TaskGraph
import Testing

@Suite struct SchedulerTests {
  /// One worker and one coordinator place, unless told otherwise.
  private func scheduler(
    _ nodes: [TaskNode], workers: Int = 1, timings: [String: TimingEstimate] = [:],
    stopsAtFirstFailure: Bool = false
  ) throws -> Scheduler {
    var scheduler = Scheduler(
      try Plan(nodes), timings: timings, stopsAtFirstFailure: stopsAtFirstFailure)
    #expect(scheduler.apply(.opened(.coordinator)).isEmpty)
    for _ in 0..<workers { #expect(scheduler.apply(.opened(.worker)).isEmpty) }
    return scheduler
  }

  @Test func `an empty plan is over at once`() throws {
    var scheduler = Scheduler(try Plan([]))
    #expect(scheduler.apply(.begin) == [.over])
  }

  @Test func `a dependant starts when its dependency has a result`() throws {
    var scheduler = try scheduler([node("render", frames: 48), node("assemble", after: ["render"])])
    #expect(scheduler.apply(.begin) == [.start(0, try: 1)])
    #expect(scheduler.apply(.finished(0, try: 1)) == [.settled(0, .done)])
    #expect(scheduler.apply(.opened(.worker)) == [.start(1, try: 1)])
    #expect(scheduler.apply(.finished(1, try: 1)) == [.settled(1, .done), .over])
  }

  // MARK: Order

  @Test func `a mix that nobody has timed starts beside the renders and long chains come first`() throws {
    let plan = [
      node("short", frames: 10), node("long", frames: 90), node("mix", kind: "mix"),
      node("middle", frames: 20),
      node("assemble", after: ["short", "long", "mix", "middle"], kind: "assemble"),
    ]
    var scheduler = try scheduler(plan, workers: 2)
    #expect(scheduler.apply(.begin) == [.start(2, try: 1), .start(1, try: 1)])
    #expect(scheduler.apply(.opened(.worker)) == [.start(3, try: 1)])
  }

  @Test func `recorded durations decide what the longest way is`() throws {
    let plan = [
      node("frames", frames: 100), node("mix", kind: "mix"), node("proxy", frames: 300, kind: "proxy"),
      node("unknown", frames: 30, kind: "new kind"),
    ]
    func first(_ timings: [String: TimingEstimate]) throws -> [SchedulerEffect] {
      var scheduler = try scheduler(plan, workers: 4, timings: timings)
      return scheduler.apply(.begin)
    }
    func timing(task: Double, frame: Double?) -> TimingEstimate {
      TimingEstimate(secondsPerTask: task, secondsPerFrame: frame, sampleCount: 3)
    }
    // Seconds: render 40, mix 30, proxy 3; a kind without a record as the average per frame of the others, 6.15.
    let timings = [
      "render": timing(task: 9, frame: 0.4), "mix": timing(task: 30, frame: nil),
      "proxy": timing(task: 9, frame: 0.01),
    ]
    #expect(
      try first(timings) == [.start(0, try: 1), .start(1, try: 1), .start(3, try: 1), .start(2, try: 1)])
    var longer = timings
    longer["mix"] = timing(task: 50, frame: nil)
    #expect(try first(longer).first == .start(1, try: 1))
  }

  @Test func `weight goes before length, and what an urgent task waits for is urgent`() throws {
    var scheduler = try scheduler([
      node("long", frames: 900), node("later", frames: 950, weight: -1), node("needed", frames: 1),
      node("urgent", after: ["needed"], frames: 1, weight: 5),
    ])
    #expect(scheduler.apply(.begin) == [.start(2, try: 1)])
    _ = scheduler.apply(.finished(2, try: 1))
    #expect(scheduler.apply(.opened(.worker)) == [.start(3, try: 1)])
    #expect(scheduler.apply(.opened(.worker)) == [.start(0, try: 1)])
    #expect(scheduler.apply(.opened(.worker)) == [.start(1, try: 1)])
  }

  // MARK: Failures and ends

  @Test func `a failure blocks what waits for it and nothing else`() throws {
    var scheduler = try scheduler([
      node("bad", frames: 2), node("waits", after: ["bad"]), node("waits too", after: ["waits"]),
      node("good", frames: 1),
    ])
    #expect(scheduler.apply(.begin) == [.start(0, try: 1)])
    #expect(
      scheduler.apply(.failed(0, try: 1, .media, commits: 0)) == [
        .settled(0, .failed(.media)), .settled(2, .blocked(by: 0)), .settled(3, .blocked(by: 2)),
      ])
    #expect(scheduler.apply(.opened(.worker)) == [.start(1, try: 1)])
    #expect(scheduler.apply(.finished(1, try: 1)) == [.settled(1, .done), .over])
  }

  @Test func `the first failure ends a run that asks for it, and what runs is told`() throws {
    var scheduler = try scheduler(
      [node("bad", frames: 9), node("runs", frames: 2), node("waits", frames: 1)], workers: 2,
      stopsAtFirstFailure: true)
    #expect(scheduler.apply(.begin).count == 2)
    #expect(
      scheduler.apply(.failed(0, try: 1, .media, commits: 0)) == [.settled(0, .failed(.media)), .halt])
    #expect(scheduler.apply(.opened(.worker)) == [])
    #expect(scheduler.apply(.failed(1, try: 1, .cancelled, commits: 0)) == [.over])
    #expect(scheduler.undone == [1, 2])
    #expect(scheduler.firstFailure == 0)
    #expect(!scheduler.isCancelled)
  }

  @Test func `cancelling starts nothing more and returns running tasks`() throws {
    var scheduler = try scheduler([node("one", frames: 2), node("two", frames: 1)])
    _ = scheduler.apply(.begin)
    #expect(scheduler.apply(.cancel) == [])
    #expect(scheduler.apply(.failed(0, try: 1, .cancelled, commits: 0)) == [.over])
    #expect(scheduler.undone == [0, 1])
    #expect(scheduler.apply(.opened(.worker)) == [])
  }

  @Test func `a late report of an attempt that was given up changes nothing`() throws {
    var scheduler = try scheduler([node("one", frames: 2), node("two", after: ["one"])], workers: 3)
    _ = scheduler.apply(.begin)
    #expect(scheduler.apply(.lost(0, try: 1, .killed, commits: 0)) == [.start(0, try: 2)])
    // The second attempt runs; nothing about the first concerns it.
    #expect(scheduler.apply(.failed(0, try: 1, .media, commits: 0)) == [])
    #expect(scheduler.apply(.finished(0, try: 1)) == [])
    #expect(scheduler.apply(.finished(0, try: 2)).contains(.settled(0, .done)))
    #expect(scheduler.apply(.lost(0, try: 2, .crash, commits: 0)) == [])
    #expect(scheduler.apply(.finished(0, try: 2)) == [])
  }

  @Test func `every one of a hundred thousand tasks is scheduled once`() throws {
    let count = 100_000
    var nodes = (0..<count).map { node("\($0)", frames: 1 + $0 % 7) }
    for index in nodes.indices.dropFirst(1000) {
      nodes[index].dependencies = [nodes[index - 1000].key, nodes[index / 2].key]
      if index - 1000 == index / 2 { nodes[index].dependencies.removeLast() }
    }
    var scheduler = try scheduler(nodes, workers: 8)
    var running = scheduler.apply(.begin)
    var done = 0
    while let effect = running.popLast() {
      guard case .start(let index, let number) = effect else { continue }
      running += scheduler.apply(.finished(index, try: number))
      running += scheduler.apply(.opened(.worker))
      done += 1
    }
    #expect(done == count)
  }
}
