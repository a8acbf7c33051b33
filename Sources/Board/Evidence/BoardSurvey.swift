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

  package var schema = 1
  package var programmes: [Programme]
  /// Why pipelines could not be planned.
  package var faults: [Diagnostic]

  package init(programmes: [Programme], faults: [Diagnostic]) {
    self.programmes = programmes
    self.faults = faults
  }
}
