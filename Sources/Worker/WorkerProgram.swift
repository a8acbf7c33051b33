import Colour
import Diagnostics
import Digests
import Drawing
import Foundation
import Glibc
import Media
import ObjectStore
import TaskGraph

/// Names the libraries and kernels that make bytes here.
enum WorkerIdentity {
  static let libraries = MediaEnvironment.identity
  static let kernels = PicturePipe.kernelIdentity
  /// Libraries and fonts that draw text, e.g. `cairo 1.16.0, …, 271 fonts 0a1b2c3d4e5f`.
  static var drawing: String {
    let files = DrawingEnvironment.fontFiles()
    let fonts = Digest.sha256(Array(files.joined(separator: "\n").utf8)).hex.prefix(12)
    return "\(DrawingEnvironment.identity), \(files.count) fonts \(fonts)"
  }
  /// The build of the library behind an encoder, for those that FFmpeg's own does not tell.
  static var encoders: [String: String] {
    var names: [String: String] = [:]
    for codec in SequenceEncoder.codecs { names[codec] = SequenceEncoder.identity(of: codec) }
    return names
  }
  static var tool: String { "interlock-worker; \(libraries); \(kernels)" }
}

/// The executable `interlock-worker`: the only process that opens media.
public enum WorkerProgram {
  /// - Returns: the exit code of the contract.
  public static func run(_ arguments: [String]) -> Int32 {
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
    default:
      FileHandle.standardError.write(Data(usage.utf8))
      return 2
    }
  }

  private static let usage = """
    interlock-worker does the work of stages; the coordinator and farms start it.

      interlock-worker run TASKFILE [--progress openjd|tractor|generic]   do one task
      interlock-worker pool                                               task files from standard input
      interlock-worker probe [--json] FILE…                               what media files are
      interlock-worker identity                                           libraries and kernels, as JSON

    """

  private static func prepare() {
    ProcessFamily.adoptOrphans()
    ProcessLimits.apply()
    StopRequest.installHandlers()
    MediaEnvironment.start()
  }

  private static func identity() -> Int32 {
    struct Identity: Encodable {
      var kernels = WorkerIdentity.kernels
      var libraries = WorkerIdentity.libraries
      var encoders = WorkerIdentity.encoders
      var drawing = WorkerIdentity.drawing
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(Identity()) else { return 1 }
    StandardOutput.write(String(decoding: data, as: UTF8.self))
    return 0
  }

  /// Takes task files from standard input until it ends.
  private static func pool() -> Int32 {
    prepare()
    LifeThread.start { PoolReporter.send(WorkerEvent(.alive)) }
    let lines = TaskLines()
    while true {
      PoolReporter.send(WorkerEvent(.ready))
      guard let path = lines.next() else { break }
      let ending = AttemptRunner.run(taskFile: path, isPooled: true) { PoolReporter(attempt: $0) }
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

  /// Version, command to paste, host, attempt and task: what a person reads first in a farm's log.
  private static func firstLine(_ arguments: [String]) -> String {
    let quoted = (["interlock-worker", "run"] + arguments)
      .map { "'" + $0.replacingOccurrences(of: "'", with: "'\\''") + "'" }.joined(separator: " ")
    var line = "\(WorkerIdentity.tool); \(quoted); host \(ProcessInfo.processInfo.hostName)"
    if let data = FileManager.default.contents(atPath: arguments[0]),
      let head = try? JSONDecoder().decode(TaskFileHead.self, from: data)
    {
      line += "; attempt \(head.attempt); \(head.kind) \(head.key.hex.prefix(12)) \(head.label)"
    }
    return line
  }

  /// One task, reported as the farm around it expects. Everything goes to standard output.
  private static func runTask(_ arguments: [String]) -> Int32 {
    prepare()
    let environment = ProcessInfo.processInfo.environment
    var dialect = FarmDialect.detect(environment)
    if let index = arguments.firstIndex(of: "--progress") {
      guard index + 1 < arguments.count, let named = FarmDialect(rawValue: arguments[index + 1]) else {
        StandardOutput.write(
          "Error: --progress is one of \(FarmDialect.allCases.map(\.rawValue).joined(separator: ", "))")
        return 2
      }
      dialect = named
    }
    let taskFile = arguments[0]
    StandardOutput.write(firstLine(arguments))
    LifeThread.start { [dialect] in FarmReporter.repeatProgress(in: dialect) }
    let ending = AttemptRunner.run(taskFile: taskFile, isPooled: false) { _ in FarmReporter(dialect: dialect)
    }
    for diagnostic in ending.diagnostics { StandardOutput.write(diagnostic.description) }
    if ending.exit == 0 {
      StandardOutput.write(dialect.progress(100))
    } else if ending.failure != .cancelled {
      StandardOutput.write(dialect.failure(ending.diagnostics.first?.message ?? "exit \(ending.exit)"))
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    if let data = try? encoder.encode(ending) { StandardOutput.write(String(decoding: data, as: UTF8.self)) }
    return ending.exit
  }
}
