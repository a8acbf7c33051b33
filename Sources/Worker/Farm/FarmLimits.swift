import Glibc
import ObjectStore

/// What the farm around a worker lets it use: the smallest of what the control groups and the farm's variables say.
struct FarmLimits: Hashable, Sendable {
  /// At least 1.
  var cores: Int
  /// Of the worker and everything it starts; nil where nobody sets a limit.
  var memoryBytes: Int64?

  static func here(_ environment: [String: String]) -> FarmLimits {
    FarmLimits(environment, groups: .here(), usableCores: usableCores)
  }

  /// - Parameter usableCores: those that the scheduler may put us on.
  init(_ environment: [String: String], groups: ControlGroups, usableCores: Int) {
    func number(_ name: String) -> Int64? {
      environment[name].flatMap { Int64($0) }.flatMap { $0 > 0 && $0 < 1 << 40 ? $0 : nil }
    }
    let granted = ["SLURM_CPUS_PER_TASK", "CUE_THREADS"].compactMap(number).map { Int($0) }
    cores = ([usableCores] + [groups.cores].compactMap(\.self) + granted).min() ?? usableCores
    // Slurm counts in mebibytes and writes 0 for the whole node; OpenCue counts in kibibytes.
    let perCore = number("SLURM_MEM_PER_CPU").map { each in
      (each << 20) * (number("SLURM_CPUS_PER_TASK") ?? number("SLURM_CPUS_ON_NODE") ?? 1)
    }
    let limits = [
      groups.memoryBytes, number("SLURM_MEM_PER_NODE").map { $0 << 20 }, perCore,
      number("CUE_MEMORY").map { $0 << 10 },
    ]
    memoryBytes = limits.compactMap(\.self).min()
  }

  /// Cores in the affinity mask of this process, which `/proc` writes as hexadecimal words.
  private static var usableCores: Int {
    let status = (try? FileSystem(root: "/proc").read("/proc/self/status")) ?? nil
    let line = status.map { String(decoding: $0.bytes, as: UTF8.self) }?.split(separator: "\n")
      .first { $0.hasPrefix("Cpus_allowed:") }
    let digits = (line ?? "").dropFirst("Cpus_allowed:".count).compactMap(\.hexDigitValue)
    let count = digits.reduce(0) { $0 + $1.nonzeroBitCount }
    return count > 0 ? count : max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
  }
}

extension FarmLimits: CustomStringConvertible {
  var description: String {
    let memory = memoryBytes.map { "\($0 >> 20) MiB of memory" } ?? "memory without limit"
    return "\(cores == 1 ? "1 core" : "\(cores) cores"), \(memory)"
  }
}
