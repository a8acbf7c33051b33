import Colour

/// Lays out mixed pictures as they are asked for, through a look where there is one.
final class FinishedPicture {
  private let pipe: PicturePipe
  private let buffer: PictureBuffer

  convenience init(
    from source: Colour.PictureFormat, look: LookTable?, destination: Colour.PictureFormat
  ) throws {
    try self.init(
      from: source, grade: look.map { GradeKernel(decision: nil, look: $0) }, destination: destination)
  }

  init(from source: Colour.PictureFormat, grade: GradeKernel?, destination: Colour.PictureFormat) throws {
    pipe = try PicturePipe(source: source, grade: grade, destination: destination)
    buffer = PictureBuffer(layout: destination.layout, width: destination.width, height: destination.height)
  }

  /// The same picture in the destination's layout.
  func picture(of mixed: PictureBuffer) throws -> PictureBuffer {
    try mixed.withSource { source in
      try buffer.withDestination { try pipe.run(source: source, destination: $0) }
    }
    buffer.cover = mixed.cover
    return buffer
  }
}
