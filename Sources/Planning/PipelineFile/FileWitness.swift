import Synchronization

/// Notes every path that the disk is asked about while a pipeline is read, whatever the answer was: as long as none of
/// them has changed, reading it again gives the same pipeline.
///
/// Media folders are not noted: they are scanned each time.
package final class FileWitness: Sendable {
  /// Notes for the task that it is bound in, and those that it starts.
  @TaskLocal package static var current: FileWitness?

  private let noted = Mutex<Set<String>>([])

  package init() {}

  /// In order.
  package var paths: [String] { noted.withLock { $0.sorted() } }

  static func note(_ path: String) {
    guard let current else { return }
    current.noted.withLock { _ = $0.insert(path) }
  }
}
