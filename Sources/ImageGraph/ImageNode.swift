package import Digests
import MediaTime

/// A picture as a function of a frame number: a chain of operations over a source, over the layers of a composite,
/// over two sides at a transition, or over pictures that lie on each other.
///
/// The order of operations is fixed: source, composite, sizing, grade of each side, transition, layers, look, titles,
/// matte, burn-in; where colour is managed, colour steps take the places of grade and look. Stages rewrite nodes; nothing
/// is rendered until a deliverable asks for frames.
package indirect enum ImageNode: Hashable, Codable, Sendable {
  case source(PictureSource)
  case black(Black)
  /// Frames are those of the plate; each layer of the composite has one picture, in the same order.
  case composite(Composite, of: [ImageNode])
  case sizing(Sizing, of: ImageNode)
  case grade(Grade, of: ImageNode)
  /// Frame k is frame k of the transition; the sides are numbered by their own sources.
  case transition(Transition, outgoing: ImageNode, incoming: ImageNode)
  /// Frame k is frame k of the stack; each layer has one picture, in the same order, the lowest first.
  case layers(Layering, of: [ImageNode])
  case look(Look, of: ImageNode)
  case colour(ColourProcess, of: ImageNode)
  case graphics(Graphics, of: ImageNode)
  case matte(Matte, of: ImageNode)

  /// The digest of the whole chain: operations, their versions and parameters, and the source's identity.
  ///
  /// Holds no paths, names or dates. Together with a source frame it names one picture.
  package var chain: Digest {
    var encoder = CanonicalEncoder(domain: "interlock.image-node", version: 1)
    encoder.append(self)
    return encoder.digest()
  }

  /// The sources at the bottom: none for generated pictures, two at a transition between clips.
  package var sources: [PictureSource] {
    switch self {
    case .source(let source): [source]
    case .black: []
    case .composite(_, let pictures), .layers(_, let pictures): pictures.flatMap(\.sources)
    case .sizing(_, let below), .grade(_, let below), .look(_, let below), .colour(_, let below),
      .graphics(_, let below), .matte(_, let below):
      below.sources
    case .transition(_, let outgoing, let incoming): outgoing.sources + incoming.sources
    }
  }

  /// The source frame behind a frame of the chain, of several sources the first; nil for generated pictures.
  package func firstSource(at frame: Int64) -> (source: PictureSource, frame: Int64)? {
    switch self {
    case .source(let source): return (source, frame)
    case .black: return nil
    case .composite(_, let pictures): return pictures.first?.firstSource(at: frame)
    case .sizing(_, let below), .grade(_, let below), .look(_, let below), .colour(_, let below),
      .matte(_, let below):
      return below.firstSource(at: frame)
    case .transition(let transition, let outgoing, _):
      return outgoing.firstSource(at: transition.outgoing.position(at: frame))
    case .layers(let layering, let pictures):
      guard let layer = layering.layers.first else { return nil }
      return pictures.first?.firstSource(at: layer.map.position(at: frame))
    case .graphics(let graphics, let below):
      return below.firstSource(at: graphics.below?.position(at: frame) ?? frame)
    }
  }

  /// Whether anything but generated black can be seen.
  package var hasPicture: Bool { !sources.isEmpty }

  /// Every operation from the source up, in the order in which they are applied.
  package var operations: [OperationSummary] {
    switch self {
    case .source(let source): [source.summary]
    case .black(let black): [black.summary]
    case .composite(let composite, let layers):
      layers.enumerated().flatMap { index, layer -> [OperationSummary] in
        let colour = composite.layers.indices.contains(index) ? composite.layers[index].colour : nil
        return (layer.operations + (colour?.summaries ?? [])).map { $0.on("layer \(index + 1)") }
      } + [composite.summary]
    case .sizing(let sizing, let below): below.operations + [sizing.summary]
    case .grade(let grade, let below): below.operations + [grade.summary]
    case .transition(let transition, let outgoing, let incoming):
      outgoing.operations.map { $0.on("outgoing") } + incoming.operations.map { $0.on("incoming") }
        + [transition.summary]
    case .layers(let layering, let pictures):
      pictures.enumerated().flatMap { index, picture in
        picture.operations.map { $0.on("layer \(index + 1)") }
      } + [layering.summary]
    case .look(let look, let below): below.operations + [look.summary]
    case .colour(let process, let below): below.operations + process.summaries
    case .graphics(let graphics, let below): below.operations + [graphics.summary]
    case .matte(let matte, let below): below.operations + [matte.summary]
    }
  }

  package var sizing: Sizing? {
    switch self {
    case .source, .black, .composite, .transition, .layers, .graphics, .matte: nil
    case .sizing(let sizing, _): sizing
    case .grade(_, let below), .look(_, let below), .colour(_, let below): below.sizing
    }
  }

  /// What is sized: a source or a composite.
  package var sized: ImageNode? {
    switch self {
    case .source, .black, .composite, .transition, .layers, .graphics, .matte: nil
    case .sizing(_, let below): below
    case .grade(_, let below), .look(_, let below), .colour(_, let below): below.sized
    }
  }

  package var grade: Grade? {
    switch self {
    case .source, .black, .composite, .sizing, .transition, .layers, .graphics, .matte: nil
    case .grade(let grade, _): grade
    case .look(_, let below), .colour(_, let below): below.grade
    }
  }

  package var look: Look? {
    if case .look(let look, _) = self { look } else { nil }
  }

  /// The picture below titles, matte and burn-ins.
  package var withoutGraphics: ImageNode {
    switch self {
    case .graphics(_, let below), .matte(_, let below): below.withoutGraphics
    case .source, .black, .composite, .sizing, .grade, .transition, .layers, .look, .colour: self
    }
  }

  /// The transition, with its sides, below a look or colour steps if there are any.
  package var transition: (transition: Transition, outgoing: ImageNode, incoming: ImageNode)? {
    switch self {
    case .transition(let transition, let outgoing, let incoming): (transition, outgoing, incoming)
    case .look(_, let below), .colour(_, let below): below.transition
    case .source, .black, .composite, .sizing, .grade, .layers, .graphics, .matte: nil
    }
  }

  /// The pictures that lie on each other, below a look or colour steps if there are any.
  package var layers: (layering: Layering, pictures: [ImageNode])? {
    switch self {
    case .layers(let layering, let pictures): (layering, pictures)
    case .look(_, let below), .colour(_, let below): below.layers
    case .source, .black, .composite, .sizing, .grade, .transition, .graphics, .matte: nil
    }
  }
}

