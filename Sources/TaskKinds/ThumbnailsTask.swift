package import Digests
package import ImageGraph
package import TaskGraph

/// Makes small JPEG pictures of frames of one media file, for pages.
package enum ThumbnailsTask: DescribedTask {
  package static let identifier = "thumbnails"
  package static let version = 1
  /// Width of every picture; its height follows from the shape of the source.
  package static let width = 160
  /// Frames of one task at the most.
  package static let mostFrames = 64

  package struct Input: Codable, Sendable {
    /// The source, sized to the raster.
    package var node: ImageNode
    package var raster: Raster
    /// Ascending.
    package var frames: [Int64]
    /// The media behind the node, by identity.
    package var media: [String: RenderTask.Media]
    /// Decoders, kernels and the encoder: they decide pixels.
    package var builtBy: String

    package init(
      node: ImageNode, raster: Raster, frames: [Int64], media: [String: RenderTask.Media], builtBy: String
    ) {
      self.node = node
      self.raster = raster
      self.frames = frames
      self.media = media
      self.builtBy = builtBy
    }
  }

  package struct Output: Codable, Sendable {
    /// The pictures after each other, in the order of the frames.
    package var pictures: Digest
    package var byteCounts: [Int]

    package init(pictures: Digest, byteCounts: [Int]) {
      self.pictures = pictures
      self.byteCounts = byteCounts
    }
  }

  package static func describe(_ input: Input, names: KeyNames, in recipe: inout KeyRecipe) {
    recipe.add(group: nil, words: words(input, names: names)) { $0.append(input.node.chain) }
    recipe.add(group: nil, words: [Ingredient("raster", "\(input.raster)")]) { $0.append(input.raster) }
    recipe.add("count", input.frames.count, group: Ingredient.frames)
    for frame in input.frames { recipe.add("", frame, group: Ingredient.frames) }
    recipe.addBuild(input.builtBy)
  }

  private static func words(_ input: Input, names: KeyNames) -> [Ingredient] {
    var words = PictureWords(names: names, media: input.media)
    words.add(input.node)
    return words.ingredients
  }
}
