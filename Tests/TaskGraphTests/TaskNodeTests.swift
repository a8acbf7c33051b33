import Digests
import TaskGraph
import Testing

@Suite struct TaskNodeTests {
  @Test func `a task runs in a worker and makes no frames unless it says so`() {
    let node = TaskNode(
      key: Digest.sha256([1]), kind: "mix", version: 3, stage: "mix", label: "mix of 4 events",
      payload: [1, 2],
      reason: "new")
    #expect(node.place == .worker)
    #expect(node.frames == 0)
    #expect(node.commits.isEmpty && node.dependencies.isEmpty)
  }
}
