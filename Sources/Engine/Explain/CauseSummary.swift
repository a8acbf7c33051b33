/// Causes of many tasks as few sentences: equal ones together, with what they are about and how much work they make.
package struct CauseSummary: Sendable {
  /// One sentence, and the tasks that it explains.
  package struct Line: Codable, Hashable, Sendable {
    package var text: String
    package var tasks: Int
    package var frames: Int
  }

  /// A cause without what it is about.
  private struct Shape: Hashable {
    var cause: Cause

    init(_ cause: Cause) {
      self.cause = cause
      self.cause.about = nil
      self.cause.since = nil
      // Ranges of frames are put together.
      if cause.kind == .frames || cause.kind == .regrouped {
        let files = Set(cause.changes.map(\.name)).sorted()
        self.cause.changes = files.map { Cause.Change(name: $0, old: nil, new: nil) }
      }
    }
  }

  private struct Bundle {
    var causes: [Cause] = []
    var tasks: Set<Int> = []
    var frames = 0
  }

  package private(set) var lines: [Line] = []

  /// Lines of one kind and group are told one by one up to here; of more only how many there are, and one of them.
  private static let mostAlike = 4

  /// - Parameter tasks: the causes of each task, and the frames it makes.
  package init(_ tasks: [(causes: [Cause], frames: Int)]) {
    var order: [Shape] = []
    var bundles: [Shape: Bundle] = [:]
    for (index, task) in tasks.enumerated() {
      for cause in task.causes {
        let shape = Shape(cause)
        if bundles[shape] == nil { order.append(shape) }
        bundles[shape, default: Bundle()].causes.append(cause)
        if bundles[shape, default: Bundle()].tasks.insert(index).inserted {
          bundles[shape, default: Bundle()].frames += task.frames
        }
      }
    }
    var alike: [String: [Shape]] = [:]
    for shape in order { alike["\(shape.cause.kind) \(shape.cause.group)", default: []].append(shape) }
    var told: Set<String> = []
    for shape in order {
      let name = "\(shape.cause.kind) \(shape.cause.group)"
      let others = alike[name] ?? []
      guard others.count > Self.mostAlike else {
        if let bundle = bundles[shape] { lines.append(Self.line(shape.cause, bundle)) }
        continue
      }
      guard told.insert(name).inserted else { continue }
      lines.append(Self.line(of: others.compactMap { bundles[$0] }, first: shape.cause))
    }
  }

  private static func line(_ shape: Cause, _ bundle: Bundle) -> Line {
    Line(text: sentence(shape, bundle.causes), tasks: bundle.tasks.count, frames: bundle.frames)
  }

  private static func line(of bundles: [Bundle], first shape: Cause) -> Line {
    let tasks = bundles.reduce(into: Set<Int>()) { $0.formUnion($1.tasks) }
    let frames = bundles.reduce(0) { $0 + $1.frames }
    let about = Set(bundles.flatMap(\.causes).compactMap(\.about))
    let example = sentence(shape, Array(bundles[0].causes.prefix(1)))
    let whole: String =
      switch shape.kind {
      case .frames, .regrouped: CauseWords.frames(bundles.flatMap(\.causes), shape.kind)
      case .changed: "\(shape.group) of \(CauseWords.counted(about)) changed, such as \(example)"
      default: "\(bundles.count) like this: \(example)"
      }
    return Line(text: whole, tasks: tasks.count, frames: frames)
  }

  private static func sentence(_ shape: Cause, _ causes: [Cause]) -> String {
    CauseWords.sentence(shape, causes)
  }
}
