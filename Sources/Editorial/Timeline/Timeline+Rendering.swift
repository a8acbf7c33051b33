import Diagnostics
import MediaTime

extension Timeline {
  /// What a flat timeline asks for and a conform does not render as it is said, one finding for each cause.
  package var unrendered: [Finding] {
    var found: [(kind: Finding.Kind, what: String, events: [String], location: SourceLocation?)] = []
    func note(_ kind: Finding.Kind, _ what: String, _ event: String, _ location: SourceLocation?) {
      if let index = found.firstIndex(where: { $0.what == what }) {
        found[index].events.append(event)
      } else {
        found.append((kind, what, [event], location))
      }
    }
    for track in tracks where track.isEnabled {
      for item in track.items {
        switch item {
        case .transition(let transition) where track.kind == .picture:
          switch transition.kind {
          case .dissolve, .wipe(1), .wipe(2): break
          case .key: note(.dropped, "keys are not rendered", transition.event, transition.location)
          case .wipe, .custom:
            let name = transition.name ?? transition.kind.words
            note(.approximated, "\(name) is rendered as a dissolve", transition.event, transition.location)
          }
        case .clip(let clip) where track.kind == .sound && clip.isEnabled:
          guard clip.timeScale != .one || clip.curve != nil else { break }
          note(.dropped, "speed changes of sound are not mixed", clip.event, clip.location)
        case .clip, .gap, .nest, .transition: break
        }
      }
    }
    return found.map { cause in
      Finding(
        kind: cause.kind, what: "\(cause.what) (\(Finding.listing(cause.events)))", location: cause.location,
        event: cause.events.count == 1 ? cause.events[0] : nil)
    }
  }
}
