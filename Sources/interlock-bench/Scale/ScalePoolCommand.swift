import ArgumentParser
import Foundation
import ObjectStore
import TaskGraph

/// The worker of `ScaleEngineCommand`: the protocol, the attempt's lock and the commits are those of
/// `interlock-worker`, the tasks do next to nothing.
struct ScalePoolCommand: ParsableCommand {
  static let name = "scale-pool"
  static let configuration = CommandConfiguration(
    commandName: name, shouldDisplay: false, aliases: ["pool"])

  func run() throws {
    say(WorkerEvent(.ready))
    while let path = readLine(strippingNewline: true) {
      try work(path)
      say(WorkerEvent(.ready))
    }
  }

  private func work(_ path: String) throws {
    let folder = try AttemptFolder.containing(taskFile: path)
    guard case .acquired(let lock) = try folder.tryLock() else { throw BenchError("\(path) is held") }
    defer { withExtendedLifetime(lock) {} }
    let store = ObjectStore(folder.production)
    guard let file = try store.fileSystem.read(path) else { throw BenchError("there is no \(path)") }
    let task = try JSONDecoder().decode(TaskFile<SyntheticTask.Input>.self, from: Data(file.bytes))
    guard SyntheticTask.key(task.input) == task.key else { throw BenchError("\(task.label) is another") }
    // How long a task takes, where that is what is measured.
    if let seconds = ProcessInfo.processInfo.environment["INTERLOCK_BENCH_SECONDS"].flatMap({ Double($0) }) {
      Thread.sleep(forTimeInterval: seconds)
    }
    let record = ResultRecord(
      key: task.key, kind: task.kind, version: task.version,
      output: SyntheticTask.Output(frames: task.input.runs.reduce(0) { $0 + $1.count }),
      attempt: folder.id, tool: "interlock-bench")
    _ = try store.commitResult(record, scratch: folder.path)
    try folder.writeExit(Array("{}\n".utf8))
    say(WorkerEvent(.finished, attempt: folder.id, key: task.key, exit: 0))
  }

  private func say(_ event: WorkerEvent) {
    guard let data = try? JSONEncoder().encode(event) else { return }
    FileHandle.standardOutput.write(data + Data("\n".utf8))
  }
}
