import Drawing
import ImageGraph
import ObjectStore
import TaskGraph
import TaskKinds

/// Draws contact sheets, a page at a time.
enum ContactSheetInterpreter: TaskInterpreter {
  typealias Kind = ContactSheetTask

  static func run(_ input: ContactSheetTask.Input, in context: TaskContext) throws -> (
    ContactSheetTask.Output, [ObjectReference]
  ) {
    var objects: [ObjectReference] = []
    var files: [MadeFile] = []
    let pages = ContactSheet.pages(input.shots.count)
    for (index, page) in pages.enumerated() {
      try StopRequest.check()
      let facts = input.facts + (pages.count > 1 ? ["page \(index + 1) of \(pages.count)"] : [])
      let sheet = ContactSheet(
        programme: input.programme, facts: facts,
        shots: try input.shots[page].map { try shot($0, handles: input.handles, context) },
        raster: (input.raster.width, input.raster.height))
      let suffix = pages.count > 1 ? "contact-sheet.\(index + 1)" : "contact-sheet"
      let object = try context.store.commitObject(
        bytes: try sheet.png(), name: "\(suffix).png", scratch: context.attempt.path)
      objects.append(object)
      files.append(
        MadeFile(object: object.digest, byteCount: object.byteCount, suffix: suffix, fileExtension: "png"))
    }
    return (ContactSheetTask.Output(files: files), objects)
  }

  private static func shot(
    _ shot: ContactSheetTask.Shot, handles: Int64, _ context: TaskContext
  ) throws -> ContactSheet.Shot {
    guard let stills = try context.store.result(shot.still, as: StillTask.Output.self)?.output else {
      throw WorkerFailure(missingObject: shot.still)
    }
    let size = stills.width * stills.height * 3
    let bytes = try context.store.bytes(of: stills.stills)
    guard bytes.count == 2 * size else {
      throw WorkerFailure(verification: "the stills are not what their result says")
    }
    func still(_ index: Int) -> Still {
      Still(
        width: stills.width, height: stills.height, rgb: Array(bytes[index * size..<(index + 1) * size]))
    }
    return ContactSheet.Shot(
      event: shot.event, name: shot.name, record: shot.record, source: shot.source, length: shot.length,
      handles: (shot.handlesBefore, shot.handlesAfter, handles), notes: shot.notes, before: still(0),
      after: still(1))
  }
}
