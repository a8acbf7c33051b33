package import Digests
package import ImageGraph
package import TaskGraph

/// Renders one frame of a shot before and after its grade, scales both to stills, and draws scopes when asked to.
package enum StillTask: TaskKind {
  package static let identifier = "still"
  package static let version = 1

  /// What the page of scopes says beside its plots.
  package struct Scopes: Hashable, Codable, Sendable, CanonicallyEncodable {
    /// A name and a value under a heading.
    package struct Fact: Hashable, Codable, Sendable {
      package var heading: String
      package var name: String
      package var value: String

      package init(heading: String, name: String, value: String) {
        self.heading = heading
        self.name = name
        self.value = value
      }
    }

    /// Inserted before the extension of the published file; portable.
    package var suffix: String
    package var title: String
    package var subtitle: String
    package var facts: [Fact]

    package init(suffix: String, title: String, subtitle: String, facts: [Fact]) {
      self.suffix = suffix
      self.title = title
      self.subtitle = subtitle
      self.facts = facts
    }

    package func encode(into encoder: inout CanonicalEncoder) {
      encoder.append(suffix)
      encoder.append(title)
      encoder.append(subtitle)
      encoder.append(facts.count)
      for fact in facts {
        encoder.append(fact.heading)
        encoder.append(fact.name)
        encoder.append(fact.value)
      }
    }
  }

  package struct Input: Codable, Sendable {
    package var raster: Raster
    package var before: ImageNode
    package var after: ImageNode
    /// The frame of both nodes that is shown.
    package var frame: Int64
    /// The media behind both, by identity.
    package var media: [String: RenderTask.Media]
    package var scopes: Scopes?
    /// Decoders, kernels and drawing libraries: they decide pixels.
    package var builtBy: String

    package init(
      raster: Raster, before: ImageNode, after: ImageNode, frame: Int64, media: [String: RenderTask.Media],
      scopes: Scopes?, builtBy: String
    ) {
      self.raster = raster
      self.before = before
      self.after = after
      self.frame = frame
      self.media = media
      self.scopes = scopes
      self.builtBy = builtBy
    }
  }

  package struct Output: Codable, Sendable {
    /// R'G'B' of 8 bits, packed: the still before the grade, then the one after it.
    package var stills: Digest
    package var width: Int
    package var height: Int
    /// The page of scopes, if there is one.
    package var files: [MadeFile]

    package init(stills: Digest, width: Int, height: Int, files: [MadeFile]) {
      self.stills = stills
      self.width = width
      self.height = height
      self.files = files
    }
  }

  package static func key(_ input: Input) -> TaskKey {
    var encoder = CanonicalEncoder(domain: "interlock.task.still", version: version)
    encoder.append(input.raster)
    encoder.append(input.before.chain)
    encoder.append(input.after.chain)
    encoder.append(input.frame)
    encoder.append(input.builtBy)
    encoder.append(input.scopes)
    return encoder.digest()
  }
}
