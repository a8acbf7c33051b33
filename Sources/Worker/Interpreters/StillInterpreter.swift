import Colour
import Digests
import Drawing
import ImageGraph
import ObjectStore
import TaskGraph
import TaskKinds

/// Renders a frame before and after its grade and keeps both as stills; one picture is in memory at a time.
enum StillInterpreter: TaskInterpreter {
  typealias Kind = StillTask

  static func run(_ input: StillTask.Input, in context: TaskContext) throws -> (
    StillTask.Output, [ObjectReference]
  ) {
    let size = Still.size(of: input.raster.width, input.raster.height, inside: ContactSheet.stillBox)
    var objects: [ObjectReference] = []
    var files: [MadeFile] = []
    func still(_ picture: SamplePicture) -> [UInt8] {
      picture.still(width: size.width, height: size.height).rgb
    }
    let after = try render(input.after, input, context) { picture in
      if let scopes = input.scopes {
        let object = try context.keep(
          bytes: try ScopeSheet(scopes).png(of: picture), name: "\(scopes.suffix).png")
        objects.append(object)
        files.append(
          MadeFile(
            object: object.digest, byteCount: object.byteCount, suffix: scopes.suffix, fileExtension: "png"))
      }
      return still(picture)
    }
    let before = input.before == input.after ? after : try render(input.before, input, context, still)
    let stills = before + after
    let object = try context.keep(bytes: stills, name: "stills")
    objects.append(object)
    return (
      StillTask.Output(stills: object.digest, width: size.width, height: size.height, files: files), objects
    )
  }

  private static func render<R>(
    _ node: ImageNode, _ input: StillTask.Input, _ context: TaskContext, _ body: (SamplePicture) throws -> R
  ) throws -> R {
    try StopRequest.check()
    let source = try FrameSourceBuilder(
      media: input.media, store: context.store, colour: ColourLibrary(context)
    ).source(
      node, destination: try PictureBuffer.float(width: input.raster.width, height: input.raster.height))
    return try body(try source.withFrame(input.frame) { SamplePicture($0) })
  }
}

extension SamplePicture {
  /// A picture in planar float R'G'B'.
  init(_ buffer: PictureBuffer) {
    let planes = buffer.floatPlanes()
    self.init(width: buffer.width, height: buffer.height, red: planes[2], green: planes[0], blue: planes[1])
  }
}

extension ScopeSheet {
  init(_ scopes: StillTask.Scopes) {
    var groups: [Group] = []
    for fact in scopes.facts {
      if groups.last?.heading != fact.heading { groups.append(Group(fact.heading, [])) }
      groups[groups.count - 1].rows.append((fact.name, fact.value))
    }
    self.init(title: scopes.title, subtitle: scopes.subtitle, groups: groups)
  }
}
