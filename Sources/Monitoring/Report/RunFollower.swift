package import Diagnostics
package import Engine
import Glibc
import ObjectStore

/// Reads the history of a run a piece at a time, and goes on where it stopped: what was read is not read again while
/// the run goes on.
///
/// When its files are replaced, everything is read anew.
package struct RunFollower: Sendable {
  package private(set) var history: RunHistory
  private let folder: RunFolder
  private var tail: RunTail
  private var plan = PlanTasks()
  /// Bytes of the plan that were read.
  private var planOffset: Int64 = 0
  /// The plan as it was when its first piece was read: it never changes.
  private var planStamp: Stamp?

  /// What differs between two files.
  private struct Stamp: Hashable {
    var inode: UInt64
    var byteCount: Int64
    var modified: [Int64]

    init(_ facts: FileSystem.Facts) {
      (inode, byteCount) = (facts.inode, facts.byteCount)
      modified = [facts.modifiedSeconds, facts.modifiedNanoseconds]
    }
  }

  package init(_ folder: RunFolder) {
    self.folder = folder
    history = RunHistory(run: folder.id)
    tail = RunTail(path: folder.eventsPath)
  }

  /// Reads the next piece, which takes some hundredths of a second.
  ///
  /// - Returns: whether there is more.
  /// - Throws: `failed`, `run.unreadable`, when the plan of the run cannot be read.
  package mutating func read() throws(Diagnostic) -> Bool {
    guard let facts = try folder.production.fileSystem.facts(folder.planPath) else {
      throw unreadable("there is no plan.json in the folder of the run")
    }
    let stamp = Stamp(facts)
    if let planStamp, planStamp != stamp { self = RunFollower(folder) }
    planStamp = stamp
    if history.heading == nil { history.add(heading: try? folder.heading()) }
    guard plan.isWhole else {
      try readPlan()
      return true
    }
    let events = tail.look()
    guard tail.restarts == 0 else {
      self = RunFollower(folder)
      return true
    }
    for event in events { history.apply(event) }
    return tail.hasMore
  }

  /// Bytes of the plan that are read at a time.
  private static let piece = 256 << 10

  private mutating func readPlan() throws(Diagnostic) {
    let descriptor = unsafe open(folder.planPath, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard descriptor >= 0 else { throw unreadable("its plan.json cannot be opened") }
    defer { _ = close(descriptor) }
    var buffer = [UInt8](repeating: 0, count: Self.piece)
    let count = unsafe buffer.withUnsafeMutableBytes { bytes in
      unsafe pread(descriptor, bytes.baseAddress, bytes.count, Int(planOffset))
    }
    guard count > 0 else { throw unreadable("its plan.json is cut short") }
    planOffset += Int64(count)
    do {
      var reading = plan
      try reading.take(buffer[..<count]) { try history.add($1, of: $0) }
      if reading.isWhole { history.endPlan() }
      plan = reading
    } catch {
      throw unreadable("its plan.json cannot be read: \(error)")
    }
  }

  private func unreadable(_ message: String) -> Diagnostic {
    Diagnostic(
      family: .failed, code: "run.unreadable", message: "run \(folder.id): \(message)",
      remedy: "Name another run; they are in .interlock/runs.")
  }
}
