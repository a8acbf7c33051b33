import TaskGraph

/// Attempts that earlier coordinators gave out and that are still in work: what a run finds in the hands of others.
///
/// A plan made since then may cut its tasks differently, as segments were finished meanwhile. So a task has to do with an
/// attempt when any result of the one is a result of the other: it waits for its end, then does what is left.
struct FormerAttempts {
  private(set) var attempts: [FormerAttempt]
  private var byKey: [TaskKey: [String]] = [:]

  init(_ attempts: [FormerAttempt]) {
    self.attempts = attempts
    for attempt in attempts {
      for key in attempt.keys { byKey[key, default: []].append(attempt.id) }
    }
  }

  /// One that makes something of this task, if there is any.
  func attempt(at node: TaskNode) -> String? {
    guard !attempts.isEmpty else { return nil }
    for key in node.commits + [node.key] {
      if let id = byKey[key]?.first { return id }
    }
    return nil
  }

  /// Keys of the results that an attempt may publish.
  func keys(of id: String) -> [TaskKey] { attempts.first { $0.id == id }?.keys ?? [] }

  /// Notes that an attempt is over; nothing happens when it is none of these.
  mutating func end(_ id: String) {
    guard let index = attempts.firstIndex(where: { $0.id == id }) else { return }
    for key in attempts[index].keys { byKey[key]?.removeAll { $0 == id } }
    attempts.remove(at: index)
  }

  /// Those that no task of the plan has to do with.
  func strangers(to plan: Plan) -> Set<String> {
    var strangers = Set(attempts.map(\.id))
    for node in plan.nodes where !strangers.isEmpty {
      for key in node.commits + [node.key] { strangers.subtract(byKey[key] ?? []) }
    }
    return strangers
  }
}
