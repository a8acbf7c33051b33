import Diagnostics
import FoundationEssentials
package import TaskGraph

/// What became of a run and its tasks, as its events tell.
package struct RunLog: Sendable {
  package struct Task: Sendable {
    package enum Ending: String, Codable, Sendable {
      case done, failed, blocked
      /// The run ended before the task did.
      case undone
    }

    package var ending = Ending.undone
    package var attempts = 0
    package var retries = 0
    /// From the start of the attempt that ended it to its end; nil when none did.
    package var seconds: Double?
    /// Of its failure, or of what was in its way.
    package var message: String?
    fileprivate var began: Double?
  }

  /// By key.
  package private(set) var tasks: [TaskKey: Task] = [:]
  /// Nil for a run whose coordinator was killed, and for one that goes on.
  package private(set) var exit: Int?
  /// Up to the last event.
  package private(set) var seconds = 0.0
  package private(set) var framesMade = 0

  package init() {}

  /// - Parameter bytes: lines of JSON; what cannot be read, such as a last line without its end, is passed over.
  package init(events bytes: [UInt8]) {
    let decoder = JSONDecoder()
    for line in bytes.split(separator: UInt8(ascii: "\n")) {
      guard let event = try? decoder.decode(RunEvent.self, from: Data(line)) else { continue }
      apply(event)
    }
  }

  package mutating func apply(_ event: RunEvent) {
    seconds = max(seconds, event.seconds)
    if event.event == .runFinished {
      exit = event.exit
      framesMade = event.frames ?? framesMade
      return
    }
    guard let key = event.task else { return }
    var task = tasks[key] ?? Task()
    switch event.event {
    case .attemptStarted:
      task.attempts += 1
      task.began = event.seconds
    case .retrying: task.retries += 1
    case .taskDone: task.end(.done, at: event.seconds)
    case .taskFailed:
      task.end(.failed, at: event.seconds)
      task.message = event.diagnostics?.first?.message ?? event.message
    case .taskBlocked:
      task.ending = .blocked
      task.message = event.message
    default: break
    }
    tasks[key] = task
  }

  /// How the run ended, in words.
  package var outcome: String {
    switch exit {
    case 0: "done"
    case 130, 143: "cancelled"
    case nil: "no end on record"
    case let code?: "failed (exit \(code))"
    }
  }
}

extension RunLog.Task {
  fileprivate mutating func end(_ ending: Ending, at seconds: Double) {
    self.ending = ending
    self.seconds = began.map { seconds - $0 }
  }
}
