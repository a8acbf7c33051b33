package import Diagnostics

/// One line of JSON that a pool worker writes to its standard output.
package struct WorkerEvent: Codable, Sendable {
  package enum Kind: String, Codable, Sendable {
    /// The worker waits for the path of a task file.
    case ready
    /// `frames` of `total` frames are made; sent at least every ten seconds of work.
    case progress
    /// The result `key` was published: a segment, or the task itself.
    case committed
    /// The attempt ended with success: every declared output was verified and published.
    case finished
    /// The attempt ended without a result; `exit` and `diagnostics` say why.
    case failed
  }

  /// Who has to act on a failure; only infrastructure is worth another try.
  package enum FailureClass: String, Codable, Sendable {
    case user, media, infrastructure, cancelled
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

  package init(
    _ event: Kind, attempt: String? = nil, key: TaskKey? = nil, frames: Int? = nil, total: Int? = nil,
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
