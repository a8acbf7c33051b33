package import Foundation

/// What a program printed and how it ended.
package struct Finished: Sendable {
  package var status: Int32
  package var output: Data
  package var errors: String

  package var text: String { String(decoding: output, as: UTF8.self) }
}

/// Runs real programs: our own, as a user would, and the reference tools that judge what they made.
package enum Programs {
  /// - Parameters:
  ///   - environment: added to the present one.
  ///   - input: written to standard input.
  package static func run(
    _ executable: String, _ arguments: [String], folder: String? = nil, environment: [String: String] = [:],
    input: Data? = nil
  ) throws -> Finished {
    let process = try start(executable, arguments, folder: folder, environment: environment, input: input)
    return process.finish()
  }

  package static func start(
    _ executable: String, _ arguments: [String], folder: String? = nil, environment: [String: String] = [:],
    input: Data? = nil
  ) throws -> Running {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try path(of: executable))
    process.arguments = arguments
    if let folder { process.currentDirectoryURL = URL(fileURLWithPath: folder) }
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let scratch = FileManager.default.temporaryDirectory.appendingPathComponent(
      "interlock-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
    // Files rather than pipes: nothing can fill up, and a child left behind cannot hold the reader.
    let output = scratch.appendingPathComponent("out")
    let errors = scratch.appendingPathComponent("err")
    try Data().write(to: output)
    try Data().write(to: errors)
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = try FileHandle(forWritingTo: errors)
    if let input {
      let file = scratch.appendingPathComponent("in")
      try input.write(to: file)
      process.standardInput = try FileHandle(forReadingFrom: file)
    } else {
      process.standardInput = FileHandle.nullDevice
    }
    try process.run()
    return Running(process: process, scratch: scratch)
  }

  private static func path(of executable: String) throws -> String {
    if executable.contains("/") { return executable }
    for folder in (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":") {
      let path = "\(folder)/\(executable)"
      if FileManager.default.isExecutableFile(atPath: path) { return path }
    }
    throw MissingProgram(name: executable)
  }

  /// Processes started by any thread of a process and not yet reaped.
  package static func children(of process: Int32) -> [Int32] {
    let path = "/proc/\(process)/task"
    let threads = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    return threads.flatMap { thread in
      let text = (try? String(contentsOfFile: "\(path)/\(thread)/children", encoding: .utf8)) ?? ""
      return text.split(separator: " ").compactMap { Int32($0) }
    }
  }

  package static func isInstalled(_ executable: String) -> Bool { (try? path(of: executable)) != nil }
}

package struct MissingProgram: Error, CustomStringConvertible {
  package var name: String

  package var description: String { "\(name) is not installed; `make test` installs it" }
}

/// A program on its way.
package final class Running {
  package let process: Process
  private let scratch: URL

  init(process: Process, scratch: URL) {
    self.process = process
    self.scratch = scratch
  }

  /// What it has printed until now.
  package var outputSoFar: String {
    (try? String(contentsOf: scratch.appendingPathComponent("out"), encoding: .utf8)) ?? ""
  }

  package func finish() -> Finished {
    process.waitUntilExit()
    defer { try? FileManager.default.removeItem(at: scratch) }
    let output = (try? Data(contentsOf: scratch.appendingPathComponent("out"))) ?? Data()
    let errors = (try? Data(contentsOf: scratch.appendingPathComponent("err"))) ?? Data()
    let status =
      process.terminationReason == .uncaughtSignal
      ? 128 + process.terminationStatus : process.terminationStatus
    return Finished(status: status, output: output, errors: String(decoding: errors, as: UTF8.self))
  }
}
