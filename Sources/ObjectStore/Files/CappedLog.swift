package import Diagnostics
import Glibc
import Synchronization

/// A log file that keeps the first and the last part of what is written and never grows beyond a limit.
///
/// When it is full the middle goes: the last part is moved behind the first, with a line between them that says how many
/// bytes are missing. So the file is good to read at any moment, whatever happens to the process. Safe to
/// use from several threads.
package final class CappedLog: Sendable {
  /// How much is kept.
  package struct Limits: Hashable, Sendable {
    /// Bytes of the beginning.
    package var first: Int
    /// Bytes of the end, at least; at most twice as many.
    package var last: Int

    package init(first: Int = 1 << 20, last: Int = 1 << 20) {
      self.first = first
      self.last = last
    }

    /// Nothing is left out below this.
    package var most: Int64 { Int64(first + 2 * last) }
  }

  private struct State {
    /// Bytes in the file.
    var size: Int
    /// Where the last part begins, when the middle has gone.
    var tailStart: Int?
    var leftOut: Int64 = 0
    var written: Int64 = 0
  }

  private let descriptor: Int32
  private let limits: Limits
  /// Where this log begins in its file.
  private let start: Int
  private let state: Mutex<State>

  /// Opens the file, or makes it.
  ///
  /// - Parameter isSection: whether what the file holds is another's and stays; else it is taken for a beginning.
  package init(
    path: String, limits: Limits = Limits(), isSection: Bool = false, in fileSystem: FileSystem
  ) throws(Diagnostic) {
    self.limits = limits
    descriptor = unsafe open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    let code = errno
    var facts = stat()
    let isOpen = unsafe descriptor >= 0 && fstat(descriptor, &facts) == 0
    start = isSection ? Int(facts.st_size) : 0
    state = Mutex(State(size: Int(facts.st_size)))
    guard isOpen else { throw fileSystem.fault("create", path, code) }
  }

  deinit { if descriptor >= 0 { _ = close(descriptor) } }

  /// Bytes given to `write` so far.
  package var byteCount: Int64 { state.withLock { $0.written } }

  /// Bytes of them that are in the file no more.
  package var leftOut: Int64 { state.withLock { $0.leftOut } }

  /// Appends; a full disk loses the bytes, as a log must not stop the work.
  package func write(_ bytes: some Collection<UInt8>) {
    state.withLock { state in
      state.written += Int64(bytes.count)
      var rest = Array(bytes)[...]
      while !rest.isEmpty {
        let room = (state.tailStart ?? start + limits.first) + 2 * limits.last - state.size
        guard room > 0 else {
          dropMiddle(&state)
          continue
        }
        let part = rest.prefix(room)
        let count = append(part)
        state.size += max(0, count)
        rest = rest.dropFirst(part.count)
      }
    }
  }

  /// - Returns: bytes written, less than given when the disk is full.
  private func append(_ bytes: ArraySlice<UInt8>) -> Int {
    var done = 0
    while done < bytes.count {
      let count = unsafe bytes.withUnsafeBytes { buffer in
        unsafe Glibc.write(descriptor, buffer.baseAddress?.advanced(by: done), buffer.count - done)
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { break }
      done += count
    }
    return done
  }

  private func dropMiddle(_ state: inout State) {
    var tail = [UInt8](repeating: 0, count: limits.last)
    let count = unsafe tail.withUnsafeMutableBytes { buffer in
      unsafe pread(descriptor, buffer.baseAddress, buffer.count, off_t(state.size - limits.last))
    }
    state.leftOut += Int64(state.size - max(0, count) - (state.tailStart ?? start + limits.first))
    guard ftruncate(descriptor, off_t(start + limits.first)) == 0 else {
      // Nothing can be done about it but to begin anew.
      state.size = start + limits.first
      return
    }
    let note = Array("\n… \(state.leftOut) bytes of log are left out here …\n".utf8)
    state.tailStart = start + limits.first + append(note[...])
    state.size = (state.tailStart ?? 0) + append(tail.prefix(max(0, count)))
  }
}
