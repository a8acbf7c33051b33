import Dispatch
import FoundationEssentials
import Glibc
package import ObjectStore
import SystemPackage
import TaskGraph

/// What was found when nothing of a worker was left, or should be.
package struct WorkerRemains: Sendable {
  /// Processes that it left behind and that we ended.
  package var leftBehind: [ProcessFacts] = []
  /// Processes that do not go, whatever we do.
  package var alive: [ProcessFacts] = []
  /// Bytes on standard error and, other than events, on standard output.
  package var logBytes: Int64 = 0
  /// Bytes of them that the log file has no more.
  package var logBytesLeftOut: Int64 = 0
  /// Lines that are no events, beyond those that were reported.
  package var unreportedLines = 0
  /// Set when it was killed for it.
  package var memory: (used: Int64, limit: Int64)?
}

/// Looks after one worker process: reads what it writes, watches what it uses and, when it is over, sees to it that nothing
/// of it is left.
///
/// One thread waits for both pipes and the end of the process. It reads no more than it has dealt with, so a flood holds up
/// the worker and not us. The pipes may outlive the process in the hands of a daemon: its end counts, not theirs.
final class WorkerKeeper {
  /// Lines that are no events are told of so many times, then counted.
  private static let mostBabble = 20
  /// Views are shown no more progress than they can draw.
  private static let progressPause = Duration.milliseconds(20)
  private static let poll: Int32 = 250
  /// Small tasks begin by the thousand in a second; their beginnings are read together, in microseconds.
  private static let pauseAfterBeginnings: UInt32 = 5_000

  private let process: Int32
  private let processDescriptor: Int32
  private let output: WorkerPipe
  private let errors: WorkerPipe
  private let log: CappedLog
  private let look: Duration
  private let memoryLimit: @Sendable () -> Int64?
  private let report: @Sendable (WorkerReport) -> Void
  private var family: ProcessFamily
  private var splitter = LineSplitter()
  private let decoder = JSONDecoder()
  private var buffer = [UInt8](repeating: 0, count: 1 << 16)
  private var babbled = 0
  private var outputBytes: Int64 = 0
  private var eventBytes: Int64 = 0
  private var errorBytes: Int64 = 0
  private var isOutputOpen = true
  private var isErrorsOpen = true
  private var nextMemoryCheck = ContinuousClock.now
  private var lastProgress: ContinuousClock.Instant?
  private var isAccompanied = false
  /// Whether the last that was read said of nothing but tasks that began.
  private var onlyBeginnings = false
  private var lastNoise: ContinuousClock.Instant?
  private var remains = WorkerRemains()

  /// - Parameters:
  ///   - processDescriptor: readable once the process is over; negative where the kernel has no such thing.
  ///   - memoryLimit: what it may use at this moment, in bytes.
  init(
    process: Int32, processDescriptor: Int32, output: WorkerPipe, errors: WorkerPipe, log: CappedLog,
    mark: ProcessFamily.Mark?, look: Duration, memoryLimit: @escaping @Sendable () -> Int64?,
    report: @escaping @Sendable (WorkerReport) -> Void
  ) {
    self.process = process
    self.processDescriptor = processDescriptor
    self.output = output
    self.errors = errors
    self.log = log
    self.look = look
    self.memoryLimit = memoryLimit
    self.report = report
    family = ProcessFamily(leader: process, mark: mark)
  }

  /// Blocks until the process is over and nothing of it runs any more; it is not reaped here.
  func run() -> WorkerRemains {
    var nextLook = ContinuousClock.now + look
    var isOver = false
    while !isOver {
      var waits = [
        pollfd(fd: isOutputOpen ? output.readEnd : -1, events: Int16(POLLIN), revents: 0),
        pollfd(fd: isErrorsOpen ? errors.readEnd : -1, events: Int16(POLLIN), revents: 0),
        pollfd(fd: processDescriptor, events: Int16(POLLIN), revents: 0),
      ]
      _ = unsafe Glibc.poll(&waits, nfds_t(waits.count), Self.poll)
      if waits[0].revents != 0 {
        readOutput()
        if onlyBeginnings { usleep(Self.pauseAfterBeginnings) }
      }
      if waits[1].revents != 0 { readErrors() }
      isOver = processDescriptor >= 0 ? waits[2].revents != 0 : !isAlive
      let now = ContinuousClock.now
      if now >= nextMemoryCheck {
        checkMemory(ProcessFacts(of: process)?.memoryBytes ?? 0)
        nextMemoryCheck = now + .milliseconds(Int(Self.poll))
      }
      if now >= nextLook {
        lookAround()
        nextLook = now + look
      }
    }
    let ending = family.end()
    remains.leftBehind += ending.ended
    remains.alive = ending.alive
    // Its last words. The pipes hold little, and nobody is left to fill them again.
    for _ in 0..<64 where isOutputOpen && readOutput() {}
    for _ in 0..<64 where isErrorsOpen && readErrors() {}
    remains.logBytes = errorBytes + outputBytes - eventBytes
    remains.logBytesLeftOut = log.leftOut
    remains.unreportedLines = max(0, babbled - Self.mostBabble)
    return remains
  }

