import Glibc

/// What the control groups around this process let it use; a container or a farm's job is one.
///
/// Source: cgroups(7); version 2 (`memory.max`, `cpu.max`) and version 1 (`memory.limit_in_bytes`, `cpu.cfs_quota_us`).
package struct ControlGroups: Hashable, Sendable {
  /// The smallest limit of ours and the groups above; nil without any.
  package var memoryBytes: Int64?
  /// Cores that may be busy at once, at least 1; nil without a limit.
  package var cores: Int?

  package static func here() -> ControlGroups {
    let files = FileSystem(root: "/")
    return ControlGroups { path in
      ((try? files.read(path)) ?? nil).map { String(decoding: $0.bytes, as: UTF8.self) }
    }
  }

  /// - Parameter read: the text of a file below `/proc` or `/sys`, nil when there is none.
  package init(read: (String) -> String?) {
    for folder in Self.folders(read("/proc/self/cgroup") ?? "") {
      // "max", and a number beyond all memory, mean no limit.
      for name in ["memory.max", "memory.limit_in_bytes"] {
        if let limit = Self.number(read("\(folder)/\(name)")), limit > 0, limit < Self.unlimited {
          memoryBytes = min(memoryBytes ?? limit, limit)
        }
      }
      let words = (read("\(folder)/cpu.max") ?? "").split(whereSeparator: \.isWhitespace).compactMap {
        Int64($0)
      }
      let quota =
        words.count == 2
        ? (words[0], words[1])
        : (Self.number(read("\(folder)/cpu.cfs_quota_us")), Self.number(read("\(folder)/cpu.cfs_period_us")))
      if let time = quota.0, let period = quota.1, time > 0, period > 0 {
        let limit = Int(max(1, (time + period - 1) / period))
        cores = min(cores ?? limit, limit)
      }
    }
  }

  /// Version 1 writes the largest number of pages for no limit.
  private static let unlimited: Int64 = 1 << 62

  private static func number(_ text: String?) -> Int64? {
    text.flatMap { Int64($0.split(whereSeparator: \.isWhitespace).first ?? "") }
  }

  /// Our groups and those above them: each may hold a limit. (`0::/path`, or `4:memory:/path`.)
  private static func folders(_ text: String) -> [String] {
    var folders: [String] = []
    for line in text.split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
      guard parts.count == 3 else { continue }
      let controllers = parts[1].split(separator: ",")
      let mounts =
        parts[1].isEmpty
        ? ["/sys/fs/cgroup"]
        : controllers.contains("memory")
          ? ["/sys/fs/cgroup/memory"] : controllers.contains("cpu") ? ["/sys/fs/cgroup/cpu"] : []
      for mount in mounts {
        var path = parts[2]
        while path.utf8.count > 1 {
          folders.append(mount + path)
          path = FileSystem.parent(of: path)
        }
        folders.append(mount)
      }
    }
    return folders
  }
}
