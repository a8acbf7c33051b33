import FoundationEssentials
import Glibc
import Subprocess
import Synchronization
import SystemPackage
package import TaskGraph

/// The program that local workers run and what it is given.
package struct WorkerProgram: Sendable {
  /// Absolute path of the executable.
  package var executable: String
  package var arguments: [String]
  /// Variables besides those every worker gets, see `environment(inheriting:)`.
  package var extraEnvironment: [String: String]

  package init(
    executable: String, arguments: [String] = ["pool"], extraEnvironment: [String: String] = [:]
  ) {
    self.executable = executable
    self.arguments = arguments
    self.extraEnvironment = extraEnvironment
  }

  /// What a worker sees of our environment: nothing that could make its bytes differ from another machine's.
  func environment(inheriting ours: [String: String]) -> [String: String] {
    let inherited = ours.filter { ["PATH", "HOME", "TMPDIR", "INTERLOCK_CPU"].contains($0.key) }
    let fixed = ["LANG": "C", "LC_ALL": "C", "TZ": "UTC"]
    return inherited.merging(fixed) { $1 }.merging(extraEnvironment) { $1 }
  }
}

/// What the life of one worker process brings, in order; `ended` is the last.
package enum WorkerReport: Sendable {
  case started(processID: Int32)
  case said(WorkerEvent)
  /// A line on standard output that is not an event.
  case babbled(String)
  case ended(WorkerEnd)
}

/// How a worker process ended.
package enum WorkerEnd: Sendable, Hashable, CustomStringConvertible {
  case exited(Int32)
  case signalled(Int32)
  /// It could not be started at all.
  case notStarted(String)

  package var description: String {
    switch self {
    case .exited(let code): "exited with code \(code)"
    case .signalled(let signal): "was ended by signal \(signal)"
    case .notStarted(let reason): "could not be started: \(reason)"
    }
  }
}

/// Sends signals to the process groups of living workers.
///
/// A worker is known here only while its process id cannot mean another process: from its start until just
/// before it is reaped.
package final class WorkerSignals: Sendable {
  private let senders = Mutex<[Int: @Sendable (Int32) -> Void]>([:])

  package init() {}

  /// Signals the process group of one worker; nothing happens when it does not live.
  package func send(_ signal: Int32, toLife life: Int) {
    senders.withLock { $0[life]?(signal) }
  }

  fileprivate func add(_ life: Int, _ sender: @escaping @Sendable (Int32) -> Void) {
    senders.withLock { $0[life] = sender }
  }

  /// Ends what is left of the group, then forgets it; the leader is not reaped yet, so the group is still ours.
  fileprivate func killAndRemove(_ life: Int) {
    senders.withLock { $0.removeValue(forKey: life)?(SIGKILL) }
  }
}

/// Runs one worker process from its start until it is reaped.
///
/// Its standard input takes `lines` and is closed after the last one; open, it is the worker's lifeline: the
/// kernel closes it when we die. Descriptors are close-on-exec, and swift-subprocess closes all but the three
/// standard ones in the child, so no worker holds another's lifeline. Standard error goes straight to a file, which a
/// worker can write to after our death. The process leads its own group and takes it along when it ends.
///
/// - Parameters:
///   - life: a number never used before, by which `signals` knows the process.
///   - logPath: where its standard error is appended.
///   - report: called in order, from any thread.
package func runWorker(
  _ program: WorkerProgram, life: Int, lines: AsyncStream<String>, workingDirectory: String, logPath: String,
  signals: WorkerSignals, report: @escaping @Sendable (WorkerReport) -> Void
) async {
  var options = PlatformOptions()
  options.processGroupID = 0
  // Only when our own task is cancelled; the engine signals by itself and waits.
  options.teardownSequence = [
    .send(signal: .terminate, toProcessGroup: true, allowedDurationToNextStep: .seconds(25))
  ]
  let environment = program.environment(inheriting: ProcessInfo.processInfo.environment)
  let configuration = Configuration(
    executable: .path(FilePath(program.executable)), arguments: Arguments(program.arguments),
    environment: .custom(
      Dictionary(uniqueKeysWithValues: environment.map { (.init(stringLiteral: $0.key), $0.value) })),
    workingDirectory: FilePath(workingDirectory), platformOptions: options)
  do {
    let log = try FileDescriptor.open(
      FilePath(logPath), .writeOnly, options: [.append, .create, .closeOnExec],
      permissions: [.ownerReadWrite, .groupRead])
    let result = try await Subprocess.run(
      configuration, input: .inputWriter, output: .sequence,
      error: .fileDescriptor(log, closeAfterSpawningProcess: true)
    ) { execution in
      signals.add(life) { try? execution.send(signal: Signal(rawValue: $0), toProcessGroup: true) }
      defer { signals.killAndRemove(life) }
      report(.started(processID: execution.processIdentifier.value))
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          // A worker that ended does not read; its end is reported by the other half.
          for await line in lines { _ = try? await execution.standardInputWriter.write(line + "\n") }
          try? await execution.standardInputWriter.finish()
        }
        var splitter = LineSplitter()
        let decoder = JSONDecoder()
        for try await buffer in execution.standardOutput {
          let bytes = unsafe buffer.withUnsafeBytes { unsafe Array($0) }
          for line in splitter.lines(adding: bytes) {
            if let event = try? decoder.decode(WorkerEvent.self, from: Data(line)) {
              report(.said(event))
            } else {
              report(.babbled(String(decoding: line, as: UTF8.self)))
            }
          }
        }
        group.cancelAll()
      }
    }
    switch result.terminationStatus {
    case .exited(let code): report(.ended(.exited(code)))
    case .signaled(let signal): report(.ended(.signalled(signal)))
    }
  } catch {
    report(.ended(.notStarted("\(error)")))
  }
}
