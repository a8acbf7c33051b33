import Dispatch
import Synchronization

/// Pure work on many items, on every core.
package enum ConcurrentMap {
  /// Calls `body` for every item and returns the answers in the order of the items.
  ///
  /// The items are handed out in runs, so a small body is worth while; a short list stays on the calling thread.
  package static func map<Item: Sendable, Answer: Sendable>(
    _ items: [Item], minimum: Int = 256, _ body: @Sendable (Item) -> Answer
  ) -> [Answer] {
    // More runs than cores: where one is slow, the others do the rest.
    let count = items.count / minimum
    guard count > 1 else { return items.map(body) }
    let parts = Mutex([[Answer]](repeating: [], count: count))
    DispatchQueue.concurrentPerform(iterations: count) { part in
      let answers = items[items.count * part / count..<items.count * (part + 1) / count].map(body)
      parts.withLock { $0[part] = answers }
    }
    return parts.withLock { $0.flatMap(\.self) }
  }
}
