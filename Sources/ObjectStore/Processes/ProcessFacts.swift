import Glibc

/// A process as `/proc` shows it at one moment; equal when it is the same process, whatever became of it since.
package struct ProcessFacts: Hashable, Sendable, CustomStringConvertible {
  package var id: Int32
  /// The name of its program, at most 15 bytes.
  package var name: String
  package var parent: Int32
  package var group: Int32
  package var session: Int32
  /// When it started, in clock ticks since the machine did: with the id it names one process for good.
  package var started: UInt64
  /// Whether it is over and only waits for its parent to ask how it ended.
  package var isZombie: Bool

  /// This moment as `started` counts.
  package static var ticksNow: UInt64 {
    var now = timespec()
    unsafe clock_gettime(CLOCK_BOOTTIME, &now)
    let perSecond = UInt64(max(1, sysconf(Int32(_SC_CLK_TCK))))
    return UInt64(now.tv_sec) * perSecond + UInt64(now.tv_nsec) * perSecond / 1_000_000_000
  }

  /// What a message calls it, e.g. `sleep (pid 4711)`.
  package var description: String { "\(name) (pid \(id))" }

  /// - Returns: nil when there is no such process.
  package init?(of process: Int32) {
    // proc(5): `pid (name) state ppid pgrp session …`; the name may hold anything, parentheses too.
    guard let text = ProcessFiles.read("/proc/\(process)/stat", atMost: 1024),
      let open = text.firstIndex(of: UInt8(ascii: "(")), let close = text.lastIndex(of: UInt8(ascii: ")"))
    else { return nil }
    let words = text[(close + 1)...].split(separator: UInt8(ascii: " "))
    guard words.count > 19, let parent = Int32(ascii: words[1]), let group = Int32(ascii: words[2]),
      let session = Int32(ascii: words[3]), let started = UInt64(ascii: words[19])
    else { return nil }
    id = process
    name = String(decoding: text[(open + 1)..<close], as: UTF8.self)
    (self.parent, self.group, self.session, self.started) = (parent, group, session, started)
    isZombie = words[0].first == UInt8(ascii: "Z") || words[0].first == UInt8(ascii: "X")
  }

  package static func == (one: Self, other: Self) -> Bool {
    one.id == other.id && one.started == other.started
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(id)
    hasher.combine(started)
  }

  /// Whether this very process still runs: its id may have gone to another since.
  package var isAlive: Bool {
    guard let now = ProcessFacts(of: id) else { return false }
    return now.started == started && !now.isZombie
  }

  /// Signals this very process. Between the look at its start and the signal lie microseconds, in which all process ids
  /// of the machine would have to be used up for another one to be hit.
  package func send(_ signal: Int32) {
    if isAlive { _ = kill(id, signal) }
  }

  /// Memory that is its own, in RAM or swapped out, in bytes: what a leak makes grow. Pages of files do not count, the
  /// machine takes them back by itself; memory shared by forking is counted for each.
  package var memoryBytes: Int64 {
    guard let status = ProcessFiles.read("/proc/\(id)/status", atMost: 8192) else { return 0 }
    var kilobytes: Int64 = 0
    for line in status.split(separator: UInt8(ascii: "\n")) {
      guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { continue }
      switch String(decoding: line[..<colon], as: UTF8.self) {
      case "RssAnon", "RssShmem", "VmSwap":
        let words = line[(colon + 1)...].split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        kilobytes += words.first.flatMap { Int64(ascii: $0) } ?? 0
      default: break
      }
    }
    return kilobytes * 1024
  }

  /// The value of a variable in the environment the program was started with; nil without it, and for processes of other
  /// users.
  package func environmentValue(_ name: String) -> String? {
    guard let bytes = ProcessFiles.read("/proc/\(id)/environ", atMost: 4 << 20) else { return nil }
    let start = Array("\(name)=".utf8)
    let entry = bytes.split(separator: 0).first { $0.starts(with: start) }
    return entry.map { String(decoding: $0.dropFirst(start.count), as: UTF8.self) }
  }

  /// Whether it has no environment that can be read: for a moment while it becomes another program, for good where the
  /// program was started without one, or is of another user.
  package var isWithoutEnvironment: Bool {
    ProcessFiles.read("/proc/\(id)/environ", atMost: 1)?.isEmpty ?? true
  }
}

extension ProcessFacts {
  /// Largest resident memory of this process since its peak was last forgotten (`/proc/self/clear_refs`), in bytes; nil
  /// where the kernel does not tell it.
  package static var ownPeakResidentBytes: Int64? {
    ProcessFiles.read("/proc/self/status", atMost: 1 << 14).flatMap(peakResidentBytes(status:))
  }

  /// The peak in bytes that the text of `/proc/PID/status` tells (proc_pid_status(5)); nil where it tells none.
  ///
  /// Line by line in the raw bytes: workers read it after every task, and a general search costs more than the reading.
  package static func peakResidentBytes(status: [UInt8]) -> Int64? {
    var start = 0
    while start < status.count {
      let end = status[start...].firstIndex(of: UInt8(ascii: "\n")) ?? status.count
      if status[start..<end].starts(with: peakField) {
        let words = status[(start + peakField.count)..<end].split { $0 == 0x20 || $0 == 0x09 }
        guard words.count == 2, words[1].elementsEqual("kB".utf8), let kibibytes = Int64(ascii: words[0]),
          kibibytes >= 0
        else { return nil }
        let (bytes, isTooLarge) = kibibytes.multipliedReportingOverflow(by: 1024)
        return isTooLarge ? nil : bytes
      }
      start = end + 1
    }
    return nil
  }

  private static let peakField = Array("VmHWM:".utf8)
}

/// Reading `/proc`, where files have no size and processes go away between two reads.
enum ProcessFiles {
  static func read(_ path: String, atMost limit: Int) -> [UInt8]? {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { _ = close(descriptor) }
    var text: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while text.count < limit {
      let count = unsafe buffer.withUnsafeMutableBytes { bytes in
        unsafe Glibc.read(descriptor, bytes.baseAddress, bytes.count)
      }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { return nil }
      if count == 0 { break }
      text += buffer[..<count]
    }
    return text
  }

  /// The numbers among the names in a folder.
  static func numbers(in path: String) -> [Int32] {
    guard let folder = unsafe opendir(path) else { return [] }
    defer { unsafe closedir(folder) }
    var numbers: [Int32] = []
    while let entry = unsafe readdir(folder) {
      let number = unsafe withUnsafePointer(to: &entry.pointee.d_name) { name in
        unsafe name.withMemoryRebound(to: UInt8.self, capacity: 256) { bytes in
          unsafe Int32(
            ascii: UnsafeBufferPointer(
              start: bytes, count: strlen(UnsafeRawPointer(bytes).assumingMemoryBound(to: CChar.self))))
        }
      }
      if let number { numbers.append(number) }
    }
    return numbers
  }
}

extension FixedWidthInteger {
  /// A decimal number without sign, as `/proc` writes them; a leading `-` is read too.
  init?(ascii digits: some Collection<UInt8>) {
    self.init(String(decoding: digits, as: UTF8.self))
  }
}
