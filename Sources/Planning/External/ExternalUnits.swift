import ImageGraph
import MediaTime

/// What one run of a program gets: the whole programme, or one shot of it as it is seen.
///
/// By shots a transition is taken apart, so that each side is made as its own shot and they mix afterwards; pictures
/// that lie on each other, or that a look or titles made one, go in as they are seen.
struct ExternalUnits {
  struct Unit {
    /// Of the shot; empty for the whole programme.
    var name: String
    var event: String?
    /// The shot's frame at which it starts, which tells units of one shot apart.
    var start: Int64
    /// The frames it gets, in order.
    var frames: PictureSequence
  }

  var units: [Unit] = []
  private let sequence: PictureSequence
  /// For each span where its frames are in units.
  private var uses: [Use] = []

  /// Frames of a unit.
  private struct Part: Hashable {
    var unit: Int
    var start: Int64
  }

  private enum Use {
    case untouched
    case whole(Part)
    /// Nil for a side without a picture.
    case sides(outgoing: Part?, incoming: Part?)
  }

  private enum Group: Hashable {
    case shot(PictureSpan.Shot.Place)
    /// A span that belongs to no one shot.
    case alone(Int)
  }

  /// The whole programme.
  init(whole sequence: PictureSequence) {
    self.sequence = sequence
    units = [Unit(name: "", event: nil, start: 0, frames: sequence)]
    uses = sequence.placedSpans.map { .whole(Part(unit: 0, start: $0.start)) }
  }

  init(shotsOf sequence: PictureSequence) {
    self.sequence = sequence
    var indices: [Group: Int] = [:]
    func add(_ span: PictureSpan, to group: Group) -> Part {
      let index = indices[group] ?? units.count
      if index == units.count {
        indices[group] = index
        units.append(
          Unit(
            name: span.shot?.name ?? "", event: span.shot?.event,
            start: span.shot?.source.position(at: 0) ?? 0,
            frames: PictureSequence(raster: sequence.raster, rate: sequence.rate, spans: [])))
      }
      let start = units[index].frames.frameCount
      units[index].frames.spans.append(span)
      return Part(unit: index, start: start)
    }
    for (number, span) in sequence.spans.enumerated() {
      guard span.node.hasPicture, span.count > 0 else {
        uses.append(.untouched)
        continue
      }
      if case .transition(let transition, let outgoing, let incoming) = span.node {
        let first = span.map.position(at: 0)
        func side(_ node: ImageNode, _ map: FrameMap, _ shot: PictureSpan.Shot?) -> Part? {
          guard node.hasPicture else { return nil }
          return add(
            PictureSpan(node: node, map: map.advanced(by: first), count: span.count, shot: shot),
            to: shot.map { .shot($0.place) } ?? .alone(number))
        }
        uses.append(
          .sides(
            outgoing: side(outgoing, transition.outgoing, span.outgoingShot),
            incoming: side(incoming, transition.incoming, span.shot)))
      } else if let shot = span.shot, span.outgoingShot == nil {
        uses.append(.whole(add(span, to: .shot(shot.place))))
      } else {
        uses.append(.whole(add(span, to: .alone(number))))
      }
    }
  }

  /// Frames that are several shots and that the program gets as one picture.
  var mergedSpans: [PictureSpan] {
    zip(sequence.spans, uses).compactMap { span, use in
      guard case .whole = use, span.node.transition != nil || span.node.layers != nil else { return nil }
      return span
    }
  }

  /// The same programme with each unit's pictures in the place of those it got.
  ///
  /// - Parameter made: the picture of each unit, whose frames count from 0.
  func replaced(by made: [ImageNode]) -> PictureSequence {
    var copy = sequence
    for (index, use) in uses.enumerated() {
      var span = copy.spans[index]
      switch use {
      case .untouched: continue
      case .whole(let part):
        span.node = made[part.unit]
        span.map = FrameMap(first: part.start)
        span.layers = []
      case .sides(let outgoingPart, let incomingPart):
        guard case .transition(var transition, var outgoing, var incoming) = span.node else { continue }
        let first = span.map.position(at: 0)
        if let outgoingPart {
          outgoing = made[outgoingPart.unit]
          transition.outgoing = FrameMap(first: outgoingPart.start - first)
        }
        if let incomingPart {
          incoming = made[incomingPart.unit]
          transition.incoming = FrameMap(first: incomingPart.start - first)
        }
        span.node = .transition(transition, outgoing: outgoing, incoming: incoming)
      }
      copy.spans[index] = span
    }
    return copy
  }
}
