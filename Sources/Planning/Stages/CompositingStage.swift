import Compositing
package import Diagnostics
import Digests
import Editorial
import ImageGraph
import MediaTime

/// Puts the comp of each shot in the place of its plate, frame for frame.
package struct CompositingStage: ReadableStage {
  package static let kind = "vfx-compositing"
  package static let summary = "the comps of shots: screens keyed, elements merged, finished comps in place"
  package static let outputs: [PortType] = [.picture]
  package static let keys: [KeySpec] = [
    KeySpec("picture", .stage(.picture), isRequired: true, "the stage whose shots are composited"),
    KeySpec(
      "shots", .path, isRequired: true,
      "comps file (.yaml): layers by shot; a comp binds by shot name, then event number, then reel"),
  ]

  package let declaration: StageDeclaration
  let comps: [Comp]
  let files: [String: CompFile]

  init?(_ declaration: StageDeclaration, keys: KeyReader, context: LoadingContext) {
    self.declaration = declaration
    guard
      let file = PipelineLoader.inputFiles(
        keys.paths("shots"), what: "the comps", findings: keys.findings
      ).first
    else { return nil }
    comps = CompsReader.read(file, findings: keys.findings)
    files = CompFiles(folder: FilePaths.folder(of: file.path), mediaRoots: context.mediaRoots)
      .find(comps, findings: keys.findings)
  }

  package func plan(in workspace: inout PlanningWorkspace) throws(DiagnosticList) {
    guard let wire = declaration.wires["picture"], var picture = workspace.pictures[wire] else {
      preconditionFailure("a loaded compositing stage is wired to a picture")
    }
    let events = workspace.conform.events.filter {
      workspace.timeline.tracks[$0.trackIndex].kind == .picture
    }
    let (indices, diagnostics) = CompResolver(comps)
      .resolve(events.map { CompShot($0.clip, hasMedia: $0.media != nil) })
    workspace.diagnostics += diagnostics
    // An event number may stand in several lists of one cut: record order tells them apart.
    var compOfEvent: [Int64: Int] = [:]
    for (event, index) in zip(events, indices) { compOfEvent[event.clip.recordRange.start] = index }
    var builder = CompositeBuilder(stage: declaration.name, comps: comps, files: files)
    do {
      for index in picture.spans.indices {
        picture.spans[index].node = try rewrite(
          picture.spans[index], compOfEvent: compOfEvent, builder: &builder, in: &workspace)
      }
    } catch {
      throw DiagnosticList(infrastructure: "planning of `\(declaration.name)`", error)
    }
    if builder.faults.contains(where: { $0.severity == .error }) { throw DiagnosticList(builder.faults) }
    workspace.diagnostics += builder.faults
    workspace.pictures[declaration.name] = picture
  }

  /// Each side of a transition is composited as its own shot.
  private func rewrite(
    _ span: PictureSpan, compOfEvent: [Int64: Int], builder: inout CompositeBuilder,
    in workspace: inout PlanningWorkspace
  ) throws -> ImageNode {
    func composited(_ node: ImageNode, _ shot: PictureSpan.Shot?) throws -> ImageNode {
      guard let shot, let index = compOfEvent[shot.recordStart] else { return node }
      return try node.replacingPlate { plate in
        try builder.composite(index, plate: plate, shot: shot, count: span.count, in: &workspace)
      }
    }
    if case .transition(let transition, let outgoing, let incoming) = span.node {
      return .transition(
        transition, outgoing: try composited(outgoing, span.outgoingShot),
        incoming: try composited(incoming, span.shot))
    }
    return try composited(span.node, span.shot)
  }
}

extension ImageNode {
  /// The chain with another picture in the place of the source that is sized; nil leaves it.
  fileprivate func replacingPlate(_ picture: (PictureSource) throws -> ImageNode?) rethrows -> ImageNode {
    switch self {
    case .sizing(let sizing, .source(let plate)):
      return try picture(plate).map { .sizing(sizing, of: $0) } ?? self
    case .grade(let grade, let below): return .grade(grade, of: try below.replacingPlate(picture))
    case .look(let look, let below): return .look(look, of: try below.replacingPlate(picture))
    case .graphics(let graphics, let below):
      return .graphics(graphics, of: try below.replacingPlate(picture))
    case .source, .black, .composite, .sizing, .transition: return self
    }
  }
}
