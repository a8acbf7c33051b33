package import Diagnostics
import Dispatch
import Glibc
import Synchronization

/// Says on storage that machines share who works in a production, where `flock` may hold on one machine only.
///
/// The lease is a file that its owner touches every few seconds: its owner's facts, a nonce, and a number that
/// rises. Another coordinator takes it over when the owner is known to be gone, or when the number has not risen for
/// `limit` by the clock of whoever watches; clocks of two machines are never compared. It gets its name by `link(2)`,
/// and an owner that finds another nonce in it has lost it and must stop. Two owners for a moment do no harm: results
/// are published without replace, whoever makes them; what is lost is time.
package final class ProductionLease: Sendable {
  private struct State {
    var number: UInt64 = 0
    var holder: LockHolder
    var isLost = false
    var isGivenBack = false
  }

  /// How often an owner touches its lease.
  package static let interval: Duration = .seconds(5)
  /// How long it may stay untouched before another takes it over.
  package static let limit: Duration = .seconds(60)

  private let path: String
  private let fileSystem: FileSystem
  private let nonce: String
  private let state: Mutex<State>
  private let queue = DispatchQueue(label: "interlock.lease")
  private let interval: Duration

  private init(_ path: String, interval: Duration, in fileSystem: FileSystem) {
    self.path = path
    self.interval = interval
    self.fileSystem = fileSystem
    nonce = ULID.next().description
    state = Mutex(State(holder: .this()))
  }

  deinit { remove() }

  /// Gives the lease back; its owner calls it, as a touch that is under way may outlive the last reference.
  package func giveBack() {
    queue.sync {
      state.withLock { $0.isGivenBack = true }
      remove()
    }
  }

  private func remove() {
    // Ours only: whoever took it over keeps it.
    if case .some(let seen) = try? Self.read(path, in: fileSystem), seen.nonce == nonce {
      fileSystem.discard(path)
    }
  }

  /// What is in a lease file.
  package struct Reading: Hashable, Sendable {
    package var nonce: String
    package var number: UInt64
    package var holder: LockHolder
  }

  package enum Taking: Sendable {
    case acquired(ProductionLease)
    case held(Reading)
  }

  /// Takes the lease if nobody has it or its owner is known to be gone.
  ///
  /// - Parameter stale: what the caller has seen unchanged for longer than `limit`.
  package static func tryTake(
    of production: Production, stale: Reading? = nil, every interval: Duration = ProductionLease.interval
  ) throws(Diagnostic) -> Taking {
    let fileSystem = production.fileSystem
    let path = production.leasePath
    if let seen = try read(path, in: fileSystem) {
      guard seen.holder.isGone || seen == stale else { return .held(seen) }
      try remove(path, seen: seen, in: production)
    }
    let lease = ProductionLease(path, interval: interval, in: fileSystem)
    let text = lease.text(number: 0, holder: .this())
    guard try fileSystem.publish(text, at: path, scratch: production.locksFolder, mode: 0o664) else {
      guard let winner = try read(path, in: fileSystem) else {
        throw fileSystem.fault("read the lease", path, EIO)
      }
      return .held(winner)
    }
    lease.touchLater()
    return .acquired(lease)
  }

  /// Whether somebody else has it: everything has to stop.
  package var isLost: Bool { state.withLock { $0.isLost } }

  /// Tells others which run is under way.
  package func note(run: String) { state.withLock { $0.holder.run = run } }

  private func touchLater() {
    let nanoseconds = Int(interval / .nanoseconds(1))
    queue.asyncAfter(deadline: .now() + .nanoseconds(nanoseconds)) { [weak self] in
      guard let self, !state.withLock({ $0.isGivenBack }) else { return }
      touch()
      touchLater()
    }
  }

  private func touch() {
    // What cannot be read or written now says nothing: a server may be away for a while.
    guard let seen = try? Self.read(path, in: fileSystem) else {
      if !fileSystem.exists(path), fileSystem.exists(FileSystem.parent(of: path)) { lose() }
      return
    }
    guard seen.nonce == nonce else { return lose() }
    let text = state.withLock { state in
      state.number += 1
      return self.text(number: state.number, holder: state.holder)
    }
    guard let file = try? OpenFile(path, O_WRONLY | O_NOFOLLOW, in: fileSystem) else { return }
    try? file.write(text)
    try? file.sync()
  }

  private func lose() { state.withLock { $0.isLost = true } }

  /// Of one length while it is held, so that a reader never sees a mixture that parses.
  private func text(number: UInt64, holder: LockHolder) -> [UInt8] {
    let digits = String(number)
    let padded = String(repeating: "0", count: max(0, 20 - digits.count)) + digits
    return Array("nonce \(nonce)\nnumber \(padded)\n\(holder.text)end \(nonce)\n".utf8)
  }

  /// - Returns: `nil` when there is none; one that is being written is read again.
  package static func read(_ path: String, in fileSystem: FileSystem) throws(Diagnostic) -> Reading? {
    for _ in 0..<20 {
      guard let (bytes, _) = try fileSystem.read(path) else { return nil }
      if let reading = Reading(String(decoding: bytes, as: UTF8.self)) { return reading }
      usleep(10_000)
    }
    throw fileSystem.fault("read the lease", path, EIO)
  }

  /// Moves a lease aside that was seen to be over; a newer one that came in between is put back.
  private static func remove(_ path: String, seen: Reading, in production: Production) throws(Diagnostic) {
    let fileSystem = production.fileSystem
    let aside = "\(production.locksFolder)/\(ULID.next())-lease.part"
    guard try fileSystem.move(path, to: aside) else { return }
    if let moved = try read(aside, in: fileSystem), moved.nonce != seen.nonce {
      _ = try fileSystem.link(aside, to: path)
    }
    try fileSystem.remove(aside)
  }
}

extension ProductionLease.Reading {
  fileprivate init?(_ text: String) {
    var facts: [Substring: Substring] = [:]
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ", maxSplits: 1)
      if words.count == 2 { facts[words[0]] = words[1] }
    }
    guard let nonce = facts["nonce"], facts["end"] == nonce,
      let number = facts["number"].flatMap({ UInt64($0) }),
      let holder = LockHolder(text: text)
    else { return nil }
    self.init(nonce: String(nonce), number: number, holder: holder)
  }
}
