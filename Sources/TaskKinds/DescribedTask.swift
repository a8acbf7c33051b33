import Digests
package import TaskGraph

/// A kind of task whose key and ingredients come from one description of its input.
package protocol DescribedTask: TaskKind {
  /// Adds everything that decides what the task makes, in an order that never changes.
  ///
  /// - Parameter names: what people call shots, looks and drawn pictures; decides nothing.
  static func describe(_ input: Input, names: KeyNames, in recipe: inout KeyRecipe)
}

extension DescribedTask {
  package static func key(_ input: Input) -> TaskKey {
    var recipe = KeyRecipe(kind: identifier, version: version)
    describe(input, names: .none, in: &recipe)
    return recipe.key
  }

  /// What the key of this input is made of: equal exactly where keys are equal.
  package static func ingredients(_ input: Input, names: KeyNames = .none) -> [Ingredient] {
    var recipe = KeyRecipe(kind: identifier, version: version, isRecording: true)
    describe(input, names: names, in: &recipe)
    return recipe.ingredients
  }
}

extension KeyRecipe {
  /// The libraries that a task is made with, each as an ingredient of its own.
  mutating func addBuild(_ builtBy: String) {
    add(group: nil, words: BuildWords.ingredients(builtBy, group: "program")) { $0.append(builtBy) }
  }
}

/// The identity of libraries, as workers state it: `FFmpeg 5.1.9, libavcodec 59.37.100; kernels 1`.
enum BuildWords {
  /// One ingredient for each library, by its name; what is not of that form is one ingredient.
  static func ingredients(_ builtBy: String, group: String) -> [Ingredient] {
    let parts = builtBy.split { $0 == ";" || $0 == "," }.map { $0.drop { $0 == " " } }
    var names: Set<Substring> = []
    let libraries = parts.map { part -> (name: Substring, value: Substring) in
      guard let space = part.firstIndex(of: " ") else { return ("", part) }
      return (part[..<space], part[part.index(after: space)...])
    }
    guard libraries.allSatisfy({ !$0.name.isEmpty && names.insert($0.name).inserted }) else {
      return [Ingredient("build", builtBy, group: group)]
    }
    return libraries.map { Ingredient(String($0.name), String($0.value), group: group) }
  }
}
