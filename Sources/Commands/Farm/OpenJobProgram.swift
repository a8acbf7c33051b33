import Diagnostics
import Foundation
import Glibc
import ObjectStore
import Planning
import Subprocess
import Synchronization
import SystemPackage

/// The command line of Open Job Description, `openjd`, where it is installed.
struct OpenJobProgram: Sendable {
  /// Absolute path.
  let path: String

  /// The variable that names it when it is not on the PATH.
  static let variable = "INTERLOCK_OPENJD"

  /// - Throws: how to install it.
  static func found() throws -> OpenJobProgram {
    let environment = ProcessInfo.processInfo.environment
    var candidates = (environment["PATH"] ?? "").split(separator: ":").map { "\($0)/openjd" }
      .filter { $0.hasPrefix("/") }
    if let named = environment[variable], !named.isEmpty {
      candidates = [FilePaths.resolve(named, from: FilePaths.current)]
    }
    if let path = candidates.first(where: FileManager.default.isExecutableFile(atPath:)) {
      return OpenJobProgram(path: path)
    }
    throw DiagnosticList([
      Diagnostic(
        family: .usage, code: "openjd.missing",
        message: "`openjd`, which runs Open Job Description jobs, is not installed",
        remedy:
          "Install it with `python3 -m venv ~/.openjd && ~/.openjd/bin/pip install openjd-cli` (Debian: apt install "
          + "python3-venv), then `export \(variable)=~/.openjd/bin/openjd`.")
    ])
  }

  /// Runs every step of a job on this machine, one task after the other.
  ///
  /// - Parameters:
  ///   - job: the folder of an exported job.
  ///   - line: told each line that the runtime and the tasks write, from another thread, in order.
  /// - Returns: whether it ended well.
  func run(job: String, control: Control, line: @escaping @Sendable (String) -> Void) async throws -> Bool {
    var options = PlatformOptions()
    // Ctrl-C reaches our group at once; the runtime is told by us, once.
    options.processGroupID = 0
    var environment = ProcessInfo.processInfo.environment
    environment["PYTHONUNBUFFERED"] = "1"
    let configuration = Configuration(
      executable: .path(FilePath(path)),
      arguments: ["run", job + "/template.json", "-p", "file://" + job + "/parameters.json"],
      environment: .custom(
        Dictionary(uniqueKeysWithValues: environment.map { (.init(stringLiteral: $0.key), $0.value) })),
      workingDirectory: FilePath(job), platformOptions: options)
    let (ours, theirs) = try FileDescriptor.pipe()
    _ = fcntl(ours.rawValue, F_SETFD, FD_CLOEXEC)
    _ = fcntl(theirs.rawValue, F_SETFD, FD_CLOEXEC)
    let result = try await Subprocess.run(
      configuration, input: .none, output: .fileDescriptor(theirs, closeAfterSpawningProcess: true),
      error: .combinedWithOutput
    ) { execution in
      let process = execution.processIdentifier.value
      control.begin(process)
      // It is reaped after this, so until then its id means nobody else.
      defer { control.end() }
      await withCheckedContinuation { continuation in
        DispatchQueue(label: "interlock.openjd").async {
          Self.readLines(from: ours, line)
          continuation.resume()
        }
      }
    }
    return result.terminationStatus.isSuccess
  }

  private static func readLines(from descriptor: FileDescriptor, _ line: (String) -> Void) {
    defer { try? descriptor.close() }
    var open: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = unsafe buffer.withUnsafeMutableBytes { unsafe (try? descriptor.read(into: $0)) ?? 0 }
      guard count > 0 else { break }
      open += buffer[..<count]
      while let end = open.firstIndex(of: UInt8(ascii: "\n")) {
        line(String(decoding: open[..<end], as: UTF8.self))
        open.removeSubrange(...end)
      }
    }
    if !open.isEmpty { line(String(decoding: open, as: UTF8.self)) }
  }

  /// Stops a run from outside: the first time the runtime is asked, which tells the worker and waits for it; the second
  /// time everything is killed.
  final class Control: Sendable {
    private struct State {
      var process: Int32?
      var requests = 0
    }

    private let state = Mutex(State())

    var isCancelled: Bool { state.withLock { $0.requests > 0 } }

    func cancel() {
      state.withLock { state in
        state.requests += 1
        if let process = state.process { Self.stop(process, request: state.requests) }
      }
    }

    fileprivate func begin(_ process: Int32) {
      state.withLock { state in
        state.process = process
        // Asked while it was being started.
        if state.requests > 0 { Self.stop(process, request: state.requests) }
      }
    }

    fileprivate func end() { state.withLock { $0.process = nil } }

    private static func stop(_ process: Int32, request: Int) {
      guard request > 1 else {
        _ = kill(process, SIGINT)
        return
      }
      // The tasks lead sessions of their own.
      for child in ProcessFamily.descendants(of: process) { child.send(SIGKILL) }
      _ = kill(-process, SIGKILL)
    }
  }
}
