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
    var encoder = CanonicalEncoder(domain: "interlock.task.probe-sequence", version: version)
    encoder.append(stamps.count)
    for (member, stamp) in zip(sequence.members, stamps) {
      encoder.append(Int64(bitPattern: stamp.device))
      encoder.append(Int64(bitPattern: stamp.inode))
      encoder.append(member.byteCount)
      encoder.append(member.modified)
      encoder.append(stamp.changed)
    }
    return encoder.digest()
  }
}
