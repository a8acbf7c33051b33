import Colour
import ImageGraph
import Media

/// Pictures through colour steps that the kernels do not apply on their way: mixed or exact ones, in float.
final class ColourSource: FrameSource {
  private let below: any FrameSource
  private let colour: LoadedColour
  private let picture: PictureBuffer
  private let finish: FinishedPicture

  init(
    _ below: any FrameSource, colour: LoadedColour, destination: Colour.PictureFormat
  ) throws {
    self.below = below
    self.colour = colour
    picture = try PictureBuffer(floatOfWidth: destination.width, height: destination.height)
    finish = try FinishedPicture(
      from: try PictureBuffer.float(width: destination.width, height: destination.height),
      grade: colour.kernel, destination: destination)
  }

  func withFrame<R>(_ number: Int64, _ body: (PictureBuffer) throws -> R) throws -> R {
    try below.withFrame(number) { from in
      unsafe picture.withFloats(from, from) { source, _, out in _ = unsafe out.update(from: source) }
      picture.cover = from.cover
      try colour.apply(to: picture)
      // Steps make something of the black around a picture; it is black afterwards as well.
      if let area = from.area { picture.fill(outside: area, with: colour.black ?? .zero) }
      if colour.isUnder { picture.lie(over: colour.black ?? .zero) }
      return try body(try finish.picture(of: picture))
    }
  }
}
