import Diagnostics
import FoundationEssentials
import Glibc
import ObjectStore

/// Appends run events to a file as lines of JSON, many at a time.
///
/// The file is for people and views; what was made is known from results alone, so a crash may cost the
/// unflushed tail, and a disk that takes no more must not end a run that could go on: lines wait for room, and
/// beyond `longestBacklog` the oldest of them are given up.
final class EventLog {
  /// Bytes.
  private static let longestBacklog = 8 << 20

  private let path: String
  private let fileSystem: FileSystem
  private let file: OpenFile
  private var buffer: [UInt8] = []
  private let encoder = JSONEncoder()
  /// Lines given up so far.
  private(set) var lostLines = 0
  /// Why the last attempt to write failed; `nil` when everything is written.
  private(set) var fault: Diagnostic?

  init(path: String, in fileSystem: FileSystem) throws {
    self.path = path
    self.fileSystem = fileSystem
    file = try OpenFile(path, O_WRONLY | O_CREAT | O_APPEND, mode: 0o644, in: fileSystem)
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  }

  func append(_ event: RunEvent) throws {
    buffer += try encoder.encode(event)
    buffer.append(UInt8(ascii: "\n"))
    if buffer.count > 1 << 16, fault == nil { flush() }
    if buffer.count > Self.longestBacklog { giveUpOldest() }
  }

  func flush() {
    guard !buffer.isEmpty else { return }
    // Of a line that was cut the rest comes with the next flush.
    let (written, fault) = file.append(buffer)
    buffer.removeFirst(written)
    self.fault = fault
  }

  /// Gives up the older half, in whole lines; the first line stays, as part of it may be in the file.
  private func giveUpOldest() {
    guard let first = buffer.firstIndex(of: UInt8(ascii: "\n")),
      let last = buffer[..<(buffer.count / 2)].lastIndex(of: UInt8(ascii: "\n")), last > first
    else { return }
    lostLines += buffer[(first + 1)...last].count { $0 == UInt8(ascii: "\n") }
    buffer.removeSubrange((first + 1)...last)
  }
}
