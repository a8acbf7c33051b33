import Digests
import Glibc
import ObjectStore
import Synchronization
import TaskGraph

/// What a running task may use: the store, its attempt's folder for scratch files, and someone to report to.
struct TaskContext {
  let store: ObjectStore
  let attempt: AttemptFolder
  let log: AttemptLog
  let reporter: any Reporter
  let usage: AttemptUsage

  /// A scratch file of this attempt. Its name says that it is unfinished; it is swept with a dead attempt.
  func part(_ name: String) -> String { "\(attempt.path)/\(name).part" }

  /// Publishes the result of a step of this task under its own key.
  ///
  /// - Returns: false when another attempt was first.
  func commit<Output: Codable & Sendable>(
    _ key: TaskKey, kind: String, version: Int, output: Output, objects: [ObjectReference]
  ) throws -> Bool {
    let record = ResultRecord(
      key: key, kind: kind, version: version, output: output, objects: objects, attempt: attempt.id,
      tool: WorkerIdentity.tool)
    let isFirst = try store.commitResult(record, scratch: attempt.path)
    if isFirst { usage.writtenBytes.add(objects.reduce(0) { $0 + $1.byteCount }, ordering: .relaxed) }
    return isFirst
  }
}

/// `log.txt` of an attempt: what it did and when, at most `limit` bytes.
final class AttemptLog {
  private static let limit = 4 << 20
  private let descriptor: Int32
  private var written = 0

  init(path: String) {
    descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Appends a line that starts with the wall-clock time in seconds.
  func write(_ text: String) {
    guard descriptor >= 0, written < Self.limit else { return }
    var now = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &now)
    let fraction = String(now.tv_nsec / 1000 + 1_000_000).dropFirst()
    let bytes = Array("\(now.tv_sec).\(fraction) \(text)\n".utf8)
    written += bytes.count
    if written >= Self.limit {
      return writeLast("the log is full at \(Self.limit >> 20) MiB; the rest is dropped\n")
    }
    // The log is for people: a full disk must not turn good work into a failure.
    _ = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
  }

  private func writeLast(_ text: String) {
    _ = unsafe Array(text.utf8).withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
  }
}
