import Diagnostics
import Engine
import TaskGraph
import Testing

/// Cores, memory, licences and pools.
@Suite struct ResourceTests {
  private static let gigabyte: Int64 = 1 << 30

  private func scheduler(
    _ nodes: [TaskNode], _ capacity: ResourceCapacity, workers: Int? = nil
  ) throws -> Scheduler {
    var scheduler = Scheduler(try Plan(nodes), capacity: capacity)
    for _ in 0..<(workers ?? capacity.cores) { #expect(scheduler.apply(.opened(.worker)).isEmpty) }
    return scheduler
  }

  private func needs(cores: Int = 1, gigabytes: Int64 = 0, _ tokens: [String: Int] = [:]) -> TaskNeeds {
    TaskNeeds(cores: cores, memoryBytes: gigabytes * Self.gigabyte, tokens: tokens)
  }

  @Test func `memory is never promised twice`() throws {
    let capacity = ResourceCapacity(cores: 8, memoryBytes: 8 * Self.gigabyte)
    let large = (0..<3).map { node("large \($0)", frames: 9 - $0, needs: needs(gigabytes: 3)) }
    var scheduler = try scheduler(large + [node("small", frames: 1, needs: needs(gigabytes: 1))], capacity)
    // Two large ones, and the small one beside them.
    #expect(scheduler.apply(.begin) == [.start(0, try: 1), .start(1, try: 1), .start(3, try: 1)])
    #expect(scheduler.freeCapacity.memoryBytes == Self.gigabyte)
    #expect(scheduler.apply(.finished(3, try: 1)) == [.settled(3, .done)])
    #expect(scheduler.apply(.finished(1, try: 1)) == [.settled(1, .done), .start(2, try: 1)])
  }

  @Test func `what nobody has estimated gets its cores' share of memory at the most`() throws {
    let capacity = ResourceCapacity(cores: 4, memoryBytes: Self.gigabyte)
    let tasks = (0..<4).map { node("\($0)", needs: TaskNeeds()) }
    var scheduler = try scheduler(tasks, capacity)
    #expect(scheduler.apply(.begin).count == 4)
    #expect(scheduler.freeCapacity == ResourceCapacity(cores: 4, memoryBytes: 0).with(cores: 0))
  }

  @Test func `licences are taken with the attempt and come back with its end`() throws {
    let capacity = ResourceCapacity(cores: 4, tokens: ["nuke": 1])
    let comps = ["one", "two"].map { node($0, frames: 5, needs: needs(["nuke": 1])) }
    var scheduler = try scheduler(comps, capacity)
    #expect(scheduler.apply(.begin) == [.start(0, try: 1)])
    #expect(scheduler.apply(.lost(0, try: 1, .crash, commits: 0)) == [.start(0, try: 2)])
    #expect(scheduler.apply(.lost(0, try: 1, .crash, commits: 0)) == [])
    #expect(scheduler.freeCapacity.tokens == ["nuke": 0])
    #expect(scheduler.apply(.finished(0, try: 2)) == [.settled(0, .done), .start(1, try: 1)])
    #expect(scheduler.apply(.finished(0, try: 2)) == [])
    #expect(scheduler.apply(.finished(1, try: 1)) == [.settled(1, .done), .over])
    #expect(scheduler.freeCapacity.tokens == ["nuke": 1])
    #expect(scheduler.freeCapacity.cores == 4)
  }

  @Test func `tasks of the coordinator take nothing from the workers`() throws {
    var scheduler = try scheduler(
      [node("publish", place: .coordinator), node("render", frames: 1)], ResourceCapacity(cores: 1))
    #expect(scheduler.apply(.opened(.coordinator)) == [])
    #expect(scheduler.apply(.begin).count == 2)
  }

  // MARK: Large tasks

  @Test func `small tasks go before a large one that does not fit, but only so often`() throws {
    let capacity = ResourceCapacity(cores: 4)
    let small = (0..<200).map { node("small \($0)", frames: 1) }
    var scheduler = try scheduler(
      [node("large", frames: 5000, needs: needs(cores: 4), weight: 1), node("first", frames: 9, weight: 2)]
        + small,
      capacity)
    // One of greater weight holds a core; the large one waits for all four.
    let begun = scheduler.apply(.begin)
    #expect(begun.count == 4)
    var running = begun.compactMap { if case .start(let task, _) = $0 { task } else { nil as Int? } }
    var starts = running.count - 1
    while !running.isEmpty {
      let task = running.removeFirst()
      let effects = scheduler.apply(.finished(task, try: 1)) + scheduler.apply(.opened(.worker))
      let started = effects.compactMap { if case .start(let task, _) = $0 { task } else { nil as Int? } }
      if started.contains(0) { break }
      starts += started.count
      running += started
    }
    // Four for each core.
    #expect(starts == 16)
    #expect(scheduler.freeCapacity.cores == 0)
  }

  @Test func `a core does not wait for a licence, and licences come together`() throws {
    let capacity = ResourceCapacity(cores: 3, tokens: ["nuke": 1, "raid": 1])
    let raids = (0..<80).map { node("raid \($0)", frames: 2, needs: needs(["raid": 1])) }
    let nukes = (0..<80).map { node("nuke \($0)", frames: 2, needs: needs(["nuke": 1])) }
    let plain = (0..<200).map { node("plain \($0)", frames: 1) }
    let both = node("both", frames: 1, needs: needs(["nuke": 1, "raid": 1]), weight: 1)
    let urgent = node("urgent", frames: 1, needs: needs(["nuke": 1]), weight: 2)
    var scheduler = try scheduler([both, urgent] + raids + nukes + plain, capacity)
    var running = scheduler.apply(.begin)
    var starts = 0
    var idle = 0
    while let effect = running.first {
      running.removeFirst()
      guard case .start(let task, _) = effect else { continue }
      starts += 1
      if task == 0 { break }
      running += scheduler.apply(.finished(task, try: 1))
      running += scheduler.apply(.opened(.worker))
      idle = max(idle, scheduler.freeCapacity.cores)
    }
    #expect(starts < 40)
    #expect(idle == 0)
  }

  // MARK: What never fits

  @Test func `needs that no machine state can meet are told before anything starts`() {
    let capacity = ResourceCapacity(
      cores: 2, memoryBytes: 4 * Self.gigabyte, tokens: ["nuke": 2, "raid": 1])
    let found = capacity.misfits(in: [
      node("fits", needs: needs(cores: 2, gigabytes: 4, ["nuke": 2])),
      node("wide", needs: needs(cores: 3)), node("huge 1", needs: needs(gigabytes: 6)),
      node("huge 2", needs: needs(gigabytes: 6)), node("comp", needs: needs(["nuke": 3])),
      node("typo", needs: needs(["nuk": 1])), node("publish", place: .coordinator, needs: needs(cores: 99)),
    ])
    #expect(
      found.map(\.description) == [
        """
        error: wide needs 3 cores, but the run has 2
          Give the run more with --workers, or ask for fewer cores in the pipeline file.
        """,
        """
        error: huge 1 and 1 more tasks need 6 GiB of memory, but the run has 4 GiB
          Run on a machine with more memory, or let the run use more with --memory.
        """,
        """
        error: comp needs 3 of `nuke`, but there are 2
          Raise `nuke` in the pipeline file.
        """,
        """
        error: typo needs 1 of `nuk`, but the pipeline file has no such licence or pool
          Did you mean `nuke`?
        """,
      ])
    #expect(found.allSatisfy { $0.family == .usage && $0.code == "resources.neverFits" })
  }
}

extension ResourceCapacity {
  fileprivate func with(cores: Int) -> ResourceCapacity {
    var changed = self
    changed.cores = cores
    return changed
  }
}
