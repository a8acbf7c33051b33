import Diagnostics
import ObjectStore
import TaskGraph
import TaskKinds

/// Finds out what several media files are; each is published as soon as it is known.
enum ProbeFilesInterpreter: TaskInterpreter {
  typealias Kind = ProbeFilesTask

  static var isAnsweredByResult: Bool { false }

  static func run(_ input: ProbeFilesTask.Input, in context: TaskContext) throws -> (
    ProbeFilesTask.Output, [ObjectReference]
  ) {
    var failures: [ProbeFilesTask.Failure] = []
    for file in input.files {
      try StopRequest.check()
      // An attempt that was cut off has left those that it had read.
      if context.store.hasResult(file.key) { continue }
      do {
        try MediaGuard.check(file.media)
        let output = ProbeTask.Output(facts: try ProbeInterpreter.facts(of: file.media.path))
        let isFirst = try context.commit(
          file.key, kind: ProbeTask.identifier, version: ProbeTask.version, output: output, objects: [])
        context.reporter.committed(file.key, frames: 0, isFirst: isFirst)
      } catch {
        // A bad file is told and stops no other; anything else would be as bad for all of them.
        let failure = WorkerFailure(describing: error)
        guard failure.failure == .media || failure.failure == .user else { throw error }
        failures.append(ProbeFilesTask.Failure(key: file.key, diagnostics: failure.diagnostics))
      }
    }
    return (ProbeFilesTask.Output(failures: failures), [])
  }
}
