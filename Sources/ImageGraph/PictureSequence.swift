package import Digests
package import MediaTime

/// Consecutive frames of a programme that come from one chain: frame k shows `first + k * step`.
package struct FrameRun: Hashable, Codable, Sendable, CanonicallyEncodable {
  package var chain: Digest
  /// Source frame of the first programme frame.
  package var first: Int64
  /// Source frames per programme frame: 1 forward, 0 a held frame, −1 reverse.
  package var step: Int64
  package var count: Int64

  package init(chain: Digest, first: Int64, step: Int64, count: Int64) {
    self.chain = chain
    self.first = first
    self.step = step
    self.count = count
  }

  package func encode(into encoder: inout CanonicalEncoder) {
    encoder.append(chain)
    encoder.append(first)
    encoder.append(step)
    encoder.append(count)
  }

  /// The source frame shown by frame `offset` of the run.
  package func position(at offset: Int64) -> Int64 { first + offset * step }

  /// The signature of one frame: equal signature and equal encoding give equal bytes.
  package func signature(at offset: Int64) -> Digest {
    var encoder = CanonicalEncoder(domain: "interlock.frame", version: 1)
    encoder.append(chain)
    encoder.append(position(at: offset))
    return encoder.digest()
  }

  /// The source frames this run shows, as ascending ranges without repeats.
  package var positions: [FrameRange] {
    switch step {
    case 0: return [FrameRange(start: first, count: count > 0 ? 1 : 0)]
    case 1: return [FrameRange(start: first, count: count)]
    case -1: return [FrameRange(start: first - count + 1, count: count)]
    default:
      return (0..<count).map { FrameRange(start: position(at: $0), count: 1) }.sorted { $0.start < $1.start }
    }
  }

  /// Joins each run to the one before where it continues it, so that how a cut was split leaves no trace.
  package static func canonical(_ runs: [FrameRun]) -> [FrameRun] {
    var merged: [FrameRun] = []
    for run in runs where run.count > 0 {
      var rest = run
      if var last = merged.last, last.chain == rest.chain {
        let step = last.count == 1 ? rest.first - last.first : last.step
        if (-1...1).contains(step), rest.first == last.first + last.count * step {
          // Of a run with another step only the first frame continues what came before.
          let taken = rest.count == 1 || rest.step == step ? rest.count : 1
          last.step = step
          last.count += taken
          merged[merged.count - 1] = last
          rest.first += taken * rest.step
          rest.count -= taken
        }
      }
      guard rest.count > 0 else { continue }
      if rest.count == 1 { rest.step = 0 }
      merged.append(rest)
    }
    return merged
  }
}

/// One shot of a programme, or one transition: frames of one node, and what it is in the cut.
package struct PictureSpan: Hashable, Codable, Sendable {
  /// An event of the cut that a span shows.
  package struct Shot: Hashable, Codable, Sendable {
    /// As printed in the cut.
    package var event: String
    package var name: String
    /// Where the event is in the cut: tells events of one number apart.
    package var place: Place
    /// Identity of the shot's own media, its plate; nil when it has none.
    package var media: Digest?
    /// The frame of that media at each frame of the span.
    package var source: FrameMap

    /// A track, by its index in the timeline, and the timeline frame at which the event starts.
    package struct Place: Hashable, Codable, Sendable {
      package var track: Int
      package var start: Int64

      package init(track: Int, start: Int64) {
        self.track = track
        self.start = start
      }
    }

    package init(event: String, name: String, place: Place, media: Digest?, source: FrameMap) {
      self.event = event
      self.name = name
      self.place = place
      self.media = media
      self.source = source
    }

    /// The same shot seen from `frames` later.
    func advanced(by frames: Int64) -> Shot {
      var copy = self
      copy.source = source.advanced(by: frames)
      return copy
    }
  }

  package var node: ImageNode
  package var map: FrameMap
  package var count: Int64
  /// Nil for black; at a transition the incoming shot.
  package var shot: Shot?
  /// At a transition, the shot that ends.
  package var outgoingShot: Shot?
  /// Where pictures lie on each other, each of them as a span of its own, the lowest first; the node is made of their
  /// nodes, and the shots are those of the lowest that has one.
  package var layers: [PictureSpan] = []

  package init(node: ImageNode, map: FrameMap, count: Int64, shot: Shot?, outgoingShot: Shot? = nil) {
    self.node = node
    self.map = map
    self.count = count
    self.shot = shot
    self.outgoingShot = outgoingShot
  }
}

