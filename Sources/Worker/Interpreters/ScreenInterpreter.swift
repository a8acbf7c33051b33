import Colour
import ImageGraph
import Media
import ObjectStore
import TaskGraph
import TaskKinds

/// Measures the screen of a plate.
enum ScreenInterpreter: TaskInterpreter {
  typealias Kind = ScreenTask

  static func run(_ input: ScreenTask.Input, in context: TaskContext) throws -> (
    ScreenTask.Output, [ObjectReference]
  ) {
    let pictures = try FrameSourceBuilder.supply(input.source, input.media)
    let colour = try pictures.withPicture(input.frame) { picture in
      guard let layout = PixelLayout(named: picture.pixelFormat) else {
        throw WorkerFailure(verification: "a plate in \(picture.pixelFormat) is not keyed")
      }
      let format = Colour.PictureFormat(
        layout: layout, encoding: ColourEncoding(input.source.interpretation), width: picture.width,
        height: picture.height)
      let part = input.part ?? [0, 0, picture.width, picture.height]
      guard part.count == 4, part[0] >= 0, part[1] >= 0, part[2] > 0, part[3] > 0,
        part[0] <= picture.width - part[2], part[1] <= picture.height - part[3]
      else {
        throw WorkerFailure(verification: "the part to be sampled leaves the plate")
      }
      return try LightPicture.screenColour(
        picture.sourcePlanes, of: format,
        in: PictureRectangle(x: part[0], y: part[1], width: part[2], height: part[3]))
    }
    return (ScreenTask.Output(screen: colour.map { [$0.x, $0.y, $0.z] }), [])
  }
}
