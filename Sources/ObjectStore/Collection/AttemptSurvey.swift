package import Diagnostics

/// Which attempts may still work, and which are history.
package struct AttemptSurvey: Sendable {
  /// Running now, or handed to a farm and not started: what they name is kept.
  package private(set) var live: [KeepingAttempt] = []
  package private(set) var ended: [AttemptFolder] = []

  /// An exported attempt that nobody has started for so long never will be; the engine sweeps at the same age.
  private static let longestWait: Int64 = 7 * 86_400_000

  /// - Parameter dispatched: attempts on the ledger: a coordinator of this production gave them to a worker of its
  ///   own, so without a lock they are dead. Hold the coordinator's lock while calling.
  package init(_ production: Production, dispatched: Set<String>) throws(Diagnostic) {
    for id in try AttemptFolder.ids(in: production) {
      guard let folder = AttemptFolder.open(id: id, in: production) else { continue }
      let task = try Array(folder.taskFiles().joined())
      if try Self.isLive(folder, hasTask: !task.isEmpty, isDispatched: dispatched.contains(id)) {
        live.append(KeepingAttempt(id: id, mentions: DigestText.digests(in: task)))
      } else {
        ended.append(folder)
      }
    }
  }

  private static func isLive(
    _ folder: AttemptFolder, hasTask: Bool, isDispatched: Bool
  ) throws(Diagnostic) -> Bool {
    let files = folder.production.fileSystem
    if files.exists(folder.lockPath), case .held = try folder.tryLock() { return true }
    if isDispatched || !hasTask || files.exists(folder.exitPath) { return false }
    let made = ULID(folder.id)?.time.milliseconds ?? 0
    return WallClock.now().milliseconds - made < longestWait
  }
}
