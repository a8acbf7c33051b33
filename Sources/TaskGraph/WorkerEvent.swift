package import Diagnostics

/// One line of JSON that a pool worker writes to its standard output.
package struct WorkerEvent: Codable, Sendable {
  package enum Kind: String, Codable, Sendable {
    /// The worker waits for the path of a task file.
    case ready
    /// The worker process lives; sent every few seconds by a thread that does nothing else, so it says nothing of the
    /// task.
    case alive
    /// In an attempt at several tasks: the one named `key` is at work from here on.
    case began
    /// `frames` of `total` frames are made.
    case progress
    /// The result `key` was published: a segment, or the task itself.
    case committed
    /// The attempt ended with success: every declared output was verified and published. Of an attempt at several
    /// tasks, those in `ends` did; it goes on until the worker is ready again.
    case finished
    /// The attempt ended without a result; `exit` and `diagnostics` say why. Of an attempt at several tasks the one
    /// named `key` did; the attempt goes on unless the reason would stop the others, too.
    case failed
  }

  /// Who has to act on a failure, and whether another try can help.
  package enum FailureClass: String, Codable, Sendable {
    /// Bad input: trying again gives the same.
    case user, media
    /// A program failed by its own account; worth a counted number of tries.
    case application
    /// Disk, machine or network: tried again after a pause, not held against the task.
    case infrastructure
    /// No licence was free, whatever we counted: tried again after a pause, not held against the task.
    case licence
    case cancelled

    /// Whether it says nothing of other tasks: a worker that has several goes on with the next.
    package var concernsOneTask: Bool {
      switch self {
      case .user, .media, .application: true
      case .infrastructure, .licence, .cancelled: false
      }
    }
  }

  /// The success of one of several tasks in an attempt, whose results were published together.
  package struct TaskEnd: Codable, Sendable {
    package var key: TaskKey
    package var usage: Usage
    /// False when another attempt had published its result before.
    package var isFirst: Bool
    /// What is worth telling all the same.
    package var diagnostics: [Diagnostic]?

    package init(key: TaskKey, usage: Usage, isFirst: Bool, diagnostics: [Diagnostic]? = nil) {
      self.key = key
      self.usage = usage
      self.isFirst = isFirst
      self.diagnostics = diagnostics
    }
  }

  /// What a task used of the machine.
  package struct Usage: Codable, Sendable {
    /// Wall time of the work, without the publishing where that is done for several tasks at once.
    package var seconds: Double?
    /// User and system time of the worker and its children meanwhile, in seconds.
    package var cpuSeconds: Double?
    /// Largest resident memory of the worker meanwhile.
    package var peakMemoryBytes: Int64?
    /// Size of the objects it put into the store.
    package var writtenBytes: Int64?

    package init(
      seconds: Double? = nil, cpuSeconds: Double? = nil, peakMemoryBytes: Int64? = nil,
      writtenBytes: Int64? = nil
    ) {
      self.seconds = seconds
      self.cpuSeconds = cpuSeconds
      self.peakMemoryBytes = peakMemoryBytes
      self.writtenBytes = writtenBytes
    }
  }

  package var event: Kind
  package var attempt: String?
  package var key: TaskKey?
  package var frames: Int?
  package var total: Int?
  /// For `committed`: false when another attempt had published the same key before.
  package var isFirst: Bool?
  package var exit: Int?
  package var failure: FailureClass?
  package var diagnostics: [Diagnostic]?
  /// With the end of a task.
  package var usage: Usage?
  package var ends: [TaskEnd]?

  package init(
    _ event: Kind, attempt: String? = nil, key: TaskKey? = nil, frames: Int? = nil,
    total: Int? = nil,
    isFirst: Bool? = nil, exit: Int? = nil, failure: FailureClass? = nil, diagnostics: [Diagnostic]? = nil
  ) {
    self.event = event
    self.attempt = attempt
    self.key = key
    self.frames = frames
    self.total = total
    self.isFirst = isFirst
    self.exit = exit
    self.failure = failure
    self.diagnostics = diagnostics
  }
}
