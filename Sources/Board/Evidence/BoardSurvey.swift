package import Diagnostics
package import Planning

/// What the pipelines ask for now, compared with what is there: made by a process of its own and read by the board.
package struct BoardSurvey: Codable, Sendable {
  package struct Stage: Codable, Sendable, Hashable {
    package var name: String
    package var kind: String
    /// The stages it takes something from, gates too.
    package var sources: [String]

    package init(name: String, kind: String, sources: [String]) {
      (self.name, self.kind, self.sources) = (name, kind, sources)
    }
  }

  package struct Programme: Codable, Sendable {
    package var programme: String
    /// The pipeline file as typed.
    package var pipeline: String
    package var cut: [String]
    package var stages: [Stage]
    package var rows: [DeliverableRow]
    /// Every event with a picture, in the order of the cut.
    package var shots: [ShotRow]
    package var gates: [GateState]
    /// What a run would do now, and what waits behind closed gates.
    package var tasks: Int
    package var heldTasks: Int
    package var diagnostics: [Diagnostic]

    package init(
      programme: String, pipeline: String, cut: [String], stages: [Stage], rows: [DeliverableRow],
      shots: [ShotRow], gates: [GateState], tasks: Int, heldTasks: Int, diagnostics: [Diagnostic]
    ) {
      (self.programme, self.pipeline, self.cut, self.stages) = (programme, pipeline, cut, stages)
      (self.rows, self.shots, self.gates) = (rows, shots, gates)
      (self.tasks, self.heldTasks) = (tasks, heldTasks)
      self.diagnostics = diagnostics
    }
  }

  /// A pipeline that could not be planned, and why.
  package struct Unplanned: Codable, Sendable {
    /// The pipeline file as typed; of what only several together have, all of them.
    package var pipeline: String
    package var faults: [Diagnostic]

    /// - Parameter diagnostics: of planning it; what is no error is not why.
    package init(pipeline: String, diagnostics: [Diagnostic]) {
      self.pipeline = pipeline
      let errors = diagnostics.filter { $0.severity == .error }
      faults = errors.isEmpty ? diagnostics : errors
    }
  }

  package var schema = 1
  package var programmes: [Programme]
  package var unplanned: [Unplanned]

  package init(programmes: [Programme], unplanned: [Unplanned]) {
    self.programmes = programmes
    self.unplanned = unplanned
  }
}
