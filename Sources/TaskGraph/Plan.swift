/// Tasks that do not have a result yet, in an order in which every task follows what it depends on.
package struct Plan: Sendable {
  package private(set) var nodes: [TaskNode]
  /// For each node, the indices of the nodes that wait for it.
  package private(set) var dependants: [[Int]]
  /// For each node, how many nodes of this plan it waits for.
  package private(set) var dependencyCounts: [Int]

  /// - Throws: `PlanError` when two nodes share a key, a dependency names no node, or nodes form a cycle.
  /// - Complexity: O(nodes + edges).
  package init(_ unordered: [TaskNode]) throws(PlanError) {
    var indexByKey: [TaskKey: Int] = [:]
    indexByKey.reserveCapacity(unordered.count)
    for (index, node) in unordered.enumerated() {
      guard indexByKey.updateValue(index, forKey: node.key) == nil else {
        throw .duplicateKey(node.label)
      }
    }
    var waiting = [Int](repeating: 0, count: unordered.count)
    var followers = [[Int]](repeating: [], count: unordered.count)
    for (index, node) in unordered.enumerated() {
      for key in node.dependencies {
        guard let other = indexByKey[key] else { throw .unknownDependency(node.label) }
        followers[other].append(index)
        waiting[index] += 1
      }
    }
    var order = unordered.indices.filter { waiting[$0] == 0 }
    var remaining = waiting
    var next = 0
    while next < order.count {
      for follower in followers[order[next]] {
        remaining[follower] -= 1
        if remaining[follower] == 0 { order.append(follower) }
      }
      next += 1
    }
    guard order.count == unordered.count else {
      let stuck = remaining.firstIndex { $0 > 0 } ?? 0
      throw .cycle(unordered[stuck].label)
    }
    var place = [Int](repeating: 0, count: order.count)
    for (new, old) in order.enumerated() { place[old] = new }
    nodes = order.map { unordered[$0] }
    dependants = order.map { followers[$0].map { place[$0] } }
    dependencyCounts = order.map { waiting[$0] }
  }

  package var isEmpty: Bool { nodes.isEmpty }
}

/// A plan that contradicts itself: always a fault of the planner, never of the user.
package enum PlanError: Error, CustomStringConvertible {
  case duplicateKey(String)
  case unknownDependency(String)
  case cycle(String)

  package var description: String {
    switch self {
    case .duplicateKey(let label): "the plan holds \(label) twice"
    case .unknownDependency(let label): "\(label) waits for a task that is not in the plan"
    case .cycle(let label): "\(label) waits for itself"
    }
  }
}
