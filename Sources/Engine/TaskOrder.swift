import Ledger
import TaskGraph

/// The order in which ready tasks start: a rank for each task, 0 first.
///
/// First the user's weight, which a task inherits from what waits for it: what an urgent deliverable needs is urgent.
/// Then the longest way to the end of the plan in seconds, by the recorded durations of each kind of task. Then plan
/// order.
struct TaskOrder: Sendable {
  private(set) var ranks: [Int]
  /// The tasks by rank.
  private(set) var tasks: [Int]
  /// The user's weight of each task, with what it inherits.
  let weights: [Int]

  /// Seconds per frame where no kind has a record.
  private static let unknownSecondsPerFrame = 0.1

  /// - Complexity: O(n log n + edges).
  init(_ plan: Plan, timings: [String: TimingEstimate]) {
    var path = Self.seconds(of: plan, timings)
    var weight = plan.nodes.map(\.weight)
    for index in plan.nodes.indices.reversed() {
      var longest = 0.0
      for follower in plan.dependants[index] {
        longest = max(longest, path[follower])
        weight[index] = max(weight[index], weight[follower])
      }
      path[index] += longest
    }
    tasks = plan.nodes.indices.sorted { one, other in
      if weight[one] != weight[other] { return weight[one] > weight[other] }
      return path[one] == path[other] ? one < other : path[one] > path[other]
    }
    weights = weight
    ranks = [Int](repeating: 0, count: tasks.count)
    for (rank, index) in tasks.enumerated() { ranks[index] = rank }
  }

  /// How long each task takes, as far as the record tells.
  ///
  /// A task of a kind without a record that makes frames takes as long as theirs do on average. One that makes none, a
  /// mix or a measurement, may take any time on one core, so it counts as long as all the others together: it starts
  /// first and runs beside the renders, never after them.
  private static func seconds(of plan: Plan, _ timings: [String: TimingEstimate]) -> [Double] {
    let perFrame = timings.values.compactMap(\.secondsPerFrame)
    let usual =
      perFrame.isEmpty ? unknownSecondsPerFrame : perFrame.reduce(0, +) / Double(perFrame.count)
    var total = 0.0
    var seconds = plan.nodes.map { node -> Double in
      let timing = timings[node.kind]
      let known =
        node.frames > 0
        ? Double(node.frames) * (timing?.secondsPerFrame ?? usual) : timing?.secondsPerTask ?? .nan
      if !known.isNaN { total += known }
      return known
    }
    for index in seconds.indices where seconds[index].isNaN { seconds[index] = max(1, total) }
    return seconds
  }
}
