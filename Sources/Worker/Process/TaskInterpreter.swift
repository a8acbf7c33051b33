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

  /// Whether the task's own result is published now. Not so for a task of which only a part was asked for, as long as the
  /// rest is not there, and for one whose commit is something else.
  static func isComplete(_ input: Kind.Input, in context: TaskContext) throws -> Bool
}

/// Every kind of task a worker knows.
enum InterpreterRegistry {
  static let all: [any TaskInterpreter.Type] = [
    ProbeInterpreter.self, SequenceProbeInterpreter.self, ScreenInterpreter.self, TypesetInterpreter.self,
    RenderInterpreter.self, MixInterpreter.self, AssembleInterpreter.self, StillInterpreter.self,
    ContactSheetInterpreter.self, ProbeFilesInterpreter.self, ThumbnailsInterpreter.self,
    ConformPageInterpreter.self, FitOfflineInterpreter.self, CompareOfflineInterpreter.self,
    FindOfflineInterpreter.self, ExternalInterpreter.self, PublishInterpreter.self,
    CompileColourInterpreter.self, QualityInterpreter.self,
  ]

  static func interpreter(for kind: String) -> (any TaskInterpreter.Type)? {
    all.first { $0.identifier == kind }
  }

  /// Who does the task of a file.
  ///
  /// - Throws: `Diagnostic` for one of another build, or that asks for libraries which are not here.
  static func interpreter(for head: TaskFileHead) throws -> any TaskInterpreter.Type {
    guard head.schema == taskFileSchema, let interpreter = interpreter(for: head.kind),
      interpreter.version == head.version
    else {
      throw Diagnostic(
        family: .usage, code: "task.otherVersion",
        message:
          "this worker does not know \(head.kind) tasks of version \(head.version) (file schema \(head.schema))",
        remedy: "Run coordinator and workers of one build.")
    }
    // Other libraries make other bytes, and the key says which libraries they are of.
    let others = (head.tools ?? [:]).filter { WorkerIdentity.tool($0.key) != $0.value }
    if let first = others.min(by: { $0.key < $1.key }) {
      throw Diagnostic(
        family: .usage, code: "worker.otherBuild",
        message: "the task is to be made with \(first.value), and this machine has "
          + (WorkerIdentity.tool(first.key) ?? "nothing of it"),
        remedy:
          "Install on this machine what is on the one that planned, or plan again on one like this; on Slurm, "
          + "`constraint:` under `farm:` keeps jobs off it."
      )
    }
    return interpreter
  }

}

extension TaskInterpreter {
  static var isAnsweredByResult: Bool { true }

  static func isComplete(_ input: Kind.Input, in context: TaskContext) throws -> Bool { true }

  static var identifier: String { Kind.identifier }

  static var version: Int { Kind.version }
}

/// A failed task: what is told to whoever gave it out.
struct WorkerFailure: Error {
  var exit: Int32
  var failure: WorkerEvent.FailureClass
  var diagnostics: [Diagnostic]
}
