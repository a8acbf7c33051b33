package import Diagnostics
import Dispatch
import FoundationEssentials
import Glibc
package import ObjectStore
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
    // libm's powers and logarithms differ in the last place on CPUs with fused multiply-add.
    let fixed = [
      "LANG": "C", "LC_ALL": "C", "TZ": "UTC", "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-FMA,-FMA4",
    ]
    return inherited.merging(fixed) { $1 }.merging(extraEnvironment) { $1 }
  }
}

/// What the life of one worker process brings, in order; `ended` is the last.
package enum WorkerReport: Sendable {
  case started(processID: Int32)
  /// It lives somewhere else, e.g. `job 17_3 on node12`.
  case placed(String)
  /// No worker will ever start like this, whatever the task; the run ends.
  case refused(Diagnostic)
  case said(WorkerEvent)
  /// A line on standard output that is not an event.
  case babbled(String)
  /// It writes, told a few times a second at most: a sign of life and no more.
  case noisy
  /// Other processes that descend from it, told when they change.
  case accompanied([ProcessFacts])
  case ended(WorkerEnd, WorkerRemains)
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

/// Reaches living workers: signals for their process groups, and what their keepers have to know.
///
/// A worker is known here only while its process id cannot mean another process: from its start until just
/// before it is reaped.
package final class WorkerSignals: Sendable {
  private struct State {
    var processes: [Int: Int32] = [:]
    /// Bytes, by life; a limit may be set before the process is there.
    var memoryLimits: [Int: Int64] = [:]
  }

  private let state = Mutex(State())

  package init() {}

  /// Signals the process group of one worker; nothing happens when it does not live.
  package func send(_ signal: Int32, toLife life: Int) {
    state.withLock { state in
      if let process = state.processes[life] { _ = kill(-process, signal) }
    }
  }

  /// What a worker and its children may use together from now on, in bytes.
  package func setMemoryLimit(_ bytes: Int64, ofLife life: Int) {
    state.withLock { $0.memoryLimits[life] = bytes }
  }

  func memoryLimit(ofLife life: Int) -> Int64? { state.withLock { $0.memoryLimits[life] } }

  fileprivate func add(_ life: Int, _ process: Int32) {
    state.withLock { $0.processes[life] = process }
  }

  fileprivate func remove(_ life: Int) {
    state.withLock { state in
      state.processes[life] = nil
      state.memoryLimits[life] = nil
    }
  }
}

/// Runs one worker process from its start until it is reaped and nothing that came of it is left.
///
/// Its standard input takes `lines` and is closed after the last one; open, it is the worker's lifeline: the
/// kernel closes it when we die. Descriptors are close-on-exec, and swift-subprocess closes all but the three
/// standard ones in the child, so no worker holds another's lifeline. Standard error is kept in a file of limited size. The
/// process leads its own group and takes along what it started, whatever group that is in.
///
/// - Parameters:
///   - life: a number never used before, by which `signals` knows the process.
///   - logPath: where its standard error is appended.
///   - report: called in order, from any thread.
package func runWorker(
  _ program: WorkerProgram, life: Int, lines: AsyncStream<String>, workingDirectory: String, logPath: String,
  limits: ContainmentLimits = ContainmentLimits(), signals: WorkerSignals,
  report: @escaping @Sendable (WorkerReport) -> Void
) async {
  var options = PlatformOptions()
  options.processGroupID = 0
  // Only when our own task is cancelled; the engine signals by itself and waits.
  options.teardownSequence = [
    .send(signal: .terminate, toProcessGroup: true, allowedDurationToNextStep: .seconds(25))
  ]
  let environment = program.environment(inheriting: ProcessInfo.processInfo.environment)
  let mark = environment[ProcessFamily.Mark.worker].map { ProcessFamily.Mark(ProcessFamily.Mark.worker, $0) }
  let configuration = Configuration(
    executable: .path(FilePath(program.executable)), arguments: Arguments(program.arguments),
    environment: .custom(
      Dictionary(uniqueKeysWithValues: environment.map { (.init(stringLiteral: $0.key), $0.value) })),
    workingDirectory: FilePath(workingDirectory), platformOptions: options)
  do {
    let log = try CappedLog(path: logPath, limits: limits.log, in: FileSystem(root: workingDirectory))
    let (output, errors) = (try WorkerPipe(), try WorkerPipe())
    let result = try await Subprocess.run(
      configuration, input: .inputWriter,
      output: .fileDescriptor(output.writeEnd, closeAfterSpawningProcess: true),
      error: .fileDescriptor(errors.writeEnd, closeAfterSpawningProcess: true)
    ) { execution in
      let process = execution.processIdentifier.value
      let descriptor = execution.processIdentifier.processDescriptor
      signals.add(life, process)
      // It is reaped after this closure, so until then its id cannot mean another process.
      defer { signals.remove(life) }
      report(.started(processID: process))
      return await withTaskGroup(of: Void.self) { group in
        group.addTask {
          // A worker that ended does not read; its end is reported by the other half.
          for await line in lines { _ = try? await execution.standardInputWriter.write(line + "\n") }
          try? await execution.standardInputWriter.finish()
        }
        let remains = await withCheckedContinuation { continuation in
          DispatchQueue(label: "interlock.worker").async {
            let keeper = WorkerKeeper(
              process: process, processDescriptor: descriptor, output: output, errors: errors, log: log,
              mark: mark, look: limits.look, memoryLimit: { signals.memoryLimit(ofLife: life) },
              report: report)
            continuation.resume(returning: keeper.run())
          }
        }
        group.cancelAll()
        return remains
      }
    }
    switch result.terminationStatus {
    case .exited(let code): report(.ended(.exited(code), result.closureResult))
    case .signaled(let signal): report(.ended(.signalled(signal), result.closureResult))
    }
  } catch {
    report(.ended(.notStarted("\(error)"), WorkerRemains()))
  }
}
