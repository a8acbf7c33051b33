import Diagnostics
import Glibc
import ObjectStore
import TaskGraph
import TaskKinds

/// Starts one program without a shell, watches it, and ends it with everything that it started.
///
/// It stays in the worker's process group, so that whoever kills the worker's group takes it along. Its input is empty,
/// its two outputs are one pipe, and it inherits no other descriptor.
struct ProgramRun {
  /// How it ended, by itself or by us.
  enum End: Hashable {
    case exited(Int32)
    case signalled(Int32)
    /// It took longer than it may.
    case timedOut
    /// It held so many bytes.
    case tooLarge(Int64)
    /// The worker was asked to stop.
    case cancelled
  }

  struct Outcome {
    var end: End
    var lines: ProgramLines
    /// What it left running and we ended, by name.
    var leftRunning: [String]
    var seconds: Double
  }

  var executable: String
  var arguments: [String]
  var environment: [String: String]
  var folder: String
  var limits: ExternalTask.Limits
  /// Marks all that comes of the program, through its environment.
  var attempt: String
  let log: AttemptLog
  /// Told now and then, with what the program last said of itself: 0…100.
  let heartbeat: (Double) -> Void

  /// Between the notice and the kill; the whole of a stop has 25 s.
  private static let grace = Duration.seconds(10)
  /// The coordinator signals the whole group: only a program that heard nothing hears it from us.
  private static let notice = Duration.milliseconds(500)

  func run() throws -> Outcome {
    let began = ContinuousClock.now
    var lines = ProgramLines(licenceTexts: limits.licenceTexts)
    // A daemon comes to us when its parents are gone.
    ProcessFamily.adoptOrphans()
    let (child, output) = try spawn()
    defer { close(output) }
    var watch = Watch(began: began, family: ProcessFamily(leader: child, mark: mark))
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    var wait = ProgramWait(child, output: output)
    while !Self.isOver(child) {
      wait.wait()
      while let count = Self.read(output, &buffer), count > 0 {
        lines.add(buffer[..<count], log: log)
        if ContinuousClock.now >= watch.nextLook { break }
      }
      look(&watch, lines)
    }
    var left: [ProcessFacts] = []
    // It is not reaped before all that came of it is gone: until then its number means nobody else.
    if watch.verdict != nil || !watch.family.isGone {
      let ending = watch.family.end()
      // Not one look before: a process that is just becoming another program shows nobody whose it is.
      if watch.verdict == nil { left = ending.ended + ending.alive }
      for process in ending.alive { log.write("\(process) does not end") }
    }
    let status = Self.reap(child)
    drain(output, &buffer, &lines)
    lines.finish(log: log)
    let elapsed = (ContinuousClock.now - began).components
    return Outcome(
      end: watch.verdict ?? Self.end(status), lines: lines,
      leftRunning: Array(Set(left.map(\.name))).sorted(),
      seconds: Double(elapsed.seconds) + Double(elapsed.attoseconds) / 1e18)
  }

  private var mark: ProcessFamily.Mark { ProcessFamily.Mark(ProcessFamily.Mark.attempt, attempt) }

  // MARK: Watching

  private struct Watch {
    let began: ContinuousClock.Instant
    var family: ProcessFamily
    var nextLook: ContinuousClock.Instant
    var nextBeat: ContinuousClock.Instant
    var told: Double?
    /// Why we end it, once we do.
    var verdict: End?
    var stopping: ContinuousClock.Instant?
    var isNoticed = false

    init(began: ContinuousClock.Instant, family: ProcessFamily) {
      self.began = began
      self.family = family
      nextLook = began
      // A small program says nothing before it is done.
      nextBeat = began + .milliseconds(500)
    }
  }

  private func look(_ watch: inout Watch, _ lines: ProgramLines) {
    let now = ContinuousClock.now
    guard now >= watch.nextLook else { return }
    watch.nextLook = now + .milliseconds(500)
    if now >= watch.nextBeat || lines.percent ?? 0 != watch.told ?? 0 {
      watch.nextBeat = now + .seconds(5)
      watch.told = lines.percent
      heartbeat(lines.percent ?? 0)
    }
    if let stopping = watch.stopping {
      if !watch.isNoticed, now >= stopping + Self.notice {
        watch.isNoticed = true
        signal(SIGTERM, &watch.family)
      }
      if now >= stopping + Self.grace { signal(SIGKILL, &watch.family) }
      return
    }
    func stop(_ verdict: End, _ words: String) {
      log.write("stopping the program: \(words)")
      watch.verdict = verdict
      watch.stopping = now
      watch.nextLook = now
    }
    if StopRequest.exitCode != nil { return stop(.cancelled, "the worker was asked to stop") }
    if let seconds = limits.timeout, now >= watch.began + .seconds(seconds) {
      return stop(.timedOut, "it has taken \(seconds) s")
    }
    if let most = limits.memoryBytes {
      let held = watch.family.memoryBytes()
      guard held > most else { return }
      stop(.tooLarge(held), "it holds \(held) bytes")
      // A process that grows does not get another ten seconds for it.
      signal(SIGKILL, &watch.family)
    }
  }

  private func signal(_ number: Int32, _ family: inout ProcessFamily) {
    ProcessFacts(of: family.leader)?.send(number)
    for process in family.others() { process.send(number) }
  }

  private func drain(_ output: Int32, _ buffer: inout [UInt8], _ lines: inout ProgramLines) {
    // Every writer is dead, so the pipe ends; a bound all the same.
    for _ in 0..<100_000 {
      guard let count = Self.read(output, &buffer), count > 0 else { return }
      lines.add(buffer[..<count], log: log)
    }
  }

