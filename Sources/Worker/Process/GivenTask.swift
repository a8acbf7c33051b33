import Diagnostics
import Digests
import Foundation
import ObjectStore
import TaskGraph
import TaskKinds

/// A task file as a worker understands it; its text is parsed once.
struct GivenTask: Decodable {
  /// A task whose input is known, to be done.
  typealias Work = (TaskContext) throws -> Bool?

  let head: TaskFileHead
  /// Who does it, and how; a fault of the file is one of this task alone, when its turn has come.
  private let work: Result<(interpreter: any TaskInterpreter.Type, perform: Work), any Error>

  /// - Throws: `Diagnostic` when it is no task file.
  init(_ file: [UInt8], path: String, mapping: PathMapping?) throws {
    let decoder = JSONDecoder()
    if let mapping { decoder.userInfo[PathMapping.userInfoKey] = mapping }
    self = try decoder.decode(GivenTask.self, ofTaskFile: file, path: path)
  }

  init(from decoder: any Decoder) throws {
    let head = try TaskFileHead(from: decoder)
    self.head = head
    work = Result {
      let interpreter = try InterpreterRegistry.interpreter(for: head)
      return (interpreter, try interpreter.work(head, from: decoder))
    }
  }

  /// Does the task, unless its result is there already.
  ///
  /// - Returns: whether this attempt was the first with the result; nil when others are published together with it.
  func perform(in context: TaskContext) throws -> Bool? {
    let (interpreter, perform) = try work.get()
    if context.frames != nil, head.kind != RenderTask.identifier {
      throw Diagnostic(
        family: .usage, code: "task.noFrames",
        message: "a \(head.kind) task is made whole; only render tasks can be made frame by frame",
        remedy: "Leave --frames out.")
    }
    context.log.write("start \(head.key.hex) \(head.kind) \(head.label)")
    if interpreter.isAnsweredByResult, try context.store.storedResult(head.key) != nil {
      context.log.write("done before \(head.key.hex)")
      return false
    }
    return try perform(context)
  }
}

extension TaskInterpreter {
  /// Reads the input; what is returned does the work and publishes the result.
  ///
  /// - Throws: `Diagnostic` for an input that is not of this kind.
  fileprivate static func work(_ head: TaskFileHead, from decoder: any Decoder) throws -> GivenTask.Work {
    let input: Kind.Input
    do {
      input = try TaskInput<Kind.Input>(from: decoder).input
    } catch {
      throw Diagnostic.unreadable(
        "the input of this \(Kind.identifier) task is not what such a task takes: \(error)",
        remedy: "Make the task file with the same build as the worker.")
    }
    return { context in
      let (output, objects) = try run(input, in: context)
      guard try isComplete(input, in: context) else { return nil }
      let isFirst = try context.finish(
        head.key, kind: Kind.identifier, version: Kind.version, output: output, objects: objects)
      if let isFirst { context.log.write("commit \(head.key.hex) \(isFirst ? "first" : "late")") }
      return isFirst
    }
  }
}

extension TaskFileHead {
  /// The head alone: the input, which may be long, is not decoded.
  ///
  /// - Throws: `Diagnostic` when it is no task file.
  init(file: [UInt8], path: String) throws {
    self = try JSONDecoder().decode(TaskFileHead.self, ofTaskFile: file, path: path)
  }
}

extension JSONDecoder {
  fileprivate func decode<Value: Decodable>(
    _ type: Value.Type, ofTaskFile file: [UInt8], path: String
  ) throws -> Value {
    do {
      return try decode(type, from: Data(file))
    } catch {
      throw Diagnostic.unreadable("\(path) is not a task file: \(error)")
    }
  }
}

private struct TaskInput<Input: Decodable>: Decodable {
  var input: Input
}

extension Diagnostic {
  fileprivate static func unreadable(_ message: String, remedy: String? = nil) -> Diagnostic {
    Diagnostic(family: .usage, code: "task.unreadable", message: message, remedy: remedy)
  }
}
