import Delivery
import Media
import ObjectStore
import TaskKinds

/// The frames of a movie that are decoded when it is assembled: the first, the first after each join, and the last.
struct Joins: Sendable {
  /// A frame as it lies in a segment.
  private struct Inner {
    var number: Int64
    var piece: AssembleTask.Piece
  }

  let input: AssembleTask.Input
  /// In programme order.
  let frames: [Int64]
  /// Decoded as a reader of the file gets them.
  private let inFile: [Int64]
  /// Decoded as they come out of their segments, while the file is being written: that the same lies in the file is what
  /// the digests of its packets say. Only where each frame decodes by itself.
  private let inSegments: [Inner]

  init(_ input: AssembleTask.Input) {
    self.input = input
    var firsts: [Inner] = []
    var next: Int64 = 0
    for piece in input.pieces {
      firsts.append(Inner(number: next, piece: piece))
      next += Int64(piece.count)
    }
    let ends = next > 0 ? Array(Set([0, next - 1])).sorted() : []
    frames = Array(Set(firsts.map(\.number) + ends)).sorted()
    inSegments = input.encoding.unit == .frame ? firsts.filter { !ends.contains($0.number) } : []
    inFile = input.encoding.unit == .frame ? ends : frames
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
