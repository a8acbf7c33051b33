import Digests
import Editorial
import Foundation
import ObjectStore
import TaskGraph
import TaskKinds

/// Writes the page of a conform report with its thumbnails.
enum ConformPageInterpreter: TaskInterpreter {
  typealias Kind = ConformPageTask

  static func run(_ input: ConformPageTask.Input, in context: TaskContext) throws -> (
    ConformPageTask.Output, [ObjectReference]
  ) {
    var report = try decoded(ConformReport.self, input.report, context)
    if let stills = try input.stills.map({ try decoded([String?].self, $0, context) }) {
      for index in stills.indices { report.offline?.events[index].still = stills[index] }
    }
    var pages = PictureStore(store: context.store)
    let pictures = try input.pictures.map { event in try event.map { try pages.dataURI(of: $0) } }
    let object = try context.store.commitObject(
      bytes: Array(report.html(pictures: pictures).utf8), name: "report.html", scratch: context.attempt.path)
    let made = MadeFile(
      object: object.digest, byteCount: object.byteCount, suffix: "report", fileExtension: "html")
    return (ConformPageTask.Output(files: [made]), [object])
  }

  private static func decoded<Value: Decodable>(
    _ type: Value.Type, _ object: Digest, _ context: TaskContext
  ) throws -> Value {
    try JSONDecoder().decode(type, from: Data(try context.store.bytes(of: object)))
  }

  /// Pictures that other tasks made, each task's read once.
  private struct PictureStore {
    let store: ObjectStore
    private var known: [TaskKey: [String]] = [:]

    init(store: ObjectStore) { self.store = store }

    mutating func dataURI(of picture: ConformPageTask.Picture) throws -> String {
      if let pictures = known[picture.thumbnails], pictures.indices.contains(picture.index) {
        return pictures[picture.index]
      }
      guard let output = try store.result(picture.thumbnails, as: ThumbnailsTask.Output.self)?.output else {
        throw WorkerFailure(missingObject: picture.thumbnails)
      }
      let made = try store.bytes(of: output.pictures)
      guard output.byteCounts.reduce(0, +) == made.count, output.byteCounts.indices.contains(picture.index)
      else { throw WorkerFailure(verification: "the thumbnails are not what their result says") }
      var uris: [String] = []
      var start = 0
      for count in output.byteCounts {
        let bytes = Data(made[start..<start + count])
        uris.append("data:image/jpeg;base64," + bytes.base64EncodedString())
        start += count
      }
      known[picture.thumbnails] = uris
      return uris[picture.index]
    }
  }
}
