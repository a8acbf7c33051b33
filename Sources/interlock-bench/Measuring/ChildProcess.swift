import Foundation
import Glibc

/// A program run to its end, and what it cost.
///
/// The peak is the kernel's `ru_maxrss`: of the largest among the process and those it waited for. It cannot be
/// less than the peak of this process at the time of the start, since Linux counts the memory a process had
/// before `exec`; that is why everything large is made in child processes.
struct ChildProcess {
  var cost: Cost
  var output: String

  /// Runs a program and waits for it; the time is taken from before its start to after its end.
  ///
  /// - Parameters:
  ///   - program: absolute path.
  ///   - logFolder: exists; receives what the program writes.
  ///   - watchesMemory: whether the memory of the process and its descendants is looked at again and again.
  /// - Throws: `BenchError` when it cannot be started, fails, or this process was asked to stop.
  static func run(_ program: String, _ arguments: [String], logFolder: String, watchesMemory: Bool = false)
    throws
    -> ChildProcess
  {
    let outputPath = "\(logFolder)/stdout.txt"
    let errorPath = "\(logFolder)/stderr.txt"
    let started = ContinuousClock.now
    let identifier = try start(program, arguments, output: outputPath, errors: errorPath)
    let memory = watchesMemory ? MemoryWatch(of: identifier) : nil
    let (status, usage) = wait(for: identifier)
    let wall = ContinuousClock.now - started
    if let signal = Interruption.signal { throw BenchError("stopped", signal: signal) }
    let output = (try? String(contentsOfFile: outputPath, encoding: .utf8)) ?? ""
    guard status == 0 else {
      let errors = (try? String(contentsOfFile: errorPath, encoding: .utf8)) ?? ""
      throw BenchError(
        "\(program) \(arguments.joined(separator: " ")) failed (wait status \(status)):\n\(output)\(errors)")
    }
    return ChildProcess(
      cost: Cost(
        seconds: wall / .seconds(1), peakBytes: Int64(usage.ru_maxrss) * 1024,
        cpuSeconds: seconds(usage.ru_utime) + seconds(usage.ru_stime),
        totalPeakBytes: memory?.stop() ?? 0), output: output)
  }

  private static func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }

  private static func start(
    _ program: String, _ arguments: [String], output: String, errors: String
  ) throws -> pid_t {
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { _ = unsafe posix_spawn_file_actions_destroy(&actions) }
    for (descriptor, path) in [(STDOUT_FILENO, output), (STDERR_FILENO, errors)] {
      unsafe posix_spawn_file_actions_addopen(&actions, descriptor, path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    }
    var pointers = unsafe ([program] + arguments).map { unsafe strdup($0) } + [nil]
    defer {
      for index in unsafe pointers.indices { unsafe free(pointers[index]) }
    }
    var identifier: pid_t = 0
    let code = unsafe posix_spawn(&identifier, program, &actions, nil, &pointers, environ)
    guard code == 0 else {
      throw BenchError("cannot start \(program): \(unsafe String(cString: strerror(code)))")
    }
    return identifier
  }

  private static func wait(for identifier: pid_t) -> (status: Int32, usage: rusage) {
    var status: Int32 = 0
    var usage = rusage()
    while unsafe wait4(identifier, &status, 0, &usage) < 0, errno == EINTR {
      if let signal = Interruption.signal { kill(identifier, signal) }
    }
    return (status, usage)
  }
}

/// Where programs are.
enum Programs {
  /// This executable.
  static var own: String { "/proc/self/exe" }

  /// An executable built beside this one.
  static func sibling(_ name: String) throws -> String {
    let own = try FileManager.default.destinationOfSymbolicLink(atPath: own)
    let path = URL(fileURLWithPath: own).deletingLastPathComponent().path + "/\(name)"
    guard FileManager.default.isExecutableFile(atPath: path) else {
      throw BenchError("\(name) must lie beside interlock-bench; build it with `swift build -c release`")
    }
    return path
  }

  /// An executable of the search path, `nil` when it is not installed.
  static func installed(_ name: String) -> String? {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    return folders.map { "\($0)/\(name)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
  }
}
