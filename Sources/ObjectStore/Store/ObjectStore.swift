import Diagnostics
package import Digests
package import TaskGraph

/// Immutable contents named by their SHA-256, and the results that say which task made them.
///
/// A result file is the commit of a task: it gets its name by `link(2)` when everything it refers to is
/// durable. Any number of processes on any number of machines may use one store at once; whoever is second
/// with an object or a result loses without harm. All calls block.
package struct ObjectStore: Sendable {
  package let production: Production
  package let fileSystem: FileSystem
  /// What this store and its copies found lost or damaged.
  package let losses = LossLog()

  package init(_ production: Production) {
    self.production = production
    fileSystem = production.fileSystem
  }

  /// `objects/<2 hex>/<62 hex>`.
  package func path(of digest: Digest) -> String {
    let hex = digest.hex
    return "\(production.objectsFolder)/\(hex.prefix(2))/\(hex.dropFirst(2))"
  }

  /// `results/<2 hex>/<key>.json`.
  package func resultPath(of key: TaskKey) -> String {
    let hex = key.hex
    return "\(production.resultsFolder)/\(hex.prefix(2))/\(hex).json"
  }

  /// Moves a file that is not what its name says out of the way, so that it is made again.
  ///
  /// - Parameter seen: the file that was found damaged. If another process has replaced it meanwhile, the
  ///   new one is put back.
  func quarantine(
    _ path: String, seen: FileSystem.Facts, because reason: String = "it is not what was written"
  ) throws(Diagnostic) {
    try fileSystem.createFolder(production.quarantineFolder)
    let aside = "\(production.quarantineFolder)/\(ULID.next())-\(FileSystem.lastName(of: path))"
    guard try fileSystem.move(path, to: aside) else { return }
    if let moved = try fileSystem.facts(aside), !moved.isSameFile(as: seen) {
      _ = try fileSystem.link(aside, to: path)
      try fileSystem.remove(aside)
    } else {
      losses.note(
        "store.damaged", at: fileSystem.relative(path),
        "taken out of use, because \(reason); kept as \(fileSystem.relative(aside)), and made again when needed"
      )
    }
    try fileSystem.syncFolder(FileSystem.parent(of: path))
  }
}
