import Digests
import TaskGraph

extension TaskHistory {
  /// Why each task of a plan is in it, in the order of the tasks; every task has a cause.
  ///
  /// - Parameter log: what became of an earlier run.
  package func causes(of plan: PlanRecord, log: (String) throws -> RunLog) rethrows -> [[Cause]] {
    let planned = Set(plan.tasks.map(\.key.hex))
    var logs: [String: RunLog] = [:]
    return try plan.tasks.map { task in
      if let earlier = repeated(task) {
        let found = try logs[earlier.run] ?? log(earlier.run)
        logs[earlier.run] = found
        return [Self.cause(of: earlier, found.tasks[earlier.task])]
      }
      return differences(of: task, in: plan, planned: planned)
    }
  }

  /// The earlier attempt at exactly this; of a render it holds all that this one is to publish.
  private func repeated(_ task: PlanRecord.Entry) -> Earlier? {
    if let commits = task.commits {
      let found = commits.compactMap { earlier[$0] }
      return found.count == commits.count ? found.first : nil
    }
    return earlier[task.key]
  }

  private static func cause(of earlier: Earlier, _ task: RunLog.Task?) -> Cause {
    switch task?.ending {
    case .done: return Cause(.gone, since: earlier.run)
    case .failed:
      let message = Cause.Change(name: "", old: nil, new: task?.message ?? "without a word")
      return Cause(.failed, changes: [message], since: earlier.run)
    case .blocked, .undone, nil: return Cause(.unfinished, since: earlier.run)
    }
  }

  // MARK: Differences

  private func differences(
    of task: PlanRecord.Entry, in plan: PlanRecord, planned: Set<String>
  ) -> [Cause] {
    let inputs = inputs(of: task, in: plan)
    guard let past = past[Line(task)] else { return [Cause(.first)] + inputs }
    let groups = plan.groups(of: task)
    var causes: [Cause] = []
    // Told only where nothing else is: the shot says which file it takes.
    var weak: [Cause] = []
    for group in groups where group.group != Ingredient.frames {
      let name = GroupName(group)
      if let about = group.about, !past.about.contains(about) {
        causes.append(Cause(.new, about: about, since: past.run))
      } else if let known = past.groups[name] {
        guard let change = Self.change(of: group, from: known) else { continue }
        // Digests and keys of what is made again say no more than that it is.
        let isTold = change.changes.allSatisfy {
          $0.name == Ingredient.digest || planned.contains($0.new ?? "")
        }
        if inputs.isEmpty || !isTold { causes.append(change) }
      } else {
        let changes = group.pairs.filter { $0.name != Ingredient.digest && !planned.contains($0.value) }
          .map { Cause.Change(name: $0.name, old: nil, new: $0.value) }
        let added = Cause(
          .added, group: group.group ?? changes.first?.name ?? "", about: group.about, changes: changes,
          origin: group.origin, since: past.run)
        if group.about == nil || changes.isEmpty { weak.append(added) } else { causes.append(added) }
      }
    }
    causes += inputs
    if causes.isEmpty { causes = Self.frames(groups, past) }
    if causes.isEmpty { causes = removed(groups, past) + weak }
    if causes.isEmpty { causes = [Cause(.unknown, since: past.run)] }
    var seen: Set<Cause> = []
    return causes.filter { seen.insert($0).inserted }
  }

  /// How a group differs from what it was; nil where some task had exactly these values.
  private static func change(of group: PlanRecord.Group, from known: Known) -> Cause? {
    guard !known.values.contains(where: { $0.facts == group.facts }) else { return nil }
    func shared(_ other: PlanRecord.Group) -> Int {
      let values = Set(other.pairs.map { "\($0.name) \($0.value)" })
      return group.pairs.count { values.contains("\($0.name) \($0.value)") }
    }
    guard let nearest = known.values.max(by: { shared($0) < shared($1) }) else { return nil }
    let old = Dictionary(nearest.pairs.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
    let new = Dictionary(group.pairs.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
    var names: [String] = []
    for pair in group.pairs + nearest.pairs where !names.contains(pair.name) { names.append(pair.name) }
    let changes = names.filter { old[$0] != new[$0] }
      .map { Cause.Change(name: $0, old: old[$0], new: new[$0]) }
    let named = changes.filter { $0.name != Ingredient.digest }
    return Cause(
      .changed, group: group.group ?? "", about: group.about, changes: named.isEmpty ? changes : named,
      origin: group.origin, oldOrigin: nearest.origin, since: known.run)
  }

  /// Tasks of the same plan that it waits for, by kind and stage.
  private func inputs(of task: PlanRecord.Entry, in plan: PlanRecord) -> [Cause] {
    var order: [Line] = []
    var found: [Line: [PlanRecord.Entry]] = [:]
    for index in task.after ?? [] where plan.tasks.indices.contains(index) {
      var line = Line(plan.tasks[index])
      line.subject = nil
      if found[line] == nil { order.append(line) }
      found[line, default: []].append(plan.tasks[index])
    }
    return order.map { line in
      let tasks = found[line] ?? []
      let frames = tasks.reduce(0) { $0 + ($1.frames ?? 0) }
      let words =
        tasks.count == 1
        ? tasks[0].label : "\(tasks.count) \(line.kind) tasks" + (frames > 0 ? ", \(frames) frames" : "")
      return Cause(.input, group: line.kind, changes: [Cause.Change(name: "", old: nil, new: words)])
    }
  }

  /// Frames that nobody asked for before, by shot; the same frames in other groups where all are known.
  private static func frames(_ groups: [PlanRecord.Group], _ past: Past) -> [Cause] {
    groups.filter { $0.group == Ingredient.frames && $0.about != nil }.map { group in
      let known = FrameWords.ranges(past.frames[GroupName(group)] ?? [])
      let isKnown = group.pairs.allSatisfy { pair in
        let wanted = FrameWords.ranges(["\(pair.name) \(pair.value)"])
        return wanted.allSatisfy { file, ranges in
          ranges.allSatisfy { range in (known[file] ?? []).contains { $0.contains(range) } }
        }
      }
      let changes = group.pairs.map { Cause.Change(name: $0.name, old: nil, new: $0.value) }
      return Cause(
        isKnown ? .regrouped : .frames, group: Ingredient.frames, about: group.about, changes: changes,
        since: past.run)
    }
  }

  /// Groups that the things it is about had and have no more.
  private func removed(_ groups: [PlanRecord.Group], _ past: Past) -> [Cause] {
    let about = Set(groups.compactMap(\.about))
    let present = Set(groups.map(GroupName.init))
    return past.groups.filter { name, _ in
      guard let subject = name.about else { return false }
      return about.contains(subject) && !present.contains(name)
    }.map { name, known in
      Cause(.removed, group: name.group ?? "", about: name.about, since: known.run)
    }.sorted { ($0.about ?? "", $0.group) < ($1.about ?? "", $1.group) }
  }
}
