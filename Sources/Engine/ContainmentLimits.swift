import Glibc
package import ObjectStore
package import TaskGraph

/// How far a worker may go before the coordinator stops it.
package struct ContainmentLimits: Sendable {
  /// A worker that lives but gets no further with its task for so long is stuck. Until a task has told of progress for
  /// the first time it has four times as long; a task with a time limit of its own is not judged by this one.
  package var stall: Duration = .seconds(30 * 60)
  /// Memory of a worker with all its children when nobody estimated what the task needs, in bytes.
  package var memoryBytes: Int64 = 6 << 30
  /// An estimate counts so many times: it is about pictures, and there is more to a process.
  package var memoryFactor = 2.0
  /// No task has less, however small its estimate.
  package var leastMemoryBytes: Int64 = 2 << 30
  /// What is kept of what workers write to standard error and, other than events, to standard output.
  package var log = CappedLog.Limits()
  /// How often workers are looked at for memory and for processes they left behind.
  package var look: Duration = .seconds(1)

  package init() {}

  package func memoryLimit(of needs: TaskNeeds) -> Int64 {
    guard let estimate = needs.memoryBytes else { return memoryBytes }
    return max(leastMemoryBytes, Int64(Double(estimate) * memoryFactor))
  }
}

/// Why the coordinator killed a worker.
package enum WorkerFault: Sendable {
  /// Nothing was heard of it, not even that it lives.
  case silent(Duration)
  /// It lives and makes no progress; `heard` is since when the last sign of life came.
  case stalled(Duration, heard: Duration)
  /// The attempt took longer than its task may.
  case overdue(seconds: Int)
  case memory(used: Int64, limit: Int64)
  /// It says what is not so.
  case untrue(String)

  /// Why, to follow `the worker was killed because`.
  package var message: String {
    switch self {
    case .silent(let silence): "it said nothing for \(silence.wholeSeconds)"
    case .stalled(let stall, let heard):
      "it made no progress for \(stall.wholeSeconds), though it lives: its last sign of life came "
        + "\(heard.wholeSeconds) before"
    case .overdue(let seconds): "it did not end within the \(seconds) seconds that the task may take"
    case .memory(let used, let limit):
      "it used \(used.gigabytes) of memory, more than the \(limit.gigabytes) that the task may use"
    case .untrue(let claim): claim
    }
  }

  package var code: String {
    switch self {
    case .silent: "worker.silent"
    case .stalled: "worker.stalled"
    case .overdue: "worker.overdue"
    case .memory: "worker.outOfMemory"
    case .untrue: "worker.lost"
    }
  }

  /// Exit code of the command line for it.
  package var exit: Int { if case .memory = self { 33 } else { 1 } }

  /// Whether it is the task's own failure, tried again a counted number of times; else the worker was lost.
  package var isOfTheTask: Bool {
    switch self {
    case .silent, .untrue: false
    case .stalled, .overdue, .memory: true
    }
  }

  /// What to do about it, after where to read more.
  package var remedy: String? {
    switch self {
    case .silent: "Raise the limit with --silence-limit if it was only slow."
    case .stalled: "Raise the limit with --stall-limit, or give the stage a `timeout:`."
    case .overdue: "Raise the `timeout:` of the stage."
    case .memory: "Raise the limit with --memory-limit, or make the pictures smaller."
    case .untrue: nil
    }
  }
}

extension Duration {
  fileprivate var wholeSeconds: String {
    let seconds = Int(inSeconds.rounded())
    return seconds == 1 ? "1 second" : "\(seconds) seconds"
  }
}

extension Int64 {
  /// `2.4 GB`, or `310 MB` below one.
  var gigabytes: String {
    let megabytes = (Double(self) / 1e6).rounded()
    guard megabytes >= 1000 else { return "\(Int(megabytes)) MB" }
    return "\((megabytes / 100).rounded() / 10) GB"
  }
}
