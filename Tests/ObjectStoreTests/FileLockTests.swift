import Foundation
import Glibc
import ObjectStore
import Testing

@Suite struct FileLockTests {
  private let temporary: TemporaryProduction

  init() throws {
    temporary = try TemporaryProduction()
  }

  private func tryLock() throws -> FileLock.State {
    try FileLock.tryLock(temporary.production.coordinatorLockPath, in: temporary.production.fileSystem)
  }

  @Test func `a second taker learns who holds it`() throws {
    guard case .acquired(let lock) = try tryLock() else {
      Issue.record("a free lock was not acquired")
      return
    }
    guard case .held(by: let holder) = try tryLock() else {
      Issue.record("the lock was taken twice")
      return
    }
    #expect(holder?.process == getpid())
    #expect(holder?.host == LockHolder.hostName)
    #expect(holder?.since.hasSuffix("Z") == true)
    withExtendedLifetime(lock) {}
  }

  @Test func `a lock is free when its holder is gone`() throws {
    do { _ = try tryLock() }
    guard case .acquired = try tryLock() else {
      Issue.record("the lock outlived its holder")
      return
    }
  }

  @Test func `a child process does not inherit the lock`() throws {
    var lock: FileLock.State? = try tryLock()
    let child = Process()
    child.executableURL = URL(fileURLWithPath: "/bin/sleep")
    child.arguments = ["30"]
    try child.run()
    defer { child.terminate() }
    lock = nil
    guard case .acquired = try tryLock() else {
      Issue.record("the child kept the lock")
      return
    }
    withExtendedLifetime(lock) {}
  }

  @Test func `the lock of a killed process is free and its text means nothing`() throws {
    // What a killed holder leaves is the file with its text.
    try temporary.write("1 elsewhere 2020-01-01T00:00:00.000Z\n", to: temporary.attempt.lockPath)
    guard case .acquired = try temporary.attempt.tryLock() else {
      Issue.record("a dead holder blocks")
      return
    }
    #expect(try temporary.text(temporary.attempt.lockPath).hasPrefix("process \(getpid())\n"))
  }

  @Test func `a holder that has not written its name yet is unknown`() throws {
    let held = try tryLock()
    try temporary.write("", to: temporary.production.root + "/empty")
    #expect(unsafe truncate(temporary.production.coordinatorLockPath, 0) == 0)
    guard case .held(by: nil) = try tryLock() else {
      Issue.record("a holder was made up")
      return
    }
    withExtendedLifetime(held) {}
  }
}

@Suite struct AttemptFolderTests {
  private let temporary: TemporaryProduction

  init() throws {
    temporary = try TemporaryProduction()
  }

  @Test func `attempts are listed oldest first and strangers are not`() throws {
    let second = try AttemptFolder.create(in: temporary.production)
    let third = try AttemptFolder.create(in: temporary.production)
    try temporary.write("", to: temporary.production.attemptsFolder + "/notes.txt")
    #expect(try AttemptFolder.ids(in: temporary.production) == [temporary.attempt.id, second.id, third.id])
    #expect(AttemptFolder.open(id: second.id, in: temporary.production) == second)
    #expect(AttemptFolder.open(id: "../objects", in: temporary.production) == nil)
    #expect(AttemptFolder.open(id: ULID.next().description, in: temporary.production) == nil)
  }

  @Test func `an id is used once`() throws {
    let id = ULID.next()
    _ = try AttemptFolder.create(in: temporary.production, id: id)
    #expect(throws: (any Error).self) { try AttemptFolder.create(in: temporary.production, id: id) }
  }

  @Test func `the sweep takes parts and leaves the story`() throws {
    try temporary.attempt.writeTask(Array("{}".utf8))
    try temporary.attempt.writeExit(Array("{}".utf8))
    try temporary.write("log", to: temporary.attempt.logPath)
    try temporary.write("half a picture", to: temporary.attempt.path + "/segment.part")
    try temporary.write("half", to: temporary.attempt.path + "/other.part")
    let swept = try temporary.attempt.sweepParts()
    #expect(swept == (2, 18))
    #expect(
      try temporary.files(under: ".interlock/attempts/\(temporary.attempt.id)") == [
        "exit.json", "log.txt", "task.json",
      ])
    try temporary.attempt.remove()
    #expect(try AttemptFolder.ids(in: temporary.production) == [])
  }

  @Test func `a task is told once`() throws {
    try temporary.attempt.writeTask([1])
    #expect(throws: (any Error).self) { try temporary.attempt.writeTask([2]) }
  }
}
