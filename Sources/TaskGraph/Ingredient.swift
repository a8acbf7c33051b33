/// One thing that decides the key of a task, in a form that can be compared and shown.
///
/// The key itself is a hash of a tagged encoding and tells nobody anything; the ingredients are stored beside it, so
/// that a later run can say which of them changed.
package struct Ingredient: Codable, Hashable, Sendable {
  /// What it is, in the words of the pipeline file, e.g. `look`, `encoding.quantiser`, `code version of render`.
  package var name: String
  /// The value, or the digest of what is too long to show.
  package var value: String
  /// Where it comes from, for people: a path as typed, or a stage.
  package var origin: String?

  package init(_ name: String, _ value: String, origin: String? = nil) {
    self.name = name
    self.value = value
    self.origin = origin
  }
}
