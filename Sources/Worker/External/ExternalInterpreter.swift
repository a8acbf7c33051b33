import Diagnostics
import Digests
import Foundation
import Glibc
import ObjectStore
import TaskGraph
import TaskKinds

/// Runs somebody else's program in a private folder, and believes it only as far as its outputs go.
enum ExternalInterpreter: TaskInterpreter {
  typealias Kind = ExternalTask

  static func run(_ input: ExternalTask.Input, in context: TaskContext) throws -> (
    ExternalTask.Output, [ObjectReference]
  ) {
    let folder = try ProgramFolder(context)
    defer { folder.remove() }
    try folder.lay(input)
    let outcome = try start(input, in: folder, context: context)
    try judge(outcome, of: input, context: context)
    let outputs = ProgramOutputs(input, in: folder, context: context)
    var (output, objects) = try outputs.take()
    output.seconds = outcome.seconds
    output.leftRunning = outcome.leftRunning
    tell(output, of: input, context: context)
    return (output, objects)
  }

  /// What a program that succeeded did besides.
  private static func tell(_ output: ExternalTask.Output, of input: ExternalTask.Input, context: TaskContext)
  {
    if !output.undeclared.isEmpty {
      let names = output.undeclared.joined(separator: ", ")
      context.log.write("not declared, and not kept: \(names)")
      context.notes.add(
        Diagnostic(
          severity: .note, family: .failed, code: "external.undeclared",
          message: "`\(input.stage)` made files that are not declared and were not kept: \(names)",
          remedy: "Declare them under `outputs:`, or let it write them to $TMPDIR."))
    }
    if !output.leftRunning.isEmpty {
      let names = output.leftRunning.joined(separator: ", ")
      context.notes.add(
        Diagnostic(
          severity: .warning, family: .failed, code: "external.leftRunning",
          message: "`\(input.stage)` left \(names) running, which was ended with it",
          remedy: "Let it wait for what it starts."))
    }
  }

  /// Steps of progress: the frames it makes, or a hundred.
  static func total(_ input: ExternalTask.Input) -> Int { input.made.map { Int($0.count) } ?? 100 }

  private static func start(_ input: ExternalTask.Input, in folder: ProgramFolder, context: TaskContext)
    throws
    -> ProgramRun.Outcome
  {
    let values = ProgramValues(input, in: folder)
    let words = try input.program.map(values.fill)
    guard let name = words.first else { throw WorkerFailure(verification: "the task names no program") }
    var environment = [
      "PATH": ExternalTask.searchPath.joined(separator: ":"), "HOME": folder.home, "TMPDIR": folder.temporary,
      "LANG": "C", "LC_ALL": "C", "TZ": "UTC",
    ]
    for (variable, value) in input.environment { environment[variable] = try values.fill(value) }
    context.log.write("program: \(words.joined(separator: " "))")
    let total = total(input)
    let run = ProgramRun(
      executable: try path(of: name, input), arguments: Array(words.dropFirst()), environment: environment,
      folder: folder.work, limits: input.limits, attempt: context.attempt.id, log: context.log
    ) { percent in
      context.reporter.progress(frames: Int(percent / 100 * Double(total)), of: total)
    }
    return try run.run()
  }

  private static func path(of name: String, _ input: ExternalTask.Input) throws -> String {
    if name.contains("/") { return name }
    for folder in ExternalTask.searchPath {
      let path = "\(folder)/\(name)"
      var status = stat()
      if unsafe stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG, unsafe access(path, X_OK) == 0 {
        return path
      }
    }
    throw WorkerFailure.program(
      "external.noProgram",
      "`\(input.stage)` needs the program `\(name)`, which is not in "
        + "\(ExternalTask.searchPath.joined(separator: ", ")) of this machine", exit: 3,
      family: .inputMissing,
      .user, remedy: "Install it there, or give its absolute path in the pipeline.")
  }

  // MARK: How it ended

