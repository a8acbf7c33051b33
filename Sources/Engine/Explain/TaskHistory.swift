import TaskGraph

/// What earlier runs made their tasks from, as far as the tasks of one plan need it.
///
/// A thing is found again by stage, kind, subject and group, not by its key: keys are what changed. Of each group
/// the values of the latest run that had it count.
package struct TaskHistory: Sendable {
  /// Tasks that follow each other from run to run.
  struct Line: Hashable {
    var stage: String
    var kind: String
    var subject: String?

    init(_ task: PlanRecord.Entry) {
      stage = task.stage
      kind = task.kind
      subject = task.subject
    }
  }

  struct GroupName: Hashable {
    var group: String?
    var about: String?

    init(_ group: PlanRecord.Group) {
      // What stands alone is known by its own name.
      self.group = group.group ?? group.facts.first
      about = group.about
    }
  }

  /// The values of one group, which may be several in one run, and the run.
  struct Known {
    var run: String
    var values: [PlanRecord.Group]
  }

  /// What a line was made from before.
  struct Past {
    var groups: [GroupName: Known] = [:]
    /// Everything that its groups were about.
    var about: Set<String> = []
    /// Frames that were asked for, in any run: by shot and file, as ranges in words.
    var frames: [GroupName: Set<String>] = [:]
    var run: String
  }

  /// An attempt at the same key, or at a result published on the way to it.
  struct Earlier {
    var run: String
    var task: TaskKey
  }

  private(set) var past: [Line: Past] = [:]
  private(set) var earlier: [TaskKey: Earlier] = [:]
  private let wantedLines: Set<Line>
  private let wantedKeys: Set<TaskKey>

  /// - Parameter plan: whose tasks are to be explained.
  package init(for plan: PlanRecord) {
    wantedLines = Set(plan.tasks.map(Line.init))
    wantedKeys = Set(plan.tasks.flatMap { [$0.key] + ($0.commits ?? []) })
  }

  /// Takes in a run; the latest comes first.
  package mutating func add(_ record: PlanRecord) {
    var present: [Line: [GroupName: [PlanRecord.Group]]] = [:]
    for task in record.tasks {
      for key in [task.key] + (task.commits ?? []) where wantedKeys.contains(key) && earlier[key] == nil {
        earlier[key] = Earlier(run: record.run, task: task.key)
      }
      let line = Line(task)
      guard wantedLines.contains(line) else { continue }
      for group in record.groups(of: task) {
        present[line, default: [:]][GroupName(group), default: []].append(group)
      }
    }
    for (line, groups) in present {
      var known = past[line] ?? Past(run: record.run)
      for (name, values) in groups {
        if let about = name.about { known.about.insert(about) }
        if name.group == Ingredient.frames {
          known.frames[name, default: []].formUnion(
            values.flatMap { $0.pairs.map { "\($0.name) \($0.value)" } })
        } else if known.groups[name] == nil {
          var seen: Set<PlanRecord.Group> = []
          known.groups[name] = Known(run: record.run, values: values.filter { seen.insert($0).inserted })
        }
      }
      past[line] = known
    }
  }

  /// Takes in every run of a programme before another, the latest first.
  ///
  /// - Parameters:
  ///   - before: name of a run; nil takes all.
  ///   - command: whose runs do not count.
  package mutating func add(
    _ archive: RunArchive, programme: String?, before: String? = nil, without command: String? = nil
  ) throws {
    for name in try archive.names().reversed().prefix(Self.mostRuns) where before.map({ name < $0 }) ?? true {
      guard let record = try archive.plan(of: name), record.purpose?.programme == programme,
        command == nil || record.purpose?.command != command
      else { continue }
      add(record)
    }
  }

  /// Runs that are looked at: what was not made in so many is as good as new.
  private static let mostRuns = 500
}
