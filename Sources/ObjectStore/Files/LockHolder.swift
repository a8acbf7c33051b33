import Glibc

/// Who holds a lock or a lease, as its holder wrote it: one fact a line.
package struct LockHolder: Hashable, Sendable {
  package var process: Int32
  package var host: String
  /// Changes with every start of the host: processes of another boot are gone.
  package var boot: String
  package var user: String
  /// ISO 8601, UTC.
  package var since: String
  /// The command line, cut to what fits into a message.
  package var command: String
  /// ULID of the run under way.
  package var run: String?

  /// This process, from now on.
  package static func this(run: String? = nil) -> LockHolder {
    LockHolder(
      process: getpid(), host: hostName, boot: bootID, user: userName, since: WallClock.now().iso8601,
      command: commandLine, run: run)
  }

  private init(
    process: Int32, host: String, boot: String, user: String, since: String, command: String, run: String?
  ) {
    self.process = process
    self.host = host
    self.boot = boot
    self.user = user
    self.since = since
    self.command = command
    self.run = run
  }

  /// - Returns: `nil` for a text that names no process.
  package init?(text: some StringProtocol) {
    var facts: [Substring: String] = [:]
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ", maxSplits: 1)
      if words.count == 2 { facts[Substring(words[0])] = String(words[1]) }
    }
    guard let process = facts["process"].flatMap({ Int32($0) }), let host = facts["host"] else { return nil }
    self.init(
      process: process, host: host, boot: facts["boot"] ?? "", user: facts["user"] ?? "unknown",
      since: facts["since"] ?? "unknown", command: facts["command"] ?? "unknown", run: facts["run"])
  }

  package var text: String {
    var lines = [
      "process \(process)", "host \(host)", "boot \(boot)", "user \(user)", "since \(since)",
      "command \(command)",
    ]
    if let run { lines.append("run \(run)") }
    return lines.joined(separator: "\n") + "\n"
  }

  /// Whether it cannot be alive any more: this host has started anew, or has no such process. Of a process on
  /// another host nothing is known.
  package var isGone: Bool {
    guard host == Self.hostName else { return false }
    if !boot.isEmpty, boot != Self.bootID { return true }
    return kill(process, 0) != 0 && errno == ESRCH
  }

  /// The name of this machine, `unknown` when it has none.
  package static let hostName: String = {
    var buffer = [CChar](repeating: 0, count: 256)
    guard unsafe gethostname(&buffer, buffer.count - 1) == 0 else { return "unknown" }
    let bytes = buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    let name = String(decoding: bytes, as: UTF8.self).filter { !$0.isWhitespace }
    return name.isEmpty ? "unknown" : name
  }()

  private static let bootID: String = firstLine("/proc/sys/kernel/random/boot_id") ?? ""

  private static let userName: String = {
    let id = geteuid()
    guard let entry = unsafe getpwuid(id), let name = unsafe entry.pointee.pw_name else {
      return "user \(id)"
    }
    return unsafe String(cString: name)
  }()

  private static let commandLine: String = {
    let words = CommandLine.arguments.enumerated().map { index, word in
      index == 0 ? FileSystem.lastName(of: word) : word
    }
    let line = words.joined(separator: " ").map { $0.isNewline ? " " : $0 }
    return line.count > 160 ? String(line.prefix(159)) + "…" : String(line)
  }()

  private static func firstLine(_ path: String) -> String? {
    guard let (bytes, _) = try? FileSystem(root: "/").read(path) else { return nil }
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").first.map(String.init)
  }
}

extension LockHolder: CustomStringConvertible {
  /// `anna on mill1, process 4711, since 2026-01-31T10:00:00.000Z: interlock run p.yaml (run 01…)`.
  package var description: String {
    "\(user) on \(host), process \(process), since \(since): \(command)" + (run.map { " (run \($0))" } ?? "")
  }
}
