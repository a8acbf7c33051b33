import Digests
import Engine
import TaskGraph
import Testing

/// What is tried again, how often and when.
@Suite struct RetryTests {
  private func scheduler(
    _ nodes: [TaskNode], workers: Int = 1, capacity: ResourceCapacity = .unlimited,
    policy: RetryPolicy = RetryPolicy(), suspects: [Int: LossCause] = [:]
  ) throws -> Scheduler {
    var scheduler = Scheduler(try Plan(nodes), capacity: capacity, policy: policy, suspects: suspects)
    for _ in 0..<workers { _ = scheduler.apply(.opened(.worker)) }
    return scheduler
  }

  /// The pause, when that is all there is.
  private func pause(in effects: [SchedulerEffect]) -> Duration? {
    guard effects.count == 1, case .pause(_, let pause) = effects[0] else { return nil }
    return pause
  }

  // MARK: Crashes

  @Test func `a task that crashes three times in a row is poison`() throws {
    var scheduler = try scheduler([node("crash", frames: 5)])
    #expect(scheduler.apply(.begin) == [.start(0, try: 1)])
    #expect(scheduler.apply(.lost(0, try: 1, .crash, commits: 0)) == [])
    #expect(scheduler.apply(.opened(.worker)) == [.start(0, try: 2)])
    #expect(pause(in: scheduler.apply(.lost(0, try: 2, .crash, commits: 0))) != nil)
    #expect(scheduler.apply(.opened(.worker)) == [])
    #expect(scheduler.apply(.due(0)) == [.start(0, try: 3)])
    #expect(
      scheduler.apply(.lost(0, try: 3, .crash, commits: 0)) == [
        .settled(0, .poisoned(.crash, attempts: 3)), .over,
      ])
  }

  @Test func `a task that was poison in an earlier run has one chance`() throws {
    var scheduler = try scheduler(
      [node("crash", frames: 5), node("other", frames: 1)], workers: 9, suspects: [0: .crash])
    _ = scheduler.apply(.begin)
    // Somebody else's signal is not what it is suspected of.
    #expect(scheduler.apply(.lost(0, try: 1, .killed, commits: 0)) == [.start(0, try: 2)])
    #expect(
      scheduler.apply(.lost(0, try: 2, .crash, commits: 0)) == [.settled(0, .poisoned(.crash, attempts: 1))])
    #expect(scheduler.apply(.lost(1, try: 1, .crash, commits: 0)) == [.start(1, try: 2)])
  }

  @Test func `progress forgives crashes`() throws {
    var scheduler = try scheduler([node("crash", frames: 50, segments: 5)], workers: 9)
    #expect(scheduler.apply(.begin) == [.start(0, try: 1)])
    for segment in 1...5 {
      #expect(
        scheduler.apply(.lost(0, try: segment, .crash, commits: segment)) == [.start(0, try: segment + 1)])
    }
    #expect(scheduler.apply(.finished(0, try: 6)) == [.settled(0, .done), .over])
  }

  @Test func `a worker killed from outside twenty-four times costs nothing but time`() throws {
    var scheduler = try scheduler([node("victim", frames: 5)], workers: 30)
    _ = scheduler.apply(.begin)
    #expect(scheduler.apply(.lost(0, try: 1, .killed, commits: 0)) == [.start(0, try: 2)])
    for number in 2...24 {
      #expect(
        pause(in: scheduler.apply(.lost(0, try: number, .killed, commits: 0))) ?? .seconds(99) <= .seconds(60)
      )
      #expect(scheduler.apply(.due(0)) == [.start(0, try: number + 1)])
    }
    #expect(
      scheduler.apply(.lost(0, try: 25, .killed, commits: 0)) == [
        .settled(0, .poisoned(.killed, attempts: 25)), .over,
      ])
  }

  @Test func `a task that a stranger's signal stopped runs again`() throws {
    var scheduler = try scheduler([node("one", frames: 2)], workers: 2)
    _ = scheduler.apply(.begin)
    #expect(scheduler.apply(.failed(0, try: 1, .cancelled, commits: 0)) == [.start(0, try: 2)])
  }

  // MARK: Failures by class

  @Test(arguments: [WorkerEvent.FailureClass.user, .media])
  func `bad input is never tried again`(failure: WorkerEvent.FailureClass) throws {
    var scheduler = try scheduler([node("damaged", frames: 5)], workers: 9)
    _ = scheduler.apply(.begin)
    #expect(
      scheduler.apply(.failed(0, try: 1, failure, commits: 0)) == [.settled(0, .failed(failure)), .over])
  }

  @Test func `a program that fails is tried three times`() throws {
    var scheduler = try scheduler([node("script", frames: 5)], workers: 9)
    _ = scheduler.apply(.begin)
    for number in 1...2 {
      #expect(pause(in: scheduler.apply(.failed(0, try: number, .application, commits: 0))) != nil)
      #expect(scheduler.apply(.due(0)) == [.start(0, try: number + 1)])
    }
    #expect(
      scheduler.apply(.failed(0, try: 3, .application, commits: 0)) == [
        .settled(0, .failed(.application)), .over,
      ])
  }

  @Test func `a broken disk is waited out after growing pauses until patience ends, and then the run ends`()
    throws
  {
    var scheduler = try scheduler([node("one", frames: 5), node("two", frames: 4), node("three", frames: 3)])
    #expect(scheduler.apply(.begin) == [.start(0, try: 1)])
    // A failure of one of the tasks alone: the other has its turn, fails too, and so on.
    var waited: [Int: Duration] = [:]
    var running: (task: Int, number: Int) = (0, 1)
    var due: [Int] = []
    var settled: [SchedulerEffect] = []
    for _ in 0..<500 {
      var effects = scheduler.apply(.failed(running.task, try: running.number, .infrastructure, commits: 0))
      if effects.contains(.over) {
        settled = effects
        break
      }
      if case .pause(let task, let pause)? = effects.first {
        waited[task, default: .zero] += pause
        due.append(task)
      }
      effects = scheduler.apply(.opened(.worker))
      while !effects.contains(where: { if case .start = $0 { true } else { false } }), !due.isEmpty {
        effects = scheduler.apply(.due(due.removeFirst()))
      }
      guard case .start(let task, let number)? = effects.first else { break }
      running = (task, number)
    }
    #expect(settled == [.settled(running.task, .failed(.infrastructure)), .over])
    #expect(waited[running.task] ?? .zero >= RetryPolicy().infrastructurePatience)
    #expect(scheduler.isStalled)
    #expect(scheduler.undone.count == 2)
  }

  @Test func `while others get on, a fault of one task is no reason to end the run`() throws {
    let others = (1...60).map { node("other \($0)", frames: 1) }
    var scheduler = try scheduler([node("bad mount", frames: 5, weight: 1)] + others)
    #expect(scheduler.apply(.begin) == [.start(0, try: 1)])
    for number in 1...60 {
      #expect(pause(in: scheduler.apply(.failed(0, try: number, .infrastructure, commits: 0))) != nil)
      #expect(scheduler.apply(.opened(.worker)) == [.start(number, try: 1)])
      #expect(scheduler.apply(.due(0)) == [])
      #expect(scheduler.apply(.finished(number, try: 1)) == [.settled(number, .done)])
      #expect(scheduler.apply(.opened(.worker)) == [.start(0, try: number + 1)])
    }
  }

  @Test func `progress of what still runs ends a stall`() throws {
    var policy = RetryPolicy()
    policy.infrastructurePatience = .zero
    var scheduler = try scheduler(
      [node("long", frames: 9), node("fault", frames: 5), node("next", frames: 1)], workers: 2, policy: policy
    )
    #expect(scheduler.apply(.begin).count == 2)
    #expect(
      scheduler.apply(.failed(1, try: 1, .infrastructure, commits: 0)) == [
        .settled(1, .failed(.infrastructure))
      ])
    #expect(scheduler.apply(.opened(.worker)) == [])
    #expect(scheduler.apply(.finished(0, try: 1)) == [.settled(0, .done), .start(2, try: 1)])
  }

  @Test func `as many tasks ask for a refused licence as there are tokens, however many are ready`() throws {
    let capacity = ResourceCapacity(cores: 8, tokens: ["nuke": 2])
    let comps = (0..<20).map { node("comp \($0)", frames: 20 - $0, needs: TaskNeeds(tokens: ["nuke": 1])) }
    var scheduler = try scheduler(comps + [node("plain", frames: 1)], workers: 8, capacity: capacity)
    #expect(scheduler.apply(.begin).count == 3)
    #expect(pause(in: scheduler.apply(.failed(0, try: 1, .licence, commits: 0))) != nil)
    #expect(pause(in: scheduler.apply(.failed(1, try: 1, .licence, commits: 0))) != nil)
    #expect(scheduler.freeCapacity.tokens == ["nuke": 0])
    // The plain task is the only one that runs, and its core alone is taken.
    #expect(scheduler.freeCapacity.cores == 7)
    for _ in 0..<2 { #expect(scheduler.apply(.opened(.worker)) == []) }
    #expect(scheduler.apply(.due(1)) == [.start(1, try: 2)])
    #expect(scheduler.apply(.due(0)) == [.start(0, try: 2)])
  }

  // MARK: Pauses

  @Test func `pauses double up to the longest, and differ from task to task in a repeatable way`() {
    let policy = RetryPolicy()
    var nominal = 0.5
    for count in 1...12 {
      let pauses = (0..<50).map { policy.pause(afterFailures: count, of: key("\($0)")) }
      #expect(pauses.allSatisfy { $0 >= .seconds(nominal / 2) && $0 <= .seconds(nominal) })
      #expect(Set(pauses).count > 40)
      #expect(pauses == (0..<50).map { policy.pause(afterFailures: count, of: key("\($0)")) })
      nominal = min(nominal * 2, 60)
    }
  }
}
