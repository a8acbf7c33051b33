import Glibc
import ObjectStore

/// What this machine, or the container that we run in, has for tasks.
package struct MachineResources: Hashable, Sendable {
  /// Cores that are online, or as many as the control group lets us use at once.
  package var cores: Int
  /// What tasks may use together: the machine's memory or the control group's limit, whichever is less, without the
  /// reserve.
  package var memoryBytes: Int64

  /// Left to the system, to the coordinator and to the page cache that every read and write goes through: a tenth, at
  /// least this, and never more than half.
  private static let leastReserve: Int64 = 512 << 20
  /// Where nothing says how much there is.
  private static let unknownMemory: Int64 = 4 << 30

  package init(cores: Int, memoryBytes: Int64) {
    self.cores = cores
    self.memoryBytes = memoryBytes
  }

  package static func here() -> MachineResources {
    let files = FileSystem(root: "/")
    return MachineResources(onlineCores: max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))) { path in
      ((try? files.read(path)) ?? nil).map { String(decoding: $0.bytes, as: UTF8.self) }
    }
  }

  /// - Parameter read: the text of a file below `/proc` or `/sys`, nil when there is none.
  package init(onlineCores: Int, read: (String) -> String?) {
    var memory = Self.totalMemory(read("/proc/meminfo") ?? "") ?? Self.unknownMemory
    cores = onlineCores
    for folder in Self.controlGroups(read("/proc/self/cgroup") ?? "") {
      // Version 2 and version 1; "max", and a number beyond all memory, mean no limit.
      for name in ["memory.max", "memory.limit_in_bytes"] {
        if let limit = read("\(folder)/\(name)").flatMap({ Int64($0.filter(\.isNumber)) }), limit > 0 {
          memory = min(memory, limit)
        }
      }
      let quota = (read("\(folder)/cpu.max") ?? "").split(whereSeparator: \.isWhitespace).compactMap {
        Int($0)
      }
      if quota.count == 2, quota[1] > 0 { cores = min(cores, max(1, (quota[0] + quota[1] - 1) / quota[1])) }
    }
    memoryBytes = memory - min(memory / 2, max(Self.leastReserve, memory / 10))
  }

  private static func totalMemory(_ text: String) -> Int64? {
    for line in text.split(separator: "\n") where line.hasPrefix("MemTotal:") {
      return Int64(line.filter(\.isNumber)).map { $0 << 10 }
    }
    return nil
  }

  /// Our control group and those above it: each may hold a limit. (cgroups(7): `0::/path`, or `4:memory:/path`.)
  private static func controlGroups(_ text: String) -> [String] {
    var folders: [String] = []
    for line in text.split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
      guard parts.count == 3, parts[1].isEmpty || parts[1].split(separator: ",").contains("memory") else {
        continue
      }
      let mount = parts[1].isEmpty ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory"
      var path = parts[2]
      while path.utf8.count > 1 {
        folders.append(mount + path)
        path = FileSystem.parent(of: path)
      }
      folders.append(mount)
    }
    return folders
  }
}
