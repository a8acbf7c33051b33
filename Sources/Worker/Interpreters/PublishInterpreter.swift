import ObjectStore
import Publishing
import TaskGraph
import TaskKinds

/// Makes a version visible where no coordinator does: the last steps of a job that a farm runs by itself.
///
/// Publishers of one line wait for each other, and a version with the same files is left as it is, so it does no harm
/// when the same is published twice.
enum PublishInterpreter: TaskInterpreter {
  typealias Kind = PublishTask

  /// A version may have been taken away since; looking costs little.
  static var isAnsweredByResult: Bool { false }

  static func run(_ input: PublishTask.Input, in context: TaskContext) throws -> (
    PublishTask.Output, [ObjectReference]
  ) {
    let record = try Publisher(store: context.store).publish(input, key: PublishTask.key(input))
    let version = VersionLine.folderName(version: record.version)
    context.log.write("published \(input.shelf.rawValue)/\(input.programme)/\(input.name)/\(version)")
    context.reporter.status("published \(input.name) \(version)")
    return (PublishTask.Output(version: version), [])
  }

  /// Its commit is `version.json` in the version's folder.
  static func isComplete(_ input: PublishTask.Input, in context: TaskContext) throws -> Bool { false }
}
