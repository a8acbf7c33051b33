package import Digests
package import TaskGraph

/// Puts a conform report and its thumbnails together as a page.
package enum ConformPageTask: DescribedTask {
  package static let identifier = "conform-page"
  package static let version = 1

  /// A picture among those that a task makes.
  package struct Picture: Hashable, Codable, Sendable, CanonicallyEncodable {
    package var thumbnails: TaskKey
    package var index: Int

    package init(thumbnails: TaskKey, index: Int) {
      self.thumbnails = thumbnails
      self.index = index
    }

    package func encode(into encoder: inout CanonicalEncoder) {
      encoder.append(thumbnails)
      encoder.append(index)
    }
  }

  package struct Input: Codable, Sendable {
    /// The report as JSON.
    package var report: Digest
    /// First and last frame of each event of the report; empty where there is no picture.
    package var pictures: [[Picture]]
    /// The stills of the proof against the offline, which the JSON leaves out: an array of base 64 or null, one for
    /// each event of the proof.
    package var stills: Digest?

    package init(report: Digest, pictures: [[Picture]], stills: Digest?) {
      self.report = report
      self.pictures = pictures
      self.stills = stills
    }
  }

  package struct Output: Codable, Sendable {
    package var files: [MadeFile]

    package init(files: [MadeFile]) { self.files = files }
  }

  package static func describe(_ input: Input, names: KeyNames, in recipe: inout KeyRecipe) {
    recipe.add("conform report", input.report)
    recipe.add(
      group: nil,
      words: [Ingredient("stills of the offline", input.stills?.hex ?? "none")]
    ) { $0.append(input.stills) }
    recipe.add("events", input.pictures.count)
    for (index, pictures) in input.pictures.enumerated() {
      recipe.add(group: nil, words: words(pictures, event: index + 1)) { encoder in
        encoder.append(pictures.count)
        for picture in pictures { encoder.append(picture) }
      }
    }
  }

  private static func words(_ pictures: [Picture], event: Int) -> [Ingredient] {
    pictures.flatMap { picture in
      [
        Ingredient("thumbnails", picture.thumbnails.hex, group: "pictures", about: "row \(event)"),
        Ingredient("place", "\(picture.index)", group: "pictures", about: "row \(event)"),
      ]
    } + [Ingredient("count", "\(pictures.count)", group: "pictures", about: "row \(event)")]
  }
}
