import Diagnostics
import Glibc
import ObjectStore
import Testing

@Suite struct ProductionLeaseTests {
  private let temporary: TemporaryProduction

  init() throws {
    temporary = try TemporaryProduction()
  }

  private func take(
    stale: ProductionLease.Reading? = nil, every interval: Duration = .seconds(3_600)
  ) throws -> ProductionLease.Taking {
    try ProductionLease.tryTake(of: temporary.production, stale: stale, every: interval)
  }

  private func reading() throws -> ProductionLease.Reading {
    try #require(
      try ProductionLease.read(temporary.production.leasePath, in: temporary.production.fileSystem))
  }

  /// Waits for something that happens on another thread.
  private func until(_ isTrue: () throws -> Bool) throws {
    for _ in 0..<6_000 where try !isTrue() { usleep(10_000) }
    #expect(try isTrue())
  }

  @Test func `one has it, the other learns who, and it is given back`() throws {
    var lease: ProductionLease?
    guard case .acquired(let first) = try take() else { return #expect(Bool(false), "not acquired") }
    lease = first
    guard case .held(let seen) = try take() else { return #expect(Bool(false), "taken twice") }
    #expect(seen.holder.process == getpid())
    #expect(seen.holder.host == LockHolder.hostName)
    withExtendedLifetime(lease) {}
  }

  @Test func `its owner touches it`() throws {
    guard case .acquired(let lease) = try take(every: .milliseconds(5)) else {
      return #expect(Bool(false), "not acquired")
    }
    lease.note(run: "01RUN")
    try until { try reading().number > 3 && reading().holder.run == "01RUN" }
    #expect(!lease.isLost)
  }

  @Test func `given back while it is being touched, it is gone and stays gone`() throws {
    for _ in 0..<20 {
      guard case .acquired(let lease) = try take(every: .microseconds(10)) else {
        return #expect(Bool(false), "not given back")
      }
      try until { try reading().number > 3 }
      lease.giveBack()
      #expect(!temporary.production.fileSystem.exists(temporary.production.leasePath))
      usleep(1_000)
      #expect(!temporary.production.fileSystem.exists(temporary.production.leasePath))
      withExtendedLifetime(lease) {}
    }
  }

  @Test func `who sees it untouched takes it over, and the old owner learns that it is lost`() throws {
    guard case .acquired(let old) = try take(every: .milliseconds(50)) else {
      return #expect(Bool(false), "not acquired")
    }
    // Whatever was seen last is stale by the word of the caller; a later touch makes it another reading.
    var new: ProductionLease?
    try until {
      if case .acquired(let lease) = try take(stale: try reading()) { new = lease }
      return new != nil
    }
    try until { old.isLost }
    #expect(new?.isLost == false)
    let other = try reading()
    #expect(other.number == 0)
  }

  @Test func `of an owner that is gone from this host it is taken over at once`() throws {
    let files = temporary.production.fileSystem
    for gone in ["boot another\nprocess \(getpid())", "process 2000000000"] {
      let text = """
        nonce 01ARZ3NDEKTSV4RRFFQ69G5FAV
        number 00000000000000000001
        \(gone)
        host \(LockHolder.hostName)
        end 01ARZ3NDEKTSV4RRFFQ69G5FAV

        """
      try files.remove(temporary.production.leasePath)
      try files.writeNew(Array(text.utf8), at: temporary.production.leasePath)
      guard case .acquired(let lease) = try take() else { return #expect(Bool(false), "a dead owner blocks") }
      withExtendedLifetime(lease) {}
    }
  }

  @Test func `file systems of several machines are known by their type`() {
    for type in ["nfs", "nfs4", "cifs", "lustre", "9p", "fuse.sshfs", "virtiofs"] {
      #expect(FileSystem.isShared(type: type), "\(type)")
    }
    for type in ["ext4", "xfs", "btrfs", "tmpfs", "overlay", "zfs"] {
      #expect(!FileSystem.isShared(type: type), "\(type)")
    }
  }
}
