import Diagnostics
import Glibc
import Ledger
import ObjectStore
import TaskGraph

extension Coordinator {
  /// Takes up what earlier coordinators left: waits for attempts that still run, indexes what they made,
  /// and sweeps what they did not finish.
  ///
  /// The folder decides, not the ledger: its lock says whether anybody works there, and the store says
  /// what was made. An attempt in the ledger without a folder made what is in the store, and no more.
  func reconcile() async throws {
    _ = try VersionPublisher(store).sweepUnfinished()
    try store.sweepFootprints()
    let open = try ledger.openAttempts()
    let known = Dictionary(uniqueKeysWithValues: open.map { ($0.id, $0) })
    let withFolder = Set(try AttemptFolder.ids(in: production))
    // Attempts on record as ended are only looked at when they are old; the ones of today may be many.
    let ended = try ledger.attemptIDs().subtracting(known.keys)
    removeOld(withFolder.intersection(ended))
    var pending = withFolder.subtracting(ended).sorted()
    for attempt in open where !withFolder.contains(attempt.id) { try recover(attempt) }
    former = open.filter { withFolder.contains($0.id) }
      .map { FormerAttempt(id: $0.id, run: $0.run, keys: $0.keys) }
    let surviving = try await workforce.survivors(
      of: former, in: production, within: configuration.recoveryLimit)
    former.removeAll { !surviving.contains($0.id) }
    pending.removeAll { surviving.contains($0) }

    let deadline = clock.now + configuration.recoveryLimit
    var announced: Set<String> = []
    while true {
      var alive: [(id: String, holder: String)] = []
      for id in pending {
        guard let folder = AttemptFolder.open(id: id, in: production) else { continue }
        switch try folder.tryLock() {
        case .held(let holder): alive.append((id, Self.describe(holder)))
        case .acquired(let lock):
          try sweep(folder, known[id])
          withExtendedLifetime(lock) {}
        }
      }
      guard let first = alive.first else { return try endStrays() }
      for (id, holder) in alive where announced.insert(id).inserted {
        var event = RunEvent(.waitingForAttempt, at: clock.timeOfDay)
        event.attempt = id
        event.message = holder
        observer.observe(event)
      }
      guard clock.now < deadline else {
        throw EngineError(
          code: .attemptStillRuns,
          message: "a worker of an earlier run still works on attempt \(first.id): \(first.holder)",
          remedy: "It stops after its current segment; try again later, or end it.", exitCode: 75)
      }
      pending = alive.map(\.id)
      try await Task.sleep(for: configuration.tick)
    }
  }

  /// Ends an attempt whose lock we hold: nobody works on it.
  private func sweep(_ folder: AttemptFolder, _ attempt: AttemptRecord?) throws {
    try folder.sweepParts()
    if let attempt {
      try recover(attempt)
    } else if Self.age(of: folder) > Self.strayLimit {
      // Logs of failed attempts, and folders whose maker died before the ledger knew them. A young one may be a
      // task that somebody exported and has not started yet.
      try? folder.remove()
    }
  }

  private func recover(_ attempt: AttemptRecord) throws {
    let made = try ledger.recordResults(of: attempt.keys, in: store)
    try ledger.close(attempt: attempt.id, outcome: .lost)
    var event = RunEvent(.attemptRecovered, at: clock.timeOfDay)
    event.attempt = attempt.id
    event.total = made.count
    observer.observe(event)
  }

  private static func describe(_ holder: LockHolder?) -> String {
    holder.map { "\($0)" } ?? "an unknown process"
  }

  private func removeOld(_ ids: Set<String>) {
    for id in ids {
      guard let folder = AttemptFolder.open(id: id, in: production), Self.age(of: folder) > Self.strayLimit
      else { continue }
      try? folder.remove()
    }
  }

  private static func age(of folder: AttemptFolder) -> Duration {
    let made = ULID(folder.id)?.time ?? .now()
    return .milliseconds(WallClock.now().milliseconds - made.milliseconds)
  }

  private static var strayLimit: Duration { .seconds(7 * 86_400) }
}
