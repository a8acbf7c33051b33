package import Digests
package import TaskGraph
package import TaskKinds

/// What planning may ask about what already exists. Answers come from the ledger and the store.
package protocol PlanningLibrary: Sendable {
  /// Known frames of an encoding, for each of these chains.
  func knownFrames(encoding: Digest, chains: [Digest]) throws -> [Digest: [KnownFrames]]
  func hasResult(_ key: TaskKey) throws -> Bool
  /// Which of many keys have results.
  func results(among keys: [TaskKey]) throws -> Set<TaskKey>
  /// What a task found out, nil when it has not run or what it made is gone.
  func output<Output: Codable & Sendable>(of key: TaskKey, as type: Output.Type) throws -> Output?
  /// The versions of a deliverable with the pictures they showed and what was decided on them, oldest first.
  func reviews(of deliverable: String, programme: String) throws -> [ReviewedVersion]
  /// The newest version with exactly the files this task would publish, e.g. `v002`; nil when there is none.
  func publishedVersion(_ publish: PublishTask.Input) throws -> String?
}

extension PlanningLibrary {
  package func results(among keys: [TaskKey]) throws -> Set<TaskKey> {
    Set(try keys.filter { try hasResult($0) })
  }
}

/// Which libraries and kernels make bytes here, as `interlock-worker identity` states them.
package struct ToolIdentity: Hashable, Codable, Sendable {
  /// Encoder and decoder libraries with their build.
  package var libraries: String
  /// Our own picture kernels.
  package var kernels: String
  /// Libraries and fonts that draw text.
  package var drawing: String
  /// The build of the library behind an encoder, for those that FFmpeg's own does not tell.
  package var encoders: [String: String]
  /// The library that knows colour spaces.
  package var colour: String

  package init(
    libraries: String, kernels: String, drawing: String = "", encoders: [String: String] = [:],
    colour: String = ""
  ) {
    self.libraries = libraries
    self.kernels = kernels
    self.drawing = drawing
    self.encoders = encoders
    self.colour = colour
  }

  /// What decides the bytes of an encoder besides its settings.
  func builtBy(_ codec: String) -> String {
    ["\(libraries); \(kernels)", encoders[codec]].compactMap { $0 }.joined(separator: "; ")
  }
}
