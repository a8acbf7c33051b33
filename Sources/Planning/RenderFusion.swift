import Digests
import ImageGraph
import MediaTime
import TaskGraph
import TaskKinds

/// Joins render tasks of several deliverables that show the same sources, so that each picture is decoded once, and what
/// is graded alike is graded once.
///
/// The tasks of the deliverable that was planned first stay as they are cut; a task of a later one joins that of which
/// it shows the most frames, at least half of its own. Frames, segments and their keys stay what they are.
struct RenderFusion {
  /// A render task, and which frames of which sources it shows.
  private struct Render {
    var node: Int
    var input: RenderTask.Input
    var places: [PictureSource: FrameSet]

    init(node: Int, input: RenderTask.Input) {
      self.node = node
      self.input = input
      places = [:]
      for run in input.segments.flatMap(\.runs) where run.count > 0 {
        guard let chain = input.nodes[run.chain.hex],
          let first = chain.firstSource(at: run.position(at: 0)),
          let last = chain.firstSource(at: run.position(at: run.count - 1)), first.source == last.source
        else { continue }
        let (low, high) = (min(first.frame, last.frame), max(first.frame, last.frame))
        places[first.source, default: FrameSet()].insert(FrameRange(start: low, count: high - low + 1))
      }
    }

    var count: Int64 { places.values.reduce(0) { $0 + $1.count } }

    /// Source frames that another shows too.
    func shared(with other: Render) -> Int64 {
      places.reduce(0) { sum, place in
        sum + (other.places[place.key].map { place.value.count - place.value.count(outside: $0) } ?? 0)
      }
    }
  }

  /// A task that others join.
  private struct Host {
    var render: Render
    var joined: [Render] = []
  }

  private var hosts: [Host] = []
  private var hostsOfSource: [PictureSource: [Int]] = [:]

  /// - Parameters:
  ///   - nodes: of a plan; those of other kinds only have the keys of what they wait for replaced.
  ///   - inputs: of its render tasks, by key.
  static func fused(_ nodes: [TaskNode], inputs: [TaskKey: RenderTask.Input], names: KeyNames) throws -> (
    nodes: [TaskNode], replaced: [TaskKey: TaskKey]
  ) {
    guard Set(inputs.values.map(\.encodingDigest)).count > 1 else { return (nodes, [:]) }
    var fusion = RenderFusion()
    for index in nodes.indices {
      guard let input = inputs[nodes[index].key] else { continue }
      fusion.take(Render(node: index, input: input), nodes)
    }
    return try fusion.joined(nodes, names: names)
  }

  private mutating func take(_ render: Render, _ nodes: [TaskNode]) {
    let node = nodes[render.node]
    let candidates = Set(render.places.keys.flatMap { hostsOfSource[$0] ?? [] }).sorted()
    let best = candidates.filter { index in
      let other = nodes[hosts[index].render.node]
      return hosts[index].render.input.encodingDigest != render.input.encodingDigest
        && other.weight == node.weight && other.needs.tokens == node.needs.tokens
    }.map { (index: $0, shared: render.shared(with: hosts[$0].render)) }
      .max { ($0.shared, $1.index) < ($1.shared, $0.index) }
    if let best, best.shared * 2 >= render.count, best.shared > 0 {
      hosts[best.index].joined.append(render)
      return
    }
    for source in render.places.keys { hostsOfSource[source, default: []].append(hosts.count) }
    hosts.append(Host(render: render))
  }

  private func joined(_ nodes: [TaskNode], names: KeyNames) throws -> (
    nodes: [TaskNode], replaced: [TaskKey: TaskKey]
  ) {
    var result: [TaskNode?] = nodes
    var replaced: [TaskKey: TaskKey] = [:]
    for host in hosts where !host.joined.isEmpty {
      let node = try Self.node(of: host, nodes, names: names)
      result[host.render.node] = node
      replaced[nodes[host.render.node].key] = node.key
      for other in host.joined {
        result[other.node] = nil
        replaced[nodes[other.node].key] = node.key
      }
    }
    return (result.compactMap { $0.map { $0.waiting(for: replaced) } }, replaced)
  }

  private static func node(of host: Host, _ nodes: [TaskNode], names: KeyNames) throws -> TaskNode {
    let own = nodes[host.render.node]
    let others = host.joined.map { nodes[$0.node] }
    var input = host.render.input
    var lanes: [RenderTask.Lane] = []
    for other in host.joined.map(\.input) {
      input.nodes.merge(other.nodes) { first, _ in first }
      input.media.merge(other.media) { first, _ in first }
      // A lane each, also of one encoding: each goes along with the first in its own order.
      lanes.append(RenderTask.Lane(encoding: other.encoding, segments: other.segments))
    }
    input.beside = lanes
    var stages = [own.stage]
    for stage in others.map(\.stage) where !stages.contains(stage) { stages.append(stage) }
    let all = [own] + others
    let frames = all.reduce(0) { $0 + $1.frames }
    let memory = all.compactMap(\.needs.memoryBytes).reduce(0, +)
    var needs = own.needs
    needs.memoryBytes = memory
    var seen: Set<TaskKey> = []
    let waits = all.flatMap(\.dependencies).filter { seen.insert($0).inserted }
    let whole = input
    return TaskNode(
      key: RenderTask.key(whole), kind: own.kind, version: own.version, stage: own.stage,
      label: "\(own.label), for \(stages.joined(separator: " and "))", dependencies: waits,
      payload: try JSONBytes.encode(whole), frames: frames, commits: all.flatMap(\.commits),
      reason: "\(frames) frames never made before with this source, grade and encoding", needs: needs,
      weight: own.weight, subject: own.subject,
      ingredients: RenderTask.ingredients(whole, names: names))
  }
}

extension TaskNode {
  /// The same task, waiting for what has taken the place of what it waited for.
  fileprivate func waiting(for replaced: [TaskKey: TaskKey]) -> TaskNode {
    guard dependencies.contains(where: { replaced[$0] != nil }) else { return self }
    var copy = self
    var seen: Set<TaskKey> = []
    copy.dependencies = dependencies.map { replaced[$0] ?? $0 }.filter { seen.insert($0).inserted }
    return copy
  }
}
