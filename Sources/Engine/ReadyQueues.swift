/// Tasks that could start, one queue for each different claim on resources.
///
/// Tasks with equal claims fit together or not at all, so only the first of each queue is ever looked at: a step
/// costs O(log ready + claims), and a plan has few different claims.
///
/// **Backfill with a limit.** The first task in order starts first. While it does not fit, others that fit may
/// overtake it, or the machine would stand idle. Each time it is overtaken is counted; from `overtakingLimit` on what
/// it waits for is reserved for it, and only tasks that take nothing of that start before it does. Overtakings
/// are counted rather than finishing times predicted: the count needs no clock and no trust in estimates, and bounds
/// the wait of a large task by so many tasks plus the longest that runs.
struct ReadyQueues: Sendable {
  private struct Queue: Sendable {
    let claim: ResourceClaim
    var ranks = RankHeap()
    /// How often tasks of lower rank started while its first did not.
    var overtaken = 0
  }

  private var queues: [Queue]
  private let overtakingLimit: Int

  init(_ claims: [ResourceClaim], overtakingLimit: Int) {
    queues = claims.map { Queue(claim: $0) }
    self.overtakingLimit = overtakingLimit
  }

  /// How many tasks are ready, by what they claim.
  var counts: [(claim: ResourceClaim, tasks: Int)] {
    queues.lazy.filter { $0.ranks.count > 0 }.map { ($0.claim, $0.ranks.count) }
  }

  mutating func insert(rank: Int, claim: Int) { queues[claim].ranks.insert(rank) }

  /// The rank of the task that starts next with what is free, taken out of its queue.
  mutating func popNext(_ ledger: ResourceLedger) -> Int? {
    var first: Int?
    for index in queues.indices {
      guard let rank = queues[index].ranks.first else { continue }
      if let best = first, let other = queues[best].ranks.first, other < rank { continue }
      first = index
    }
    guard let first else { return nil }
    if ledger.fits(queues[first].claim) { return pop(first) }
    return backfill(ledger)
  }

  /// The first in order of those with a claim.
  func first(ofClaim claim: Int) -> Int? { queues[claim].ranks.first }

  func count(ofClaim claim: Int) -> Int { queues[claim].ranks.count }

  /// The first of each other claim, in no order.
  func firsts(butOfClaim claim: Int) -> [Int] {
    queues.indices.compactMap { $0 == claim ? nil : queues[$0].ranks.first }
  }

  /// Takes the first with a claim out of its queue, whatever is free.
  mutating func takeFirst(ofClaim claim: Int) -> Int? { queues[claim].ranks.popFirst() }

  private mutating func backfill(_ ledger: ResourceLedger) -> Int? {
    let waiting = queues.enumerated()
      .compactMap { index, queue in queue.ranks.first.map { (rank: $0, queue: index) } }
      .sorted { $0.rank < $1.rank }
    var reserved: ResourceClaim?
    for (position, candidate) in waiting.enumerated() {
      let claim = queues[candidate.queue].claim
      if ledger.fits(claim) {
        guard reserved.map({ ledger.fits(claim, keeping: $0) }) ?? true else { continue }
        for passed in waiting[..<position] { queues[passed.queue].overtaken += 1 }
        return pop(candidate.queue)
      }
      if reserved == nil, queues[candidate.queue].overtaken >= overtakingLimit { reserved = claim }
    }
    return nil
  }

  private mutating func pop(_ queue: Int) -> Int? {
    queues[queue].overtaken = 0
    return queues[queue].ranks.popFirst()
  }
}

/// A binary heap of ranks, the least first.
private struct RankHeap: Sendable {
  private var heap: [Int] = []

  var first: Int? { heap.first }
  var count: Int { heap.count }

  mutating func insert(_ rank: Int) {
    heap.append(rank)
    var child = heap.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard heap[child] < heap[parent] else { return }
      heap.swapAt(child, parent)
      child = parent
    }
  }

  mutating func popFirst() -> Int? {
    guard let first = heap.first, let last = heap.popLast() else { return nil }
    guard !heap.isEmpty else { return first }
    heap[0] = last
    var parent = 0
    while true {
      var least = 2 * parent + 1
      guard least < heap.count else { return first }
      if least + 1 < heap.count, heap[least + 1] < heap[least] { least += 1 }
      guard heap[least] < heap[parent] else { return first }
      heap.swapAt(parent, least)
      parent = least
    }
  }
}
