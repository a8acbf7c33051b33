/// Where a worker finds a run of numbered stills, and how it knows that they are still those that were probed.
///
/// Frame n is the n-th member in the order of the numbers.
package struct StillSequence: Hashable, Codable, Sendable {
  package struct Member: Hashable, Codable, Sendable {
    package var number: Int64
    package var byteCount: Int64
    /// Modification time in nanoseconds since 1970.
    package var modified: Int64

    package init(number: Int64, byteCount: Int64, modified: Int64) {
      self.number = number
      self.byteCount = byteCount
      self.modified = modified
    }
  }

  /// Absolute path of every member up to its number.
  package var prefix: String
  /// What follows the number.
  package var suffix: String
  /// Numbers have at least so many digits; 0 for one still without a number.
  package var digits: Int
  /// The declared folder that contains it; a member that leaves it is refused.
  package var root: String
  /// By ascending number.
  package var members: [Member]
  /// Whether the files are at another place than where they were probed, see `MediaLocation`.
  private var isMapped = false

  package init(prefix: String, suffix: String, digits: Int, root: String, members: [Member]) {
    self.prefix = prefix
    self.suffix = suffix
    self.digits = digits
    self.root = root
    self.members = members
  }

  /// One still, which every frame shows.
  package init(_ still: MediaLocation) {
    self.init(
      prefix: still.path, suffix: "", digits: 0, root: still.root,
      members: [Member(number: 0, byteCount: still.byteCount, modified: still.modified)])
  }

  /// The file of a frame, from 0.
  package func location(ofFrame frame: Int) -> MediaLocation {
    let member = members[frame]
    let number = digits == 0 ? "" : "\(member.number)"
    let padding = String(repeating: "0", count: max(0, digits - number.utf8.count))
    return MediaLocation(
      path: prefix + padding + number + suffix, root: root, byteCount: member.byteCount,
      modified: member.modified, isMapped: isMapped)
  }

  private enum CodingKeys: String, CodingKey { case prefix, suffix, digits, root, members }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    prefix = try container.decode(String.self, forKey: .prefix)
    suffix = try container.decode(String.self, forKey: .suffix)
    digits = try container.decode(Int.self, forKey: .digits)
    root = try container.decode(String.self, forKey: .root)
    members = try container.decode([Member].self, forKey: .members)
    guard let mapping = decoder.userInfo[PathMapping.userInfoKey] as? PathMapping,
      let mapped = mapping.destination(of: prefix)
    else { return }
    prefix = mapped + (prefix.hasSuffix("/") && !mapped.hasSuffix("/") ? "/" : "")
    root = mapping.mapped(root)
    isMapped = true
  }
}
