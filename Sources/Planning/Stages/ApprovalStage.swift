import Delivery
package import Diagnostics
import Editorial
import ImageGraph
import MediaTime

/// A gate held by people: what comes after it waits until the pictures were approved.
package struct ApprovalStage: ReadableStage {
  package static let kind = "approval"
  package static let summary = "a gate: stages after it wait until people approve the pictures"
  package static let outputs: [PortType] = [.gate]
  package static let keys: [KeySpec] =
    [
      KeySpec(
        "of", .stage(.deliverable),
        "the deliverable that is looked at; without it the gate has a review copy and a contact sheet made"),
      KeySpec(
        "for", .stage(.picture), isRequired: true,
        "the stage whose pictures are decided; frames that were approved once stay approved"),
    ] + GateRequirement.keys

  package let declaration: StageDeclaration
  let requirements: [GateRequirement]
  /// Of the review copy, where the gate has one made.
  private let profile: DeliveryProfile?

  var deliverable: String { declaration.wires["of"] ?? "\(declaration.name)-review" }
  var picture: String { declaration.wires["for"] ?? "" }

  init?(_ declaration: StageDeclaration, keys: KeyReader, context: LoadingContext) {
    self.declaration = declaration
    requirements = GateRequirement.read(keys)
    guard keys["of"] == nil else {
      profile = nil
      return
    }
    guard let value = keys["for"] else { return nil }
    var silent = DeliveryProfiles.load("review-h264", value: value, context: context, findings: keys.findings)
    silent?.sounds = []
    silent?.chapters = nil
    profile = silent
  }

  package func plan(in workspace: inout PlanningWorkspace) throws(DiagnosticList) {
    guard let sequence = workspace.pictures[picture] else {
      preconditionFailure("a loaded approval stage is wired to a picture")
    }
    if let profile { try planReview(profile, of: sequence, in: &workspace) }
    let timeline = workspace.timeline
    do {
      workspace.gates[declaration.name] = GateState(
        self, pictures: sequence,
        reviews: try workspace.library.reviews(of: deliverable, programme: workspace.pipeline.programme)
      ) { timeline.timecode(at: $0).description }
    } catch {
      throw DiagnosticList(infrastructure: "planning of `\(declaration.name)`", error)
    }
  }

  /// What people look at where no deliverable shows the pictures: a movie and a sheet of all shots.
  private func planReview(
    _ profile: DeliveryProfile, of sequence: PictureSequence, in workspace: inout PlanningWorkspace
  ) throws(DiagnosticList) {
    let sheet = "\(declaration.name)-sheet"
    for name in [deliverable, sheet] where workspace.pipeline.stage(named: name) != nil {
      throw DiagnosticList([
        Diagnostic(
          family: .usage, code: "approval.nameTaken", location: declaration.location,
          message: "the gate `\(declaration.name)` has `\(deliverable)` and `\(sheet)` made to look at, and "
            + "there is a stage `\(name)`",
          remedy: "Name a deliverable under `of:`, or rename one of the two stages.")
      ])
    }
    let review = StageDeclaration(
      name: deliverable, location: declaration.location, wires: ["picture": picture], lists: [:])
    try DeliveryStage(review, profile: profile).plan(in: &workspace)
    let source = workspace.pipeline.stage(named: picture)?.declaration.wires["picture"]
    let before = source.flatMap { workspace.pictures[$0] }
    // Shots are shown before and after the stage where it changes pictures and not their places.
    let isAlike = before?.spans.map(\.count) == sequence.spans.map(\.count)
    do {
      let view = workspace.view(of: picture, for: declaration)
      var shown = (picture: sequence, view: view)
      if let before, let source, isAlike {
        shown = (before, workspace.view(of: source, for: declaration))
      }
      try GradeStills(
        stage: sheet, before: shown.picture, after: sequence, views: (shown.view, view), bindings: [:],
        collection: nil, look: nil, hasScopes: false
      ).plan(in: &workspace)
    } catch {
      throw DiagnosticList(infrastructure: "planning of `\(declaration.name)`", error)
    }
  }
}
