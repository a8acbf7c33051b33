package import TaskGraph

/// The name of a submission, written into the comment of its jobs: whoever finds them knows whose they are.
package struct SubmissionID: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// ULID of the run that made it.
  package var run: String
  /// Counts the submissions of the run, from 1.
  package var number: Int

  package init(run: String, number: Int) {
    self.run = run
    self.number = number
  }

  /// What all comments of ours begin with.
  package static let commentStart = "interlock "

  package var comment: String { "\(Self.commentStart)\(run).\(number)" }

  package init?(comment: String) {
    guard comment.hasPrefix(Self.commentStart) else { return nil }
    let parts = comment.dropFirst(Self.commentStart.count).split(separator: ".")
    guard parts.count == 2, let number = Int(parts[1]) else { return nil }
    self.init(run: String(parts[0]), number: number)
  }

  package var description: String { "\(run).\(number)" }

  package static func < (one: SubmissionID, other: SubmissionID) -> Bool {
    (one.run, one.number) < (other.run, other.number)
  }
}

/// One element of the array of a submission.
package struct ElementID: Hashable, Sendable, Comparable {
  package var submission: SubmissionID
  package var index: Int

  package init(submission: SubmissionID, index: Int) {
    self.submission = submission
    self.index = index
  }

  package static func < (one: ElementID, other: ElementID) -> Bool {
    (one.submission, one.index) < (other.submission, other.index)
  }
}

/// One call of `sbatch`: a job, or an array of jobs of one shape, each of which does a list of attempts.
package struct SlurmSubmission: Hashable, Sendable {
  package var id: SubmissionID
  package var shape: JobShape
  package var elements: [[SlurmOrder]]
  /// How long the longest element may take by the record, in seconds, with a margin; nil when nobody knows.
  package var longestSeconds: Double?
  /// Whether the job takes more attempts while it runs.
  package var isPilot = false

  package var isArray: Bool { elements.count > 1 }
}

/// An attempt that a run wants to be made.
package struct SlurmOrder: Codable, Hashable, Sendable {
  package var attempt: String
  package var key: TaskKey
  package var label: String
  package var kind: String
  package var frames: Int
  package var needs: TaskNeeds
  /// By the record, in seconds.
  package var estimate: Double?

  package init(
    attempt: String, key: TaskKey, label: String, kind: String, frames: Int, needs: TaskNeeds,
    estimate: Double? = nil
  ) {
    self.attempt = attempt
    self.key = key
    self.label = label
    self.kind = kind
    self.frames = frames
    self.needs = needs
    self.estimate = estimate
  }
}
