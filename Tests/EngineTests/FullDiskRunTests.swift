import Diagnostics
import Digests
import Engine
import Glibc
import ObjectStore
import Synchronization
import TaskGraph
import Testing

/// Runs on a disk that does not take everything the coordinator writes.
@Suite(.timeLimit(.minutes(30))) struct FullDiskRunTests {
  /// A disk that refuses what a test names, so many times or always.
  private final class FullDisk: FileFaults {
    private let refuses: @Sendable (FileOperation, String) -> Bool
    private let times: Mutex<Int>

    init(times: Int = .max, _ refuses: @escaping @Sendable (FileOperation, String) -> Bool) {
      self.refuses = refuses
      self.times = Mutex(times)
    }

    func fault(in operation: FileOperation, on path: String) -> FileFault? {
      guard refuses(operation, path) else { return nil }
      return times.withLock { times in
        guard times > 0 else { return nil }
        times -= 1
        return FileFault(ENOSPC, isTorn: true)
      }
    }
  }

  private static func nodes() -> [TaskNode] {
    let nodes = (0..<4).map { fake("render \($0)", segments: 2, frames: 8) }
    return nodes + [fake("assemble", after: nodes.map(\.label))]
  }

  @Test func `a run goes on when its record cannot be written, and says so`() async throws {
    let harness = try EngineHarness()
    defer { harness.remove() }
    let folder = harness.folder
    let disk = FullDisk { $1.hasPrefix(folder) && $1.hasSuffix("events.jsonl") && $0 == .write }
    let outcome = try await FileSystem.$injected.withValue(disk) {
      try await harness.run(Self.nodes())
    }
    #expect(outcome.exitCode == 0)
    #expect(outcome.done.count == 5)
    let warning = try #require(outcome.warnings.first)
    #expect(warning.code == "storage.noSpace")
    #expect(warning.severity == .warning)
    #expect(warning.location?.file.hasSuffix("events.jsonl") == true)
  }

  @Test func `lines of the record wait for room and are whole when there is some`() async throws {
    let harness = try EngineHarness()
    defer { harness.remove() }
    let folder = harness.folder
    let disk = FullDisk(times: 3) { $1.hasPrefix(folder) && $1.hasSuffix("events.jsonl") && $0 == .write }
    let outcome = try await FileSystem.$injected.withValue(disk) {
      try await harness.run(Self.nodes())
    }
    #expect(outcome.warnings.isEmpty)
    let events = try harness.events(of: outcome.runID)
    #expect(events.first?.event == .runStarted)
    #expect(events.last?.event == .runFinished)
    #expect(events.count { $0.event == .taskDone } == 5)
  }

  @Test func `a task whose file cannot be written is tried again`() async throws {
    let harness = try EngineHarness()
    defer { harness.remove() }
    let folder = harness.folder
    let disk = FullDisk(times: 3) { $1.hasPrefix(folder) && $1.contains("/attempts/") && $0 == .write }
    let outcome = try await FileSystem.$injected.withValue(disk) {
      try await harness.run(Self.nodes())
    }
    #expect(outcome.exitCode == 0, "\(outcome.failures)")
    #expect(outcome.done.count == 5)
    #expect(harness.unfinished.isEmpty)
  }
}
