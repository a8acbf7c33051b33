import Delivery
package import Diagnostics
import Digests
import Editorial
import ImageGraph
import MediaTime
import SoundMixing
import TaskGraph
import TaskKinds

/// Measures one deliverable when it is finished: a report of what is out of bounds, published as an asset.
///
/// What it finds stops nothing: it is for people, who have it made again or waive it. Until then the exit code of a run
/// says that verification failed.
package struct QualityStage: ReadableStage {
  package static let kind = "qc"
  package static let summary =
    "decodes a finished deliverable in full and tells what is out of bounds: black, freezes, levels, loudness, silence"
  package static let outputs: [PortType] = []
  package static let keys: [KeySpec] = [
    KeySpec("of", .stage(.deliverable), isRequired: true, "the deliverable that is measured"),
    KeySpec(
      "loudness", .table(SoundMixKeys.loudness),
      "what the loudness is judged by; without it, what the mix was brought to"),
  ]

  package let declaration: StageDeclaration
  private let target: LoudnessTarget?

  init?(_ declaration: StageDeclaration, keys: KeyReader, context: LoadingContext) {
    self.declaration = declaration
    target = SoundMixKeys.target(keys)
  }

  package func plan(in workspace: inout PlanningWorkspace) throws(DiagnosticList) {
    guard let name = declaration.wires["of"],
      let delivery = workspace.pipeline.stage(named: name) as? DeliveryStage,
      let shown = workspace.delivered.first(where: { $0.stage == name }),
      let assembly = workspace.publishes.first(where: { $0.stage == name && $0.assembly != nil })?.assembly
    else { preconditionFailure("a loaded qc stage is wired to a deliverable that is planned before it") }
    guard delivery.profile.container != .sequence else {
      throw DiagnosticList([
        Diagnostic(
          family: .usage, code: "qc.sequence", location: declaration.location,
          message:
            "`\(declaration.name)` measures `\(name)`, which is a file for each frame: movies are measured",
          remedy: "Measure a movie of the same pictures; every still was decoded when it was wrapped.")
      ])
    }
    let mix = delivery.declaration.wires["sound"].flatMap {
      workspace.pipeline.stage(named: $0) as? SoundMixStage
    }
    let timeline = workspace.timeline
    let input = QualityTask.Input(
      assembly: assembly, programme: workspace.pipeline.programme, deliverable: name,
      rate: shown.picture.rate,
      isDropFrame: timeline.isDropFrame, startFrame: timeline.startFrame + shown.start,
      frameCount: shown.picture.frameCount, tags: shown.encoding.tags, target: target ?? mix?.target,
      builtBy: workspace.tools.libraries)
    let key = QualityTask.key(input)
    do {
      try workspace.add(unlessMade: key) { workspace in
        TaskNode(
          key: key, kind: QualityTask.identifier, version: QualityTask.version, stage: declaration.name,
          label: "qc of \(name)", dependencies: workspace.plannedDependencies([assembly]),
          payload: try JSONBytes.encode(input), reason: "this file was not measured yet",
          needs: TaskNeeds(memoryBytes: MemoryEstimate.quality(shown.encoding)), subject: name,
          ingredients: QualityTask.ingredients(input))
      }
      let publish = PublishTask.Input(
        shelf: .assets, programme: workspace.pipeline.programme, name: declaration.name,
        stage: declaration.name, assembly: nil, results: [key], fileExtension: "json", documents: [],
        recipe: nil, profile: nil)
      _ = try workspace.publish(publish, reason: "no version of it is about exactly this file")
    } catch {
      throw DiagnosticList(infrastructure: "planning of `\(declaration.name)`", error)
    }
  }
}
