import Engine
import Monitoring

/// What a run does at the moment, from its record alone: the same from any machine.
struct RunWork: Encodable, CustomStringConvertible {
  var task: String
  var stage: String
  /// Number of the worker, from 1; nil for a task of the coordinator.
  var worker: Int?
  var frames: Int
  var total: Int

  var description: String {
    var text = TerminalText.printable("\(stage): \(task)")
    if total > 0 { text += ", \(frames) of \(total) frames" }
    if let worker { text += " (worker \(worker))" }
    return text
  }

  /// By the number of the worker.
  static func underWay(in folder: RunFolder) -> [RunWork] {
    var board = RunBoard()
    var tail = RunTail(path: folder.eventsPath)
    repeat { for event in tail.look() { board.apply(event) } } while tail.hasMore
    return board.running.map { work in
      RunWork(
        task: work.label, stage: work.stage, worker: work.worker, frames: work.frames, total: work.total)
    }
  }
}