  private static func end(_ status: Int32) -> End {
    // WIFEXITED and its kin are macros: sys/wait.h.
    status & 0x7F == 0 ? .exited((status >> 8) & 0xFF) : .signalled(status & 0x7F)
  }

  /// Whether the child has ended; it stays to be reaped.
  private static func isOver(_ child: pid_t) -> Bool {
    var info = unsafe siginfo_t()
    guard unsafe waitid(P_PID, id_t(child), &info, WEXITED | WNOHANG | WNOWAIT) == 0 else { return true }
    return unsafe info.si_signo == SIGCHLD
  }

  /// The wait status of the child, which has ended.
  private static func reap(_ child: pid_t) -> Int32 {
    var status: Int32 = 0
    while unsafe waitpid(child, &status, 0) < 0, errno == EINTR {}
    return status
  }

  /// - Returns: nil when nothing is there yet, 0 at the end.
  private static func read(_ descriptor: Int32, _ buffer: inout [UInt8]) -> Int? {
    let count = unsafe buffer.withUnsafeMutableBytes { bytes in
      unsafe Glibc.read(descriptor, bytes.baseAddress, bytes.count)
    }
    return count >= 0 ? count : errno == EINTR || errno == EAGAIN ? nil : 0
  }

  // MARK: Starting

  private func spawn() throws -> (child: pid_t, output: Int32) {
    var ends: [Int32] = [-1, -1]
    guard unsafe pipe(&ends) == 0 else { throw cannotStart(errno) }
    defer { close(ends[1]) }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)

    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    unsafe posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO)
    unsafe posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO)
    guard unsafe SpawnExtras.startIn(&actions, folder), unsafe SpawnExtras.closeFrom(&actions, 3) else {
      close(ends[0])
      throw cannotStart(ENOSYS)
    }

    var attributes = posix_spawnattr_t()
    unsafe posix_spawnattr_init(&attributes)
    defer { unsafe posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    unsafe sigemptyset(&none)
    unsafe posix_spawnattr_setsigmask(&attributes, &none)
    // What the worker ignores or handles the program meets as usual.
    var usual = sigset_t()
    unsafe sigemptyset(&usual)
    for signal in [SIGPIPE, SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGCHLD] { unsafe sigaddset(&usual, signal) }
    unsafe posix_spawnattr_setsigdefault(&attributes, &usual)
    unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

    var child: pid_t = 0
    let environment = environment.merging([mark.name: mark.value]) { $1 }
    let variables = environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    let code = ProcessLimits.lifted {
      unsafe Self.withStrings([executable] + arguments) { argv in
        unsafe Self.withStrings(variables) { envp in
          unsafe posix_spawn(&child, executable, &actions, &attributes, argv, envp)
        }
      }
    }
    guard code == 0 else {
      close(ends[0])
      throw cannotStart(code)
    }
    return (child, ends[0])
  }

  private static func withStrings<R>(
    _ strings: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> R
  ) -> R {
    let pointers = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: strings.count + 1)
    for (index, string) in strings.enumerated() { unsafe pointers[index] = strdup(string) }
    unsafe pointers[strings.count] = nil
    defer {
      for index in strings.indices { unsafe free(pointers[index]) }
      unsafe pointers.deallocate()
    }
    return unsafe body(pointers)
  }

  private func cannotStart(_ code: Int32) -> WorkerFailure {
    let isMissing = [ENOENT, EACCES, ENOEXEC, ENOTDIR].contains(code)
    let name = executable.split(separator: "/").last.map(String.init) ?? executable
    let reason = unsafe String(cString: strerror(code))
    return .program(
      "external.cannotStart", "cannot start `\(name)`: \(reason)", exit: isMissing ? 3 : 1,
      family: isMissing ? .inputMissing : .failed, isMissing ? .user : .infrastructure,
      remedy: code == ENOEXEC
        ? "It is no program of this machine, or a script without a first line `#!`: name its interpreter."
        : code == EACCES
          ? "It must be executable, on a disk that is not mounted noexec."
          : "Install it on the workers' machine.")
  }
}

/// Extensions of `posix_spawn` that glibc declares for C with `_GNU_SOURCE` only, looked up by their names.
private enum SpawnExtras {
  private typealias Actions = UnsafeMutablePointer<posix_spawn_file_actions_t>

  private typealias SetFolder = @convention(c) (Actions, UnsafePointer<CChar>) -> Int32
  private typealias CloseFrom = @convention(c) (Actions, Int32) -> Int32

  // Looked up once: a search goes through every library of the process.
  private static let setFolder = unsafe dlsym(nil, "posix_spawn_file_actions_addchdir_np").map {
    unsafe unsafeBitCast($0, to: SetFolder.self)
  }
  private static let setCloseFrom = unsafe dlsym(nil, "posix_spawn_file_actions_addclosefrom_np").map {
    unsafe unsafeBitCast($0, to: CloseFrom.self)
  }

  /// The folder in which the program starts.
  static func startIn(_ actions: UnsafeMutablePointer<posix_spawn_file_actions_t>, _ folder: String) -> Bool {
    guard let setFolder = unsafe setFolder else { return false }
    return unsafe setFolder(actions, folder) == 0
  }

  /// Descriptors that the program does not get: the lifeline, the lock of the attempt.
  static func closeFrom(_ actions: UnsafeMutablePointer<posix_spawn_file_actions_t>, _ first: Int32) -> Bool {
    guard let setCloseFrom = unsafe setCloseFrom else { return false }
    return unsafe setCloseFrom(actions, first) == 0
  }
}
