package import Diagnostics
import Glibc

/// An advisory lock on a file, held until the value goes or the process ends.
///
/// The kernel releases it however the process ends, so a free lock means that its holder is gone. The file
/// stays; its text says who holds the lock, and means nothing while nobody does.
package final class FileLock: Sendable {
  private let descriptor: Int32
  private let path: String
  private let fileSystem: FileSystem

  private init(descriptor: Int32, path: String, fileSystem: FileSystem) {
    self.descriptor = descriptor
    self.path = path
    self.fileSystem = fileSystem
  }

  deinit {
    _ = close(descriptor)
  }

  package enum State: Sendable {
    case acquired(FileLock)
    /// The holder is unknown when it has not written its name yet.
    case held(by: LockHolder?)
  }

  /// Takes the lock if it is free, without waiting.
  package static func tryLock(_ path: String, in fileSystem: FileSystem) throws(Diagnostic) -> State {
    let descriptor = try openLockFile(path, in: fileSystem)
    let code = fileSystem.perform(.lock, path) { flock(descriptor, LOCK_EX | LOCK_NB) }
    guard code == 0 else {
      defer { _ = close(descriptor) }
      if code == EWOULDBLOCK { return .held(by: holder(descriptor)) }
      throw fileSystem.fault("lock", path, code)
    }
    let lock = FileLock(descriptor: descriptor, path: path, fileSystem: fileSystem)
    try lock.write(.this())
    return .acquired(lock)
  }

  /// Takes the lock, waiting for whoever holds it; for short work only, as the wait blocks the thread.
  static func lock(_ path: String, in fileSystem: FileSystem) throws(Diagnostic) -> FileLock {
    let descriptor = try openLockFile(path, in: fileSystem)
    let code = fileSystem.perform(.lock, path) { flock(descriptor, LOCK_EX) }
    guard code == 0 else {
      _ = close(descriptor)
      throw fileSystem.fault("lock", path, code)
    }
    let lock = FileLock(descriptor: descriptor, path: path, fileSystem: fileSystem)
    try lock.write(.this())
    return lock
  }

  /// Tells others more about the holder, e.g. its run.
  package func write(_ holder: LockHolder) throws(Diagnostic) {
    let text = Array(holder.text.utf8)
    // Because of a full disk no lock may die: who holds it is for people, that it is held is the kernel's word.
    if fileSystem.fault(in: .write, on: path) != nil { return }
    guard ftruncate(descriptor, 0) == 0 else { throw fileSystem.fault("write the lock", path, errno) }
    let count = unsafe text.withUnsafeBytes { bytes in
      unsafe pwrite(descriptor, bytes.baseAddress, bytes.count, 0)
    }
    if count < 0, errno != ENOSPC, errno != EDQUOT {
      throw fileSystem.fault("write the lock", path, errno)
    }
  }

  private static func openLockFile(_ path: String, in fileSystem: FileSystem) throws(Diagnostic) -> Int32 {
    if let fault = fileSystem.fault(in: .create, on: path) {
      throw fileSystem.fault("open the lock", path, fault.code)
    }
    var opened: Int32
    repeat {
      opened = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o666)
    } while opened < 0 && errno == EINTR
    guard opened >= 0 else { throw fileSystem.fault("open the lock", path, errno) }
    return opened
  }

  private static func holder(_ descriptor: Int32) -> LockHolder? {
    var buffer = [UInt8](repeating: 0, count: 4_096)
    let count = unsafe buffer.withUnsafeMutableBytes { bytes in
      unsafe pread(descriptor, bytes.baseAddress, bytes.count, 0)
    }
    guard count > 0 else { return nil }
    return LockHolder(text: String(decoding: buffer[..<count], as: UTF8.self))
  }
}
