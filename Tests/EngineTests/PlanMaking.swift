import Digests
import TaskGraph

/// Keys and nodes for tests: `key("a")` is always the same key.
func key(_ name: String) -> TaskKey { Digest.sha256(Array(name.utf8)) }

func node(
  _ name: String, after dependencies: [String] = [], frames: Int = 0, segments: Int = 0,
  kind: String = "render",
  stage: String = "grade", place: TaskPlace = .worker, payload: String = "{}",
  needs: TaskNeeds = TaskNeeds(), weight: Int = 0
) -> TaskNode {
  TaskNode(
    key: key(name), kind: kind, version: 1, stage: stage, label: name, dependencies: dependencies.map(key),
    payload: Array(payload.utf8), frames: frames,
    commits: (0..<segments).map { key("\(name)/segment \($0)") }, place: place, reason: "test",
    needs: needs, weight: weight)
}
