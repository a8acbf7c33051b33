package import Digests

/// The hash of everything that decides what a task makes: kind, version, parameters and inputs.
package typealias TaskKey = Digest

/// A kind of work: the identifier and version that enter the key, and the types of its input and output.
///
/// The version rises when equal input yields different output, and only then: raising it makes everything
/// of this kind again.
package protocol TaskKind {
  static var identifier: String { get }
  static var version: Int { get }
  associatedtype Input: Codable & Sendable
  associatedtype Output: Codable & Sendable
}

/// Where a task may run: media is opened in worker processes only.
package enum TaskPlace: String, Codable, Sendable {
  case worker
  /// In the coordinator itself: work that opens no media, such as publishing a version.
  case coordinator
}

/// One task of a plan: self-contained, named by its key.
package struct TaskNode: Sendable {
  package var key: TaskKey
  package var kind: String
  package var version: Int
  /// The stage of the pipeline that asked for it.
  package var stage: String
  /// What a person calls it, e.g. `A001C003 · 48 frames`.
  package var label: String
  /// Keys of tasks of the same plan that must have committed before.
  package var dependencies: [TaskKey]
  /// The typed input as JSON, which the worker reads.
  package var payload: [UInt8]
  /// Frames this task makes: the weight of progress and of the estimate; 0 when it makes none.
  package var frames: Int
  /// Result keys published on the way, e.g. the segments of a render.
  package var commits: [TaskKey]
  package var place: TaskPlace
  /// Why this task is in the plan, in one phrase.
  package var reason: String
  /// What it occupies while it runs.
  package var needs: TaskNeeds
  /// The user's priority: of tasks that could start, the one with the greater weight goes first.
  package var weight: Int
  /// What it is about, in words that stay the same from run to run: with kind and stage they find its predecessor.
  package var subject: String
  /// What its key was made from, for explanations; made when asked for, since most plans are never explained.
  package var ingredients: [Ingredient] { makeIngredients() }
  private let makeIngredients: @Sendable () -> [Ingredient]

  package init(
    key: TaskKey, kind: String, version: Int, stage: String, label: String, dependencies: [TaskKey] = [],
    payload: [UInt8], frames: Int = 0, commits: [TaskKey] = [], place: TaskPlace = .worker, reason: String,
    needs: TaskNeeds = TaskNeeds(), weight: Int = 0, subject: String = "",
    ingredients: @autoclosure @escaping @Sendable () -> [Ingredient] = []
  ) {
    self.key = key
    self.kind = kind
    self.version = version
    self.stage = stage
    self.label = label
    self.dependencies = dependencies
    self.payload = payload
    self.frames = frames
    self.commits = commits
    self.place = place
    self.reason = reason
    self.needs = needs
    self.weight = weight
    self.subject = subject
    makeIngredients = ingredients
  }
}
