import Diagnostics
import ObjectStore
import TaskGraph
import TaskKinds

/// Finds out what several media files are; what is known is published a few dozen at a time, so that the disk is not
/// waited for once for each file.
enum ProbeFilesInterpreter: TaskInterpreter {
  typealias Kind = ProbeFilesTask

  static var isAnsweredByResult: Bool { false }

  private static let publishedTogether = 32

  static func run(_ input: ProbeFilesTask.Input, in context: TaskContext) throws -> (
    ProbeFilesTask.Output, [ObjectReference]
  ) {
    let group = try CommitGroup(context.store, scratch: context.attempt.path)
    let failures: [ProbeFilesTask.Failure]
    do {
      failures = try probe(input.files, group, context)
    } catch {
      // Whoever stops us, what is known is kept; why we stop matters more than why that fails.
      try? publish(group, context)
      throw error
    }
    try publish(group, context)
    return (ProbeFilesTask.Output(failures: failures), [])
  }

  private static func publish(_ group: CommitGroup, _ context: TaskContext) throws {
    for (key, isFirst) in try group.commit() {
      context.reporter.committed(key, frames: 0, isFirst: isFirst)
    }
  }

  /// - Returns: the files that cannot be read.
  private static func probe(
    _ files: [ProbeFilesTask.File], _ group: CommitGroup, _ context: TaskContext
  ) throws -> [ProbeFilesTask.Failure] {
    var failures: [ProbeFilesTask.Failure] = []
    for file in files {
      try StopRequest.check()
      // An attempt that was cut off has left those that it had read.
      if context.store.hasResult(file.key) { continue }
      do {
        try MediaGuard.check(file.media)
        let output = ProbeTask.Output(facts: try ProbeInterpreter.facts(of: file.media.path))
        try group.add(
          context.record(
            file.key, kind: ProbeTask.identifier, version: ProbeTask.version, output: output, objects: []))
        if group.count >= publishedTogether { try publish(group, context) }
      } catch {
        // A bad file is told and stops no other; anything else would be as bad for all of them.
        let failure = WorkerFailure(describing: error)
        guard failure.failure == .media || failure.failure == .user else { throw error }
        let told = ProbeFilesTask.Failure(key: file.key, diagnostics: failure.diagnostics)
        failures.append(told)
        // What a batch of this file alone would find, so that it can be asked for whatever the batch was.
        guard files.count > 1 else { continue }
        try group.add(
          context.record(
            ProbeFilesTask.key([file]), kind: ProbeFilesTask.identifier, version: ProbeFilesTask.version,
            output: ProbeFilesTask.Output(failures: [told]), objects: []))
        if group.count >= publishedTogether { try publish(group, context) }
      }
    }
    return failures
  }
}
