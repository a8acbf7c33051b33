package import Diagnostics
import ImageGraph

/// A gate held by a person: what comes after it waits until the pictures were approved.
package struct ApprovalStage: ReadableStage {
  package static let kind = "approval"
  package static let summary = "a gate: stages after it wait until a person approves the pictures"
  package static let outputs: [PortType] = [.gate]
  package static let keys: [KeySpec] = [
    KeySpec("of", .stage(.deliverable), isRequired: true, "the deliverable that is looked at"),
    KeySpec(
      "for", .stage(.picture), isRequired: true,
      "the stage whose pictures are decided; frames that were approved once stay approved"),
    KeySpec("role", .text, "who decides, e.g. colorist; anyone without it"),
  ]

  package let declaration: StageDeclaration
  let role: String?

  var deliverable: String { declaration.wires["of"] ?? "" }
  var picture: String { declaration.wires["for"] ?? "" }

  init?(_ declaration: StageDeclaration, keys: KeyReader, context: LoadingContext) {
    self.declaration = declaration
    role = keys.text("role")
  }

  package func plan(in workspace: inout PlanningWorkspace) throws(DiagnosticList) {
    guard let sequence = workspace.pictures[picture] else {
      preconditionFailure("a loaded approval stage is wired to a picture")
    }
    do {
      workspace.gates[declaration.name] = GateState(
        self, pictures: sequence.runs().runs,
        reviews: try workspace.library.reviews(
          of: deliverable, programme: workspace.pipeline.programme))
    } catch {
      throw DiagnosticList(infrastructure: "planning of `\(declaration.name)`", error)
    }
  }
}
