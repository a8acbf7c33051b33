package import Diagnostics
package import Digests
import Glibc

/// An open file descriptor, closed when the value goes.
package struct OpenFile: ~Copyable, Sendable {
  private let descriptor: Int32
  private let path: String
  private let fileSystem: FileSystem

  /// - Parameter flags: as for `open(2)`; `O_CLOEXEC` is added, so no child inherits the file.
  package init(
    _ path: String, _ flags: Int32, mode: UInt32 = 0o666, in fileSystem: FileSystem
  ) throws(Diagnostic) {
    let creates = flags & O_CREAT != 0
    if creates, let fault = fileSystem.fault(in: .create, on: path) {
      throw fileSystem.fault("create", path, fault.code)
    }
    var opened: Int32
    repeat { opened = unsafe open(path, flags | O_CLOEXEC, mode) } while opened < 0 && errno == EINTR
    guard opened >= 0 else { throw fileSystem.fault(creates ? "create" : "open", path, errno) }
    descriptor = opened
    self.path = path
    self.fileSystem = fileSystem
  }

  deinit {
    // Written data was synced before, where it matters; Linux frees the descriptor even on EINTR.
    _ = close(descriptor)
  }

  package func facts() throws(Diagnostic) -> FileSystem.Facts {
    var raw = stat()
    guard unsafe fstat(descriptor, &raw) == 0 else { throw fileSystem.fault("inspect", path, errno) }
    return FileSystem.Facts(raw)
  }

  /// Reads from the first byte to the end.
  package func readAll() throws(Diagnostic) -> [UInt8] {
    var wanted = Int(try facts().byteCount)
    var bytes: [UInt8] = []
    while true {
      // One byte more than the size shows whether the file grew meanwhile.
      let start = bytes.count
      let capacity = max(wanted - start, 0) + 1
      var code: Int32 = 0
      let piece = unsafe [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
        while count < capacity {
          let rest = unsafe UnsafeMutableBufferPointer(rebasing: buffer[count...])
          let got = unsafe pread(descriptor, rest.baseAddress, rest.count, off_t(start + count))
          if got < 0 && errno == EINTR { continue }
          if got < 0 { code = errno }
          if got <= 0 { break }
          count += got
        }
      }
      if code != 0 { throw fileSystem.fault("read", path, code) }
      if start == 0 { bytes = piece } else { bytes += piece }
      if piece.count < capacity { return bytes }
      wanted = bytes.count + 65_536
    }
  }

  /// - Parameter following: bytes that are to follow, for the message of a full disk.
  package func write(_ bytes: [UInt8], following: Int64 = 0) throws(Diagnostic) {
    let code = unsafe bytes.withUnsafeBytes { unsafe writeAll($0) }
    if let code { throw fileSystem.fault("write", path, code.errno, needed: Int64(code.missing) + following) }
  }

  /// Writes as much as the disk takes.
  ///
  /// - Returns: how many bytes were written, and why not all.
  package func append(_ bytes: [UInt8]) -> (written: Int, fault: Diagnostic?) {
    let code = unsafe bytes.withUnsafeBytes { unsafe writeAll($0) }
    guard let code else { return (bytes.count, nil) }
    return (
      bytes.count - code.missing,
      fileSystem.fault("write", path, code.errno, needed: Int64(code.missing))
    )
  }

  /// Makes the contents durable; a failure means that they are lost, so it is never tried twice.
  package func sync() throws(Diagnostic) {
    let code = fileSystem.perform(.sync, path) { fsync(descriptor) }
    if code != 0 { throw fileSystem.fault("save", path, code) }
  }

  /// Makes everything durable that was written to this file's file system; fails when any of it could not be
  /// written since the file was opened.
  ///
  /// - Parameter call: `syncfs(2)`.
  func syncFileSystem(_ call: @convention(c) (Int32) -> Int32) throws(Diagnostic) {
    let code = fileSystem.perform(.syncAll, path) { call(descriptor) }
    if code != 0 { throw fileSystem.fault("save", path, code) }
  }

  /// Cuts the file to a length.
  package func truncate(to byteCount: Int64) throws(Diagnostic) {
    let code = fileSystem.perform(.write, path) { ftruncate(descriptor, off_t(byteCount)) }
    if code != 0 { throw fileSystem.fault("write", path, code) }
  }

  package func setMode(_ mode: UInt32) throws(Diagnostic) {
    let code = fileSystem.perform(.setMode, path) { fchmod(descriptor, mode) }
    if code != 0 { throw fileSystem.fault("set the mode of", path, code) }
  }

  /// Sets the time of the last modification; see `ObjectStamp` for why.
  func setModified(seconds: Int64, nanoseconds: Int64) throws(Diagnostic) {
    let code = withTimes(seconds: seconds, nanoseconds: nanoseconds)
    if code != 0 { throw fileSystem.fault("set the time of", path, code) }
  }

  private func withTimes(seconds: Int64, nanoseconds: Int64) -> Int32 {
    let access = timespec(tv_sec: 0, tv_nsec: Int(leaveTimeAsItIs))
    let times = [access, timespec(tv_sec: Int(seconds), tv_nsec: Int(nanoseconds))]
    return fileSystem.perform(.setTime, path) { unsafe futimens(descriptor, times) }
  }

  /// The SHA-256 of the whole file.
  package func digest() throws(Diagnostic) -> Digests.Digest {
    do {
      return try Digests.Digest.sha256(ofDescriptor: descriptor, path: path)
    } catch let error as FileReadError {
      throw fileSystem.fault(error.operation, path, error.code == 0 ? EINVAL : error.code)
    } catch {
      throw fileSystem.fault("read", path, EIO)
    }
  }

  /// Shares the blocks of another file (`FICLONE`): instant, and independent from then on.
  ///
  /// - Returns: 0, or the `errno` that says why this file system cannot.
  func clone(from source: borrowing OpenFile) -> Int32 {
    // _IOW(0x94, 9, int), linux/fs.h; the macro does not import.
    let request: UInt = 0x4004_9409
    let from = source.descriptor
    return fileSystem.perform(.clone, path) { ioctl(descriptor, request, from) }
  }

  /// Copies another file into this empty one and digests the bytes on the way.
  func copy(from source: borrowing OpenFile) throws(Diagnostic) -> Digests.Digest {
    let total = try source.facts().byteCount
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 4_096)
    defer { unsafe buffer.deallocate() }
    var digest = StreamingDigest()
    var offset: Int64 = 0
    while true {
      let count = unsafe pread(source.descriptor, buffer.baseAddress, buffer.count, off_t(offset))
      if count < 0 && errno == EINTR { continue }
      if count < 0 { throw fileSystem.fault("read", source.path, errno) }
      if count == 0 { return digest.finalize() }
      let piece = unsafe UnsafeRawBufferPointer(rebasing: buffer[..<count])
      if let code = unsafe writeAll(piece) {
        let missing = total - offset - Int64(count) + Int64(code.missing)
        throw fileSystem.fault("write", path, code.errno, needed: missing)
      }
      unsafe digest.update(piece)
      offset += Int64(count)
    }
  }

  private func writeAll(_ bytes: UnsafeRawBufferPointer) -> (errno: Int32, missing: Int)? {
    let fault = fileSystem.fault(in: .write, on: path)
    let count = fault == nil ? bytes.count : (fault?.isTorn == true ? bytes.count / 2 : 0)
    var written = 0
    while written < count {
      let piece = unsafe UnsafeRawBufferPointer(rebasing: bytes[written..<count])
      let count = unsafe Glibc.write(descriptor, piece.baseAddress, piece.count)
      if count < 0 {
        let code = Glibc.errno
        if code == EINTR { continue }
        return (code, bytes.count - written)
      }
      written += count
    }
    return fault.map { ($0.code, bytes.count - written) }
  }
}

/// `UTIME_OMIT` of sys/stat.h: leave this time as it is; the macro does not import.
private let leaveTimeAsItIs = (1 << 30) - 2
