import Colour
import Diagnostics
import Digests
import Drawing
import Foundation
import Glibc
import Media
import ObjectStore
import Publishing
import TaskGraph

/// Names the libraries and kernels that make bytes here.
enum WorkerIdentity {
  static let libraries = MediaEnvironment.identity
  static let kernels = PicturePipe.kernelIdentity
  /// Libraries and fonts that draw text, e.g. `cairo 1.16.0, …, 271 fonts 0a1b2c3d4e5f`.
  static let drawing = {
    let files = DrawingEnvironment.fontFiles()
    let fonts = Digest.sha256(Array(files.joined(separator: "\n").utf8)).hex.prefix(12)
    return "\(DrawingEnvironment.identity), \(files.count) fonts \(fonts)"
  }()
  /// The build of the library behind an encoder, for those that FFmpeg's own does not tell.
  static var encoders: [String: String] {
    var names: [String: String] = [:]
    for codec in SequenceEncoder.codecs { names[codec] = SequenceEncoder.identity(of: codec) }
    return names
  }
  /// The library that knows colour spaces.
  static let colour = ColourConfig.libraryIdentity
  static var tool: String { "interlock-worker; \(libraries); \(kernels)" }

  /// What a task file may ask for by name: `libraries`, `kernels`, `drawing`, `colour`, or an encoder.
  static func tool(_ name: String) -> String? {
    switch name {
    case "libraries": libraries
    case "kernels": kernels
    case "drawing": drawing
    case "colour": colour
    default: SequenceEncoder.codecs.contains(name) ? SequenceEncoder.identity(of: name) : nil
    }
  }
}

/// The executable `interlock-worker`: the only process that opens media.
public enum WorkerProgram {
  /// - Returns: the exit code of the contract.
  public static func run(_ arguments: [String]) -> Int32 {
    if ["pool", "run"].contains(arguments.first) { PlainMathematics.ensure(arguments) }
    switch arguments.first {
    case "pool":
      return pool()
    case "run" where arguments.count >= 2:
      return runTask(Array(arguments.dropFirst()))
    case "probe":
      prepare()
      return ProbeReport.run(Array(arguments.dropFirst()))
    case "identity":
      prepare()
      return identity()
    case "check" where arguments.count == 2:
      prepare()
      return check(arguments[1])
    default:
      FileHandle.standardError.write(Data(usage.utf8))
      return 2
    }
  }

  private static let usage = """
    interlock-worker does the work of stages; the coordinator and farms start it.

      interlock-worker run TASKFILE [--production DIR] [--tasks RANGE] [--frames RANGE]
                           [--path-mapping FILE] [--progress DIALECT]     do a task, or tasks of a list
      interlock-worker pool                                               task files from standard input
      interlock-worker probe [--json] FILE…                               what media files are
      interlock-worker identity                                           libraries and kernels, as JSON
      interlock-worker check FILE                                         whether they are those of a job

    """

  private static func prepare(isPooled: Bool = false, memory: Int64? = nil, echoSeconds: Int = 0) {
    ProcessFamily.adoptOrphans()
    ProcessLimits.apply(granted: memory)
    StopRequest.installHandlers(isPooled: isPooled, echoSeconds: echoSeconds)
    MediaEnvironment.start()
  }

  private static func identity() -> Int32 {
    struct Identity: Encodable {
      var kernels = WorkerIdentity.kernels
      var libraries = WorkerIdentity.libraries
      var encoders = WorkerIdentity.encoders
      var drawing = WorkerIdentity.drawing
      var colour = WorkerIdentity.colour
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(Identity()) else { return 1 }
    StandardOutput.write(String(decoding: data, as: UTF8.self))
    return 0
  }

  /// Compares the libraries of this machine with those a job asks for, an object of names and identities.
  private static func check(_ path: String) -> Int32 {
    let dialect = FarmDialect.detect(ProcessInfo.processInfo.environment)
    guard let data = FileManager.default.contents(atPath: path),
      let wanted = try? JSONDecoder().decode([String: String].self, from: data)
    else {
      StandardOutput.write(dialect.failure("\(path) does not say which libraries a job asks for"))
      return 2
    }
    let others = wanted.filter { WorkerIdentity.tool($0.key) != $0.value }.sorted { $0.key < $1.key }
    for (name, identity) in others {
      StandardOutput.write(
        "\(name): the job is for \(identity), and this machine has \(WorkerIdentity.tool(name) ?? "nothing of it")"
      )
    }
    guard others.isEmpty else {
      StandardOutput.write(
        dialect.failure(
          "this machine would make other bytes than the job was planned for; install the same packages"))
      return 2
    }
    StandardOutput.write(
      "interlock-worker \(interlockVersion): this machine makes the bytes that the job asks for")
    return 0
  }

  /// Takes task files from standard input until it ends.
  private static func pool() -> Int32 {
    prepare(isPooled: true)
    LifeThread.start { PoolReporter.send(WorkerEvent(.alive)) }
    let lines = TaskLines()
    while true {
      PoolReporter.send(WorkerEvent(.ready))
      guard let path = lines.next() else { break }
      let ending = AttemptRunner.run(.init(taskFile: path), isPooled: true) { PoolReporter(attempt: $0) }
      // Of several tasks each has been told of.
      if ending.done != nil { continue }
      var last =
        ending.exit == 0
        ? WorkerEvent(
          .finished, attempt: ending.attempt, key: ending.key, exit: 0,
          diagnostics: ending.diagnostics.isEmpty ? nil : ending.diagnostics)
        : WorkerEvent(
          .failed, attempt: ending.attempt, key: ending.key, exit: Int(ending.exit), failure: ending.failure,
          diagnostics: ending.diagnostics)
      last.usage = WorkerEvent.Usage(
        seconds: ending.seconds, cpuSeconds: ending.cpuSeconds, peakMemoryBytes: ending.peakMemoryBytes,
        writtenBytes: ending.writtenBytes)
      PoolReporter.send(last)
    }
    return StopRequest.exitCode ?? 0
  }

  /// Takes from a farm's environment what could make bytes differ from another machine's; a coordinator gives its workers
  /// none of it.
  private static func forgetSurroundings() {
    for (name, value) in ["LANG": "C", "LC_ALL": "C", "TZ": "UTC"] { unsafe setenv(name, value, 1) }
    for name in ["LANGUAGE", "PANGO_LANGUAGE", "FONTCONFIG_FILE", "FONTCONFIG_PATH", "XDG_CONFIG_HOME"] {
      unsafe unsetenv(name)
    }
  }

  private static func runTask(_ arguments: [String]) -> Int32 {
    let environment = ProcessInfo.processInfo.environment
    forgetSurroundings()
    let limits = FarmLimits.here(environment)
    prepare(memory: limits.memoryBytes, echoSeconds: environment["SLURM_JOB_ID"] == nil ? 0 : 2)
    do {
      let request = try FarmRequest(arguments, environment: environment)
      return FarmRun(request, arguments: arguments, limits: limits, environment: environment).run()
    } catch {
      return FarmRun.refuse(error, arguments: arguments, limits: limits, environment: environment)
    }
  }
}
