import ArgumentParser
import Digests
import Foundation
import ObjectStore
import TaskGraph

/// The worker of `ScaleEngineCommand`: the protocol, the attempt's lock, the batches and the commits are those of
/// `interlock-worker`, the tasks do next to nothing.
struct ScalePoolCommand: ParsableCommand {
  static let name = "scale-pool"
  static let configuration = CommandConfiguration(commandName: name, shouldDisplay: false)

  func run() throws {
    say(WorkerEvent(.ready))
    while let path = readLine(strippingNewline: true) {
      try work(path)
      say(WorkerEvent(.ready))
    }
  }

  private func work(_ path: String) throws {
    let began = ContinuousClock.now
    let folder = try AttemptFolder.containing(taskFile: path)
    guard case .acquired(let lock) = try folder.tryLock() else { throw BenchError("\(path) is held") }
    defer { withExtendedLifetime(lock) {} }
    let store = ObjectStore(folder.production)
    let files = try folder.taskFiles()
    if folder.isBatch(path) {
      try batch(files, folder, store)
    } else if let file = files.first {
      let task = try task(file)
      _ = try store.commitResult(record(task, folder), scratch: folder.path)
      var last = WorkerEvent(.finished, attempt: folder.id, key: task.key, exit: 0)
      last.usage = usage(since: began)
      try folder.writeExit(Array("{}\n".utf8), isDurable: false)
      say(last)
      return
    }
    try folder.writeExit(Array("{}\n".utf8), isDurable: false)
  }

  private func batch(_ files: [[UInt8]], _ folder: AttemptFolder, _ store: ObjectStore) throws {
    let group = try CommitGroup(store, scratch: folder.path)
    let log = try CappedLog(path: folder.logPath, isSection: true, in: store.fileSystem)
    var ends: [TaskKey: WorkerEvent.Usage] = [:]
    for file in files {
      let began = ContinuousClock.now
      let task = try task(file)
      say(WorkerEvent(.began, attempt: folder.id, key: task.key))
      log.write("start \(task.key.hex) \(task.kind) \(task.label)\n".utf8)
      try group.add(record(task, folder))
      ends[task.key] = usage(since: began)
    }
    var last = WorkerEvent(.finished, attempt: folder.id)
    last.ends = try group.commit().map { key, isFirst in
      log.write("commit \(key.hex)\n".utf8)
      return WorkerEvent.TaskEnd(key: key, usage: ends[key] ?? WorkerEvent.Usage(), isFirst: isFirst)
    }
    say(last)
  }

  private func task(_ file: [UInt8]) throws -> TaskFile<SyntheticTask.Input> {
    let task = try JSONDecoder().decode(TaskFile<SyntheticTask.Input>.self, from: Data(file))
    guard SyntheticTask.key(task.input) == task.key else { throw BenchError("\(task.label) is another") }
    return task
  }

  private func record(
    _ task: TaskFile<SyntheticTask.Input>, _ folder: AttemptFolder
  ) -> ResultRecord<SyntheticTask.Output> {
    ResultRecord(
      key: task.key, kind: task.kind, version: task.version,
      output: SyntheticTask.Output(frames: task.input.runs.reduce(0) { $0 + $1.count }),
      attempt: folder.id, tool: "interlock-bench")
  }

  private func usage(since began: ContinuousClock.Instant) -> WorkerEvent.Usage {
    WorkerEvent.Usage(
      seconds: (ContinuousClock.now - began) / .seconds(1), cpuSeconds: 0, peakMemoryBytes: 0, writtenBytes: 0
    )
  }

  private func say(_ event: WorkerEvent) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(event) else { return }
    FileHandle.standardOutput.write(data + Data("\n".utf8))
  }
}
