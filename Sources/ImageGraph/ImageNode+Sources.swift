import MediaTime

extension ImageNode {
  /// The node with other sources, each asked for with the frame of it that frame `frame` of the node shows.
  ///
  /// Frame numbers stay: the new source shows under the same number what the old one did.
  package func replacingSources(
    at frame: Int64, _ replacement: (PictureSource, Int64) throws -> PictureSource
  ) rethrows -> ImageNode {
    func below(_ node: ImageNode, at frame: Int64) throws -> ImageNode {
      try node.replacingSources(at: frame, replacement)
    }
    switch self {
    case .source(let source): return .source(try replacement(source, frame))
    case .black: return self
    case .composite(let composite, let pictures):
      return .composite(
        composite,
        of: try pictures.enumerated().map { index, picture in
          let map = composite.layers.indices.contains(index) ? composite.layers[index].map : nil
          return try below(picture, at: map?.position(at: frame) ?? frame)
        })
    case .sizing(let sizing, let node): return .sizing(sizing, of: try below(node, at: frame))
    case .grade(let grade, let node): return .grade(grade, of: try below(node, at: frame))
    case .transition(let transition, let outgoing, let incoming):
      return .transition(
        transition, outgoing: try below(outgoing, at: transition.outgoing.position(at: frame)),
        incoming: try below(incoming, at: transition.incoming.position(at: frame)))
    case .layers(let layering, let pictures):
      return .layers(
        layering,
        of: try pictures.enumerated().map { index, picture in
          let map = layering.layers.indices.contains(index) ? layering.layers[index].map : nil
          return try below(picture, at: map?.position(at: frame) ?? frame)
        })
    case .look(let look, let node): return .look(look, of: try below(node, at: frame))
    case .colour(let process, let node): return .colour(process, of: try below(node, at: frame))
    case .graphics(let graphics, let node):
      return .graphics(graphics, of: try below(node, at: graphics.below?.position(at: frame) ?? frame))
    case .matte(let matte, let node): return .matte(matte, of: try below(node, at: frame))
    }
  }
}
