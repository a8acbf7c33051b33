import Foundation
import Synchronization

/// Looks at the resident memory of a process and its descendants every 50 ms.
final class MemoryWatch: Sendable {
  private let peak = Atomic<Int64>(0)
  private let isStopped = Atomic<Bool>(false)

  init(of process: pid_t) {
    let thread = Thread { [self] in
      while !isStopped.load(ordering: .relaxed) {
        let bytes = Self.residentBytes(process)
        if bytes > peak.load(ordering: .relaxed) { peak.store(bytes, ordering: .relaxed) }
        usleep(50_000)
      }
    }
    thread.start()
  }

  /// - Returns: the largest sum that was seen, in bytes.
  func stop() -> Int64 {
    isStopped.store(true, ordering: .relaxed)
    return peak.load(ordering: .relaxed)
  }

  private static func residentBytes(_ process: pid_t) -> Int64 {
    func text(_ path: String) -> String { (try? String(contentsOfFile: path, encoding: .utf8)) ?? "" }
    let pages =
      text("/proc/\(process)/statm").split(separator: " ").dropFirst().first.flatMap { Int64($0) } ?? 0
    let threads = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/task")) ?? []
    let children = threads.flatMap { thread in
      text("/proc/\(process)/task/\(thread)/children").split(separator: " ").compactMap { pid_t($0) }
    }
    return children.reduce(pages * Int64(getpagesize())) { $0 + residentBytes($1) }
  }
}
