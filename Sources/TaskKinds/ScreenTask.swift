import Digests
package import ImageGraph
package import TaskGraph

/// Measures the colour of a green or blue screen in one frame of a plate.
package enum ScreenTask: DescribedTask {
  package static let identifier = "sample-screen"
  package static let version = 1

  package struct Input: Codable, Sendable {
    package var source: PictureSource
    package var media: RenderTask.Media
    package var frame: Int64
    /// x, y, width and height in pixels of the plate; nil for all of it.
    package var part: [Int]?

    package init(source: PictureSource, media: RenderTask.Media, frame: Int64, part: [Int]?) {
      self.source = source
      self.media = media
      self.frame = frame
      self.part = part
    }
  }

  package struct Output: Codable, Sendable {
    /// Display-coded R', G', B', 0…1; nil where nothing is green or blue.
    package var screen: [Double]?

    package init(screen: [Double]?) { self.screen = screen }
  }

  package static func describe(_ input: Input, names: KeyNames, in recipe: inout KeyRecipe) {
    recipe.add(group: nil, words: words(input)) { $0.append(input.source) }
    recipe.add("frame", input.frame)
    recipe.add("numbers of the part", input.part?.count ?? 0)
    for (index, value) in (input.part ?? []).enumerated() { recipe.add("part \(index + 1)", value) }
  }

  private static func words(_ input: Input) -> [Ingredient] {
    var words = PictureWords(names: .none, media: [input.source.media.hex: input.media])
    words.add(.source(input.source))
    return words.ingredients
  }
}
