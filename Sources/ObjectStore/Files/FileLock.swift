package import Diagnostics
import Glibc

/// An advisory lock on a file, held until the value goes or the process ends.
///
/// The kernel releases it however the process ends, so a free lock means that its holder is gone. The file
/// stays; its text says who holds the lock, and means nothing while nobody does.
package final class FileLock: Sendable {
  private let descriptor: Int32

  private init(descriptor: Int32) {
    self.descriptor = descriptor
  }

  deinit {
    _ = close(descriptor)
  }

  /// Who holds a lock, as its holder wrote it.
  package struct Holder: Hashable, Sendable, CustomStringConvertible {
    package var process: Int32
    package var host: String
    /// ISO 8601, UTC.
    package var since: String

    package var description: String { "process \(process) on \(host) since \(since)" }

    init?(text: some StringProtocol) {
      let words = text.split(whereSeparator: \.isWhitespace)
      guard words.count == 3, let process = Int32(words[0]) else { return nil }
      self.process = process
      host = String(words[1])
      since = String(words[2])
    }
  }

  package enum State: Sendable {
    case acquired(FileLock)
    /// The holder is unknown when it has not written its name yet.
    case held(by: Holder?)
  }

  /// Takes the lock if it is free, without waiting.
  package static func tryLock(_ path: String, in fileSystem: FileSystem) throws(Diagnostic) -> State {
    let descriptor = try openLockFile(path, in: fileSystem)
    while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      let code = errno
      if code == EINTR { continue }
      defer { _ = close(descriptor) }
      if code == EWOULDBLOCK { return .held(by: holder(descriptor)) }
      throw fileSystem.fault("lock", path, code)
    }
    let lock = FileLock(descriptor: descriptor)
    try lock.writeHolder(path, in: fileSystem)
    return .acquired(lock)
  }

  /// Takes the lock, waiting for whoever holds it; for short work only, as the wait blocks the thread.
  static func lock(_ path: String, in fileSystem: FileSystem) throws(Diagnostic) -> FileLock {
    let descriptor = try openLockFile(path, in: fileSystem)
    while flock(descriptor, LOCK_EX) != 0 {
      let code = errno
      if code == EINTR { continue }
      _ = close(descriptor)
      throw fileSystem.fault("lock", path, code)
    }
    let lock = FileLock(descriptor: descriptor)
    try lock.writeHolder(path, in: fileSystem)
    return lock
  }

  private static func openLockFile(_ path: String, in fileSystem: FileSystem) throws(Diagnostic) -> Int32 {
    var opened: Int32
    repeat {
      opened = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o666)
    } while opened < 0 && errno == EINTR
    guard opened >= 0 else { throw fileSystem.fault("open the lock", path, errno) }
    return opened
  }

  private static func holder(_ descriptor: Int32) -> Holder? {
    var buffer = [UInt8](repeating: 0, count: 512)
    let count = unsafe buffer.withUnsafeMutableBytes { bytes in
      unsafe pread(descriptor, bytes.baseAddress, bytes.count, 0)
    }
    guard count > 0 else { return nil }
    return Holder(text: String(decoding: buffer[..<count], as: UTF8.self))
  }

  private func writeHolder(_ path: String, in fileSystem: FileSystem) throws(Diagnostic) {
    let text = Array("\(getpid()) \(Self.hostName) \(WallClock.now().iso8601)\n".utf8)
    guard ftruncate(descriptor, 0) == 0 else { throw fileSystem.fault("write the lock", path, errno) }
    let count = unsafe text.withUnsafeBytes { bytes in
      unsafe pwrite(descriptor, bytes.baseAddress, bytes.count, 0)
    }
    guard count == text.count else { throw fileSystem.fault("write the lock", path, count < 0 ? errno : EIO) }
  }

  /// The name of this machine, `unknown` when it has none.
  package static let hostName: String = {
    var buffer = [CChar](repeating: 0, count: 256)
    guard unsafe gethostname(&buffer, buffer.count - 1) == 0 else { return "unknown" }
    let bytes = buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    let name = String(decoding: bytes, as: UTF8.self).filter { !$0.isWhitespace }
    return name.isEmpty ? "unknown" : name
  }()
}
