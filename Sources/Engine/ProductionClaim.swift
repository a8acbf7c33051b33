import Diagnostics
package import ObjectStore

/// The right to be the one coordinator of a production, held until the value goes or the process ends.
///
/// On storage of this machine it is a lock that the kernel gives back however we end: there are no stale ones. On
/// shared storage a lock may hold on one machine only, so there a lease is taken besides.
package final class ProductionClaim: Sendable {
  private let lock: FileLock
  private let lease: ProductionLease?

  private init(lock: FileLock, lease: ProductionLease?) {
    self.lock = lock
    self.lease = lease
  }

  deinit { lease?.giveBack() }

  /// Takes the claim, waiting at most so long for whoever has it.
  ///
  /// - Parameter tell: called with who it is, at once and then every few seconds.
  /// - Throws: `EngineError.locked`.
  package static func take(
    of production: Production, waiting limit: Duration = .zero,
    tell: @Sendable (String) -> Void = { _ in }
  ) async throws -> ProductionClaim {
    let isShared = production.fileSystem.storage(at: production.interlockFolder).isShared
    let began = ContinuousClock.now
    var told: (holder: String, at: ContinuousClock.Instant)?
    var watched = WatchedLease()
    while true {
      let holder: LockHolder?
      switch try FileLock.tryLock(production.coordinatorLockPath, in: production.fileSystem) {
      case .held(let other): holder = other
      case .acquired(let lock):
        guard isShared else { return ProductionClaim(lock: lock, lease: nil) }
        switch try ProductionLease.tryTake(of: production, stale: watched.stale) {
        case .acquired(let lease): return ProductionClaim(lock: lock, lease: lease)
        case .held(let reading):
          watched.see(reading)
          holder = reading.holder
        }
      }
      let name = holder.map { "\($0)" } ?? "an unknown process"
      let waited = ContinuousClock.now - began
      // A child that was forked and has not come to its `exec` holds our descriptors: of a lock just given back as well.
      if limit == .zero, waited < .seconds(1) {
        try await Task.sleep(for: .milliseconds(20))
        continue
      }
      guard waited < limit else { throw locked(by: name, waited: limit) }
      let isDue = told.map { $0.holder != name || ContinuousClock.now - $0.at > .seconds(10) } ?? true
      if isDue {
        told = (name, .now)
        tell("Waiting until this production is free: \(name)")
      }
      try await Task.sleep(for: .milliseconds(200))
    }
  }

  private static func locked(by holder: String, waited limit: Duration) -> EngineError {
    let waited = limit > .zero ? ", still after \(limit.components.seconds) s" : ""
    return EngineError(
      code: .locked, message: "another command works in this production\(waited): \(holder)",
      remedy: "Wait until it ends (`--wait` does that), or stop it with Ctrl-C or `kill`.", exitCode: 75)
  }

  /// Tells others which run is under way.
  package func note(run: String) {
    // It is for people only.
    try? lock.write(.this(run: run))
    lease?.note(run: run)
  }

  /// Why the claim is no longer ours; `nil` while it is.
  package var loss: EngineError? {
    guard lease?.isLost == true else { return nil }
    return EngineError(
      code: .leaseLost,
      message: "another machine has taken this production over, as it heard nothing from here for "
        + "\(ProductionLease.limit.components.seconds) seconds",
      remedy: "Check the connection to the file server, then run again; finished work is kept.", exitCode: 75)
  }
}

/// How long a lease has been seen without a sign of life.
private struct WatchedLease {
  private var seen: ProductionLease.Reading?
  private var since = ContinuousClock.now

  mutating func see(_ reading: ProductionLease.Reading) {
    guard reading != seen else { return }
    seen = reading
    since = .now
  }

  /// The reading that has not changed for too long.
  var stale: ProductionLease.Reading? {
    ContinuousClock.now - since > ProductionLease.limit ? seen : nil
  }
}
