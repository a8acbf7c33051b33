import ArgumentParser
import Foundation
import ObjectStore
import TaskGraph

/// The worker of `ScaleEngineCommand`: the protocol, the attempt's lock and the commits are those of
/// `interlock-worker`, the tasks do next to nothing.
struct ScalePoolCommand: ParsableCommand {
  static let name = "scale-pool"
  static let configuration = CommandConfiguration(commandName: name, shouldDisplay: false)

  /// As in `interlock-worker`: so many results are published together at most.
  private static let mostResults = 100

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
    let group = try CommitGroup(store, scratch: folder.path)
    for line in file.bytes.split(separator: UInt8(ascii: "\n")) {
      let task = try JSONDecoder().decode(TaskFile<SyntheticTask.Input>.self, from: Data(line))
      guard SyntheticTask.key(task.input) == task.key else { throw BenchError("\(task.label) is another") }
      try group.add(
        ResultRecord(
          key: task.key, kind: task.kind, version: task.version,
          output: SyntheticTask.Output(frames: task.input.runs.reduce(0) { $0 + $1.count }),
          attempt: folder.id, tool: "interlock-bench"))
      if group.count >= Self.mostResults { try publish(group, folder) }
    }
    try publish(group, folder)
    try folder.writeExit(Array("{}\n".utf8))
  }

  private func publish(_ group: CommitGroup, _ folder: AttemptFolder) throws {
    let published = try group.commit()
    if published.isEmpty { return }
    say(WorkerEvent(.finished, attempt: folder.id, keys: published.map(\.key), exit: 0))
  }

  private func say(_ event: WorkerEvent) {
    guard let data = try? JSONEncoder().encode(event) else { return }
    FileHandle.standardOutput.write(data + Data("\n".utf8))
  }
}
