import ImageGraph
import Media
import ObjectStore
import TaskKinds

/// Pictures of a deliverable, decoded from the segments that hold its frames.
final class StoredFramesSupply: PictureSupply {
  private let frames: RenderTask.StoredFrames
  private let reader: SegmentReader
  private let decoder: PictureDecoder
  let interpretation: Interpretation
  var sampleAspect: (numerator: Int64, denominator: Int64) { (1, 1) }

  init(_ frames: RenderTask.StoredFrames, interpretation: Interpretation, store: ObjectStore) throws {
    self.frames = frames
    self.interpretation = interpretation
    reader = SegmentReader(store: store)
    decoder = try PictureDecoder(EncoderSettings(frames.encoding))
  }

  func withPicture<R>(_ number: Int64, _ body: (borrowing PictureView) throws -> R) throws -> R {
    let part = frames.parts.first { number >= $0.first && number < $0.first + $0.count }
    guard let part else {
      throw WorkerFailure(verification: "no stored frame of the deliverable is frame \(number) of its chain")
    }
    let packet = try reader.packet(of: part.segment, at: part.offset + Int(number - part.first))
    return try decoder.decode(packet.bytes, body)
  }
}
