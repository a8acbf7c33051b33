import Glibc
import ObjectStore
import Synchronization
import TaskGraph

/// What one attempt uses of the machine; a pool worker does many attempts, one after the other.
final class AttemptUsage: Sendable {
  /// Size of the objects put into the store, in bytes.
  let writtenBytes = Atomic<Int64>(0)
  private let cpuBefore: Double
  private let began = ContinuousClock.now

  init() {
    cpuBefore = Self.processCPUSeconds
    Self.forgetPeak()
  }

  /// All of it until now.
  var report: WorkerEvent.Usage {
    let elapsed = (ContinuousClock.now - began).components
    return WorkerEvent.Usage(
      seconds: Double(elapsed.seconds) + Double(elapsed.attoseconds) / 1e18, cpuSeconds: cpuSeconds,
      peakMemoryBytes: peakResidentBytes, writtenBytes: writtenBytes.load(ordering: .relaxed))
  }

  /// User and system time of the process and of children it has waited for, since the attempt began.
  var cpuSeconds: Double { max(0, Self.processCPUSeconds - cpuBefore) }

  /// Largest resident memory of the process since the attempt began, in bytes.
  ///
  /// `ru_maxrss` does not do: it cannot be reset, and counts what the parent had when it forked.
  var peakResidentBytes: Int64 {
    ProcessFacts.ownPeakResidentBytes ?? ProcessLimits.peakResidentBytes
  }

  /// Lets the kernel count the peak anew; where it does not (before Linux 4.0) the peak of the process is told.
  private static func forgetPeak() {
    let descriptor = unsafe open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    _ = unsafe write(descriptor, "5", 1)
    _ = close(descriptor)
  }

  private static var processCPUSeconds: Double {
    [RUSAGE_SELF.rawValue, RUSAGE_CHILDREN.rawValue].reduce(0) { sum, who in
      var usage = rusage()
      guard unsafe getrusage(__rusage_who_t(who), &usage) == 0 else { return sum }
      return sum + seconds(usage.ru_utime) + seconds(usage.ru_stime)
    }
  }

  private static func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
}
