import FoundationEssentials
import Glibc
import ObjectStore

/// Appends run events to a file as lines of JSON, many at a time.
///
/// The file is for people and views; what was made is known from results alone, so a crash may cost the
/// unflushed tail.
final class EventLog {
  private let path: String
  private let fileSystem: FileSystem
  private let descriptor: Int32
  private var buffer: [UInt8] = []
  private let encoder = JSONEncoder()

  init(path: String, in fileSystem: FileSystem) throws {
    self.path = path
    self.fileSystem = fileSystem
    descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw fileSystem.fault("create", path, errno) }
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  }

  deinit { _ = close(descriptor) }

  func append(_ event: RunEvent) throws {
    buffer += try encoder.encode(event)
    buffer.append(UInt8(ascii: "\n"))
    if buffer.count > 1 << 16 { try flush() }
  }

  func flush() throws {
    var start = 0
    while start < buffer.count {
      let written = unsafe buffer[start...].withUnsafeBytes { bytes in
        unsafe write(descriptor, bytes.baseAddress, bytes.count)
      }
      if written >= 0 {
        start += written
      } else if errno != EINTR {
        throw fileSystem.fault("write", path, errno)
      }
    }
    buffer.removeAll(keepingCapacity: true)
  }
}
