package import Diagnostics
package import TaskGraph

/// How an attempt ended: what a worker or, when the worker died, whoever watched it has left in `exit.json`.
package struct ExitRecord: Codable, Sendable, Hashable {
  /// How a worker ended that left no word of its own.
  package struct Loss: Codable, Sendable, Hashable {
    /// The signal that ended it.
    package var signal: Int32?
    /// Or its exit code.
    package var code: Int32?
    /// Or why it could not be started.
    package var reason: String?

    package init(signal: Int32? = nil, code: Int32? = nil, reason: String? = nil) {
      self.signal = signal
      self.code = code
      self.reason = reason
    }
  }

  package var attempt: String
  package var key: TaskKey?
  package var exit: Int
  package var failure: WorkerEvent.FailureClass?
  package var diagnostics: [Diagnostic] = []
  /// How long it worked.
  package var seconds: Double?
  package var peakMemoryBytes: Int64?
  package var cpuSeconds: Double?
  package var writtenBytes: Int64?
  package var loss: Loss?

  package init(attempt: String, key: TaskKey? = nil, exit: Int, failure: WorkerEvent.FailureClass? = nil) {
    self.attempt = attempt
    self.key = key
    self.exit = exit
    self.failure = failure
  }

  /// From the last word of a pool worker.
  package init(_ event: WorkerEvent, attempt: String, seconds: Double) {
    self.attempt = attempt
    key = event.key
    exit = event.exit ?? (event.event == .finished ? 0 : 1)
    failure = event.failure
    diagnostics = event.diagnostics ?? []
    self.seconds = seconds
    peakMemoryBytes = event.usage?.peakMemoryBytes
    cpuSeconds = event.usage?.cpuSeconds
    writtenBytes = event.usage?.writtenBytes
  }

  /// Whether the attempt was handed back unfinished: somebody stopped its worker.
  package var isHandedBack: Bool { failure == .cancelled }

  /// The same in the words of a pool worker; nil when the worker had none.
  package var event: WorkerEvent? {
    guard loss == nil else { return nil }
    var event = WorkerEvent(
      exit == 0 ? .finished : .failed, attempt: attempt, key: key, exit: exit, failure: failure,
      diagnostics: diagnostics.isEmpty ? nil : diagnostics)
    event.usage = WorkerEvent.Usage(
      seconds: seconds, cpuSeconds: cpuSeconds, peakMemoryBytes: peakMemoryBytes, writtenBytes: writtenBytes)
    return event
  }
}

/// What a job tells its coordinator, a file in the mail folder of the run: much may have happened since the last.
package struct JobLetter: Codable, Sendable {
  /// The submission and the element that write it.
  package var submission: Int
  package var element: Int
  /// Attempts that have ended.
  package var ended: [ExitRecord] = []

  package init(submission: Int, element: Int) {
    self.submission = submission
    self.element = element
  }
}
