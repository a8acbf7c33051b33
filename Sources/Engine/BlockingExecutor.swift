import Dispatch

/// Runs an actor's work one job at a time on a queue of its own.
///
/// The engine waits for the disk (fsync of the ledger, of folders); on the cooperative pool that would hold a
/// thread that others need.
package final class BlockingExecutor: SerialExecutor {
  private let queue: DispatchQueue

  package init(label: String) { queue = DispatchQueue(label: label) }

  package func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    // The queue is serial, so jobs never overlap, and it holds `self` until each has run.
    queue.async { unsafe job.runSynchronously(on: self.asUnownedSerialExecutor()) }
  }
}
