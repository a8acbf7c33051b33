import Diagnostics
import Digests
import ImageGraph
import TaskGraph
import TaskKinds

/// One run of a program, planned when something needs what it makes.
struct PlannedExternal: Sendable {
  var key: TaskKey
  /// Without the places of its pictures.
  var input: ExternalTask.Input
  /// The frames it gets; nil without any.
  var given: PictureSequence?
  var label: String
  var needs: TaskNeeds
  var ingredients: [Ingredient]
  /// Set where this machine does not have the program.
  var absence: Diagnostic?

  /// Puts it into the plan with the frames that it gets, unless its result is there.
  func demand(in workspace: inout PlanningWorkspace) throws {
    guard !workspace.plannedKeys.contains(key), try !workspace.library.hasResult(key) else { return }
    if let absence { throw DiagnosticList([absence]) }
    var input = input
    var waits: [TaskKey] = []
    if let given, let encoding = input.pictures?.encoding {
      let frames = try FramePlanner(stage: input.stage, encoding: encoding).plan(given, in: &workspace)
      input.pictures?.pieces = frames.pieces
      waits = frames.pieces.compactMap { workspace.makers[$0.segment] }
    }
    try workspace.add(
      TaskNode(
        key: key, kind: ExternalTask.identifier, version: ExternalTask.version, stage: input.stage,
        label: label, dependencies: workspace.plannedDependencies(waits),
        payload: try JSONBytes.encode(input),
        frames: Int(input.made?.count ?? 0),
        reason: "the program has not run with exactly these pictures, files and settings", needs: needs,
        ingredients: ingredients))
  }
}
