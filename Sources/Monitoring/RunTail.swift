package import Engine
import FoundationEssentials
import Glibc

/// Reads the events of a run while they are written: what is new since the last look.
///
/// It opens the file for each look and only reads, so it works from another process and, on a shared disk, from
/// another machine. A line that is not whole yet is left for the next look. A file that is not the one that was read
/// any more, such as one that was put back from a backup, is read from its beginning.
package struct RunTail: Sendable {
  private let path: String
  private var offset: Int64 = 0
  private var rest: [UInt8] = []
  /// What was read last: it names its time and its run, so no other file has the same at the same place.
  private var last: [UInt8] = []
  private let decoder = JSONDecoder()
  /// Lines that are no event of ours: a newer program's, or a torn one.
  package private(set) var unreadLines = 0
  /// How often it began anew, because the file was replaced: what was told before does not count then.
  package private(set) var restarts = 0

  /// The most that one look reads, in bytes: a look is short, and its events are few, whatever the file.
  private static let longestLook = 512 << 10
  private static let longestLast = 512

  package init(path: String) { self.path = path }

  /// Whether the last look stopped before the end of the file.
  package private(set) var hasMore = false

  /// New events, oldest first; none while the file does not exist.
  package mutating func look() -> [RunEvent] {
    hasMore = false
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return [] }
    defer { _ = close(descriptor) }
    if !isSame(descriptor) {
      (offset, rest, last) = (0, [], [])
      restarts += 1
    }
    var events: [RunEvent] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 18)
    var looked = 0
    while looked < Self.longestLook {
      let count = Self.read(descriptor, at: offset, &buffer)
      guard count > 0 else { return events }
      offset += Int64(count)
      looked += count
      last = Array((last + buffer[..<count].suffix(Self.longestLast)).suffix(Self.longestLast))
      take(buffer[..<count], &events)
    }
    hasMore = true
    return events
  }

  /// Whether what was read last is still where it was.
  private func isSame(_ descriptor: Int32) -> Bool {
    guard !last.isEmpty else { return true }
    var present = [UInt8](repeating: 0, count: last.count)
    let count = Self.read(descriptor, at: offset - Int64(last.count), &present)
    return count == last.count && present == last
  }

  private static func read(_ descriptor: Int32, at offset: Int64, _ buffer: inout [UInt8]) -> Int {
    while true {
      let count = unsafe buffer.withUnsafeMutableBytes { bytes in
        unsafe pread(descriptor, bytes.baseAddress, bytes.count, Int(offset))
      }
      if count < 0, errno == EINTR { continue }
      return count
    }
  }

  private mutating func take(_ bytes: ArraySlice<UInt8>, _ events: inout [RunEvent]) {
    var start = bytes.startIndex
    while let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) {
      let line = rest + bytes[start..<end]
      rest.removeAll(keepingCapacity: true)
      start = end + 1
      if let event = try? decoder.decode(RunEvent.self, from: Data(line)) {
        events.append(event)
      } else if !line.isEmpty {
        unreadLines += 1
      }
    }
    rest += bytes[start...]
  }
}
