import Diagnostics
import Digests
import Foundation
import ObjectStore
import TaskGraph
import TaskKinds

/// Does the work of one kind of task.
protocol TaskInterpreter: Sendable {
  associatedtype Kind: TaskKind

  /// Whether a result of the task means that there is nothing left to do; not so where steps of it commit on
  /// their own and may have been taken back since.
  static var isAnsweredByResult: Bool { get }

  /// - Returns: the output, and every object it refers to, already in the store.
  static func run(_ input: Kind.Input, in context: TaskContext) throws -> (Kind.Output, [ObjectReference])
}

/// Every kind of task a worker knows.
enum InterpreterRegistry {
  static let all: [any TaskInterpreter.Type] = [
    ProbeInterpreter.self, SequenceProbeInterpreter.self, ScreenInterpreter.self, TypesetInterpreter.self,
    RenderInterpreter.self, MixInterpreter.self, AssembleInterpreter.self, StillInterpreter.self,
    ContactSheetInterpreter.self, ProbeFilesInterpreter.self, ThumbnailsInterpreter.self,
    ConformPageInterpreter.self, FitOfflineInterpreter.self, CompareOfflineInterpreter.self,
    FindOfflineInterpreter.self, ExternalInterpreter.self,
  ]

  static func interpreter(for kind: String) -> (any TaskInterpreter.Type)? {
    all.first { $0.identifier == kind }
  }
}

extension TaskInterpreter {
  static var isAnsweredByResult: Bool { true }

  static var identifier: String { Kind.identifier }

  static var version: Int { Kind.version }

  /// Reads the input, does the work, publishes the result.
  ///
  /// - Returns: whether this attempt was the first with it; nil when it is published with those of others.
  static func perform(_ head: TaskFileHead, file: [UInt8], in context: TaskContext) throws -> Bool? {
    let task: TaskFile<Kind.Input>
    do {
      task = try JSONDecoder().decode(TaskFile<Kind.Input>.self, from: Data(file))
    } catch {
      throw WorkerFailure(
        exit: 2, failure: .user,
        diagnostics: [
          Diagnostic(
            severity: .error, family: .usage, code: "task.unreadable", location: nil,
            message: "the input of this \(Kind.identifier) task is not what such a task takes: \(error)",
            remedy: "Make the task file with the same build as the worker.")
        ])
    }
    let (output, objects) = try run(task.input, in: context)
    let isFirst = try context.finish(
      head.key, kind: Kind.identifier, version: Kind.version, output: output, objects: objects)
    if let isFirst { context.log.write("commit \(head.key.hex) \(isFirst ? "first" : "late")") }
    return isFirst
  }
}

/// A failed task: what is told to whoever gave it out.
struct WorkerFailure: Error {
  var exit: Int32
  var failure: WorkerEvent.FailureClass
  var diagnostics: [Diagnostic]
}
