import Foundation
import Glibc

/// A Slurm of one node that belongs to a test: its own configuration, key and state in a temporary folder, on loopback ports
/// that were free. Nothing of the machine's own Slurm, if it has one, is touched.
package final class RealSlurm {
  /// Why it cannot run here; nil when it can.
  package static var obstacle: String? {
    let missing = ["munged", "slurmctld", "slurmd", "sbatch", "squeue"].filter { path(of: $0) == nil }
    if !missing.isEmpty {
      return "\(missing.joined(separator: ", ")) not installed: `make test` installs them"
    }
    return geteuid() == 0 ? nil : "starting slurmd takes root"
  }

  private let folder: TemporaryFolder
  /// Process ids by name.
  private var daemons: [String: pid_t] = [:]
  private let host: String

  /// Variables under which Slurm's commands find this cluster.
  package var environment: [String: String] { ["SLURM_CONF": folder.path + "/slurm.conf"] }

  package init() throws {
    folder = try TemporaryFolder()
    host = try Programs.run("hostname", ["-s"]).text.trimmingCharacters(in: .whitespacesAndNewlines)
    let path = folder.path
    for name in ["state", "spool", "munge"] {
      try FileManager.default.createDirectory(atPath: "\(path)/\(name)", withIntermediateDirectories: true)
    }
    _ = unsafe chmod("\(path)/munge", 0o700)
    let key = Data((0..<1024).map { _ in UInt8.random(in: 0...255) })
    try key.write(to: URL(fileURLWithPath: path + "/munge/key"))
    _ = unsafe chmod(path + "/munge/key", 0o400)
    try configuration(ports: try Self.freePorts(2)).write(
      toFile: path + "/slurm.conf", atomically: true, encoding: .utf8)
    try start(
      "munged",
      [
        "--foreground", "--force", "--key-file=\(path)/munge/key", "--socket=\(path)/munge/socket",
        "--pid-file=\(path)/munge/pid", "--log-file=\(path)/munge/log", "--seed-file=\(path)/munge/seed",
      ])
    try wait("munged") { FileManager.default.fileExists(atPath: path + "/munge/socket") }
    try startController()
    try start("slurmd", ["-D"])
    try wait("the node") { self.nodeState == "idle" }
  }

  deinit {
    for name in ["slurmd", "slurmctld", "munged"] { stop(name) }
  }

  private func configuration(ports: [Int]) -> String {
    let path = folder.path
    return """
      ClusterName=interlocktest
      SlurmctldHost=\(host)(127.0.0.1)
      SlurmctldPort=\(ports[0])
      SlurmdPort=\(ports[1])
      AuthType=auth/munge
      AuthInfo=socket=\(path)/munge/socket
      CredType=cred/munge
      SlurmUser=root
      SlurmdUser=root
      ProctrackType=proctrack/linuxproc
      TaskPlugin=task/none
      MpiDefault=none
      SwitchType=switch/none
      JobAcctGatherType=jobacct_gather/none
      AccountingStorageType=accounting_storage/none
      JobCompType=jobcomp/none
      StateSaveLocation=\(path)/state
      SlurmdSpoolDir=\(path)/spool
      SlurmctldPidFile=\(path)/slurmctld.pid
      SlurmdPidFile=\(path)/slurmd.pid
      SlurmctldLogFile=\(path)/slurmctld.log
      SlurmdLogFile=\(path)/slurmd.log
      ReturnToService=2
      SchedulerType=sched/backfill
      SchedulerParameters=batch_sched_delay=0,sched_interval=1,sched_min_interval=0
      SelectType=select/cons_tres
      SelectTypeParameters=CR_Core_Memory
      DefMemPerCPU=512
      MinJobAge=120
      KillWait=30
      Licenses=testlicence:1
      NodeName=\(host) NodeAddr=127.0.0.1 CPUs=2 RealMemory=6000 State=UNKNOWN
      PartitionName=farm Nodes=ALL Default=YES MaxTime=INFINITE State=UP

      """
  }

  // MARK: Daemons

  package func startController() throws {
    try start("slurmctld", ["-D"])
    try wait("slurmctld") {
      try Programs.run("scontrol", ["ping"], environment: self.environment).text.contains("UP")
    }
  }

  package func stopController() { stop("slurmctld") }

  /// Not a Foundation `Process`: a daemon closes the descriptor by which that sees the end of a child, which makes it
  /// wait for the daemon with every other child unwatched.
  private func start(_ name: String, _ arguments: [String]) throws {
    let path = Self.path(of: name) ?? name
    let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    var words: [UnsafeMutablePointer<CChar>?] = unsafe ([path] + arguments).map { unsafe strdup($0) } + [nil]
    var settings: [UnsafeMutablePointer<CChar>?] =
      unsafe variables.map { unsafe strdup("\($0.key)=\($0.value)") } + [nil]
    defer {
      let texts = unsafe words + settings
      for index in unsafe texts.indices { unsafe free(texts[index]) }
    }
    var actions = unsafe posix_spawn_file_actions_t()
    _ = unsafe posix_spawn_file_actions_init(&actions)
    defer { _ = unsafe posix_spawn_file_actions_destroy(&actions) }
    for (descriptor, mode) in [(Int32(0), O_RDONLY), (1, O_WRONLY), (2, O_WRONLY)] {
      _ = unsafe posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", mode, 0)
    }
    // Threads of dispatch queues block the signals by which daemons are stopped.
    var attributes = posix_spawnattr_t()
    _ = unsafe posix_spawnattr_init(&attributes)
    defer { _ = unsafe posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    _ = unsafe sigemptyset(&none)
    _ = unsafe posix_spawnattr_setsigmask(&attributes, &none)
    _ = unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    var process: pid_t = 0
    let status = unsafe posix_spawn(&process, path, &actions, &attributes, &words, &settings)
    guard status == 0 else { throw FixtureError(text: "\(path) does not start: error \(status)") }
    daemons[name] = process
  }

  private func stop(_ name: String) {
    guard let process = daemons.removeValue(forKey: name) else { return }
    kill(process, SIGTERM)
    // A daemon that will not go in a minute is killed: the next test must not meet it.
    for _ in 0..<600 {
      if waitpid(process, nil, WNOHANG) != 0 { return }
      usleep(100_000)
    }
    kill(process, SIGKILL)
    _ = waitpid(process, nil, 0)
  }

  // MARK: Asking it

  @discardableResult package func call(_ tool: String, _ arguments: [String]) throws -> String {
    try Programs.run(tool, arguments, environment: environment).text
      .trimmingCharacters(in: .whitespacesAndNewlines)
  }

  package var nodeState: String { (try? call("sinfo", ["-h", "-N", "-o", "%T"])) ?? "" }

  /// Names of jobs in a state; all jobs that Slurm knows without one.
  package func jobs(_ state: String = "all") -> [String] {
    let text = (try? call("squeue", ["-h", "-r", "-t", state, "-o", "%i"])) ?? ""
    return text.split(separator: "\n").map(String.init)
  }

  package func setNode(_ state: String) throws {
    try call("scontrol", ["update", "nodename=\(host)", "state=\(state)", "reason=test"])
  }

  /// Waits for something that must come; the limit is for machines that do ten other things.
  package func wait(_ what: String, seconds: Int = 600, until isThere: () throws -> Bool) throws {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while ContinuousClock.now < deadline {
      if try isThere() { return }
      usleep(100_000)
    }
    throw FixtureError(text: "waited \(seconds) s for \(what)\n" + log("slurmctld") + log("slurmd"))
  }

  private func log(_ name: String) -> String {
    let text = (try? String(contentsOfFile: "\(folder.path)/\(name).log", encoding: .utf8)) ?? ""
    return "\(name):\n" + text.split(separator: "\n").suffix(15).joined(separator: "\n") + "\n"
  }

  private static func path(of program: String) -> String? {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
    return (folders + ["/usr/sbin", "/sbin"]).map { "\($0)/\(program)" }
      .first { FileManager.default.isExecutableFile(atPath: $0) }
  }

  private static func freePorts(_ count: Int) throws -> [Int] {
    // All at once, so that they differ; free again when the sockets close.
    var descriptors: [Int32] = []
    defer { for descriptor in descriptors { close(descriptor) } }
    return try (0..<count).map { _ in
      let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      descriptors.append(descriptor)
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
      var length = socklen_t(MemoryLayout<sockaddr_in>.size)
      let status = unsafe withUnsafeMutablePointer(to: &address) { pointer in
        unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
          let bound = unsafe bind(descriptor, pointer, length)
          return bound == 0 ? unsafe getsockname(descriptor, pointer, &length) : bound
        }
      }
      guard status == 0 else { throw FixtureError(text: "no free port") }
      return Int(UInt16(bigEndian: address.sin_port))
    }
  }
}
