import Diagnostics
import Editorial
import ImageGraph
import MediaTime

extension PlanningWorkspace {
  /// Pictures of the cut brought to the working space, each from the space of its own media.
  ///
  /// - Throws: every file of which nobody says what its numbers mean.
  mutating func broughtToWorkingSpace(_ sequence: PictureSequence) throws(DiagnosticList) -> PictureSequence {
    guard let colour = pipeline.colour else { return sequence }
    let events = Dictionary(
      conform.events.filter { timeline.tracks[$0.trackIndex].kind == .picture }.map { ($0.place, $0) },
      uniquingKeysWith: { $1 })
    var faults: [String: Diagnostic] = [:]
    var contexts: [PictureSpan.Shot.Place: ColourContext] = [:]
    func brought(_ node: ImageNode, _ shot: PictureSpan.Shot) -> ImageNode? {
      guard let event = events[shot.place], let index = event.media else { return nil }
      let facts = files[index].facts
      let reels = ([event.clip.sourceReel, facts.reel] + event.clip.alternateReels).compactMap { $0 }
      guard let space = colour.space(of: facts, reels: reels) else {
        if faults[facts.fileName] == nil {
          faults[facts.fileName] = .unknownSpace(
            of: facts, at: event.clip.location,
            remedy: "Add a rule under `colour: inputs:`, for instance {file: \(facts.fileName), space: …}.")
        }
        return nil
      }
      let context =
        contexts[shot.place]
        ?? colourContext(colour.variables(shot: shot.name, event: shot.event, reel: reels.first ?? ""))
      contexts[shot.place] = context
      var sized = node
      if case .sizing(var sizing, let source) = node, sizing.scaling != nil {
        // Media that is light is scaled as light by itself.
        sizing.scaling = colour.light(of: space).map { light in
          .sceneLight(
            to: ColourProcess(context: context, steps: [.convert(from: space, to: light)]),
            from: ColourProcess(context: context, steps: [.convert(from: light, to: space)]))
        }
        sized = .sizing(sizing, of: source)
      }
      return .colour(
        ColourProcess(context: context, steps: [.convert(from: space, to: colour.working)]), of: sized)
    }
    var copy = sequence
    for index in copy.spans.indices {
      copy.spans[index] = copy.spans[index].mapShots { node, shot in
        guard node.hasPicture, let shot, let brought = brought(node, shot) else { return node }
        return brought
      }
    }
    if !faults.isEmpty { throw DiagnosticList(faults.sorted { $0.key < $1.key }.map(\.value)) }
    return copy
  }
}

extension Diagnostic {
  /// Neither a rule nor the tags of a file say what its numbers mean.
  static func unknownSpace(
    of facts: MediaFacts, at location: SourceLocation?, excerpt: String? = nil, remedy: String
  ) -> Diagnostic {
    let tags = "\(facts.video?.primaries ?? "unknown") \(facts.video?.transfer ?? "unknown")"
    return Diagnostic(
      family: .usage, code: "colour.noInputSpace", location: location,
      message: "nothing says of which colour space \(facts.fileName) is: it is tagged \(tags)",
      remedy: remedy, excerpt: excerpt)
  }
}
