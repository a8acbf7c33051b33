import Digests
package import Editorial
package import TaskGraph

/// Reads what a media file is: streams, timecode, reel, the container's index and with it the identity.
package enum ProbeTask: TaskKind {
  package static let identifier = "probe"
  package static let version = 1

  package struct Input: Codable, Sendable {
    package var media: MediaLocation

    package init(media: MediaLocation) { self.media = media }
  }

  package struct Output: Codable, Sendable {
    package var facts: MediaFacts

    package init(facts: MediaFacts) { self.facts = facts }
  }

  /// Names the file by what changes when its content does, so that an untouched file is read once.
  package static func key(device: UInt64, inode: UInt64, byteCount: Int64, modified: Int64, changed: Int64)
    -> TaskKey
  {
    var recipe = KeyRecipe(kind: identifier, version: version)
    recipe.add("device", Int64(bitPattern: device))
    recipe.add("inode", Int64(bitPattern: inode))
    recipe.add("bytes", byteCount)
    recipe.add("modified", modified)
    recipe.add("changed", changed)
    return recipe.key
  }

  /// What can be said of a file of which only the key is left: inodes and dates mean nothing to people.
  package static func ingredients(_ media: MediaLocation, key: TaskKey) -> [Ingredient] {
    let group = "file \(MediaNames.file(of: media.path))"
    return [
      Ingredient("version", "\(version)", group: "code of \(identifier)"),
      Ingredient("bytes", "\(media.byteCount)", group: group),
      Ingredient("modified", "\(media.modified)", group: group),
      Ingredient(Ingredient.digest, key.shortHex, group: group),
    ]
  }
}
