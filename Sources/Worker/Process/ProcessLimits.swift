import Glibc

/// What a worker process may use. Media is hostile: a decoder that runs away costs one attempt, not the machine.
enum ProcessLimits {
  /// Address space when `INTERLOCK_MEMORY_LIMIT` does not say: room for 8K frames, not for a leak.
  static let defaultBytes: UInt = 6 << 30

  /// - Parameter granted: memory that a farm has set aside for the process, in bytes. Where that is more than we would
  ///   take it counts; where it is less the memory in use is watched, as address space is always more than that.
  static func apply(granted: Int64? = nil) {
    var bytes = max(defaultBytes, granted.map { UInt($0) } ?? 0)
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
    // The hard limit stays as it was given to us: programs that we start are held in other ways.
    if unsafe getrlimit(resource, &present) == 0 { limit.rlim_max = present.rlim_max }
    limit.rlim_cur = min(limit.rlim_cur, limit.rlim_max)
    unsafe setrlimit(resource, &limit)
  }

  /// Calls `body`, which starts a program, with the limits this process was started with: address space and
  /// descriptors are limited for our decoders, and other people's programs reserve more than they use.
  static func lifted<R>(_ body: () -> R) -> R {
    let resources = [RLIMIT_AS, RLIMIT_NOFILE].map { __rlimit_resource_t($0.rawValue) }
    let own = resources.map { resource in
      var limit = rlimit()
      unsafe getrlimit(resource, &limit)
      return limit
    }
    for (resource, limit) in zip(resources, own) {
      var lifted = rlimit(rlim_cur: limit.rlim_max, rlim_max: limit.rlim_max)
      unsafe setrlimit(resource, &lifted)
    }
    defer {
      for (resource, limit) in zip(resources, own) {
        var limit = limit
        unsafe setrlimit(resource, &limit)
      }
    }
    return body()
  }

  /// Largest resident memory of this process so far, in bytes.
  static var peakResidentBytes: Int64 {
    var usage = rusage()
    guard unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 else { return 0 }
    return Int64(usage.ru_maxrss) * 1024
  }
}
