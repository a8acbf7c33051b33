package import Digests
package import TaskGraph

/// Makes a version of an asset or a deliverable visible. Runs in the coordinator: it opens no media.
///
/// Its commit is `version.json` in the version's folder, not a result file.
package enum PublishTask: DescribedTask {
  package static let identifier = "publish"
  package static let version = 1

  package enum Shelf: String, Codable, Sendable {
    case assets = "Assets"
    case deliverables = "Deliverables"
  }

  package struct Input: Codable, Sendable {
    package var shelf: Shelf
    package var programme: String
    package var name: String
    package var stage: String
    /// Assembled files come from the result of this task.
    package var assembly: TaskKey?
    /// Tasks whose results list more files of the version, as `MadeFiles`.
    package var results: [TaskKey]
    package var fileExtension: String
    /// Documents whose bytes are objects of the store already.
    package var documents: [MadeFile]
    /// Digest of the recipe, an object that says what every frame is made of.
    package var recipe: Digest?
    package var profile: String?

    package init(
      shelf: Shelf, programme: String, name: String, stage: String, assembly: TaskKey?,
      results: [TaskKey] = [],
      fileExtension: String, documents: [MadeFile], recipe: Digest?, profile: String?
    ) {
      self.shelf = shelf
      self.programme = programme
      self.name = name
      self.stage = stage
      self.assembly = assembly
      self.results = results
      self.fileExtension = fileExtension
      self.documents = documents
      self.recipe = recipe
      self.profile = profile
    }
  }

  package struct Output: Codable, Sendable {
    package var version: String

    package init(version: String) { self.version = version }
  }

  package static func describe(_ input: Input, names: KeyNames, in recipe: inout KeyRecipe) {
    recipe.add("shelf", input.shelf.rawValue)
    recipe.add("programme", input.programme)
    recipe.add("name", input.name)
    recipe.add("file", input.assembly.map(\.hex) ?? "", group: "content")
    recipe.add(
      group: nil,
      words: [Ingredient("results", "\(input.results.count)", group: "content")]
        + input.results.enumerated().map { Ingredient("result \($0 + 1)", $1.hex, group: "content") }
    ) { $0.append(input.results) }
    recipe.add("documents", input.documents.count, group: "content")
    for (index, document) in input.documents.enumerated() {
      let name = document.suffix.isEmpty ? "document \(index + 1)" : document.suffix
      recipe.add("", document.object, group: name)
      recipe.add("suffix", document.suffix, group: name)
      recipe.add("extension", document.fileExtension, group: name)
    }
  }
}
