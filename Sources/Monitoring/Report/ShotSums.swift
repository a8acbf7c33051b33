import Engine
package import TaskGraph

/// What the shots of a run took so far. A task that shows several counts for each by its share of the frames.
package struct ShotSums: Sendable {
  package struct Shot: Encodable, Sendable {
    package var shot: String
    /// Tasks that show it.
    package var tasks = 0
    package var tasksDone = 0
    package var workerSeconds = 0.0
    package var cpuSeconds = 0.0
    /// In whole currency; missing without a rate.
    package var cost: Double?
  }

  /// The dearest first.
  package var shots: [Shot]
  /// Of work that is about no shot: sound, titles, checks, assembling.
  package var otherCPUSeconds: Double

  /// - Parameter rate: instead of the one on record.
  /// - Complexity: O(tasks + attempts).
  package init(_ history: RunHistory, rate: CostRate? = nil) {
    let rate = rate ?? history.heading?.cost
    var shots: [Shot] = []
    var indices: [String: Int] = [:]
    // Places in `shots`, with the part of the task, 0…1.
    let parts = history.tasks.map { task -> [(shot: Int, part: Double)] in
      let frames = task.shots.reduce(0) { $0 + $1.frames }
      return task.shots.map { share in
        let index = indices[share.shot] ?? shots.count
        if index == shots.count {
          indices[share.shot] = index
          shots.append(Shot(shot: share.shot))
        }
        shots[index].tasks += 1
        if task.isDone { shots[index].tasksDone += 1 }
        return (index, Double(share.frames) / Double(max(1, frames)))
      }
    }
    otherCPUSeconds = 0
    for span in history.spans {
      if parts[span.task].isEmpty { otherCPUSeconds += span.cpuSeconds }
      for (index, part) in parts[span.task] {
        shots[index].cpuSeconds += part * span.cpuSeconds
        if span.worker > 0 { shots[index].workerSeconds += part * (history.end(of: span) - span.began) }
      }
    }
    if let rate {
      for index in shots.indices {
        shots[index].cost = rate.cost(
          cpuSeconds: shots[index].cpuSeconds, workerSeconds: shots[index].workerSeconds)
      }
    }
    self.shots = shots.sorted { ($1.cpuSeconds, $0.shot) < ($0.cpuSeconds, $1.shot) }
  }
}

/// How much of a task is about one shot.
package struct ShotShare: Hashable, Sendable {
  package var shot: String
  /// At least 1.
  package var frames: Int

  package init(shot: String, frames: Int) { (self.shot, self.frames) = (shot, max(1, frames)) }

  private static let prefix = "shot "

  /// The shot of a subject such as `shot CITY_040`; nil for another subject.
  static func shot(of subject: String?) -> String? {
    guard let subject, subject.hasPrefix(prefix), subject.count > prefix.count else { return nil }
    return String(subject.dropFirst(prefix.count))
  }

  /// From the frames that a task says it is made from: names and places in turn, the places as `8–43`, `43–8`,
  /// `325 held 36` or `7`.
  init(shot: String, facts: [String]) {
    let places = stride(from: 1, to: facts.count, by: 2).filter { facts[$0 - 1] != "segments" }
    self.init(shot: shot, frames: places.reduce(0) { $0 + Self.count(facts[$1]) })
  }

  private static func count(_ place: String) -> Int {
    if let held = place.split(separator: " ").last, place.contains(" held ") {
      return min(1 << 40, Int(held) ?? 1)
    }
    let ends = place.split(separator: "–").map { Int($0) }
    // A damaged file may name any number.
    guard ends.count == 2, let first = ends[0], let last = ends[1], first.magnitude < 1 << 40,
      last.magnitude < 1 << 40
    else { return 1 }
    return abs(last - first) + 1
  }
}
