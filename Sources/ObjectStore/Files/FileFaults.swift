/// A call to the system that can fail, as injected faults see it.
package enum FileOperation: String, CaseIterable, Sendable {
  case create, write, sync, syncAll, setMode, setTime, clone
  case link, move, remove
  case makeFolder, removeFolder
  case lock
}

/// A failure that a test wants instead of what the system would do.
package struct FileFault: Hashable, Sendable {
  /// The `errno`.
  package var code: Int32
  /// For writes: half of the bytes reach the file first, as on a disk that fills up under them.
  package var isTorn: Bool

  package init(_ code: Int32, isTorn: Bool = false) {
    self.code = code
    self.isTorn = isTorn
  }
}

/// A disk that fails when a test wants it to; see `FileSystem.$injected`.
package protocol FileFaults: Sendable {
  /// Asked before every operation that changes the disk.
  ///
  /// - Returns: how it fails; `nil` lets it happen.
  func fault(in operation: FileOperation, on path: String) -> FileFault?
}
