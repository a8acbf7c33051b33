import Digests
package import Editorial
package import TaskGraph

/// Reads what a run of numbered stills is; its identity is a hash over its members in order.
package enum SequenceProbeTask: TaskKind {
  package static let identifier = "probe-sequence"
  package static let version = 1

  package struct Input: Codable, Sendable {
    package var sequence: StillSequence

    package init(sequence: StillSequence) { self.sequence = sequence }
  }

  package struct Output: Codable, Sendable {
    package var facts: MediaFacts

    package init(facts: MediaFacts) { self.facts = facts }
  }

  /// A member as the file system knows it: what changes when its content does.
  package struct Stamp: Hashable, Sendable {
    package var device: UInt64
    package var inode: UInt64
    package var changed: Int64

    package init(device: UInt64, inode: UInt64, changed: Int64) {
      self.device = device
      self.inode = inode
      self.changed = changed
    }
  }

  /// - Parameter stamps: one for each member, in order.
  package static func key(_ sequence: StillSequence, stamps: [Stamp]) -> TaskKey {
    var recipe = KeyRecipe(kind: identifier, version: version)
    recipe.add("members", stamps.count)
    for (member, stamp) in zip(sequence.members, stamps) {
      recipe.add("device", Int64(bitPattern: stamp.device))
      recipe.add("inode", Int64(bitPattern: stamp.inode))
      recipe.add("bytes", member.byteCount)
      recipe.add("modified", member.modified)
      recipe.add("changed", stamp.changed)
    }
    return recipe.key
  }

  /// What can be said of stills of which only the key is left.
  package static func ingredients(_ sequence: StillSequence, key: TaskKey) -> [Ingredient] {
    let group = "stills \(MediaNames.file(of: sequence.prefix))…\(sequence.suffix)"
    return [
      Ingredient("version", "\(version)", group: "code of \(identifier)"),
      Ingredient("members", "\(sequence.members.count)", group: group),
      Ingredient("bytes", "\(sequence.members.reduce(0) { $0 + $1.byteCount })", group: group),
      Ingredient(Ingredient.digest, key.shortHex, group: group),
    ]
  }
}
