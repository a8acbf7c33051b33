import Glibc
package import ObjectStore

/// Whether a run goes on, as far as somebody can tell who only sees its file.
package enum RunState: Sendable, Hashable {
  case running
  /// With the exit code of the contract.
  case finished(Int)
  /// The process that led it is gone and the record has no end: killed, or the machine went down.
  case lost
  /// No word for so many seconds, where a sign of life comes every ten.
  case silent(Int)
}

extension RunState {
  /// A run gives a sign of life every ten seconds; three of them missing is worth a word.
  package static let silenceLimit = 30.0
  /// Within this time of its last word a run is believed, whatever the process table says.
  private static let grace = 3.0

  /// - Parameter silence: seconds since the file grew.
  package init(of board: RunBoard, silence: Double) {
    if board.isFinished {
      self = .finished(board.exit ?? 0)
    } else if board.host == LockHolder.hostName, silence > Self.grace, let process = board.processID,
      let began = board.run.flatMap({ ULID($0) })?.time, !ProcessTable.isAlive(process, since: began)
    {
      self = .lost
    } else if silence > Self.silenceLimit {
      self = .silent(Int(silence))
    } else {
      self = .running
    }
  }
}

/// Asks the kernel about processes of this machine.
package enum ProcessTable {
  /// Whether the process that ran at the time of day still does: a younger one of the same number does not count.
  package static func isAlive(_ process: Int32, since time: WallClock) -> Bool {
    if kill(process, 0) != 0, errno == ESRCH { return false }
    guard let started = startOfProcess(process) else { return true }
    // The kernel counts in ticks of ten milliseconds from a boot time in whole seconds.
    return started <= Double(time.milliseconds) / 1000 + 2
  }

  /// Seconds since 1970.
  private static func startOfProcess(_ process: Int32) -> Double? {
    guard let text = contents("/proc/\(process)/stat"), let end = text.lastIndex(of: ")"),
      let boot = contents("/proc/stat")?.split(separator: "\n").first(where: { $0.hasPrefix("btime ") })?
        .split(separator: " ").last.flatMap({ Double($0) })
    else { return nil }
    // Field 22 of proc(5), counted from the state behind the name, which is field 3.
    let fields = text[end...].split(separator: " ")
    guard fields.count > 20, let ticks = Double(fields[20]) else { return nil }
    return boot + ticks / Double(max(1, sysconf(Int32(_SC_CLK_TCK))))
  }

  private static func contents(_ path: String) -> String? {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { _ = close(descriptor) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while bytes.count < 1 << 22 {
      let count = unsafe buffer.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
      guard count > 0 else { break }
      bytes += buffer[..<count]
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
