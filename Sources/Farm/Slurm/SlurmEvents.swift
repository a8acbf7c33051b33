package import Engine

/// What reaches the queue: wishes of the run, answers of Slurm, news of attempts, and the time.
package enum SlurmEvent: Sendable {
  /// A life of the run wants an attempt to be made.
  case order(SlurmOrder, life: Int)
  /// A life of the run waits for an attempt that an earlier coordinator gave out.
  case join(attempt: String, life: Int)
  case stop(life: Int, isUrgent: Bool)
  /// Attempts that nobody wants any more.
  case abandon(Set<String>)
  /// Submissions of earlier coordinators that are still in work, and their attempts by element.
  case former(SlurmSubmission)
  case submitted(SubmissionID, SubmitAnswer)
  /// What `squeue` said; nil when it said nothing. `asked` is when it was asked.
  case listed([SlurmRow]?, asked: Duration)
  /// What a second source says of one element: nil when it does not answer.
  case confirmed(ElementID, SlurmState?)
  case ended(ExitRecord)
  /// There is no record of how the attempt ended; `hasBegun` says whether a worker ever held it, and if not, `words` is the
  /// last line of its job's log.
  case unrecorded(attempt: String, hasBegun: Bool, words: String? = nil)
  /// The run asks for nothing more.
  case closing
  case tick
}

package enum SlurmEffect: Sendable {
  case submit(SlurmSubmission)
  /// More for a pilot that runs.
  case feed(SubmissionID, [SlurmOrder])
  /// The pilot gets nothing more.
  case release(SubmissionID)
  /// Makes sure that jobs of a submission that was given up find nothing to do, should there be any.
  case withdraw(SubmissionID)
  /// Asks `squeue` about these runs.
  case list(runs: [String])
  case confirm(ElementID, SlurmJobID)
  case cancel([SlurmJobID])
  /// Look for the records of these attempts.
  case look([String])
  case report(life: Int, WorkerReport)
}

/// How `sbatch` ended.
package enum SubmitAnswer: Sendable, Hashable {
  case accepted(job: Int)
  /// It was not reached or has no room now: the same may work later.
  case notNow(String)
  /// It may or may not have taken the job.
  case unknown(String)
  /// It will never take a job of this shape.
  case refused(String)
  /// It will never take any job of ours, e.g. because there is no such partition.
  case refusedAll(String)
}
