import Foundation
import Synchronization

/// Work on many items, blocking or not, by a few threads.
enum ParallelWork {
  /// Hands out the numbers of the items.
  private final class Queue: Sendable {
    private let count: Int
    private let taken = Mutex(0)

    init(count: Int) { self.count = count }

    func next() -> Int? {
      taken.withLock { taken in
        guard taken < count else { return nil }
        defer { taken += 1 }
        return taken
      }
    }
  }

  /// Calls `body` for every item, on as many cores as there are, and returns the answers in the order of the items.
  static func map<Item: Sendable, Answer: Sendable>(
    _ items: [Item], _ body: @escaping @Sendable (Item) async throws -> Answer
  ) async throws -> [Answer] {
    let queue = Queue(count: items.count)
    @concurrent @Sendable func work() async throws -> [(Int, Answer)] {
      var answers: [(Int, Answer)] = []
      while true {
        try Task.checkCancellation()
        guard let index = queue.next() else { return answers }
        answers.append((index, try await body(items[index])))
      }
    }
    let width = max(1, min(ProcessInfo.processInfo.activeProcessorCount, items.count))
    return try await withThrowingTaskGroup(of: [(Int, Answer)].self) { group in
      for _ in 0..<width { group.addTask { try await work() } }
      var answers: [(Int, Answer)] = []
      for try await part in group { answers += part }
      return answers.sorted { $0.0 < $1.0 }.map(\.1)
    }
  }
}
