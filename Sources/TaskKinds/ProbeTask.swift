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
    var encoder = CanonicalEncoder(domain: "interlock.task.probe", version: version)
    encoder.append(Int64(bitPattern: device))
    encoder.append(Int64(bitPattern: inode))
    encoder.append(byteCount)
    encoder.append(modified)
    encoder.append(changed)
    return encoder.digest()
  }
}
