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
      return try uses.supply(source) {
        guard let media = media[source.media.hex] else {
          throw WorkerFailure(verification: "the task does not say where its source is")
        }
        let made =
          try media.maker.map { try Self.supply(source, madeBy: $0, store: store) }
          ?? media.stored.map {
            try StoredFramesSupply($0, interpretation: source.interpretation, store: store)
          } ?? Self.supply(source, media)
        return TimedSupply(made, clock: clock)
      }
    case .composite(let composite, let layers):
      return try CompositeSupply(composite, layers: layers, builder: self)
    case .black, .sizing, .grade, .transition, .layers, .look, .colour, .graphics, .matte:
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

/// Pictures of a source, whose reading and decoding is counted.
private final class TimedSupply: PictureSupply {
  private let pictures: any PictureSupply
  private let clock: WorkClock
  private var last: Int64?

  init(_ pictures: any PictureSupply, clock: WorkClock) {
    self.pictures = pictures
    self.clock = clock
  }

  var interpretation: Interpretation { pictures.interpretation }
  var sampleAspect: (numerator: Int64, denominator: Int64) { pictures.sampleAspect }

  func withPicture<R>(_ number: Int64, _ body: (borrowing PictureView) throws -> R) throws -> R {
    let before = clock.turn(to: .decode)
    defer { clock.turn(to: before) }
    if last != number { clock.noteDecodedPicture() }
    last = number
    return try pictures.withPicture(number) { picture in
      clock.turn(to: before)
      return try body(picture)
    }
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
    // A still without a number is all frames there are.
    guard let frame = sequence.digits == 0 ? 0 : Int(exactly: number),
      sequence.members.indices.contains(frame)
    else {
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
