import Diagnostics
import Foundation
import Planning
import Subprocess
import SystemPackage

/// One run of a program that gets somebody else's file: bounded in time, memory and what it writes, and with a folder of
/// its own to work in.
struct LimitedRun: Sendable {
  /// Absolute path of the program.
  var program: String
  /// Where it works; standard output and standard error are kept here.
  var folder: String
  var wallTime = Duration.seconds(180)

  private static let addressSpace = 6 << 30
  private static let processorSeconds = 150
  private static let largestFile = 1 << 30
  private static let longestOutput = 64 << 20

  struct Result: Sendable {
    var isSuccess: Bool
    var output: [UInt8]
    /// Why it failed, in one line.
    var reason: String
  }

  func run(_ arguments: [String]) async throws -> Result {
    let output = folder + "/output-\(UUID().uuidString)"
    let errors = output + ".errors"
    let limits = [
      "--as=\(Self.addressSpace)", "--cpu=\(Self.processorSeconds)", "--fsize=\(Self.largestFile)",
      "--core=0",
      "--nofile=512", "--",
    ]
    var options = PlatformOptions()
    options.processGroupID = 0
    options.teardownSequence = [
      .send(signal: .kill, toProcessGroup: true, allowedDurationToNextStep: .seconds(1))
    ]
    let configuration = Configuration(
      executable: .name("prlimit"), arguments: Arguments(limits + [program] + arguments),
      environment: .custom(environment), workingDirectory: FilePath(folder), platformOptions: options)
    func open(_ path: String) throws -> FileDescriptor {
      try FileDescriptor.open(
        FilePath(path), .writeOnly, options: [.create, .closeOnExec, .truncate],
        permissions: [.ownerReadWrite])
    }
    let wallTime = wallTime
    let outputFile = try open(output)
    let errorFile = try open(errors)
    let status = try await withThrowingTaskGroup(of: TerminationStatus?.self) { group in
      group.addTask {
        try await Subprocess.run(
          configuration, input: .none, output: .fileDescriptor(outputFile, closeAfterSpawningProcess: true),
          error: .fileDescriptor(errorFile, closeAfterSpawningProcess: true)
        ).terminationStatus
      }
      group.addTask {
        try await Task.sleep(for: wallTime)
        return nil
      }
      let first = try await group.next() ?? nil
      group.cancelAll()
      return first
    }
    let text = String(decoding: Self.head(errors), as: UTF8.self)
    guard let status else {
      return Result(
        isSuccess: false, output: [], reason: "it took more than \(wallTime.components.seconds) s")
    }
    return Result(
      isSuccess: status.isSuccess,
      output: (try? FilePaths.read(output, limit: Self.longestOutput)) ?? [],
      reason: Self.reason(status, text))
  }

  private var environment: [Environment.Key: String] {
    let ours = ProcessInfo.processInfo.environment
    let names = ["PATH", "HOME", "PYTHONPATH", "OTIO_PLUGIN_MANIFEST_PATH", "LD_LIBRARY_PATH"]
    var kept = ours.filter { names.contains($0.key) }
    kept["LANG"] = "C.UTF-8"
    kept["TMPDIR"] = folder
    kept["PYTHONDONTWRITEBYTECODE"] = "1"
    // The same cut gives the same bytes.
    kept["PYTHONHASHSEED"] = "0"
    return Dictionary(uniqueKeysWithValues: kept.map { (Environment.Key(stringLiteral: $0.key), $0.value) })
  }

  private static func head(_ path: String) -> Data {
    (try? FileHandle(forReadingFrom: URL(fileURLWithPath: path)).read(upToCount: 1 << 20)) ?? Data()
  }

  /// The last line of what it said: Python's is the error itself.
  private static func reason(_ status: TerminationStatus, _ text: String) -> String {
    let last = text.split(whereSeparator: \.isNewline).last { !$0.allSatisfy(\.isWhitespace) }
    switch status {
    case .exited(let code):
      return last.map { String($0.prefix(300)) } ?? "it ended with code \(code)"
    case .signaled(let signal): return "it was ended by signal \(signal), at a limit of time or memory"
    }
  }
}
