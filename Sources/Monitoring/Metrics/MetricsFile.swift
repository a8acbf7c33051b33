package import Diagnostics
import Dispatch
import Glibc
import Synchronization

/// Writes metrics to a file every few seconds, whole each time, for the textfile collector of node_exporter.
package final class MetricsFile {
  private let timer: any DispatchSourceTimer
  private let write: @Sendable () -> Void

  /// - Parameters:
  ///   - path: should end in `.prom`, or node_exporter does not read it.
  ///   - onFault: told once when the file cannot be written any more; a run does not end for that.
  /// - Throws: `usage`, `metrics.unwritable`, when it cannot be written now.
  package init(
    path: String, typed: String, interval: Duration = .seconds(5),
    text: @escaping @Sendable () -> String, onFault: @escaping @Sendable (Diagnostic) -> Void
  ) throws(Diagnostic) {
    try Self.write(text(), to: path, typed: typed)
    let fault = Complaint(onFault)
    write = {
      do throws(Diagnostic) {
        try Self.write(text(), to: path, typed: typed)
      } catch {
        fault.tell(error)
      }
    }
    timer = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "interlock.metrics"))
    let seconds = max(1, Int(interval.components.seconds))
    timer.schedule(deadline: .now() + .seconds(seconds), repeating: .seconds(seconds))
    timer.setEventHandler(handler: write)
    timer.resume()
  }

  /// Writes the last state.
  package func finish() {
    timer.cancel()
    write()
  }

  private static func write(_ text: String, to path: String, typed: String) throws(Diagnostic) {
    let part = "\(path).\(getpid()).part"
    let descriptor = unsafe open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o644)
    guard descriptor >= 0 else { throw fault(typed, errno) }
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        let code = errno
        _ = close(descriptor)
        _ = unsafe unlink(part)
        throw fault(typed, code)
      }
      bytes = bytes.dropFirst(count)
    }
    _ = close(descriptor)
    guard unsafe rename(part, path) == 0 else {
      let code = errno
      _ = unsafe unlink(part)
      throw fault(typed, code)
    }
  }

  private static func fault(_ typed: String, _ code: Int32) -> Diagnostic {
    Diagnostic(
      family: .usage, code: "metrics.unwritable", location: SourceLocation(file: typed),
      message: "the metrics cannot be written: \(unsafe String(cString: strerror(code)))",
      remedy: "Name a file in a folder that exists and can be written.")
  }
}

/// Tells of a fault that comes again and again, once.
private final class Complaint: Sendable {
  private let isTold = Atomic(false)
  private let listener: @Sendable (Diagnostic) -> Void

  init(_ listener: @escaping @Sendable (Diagnostic) -> Void) { self.listener = listener }

  func tell(_ fault: Diagnostic) {
    guard !isTold.exchange(true, ordering: .relaxed) else { return }
    var warning = fault
    warning.severity = .warning
    listener(warning)
  }
}
