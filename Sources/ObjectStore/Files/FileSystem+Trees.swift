package import Diagnostics
import Glibc

extension FileSystem {
  /// Removes a folder with everything in it, or a file; links are removed, never followed.
  ///
  /// Folders that deny us access are opened up first: they are ours. What vanishes meanwhile is no error.
  ///
  /// - Returns: files removed, and their size in bytes.
  @discardableResult
  package func removeTree(_ path: String) throws(Diagnostic) -> (count: Int, byteCount: Int64) {
    guard let facts = try facts(path) else { return (0, 0) }
    guard facts.isFolder else {
      try remove(path)
      return (1, facts.byteCount)
    }
    if facts.mode & 0o700 != 0o700 { _ = unsafe chmod(path, 0o700) }
    var removed = (count: 0, byteCount: Int64(0))
    for name in try names(in: path) {
      let inside = try removeTree("\(path)/\(name)")
      removed.count += inside.count
      removed.byteCount += inside.byteCount
    }
    try removeFolder(path)
    return removed
  }
}
