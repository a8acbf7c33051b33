import Foundation
import Glibc
import TestSupport

/// A worker as a farm starts it: with the farm's variables, one pipe for both outputs, and signals.
final class DrivenWorker {
  private let process = Process()
  private let pipe = Pipe()
  private var read = Data()

  init(_ arguments: [String], environment: [String: String]) throws {
    process.executableURL = URL(fileURLWithPath: Attempt.program)
    process.arguments = ["run"] + arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
  }

  var id: Int32 { process.processIdentifier }

  private var text: String { String(decoding: read, as: UTF8.self) }

  /// Reads on until the output is as wanted, or ends.
  func wait(until isSeen: (String) -> Bool) {
    while !isSeen(text) {
      let more = pipe.fileHandleForReading.availableData
      if more.isEmpty { return }
      read.append(more)
    }
  }

  func send(_ signals: Int32...) {
    for signal in signals { kill(id, signal) }
  }

  /// Signals the process and all that came of it, as farms do that know groups or trees of processes.
  func sendToTree(_ signal: Int32) {
    var open = [id]
    while let parent = open.popLast() {
      open += Programs.children(of: parent)
      kill(parent, signal)
    }
  }

  /// Waits for something that comes while the process lives, whether it writes or not.
  func poll(until isThere: () -> Bool) {
    while process.isRunning, !isThere() { usleep(10_000) }
  }

  /// Whether a process runs; one that only waits to be asked how it ended does not.
  static func isAlive(_ process: Int32) -> Bool {
    let text = (try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)) ?? ""
    guard let close = text.lastIndex(of: ")") else { return false }
    return text[text.index(after: close)...].split(separator: " ").first != "Z"
  }

  /// - Returns: the exit code, or 128 and the signal; whether it exited by itself; all that it wrote.
  func finish() -> (status: Int32, exited: Bool, text: String) {
    read.append(pipe.fileHandleForReading.readDataToEndOfFile())
    process.waitUntilExit()
    let exited = process.terminationReason == .exit
    return (exited ? process.terminationStatus : 128 + process.terminationStatus, exited, text)
  }
}
