import Glibc
import ObjectStore
import Synchronization

/// A disk that fails at one operation, or from one on, and counts what it is asked.
final class FailingDisk: FileFaults {
  enum Mode: Hashable, Sendable {
    /// Everything works; for counting.
    case never
    /// The operation with this number fails, once.
    case once(Int, code: Int32)
    /// All writing from this operation on fails: a disk that filled up.
    case from(Int, code: Int32)
    /// Nothing happens any more from this operation on: what a killed process leaves.
    case dead(Int)
  }

  private struct State {
    var count = 0
    var inodesToSync: [UInt64: String] = [:]
    var namesToSync: [String] = []
  }

  private let mode: Mode
  private let root: String
  private let state = Mutex(State())

  init(_ mode: Mode, root: String) {
    self.mode = mode
    self.root = root
  }

  var count: Int { state.withLock { $0.count } }

  func fault(in operation: FileOperation, on path: String) -> FileFault? {
    // Other tests' productions are not ours.
    guard path.hasPrefix(root) else { return nil }
    let number = state.withLock { state in
      defer { state.count += 1 }
      return state.count
    }
    switch mode {
    case .never: break
    case .once(let index, let code):
      if number == index { return FileFault(code, isTorn: true) }
    case .from(let index, let code):
      // A full disk still lets files be removed.
      let needsRoom = ![.remove, .removeFolder, .lock, .setMode, .setTime].contains(operation)
      if number >= index, needsRoom || code != ENOSPC { return FileFault(code, isTorn: true) }
    case .dead(let index):
      if number >= index { return FileFault(EIO, isTorn: number == index) }
    }
    note(operation, path)
    return nil
  }

  /// Notes what a power failure would cost.
  private func note(_ operation: FileOperation, _ path: String) {
    var raw = stat()
    let inode = unsafe lstat(path, &raw) == 0 ? UInt64(raw.st_ino) : nil
    state.withLock { state in
      switch operation {
      case .create, .link, .makeFolder: state.namesToSync.append(path)
      case .write: if let inode { state.inodesToSync[inode] = path }
      case .syncAll: (state.inodesToSync, state.namesToSync) = ([:], [])
      case .sync:
        if let inode { state.inodesToSync[inode] = nil }
        state.namesToSync.removeAll { FileSystem.parent(of: $0) == path }
      default: break
      }
    }
  }

  /// Makes the disk what it may be after the power has failed: contents that were not synced are cut in half, under
  /// whatever name they are now, and names that were not synced are gone.
  func failPower(keepingNames: Bool) {
    let (inodes, names) = state.withLock { ($0.inodesToSync, $0.namesToSync) }
    for path in Self.files(below: root) {
      var raw = stat()
      guard unsafe lstat(path, &raw) == 0, inodes[UInt64(raw.st_ino)] != nil else { continue }
      _ = unsafe chmod(path, 0o644)
      _ = unsafe truncate(path, raw.st_size / 2)
    }
    guard !keepingNames else { return }
    for path in names.reversed() {
      if unsafe unlink(path) != 0 { _ = unsafe rmdir(path) }
    }
  }

  private static func files(below folder: String) -> [String] {
    let system = FileSystem(root: folder)
    return ((try? system.names(in: folder)) ?? []).flatMap { name -> [String] in
      let path = "\(folder)/\(name)"
      guard let facts = try? system.facts(path) else { return [] }
      return facts.isFolder ? files(below: path) : [path]
    }
  }
}
