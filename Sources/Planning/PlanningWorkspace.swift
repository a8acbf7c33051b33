package import Diagnostics
package import Digests
package import Editorial
package import ImageGraph
import MediaTime
package import TaskGraph
package import TaskKinds

/// A media file of the roots, or numbered stills: where it is and what the probe found.
package struct ProbedFile: Sendable {
  /// Of numbered stills the first.
  package var location: MediaLocation
  package var sequence: StillSequence?
  /// The frames of numbered stills that are media of the cut.
  package var run: StillRun?
  /// The `ExternalTask` that makes the pictures; its facts are declared, and nothing is there yet.
  package var maker: TaskKey?
  package var facts: MediaFacts
  package var identity: Digest

  package init(
    location: MediaLocation, facts: MediaFacts, identity: Digest, sequence: StillSequence? = nil,
    maker: TaskKey? = nil, run: StillRun? = nil
  ) {
    self.location = location
    self.sequence = sequence
    self.run = run
    self.maker = maker
    self.facts = facts
    self.identity = identity
  }
}

/// Files of a programme by identity; of several files with one content the first.
struct MediaFiles {
  fileprivate let files: [ProbedFile]
  fileprivate let indices: [Digest: Int]

  subscript(identity: Digest) -> ProbedFile? { indices[identity].map { files[$0] } }
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
  /// Gates that are closed before it.
  package var waitsFor: [String] = []
  /// The last day for it, `2026-12-24`.
  package var due: String?
  /// Nil where it is not graded.
  package var grades: [PlannedGrade]?
}

