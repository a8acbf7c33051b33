package import Delivery
package import Digests
package import ImageGraph
package import MediaTime
package import TaskGraph

/// Makes frames of one chain in one encoding, in segments that are committed one by one.
package enum RenderTask: TaskKind {
  package static let identifier = "render"
  package static let version = 1

  /// Consecutive source frames of the task's chain, committed together under their own key.
  package struct Segment: Hashable, Codable, Sendable {
    package var key: TaskKey
    package var first: Int64
    package var count: Int64

    package init(encoding: Digest, chain: Digest, first: Int64, count: Int64) {
      self.first = first
      self.count = count
      var encoder = CanonicalEncoder(domain: "interlock.segment", version: RenderTask.version)
      encoder.append(encoding)
      encoder.append([FrameRun(chain: chain, first: first, step: 1, count: count)])
      key = encoder.digest()
    }
  }

  /// A media file, or a run of numbered stills, that frames are read from.
  package struct Media: Hashable, Codable, Sendable {
    /// Of a sequence its first member.
    package var location: MediaLocation
    package var sequence: StillSequence?
    /// Width over height of a source pixel, as the probe found it; part of the media's identity.
    package var sampleAspect: Rational

    package init(location: MediaLocation, sequence: StillSequence? = nil, sampleAspect: Rational) {
      self.location = location
      self.sequence = sequence
      self.sampleAspect = sampleAspect
    }
  }

  package struct Input: Codable, Sendable {
    package var encoding: Encoding
    package var encodingDigest: Digest
    package var node: ImageNode
    package var chain: Digest
    /// The media behind the chain's sources, by identity; none for generated pictures.
    package var media: [String: Media]
    package var segments: [Segment]

    package init(
      encoding: Encoding, node: ImageNode, chain: Digest, media: [String: Media],
      segments: [Segment]
    ) {
      self.encoding = encoding
      encodingDigest = encoding.digest
      self.node = node
      self.chain = chain
      self.media = media
      self.segments = segments
    }
  }

  package struct Output: Codable, Sendable {
    package var segments: [TaskKey]

    package init(segments: [TaskKey]) { self.segments = segments }
  }

  package static func key(_ input: Input) -> TaskKey {
    var encoder = CanonicalEncoder(domain: "interlock.task.render", version: version)
    for segment in input.segments { encoder.append(segment.key) }
    return encoder.digest()
  }
}
