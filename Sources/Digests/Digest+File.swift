import Glibc

/// Why the bytes of a file could not be read.
package struct FileReadError: Error, Hashable, CustomStringConvertible {
  /// What was tried: `open`, `inspect` or `read`.
  package var operation: String
  /// The path as it was given.
  package var path: String
  /// The `errno` of the failed call; 0 when the path names something that is not a file.
  package var code: Int32

  package var description: String {
    guard code != 0 else { return "\(path): is not a regular file" }
    let reason = unsafe String(cString: strerror(code))
    return "\(path): cannot \(operation): \(reason)"
  }
}

extension Digest {
  /// The SHA-256 of a whole file, read in pieces of 1 MiB.
  ///
  /// - Throws: `FileReadError` when the path cannot be opened or read, or is not a regular file.
  package static func sha256(ofFileAt path: String) throws -> Digest {
    // Without O_NONBLOCK, opening a named pipe waits for a writer for ever.
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw FileReadError(operation: "open", path: path, code: errno) }
    defer { _ = close(descriptor) }
    return try sha256(ofDescriptor: descriptor, path: path)
  }

  /// The SHA-256 of an open file from its first byte, whatever its position is.
  ///
  /// - Parameter path: what the error calls the file.
  /// - Throws: `FileReadError`.
  package static func sha256(ofDescriptor descriptor: Int32, path: String) throws -> Digest {
    var facts = stat()
    guard unsafe fstat(descriptor, &facts) == 0 else {
      throw FileReadError(operation: "inspect", path: path, code: errno)
    }
    guard facts.st_mode & S_IFMT == S_IFREG else {
      throw FileReadError(operation: "open", path: path, code: 0)
    }
    _ = posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL)
    let capacity = min(1 << 20, max(1 << 12, Int(facts.st_size) + 1))
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: capacity, alignment: 64)
    defer { unsafe buffer.deallocate() }
    var digest = StreamingDigest()
    var offset: off_t = 0
    while true {
      let count = unsafe pread(descriptor, buffer.baseAddress, buffer.count, offset)
      if count < 0 {
        if errno == EINTR { continue }
        throw FileReadError(operation: "read", path: path, code: errno)
      }
      if count == 0 { return digest.finalize() }
      unsafe digest.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
      offset += off_t(count)
    }
  }
}
