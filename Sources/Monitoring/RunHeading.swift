package import Engine
import FoundationEssentials
import ObjectStore
package import TaskGraph

/// `runs/<ulid>/heading.json`: what a run is about, written by the command that starts it.
///
/// The engine knows tasks; what they are for, what is reused and what computing costs is known before, and a report
/// of a past run wants it.
package struct RunHeading: Codable, Sendable, Hashable {
  /// One thing the pipeline delivers, in frames.
  package struct Deliverable: Codable, Sendable, Hashable {
    package var stage: String
    package var profile: String
    /// Length.
    package var frames: Int64
    /// Frames of it that differ from each other; the others repeat one of them.
    package var distinctFrames: Int64
    /// Of the different ones, those that existed before the run.
    package var reusedFrames: Int64
    /// Of the different ones, those that the run had to make.
    package var newFrames: Int64

    package init(
      stage: String, profile: String, frames: Int64, distinctFrames: Int64, reusedFrames: Int64,
      newFrames: Int64
    ) {
      self.stage = stage
      self.profile = profile
      self.frames = frames
      self.distinctFrames = distinctFrames
      self.reusedFrames = reusedFrames
      self.newFrames = newFrames
    }
  }

  /// A gate that is closed, and what holds it.
  package struct Gate: Codable, Sendable, Hashable {
    package var gate: String
    package var text: String

    package init(gate: String, text: String) {
      self.gate = gate
      self.text = text
    }
  }

  package private(set) var schema = 1
  package var programme: String
  /// The pipeline file as the user typed it.
  package var pipeline: String
  package var deliverables: [Deliverable]
  package var closedGates: [Gate]
  package var cost: CostRate?

  package init(
    programme: String, pipeline: String, deliverables: [Deliverable] = [], closedGates: [Gate] = [],
    cost: CostRate? = nil
  ) {
    self.programme = programme
    self.pipeline = pipeline
    self.deliverables = deliverables
    self.closedGates = closedGates
    self.cost = cost
  }
}

extension RunFolder {
  package var headingPath: String { path + "/heading.json" }

  /// What the command said about the run when it began; `nil` where it said nothing.
  package func heading() throws -> RunHeading? {
    guard let file = try production.fileSystem.read(headingPath) else { return nil }
    return try JSONDecoder().decode(RunHeading.self, from: Data(file.bytes))
  }
}
