import Colour
import ImageGraph

/// Black around what is seen of another picture.
final class MatteSource: FrameSource {
  private let matte: Matte
  private let below: any FrameSource
  /// Black, and in it what is seen.
  private let buffer: PictureBuffer

  init(
    _ matte: Matte, of node: ImageNode, destination: Colour.PictureFormat, builder: FrameSourceBuilder
  ) throws {
    guard matte.raster == Raster(width: destination.width, height: destination.height) else {
      throw WorkerFailure(verification: "a matte of \(matte.raster) does not lie over this raster")
    }
    self.matte = matte
    below = try builder.source(node, destination: destination)
    buffer = PictureBuffer(layout: destination.layout, width: destination.width, height: destination.height)
    buffer.fillBlack(isFullRange: destination.encoding.isFullRange)
    guard let colour = matte.colour else { return }
    try builder.source(.colour(colour, of: .black(Black())), destination: destination).withFrame(0) { black in
      buffer.copy(black, columns: 0..<matte.raster.width, rows: 0..<matte.raster.height)
    }
  }

  func withFrame<R>(_ number: Int64, _ body: (PictureBuffer) throws -> R) throws -> R {
    try below.withFrame(number) { picture in
      buffer.copy(
        picture, columns: matte.columns..<matte.raster.width - matte.columns,
        rows: matte.rows..<matte.raster.height - matte.rows)
    }
    return try body(buffer)
  }
}
