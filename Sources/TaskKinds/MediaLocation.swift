/// Where a worker finds a media file, and how it knows that it is still the file that was probed.
package struct MediaLocation: Hashable, Codable, Sendable {
  /// Absolute path.
  package var path: String
  /// The declared media root that contains it; a path that leaves the root is refused.
  package var root: String
  package var byteCount: Int64
  /// Modification time in nanoseconds since 1970.
  package var modified: Int64

  package init(path: String, root: String, byteCount: Int64, modified: Int64) {
    self.path = path
    self.root = root
    self.byteCount = byteCount
    self.modified = modified
  }
}
