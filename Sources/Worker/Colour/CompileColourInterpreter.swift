import ColorGrading
import Colour
import Diagnostics
import Digests
import Foundation
import ImageGraph
import ObjectStore
import TaskGraph
import TaskKinds

/// Checks colour steps and finds the fastest form of them that is proven.
enum CompileColourInterpreter: TaskInterpreter {
  typealias Kind = CompileColourTask

  static func run(_ input: CompileColourTask.Input, in context: TaskContext) throws -> (
    CompileColourTask.Output, [ObjectReference]
  ) {
    let library = ColourLibrary(context)
    defer { library.clear() }
    let check = ColourCheck(input, library: library)
    try check.files()
    let exact = try check.processor(of: input.process)
    var objects: [ObjectReference] = []
    func keep(_ bytes: [UInt8], _ name: String) throws -> Digest {
      let object = try context.store.commitObject(bytes: bytes, name: name, scratch: context.attempt.path)
      objects.append(object)
      return object.digest
    }
    let chosen = try ColourForms(input, exact: exact, library: library).choose()
    var program = ColourProgram(form: chosen.form, library: ColourConfig.libraryIdentity)
    switch chosen.form {
    case .identity: break
    case .table:
      program.decision = chosen.decision
      program.table = try chosen.table.map { try keep($0.canonical, "look") }
    case .steps: program.steps = try chosen.steps.map { try keep($0.canonical, "colour steps") }
    case .exact:
      program.process = input.process
      program.process?.black = nil
    }
    if let black = try check.black() {
      program.black = black
      program.isUnder = input.process.black?.isUnder == true ? true : nil
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let digest = try keep([UInt8](try encoder.encode(program)), "colour")
    return (
      CompileColourTask.Output(
        compiled: ColourProcess.Compiled(
          form: chosen.form, program: digest, error: chosen.error,
          library: chosen.form == .exact ? ColourConfig.libraryIdentity : nil),
        reason: chosen.reason), objects
    )
  }
}

/// Says what is wrong with the files and names of colour steps, each fault at its file.
private struct ColourCheck {
  let input: CompileColourTask.Input
  let library: ColourLibrary

  init(_ input: CompileColourTask.Input, library: ColourLibrary) {
    self.input = input
    self.library = library
  }

  /// Every LUT, process list and correction by itself.
  func files() throws {
    var faults: [Diagnostic] = []
    for case .table(let table) in input.process.steps {
      do {
        let transform = try library.transform(.table(table))
        _ = try ColourProcessor([transform], config: ColourConfig())
      } catch let list as DiagnosticList {
        faults += list.diagnostics
      } catch let error as ColourManagementError {
        let words = library.words(error)
        faults.append(
          Diagnostic(
            family: .usage, code: "colour.badFile",
            location: SourceLocation(file: table.name, line: Self.line(in: words)),
            message: "the file cannot be used: \(words)", remedy: "Export it again." + asked))
      }
    }
    if !faults.isEmpty { throw DiagnosticList(faults) }
  }

  /// Red, green and blue of no light; nil where they are 0 to the last code of 16 bits.
  func black() throws -> [Float]? {
    guard let black = input.process.black else { return nil }
    var pixel: [Float] = [0, 0, 0]
    try processor(of: ColourProcess(context: input.process.context, steps: black.steps)).apply(&pixel)
    let isZero = pixel.allSatisfy { $0.magnitude < 0.25 / 65_535 }
    guard pixel.allSatisfy(\.isFinite), !isZero else { return nil }
    return pixel
  }

  func processor(of process: ColourProcess) throws -> ColourProcessor {
    let context = process.context
    do {
      let config = try library.config(context)
      if context.config != nil { try config.check() }
    } catch let error as ColourManagementError {
      let words = library.words(error)
      throw DiagnosticList([
        Diagnostic(
          family: .usage, code: "colour.badConfig",
          location: SourceLocation(file: context.name, line: Self.line(in: words)),
          message: "the config cannot be used: \(words)",
          remedy: "Correct the config, or take another; `config: aces` needs no file." + asked)
      ])
    }
    do {
      return try library.processor(process)
    } catch let error as ColourManagementError {
      throw DiagnosticList([
        Diagnostic(
          family: .usage, code: "colour.refused",
          location: input.location, message: "\(input.subject): \(library.words(error))",
          remedy: "Check the names against the config \(context.name), and the files it names beside it.",
          excerpt: input.excerpt)
      ])
    }
  }

  /// Where the pipeline names it.
  private var asked: String { input.location.map { " It is named at \($0)." } ?? "" }

  /// Of `At line 5:`, `At line (5)` and the like.
  private static func line(in words: String) -> Int? {
    guard let found = words.lowercased().range(of: "line ") else { return nil }
    return Int(words[found.upperBound...].drop { $0 == "(" }.prefix { $0.isNumber })
  }
}