extension PictureSpan {
  /// A stretch of the span as a span of its own.
  package func part(from start: Int64, count: Int64) -> PictureSpan {
    var copy = self
    copy.map = map.advanced(by: start)
    copy.count = count
    copy.shot = shot?.advanced(by: start)
    copy.outgoingShot = outgoingShot?.advanced(by: start)
    copy.layers = layers.map { $0.part(from: start, count: count) }
    return copy
  }

  /// The span with another picture for each of its shots: for both sides of a transition, for each layer.
  package func mapShots(_ transform: (ImageNode, Shot?) throws -> ImageNode) rethrows -> PictureSpan {
    var copy = self
    switch node {
    case .transition(let transition, let outgoing, let incoming):
      copy.node = .transition(
        transition, outgoing: try transform(outgoing, outgoingShot), incoming: try transform(incoming, shot))
    case .layers(let layering, _):
      copy.layers = try layers.map { try $0.mapShots(transform) }
      copy.node = .layers(layering, of: copy.layers.map(\.node))
    case .source, .black, .composite, .sizing, .grade, .look, .colour, .graphics, .matte:
      copy.node = try transform(node, shot)
    }
    return copy
  }
}

/// A picture output of a stage: virtual frames, in programme order, not rendered.
package struct PictureSequence: Hashable, Codable, Sendable {
  package var raster: Raster
  package var rate: FrameRate
  package var spans: [PictureSpan]

  package init(raster: Raster, rate: FrameRate, spans: [PictureSpan]) {
    self.raster = raster
    self.rate = rate
    self.spans = spans
  }

  package var frameCount: Int64 { spans.reduce(0) { $0 + $1.count } }

  /// The spans with the frame of the sequence at which each starts.
  package var placedSpans: [(start: Int64, span: PictureSpan)] {
    var start: Int64 = 0
    return spans.map { span in
      defer { start += span.count }
      return (start, span)
    }
  }

  /// The same frames through another node each.
  package func mapNodes(_ transform: (PictureSpan) -> ImageNode) -> PictureSequence {
    var copy = self
    for index in copy.spans.indices { copy.spans[index].node = transform(copy.spans[index]) }
    return copy
  }

  /// A stretch of the sequence as a sequence of its own.
  package func trimmed(to range: FrameRange) -> PictureSequence {
    var copy = self
    copy.spans = []
    var start: Int64 = 0
    for span in spans {
      let inside = FrameRange(start: start, count: span.count).intersection(range)
      if let inside, inside.count > 0 {
        copy.spans.append(span.part(from: inside.start - start, count: inside.count))
      }
      start += span.count
    }
    return copy
  }

  /// The chains in use, and the frames as runs over them.
  package func runs() -> (nodes: [Digest: ImageNode], runs: [FrameRun]) {
    var nodes: [Digest: ImageNode] = [:]
    var chainOfNode: [ImageNode: Digest] = [:]
    var runs: [FrameRun] = []
    for span in spans {
      let chain = chainOfNode[span.node] ?? span.node.chain
      chainOfNode[span.node] = chain
      nodes[chain] = span.node
      runs += FrameRun.runs(chain: chain, map: span.map, count: span.count)
    }
    return (nodes, FrameRun.canonical(runs))
  }
}

extension FrameRun {
  /// The frames of a span; a speed that is no whole step takes a run for each change of step.
  package static func runs(chain: Digest, map: FrameMap, count: Int64) -> [FrameRun] {
    if map.speed.isInteger, map.speed.magnitude <= .one {
      return [
        FrameRun(chain: chain, first: map.position(at: 0), step: map.speed.numerator, count: count)
      ]
    }
    return canonical(
      (0..<count).map { FrameRun(chain: chain, first: map.position(at: $0), step: 0, count: 1) })
  }
}
