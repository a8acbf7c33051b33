package import Digests
package import TaskGraph

/// The kind of the results that hold segments.
package let segmentKind = "segment"

/// Encoded frames that were made together: the output of a `segment` result.
///
/// The object holds the packets one after the other and then the 32 bytes of the key, so that no two segments have one
/// object, until all of them are in a file that was assembled of them: from then on they lie there, and are stored once
/// (`moveSegment`). Where each frame can be used alone,
/// frame *i* of the segment is the picture of source frame `first + i * step` of the chain. Of a group of
/// pictures that lean on each other these three are nil: it is found by its key, as a whole.
package struct SegmentRecord: Codable, Hashable, Sendable {
  package var encoding: Digest
  package var chain: Digest?
  package var first: Int64?
  /// Source frames from one frame to the next; negative when played backwards, 0 for a held frame.
  package var step: Int64?
  package var count: Int64
  package var object: Digest
  /// Where every frame has become a file of its own, the object of each; then `object` is the first of them.
  package var files: [Digest]?
  /// In whose files the frames lie; nil for a segment with an object of its own, and for one that an earlier program moved.
  package var assembly: TaskKey?
  /// One entry per frame, in frame order.
  package var packets: [PacketEntry]
  package var evidence: SegmentEvidence

  package init(
    encoding: Digest, chain: Digest, first: Int64, step: Int64, count: Int64, object: Digest,
    packets: [PacketEntry], evidence: SegmentEvidence
  ) {
    self.encoding = encoding
    self.chain = chain
    self.first = first
    self.step = step
    self.count = count
    self.object = object
    self.packets = packets
    self.evidence = evidence
  }

  /// A group of pictures.
  package init(
    encoding: Digest, count: Int64, object: Digest, packets: [PacketEntry], evidence: SegmentEvidence
  ) {
    self.encoding = encoding
    self.count = count
    self.object = object
    self.packets = packets
    self.evidence = evidence
  }
}

extension SegmentRecord {
  /// Whether an object is as long as its packets with the key behind them; those of earlier programs have no key.
  package func isSigned(_ object: ObjectReference) -> Bool {
    object.byteCount == packets.reduce(0) { $0 + Int64($1.size) } + 32
  }

  /// The object that holds a frame.
  package func object(ofFrame index: Int) -> Digest {
    guard let files, files.indices.contains(index) else { return object }
    return files[index]
  }
}

/// Where one encoded frame lies in the object of its segment.
package struct PacketEntry: Codable, Hashable, Sendable {
  package var offset: Int64
  package var size: Int
  /// The first 32 hexadecimal digits of the SHA-256 of the packet.
  package var digest: String

  package init(offset: Int64, size: Int, digest: String) {
    self.offset = offset
    self.size = size
    self.digest = digest
  }
}

/// What was measured when the task that made a segment decoded it in full.
package struct SegmentEvidence: Codable, Hashable, Sendable {
  package var decodedFrames: Int
  /// Of all frames, against the pictures that were encoded, in decibels; `nil` when it was not measured.
  package var lowestPSNR: Double?
  /// Bytes.
  package var largestPacket: Int

  package init(decodedFrames: Int, lowestPSNR: Double?, largestPacket: Int) {
    self.decodedFrames = decodedFrames
    self.lowestPSNR = lowestPSNR
    self.largestPacket = largestPacket
  }
}
