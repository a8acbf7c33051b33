package import Digests

/// A file that a task made and that can be published: an object of the store and what its name ends in.
package struct MadeFile: Hashable, Codable, Sendable {
  package var object: Digest
  package var byteCount: Int64
  /// Inserted before the extension, e.g. `dialogue.5.1`; empty for the asset itself.
  package var suffix: String
  package var fileExtension: String

  package init(object: Digest, byteCount: Int64, suffix: String, fileExtension: String) {
    self.object = object
    self.byteCount = byteCount
    self.suffix = suffix
    self.fileExtension = fileExtension
  }
}

/// The part of a task's output that names its files; any output with a key `files` of this shape can be published.
package struct MadeFiles: Codable, Sendable {
  package var files: [MadeFile]
}
