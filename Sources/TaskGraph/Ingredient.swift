/// One thing that decides the key of a task, in a form that can be compared and shown.
///
/// The key itself is a hash of a tagged encoding and tells nobody anything; the ingredients are stored beside it, so
/// that a later run can say which of them changed. Ingredients of one group and about one thing are shown together:
/// `grade of shot CITY_040 changed: slope 1.02 1.0 0.98 → 1.05 1.0 0.98 (short.ccc)`.
package struct Ingredient: Codable, Hashable, Sendable {
  /// What it is, in the words of the pipeline file, e.g. `quantiser`; empty where the group says it.
  package var name: String
  /// The value exactly as it enters the key, or the digest of what is too long to show.
  package var value: String
  /// Where it comes from, for people: a path as typed, or a stage.
  package var origin: String?
  /// What it is a part of, e.g. `encoding`, `grade`, `code of render`; nil for what stands alone.
  package var group: String?
  /// What the group is about, in words that stay the same from cut to cut, e.g. `shot CITY_040`.
  package var about: String?

  package init(
    _ name: String, _ value: String, group: String? = nil, about: String? = nil, origin: String? = nil
  ) {
    self.name = name
    self.value = value
    self.origin = origin
    self.group = group
    self.about = about
  }

  /// The name of the digest of a whole group. It is told only where nothing else in the group differs, and so nothing
  /// that decides a key can change unseen, whatever the words leave out.
  package static let digest = "digest"

  /// The group of frame ranges, which differ from task to task of one shot.
  package static let frames = "frames"
}
