import Foundation
import Glibc
import ObjectStore
import Testing

/// Real processes that try to get away.
@Suite(.timeLimit(.minutes(30))) struct ProcessFamilyTests {
  /// Starts a shell in a group of its own that says, a line each, the ids of what it started.
  private func start(_ script: String, mark: ProcessFamily.Mark, says count: Int) throws -> (
    process: Process, ids: [Int32]
  ) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", script]
    process.environment = ["PATH": "/usr/bin:/bin", mark.name: mark.value]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    var text = Data()
    while text.count(where: { $0 == UInt8(ascii: "\n") }) < count {
      let more = output.fileHandleForReading.availableData
      if more.isEmpty { break }
      text.append(more)
    }
    let ids = String(decoding: text, as: UTF8.self).split(separator: "\n").compactMap { Int32($0) }
    return (process, ids)
  }

  private func mark() -> ProcessFamily.Mark { .init("INTERLOCK_TEST_FAMILY", UUID().uuidString) }

  /// What daemons do: forks twice, leads a session of its own, says who it is.
  private static let daemon = """
    python3 -c 'import os, time
    if os.fork(): os._exit(0)
    os.setsid()
    if os.fork(): os._exit(0)
    os.write(1, b"%d\\n" % os.getpid())
    os.closerange(0, 256)
    time.sleep(1000)'
    """

  @Test func `facts of a process name it for good`() throws {
    let facts = try #require(ProcessFacts(of: getpid()))
    #expect(facts.id == getpid() && facts.parent == getppid() && facts.group == getpgrp())
    #expect(facts.isAlive && !facts.isZombie && facts.memoryBytes > 1 << 20)
    #expect(facts.description.hasSuffix("(pid \(getpid()))"))
    var other = facts
    other.started += 1
    #expect(!other.isAlive, "a later process of the same id is another")
    #expect(ProcessFacts(of: 0) == nil)
  }

  @Test func `children, grandchildren and leavers of the group are found and ended`() throws {
    let (process, ids) = try start(
      "sleep 1000 & echo $!; (sleep 1000 & echo $!; wait) & setsid sleep 1000 & echo $!; wait", mark: mark(),
      says: 3)
    var family = ProcessFamily(leader: process.processIdentifier, mark: nil)
    let living = Set(family.others().map(\.id))
    #expect(ids.count == 3 && living.isSuperset(of: ids))
    let ending = family.end()
    #expect(ending.alive.isEmpty)
    #expect(Set(ending.ended.map(\.id)).isSuperset(of: ids))
    process.waitUntilExit()
    #expect(ids.allSatisfy { ProcessFacts(of: $0)?.isAlive != true })
  }

  @Test func `a daemon is found by its mark after its parents are gone`() throws {
    let mark = mark()
    let (process, ids) = try start(Self.daemon, mark: mark, says: 1)
    // Foundation waits for the end of a descriptor that the daemon has inherited.
    while ProcessFacts(of: process.processIdentifier)?.isAlive == true { usleep(10_000) }
    let daemon = try #require(ids.first)
    #expect(ProcessFamily.marked(mark.name).contains { $0.process.id == daemon && $0.value == mark.value })
    #expect(try #require(ProcessFacts(of: daemon)).isAlive)
    var stranger = ProcessFamily(leader: process.processIdentifier, mark: self.mark())
    #expect(
      stranger.end().ended.isEmpty && ProcessFacts(of: daemon)?.isAlive == true, "another mark is no claim")
    var family = ProcessFamily(leader: process.processIdentifier, mark: mark)
    let ending = family.end()
    #expect(ending.ended.map(\.id) == [daemon] && ending.ended.map(\.name) == ["python3"])
    #expect(ProcessFacts(of: daemon)?.isAlive != true)
  }

  @Test func `a process that was started without an environment has none`() throws {
    let (process, ids) = try start(
      "env -i sleep 1000 & echo $!; sleep 1000 & echo $!; wait", mark: mark(), says: 2)
    #expect(ids.count == 2)
    let bare = try #require(ids.first)
    let other = try #require(ids.last)
    while ProcessFacts(of: bare)?.name != "sleep" { usleep(10_000) }
    // It has a name before it has its environment.
    while try #require(ProcessFacts(of: other)).isWithoutEnvironment { usleep(10_000) }
    #expect(try #require(ProcessFacts(of: bare)).isWithoutEnvironment)
    var family = ProcessFamily(leader: process.processIdentifier, mark: nil)
    #expect(Set(family.end().ended.map(\.id)).isSuperset(of: ids))
    process.waitUntilExit()
  }

  @Test func `memory of a family is the sum of its members`() throws {
    let hungry = "python3 -c 'import time; b = bytearray(64 << 20); print(1, flush=True); time.sleep(1000)'"
    let (process, _) = try start("\(hungry) & \(hungry) & wait", mark: mark(), says: 2)
    var family = ProcessFamily(leader: process.processIdentifier, mark: nil)
    #expect(family.memoryBytes() > 2 * 64 << 20)
    #expect(family.end().alive.isEmpty)
    process.waitUntilExit()
  }

  @Test func `a process without children knows it`() throws {
    let (process, ids) = try start("sleep 1000 & echo $!; wait", mark: mark(), says: 1)
    #expect(ProcessFamily.hasChildren)
    #expect(ProcessFamily.descendants(of: process.processIdentifier).map(\.id) == ids)
    var family = ProcessFamily(leader: process.processIdentifier, mark: nil)
    _ = family.end()
    process.waitUntilExit()
  }
}
