package import Digests
package import ImageGraph
import MediaTime
package import TaskGraph

/// Renders one frame of a shot before and after its grade, scales both to stills, and draws scopes when asked to.
package enum StillTask: DescribedTask {
  package static let identifier = "still"
  package static let version = 2

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

  package static func describe(_ input: Input, names: KeyNames, in recipe: inout KeyRecipe) {
    recipe.add(group: nil, words: [Ingredient("raster", "\(input.raster)", group: "still")]) {
      $0.append(input.raster)
    }
    recipe.add(group: nil, words: words(input, names: names).before) { $0.append(input.before.chain) }
    recipe.add(group: nil, words: words(input, names: names).after) { $0.append(input.after.chain) }
    recipe.add("frame", input.frame, group: "still")
    recipe.addBuild(input.builtBy)
    recipe.add(
      group: "scopes",
      words: (input.scopes?.facts ?? []).map {
        Ingredient("\($0.heading) \($0.name)", $0.value, group: "scopes")
      }
    ) { $0.append(input.scopes) }
  }

  /// The operations of both pictures; of the one before the grade only what the other does not have.
  private static func words(_ input: Input, names: KeyNames) -> (before: [Ingredient], after: [Ingredient]) {
    let shown = FrameRange(start: input.frame, count: 1)
    let subject = names.subjects(of: input.after.chain, frames: shown)[0]
    var after = PictureWords(names: names, media: input.media)
    after.add(input.after, about: subject)
    var before = PictureWords(names: names, media: input.media)
    before.add(input.before, about: subject)
    let shared = Set(after.ingredients)
    let own = before.ingredients.filter { !shared.contains($0) }.map { ingredient in
      var copy = ingredient
      copy.group = "before the grade, \(ingredient.group ?? "")"
      return copy
    }
    return (own, after.ingredients)
  }
}
