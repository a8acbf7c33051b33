import Glibc

/// What a worker process may use. Media is hostile: a decoder that runs away costs one attempt, not the machine.
enum ProcessLimits {
  /// Address space when `INTERLOCK_MEMORY_LIMIT` does not say: room for 8K frames, not for a leak.
  static let defaultBytes: UInt = 6 << 30

  static func apply() {
    var bytes = defaultBytes
    if let text = unsafe getenv("INTERLOCK_MEMORY_LIMIT"), let number = UInt(unsafe String(cString: text)) {
      bytes = max(number, 256 << 20)
    }
    set(__rlimit_resource_t(RLIMIT_AS.rawValue), bytes)
    set(__rlimit_resource_t(RLIMIT_CORE.rawValue), 0)
    set(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), 512)
  }

  private static func set(_ resource: __rlimit_resource_t, _ value: UInt) {
    var limit = rlimit(rlim_cur: rlim_t(value), rlim_max: rlim_t(value))
    var present = rlimit()
    if unsafe getrlimit(resource, &present) == 0 { limit.rlim_max = min(limit.rlim_max, present.rlim_max) }
    limit.rlim_cur = min(limit.rlim_cur, limit.rlim_max)
    unsafe setrlimit(resource, &limit)
  }

  /// Largest resident memory of this process so far, in bytes.
  static var peakResidentBytes: Int64 {
    var usage = rusage()
    guard unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 else { return 0 }
    return Int64(usage.ru_maxrss) * 1024
  }
}
