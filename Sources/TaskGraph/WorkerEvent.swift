package import Diagnostics

/// One line of JSON that a pool worker writes to its standard output.
package struct WorkerEvent: Codable, Sendable {
  package enum Kind: String, Codable, Sendable {
    /// The worker waits for the path of a task file.
    case ready
    /// The worker process lives; sent every few seconds by a thread that does nothing else, so it says nothing of the
    /// task.
    case alive
    /// `frames` of `total` frames are made.
    case progress
    /// The result `key` was published: a segment, or the task itself.
    case committed
    /// The attempt ended with success: every declared output was verified and published.
    case finished
    /// The attempt ended without a result; `exit` and `diagnostics` say why. In a batch the task `key` did, or
    /// without a key every task that is left.
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
  /// With the end of an attempt: user and system time of the worker and its children meanwhile, in seconds.
  package var cpuSeconds: Double?
  /// With the end of an attempt: largest resident memory of the worker meanwhile.
  package var peakMemoryBytes: Int64?
  /// With the end of an attempt: how long it worked, where that is not the time since it was given out.
  package var seconds: Double?
  /// With the end of an attempt: size of the objects it put into the store.
  package var writtenBytes: Int64?

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
