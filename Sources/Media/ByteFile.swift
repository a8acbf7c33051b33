import Glibc

/// Positioned reads of a regular file, for the few structures FFmpeg does not tell about.
package final class ByteFile {
  package let path: String
  package let byteCount: Int64
  private let descriptor: Int32

  package init(_ path: String) throws(MediaError) {
    self.path = path
    descriptor = unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .system(errno, "open", path) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else {
      let number = errno
      close(descriptor)
      throw .system(number, "open", path)
    }
    byteCount = Int64(status.st_size)
  }

  deinit { close(descriptor) }

  /// Up to `count` bytes from `offset`; fewer at the end of the file.
  package func read(at offset: Int64, count: Int) throws(MediaError) -> [UInt8] {
    let available = Int(max(0, min(Int64(count), byteCount - offset)))
    var fault: MediaError?
    // Pictures have megabytes: they are not filled with zeros first.
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: available) { buffer, done in
      do throws(MediaError) {
        done = try unsafe read(
          at: offset, into: UnsafeMutableRawBufferPointer(start: buffer.baseAddress, count: available))
      } catch {
        fault = error
      }
    }
    if let fault { throw fault }
    return bytes
  }

  /// Fills a buffer from `offset`.
  ///
  /// - Returns: how many bytes there were; fewer than asked for at the end of the file.
  func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) throws(MediaError) -> Int {
    var done = 0
    while done < buffer.count, let base = buffer.baseAddress {
      let status = unsafe pread(descriptor, base + done, buffer.count - done, off_t(offset) + off_t(done))
      if status < 0, errno == EINTR { continue }
      guard status >= 0 else { throw .system(errno, "read", path) }
      if status == 0 { break }
      done += status
    }
    return done
  }
}

extension [UInt8] {
  /// Little-endian unsigned number of `width` bytes at `offset`; 0 beyond the end.
  func number(at offset: Int, width: Int) -> UInt64 {
    guard offset >= 0, offset + width <= count else { return 0 }
    return self[offset..<offset + width].reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// Latin-1 or UTF-8 text up to the first NUL, without spaces around it.
  func text(at offset: Int, width: Int) -> String {
    guard offset < count else { return "" }
    let field = self[offset..<Swift.min(count, offset + width)].prefix { $0 != 0 }
    let text =
      String(validating: field, as: UTF8.self)
      ?? String(String.UnicodeScalarView(field.map { Unicode.Scalar($0) }))
    return text.trimmed
  }

  mutating func append(little value: UInt64, width: Int) {
    for byte in 0..<width { append(UInt8(truncatingIfNeeded: value >> (8 * byte))) }
  }
}

extension String {
  /// Without white space at both ends.
  var trimmed: String {
    var text = Substring(self)
    while text.first?.isWhitespace == true { text.removeFirst() }
    while text.last?.isWhitespace == true { text.removeLast() }
    return String(text)
  }
}
