import Delivery
import Digests
import Media
import ObjectStore
import TaskGraph
import TaskKinds

/// The frames of a movie that are decoded when it is assembled: the first, the first after each join, and the last.
///
/// Segments meet in a join. Where each frame decodes by itself, one is not decoded again if its two frames lie side by
/// side in a movie assembled before: there it was, and the digests of the packets say that it is the same. So of a
/// master in which a shot was changed the joins of that shot are decoded.
struct Joins: Sendable {
  /// A frame as it lies in a segment.
  private struct Inner {
    var number: Int64
    var piece: AssembleTask.Piece
  }

  let input: AssembleTask.Input
  /// In programme order.
  let frames: [Int64]
  /// Joins that were decoded in movies assembled before.
  let formerCount: Int
  /// Decoded as a reader of the file gets them.
  private let inFile: [Int64]
  /// Decoded as they come out of their segments, while the file is being written: that the same lies in the file is what
  /// the digests of its packets say. Only where each frame decodes by itself.
  private let inSegments: [Inner]

  /// - Throws: as `SegmentReader`, for a segment that is not there.
  init(_ input: AssembleTask.Input, in store: ObjectStore) throws {
    self.input = input
    var former = FormerMovies(store)
    var joins: [Inner] = []
    var formerCount = 0
    var next: Int64 = 0
    var last: AssembleTask.Piece?
    for piece in input.pieces {
      if input.encoding.unit == .frame, let last, try former.hold(piece, after: last) {
        formerCount += 1
      } else {
        joins.append(Inner(number: next, piece: piece))
      }
      next += Int64(piece.count)
      last = piece
    }
    let ends: Set = [0, next - 1]
    self.formerCount = formerCount
    frames = ends.union(joins.map(\.number)).sorted()
    inSegments = input.encoding.unit == .frame ? joins.filter { !ends.contains($0.number) } : []
    inFile = input.encoding.unit == .frame ? ends.sorted() : frames
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

  func decodeInFile(_ path: String) throws -> Rasters {
    let inspector = try MovieInspector(path: path)
    var rasters: Rasters = [:]
    for frame in inFile {
      try StopRequest.check()
      rasters[frame] = try inspector.withFrame(at: frame) { "\($0.width)x\($0.height)" }
    }
    return rasters
  }
}

/// Movies of a store that were assembled of segments, and proven, before.
private struct FormerMovies {
  private let store: ObjectStore
  private var record: (key: TaskKey, record: SegmentRecord)?
  /// Of each movie: the number of the picture that begins at an offset.
  private var numbers: [Digest: [Int64: Int]] = [:]

  init(_ store: ObjectStore) { self.store = store }

  /// Whether the first frame of a piece follows the last frame of another in one of them.
  mutating func hold(_ piece: AssembleTask.Piece, after last: AssembleTask.Piece) throws -> Bool {
    let end = try place(of: last.offset + (last.count - 1) * last.step, in: last.segment)
    let start = try place(of: piece.offset, in: piece.segment)
    // The object of one segment is no movie.
    guard let end, let start, end.object == start.object, last.segment != piece.segment else { return false }
    let numbers = numbers(of: start.object)
    guard let before = numbers[end.offset], let behind = numbers[start.offset] else { return false }
    return behind == before + 1
  }

  private mutating func place(of frame: Int, in segment: TaskKey) throws -> (object: Digest, offset: Int64)? {
    if record?.key != segment {
      guard let result = try store.result(segment, as: SegmentRecord.self) else {
        throw WorkerFailure(missingObject: segment)
      }
      record = (segment, result.output)
    }
    guard let record = record?.record, record.packets.indices.contains(frame) else { return nil }
    return (record.object(ofFrame: frame), record.packets[frame].offset)
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
