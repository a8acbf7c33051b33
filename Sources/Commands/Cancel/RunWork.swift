import Digests
import Engine
import Foundation

/// What a run does at the moment, from its record alone: the same from any machine.
struct RunWork {
  struct Item: Encodable, CustomStringConvertible {
    var task: String
    var stage: String?
    /// Number of the worker, from 1.
    var worker: Int?
    var processID: Int32?
    var frames: Int?
    var total: Int?

    var description: String {
      var text = [stage, task].compactMap(\.self).joined(separator: ": ")
      if let frames, let total, total > 0 { text += ", \(frames) of \(total) frames" }
      if let worker { text += " (worker \(worker)\(processID.map { ", process \($0)" } ?? ""))" }
      return text
    }
  }

  /// By the name of the attempt, in the order in which they began.
  private(set) var atWork: [Item] = []

  init(in folder: RunFolder) {
    let data = FileManager.default.contents(atPath: "\(folder.path)/events.jsonl") ?? Data()
    let decoder = JSONDecoder()
    var processes: [Int: Int32] = [:]
    var items: [(task: String, item: Item)] = []
    for line in data.split(separator: UInt8(ascii: "\n")) {
      // The last line may be half written.
      guard let event = try? decoder.decode(RunEvent.self, from: line) else { continue }
      let task = event.task?.hex ?? ""
      switch event.event {
      case .workerStarted:
        if let worker = event.worker { processes[worker] = event.processID }
      case .attemptStarted:
        let item = Item(
          task: event.label ?? task, stage: event.stage, worker: event.worker,
          processID: event.worker.flatMap { processes[$0] }, frames: nil, total: event.total)
        items.append((task, item))
      case .progress:
        if let index = items.lastIndex(where: { $0.task == task }) { items[index].item.frames = event.frames }
      case .taskDone, .taskFailed, .retrying, .workerLost:
        items.removeAll { $0.task == task }
      default: break
      }
    }
    // A process may be told of after the attempt that started it.
    atWork = items.map { entry in
      var item = entry.item
      item.processID = item.worker.flatMap { processes[$0] }
      return item
    }
  }
}