/// The state that stages rewrite one after the other: pictures and sound on the way, tasks so far.
package struct PlanningWorkspace {
  package let pipeline: Pipeline
  package let timeline: Timeline
  package let conform: Conform
  /// Those of the media folders, which the conform's indices count, and behind them what stages have found.
  package var files: [ProbedFile]
  package let tools: ToolIdentity
  package let library: any PlanningLibrary
  /// What people call what keys know by digest, for explanations.
  package let names = KeyNames()

  package var pictures: [String: PictureSequence] = [:]
  package var soundEdits: [String: SoundEdit] = [:]
  /// The mix each sound stage makes.
  package var mixes: [String: PlannedMix] = [:]

  /// What each gate says.
  package var gates: [String: GateState] = [:]
  /// Tasks of stages whose gates are closed: they are known, and wait.
  package var held: [TaskNode] = []

  /// Runs of programs whose pictures stages downstream take, by key: planned when a task needs their pictures.
  var externals: [TaskKey: PlannedExternal] = [:]
  var externalOfIdentity: [Digest: TaskKey] = [:]
  /// The tasks of this plan that make segments, by segment.
  var makers: [TaskKey: TaskKey] = [:]
  /// Names of the wanted stages that others take something from.
  var consumed: Set<String> = []

  package var nodes: [TaskNode] = []
  package var plannedKeys: Set<TaskKey> = []
  /// Whether the conformed cut and its report become an asset.
  let publishesConform: Bool
  /// Makes the page of the conform report.
  package var conformPage: TaskKey?
  /// Tasks whose answers the plan depends on and that have not run: with any of these the rest is no plan yet.
  package var questions: [TaskNode] = []
  /// Bytes that tasks refer to by digest: put into the store before anything runs.
  package var objects: [Digest: [UInt8]] = [:]
  package var deliverables: [DeliverablePlan] = []
  /// What each deliverable shows.
  var delivered: [DeliveredPicture] = []
  /// Everything that is to be visible when the plan is done, whether it has to be published or is there already.
  package var publishes: [PublishTask.Input] = []
  package var diagnostics: [Diagnostic] = []
  /// The grade of each stage that has one.
  var grades: [String: PlannedGrade] = [:]
  /// The space of the pictures of stages that change it.
  var colourSpaces: [String: String] = [:]
  /// The list of the config's files, once it is an object.
  var configFiles: Digest?
  /// Compiled colours, by the key of their task.
  var colours: [TaskKey: CompileColourTask.Output] = [:]
  /// How each stage's colours are computed.
  var colourPlans: [String: ColourPlan] = [:]
  /// The stills that stages have of shots, by stage and place in the cut.
  var stills: [String: [PictureSpan.Shot.Place: PlannedStill]] = [:]
  /// The comparison of the conform with the offline.
  package var offline: OfflineProof?
  /// Frames known or planned, by encoding and chain.
  var frames: [Digest: [Digest: FrameIndex]] = [:]
  /// Frames of deliverables that others show, by the identity of their chain.
  var stored: [Digest: StoredChain] = [:]
  /// The render tasks of this plan, by key.
  var renders: [TaskKey: RenderTask.Input] = [:]
  /// Groups of pictures that tasks of this plan make.
  var groups: Set<TaskKey> = []

  /// Every result the plan rests on, made by it or found; with repeats, in no order.
  package var footprint: [TaskKey] = []

  var videos: [Digest: VideoFacts] = [:]
  var filesOfIdentity: [Digest: Int] = [:]
  /// The file of a frame of numbered stills, by the frame's identity.
  var stillsOfIdentity: [Digest: MediaLocation] = [:]
  /// How many of `files` are in these three.
  var indexedFiles = 0

  /// The facts of every picture file, by identity.
  mutating func videosByIdentity() -> [Digest: VideoFacts] {
    indexFiles()
    return videos
  }

  /// The files by identity.
  mutating func mediaFiles() -> MediaFiles {
    indexFiles()
    return MediaFiles(files: files, indices: filesOfIdentity)
  }

  mutating func indexFiles() {
    for index in indexedFiles..<files.count {
      videos[files[index].identity] = files[index].facts.video
      if filesOfIdentity[files[index].identity] == nil { filesOfIdentity[files[index].identity] = index }
      for frame in (files[index].run?.frames ?? []).lazy.compactMap({ $0 })
      where filesOfIdentity[frame.identity] == nil {
        videos[frame.identity] = files[index].facts.video
        filesOfIdentity[frame.identity] = index
        stillsOfIdentity[frame.identity] = frame.location
      }
    }
    indexedFiles = files.count
  }

  /// Adds a task unless its result exists or another stage has asked for the same.
  mutating func add(_ node: TaskNode) throws {
    footprint.append(node.key)
    guard !plannedKeys.contains(node.key) else { return }
    // A render is planned for segments that are missing: an old result of its own says nothing about them.
    if node.place == .worker, node.commits.isEmpty, try library.hasResult(node.key) { return }
    try insert(node)
  }

  /// Adds a worker's task, which is described only if it has to run: most have run before.
  mutating func add(
    unlessMade key: TaskKey, _ describe: (inout PlanningWorkspace) throws -> TaskNode
  ) throws {
    footprint.append(key)
    guard !plannedKeys.contains(key), try !library.hasResult(key) else { return }
    try insert(try describe(&self))
  }

  private mutating func insert(_ node: TaskNode) throws {
    var node = node
    node.dependencies = try node.dependencies.filter { key in
      guard let external = externals[key] else { return true }
      try external.demand(in: &self)
      return plannedKeys.contains(key)
    }
    plannedKeys.insert(node.key)
    for segment in node.commits { makers[segment] = node.key }
    nodes.append(node)
  }

  /// The answer of a task that the plan depends on, such as the size of typeset text; nil when it has to run first,
  /// and then planning starts again. Until then plan on as if the answer were empty.
  ///
  /// - Parameter describe: makes the task, if it has to run.
  mutating func answer<Output: Codable & Sendable>(
    of key: TaskKey, as type: Output.Type, _ describe: () throws -> TaskNode
  ) throws -> Output? {
    footprint.append(key)
    if let output = try library.output(of: key, as: type) { return output }
    if !questions.contains(where: { $0.key == key }) { questions.append(try describe()) }
    return nil
  }

  mutating func answer<Output: Codable & Sendable>(to node: TaskNode, as type: Output.Type) throws -> Output?
  {
    try answer(of: node.key, as: type) { node }
  }

  /// Plans a version, unless one with exactly these files is published.
  ///
  /// - Parameter recipe: says what every frame is made of; encoded only for a version that is to be published, and no
  ///   part of what a version is.
  /// - Returns: the name of the version that is there already.
  mutating func publish(
    _ input: PublishTask.Input, reason: String, recipe: (PlanningWorkspace) throws -> [UInt8]? = { _ in nil }
  ) throws -> String? {
    var input = input
    if let version = try library.publishedVersion(input) {
      publishes.append(input)
      return version
    }
    if let recipe = try recipe(self) { input.recipe = object(recipe) }
    try plan(publishing: input, reason: reason)
    return nil
  }

  private mutating func plan(publishing input: PublishTask.Input, reason: String) throws {
    publishes.append(input)
    for key in input.results { try externals[key]?.demand(in: &self) }
    let waits = plannedDependencies([input.assembly].compactMap { $0 } + input.results)
    try add(
      TaskNode(
        key: PublishTask.key(input), kind: PublishTask.identifier, version: PublishTask.version,
        stage: input.stage,
        label: "publish \(input.name)", dependencies: waits, payload: try JSONBytes.encode(input),
        place: .coordinator, reason: reason, subject: input.name,
        ingredients: PublishTask.ingredients(input)))
  }

  /// Of the frames that are known, those that tasks of this plan make.
  var plannedFrames: [Digest: [Digest: [KnownFrames]]] {
    guard !makers.isEmpty else { return [:] }
    return frames.compactMapValues { chains in
      let planned = chains.compactMapValues { index in
        let made = index.known.filter { makers[$0.segment].map(plannedKeys.contains) == true }
        return made.isEmpty ? nil : made
      }
      return planned.isEmpty ? nil : planned
    }
  }

  /// Plans a stage, and holds back what it adds while one of its gates is closed.
  mutating func plan(_ stage: any Stage) throws(DiagnosticList) {
    let closed = gates(before: stage.declaration).filter { gates[$0]?.isOpen != true }
    let before = (nodes: nodes.count, deliverables: deliverables.count)
    try stage.plan(in: &self)
    for index in nodes.indices.dropFirst(before.nodes) {
      // A program of an earlier stage is planned when its pictures are needed.
      let owner = pipeline.stage(named: nodes[index].stage) ?? stage
      nodes[index].weight = owner.declaration.priority
      guard nodes[index].place == .worker,
        !(owner is ExternalStage) || nodes[index].kind == ExternalTask.identifier
      else { continue }
      nodes[index].needs.tokens.merge(owner.declaration.tokens) { max($0, $1) }
    }
    guard !closed.isEmpty else { return }
    held += nodes[before.nodes...]
    for node in nodes[before.nodes...] { plannedKeys.remove(node.key) }
    nodes.removeSubrange(before.nodes...)
    for index in deliverables.indices.dropFirst(before.deliverables) where deliverables[index].version == nil
    {
      deliverables[index].waitsFor = closed
    }
  }

  /// Lets deliverables that show the same sources be made in one pass.
  mutating func fuseRenders() throws {
    let (fused, replaced) = try RenderFusion.fused(nodes, inputs: renders, names: names)
    nodes = fused
    guard !replaced.isEmpty else { return }
    footprint = footprint.map { replaced[$0] ?? $0 }
    for index in held.indices {
      held[index].dependencies = held[index].dependencies.map { replaced[$0] ?? $0 }
    }
  }

  /// Those of a stage, and of a deliverable whose frames it shows or measures.
  private func gates(before stage: StageDeclaration) -> [String] {
    guard let source = stage.wires["frames-of"] ?? stage.wires["of"],
      let other = pipeline.stage(named: source)
    else {
      return stage.gates
    }
    return stage.gates + gates(before: other.declaration).filter { !stage.gates.contains($0) }
  }

  /// The media behind the sources of nodes, by identity: what a task needs to read them.
  mutating func media(of nodes: [ImageNode]) -> [String: RenderTask.Media] {
    indexFiles()
    var media: [String: RenderTask.Media] = [:]
    for source in Set(nodes.flatMap(\.sources).map(\.media)) {
      if let chain = stored[source] {
        media[source.hex] = chain.media
      } else if let index = filesOfIdentity[source] {
        media[source.hex] = RenderTask.Media(
          location: stillsOfIdentity[source] ?? files[index].location,
          sequence: stillsOfIdentity[source].map(StillSequence.init) ?? files[index].sequence,
          maker: files[index].maker,
          sampleAspect: files[index].facts.video?.sampleAspect ?? .one)
      }
    }
    return media
  }

  /// The runs of programs that make sources of nodes: what a task that reads them waits for.
  func externals(behind nodes: [ImageNode]) -> [TaskKey] {
    guard !externals.isEmpty else { return [] }
    var seen: Set<TaskKey> = []
    return nodes.flatMap(\.sources).compactMap { externalOfIdentity[$0.media] }
      .filter { seen.insert($0).inserted }
  }

  /// The pictures a stage is made from, by the stages that make them.
  func picturesBehind(_ stage: StageDeclaration) -> [String: PictureSequence] {
    var found: [String: PictureSequence] = [:]
    var waiting = [stage]
    while let stage = waiting.popLast() {
      for source in stage.wires.values.sorted() where found[source] == nil {
        if source == stage.wires["frames-of"], let next = pipeline.stage(named: source) {
          waiting.append(next.declaration)
        }
        guard let picture = pictures[source] else { continue }
        found[source] = picture
        if let next = pipeline.stage(named: source) { waiting.append(next.declaration) }
      }
    }
    return found
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

/// What shows a shot before and after a stage.
package struct PlannedStill: Hashable, Sendable {
  /// The `StillTask` that makes it.
  package var key: TaskKey
  /// In the name of the published page of scopes; nil where there is none.
  package var scopes: String?
}

/// Everything a programme needs done now, and what it is made of.
package struct ProgrammePlan: Sendable {
  /// Tasks that must run before there is a plan; everything else is provisional while there are any.
  package var questions: [TaskNode]
  package var plan: Plan
  /// Probes and questions that were answered on the way to this plan.
  package var prepared: [TaskNode] = []
  /// Tasks behind closed gates, in no order.
  package var held: [TaskNode]
  /// The gates in the order of the pipeline.
  package var gates: [GateState]
  package var objects: [Digest: [UInt8]]
  /// Every result the plan rests on, made by it or found; with repeats, in no order.
  package var footprint: [TaskKey]
  /// The frames that its tasks make and that can be used one by one, by encoding and chain.
  package var plannedFrames: [Digest: [Digest: [KnownFrames]]] = [:]
  /// Whether anything had to be found out before there was a plan.
  package var hasAsked = false
  package var deliverables: [DeliverablePlan]
  /// Deliverables that differ in their text only, and where.
  package var textlessPairs: [TextlessPair] = []
  package var publishes: [PublishTask.Input]
  package var conform: Conform
  /// The task that makes the page of the conform report; nil without an editing stage.
  package var conformPage: TaskKey?
  /// Of that conform with the offline; nil without one, and while there are questions.
  package var offline: OfflineProof?
  /// The media that the conform's indices count.
  package var media: [MediaItem]
  package var diagnostics: [Diagnostic]
  /// How colours are computed, by stages that ask for it.
  package var colours: [ColourPlan] = []
  /// What the stages make of the cut, and what deliverables show of it.
  package var pictures: [String: PictureSequence] = [:]
  package var delivered: [DeliveredPicture] = []
  package var stills: [String: [PictureSpan.Shot.Place: PlannedStill]] = [:]

  /// Whether everything that the pipeline asks for is there.
  package var hasNothingToDo: Bool { questions.isEmpty && plan.isEmpty && held.isEmpty }
}
