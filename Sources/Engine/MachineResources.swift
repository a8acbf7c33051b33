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
    let groups = ControlGroups(read: read)
    let machine = Self.totalMemory(read("/proc/meminfo") ?? "") ?? Self.unknownMemory
    let memory = min(machine, groups.memoryBytes ?? machine)
    cores = min(onlineCores, groups.cores ?? onlineCores)
    memoryBytes = memory - min(memory / 2, max(Self.leastReserve, memory / 10))
  }

  private static func totalMemory(_ text: String) -> Int64? {
    for line in text.split(separator: "\n") where line.hasPrefix("MemTotal:") {
      return Int64(line.filter(\.isNumber)).map { $0 << 10 }
    }
    return nil
  }
}
