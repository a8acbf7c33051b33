/// What a run is for: kept with its plan, so that runs can be found and told apart later.
package struct RunPurpose: Codable, Hashable, Sendable {
  package enum Phase: String, Codable, Sendable {
    /// Reads what media is, before the cut can be conformed.
    case probe
    /// Finds out what the plan depends on, such as the size of typeset text.
    case question
    /// Does what was planned.
    case main
  }

  /// A deliverable as it was planned.
  package struct Deliverable: Codable, Hashable, Sendable {
    package var stage: String
    package var frames: Int64
    package var distinctFrames: Int64
    package var newFrames: Int64

    package init(stage: String, frames: Int64, distinctFrames: Int64, newFrames: Int64) {
      self.stage = stage
      self.frames = frames
      self.distinctFrames = distinctFrames
      self.newFrames = newFrames
    }
  }

  package var phase: Phase
  package var programme: String?
  /// The pipeline file as typed.
  package var pipeline: String?
  /// Names of the files of the cut.
  package var cut: [String]?
  /// ULID that the runs of one command share.
  package var command: String?
  package var deliverables: [Deliverable]?

  package init(
    _ phase: Phase = .main, programme: String? = nil, pipeline: String? = nil, cut: [String]? = nil,
    command: String? = nil, deliverables: [Deliverable]? = nil
  ) {
    self.phase = phase
    self.programme = programme
    self.pipeline = pipeline
    self.cut = cut
    self.command = command
    self.deliverables = deliverables
  }
}
