package import Diagnostics
package import ObjectStore

/// What is known of planning: when the pipelines were compared with what is there, and which of them could not be.
package struct PlanningState: Sendable {
  /// A pipeline that could not be planned.
  package struct Unplanned: Sendable {
    /// The file as typed.
    package var pipeline: String
    package var faults: [Diagnostic]
    /// Whether what was known of it before is shown.
    package var isShownAsBefore: Bool

    package init(pipeline: String, faults: [Diagnostic], isShownAsBefore: Bool) {
      (self.pipeline, self.faults, self.isShownAsBefore) = (pipeline, faults, isShownAsBefore)
    }

    /// Whether nothing but a look at its media is missing, which every run takes.
    package var isUnprobed: Bool { faults.allSatisfy { $0.code == "planning.notProbed" } }
  }

  /// Whether there are pipelines to plan.
  package var hasPipelines: Bool
  /// When they were last planned, or could not be; nil before the first time.
  package var surveyed: WallClock?
  package var isSurveying: Bool
  /// Whether anything is known of what they ask for, now or from before.
  package var knowsProgrammes: Bool
  package var unplanned: [Unplanned]
  /// Why none of them could be compared.
  package var fault: String?

  package init(
    hasPipelines: Bool, surveyed: WallClock?, isSurveying: Bool, knowsProgrammes: Bool = true,
    unplanned: [Unplanned] = [], fault: String? = nil
  ) {
    (self.hasPipelines, self.surveyed, self.isSurveying) = (hasPipelines, surveyed, isSurveying)
    (self.knowsProgrammes, self.unplanned, self.fault) = (knowsProgrammes, unplanned, fault)
  }
}
