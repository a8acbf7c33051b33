import Colour
import Digests
import ImageGraph
import Media
import MediaTime
import TaskKinds

/// Pictures as they are stored or composited, before sizing and grade.
protocol PictureSupply: AnyObject {
  /// How the numbers of the pictures are to be read.
  var interpretation: Interpretation { get }
  /// Width over height of one pixel.
  var sampleAspect: (numerator: Int64, denominator: Int64) { get }

  /// Lends picture `number`; its memory is only valid in `body`.
  func withPicture<R>(_ number: Int64, _ body: (borrowing PictureView) throws -> R) throws -> R
}

extension FrameSourceBuilder {
  /// What gives the pictures of a source or a composite.
  func supply(_ node: ImageNode) throws -> any PictureSupply {
    switch node {
    case .source(let source):
      if let kept = kept?.take(source) { return kept }
      guard let media = media[source.media.hex] else {
        throw WorkerFailure(verification: "the task does not say where its source is")
      }
      let made =
        try media.maker.map { try Self.supply(source, madeBy: $0, store: store) }
        ?? Self.supply(source, media)
      kept?.add(made, of: source)
      return made
    case .composite(let composite, let layers):
      return try CompositeSupply(composite, layers: layers, builder: self)
    case .black, .sizing, .grade, .transition, .layers, .look, .colour, .graphics:
      throw WorkerFailure(verification: "the chain composites or sizes what is no source")
    }
  }

  static func supply(_ source: PictureSource, _ media: RenderTask.Media) throws -> any PictureSupply {
    let aspect = (media.sampleAspect.numerator, media.sampleAspect.denominator)
    if let sequence = media.sequence {
      return try SequenceSupply(sequence, interpretation: source.interpretation, sampleAspect: aspect)
    }
    try MediaGuard.check(media.location)
    return FileSupply(
      try PictureReader(path: media.location.path, stream: source.stream),
      interpretation: source.interpretation, sampleAspect: aspect)
  }
}

/// Opened sources of one chain, for the next: pictures that change with every frame open them once.
final class KeptSupplies {
  private var idle: [(source: PictureSource, supply: any PictureSupply)] = []
  private var used: [(source: PictureSource, supply: any PictureSupply)] = []

  /// Hands out each supply once: two sides of one source read it at two places.
  func take(_ source: PictureSource) -> (any PictureSupply)? {
    guard let index = idle.firstIndex(where: { $0.source == source }) else { return nil }
    used.append(idle.remove(at: index))
    return used.last?.supply
  }

  func add(_ supply: any PictureSupply, of source: PictureSource) { used.append((source, supply)) }

  /// Makes the chain that `body` builds the one whose supplies are kept; those of other sources are closed before.
  func turn<R>(to sources: [PictureSource], _ body: () throws -> R) rethrows -> R {
    (idle, used) = (used.filter { sources.contains($0.source) }, [])
    defer { idle = [] }
    return try body()
  }
}

/// The pictures of a stream.
final class FileSupply: PictureSupply {
  private let reader: PictureReader
  let interpretation: Interpretation
  let sampleAspect: (numerator: Int64, denominator: Int64)

  init(
    _ reader: PictureReader, interpretation: Interpretation,
    sampleAspect: (numerator: Int64, denominator: Int64)
  ) {
    self.reader = reader
    self.interpretation = interpretation
    self.sampleAspect = sampleAspect
  }

  func withPicture<R>(_ number: Int64, _ body: (borrowing PictureView) throws -> R) throws -> R {
    try reader.withFrame(at: number, body)
  }
}

/// Numbered stills; each member is checked to be the one that was probed when it is read.
private final class SequenceSupply: PictureSupply {
  private let sequence: StillSequence
  private let decoder: StillDecoder
  let interpretation: Interpretation
  let sampleAspect: (numerator: Int64, denominator: Int64)

  init(
    _ sequence: StillSequence, interpretation: Interpretation,
    sampleAspect: (numerator: Int64, denominator: Int64)
  ) throws {
    self.sequence = sequence
    self.interpretation = interpretation
    self.sampleAspect = sampleAspect
    decoder = try StillDecoder()
  }

  func withPicture<R>(_ number: Int64, _ body: (borrowing PictureView) throws -> R) throws -> R {
    guard let frame = Int(exactly: number), sequence.members.indices.contains(frame) else {
      throw WorkerFailure(
        verification: "the sequence has no frame \(number) among its \(sequence.members.count)")
    }
    let location = sequence.location(ofFrame: frame)
    try MediaGuard.check(location)
    return try decoder.decode(location.path, body)
  }
}

extension PictureView {
  /// Every plane, alpha too, for the kernels.
  var sourcePlanes: [SourcePlane] {
    (0..<planeCount).map { index in
      unsafe SourcePlane(bytes: plane(index), stride: stride(ofPlane: index))
    }
  }
}
