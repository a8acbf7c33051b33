import Digests
import Engine
import FoundationEssentials
import Glibc
import Ledger
import ObjectStore
import Synchronization
import TaskGraph
import Testing

/// A production in a folder of its own, with a fake worker, removed with the value.
final class EngineHarness: Sendable {
  let folder: String
  let production: Production

  init() throws {
    folder = TemporaryFolder.make()
    production = try Production.create(at: folder)
    try write(fakeWorkerProgram, "worker.py")
  }

  /// Opens what another harness, in another process, made.
  init(existing folder: String) throws {
    self.folder = folder
    production = try Production.create(at: folder)
  }

  func remove() { try? FileManager.default.removeItem(atPath: folder) }

  var configuration: EngineConfiguration { configured() }

  func configured(workers: Int = 2, _ change: (inout EngineConfiguration) -> Void = { _ in })
    -> EngineConfiguration
  {
    var configuration = EngineConfiguration(
      worker: WorkerProgram(
        executable: "/usr/bin/python3", arguments: ["-B", "\(folder)/worker.py"],
        extraEnvironment: ["INTERLOCK_TEST_FACTS": "\(folder)/facts.jsonl"]), workers: workers)
    // A busy machine starves workers; tests about silence set a limit of their own.
    configuration.silenceLimit = .seconds(120)
    configuration.tick = .milliseconds(20)
    configuration.retries.firstPause = .milliseconds(10)
    change(&configuration)
    return configuration
  }

  func write(_ text: String, _ name: String) throws {
    try text.write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
  }

  func lines(of name: String) -> [String] {
    let text = (try? String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)) ?? ""
    return text.split(separator: "\n").map(String.init)
  }

  /// A file that holds tasks back for as long as it exists.
  func holdFile() throws -> String {
    try write("", "hold")
    return "\(folder)/hold"
  }

  /// Every result the fake workers published, in order.
  var made: [String] { lines(of: "made.txt") }

  func run(
    _ nodes: [TaskNode], configuration: EngineConfiguration? = nil,
    observer: any RunObserver = SilentObserver(),
    coordinatorTask: @escaping @Sendable (TaskNode) async throws -> Void = { _ in }
  ) async throws -> RunOutcome {
    let engine = try await Coordinator.open(
      production: production, configuration: configuration ?? self.configuration, observer: observer)
    return try await engine.run(try Plan(nodes), coordinatorTask: coordinatorTask)
  }

  func events(of run: String?) throws -> [RunEvent] {
    let decoder = JSONDecoder()
    return try lines(of: ".interlock/runs/\(run ?? "")/events.jsonl").map {
      try decoder.decode(RunEvent.self, from: Data($0.utf8))
    }
  }

  /// Process ids of the workers of a run.
  func workers(of run: String?) throws -> [Int32] {
    try events(of: run).filter { $0.event == .workerStarted }.compactMap(\.processID)
  }

  /// `.part` files of attempts.
  var unfinished: [String] {
    ((try? FileManager.default.subpathsOfDirectory(atPath: production.attemptsFolder)) ?? [])
      .filter { $0.hasSuffix(".part") }
  }

  /// Ids of attempts that have a folder.
  var attempts: [String] {
    (try? FileManager.default.contentsOfDirectory(atPath: production.attemptsFolder)) ?? []
  }
}

enum TemporaryFolder {
  static func make() -> String {
    let path =
      "\(FileManager.default.temporaryDirectory.path)/interlock-engine-\(UInt64.random(in: .min ... .max))"
    try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    return path
  }
}

func fake(
  _ name: String, after dependencies: [String] = [], segments: Int = 0, frames: Int = 0, seconds: Double = 0,
  _ misbehaviour: String? = nil, times: Int? = nil, failure: String? = nil, exit: Int? = nil,
  hold: String? = nil, inside: String? = nil
) -> TaskNode {
  var made = node(name, after: dependencies, frames: frames, segments: segments)
  made.payload =
    FakeTask(
      segments: made.commits, seconds: seconds, frames: frames, misbehaviour: misbehaviour, times: times,
      failure: failure, exit: exit, hold: hold, inside: inside
    ).payload
  return made
}

/// Keeps what it sees and acts on it.
final class Recorder: RunObserver {
  private let seen = Mutex<[RunEvent]>([])
  private let reaction: @Sendable (RunEvent) -> Void

  init(_ reaction: @escaping @Sendable (RunEvent) -> Void = { _ in }) { self.reaction = reaction }

  func observe(_ event: RunEvent) {
    seen.withLock { $0.append(event) }
    reaction(event)
  }

  var events: [RunEvent] { seen.withLock { $0 } }
  func count(_ kind: RunEvent.Kind) -> Int { events.count { $0.event == kind } }
}

/// Whether a process exists and is no zombie.
func isAlive(_ process: Int32) -> Bool {
  guard kill(process, 0) == 0 else { return false }
  let status = (try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)) ?? ""
  return !status.isEmpty && !status.contains(") Z ")
}