  private static func judge(
    _ outcome: ProgramRun.Outcome, of input: ExternalTask.Input, context: TaskContext
  ) throws {
    let lines = outcome.lines
    context.log.write("program ended: \(outcome.end), \(lines.byteCount) bytes of output")
    if !outcome.leftRunning.isEmpty {
      context.log.write("it left running, and we ended: \(outcome.leftRunning.joined(separator: ", "))")
    }
    let remedy = "Its log is \(context.logName)"
    func failure(
      _ code: String, _ message: String, exit: Int32 = 1, _ failure: WorkerEvent.FailureClass = .application,
      remedy other: String? = nil
    ) -> WorkerFailure {
      .program(
        code, "`\(input.stage)` \(message)", exit: exit, family: .failed, failure,
        remedy: other.map { "\($0) \(remedy)" } ?? remedy)
    }
    switch outcome.end {
    case .exited(0): return
    case .cancelled: throw Cancelled()
    case .exited(let code):
      if let words = lines.licence {
        throw failure("external.licence", "found no licence: \(quoted(words))", exit: 75, .licence)
      }
      if input.limits.licenceExits.contains(code) {
        throw failure("external.licence", "found no licence (exit \(code))", exit: 75, .licence)
      }
      let words = lines.reason ?? lines.last
      throw failure(
        "external.failed",
        "exited with \(code)" + (words.isEmpty ? " and said nothing" : "; its last words: \(quoted(words))"))
    case .signalled(SIGKILL):
      throw failure(
        "external.killed",
        "was killed from outside (SIGKILL): the machine was out of memory, or somebody did it",
        .infrastructure,
        remedy: "Give `memory:` so that it is not started beside too much else.")
    case .signalled(let signal):
      let name = unsafe strsignal(signal).map { unsafe String(cString: $0) } ?? "signal \(signal)"
      throw failure("external.crashed", "was ended by signal \(signal) (\(name))")
    case .timedOut:
      throw failure(
        "external.timeout", "took longer than \(input.limits.timeout ?? 0) s and was stopped",
        remedy: "Give it a longer `timeout:`, or find out what it waits for.")
    case .tooLarge(let bytes):
      throw failure(
        "external.outOfMemory",
        "held \(megabytes(bytes)) MB of memory, may hold \(megabytes(input.limits.memoryBytes ?? 0)) MB, and was "
          + "stopped", exit: 33, remedy: "Give it more `memory:`.")
    }
  }

  private static func megabytes(_ bytes: Int64) -> Int64 { bytes / 1_000_000 }

  private static func quoted(_ words: String) -> String {
    words.count > 200 ? "“\(words.prefix(200))…”" : "“\(words)”"
  }
}

/// What templates are filled with.
private struct ProgramValues {
  private var values: [String: String]

  init(_ input: ExternalTask.Input, in folder: ProgramFolder) {
    values = input.values
    for file in input.files { values[file.name] = folder.file(file.path) }
    for output in input.outputs { values[output.name] = folder.output(output.path) }
    func add(_ name: String, _ path: String) {
      values[name] = path
      values[name + "-printf"] = NumberedPath(path)?.printf ?? path
      values[name + "-folder"] = FileSystem.parent(of: path)
    }
    if let pictures = input.pictures { add("input", folder.givenPath(pictures)) }
    if let made = input.made { add("output", folder.output(made.path)) }
  }

  func fill(_ template: ExternalTask.Template) throws -> String {
    try template.parts.map { part in
      switch part {
      case .text(let text): return text
      case .value(let name):
        guard let value = values[name] else {
          throw WorkerFailure(verification: "the task does not say what {\(name)} is")
        }
        return value
      }
    }.joined()
  }
}

extension TaskContext {
  /// The log as a path below the production's folder.
  var logName: String { store.fileSystem.relative(attempt.logPath) }
}

extension WorkerFailure {
  /// What became of somebody else's program.
  static func program(
    _ code: String, _ message: String, exit: Int32, family: Diagnostic.Family,
    _ failure: WorkerEvent.FailureClass, remedy: String
  ) -> WorkerFailure {
    WorkerFailure(
      exit: exit, failure: failure,
      diagnostics: [Diagnostic(family: family, code: code, message: message, remedy: remedy)])
  }
}
