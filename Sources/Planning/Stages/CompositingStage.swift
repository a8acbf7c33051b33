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
    if let colour = context.colour, colour.compositing == nil {
      keys.findings.add(
        Diagnostic(
          family: .usage, code: "colour.noLight", location: declaration.location,
          message:
            "`\(declaration.name)` composites in scene-linear light, and the config does not say what that is",
          remedy:
            "Give the config the role scene_linear, or take a `working:` space whose encoding is scene-linear."
        ))
    }
    comps = CompsReader.read(file, context: context, findings: keys.findings)
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
    // An event number may stand in several lists of one cut: its place tells them apart.
    var compOfEvent: [PictureSpan.Shot.Place: Int] = [:]
    for (event, index) in zip(events, indices) { compOfEvent[event.place] = index }
    let colour = workspace.pipeline.colour
    var builder = CompositeBuilder(stage: declaration.name, comps: comps, files: files, colour: colour)
    do {
      for index in picture.spans.indices {
        let count = picture.spans[index].count
        // Each side of a transition and each layer is composited as its own shot.
        picture.spans[index] = try picture.spans[index].mapShots { node, shot in
          guard let shot, let comp = compOfEvent[shot.place] else { return node }
          return try node.replacingPlate(light: colour?.compositing) { plate, input in
            try builder.composite(
              comp, plate: plate, input: input, shot: shot, count: count, in: &workspace)
          }
        }
      }
    } catch {
      throw DiagnosticList(infrastructure: "planning of `\(declaration.name)`", error)
    }
    if builder.faults.contains(where: { $0.severity == .error }) { throw DiagnosticList(builder.faults) }
    workspace.diagnostics += builder.faults
    workspace.pictures[declaration.name] = picture
  }
}

extension ImageNode {
  /// The chain with another picture in the place of the source that is sized; nil leaves it.
  ///
  /// - Parameters:
  ///   - light: the space of the other picture; nil where colour is not managed.
  ///   - picture: gets the plate, and its way out of its own space where it has one.
  fileprivate func replacingPlate(
    light: String?, _ picture: (PictureSource, ColourProcess?) throws -> ImageNode?
  ) rethrows -> ImageNode {
    switch self {
    case .colour(let input, .sizing(var sizing, .source(let plate))):
      guard let light, case .convert(_, let working)? = input.steps.first,
        let made = try picture(plate, input)
      else { return self }
      sizing.adjustment?.alpha = .opaque
      // It is light: it is scaled as light by itself.
      sizing.scaling = nil
      var output = input
      output.steps[0] = .convert(from: light, to: working)
      return .colour(output, of: .sizing(sizing, of: made))
    case .sizing(var sizing, .source(let plate)):
      guard let made = try picture(plate, nil) else { return self }
      // A composite covers its plate.
      sizing.adjustment?.alpha = .opaque
      return .sizing(sizing, of: made)
    case .grade(let grade, let below):
      return .grade(grade, of: try below.replacingPlate(light: light, picture))
    case .look(let look, let below): return .look(look, of: try below.replacingPlate(light: light, picture))
    case .colour(let process, let below):
      return .colour(process, of: try below.replacingPlate(light: light, picture))
    case .graphics(let graphics, let below):
      return .graphics(graphics, of: try below.replacingPlate(light: light, picture))
    case .matte(let matte, let below):
      return .matte(matte, of: try below.replacingPlate(light: light, picture))
    case .source, .black, .composite, .sizing, .transition, .layers: return self
    }
  }
}