  private var isAlive: Bool { ProcessFacts(of: process)?.isAlive ?? false }

  // MARK: What it writes

  /// - Returns: whether there may be more.
  @discardableResult private func readOutput() -> Bool {
    guard let count = output.read(into: &buffer) else { return false }
    isOutputOpen = count > 0
    outputBytes += Int64(count)
    tellNoise()
    onlyBeginnings = count > 0
    for line in splitter.lines(adding: buffer[..<count]) {
      // A flood of other lines must not cost a decoder each.
      if line.first == UInt8(ascii: "{"), let event = try? decoder.decode(WorkerEvent.self, from: Data(line))
      {
        eventBytes += Int64(line.count + 1)
        if event.event != .began { onlyBeginnings = false }
        tell(event)
      } else {
        onlyBeginnings = false
        noteBabble(line)
      }
    }
    for _ in 0..<splitter.takeDropped() { noteBabble(Array("(a line without end)".utf8)) }
    return isOutputOpen
  }

  /// Whoever writes lives, whatever it is.
  private func tellNoise() {
    let now = ContinuousClock.now
    if let lastNoise, now - lastNoise < .milliseconds(500) { return }
    lastNoise = now
    report(.noisy)
  }

  private func tell(_ event: WorkerEvent) {
    if event.event == .progress {
      let now = ContinuousClock.now
      if let lastProgress, now - lastProgress < Self.progressPause { return }
      lastProgress = now
    }
    report(.said(event))
  }

  private func noteBabble(_ line: [UInt8]) {
    log.write(line + [UInt8(ascii: "\n")])
    babbled += 1
    guard babbled <= Self.mostBabble else { return }
    report(.babbled(String(decoding: line.prefix(200), as: UTF8.self)))
  }

  @discardableResult private func readErrors() -> Bool {
    guard let count = errors.read(into: &buffer) else { return false }
    isErrorsOpen = count > 0
    errorBytes += Int64(count)
    tellNoise()
    log.write(buffer[..<count])
    return isErrorsOpen
  }

  // MARK: What it uses

  private func checkMemory(_ used: Int64) {
    guard remains.memory == nil, let limit = memoryLimit(), used > limit else { return }
    remains.memory = (used, limit)
    // Its end brings the rest of the family down.
    _ = kill(process, SIGKILL)
  }

  private func lookAround() {
    let others = family.others()
    let leader = ProcessFacts(of: process)?.memoryBytes ?? 0
    checkMemory(others.reduce(leader) { $0 + $1.memoryBytes })
    // Told each time: what is no secret now may be a leftover after the next task.
    if others.isEmpty, !isAccompanied { return }
    isAccompanied = !others.isEmpty
    report(.accompanied(others))
  }
}

/// A pipe that a worker writes to and we read without waiting.
final class WorkerPipe: Sendable {
  /// Ours; closed with the value.
  let readEnd: Int32
  /// The worker's; whoever starts it closes it.
  let writeEnd: FileDescriptor

  init() throws {
    let (ours, theirs) = try FileDescriptor.pipe()
    (readEnd, writeEnd) = (ours.rawValue, theirs)
    // Workers do not inherit what is not theirs anyway; other programs might.
    for end in [ours, theirs] { _ = fcntl(end.rawValue, F_SETFD, FD_CLOEXEC) }
    // Only our end: the worker's must block it, or it would lose what it says.
    _ = fcntl(readEnd, F_SETFL, O_NONBLOCK)
  }

  deinit { _ = close(readEnd) }

  /// - Returns: bytes read, 0 after the last writer has gone; nil when there is nothing now.
  func read(into buffer: inout [UInt8]) -> Int? {
    while true {
      let count = unsafe buffer.withUnsafeMutableBytes { bytes in
        unsafe Glibc.read(readEnd, bytes.baseAddress, bytes.count)
      }
      if count < 0, errno == EINTR { continue }
      if count < 0, errno == EAGAIN { return nil }
      return max(0, count)
    }
  }
}
