/// What Slurm says of a job, reduced to what we do about it.
///
/// The names are those of every version since 20.11; unknown ones count as running, so that a new word never makes an
/// attempt be taken for failed.
package enum SlurmState: Hashable, Sendable {
  /// It waits, and for what in Slurm's own word (`Resources`, `Licenses`, `JobHeldUser`).
  case queued(reason: String)
  case running
  case suspended
  case over(SlurmEnd)

  package var isOver: Bool { if case .over = self { true } else { false } }
  var isQueued: Bool { if case .queued = self { true } else { false } }

  /// - Parameters:
  ///   - names: the base state and flags, e.g. `CANCELLED` and `COMPLETING`.
  ///   - waitStatus: as `wait(2)` gives it; nil when unknown.
  package init(names: [String], reason: String, waitStatus: Int32?) {
    // Whatever it has come to, its processes are still being ended.
    if names.contains("COMPLETING") {
      self = .running
      return
    }
    let name = names.first.map { String($0.prefix { $0 != "+" && $0 != " " }) } ?? ""
    self =
      switch name {
      case "PENDING", "CONFIGURING", "REQUEUED", "REQUEUE_FED", "REQUEUE_HOLD", "SPECIAL_EXIT",
        "RESV_DEL_HOLD":
        .queued(reason: reason)
      case "SUSPENDED": .suspended
      case "COMPLETED": .over(.completed)
      case "FAILED": .over(.failed(waitStatus: waitStatus))
      case "CANCELLED": .over(.cancelled)
      case "TIMEOUT", "DEADLINE": .over(.timeout)
      case "OUT_OF_MEMORY": .over(.outOfMemory)
      case "PREEMPTED": .over(.infrastructure("it was preempted"))
      case "NODE_FAIL": .over(.infrastructure("its node failed"))
      case "BOOT_FAIL": .over(.infrastructure("its node did not start"))
      case "LAUNCH_FAILED", "RECONFIG_FAIL": .over(.infrastructure("it could not be launched"))
      case "REVOKED": .over(.infrastructure("another cluster took it"))
      default: .running
      }
  }
}

/// How a job ended by Slurm's account; what its attempts came to is in their own records.
package enum SlurmEnd: Hashable, Sendable {
  case completed
  /// A batch script that was killed by a signal ends like this too, with the reason `JobLaunchFailure`.
  case failed(waitStatus: Int32?)
  case cancelled
  case timeout
  case outOfMemory
  /// Nothing that the job did.
  case infrastructure(String)
  /// Slurm does not know it any more.
  case vanished
}

/// One job, or one element of an array, as `squeue` shows it.
package struct SlurmRow: Hashable, Sendable {
  /// `17` or `17_3`, as it is named to `scancel`.
  package var id: SlurmJobID
  package var state: SlurmState
  package var node: String?
  /// What we wrote into it when we submitted it.
  package var comment: String

  package init(id: SlurmJobID, state: SlurmState, node: String? = nil, comment: String) {
    self.id = id
    self.state = state
    self.node = node
    self.comment = comment
  }
}

/// The name of a job or of one element of an array of jobs.
package struct SlurmJobID: Hashable, Sendable, CustomStringConvertible {
  package var job: Int
  /// Index in the array; nil for a job that is none.
  package var element: Int?

  package init(_ job: Int, element: Int? = nil) {
    self.job = job
    self.element = element
  }

  package var description: String { element.map { "\(job)_\($0)" } ?? "\(job)" }
}
