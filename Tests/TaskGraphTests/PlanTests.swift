import Digests
import TaskGraph
import TestSupport
import Testing

private func key(_ number: Int) -> TaskKey { Digest.sha256(Array("task \(number)".utf8)) }

private func node(_ number: Int, after dependencies: [Int] = []) -> TaskNode {
  TaskNode(
    key: key(number), kind: "test", version: 1, stage: "stage", label: "task \(number)",
    dependencies: dependencies.map(key), payload: [], reason: "a test asks for it")
}

@Suite struct PlanTests {
  private func labels(_ plan: Plan) -> [String] { plan.nodes.map(\.label) }

  private func failure(_ nodes: [TaskNode]) -> String {
    do {
      _ = try Plan(nodes)
      return "no error"
    } catch {
      return error.description
    }
  }

  @Test func `an empty plan is nothing to do`() throws {
    let plan = try Plan([])
    #expect(plan.isEmpty)
    #expect(plan.nodes.isEmpty && plan.dependants.isEmpty && plan.dependencyCounts.isEmpty)
  }

  @Test func `tasks come after what they wait for, otherwise in the order given`() throws {
    let plan = try Plan([node(1, after: [3]), node(2), node(3), node(4, after: [1, 2])])
    #expect(!plan.isEmpty)
    #expect(labels(plan) == ["task 2", "task 3", "task 1", "task 4"])
    #expect(plan.dependencyCounts == [0, 0, 1, 2])
    #expect(plan.dependants == [[3], [2], [3], []])
  }

  @Test(arguments: UInt64(1)...60) func `every plan is a topological order with counts that fit`(seed: UInt64)
    throws
  {
    var random = SplitMix64(seed: seed)
    let count = Int.random(in: 1...60, using: &random)
    let ranks = Array(0..<count).shuffled(using: &random)
    let nodes = (0..<count).map { number in
      let earlier = (0..<count).filter { ranks[$0] < ranks[number] }
      return node(number, after: earlier.filter { _ in Int.random(in: 0..<6, using: &random) == 0 })
    }
    let plan = try Plan(nodes)
    #expect(Set(plan.nodes.map(\.key)) == Set(nodes.map(\.key)))
    #expect(plan.nodes.count == count)
    var place: [TaskKey: Int] = [:]
    for (index, node) in plan.nodes.enumerated() { place[node.key] = index }
    var followers = [[Int]](repeating: [], count: count)
    for (index, node) in plan.nodes.enumerated() {
      #expect(plan.dependencyCounts[index] == node.dependencies.count)
      for dependency in node.dependencies {
        let other = try #require(place[dependency])
        #expect(other < index)
        followers[other].append(index)
      }
    }
    #expect(plan.dependants.map { $0.sorted() } == followers)
    // What an executor does: start what is ready, count down, and everything gets its turn.
    var waiting = plan.dependencyCounts
    var ready = waiting.indices.filter { waiting[$0] == 0 }
    var done = 0
    while let next = ready.popLast() {
      done += 1
      for follower in plan.dependants[next] {
        waiting[follower] -= 1
        if waiting[follower] == 0 { ready.append(follower) }
      }
    }
    #expect(done == count)
  }

  @Test func `a dependency named twice is waited for twice and freed twice`() throws {
    let plan = try Plan([node(1), node(2, after: [1, 1])])
    #expect(plan.dependencyCounts == [0, 2])
    #expect(plan.dependants == [[1, 1], []])
  }

  @Test func `a task that waits for itself is refused by name`() {
    #expect(failure([node(1), node(2, after: [2])]) == "task 2 waits for itself")
  }

  @Test func `a circle of tasks is refused, not what merely waits before it`() {
    #expect(
      failure([node(1), node(2, after: [1, 4]), node(3, after: [2]), node(4, after: [3])])
        == "task 2 waits for itself")
  }

  @Test func `two tasks of one key are refused`() {
    #expect(failure([node(1), node(2), node(1)]) == "the plan holds task 1 twice")
  }

  @Test func `a dependency outside the plan is refused`() {
    #expect(failure([node(1), node(2, after: [9])]) == "task 2 waits for a task that is not in the plan")
  }

  @Test func `ten thousand tasks in one line are ordered at once`() throws {
    let count = 10_000
    let plan = try Plan((0..<count).reversed().map { node($0, after: $0 == 0 ? [] : [$0 - 1]) })
    #expect(plan.nodes.first?.label == "task 0" && plan.nodes.last?.label == "task \(count - 1)")
  }
}
