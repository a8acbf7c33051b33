import Delivery
import Digests
import Media
import ObjectStore
import TaskGraph
import TaskKinds

/// The frames of a movie that are decoded when it is assembled: the first, the first after each join, and the last.
///
/// Segments meet in a join. Where each frame decodes by itself, one is not decoded again if its two frames lie side by
/// side in a movie assembled before: there it was, as the result of that assembly says, and the digests of the packets
/// say that it is the same. So of a master in which a shot was changed the joins of that shot are decoded.
struct Joins: Sendable {
  /// A frame as it lies in a segment.
  private struct Inner {
    var number: Int64
    var piece: AssembleTask.Piece
  }

  /// Joins that were decoded in movies assembled before.
  struct Former: Sendable {
    fileprivate(set) var count = 0
    fileprivate(set) var movies: Set<Digest> = []

    /// E.g. `2 of them when 7ebe32c2c5a2 was assembled`.
    var words: String {
      let names = movies.map { String($0.hex.prefix(12)) }.sorted().joined(separator: ", ")
      return "\(count) of them when \(names) \(movies.count == 1 ? "was" : "were") assembled"
    }
  }

  let input: AssembleTask.Input
  /// In programme order.
  let frames: [Int64]
  let former: Former
  /// Decoded as a reader of the file gets them.
  private let inFile: [Int64]
  /// Decoded as they come out of their segments, while the file is being written: that the same lies in the file is what
  /// the digests of its packets say. Only where each frame decodes by itself.
  private let inSegments: [Inner]

  /// - Throws: as `SegmentReader`, for a segment that is not there.
  init(_ input: AssembleTask.Input, in store: ObjectStore) throws {
    self.input = input
    let isByFrame = input.encoding.unit == .frame
    var movies = FormerMovies(store)
    var former = Former()
    var joins: [Inner] = []
    var next: Int64 = 0
    var last: AssembleTask.Piece?
    let frameCount = input.pieces.reduce(0) { $0 + Int64($1.count) }
    let ends: Set = [0, frameCount - 1]
    for piece in input.pieces {
      let first = Inner(number: next, piece: piece)
      if isByFrame, let last, !ends.contains(next), let movie = try movies.holding(piece, after: last) {
        former.count += 1
        former.movies.insert(movie)
      } else {
        joins.append(first)
      }
      next += Int64(piece.count)
      last = piece
    }
    self.former = former
    frames = ends.union(joins.map(\.number)).sorted()
    inSegments = isByFrame ? joins.filter { !ends.contains($0.number) } : []
    inFile = isByFrame ? ends.sorted() : frames
  }

  /// The size of each frame that was decoded, e.g. `1920x1080`.
  typealias Rasters = [Int64: String]

  func decodeInSegments(_ store: ObjectStore) throws -> Rasters {
    guard !inSegments.isEmpty else { return [:] }
    let reader = SegmentReader(store: store)
    let decoder = try PictureDecoder(EncoderSettings(input.encoding))
    var rasters: Rasters = [:]
    for join in inSegments {
      try StopRequest.check()
      let packet = try reader.packet(of: join.piece.segment, at: join.piece.offset).bytes
      rasters[join.number] = try decoder.decode(packet) { "\($0.width)x\($0.height)" }
    }
    return rasters
  }

  func decode(in movie: MovieInspector) throws -> Rasters {
    var rasters: Rasters = [:]
    for frame in inFile {
      try StopRequest.check()
      rasters[frame] = try movie.withFrame(at: frame) { "\($0.width)x\($0.height)" }
    }
    return rasters
  }
}

/// Movies that were assembled of segments before, and proven, as the results of their assemblies say.
private struct FormerMovies {
  private struct Place {
    var movie: Digest
    var offset: Int64
  }

  private let store: ObjectStore
  private var current: (key: TaskKey, record: SegmentRecord)?
  /// The files of assemblies.
  private var files: [TaskKey: Set<Digest>] = [:]
  /// Of each movie: the number of the picture that begins at an offset.
  private var numbers: [Digest: [Int64: Int]] = [:]

  init(_ store: ObjectStore) { self.store = store }

  /// The one in which the first frame of a piece follows the last frame of another.
  mutating func holding(_ piece: AssembleTask.Piece, after last: AssembleTask.Piece) throws -> Digest? {
    // What was in one segment met in no join.
    guard piece.segment != last.segment else { return nil }
    let end = try place(of: last.offset + (last.count - 1) * last.step, in: last.segment)
    let start = try place(of: piece.offset, in: piece.segment)
    guard let end, let start, end.movie == start.movie else { return nil }
    let numbers = numbers(of: start.movie)
    guard let before = numbers[end.offset], let behind = numbers[start.offset], behind == before + 1 else {
      return nil
    }
    return start.movie
  }

  /// Nil for a frame that lies in no such movie.
  private mutating func place(of frame: Int, in segment: TaskKey) throws -> Place? {
    if current?.key != segment {
      guard let result = try store.result(segment, as: SegmentRecord.self) else {
        throw WorkerFailure(missingObject: segment)
      }
      current = (segment, result.output)
    }
    guard let record = current?.record, record.packets.indices.contains(frame),
      let assembly = record.assembly
    else { return nil }
    let object = record.object(ofFrame: frame)
    guard try files(of: assembly).contains(object) else { return nil }
    return Place(movie: object, offset: record.packets[frame].offset)
  }

  /// Empty for an assembly without a result, as of an attempt that ended between moving its segments and that.
  private mutating func files(of assembly: TaskKey) throws -> Set<Digest> {
    if let known = files[assembly] { return known }
    let result = try store.result(assembly, as: AssembleTask.Output.self)
    let found = Set(result?.output.files.map(\.object) ?? [])
    files[assembly] = found
    return found
  }

  /// Empty for what is not there or no movie, whose joins are decoded then.
  private mutating func numbers(of object: Digest) -> [Int64: Int] {
    if let known = numbers[object] { return known }
    let positions = (try? MovieInspector.picturePositions(store.path(of: object))) ?? []
    let found = Dictionary(positions.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    numbers[object] = found
    return found
  }
}
