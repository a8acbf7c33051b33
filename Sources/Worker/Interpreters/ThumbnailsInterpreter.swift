import Colour
import Digests
import ImageGraph
import Media
import MediaTime
import ObjectStore
import TaskGraph
import TaskKinds

/// Renders frames small and keeps them as JPEG; one picture is in memory at a time.
enum ThumbnailsInterpreter: TaskInterpreter {
  typealias Kind = ThumbnailsTask

  static func run(_ input: ThumbnailsTask.Input, in context: TaskContext) throws -> (
    ThumbnailsTask.Output, [ObjectReference]
  ) {
    guard let layout = PixelLayout(named: "yuv420p") else {
      throw WorkerFailure(verification: "the kernels do not write yuv420p")
    }
    // JFIF: Rec.601 and full range.
    let settings = EncoderSettings(
      codec: "mjpeg", pixelFormat: "yuv420p", width: input.raster.width, height: input.raster.height,
      rate: FrameRate(25), quantiser: 5,
      // Left to itself the encoder takes another transform on every kind of CPU.
      options: ["dct": "int"], matrix: "smpte170m", range: "pc")
    let source = try FrameSourceBuilder(
      media: input.media, store: context.store, colour: ColourLibrary(context)
    ).source(
      input.node,
      destination: Colour.PictureFormat(
        layout: layout, encoding: ColourEncoding(matrix: .bt601, isFullRange: true),
        width: input.raster.width, height: input.raster.height))
    var pictures: [UInt8] = []
    var counts: [Int] = []
    for frame in input.frames {
      try StopRequest.check()
      // This encoder wants times that rise; a new one for each picture also knows nothing of those before.
      let encoder = try PictureEncoder(settings)
      let bytes = try source.withFrame(frame) { picture in
        try encoder.encode { view in picture.copy(to: view) }
      }
      counts.append(bytes.count)
      pictures += bytes
    }
    let object = try context.keep(bytes: pictures, name: "thumbnails")
    return (ThumbnailsTask.Output(pictures: object.digest, byteCounts: counts), [object])
  }
}
