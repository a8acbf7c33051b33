package import Diagnostics
package import Digests
package import Editorial
package import ImageGraph
import MediaTime
package import TaskGraph
package import TaskKinds

/// A media file of the roots: where it is and what the probe found.
package struct ProbedFile: Sendable {
  package var location: MediaLocation
  package var facts: MediaFacts
  package var identity: Digest

  package init(location: MediaLocation, facts: MediaFacts, identity: Digest) {
    self.location = location
    self.facts = facts
    self.identity = identity
  }
}

/// Sound of the cut as conformed: what each event of the sound tracks plays.
package struct SoundEdit: Sendable {
  package var events: [ConformedEvent]
  package var frameCount: Int64
}

/// A mix that a task makes, and the layouts it is made in.
package struct PlannedMix: Sendable {
  package var key: TaskKey
  /// `stereo`, `5.1`.
  package var layouts: [String]
}

/// What a deliverable will be made of, for `plan`, `status` and the summary of a run.
package struct DeliverablePlan: Codable, Sendable {
  package var stage: String
  package var profile: String
  /// Frames of the programme in this deliverable.
  package var frames: Int64
  /// Different pictures among them: the same source frame under the same grade counts once.
  package var distinctFrames: Int64
  /// Of the different pictures, those that exist already.
  package var reusedFrames: Int64
  /// Of the different pictures, those still to be made.
  package var newFrames: Int64
  /// The published version that is exactly this; nil when a new one will be made.
  package var version: String?
  package var publishKey: TaskKey
}

/// The state that stages rewrite one after the other: pictures and sound on the way, tasks so far.
package struct PlanningWorkspace {
  package let pipeline: Pipeline
  package let timeline: Timeline
  package let conform: Conform
  package let files: [ProbedFile]
  package let tools: ToolIdentity
  package let library: any PlanningLibrary

  package var pictures: [String: PictureSequence] = [:]
  package var soundEdits: [String: SoundEdit] = [:]
  /// The mix each sound stage makes.
  package var mixes: [String: PlannedMix] = [:]

  package var nodes: [TaskNode] = []
  package var plannedKeys: Set<TaskKey> = []
  /// Tasks whose answers the plan depends on and that have not run: with any of these the rest is no plan yet.
  package var questions: [TaskNode] = []
  /// Bytes that tasks refer to by digest: put into the store before anything runs.
  package var objects: [Digest: [UInt8]] = [:]
  package var deliverables: [DeliverablePlan] = []
  /// Everything that is to be visible when the plan is done, whether it has to be published or is there already.
  package var publishes: [PublishTask.Input] = []
  package var diagnostics: [Diagnostic] = []
  /// Frames known or planned, by encoding and chain.
  var frames: [Digest: [Digest: FrameIndex]] = [:]
  /// Groups of pictures that tasks of this plan make.
  var groups: Set<TaskKey> = []

  /// Adds a task unless its result exists or another stage has asked for the same.
  mutating func add(_ node: TaskNode) throws {
    guard !plannedKeys.contains(node.key) else { return }
    // A render is planned for segments that are missing: an old result of its own says nothing about them.
    if node.place == .worker, node.commits.isEmpty, try library.hasResult(node.key) { return }
    plannedKeys.insert(node.key)
    nodes.append(node)
  }

  /// The answer of a task that the plan depends on, such as the size of typeset text; nil when it has to run first,
  /// and then planning starts again. Until then plan on as if the answer were empty.
  mutating func answer<Output: Codable & Sendable>(to node: TaskNode, as type: Output.Type) throws -> Output?
  {
    if let output = try library.output(of: node.key, as: type) { return output }
    if !questions.contains(where: { $0.key == node.key }) { questions.append(node) }
    return nil
  }

  /// Plans a version, unless one with exactly these files is published.
  ///
  /// - Returns: the name of the version that is there already.
  mutating func publish(_ input: PublishTask.Input, reason: String) throws -> String? {
    publishes.append(input)
    if let version = try library.publishedVersion(input) { return version }
    let waits = plannedDependencies([input.assembly].compactMap { $0 } + input.results)
    try add(
      TaskNode(
        key: PublishTask.key(input), kind: PublishTask.identifier, version: PublishTask.version,
        stage: input.stage,
        label: "publish \(input.name)", dependencies: waits, payload: try JSONBytes.encode(input),
        place: .coordinator, reason: reason))
    return nil
  }

  /// Registers a document as an object of the store.
  mutating func object(_ bytes: [UInt8]) -> Digest {
    let digest = Digest.sha256(bytes)
    objects[digest] = bytes
    return digest
  }

  /// Keys among these that a task of this plan makes; the others exist already.
  func plannedDependencies(_ keys: [TaskKey]) -> [TaskKey] {
    var seen: Set<TaskKey> = []
    return keys.filter { plannedKeys.contains($0) && seen.insert($0).inserted }
  }
}

/// Everything a programme needs done now, and what it is made of.
package struct ProgrammePlan: Sendable {
  /// Tasks that must run before there is a plan; everything else is provisional while there are any.
  package var questions: [TaskNode]
  package var plan: Plan
  package var objects: [Digest: [UInt8]]
  package var deliverables: [DeliverablePlan]
  package var publishes: [PublishTask.Input]
  package var conform: Conform
  /// The media that the conform's indices count.
  package var media: [MediaItem]
  package var diagnostics: [Diagnostic]
}
