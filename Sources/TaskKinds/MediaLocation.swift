/// Where a worker finds a media file, and how it knows that it is still the file that was probed.
package struct MediaLocation: Hashable, Codable, Sendable {
  /// Absolute path.
  package var path: String
  /// The declared media root that contains it; a path that leaves the root is refused.
  package var root: String
  package var byteCount: Int64
  /// Modification time in nanoseconds since 1970.
  package var modified: Int64
  /// Whether the path is another than the one that was probed: a copy, or another mount, made known by `PathMapping`.
  package private(set) var isMapped = false

  package init(path: String, root: String, byteCount: Int64, modified: Int64, isMapped: Bool = false) {
    self.path = path
    self.root = root
    self.byteCount = byteCount
    self.modified = modified
    self.isMapped = isMapped
  }

  private enum CodingKeys: String, CodingKey { case path, root, byteCount, modified }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    path = try container.decode(String.self, forKey: .path)
    root = try container.decode(String.self, forKey: .root)
    byteCount = try container.decode(Int64.self, forKey: .byteCount)
    modified = try container.decode(Int64.self, forKey: .modified)
    guard let mapping = decoder.userInfo[PathMapping.userInfoKey] as? PathMapping,
      let mapped = mapping.destination(of: path)
    else { return }
    path = mapped
    root = mapping.mapped(root)
    isMapped = true
  }
}
