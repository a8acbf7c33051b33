package import Digests

/// An object and what its maker called it.
package struct ObjectReference: Codable, Hashable, Sendable {
  package var digest: Digest
  package var byteCount: Int64
  /// Name within the task that made it, e.g. `picture.mov`; not a path.
  package var name: String

  package init(digest: Digest, byteCount: Int64, name: String) {
    self.digest = digest
    self.byteCount = byteCount
    self.name = name
  }
}
