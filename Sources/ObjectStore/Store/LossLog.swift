package import Diagnostics
import Synchronization

/// What was found lost or damaged and taken out of use, for the user to hear of.
package final class LossLog: Sendable {
  private let found = Mutex<[Diagnostic]>([])

  package init() {}

  /// Notes a warning about a file, by its path relative to the production.
  package func note(_ code: String, at path: String, _ message: String) {
    found.withLock {
      $0.append(
        Diagnostic(
          severity: .warning, family: .verification, code: code, location: SourceLocation(file: path),
          message: message))
    }
  }

  /// What was found since this was asked last, in order.
  package func take() -> [Diagnostic] {
    found.withLock { found in
      defer { found.removeAll() }
      return found
    }
  }
}
