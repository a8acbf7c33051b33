import Glibc
import Synchronization

/// A process that we started and everything that came of it, found and ended to the last one.
///
/// A process can leave its group (`setsid`), its parent (by forking twice) and forget its name. It is found all the same:
/// - it descends from the leader, or from another of the family; or
/// - its parents are gone, and it still carries the leader's group or session, or the family's mark in its
///   environment; or
/// - it was seen in the family before.
///
/// Where this process adopts orphans (`adoptOrphans()`, as the real worker does) those are looked for among its children.
/// Otherwise every process of the machine is looked at when the family is ended. Only a program that clears its
/// environment, leaves its session and loses its parents between two looks escapes a coordinator, and from the real worker
/// not even that one does.
package struct ProcessFamily: Sendable {
  /// A variable in the environment of a family, inherited by all that come of it.
  package struct Mark: Hashable, Sendable {
    package var name: String
    package var value: String

    /// What workers get: the run and the number of the process in it.
    package static let worker = "INTERLOCK_WORKER"
    /// What programs get that a worker starts: the attempt.
    package static let attempt = "INTERLOCK_ATTEMPT"

    package init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  /// What ending a family came to.
  package struct Ending: Hashable, Sendable {
    /// Processes that ran and do not any more, without the leader.
    package var ended: [ProcessFacts] = []
    /// Processes that do not go, for instance because they wait for a dead disk.
    package var alive: [ProcessFacts] = []

    package init() {}
  }

  /// Not reaped while the value is in use: whoever started it does that afterwards.
  package let leader: Int32
  private let mark: Mark?
  private var seen: Set<ProcessFacts> = []
  private static let isAdopting = Atomic<Bool>(false)

  package init(leader: Int32, mark: Mark?) {
    self.leader = leader
    self.mark = mark
  }

  /// Makes this process the parent of all descendants whose own parents end, instead of the machine's first process.
  ///
  /// They have to be reaped then; `end` does so for those of its family. Not for processes that also start others in ways
  /// that cannot live with a dead child nobody knows.
  package static func adoptOrphans() { _ = adoption }

  /// Done once, as it lasts for the life of the process and is asked for before every program.
  private static let adoption: Void = {
    isAdopting.store(true, ordering: .relaxed)
    let setChildSubreaper: Int32 = 36  // PR_SET_CHILD_SUBREAPER of <linux/prctl.h>
    // `prctl` takes a variable number of arguments, which Swift does not call; as a function of five words it is the
    // same call on the machines we run on.
    typealias Call = @convention(c) (Int32, UInt, UInt, UInt, UInt) -> Int32
    guard let symbol = unsafe dlsym(nil, "prctl") else { return }
    _ = unsafe unsafeBitCast(symbol, to: Call.self)(setChildSubreaper, 1, 0, 0, 0)
  }()

  /// All processes below one, however deep; zombies are left out.
  package static func descendants(of process: Int32) -> [ProcessFacts] {
    var found: [ProcessFacts] = []
    var open = [process]
    var visited: Set<Int32> = [process]
    while let parent = open.popLast() {
      for child in children(of: parent) where visited.insert(child).inserted {
        guard let facts = ProcessFacts(of: child) else { continue }
        if !facts.isZombie { found.append(facts) }
        open.append(child)
      }
    }
    return found
  }

  /// Every process of this machine that carries a mark of the name, and its value; those of other users are not seen.
  ///
  /// Reads the environment of every process: for the start and the end of things only.
  package static func marked(_ name: String) -> [(process: ProcessFacts, value: String)] {
    ProcessFiles.numbers(in: "/proc").compactMap { id in
      guard let facts = ProcessFacts(of: id), !facts.isZombie, let value = facts.environmentValue(name) else {
        return nil
      }
      return (facts, value)
    }
  }

  /// Whether this process has children at all, zombies included: one system call.
  package static var hasChildren: Bool {
    var info = unsafe siginfo_t()
    return unsafe waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0
  }

  /// Whether nothing of the family is left but its leader, which is over: one look, where this process adopts orphans and
  /// has no other children. False when that cannot be said so easily.
  package var isGone: Bool {
    // Whatever the leader had below it became ours when it ended.
    Self.isAdopting.load(ordering: .relaxed) && seen.isEmpty && Self.adopted == [leader]
      && ProcessFacts(of: leader)?.isZombie == true
  }

  /// The living members, without the leader.
  package mutating func others() -> [ProcessFacts] {
    others(among: Self.isAdopting.load(ordering: .relaxed) ? Self.adopted : [])
  }

  /// - Parameter candidates: processes that may be of the family though none of it is their parent.
  private mutating func others(among candidates: [Int32]) -> [ProcessFacts] {
    var found = Self.descendants(of: leader)
    for child in candidates where child != leader {
      guard let facts = ProcessFacts(of: child), belongs(facts) else { continue }
      found.append(facts)
      found += Self.descendants(of: child)
    }
    // A descendant that left us all, for instance to another subreaper.
    for facts in seen where facts.isAlive { found.append(facts) }
    var ids: Set<Int32> = [leader]
    found = found.filter { !$0.isZombie && ids.insert($0.id).inserted }
    seen = Set(found)
    return found
  }

  /// Own memory of the leader and all others, in bytes.
  package mutating func memoryBytes() -> Int64 {
    others().reduce(ProcessFacts(of: leader)?.memoryBytes ?? 0) { $0 + $1.memoryBytes }
  }

  /// Kills the leader's group and every other member until none is left, and reaps those that became ours.
  ///
  /// Blocks; call it on a thread that may wait.
  /// - Parameter limit: how long to wait for killed processes to go.
  package mutating func end(within limit: Duration = .seconds(5)) -> Ending {
    let deadline = ContinuousClock.now + limit
    var ending = Ending()
    let isAdopting = Self.isAdopting.load(ordering: .relaxed)
    func everybody() -> [Int32] { isAdopting ? Self.adopted : ProcessFiles.numbers(in: "/proc") }
    // Known before the first blow, so that everybody is named who falls.
    var met = Set(others(among: everybody()))
    var isChecked = met.isEmpty && ProcessFacts(of: leader)?.isAlive != true
    var pause: UInt32 = 500
    while true {
      // What leads no group of its own must not take ours along.
      let chief = ProcessFacts(of: leader)
      if let chief { _ = kill(chief.group == leader ? -leader : leader, SIGKILL) }
      let others = others(among: isAdopting ? Self.adopted : [])
      for member in others { member.send(SIGKILL) }
      met.formUnion(others)
      reap(met)
      let left = met.filter(\.isAlive)
      let isLeaderAlive = chief?.isAlive ?? false
      var isOver = others.isEmpty && left.isEmpty && !isLeaderAlive
      if isOver, !isChecked {
        // One of them may have had a child in its last moment.
        let late = self.others(among: everybody())
        met.formUnion(late)
        isOver = late.isEmpty
        isChecked = isOver
      }
      if isOver || ContinuousClock.now > deadline {
        ending.alive = left.sorted { $0.id < $1.id }
        if let chief, isLeaderAlive { ending.alive.insert(chief, at: 0) }
        ending.ended = met.subtracting(left).sorted { $0.id < $1.id }
        return ending
      }
      usleep(pause)
      pause = min(pause * 2, 50_000)
    }
  }

  /// Reaps every child that is over; only for a process that waits for none of its children at this moment.
  package static func reapChildren() {
    while waitpid(-1, nil, WNOHANG) > 0 {}
  }

  // MARK: Looking

  private static func children(of process: Int32) -> [Int32] {
    ProcessFiles.numbers(in: "/proc/\(process)/task").flatMap { children(of: process, thread: $0) }
  }

  private static func children(of process: Int32, thread: Int32) -> [Int32] {
    guard let text = ProcessFiles.read("/proc/\(process)/task/\(thread)/children", atMost: 1 << 20) else {
      return []
    }
    return text.split(separator: UInt8(ascii: " ")).compactMap { Int32(ascii: $0) }
  }

  /// Children of our main thread: the kernel gives orphans to the oldest thread that lives.
  private static var adopted: [Int32] { children(of: getpid(), thread: getpid()) }

  private func belongs(_ process: ProcessFacts) -> Bool {
    if process.group == leader || process.session == leader { return true }
    guard let mark else { return false }
    // One of ours that is just becoming another program shows in a moment whose it is.
    var looks = Self.isAdopting.load(ordering: .relaxed) ? 100 : 0
    while looks > 0, process.isWithoutEnvironment, process.isAlive {
      looks -= 1
      usleep(500)
    }
    return process.environmentValue(mark.name) == mark.value
  }

  /// Zombies among our children that are of the family: members, and the links between daemons and their makers.
  private func reap(_ members: Set<ProcessFacts>) {
    guard Self.isAdopting.load(ordering: .relaxed) else { return }
    let sessions = Set(members.map(\.session)).union([leader])
    for child in Self.adopted where child != leader {
      guard let facts = ProcessFacts(of: child), facts.isZombie else { continue }
      if members.contains(facts) || sessions.contains(facts.session) || facts.group == leader {
        _ = waitpid(child, nil, WNOHANG)
      }
    }
  }
}
