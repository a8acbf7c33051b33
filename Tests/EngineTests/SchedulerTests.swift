import Digests
import Engine
import TaskGraph
import Testing

@Suite struct SchedulerTests {
  /// One worker and one coordinator place, unless told otherwise.
  private func scheduler(_ nodes: [TaskNode], workers: Int = 1) throws -> Scheduler {
    var scheduler = Scheduler(try Plan(nodes))
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
    #expect(scheduler.apply(.finished(0)) == [.settled(0, .done)])
    #expect(scheduler.apply(.opened(.worker)) == [.start(1, try: 1)])
    #expect(scheduler.apply(.finished(1)) == [.settled(1, .done), .over])
  }

  @Test func `a mix starts beside the renders and long chains come first`() throws {
    let plan = [
      node("short", frames: 10), node("long", frames: 90), node("mix"), node("middle", frames: 20),
      node("assemble", after: ["short", "long", "mix", "middle"]),
    ]
    var scheduler = try scheduler(plan, workers: 2)
    #expect(scheduler.apply(.begin) == [.start(2, try: 1), .start(1, try: 1)])
    #expect(scheduler.apply(.opened(.worker)) == [.start(3, try: 1)])
  }

  @Test func `a failure blocks what waits for it and nothing else`() throws {
    var scheduler = try scheduler([
      node("bad", frames: 2), node("waits", after: ["bad"]), node("waits too", after: ["waits"]),
      node("good", frames: 1),
    ])
    #expect(scheduler.apply(.begin) == [.start(0, try: 1)])
    #expect(
      scheduler.apply(.failed(0, .media, commits: 0)) == [
        .settled(0, .failed(.media)), .settled(2, .blocked(by: 0)), .settled(3, .blocked(by: 2)),
      ])
    #expect(scheduler.apply(.opened(.worker)) == [.start(1, try: 1)])
    #expect(scheduler.apply(.finished(1)) == [.settled(1, .done), .over])
  }

  @Test func `a task that crashes three times in a row is poison`() throws {
    var scheduler = try scheduler([node("crash", frames: 5)])
    #expect(scheduler.apply(.begin) == [.start(0, try: 1)])
    #expect(scheduler.apply(.lost(0, .crash, commits: 0)) == [])
    #expect(scheduler.apply(.opened(.worker)) == [.start(0, try: 2)])
    #expect(scheduler.apply(.lost(0, .crash, commits: 0)) == [.pause(0, .milliseconds(500))])
    #expect(scheduler.apply(.opened(.worker)) == [])
    #expect(scheduler.apply(.due(0)) == [.start(0, try: 3)])
    #expect(
      scheduler.apply(.lost(0, .crash, commits: 0)) == [.settled(0, .poisoned(.crash, attempts: 3)), .over])
  }

  @Test func `progress forgives crashes`() throws {
    var scheduler = try scheduler([node("crash", frames: 50, segments: 5)], workers: 9)
    #expect(scheduler.apply(.begin) == [.start(0, try: 1)])
    for segment in 1...5 {
      #expect(scheduler.apply(.lost(0, .crash, commits: segment)) == [.start(0, try: segment + 1)])
    }
    #expect(scheduler.apply(.finished(0)) == [.settled(0, .done), .over])
  }

  @Test func `a worker killed from outside twenty-four times costs nothing but time`() throws {
    var scheduler = try scheduler([node("victim", frames: 5)], workers: 30)
    _ = scheduler.apply(.begin)
    for _ in 1...24 {
      let effects = scheduler.apply(.lost(0, .killed, commits: 0))
      if effects.first == .start(0, try: 2) { continue }
      guard case .pause(0, let pause) = effects.first else {
        Issue.record("no pause: \(effects)")
        return
      }
      #expect(pause <= .seconds(10))
      #expect(scheduler.apply(.due(0)).count == 1)
    }
    #expect(
      scheduler.apply(.lost(0, .killed, commits: 0)) == [
        .settled(0, .poisoned(.killed, attempts: 25)), .over,
      ])
  }

  @Test func `infrastructure failures are tried again after growing pauses`() throws {
    var scheduler = try scheduler([node("disk full", frames: 5)], workers: 9)
    _ = scheduler.apply(.begin)
    for pause in [Duration.milliseconds(500), .seconds(1), .seconds(2), .seconds(4)] {
      #expect(scheduler.apply(.failed(0, .infrastructure, commits: 0)) == [.pause(0, pause)])
      #expect(scheduler.apply(.due(0)).count == 1)
    }
    #expect(
      scheduler.apply(.failed(0, .infrastructure, commits: 0)) == [
        .settled(0, .failed(.infrastructure)), .over,
      ])
  }

  @Test func `cancelling starts nothing more and returns running tasks`() throws {
    var scheduler = try scheduler([node("one", frames: 2), node("two", frames: 1)])
    _ = scheduler.apply(.begin)
    #expect(scheduler.apply(.cancel) == [])
    #expect(scheduler.apply(.failed(0, .cancelled, commits: 0)) == [.over])
    #expect(scheduler.undone == [0, 1])
    #expect(scheduler.apply(.opened(.worker)) == [])
  }

  @Test func `a task that a stranger's signal stopped runs again`() throws {
    var scheduler = try scheduler([node("one", frames: 2)], workers: 2)
    _ = scheduler.apply(.begin)
    #expect(scheduler.apply(.failed(0, .cancelled, commits: 0)) == [.start(0, try: 2)])
  }

  @Test func `a late report of an attempt that was given up changes nothing`() throws {
    var scheduler = try scheduler([node("one", frames: 2), node("two", after: ["one"])], workers: 2)
    _ = scheduler.apply(.begin)
    #expect(scheduler.apply(.finished(0)).contains(.settled(0, .done)))
    #expect(scheduler.apply(.lost(0, .crash, commits: 0)) == [])
    #expect(scheduler.apply(.failed(0, .media, commits: 0)) == [])
    #expect(scheduler.apply(.finished(0)) == [])
  }

  @Test func `a hundred thousand tasks are scheduled in linear time`() throws {
    let count = 100_000
    var nodes = (0..<count).map { node("\($0)", frames: 1 + $0 % 7) }
    for index in nodes.indices.dropFirst(1000) {
      nodes[index].dependencies = [nodes[index - 1000].key, nodes[index / 2].key]
      if index - 1000 == index / 2 { nodes[index].dependencies.removeLast() }
    }
    var scheduler = try scheduler(nodes, workers: 8)
    var running = scheduler.apply(.begin)
    var done = 0
    let began = ContinuousClock.now
    while let effect = running.popLast() {
      guard case .start(let index, _) = effect else { continue }
      running += scheduler.apply(.finished(index))
      running += scheduler.apply(.opened(.worker))
      done += 1
    }
    #expect(done == count)
    // 0.1 ms per task, the most the engine may add, even in a debug build on a busy machine.
    #expect(ContinuousClock.now - began < .seconds(10))
  }
}