/// One operation in words, for `trace` and for people.
package struct OperationSummary: Hashable, Codable, Sendable {
  package var operation: String
  package var version: Int
  package var parameters: String

  package init(operation: String, version: Int, parameters: String) {
    self.operation = operation
    self.version = version
    self.parameters = parameters
  }

  /// The same operation on one side of a transition.
  func on(_ side: String) -> OperationSummary {
    OperationSummary(
      operation: operation, version: version, parameters: parameters.isEmpty ? side : "\(side): \(parameters)"
    )
  }
}

extension ImageNode: CanonicallyEncodable {
  package func encode(into encoder: inout CanonicalEncoder) {
    switch self {
    case .source(let source):
      encoder.append("source")
      encoder.append(source)
    case .black(let black):
      encoder.append("black")
      encoder.append(black)
    case .composite(let composite, let layers):
      encoder.append("composite")
      encoder.append(composite)
      encoder.append(layers)
    case .sizing(let sizing, let below):
      encoder.append("sizing")
      encoder.append(sizing)
      encoder.append(below)
    case .grade(let grade, let below):
      encoder.append("grade")
      encoder.append(grade)
      encoder.append(below)
    case .transition(let transition, let outgoing, let incoming):
      encoder.append("transition")
      encoder.append(transition)
      encoder.append(outgoing)
      encoder.append(incoming)
    case .layers(let layering, let pictures):
      encoder.append("layers")
      encoder.append(layering)
      encoder.append(pictures)
    case .look(let look, let below):
      encoder.append("look")
      encoder.append(look)
      encoder.append(below)
    case .colour(let process, let below):
      encoder.append("colour")
      encoder.append(process)
      encoder.append(below)
    case .graphics(let graphics, let below):
      encoder.append("graphics")
      encoder.append(graphics)
      encoder.append(below)
    case .matte(let matte, let below):
      encoder.append("matte")
      encoder.append(matte)
      encoder.append(below)
    }
  }
}
