package import Engine
import FoundationEssentials
import Glibc

/// Reads the events of a run while they are written: what is new since the last look.
///
/// It opens the file for each look and only reads, so it works from another process and, on a shared disk, from
/// another machine. A line that is not whole yet is left for the next look.
package struct RunTail: Sendable {
  private let path: String
  private var offset: Int64 = 0
  private var rest: [UInt8] = []
  private let decoder = JSONDecoder()
  /// Lines that are no event of ours: a newer program's, or a torn one.
  package private(set) var unreadLines = 0

  /// The most that one look reads, in bytes: a look is short whatever the file.
  private static let longestLook = 8 << 20

  package init(path: String) { self.path = path }

  /// Whether the last look stopped before the end of the file.
  package private(set) var hasMore = false

  /// New events, oldest first; none while the file does not exist.
  package mutating func look() -> [RunEvent] {
    hasMore = false
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return [] }
    defer { _ = close(descriptor) }
    var events: [RunEvent] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 18)
    var looked = 0
    while looked < Self.longestLook {
      let count = unsafe buffer.withUnsafeMutableBytes { bytes in
        unsafe pread(descriptor, bytes.baseAddress, bytes.count, Int(offset))
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return events }
      offset += Int64(count)
      looked += count
      take(buffer[..<count], &events)
    }
    hasMore = true
    return events
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
