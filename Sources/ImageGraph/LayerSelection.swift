import MediaTime

/// Which parts of its pictures a deliverable shows; what it leaves out leaves no trace in the names of its frames.
package struct LayerSelection: Hashable, Codable, Sendable {
  /// Grade and look.
  package var grade = true
  package var titles = true
  package var matte = true
  /// Burn-in and watermark.
  package var burnIn = true

  package init(grade: Bool = true, titles: Bool = true, matte: Bool = true, burnIn: Bool = true) {
    self.grade = grade
    self.titles = titles
    self.matte = matte
    self.burnIn = burnIn
  }
}

extension PictureSequence {
  /// The sequence without the layers that are left out.
  package func showing(_ layers: LayerSelection) -> PictureSequence {
    var copy = self
    copy.spans = spans.map { $0.showing(layers) }
    return copy
  }
}

extension PictureSpan {
  package func showing(_ layers: LayerSelection) -> PictureSpan {
    var copy = self
    if !layers.titles { copy = copy.withoutGraphics(.titles) }
    if !layers.grade {
      copy.node = copy.node.withoutGrade
      copy.layers = copy.layers.map { $0.showing(LayerSelection(grade: false)) }
    }
    return copy
  }

  /// The span without what is drawn outermost for one purpose, below a matte too, numbered as what lies below it.
  package func withoutGraphics(_ purpose: Graphics.Purpose) -> PictureSpan {
    var copy = self
    switch node {
    case .graphics(let graphics, let below) where graphics.purpose == purpose:
      copy.node = below
      // Frames with numbers of their own go one by one from the first.
      if let numbers = graphics.below { copy.map = numbers.advanced(by: map.position(at: 0)) }
      return copy.withoutGraphics(purpose)
    case .matte(let matte, let below):
      copy.node = below
      copy = copy.withoutGraphics(purpose)
      copy.node = .matte(matte, of: copy.node)
      return copy
    case .graphics, .source, .black, .composite, .sizing, .grade, .transition, .layers, .look, .colour:
      return copy
    }
  }
}

extension ImageNode {
  /// The chain without grade and look, on every side and layer.
  var withoutGrade: ImageNode {
    switch self {
    case .source, .black, .composite: self
    case .sizing(let sizing, let below): .sizing(sizing, of: below.withoutGrade)
    case .grade(_, let below), .look(_, let below): below.withoutGrade
    case .colour(let process, let below):
      process.isGrade ? below.withoutGrade : .colour(process, of: below.withoutGrade)
    case .transition(let transition, let outgoing, let incoming):
      .transition(transition, outgoing: outgoing.withoutGrade, incoming: incoming.withoutGrade)
    case .layers(let layering, let pictures): .layers(layering, of: pictures.map(\.withoutGrade))
    case .graphics(let graphics, let below): .graphics(graphics, of: below.withoutGrade)
    case .matte(let matte, let below): .matte(matte, of: below.withoutGrade)
    }
  }
}
